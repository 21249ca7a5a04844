"""One sheet: a heading block, a filtered table below it, and a page that prints.

Rows 1 to 3 say what, whose, when and from where; the table's head stands in row 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from reports.cell import REVIEW_COLOUR, WRAPPED, Look, Value, dress, fill_in, look_for
from reports.text import instant, visible

HEAD_ROW = 5
FIRST_ROW = HEAD_ROW + 1
MOST_ROWS = 1_048_000

_A4 = 9
_PAGE_CHARACTERS = 200
_NARROWEST, _WIDEST, _WIDEST_LONG, _REVIEW_WIDTH = 9, 36, 60, 24
_SAMPLED_ROWS = 2_000
_LINE_POINTS, _HIGHEST_ROW, _CHARACTERS_PER_WIDTH = 13.5, 400, 1.0
_HEADER_CHARACTERS = 60

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every sheet says of itself: whose audit, of when, which run."""

    organization: str
    as_of: datetime
    run: str

    @property
    def line(self) -> str:
        """The second line of every sheet."""
        return f"{self.organization} · as of {instant(self.as_of)} · run {self.run}"


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: its name, how a row gives its value, its look.

    A column without ``read`` is the reviewer's to fill in; ``choices`` are then what is accepted.
    """

    name: str
    read: Callable[[Row], Value] | None
    look: Look = Look.TEXT
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataSheet(Generic[Row]):
    """A sheet that holds one table; the first ``frozen`` columns stay in view.

    ``empty`` is what the sheet says when it has no rows, ``warning`` what it says in any case.
    """

    name: str
    title: str
    statement: str
    columns: tuple[Column[Row], ...]
    rows: Sequence[Row]
    frozen: int
    empty: str
    warning: str = ""

    @property
    def last_row(self) -> int:
        """The number of the table's last row in the sheet (the first one, where it is empty)."""
        return max(FIRST_ROW, HEAD_ROW + len(self.rows))

    def cells(self, column: str) -> str:
        """Return the absolute reference to all cells of a column, as formulas write it."""
        letter = get_column_letter([one.name for one in self.columns].index(column) + 1)
        return f"'{self.name}'!${letter}${FIRST_ROW}:${letter}${self.last_row}"


class Paper:
    """A sheet that is written row by row, from the top."""

    def __init__(self, sheet: Worksheet, widths: Sequence[float]) -> None:
        self.sheet = sheet
        self.row = 0
        self._widths = widths
        self._cells: dict[tuple[int, Look], Cell] = {}

    def add(self, *cells: tuple[Value, Look] | None, height: float = 0) -> int:
        """Write the next row, ``None`` leaving a gap, and return its number.

        The row is as high as its wrapped text needs, at least ``height`` points.
        """
        self.row += 1
        needed = max(height, self._height(cells))
        if needed:
            self.sheet.row_dimensions[self.row].height = needed
        self.sheet.append(
            [None if one is None else self._cell(column, *one) for column, one in enumerate(cells)]
        )
        return self.row

    def _height(self, cells: Sequence[tuple[Value, Look] | None]) -> float:
        # Spreadsheet programs do not all fit rows to wrapped text when they open a file.
        lines = [
            count_lines(one[0], int(width * _CHARACTERS_PER_WIDTH))
            for one, width in zip(cells, self._widths, strict=False)
            if one is not None and isinstance(one[0], str) and one[1] in WRAPPED
        ]
        most = max(lines, default=1)
        return min(most * _LINE_POINTS + 2, _HIGHEST_ROW) if most > 1 else 0

    def _cell(self, column: int, value: Value, look: Look) -> Cell:
        # A row is written out at once, so the next one can use the same dressed cells again.
        key = (column, look_for(value, look))
        if key not in self._cells:
            self._cells[key] = WriteOnlyCell(self.sheet)
            dress(self._cells[key], key[1])
        fill_in(self._cells[key], value)
        return self._cells[key]


def count_lines(text: str, width: int) -> int:
    """Count the lines of a text that is wrapped at blanks, and inside words longer than a line."""
    if len(text) <= width:
        return 1
    lines, used = 1, 0
    for word in text.split(" "):
        size = len(word)
        if used and used + 1 + size > width:
            lines, used = lines + 1, 0
        broken = max(0, math.ceil(size / width) - 1)
        lines += broken
        used += size - broken * width + (1 if used else 0)
    return lines


def open_paper(book: Workbook, name: str, widths: Sequence[float], stamp: Stamp) -> Paper:
    """Add a sheet with these column widths (in characters) and the page set up for printing."""
    sheet: Worksheet = book.create_sheet(name)
    for index, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.sheet_view.showGridLines = False
    _set_up_page(sheet, stamp, pages_wide=max(1, round(sum(widths) / _PAGE_CHARACTERS)))
    return Paper(sheet, widths)


