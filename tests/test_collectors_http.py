"""Promises of collectors.http, collectors.failure and collectors.patience."""

from __future__ import annotations

import asyncio
import inspect
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import failure
from collectors.base import Exchange
from collectors.failure import code_of, failure_of, quoted
from collectors.freshness import is_stale
from collectors.http import QUIET_LOGGERS, Answer, Target, Wire
from collectors.patience import MAX_ATTEMPTS, RetryBudget, retry_after
from collectors.pinned import PinnedTransport, ReadOnlyTransport, is_below
from collectors.secret import NO_CREDENTIALS, Credentials, resolve_auth
from scanner.config import Auth
from scanner.errors import GhostscanError, SourceError
from tests.conftest import watch
from tests.fakes.recorder import START, MemoryRecorder, StillTime

TOKEN = watch("a-token-of-some-length")
BASE = "https://app.example.com/scim/v2"
OK = httpx.Response(200, json={"fine": True})


class Chunks(httpx.AsyncByteStream):
    """A body in pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


class Script(httpx.AsyncBaseTransport):
    """A network that answers from a list, in order, the last one for ever."""

    def __init__(self, *steps: httpx.Response | Exception) -> None:
        self.steps = list(steps)
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        body = Chunks([step.content])
        return httpx.Response(step.status_code, headers=step.headers, stream=body)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> Credentials:
    monkeypatch.setenv("A_TOKEN", TOKEN)
    return resolve_auth(Auth(bearer="env:A_TOKEN"), Path())


def fetch(
    network: httpx.AsyncBaseTransport,
    recorder: MemoryRecorder | None = None,
    time: StillTime | None = None,
    times: int = 1,
    accept: frozenset[int] = frozenset({200}),
    **target: object,
) -> tuple[Answer, Wire]:
    settings: dict[str, object] = {"credentials": NO_CREDENTIALS, "timeout_seconds": 5.0, **target}
    wire = Wire(
        Target("app", BASE, **settings),  # type: ignore[arg-type]  # a test's free keywords
        recorder if recorder is not None else MemoryRecorder(),
        (time or StillTime()).timing,
        network,
    )

    async def all_of_them() -> Answer:
        try:
            for _ in range(times):
                answer = await wire.get(
                    "/Users", {"startIndex": "1", "a": "b c+d"}, "users", accept
                )
        finally:
            await wire.aclose()
        return answer

    return asyncio.run(all_of_them()), wire


def refusal(network: httpx.AsyncBaseTransport, **more: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        fetch(network, **more)  # type: ignore[arg-type]  # a test's free keywords
    return caught.value


def test_a_request_says_what_it_wants_and_no_more(credentials: Credentials) -> None:
    """The headers are exactly the promised ones, and the parameters are encoded."""
    network = Script(OK)
    answer, wire = fetch(network, credentials=credentials)
    sent = network.asked[0]
    assert str(sent.url) == f"{BASE}/Users?startIndex=1&a=b+c%2Bd"
    headers = dict(sent.headers)
    assert headers.pop("user-agent").startswith("ghostscan/")
    assert headers == {
        "host": "app.example.com",
        "accept": "application/scim+json, application/json",
        "accept-encoding": "identity",
        "cache-control": "no-cache",
        "authorization": f"Bearer {TOKEN}",
    }
    assert answer.exchange.body == OK.content
    assert (wire.requests, wire.retries, wire.bytes_received) == (1, 0, len(OK.content))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get"])
def test_nothing_but_get_leaves(method: str) -> None:
    """The transport of an audit raises on every method but GET, before the network is reached."""
    network = Script(OK)
    guarded = ReadOnlyTransport(network)
    request = httpx.Request(method, BASE)
    request.method = method
    with pytest.raises(GhostscanError, match=method):
        asyncio.run(guarded.handle_async_request(request))
    assert network.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example.com/scim/v2/Users", "https://app.example.com:8443/scim/v2/Users",
        "https://evil.example/scim/v2/Users", "https://app.example.com.evil.example/scim/v2/Users",
        "https://app.example.com/scim/v22/Users", "https://app.example.com/scim/v2",
        "https://app.example.com/scim/v2/../admin", "https://app.example.com/scim/v2/%2e%2e/admin",
        "https://app.example.com/scim/v2/..%2fadmin", "https://app.example.com/scim/v2/..%5Cadmin",
        "https://user@app.example.com/scim/v2/Users", "https://app.example.com@evil.example/scim/v2/",
        "https://app.example.com/scim/v2/Users#x", "https://app.example.com/SCIM/v2/Users",
    ],
)  # fmt: skip
def test_no_request_leaves_the_configured_base(url: str, credentials: Credentials) -> None:
    """Another scheme, host, port or path, however disguised, is stopped and gets no token."""
    network = Script(OK)
    pinned = PinnedTransport(network, "app", BASE, giving(credentials))
    request = httpx.Request("GET", url)
    with pytest.raises(SourceError) as caught:
        asyncio.run(pinned.handle_async_request(request))
    assert caught.value.code == "read.origin"
    assert network.asked == []
    assert "authorization" not in request.headers


def test_the_same_place_in_other_words_is_reached(credentials: Credentials) -> None:
    """Case of the host and the default port do not matter; the caller's request stays clean."""
    network = Script(OK)
    pinned = PinnedTransport(network, "app", BASE, giving(credentials))
    request = httpx.Request("GET", "https://APP.example.com:443/scim/v2/Users/a%2Fb?x=..")
    asyncio.run(pinned.handle_async_request(request))
    assert "authorization" in network.asked[0].headers
    assert "authorization" not in request.headers


