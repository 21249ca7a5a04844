"""Reading a list more than once: until it held still, or twice alike where that is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from collectors.scim.walk import Walk

MAX_PASSES = 3

WalkOnce = Callable[[int], Awaitable[Walk]]
"""Makes one walk through the list; is told its number, from 1."""


async def read_until_steady(walk_once: WalkOnce, needed: int, *, exhaustive: bool) -> Walk:
    """Walk until the list is steady, at most three times, and give the walk to be judged.

    With ``needed`` = 1 one walk is enough if nothing moved under it; otherwise two in a row must
    bring the same ids. Where a later walk failed, the last whole one is given with that failure.
    ``exhaustive`` says that totals are not relied on.
    """
    walks: list[Walk] = []
    while len(walks) < MAX_PASSES:
        walks.append(await walk_once(len(walks) + 1))
        if walks[-1].failure or walks[-1].refused:
            break
        walks[-1] = _compared(walks)
        if _is_settled(walks[-1], needed, exhaustive=exhaustive):
            break
    return _to_be_judged(walks)


def _compared(walks: list[Walk]) -> Walk:
    *earlier, last = walks
    alike = bool(earlier) and earlier[-1].distinct_ids() == last.distinct_ids()
    return replace(last, confirmed=alike)


def _is_settled(walk: Walk, needed: int, *, exhaustive: bool) -> bool:
    if walk.repeated_ids() or walk.contradicted_ids():
        return False
    if len(walk.totals()) > 1 and not exhaustive:
        return False
    return walk.confirmed or (needed == 1 and not walk.moved and not walk.bare)


def _to_be_judged(walks: list[Walk]) -> Walk:
    *earlier, last = walks
    if earlier and (last.failure or last.refused):
        failure = last.failure or earlier[-1].failure
        return replace(earlier[-1], failure=failure, confirmed=False, passes=last.passes)
    return last
