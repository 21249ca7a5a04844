"""``chain.jsonl``: which runs were started and how each ended, each line bound to the line before.

One line of canonical JSON per event::

    {"at": instant, "event": "START" | "END" | "ABORTED", "manifest_sha256": END only,
     "previous": SHA-256 of the line before, without its newline (64 zeros in the first line),
     "reason": ABORTED only, "run": "000001-20261101T090000Z", "seq": 1, 2, 3, …}

The START of a run that continues an interrupted one has two fields more: ``continues`` names that
run, and ``checkpoint_sha256`` is the digest of the last line of what it left
(:mod:`scanner.evidence.checkpoint`). ABORTED has the latter too, where something was left.

START is on the disk before the first request, so a run that died stays visible as a START without
an end, and a run that was unwelcome cannot be removed without breaking the digests after it.
Whoever can write here can also rebuild the whole file: deposit the head (the digest of the last
line) where they cannot.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from scanner.errors import EvidenceError, IntegrityError
from scanner.evidence.canonical import canonical_json, parse_canonical, parse_instant
from scanner.evidence.disk import read_file, sync_directory, write_all

CHAIN = "chain.jsonl"
FIRST = "0" * 64
RUN = re.compile(r"(?P<number>[0-9]{6,9})-[0-9]{8}T[0-9]{6}Z")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 1 << 26
_APPEND = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class Event(StrEnum):
    """What happened to a run."""

    START = "START"
    END = "END"
    ABORTED = "ABORTED"


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the chain. ``at`` is an RFC 3339 instant in UTC.

    ``continues`` stands in START alone, and never without ``checkpoint_sha256``.
    """

    seq: int
    event: Event
    run: str
    at: str
    previous: str
    manifest_sha256: str | None = None
    reason: str | None = None
    continues: str | None = None
    checkpoint_sha256: str | None = None

    @property
    def line(self) -> bytes:
        """The line in the file, with its newline."""
        fields: dict[str, object] = {
            "at": self.at,
            "event": self.event,
            "previous": self.previous,
            "run": self.run,
            "seq": self.seq,
        }
        if self.event is Event.END:
            fields["manifest_sha256"] = self.manifest_sha256
        if self.event is Event.ABORTED:
            fields["reason"] = self.reason
        if self.continues is not None:
            fields["continues"] = self.continues
        if self.checkpoint_sha256 is not None:
            fields["checkpoint_sha256"] = self.checkpoint_sha256
        return canonical_json(fields)

    @property
    def digest(self) -> str:
        """SHA-256 of the line without its newline: the ``previous`` of the next line."""
        return hashlib.sha256(self.line[:-1]).hexdigest()


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What a chain holds and what is wrong with it.

    ``head`` is the digest of the last line (64 zeros for an empty chain). ``problems`` say that
    the chain was altered or torn; ``notes`` name the runs that did not end well.
    """

    links: tuple[Link, ...]
    head: str
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def last_number(self) -> int:
        """The highest run number that was used; 0 where none was."""
        return max((run_number(link.run) for link in self.links), default=0)


def run_name(number: int, now: datetime) -> str:
    """Name a run, such as ``000001-20261101T090000Z``; ``now`` is aware."""
    return f"{number:06}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def run_number(run: str) -> int:
    """Give the number in the name of a run."""
    return int(run.partition("-")[0])


def run_started_at(run: str) -> datetime:
    """Give the instant (UTC, to the second) in the name of a run."""
    return datetime.strptime(run.partition("-")[2], "%Y%m%dT%H%M%S%z")


def check_chain(path: Path) -> ChainCheck:
    """Read the chain at ``path`` and say what is wrong with it; no file is an empty chain.

    Checks that every line is in form and names the digest of the line before, that ``seq`` and
    run numbers have no gaps, and that every END and ABORTED closes the run started just before.
    Raises EvidenceError where the file cannot be read.
    """
    lines = _read_lines(path)
    links: list[Link] = []
    problems: list[str] = []
    if lines and not lines[-1].endswith(b"\n"):
        problems.append("the last line is torn: it has no end")
    previous = FIRST
    for number, line in enumerate(lines, start=1):
        try:
            link = _parse(line)
        except ValueError as error:
            problems.append(f"line {number}: {error}")
        else:
            links.append(link)
            problems += _broken(link, number, previous)
        previous = hashlib.sha256(line.removesuffix(b"\n")).hexdigest()
    more_problems, notes = _check_order(links)
    return ChainCheck(tuple(links), previous, (*problems, *more_problems), notes)


def read_chain(path: Path) -> ChainCheck:
    """Read a chain that must be whole; no file is an empty chain.

    Raises IntegrityError naming the first problem, EvidenceError where it cannot be read.
    """
    check = check_chain(path)
    if check.problems:
        raise IntegrityError(
            f"{path}: {check.problems[0]}",
            "restore it from a copy, or keep this folder as it is and start a new one",
        )
    return check


def append_link(path: Path, link: Link) -> None:
    """Add ``link`` to the chain at ``path``; it is on the disk on return.

    The caller holds the lock. Raises IntegrityError where the last line is not the one that
    ``link`` names as its previous, and OSError, with the file as it was, where it is not written.
    """
    created = not os.path.lexists(path)
    if _head(path) != link.previous:
        raise IntegrityError(f"{path} was changed while the run was being made")
    descriptor = os.open(path, _APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        try:
            write_all(descriptor, link.line)
            os.fsync(descriptor)
        except BaseException:
            with suppress(OSError):  # the first reason is the one to report
                os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    if created:
        sync_directory(path.parent)


def _head(path: Path) -> str:
    lines = _read_lines(path)
    return hashlib.sha256(lines[-1].removesuffix(b"\n")).hexdigest() if lines else FIRST


def _read_lines(path: Path) -> list[bytes]:
    try:
        content = read_file(path.parent, path.name, _MOST_BYTES)
    except FileNotFoundError:
        return []
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise EvidenceError(f"{path} is a symbolic link", "put the file itself there") from None
        raise EvidenceError(
            f"{path} cannot be read: {error.strerror}",
            "give the rights it needs, or set [runs] directory to another folder",
        ) from None
    return io.BytesIO(content).readlines()  # splits at newlines alone


def _parse(line: bytes) -> Link:
    fields = parse_canonical(line if line.endswith(b"\n") else line + b"\n")
    if not isinstance(fields, dict):
        raise ValueError("is not an event")  # noqa: TRY004  # one kind of error for any bad bytes
    try:
        link = Link(**{**fields, "event": Event(str(fields.get("event")))})
        whole = _is_well_formed(link) and link.line[:-1] == line.removesuffix(b"\n")
    except TypeError:
        whole = False
    if not whole:
        raise ValueError("is not an event")
    return link


def _is_well_formed(link: Link) -> bool:
    parse_instant(link.at)
    digests: list[Any] = [link.previous]
    if link.event is Event.END:
        digests.append(link.manifest_sha256)
    if link.continues is not None or link.checkpoint_sha256 is not None:
        digests.append(link.checkpoint_sha256)
    return (
        RUN.fullmatch(link.run) is not None
        and type(link.seq) is int
        and all(_DIGEST.fullmatch(digest) is not None for digest in digests)
        and (link.event is not Event.ABORTED or isinstance(link.reason, str))
        and _points_well(link)
    )


def _points_well(link: Link) -> bool:
    """Tell whether what is said of an interrupted run stands where it may."""
    if link.continues is None:
        return link.checkpoint_sha256 is None or link.event is Event.ABORTED
    return link.event is Event.START and RUN.fullmatch(link.continues) is not None


def _broken(link: Link, number: int, previous: str) -> list[str]:
    problems = []
    if link.previous != previous:
        problems.append(f"line {number}: does not name the digest of the line before")
    if link.seq != number:
        problems.append(f"line {number}: has the sequence number {link.seq}")
    return problems


def _check_order(links: list[Link]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Follow the runs: numbers without gaps, and every end right after its own start."""
    problems: list[str] = []
    notes: list[str] = []
    running: str | None = None
    number = 0
    interrupted: set[str] = set()
    for link in links:
        if link.event is Event.START:
            if running is not None:
                notes.append(f"unfinished run: {running} was started and never ended")
            if run_number(link.run) != number + 1:
                problems.append(f"run {link.run} follows run number {number}")
            if link.continues is not None:
                notes.append(f"run {link.run} continues run {link.continues}")
                if link.continues not in interrupted:
                    problems.append(f"run {link.run} continues {link.continues}, which it cannot")
            running, number = link.run, run_number(link.run)
            interrupted.add(link.run)
        elif link.run != running:
            problems.append(f"run {link.run} has an {link.event} without a START before it")
        else:
            running = None
            if link.event is Event.ABORTED:
                notes.append(f"run {link.run} was aborted: {link.reason}")
            else:
                interrupted.discard(link.run)
    if running is not None:
        notes.append(f"unfinished run: {running} was started and has not ended")
    return tuple(problems), tuple(notes)
