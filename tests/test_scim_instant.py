"""Promises of collectors.scim.instant."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.scim.instant import has_zone, known_zone, parse_instant

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-02T10:00:00Z", "2026-10-02T10:00:00"),
        ("2026-10-02t10:00:00z", "2026-10-02T10:00:00"),
        ("2026-10-02T10:00:00-08:00", "2026-10-02T18:00:00"),
        ("2026-10-02T10:00:00+0200", "2026-10-02T08:00:00"),
        ("2026-10-02T10:00:00.123456789Z", "2026-10-02T10:00:00.123456"),
        ("2026-10-02T10:00", "2026-10-02T08:00:00"),
        ("2026-12-02 10:00:00", "2026-12-02T09:00:00"),
        ("2026-10-02", "2026-10-01T22:00:00"),
        (" 2026-10-02 ", "2026-10-01T22:00:00"),
    ],
)
def test_instants_are_given_in_utc(text: str, expected: str) -> None:
    """Offsets count, a time without one is local, and a bare date is its local start."""
    assert parse_instant(text, BERLIN) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-10-02", "2026-10-02T22:00:00"),
        ("2026-10-24", "2026-10-24T22:00:00"),
        ("2026-10-25", "2026-10-25T23:00:00"),
        ("2026-12-31", "2026-12-31T23:00:00"),
    ],
)
def test_a_day_ends_at_the_local_midnight_after_it(day: str, expected: str) -> None:
    """A departure date lasts to the local midnight at its end, also where the clocks change."""
    ended = parse_instant(day, BERLIN, ends=True)
    assert ended == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("America/Havana", "2026-10-31", "2026-11-01T04:00:00"),  # midnight comes twice: the first
        ("America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00:00"),  # midnight is skipped
        ("America/Sao_Paulo", "2018-02-17", "2018-02-18T03:00:00"),  # 23:00 comes twice before it
        ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00"),  # the next day does not exist
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00"),  # nor does this one
        ("Pacific/Kiritimati", "2026-10-02", "2026-10-02T10:00:00"),
        ("Asia/Kathmandu", "2026-10-02", "2026-10-02T18:15:00"),
        ("Europe/Berlin", "2028-02-29", "2028-02-29T23:00:00"),
    ],
)
def test_a_day_ends_once_where_clocks_and_calendars_jump(
    zone: str, day: str, expected: str
) -> None:
    """Midnight that comes twice is the first, a skipped one the instant of the change."""
    ended = parse_instant(day, ZoneInfo(zone), ends=True)
    assert ended == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00", "2026-10-25T01:30:00"),  # comes twice
        ("2026-03-29T02:30:00", "2026-03-29T00:30:00", "2026-03-29T01:30:00"),  # is skipped
        ("2026-10-25T03:00:00", "2026-10-25T02:00:00", "2026-10-25T02:00:00"),
    ],
)
def test_nobody_departs_before_it_is_certain(text: str, begins: str, ends: str) -> None:
    """A local time with two readings is the later one where it ends an employment."""
    for expected, is_end in ((begins, False), (ends, True)):
        found = parse_instant(text, BERLIN, ends=is_end)
        assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_only_names_of_the_zone_database_are_zones() -> None:
    """Anything else, a path above all, is no zone."""
    assert known_zone("Asia/Tokyo") == ZoneInfo("Asia/Tokyo")
    for name in ("", "Mars/Phobos", "../../etc/passwd", "/etc/localtime", "asia/tokyo", "+09:00"):
        assert known_zone(name) is None


def test_only_bare_dates_end_later() -> None:
    """A full instant is itself, whether or not it stands for an end."""
    text = "2026-10-02T10:00:00Z"
    assert parse_instant(text, BERLIN, ends=True) == parse_instant(text, BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "2026-13-01", "2026-02-30", "20261002", "2026-W01-1", "02.10.2026",
        "2026-10-02T24:01:00Z", "2026-10-02T10:00:60Z", "1790000000", "2026-10-02T10:00:00+99:00",
        "0001-01-01T00:00:00+23:00",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    """Anything but an RFC 3339 date or time is a ValueError."""
    with pytest.raises(ValueError):
        parse_instant(text, BERLIN)


def test_the_end_of_time_is_refused() -> None:
    """The last day there is has no end, and is a ValueError rather than a crash."""
    with pytest.raises(ValueError, match="out of range"):
        parse_instant("9999-12-31", BERLIN, ends=True)


@given(st.integers(0, 4_102_444_800))
def test_every_instant_survives_being_written(seconds: int) -> None:
    """Reading back what was written in RFC 3339 gives the same instant."""
    instant = datetime.fromtimestamp(seconds, UTC)
    assert parse_instant(instant.isoformat(), BERLIN) == instant


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("2026-01-02T03:04:05", False),
        (" 2026-01-02 03:04", False),
        ("2026-01-02T03:04:05Z", True),
        ("2026-01-02T03:04:05+0100", True),
        ("2026-01-02", True),
    ],
)
def test_a_time_without_offset_is_told_apart(text: str, whole: bool) -> None:
    """Only a time of day without offset lacks a zone; a date is whole without one."""
    assert has_zone(text) is whole
