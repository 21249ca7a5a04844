"""Writes a run folder: aside, complete or not at all, and sealed by the chain.

``begin`` takes the lock, records START and makes ``.<run>.partial``; everything is written there;
``finish`` hashes every file, writes the manifest, renames the folder to its final name and records
END. A run that fails leaves its lines in the chain, and no folder but the hidden one of what it had
proved, from which ``resume`` can go on until a later run has finished.
"""

from __future__ import annotations

import os
import shutil
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from scanner.config import SOURCE_NAME, Config
from scanner.errors import EvidenceError, GhostscanError
from scanner.evidence import disk
from scanner.evidence.begin import (
    discard_partials,
    partial_name,
    start_run,
    take_lock,
    writing,
)
from scanner.evidence.canonical import instant_text
from scanner.evidence.chain import CHAIN, Event, Link, append_link, check_chain
from scanner.evidence.checkpoint import CheckpointWriter, Terms, has_proved, is_proved
from scanner.evidence.continuation import continue_run
from scanner.evidence.manifest import (
    MANIFEST,
    SUMS,
    FileEntry,
    build_manifest,
    manifest_bytes,
    sums_bytes,
)
from scanner.evidence.response import (
    RESPONSE,
    RecordedExchange,
    StoredResponse,
    encode_response,
    read_response,
)
from scanner.model import Audit, Reading, Snapshot

MOST_FILE_BYTES = 1 << 36

Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _locked(runs_directory: Path) -> Iterator[int]:
    """Take the lock, and give it back where what follows fails."""
    with writing(runs_directory):
        lock = take_lock(runs_directory)
        try:
            yield lock
        except BaseException:
            os.close(lock)
            raise


class ResponseRecorder:
    """Keeps the exchanges of one source in the order in which they are recorded."""

    def __init__(self, run: RunFolder, source: str) -> None:
        self._run = run
        self._directory = f"responses/{source}"
        self._recorded = 0

    def record(self, exchange: RecordedExchange) -> str:
        """Store one exchange and return its path inside the run folder.

        It survives a crash of the program at once, and a loss of power once the run is finished.
        Raises EvidenceError where it cannot be written.
        """
        try:
            content = encode_response(exchange)
        except ValueError as error:
            raise EvidenceError(f"{self._directory}: {error}") from error
        self._recorded += 1
        path = f"{self._directory}/{self._recorded:06}{RESPONSE}"
        self._run.write(path, content, durable=False)
        return path


