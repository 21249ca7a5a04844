"""How long a list is, against what is known of it: stated, cut by the vendor, shorter than before.

A list that ends at a number at which servers are known to stop (50, 100, 200, 500, 1000) looks the
same whether the server stopped there or nobody else exists: its total says that number and nothing
follows. It is a possible cap, and the list is not whole, unless one of these settles it:

- ``expected_size`` of the source states exactly that number;
- the vendor is known to cut its lists elsewhere (``list_cap`` of the profile);
- the last COMPLETE run listed more: this server has gone past the number before. One that listed
  fewer shows nothing, since a company that grows stops at a cap as well;
- the server sent several pages whose length does not divide the number. A limit on one answer, or
  on a number of answers, ends a list at the end of a page: pages of 30 cannot add up to 100.

A server that cuts the result before it pages is not shown by the last one, which is why the number
is told in the report even where the list is taken as whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from collectors.scim.point import Checked, failed, held, unreached
from collectors.scim.walk import Walk
from scanner.model import Resource

_NOTHING_KNOWN = "nothing known beforehand"

SMALL_LIST = 10
COMMON_LIMITS = frozenset({50, 100, 200, 500, 1000})
UNCOMMON_PAGE = 30
"""A page size that divides none of the common limits."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is known of a list's size beforehand; None means not known.

    ``expected`` is the least number the source's settings state, ``cap`` the number at which the
    vendor is known to cut its lists, ``previous`` the number in the last COMPLETE run. A drop from
    it by more than ``max_drop_percent`` is refused down to ``acknowledged``.
    """

    expected: int | None = None
    cap: int | None = None
    previous: int | None = None
    max_drop_percent: int = 30
    acknowledged: int | None = None


UNKNOWN_SIZE = Size()


@dataclass(frozen=True, slots=True)
class Wording:
    """What gives a list, and what is to be asked where it falls short.

    ``paged`` tells that it comes in pages, the size of which may be chosen.
    """

    giver: str = "the server"
    doubt: str = "does the token see everybody?"
    paged: bool = True


SERVER = Wording()


def check_size(walk: Walk, size: Size, words: Wording = SERVER) -> Checked:
    """Check the number of ids of a walk; the first thing that is wrong with it is the reason."""
    count = len(walk.distinct_ids())
    unknown = size.expected is None and size.cap is None and size.previous is None
    if walk.failure is not None:
        return held("size", f"{count} ids, {_NOTHING_KNOWN}") if unknown else unreached("size")
    if size.expected is not None and count < size.expected:
        return failed(
            "size",
            f"{count} ids, at least {size.expected} expected",
            "read.fewer_than_expected",
            f"{words.giver} lists {count} {walk.resource}, and expected_size is {size.expected}",
            f"{words.doubt} if they are really gone, correct expected_size",
        )
    if size.cap is not None and count >= size.cap and count != size.expected:
        return failed(
            "size",
            f"{count} ids, known limit {size.cap}",
            "read.cap_reached",
            f"the server lists {count} {walk.resource}, and is known to stop at {size.cap}",
            f"if there are really so many, set expected_size = {count}",
        )
    pages = walk.fresh_pages()
    page = len(pages[0].glances) if len(pages) > 1 else 0
    capped = possible_cap(walk.resource, count, page, size, words)
    return capped or _drop(count, walk.resource, size, words)


def size_notes(walk: Walk, size: Size) -> tuple[str, ...]:
    """Describe what is odd about a number of users that is not a reason to doubt the list."""
    count = len(walk.distinct_ids())
    if walk.resource is not Resource.USERS:
        return ()
    notes = []
    if count in COMMON_LIMITS and count != size.expected:
        notes.append(f"exactly {count} users are listed, a number at which some servers stop")
    if size.previous is not None and SMALL_LIST < size.previous * 3 <= count:
        notes.append(f"{count} users are listed, in the last complete run it was {size.previous}")
    return tuple(notes)


def possible_cap(
    resource: Resource, count: int, page: int, size: Size, words: Wording = SERVER
) -> Checked | None:
    """Fail a list of ``count`` that ends where servers are known to stop and nothing settles it.

    ``page`` is the length of its pages where it came in several, and 0 where it came in one.
    """
    known = count == size.expected or size.cap is not None
    surpassed = size.previous is not None and size.previous > count
    passed_over = page > 0 and count % page > 0
    if count not in COMMON_LIMITS or known or surpassed or passed_over:
        return None
    if not words.paged:
        return _capped_export(resource, count)
    stated = f"set expected_size = {count} if the app's own pages count {count}; or "
    return failed(
        "size",
        f"{count} ids, a number at which servers are known to stop",
        "read.possible_cap",
        f"the server lists exactly {count} {resource}, and some servers list no more than that "
        "whatever there is",
        (stated if resource is Resource.USERS else "")
        + f"set page_size = {UNCOMMON_PAGE}, so that a list cut at the end of a page shows",
    )


def _capped_export(resource: Resource, count: int) -> Checked | None:
    """An export is cut by rows, so the number of groups in one says nothing."""
    if resource is not Resource.USERS:
        return None
    return failed(
        "size",
        f"{count} ids, a number at which exports are known to stop",
        "read.possible_cap",
        f"the file lists exactly {count} users, and some exports hold no more than that",
        f"set expected_size = {count} if the exporter's own pages count {count}",
    )


def _drop(count: int, resource: Resource, size: Size, words: Wording) -> Checked:
    """The guard against a list that shrank since it was last whole."""
    before = size.previous
    if before is None or before <= SMALL_LIST:
        known = before is not None or size.expected is not None or size.cap is not None
        return held("size", f"{count} ids" + ("" if known else f", {_NOTHING_KNOWN}"))
    detail = f"{count} ids, {before} in the last complete run"
    if (before - count) * 100 <= size.max_drop_percent * before:
        return held("size", detail)
    if size.acknowledged is not None and count >= size.acknowledged:
        return held("size", f"{detail}, acknowledged down to {size.acknowledged}")
    return failed(
        "size",
        detail,
        "read.dropped",
        f"{words.giver} lists {count} {resource}, in the last complete run it was {before}",
        f"{words.doubt} if they are really gone, set acknowledge_drop_to = {count} for this source",
    )
