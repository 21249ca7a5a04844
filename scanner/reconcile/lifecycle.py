"""When an account has to be gone: the departure instant plus the time the policy allows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np

from scanner.config import RemovalLimit

NEVER = datetime.max.replace(tzinfo=UTC)
"""Due at the end of the calendar: systems write the year 9999 for "no end date"."""


def removal_due_at(
    departed_at: datetime | None, limit: RemovalLimit, zone: ZoneInfo
) -> datetime | None:
    """Return the instant (UTC) until which removal is in time, or None without a departure.

    A duration is added to the instant. Business days, Monday to Friday in ``zone`` without the
    holidays of the limit, keep the time of day; a departure on a day off counts from the next
    business day at local midnight.
    ``immediate`` is the departure itself. Beyond the calendar, the answer is ``NEVER``.
    """
    if departed_at is None:
        return None
    try:
        if limit.business_days:
            return _after_business_days(departed_at.astimezone(zone), limit)
        return departed_at + limit.duration
    except (OverflowError, ValueError):
        return NEVER


def _after_business_days(departed: datetime, limit: RemovalLimit) -> datetime:
    """Move a local instant on by the business days of ``limit``; the result is in UTC."""
    # A year has at least two hundred business days anywhere.
    last = departed.year + limit.business_days // 200 + 1
    calendar = np.busdaycalendar(holidays=limit.holidays.between(departed.year, last))
    begins = np.busday_offset(departed.date(), 0, roll="forward", busdaycal=calendar)
    on_a_business_day = begins == np.datetime64(departed.date())
    clock = departed.timetz() if on_a_business_day else time(tzinfo=departed.tzinfo)
    # Through text, because numpy gives a bare number for a day beyond the calendar.
    due = date.fromisoformat(str(np.busday_offset(begins, limit.business_days, busdaycal=calendar)))
    return datetime.combine(due, clock).astimezone(UTC)