def giving(credentials: Credentials) -> Callable[[], Awaitable[Credentials]]:
    async def now() -> Credentials:
        return credentials

    return now


@given(st.text(alphabet="abc/.%2eEfF5cC\\?#@:", max_size=30))
def test_whatever_is_below_the_base_stays_there(tail: str) -> None:
    """No spelling of a path that is let through leads out of the base path once resolved."""
    base = httpx.URL(BASE)
    try:
        url = httpx.URL(f"{BASE}/{tail}")
    except httpx.InvalidURL:
        return
    if is_below(url, base):
        resolved = httpx.URL(f"https://app.example.com{httpx.URL(url).path}")
        assert resolved.host == "app.example.com"
        assert resolved.path.startswith("/scim/v2/")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(status: int) -> None:
    """A status that may pass is tried again after a wait, and every attempt is recorded."""
    recorder, time = MemoryRecorder(), StillTime()
    answer, wire = fetch(Script(httpx.Response(status), OK), recorder, time)
    assert (answer.exchange.status, answer.exchange.attempt) == (200, 2)
    assert [one.status for one in recorder.exchanges] == [status, 200]
    assert (wire.requests, wire.retries, time.slept) == (2, 1, [0.75])
    assert answer.exchange.sent_at > recorder.exchanges[0].received_at


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("x"), httpx.ReadError("x"), httpx.RemoteProtocolError("x"), OSError("x")],
)
def test_a_broken_connection_is_tried_again(error: Exception) -> None:
    """A connection that broke is tried again, and the failed attempt is recorded without status."""
    recorder = MemoryRecorder()
    answer, _ = fetch(Script(error, OK), recorder)
    assert answer.response == "responses/0002"
    failed = recorder.exchanges[0]
    assert failed.status is None
    assert failed.error in ("read.connect", "read.interrupted")


