"""The network below the one HTTP client: names, addresses, proxies, TLS, connections kept open.

It takes the place of httpx's own transport: it connects to the very address it has checked, it
proves the end of every answer, and it does nothing unasked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import h11
import httpx

from collectors.connection import READ_BYTES, Connection
from collectors.failure import TransferError, code_of
from collectors.tls import public_context
from scanner.config import is_loopback

MAX_CONNECT_SECONDS = 15.0
MAX_ADDRESSES = 4
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Route:
    """How a source is reached.

    ``context`` says whom to trust and what certificate to show; None trusts the public
    authorities. ``internal`` allows addresses that are not public. ``proxy`` is
    ``http://host:port``; it then resolves the name, so its address is not checked here.
    """

    context: ssl.SSLContext | None = None
    internal: bool = False
    proxy: str | None = None


class NetworkTransport(httpx.AsyncBaseTransport):
    """Sends requests over HTTP/1.1 and gives answers whose end is proved as they are read.

    Raises TransferError. A GET that meets a connection the server has closed meanwhile is sent
    again on a new one; nothing else is ever sent twice.
    """

    def __init__(
        self, route: Route | None = None, connect_seconds: float = MAX_CONNECT_SECONDS
    ) -> None:
        self._route = route or Route()
        self._connect_seconds = connect_seconds
        self._idle: list[tuple[tuple[str, str, int], Connection]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and give its answer; the body must be read or closed."""
        body = await request.aread()
        message = _message(request)
        while True:
            connection = await self._connection(request.url)
            try:
                head = await connection.ask(message, body)
            except BaseException as error:
                connection.close()
                if _went_stale(connection, request, error):
                    continue
                raise
            stream = _Body(self, _origin(request.url), connection)
            return httpx.Response(head.status_code, headers=head.headers.raw_items(), stream=stream)

    async def aclose(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop()[1].close()
        await asyncio.sleep(0)  # closing takes one round of the event loop

    def release(self, origin: tuple[str, str, int], connection: Connection) -> None:
        """Take a connection back after its answer was read to the end."""
        if connection.renew():
            self._idle.append((origin, connection))
        else:
            connection.close()

    async def _connection(self, url: httpx.URL) -> Connection:
        while (kept := self._kept(_origin(url))) is not None:
            quiet = await kept.is_quiet()
            if quiet:
                return kept
            kept.close()
        try:
            async with asyncio.timeout(self._connect_seconds):
                return await self._connect(url)
        except TimeoutError:
            raise TransferError("read.timeout") from None

    def _kept(self, origin: tuple[str, str, int]) -> Connection | None:
        """Take a connection to ``origin`` out of those kept open, if there is one."""
        for place, (where, connection) in enumerate(self._idle):
            if where == origin:
                del self._idle[place]
                return connection
        return None

    async def _connect(self, url: httpx.URL) -> Connection:
        _, host, port = _origin(url)
        if self._route.proxy is not None:
            return await self._tunnel(host, port)
        addresses = await public_addresses(host, port, internal=self._route.internal)
        return await self._dial(addresses, port, host if url.scheme == "https" else None)

    async def _tunnel(self, host: str, port: int) -> Connection:
        """Ask the proxy for a way through (RFC 9110 section 9.3.6) and begin TLS inside it."""
        _, proxy, proxy_port = _origin(httpx.URL(self._route.proxy or ""))
        addresses = await public_addresses(proxy, proxy_port, internal=True)
        connection = await self._dial(addresses, proxy_port, None)
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        message = h11.Request(method="CONNECT", target=target, headers=[("Host", target)])
        try:
            head = await connection.ask(message)
            if head.status_code == httpx.codes.OK:
                return await connection.upgrade(self._context(), host)
        except BaseException:
            connection.close()
            raise
        connection.close()
        raise TransferError("read.proxy")

    async def _dial(self, addresses: tuple[str, ...], port: int, name: str | None) -> Connection:
        """Connect to the first address that answers; ``name`` is whom TLS must meet there."""
        code = "read.connect"
        for address in addresses:
            try:
                async with asyncio.timeout(self._connect_seconds / len(addresses)):
                    reader, writer = await asyncio.open_connection(
                        address,
                        port,
                        limit=READ_BYTES,
                        ssl=self._context() if name else None,
                        server_hostname=name,
                    )
            except ssl.SSLError as error:
                raise TransferError(code_of(error)) from None
            except TimeoutError:
                code = "read.timeout"
            except OSError:
                code = "read.connect"
            else:
                return Connection(reader, writer)
        raise TransferError(code)

    def _context(self) -> ssl.SSLContext:
        return self._route.context or public_context()


class _Body(httpx.AsyncByteStream):
    """The body of one answer; read to its end it gives the connection back, else it closes it."""

    def __init__(
        self, owner: NetworkTransport, origin: tuple[str, str, int], connection: Connection
    ) -> None:
        self._owner = owner
        self._origin = origin
        self._connection = connection
        self._is_ours = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._connection.body():
            yield piece
        self._is_ours = False
        self._owner.release(self._origin, self._connection)

    async def aclose(self) -> None:
        if self._is_ours:
            self._connection.close()


async def public_addresses(host: str, port: int, *, internal: bool) -> tuple[str, ...]:
    """Resolve ``host`` and give up to four addresses to connect to, in the resolver's order.

    Connecting to what was checked here leaves a name no second chance to lead elsewhere. Raises
    TransferError ``read.dns``, and ``read.address`` where any address is not public and neither
    ``internal`` nor the host itself (a loopback address or ``localhost``) says so.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise TransferError("read.dns") from None
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    if is_loopback(host):
        allowed = all(is_loopback(address) for address in addresses)
    else:
        allowed = internal or all(is_public(address) for address in addresses)
    if not allowed:
        raise TransferError("read.address")
    return addresses[:MAX_ADDRESSES]


def is_public(address: str) -> bool:
    """Tell whether an address literal is one anybody on the Internet could be meant by."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if inner is not None:
            return is_public(str(inner))
    return parsed.is_global and not parsed.is_multicast


def _message(request: httpx.Request) -> h11.Request:
    try:
        return h11.Request(
            method=request.method,
            target=request.url.raw_path,
            headers=[(name, value) for name, value in request.headers.raw],
        )
    except h11.LocalProtocolError:  # its text holds the value that cannot be sent
        raise TransferError("read.client") from None


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


def _went_stale(connection: Connection, request: httpx.Request, error: BaseException) -> bool:
    """Tell whether a kept connection turned out closed before a byte of the answer came."""
    broke = isinstance(error, TransferError) and error.code == "read.interrupted"
    return broke and connection.reused and not connection.answered and request.method == "GET"
