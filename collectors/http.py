"""The one HTTP client: it can only GET, only below one base URL, and records before it judges.

Three layers, each an httpx transport: read-only, pinned to the configured base, the network. They
are called directly and not through ``httpx.AsyncClient``, so there is nothing that could follow a
redirect, keep a cookie, read the environment or log a URL.
"""

from __future__ import annotations

import asyncio
import functools
import random
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from importlib import metadata
from urllib.parse import unquote

import httpx

from collectors.base import Exchange, Recorder
from collectors.failure import code_of, failure_of, is_throttled
from collectors.patience import wait_before_next
from collectors.secret import Credentials, Redactor
from scanner.errors import GhostscanError, SourceError

MAX_CONNECT_SECONDS = 15.0
MAX_BODY_BYTES = 128 * 1024 * 1024
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
    """Where one source's requests may go, what authenticates them, and how fast they may come."""

    source: str
    base_url: str
    credentials: Credentials
    timeout_seconds: float = 60.0
    requests_per_minute: int | None = None
    max_body_bytes: int = MAX_BODY_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """An exchange as it was recorded, and the path of the record inside the run folder."""

    exchange: Exchange
    response: str


class ReadOnlyTransport(httpx.AsyncBaseTransport):
    """Lets GET through and raises on everything else."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a GET on; raise GhostscanError for any other method."""
        if request.method != "GET":
            raise GhostscanError(f"an audit sends only GET; {request.method} was stopped")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class PinnedTransport(httpx.AsyncBaseTransport):
    """Lets requests through to one base URL only, and only those get the credentials."""

    def __init__(self, inner: httpx.AsyncBaseTransport, target: Target) -> None:
        self._inner = inner
        self._source = target.source
        self._base = httpx.URL(target.base_url)
        self._credentials = target.credentials

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Add the credentials and pass on; raise SourceError for another place than the base."""
        if not is_below(request.url, self._base):
            raise SourceError(
                self._source, "read.origin", "a request to another place than url was stopped"
            )
        headers = request.headers.copy()
        if self._credentials.header:
            headers[self._credentials.header] = self._credentials.value.reveal()
        # A copy carries the secret: the caller's request turns up in exceptions.
        pinned = httpx.Request(
            request.method, request.url, headers=headers, extensions=request.extensions
        )
        return await self._inner.handle_async_request(pinned)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def is_below(url: httpx.URL, base: httpx.URL) -> bool:
    """Tell whether ``url`` has the scheme, host and port of ``base`` and a path below its path."""
    if (url.scheme, url.host, url.port) != (base.scheme, base.host, base.port):
        return False
    if url.userinfo or url.fragment:
        return False
    path = url.raw_path.partition(b"?")[0].decode("ascii")
    pieces = unquote(path).replace("\\", "/").split("/")
    return path.startswith(_folder(base)) and not {".", ".."} & set(pieces)


def _folder(base: httpx.URL) -> str:
    return base.raw_path.decode("ascii").rstrip("/") + "/"


@dataclass(frozen=True, slots=True)
class _Received:
    """What one attempt brought before it is cleaned of secrets; ``error`` is a reason code."""

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    error: str | None = None


class Wire:
    """The connection to one source; counts ``requests``, ``retries``, ``bytes_received``.

    ``redactions`` counts answers in which the server gave one of our secrets back.
    """

    def __init__(
        self,
        target: Target,
        recorder: Recorder,
        timing: Timing = SYSTEM_TIMING,
        network: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.requests = 0
        self.retries = 0
        self.bytes_received = 0
        self.redactions = 0
        self._target = target
        self._recorder = recorder
        self._timing = timing
        self._redactor = Redactor(target.credentials.parts)
        self._sent: deque[float] = deque(maxlen=target.requests_per_minute or 1)
        self._transport = ReadOnlyTransport(PinnedTransport(network or _network(), target))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def get(
        self,
        path: str,
        params: Mapping[str, str],
        purpose: str,
        accept: frozenset[int] = ONLY_OK,
    ) -> Answer:
        """GET ``path`` below the base URL and give the recorded answer.

        Every attempt is recorded, also those that failed. Passing failures are tried again, up to
        four attempts. Raises SourceError where no whole answer came or its status is not in
        ``accept``.
        """
        url = httpx.URL(self._target.base_url + path, params=dict(params))
        attempt = 0
        while True:
            attempt += 1
            await self._keep_pace()
            answer = await self._attempt(url, purpose, attempt)
            exchange = answer.exchange
            taken = exchange.error is None and exchange.status in accept
            if taken and not is_throttled(exchange):
                return answer
            wait = wait_before_next(exchange, self._timing.random())
            if wait is None:
                break
            self.retries += 1
            await self._timing.sleep(wait)
        failure = failure_of(self._target.source, exchange)
        raise failure or SourceError(self._target.source, "http.status", "200 was not expected")

    async def _keep_pace(self) -> None:
        """Wait until fewer than ``requests_per_minute`` requests lie in the last minute."""
        if self._target.requests_per_minute is None:
            return
        if len(self._sent) == self._sent.maxlen:
            wait = self._sent[0] + 60 - self._timing.monotonic()
            if wait > 0:
                await self._timing.sleep(wait)
        self._sent.append(self._timing.monotonic())

    async def _attempt(self, url: httpx.URL, purpose: str, attempt: int) -> Answer:
        self.requests += 1
        sent_at = self._timing.now()
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
        return Answer(exchange, self._recorder.record(exchange))

    async def _receive(self, url: httpx.URL) -> _Received:
        seconds = self._target.timeout_seconds
        timeout = httpx.Timeout(seconds, connect=min(seconds, MAX_CONNECT_SECONDS))
        request = httpx.Request(
            "GET", url, headers=_headers(), extensions={"timeout": timeout.as_dict()}
        )
        try:
            async with asyncio.timeout(seconds):
                response = await self._transport.handle_async_request(request)
                try:
                    return await self._whole(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            return _Received(error=code_of(error))

    async def _whole(self, response: httpx.Response) -> _Received:
        kept = tuple(
            (name.lower(), value)
            for name, value in response.headers.multi_items()
            if name.lower() in KEPT_HEADERS
        )
        status = response.status_code
        fault = _fault(response.headers)
        if fault is not None:
            # Of an answer that is no answer only the status counts; its body is not read.
            return _Received(status, kept, error=fault if status == HTTPStatus.OK else None)
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._target.max_body_bytes:
                return _Received(status, kept, error="read.too_large")
        return _Received(status, kept, bytes(body))


def _network() -> httpx.AsyncBaseTransport:
    return httpx.AsyncHTTPTransport(verify=_trust(), http2=False, trust_env=False, retries=0)


@functools.cache
def _trust() -> ssl.SSLContext:
    """TLS 1.2 or later with checked certificates; shared, since loading it takes a while."""
    return httpx.create_ssl_context(trust_env=False)


@functools.cache
def _headers() -> Mapping[str, str]:
    return {
        "Accept": "application/scim+json, application/json",
        "Accept-Encoding": "identity",
        "Cache-Control": "no-cache",
        "User-Agent": f"ghostscan/{metadata.version('ghostscan')}",
    }


def _fault(headers: httpx.Headers) -> str | None:
    """Reason code of an answer whose bytes are encoded or whose end is not certain (RFC 9112)."""
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        return "read.encoding"
    chunked = headers.get("transfer-encoding", "").strip().lower() == "chunked"
    if chunked == ("content-length" in headers):
        return "read.framing"
    return None
