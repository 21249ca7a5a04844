"""The one HTTP client: it can only GET, only below one base URL, and records before it judges.

Three layers, each an httpx transport: read-only, pinned to the configured base, the network (see
:mod:`collectors.network`). They are called directly and not through ``httpx.AsyncClient``, so there
is nothing that could follow a redirect, keep a cookie, read the environment or log a URL.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from importlib import metadata
from weakref import WeakKeyDictionary

import httpx

from collectors.base import Exchange, Recorder
from collectors.failure import (
    TransferError,
    code_of,
    failure_by_code,
    failure_of,
    is_throttled,
)
from collectors.framing import GzipBody, PlainBody, coding, framing_fault
from collectors.freshness import is_stale
from collectors.network import NetworkTransport, Route
from collectors.oauth2 import Grant, TokenKeeper
from collectors.patience import RetryBudget, wait_before_next
from collectors.pinned import PinnedTransport, ReadOnlyTransport
from collectors.rate import IETF, Allowance, RateHeaders, left
from collectors.secret import Credentials, Redactor, Secret, remember
from scanner.errors import SourceError

MAX_PER_ORIGIN = 8
MAX_BODY_BYTES = 128 * 1024 * 1024
QUIET_LOGGERS = ("asyncio", "h11", "httpcore", "httpx", "oauthlib")
ONLY_OK = frozenset({int(HTTPStatus.OK)})
KEPT_HEADERS = frozenset({
    "age", "content-encoding", "content-length", "content-type", "date", "etag", "last-modified",
    "link", "location", "ratelimit", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset",
    "retry-after", "server", "transfer-encoding", "via", "warning", "x-github-request-id",
    "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-request-id",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Timing:
    """What time and chance are to a client: UTC now, seconds, waiting, a number in [0, 1)."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    random: Callable[[], float]


