"""How long to wait before a request is tried again, and when not to."""

from __future__ import annotations

from collectors.base import Exchange
from collectors.failure import header, is_throttled
from collectors.freshness import http_date

MAX_ATTEMPTS = 4
FREE_RETRIES = 5
RETRIES_PER_REQUEST = 0.2
MAX_FAILURES_IN_A_ROW = 8
MAX_WAIT_SECONDS = 120.0
FIRST_WAIT_SECONDS = 1.0
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
PASSING_CODES = frozenset({
    "auth.token.service", "read.connect", "read.dns", "read.interrupted",
})  # fmt: skip


class RetryBudget:
    """How much patience one source gets: five retries and one for every five requests.

    ``is_spent`` is True once nothing more may be tried again; ``is_broken`` once eight attempts
    in a row failed, and then nothing more should be asked at all.
    """

    def __init__(self) -> None:
        self._requests = 0
        self._retries = 0
        self._in_a_row = 0

    @property
    def is_spent(self) -> bool:
        """Whether a failed attempt may not be tried again."""
        allowed = FREE_RETRIES + RETRIES_PER_REQUEST * self._requests
        return self.is_broken or self._retries >= int(allowed)

    @property
    def is_broken(self) -> bool:
        """Whether the source has failed so often in a row that it is left alone."""
        return self._in_a_row >= MAX_FAILURES_IN_A_ROW

    def note_request(self) -> None:
        """Count a request, however many attempts it will take."""
        self._requests += 1

    def note_retry(self) -> None:
        """Count an attempt that is made once more."""
        self._retries += 1

    def note_outcome(self, *, served: bool) -> None:
        """Count an attempt that failed, or end the row where one was served."""
        self._in_a_row = 0 if served else self._in_a_row + 1


def wait_before_next(exchange: Exchange, chance: float, reset: float | None = None) -> float | None:
    """Give the seconds to wait before the attempt after ``exchange``, or None to give up.

    The wait doubles with each attempt, between half and whole by ``chance`` (0 to 1), and is never
    shorter than the server asked for: by Retry-After or, where that is missing, by ``reset``, the
    seconds until its rate limit is renewed. A server that asks for more than two minutes gets no
    further attempt, and so does a failure that will not pass.
    """
    if exchange.attempt >= MAX_ATTEMPTS or not _may_pass(exchange):
        return None
    half = FIRST_WAIT_SECONDS * 2 ** (exchange.attempt - 1) / 2
    asked = retry_after(exchange)
    wait = max(half + half * chance, (reset if asked is None else asked) or 0)
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
    until = http_date(text)
    if until is None:
        return None
    now = http_date(header(exchange, "date") or "") or exchange.received_at
    return max((until - now).total_seconds(), 0.0)
