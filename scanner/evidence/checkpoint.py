"""``checkpoints.jsonl``: what a run had proved by when, so that it can be continued if it dies.

One line of canonical JSON per event, each bound to the line before by SHA-256, as in the chain::

    {"event": "BEGIN", "at", "run", "terms", "previous": digest of the run's START line, "sha256"}
    {"event": "PROVED", "files": [{"bytes", "path", "sha256"}, …], "reading", "previous", "sha256"}
    {"event": "CONTINUE", "at", "run", "kept": [source, …], "previous", "sha256"}

``sha256`` is that of the line as it would stand without it, and the ``previous`` of the next line.

BEGIN is written before the first request. PROVED is on the disk, after every response of the
source, as soon as the source was read and proved whole, and not otherwise: what was not proved is
to be read again. CONTINUE names the run that goes on, and what of the lines before still counts.
A last line without its newline was being written when the power went and does not count.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scanner.config import SOURCE_NAME
from scanner.errors import IntegrityError
from scanner.evidence import disk
from scanner.evidence.canonical import (
    canonical_json,
    instant_text,
    parse_canonical,
    parse_instant,
    plain,
)
from scanner.evidence.manifest import FileEntry
from scanner.model import Reading, State

CHECKPOINTS = "checkpoints.jsonl"
_MOST_BYTES = 1 << 28
_MOST_FILE_BYTES = 1 << 36
_WHOLE_WITHOUT_GROUPS = frozenset({"groups.not_needed", "groups.unsupported", "groups.forbidden"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run was asked to do and by whom; ``host`` is the SHA-256 of the host's name.

    A run is continued under the same terms only. ``only`` and ``as_of`` are those of its command.
    """

    config_sha256: str
    version: str
    operator: str
    host: str
    as_of: datetime
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proved:
    """One source that was proved whole, the run that read it, and the files it was read from."""

    reading: Reading
    run: str
    files: tuple[FileEntry, ...]

    @property
    def kept(self) -> Reading:
        """The reading, with the run that did it."""
        return replace(self.reading, read_in=self.run)


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """What a folder of checkpoints says, in order.

    ``first`` is the run that began, at ``began_at``; ``last`` the one that wrote the last lines.
    ``digests`` are those of all lines; ``size`` is the length of the whole lines in bytes.
    ``anchors`` pair every run that wrote here with the digest that its first line names as its
    previous: that of its START for the first run, else that of the line continued from.
    """

    first: str
    last: str
    began_at: datetime
    terms: Terms
    proved: tuple[Proved, ...]
    digests: tuple[str, ...]
    anchors: tuple[tuple[str, str], ...]
    size: int

    @property
    def head(self) -> str:
        """The digest of the last whole line."""
        return self.digests[-1]


_TERMS = TypeAdapter(Terms)
_READING = TypeAdapter(Reading)


def is_proved(reading: Reading) -> bool:
    """Tell whether a source needs no second reading: users whole, and groups whole or not had."""
    groups = reading.groups
    whole = groups.state is State.COMPLETE or (
        groups.state is State.NOT_READ
        and all(reason.code in _WHOLE_WITHOUT_GROUPS for reason in groups.reasons)
    )
    return reading.state is State.COMPLETE and whole


def seal_source(folder: Path, source: str) -> tuple[FileEntry, ...]:
    """Make the responses of one source durable, names included, and digest them."""
    directory = folder / "responses" / source
    if not directory.is_dir():
        return ()
    names, _, _ = disk.list_folder(directory)
    paths = [f"responses/{source}/{name}" for name in names]
    files = tuple(FileEntry(one, *disk.seal_file(folder, one, _MOST_FILE_BYTES)) for one in paths)
    for path in (directory, directory.parent, folder):
        disk.seal_directory(path)
    return files


class CheckpointWriter:
    """Adds lines to the checkpoints of a run; several sources may be proved at the same time.

    ``head`` is the digest of the last line.
    """

    def __init__(self, folder: Path, head: str, size: int = 0) -> None:
        self._folder = folder
        self.head = head
        self._size = size
        self._lock = threading.Lock()

    def begin(self, run: str, at: datetime, terms: Terms) -> None:
        """Write the first line; raises OSError where it cannot be written."""
        disk.create_file(self._folder, CHECKPOINTS, b"")
        self._append({"event": "BEGIN", "run": run, "at": instant_text(at), "terms": plain(terms)})
        disk.seal_directory(self._folder)

    def prove(self, reading: Reading) -> None:
        """Put a source and its responses on the disk; raises OSError where that fails."""
        files = [
            {"bytes": file.size, "path": file.path, "sha256": file.sha256}
            for file in seal_source(self._folder, reading.source)
        ]
        self._append({"event": "PROVED", "files": files, "reading": plain(reading)})

    def go_on(self, run: str, at: datetime, kept: tuple[str, ...]) -> None:
        """Say that ``run`` continues, and which sources it does not read again."""
        self._append({"event": "CONTINUE", "run": run, "at": instant_text(at), "kept": kept})

    def _append(self, event: dict[str, object]) -> None:
        with self._lock:
            bound = event | {"previous": self.head}
            digest = _digest(bound)
            line = canonical_json(bound | {"sha256": digest})
            disk.append_file(self._folder, CHECKPOINTS, line, self._size)
            self.head = digest
            self._size += len(line)


