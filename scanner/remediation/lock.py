"""One apply at a time for all plans of a folder of runs, and who holds the lock.

The lock itself is flock(2): it ends with the process, however that ends. The record beside it is
for people, and for other hosts that share the folder: what flock does across a network is not to
be relied on, so a record of another host stands until somebody clears it by its id.
"""

from __future__ import annotations

import fcntl
import os
import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from scanner.errors import RefusedError
from scanner.evidence.canonical import canonical_json, instant_text, parse_canonical

LOCK = ".apply.lock"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_BYTES = 4096
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock; ``boot`` tells one start of a machine from the next."""

    id: str
    host: str
    boot: str
    pid: int
    user: str
    since: str

    @property
    def told(self) -> str:
        """In words for people."""
        return f"{self.user} on {self.host}, process {self.pid}, since {self.since}"


def this_process(user: str, now: datetime) -> Holder:
    """Describe this process."""
    try:
        boot = _BOOT_ID.read_text("ascii").strip()
    except OSError:  # not Linux
        boot = ""
    return Holder(secrets.token_hex(8), platform.node(), boot, os.getpid(), user, instant_text(now))


@contextmanager
def applying(runs_directory: Path, holder: Holder, clear: str | None = None) -> Iterator[None]:
    """Hold the lock; raise RefusedError that says who else does.

    ``clear`` is the id of a record that another host left behind and that somebody says is dead.
    """
    descriptor = os.open(runs_directory / LOCK, _FLAGS, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _held(_read(descriptor)) from None
        left = _read(descriptor)
        if left is not None and left.host != holder.host and left.id != clear:
            raise _held(left, elsewhere=True)
        _write(descriptor, holder)
        try:
            yield
        finally:
            _write(descriptor, None)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class LockMark:
    """How the lock stood at one moment; an apply that came and went leaves another ``touched``."""

    held: bool
    touched: int


def lock_mark(runs_directory: Path) -> LockMark:
    """Look at the lock without taking it; no lock file means that nothing was ever applied."""
    try:
        descriptor = os.open(runs_directory / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return LockMark(held=False, touched=0)
    try:
        touched = os.fstat(descriptor).st_mtime_ns
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return LockMark(held=True, touched=touched)
        return LockMark(held=False, touched=touched)
    finally:
        os.close(descriptor)


def _held(by: Holder | None, *, elsewhere: bool = False) -> RefusedError:
    who = by.told if by else "another process"
    hint = "wait until it has ended"
    if elsewhere and by is not None:
        hint = f"if that process is dead for certain, run again with --unlock {by.id}"
    return RefusedError(f"a plan is being applied already: by {who}", hint)


def _read(descriptor: int) -> Holder | None:
    content = os.pread(descriptor, _MOST_BYTES, 0)
    try:
        return Holder(**parse_canonical(content))
    except (ValueError, TypeError):
        return None  # empty, or torn by the end of whoever wrote it


def _write(descriptor: int, holder: Holder | None) -> None:
    content = canonical_json(asdict(holder)) if holder else b""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, content, 0)
    os.fsync(descriptor)
