"""What is odd about one page of a list: figures that contradict it, and spellings of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collectors.failure import quoted
from collectors.scim.attribute import values
from collectors.scim.message import ListPage
from collectors.scim.resource import Interpretation
from scanner.model import Reason, Resource


@dataclass(frozen=True, slots=True)
class PageSize:
    """The page size that was asked for, and the server's own limit where it states one."""

    asked: int
    limit: int | None = None


def contradictions(page: ListPage, resource: Resource, ids: Sequence[str]) -> tuple[Reason, ...]:
    """What one page already disproves of a list that must be whole."""
    given = len(page.resources)
    reasons = []
    if page.total is not None and (page.total < given or (page.total and not given)):
        reasons.append(
            Reason(
                "read.total_contradicts",
                f"the server reports {page.total} {resource} but sent {given} on the first page",
                "a reading can only be proved whole against a right total; ask the vendor",
            )
        )
    repeated = [one for one, count in Counter(ids).items() if count > 1]
    if repeated:
        reasons.append(
            Reason(
                "read.duplicate_id",
                f"{len(repeated)} ids of {resource} came more than once on one page",
                "records cannot be told apart; ask the vendor",
            )
        )
    return tuple(reasons)


def page_quirks(page: ListPage, size: PageSize) -> tuple[str, ...]:
    """Give what a page's figures say that is not so, and how its size differs from the asked."""
    given, total, asked = len(page.resources), page.total, size.asked
    quirks = []
    if given and page.start_index not in (None, 1):
        quirks.append(f"startIndex came back as {_value(page.start_index)} where 1 was asked for")
    if page.items_per_page not in (None, given):
        said = _value(page.items_per_page)
        quirks.append(f"itemsPerPage says {said} on a page of {given}")
    if given > asked:
        quirks.append(f"{given} came where a page of {asked} was asked for: it does not page")
    elif total is not None and 0 < given < min(asked, total) and given != size.limit:
        quirks.append(
            f"{given} came where a page of {asked} was asked for and {total} are reported: "
            "a page limit of the server, or it counts records it does not list"
        )
    elif given == total == asked:
        quirks.append(f"the total is exactly the page size ({asked}): it may count the page only")
    return tuple(quirks)


def active_spelling(
    resources: Sequence[Mapping[str, object]], how: Interpretation
) -> tuple[str, ...]:
    """Give what is missing or no boolean in ``active``, where that is what says who is active."""
    path = how.paths.get("active")
    if path is None or "status" in how.paths:
        return ()
    found = [next(iter(values(resource, path)), None) for resource in resources]
    quirks = []
    missing = sum(one is None for one in found)
    if missing:
        quirks.append(f"active is missing on {missing} of {len(found)} users")
    other = [one for one in found if one is not None and not isinstance(one, bool)]
    if other:
        example = _value(other[0])
        quirks.append(
            f"active is not true or false on {len(other)} of {len(found)} users, such as {example}"
        )
    return tuple(quirks)


def _value(value: object) -> str:
    """A value of the server's in its JSON spelling, short and inert."""
    if isinstance(value, str):
        return f'"{quoted(value)}"'
    return quoted(str(value).lower() if isinstance(value, bool) else str(value))
