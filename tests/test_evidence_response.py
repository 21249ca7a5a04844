"""Recorded exchanges as files."""

from __future__ import annotations

import gzip
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.errors import IntegrityError
from scanner.evidence import response
from scanner.evidence.canonical import canonical_json, parse_canonical
from scanner.evidence.response import (
    StoredResponse,
    decode_response,
    encode_response,
    read_response,
)
from tests.fakes.evidence import Heard

INSTANTS = st.datetimes(timezones=st.just(UTC))
TEXT = st.text(max_size=30)
EXCHANGES = st.builds(
    Heard,
    purpose=TEXT,
    method=TEXT,
    url=TEXT,
    status=st.none() | st.integers(100, 599),
    headers=st.lists(st.tuples(TEXT, TEXT), max_size=5).map(tuple),
    body=st.binary(max_size=2000),
    sent_at=INSTANTS,
    received_at=INSTANTS,
    attempt=st.integers(1, 9),
    error=st.none() | TEXT,
)


def fields_of(exchange: Heard | StoredResponse) -> tuple[object, ...]:
    return tuple(getattr(exchange, name) for name in Heard.__dataclass_fields__)


@given(EXCHANGES)
def test_an_exchange_reads_back_with_every_field_equal(exchange: Heard) -> None:
    """Any exchange, whatever is in its body, is read back exactly."""
    assert fields_of(decode_response(encode_response(exchange))) == fields_of(exchange)


@given(EXCHANGES)
def test_gunzip_shows_the_exchange_and_then_the_body(exchange: Heard) -> None:
    """A plain gzip reader finds one canonical line and then the body byte for byte."""
    line, _, body = gzip.decompress(encode_response(exchange)).partition(b"\n")
    assert body == exchange.body
    assert parse_canonical(line + b"\n")["body_sha256"] == hashlib.sha256(body).hexdigest()


def test_equal_exchanges_give_equal_files() -> None:
    """The file carries no name and no time of its own."""
    content = encode_response(Heard())
    assert content == encode_response(Heard())
    assert content[3:10] == b"\x00\x00\x00\x00\x00\x00\xff"


@given(st.data())
def test_no_changed_byte_gives_another_body(data: st.DataObject) -> None:
    """A flipped byte of the file is an error, never a different body."""
    content = bytearray(encode_response(Heard()))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert decode_response(bytes(content)).body == Heard().body
    except ValueError:
        return


@given(st.integers(0))
def test_a_shortened_file_is_an_error(length: int) -> None:
    """Every proper prefix of a response file is refused."""
    content = encode_response(Heard())
    with pytest.raises(ValueError, match=r"damaged|not a recorded"):
        decode_response(content[: length % len(content)])


def packed(line: bytes, body: bytes = b"") -> bytes:
    return response._compress(line + body)


@pytest.mark.parametrize(
    "content",
    [
        b"plain text",
        gzip.compress(b"{}\n", mtime=5),
        encode_response(Heard()) + b"\x00",
        encode_response(Heard()) + encode_response(Heard()),
        packed(b"not json\n"),
        packed(b"[]\n"),
        packed(canonical_json({"body_sha256": hashlib.sha256(b"").hexdigest()})),
        packed(canonical_json(dict.fromkeys("abcdefghijk", 1))),
    ],
)
def test_what_is_not_a_response_file_is_refused(content: bytes) -> None:
    """Foreign files, trailing bytes, second members and other JSON raise ValueError."""
    with pytest.raises(ValueError, match=r"\w"):
        decode_response(content)


@pytest.mark.parametrize(
    ("field", "value"),
    [("body_bytes", 45), ("body_sha256", "0" * 64), ("headers", 7), ("sent_at", None)],
)
def test_a_forged_description_is_refused(field: str, value: object) -> None:
    """A description that does not fit its body, or has other types, raises ValueError."""
    line, _, body = gzip.decompress(encode_response(Heard())).partition(b"\n")
    forged = parse_canonical(line + b"\n") | {field: value}
    with pytest.raises(ValueError, match=r"SHA-256|describe"):
        decode_response(packed(canonical_json(forged), body))


def test_too_large_a_body_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body beyond the limit is neither written nor, as a bomb, unpacked."""
    content = encode_response(Heard(body=bytes(5000)))
    monkeypatch.setattr(response, "MOST_BODY_BYTES", 4999)
    monkeypatch.setattr(response, "_MOST_BYTES", 4999)
    with pytest.raises(ValueError, match="too large"):
        encode_response(Heard(body=bytes(5000)))
    with pytest.raises(ValueError, match="damaged"):
        decode_response(content)


def test_an_instant_without_zone_is_not_recorded() -> None:
    """A naive time cannot become evidence."""
    naive = datetime(2026, 1, 1)  # noqa: DTZ001  # the naive one is the case
    with pytest.raises(ValueError, match="zone"):
        encode_response(Heard(sent_at=naive))


@pytest.mark.parametrize(
    "path", ["../outside.response.gz", "/etc/passwd", "a//b", "", ".hidden", "a/../b", "a\nb"]
)
def test_a_path_outside_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    """Only plain relative paths are opened; the error is one printable line."""
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "outside.response.gz").write_bytes(encode_response(Heard()))
    with pytest.raises(IntegrityError, match="not a path inside") as caught:
        read_response(folder, path)
    assert caught.value.message.isprintable()


def test_links_pipes_and_damage_are_refused_by_name(tmp_path: Path) -> None:
    """A link, a linked directory, a pipe, a missing or damaged file: the error names the file."""
    (tmp_path / "good.gz").write_bytes(encode_response(Heard()))
    (tmp_path / "link.gz").symlink_to("good.gz")
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "good.gz").write_bytes(encode_response(Heard()))
    (tmp_path / "linked").symlink_to("directory")
    os.mkfifo(tmp_path / "pipe.gz")
    (tmp_path / "bad.gz").write_bytes(b"bad")
    for path in ("link.gz", "linked/good.gz", "pipe.gz", "bad.gz", "missing.gz", "directory"):
        with pytest.raises(IntegrityError, match=f"^{path}: ") as caught:
            read_response(tmp_path, path)
        assert "ghostscan verify" in caught.value.hint
    assert read_response(tmp_path, "directory/good.gz").body == Heard().body
