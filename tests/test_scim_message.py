"""Promises of collectors.scim.message."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Exchange
from collectors.scim.message import MAX_DEPTH, parse_json, parse_list
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


def test_an_older_protocol_is_named() -> None:
    """A SCIM 1.1 answer is refused by that name."""
    with pytest.raises(SourceError, match=r"SCIM 1\.1"):
        parse_list("app", answer(schemas=["urn:scim:schemas:core:1.0"], totalResults=0))


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


def test_an_answer_from_a_cache_is_refused() -> None:
    """An answer that has aged in a cache is refused, one that has not is read."""
    body = answer(totalResults=0).body
    assert code_of(exchange(body, age="86400")) == "read.cached"
    assert parse_list("app", exchange(body, age="0")).total == 0


def test_only_status_200_is_a_list() -> None:
    """A list under another status is not believed."""
    assert code_of(exchange(answer(totalResults=0).body, status=206)) == "http.status"


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:tn1', max_size=40).map(str.encode))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    """Any bytes are either a list or a SourceError."""
    with contextlib.suppress(SourceError):
        assert parse_list("app", exchange(body)).total >= 0
