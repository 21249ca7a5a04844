"""Promises of collectors.rate: a client slows down before its server has to refuse it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Exchange
from collectors.http import Target, Wire
from collectors.patience import MAX_WAIT_SECONDS
from collectors.profile import known_types, load_profile
from collectors.rate import IETF, RESERVE, Allowance, Left, RateHeaders, left
from collectors.secret import NO_CREDENTIALS
from scanner.errors import SourceError
from tests.fakes.recorder import START, MemoryRecorder, StillTime

EPOCH = RateHeaders("x-ratelimit-remaining", "x-ratelimit-reset", "epoch")
NOW = int(START.timestamp())


def exchange(headers: dict[str, str]) -> Exchange:
    given = tuple(headers.items())
    return Exchange("x", "GET", "https://a.example", 200, given, b"", START, START)


@pytest.mark.parametrize(
    ("headers", "names", "found"),
    [
        ({"ratelimit-remaining": "5", "ratelimit-reset": "30"}, IETF, Left(5, 30)),
        ({"ratelimit": '"default";r=50;t=30'}, IETF, Left(50, 30)),
        ({"ratelimit": '"hour";r=50;t=30, "minute";t=9;r=2'}, IETF, Left(2, 9)),
        ({"ratelimit": "limit=100, remaining=50, reset=5"}, IETF, Left(50, 5)),
        ({"ratelimit": '"default";r=50;t=30'}, EPOCH, Left(50, 30)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 7)}, EPOCH, Left(0, 7)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW - 7)}, EPOCH, Left(0, 0)),
        ({"ratelimit-remaining": "5"}, IETF, None),
        ({"ratelimit-reset": "5"}, IETF, None),
        ({"ratelimit-remaining": "-1", "ratelimit-reset": "5"}, IETF, None),
        ({"ratelimit-remaining": "1e9", "ratelimit-reset": "5"}, IETF, None),
        ({"ratelimit-remaining": "1", "ratelimit-reset": "9" * 13}, IETF, None),
        ({"ratelimit": '"default";r=x;t=30'}, IETF, None),
        ({"ratelimit": '"default";r=1'}, IETF, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "7"}, IETF, None),
        ({}, IETF, None),
    ],
)
def test_what_is_left_is_read_from_the_vendors_headers(
    headers: dict[str, str], names: RateHeaders, found: Left | None
) -> None:
    """Both numbers or nothing; of several policies the one with the fewest requests left."""
    assert left(exchange(headers), names) == found


def test_an_instant_is_measured_by_the_servers_own_clock() -> None:
    """A server an hour ahead means seven seconds when it says so."""
    ahead = START + timedelta(hours=1)
    headers = {
        "date": format_datetime(ahead, usegmt=True),
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(ahead.timestamp()) + 7),
    }
    assert left(exchange(headers), EPOCH) == Left(0, 7)


def waits(remaining: int, seconds: int, after: float = 0) -> float:
    """How long the next request waits, ``after`` seconds from the answer."""
    allowance = Allowance(IETF)
    told = {"ratelimit-remaining": str(remaining), "ratelimit-reset": str(seconds)}
    allowance.note(exchange(told), 100.0)
    allowance.note(exchange({}), 100.0)  # an answer that says nothing changes nothing
    return allowance.wait(100.0 + after)


@pytest.mark.parametrize(
    ("remaining", "seconds", "after", "expected"),
    [
        (0, 30, 0, 30),
        (0, 30, 20, 10),
        (0, 30, 40, 0),
        (2, 30, 0, 10),
        (RESERVE, 110, 0, 10),
        (RESERVE + 1, 110, 0, 0),
        (0, 120, 0, 120),
        (0, 121, 0, 0),
        (9, 1000, 0, 100),
    ],
)
def test_few_requests_left_are_spread_and_none_is_waited_for(
    remaining: int, seconds: int, after: float, expected: float
) -> None:
    """Nobody waits beyond the ceiling of two minutes: then the server is asked, and refuses."""
    assert waits(remaining, seconds, after) == expected


@given(st.integers(0, 10**12 - 1), st.integers(0, 10**12 - 1))
def test_no_header_makes_anybody_wait_beyond_the_ceiling(remaining: int, seconds: int) -> None:
    """Whatever a server says, the next request comes within two minutes."""
    assert 0 <= waits(remaining, seconds) <= MAX_WAIT_SECONDS


class Metered(httpx.AsyncBaseTransport):
    """A server that serves ``limit`` requests in each window of a minute, and refuses others."""

    def __init__(self, time: StillTime, limit: int, names: RateHeaders) -> None:
        self.time, self.limit, self.names = time, limit, names
        self.served: dict[int, int] = {}
        self.refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        window = int(self.time.seconds // 60)
        used = self.served.setdefault(window, 0)
        over = used >= self.limit
        self.refused += over
        self.served[window] = used + (not over)
        seconds = (window + 1) * 60 - int(self.time.seconds)
        epoch = NOW + int(self.time.seconds) + seconds
        headers = {
            self.names.remaining: str(self.limit - self.served[window]),
            self.names.reset: str(epoch if self.names.form == "epoch" else seconds),
            "Content-Length": "2",
        }
        stream = httpx.ByteStream(b"{}")
        return httpx.Response(429 if over else 200, headers=headers, stream=stream)


def ask(server: Metered, time: StillTime, times: int, rate: RateHeaders) -> None:
    target = Target("app", "https://app.example.com/scim", NO_CREDENTIALS, rate=rate)
    wire = Wire(target, MemoryRecorder(), time.timing, server)

    async def all_of_them() -> None:
        for _ in range(times):
            await wire.get("/Users", {}, "users")
        await wire.aclose()

    asyncio.run(all_of_them())


@pytest.mark.parametrize("names", [IETF, EPOCH])
def test_a_metered_server_never_has_to_refuse(names: RateHeaders) -> None:
    """A hundred requests at 25 a minute are all served at the first attempt."""
    time = StillTime()
    server = Metered(time, 25, names)
    ask(server, time, 100, names)
    assert (server.refused, sum(server.served.values())) == (0, 100)
    assert time.seconds < 5 * 60


def test_a_server_whose_headers_nobody_named_is_waited_for_after_its_refusal() -> None:
    """Without a word that is understood, the back-off of a refusal is all there is."""
    time = StillTime()
    server = Metered(time, 5, EPOCH)
    with pytest.raises(SourceError, match="429"):
        ask(server, time, 100, IETF)
    assert server.refused > 0


def test_profiles_name_headers_in_the_form_in_which_they_are_kept() -> None:
    """Names are in lower case; the profile of GitHub says epoch seconds."""
    rates = {name: load_profile(name).rate for name in known_types()}
    told = rates["github"]
    assert told is not None
    assert (told.remaining, told.reset, told.form) == (EPOCH.remaining, EPOCH.reset, EPOCH.form)
    assert rates["scim"] is None