def test_attempts_are_bounded_and_waits_grow() -> None:
    """After four attempts the last failure is raised; the waits double with equal jitter."""
    for chance, expected in ((0.0, [0.5, 1.0, 2.0]), (1.0, [1.0, 2.0, 4.0])):
        recorder, time = MemoryRecorder(), StillTime(chance=chance)
        error = refusal(Script(httpx.Response(503)), recorder=recorder, time=time)
        assert (error.code, len(recorder.exchanges)) == ("http.status", MAX_ATTEMPTS)
        assert "4 times" in error.message
        assert time.slept == expected


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (301, "read.redirect"), (308, "read.redirect"), (304, "http.status"),
        (401, "auth.rejected"), (403, "auth.rejected"), (400, "http.status"),
        (404, "http.status"), (501, "http.status"), (206, "http.status"), (203, "http.status"),
        (204, "http.status"), (299, "http.status"),
    ],
)  # fmt: skip
def test_other_statuses_end_at_once(status: int, code: str) -> None:
    """A status that will not pass is raised after one attempt, with what to do next."""
    recorder = MemoryRecorder()
    error = refusal(Script(httpx.Response(status)), recorder=recorder)
    assert (error.code, len(recorder.exchanges)) == (code, 1)
    assert error.hint
    assert str(status) in error.message


def test_a_status_the_caller_expects_is_an_answer() -> None:
    """A status in accept is returned rather than raised, an error body with it."""
    answer, _ = fetch(Script(httpx.Response(404, text="none")), accept=frozenset({200, 404}))
    assert (answer.exchange.status, answer.exchange.body) == (404, b"none")


def test_a_redirect_is_shown_harmless() -> None:
    """The target of a redirect is a hint: escaped, shortened, and asked for by nobody."""
    network = Script(httpx.Response(302, headers={"Location": "https://evil.example/" + "x" * 900}))
    error = refusal(network)
    assert "https://evil.example/xxx" in error.hint
    assert len(error.hint) < 300
    assert len(network.asked) == 1
    assert quoted("a\nb\x1b[31m\u202e") == "a\\nb\\x1b[31m\\u202e"


def test_the_servers_own_words_are_passed_on() -> None:
    """The detail of a SCIM error, which often names the remedy, is part of the message."""
    body = {"detail": "Account has not enabled Single Sign-On."}
    assert "Single Sign-On" in refusal(Script(httpx.Response(400, json=body))).message
    for odd in (b"[1]", b"{", b'{"detail": 7}', b"[" * 100_000):
        assert refusal(Script(httpx.Response(400, content=odd))).code == "http.status"


def test_a_403_may_mean_too_fast() -> None:
    """A 403 that says the allowance is spent is waited out like a 429, even where 403 is taken."""
    spent = httpx.Response(403, headers={"X-RateLimit-Remaining": "0"})
    waits = httpx.Response(403, headers={"Retry-After": "9"})
    time = StillTime()
    answer, _ = fetch(Script(spent, waits, OK), time=time, accept=frozenset({200, 403}))
    assert (answer.exchange.status, time.slept) == (200, [0.75, 9.0])
    assert refusal(Script(spent)).code == "http.rate_limited"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("retry-after", "2")], 2),
        ([("retry-after", " 2 ")], 2),
        ([("retry-after", "2"), ("retry-after", "5")], 5),
        ([("retry-after", "Sun, 01 Nov 2026 09:00:40 GMT")], 40),
        (
            [("date", "Sun, 01 Nov 2026 07:00:00 GMT"),
             ("retry-after", "Sun, 01 Nov 2026 07:00:30 GMT")], 30,
        ),
        ([("date", "nonsense"), ("retry-after", "Sun, 01 Nov 2026 09:00:10 -0000")], 10),
        ([("retry-after", "Sun, 01 Nov 2020 09:00:00 GMT")], 0),
        ([("retry-after", "-5")], None),
        ([("retry-after", "soon")], None),
        ([("retry-after", "")], None),
        ([("retry-after", "٣")], None),
        ([], None),
    ],
)  # fmt: skip
def test_retry_after_in_every_form(headers: list[tuple[str, str]], expected: float | None) -> None:
    """Seconds and dates are understood, dates by the server's own clock; the rest is ignored."""
    exchange = Exchange("x", "GET", BASE, 429, tuple(headers), b"", START, START)
    assert retry_after(exchange) == expected


