"""``journal.jsonl``: what was about to be done, before it was done, and how it ended.

One line of canonical JSON for each record, bound to the line before by its SHA-256::

    {"seq": 1, 2, 3, …, "prev": the hash before (64 zeros in the first line), "at": instant,
     "type": BEGIN, INTENT, RESPONSE, OUTCOME, WATCH, CHECK, CENSUS, COUNT, RECHECK, RESUME, STOP
             or END, …,
     "hash": SHA-256 over prev and the canonical record without its hash}

A line is on the disk before the next thing happens. A torn last line is what a power cut leaves: it
is dropped and told. Any other damage is an integrity failure. Nothing in it is secret, and no
bodies are: digests, and what taking an action back needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from scanner.errors import IntegrityError, UnrecordedError
from scanner.evidence.canonical import (
    canonical_json,
    instant_text,
    parse_canonical,
    parse_instant,
)
from scanner.remediation.disk import Disk

JOURNAL = "journal.jsonl"
FIRST = "0" * 64
MOST_BYTES = 1 << 28
_OWN = frozenset({"at", "hash", "prev", "seq", "type"})


class Kind(StrEnum):
    """What a record says."""

    BEGIN = "BEGIN"
    INTENT = "INTENT"
    RESPONSE = "RESPONSE"
    OUTCOME = "OUTCOME"
    WATCH = "WATCH"
    CHECK = "CHECK"
    CENSUS = "CENSUS"
    COUNT = "COUNT"
    RECHECK = "RECHECK"
    RESUME = "RESUME"
    STOP = "STOP"
    END = "END"


@dataclass(frozen=True, slots=True)
class Record:
    """One line, without what binds it; ``at`` is RFC 3339 in UTC."""

    kind: Kind
    at: str
    fields: dict[str, Any]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - any JSON value
        return self.fields[name]


@dataclass(frozen=True, slots=True)
class JournalContent:
    """What a journal holds. ``head`` is the last hash; ``torn`` how many bytes were dropped."""

    records: tuple[Record, ...]
    head: str
    size: int
    torn: int


def parse_journal(content: bytes) -> JournalContent:
    """Read a journal; raise ValueError naming the line that is damaged."""
    whole, newline, torn = content.rpartition(b"\n")
    lines = whole.split(b"\n") if newline else []
    records, head = [], FIRST
    for number, line in enumerate(lines, start=1):
        try:
            record, head = _parse_line(line + b"\n", number, head)
        except ValueError as error:
            raise ValueError(f"line {number} {error}") from None
        records.append(record)
    size = len(content) - len(torn)
    return JournalContent(tuple(records), head, size, len(torn))


def _parse_line(line: bytes, number: int, head: str) -> tuple[Record, str]:
    value = parse_canonical(line)
    if not isinstance(value, dict) or not value.keys() >= _OWN:
        raise ValueError("is not a record")
    digest = value.pop("hash")
    if value["prev"] != head or value["seq"] != number:
        raise ValueError("does not follow the line before")
    if _digest(value) != digest:
        raise ValueError("is not what was written")
    parse_instant(value["at"])
    fields = {name: inner for name, inner in value.items() if name not in _OWN}
    return Record(Kind(value["type"]), value["at"], fields), digest


def _digest(value: dict[str, Any]) -> str:
    return hashlib.sha256(value["prev"].encode("ascii") + canonical_json(value)).hexdigest()


class Journal:
    """An open journal of one plan. After one failed write it takes nothing more.

    ``records`` are those read and written so far; ``torn`` is how many bytes of a torn last line
    were dropped when it was opened.
    """

    def __init__(self, disk: Disk, path: Path, now: Callable[[], datetime]) -> None:
        self.path = path
        self.records: list[Record] = []
        self.torn = 0
        self.head = FIRST
        self._disk = disk
        self._now = now
        self._failed = False

    @classmethod
    def open(cls, disk: Disk, path: Path, now: Callable[[], datetime]) -> Journal:
        """Open the journal at ``path``, a new one where there is none.

        Raises IntegrityError where it is damaged, UnrecordedError where it cannot be made ready.
        """
        journal = cls(disk, path, now)
        with _recording(journal):
            content = journal._read_or_create()
        try:
            found = parse_journal(content)
        except ValueError as error:
            raise IntegrityError(
                f"{path}: {error}", "nothing is sent; keep the file and compare it with the apps"
            ) from None
        journal.records, journal.head, journal.torn = list(found.records), found.head, found.torn
        if found.torn:
            with _recording(journal):
                disk.cut(path, found.size)
                disk.sync(path)
        return journal

    def _read_or_create(self) -> bytes:
        try:
            content = self._disk.read(self.path, MOST_BYTES)
        except FileNotFoundError:
            self._disk.create(self.path)
            content = b""
        # Also for an old file: whoever made it may have died before its name was on the disk.
        self._disk.sync_folder(self.path.parent)
        self._disk.sync_folder(self.path.parent.parent)
        return content

    def write(self, kind: Kind, **fields: Any) -> None:  # noqa: ANN401 - what JSON can hold
        """Add one record; it is on the disk on return.

        Raises UnrecordedError where it is not, and from then on always: what happened after a
        failed fsync(2) cannot be known, so nothing may be sent on the word of this journal.
        """
        if self._failed:
            raise UnrecordedError(f"{self.path} could not be written before", "run apply again")
        value = {
            **fields,
            "at": instant_text(self._now()),
            "prev": self.head,
            "seq": len(self.records) + 1,
            "type": kind,
        }
        digest = _digest(value)
        with _recording(self):
            self._disk.append(self.path, canonical_json({**value, "hash": digest}))
            self._disk.sync(self.path)
        self.head = digest
        self.records.append(Record(kind, value["at"], fields))

    def fail(self) -> None:
        """Take nothing more."""
        self._failed = True


class _recording:  # noqa: N801 - reads as a statement
    """Turn the system's refusal into the error that ends an apply."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        self._journal.fail()
        if isinstance(error, OSError):
            raise UnrecordedError(
                f"{self._journal.path} cannot be written: {error.strerror or error}",
                "nothing more was sent; when there is room again, run the same command again",
            ) from error
