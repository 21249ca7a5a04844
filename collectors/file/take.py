"""Taking a file from the disk whole, and seeing that nobody wrote to it meanwhile."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scanner.model import Reason

MOST_BYTES = 1 << 29
SIDECAR = ".sha256"

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe would never answer
_SUM = re.compile(r"\\?([0-9A-Fa-f]{64})(?:[ \t]+\*?(?P<name>[^\n]*))?\s*")


@dataclass(frozen=True, slots=True)
class Taken:
    """The bytes of a file and when it was last changed, in UTC; ``failure`` where it is not whole.

    Where nothing could be read there is no time either.
    """

    content: bytes = b""
    modified_at: datetime | None = None
    failure: Reason | None = None

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes, in lower-case hex digits."""
        return hashlib.sha256(self.content).hexdigest()


def take(path: Path, shown: str) -> Taken:
    """Read a regular file; ``shown`` is what it is called in front of people.

    Size and time of change must be the same before and after, and the size that of the bytes.
    """
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                return _refused("file.unreadable", f"{shown} is no regular file")
            if before.st_size > MOST_BYTES:
                return _refused("file.too_large", f"{shown} has {before.st_size} bytes")
            content = file.read(MOST_BYTES + 1)
        after = path.stat()
    except FileNotFoundError:
        return _refused("file.missing", f"there is no file {shown}", "export it, or correct path")
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return _refused("file.unreadable", f"{shown} cannot be read: {why}")
    modified_at = datetime.fromtimestamp(before.st_mtime, UTC)
    if _state(before) != _state(after) or len(content) != before.st_size:
        reason = Reason(
            "file.changed",
            f"{shown} was written to while it was read",
            "run again when the export is finished",
        )
        return Taken(content, modified_at, reason)
    return Taken(content, modified_at)


def listed_sha256(content: bytes, name: str) -> str | None:
    """Give the SHA-256 that a ``.sha256`` file tells of ``name``, or None where it tells none.

    Understands a bare digest and the lines of sha256sum.
    """
    for line in content.decode("utf-8", "replace").splitlines():
        found = _SUM.fullmatch(line.strip())
        if found is not None and Path(found["name"] or name).name == name:
            return found[1].lower()
    return None


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino


def _refused(code: str, message: str, hint: str = "correct path") -> Taken:
    return Taken(failure=Reason(code, message, hint))
