"""How long to wait before a request is tried again, and when not to."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from collectors.base import Exchange
from collectors.failure import header, is_throttled

MAX_ATTEMPTS = 4
MAX_WAIT_SECONDS = 120.0
FIRST_WAIT_SECONDS = 1.0
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
PASSING_CODES = frozenset({"read.connect", "read.dns", "read.interrupted"})


def wait_before_next(exchange: Exchange, chance: float) -> float | None:
    """Give the seconds to wait before the attempt after ``exchange``, or None to give up.

    The wait doubles with each attempt, between half and whole by ``chance`` (0 to 1), and is never
    shorter than the server asked for. A server that asks for more than two minutes gets no further
    attempt, and so does a failure that will not pass.
    """
    if exchange.attempt >= MAX_ATTEMPTS or not _may_pass(exchange):
        return None
    half = FIRST_WAIT_SECONDS * 2 ** (exchange.attempt - 1) / 2
    wait = max(half + half * chance, retry_after(exchange) or 0)
    return wait if wait <= MAX_WAIT_SECONDS else None


def _may_pass(exchange: Exchange) -> bool:
    if exchange.error is not None:
        return exchange.error in PASSING_CODES
    return exchange.status in PASSING_STATUSES or is_throttled(exchange)


def retry_after(exchange: Exchange) -> float | None:
    """Seconds the server asked to wait (RFC 9110 section 10.2.3), or None; never negative.

    A date is measured against the server's own Date, so that no clock needs to be right.
    """
    waits = [_seconds(value, exchange) for name, value in exchange.headers if name == "retry-after"]
    return max((wait for wait in waits if wait is not None), default=None)


def _seconds(value: str, exchange: Exchange) -> float | None:
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    until = _http_date(text)
    if until is None:
        return None
    now = _http_date(header(exchange, "date") or "") or exchange.received_at
    return max((until - now).total_seconds(), 0.0)


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
