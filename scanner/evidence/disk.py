"""Files and directories of the evidence, without following symbolic links.

Every function raises OSError with a reason a person can read; the caller knows whether that means
"cannot be written" or "was tampered with". Directories are 0700 and files 0600, whatever the umask.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not hang us
_WRITE = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20
_MOST_FILES = 1_000_000
_MOST_CHARACTERS = 1024
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,254}){0,15}")


def is_safe_path(path: str) -> bool:
    """Tell whether ``path`` can be a file of a run: relative, inside it, plain ASCII names."""
    return len(path) <= _MOST_CHARACTERS and _PATH.fullmatch(path) is not None


def printable(path: str) -> str:
    """Give back ``path`` in a form that is safe in a message, whoever chose the name."""
    return path if is_safe_path(path) else ascii(path)


@contextmanager
def _parent(root: Path, path: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
    """Open the directory that holds ``path`` below ``root``, component by component."""
    if not is_safe_path(path):
        raise OSError(errno.EINVAL, f"{path!a} is not a path inside the run folder")
    *directories, name = path.split("/")
    descriptor = os.open(root, _DIRECTORY)
    try:
        for directory in directories:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(directory, 0o700, dir_fd=descriptor)
            inner = os.open(directory, _DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor, name
    finally:
        os.close(descriptor)


def create_parents(root: Path, path: str) -> None:
    """Make the directories in which ``path`` is to stand, each 0700."""
    with _parent(root, path, create=True):
        pass


def create_file(root: Path, path: str, content: bytes, *, durable: bool = True) -> None:
    """Write a new file below ``root``; with ``durable`` its content is on the disk on return.

    A file that exists already, a link included, is an error and is left alone.
    """
    with _parent(root, path, create=True) as (parent, name):
        descriptor = os.open(name, _CREATE, 0o600, dir_fd=parent)
        try:
            write_all(descriptor, content)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def append_file(root: Path, path: str, content: bytes, size: int) -> None:
    """Add to a file below ``root`` that has ``size`` good bytes, in place of any after them.

    It is on the disk on return.
    """
    with _parent(root, path) as (parent, name):
        descriptor = os.open(name, _WRITE, dir_fd=parent)
        try:
            os.ftruncate(descriptor, size)
            os.lseek(descriptor, size, os.SEEK_SET)
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte of ``content``, also where the system takes it in pieces."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


@contextmanager
def _opened(root: Path, path: str, most_bytes: int) -> Iterator[int]:
    """Open a regular file of at most ``most_bytes`` for reading."""
    with _parent(root, path) as (parent, name):
        descriptor = os.open(name, _READ, dir_fd=parent)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is not a regular file")
        if status.st_size > most_bytes:
            raise OSError(errno.EFBIG, f"is larger than {most_bytes} bytes")
        yield descriptor
    finally:
        os.close(descriptor)


def read_file(root: Path, path: str, most_bytes: int) -> bytes:
    """Read a file below ``root`` that is not larger than ``most_bytes``."""
    with _opened(root, path, most_bytes) as descriptor:
        return b"".join(_chunks(descriptor, most_bytes))


def read_chunks(root: Path, path: str, most_bytes: int) -> Iterator[bytes]:
    """Read a file below ``root`` piece by piece, for what may be larger than the memory."""
    with _opened(root, path, most_bytes) as descriptor:
        yield from _chunks(descriptor, most_bytes)


def digest_file(root: Path, path: str, most_bytes: int) -> tuple[int, str]:
    """Count and hash a file below ``root``: its size and its SHA-256 in hexadecimal."""
    with _opened(root, path, most_bytes) as descriptor:
        return _digest(descriptor, most_bytes)


def seal_file(root: Path, path: str, most_bytes: int) -> tuple[int, str]:
    """Like :func:`digest_file`, and make the file 0600 and durable."""
    with _opened(root, path, most_bytes) as descriptor:
        os.fchmod(descriptor, 0o600)
        os.fsync(descriptor)
        return _digest(descriptor, most_bytes)


def _digest(descriptor: int, most_bytes: int) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    for chunk in _chunks(descriptor, most_bytes):
        size += len(chunk)
        digest.update(chunk)
    return size, digest.hexdigest()


def _chunks(descriptor: int, most_bytes: int) -> Iterator[bytes]:
    """Read to the end of a file, which may grow meanwhile, but not beyond ``most_bytes``."""
    left = most_bytes
    while left and (chunk := os.read(descriptor, min(_CHUNK, left))):
        left -= len(chunk)
        yield chunk


def seal_directory(path: Path) -> None:
    """Make a directory 0700 and the names in it durable."""
    sync_directory(path, mode=0o700)


def sync_directory(path: Path, *, mode: int | None = None) -> None:
    """Make the names in a directory durable: without this a rename can be lost with the power."""
    descriptor = os.open(path, _DIRECTORY)
    try:
        if mode is not None:
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def list_folder(root: Path) -> tuple[list[str], list[str], list[str]]:
    """List what is below ``root``: regular files, directories, and everything else (links, pipes).

    Paths are relative, POSIX, sorted. Raises OSError where there are more than a million.
    """
    files: list[str] = []
    directories: list[str] = []
    others: list[str] = []
    pending = [""]
    while pending:
        prefix = pending.pop()
        with os.scandir(root / prefix) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    directories.append(path)
                    pending.append(f"{path}/")
                else:
                    (files if entry.is_file(follow_symlinks=False) else others).append(path)
        if len(files) + len(directories) + len(others) > _MOST_FILES:
            raise OSError(errno.EFBIG, f"holds more than {_MOST_FILES} files")
    return sorted(files), sorted(directories), sorted(others)
