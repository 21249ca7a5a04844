"""Calendar periods in which something has to happen once, and those in which it did not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_MONTHS = {"month": 1, "quarter": 3}


class Period(StrEnum):
    """How often an audit is to run."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Span:
    """One calendar period: ``2026-10-31``, ``2026-W44``, ``2026-10`` or ``2026-Q4``; UTC instants.

    It begins at ``begins_at`` and is over at ``ends_at``.
    """

    name: str
    begins_at: datetime
    ends_at: datetime


def periods_between(
    earlier: datetime, later: datetime, period: Period, zone: ZoneInfo
) -> tuple[Span, ...]:
    """Return the periods that lie wholly between those of two instants, in order."""
    first, last = (_begin(moment.astimezone(zone).date(), period) for moment in (earlier, later))
    spans = []
    begins = _next(first, period)
    while begins < last:
        ends = _next(begins, period)
        spans.append(Span(_name(begins, period), _midnight(begins, zone), _midnight(ends, zone)))
        begins = ends
    return tuple(spans)


def _begin(day: date, period: Period) -> date:
    if period is Period.DAY:
        return day
    if period is Period.WEEK:
        return day - timedelta(days=day.weekday())
    months = _MONTHS[period]
    return date(day.year, day.month - (day.month - 1) % months, 1)


def _next(begins: date, period: Period) -> date:
    if period in {Period.DAY, Period.WEEK}:
        return begins + timedelta(days=1 if period is Period.DAY else 7)
    month = begins.month - 1 + _MONTHS[period]
    return date(begins.year + month // 12, month % 12 + 1, 1)


def _name(begins: date, period: Period) -> str:
    if period is Period.DAY:
        return begins.isoformat()
    if period is Period.WEEK:
        year, week, _ = begins.isocalendar()
        return f"{year}-W{week:02}"
    if period is Period.MONTH:
        return f"{begins:%Y-%m}"
    return f"{begins.year}-Q{(begins.month + 2) // 3}"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
