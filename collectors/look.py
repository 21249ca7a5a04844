"""Looking at one SCIM source: what is asked in which order, and what is made of the answers."""

from __future__ import annotations

import math
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from collectors.base import Exchange
from collectors.domain import Domains
from collectors.estimate import full_read, plus, requests_needed
from collectors.http import ONLY_OK, Timing
from collectors.inquiry import Inquiry
from collectors.oddity import PageSize
from collectors.profile import load_profile
from collectors.scim.collector import NO_GROUPS
from collectors.scim.discovery import Capabilities, discover
from collectors.scim.message import ListPage, parse_list, parse_resource
from collectors.scim.paging import NO_INDEX
from collectors.scim.resource import ACTIVE_UNKNOWN
from collectors.scim.source import ScimSource
from collectors.sighting import Sight, look_at_groups, look_at_users, page_domains, says_active
from scanner.config import Source
from scanner.errors import SourceError
from scanner.model import Ability, PageSurvey, Reason, Resource, Role, SignIn, Survey

_NO_GROUP_CONCLUSIONS = "group conclusions will not be drawn"
_WHO_NEEDS_GROUPS = "an entitlement of the configuration depends on the groups of this source"
_USERS_FIRST = Reason("groups.users_not_read", "not asked for, since users could not be read")
_NO_MEMBERS = Reason(
    "groups.members_not_observable",
    f"no member of any group was seen; {_NO_GROUP_CONCLUSIONS} if that stays so",
    "does the token see members? some servers never list them",
)


