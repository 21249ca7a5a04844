"""Each format and the reader that takes it apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from collectors.file.delimited import read_delimited
from collectors.file.objects import read_array, read_object_lines
from collectors.file.table import Draft, Layout, Table
from collectors.file.workbook import read_workbook
from scanner.config import Format
from scanner.errors import SourceError
from scanner.model import Reason

READERS: Mapping[Format, Callable[[bytes, Layout, Draft], None]] = {
    "csv": read_delimited,
    "ndjson": read_object_lines,
    "json": read_array,
    "xlsx": read_workbook,
}
TEXT_FORMATS = frozenset({"csv", "ndjson"})


def parse_table(content: bytes, layout: Layout) -> Table:
    """Read a file as far as it is sound; never raises, the same bytes give the same table."""
    draft = Draft()
    try:
        READERS[layout.format](content, layout, draft)
    except SourceError as error:
        return draft.table(Reason(error.code, error.message, error.hint))
    return draft.table()
