"""Canonical JSON and instants."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.evidence.canonical import (
    canonical_json,
    instant_text,
    parse_canonical,
    parse_instant,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_canonical_json_reads_back_as_the_same_value(value: object) -> None:
    """What is written canonically is read back unchanged, by us and by any JSON reader."""
    content = canonical_json(value)
    assert parse_canonical(content) == value
    assert json.loads(content) == value


@given(st.dictionaries(st.text(), st.integers()))
def test_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    """Equal objects give equal bytes, in whatever order their keys were set."""
    turned = dict(reversed(value.items()))
    assert canonical_json(turned) == canonical_json(value)


def test_canonical_form_is_compact_sorted_utf8_with_one_newline() -> None:
    """The form is exactly: sorted keys, no white space, UTF-8 as it is, newline at the end."""
    assert canonical_json({"b": ("é", True), "a": None}) == '{"a":null,"b":["é",true]}\n'.encode()


def test_lone_surrogate_is_written_as_json_escape_and_read_back() -> None:
    """Text that has no UTF-8 form, as a server can send, does not stop the evidence."""
    assert canonical_json("a\udc80") == b'"a\\udc80"\n'
    assert parse_canonical(b'"a\\udc80"\n') == "a\udc80"


@pytest.mark.parametrize("value", [1.5, {"a": [2.0]}, float("nan"), {1: "a"}, b"bytes", object()])
def test_what_has_no_single_spelling_is_refused(value: object) -> None:
    """Floats, keys that are not text, and foreign objects raise TypeError."""
    with pytest.raises(TypeError):
        canonical_json(value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"{}\n\n",
        b'{"a": 1}\n',
        b'{"b":1,"a":1}\n',
        b'{"a":1,"a":1}\n',
        b'{"a":1.5}\n',
        b"NaN\n",
        b'"\\u0041"\n',
        b'"\xff"\n',
        b"[" * 100_000,
        b"\xef\xbb\xbf{}\n",
    ],
)
def test_any_other_form_is_refused(content: bytes) -> None:
    """White space, order, duplicate keys, floats, other escapes and broken bytes: ValueError."""
    with pytest.raises(ValueError, match=r"JSON|form"):
        parse_canonical(content)


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_instant_reads_back_as_the_same_instant(naive: datetime, minutes: int) -> None:
    """An instant in any zone is written in UTC and read back equal."""
    zone = timezone(timedelta(minutes=minutes))
    try:
        instant = naive.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        instant = naive.replace(tzinfo=UTC)
    text = instant_text(instant.astimezone(UTC))
    assert text.endswith("Z")
    assert parse_instant(text) == instant


def test_microseconds_are_written_only_where_there_are_some() -> None:
    """Whole seconds have no fraction; anything finer has six digits."""
    noon = datetime(2026, 11, 1, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    assert instant_text(noon) == "2026-11-01T12:00:00Z"
    assert instant_text(noon.replace(microsecond=5)) == "2026-11-01T12:00:00.000005Z"


def test_an_instant_without_a_zone_is_refused() -> None:
    """A naive datetime is an error when writing and when reading."""
    with pytest.raises(ValueError, match="zone"):
        instant_text(datetime(2026, 11, 1, 12, 0))  # noqa: DTZ001  # the naive one is the case
    for text in ("2026-11-01T12:00:00", "2026-11-01T13:00:00+01:00", "2026-11-01", "soon"):
        with pytest.raises(ValueError, match=r"instant|isoformat"):
            parse_instant(text)
