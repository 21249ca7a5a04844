"""Promises of the strict reading of CSV, NDJSON and JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.file.format import parse_table
from collectors.file.table import Layout, Table
from scanner.config import Format

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
DELIMITERS = st.sampled_from([",", ";", "\t", "|"])


def read(text: str | bytes, form: Format = "csv", **layout: str) -> Table:
    content = text.encode() if isinstance(text, str) else text
    return parse_table(content, Layout("people", form, **layout))


def failure(table: Table) -> tuple[str, str]:
    assert table.failure is not None
    return table.failure.code, table.failure.message


@settings(max_examples=120, deadline=None)
@given(
    rows=st.lists(st.tuples(TEXTS, TEXTS), max_size=5),
    delimiter=DELIMITERS,
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_a_csv_writer_quotes_comes_back(
    rows: list[tuple[str, str]], delimiter: str, ending: str, quoting: int
) -> None:
    """Delimiters, quotes and line breaks inside cells survive, in either kind of line ending."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=ending, quoting=quoting)  # type: ignore[arg-type]  # drawn from the module's own constants
    writer.writerows([("a", "b"), *rows])
    if quoting == csv.QUOTE_MINIMAL and any("\r" in cell for row in rows for cell in row):
        return  # this writer leaves a lone carriage return unquoted, which RFC 4180 does not allow
    table = read(stream.getvalue(), delimiter=delimiter)
    assert table.failure is None
    assert table.columns == ("a", "b")
    found = [(row.cells.get("a", ""), row.cells.get("b", "")) for row in table.rows]
    assert found == rows
    assert not table.cut


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200), form=st.sampled_from(["csv", "ndjson", "json", "xlsx"]))
def test_no_bytes_make_a_reader_raise(content: bytes, form: Format) -> None:
    """Whatever stands in a file is a table, or a table with a reason; never an error."""
    table = read(content, form)
    assert table.failure is None or (table.failure.code and table.failure.hint)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("", "file.no_header", "first line"),
        ("a,b\n1,2\n3\n", "file.ragged", "line 3 has 1 cells"),
        ("a,b\n1,2,3\n", "file.ragged", "line 2 has 3 cells"),
        ("a,b\n\n1,2\n", "file.empty_line", "line 2"),
        ('a,b\n1,"2\n3,4\n', "file.unterminated_quote", "line 2"),
        ('a,b\n1,"x"y\n', "file.bad_quote", "cell 2 of line 2"),
        ('a,b\n1,x"y"\n', "file.bad_quote", "cell 2 of line 2"),
        ("a,b\n1\r,2\n", "file.bad_quote", "cell 1 of line 2"),
        ("a,A \n1,2\n", "file.duplicate_column", "line 1"),
        ("a;b\n1;2\n", "file.delimiter", "semicolon"),
        ("a\tb\n1\t2\n", "file.delimiter", "tab"),
        ("a,b\n1,\0\n", "file.nul", "line 2"),
    ],
)
def test_a_damaged_csv_names_the_line(text: str, code: str, place: str) -> None:
    """What a lenient reader would guess at ends the reading, with its line."""
    found, message = failure(read(text))
    assert found == code
    assert place in message


def test_what_was_sound_before_the_damage_is_kept() -> None:
    """Rows above a bad line are still there for a person to look at."""
    table = read("a,b\n1,2\n3,4\n5\n")
    assert [row.place for row in table.rows] == ["line 2", "line 3"]


def test_a_tab_is_named_as_it_is_written_in_the_settings() -> None:
    """The hint can be copied into the configuration."""
    table = read("a\tb\n1\t2\n")
    assert table.failure is not None
    assert table.failure.hint == r'set export.delimiter = "\t"'


def test_a_line_is_counted_where_it_begins() -> None:
    """A cell that spans lines does not shift the numbers of those below it."""
    table = read('a,b\n"1\n2",x\n3,y\n')
    assert [row.place for row in table.rows] == ["line 2", "line 4"]
    assert table.rows[0].cells["a"] == "1\n2"


def test_wrong_bytes_are_named_with_their_line() -> None:
    """A file in another encoding is refused, and read where its encoding is named."""
    content = "a,b\n1,Jörg\n".encode("cp1252")
    assert failure(read(content)) == (
        "file.encoding",
        "line 2 is not utf-8, at byte 8 of the file",
    )
    table = read(content, encoding="cp1252")
    assert table.rows[0].cells["b"] == "Jörg"


def test_a_missing_line_break_at_the_end_is_noted() -> None:
    """The last line counts as a record, and is known to be perhaps cut."""
    table = read("a,b\n1,2")
    assert table.cut
    assert len(table.rows) == 1


def test_a_trailer_tells_count_and_time() -> None:
    """The last line is taken off, and its figures kept."""
    table = read("a,b\n1,2\nEND;1;2026-11-01T06:00:00+01:00\n", trailer="END;{count};{exported_at}")
    assert table.trailer is not None
    assert table.trailer.count == 1
    assert table.trailer.exported_at is not None
    assert table.trailer.exported_at.isoformat() == "2026-11-01T05:00:00+00:00"
    assert len(table.rows) == 1


@pytest.mark.parametrize(
    ("last", "code"),
    [("END 1 2026-13-01", "file.trailer_unreadable"), ("1,2", "file.trailer_missing")],
)
def test_another_last_line_is_no_trailer(last: str, code: str) -> None:
    """A last line that is not as the exporter writes it is the sign of a cut file."""
    assert failure(read(f"a,b\n{last}\n", trailer="END {count} {exported_at}"))[0] == code
    assert failure(read("", trailer="END {count}"))[0] == "file.trailer_missing"


@pytest.mark.parametrize(
    ("form", "text", "code"),
    [
        ("json", "[{}", "file.not_json"),
        ("json", '{"users": []}', "file.not_list"),
        ("json", "[1]", "file.not_object"),
        ("json", '[{"a": 1, "A": 2}]', "file.not_json"),
        ("ndjson", '{"a": 1}\n\n', "file.not_json"),
        ("ndjson", '{"a": 1}\n[]\n', "file.not_object"),
        ("ndjson", '{"a": 1}\n{"a":', "file.not_json"),
    ],
)
def test_damaged_objects_are_refused(form: Format, text: str, code: str) -> None:
    """JSON is as strict in a file as from a server."""
    assert failure(read(text, form))[0] == code


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b"]), TEXTS), max_size=5))
def test_objects_come_back_from_both_forms(records: list[dict[str, str]]) -> None:
    """An array and its lines hold the same rows; only the array shows its own end."""
    lines = "".join(f"{json.dumps(one)}\n" for one in records)
    array, by_line = read(json.dumps(records), "json"), read(lines, "ndjson")
    wanted = [{name: value for name, value in one.items() if value} for one in records]
    assert [dict(row.cells) for row in array.rows] == wanted
    assert [dict(row.cells) for row in by_line.rows] == wanted
    assert (array.closed, by_line.closed) == (True, False)
