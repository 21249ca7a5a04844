"""Walking through one list by cursor (RFC 9865).

The absence of nextCursor is the only end of a chain. A cursor is opaque, but it is a text of
bounded length that never comes twice; count and everything else stay as in the first request.
"""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus

from collectors.failure import failure_of
from collectors.http import ONLY_OK, Answer
from collectors.scim.attribute import member
from collectors.scim.message import ListPage, parse_list
from collectors.scim.request import Arrived, Asks, ListRequest
from collectors.scim.strict import parse_json
from collectors.scim.walk import Intake, Look, Page, Walk
from scanner.errors import SourceError
from scanner.model import Reason

MAX_RESTARTS = 2

_CURSOR = re.compile(r"[!-~]{1,4096}")
_LAPSED = frozenset({"expiredcursor", "invalidcursor"})
_BAD_REQUEST = frozenset({int(HTTPStatus.BAD_REQUEST)})


async def walk_by_cursor(wire: Asks, request: ListRequest, look: Look, arrived: Arrived) -> Walk:
    """Follow a chain of cursors to its end and say what came; never raises for the server.

    Where a cursor lapses in the middle the chain begins again, at most twice.
    """
    chain = _Chain(wire, request, look, arrived)
    failure = None
    try:
        await chain.to_the_end()
    except SourceError as error:
        failure = Reason(error.code, error.message, error.hint)
    return Walk(
        resource=request.resource,
        pages=tuple(chain.intake.pages),
        failure=failure,
        refused=chain.refused,
        page_size=request.page_size,
        deviations=tuple(chain.intake.deviations),
        by_cursor=True,
        passes=request.pass_number,
    )


class _LapsedError(Exception):
    """The server does not know a cursor any more that it gave us."""


class _Chain:
    """The state of one walk under way."""

    def __init__(self, wire: Asks, request: ListRequest, look: Look, arrived: Arrived) -> None:
        self.intake = Intake()
        self.refused: int | None = None
        self._wire = wire
        self._request = request
        self._look = look
        self._arrived = arrived

    async def to_the_end(self) -> None:
        for restart in range(MAX_RESTARTS + 1):
            self.intake = Intake()
            if restart:
                self.intake.note(f"a cursor lapsed in the middle, begun again: {restart} times")
            try:
                await self._follow()
            except _LapsedError:
                continue
            return
        raise SourceError(
            self._request.source,
            "read.cursor_expired",
            f"the server gave up its own cursor {MAX_RESTARTS + 1} times before the list ended",
            "raise page_size so that fewer pages are needed, or read at a quieter time",
        )

    async def _follow(self) -> None:
        cursor: str | None = ""
        used: set[bytes] = set()
        while cursor is not None and len(self.intake.pages) < self._request.max_pages:
            answer = await self._ask(cursor)
            if answer.exchange.status in self._request.refusals and not self.intake.pages:
                self.refused = answer.exchange.status
                return
            page = parse_list(self._request.source, answer.exchange, self._request.dialect)
            self._take(answer, page)
            cursor = self._next(page, used)
        if cursor is not None:
            raise self._broken(
                "read.too_many_pages",
                f"the list did not end within {self._request.max_pages} pages",
                "raise page_size if the list is really that long",
            )

    async def _ask(self, cursor: str) -> Answer:
        params = {"count": str(self._request.page_size), "cursor": cursor}
        number = len(self.intake.pages) + 1
        first = self._request.refusals if number == 1 else _BAD_REQUEST
        purpose = self._request.purpose(f"by cursor, page {number}")
        answer = await self._wire.get(self._request.path, params, purpose, ONLY_OK | first)
        if number > 1 and answer.exchange.status != HTTPStatus.OK:
            if _lapsed(answer):
                raise _LapsedError
            raise failure_of(self._request.source, answer.exchange) or _LapsedError
        return answer

    def _take(self, answer: Answer, page: ListPage) -> None:
        self.intake.take(Page(answer.response, page.total, tuple(map(self._look, page.resources))))
        self._arrived(len(self.intake.seen), page.total)
        if page.items_per_page is not None and page.items_per_page != len(page.resources):
            self.intake.note("itemsPerPage is not the number of records on the page")

    def _next(self, page: ListPage, used: set[bytes]) -> str | None:
        cursor = page.next_cursor
        if cursor is None:
            return None
        if not isinstance(cursor, str) or _CURSOR.fullmatch(cursor) is None:
            raise self._broken(
                "read.cursor",
                "nextCursor is no text of 1 to 4096 visible ASCII characters",
                "only the absence of nextCursor ends a list; ask the vendor",
            )
        digest = hashlib.sha256(cursor.encode()).digest()
        if digest in used:
            raise self._broken(
                "read.cursor_repeated",
                "the server gave a cursor it had given before, so the list would never end",
                'ask the vendor; perhaps paging = "index" works',
            )
        used.add(digest)
        return cursor

    def _broken(self, code: str, message: str, hint: str) -> SourceError:
        return SourceError(self._request.source, code, message, hint)


def _lapsed(answer: Answer) -> bool:
    """Tell whether an error says that a cursor is no longer valid (RFC 9865 section 2.1)."""
    try:
        content = parse_json(answer.exchange.body)
    except ValueError:
        return False
    kind = member(content, "scimType") if isinstance(content, dict) else None
    return isinstance(kind, str) and kind.lower() in _LAPSED
