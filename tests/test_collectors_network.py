"""Promises of collectors.network, collectors.connection and collectors.framing, on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import socket
import struct
import traceback
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import h11
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import network
from collectors.connection import MAX_HEADERS, MAX_INTERIM, Connection
from collectors.failure import TransferError
from collectors.framing import MAX_RATIO, GzipBody, PlainBody, check_lengths
from collectors.http import Target, Wire
from collectors.network import NetworkTransport, Route, is_public, public_addresses
from collectors.secret import NO_CREDENTIALS, Credentials, Secret, resolve_auth
from scanner.config import Auth, Header
from scanner.errors import SourceError
from tests.conftest import CANARY
from tests.fakes.recorder import MemoryRecorder, StillTime
from tests.fakes.wire_server import Answer, WireServer, answer, answering, chunked

BODY = b'{"Resources": []}'


def read(
    server: WireServer, times: int = 1, credentials: Credentials = NO_CREDENTIALS, **target: object
) -> tuple[list[bytes], Wire, MemoryRecorder]:
    """Ask a server for pages through the whole client and give their bodies."""
    recorder = MemoryRecorder()
    settings: dict[str, object] = {"timeout_seconds": 5.0, **target}
    wire = Wire(
        Target("app", f"{server.origin}/scim/v2", credentials, **settings),  # type: ignore[arg-type]  # a test's free keywords
        recorder,
        StillTime().timing,
    )

    async def pages() -> list[bytes]:
        try:
            return [
                (await wire.get("/Users", {"startIndex": str(n)}, "users")).exchange.body
                for n in range(times)
            ]
        finally:
            await wire.aclose()

    return asyncio.run(pages()), wire, recorder


def refusal(*connections: Sequence[Answer], **more: object) -> SourceError:
    """Read from a server that must be refused; give the error."""
    with answering(*connections) as server, pytest.raises(SourceError) as caught:
        read(server, **more)  # type: ignore[arg-type]  # a test's free keywords
    return caught.value


WHOLE = {
    "length": answer(BODY),
    "chunked": chunked(BODY[:5], BODY[5:]),
    "one_byte_chunks": chunked(*(BODY[n : n + 1] for n in range(len(BODY)))),
    "trailers": chunked(BODY, end=b"0\r\nX-Sum: 1\r\n\r\n"),
    "interim": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * MAX_INTERIM + answer(BODY),
    "gzip": answer(gzip.compress(BODY), "Content-Encoding: gzip"),
    "gzip_chunked": chunked(gzip.compress(BODY)).replace(
        b"\r\n\r\n", b"\r\ncontent-encoding: X-GZIP\r\n\r\n", 1
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_is_taken_however_it_is_cut(name: str) -> None:
    """Content-Length, chunks, trailers, interim answers and one gzip all give the same bytes."""

    def slowly(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(WHOLE[name])):
            connection.sendall(WHOLE[name][at : at + 1])

    with answering([WHOLE[name], slowly, WHOLE[name]]) as server:
        bodies, wire, _ = read(server, times=3)
    assert bodies == [BODY] * 3
    assert (server.opened, wire.requests, wire.retries) == (1, 3, 0)
    assert bool(wire.deviations()) == name.startswith("gzip")


BROKEN: dict[str, tuple[bytes, str]] = {
    "short": (answer(BODY, length=len(BODY) + 1), "read.interrupted"),
    "no_last_chunk": (chunked(BODY, end=b""), "read.interrupted"),
    "last_chunk_half": (chunked(BODY, end=b"0\r\n"), "read.interrupted"),
    "bad_chunk": (chunked(BODY, end=b"zz\r\n"), "read.protocol"),
    "close_delimited": (b"HTTP/1.1 200 OK\r\n\r\n{}", "read.framing"),
    "two_lengths": (answer(BODY, "Content-Length: 3"), "read.framing"),
    "equal_lengths": (answer(BODY, f"Content-Length: {len(BODY)}"), "read.framing"),
    "list_of_lengths": (answer(BODY).replace(b"17", b"17, 17"), "read.framing"),
    "length_and_chunks": (
        chunked(BODY).replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n", 1), "read.framing",
    ),
    "negative_length": (answer(BODY, length=-1), "read.framing"),
    "surplus": (answer(BODY) + b"x", "read.framing"),
    "surplus_chunked": (chunked(BODY) + b"\r\n", "read.framing"),
    "surplus_answer": (answer(BODY) + answer(b"[1]"), "read.framing"),
    "interim": (b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_INTERIM + 1) + answer(BODY),
                "read.protocol"),
    "switches": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "read.protocol"),
    "many_headers": (answer(BODY, *["X-A: b"] * MAX_HEADERS), "read.too_large"),
    "large_header": (answer(BODY, "X-A: " + "b" * 70_000), "read.too_large"),
    "no_http": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "read.protocol"),
    "http2": (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\r\n\r\n", "read.protocol"),
    "nothing": (b"", "read.interrupted"),
    "partial": (answer(BODY, "Content-Range: bytes 0-16/99", status="206 Partial Content"),
                "http.status"),
    "transformed": (answer(BODY, status="203 Non-Authoritative Information"), "http.status"),
    "delta": (answer(BODY, status="226 IM Used"), "http.status"),
    "unheard": (answer(BODY, status="299 Whatever"), "http.status"),
    "not_modified": (b"HTTP/1.1 304 Not Modified\r\n\r\n", "http.status"),
    "brotli": (answer(BODY, "Content-Encoding: br"), "read.encoding"),
    "stacked": (answer(gzip.compress(BODY), "Content-Encoding: gzip, gzip"), "read.encoding"),
    "twice": (answer(gzip.compress(BODY), "Content-Encoding: gzip", "Content-Encoding: gzip"),
              "read.encoding"),
    "gzip_cut": (answer(gzip.compress(BODY)[:-8], "Content-Encoding: gzip"), "read.encoding"),
    "gzip_sum": (answer(gzip.compress(BODY)[:-8] + bytes(8), "Content-Encoding: gzip"),
                 "read.encoding"),
    "gzip_two": (answer(gzip.compress(BODY) * 2, "Content-Encoding: gzip"), "read.encoding"),
    "gzip_more": (answer(gzip.compress(BODY) + b"\0", "Content-Encoding: gzip"), "read.encoding"),
    "gzip_plain": (answer(BODY, "Content-Encoding: gzip"), "read.encoding"),
    "gzip_empty": (answer(b"", "Content-Encoding: gzip"), "read.encoding"),
    "old_age": (answer(BODY, "Age: 1"), "read.cached"),
    "old_warning": (answer(BODY, 'Warning: 110 - "stale"'), "read.cached"),
    "old_date": (answer(BODY, "Date: Sun, 01 Nov 2026 08:49:59 GMT"), "read.cached"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_provably_whole_is_refused(name: str) -> None:
    """Cut, ambiguous, excessive, compressed otherwise or old: each is refused with its reason."""
    content, code = BROKEN[name]
    error = refusal([content])
    assert error.code == code
    assert error.hint
    assert "localhost" in error.message or "/scim/v2/Users" in error.message


class _Writer:
    """Takes whatever is sent."""

    def write(self, data: bytes) -> None:
        """Take bytes."""

    async def drain(self) -> None:
        """Have room for more."""


def outcome(sent: bytes) -> bytes | str:
    """What a connection makes of all the bytes a server ever sends: a body, or a reason code."""

    async def ask() -> bytes:
        reader = asyncio.StreamReader()
        reader.feed_data(sent)
        reader.feed_eof()
        connection = Connection(reader, _Writer())  # type: ignore[arg-type]  # as much as is used
        message = h11.Request(method="GET", target="/", headers=[("Host", "a")])
        head = await connection.ask(message)
        headers = httpx.Headers(head.headers.raw_items())
        body = (GzipBody if "content-encoding" in headers else PlainBody)(1 << 20)
        async for piece in connection.body():
            body.feed(piece)
        return body.finish()

    try:
        return asyncio.run(ask())
    except TransferError as error:
        return error.code


@pytest.mark.parametrize("name", ["length", "chunked", "trailers", "interim", "gzip"])
def test_no_part_of_an_answer_passes_for_the_whole(name: str) -> None:
    """Cut at any byte an answer is refused; it is taken only when its last byte is there."""
    whole = WHOLE[name]
    assert outcome(whole) == BODY
    assert {outcome(whole[:end]) for end in range(len(whole))} == {"read.interrupted"}


@given(st.sampled_from(["length", "chunked", "gzip"]), st.binary(min_size=1, max_size=20))
def test_nothing_may_follow_an_answer(name: str, more: bytes) -> None:
    """Whatever bytes follow the end of an answer, it is refused."""
    assert outcome(WHOLE[name] + more) == "read.framing.surplus"


def test_after_surplus_the_connection_is_not_used_again() -> None:
    """Bytes that nobody asked for are never taken for the answer to the next request."""

    async def ask(server: WireServer) -> list[object]:
        transport = NetworkTransport()
        outcome: list[object] = []
        for _ in range(2):
            request = httpx.Request("GET", f"{server.origin}/x")
            response = await transport.handle_async_request(request)
            try:
                outcome.append(b"".join([piece async for piece in response.aiter_raw()]))
            except TransferError as error:
                outcome.append(error.code)
            await response.aclose()
        await transport.aclose()
        return outcome

    with answering([answer(BODY) + answer(b"[1]")], [answer(b"[2]")]) as server:
        assert asyncio.run(ask(server)) == ["read.framing.surplus", b"[2]"]
    assert [one.connection for one in server.heard] == [0, 1]


def test_a_kept_connection_that_was_closed_is_replaced_in_silence() -> None:
    """A server that closes between pages costs a new connection, not a retry."""
    with answering([answer(BODY)]) as server:
        bodies, wire, _ = read(server, times=3)
    assert bodies == [BODY] * 3
    assert (server.opened, wire.requests, wire.retries) == (3, 3, 0)


def test_a_kept_connection_known_to_be_closed_is_not_written_to() -> None:
    """Once a server's farewell has come, the next request goes to a new connection at once."""

    async def ask(server: WireServer) -> None:
        transport = NetworkTransport()
        for _ in range(2):
            request = httpx.Request("POST", f"{server.origin}/x")
            response = await transport.handle_async_request(request)
            assert b"".join([piece async for piece in response.aiter_raw()]) == BODY
            await response.aclose()
            while await transport._idle[0][1].is_quiet():
                pass
        await transport.aclose()

    with answering([answer(BODY)]) as server:
        asyncio.run(ask(server))
        assert (len(server.heard), server.opened) == (2, 2)


