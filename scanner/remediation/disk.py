"""The files of a remediation, each step of writing them on its own.

What must survive a power cut is written and then synced, the file and the folder that names it.
Every step is a method of its own, so that tests can let any one of them fail.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from scanner.errors import EvidenceError
from scanner.evidence import disk as files

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC

Act = Callable[[int], None]
"""Something done with an open file."""


class Disk(Protocol):
    """What writing durably consists of; each method raises OSError where the system refuses."""

    def read(self, path: Path, most_bytes: int) -> bytes:
        """Read a regular file; FileNotFoundError where there is none."""

    def create(self, path: Path) -> None:
        """Make a new empty file, 0600; FileExistsError where there is one, a link included."""

    def append(self, path: Path, content: bytes) -> None:
        """Write at the end of a file."""

    def cut(self, path: Path, size: int) -> None:
        """Shorten a file to ``size`` bytes."""

    def sync(self, path: Path) -> None:
        """Bring what was written to a file onto the disk."""

    def rename(self, path: Path, to: Path) -> None:
        """Give a file another name in the same folder, in one step."""

    def sync_folder(self, path: Path) -> None:
        """Bring the names in a folder onto the disk."""


class SystemDisk:
    """The real one."""

    def read(self, path: Path, most_bytes: int) -> bytes:
        """Read a regular file of at most ``most_bytes``, following no link."""
        return files.read_file(path.parent, path.name, most_bytes)

    def create(self, path: Path) -> None:
        """Make a new empty file, readable by the owner only; its folder is made where needed."""
        path.parent.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, _CREATE, 0o600))

    def append(self, path: Path, content: bytes) -> None:
        """Write all of ``content`` at the end."""
        self._with(path, _APPEND, lambda descriptor: files.write_all(descriptor, content))

    def cut(self, path: Path, size: int) -> None:
        """Drop what is beyond ``size``."""
        self._with(path, _WRITE, lambda descriptor: os.ftruncate(descriptor, size))

    def sync(self, path: Path) -> None:
        """fsync(2); what it says of an inode holds for every earlier write to it."""
        self._with(path, _WRITE, os.fsync)

    def rename(self, path: Path, to: Path) -> None:
        """Within one folder; what had the name is replaced."""
        path.rename(to)

    def sync_folder(self, path: Path) -> None:
        """Sync the folder itself (fsync(2))."""
        files.sync_directory(path)

    @staticmethod
    def _with(path: Path, flags: int, act: Act) -> None:
        descriptor = os.open(path, flags)
        try:
            act(descriptor)
        finally:
            os.close(descriptor)


def write_new(disk: Disk, path: Path, content: bytes) -> None:
    """Write a new file that is whole and durable on return, or not there under its name.

    A half-written file of an earlier try is replaced. Raises EvidenceError where it cannot be
    written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        try:
            disk.create(partial)
        except FileExistsError:
            disk.cut(partial, 0)
        disk.append(partial, content)
        disk.sync(partial)
        disk.rename(partial, path)
        disk.sync_folder(path.parent)
    except OSError as error:
        raise EvidenceError(
            f"{path} cannot be written: {error.strerror or error}", "free the space or rights"
        ) from None
