"""What requests must pass: one kind of method, and only below the one configured base URL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import unquote

import httpx

from collectors.secret import Credentials
from scanner.errors import GhostscanError, SourceError

CredentialsNow = Callable[[], Awaitable[Credentials]]
"""Gives what authenticates a request that is about to leave."""


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


class WriteTransport(httpx.AsyncBaseTransport):
    """Lets PATCH, PUT and POST through and raises on everything else, DELETE first of all."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a planned write on; raise GhostscanError for any other method."""
        if request.method not in ("PATCH", "PUT", "POST"):
            raise GhostscanError(f"{request.method} is never sent")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class PinnedTransport(httpx.AsyncBaseTransport):
    """Lets requests through to one base URL only, and only those get the credentials."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        source: str,
        base_url: str,
        credentials: CredentialsNow,
    ) -> None:
        self._inner = inner
        self._source = source
        self._base = httpx.URL(base_url)
        self._credentials = credentials

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Add the credentials and pass on; raise SourceError for another place than the base."""
        if not is_below(request.url, self._base):
            raise SourceError(
                self._source, "read.origin", "a request to another place than url was stopped"
            )
        credentials = await self._credentials()
        headers = request.headers.copy()
        if credentials.header:
            headers[credentials.header] = credentials.value.reveal()
        # A copy carries the secret: the caller's request turns up in exceptions.
        pinned = httpx.Request(
            request.method,
            request.url,
            headers=headers,
            stream=request.stream,
            extensions=request.extensions,
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
