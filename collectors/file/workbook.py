"""One sheet of an XLSX workbook, read as values; nothing in it is run, followed or computed."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from threading import Lock
from typing import TYPE_CHECKING, Any

from collectors.file.table import Draft, Layout, Row, check_columns, folded, refuse
from scanner.errors import SourceError

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

MOST_BYTES = 1 << 30

_ALONE = Lock()  # what is done about warnings is done for all threads

_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*\shidden="(?:1|true)"')
_FILTER = re.compile(rb"<(?:\w+:)?autoFilter\b")
_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


def read_workbook(content: bytes, layout: Layout, draft: Draft) -> None:
    """Read the rows of one sheet into ``draft``: the first row names the columns.

    A workbook is an archive, and each part's checksum shows that it ends where it should. Hidden
    and filtered rows are read as all others are, and noted.
    """
    from openpyxl import load_workbook  # noqa: PLC0415 - --help and servers need no workbooks

    parts = _parts(content, layout)
    try:
        with _ALONE, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what has no part in values: styles, validation
            book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
            sheet = book[_sheet_name(book, layout)]
            sheet.reset_dimensions()  # what the sheet says of its size may leave rows out
            _note_hidden(parts.get(str(vars(sheet).get("_worksheet_path")), b""), draft)
            _take_rows(sheet.iter_rows(), layout, draft)
            book.close()
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001 - the library raises whatever its parser meets
        raise refuse(
            layout, "file.not_workbook", f"the workbook is damaged: {type(error).__name__}"
        ) from None
    draft.closed = True


def _parts(content: bytes, layout: Layout) -> dict[str, bytes]:
    """Unpack everything once, so that every checksum is checked; no part may declare entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(one.file_size for one in archive.infolist())
            if size > MOST_BYTES:
                raise refuse(layout, "file.too_large", f"the workbook unpacks to {size} bytes")
            parts = {one.filename: archive.read(one) for one in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        raise refuse(
            layout, "file.not_workbook", "the file is not a whole, readable XLSX workbook"
        ) from None
    for name, part in parts.items():
        if name.endswith((".xml", ".rels")) and _DECLARES.search(part):
            raise refuse(layout, "file.not_workbook", f"{name} in the workbook declares entities")
    return parts


def _sheet_name(book: Workbook, layout: Layout) -> str:
    names = [sheet.title for sheet in book.worksheets]
    if layout.sheet is None and len(names) == 1:
        return names[0]
    if layout.sheet in names:
        return str(layout.sheet)
    said = "" if layout.sheet is None else f", and none is called {layout.sheet!r}"
    raise refuse(
        layout,
        "file.sheet",
        f"the workbook has {len(names)} sheets ({', '.join(names)}){said}",
        "name the one to read in export.sheet",
    )


def _note_hidden(sheet: bytes, draft: Draft) -> None:
    hidden = len(_HIDDEN_ROW.findall(sheet))
    if hidden:
        draft.notes.append(f"{hidden} rows of the sheet are hidden; they were read like the others")
    if _FILTER.search(sheet):
        draft.notes.append("a filter is set on the sheet; all rows were read whatever it shows")


def _take_rows(rows: Iterator[Sequence[Any]], layout: Layout, draft: Draft) -> None:
    empty: int | None = None
    for number, cells in enumerate(rows, 1):
        if all(cell.value is None for cell in cells):
            empty = empty or number
        elif empty is not None:
            raise refuse(
                layout,
                "file.empty_line",
                f"row {empty} is empty, and row {number} is not",
                "a sheet holds one table without gaps, and nothing below it",
            )
        elif not draft.columns:
            draft.columns = _columns(cells, layout)
        else:
            draft.rows.append(_row(cells, number, layout, draft))
    if not draft.columns:
        raise refuse(layout, "file.no_header", "the sheet has no first row that names columns")


def _columns(cells: Sequence[Any], layout: Layout) -> tuple[str, ...]:
    names = tuple("" if cell.value is None else str(cell.value).strip() for cell in cells)
    check_columns(layout, names, "row 1")
    return names


def _row(cells: Sequence[Any], number: int, layout: Layout, draft: Draft) -> Row:
    values: dict[str, object] = {}
    for position, cell in enumerate(cells):
        if cell.value is None or cell.value == "":
            continue
        if position >= len(draft.columns):
            raise refuse(layout, "file.ragged", f"row {number} has a value beyond the last column")
        name = folded(draft.columns[position])
        values[name] = _value(cell.value)
        if cell.data_type in ("f", "e"):
            what = "a formula" if cell.data_type == "f" else "an error"
            draft.unreadable.setdefault(name, f"{what} in {cell.coordinate}")
    return Row(f"row {number}", values)


def _value(value: object) -> object:
    """A day where a time is midnight, since a workbook has one kind of cell for both."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int | float) else str(value)
