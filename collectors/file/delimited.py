"""CSV (RFC 4180) with a delimiter of the exporter's choice, read strictly.

A lenient reader keeps a stray quote, pads a short row and takes a cut field for a whole one. Here
each of these ends the reading and is named with its line, so this grammar is our own: the library's
``strict`` mode accepts a quote inside an unquoted field, and knows no lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.file.lines import read_lines
from collectors.file.table import Draft, Layout, Row, check_columns, folded, refuse

_OTHERS = ",;\t|"
_NAMES = {"\t": "a tab", ",": "a comma", ";": "a semicolon", "|": "a bar"}


def read_delimited(content: bytes, layout: Layout, draft: Draft) -> None:
    """Read rows into ``draft``; raises SourceError, with the rows before it kept, where it ends."""
    records = _records(read_lines(content, layout, draft), layout)
    pattern = _pattern(layout.delimiter)
    for number, record in records:
        cells = _cells(record, number, layout, pattern)
        if not draft.columns:
            _header(cells, number, layout, draft)
            continue
        if len(cells) != len(draft.columns):
            raise _ragged(cells, number, layout, draft)
        named = zip(map(folded, draft.columns), cells, strict=True)
        draft.rows.append(Row(f"line {number}", {name: cell for name, cell in named if cell}))
    if not draft.columns:
        raise refuse(layout, "file.no_header", "the file has no first line that names columns")


def _records(lines: list[str], layout: Layout) -> Iterator[tuple[int, str]]:
    """Join lines that a quoted cell spans; give each record with the number of its first line."""
    pending: list[str] = []
    start, quoted = 1, False
    for number, line in enumerate(lines, 1):
        if not quoted:
            start = number
        pending.append(line)
        quoted ^= bool(line.count('"') % 2)
        if not quoted:
            yield start, "\n".join(pending).removesuffix("\r")
            pending.clear()
    if pending:
        raise refuse(
            layout,
            "file.unterminated_quote",
            f"a quote that opens in line {start} is never closed",
            "the file is cut, or a quote inside a cell is not doubled; export it again",
        )


def _pattern(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf'(?:"(?P<quoted>[^"]*(?:""[^"]*)*)"|(?P<plain>[^"{mark}\r\n]*))({mark}|\Z)')


def _cells(record: str, number: int, layout: Layout, pattern: re.Pattern[str]) -> list[str]:
    if '"' not in record and "\r" not in record:
        return record.split(layout.delimiter)
    cells: list[str] = []
    at, more = 0, True
    while more:
        found = pattern.match(record, at)
        if found is None:
            raise refuse(
                layout,
                "file.bad_quote",
                f"cell {len(cells) + 1} of line {number} has a quote or a line break in a place "
                "where none may stand",
                "a cell with quotes is to be quoted, and each quote in it doubled (RFC 4180)",
            )
        quoted = found["quoted"]
        cells.append(found["plain"] if quoted is None else quoted.replace('""', '"'))
        at, more = found.end(), bool(found[3])
    return cells


def _header(cells: list[str], number: int, layout: Layout, draft: Draft) -> None:
    columns = tuple(cell.strip() for cell in cells)
    check_columns(layout, columns, f"line {number}")
    draft.columns = columns
    other = next((one for one in _OTHERS if len(columns) == 1 and one in columns[0]), None)
    if other is not None:
        raise refuse(
            layout,
            "file.delimiter",
            f"line {number} is one single column, and there is {_NAMES[other]} in its name",
            f"set export.delimiter = {_escaped(other)}",
        )


def _escaped(delimiter: str) -> str:
    return r'"\t"' if delimiter == "\t" else f'"{delimiter}"'


def _ragged(cells: list[str], number: int, layout: Layout, draft: Draft) -> Exception:
    if cells == [""]:
        return refuse(layout, "file.empty_line", f"line {number} is empty")
    return refuse(
        layout,
        "file.ragged",
        f"line {number} has {len(cells)} cells, and there are {len(draft.columns)} columns",
        "the file is cut or damaged there; a last line with totals is named in export.trailer",
    )
