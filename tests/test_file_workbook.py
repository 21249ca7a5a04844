"""Promises of the reading of workbooks."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from collectors.file import workbook as module
from collectors.file.format import parse_table
from collectors.file.table import Layout, Table
from tests.fakes.export import workbook

SHEET = "xl/worksheets/sheet1.xml"


def read(content: bytes, **layout: str) -> Table:
    return parse_table(content, Layout("people", "xlsx", **layout))


def made(change: Callable[[Worksheet], object]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    change(sheet)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same archive with one part changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            held = old.read(name)
            new.writestr(name, change(held) if name == part else held)
    return stream.getvalue()


def code(table: Table) -> str:
    assert table.failure is not None
    return table.failure.code


def test_cells_become_plain_values() -> None:
    """Whole numbers, days, times and truth come as what they are; blanks are left out."""

    def fill(sheet: Worksheet) -> None:
        sheet.append(["Id", "Day", "Time", "On", "None", "Half", None])
        sheet.append([1042, datetime(2026, 9, 30), datetime(2026, 9, 30, 17, 5), True, None, 0.5])  # noqa: DTZ001 - a workbook has no zones

    content = made(fill)
    table = read(
        repacked(content, SHEET, lambda part: part.replace(b"<v>1042</v>", b"<v>1042.0</v>"))
    )
    assert table.failure is None
    assert table.closed
    assert table.rows[0].place == "row 2"
    assert dict(table.rows[0].cells) == {
        "id": 1042,
        "day": "2026-09-30",
        "time": "2026-09-30T17:05:00",
        "on": True,
        "half": 0.5,
    }


def test_a_text_that_looks_like_a_formula_stays_a_text() -> None:
    """Only a cell of type formula is one; a formula and an error are noted by their cell."""

    def fill(sheet: Worksheet) -> None:
        sheet.append(["id", "name", "sum", "state"])
        sheet.append(["1", "=cmd|' /C calc'!A0", "=SUM(1,2)", "#N/A"])
        sheet["B2"].data_type = "s"

    table = read(made(fill))
    assert table.rows[0].cells["name"] == "=cmd|' /C calc'!A0"
    assert table.unreadable == {"sum": "a formula in C2", "state": "an error in D2"}


def test_a_sheet_that_understates_its_size_is_read_whole() -> None:
    """The dimension a workbook claims leaves no row out."""
    smaller = repacked(
        workbook(),
        SHEET,
        lambda part: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B3"', part),
    )
    assert len(read(smaller).rows) == 12


def test_hidden_rows_and_filters_are_told_and_read() -> None:
    """Nobody is left out because a person hid their row."""

    def fill(sheet: Worksheet) -> None:
        sheet.append(["id"])
        sheet.append(["1"])
        sheet.append(["2"])
        sheet.row_dimensions[3].hidden = True
        sheet.auto_filter.ref = "A1:A3"

    table = read(made(fill))
    assert len(table.rows) == 2
    assert [note.partition(" ")[0] for note in table.notes] == ["1", "a"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "file.no_header"),
        ([["a", "A"], [1, 2]], "file.duplicate_column"),
        ([["a"], [1, 2]], "file.ragged"),
        ([["a"], [None], [1]], "file.empty_line"),
    ],
)
def test_a_sheet_that_is_no_table_is_refused(rows: list[list[object]], expected: str) -> None:
    """One table without gaps, each value below a column of its own name."""

    def fill(sheet: Worksheet) -> None:
        for row in rows:
            sheet.append(row)

    assert code(read(made(fill))) == expected


def test_the_sheet_is_named_where_there_are_several() -> None:
    """With two sheets one must be chosen, and it must be there."""
    two = workbook(lambda book, _: book.create_sheet("Notes"))
    assert code(read(two)) == "file.sheet"
    assert code(read(two, sheet="Other")) == "file.sheet"
    assert len(read(two, sheet="Sheet").rows) == 12


def test_a_workbook_that_declares_entities_is_refused() -> None:
    """No part of a workbook may define what its text expands to."""
    spoilt = repacked(
        workbook(),
        SHEET,
        lambda part: b'<!DOCTYPE a [<!ENTITY b "c">]>' + part,
    )
    assert code(read(spoilt)) == "file.not_workbook"


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says it unpacks to is looked at before anything is unpacked."""
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    assert code(read(workbook())) == "file.too_large"


def test_a_workbook_cut_or_damaged_anywhere_is_never_whole() -> None:
    """Any prefix, and a changed byte in the packed sheet, are refused."""
    whole = workbook()
    for end in range(0, len(whole), 97):
        assert code(read(whole[:end])) == "file.not_workbook"
    assert code(read(repacked(whole, "xl/workbook.xml", lambda _: b"<a>"))) == "file.not_workbook"
