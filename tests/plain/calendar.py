"""Which calendar periods passed without an audit, counted day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Named = tuple[str, datetime, datetime]
"""A period, when it began and when it was over."""


def missed_periods(earlier: datetime, later: datetime, every: str, zone: ZoneInfo) -> list[Named]:
    """The periods after the one of ``earlier`` and before the one of ``later``."""
    first, last = (at.astimezone(zone).date() for at in (earlier, later))
    days: dict[str, list[date]] = {}
    day = first
    while day <= last:
        days.setdefault(_period(day, every), []).append(day)
        day += timedelta(days=1)
    inside = list(days.items())[1:-1]
    return [
        (name, _midnight(held[0], zone), _midnight(held[-1] + timedelta(days=1), zone))
        for name, held in inside
    ]


def _period(day: date, every: str) -> str:
    year, week, _ = day.isocalendar()
    return {
        "day": day.isoformat(),
        "week": f"{year}-W{week:02}",
        "month": f"{day.year}-{day.month:02}",
        "quarter": f"{day.year}-Q{(day.month + 2) // 3}",
    }[every]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
