"""The people of the small company as an exporter writes them, whole or wrong in one way."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.fakes.fault_company import make_people
from tests.fakes.fault_server import ENTERPRISE

COLUMNS = (
    "person_id", "user_name", "display_name", "emails", "employee_number", "department",
    "worker_type", "status",
)  # fmt: skip


def people_rows() -> list[list[str]]:
    """Every person as texts, in the order of COLUMNS."""
    return [
        [
            one["id"],
            one["userName"],
            one["displayName"],
            one["emails"][0]["value"],
            one[ENTERPRISE]["employeeNumber"],
            one[ENTERPRISE]["department"],
            one["userType"],
            "active" if one["active"] else "terminated",
        ]
        for one in make_people()["Users"]
    ]


def _csv(delimiter: str = ",") -> str:
    return "".join(f"{delimiter.join(row)}\n" for row in [list(COLUMNS), *people_rows()])


def _objects() -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in people_rows()]


def _ndjson() -> str:
    return "".join(f"{json.dumps(one)}\n" for one in _objects())


def _without_lines(text: str, count: int) -> str:
    return "".join(text.splitlines(keepends=True)[:-count])


def _with_line(number: int, change: Callable[[str], str]) -> str:
    lines = _csv().splitlines(keepends=True)
    lines[number - 1] = change(lines[number - 1])
    return "".join(lines)


def workbook(change: Callable[[Workbook, Worksheet], None] | None = None) -> bytes:
    """Write the people into the only sheet of a workbook, which ``change`` may then spoil."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in [list(COLUMNS), *people_rows()]:
        sheet.append(row)
    if change is not None:
        change(book, sheet)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _hide(book: Workbook, sheet: Worksheet) -> None:
    for number in range(6, 10):
        sheet.row_dimensions[number].hidden = True
    sheet.auto_filter.ref = "A1:H13"


def _formula(book: Workbook, sheet: Worksheet) -> None:
    sheet["H5"] = '=IF(TRUE,"active","terminated")'


def _second_sheet(book: Workbook, sheet: Worksheet) -> None:
    book.create_sheet("Notes")


def _gap(book: Workbook, sheet: Worksheet) -> None:
    sheet.insert_rows(7)


FORMS: dict[str, Callable[[], str | bytes]] = {
    "plain": _csv,
    "semicolons": lambda: _csv(";"),
    "quotes": lambda: _with_line(4, lambda line: line.replace("person3,", 'per"son3,')),
    "unterminated": lambda: _with_line(4, lambda line: f'"{line}'),
    "bom": lambda: b"\xef\xbb\xbf" + _csv().encode(),
    "cut": lambda: _csv()[:-20],
    "cut_in_last_cell": lambda: _csv()[:-3],
    "no_line_break": lambda: _csv()[:-1],
    "short": lambda: _without_lines(_csv(), 2),
    "trailer": lambda: f"{_csv()}# rows: 13\n",
    "right_trailer": lambda: f"{_csv()}# rows: 12\n",
    "dated_trailer": lambda: f"{_csv()}# rows: 12 at 2026-10-01T00:00:00Z\n",
    "trailer_cut": lambda: f"{_without_lines(_csv(), 2)}# rows: 12\n",
    "nul": lambda: _with_line(4, lambda line: line.replace("person3", "per\0son3")),
    "utf16": lambda: _csv().encode("utf-16"),
    "twice": lambda: f"{_csv()}{_csv().splitlines()[5]}\n",
    "same_columns": lambda: _with_line(1, lambda line: line.replace("worker_type", "Status")),
    "no_id": lambda: _with_line(1, lambda line: line.replace("person_id", "Number")),
    "empty_line": lambda: _with_line(7, lambda line: f"\n{line}"),
    "ndjson": _ndjson,
    "ndjson_short": lambda: _without_lines(_ndjson(), 2),
    "json": lambda: json.dumps(_objects(), indent=1),
    "json_cut": lambda: json.dumps(_objects())[:-60],
    "xlsx": workbook,
    "xlsx_hidden": lambda: workbook(_hide),
    "xlsx_formula": lambda: workbook(_formula),
    "xlsx_sheets": lambda: workbook(_second_sheet),
    "xlsx_gap": lambda: workbook(_gap),
    "xlsx_cut": lambda: workbook()[:-200],
}
"""Every form by its name; the part before ``_`` is that of the file's ending where it is one."""


def write_export(folder: Path, form: str, vouched: str) -> Path:
    """Write the people in one form; ``vouched`` is the form its ``.sha256`` file was made of."""
    kind = form.partition("_")[0]
    path = folder / f"people.{kind if kind in ('ndjson', 'json', 'xlsx') else 'csv'}"
    path.write_bytes(_bytes(form))
    if vouched:
        digest = hashlib.sha256(_bytes(vouched)).hexdigest()
        Path(f"{path}.sha256").write_text(f"{digest}  {path.name}\n")
    return path


def _bytes(form: str) -> bytes:
    content = FORMS[form]()
    return content.encode() if isinstance(content, str) else content
