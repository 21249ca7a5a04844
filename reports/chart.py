"""Bars of the page, measured in whole units of a drawing that is a thousand units wide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

WIDTH = 1000
LEAST = 8
GAP = 3


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a bar: its style, and where it starts and how wide it is, in units."""

    style: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with the words that say the same to those who do not see it."""

    title: str
    description: str
    segments: tuple[Segment, ...]


def bar(title: str, description: str, parts: Iterable[tuple[str, int]], full: int) -> Bar:
    """Return a bar of ``parts`` (style, count) where ``full`` would fill the whole width.

    Where the parts come to more than ``full`` they fill the width themselves. Parts keep
    their order, stand a small gap apart, and a part that is not zero is never too narrow to be
    seen; no part reaches beyond the width.
    """
    shown = [(style, count) for style, count in parts if count > 0]
    whole = max(full, sum(count for _, count in shown), 1)
    room = WIDTH - LEAST * len(shown) - GAP * (len(shown) - 1)
    segments: list[Segment] = []
    x = 0
    for style, count in shown:
        width = LEAST + room * count // whole
        segments.append(Segment(style, x, width))
        x += width + GAP
    return Bar(title, description, tuple(segments))
