"""Keys and due instants: the two things worked out in Python before any SQL runs."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.config import parse_limit
from scanner.reconcile.keys import address, addresses, key, text
from scanner.reconcile.lifecycle import NEVER, removal_due_at

BERLIN = ZoneInfo("Europe/Berlin")


def local(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant of October 2026 in Berlin; the 2nd is a Friday, clocks go back on the 25th."""
    return datetime(2026, 10, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        (None, None),
        ("", None),
        (" \t\r\n\v\f", None),
        ("  Ana@Example.COM\n", "ana@example.com"),
        ("0042", "0042"),
        ("Ärger@EXAMPLE.com", "Ärger@example.com"),
        ("\ud800", None),
    ],
)
def test_a_key_is_trimmed_and_lowered_in_ascii_only(
    written: str | None, compared: str | None
) -> None:
    """ASCII blanks are trimmed, ASCII letters lowered, and what is empty or no text is null."""
    assert key(written) == compared


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u0130", "i"),  # capital I with a dot
        ("stra\u00dfe", "strasse"),
        ("\u212a", "k"),  # Kelvin sign
        ("m\u0131ke", "mike"),  # dotless i
        ("\uff41", "a"),  # full-width
        ("e\u0301", "\u00e9"),  # decomposed and composed
        ("ana\u00a0", "ana"),  # no-break space
        ("an\u200ba", "ana"),  # zero-width space
        ("\u0430na", "ana"),  # Cyrillic
    ],
)
def test_letters_beyond_ascii_never_merge_two_keys(one: str, other: str) -> None:
    """Values that only Unicode folding would make equal stay different keys."""
    assert key(one) != key(other)


@given(st.text())
def test_a_key_is_its_own_key(value: str) -> None:
    """Normalising twice is normalising once."""
    once = key(value)
    assert key(once) == once


def test_addresses_are_distinct_in_order_and_have_an_at_sign() -> None:
    """Several values give their distinct addresses in the order written."""
    assert addresses(["B@x", " ", "ana", "a@x", "b@X "], {}) == ["b@x", "a@x"]


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("Ana@B\u00fccher.EXAMPLE", "ana@xn--bcher-kva.example"),
        ("ana@b\u00fccher.example", "ana@xn--bcher-kva.example"),
        ("ana@XN--BCHER-KVA.example", "ana@xn--bcher-kva.example"),
        ("ana@fa\u00df.example", "ana@xn--fa-hia.example"),  # not fass
        ("ana@old.example", "ana@example.com"),
        ("ana@old.example.", "ana@old.example."),
        ("ana@\uff45xample.com", "ana@\uff45xample.com"),  # full-width: nobody's domain
        ("ana@example\u3002com", "ana@example\u3002com"),  # ideographic full stop
        ("ana\u200b@example.com", "ana\u200b@example.com"),
        ("a@b@old.example", "a@b@example.com"),
        ("ana", None),
        (None, None),
    ],
)
def test_an_address_is_compared_by_its_domain_in_a_label_form(
    written: str | None, compared: str | None
) -> None:
    """Unicode and punycode spell one domain; aliases are applied; nothing else is mapped."""
    found = address(written, {"old.example": "example.com"})
    assert found == compared


def test_text_that_cannot_be_stored_is_shown_by_its_escape() -> None:
    """A lone surrogate is kept visible instead of ending the run."""
    assert text("a\ud800") == "a\\ud800"
    assert text("\u00e9") == "\u00e9"
    assert text(None) is None


@pytest.mark.parametrize(
    ("departed", "limit", "due"),
    [
        (local(2, 17), "immediate", local(2, 17)),
        (local(2, 17), "24h", local(3, 17)),
        (local(2, 17), "90m", local(2, 18, 30)),
        (local(2, 17), "1 business day", local(5, 17)),  # Friday to Monday
        (local(3), "1 business day", local(6)),  # Friday's end: all of Monday is allowed
        (local(4, 13), "3 business days", local(8)),  # Sunday counts from Monday at midnight
        (local(2, 17), "0 business days", local(2, 17)),
        (local(23, 17), "1 business day", local(26, 17)),  # same clock time after the change
    ],
)
def test_removal_is_due_after_the_time_the_policy_allows(
    departed: datetime, limit: str, due: datetime
) -> None:
    """Durations are elapsed time; business days keep the clock time of the organization's zone."""
    assert removal_due_at(departed.astimezone(UTC), parse_limit(limit), BERLIN) == due


def test_a_business_day_is_that_of_the_organization() -> None:
    """Friday 23:00 in UTC is Saturday in Berlin, so the clock starts on Monday in Berlin."""
    departed = datetime(2026, 10, 2, 23, 0, tzinfo=UTC)
    assert removal_due_at(departed, parse_limit("1 business day"), BERLIN) == local(6)
    in_utc = removal_due_at(departed, parse_limit("1 business day"), ZoneInfo("UTC"))
    assert in_utc == datetime(2026, 10, 5, 23, 0, tzinfo=UTC)


def test_without_a_departure_nothing_is_due() -> None:
    """No departure instant, no due instant."""
    assert removal_due_at(None, parse_limit("24h"), BERLIN) is None


@pytest.mark.parametrize("limit", ["24h", "3 business days"])
def test_the_end_of_the_calendar_is_never_due(limit: str) -> None:
    """A departure in the year 9999 is due at the end of the calendar instead of failing."""
    departed = datetime(9999, 12, 31, 12, 0, tzinfo=UTC)
    assert removal_due_at(departed, parse_limit(limit), ZoneInfo("UTC")) == NEVER
