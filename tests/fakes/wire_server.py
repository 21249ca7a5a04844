"""A server of raw sockets on loopback: it reads requests and sends back exactly the bytes told."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answer = bytes | Callable[[socket.socket], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it came: on which connection, its head and its body."""

    connection: int
    head: str
    body: str

    def header(self, name: str) -> str | None:
        """Give a header's value, or None."""
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None


@dataclass
class WireServer:
    """What one server says and heard; ``connections`` lists the answers of each connection.

    The last list serves all connections that follow. After its last answer a connection is closed.
    """

    connections: Sequence[Sequence[Answer]]
    context: ssl.SSLContext | None = None
    heard: list[Heard] = field(default_factory=list)
    opened: int = 0
    port: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def origin(self) -> str:
        """The scheme, host and port."""
        return f"{'https' if self.context else 'http'}://localhost:{self.port}"

    def _serve(self, number: int, connection: socket.socket) -> None:
        answers = self.connections[min(number, len(self.connections) - 1)]
        with suppress(OSError):
            if self.context is not None:
                connection = _secured(connection, self.context)
            for answer in answers:
                if not self._hear(number, connection):
                    break
                if callable(answer):
                    answer(connection)
                else:
                    connection.sendall(answer)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    def _hear(self, number: int, connection: socket.socket) -> bool:
        received = b""
        while b"\r\n\r\n" not in received:
            more = connection.recv(65536)
            if not more:
                return False
            received += more
        head, _, body = received.partition(b"\r\n\r\n")
        found = Heard(number, head.decode("latin-1"), "")
        missing = int(found.header("content-length") or 0) - len(body)
        while missing > 0:
            more = connection.recv(missing)
            body += more
            missing -= len(more) or missing
        self.heard.append(Heard(number, found.head, body.decode("latin-1")))
        return True


def _secured(connection: socket.socket, context: ssl.SSLContext) -> socket.socket:
    """Begin TLS; where it fails, stay until the other side has read why (a reset would hide it)."""
    secured = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
    try:
        secured.do_handshake()
    except OSError:
        with suppress(OSError):
            secured.shutdown(socket.SHUT_WR)
            while secured.recv(65536):
                pass
        secured.close()
        raise
    return secured


@contextmanager
def answering(
    *connections: Sequence[Answer], context: ssl.SSLContext | None = None
) -> Iterator[WireServer]:
    """Serve until the block ends; every thread has ended then."""
    server = WireServer(connections, context)
    listener = socket.create_server(("127.0.0.1", 0))
    server.port = listener.getsockname()[1]
    threads: list[threading.Thread] = []
    taken: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            number, server.opened = server.opened, server.opened + 1
            taken.append(connection)
            threads.append(threading.Thread(target=server._serve, args=(number, connection)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        server.stopped.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for connection in taken:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def answer(
    body: bytes = b"{}", *headers: str, status: str = "200 OK", length: int | None = None
) -> bytes:
    """Give the bytes of a whole answer with its length."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """Give the bytes of a chunked answer."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    return head + b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces) + end