def _set_up_page(sheet: Worksheet, stamp: Stamp, pages_wide: int) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = _A4
    sheet.page_setup.fitToWidth = pages_wide
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top = sheet.page_margins.bottom = 0.7
    sheet.HeaderFooter.oddHeader = _page_line(
        _header_text(stamp.organization), "&A", "CONFIDENTIAL"
    )
    sheet.HeaderFooter.oddFooter = _page_line(
        _header_text(f"run {stamp.run}"), f"as of {instant(stamp.as_of)}", "Page &P of &N"
    )


def _page_line(left: str, center: str, right: str) -> HeaderFooterItem:
    line = HeaderFooterItem()
    line.left.text, line.center.text, line.right.text = left, center, right
    return line


def _header_text(text: str) -> str:
    """Text for a page header, where ``&`` begins a command and all may have 255 characters."""
    return visible(text, longest=_HEADER_CHARACTERS).replace("&", "&&")


def split(sheet: DataSheet[Row], most: int = MOST_ROWS) -> list[DataSheet[Row]]:
    """Cut a table that is too long for one sheet into several, each saying which part it is."""
    if len(sheet.rows) <= most:
        return [sheet]
    starts = range(0, len(sheet.rows), most)
    return [
        replace(
            sheet,
            name=sheet.name if number == 1 else f"{sheet.name} {number}",
            statement=f"{sheet.statement} · part {number} of {len(starts)}, from row {start + 1:,} "
            f"of {len(sheet.rows):,}",
            rows=sheet.rows[start : start + most],
        )
        for number, start in enumerate(starts, start=1)
    ]


def write_sheet(book: Workbook, sheet: DataSheet[Row], stamp: Stamp) -> None:
    """Write one table as the next sheet of the book: heading, head, rows, filter, choices."""
    paper = open_paper(book, sheet.name, [_width(sheet, one) for one in sheet.columns], stamp)
    _write_heading(paper, sheet, stamp)
    for row in sheet.rows:
        paper.add(*[_content(column, row) for column in sheet.columns])
    if not sheet.rows:
        paper.add((sheet.empty, Look.NOTE))
    _arrange(paper.sheet, sheet)


def _write_heading(paper: Paper, sheet: DataSheet[Row], stamp: Stamp) -> None:
    first_line = max(sheet.frozen, 1)
    paper.sheet.freeze_panes = f"{get_column_letter(first_line + 1)}{FIRST_ROW}"
    paper.add((sheet.title, Look.TITLE), height=24)
    paper.add((stamp.line, Look.NOTE))
    paper.add((f"{sheet.statement} · rows: {len(sheet.rows):,}", Look.NOTE))
    banner = ("REVIEWER INPUT", Look.REVIEW_HEADING)
    paper.add(
        (sheet.warning, Look.WARNING),
        *[None if column.read else banner for column in sheet.columns[1:]],
    )
    paper.add(
        *[
            (column.name, Look.HEADING if column.read else Look.REVIEW_HEADING)
            for column in sheet.columns
        ],
        height=30,
    )


def _content(column: Column[Row], row: Row) -> tuple[Value, Look]:
    return (None if column.read is None else column.read(row)), column.look


def _arrange(page: Worksheet, sheet: DataSheet[Row]) -> None:
    last = get_column_letter(len(sheet.columns))
    bottom = sheet.last_row if sheet.rows else HEAD_ROW
    page.auto_filter.ref = f"A{HEAD_ROW}:{last}{bottom}"
    page.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    page.print_title_cols = f"A:{get_column_letter(max(sheet.frozen, 1))}"
    if any(column.read is None for column in sheet.columns):
        page.sheet_properties.tabColor = REVIEW_COLOUR
    for index, column in enumerate(sheet.columns, start=1):
        letter = get_column_letter(index)
        _validate(page, column, f"{letter}{FIRST_ROW}:{letter}{sheet.last_row}")


def _validate(page: Worksheet, column: Column[Row], cells: str) -> None:
    if column.choices:
        offer_choices(page, column.choices, cells)
    elif column.look is Look.REVIEW_DAY:
        expect_day(page, cells)


def offer_choices(page: Worksheet, choices: Sequence[str], cells: str) -> None:
    """Let cells hold one of the choices only (a list has at most 255 characters in all)."""
    rule = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
    rule.error = "Choose one of the entries of the list."
    rule.showErrorMessage = True
    rule.add(cells)
    page.data_validations.append(rule)


def expect_day(page: Worksheet, cells: str) -> None:
    """Let cells hold a date only."""
    rule = DataValidation(type="date", operator="greaterThan", formula1="36526", allow_blank=True)
    rule.error = "Enter a date, as 2026-11-30."
    rule.showErrorMessage = True
    rule.add(cells)
    page.data_validations.append(rule)


def _width(sheet: DataSheet[Row], column: Column[Row]) -> float:
    """As wide as the longest of the first rows, within bounds."""
    if column.look is Look.INSTANT:
        return max(22, len(column.name) + 4)
    if column.read is None:
        return _REVIEW_WIDTH
    widest = _WIDEST_LONG if column.look is Look.LONG else _WIDEST
    longest = len(column.name) + 3
    for row in sheet.rows[:_SAMPLED_ROWS]:
        longest = max(longest, len(str(column.read(row) or "")))
    return min(max(longest + 2, _NARROWEST), widest)