def has_proved(folder: Path) -> bool:
    """Tell whether a folder holds something to go on with: a line after the first."""
    try:
        return disk.read_file(folder, CHECKPOINTS, _MOST_BYTES).count(b"\n") > 1
    except OSError:
        return False


def read_checkpoints(folder: Path) -> Checkpoints:
    """Read the checkpoints of a run folder, finished or not, and follow their digests.

    The files are not looked at: see :func:`check_files`. Raises IntegrityError where a line is
    damaged or does not follow from the one before, OSError where there is nothing to read.
    """
    lines = disk.read_file(folder, CHECKPOINTS, _MOST_BYTES).splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    if not lines:
        raise IntegrityError(f"{folder / CHECKPOINTS}: does not begin", _hint(folder))
    try:
        found = _begun(_checked(lines[0]), len(lines[0]))
        for line in lines[1:]:
            found = _followed(found, _checked(line), len(line))
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        what = "is not in form" if isinstance(error, ValidationError | KeyError) else str(error)
        raise IntegrityError(f"{folder / CHECKPOINTS}: {what}", _hint(folder)) from None
    return found


def _hint(folder: Path) -> str:
    return f"it cannot be continued; remove {folder} and start anew"


def _digest(event: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(event)[:-1]).hexdigest()


def _checked(line: bytes) -> dict[str, Any]:
    """Read one line; it must have the digest that it says it has."""
    event: dict[str, Any] = parse_canonical(line)
    if _digest({key: value for key, value in event.items() if key != "sha256"}) != event["sha256"]:
        raise ValueError("a line does not have its SHA-256")
    return event


def _begun(event: dict[str, Any], size: int) -> Checkpoints:
    if event["event"] != "BEGIN":
        raise ValueError("does not begin with BEGIN")
    run = event["run"]
    return Checkpoints(
        first=run,
        last=run,
        began_at=parse_instant(event["at"]),
        terms=_TERMS.validate_python(event["terms"]),
        proved=(),
        digests=(event["sha256"],),
        anchors=((run, event["previous"]),),
        size=size,
    )


def _followed(found: Checkpoints, event: dict[str, Any], size: int) -> Checkpoints:
    """Add one line to what was read so far."""
    if event["previous"] != found.head:
        raise ValueError(f"line {len(found.digests) + 1} does not follow from the line before")
    add = _ADDS.get(event["event"])
    if add is None:
        raise ValueError(f"line {len(found.digests) + 1} is not an event")
    return replace(
        add(found, event), digests=(*found.digests, event["sha256"]), size=found.size + size
    )


def _add_proved(found: Checkpoints, event: dict[str, Any]) -> Checkpoints:
    reading = _READING.validate_python(event["reading"])
    named_well = SOURCE_NAME.fullmatch(reading.source) is not None
    if not named_well or plain(reading) != event["reading"] or not is_proved(reading):
        raise ValueError(f"the reading of {reading.source!a} is not one that was proved")
    files = tuple(FileEntry(one["path"], one["bytes"], one["sha256"]) for one in event["files"])
    named = {file.path for file in files}
    if not {*reading.users.responses, *reading.groups.responses} <= named:
        raise ValueError(f"the reading of {reading.source!a} names responses that it lacks")
    others = [one for one in found.proved if one.reading.source != reading.source]
    return replace(found, proved=(*others, Proved(reading, found.last, files)))


def _add_continued(found: Checkpoints, event: dict[str, Any]) -> Checkpoints:
    return replace(
        found,
        last=event["run"],
        anchors=(*found.anchors, (event["run"], event["previous"])),
        proved=tuple(one for one in found.proved if one.reading.source in event["kept"]),
    )


_ADDS: dict[str, Callable[[Checkpoints, dict[str, Any]], Checkpoints]] = {
    "PROVED": _add_proved,
    "CONTINUE": _add_continued,
}


def check_files(folder: Path, proved: Proved) -> None:
    """Compare the responses of a source with what was sealed when it was proved.

    Raises IntegrityError naming the first file that is missing, altered, or was not there then.
    """
    source = proved.reading.source
    sealed = {file.path: file for file in proved.files}
    try:
        found = _present(folder, source)
        for path in sorted(found | sealed.keys()):
            file = sealed.get(path)
            if path not in found or file is None:
                problem = "is missing" if file else "was not there when its source was proved"
                raise IntegrityError(f"{folder / path}: {problem}", _hint(folder))
            if disk.digest_file(folder, path, file.size) != (file.size, file.sha256):
                raise IntegrityError(f"{folder / path}: is not what was read", _hint(folder))
    except OSError as error:
        raise IntegrityError(
            f"{folder / 'responses' / source}: cannot be read: {error.strerror}", _hint(folder)
        ) from None


def _present(folder: Path, source: str) -> set[str]:
    directory = folder / "responses" / source
    if not directory.exists():
        return set()
    files, _, others = disk.list_folder(directory)
    return {f"responses/{source}/{name}" for name in (*files, *others)}