SYSTEM_TIMING = Timing(
    now=lambda: datetime.now(UTC),
    monotonic=time.monotonic,
    sleep=asyncio.sleep,
    random=random.SystemRandom().random,
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where one source's requests may go, what authenticates them, and how fast they may come.

    ``grant`` stands in the place of ``credentials`` where a token must be asked for first, by way
    of ``token_route``. An answer may be ``max_age_seconds`` old where a cache is known to stand
    between. ``rate`` names the headers that tell what is left of the server's rate limit.
    """

    source: str
    base_url: str
    credentials: Credentials
    timeout_seconds: float = 60.0
    requests_per_minute: int | None = None
    max_body_bytes: int = MAX_BODY_BYTES
    max_age_seconds: int = 0
    route: Route = field(default_factory=Route)
    grant: Grant | None = None
    token_route: Route = field(default_factory=Route)
    rate: RateHeaders = IETF


@dataclass(frozen=True, slots=True)
class Answer:
    """An exchange as it was recorded, and the path of the record inside the run folder."""

    exchange: Exchange
    response: str


@dataclass(frozen=True, slots=True)
class _Received:
    """What one attempt brought before it is cleaned of secrets; ``error`` is a reason code."""

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    error: str | None = None


class Wire:
    """The connection to one source; counts ``requests``, ``retries``, ``bytes_received``.

    ``redactions`` counts answers in which the server gave one of our secrets back, ``compressed``
    those that came compressed although none was asked for.
    """

    def __init__(
        self,
        target: Target,
        recorder: Recorder,
        timing: Timing = SYSTEM_TIMING,
        network: httpx.AsyncBaseTransport | None = None,
        token_network: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.requests = 0
        self.retries = 0
        self.bytes_received = 0
        self.redactions = 0
        self.compressed = 0
        self._target = target
        self._recorder = recorder
        self._timing = timing
        self._redactor = Redactor(target.credentials.parts)
        self._budget = RetryBudget()
        self._served = False
        self._sent: deque[float] = deque(maxlen=target.requests_per_minute or 1)
        self._pace = asyncio.Lock()
        self._allowance = Allowance(target.rate)
        self._keeper = self._token_keeper(token_network)
        pinned = PinnedTransport(
            network or NetworkTransport(target.route),
            target.source,
            target.base_url,
            self._keeper.credentials if self._keeper is not None else self._fixed_credentials,
        )
        self._transport = ReadOnlyTransport(pinned)
        _quieten_loggers()

    def _token_keeper(self, network: httpx.AsyncBaseTransport | None) -> TokenKeeper | None:
        grant = self._target.grant
        if grant is None:
            return None
        self._learn(grant.client_secret, *([grant.refresh_token] if grant.refresh_token else []))
        network = network or NetworkTransport(self._target.token_route)
        return TokenKeeper(grant, network, self._timing.monotonic, self._learn)

    async def _fixed_credentials(self) -> Credentials:
        return self._target.credentials

    def _learn(self, *secrets: Secret) -> None:
        """Keep further secrets out of what is recorded and shown."""
        remember(*secrets)
        self._redactor.learn(secrets)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()
        if self._keeper is not None:
            await self._keeper.aclose()

    def deviations(self) -> tuple[str, ...]:
        """Say what was unusual about the way here, each in one line for the report."""
        told = []
        if self._target.route.proxy is not None:
            told.append(f"read through the proxy {self._target.route.proxy}")
        if self.compressed:
            told.append(f"{self.compressed} answers came compressed though not asked to")
        if self.redactions:
            told.append(f"{self.redactions} answers held our own credentials")
        return tuple(told)

    async def get(
        self,
        path: str,
        params: Mapping[str, str],
        purpose: str,
        accept: frozenset[int] = ONLY_OK,
    ) -> Answer:
        """GET ``path`` below the base URL and give the recorded answer.

        Every attempt is recorded, also those that failed. Passing failures are tried again, up to
        four attempts and within the source's budget; a token that was good before and is not now
        is renewed once. Raises SourceError where no whole answer came, its status is not in
        ``accept``, it is too old, or the source has failed too often in a row.
        """
        url = httpx.URL(self._target.base_url + path, params=dict(params))
        self._refuse_if_broken()
        self._budget.note_request()
        attempt = 0
        renewed = False
        while True:
            attempt += 1
            await self._keep_pace()
            token = self._keeper.number if self._keeper is not None else 0
            answer = await self._attempt(url, purpose, attempt)
            if self._is_taken(answer.exchange, accept):
                return answer
            if not renewed and self._token_ended(answer.exchange, token):
                renewed = True
            elif not await self._may_retry(answer.exchange):
                break
            self.retries += 1
        failure = failure_of(self._target.source, answer.exchange)
        raise failure or SourceError(self._target.source, "http.status", "200 was not expected")

    def _refuse_if_broken(self) -> None:
        if self._budget.is_broken:
            raise SourceError(
                self._target.source,
                "read.given_up",
                "too many requests in a row failed; nothing more was asked",
                "see the failures before; when the server is well again, run again",
            )

    def _is_taken(self, exchange: Exchange, accept: frozenset[int]) -> bool:
        """Tell whether an answer is good; raise where it is but too old to be relied on."""
        whole = exchange.error is None and not is_throttled(exchange)
        passing = exchange.status is not None and exchange.status >= 500  # noqa: PLR2004 - 5xx
        self._budget.note_outcome(served=whole and not passing)
        if not whole or exchange.status not in accept:
            return False
        if is_stale(exchange, self._target.max_age_seconds):
            raise failure_by_code(self._target.source, exchange, "read.cached")
        self._served = True
        return True

    def _token_ended(self, exchange: Exchange, token: int) -> bool:
        """Tell whether a new token is worth asking for, and drop the one that was shown if so."""
        rejected = exchange.status == HTTPStatus.UNAUTHORIZED
        if self._keeper is None or not self._served or not rejected:
            return False
        self._keeper.forget(token)
        return True

    async def _may_retry(self, exchange: Exchange) -> bool:
        """Wait as long as is due, or tell that this failure is final."""
        limit = left(exchange, self._target.rate) if is_throttled(exchange) else None
        reset = limit.seconds if limit is not None and not limit.requests else None
        wait = wait_before_next(exchange, self._timing.random(), reset)
        if wait is None or self._budget.is_spent:
            return False
        self._budget.note_retry()
        await self._timing.sleep(wait)
        return True

    async def _keep_pace(self) -> None:
        """Wait until fewer than ``requests_per_minute`` requests lie in the last minute.

        Wait too for what the server itself says of its rate limit.
        """
        async with self._pace:  # requests made at the same time wait for each other's turn
            now = self._timing.monotonic()
            wait = self._allowance.wait(now)
            if self._target.requests_per_minute and len(self._sent) == self._sent.maxlen:
                wait = max(wait, self._sent[0] + 60 - now)
            if wait > 0:
                await self._timing.sleep(wait)
            self._sent.append(self._timing.monotonic())

    async def _attempt(self, url: httpx.URL, purpose: str, attempt: int) -> Answer:
        self.requests += 1
        sent_at = self._timing.now()
        async with _gate(self._target.base_url):
            received = await self._receive(url)
        self.bytes_received += len(received.body)
        body = self._redactor.data(received.body)
        self.redactions += body != received.body
        exchange = Exchange(
            purpose=purpose,
            method="GET",
            url=self._redactor.text(str(url)),
            status=received.status,
            headers=tuple((name, self._redactor.text(text)) for name, text in received.headers),
            body=body,
            sent_at=sent_at,
            received_at=self._timing.now(),
            attempt=attempt,
            error=received.error,
        )
        self._allowance.note(exchange, self._timing.monotonic())
        return Answer(exchange, self._recorder.record(exchange))

    async def _receive(self, url: httpx.URL) -> _Received:
        """Ask once, all within ``timeout_seconds``, however slowly the bytes come."""
        request = httpx.Request("GET", url, headers=_headers())
        try:
            async with asyncio.timeout(self._target.timeout_seconds):
                response = await self._transport.handle_async_request(request)
                try:
                    return await self._whole(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            return _Received(error=code_of(error))

    async def _whole(self, response: httpx.Response) -> _Received:
        kept_names = KEPT_HEADERS | {self._target.rate.remaining, self._target.rate.reset}
        kept = tuple(
            (name.lower(), value)
            for name, value in response.headers.multi_items()
            if name.lower() in kept_names
        )
        status = response.status_code
        fault = framing_fault(response.headers)
        if fault is not None:
            # Of an answer that is no answer only the status counts; its body is not read.
            return _Received(status, kept, error=fault if status == HTTPStatus.OK else None)
        compressed = coding(response.headers) == "gzip"
        body = (GzipBody if compressed else PlainBody)(self._target.max_body_bytes)
        try:
            async for chunk in response.aiter_raw():
                body.feed(chunk)
            content = body.finish()
        except TransferError as error:
            unreadable = status != HTTPStatus.OK and error.code == "read.encoding"
            return _Received(status, kept, error=None if unreadable else error.code)
        self.compressed += compressed
        return _Received(status, kept, content)


_GATES: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = (
    WeakKeyDictionary()
)


def _gate(base_url: str) -> asyncio.Semaphore:
    """The gate all sources on one scheme, host and port share: eight requests at a time."""
    url = httpx.URL(base_url)
    origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
    gates = _GATES.setdefault(asyncio.get_running_loop(), {})
    return gates.setdefault(origin, asyncio.Semaphore(MAX_PER_ORIGIN))


def _quieten_loggers() -> None:
    """Let libraries log nothing below a warning: their finer messages hold URLs and headers."""
    for name in QUIET_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))


@functools.cache
def _headers() -> Mapping[str, str]:
    return {
        "Accept": "application/scim+json, application/json",
        "Accept-Encoding": "identity",
        "Cache-Control": "no-cache",
        "User-Agent": f"ghostscan/{metadata.version('ghostscan')}",
    }
