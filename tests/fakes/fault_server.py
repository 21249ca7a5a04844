"""A SCIM 2.0 server of raw sockets that can be told, request by request, to break its promises.

No framework: only so can it send broken framing, half an answer, or an answer without an end. It
holds the true state, pages it by index (RFC 7644 section 3.4.2.4) or by cursor (RFC 9865), and
writes down every request and every byte it sent.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

BASE = "/scim/v2"
DATE = "Sun, 01 Nov 2026 09:00:00 GMT"
KEPT_BYTES = 100_000
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

Record = dict[str, Any]
Truth = dict[str, list[Record]]


class Act(StrEnum):
    """What a script may do beside sending bytes; the first three end the connection."""

    FIN = "close it"
    RESET = "close it with a reset"
    HANG = "say nothing more until the test is over"
    PAUSE = "wait a moment"


Script = Iterable[bytes | Act]


class Door(StrEnum):
    """How the server treats somebody who connects."""

    OPEN = "accepts"
    SHUT = "refuses"
    STALLED = "swallows the request to connect"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came; header names are in lower case."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    connection: int

    @property
    def path(self) -> str:
        """The path below the base URL."""
        return urlsplit(self.target).path.removeprefix(BASE)

    @property
    def query(self) -> dict[str, str]:
        """The parameters, blank ones too."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def header(self, name: str) -> str:
        """Every value of one header, joined as RFC 9110 section 5.3 says."""
        return ", ".join(value for key, value in self.headers if key == name)


@dataclass(slots=True)
class Entry:
    """One line of the ledger: the request, how many bytes went back, and the first of them."""

    asked: Asked
    sent: int = 0
    answer: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True, slots=True)
class Turn:
    """One request to be answered.

    ``rank`` counts the pages of one pass through a list from 1; it is 0 where one resource is
    asked for.
    """

    server: FaultServer
    asked: Asked
    kind: str
    rank: int
    start: int
    count: int

    @property
    def records(self) -> list[Record]:
        """The true list that is asked for."""
        return self.server.truth[self.kind]

    @property
    def alone(self) -> bool:
        """Whether one resource is asked for, not a list."""
        return self.rank == 0

    @property
    def past_end(self) -> bool:
        """Whether nothing is left from here on."""
        return self.start > len(self.records)

    def page(self, records: Sequence[Record] | None = None) -> Record:
        """Make the honest page, of other records than the true ones if some are given.

        The records are the true ones themselves: whoever changes them copies them first.
        """
        everything = self.records if records is None else records
        window = everything[self.start - 1 : self.start - 1 + self.count]
        page: Record = {
            "schemas": [LIST_RESPONSE],
            "totalResults": len(everything),
            "itemsPerPage": len(window),
            "Resources": list(window),
        }
        if "cursor" not in self.asked.query:
            page["startIndex"] = self.start
        elif self.start + len(window) <= len(everything):
            page["nextCursor"] = f"c{self.start + len(window)}"
        return page


Injector = Callable[[Turn], Script]


@dataclass
class Planted:
    """One fault and where it strikes; ``times`` 0 is always, ``hits`` counts how often it did."""

    inject: Injector
    on: str = "Users"
    at: str = "any"
    times: int = 0
    hits: int = 0

    def strikes(self, turn: Turn) -> bool:
        """Tell whether this request is one the fault waits for.

        ``everything`` means requests for one resource too, all else only those for a list.
        """
        due = not self.times or self.hits < self.times
        if not due or self.on not in (turn.kind, "anything"):
            return False
        if self.at in ("any", "everything"):
            return self.at == "everything" or not turn.alone
        if self.at == "past_end":
            return not turn.alone and turn.past_end
        return turn.rank in {"first": (1,), "second": (2,), "later": range(2, 10**6)}[self.at]


