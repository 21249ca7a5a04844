"""How much work a full read will be, from one page of each list."""

from __future__ import annotations

import math
from collections.abc import Iterable

from scanner.model import PageSurvey

MINUTE = 60_000


def requests_needed(
    total: int | None, given: int, *, overlap: bool, by_cursor: bool, passes: int
) -> int | None:
    """How many requests read ``total`` records, ``given`` at a time; None where that is not known.

    By index each page after the first may begin with the last record of the one before
    (``overlap``), and one request past the end is added; every one of ``passes`` reads it all.
    """
    if total is None:
        return None
    if not given:
        return passes
    step = max(given - (overlap and not by_cursor), 1)
    pages = 1 + max(math.ceil((total - given) / step), 0)
    return passes * (pages if by_cursor else pages + 1)


def plus(requests: int | None, more: int | None) -> int | None:
    """Add where both are known."""
    return None if requests is None or more is None else requests + more


def full_read(lists: Iterable[PageSurvey], per_minute: int | None) -> tuple[int | None, int | None]:
    """Requests and milliseconds to read all of ``lists``; None where a total is not known."""
    requests: int | None = 0
    spent = 0
    for one in lists:
        requests = plus(requests, one.requests)
        spent += (one.requests or 0) * one.milliseconds
    return requests, None if requests is None else paced(requests, spent, per_minute)


def paced(requests: int, milliseconds: int, per_minute: int | None) -> int:
    """How long ``requests`` take in milliseconds if no minute may see more than ``per_minute``."""
    if per_minute is None or not requests:
        return milliseconds
    whole, rest = divmod(requests - 1, per_minute)
    return max(milliseconds, whole * MINUTE + (rest + 1) * milliseconds // requests)
