"""Reading one SCIM source: users first, then groups, each with its proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from collectors.base import OpenResponse, Recorder
from collectors.http import SYSTEM_TIMING, Timing, Wire
from collectors.scim.attribute import parse_path
from collectors.scim.detail import DetailRequest, with_details
from collectors.scim.discovery import Capabilities, discover
from collectors.scim.expectation import NO_MEMBERS
from collectors.scim.glance import look_at_group, look_at_user
from collectors.scim.members import member_notes, missing_members, unknown_members
from collectors.scim.paging import walk_list
from collectors.scim.passes import read_until_steady
from collectors.scim.proof import not_offered, not_read, prove
from collectors.scim.records import records_of
from collectors.scim.request import Arrived, Asks, ListRequest
from collectors.scim.source import ScimSource
from collectors.scim.walk import Glance, Look, Walk
from scanner.model import (
    Population,
    Progress,
    ProgressListener,
    Reading,
    Reason,
    Records,
    Resource,
    Role,
    State,
)

NO_GROUPS = frozenset({
    int(HTTPStatus.FORBIDDEN), int(HTTPStatus.NOT_FOUND), int(HTTPStatus.NOT_IMPLEMENTED),
})  # fmt: skip
MOST_GROUPS_BY_ID = 500

_ID = parse_path("id")


class ScimCollector:
    """A Collector for SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865) and SCIM 1.1."""

    def __init__(self, source: ScimSource, timing: Timing = SYSTEM_TIMING) -> None:
        self._source = source
        self._timing = timing

    async def read(self, recorder: Recorder, listener: ProgressListener) -> Reading:
        """Read users, then groups, and prove both; see :class:`collectors.base.Collector`."""
        started_at = self._timing.now()
        wire = Wire(self._source.target, recorder, self._timing)
        try:
            visit = _Visit(self._source, wire, listener, started_at)
            users, groups, memberships = await visit.read()
        finally:
            await wire.aclose()
        for deviation in wire.deviations():
            users = _with_deviation(users, deviation)
        return Reading(
            source=self._source.how.source,
            role=self._source.how.role,
            type=self._source.type,
            url=self._source.target.base_url,
            users=users,
            groups=groups,
            memberships_received=memberships,
            requests=wire.requests,
            retries=wire.retries,
            bytes_received=wire.bytes_received,
            started_at=started_at,
            ended_at=self._timing.now(),
        )

    @property
    def source(self) -> ScimSource:
        """What is known of the source."""
        return self._source

    def records(self, reading: Reading, open_response: OpenResponse) -> Records:
        """Parse the recorded answers of ``reading``; each id once, in the order received."""
        return records_of(self._source, reading, open_response)


async def read_users(
    source: ScimSource, wire: Asks, listener: ProgressListener, now: datetime
) -> tuple[Walk, Population]:
    """Read the users alone, as :class:`ScimCollector` does, and prove them.

    A listener that raises SourceError ends the reading, which is then not proved.
    """
    walk = await _Visit(source, wire, listener, now).users_walk()
    return walk, prove(walk, source.expected_users())


class _Visit:
    """One reading of one source under way."""

    def __init__(
        self, source: ScimSource, wire: Asks, listener: ProgressListener, now: datetime
    ) -> None:
        self._source = source
        self._now = now
        self._wire = wire
        self._listener = listener
        self._can = Capabilities()
        self._by_cursor = False

    async def read(self) -> tuple[Population, Population, int]:
        """Read both lists and give them with the number of memberships."""
        walk = await self.users_walk()
        users = prove(walk, self._source.expected_users())
        for deviation in self._can.deviations(walk.largest_page(), by_cursor=walk.by_cursor):
            users = _with_deviation(users, deviation)
        self._tell(Resource.USERS, users)
        groups, memberships = await self._groups(walk, users)
        return users, groups, memberships

    async def users_walk(self) -> Walk:
        """Walk through the users, after what the server says of itself where that is asked for."""
        source = self._source
        if source.discovery:
            self._can = await discover(self._wire, source.dialect)

        def look(resource: Mapping[str, object]) -> Glance:
            return look_at_user(resource, source.how, source.canaries, self._now)

        walk = await self._steady(Resource.USERS, source.users_path, look)
        return await self._with_states(walk, look)

    async def _with_states(self, walk: Walk, look: Look) -> Walk:
        """Read users by id where the list leaves ``active`` out of all, and the record has it."""
        source = self._source
        glances = [one for one in walk.glances() if one.id is not None]
        ids = list(dict.fromkeys(one.id for one in glances if one.id is not None))
        silent = all(one.problems and one.lacks_active for one in glances)
        key = "person_id" if source.how.role is Role.HRIS else "account_id"
        if walk.failure or not silent or not ids or source.how.paths[key] != _ID:
            return walk
        if len(ids) > source.detail_limit:
            return _noted(walk, f"active is left out of the list; detail_limit is below {len(ids)}")
        request = self._by_id(Resource.USERS, source.users_path)
        first = await with_details(self._wire, request, walk, ids[:1], look)
        if first.failure or first.details[ids[0]].lacks_active:
            return walk
        whole = await with_details(self._wire, request, first, ids[1:], look)
        return _noted(
            whole, f"active is left out of the list, so {len(whole.details)} users were read by id"
        )

    async def _groups(self, users_walk: Walk, users: Population) -> tuple[Population, int]:
        source = self._source
        path = source.groups_path
        if path is None or source.how.role is Role.HRIS or users.state is State.NOT_READ:
            return not_read(self._why_no_groups()), 0
        walk = await self._steady(Resource.GROUPS, path, look_at_group)
        walk = await self._with_members(walk, path, users.received)
        from_users = source.members == "from_users" and bool(walk.distinct_ids())
        groups = not_offered(walk) or self._judged(walk, users_walk, users)
        self._tell(Resource.GROUPS, groups)
        if from_users:
            return groups, _distinct(users_walk, lambda one: one.groups)
        return groups, _distinct(walk, lambda one: one.members)

    def _judged(self, walk: Walk, users_walk: Walk, users: Population) -> Population:
        """Prove the groups, and that memberships are known from where the settings say."""
        members = self._source.members
        needs = users.received > 0 and members != "from_users"
        groups = prove(walk, self._source.expected_groups(needs_members=needs))
        if not groups.received:
            return groups
        if members == "hidden":
            return _incomplete(groups, NO_MEMBERS)
        if members == "from_users":
            return self._judged_by_users(groups, users_walk, users)
        groups = replace(groups, deviations=groups.deviations + member_notes(walk, users_walk))
        reason = unknown_members(walk, users_walk) or missing_members(walk, users_walk)
        return groups if reason is None else _incomplete(groups, reason)

    def _judged_by_users(
        self, groups: Population, users_walk: Walk, users: Population
    ) -> Population:
        named = _distinct(users_walk, lambda one: one.groups)
        groups = _with_deviation(groups, f"{named} memberships are as the users name them")
        if not named and users.received:
            return _incomplete(groups, NO_MEMBERS)
        return groups if users.state is State.COMPLETE else _incomplete(groups, _USERS_INCOMPLETE)

    async def _with_members(self, walk: Walk, path: str, users: int) -> Walk:
        """Read groups by id where the settings say so, or where the list shows no member of any."""
        members = self._source.members
        ids = list(dict.fromkeys(one.id for one in walk.glances() if one.id is not None))
        bare = not any(one.members for one in walk.glances())
        wanted = members == "per_group" or (
            members == "auto" and bare and users > 0 and len(ids) <= MOST_GROUPS_BY_ID
        )
        if walk.failure or not wanted or not ids:
            return walk
        request = self._by_id(Resource.GROUPS, path)
        first = await with_details(self._wire, request, walk, ids[:1], look_at_group)
        if first.failure and members == "auto":
            return walk
        whole = await with_details(self._wire, request, first, ids[1:], look_at_group)
        return _noted(whole, f"{len(whole.details)} groups were read by id for their members")

    def _why_no_groups(self) -> Reason:
        if self._source.how.role is Role.HRIS:
            return Reason("groups.not_needed", "groups of an HRIS play no part in the audit")
        if self._source.groups_path is None:
            return Reason("groups.unsupported", f"{self._source.type} offers no groups")
        return Reason("groups.users_not_read", "without users, groups were not asked for")

    async def _steady(self, resource: Resource, path: str, look: Look) -> Walk:
        """Walk through one list as often as its settings and its changes ask for."""
        request = self._request(resource, path)

        async def once(number: int) -> Walk:
            nonlocal request
            request = replace(request, pass_number=number)
            walk = await walk_list(self._wire, request, look, arrived)
            if self._claimed_only(request) and not walk.reached_total():
                walk = await self._by_index(request, look, arrived, instead_of=walk)
            if walk.by_cursor:
                request = replace(request, paging="cursor")
                self._by_cursor = True
            return walk

        def arrived(received: int, total: int | None) -> None:
            self._listener(Progress(self._source.how.source, resource, received, total))

        needed = self._source.passes_of(resource)
        return await read_until_steady(once, needed, exhaustive=request.exhaustive)

    def _claimed_only(self, request: ListRequest) -> bool:
        """Whether cursors are followed for no other reason than the server's own claim."""
        hinted = self._source.paging == "auto" and self._can.only_cursor and not self._by_cursor
        return hinted and request.paging == "cursor"

    async def _by_index(
        self, request: ListRequest, look: Look, arrived: Arrived, *, instead_of: Walk
    ) -> Walk:
        """Read by index what a chain of cursors did not bring; keep the chain if that fails too."""
        walk = await walk_list(self._wire, replace(request, paging="index"), look, arrived)
        return walk if walk.reached_total() else instead_of

    def _request(self, resource: Resource, path: str) -> ListRequest:
        source = self._source
        by_cursor = source.paging == "auto" and (self._can.only_cursor or self._by_cursor)
        return ListRequest(
            source=source.how.source,
            resource=resource,
            path=path,
            page_size=min(source.page_size, self._can.max_page or source.page_size),
            refusals=NO_GROUPS if resource is Resource.GROUPS else frozenset(),
            max_pages=source.max_pages,
            dialect=source.dialect,
            paging="cursor" if by_cursor else source.paging,
            overlap=source.overlap,
            exhaustive=source.dialect.total_optional,
            concurrency=source.max_concurrency,
        )

    def _by_id(self, resource: Resource, path: str) -> DetailRequest:
        source = self._source
        return DetailRequest(
            source.how.source, resource, path, source.dialect, source.max_concurrency
        )

    def _tell(self, resource: Resource, population: Population) -> None:
        self._listener(
            Progress(
                self._source.how.source,
                resource,
                population.received,
                population.reported,
                population.state,
            )
        )


_USERS_INCOMPLETE = Reason(
    "groups.users_incomplete",
    "memberships are known from the users only, and not all of these were read",
    "see the reasons for users",
)


def _distinct(walk: Walk, linked: Callable[[Glance], Sized]) -> int:
    """Add up links over distinct records; of a record that came twice the first counts."""
    counts: dict[str, int] = {}
    for glance in walk.glances():
        if glance.id is not None:
            counts.setdefault(glance.id, len(linked(glance)))
    return sum(counts.values())


def _noted(walk: Walk, deviation: str) -> Walk:
    return replace(walk, deviations=(*walk.deviations, deviation))


def _with_deviation(population: Population, deviation: str) -> Population:
    return replace(population, deviations=(*population.deviations, deviation))


def _incomplete(population: Population, reason: Reason) -> Population:
    known = {one.code for one in population.reasons}
    reasons = population.reasons if reason.code in known else (*population.reasons, reason)
    state = State.NOT_READ if population.state is State.NOT_READ else State.INCOMPLETE
    return replace(population, state=state, reasons=reasons)
