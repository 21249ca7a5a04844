"""A reviewer's workbook as it came back: found by its labels, read as data, nothing computed.

Spreadsheet programs change what nobody asked them to: columns move, rows are sorted, filtered or
left empty, text becomes a date or a number. What holds a row together is its ``finding_id``.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from typing import Any, TypeAlias

from openpyxl import load_workbook
from openpyxl.cell.read_only import EMPTY_CELL
from openpyxl.utils.escape import unescape
from openpyxl.workbook import Workbook

from reports.cell import cell_text
from scanner.errors import UsageError
from scanner.model import Content, Returned, ReturnedRow, Typed
from scanner.model.review import ANSWERS, DETAILS, FACTS, FIELDS

MOST_BYTES = 1 << 28
_MOST_ROWS_ABOVE, _MOST_COLUMNS = 50, 200
_COLUMNS = frozenset({*FACTS, *ANSWERS, *DETAILS})
_MARKS = frozenset({"finding_id", "decision"})
Sheet: TypeAlias = Any
"""A sheet that is read row by row, for which openpyxl has no type that is true."""

_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_FOREIGN = ("vbaProject.bin", "externalLinks/", "activeX/")


def read_returned(content: bytes, name: str) -> Returned:
    """Read a reviewer's workbook; ``name`` is how messages call it.

    Every sheet with the columns ``finding_id`` and ``decision`` is read, whatever it is called.
    Raises UsageError where it is no workbook, holds macros or links, or no such sheet.
    """
    _check_parts(content, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about looks that openpyxl does not know
            # Row by row: a sheet may have a million rows of which a few hold anything.
            book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
            found = _read(book, hashlib.sha256(content).hexdigest())
    except Exception as error:  # noqa: BLE001 - the library raises whatever its parser meets
        raise _no_workbook(name, f"is damaged ({type(error).__name__})") from None
    if found is None:
        raise UsageError(
            f"{name} has no sheet with the columns finding_id and decision",
            "fill in what was written by: ghostscan review export RUN",
        )
    return found


def _read(book: Workbook, sha256: str) -> Returned | None:
    """Read what there is of us in a workbook, None where no sheet has a table of ours."""
    tables = [found for sheet in _sheets(book) if (found := _Table.find(sheet)) is not None]
    if not tables:
        return None
    named = {table.sheet.title for table in tables}
    fields = {
        label: found
        for sheet in reversed(_sheets(book))
        if sheet.title not in named
        for label, found in _fields(sheet)
    }
    return Returned(
        sha256=sha256,
        fields={label: found for label, (found, _) in fields.items()},
        places={label: place for label, (_, place) in fields.items()},
        rows=tuple(row for table in tables for row in table.rows()),
        missing=tuple((table.sheet.title, name) for table in tables for name in table.missing()),
    )


def _sheets(book: Workbook) -> list[Sheet]:
    sheets: list[Sheet] = list(book.worksheets)
    for sheet in sheets:
        sheet.reset_dimensions()  # what a sheet says of its size may leave rows out
    return sheets


def same_text(content: Content, text: str) -> bool:
    """Tell whether a cell still holds ``text``, also where a program took it for a date."""
    if isinstance(content, str):
        stored = cell_text(text)
        return content.strip() in {stored.strip(), unescape(stored).strip()}
    if content.moment is None:
        return content.formula == text  # text that looks like one was taken for one
    shown = content.moment.isoformat()
    return text in {f"{shown}Z", shown, shown[:10] if content.whole_day else shown}


class _Table:
    """The rows of one sheet below the line that names the columns."""

    def __init__(self, sheet: Sheet, head: int, columns: Mapping[str, int]) -> None:
        self.sheet = sheet
        self._head = head
        self._columns = columns

    @classmethod
    def find(cls, sheet: Sheet) -> _Table | None:
        """Look for the head among the first rows of a sheet."""
        above = sheet.iter_rows(max_row=_MOST_ROWS_ABOVE, max_col=_MOST_COLUMNS)
        for number, cells in enumerate(above, 1):
            columns = {
                str(cell.value).strip(): index
                for index, cell in reversed(list(enumerate(cells)))
                if str(cell.value).strip() in _COLUMNS
            }
            if columns.keys() >= _MARKS:
                return cls(sheet, number, columns)
        return None

    def missing(self) -> list[str]:
        """Name the columns that should be there."""
        return [name for name in (*FACTS, *ANSWERS, *DETAILS) if name not in self._columns]

    def rows(self) -> Iterator[ReturnedRow]:
        """Give every row that holds anything in a column of ours."""
        width = max(self._columns.values()) + 1
        below = self.sheet.iter_rows(min_row=self._head + 1, max_col=width)
        for number, cells in enumerate(below, self._head + 1):
            if all(cell is EMPTY_CELL for cell in cells):
                continue
            found = self._cells(cells)
            if any(content != "" for content in found.values()):
                yield ReturnedRow(self.sheet.title, number, found)

    def _cells(self, cells: Sequence[Any]) -> dict[str, Content]:
        return {
            name: _content(cells[index]) if index < len(cells) else ""
            for name, index in self._columns.items()
        }


def _fields(
    sheet: Sheet,
) -> Iterator[tuple[str, tuple[Content, tuple[str, int]]]]:
    """Find what stands right of each label in the first column of a sheet."""
    for number, row in enumerate(sheet.iter_rows(max_row=_MOST_ROWS_ABOVE, max_col=2), 1):
        label = str(row[0].value).strip() if row else ""
        if label in FIELDS:
            yield label, (_content(row[1]) if len(row) > 1 else "", (sheet.title, number))


def _content(cell: Any) -> Content:  # noqa: ANN401 - a cell, or the place of none
    value = cell.value
    if cell.data_type == "f":
        return Typed(formula=str(value))
    if isinstance(value, datetime):
        return Typed(moment=value, whole_day=value.time() == time(0))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # A line break typed in Excel may come as two characters, one of them escaped.
    return "" if value is None else str(value).replace("_x000D_", "").strip()


def _check_parts(content: bytes, name: str) -> None:
    """Unpack everything once: checksums, sizes, nothing that runs or leads elsewhere."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if size > MOST_BYTES:
                raise _no_workbook(name, f"unpacks to {size} bytes")
            for part in parts:
                if any(mark in part.filename for mark in _FOREIGN):
                    raise _no_workbook(name, f"holds macros or links ({part.filename})")
                declares = _DECLARES.search(archive.read(part))
                if declares and part.filename.endswith((".xml", ".rels")):
                    raise _no_workbook(name, f"declares entities ({part.filename})")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        raise _no_workbook(name, "is not a whole, readable XLSX workbook") from None


def _no_workbook(name: str, problem: str) -> UsageError:
    return UsageError(f"{name} {problem}", "save it as a plain XLSX workbook (Excel 2007-365)")
