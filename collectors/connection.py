"""One HTTP/1.1 connection (RFC 9112): strict about where an answer begins and ends.

h11 reads the messages; what it lets pass but a proof cannot (two lengths, endless interim answers,
bytes after the end) is refused here.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import h11

from collectors.failure import TransferError, code_of
from collectors.framing import check_lengths

MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 200
MAX_INTERIM = 8
READ_BYTES = 256 * 1024


class Connection:
    """An open connection; every method raises TransferError for what the other side does.

    ``answered`` tells whether a byte of the present answer came, ``reused`` whether an earlier
    request was answered here.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answered = False
        self.reused = False
        self._reader = reader
        self._writer = writer
        self._messages = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)

    async def ask(self, request: h11.Request, body: bytes = b"") -> h11.Response:
        """Send one request and give the head of its answer."""
        self.answered = False
        events = [request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
        message = b"".join(self._messages.send(event) or b"" for event in events)
        try:
            self._writer.write(message)
            await self._writer.drain()
        except OSError as error:
            raise _broken(error) from None
        return await self._head()

    async def body(self) -> AsyncIterator[bytes]:
        """Give the body in pieces as received without its transfer framing, to its proved end."""
        while True:
            event = self._next()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                break
            else:
                await self._receive()
        if self._messages.trailing_data[0] or await self._waiting():
            raise TransferError("read.framing.surplus")

    def renew(self) -> bool:
        """Make ready for the next request; False where the connection is of no more use."""
        states = (self._messages.our_state, self._messages.their_state)
        if states != (h11.DONE, h11.DONE):
            return False
        self._messages.start_next_cycle()
        self.reused = True
        return True

    async def is_quiet(self) -> bool:
        """Tell whether the other side has neither closed nor said anything without being asked."""
        return await self._waiting() is None

    async def upgrade(self, context: ssl.SSLContext, host: str) -> Connection:
        """Begin TLS inside the tunnel a proxy has opened; give the connection within it."""
        if self._messages.trailing_data[0]:
            raise TransferError("read.proxy")
        try:
            await self._writer.start_tls(context, server_hostname=host)
        except OSError as error:
            raise _broken(error) from None
        return Connection(self._reader, self._writer)

    def close(self) -> None:
        """Close at once; what was not read is dropped."""
        self._writer.transport.abort()

    async def _head(self) -> h11.Response:
        received = bytearray()
        interim = 0
        while True:
            event = self._next(received)
            if isinstance(event, h11.Response):
                break
            if isinstance(event, h11.InformationalResponse):
                interim += 1
                if interim > MAX_INTERIM or event.status_code == 101:  # noqa: PLR2004 - switching
                    raise TransferError("read.protocol.interim")
            else:
                received += await self._receive()
        head = received[: len(received) - len(self._messages.trailing_data[0])]
        if len(event.headers) > MAX_HEADERS or len(head) > MAX_HEAD_BYTES:
            raise TransferError("read.too_large.headers")
        check_lengths(bytes(head))
        return event

    def _next(self, head: bytes | bytearray = b"") -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        try:
            return self._messages.next_event()
        except h11.RemoteProtocolError as error:
            check_lengths(bytes(head))
            too_large = error.error_status_hint == 431  # noqa: PLR2004 - h11's word for it
            code = "read.too_large.headers" if too_large else "read.protocol"
            raise TransferError(code) from None

    async def _receive(self) -> bytes:
        try:
            data = await self._reader.read(READ_BYTES)
        except OSError as error:
            raise _broken(error) from None
        if not data:
            raise TransferError("read.interrupted")
        self.answered = True
        self._messages.receive_data(data)
        return data

    async def _waiting(self) -> bytes | None:
        """Give what has arrived unasked, b"" for a closed connection, None for silence."""
        # Two rounds of the event loop: one polls the socket, the next hands its bytes over.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(0):
                return await self._reader.read(1)
        except TimeoutError:
            return None
        except OSError:
            return b""


def _broken(error: OSError) -> TransferError:
    if isinstance(error, ssl.SSLError):
        return TransferError(code_of(error))
    return TransferError("read.interrupted")
