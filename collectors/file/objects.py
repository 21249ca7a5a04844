"""Records as JSON objects: one array of them (RFC 8259), or one on each line (NDJSON)."""

from __future__ import annotations

from collectors.file.lines import read_lines
from collectors.file.table import Draft, Layout, Row, folded, refuse
from collectors.scim.strict import parse_json


def read_array(content: bytes, layout: Layout, draft: Draft) -> None:
    """Read one array of objects; that it closes shows where the file ends."""
    try:
        records = parse_json(content)
    except ValueError as error:
        raise refuse(layout, "file.not_json", f"the file is not JSON: {error}") from None
    if not isinstance(records, list):
        raise refuse(layout, "file.not_list", "the file is JSON, but not one array of objects")
    draft.closed = True
    for number, record in enumerate(records, 1):
        _take(record, f"record {number}", layout, draft)


def read_object_lines(content: bytes, layout: Layout, draft: Draft) -> None:
    """Read one object from each line; raises SourceError, with the ones before it kept."""
    for number, line in enumerate(read_lines(content, layout, draft), 1):
        try:
            record = parse_json(line.encode("utf-8", "surrogatepass"))
        except ValueError as error:
            raise refuse(
                layout, "file.not_json", f"line {number} is not one JSON object: {error}"
            ) from None
        _take(record, f"line {number}", layout, draft)


def _take(record: object, place: str, layout: Layout, draft: Draft) -> None:
    if not isinstance(record, dict):
        raise refuse(layout, "file.not_object", f"{place} is JSON, but not an object")
    known = {folded(name) for name in draft.columns}
    draft.columns += tuple(name for name in record if folded(name) not in known)
    cells = {folded(name): value for name, value in record.items() if value not in (None, "")}
    draft.rows.append(Row(place, cells))