class RunFolder:
    """One run being written. Leaving it as a context manager without ``finish`` abandons it.

    ``run`` is its name, ``folder`` where its files are now, ``started_at`` is in UTC, and ``head``
    is the digest of the last line this run added to the chain. ``kept`` are, by name, the readings
    of the run that this one continues.
    """

    def __init__(self, runs_directory: Path, start: Link, lock: int, clock: Clock) -> None:
        self.run = start.run
        self.folder = runs_directory / partial_name(start.run)
        self.started_at = datetime.fromisoformat(start.at)
        self.head = start.digest
        self._runs_directory = runs_directory
        self._start = start
        self._lock = lock
        self._open = True
        self._clock = clock
        self._failed = False
        self._recorders: dict[str, ResponseRecorder] = {}
        self._checkpoints: CheckpointWriter | None = None
        self.kept: dict[str, Reading] = {}

    @classmethod
    def begin(
        cls,
        runs_directory: Path,
        now: datetime,
        *,
        clock: Clock = _utc_now,
        terms: Terms | None = None,
    ) -> Self:
        """Start the next run: lock, chain START, and an empty folder that is not yet visible.

        ``now`` names the run and is its start; ``clock`` dates an abandonment. With ``terms`` the
        run can be continued under them if it dies. What a run that was killed left behind is
        removed where nothing of it can be gone on with; its number stays used.

        Raises EvidenceError where the folder cannot be written or another run is writing there,
        IntegrityError where the chain is damaged or does not know a run that is there.
        """
        with _locked(runs_directory) as lock:
            run = cls(runs_directory, start_run(runs_directory, now), lock, clock)
        if terms is not None:
            run.keep_checkpoints(terms)
        return run

    @classmethod
    def resume(
        cls,
        runs_directory: Path,
        interrupted: str,
        now: datetime,
        *,
        clock: Clock = _utc_now,
        terms: Terms,
        within: timedelta,
    ) -> Self:
        """Start a run that continues an interrupted one; ``kept`` need not be read again.

        Raises as ``begin`` and :func:`scanner.evidence.continuation.continue_run` do.
        """
        with _locked(runs_directory) as lock:
            found = continue_run(runs_directory, interrupted, now, terms, within)
        run = cls(runs_directory, found.start, lock, clock)
        run.kept = {one.reading.source: one.kept for one in found.kept}
        run._checkpoints = found.writer
        return run

    def keep_checkpoints(self, terms: Terms) -> None:
        """Make the run one that can be continued; where that fails it is abandoned."""
        self._checkpoints = CheckpointWriter(self.folder, self._start.digest)
        try:
            with self._writing():
                self._checkpoints.begin(self.run, self.started_at, terms)
        except BaseException:
            with suppress(GhostscanError):  # what went wrong first is what is to be reported
                self.abandon("run.failed")
            raise

    def checkpoint(self, reading: Reading) -> None:
        """Put on the disk that a source was read, if it was proved and the run can be continued.

        May be called from several threads. Raises EvidenceError where that cannot be written.
        """
        if self._checkpoints is not None and is_proved(reading):
            with self._writing():
                self._checkpoints.prove(reading)

    def path(self, relative: str) -> Path:
        """Give the place for a file that somebody else writes; its directories are made.

        Raises EvidenceError where ``relative`` is not a plain path inside the folder.
        """
        self._must_be_open()
        with self._writing():
            disk.create_parents(self.folder, relative)
        return self.folder / relative

    def write(self, path: str, content: bytes, *, durable: bool = True) -> None:
        """Write a new file of the run; with ``durable`` it is on the disk on return.

        Raises EvidenceError where it exists or cannot be written; the run cannot finish then.
        """
        self._must_be_open()
        with self._writing():
            disk.create_file(self.folder, path, content, durable=durable)

    def recorder(self, source: str) -> ResponseRecorder:
        """Give the recorder of one source; the same one each time, so that numbers go on."""
        if SOURCE_NAME.fullmatch(source) is None:
            raise EvidenceError(f"{source!r} cannot be the name of a source")
        return self._recorders.setdefault(source, ResponseRecorder(self, source))

    def event_recorder(self, source: str) -> ResponseRecorder:
        """Give the recorder of imported events about one source.

        They stand apart from its responses, which a continued run may keep, under a name that no
        source can have: ``responses/<source>.events``.
        """
        name = f"{source}.events"
        return self._recorders.setdefault(name, ResponseRecorder(self, name))

    def open_response(self, path: str) -> StoredResponse:
        """Read back a recorded exchange of this run; raises IntegrityError where it is damaged."""
        return read_response(self.folder, path)

    def finish(
        self, result: Audit | Snapshot, config: Config, config_sha256: str, ended_at: datetime
    ) -> Path:
        """Seal the run and give the folder its final name; return it.

        Raises EvidenceError where anything cannot be written, IntegrityError where the chain was
        changed meanwhile. The run is then still to be abandoned.
        """
        self._must_be_open()
        if result.run != self.run:
            raise EvidenceError(f"the result is of run {result.run}, the folder of {self.run}")
        if self._failed:
            raise EvidenceError(f"{self.folder} is not whole: an earlier write failed")
        with self._writing():
            files = self._seal_files()
            manifest = manifest_bytes(
                build_manifest(
                    result,
                    config=config,
                    config_sha256=config_sha256,
                    chain_head=self._start.digest,
                    ended_at=ended_at,
                    files=files,
                )
            )
            digest = self._write_manifest(manifest, files)
            self._publish()
            self._close_chain(Event.END, ended_at, manifest_sha256=digest)
        discard_partials(self._runs_directory)
        self._release()
        return self.folder

    def abandon(self, reason: str) -> None:
        """Record that the run was aborted and remove its folder, unless it can be gone on with.

        ``reason`` is a stable code. Does nothing after ``finish`` or a first ``abandon``. Raises
        EvidenceError where the chain cannot be written, IntegrityError where it was changed
        meanwhile: the run then stays in it as unfinished.
        """
        if not self._open:
            return
        try:
            with self._writing():
                self._remove_unless_ended(reason)
        finally:
            self._release()

    def _remove_unless_ended(self, reason: str) -> None:
        chain = check_chain(self._runs_directory / CHAIN)
        if any(link.event is Event.END and link.run == self.run for link in chain.links):
            return  # an interrupt can arrive just after END: such a run is finished
        published = self.folder.name == self.run
        kept = self._checkpoints if not published and has_proved(self.folder) else None
        left = kept.head if kept else None
        try:
            if left is None:
                shutil.rmtree(self.folder)
            disk.sync_directory(self._runs_directory)
        finally:
            self._close_chain(Event.ABORTED, self._clock(), reason=reason, checkpoint_sha256=left)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.abandon("run.not_finished")
            return
        with suppress(GhostscanError):  # what went wrong first is what is to be reported
            self.abandon(_reason(error))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with writing(self.folder):
                yield
        except EvidenceError:
            self._failed = True
            raise

    def _must_be_open(self) -> None:
        if not self._open:
            raise EvidenceError(f"run {self.run} has ended; nothing can be added to it")

    def _seal_files(self) -> list[FileEntry]:
        """Make every file private and durable, and digest it, whoever wrote it."""
        paths, _, others = disk.list_folder(self.folder)
        for path in (*paths, *others):
            if path in others or not disk.is_safe_path(path) or path in (MANIFEST, SUMS):
                raise EvidenceError(f"{disk.printable(path)} cannot be part of a run")
        return [
            FileEntry(path, *disk.seal_file(self.folder, path, MOST_FILE_BYTES)) for path in paths
        ]

    def _write_manifest(self, manifest: bytes, files: list[FileEntry]) -> str:
        disk.create_file(self.folder, MANIFEST, manifest)
        _, digest = disk.digest_file(self.folder, MANIFEST, MOST_FILE_BYTES)
        disk.create_file(self.folder, SUMS, sums_bytes(files, digest))
        return digest

    def _publish(self) -> None:
        """Make the names durable, then the whole folder visible in one step."""
        _, directories, _ = disk.list_folder(self.folder)
        for directory in (*directories, "."):
            disk.seal_directory(self.folder / directory)
        final = self._runs_directory / self.run
        if os.path.lexists(final):
            raise EvidenceError(f"{final} exists already")
        self.folder.rename(final)
        self.folder = final
        disk.sync_directory(self._runs_directory)

    def _close_chain(
        self,
        event: Event,
        at: datetime,
        *,
        manifest_sha256: str | None = None,
        reason: str | None = None,
        checkpoint_sha256: str | None = None,
    ) -> None:
        link = Link(
            seq=self._start.seq + 1,
            event=event,
            run=self.run,
            at=instant_text(at),
            previous=self._start.digest,
            manifest_sha256=manifest_sha256,
            reason=reason,
            checkpoint_sha256=checkpoint_sha256,
        )
        append_link(self._runs_directory / CHAIN, link)
        self.head = link.digest

    def _release(self) -> None:
        self._open = False
        os.close(self._lock)


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt | CancelledError):
        return "run.interrupted"
    return "run.failed" if isinstance(error, GhostscanError) else "run.internal_error"