def test_a_wait_beyond_the_ceiling_ends_the_read() -> None:
    """A server that asks for more patience than there is gets none, and the user is told."""
    time = StillTime()
    error = refusal(Script(httpx.Response(429, headers={"Retry-After": "9999999999"})), time=time)
    assert (error.code, time.slept) == ("http.rate_limited", [])
    assert "9999999999" in error.message


def test_the_pace_is_kept() -> None:
    """No more than requests_per_minute requests start within any minute, retries included."""
    time = StillTime()
    fetch(Script(httpx.Response(503), OK), time=time, times=5, requests_per_minute=3)
    assert time.slept == [0.75, 59.25, 0.75]
    quick = StillTime()
    fetch(Script(OK), time=quick, times=50)
    assert quick.slept == []


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Content-Encoding": "gzip", "Content-Length": "2"}, "read.encoding"),
        ({"Content-Encoding": "br", "Content-Length": "2"}, "read.encoding"),
        ({}, "read.framing"),
        ({"Content-Length": "2", "Transfer-Encoding": "chunked"}, "read.framing"),
        ({"Transfer-Encoding": "gzip, chunked"}, "read.framing"),
    ],
)
def test_an_answer_that_cannot_be_proved_whole_is_not_read(
    headers: dict[str, str], code: str
) -> None:
    """Encoded bodies and bodies without a certain end are refused and their bytes not kept."""

    class Bare(httpx.AsyncBaseTransport):
        def __init__(self, status: int) -> None:
            self.status = status

        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            return httpx.Response(self.status, headers=headers, stream=Chunks([b"{}"]))

    recorder = MemoryRecorder()
    assert refusal(Bare(200), recorder=recorder).code == code
    assert (recorder.exchanges[0].status, recorder.exchanges[0].body) == (200, b"")
    assert refusal(Bare(401)).code == "auth.rejected"


def test_an_unreadable_error_answer_counts_by_its_status() -> None:
    """Of an answer that is not 200 the status counts, also where its body cannot be decoded."""
    headers = {"Content-Encoding": "gzip", "Content-Length": "2"}
    assert refusal(Script(httpx.Response(401, headers=headers))).code == "auth.rejected"


class Chunked(httpx.AsyncBaseTransport):
    """A network that sends one chunked body."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        headers = {"Transfer-Encoding": "chunked"}
        return httpx.Response(200, headers=headers, stream=Chunks(list(self.pieces)))


def test_a_body_has_a_size_limit() -> None:
    """A body is read up to the limit, and one byte more is refused."""
    answer, _ = fetch(Chunked(b"12345", b"67890"), max_body_bytes=10)
    assert answer.exchange.body == b"1234567890"
    assert refusal(Chunked(b"12345", b"678901"), max_body_bytes=10).code == "read.too_large"


def test_headers_are_kept_by_list_and_secrets_masked(credentials: Credentials) -> None:
    """Only listed headers are stored, never a cookie, and an echoed token is masked in each."""
    response = httpx.Response(
        200, headers={"Set-Cookie": "a=b", "ETag": f"x{TOKEN}", "Date": "now"}, text=f"<{TOKEN}>"
    )
    recorder = MemoryRecorder()
    answer, wire = fetch(Script(response), recorder, credentials=credentials)
    assert ("etag", "x***") in answer.exchange.headers
    assert "set-cookie" not in dict(answer.exchange.headers)
    assert answer.exchange.body == b"<***>"
    assert wire.redactions == 1
    assert TOKEN not in recorder.everything()


def exceptions_of_httpx() -> list[type[Exception]]:
    found = {one for _, one in inspect.getmembers(httpx, inspect.isclass)}
    kinds = [one for one in found if issubclass(one, Exception) and one is not httpx.CookieConflict]
    return sorted(kinds, key=lambda one: one.__name__)


def made(kind: type[Exception]) -> Exception:
    request = httpx.Request("GET", f"https://h/?{TOKEN}")
    if issubclass(kind, httpx.HTTPStatusError):
        return kind(TOKEN, request=request, response=httpx.Response(500, request=request))
    if kind.__init__ in (httpx.StreamConsumed.__init__, httpx.StreamClosed.__init__):
        return kind()
    return kind(TOKEN) if "message" in inspect.signature(kind).parameters else kind()


@pytest.mark.parametrize("kind", exceptions_of_httpx())
def test_every_exception_of_the_library_is_a_reason(kind: type[Exception]) -> None:
    """Whatever httpx raises becomes a SourceError with words of its own and none of httpx's."""
    error = refusal(Script(made(kind)))
    assert error.code in failure._WORDS
    assert TOKEN not in f"{error.message} {error.hint}"
    assert error.hint