def reset(connection: socket.socket) -> None:
    """Close with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("ending", [reset, lambda one: one.close()], ids=["reset", "fin"])
def test_a_kept_connection_that_closes_on_the_request_is_replaced(
    ending: Callable[[socket.socket], None],
) -> None:
    """A GET on a reused connection that ends before a byte came is sent once more on a new one."""
    with answering([answer(BODY), ending], [answer(BODY)]) as server:
        bodies, wire, _ = read(server, times=2)
    assert bodies == [BODY] * 2
    assert (server.opened, wire.requests, wire.retries) == (2, 2, 0)


def test_requests_at_the_same_time_have_connections_of_their_own() -> None:
    """Several requests at once never share a connection, and keep theirs for the next round."""

    async def ask(server: WireServer) -> None:
        transport = NetworkTransport()

        async def one() -> None:
            request = httpx.Request("GET", f"{server.origin}/x")
            response = await transport.handle_async_request(request)
            assert b"".join([piece async for piece in response.aiter_raw()]) == BODY
            await response.aclose()

        for _ in range(3):
            await asyncio.gather(*(one() for _ in range(4)))
        await transport.aclose()

    with answering([answer(BODY)] * 9) as server:
        asyncio.run(ask(server))
        assert (len(server.heard), server.opened) == (12, 4)


def test_a_kept_connection_serves_its_own_origin_only() -> None:
    """A request to another origin never goes out on a connection kept for the first."""

    async def ask(origins: Sequence[str]) -> None:
        transport = NetworkTransport()
        for origin in origins:
            response = await transport.handle_async_request(httpx.Request("GET", f"{origin}/x"))
            assert b"".join([piece async for piece in response.aiter_raw()]) == BODY
            await response.aclose()
        await transport.aclose()

    with answering([answer(BODY)] * 9) as one, answering([answer(BODY)] * 9) as other:
        asyncio.run(ask([one.origin, other.origin, one.origin, other.origin]))
        assert [(len(each.heard), each.opened) for each in (one, other)] == [(2, 1), (2, 1)]


class _Reset:
    """Both sides of a connection that was reset."""

    transport = None

    def write(self, data: bytes) -> None:
        """Take bytes that nobody will get."""

    async def drain(self) -> None:
        """Say that the connection is gone."""
        raise ConnectionResetError

    async def read(self, _: int) -> bytes:
        """Say that the connection is gone."""
        raise ConnectionResetError


def test_a_reset_is_an_interruption_whenever_it_is_noticed() -> None:
    """While sending it ends the request, and a connection that waits for one is of no more use."""

    async def ask() -> tuple[str, bool]:
        connection = Connection(_Reset(), _Reset())  # type: ignore[arg-type]  # as much as is used
        with pytest.raises(TransferError) as caught:
            await connection.ask(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
        return caught.value.code, await connection.is_quiet()

    assert asyncio.run(ask()) == ("read.interrupted", False)


def test_only_a_get_is_sent_twice() -> None:
    """A request that may change something is not repeated when a kept connection breaks."""

    async def ask(server: WireServer) -> str:
        transport = NetworkTransport()
        for method in ("GET", "POST"):
            request = httpx.Request(method, f"{server.origin}/x", content=b"")
            response = await transport.handle_async_request(request)
            await response.aread()
            await response.aclose()
        raise AssertionError

    with answering([answer(BODY), lambda one: one.close()], [answer(BODY)]) as server:
        with pytest.raises(TransferError) as caught:
            asyncio.run(ask(server))
        assert caught.value.code == "read.interrupted"
    assert [one.head[:4] for one in server.heard] == ["GET ", "POST"]


def test_a_request_has_one_deadline_however_slowly_bytes_come() -> None:
    """A byte now and then does not keep a request alive past timeout_seconds."""
    with (
        answering([lambda one: drip(one, server)]) as server,
        pytest.raises(SourceError) as caught,
    ):
        read(server, timeout_seconds=0.3)
    assert caught.value.code == "read.timeout"


def drip(connection: socket.socket, server: WireServer) -> None:
    """Send one byte of a body every 20 milliseconds until the test is over."""
    connection.sendall(answer(b"", length=100_000))
    while not server.stopped.wait(0.02):
        connection.sendall(b" ")


@pytest.mark.parametrize(
    "content",
    [
        answer(b"x" * 50),
        chunked(b"x" * 50),
        answer(gzip.compress(b"x" * 50), "Content-Encoding: gzip"),
    ],
)
def test_a_body_has_a_limit_also_when_it_is_compressed(content: bytes) -> None:
    """The limit counts the bytes of the content, compressed or not."""
    error = refusal([content], max_body_bytes=49)
    assert error.code == "read.too_large"
    with answering([content]) as server:
        assert read(server, max_body_bytes=50)[0] == [b"x" * 50]


def test_an_unreadable_refusal_is_still_a_refusal() -> None:
    """The status of an error answer counts even where its body cannot be decoded."""
    content = answer(b"no gzip", "Content-Encoding: gzip", status="401 Unauthorized")
    assert refusal([content]).code == "auth.rejected"


def test_a_bomb_is_stopped_early() -> None:
    """A body that inflates beyond all proportion is refused long before the size limit."""
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    body = GzipBody(1 << 40)
    with pytest.raises(TransferError) as caught:
        body.feed(bomb)
    assert caught.value.code == "read.too_large"
    assert len(body.content) < len(bomb) * MAX_RATIO + 1024 * 1024


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=5), st.data())
def test_gzip_is_undone_wherever_it_is_cut_into_pieces(
    content: bytes, cuts: list[int], data: st.DataObject
) -> None:
    """Any pieces of one gzip give the content; any proper prefix of it is refused."""
    packed = gzip.compress(content)
    body = GzipBody(1000)
    edges = [0, *sorted(cut % (len(packed) + 1) for cut in cuts), len(packed)]
    for start, end in itertools.pairwise(edges):
        body.feed(packed[start:end])
    assert body.finish() == content
    assert undone(packed[: data.draw(st.integers(0, len(packed) - 1))]) is None


@given(st.binary(max_size=200))
def test_gzip_of_anything_else_is_refused(content: bytes) -> None:
    """Bytes that are no gzip, or deflate under another name, are refused, never passed on."""
    for packed in (content, zlib.compress(content)):
        assert undone(packed) is None


def undone(packed: bytes) -> bytes | None:
    """Give the content of a gzip body, or None where it is refused."""
    body = GzipBody(1000)
    try:
        body.feed(packed)
        return body.finish()
    except TransferError:
        return None


def test_plain_bodies_add_up() -> None:
    """Pieces are joined in order, up to the limit and no byte more."""
    body = PlainBody(4)
    for piece in (b"ab", b"", b"cd"):
        body.feed(piece)
    assert body.finish() == b"abcd"
    with pytest.raises(TransferError):
        body.feed(b"e")


def test_lengths_are_looked_for_in_headers_only() -> None:
    """Names that only resemble Content-Length do not count."""
    check_lengths(b"HTTP/1.1 200 OK\r\nX-Content-Length: 1\r\nContent-Length : 2\r\n\r\n")


ADDRESSES = [
    ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.0.1", False),
    ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
    ("192.0.2.7", False), ("255.255.255.255", False), ("::1", False), ("fd00::1", False),
    ("fe80::1%lo", False), ("::ffff:127.0.0.1", False), ("::ffff:10.0.0.1", False), ("::", False),
    ("2002:0a00:0001::1", False), ("ff02::1", False), ("8.8.8.8", True),
    ("2606:4700:4700::1111", True), ("::ffff:8.8.8.8", True), ("2002:0808:0808::1", True),
]  # fmt: skip


@pytest.mark.parametrize(("address", "public"), ADDRESSES)
def test_public_addresses_are_told_from_others(address: str, *, public: bool) -> None:
    """Private, loopback, link-local, shared, mapped and reserved addresses are not public."""
    assert is_public(address) is public


def resolved(
    monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]
) -> Callable[..., tuple[str, ...] | str]:
    """Resolve names as told; gives a function that says what may be connected to, or the code."""

    async def lookup(_: object, host: str, port: int, **__: object) -> list[object]:
        if host not in names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(None, None, None, "", (one, port)) for one in names[host]]

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", lookup)

    def ask(host: str, *, internal: bool = False) -> tuple[str, ...] | str:
        try:
            return asyncio.run(public_addresses(host, 443, internal=internal))
        except TransferError as error:
            return error.code

    return ask


def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One address that is not public refuses the name, unless the source says internal."""
    names = {
        "out": ["8.8.8.8", "8.8.4.4", "8.8.8.8"],
        "in": ["10.0.0.1"],
        "both": ["8.8.8.8", "127.0.0.1"],
        "localhost": ["127.0.0.1", "::1"],
        "10.0.0.1": ["10.0.0.1"],
        "many": [f"8.8.8.{n}" for n in range(9)],
    }
    ask = resolved(monkeypatch, names)
    assert ask("out") == ("8.8.8.8", "8.8.4.4")
    assert ask("in") == ask("both") == ask("10.0.0.1") == "read.address"
    assert ask("in", internal=True) == ("10.0.0.1",)
    assert ask("localhost") == ("127.0.0.1", "::1")
    assert ask("nowhere") == "read.dns"
    assert ask("many") == ("8.8.8.0", "8.8.8.1", "8.8.8.2", "8.8.8.3")


