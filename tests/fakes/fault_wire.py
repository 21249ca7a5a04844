"""Faults of connections, TLS, framing, encodings and of the meaning of HTTP."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import subprocess
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from tests.fakes.fault_server import Act, Script, Turn, error_body, honest, message

ENDINGS = {"fin": Act.FIN, "reset": Act.RESET, "hang": Act.HANG}


def cut(turn: Turn, *, after: str, how: str, framing: str = "length") -> Script:
    """End a page early: before its ``status``, in its ``head``, before or in its ``body``."""
    whole = message(turn.page(), framing=framing)
    head = whole.index(b"\r\n\r\n") + 4
    kept = {"status": 0, "head": head // 2, "nothing": head, "body": (head + len(whole)) // 2}
    return [whole[: kept[after]], ENDINGS[how]]


def close_delimited(turn: Turn, *, kept: int | None = None) -> Script:
    """End a page by closing; with ``kept``, after so many records and at a valid point."""
    page = turn.page()
    if kept is not None:
        page["Resources"] = page["Resources"][:kept]
        page["itemsPerPage"] = len(page["Resources"])
    return [message(page, framing="close"), Act.FIN]


def drip(turn: Turn, *, after: str) -> Script:
    """Send the ``head`` of an answer, or its body, one byte at a time, for ever."""
    if after == "head":
        yield b"HTTP/1.1 200 Said\r\nX-Slow: "
    else:
        yield message(b"", headers=[("Content-Length", "99999")], framing="none")
    while True:
        yield b" "
        yield Act.PAUSE


def bytewise(turn: Turn) -> Script:
    """Send the honest answer in segments of one byte."""
    for step in honest(turn):
        if isinstance(step, bytes):
            yield from (step[at : at + 1] for at in range(len(step)))


def endless(turn: Turn, *, what: str) -> Script:
    """Send headers, one header, interim answers or a body without end."""
    if what == "header":
        yield b"HTTP/1.1 200 OK\r\nX-Long: "
        for _ in range(10):
            yield b"x" * 1_000_000
        yield Act.FIN
    elif what == "headers":
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            yield b"X-More: again and again\r\n" * 100
    elif what in ("100", "103"):
        while True:
            yield f"HTTP/1.1 {what} Wait\r\n\r\n".encode() * 10
    elif what == "body":
        yield message(b"", framing="none", headers=[("Transfer-Encoding", "chunked")])
        while True:
            yield b"10000\r\n" + b" " * 0x10000 + b"\r\n"


def goodbye(turn: Turn) -> Script:
    """Answer honestly and close the connection without having said so."""
    yield from honest(turn)
    yield Act.FIN


def misplaced(turn: Turn, *, how: str) -> Script:
    """Answer with a page meant for another request, as a mixed-up connection does.

    ``late`` gives every request the answer of the one before, ``swapped`` exchanges pages 2 and 3.
    """
    shifts = {2: turn.count, 3: -turn.count} if how == "swapped" else {}
    shift = shifts.get(turn.rank, 0) if how == "swapped" else -turn.count * (turn.rank > 1)
    start = turn.start + shift
    return [message(replace(turn, start=start).page())]


def answer(
    turn: Turn,
    *,
    status: int = 200,
    headers: Sequence[Sequence[str]] = (),
    body: str | None = None,
    media: str = "application/scim+json",
    framing: str = "length",
    error: str | None = None,
) -> Script:
    """Answer a page with another status, other headers, another body; the rest stays honest.

    In all of them ``{here}``, ``{path}`` and ``{evil}`` are this server's origin, the path asked
    for and a server that must never hear of us; ``{authorization}`` gives our own secret back.
    """
    content = json.dumps(turn.page()).encode() if body is None else fill(turn, body).encode()
    if error is not None:
        content = json.dumps(error_body(status, fill(turn, error))).encode()
    filled = [(name, fill(turn, value)) for name, value in headers]
    if status in (204, 304):
        content, framing = b"", "none"
    return [message(content, status, filled, media=media, framing=framing)]


def fill(turn: Turn, text: str) -> str:
    """Put the addresses of this test into a template."""
    here = turn.server.url.removesuffix("/scim/v2")
    evil = f"127.0.0.1:{turn.server.evil_port}"
    return (
        text.replace("{here}", here)
        .replace("{path}", turn.asked.target)
        .replace("{evil}", evil)
        .replace("{authority}", here.partition("//")[2])
        .replace("{authorization}", turn.asked.header("authorization"))
    )


def linked(turn: Turn, *, target: str, where: str = "header") -> Script:
    """Page by links only: give the first page for ever, and say that the rest is at ``target``."""
    page, address = replace(turn, start=1).page(), fill(turn, target)
    if where == "body":
        return [message({**page, "next": address})]
    return [message(page, headers=[("Link", f'<{address}>; rel="next"')])]


def packed(turn: Turn, *, how: str) -> Script:
    """Compress a page although that was not asked for, and do it wrong in one of many ways."""
    plain = json.dumps(turn.page()).encode()
    whole = gzip.compress(plain, mtime=0)
    forms = {
        "whole": whole,
        "cut": whole[:-8],
        "crc": whole[:-8] + b"\0\0\0\0" + whole[-4:],
        "two_members": gzip.compress(plain[:200], mtime=0) + gzip.compress(plain[200:], mtime=0),
        "trailing": whole + b"more",
        "plain": plain,
        "bomb": _bomb() if how == "bomb" else b"",
    }
    return [message(forms[how], headers=[("Content-Encoding", "gzip")])]


def _bomb() -> bytes:
    """Fifty kilobytes that unpack to fifty million blanks."""
    deflate = zlib.compressobj(9, wbits=31)
    return b"".join([*(deflate.compress(b" " * 1_000_000) for _ in range(50)), deflate.flush()])


def stacked(turn: Turn, *, encodings: str) -> Script:
    """Say that a page is encoded in some other way, or in many ways at once."""
    return [message(turn.page(), headers=[("Content-Encoding", encodings)])]


def two_lengths(turn: Turn, *, other: str) -> Script:
    """Give the length of a page twice, or beside the chunked framing."""
    whole = message(turn.page(), framing="chunked" if other == "chunked" else "length")
    claim = len(whole) if other == "chunked" else len(json.dumps(turn.page())) // 2
    return [whole.replace(b"\r\n", f"\r\nContent-Length: {claim}\r\n".encode(), 1)]


def surplus(turn: Turn, *, forged: bool = False) -> Script:
    """Send more than was announced: garbage, or an answer to the next question, about groups."""
    groups = replace(turn, kind="Groups", rank=1, start=1)
    extra = message(groups.page()) if forged else b'{"more": true}'
    return [message(turn.page()) + extra]


class Authority:
    """A certificate authority that lives as long as its folder; needs the program ``openssl``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "ca.pem"
        self._config()
        self._run("req", "-x509", *_KEY, "-keyout", "ca.key", "-out", "ca.pem",
                  "-subj", "/CN=throw-away authority", "-days", "2",
                  "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip

    def _config(self) -> None:
        (self.folder / "index.txt").touch()
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=here\n[here]\ndatabase=index.txt\nnew_certs_dir=.\n"
            "default_md=sha256\npolicy=any\nrand_serial=yes\nunique_subject=no\n"
            "copy_extensions=copy\n[any]\ncommonName=supplied\n"
        )

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments],  # noqa: S607 - wherever the system keeps it
            cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip

    def issue(self, name: str, host: str, *, expired: bool = False, own: bool = False) -> None:
        """Make ``name.pem`` with its key for one host; ``own`` signs it with its own key."""
        request = ("-keyout", f"{name}.key", "-subj", f"/CN={host}",
                   "-addext", f"subjectAltName=DNS:{host}")  # fmt: skip
        if own:
            self._run("req", "-x509", *_KEY, *request, "-out", f"{name}.pem", "-days", "2")
            return
        self._run("req", "-new", *_KEY, *request, "-out", f"{name}.csr")
        ends = "20200201000000Z" if expired else "20491231000000Z"
        self._run("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
                  "-in", f"{name}.csr", "-out", f"{name}.pem", "-notext",
                  "-startdate", "20200101000000Z", "-enddate", ends)  # fmt: skip

    def serve(self, name: str, *, old: bool = False, offers: Sequence[str] = ()) -> ssl.SSLContext:
        """Give what a server needs to show ``name.pem``; ``old`` speaks nothing after TLS 1.1."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if old:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
        if offers:
            context.set_alpn_protocols(list(offers))
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context


_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@contextmanager
def resolving(names: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Resolve names as told, and let nothing connect beyond this machine.

    Gives the list of addresses to which a connection was attempted.
    """
    real_lookup, real_connect = socket.getaddrinfo, socket.socket.connect
    dialled: list[str] = []

    def lookup(host: object, port: int, *more: int, **kind: int) -> object:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name not in names:
            return real_lookup(name, port, *more, **kind)
        if not names[name]:
            raise socket.gaierror(socket.EAI_NONAME, "name or service not known")
        return [
            entry
            for address in names[name]
            for entry in real_lookup(address, port, type=socket.SOCK_STREAM)
        ]

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        dialled.append(address[0])
        if not address[0].startswith(("127.", "::1", "::ffff:127.", "0.0.0.0")):
            raise ConnectionRefusedError("nothing beyond this machine")
        real_connect(self, address)

    with (
        patch.object(socket, "getaddrinfo", lookup),
        patch.object(socket.socket, "connect", connect),
    ):
        yield dialled
