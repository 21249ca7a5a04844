"""How a run begins: the lock, what dead runs left, the next number, START, an empty folder.

What a dead run left is kept while something of it can be gone on with
(:mod:`scanner.evidence.continuation`), and removed when a later run has finished.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from scanner.errors import EvidenceError, IntegrityError
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
    run_number,
)
from scanner.evidence.checkpoint import has_proved

LOCK = ".lock"
_LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_PARTIAL = re.compile(rf"\.{RUN.pattern}\.partial")


def partial_name(run: str) -> str:
    """Name the folder of a run that has not finished."""
    return f".{run}.partial"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the system's refusal into an error that says where and why."""
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"{path} cannot be written: {error.strerror or error}",
            "free the space or the rights it needs, or set [runs] directory to another folder",
        ) from error


def take_lock(runs_directory: Path) -> int:
    """Open and lock the lock file of the folder; closing the descriptor releases it."""
    runs_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if runs_directory.is_symlink():
        raise EvidenceError(
            f"{runs_directory} is a symbolic link", "set [runs] directory to the folder it names"
        )
    lock = os.open(runs_directory / LOCK, _LOCK_FLAGS, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise EvidenceError(
            f"another run is writing here: {runs_directory}", "wait until it has ended"
        ) from None
    except OSError:
        os.close(lock)
        raise
    return lock


def start_run(runs_directory: Path, now: datetime) -> Link:
    """Make the partial folder and record START, or leave neither."""
    path = runs_directory / CHAIN
    chain = read_chain(path)
    _clear_leftovers(runs_directory, chain)
    start = Link(
        seq=len(chain.links) + 1,
        event=Event.START,
        run=run_name(chain.last_number + 1, now),
        at=instant_text(now),
        previous=chain.head,
    )
    partial = runs_directory / partial_name(start.run)
    partial.mkdir(mode=0o700)
    try:
        append_link(path, start)
    except BaseException:
        partial.rmdir()
        raise
    return start


def partial_runs(runs_directory: Path) -> tuple[str, ...]:
    """Name the runs that have not finished and left something, the newest last."""
    try:
        names = [path.name for path in runs_directory.iterdir()]
    except OSError:
        return ()
    return tuple(sorted(name[1:-8] for name in names if _PARTIAL.fullmatch(name)))


def discard_partials(runs_directory: Path) -> None:
    """Remove what earlier runs left, as far as the system lets us: a later run has finished."""
    for run in partial_runs(runs_directory):
        shutil.rmtree(runs_directory / partial_name(run), ignore_errors=True)


def _clear_leftovers(runs_directory: Path, chain: ChainCheck) -> None:
    """Remove what cannot be gone on with; refuse a run that the chain has lost."""
    for path in sorted(runs_directory.iterdir()):
        if _PARTIAL.fullmatch(path.name) and not has_proved(path):
            shutil.rmtree(path)
        elif RUN.fullmatch(path.name) and run_number(path.name) > chain.last_number:
            raise IntegrityError(
                f"{runs_directory / CHAIN} does not know run {path.name}: lines were removed",
                "restore it from a copy, or keep this folder as it is and start a new one",
            )