def test_a_local_name_may_not_lead_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain HTTP is allowed to this machine, so its name may resolve to nothing else."""
    ask = resolved(monkeypatch, {"localhost": ["8.8.8.8"]})
    assert ask("localhost") == ask("localhost", internal=True) == "read.address"


def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first address of a name does not answer, the next one is connected to."""
    with answering([answer(BODY)]) as server:
        resolved(monkeypatch, {"localhost": ["127.0.0.2", "127.0.0.1"]})
        assert read(server)[0] == [BODY]


def test_connecting_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that swallows the request to connect, or a name server that hangs, ends it."""

    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    async def ask(connect_seconds: float) -> str:
        transport = NetworkTransport(connect_seconds=connect_seconds)
        with pytest.raises(TransferError) as caught:
            await transport.handle_async_request(httpx.Request("GET", "http://localhost:9/"))
        return caught.value.code

    resolved(monkeypatch, {"localhost": ["127.0.0.1", "127.0.0.2"]})
    monkeypatch.setattr(asyncio, "open_connection", never)
    assert asyncio.run(ask(0.02)) == "read.timeout"
    monkeypatch.setattr(network, "public_addresses", never)
    assert asyncio.run(ask(0.02)) == "read.timeout"


def test_a_refused_connection_is_named_so() -> None:
    """Nobody listening is read.connect, after the promised number of attempts."""
    with answering([answer(BODY)]) as server:
        pass
    with pytest.raises(SourceError) as caught:
        read(server)
    assert caught.value.code == "read.connect"


def test_a_header_that_cannot_be_sent_leaks_nothing() -> None:
    """A secret with a line break ends as read.client, with no trace of it in any text."""
    secret = f"{CANARY}\r\nX-Evil: 1"
    with answering([answer(BODY)]) as server, pytest.raises(SourceError) as caught:
        read(server, credentials=Credentials("Authorization", Secret(secret), ()))
    assert caught.value.code == "read.client"
    assert server.heard == []
    assert CANARY not in "".join(traceback.format_exception(caught.value))


STATUSES = (301, 302, 303, 307, 308)
TARGETS = ("same", "port", "host", "relative")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", ["bearer", "header"])
def test_no_redirect_is_followed(
    status: int, target: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a redirect leads, nobody is asked there and no credential leaves the origin."""
    monkeypatch.setenv("A_TOKEN", f"{CANARY}-redirected")
    auth = Auth(bearer="env:A_TOKEN")
    if kind == "header":
        auth = Auth(header=Header(name="X-Api-Key", value="env:A_TOKEN"))
    credentials = resolve_auth(auth, Path())
    with answering([answer(BODY)]) as other:
        places = {
            "same": "/scim/v2/Elsewhere",
            "port": f"{other.origin}/scim/v2/Users",
            "host": f"http://127.0.0.1:{other.port}/scim/v2/Users",
            "relative": f"//localhost:{other.port}/scim/v2/Users",
        }
        redirect = answer(b"", f"Location: {places[target]}", status=f"{status} Moved")
        with answering([redirect] * 3) as server, pytest.raises(SourceError) as caught:
            read(server, credentials=credentials)
    assert caught.value.code == "read.redirect"
    assert (len(server.heard), other.opened, other.heard) == (1, 0, [])
    assert CANARY not in f"{caught.value.message} {caught.value.hint}"


def test_sources_on_one_host_share_a_gate() -> None:
    """However many sources stand on one origin, only eight requests are under way at once."""
    under_way = [0, 0]

    class Nothing(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in list[bytes]():
                yield piece

    class Counting(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            under_way[0] += 1
            under_way[1] = max(under_way)
            for _round in range(5):
                await asyncio.sleep(0)
            under_way[0] -= 1
            return httpx.Response(200, headers={"Content-Length": "0"}, stream=Nothing())

    async def one(origin: str) -> None:
        target = Target("app", f"{origin}/scim", NO_CREDENTIALS)
        wire = Wire(target, MemoryRecorder(), StillTime().timing, Counting())
        await wire.get("/Users", {}, "users")

    def most(origins: Sequence[str]) -> int:
        async def all_of_them() -> None:
            await asyncio.gather(*map(one, origins))

        under_way[:] = [0, 0]
        asyncio.run(all_of_them())
        return under_way[1]

    assert most(["https://a.example"] * 20) == 8
    assert most([f"https://{letter}.example" for letter in "abcdefghijkl"]) == 12


def test_routes_are_plain_by_default() -> None:
    """Without settings there is no proxy, no leave for private addresses, and public trust."""
    assert Route() == Route(context=None, internal=False, proxy=None)