def message(
    body: bytes | Record | list[Any] | None,
    status: int = 200,
    headers: Sequence[Sequence[str]] = (),
    *,
    media: str = "application/scim+json",
    framing: str = "length",
) -> bytes:
    """Write a whole answer as bytes; ``framing`` is ``length``, ``chunked``, ``close`` or none."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Said"]
    lines += [] if any(name == "Date" for name, _ in headers) else [f"Date: {DATE}"]
    lines += [f"Content-Type: {media}"] if media else []
    lines += [f"{name}: {value}" for name, value in headers]
    if framing == "length":
        lines.append(f"Content-Length: {len(content)}")
    elif framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        half = len(content) // 2
        content = b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in (content[:half], content[half:]))
        content += b"0\r\n\r\n"
    elif framing == "close":
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + content


def error_body(status: int, detail: str, **more: str) -> Record:
    """Write what RFC 7644 section 3.12 says an error looks like."""
    return {"schemas": [ERROR], "status": str(status), "detail": detail, **more}


class FaultServer:
    """One server with its true state, its ledger and its faults; the first that strikes counts."""

    def __init__(self, truth: Truth, host: str = "127.0.0.1") -> None:
        self.truth = truth
        self.planted: list[Planted] = []
        self.tls: ssl.SSLContext | None = None
        self.page_limit = 1000
        self.evil_port = 0
        self.ledger: list[Entry] = []
        self.connections = 0
        self.stopped = threading.Event()
        self._starts: dict[str, list[int]] = {}
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._fillers: list[socket.socket] = []
        self._door = Door.SHUT
        # A socket that is bound but does not listen refuses, and the port is ours from the start.
        self._listener = socket.socket()
        self._listener.bind((host, 0))
        self._address = self._listener.getsockname()

    @property
    def port(self) -> int:
        """The port, the same for the whole life of the server."""
        number: int = self._address[1]
        return number

    @property
    def url(self) -> str:
        """The base URL."""
        scheme = "http" if self.tls is None else "https"
        host = "127.0.0.1" if self.tls is None else "localhost"
        return f"{scheme}://{host}:{self.port}{BASE}"

    @property
    def sent(self) -> int:
        """How many bytes went out."""
        return sum(entry.sent for entry in self.ledger)

    def unlock(self, door: Door = Door.OPEN) -> None:
        """Begin to accept, or to swallow, connections; a server is shut until then."""
        if self._door is not Door.SHUT:
            return
        self._door = door
        if door is Door.STALLED:
            self._stall()
        elif door is Door.OPEN:
            self._listener.listen(64)
            self._spawn(self._accept)

    def _stall(self) -> None:
        """Fill the queue of a listener that never accepts: whoever comes next hears nothing."""
        self._listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)  # noqa: FBT003 - the standard library's signature
            with suppress(BlockingIOError):
                filler.connect(self._address)
            self._fillers.append(filler)

    def stop(self) -> None:
        """Close every connection and wait for every thread."""
        self.stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in (*self._fillers, *tuple(self._open)):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self.stopped.is_set():
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                self._spawn(self._talk, connection, self.connections)

    def _talk(self, raw: socket.socket, number: int) -> None:
        """Answer requests on one connection until one side ends it."""
        self._open.add(raw)
        connection = raw
        with suppress(OSError, ssl.SSLError):
            if self.tls is not None:
                connection = self.tls.wrap_socket(raw, server_side=True)
                self._open.add(connection)
            pending = bytearray()
            while (asked := _next_request(connection, pending, number)) is not None:
                entry = Entry(asked)
                self.ledger.append(entry)
                if not self._perform(connection, entry):
                    break
        connection.close()
        raw.close()
        self._open -= {raw, connection}

    def _perform(self, connection: socket.socket, entry: Entry) -> bool:
        """Follow the script of one answer; tell whether the connection goes on."""
        for step in self._script(entry.asked):
            if self.stopped.is_set():
                return False
            if isinstance(step, bytes):
                connection.sendall(step)
                entry.sent += len(step)
                if len(entry.answer) < KEPT_BYTES:
                    entry.answer += step[:KEPT_BYTES]
            elif step is Act.RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            elif step is Act.FIN:
                return False
            else:
                self.stopped.wait(30 if step is Act.HANG else 0.02)
        return True

    def _script(self, asked: Asked) -> Script:
        turn = self._turn(asked)
        for planted in self.planted:
            if planted.strikes(turn):
                planted.hits += 1
                return planted.inject(turn)
        return honest(turn)

    def _turn(self, asked: Asked) -> Turn:
        kind, _, identifier = asked.path.strip("/").partition("/")
        known = kind if kind in self.truth else ""
        query = asked.query
        if identifier:
            return Turn(self, asked, known, 0, 1, 1)
        cursor = query.get("cursor")
        first = query.get("startIndex", "1") if cursor is None else cursor.removeprefix("c")
        start = max(int(first), 1) if first.isdigit() else 1
        starts = self._starts.setdefault(kind, [])
        if start == 1:
            starts.clear()
        if start not in starts:
            starts.append(start)
        count = min(int(query.get("count", "100")), self.page_limit)
        return Turn(self, asked, known, starts.index(start) + 1, start, count)


def _next_request(connection: socket.socket, pending: bytearray, number: int) -> Asked | None:
    """Read one request head; None at the end. An audit sends no body, so none is expected."""
    while b"\r\n\r\n" not in pending:
        received = connection.recv(65536)
        if not received:
            return None
        pending += received
    head, _, rest = bytes(pending).partition(b"\r\n\r\n")
    pending[:] = rest
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
    return Asked(method, target, headers, number)


def honest(turn: Turn) -> Script:
    """Answer as RFC 7644 says."""
    _, _, identifier = turn.asked.path.strip("/").partition("/")
    if not turn.kind:
        return [message(error_body(404, "no such endpoint"), 404)]
    if not identifier:
        cursor = turn.asked.query.get("cursor", "")
        if cursor and not cursor.removeprefix("c").isdigit():
            return [message(error_body(400, "no such cursor", scimType="invalidCursor"), 400)]
        return [message(turn.page())]
    for record in turn.records:
        if record["id"] == unquote(identifier):
            return [message(record)]
    return [message(error_body(404, "no such resource"), 404)]


@contextmanager
def running(*servers: FaultServer) -> Iterator[None]:
    """Stop the servers at the end, whatever happens."""
    try:
        yield
    finally:
        for server in servers:
            server.stop()