class Look:
    """One look at one SCIM source under way: asks, and gathers what was seen.

    ``domains`` are the mail domains of the users of its first page, empty where none came.
    """

    def __init__(
        self, scim: ScimSource, source: Source, groups_needed: bool, timing: Timing
    ) -> None:
        self.inquiry = Inquiry(scim.target, timing)
        self._scim = scim
        self._name = scim.target.source
        self._source = source
        self._groups_needed = groups_needed
        self._size = PageSize(scim.page_size)
        self._by_cursor = scim.paging == "cursor"
        self._can = Capabilities()
        self._users = PageSurvey(scim.page_size)
        self._groups = PageSurvey(scim.page_size)
        self.domains: Domains = ()
        self._lacking: list[Reason] = []
        self._notes: list[Reason] = []
        self._quirks: list[str] = []

    async def at_everything(self) -> None:
        """Ask in the order of need; what fails ends what depends on it."""
        try:
            await self._first_words()
            await self._first_users()
        except SourceError as error:
            reason = _reason(error)
            self._users = replace(self._users, failure=reason, status=self.inquiry.status)
            self._groups = replace(self._groups, failure=_USERS_FIRST)
            self._lacking.append(reason)
            return
        await self._first_groups()

    def result(self) -> Survey:
        """Give everything that was seen."""
        pace = self._scim.target.requests_per_minute
        requests, milliseconds = full_read((self._users, self._groups), pace)
        return Survey(
            source=self._name,
            role=self._source.role,
            type=self._source.type,
            url=self._source.url,
            reachable=self.inquiry.answered,
            sign_in=self._sign_in(),
            users=self._users,
            groups=self._groups,
            lacking=tuple(self._lacking),
            notes=tuple(self._notes),
            quirks=self._all_quirks(),
            requests=self.inquiry.requests,
            full_read_requests=requests,
            full_read_milliseconds=milliseconds,
            requests_per_minute=pace,
        )

    async def _first_words(self) -> None:
        """Ask what the server says of itself; that it says nothing matters to nobody."""
        if self._source.discovery is False:
            return
        self._can = can = await discover(self.inquiry, self._scim.dialect)
        if self.inquiry.failure is not None and not self.inquiry.answered:
            raise self.inquiry.failure
        self._size = PageSize(self._scim.page_size, can.largest_page)
        self._by_cursor = self._by_cursor or (self._scim.paging == "auto" and can.only_cursor)
        if can.largest_page is not None and can.largest_page < self._scim.page_size:
            self._quirks.append(
                f"the server says that a page holds at most {can.largest_page}; "
                f"page_size is {self._scim.page_size}"
            )

    def _all_quirks(self) -> tuple[str, ...]:
        """Each quirk once; that a server says nothing of itself is none."""
        said = replace(self._can, deviation=None)
        claims = said.deviations(self._users.given, by_cursor=self._by_cursor)
        return tuple(dict.fromkeys((*self._quirks, *claims, *self.inquiry.deviations())))

    async def _first_users(self) -> None:
        answer = await self._list(self._scim.users_path)
        page = parse_list(self._name, answer, self._scim.dialect)
        listed = load_profile(self._source.type).inactive_listed
        expected = self._scim.expected_users()
        self.domains = page_domains(page, self._scim.how)
        sight = look_at_users(page, self._size, self._scim.how, listed, expected)
        self._users = self._page(page, answer, sight, Resource.USERS)
        if await self._active_by_id(page, sight):
            sight = sight.without(ACTIVE_UNKNOWN)
            self._users = replace(self._users, requests=plus(self._users.requests, page.total))
            self._quirks.append("active is left out of the list, and shown for one user by its id")
        self._gather(sight)

    async def _active_by_id(self, page: ListPage, sight: Sight) -> bool:
        """Where the list says of nobody whether they are active, one user read by id may."""
        if not sight.silent or (page.total or 0) > self._scim.detail_limit:
            return False
        found = await self._by_id(self._scim.users_path, page)
        return found is not None and says_active(found, self._scim.how)

    async def _first_groups(self) -> None:
        path = self._scim.groups_path
        if path is None or self._source.role is Role.HRIS:
            self._without_groups(_why_no_groups(self._source))
            return
        try:
            answer = await self._list(path, NO_GROUPS)
            refused = _refused(answer)
            if refused is not None:
                self._without_groups(refused, answer.status)
                return
            page = parse_list(self._name, answer, self._scim.dialect)
        except SourceError as error:
            self._without_groups(_reason(error), self.inquiry.status)
            return
        expected = self._scim.expected_groups(needs_members=False)
        sight = look_at_groups(page, self._size, expected)
        self._groups = self._page(page, answer, sight, Resource.GROUPS)
        self._gather(replace(sight, lacking=()))
        self._judge(sight.lacking)
        if page.resources and not sight.seen("members"):
            await self._look_for_members(path, page)

    async def _look_for_members(self, path: str, page: ListPage) -> None:
        """Where the list shows no members, a group read by id may, or the users name groups."""
        way = self._scim.members
        found = await self._by_id(path, page) if way in ("auto", "per_group") else None
        if found is not None and look_at_groups(replace(page, resources=(found,)), self._size).seen(
            "members"
        ):
            self._members_seen("members_by_id")
            self._groups = replace(self._groups, requests=plus(self._groups.requests, page.total))
        elif way in ("auto", "from_users") and _seen(self._users, "groups"):
            self._members_seen("members_by_user")
        else:
            self._judge((_NO_MEMBERS,))

    def _members_seen(self, way: str) -> None:
        found = (*self._groups.abilities, Ability(way, 1, 1))
        self._groups = replace(self._groups, abilities=found)

    async def _by_id(self, path: str, page: ListPage) -> dict[str, Any] | None:
        """The first record of a page once more, read by its id, or None where that fails."""
        record_id = page.resources[0].get("id")
        if not isinstance(record_id, str) or not record_id:
            return None
        try:
            answer = await self.inquiry.get(f"{path}/{quote(record_id, safe='')}", {}, "by id")
            return parse_resource(self._name, answer.exchange, self._scim.dialect)
        except SourceError:
            return None

    def _without_groups(self, reason: Reason, status: int | None = None) -> None:
        self._groups = replace(self._groups, failure=reason, status=status)
        if self._source.role is not Role.HRIS:
            self._judge((reason,))

    def _judge(self, reasons: tuple[Reason, ...]) -> None:
        """What is wrong with groups is a lack only where an entitlement depends on them."""
        if self._groups_needed:
            self._lacking += (replace(one, hint=one.hint or _WHO_NEEDS_GROUPS) for one in reasons)
        else:
            self._notes += reasons

    def _gather(self, sight: Sight) -> None:
        self._lacking += sight.lacking
        self._notes += sight.notes
        self._quirks += sight.quirks

    def _page(
        self, page: ListPage, answer: Exchange, sight: Sight, resource: Resource
    ) -> PageSurvey:
        if page.next_cursor is not None and not self._by_cursor:
            self._by_cursor = self._scim.paging == "auto"
            self._quirks.append("pages by cursor, although an index was asked for")
        took = (answer.received_at - answer.sent_at).total_seconds() * 1000
        return PageSurvey(
            asked=self._scim.page_size,
            given=len(page.resources),
            reported=page.total,
            milliseconds=math.ceil(took),
            requests=requests_needed(
                page.total,
                len(page.resources),
                overlap=self._scim.overlap,
                by_cursor=self._by_cursor,
                passes=self._scim.passes_of(resource),
            ),
            status=answer.status,
            abilities=sight.abilities,
        )

    def _sign_in(self) -> SignIn:
        auth = self._source.auth
        if not (auth.bearer or auth.basic or auth.header or auth.oauth2 or self._source.identity):
            return SignIn.NOT_CONFIGURED
        if self._users.failure is None:
            return SignIn.ACCEPTED
        statuses = {
            int(HTTPStatus.UNAUTHORIZED): SignIn.REFUSED,
            int(HTTPStatus.FORBIDDEN): SignIn.FORBIDDEN,
        }
        return statuses.get(self._users.status or 0, SignIn.UNKNOWN)

    async def _list(self, path: str, refusals: frozenset[int] = frozenset()) -> Exchange:
        """Ask for the first page, by cursor where the server wants no index."""
        may_refuse_index = self._scim.paging == "auto" and not self._by_cursor
        no_index = NO_INDEX - refusals if may_refuse_index else frozenset[int]()
        answer = await self._ask(path, ONLY_OK | refusals | no_index)
        if answer.status not in no_index:
            return answer
        self._by_cursor = True
        return await self._ask(path, ONLY_OK | refusals)

    async def _ask(self, path: str, accept: frozenset[int]) -> Exchange:
        place = {"cursor": ""} if self._by_cursor else {"startIndex": "1"}
        params = place | {"count": str(self._scim.page_size)}
        return (await self.inquiry.get(path, params, "first page", accept)).exchange


def _seen(page: PageSurvey, name: str) -> int:
    return next((one.seen for one in page.abilities if one.name == name), 0)


def _why_no_groups(source: Source) -> Reason:
    if source.role is Role.HRIS:
        return Reason("groups.not_needed", "groups of an HRIS play no part in the audit")
    message = f"the type {source.type} has no groups; {_NO_GROUP_CONCLUSIONS}"
    return Reason("groups.unsupported", message)


def _refused(answer: Exchange) -> Reason | None:
    if answer.status == HTTPStatus.OK:
        return None
    if answer.status == HTTPStatus.FORBIDDEN:
        return Reason(
            "groups.forbidden",
            f"403: the token may not read groups; {_NO_GROUP_CONCLUSIONS}",
            "give it read access to groups, or leave memberships out of the audit",
        )
    return Reason("groups.unsupported", f"no groups ({answer.status}); {_NO_GROUP_CONCLUSIONS}")


def _reason(error: SourceError) -> Reason:
    return Reason(error.code, error.message, error.hint)
