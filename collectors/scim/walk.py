"""What one walk through a list brought: pages, and of each record what the proof needs of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from scanner.model import Reason, Resource


@dataclass(frozen=True, slots=True)
class Glance:
    """What the proof needs of one record.

    ``problems`` are reason codes of what could not be understood, ``notes`` describe what was
    tolerated, ``canaries`` are the configured canaries this record answers to.
    """

    id: str | None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    canaries: frozenset[str] = frozenset()
    members: int = 0


Look = Callable[[Mapping[str, object]], Glance]


@dataclass(frozen=True, slots=True)
class Page:
    """One answered request: its place in the run folder, the server's total, and the records."""

    response: str
    total: int
    glances: tuple[Glance, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """A whole walk; its last page is the probe past the end unless ``failure`` ended it earlier.

    ``past_end`` is the status of a server that answers past its end with an error; ``refused`` is
    the status with which a server said at once that it has no such list.
    """

    resource: Resource
    pages: tuple[Page, ...] = ()
    failure: Reason | None = None
    refused: int | None = None
    past_end: int | None = None
    page_size: int = 0
    deviations: tuple[str, ...] = ()

    def glances(self) -> Iterator[Glance]:
        """Give the glance at each record of each page that brought an unseen id, in order."""
        for page in self.fresh_pages():
            yield from page.glances

    def fresh_pages(self) -> tuple[Page, ...]:
        """Give the pages that brought records not seen before, that is, without the probe."""
        seen: set[str | None] = set()
        fresh = []
        for page in self.pages:
            ids = {glance.id for glance in page.glances}
            if ids - seen:
                fresh.append(page)
            seen |= ids
        return tuple(fresh)

    def distinct_ids(self) -> frozenset[str]:
        """Give every id that was received."""
        return frozenset(
            glance.id for page in self.pages for glance in page.glances if glance.id is not None
        )
