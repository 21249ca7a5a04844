"""Promises of collectors.scim.message."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Exchange
from collectors.scim.message import Dialect, parse_list, parse_recorded, parse_resource
from collectors.scim.strict import MAX_DEPTH, MAX_ITEMS, MAX_TEXT, parse_json
from scanner.errors import SourceError

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def exchange(
    body: bytes, media_type: str = "application/scim+json", status: int = 200, **headers: str
) -> Exchange:
    kept = (("content-type", media_type), *headers.items())
    return Exchange("users", "GET", "https://h/v2/Users", status, kept, body, NOW, NOW)


def answer(**content: object) -> Exchange:
    return exchange(json.dumps({"schemas": [LIST], **content}).encode())


def code_of(one: Exchange) -> str:
    with pytest.raises(SourceError) as caught:
        parse_list("app", one)
    assert caught.value.message
    return caught.value.code


def test_a_list_response_is_read() -> None:
    """Total and records are given as they stand, whatever the case of the member names."""
    page = parse_list("app", answer(totalResults=7, Resources=[{"id": "1"}], startIndex=1))
    assert (page.total, page.resources, page.start_index) == (7, ({"id": "1"},), 1)
    shouted = {"SCHEMAS": [LIST.upper()], "TOTALRESULTS": 1, "resources": [{}]}
    assert parse_list("app", exchange(json.dumps(shouted).encode())).resources == ({},)


@pytest.mark.parametrize("content", [{"totalResults": 0}, {"totalResults": 0, "Resources": []}])
def test_an_empty_list_may_leave_resources_out(content: dict[str, Any]) -> None:
    """Resources may be absent where the total is zero, and only there."""
    assert parse_list("app", answer(**content)).resources == ()


@pytest.mark.parametrize(
    "content",
    [
        {}, {"totalResults": None}, {"totalResults": "3"}, {"totalResults": 3.0},
        {"totalResults": True}, {"totalResults": -1}, {"totalResults": 3},
        {"totalResults": 3, "Resources": None}, {"totalResults": 1, "Resources": {"id": "1"}},
        {"totalResults": 1, "Resources": [None]}, {"totalResults": 1, "Resources": ["u1"]},
        {"totalResults": 0, "Resources": "none"}, {"totalResults": 1, "Resources": [[]]},
        {"schemas": None, "totalResults": 0}, {"schemas": LIST, "totalResults": 0},
        {"schemas": [7], "totalResults": 0}, {"schemas": [], "totalResults": 0},
    ],
)  # fmt: skip
def test_another_shape_is_no_list(content: dict[str, Any]) -> None:
    """A total that is no whole number, or records that are no objects, are not a list."""
    assert code_of(answer(**content)) == "read.not_list_response"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"ok"', b"7", b"true", b"{}"])
def test_other_json_is_no_list(body: bytes) -> None:
    """Valid JSON of another kind is named as such, never an empty list."""
    assert code_of(exchange(body)) == "read.not_list_response"


CORE_1 = "urn:scim:schemas:core:1.0"
OLD = Dialect("1.1")


def test_another_version_is_named() -> None:
    """An answer of the other version is refused, with the setting that would read it."""
    old, new = answer(schemas=[CORE_1], totalResults=0), answer(totalResults=0)
    with pytest.raises(SourceError, match=r"SCIM 1\.1") as caught:
        parse_list("app", old)
    assert 'scim = "1.1"' in caught.value.hint
    with pytest.raises(SourceError, match=r"SCIM 2\.0") as caught:
        parse_list("app", new, OLD)
    assert 'scim = "2.0"' in caught.value.hint
    assert parse_list("app", old, OLD).total == 0


def test_the_older_protocol_may_write_numbers_as_text() -> None:
    """SCIM 1.1 sends totals as text at some vendors; 2.0 only where it is excused by name."""
    figures = {"totalResults": "1", "startIndex": "1", "itemsPerPage": "1", "Resources": [{}]}
    page = parse_list("app", answer(schemas=[CORE_1], **figures), OLD)
    assert (page.total, page.start_index, page.items_per_page) == (1, 1, 1)
    with pytest.raises(SourceError) as caught:
        parse_list("app", answer(**figures))
    assert "string_numbers" in caught.value.hint
    assert parse_list("app", answer(**figures), excusing("string_numbers")).total == 1
    for wrong in ("x", "", "-1", "1" * 19, "١"):
        with pytest.raises(SourceError):
            parse_list("app", answer(totalResults=wrong), excusing("string_numbers"))


def excusing(*names: str) -> Dialect:
    return Dialect(excuses=frozenset(names))


def test_a_list_without_schemas_needs_an_excuse() -> None:
    """A list that does not say what it is is read only where that is excused by name."""
    bare = answer(schemas=[], totalResults=1, Resources=[{}])
    assert code_of(bare) == "read.not_list_response"
    assert parse_list("app", bare, excusing("list_schemas")).total == 1
    with pytest.raises(SourceError):
        parse_list("app", answer(schemas=[CORE_1], totalResults=0), excusing("list_schemas"))


@pytest.mark.parametrize(
    "errors",
    [
        [{"description": "no tenant", "code": "404"}],
        {"description": "no tenant", "code": 404},
        ["odd"],
    ],
)
@pytest.mark.parametrize("dialect", [Dialect(), OLD])
def test_errors_of_the_older_protocol_are_errors(errors: object, dialect: Dialect) -> None:
    """Errors as SCIM 1.1 writes them are errors at any version and status."""
    with pytest.raises(SourceError) as caught:
        parse_list("app", answer(schemas=[], Errors=errors), dialect)
    assert caught.value.code == "read.scim_error"


def test_a_page_by_cursor_may_leave_the_total_out() -> None:
    """Without total a list is read where a cursor was asked for, came, or totals are unreliable."""
    body = answer(Resources=[{}]).body
    first = parse_list("app", answer(Resources=[{}], nextCursor="c"))
    assert (first.total, first.next_cursor) == (None, "c")
    asked = replace(exchange(body), url="https://h/v2/Users?count=1&cursor=")
    assert parse_list("app", asked).total is None
    assert parse_list("app", exchange(body), Dialect(total_optional=True)).total is None
    assert code_of(replace(asked, body=answer().body)) == "read.not_list_response"


def test_one_resource_is_read() -> None:
    """One resource with an id is read; a list, an error or other JSON is none."""
    one = exchange(b'{"ID": "u1", "active": true}')
    assert parse_resource("app", one)["active"] is True
    assert parse_recorded("app", one) == (True, ({"ID": "u1", "active": True},))
    listed = answer(totalResults=1, Resources=[{"id": "u1"}])
    assert parse_recorded("app", listed) == (False, ({"id": "u1"},))
    for body in (b"[]", b"{}", listed.body, b'{"id": null}'):
        with pytest.raises(SourceError) as caught:
            parse_resource("app", exchange(body))
        assert caught.value.code == "read.not_resource"
    with pytest.raises(SourceError, match="error"):
        parse_resource("app", answer(schemas=[ERROR], id="u1"))


def test_the_older_media_type_is_read_only_there() -> None:
    """text/json is a media type of SCIM 1.1 servers and of no other."""
    body = answer(schemas=[CORE_1], totalResults=0).body
    assert parse_list("app", exchange(body, "text/json;charset=UTF-8"), OLD).total == 0
    assert code_of(exchange(answer(totalResults=0).body, "text/json")) == "read.media_type"


@pytest.mark.parametrize("detail", ["no tenant\nhere", None])
def test_an_error_under_status_200_is_an_error(detail: str | None) -> None:
    """A SCIM Error body is an error whatever the status, with its detail in one line."""
    with pytest.raises(SourceError) as caught:
        parse_list("app", answer(schemas=[ERROR], detail=detail))
    assert caught.value.code == "read.scim_error"
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b"{} {}", b"{}x", b"{'a': 1}", b'{"a": NaN}', b'{"a": -Infinity}',
        b'{"a": 1e999}', b'{"a": 1, "a": 2}', b'{"active": true, "ACTIVE": false}', b'"\xff"',
        b'"\xed\xa0\x80"', b'{"a": "tab\tinside"}', b"1" * 5000, b"[" * 100_000,
        b"[" * 65 + b"]" * 65, b"  <html>", "{}".encode("utf-16"), b"{} // no",
    ],
)  # fmt: skip
def test_only_strict_json_is_taken(body: bytes) -> None:
    """Anything RFC 8259 or safety forbids is read.not_json and never a traceback."""
    assert code_of(exchange(body)) == "read.not_json"


def test_what_strict_json_allows() -> None:
    """A byte order mark, lone surrogates and 64 levels are accepted."""
    assert parse_json(b'\xef\xbb\xbf{"a": 1.5}') == {"a": 1.5}
    assert parse_json(b'"\\ud800"') == "\ud800"
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse_json(deepest)


@pytest.mark.parametrize(
    "body",
    [
        b'["' + b"x" * (MAX_TEXT + 1) + b'"]',
        b"[" + b"0," * MAX_ITEMS + b"0]",
        b'{"a": {"b": "' + b"x" * (MAX_TEXT + 1) + b'"}}',
    ],
    ids=["text in a list", "items", "text in an object"],
)
def test_what_is_too_large_is_refused(body: bytes) -> None:
    """A text or container beyond any sense is refused within an answer that is not."""
    assert code_of(exchange(body)) == "read.not_json"


@pytest.mark.parametrize(
    ("media_type", "words"),
    [
        ("text/html; charset=utf-8", "a web page came"),
        ("text/plain", "text/plain"),
        ("", "no stated type"),
        ("application/json; charset=utf-16", "utf-16"),
    ],
)
def test_another_media_type_is_refused(media_type: str, words: str) -> None:
    """Only the two JSON media types in UTF-8 are read; a web page gets words of its own."""
    with pytest.raises(SourceError, match=words) as caught:
        parse_list("app", exchange(b"{}", media_type))
    assert caught.value.code == "read.media_type"


@pytest.mark.parametrize(
    "media_type", ["application/json", 'Application/SCIM+JSON; a=b; charset="UTF-8"']
)
def test_both_media_types_are_read(media_type: str) -> None:
    """Both media types of RFC 7644 section 3.1 are read in any case and with UTF-8 named."""
    body = answer(totalResults=0).body
    assert parse_list("app", exchange(body, media_type)).total == 0


def test_only_status_200_is_a_list() -> None:
    """A list under another status is not believed."""
    assert code_of(exchange(answer(totalResults=0).body, status=206)) == "http.status"


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:tn1', max_size=40).map(str.encode))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    """Any bytes are either a list or a SourceError."""
    with contextlib.suppress(SourceError):
        assert parse_list("app", exchange(body)).total is not None
