"""Whether an answer is whole: its stated length, its end, and the one compression that is taken.

RFC 9112 section 6.3 lets a recipient guess in many cases. A guess would make a cut answer look
like a short list, so every one of them is refused here.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

from collectors.failure import TransferError

MAX_RATIO = 200
FREE_BYTES = 1024 * 1024
_STEP_BYTES = 256 * 1024

_LENGTH = re.compile(rb"(?im)^content-length[ \t]*:([^\r\n]*)")
_GZIP = frozenset({"gzip", "x-gzip"})


def check_lengths(head: bytes) -> None:
    """Refuse an answer whose head, as received, states a length twice or as anything but a number.

    Raises TransferError ``read.framing.lengths``.
    """
    stated = [bytes(value).strip() for value in _LENGTH.findall(head)]
    if len(stated) > 1 or not all(value.isdigit() for value in stated):
        raise TransferError("read.framing.lengths")


def framing_fault(headers: Mapping[str, str]) -> str | None:
    """Give the reason code of an answer whose end is not certain or whose coding is not taken.

    The end is certain with Content-Length or chunked, not with both; a body that ends where the
    connection does could have been cut anywhere. Taken are plain bodies and one gzip.
    """
    if coding(headers) not in ("", "identity", "gzip"):
        return "read.encoding"
    chunked = headers.get("transfer-encoding", "").strip().lower() == "chunked"
    if chunked == ("content-length" in headers):
        return "read.framing"
    return None


def coding(headers: Mapping[str, str]) -> str:
    """Give the content coding as one lower-case word, ``gzip`` for both of its names."""
    name = headers.get("content-encoding", "").strip().lower()
    return "gzip" if name in _GZIP else name


class PlainBody:
    """A body in pieces, up to ``max_bytes``; raises TransferError ``read.too_large``."""

    def __init__(self, max_bytes: int) -> None:
        self.content = bytearray()
        self._max_bytes = max_bytes

    def feed(self, piece: bytes) -> None:
        """Take the next piece as it was received."""
        self._keep(piece)

    def finish(self) -> bytes:
        """Give the whole content after the last piece."""
        return bytes(self.content)

    def _keep(self, piece: bytes) -> None:
        self.content += piece
        if len(self.content) > self._max_bytes:
            raise TransferError("read.too_large")


class GzipBody(PlainBody):
    """A gzip body (RFC 1952) in pieces: exactly one member, to its end, its checksum right.

    Raises TransferError ``read.encoding`` for anything else, and ``read.too_large`` where the
    content is above the limit or more than 200 times what was received (and above 1 MiB).
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self._inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        self._received = 0

    def feed(self, piece: bytes) -> None:
        """Take the next piece as it was received; inflates in small steps, so memory is bounded."""
        self._received += len(piece)
        while piece:
            if self._inflate.eof:
                raise TransferError("read.encoding")
            try:
                self._keep(self._inflate.decompress(piece, _STEP_BYTES))
            except zlib.error:
                raise TransferError("read.encoding") from None
            self._check_ratio()
            piece = self._inflate.unconsumed_tail or self._inflate.unused_data

    def finish(self) -> bytes:
        """Give the whole content after the last piece."""
        if not self._inflate.eof:
            raise TransferError("read.encoding")
        return super().finish()

    def _check_ratio(self) -> None:
        if len(self.content) > max(FREE_BYTES, self._received * MAX_RATIO):
            raise TransferError("read.too_large")
