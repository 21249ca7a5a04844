"""How an interrupted run is continued: under the same terms, soon enough, and in plain sight.

The continuation is a run of its own, with the next number and a START that names the run it
continues and the digest of the last line that run left. The folder of the interrupted run becomes
that of the continuation in one step, so that it can be interrupted again at any moment.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from scanner.errors import IntegrityError, RefusedError, UsageError
from scanner.evidence import disk
from scanner.evidence.begin import partial_name, partial_runs
from scanner.evidence.canonical import instant_text
from scanner.evidence.chain import (
    CHAIN,
    RUN,
    ChainCheck,
    Event,
    Link,
    append_link,
    read_chain,
    run_name,
)
from scanner.evidence.checkpoint import (
    CHECKPOINTS,
    Checkpoints,
    CheckpointWriter,
    Proved,
    Terms,
    check_files,
    has_proved,
    read_checkpoints,
)
from scanner.model import Role

HRIS_WITHIN = timedelta(hours=1)
"""How old the reading of an HRIS may be to be kept: who has departed rests on it alone."""

_ANEW = "start anew: ghostscan audit"


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A run that died and can be gone on with: when it began, and what it had proved."""

    run: str
    began_at: datetime
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Continuation:
    """The START of a run that continues another, what it keeps, and where checkpoints go on."""

    start: Link
    kept: tuple[Proved, ...]
    writer: CheckpointWriter


def interrupted_runs(runs_directory: Path) -> tuple[Interrupted, ...]:
    """List the runs that can be gone on with, the newest last; what is damaged is left out."""
    found = []
    for run in partial_runs(runs_directory):
        folder = runs_directory / partial_name(run)
        if has_proved(folder):
            try:
                left = read_checkpoints(folder)
            except IntegrityError:
                continue
            sources = tuple(one.reading.source for one in left.proved)
            found.append(Interrupted(run, left.began_at, sources))
    return tuple(found)


def named_run(runs_directory: Path, text: str) -> str:
    """Give the name of the run that a person named by its name or by a path.

    Raises UsageError where it is neither, or a path into another folder of runs.
    """
    path = Path(text)
    run = path.name.removeprefix(".").removesuffix(".partial")
    if RUN.fullmatch(run) is None:
        raise UsageError(
            f"--resume {text}: not the name of a run", "example: 000001-20261101T090000Z"
        )
    if path.name != text and path.absolute().parent.resolve() != runs_directory.resolve():
        raise UsageError(f"--resume {text}: not in {runs_directory}", "name the run alone")
    return run


def read_interrupted(runs_directory: Path, run: str) -> Checkpoints:
    """Read what an interrupted run left and bind it to the chain; nothing is changed.

    Raises UsageError where there is no such run, it has finished, or nothing was kept of it, and
    IntegrityError where the chain or the checkpoints were altered.
    """
    chain = read_chain(runs_directory / CHAIN)
    lines = {link.event for link in chain.links if link.run == run}
    if Event.START not in lines:
        raise UsageError(f"--resume {run}: there is no such run", _known(runs_directory))
    if Event.END in lines:
        raise UsageError(f"--resume {run}: the run was finished", _ANEW)
    folder = runs_directory / partial_name(run)
    if folder.is_symlink() or not has_proved(folder):
        raise UsageError(f"--resume {run}: nothing was kept of this run", _known(runs_directory))
    found = read_checkpoints(folder)
    _bind(folder, run, found, chain)
    return found


def _known(runs_directory: Path) -> str:
    runs = ", ".join(one.run for one in interrupted_runs(runs_directory))
    return f"to be continued: {runs}" if runs else _ANEW


def _bind(folder: Path, run: str, found: Checkpoints, chain: ChainCheck) -> None:
    """Check that every run which wrote checkpoints is in the chain with the digest they name."""
    starts = {link.run: link for link in chain.links if link.event is Event.START}
    for number, (writer, digest) in enumerate(found.anchors):
        start = starts.get(writer)
        recorded = start and (start.checkpoint_sha256 if number else start.digest)
        if recorded != digest:
            raise IntegrityError(f"{folder / CHECKPOINTS}: {CHAIN} knows it otherwise", _ANEW)
    for link in chain.links:
        aborted = link.event is Event.ABORTED and link.run == run
        if aborted and link.checkpoint_sha256 != found.head:
            raise IntegrityError(f"{folder / CHECKPOINTS}: is not what {CHAIN} says it was", _ANEW)
    if run != found.last and starts[run].checkpoint_sha256 != found.head:
        raise IntegrityError(f"{folder / CHECKPOINTS}: is not of run {run}", _ANEW)


def continue_run(
    runs_directory: Path, run: str, now: datetime, terms: Terms, within: timedelta
) -> Continuation:
    """Record the START of a run that continues ``run``, and make its folder that one's.

    The caller holds the lock. Raises as :func:`read_interrupted` does, and RefusedError where the
    terms are others, more than ``within`` has passed since the first START, or nothing is recent
    enough to be kept; the interrupted run is then as it was.
    """
    found = read_interrupted(runs_directory, run)
    _refuse_other_terms(run, found.terms, terms)
    _refuse_old(run, now - found.began_at, within)
    kept = tuple(one for one in found.proved if _is_recent(one, now))
    if not kept:
        raise RefusedError(f"run {run}: all that it had read is to be read again by now", _ANEW)
    folder = runs_directory / partial_name(run)
    for one in kept:
        check_files(folder, one)
    start = _record_start(runs_directory, run, now, found)
    folder = folder.rename(runs_directory / partial_name(start.run))
    disk.sync_directory(runs_directory)
    writer = CheckpointWriter(folder, found.head, found.size)
    names = tuple(one.reading.source for one in kept)
    writer.go_on(start.run, now, names)
    _prune(folder, names)
    return Continuation(start, kept, writer)


def _refuse_other_terms(run: str, began: Terms, now: Terms) -> None:
    for what, before, after in (
        ("the configuration", began.config_sha256, now.config_sha256),
        ("the version of ghostscan", began.version, now.version),
        ("the machine", began.host, now.host),
        ("the user", began.operator, now.operator),
    ):
        if before != after:
            raise RefusedError(f"run {run}: {what} is not the one it began with", _ANEW)


def _refuse_old(run: str, age: timedelta, within: timedelta) -> None:
    if age > within:
        raise RefusedError(
            f"run {run}: began {age} ago; people come and go", f"runs.resume_within; {_ANEW}"
        )
    if age < timedelta(0):
        raise RefusedError(f"run {run}: began later than now", f"set the clock, or {_ANEW}")


def _is_recent(proved: Proved, now: datetime) -> bool:
    reading = proved.reading
    if reading.role is not Role.HRIS:
        return True
    return reading.ended_at is not None and now - reading.ended_at <= HRIS_WITHIN


def _record_start(runs_directory: Path, run: str, now: datetime, found: Checkpoints) -> Link:
    chain = read_chain(runs_directory / CHAIN)
    start = Link(
        seq=len(chain.links) + 1,
        event=Event.START,
        run=run_name(chain.last_number + 1, now),
        at=instant_text(now),
        previous=chain.head,
        continues=run,
        checkpoint_sha256=found.head,
    )
    append_link(runs_directory / CHAIN, start)
    return start


def _prune(folder: Path, kept: Iterable[str]) -> None:
    """Remove everything but the checkpoints and the responses of the sources that are kept."""
    responses = folder / "responses"
    for path in (*folder.iterdir(), *(responses.iterdir() if responses.is_dir() else ())):
        if path in (folder / CHECKPOINTS, responses) or (
            path.parent == responses and path.name in kept
        ):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
