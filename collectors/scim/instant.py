"""Dates and times as servers write them, made UTC instants."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)


def parse_instant(text: str, zone: ZoneInfo, *, ends: bool = False) -> datetime:
    """Give the UTC instant of an RFC 3339 text; raises ValueError where it is none.

    A time without offset is local to ``zone``. A bare date is its local start or, with ``ends``,
    the local midnight that ends the day: somebody is employed through their last day.
    """
    text = text.strip().upper()
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=1 if ends else 0)
            return datetime.combine(day, time.min, zone).astimezone(UTC)
        if _INSTANT.fullmatch(text):
            found = datetime.fromisoformat(text)
            aware = found if found.tzinfo else found.replace(tzinfo=zone)
            return aware.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text} is out of range") from None
    raise ValueError("not an RFC 3339 date or time")


def has_zone(text: str) -> bool:
    """Tell whether a text that :func:`parse_instant` reads needs no zone from elsewhere.

    A bare date is a day of the organization's calendar, which is what a date means.
    """
    text = text.strip().upper()
    found = _INSTANT.fullmatch(text)
    return _DATE.fullmatch(text) is not None or (found is not None and found["zone"] is not None)
