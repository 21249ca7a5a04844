"""Walking through one list by index (RFC 7644 section 3.4.2.4).

Paging by index has no memory: records that come or go between two pages move the others, so that
some are never sent while every count agrees. Therefore each page is asked for from the last record
already held: if that is not the first to come back, something moved. Advance by the number of
records received, never by the number asked for; end on a page that brings no unseen id. That last
request is the probe past the end: it shows that the list is over, where a total alone would only
claim it.
"""

from __future__ import annotations

from http import HTTPStatus

from collectors.failure import failure_of
from collectors.http import ONLY_OK, Answer
from collectors.scim.ahead import Ahead
from collectors.scim.cursor import walk_by_cursor
from collectors.scim.message import ListPage, parse_list
from collectors.scim.request import Arrived, Asks, ListRequest
from collectors.scim.walk import Intake, Look, Page, Walk
from scanner.errors import SourceError
from scanner.model import Reason

PAST_END = frozenset({int(HTTPStatus.BAD_REQUEST), int(HTTPStatus.NOT_FOUND)})
NO_INDEX = frozenset({int(HTTPStatus.BAD_REQUEST), int(HTTPStatus.NOT_IMPLEMENTED)})


async def walk_list(wire: Asks, request: ListRequest, look: Look, arrived: Arrived) -> Walk:
    """Read a list to its end and say what came; never raises for what the server does.

    With ``paging = "auto"`` a server that refuses startIndex, or answers it with a cursor, is
    read by cursor (RFC 9865) instead. What was received before a failure is kept, and the failure
    is in the walk.
    """
    if request.paging == "cursor":
        return await walk_by_cursor(wire, request, look, arrived)
    by_index = await walk_by_index(wire, request, look, arrived)
    if not by_index.wants_cursor:
        return by_index
    by_cursor = await walk_by_cursor(wire, request, look, arrived)
    return by_cursor if _shows_cursors(by_cursor, by_index) else by_index


def _shows_cursors(by_cursor: Walk, by_index: Walk) -> bool:
    """Tell whether a server really pages by cursor, where it may merely leave out its total."""
    if not by_cursor.pages:
        return False
    certain = bool(by_index.pages) or by_index.no_index
    return certain or len(by_cursor.pages) > 1 or by_cursor.total() is not None


async def walk_by_index(wire: Asks, request: ListRequest, look: Look, arrived: Arrived) -> Walk:
    """Read a list to its end with startIndex and count; see :func:`walk_list`."""
    steps = _Steps(wire, request, look, arrived)
    failure = None
    try:
        await steps.to_the_end()
    except SourceError as error:
        failure = Reason(error.code, error.message, error.hint)
    finally:
        await steps.ahead.aclose()
    return Walk(
        resource=request.resource,
        pages=tuple(steps.intake.pages),
        failure=failure,
        refused=steps.refused,
        past_end=steps.past_end,
        page_size=request.page_size,
        deviations=tuple(steps.intake.deviations),
        wants_cursor=steps.wants_cursor,
        no_index=steps.no_index,
        boundaries=steps.boundaries,
        moved=steps.moved,
        bare=steps.bare,
        wrong_echoes=steps.wrong_echoes,
        passes=request.pass_number,
    )


