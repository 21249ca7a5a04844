"""How long the policy lets an account outlive its owner."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

from scanner.config.calendar import Holidays


@dataclass(frozen=True, slots=True)
class RemovalLimit:
    """The time the policy allows between departure and removal; exactly one part is used.

    ``business_days`` counts Monday to Friday in the organization's time zone, without ``holidays``.
    """

    text: str
    duration: timedelta = timedelta(0)
    business_days: int = 0
    holidays: Holidays = field(default_factory=Holidays)


_LIMIT = re.compile(r"(?P<count>\d{1,5})\s*(?P<unit>m|h|d|business days?)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def parse_limit(text: str) -> RemovalLimit:
    """Read ``4h``, ``30m``, ``90d``, ``3 business days`` or ``immediate``, or raise ValueError."""
    if text.strip().lower() == "immediate":
        return RemovalLimit(text)
    found = _LIMIT.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError('use "immediate", "4h", "24h", "90d" or "3 business days"')
    count = int(found["count"])
    if found["unit"].startswith("business"):
        return RemovalLimit(text, business_days=count)
    return RemovalLimit(text, duration=count * _UNITS[found["unit"]])
