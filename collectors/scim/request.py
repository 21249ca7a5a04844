"""What is asked of a list, and of whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from collectors.http import ONLY_OK, Answer
from collectors.scim.message import SCIM_2, Dialect
from scanner.model import Resource

MAX_PAGES = 20_000

Arrived = Callable[[int, int | None], None]
"""Is told the number of distinct records and the server's total after each page."""


class Asks(Protocol):
    """What sends one GET and gives the recorded answer: :class:`collectors.http.Wire`."""

    async def get(
        self,
        path: str,
        params: Mapping[str, str],
        purpose: str,
        accept: frozenset[int] = ONLY_OK,
    ) -> Answer:
        """GET ``path``; raise SourceError where no whole answer with a status in accept came."""


@dataclass(frozen=True, slots=True)
class ListRequest:
    """One list to walk through; ``refusals`` are statuses that say the server has no such list.

    ``paging`` is ``auto`` (by index, by cursor where the server wants it), ``index`` or
    ``cursor``. With ``overlap`` each page by index begins with the last record of the one before.
    ``exhaustive`` reads until nothing new comes, whatever the total says. ``concurrency`` is how
    many pages may be under way at once.
    """

    source: str
    resource: Resource
    path: str
    page_size: int
    refusals: frozenset[int] = frozenset()
    max_pages: int = MAX_PAGES
    dialect: Dialect = SCIM_2
    paging: str = "auto"
    overlap: bool = True
    exhaustive: bool = False
    concurrency: int = 1
    pass_number: int = 1

    def purpose(self, place: str) -> str:
        """Say in words what a request at ``place`` is for."""
        again = f", pass {self.pass_number}" if self.pass_number > 1 else ""
        return f"{self.resource} {place}{again}"