def caused(by: BaseException, kind: Callable[[str], Exception] = httpx.ConnectError) -> Exception:
    error = kind("x")
    middle = OSError("between")
    middle.__cause__ = by
    error.__cause__ = middle
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (caused(socket.gaierror("no name")), "read.dns"),
        (caused(ssl.SSLCertVerificationError("expired")), "read.tls"),
        (caused(ConnectionRefusedError()), "read.connect"),
        (caused(ConnectionResetError(), httpx.ReadError), "read.interrupted"),
        (httpx.ConnectTimeout("x"), "read.timeout"),
        (httpx.ReadTimeout("x"), "read.timeout"),
        (TimeoutError(), "read.timeout"),
        (ConnectionResetError(), "read.interrupted"),
        (ssl.SSLError(), "read.tls"),
        (httpx.LocalProtocolError("x"), "read.client"),
    ],
)
def test_causes_are_told_apart(error: Exception, code: str) -> None:
    """Names, certificates, refusals, resets and timeouts each have a code of their own."""
    assert code_of(error) == code


def test_a_name_that_does_not_resolve_is_named_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver's refusal reaches the user as read.dns through the real network layer."""

    async def refuse(*_: object, **__: object) -> Awaitable[None]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", refuse)
    wire = Wire(Target("app", BASE, NO_CREDENTIALS), MemoryRecorder(), StillTime().timing)

    async def ask() -> None:
        try:
            await wire.get("/Users", {}, "users")
        finally:
            await wire.aclose()

    with pytest.raises(SourceError) as caught:
        asyncio.run(ask())
    assert caught.value.code == "read.dns"
    assert "app.example.com" in caught.value.message


