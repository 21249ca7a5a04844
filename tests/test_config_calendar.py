"""Holidays are no business days, and periods are those of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from scanner.config.calendar import LAST_YEAR, Holidays
from scanner.config.file import PolicySettings
from scanner.config.period import Period, periods_between
from scanner.reconcile.lifecycle import NEVER, removal_due_at

BERLIN = ZoneInfo("Europe/Berlin")


def policy(limit: str, **holidays: object) -> PolicySettings:
    return PolicySettings.model_validate({"deprovision_within": limit, "holidays": holidays})


@pytest.mark.parametrize(
    ("holidays", "due"),
    [
        ({}, datetime(2026, 4, 6, 15, tzinfo=UTC)),  # Monday
        ({"country": "DE"}, datetime(2026, 4, 8, 15, tzinfo=UTC)),  # not Good Friday nor Monday
        ({"country": "DE", "dates": [date(2026, 4, 7)]}, datetime(2026, 4, 9, 15, tzinfo=UTC)),
        ({"dates": [date(2026, 4, 3)]}, datetime(2026, 4, 7, 15, tzinfo=UTC)),
    ],
)
def test_holidays_are_not_counted(holidays: dict[str, object], due: datetime) -> None:
    """Two business days from the Thursday before Easter 2026."""
    departed = datetime(2026, 4, 2, 15, tzinfo=UTC)
    assert removal_due_at(departed, policy("2 business days", **holidays).limit, BERLIN) == due


def test_a_departure_on_a_holiday_counts_from_the_next_business_day() -> None:
    """At local midnight, as on a weekend."""
    limit = policy("1 business day", country="DE").limit
    departed = datetime(2026, 5, 1, 12, tzinfo=BERLIN)
    assert removal_due_at(departed, limit, BERLIN) == datetime(2026, 5, 5, tzinfo=BERLIN)


def test_a_subdivision_has_holidays_of_its_own() -> None:
    """The eighth of March is one in Berlin, and the sixth of January in Bavaria."""
    berlin = Holidays(country="DE", subdivision="BE").between(2027, 2027)
    bavaria = Holidays(country="DE", subdivision="BY").between(2027, 2027)
    assert (date(2027, 3, 8) in berlin, date(2027, 3, 8) in bavaria) == (True, False)
    assert date(2027, 1, 6) in bavaria


@pytest.mark.parametrize(
    ("holidays", "words"),
    [
        ({"country": "ZZ"}, "country 'ZZ' is not known"),
        ({"country": "DE", "subdivision": "XX"}, "DE has no subdivision 'XX'"),
        ({"subdivision": "BE"}, "subdivision needs the country"),
        ({"contry": "DE"}, "contry"),
    ],
)
def test_a_calendar_that_is_not_known_is_refused(holidays: dict[str, str], words: str) -> None:
    """By name, before anything is read."""
    with pytest.raises(ValidationError, match=words):
        policy("1 business day", **holidays)


def test_far_in_the_future_only_weekends_count() -> None:
    """Holidays are foreseen until one year, and the end of the calendar is never."""
    limit = policy("1 business day", country="DE").limit
    departed = datetime(LAST_YEAR + 1, 12, 24, 12, tzinfo=UTC)
    assert removal_due_at(departed, limit, BERLIN) == departed + timedelta(days=1)
    assert removal_due_at(datetime(9999, 12, 31, 12, tzinfo=UTC), limit, BERLIN) == NEVER


@pytest.mark.parametrize(
    ("period", "names"),
    [
        (Period.DAY, ["2026-12-30", "2026-12-31", "2027-01-01"]),
        (Period.WEEK, []),
        (Period.MONTH, []),
        (Period.QUARTER, []),
    ],
)
def test_periods_between_two_days(period: Period, names: list[str]) -> None:
    """Only whole ones between those of the two instants, over the turn of a year."""
    earlier = datetime(2026, 12, 29, 23, tzinfo=BERLIN)
    later = datetime(2027, 1, 2, 1, tzinfo=BERLIN)
    assert [one.name for one in periods_between(earlier, later, period, BERLIN)] == names


@pytest.mark.parametrize(
    ("period", "first", "last", "count"),
    [
        (Period.WEEK, "2026-W41", "2027-W12", 25),
        (Period.MONTH, "2026-11", "2027-02", 4),
        (Period.QUARTER, "2027-Q1", "2027-Q1", 1),
    ],
)
def test_longer_periods_have_their_names(period: Period, first: str, last: str, count: int) -> None:
    """ISO weeks, months and quarters, from one to the next without a gap."""
    earlier = datetime(2026, 10, 4, 12, tzinfo=BERLIN)
    later = datetime(2027, 4, 1 if period is Period.QUARTER else 3, 12, tzinfo=BERLIN)
    if period is not Period.QUARTER:
        later = datetime(2027, 3, 31, 12, tzinfo=BERLIN)
    spans = periods_between(earlier, later, period, BERLIN)
    assert (spans[0].name, spans[-1].name, len(spans)) == (first, last, count)
    assert all(one.ends_at == two.begins_at for one, two in pairwise(spans))


def test_a_period_begins_at_local_midnight() -> None:
    """Also where the clocks change within it: October 2026 has an hour more."""
    (october,) = periods_between(
        datetime(2026, 9, 1, tzinfo=BERLIN), datetime(2026, 11, 1, tzinfo=BERLIN), Period.MONTH,
        BERLIN,
    )  # fmt: skip
    assert october.begins_at == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert october.ends_at == datetime(2026, 10, 31, 23, tzinfo=UTC)


def test_the_window_of_timeliness_is_a_duration() -> None:
    """Business days would depend on where it begins."""
    assert PolicySettings(timeliness_window="90d").window == timedelta(days=90)
    with pytest.raises(ValidationError, match="365d"):
        PolicySettings(timeliness_window="3 business days")
