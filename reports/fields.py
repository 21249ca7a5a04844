"""How a column of the workbook reads its value from a row."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from reports.cell import Value


def of(path: str) -> Callable[[Any], Value]:
    """Return a reader of a field reached through others; ``None`` where any of them is."""
    *parents, last = path.split(".")

    def read(row: object) -> Value:
        for parent in parents:
            row = getattr(row, parent)
            if row is None:
                return None
        value: Value = getattr(row, last)
        return value

    return read


def worded(path: str, yes: str = "Yes", no: str = "No") -> Callable[[Any], Value]:
    """Return a reader of a yes-or-no field as a word; what is not known is ``Unknown``."""
    read = of(path)

    def word(row: object) -> Value:
        known = read(row)
        if known is None:
            return "Unknown"
        return yes if known else no

    return word


def joined(path: str) -> Callable[[Any], Value]:
    """Return a reader of a list of texts as one text; ``None`` where there is no list."""
    read = attrgetter(path)

    def join(row: object) -> Value:
        values = read(row)
        return None if values is None else "; ".join(str(value) for value in values)

    return join
