"""What a file holds once it is read: columns, and rows that remember where they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from scanner.config import Format
from scanner.errors import SourceError
from scanner.model import Reason


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file of one source is written; see :class:`scanner.config.Export`."""

    source: str
    format: Format
    delimiter: str = ","
    encoding: str = "utf-8"
    date_format: str | None = None
    sheet: str | None = None
    trailer: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One record: where it stands (``line 7``), and its cells by column; empty ones are left out.

    Columns are in lower case without space around them.
    """

    place: str
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Trailer:
    """What the exporter says in the last line: how many records, and when it wrote them."""

    count: int
    exported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file read as far as it could be; ``failure`` says where and why that ended early.

    ``columns`` are as written, in order. ``closed`` tells that the format marks its own end and
    the mark was there; ``cut`` that the last line has no line break. ``unreadable`` names, by
    column, the first cell that holds no value but a formula or an error.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    failure: Reason | None = None
    trailer: Trailer | None = None
    closed: bool = False
    cut: bool = False
    unreadable: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def has(self, column: str) -> bool:
        """Tell whether there is such a column, in any spelling of case."""
        return folded(column) in {folded(one) for one in self.columns}


@dataclass(slots=True)
class Draft:
    """A table while it is read."""

    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    trailer: Trailer | None = None
    closed: bool = False
    cut: bool = False
    unreadable: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def table(self, failure: Reason | None = None) -> Table:
        """Give what was read so far."""
        return Table(
            self.columns, tuple(self.rows), failure, self.trailer, self.closed, self.cut,
            dict(self.unreadable), tuple(self.notes),
        )  # fmt: skip


def folded(column: str) -> str:
    """Give the form in which names of columns are compared."""
    return column.strip().lower()


def refuse(layout: Layout, code: str, message: str, hint: str = "") -> SourceError:
    """Give the error that ends the reading of a file; ``message`` names the place."""
    return SourceError(layout.source, code, message, hint or "export it again")


def check_columns(layout: Layout, columns: tuple[str, ...], place: str) -> None:
    """Refuse two columns of one name, in any spelling of case; unnamed ones are not used."""
    seen: set[str] = set()
    for name in filter(None, map(folded, columns)):
        if name in seen:
            raise refuse(
                layout, "file.duplicate_column", f"{place} names the column {name!r} twice"
            )
        seen.add(name)


def trailer_pattern(template: str) -> re.Pattern[str]:
    """Give the pattern of a trailer in which ``{count}`` and ``{exported_at}`` stand for values."""
    text = re.escape(template.strip())
    text = text.replace(re.escape("{count}"), r"(?P<count>\d{1,12})")
    return re.compile(text.replace(re.escape("{exported_at}"), r"(?P<exported_at>\S+)"))
