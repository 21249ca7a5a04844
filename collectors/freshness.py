"""Whether an answer is of now, or an old one that a cache kept."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from collectors.base import Exchange
from collectors.failure import header

CLOCK_DIFFERENCE_SECONDS = 600.0
STALE_WARNINGS = ("110", "111", "112", "113")


def is_stale(exchange: Exchange, max_age_seconds: int) -> bool:
    """Tell whether an answer is older than allowed, by its Age, its Warning or its Date.

    An Age counts from the first second (RFC 9111 section 5.1), ``Warning: 110`` to ``113`` where
    no age is allowed, and a Date only past ten minutes more, since clocks differ.
    """
    if any(name == "age" and _age(value) > max_age_seconds for name, value in exchange.headers):
        return True
    warnings = [value.strip() for name, value in exchange.headers if name == "warning"]
    if max_age_seconds == 0 and any(text.startswith(STALE_WARNINGS) for text in warnings):
        return True
    dated = http_date(header(exchange, "date") or "")
    if dated is None:
        return False
    age = (exchange.sent_at - dated).total_seconds()
    return age > max_age_seconds + CLOCK_DIFFERENCE_SECONDS


def _age(text: str) -> float:
    """Seconds of an Age header; what is no number is taken for no age, as caches do."""
    cleaned = text.strip()
    return float(cleaned[:12]) if cleaned.isascii() and cleaned.isdigit() else 0.0


def http_date(text: str) -> datetime | None:
    """Read a date of an HTTP header (RFC 9110 section 5.6.7); None where it is none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
