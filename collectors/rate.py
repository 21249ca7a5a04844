"""What a server says is left of its rate limit, and how long the next request should wait for it.

The names of the headers are a vendor's own and stand in its profile. Without a profile's word the
fields of the IETF draft on rate limit header fields are understood, in its older form
(RateLimit-Remaining, RateLimit-Reset) and its newer one (RateLimit: "default";r=50;t=30).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from collectors.base import Exchange
from collectors.failure import header
from collectors.freshness import http_date
from collectors.patience import MAX_WAIT_SECONDS

RESERVE = 10
"""So few requests left are spread over the time until there are more."""

_FIELD = re.compile(r"(?:^|[;,\s])(r|remaining|t|reset)=(\d{1,12})(?![\d.])")
_NUMBER = re.compile(r"\d{1,12}")


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """Where a vendor tells its rate limit; names in lower case.

    ``remaining`` counts the requests left, ``reset`` tells when there are more: in ``seconds`` from
    now, or at a second of the Unix ``epoch``.
    """

    remaining: str
    reset: str
    form: Literal["seconds", "epoch"] = "seconds"


IETF = RateHeaders("ratelimit-remaining", "ratelimit-reset")


@dataclass(frozen=True, slots=True)
class Left:
    """How many requests are left, and in how many seconds there are more."""

    requests: int
    seconds: float


def left(exchange: Exchange, headers: RateHeaders = IETF) -> Left | None:
    """Give what an answer says is left, or None where it does not say both numbers.

    An instant is measured against the server's own Date, so that no clock needs to be right.
    """
    remaining = _number(header(exchange, headers.remaining))
    reset = _number(header(exchange, headers.reset))
    if remaining is None or reset is None:
        return _least(header(exchange, "ratelimit"))
    if headers.form == "seconds":
        return Left(int(remaining), reset)
    now = http_date(header(exchange, "date") or "") or exchange.received_at
    seconds = math.ceil(reset - now.timestamp())  # a moment too early is refused
    return Left(int(remaining), max(seconds, 0))


class Allowance:
    """Slows a client down before its server has to refuse it.

    With nothing left the next request waits until there is more; the last ten are spread over the
    time until then. Nobody waits longer than for a refused request: beyond that the server is
    asked, and its refusal tells the user.
    """

    def __init__(self, headers: RateHeaders) -> None:
        self._headers = headers
        self._free_at = 0.0

    def note(self, exchange: Exchange, now: float) -> None:
        """Learn from an answer that came at ``now``, in seconds of a steady clock."""
        found = left(exchange, self._headers)
        if found is None:
            return
        due = found.seconds / (found.requests + 1) if found.requests <= RESERVE else 0.0
        self._free_at = now + due if due <= MAX_WAIT_SECONDS else 0.0

    def wait(self, now: float) -> float:
        """Give the seconds to wait at ``now`` before the next request, 0 for none."""
        return max(self._free_at - now, 0.0)


def _number(value: str | None) -> float | None:
    text = (value or "").strip()
    return float(text) if text.isascii() and _NUMBER.fullmatch(text) else None


def _least(value: str | None) -> Left | None:
    """Of the policies one field names, the one with the fewest requests left."""
    found = (dict(_FIELD.findall(one)) for one in re.split(r",(?=\s*\")", value or ""))
    policies = [
        Left(int(one.get("r") or one["remaining"]), float(one.get("t") or one["reset"]))
        for one in found
        if {"r", "remaining"} & one.keys() and {"t", "reset"} & one.keys()
    ]
    return min(policies, key=lambda one: one.requests, default=None)
