"""Reading one SCIM 2.0 source: users first, then groups, each with its proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from collectors.base import OpenResponse, Recorder
from collectors.http import SYSTEM_TIMING, Target, Timing, Wire
from collectors.scim.message import parse_list
from collectors.scim.paging import MAX_PAGES, ListRequest, walk_list
from collectors.scim.proof import Expectation, not_offered, not_read, prove
from collectors.scim.resource import (
    Interpretation,
    Reported,
    read_account,
    read_group,
    read_memberships,
    read_person,
)
from collectors.scim.walk import Glance, Walk
from scanner.model import (
    Account,
    Group,
    Membership,
    Person,
    Pointer,
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

_NOWHERE = Pointer("", 0)


@dataclass(frozen=True, slots=True)
class ScimSource:
    """Everything that is to be known of a source before it is asked; ``target`` holds its secret.

    ``groups_path`` is None where the type has no groups at all.
    """

    type: str
    target: Target
    how: Interpretation
    users_path: str = "/Users"
    groups_path: str | None = "/Groups"
    page_size: int = 100
    canaries: tuple[str, ...] = ()
    allow_empty: bool = False
    max_pages: int = MAX_PAGES


class ScimCollector:
    """A Collector for SCIM 2.0 (RFC 7643, RFC 7644) by index paging."""

    def __init__(self, source: ScimSource, timing: Timing = SYSTEM_TIMING) -> None:
        self._source = source
        self._timing = timing

    async def read(self, recorder: Recorder, listener: ProgressListener) -> Reading:
        """Read users, then groups, and prove both; see :class:`collectors.base.Collector`."""
        started_at = self._timing.now()
        wire = Wire(self._source.target, recorder, self._timing)
        try:
            users = await self._users(wire, listener)
            groups, memberships = await self._groups(wire, listener, users)
        finally:
            await wire.aclose()
        if wire.redactions:
            users = _with_deviation(users, f"{wire.redactions} answers held our own credentials")
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

    def records(self, reading: Reading, open_response: OpenResponse) -> Records:
        """Parse the recorded answers of ``reading``; each id once, in the order received."""
        how = self._source.how
        people: dict[str, Person] = {}
        accounts: dict[str, Account] = {}
        for pointer, resource in _resources(how.source, reading.users, open_response):
            if how.role is Role.HRIS:
                person = read_person(resource, pointer, how).record
                if person is not None:
                    people.setdefault(person.person_id, person)
            else:
                account = read_account(resource, pointer, how).record
                if account is not None:
                    accounts.setdefault(account.account_id, account)
        groups, memberships = _group_records(how.source, reading.groups, open_response)
        return Records(tuple(people.values()), tuple(accounts.values()), groups, memberships)

    async def _users(self, wire: Wire, listener: ProgressListener) -> Population:
        source = self._source
        walk = await self._walk(wire, listener, Resource.USERS, source.users_path, self._look)
        population = prove(walk, Expectation(source.canaries, may_be_empty=source.allow_empty))
        self._tell(listener, Resource.USERS, population)
        return population

    async def _groups(
        self, wire: Wire, listener: ProgressListener, users: Population
    ) -> tuple[Population, int]:
        path = self._source.groups_path
        if path is None or self._source.how.role is Role.HRIS or users.state is State.NOT_READ:
            return not_read(self._why_no_groups()), 0
        walk = await self._walk(wire, listener, Resource.GROUPS, path, _look_at_group)
        expected = Expectation(may_be_empty=True, needs_members=users.received > 0)
        population = not_offered(walk) or prove(walk, expected)
        self._tell(listener, Resource.GROUPS, population)
        return population, _distinct_members(walk)

    def _why_no_groups(self) -> Reason:
        if self._source.how.role is Role.HRIS:
            return Reason("groups.not_needed", "groups of an HRIS play no part in the audit")
        if self._source.groups_path is None:
            return Reason("groups.unsupported", f"{self._source.type} offers no groups")
        return Reason("groups.users_not_read", "without users, groups were not asked for")

    async def _walk(
        self,
        wire: Wire,
        listener: ProgressListener,
        resource: Resource,
        path: str,
        look: Callable[[Mapping[str, object]], Glance],
    ) -> Walk:
        source = self._source

        def arrived(received: int, total: int) -> None:
            listener(Progress(source.how.source, resource, received, total))

        request = ListRequest(
            source=source.how.source,
            resource=resource,
            path=path,
            page_size=source.page_size,
            refusals=NO_GROUPS if resource is Resource.GROUPS else frozenset(),
            max_pages=source.max_pages,
        )
        return await walk_list(wire, request, look, arrived)

    def _tell(self, listener: ProgressListener, resource: Resource, population: Population) -> None:
        listener(
            Progress(
                self._source.how.source,
                resource,
                population.received,
                population.reported,
                population.state,
            )
        )

    def _look(self, resource: Mapping[str, object]) -> Glance:
        how = self._source.how
        user: Reported[Person] | Reported[Account]
        if how.role is Role.HRIS:
            user = read_person(resource, _NOWHERE, how)
        else:
            user = read_account(resource, _NOWHERE, how)
        matched = _matched(user.record, self._source.canaries)
        return Glance(_id(user.record), user.problems, user.notes, matched)


def _id(record: Person | Account | None) -> str | None:
    if record is None:
        return None
    return record.person_id if isinstance(record, Person) else record.account_id


def _matched(record: Person | Account | None, canaries: tuple[str, ...]) -> frozenset[str]:
    """The canaries a record answers to: by id, number, name or address, in any ASCII case."""
    if record is None or not canaries:
        return frozenset()
    keys = (
        _id(record),
        record.external_id,
        record.employee_number,
        record.user_name,
        *record.emails,
    )
    known = {_folded(key) for key in keys if key is not None}
    return frozenset(canary for canary in canaries if _folded(canary) in known)


def _folded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").lower()


def _look_at_group(resource: Mapping[str, object]) -> Glance:
    group = read_group(resource, _NOWHERE, "")
    if group.record is None:
        return Glance(None, group.problems)
    members = read_memberships(resource, group.record)
    return Glance(group.record.group_id, group.problems, members=len(members))


def _distinct_members(walk: Walk) -> int:
    """Memberships of distinct groups; of a group that came twice the first counts."""
    members: dict[str, int] = {}
    for glance in walk.glances():
        if glance.id is not None:
            members.setdefault(glance.id, glance.members)
    return sum(members.values())


def _with_deviation(population: Population, deviation: str) -> Population:
    return replace(population, deviations=(*population.deviations, deviation))


def _resources(
    source: str, population: Population, open_response: OpenResponse
) -> list[tuple[Pointer, dict[str, object]]]:
    """Every recorded resource of a population with its place."""
    return [
        (Pointer(response, index), resource)
        for response in population.responses
        for index, resource in enumerate(parse_list(source, open_response(response)).resources)
    ]


def _group_records(
    source: str, population: Population, open_response: OpenResponse
) -> tuple[tuple[Group, ...], tuple[Membership, ...]]:
    groups: dict[str, Group] = {}
    memberships: list[Membership] = []
    for pointer, resource in _resources(source, population, open_response):
        group = read_group(resource, pointer, source).record
        if group is not None and group.group_id not in groups:
            groups[group.group_id] = group
            memberships += read_memberships(resource, group)
    return tuple(groups.values()), tuple(memberships)
