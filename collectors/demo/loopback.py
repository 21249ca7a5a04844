"""A small threaded HTTP/1.1 server for WSGI applications that only this machine can reach."""

from __future__ import annotations

import contextlib
import io
import socket
import sys
import threading
from collections.abc import Iterator
from socketserver import TCPServer, ThreadingMixIn
from typing import IO, TYPE_CHECKING, Any, cast
from weakref import WeakSet
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_ADDRESS = "127.0.0.1"
_LONGEST_LINE = 65537


@contextlib.contextmanager
def listening(application: WSGIApplication) -> Iterator[str]:
    """Serve ``application`` on a free port of loopback; yield ``http://127.0.0.1:PORT``.

    The application must answer in one block, so that the length of the answer is known. When the
    ``with`` block ends, every connection is closed and every thread has ended.
    """
    with _Server(application) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="demo-company"
        )
        thread.start()
        try:
            yield f"http://{_ADDRESS}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()


class _ServerHandler(ServerHandler):
    """Answers in HTTP/1.1, where a connection stays open unless somebody closes it."""

    http_version = "1.1"
    status: str | None

    def set_content_length(self) -> None:
        """Give the length, except where RFC 9110 section 8.6 forbids it: 204 has no content."""
        if self.status is None or not self.status.startswith("204"):
            super().set_content_length()


class _RequestHandler(WSGIRequestHandler):
    """Answers the requests of one connection, one after the other, and logs nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered: head and body leave in one packet
    server: _Server

    def handle(self) -> None:
        """Answer requests until the client or the server hangs up."""
        self.close_connection = False
        while not self.close_connection:
            self.raw_requestline = self.rfile.readline(_LONGEST_LINE)
            if not self.raw_requestline or not self.parse_request():
                return
            self._answer()

    def _answer(self) -> None:
        # The body is taken whole, so that what an application leaves unread is not taken for the
        # next request.
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        handler = _ServerHandler(
            io.BytesIO(body), cast("IO[bytes]", self.wfile), sys.stderr, self.get_environ()
        )
        # wsgiref looks for it there, to log.
        handler.request_handler = self  # type: ignore[attr-defined]  # absent from the stubs
        handler.run(self.server.served)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it overrides
        """Say nothing: the terminal belongs to the audit."""


class _Server(ThreadingMixIn, WSGIServer):
    """One thread per connection; remembers open connections to be able to hang up."""

    request_queue_size = 128

    def __init__(self, application: WSGIApplication) -> None:
        self.served = application
        self._connections: WeakSet[socket.socket] = WeakSet()
        super().__init__((_ADDRESS, 0), _RequestHandler)

    def server_bind(self) -> None:
        """Bind without the reverse look-up of the host name, which may ask the network."""
        TCPServer.server_bind(self)
        self.server_name = _ADDRESS
        self.server_port = self.socket.getsockname()[1]
        self.setup_environ()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection and remember it."""
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Let a client go that hung up; report anything else as usual."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End every connection, so that its thread ends; clients may keep theirs open idle."""
        for connection in self._connections:
            with contextlib.suppress(OSError):  # ended already
                connection.shutdown(socket.SHUT_RDWR)
