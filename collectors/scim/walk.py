"""What one walk through a list brought: pages, and of each record what the proof needs of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from scanner.model import Reason, Resource


@dataclass(frozen=True, slots=True)
class Glance:
    """What the proof needs of one record.

    ``problems`` are reason codes of what could not be understood, ``notes`` describe what was
    tolerated, ``canaries`` are the configured canaries this record answers to. ``members`` are the
    ids of a group's direct members, ``nested`` those of them that are groups, ``groups`` the groups
    a user names as their own. ``lacks_active`` tells that the attribute was not sent at all,
    ``gone`` that the user is inactive or terminated. ``mark`` differs where the content differs.
    ``user_name`` is in lower case.
    """

    id: str | None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    canaries: frozenset[str] = frozenset()
    members: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    lacks_active: bool = False
    gone: bool = False
    mark: int = 0
    user_name: str | None = None


Look = Callable[[Mapping[str, object]], Glance]


@dataclass(frozen=True, slots=True)
class Page:
    """One answered request: its place in the run folder, the server's total, and the records.

    ``total`` is None where the server gave none. On an ``anchored`` page the first record is the
    last one of the page before, read again to show that nothing moved between the two.
    """

    response: str
    total: int | None
    glances: tuple[Glance, ...]
    anchored: bool = False

    def new_glances(self) -> tuple[Glance, ...]:
        """Give the glances at the records that were not merely read again."""
        return self.glances[1:] if self.anchored else self.glances


@dataclass(frozen=True, slots=True)
class Walk:
    """A whole walk; by index its last page is the probe past the end unless ``failure`` ended it.

    ``past_end`` is the status of a server that answers past its end with an error; ``refused`` is
    the status with which a server said at once that it has no such list. ``wants_cursor`` tells
    that it may page by cursor, ``no_index`` that it said it has no other way. ``boundaries`` counts
    the places between two pages, ``moved`` those at which the record read again was another one,
    ``bare`` those at which none was read again. ``passes`` counts the walks made so far, and
    ``confirmed`` tells that the one before brought the same ids. ``details`` are records that were
    read once more by id, with the answers they came in.
    """

    resource: Resource
    pages: tuple[Page, ...] = ()
    failure: Reason | None = None
    refused: int | None = None
    past_end: int | None = None
    page_size: int = 0
    deviations: tuple[str, ...] = ()
    by_cursor: bool = False
    wants_cursor: bool = False
    no_index: bool = False
    boundaries: int = 0
    moved: int = 0
    bare: int = 0
    wrong_echoes: int = 0
    passes: int = 1
    confirmed: bool = False
    details: Mapping[str, Glance] = field(default_factory=dict)
    detail_responses: tuple[str, ...] = ()

    def glances(self) -> Iterator[Glance]:
        """Give the glance at each record of each page that brought an unseen id, in order.

        A record that was read by id is seen as it was read there.
        """
        for page in self.fresh_pages():
            for glance in page.new_glances():
                yield self.details.get(glance.id or "", glance)

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

    def responses(self) -> tuple[str, ...]:
        """Name the answers that make up the population: pages, then records read by id."""
        return tuple(page.response for page in self.fresh_pages()) + self.detail_responses

    def distinct_ids(self) -> frozenset[str]:
        """Give every id that was received."""
        return frozenset(
            glance.id for page in self.pages for glance in page.glances if glance.id is not None
        )

    def totals(self) -> tuple[int, ...]:
        """Give the totals the server reported, each once, in order."""
        return tuple(dict.fromkeys(page.total for page in self.pages if page.total is not None))

    def total(self) -> int | None:
        """Give the last total the server reported, or None where it never did."""
        return next((page.total for page in reversed(self.pages) if page.total is not None), None)

    def reached_total(self) -> bool:
        """Tell whether the walk ended by itself with as many ids as the server says there are."""
        return self.failure is None and len(self.distinct_ids()) >= (self.total() or 0)

    def largest_page(self) -> int:
        """Give the number of records on the largest page."""
        return max((len(page.glances) for page in self.pages), default=0)

    def repeated_ids(self) -> tuple[str, ...]:
        """Give the ids that came more than once, other than by being read again on purpose."""
        seen: set[str] = set()
        repeated: dict[str, None] = {}
        for glance in self.glances():
            if glance.id in seen:
                repeated[glance.id] = None
            elif glance.id is not None:
                seen.add(glance.id)
        return tuple(repeated)

    def contradicted_ids(self) -> tuple[str, ...]:
        """Give the ids that came more than once with different content, also on purpose."""
        marks: dict[str, int] = {}
        differing: dict[str, None] = {}
        for glance in (one for page in self.pages for one in page.glances):
            if glance.id is not None and marks.setdefault(glance.id, glance.mark) != glance.mark:
                differing[glance.id] = None
        return tuple(differing)


@dataclass(slots=True)
class Intake:
    """The pages of a walk under way."""

    pages: list[Page] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    deviations: dict[str, None] = field(default_factory=dict)

    def take(self, page: Page) -> bool:
        """Keep one page and tell whether it brought an unseen id."""
        self.pages.append(page)
        before = len(self.seen)
        self.seen |= {glance.id for glance in page.glances if glance.id is not None}
        return len(self.seen) > before

    def last_id(self) -> str | None:
        """Give the id of the last record of the last page that had any."""
        page = next((page for page in reversed(self.pages) if page.glances), None)
        return page.glances[-1].id if page is not None else None

    def note(self, deviation: str) -> None:
        """Keep a departure from the RFC, once."""
        self.deviations[deviation] = None
