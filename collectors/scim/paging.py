"""Walking through one list by index (RFC 7644 section 3.4.2.4).

Advance by the number of records received, never by the number asked for; end on a page that
brings no unseen id. That last request is the probe past the end: it shows that the list is over,
where a total alone would only claim it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from collectors.http import ONLY_OK, Answer, Wire
from collectors.scim.message import ListPage, parse_list
from collectors.scim.walk import Look, Page, Walk
from scanner.errors import SourceError
from scanner.model import Reason, Resource

MAX_PAGES = 20_000
PAST_END = frozenset({int(HTTPStatus.BAD_REQUEST), int(HTTPStatus.NOT_FOUND)})


@dataclass(frozen=True, slots=True)
class ListRequest:
    """One list to walk through; ``refusals`` are statuses that say the server has no such list."""

    source: str
    resource: Resource
    path: str
    page_size: int
    refusals: frozenset[int] = frozenset()
    max_pages: int = MAX_PAGES


async def walk_list(
    wire: Wire, request: ListRequest, look: Look, arrived: Callable[[int, int], None]
) -> Walk:
    """Read a list to its end and say what came; never raises for what the server does.

    ``arrived`` is told the number of distinct records and the server's total after each page.
    What was received before a failure is kept, and the failure is in the walk.
    """
    steps = _Steps(wire, request, look, arrived)
    failure = None
    try:
        await steps.to_the_end()
    except SourceError as error:
        failure = Reason(error.code, error.message, error.hint)
    return Walk(
        resource=request.resource,
        pages=tuple(steps.pages),
        failure=failure,
        refused=steps.refused,
        past_end=steps.past_end,
        page_size=request.page_size,
        deviations=tuple(steps.deviations),
    )


class _Steps:
    """The state of one walk under way."""

    def __init__(
        self, wire: Wire, request: ListRequest, look: Look, arrived: Callable[[int, int], None]
    ) -> None:
        self.pages: list[Page] = []
        self.deviations: dict[str, None] = {}
        self.refused: int | None = None
        self.past_end: int | None = None
        self._wire = wire
        self._request = request
        self._look = look
        self._arrived = arrived
        self._seen: set[str] = set()

    async def to_the_end(self) -> None:
        start = 1
        while len(self.pages) < self._request.max_pages:
            answer = await self._ask(start)
            status = answer.exchange.status
            if status != HTTPStatus.OK:
                self._ended_by(status)
                return
            page = parse_list(self._request.source, answer.exchange)
            self._note_echo(page, start)
            if not self._take(answer, page):
                return
            start += len(page.resources)
        raise SourceError(
            self._request.source,
            "read.too_many_pages",
            f"the list did not end within {self._request.max_pages} pages",
            "raise page_size if the list is really that long",
        )

    async def _ask(self, start: int) -> Answer:
        """GET the page from ``start``; only configured paths are ever asked for."""
        params = {"startIndex": str(start), "count": str(self._request.page_size)}
        purpose = f"{self._request.resource} from {start}"
        return await self._wire.get(self._request.path, params, purpose, self._accepted())

    def _accepted(self) -> frozenset[int]:
        if not self.pages:
            return ONLY_OK | self._request.refusals
        return ONLY_OK | PAST_END if len(self._seen) == self.pages[-1].total else ONLY_OK

    def _ended_by(self, status: int | None) -> None:
        if self.pages:
            self.past_end = status
        else:
            self.refused = status

    def _take(self, answer: Answer, page: ListPage) -> bool:
        """Keep one page and tell whether it brought an unseen id."""
        taken = Page(answer.response, page.total, tuple(map(self._look, page.resources)))
        self.pages.append(taken)
        before = len(self._seen)
        self._seen |= {glance.id for glance in taken.glances if glance.id is not None}
        self._arrived(len(self._seen), page.total)
        return len(self._seen) > before

    def _note_echo(self, page: ListPage, start: int) -> None:
        if page.start_index is not None and page.start_index != start and page.resources:
            self.deviations["startIndex in an answer is not the one that was asked for"] = None
        if page.items_per_page is not None and page.items_per_page != len(page.resources):
            self.deviations["itemsPerPage is not the number of records on the page"] = None
