"""Dates and times as servers write them, made UTC instants."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)


def parse_instant(text: str, zone: ZoneInfo, *, ends: bool = False) -> datetime:
    """Give the UTC instant of an RFC 3339 text; raises ValueError where it is none.

    A time without offset is local to ``zone``. A bare date is its local start or, with ``ends``,
    the local midnight that ends the day: somebody is employed through their last day. A midnight
    that clocks skip is the instant of the change, one that comes twice is the first. A time that
    comes twice or is skipped is the earlier of its readings or, with ``ends``, the later: nobody
    departs before it is certain.
    """
    text = text.strip().upper()
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=1 if ends else 0)
            return datetime.combine(day, time.min, zone).astimezone(UTC)
        if _INSTANT.fullmatch(text):
            found = datetime.fromisoformat(text)
            if found.tzinfo:
                return found.astimezone(UTC)
            readings = (found.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
            return max(readings) if ends else min(readings)
    except OverflowError:
        raise ValueError(f"{text} is out of range") from None
    raise ValueError("not an RFC 3339 date or time")


def known_zone(name: str) -> ZoneInfo | None:
    """Return the IANA time zone of that name (RFC 7643 section 4.1.1), or None for any other."""
    return ZoneInfo(name) if name in _zones() else None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def has_zone(text: str) -> bool:
    """Tell whether a text that :func:`parse_instant` reads needs no zone from elsewhere.

    A bare date is a day of the organization's calendar, which is what a date means.
    """
    text = text.strip().upper()
    found = _INSTANT.fullmatch(text)
    return _DATE.fullmatch(text) is not None or (found is not None and found["zone"] is not None)