def test_a_whole_answer_is_no_failure() -> None:
    """An exchange with status 200 and no error gives no failure."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    assert failure_of("app", Exchange("x", "GET", BASE, 200, (), b"", now, now)) is None
    nothing = failure_of("app", Exchange("x", "GET", BASE, 302, (), b"", now, now))
    assert nothing is not None
    assert "nowhere" in nothing.hint


def test_an_unexpected_200_is_still_an_error() -> None:
    """Where a caller expects another status than 200, a 200 is raised rather than passed on."""
    assert refusal(Script(OK), accept=frozenset({404})).code == "http.status"


def test_retries_have_a_budget() -> None:
    """A server that fails every other time gets five retries and one for every five requests."""
    steps = [one for _ in range(40) for one in (httpx.Response(503), OK)]
    recorder, time = MemoryRecorder(), StillTime()
    error = refusal(Script(*steps), recorder=recorder, time=time, times=40)
    served = sum(one.status == 200 for one in recorder.exchanges)
    assert error.code == "http.status"
    assert (served, len(time.slept)) == (6, 6)
    budget = RetryBudget()
    for _ in range(100):
        budget.note_request()
    for _ in range(25):
        assert not budget.is_spent
        budget.note_retry()
    assert budget.is_spent


def test_after_many_failures_in_a_row_a_source_is_left_alone() -> None:
    """Eight failed attempts in a row end all asking; one that is served ends the row."""
    network, recorder = Script(httpx.Response(429)), MemoryRecorder()
    wire = Wire(Target("app", BASE, NO_CREDENTIALS), recorder, StillTime().timing, network)

    async def code() -> str:
        with pytest.raises(SourceError) as caught:
            await wire.get("/Users", {}, "users")
        return caught.value.code

    async def codes(times: int) -> list[str]:
        return [await code() for _ in range(times)]

    limited = ["http.rate_limited"] * 3
    assert asyncio.run(codes(6)) == [*limited, *["read.given_up"] * 3]
    assert len(network.asked) == 8
    budget = RetryBudget()
    for served in (False,) * 7 + (True,) + (False,) * 7:
        budget.note_outcome(served=served)
    assert not budget.is_broken
    budget.note_outcome(served=False)
    assert budget.is_broken
    assert budget.is_spent


@pytest.mark.parametrize(
    ("headers", "max_age", "stale"),
    [
        ([], 0, False),
        ([("age", "0")], 0, False),
        ([("age", "1")], 0, True),
        ([("age", "60")], 60, False),
        ([("age", "61")], 60, True),
        ([("age", "9" * 4000)], 86_400, True),
        ([("age", "-1")], 0, False),
        ([("age", "long")], 0, False),
        ([("age", "0"), ("age", "5")], 0, True),
        ([("warning", '110 cache "stale"')], 0, True),
        ([("warning", '199 cache "hm"'), ("warning", '112 cache "alone"')], 0, True),
        ([("warning", '110 cache "stale"')], 1, False),
        ([("date", "Sun, 01 Nov 2026 08:50:00 GMT")], 0, False),
        ([("date", "Sun, 01 Nov 2026 08:49:59 GMT")], 0, True),
        ([("date", "Sun, 01 Nov 2026 08:40:00 GMT")], 600, False),
        ([("date", "Sun, 01 Nov 2026 08:39:59 GMT")], 600, True),
        ([("date", "Sun, 01 Nov 2026 10:00:00 GMT")], 0, False),
        ([("date", "yesterday")], 0, False),
    ],
)
def test_old_answers_are_told_from_new_ones(
    headers: list[tuple[str, str]], max_age: int, *, stale: bool
) -> None:
    """Age counts from the first second allowed, warnings of caches too, Date past ten minutes."""
    exchange = Exchange("x", "GET", BASE, 200, tuple(headers), b"", START, START)
    assert is_stale(exchange, max_age) is stale


def test_a_cache_can_be_excused() -> None:
    """With max_age_seconds an answer of that age is taken; the same answer is refused without."""
    aged = httpx.Response(200, headers={"Age": "30"}, json={})
    answer, _ = fetch(Script(aged), max_age_seconds=30)
    assert answer.exchange.status == 200
    assert refusal(Script(aged), max_age_seconds=29).code == "read.cached"


def test_libraries_keep_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """While a source is read, no library logs below a warning, whatever the root logger says."""
    caplog.set_level(logging.DEBUG)
    fetch(Script(OK))
    for name in QUIET_LOGGERS:
        logging.getLogger(name).info("GET %s", BASE)
    assert caplog.records == []


def test_every_reason_has_words() -> None:
    """Each code has a message that names the server, a next step, and two parts as its reason."""
    for code, (message, hint) in failure._WORDS.items():
        exchange = Exchange(
            "x", "GET", f"{BASE}/Users?startIndex=7&q=x", None, (), b"", START, START
        )
        error = failure.failure_by_code("app", exchange, code)
        assert "https://app.example.com (startIndex=7)" in error.message or "{origin}" in message
        assert error.code.count(".") == 1
        assert code.startswith(error.code)
        assert hint


def test_the_page_that_failed_is_named() -> None:
    """The message says where in the list the failed request stood, and quotes no other value."""
    error = refusal(Script(httpx.Response(500)))
    assert "/scim/v2/Users (startIndex=1) was answered" in error.message
    assert "b c" not in error.message
