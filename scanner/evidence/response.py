"""One recorded exchange with a server, as a file of the run folder.

``responses/<source>/000001.response.gz`` holds, compressed with gzip, one line of canonical JSON
(``attempt, body_bytes, body_sha256, error, headers, method, purpose, received_at, sent_at, status,
url``), a newline, and then the body exactly as it was received. To look at one::

    gzip -dc 000001.response.gz | head -n 1     # the exchange
    gzip -dc 000001.response.gz | tail -n +2    # the body

The compressed form carries no file name and no time, so that the same exchange gives the same file.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from scanner.errors import IntegrityError
from scanner.evidence.canonical import canonical_json, instant_text, parse_canonical, parse_instant
from scanner.evidence.disk import printable, read_file

RESPONSE = ".response.gz"
MOST_BODY_BYTES = 1 << 30
_MOST_BYTES = MOST_BODY_BYTES + (1 << 20)
_FIELDS = 11
# RFC 1952: deflate, no flags, no time, no compression hint, unknown system.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_GZIP_TRAILER_BYTES = 8


class RecordedExchange(Protocol):
    """What is recorded of one request and its answer; instants are aware, none is a secret."""

    @property
    def purpose(self) -> str:
        """What the request was for, such as ``users``."""

    @property
    def method(self) -> str:
        """The request's method."""

    @property
    def url(self) -> str:
        """The request's full URL."""

    @property
    def status(self) -> int | None:
        """The answer's status code; None where no whole answer came."""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The kept response headers in the order received."""

    @property
    def body(self) -> bytes:
        """The body as received after removing the transfer framing."""

    @property
    def sent_at(self) -> datetime:
        """When the request was sent."""

    @property
    def received_at(self) -> datetime:
        """When the answer, or the failure, was complete."""

    @property
    def attempt(self) -> int:
        """Which try of the request this was; the first is 1."""

    @property
    def error(self) -> str | None:
        """Why no whole answer came; None where one did."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A recorded exchange read back; the same fields as :class:`RecordedExchange`, in UTC."""

    purpose: str
    method: str
    url: str
    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: bytes
    sent_at: datetime
    received_at: datetime
    attempt: int = 1
    error: str | None = None


def encode_response(exchange: RecordedExchange) -> bytes:
    """Give the bytes of the file for ``exchange``; equal exchanges give equal bytes.

    Raises ValueError where the body is larger than 1 GiB or an instant has no time zone.
    """
    if len(exchange.body) > MOST_BODY_BYTES:
        raise ValueError(f"a body of {len(exchange.body)} bytes is too large to be recorded")
    line = canonical_json(
        {
            "attempt": exchange.attempt,
            "body_bytes": len(exchange.body),
            "body_sha256": hashlib.sha256(exchange.body).hexdigest(),
            "error": exchange.error,
            "headers": exchange.headers,
            "method": exchange.method,
            "purpose": exchange.purpose,
            "received_at": instant_text(exchange.received_at),
            "sent_at": instant_text(exchange.sent_at),
            "status": exchange.status,
            "url": exchange.url,
        }
    )
    return _compress(line + exchange.body)


def decode_response(content: bytes) -> StoredResponse:
    """Read the bytes of a response file; raise ValueError unless they are whole and in form."""
    line, newline, body = _decompress(content).partition(b"\n")
    fields = parse_canonical(line + newline)
    if not isinstance(fields, dict) or len(fields) != _FIELDS:
        raise ValueError("does not begin with the description of an exchange")
    try:
        stored = _from_fields(fields, body)
        size, digest = fields["body_bytes"], fields["body_sha256"]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"does not describe an exchange: {error}") from None
    if size != len(body) or digest != hashlib.sha256(body).hexdigest():
        raise ValueError("the body does not have the recorded SHA-256")
    return stored


def _from_fields(fields: dict[str, Any], body: bytes) -> StoredResponse:
    return StoredResponse(
        purpose=fields["purpose"],
        method=fields["method"],
        url=fields["url"],
        status=fields["status"],
        headers=tuple((name, value) for name, value in fields["headers"]),
        body=body,
        sent_at=parse_instant(fields["sent_at"]),
        received_at=parse_instant(fields["received_at"]),
        attempt=fields["attempt"],
        error=fields["error"],
    )


def read_response(folder: Path, path: str) -> StoredResponse:
    """Read one recorded exchange of the run in ``folder`` by its path inside it.

    Raises IntegrityError, naming the file, where it is missing, damaged, or outside the folder.
    """
    try:
        return decode_response(read_file(folder, path, _MOST_BYTES))
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except ValueError as error:
        problem = str(error)
    raise IntegrityError(f"{printable(path)}: {problem}", f"see: ghostscan verify {folder}")


def _compress(content: bytes) -> bytes:
    deflate = zlib.compressobj(level=6, wbits=-zlib.MAX_WBITS)
    packed = deflate.compress(content) + deflate.flush()
    checksum = zlib.crc32(content).to_bytes(4, "little")
    return _GZIP_HEADER + packed + checksum + (len(content) % (1 << 32)).to_bytes(4, "little")


def _decompress(content: bytes) -> bytes:
    """Undo :func:`_compress`; refuses a second member, trailing bytes and what grows too large."""
    if not content.startswith(_GZIP_HEADER) or len(content) < _GZIP_TRAILER_BYTES:
        raise ValueError("is not a recorded response")
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = inflate.decompress(content, _MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"is damaged: {error}") from None
    if not inflate.eof or inflate.unused_data:
        raise ValueError("is damaged: it is cut short, or something follows its end")
    return plain