class _Steps:
    """The state of one walk under way; ``_held`` is the place of the last record received."""

    def __init__(self, wire: Asks, request: ListRequest, look: Look, arrived: Arrived) -> None:
        self.intake = Intake()
        self.refused: int | None = None
        self.past_end: int | None = None
        self.wants_cursor = False
        self.no_index = False
        self.boundaries = 0
        self.moved = 0
        self.bare = 0
        self.wrong_echoes = 0
        self.ahead = Ahead(request.concurrency)
        self._wire = wire
        self._request = request
        self._look = look
        self._arrived = arrived
        self._held = 0
        self._probing = False

    async def to_the_end(self) -> None:
        start = 1
        while len(self.intake.pages) < self._request.max_pages:
            answer = await self._ask(start)
            if answer.exchange.status != HTTPStatus.OK:
                self._ended_by(answer)
                return
            page = parse_list(self._request.source, answer.exchange, self._request.dialect)
            if not self._take(answer, page, start) or self.wants_cursor:
                return
            start = self._next_start()
        raise SourceError(
            self._request.source,
            "read.too_many_pages",
            f"the list did not end within {self._request.max_pages} pages",
            "raise page_size if the list is really that long",
        )

    async def _ask(self, start: int) -> Answer:
        """Get the page from ``start``, and send for those that are likely to follow."""
        accepted = self._accepted(start)
        answer = self.ahead.take(start, lambda one: self._get(one, accepted))
        for one in self._likely_starts(start):
            self.ahead.send(one, lambda later: self._get(later, ONLY_OK))
        return await answer

    async def _get(self, start: int, accepted: frozenset[int]) -> Answer:
        """GET the page from ``start``; only configured paths are ever asked for."""
        params = {"startIndex": str(start), "count": str(self._request.page_size)}
        purpose = self._request.purpose(f"from {start}")
        return await self._wire.get(self._request.path, params, purpose, accepted)

    def _likely_starts(self, start: int) -> range:
        """Where the pages after ``start`` begin if they are as long as the first one."""
        pages = self.intake.pages
        total = pages[-1].total if pages else None
        if total is None or self._request.exhaustive or self._request.concurrency == 1:
            return range(0)
        step = len(pages[0].glances) - self._request.overlap
        last = min(total, start + step * (self._request.concurrency - 1) + 1)
        return range(start + step, last, step) if step > 0 else range(0)

    def _accepted(self, start: int) -> frozenset[int]:
        if not self.intake.pages:
            first = NO_INDEX if self._request.paging == "auto" else frozenset()
            return ONLY_OK | self._request.refusals | first
        over = self._request.exhaustive or len(self.intake.seen) == self.intake.pages[-1].total
        return ONLY_OK | PAST_END if over and start > self._held else ONLY_OK

    def _ended_by(self, answer: Answer) -> None:
        status = answer.exchange.status
        if self.intake.pages:
            self.past_end = status
            return
        self.wants_cursor = self._request.paging == "auto" and status in NO_INDEX
        self.no_index = status == HTTPStatus.NOT_IMPLEMENTED
        if status in self._request.refusals:
            self.refused = status
        else:
            raise failure_of(self._request.source, answer.exchange) or SourceError(
                self._request.source, "http.status", "200 was not expected"
            )

    def _take(self, answer: Answer, page: ListPage, start: int) -> bool:
        """Keep one page and tell whether the walk goes on."""
        glances = tuple(map(self._look, page.resources))
        again = self._held > 0 and start == self._held
        anchored = bool(again and glances and glances[0].id == self.intake.last_id())
        first = not self.intake.pages
        self.wants_cursor = first and self._offers_cursor(page)
        fresh = self.intake.take(Page(answer.response, page.total, glances, anchored))
        self._arrived(len(self.intake.seen), page.total)
        if fresh:
            self._note_echo(page, start)
            self._count_boundary(first=first, again=again, anchored=anchored)
        self._held = max(self._held, start - 1 + len(glances)) if fresh else self._held
        # Only the record read again came: one request past it shows whether the list is over.
        self._probing = not fresh and anchored
        return fresh or self._probing

    def _offers_cursor(self, page: ListPage) -> bool:
        """Tell whether the server pages by cursor although an index was asked for."""
        if page.next_cursor is not None and self._request.paging == "auto":
            return True
        if page.total is None and not self._request.dialect.total_optional:
            raise SourceError(
                self._request.source,
                "read.not_list_response",
                "the answer is not a SCIM list: totalResults is absent or null, not an integer",
                'if the server pages by cursor, set paging = "cursor"',
            )
        return False

    def _count_boundary(self, *, first: bool, again: bool, anchored: bool) -> None:
        if first:
            return
        self.boundaries += 1
        self.moved += again and not anchored
        self.bare += not again

    def _next_start(self) -> int:
        """Begin at the last record held, or past it where all are there or it came back alone."""
        total = self.intake.pages[-1].total
        over = len(self.intake.seen) == total and not self._request.exhaustive
        return self._held if self._request.overlap and not (over or self._probing) else self._past()

    def _past(self) -> int:
        return self._held + 1

    def _note_echo(self, page: ListPage, start: int) -> None:
        if page.start_index is not None and page.start_index != start:
            if page.start_index == str(start):
                self.intake.note("startIndex in an answer is a string")
            else:
                self.wrong_echoes += 1
        if page.items_per_page is not None and page.items_per_page != len(page.resources):
            self.intake.note("itemsPerPage is not the number of records on the page")
