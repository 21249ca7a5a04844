"""A disk in memory that can fail, lose the power, and be killed under, at any single step."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from pathlib import Path


class Killed(BaseException):
    """The process ends here, as on SIGKILL: nothing after this line runs."""


@dataclass
class Failpoints:
    """Counts the steps of a run, and lets one of them fail or be the last.

    ``steps`` names every step that was taken. ``error_at`` and ``kill_at`` count from 1; with
    ``kill_on`` only steps whose names begin so are counted for ``kill_at``.
    """

    error_at: int | None = None
    kill_at: int | None = None
    kill_on: str = ""
    steps: list[str] = field(default_factory=list)

    def reach(self, name: str, *, may_fail: bool = True) -> None:
        """Take one step, unless it is the one that fails or kills."""
        self.steps.append(name)
        counted = sum(one.startswith(self.kill_on) for one in self.steps)
        if name.startswith(self.kill_on) and counted == self.kill_at:
            raise Killed(name)
        if may_fail and len(self.steps) == self.error_at:
            raise OSError(errno.EIO, f"planned failure of {name}")

    def rearm(
        self, *, error_at: int | None = None, kill_at: int | None = None, kill_on: str = ""
    ) -> None:
        """Begin to count anew."""
        self.steps.clear()
        self.error_at, self.kill_at, self.kill_on = error_at, kill_at, kill_on


@dataclass
class _File:
    content: bytes = b""
    durable: bytes = b""


class MemoryDisk:
    """What was written is there; what was synced survives :meth:`lose_power`."""

    def __init__(self, points: Failpoints) -> None:
        self._points = points
        self._files: dict[Path, _File] = {}
        self._durable: dict[Path, _File] = {}

    def durable(self, path: Path) -> bytes:
        """What a power cut right now would leave of a file."""
        return self._durable[path].durable if path in self._durable else b""

    def lose_power(self) -> None:
        """Keep only what is durable."""
        self._files = dict(self._durable)
        for file in self._files.values():
            file.content = file.durable

    def move(self, path: Path, to: Path) -> None:
        """Put a file somewhere else, as somebody with access to the disk would."""
        self._files[to], self._durable[to] = self._files.pop(path), self._durable.pop(path)

    def holds(self, path: Path) -> bytes | None:
        """What a file has now, without taking a step."""
        return self._files[path].content if path in self._files else None

    def read(self, path: Path, most_bytes: int) -> bytes:
        self._points.reach(f"read {path.name}", may_fail=False)
        if path not in self._files:
            raise FileNotFoundError(path)
        return self._files[path].content[:most_bytes]

    def create(self, path: Path) -> None:
        self._points.reach(f"create {path.name}")
        if path in self._files:
            raise FileExistsError(path)
        self._files[path] = _File()

    def append(self, path: Path, content: bytes) -> None:
        file = self._files[path]
        try:
            self._points.reach(f"write {path.name}")
        except BaseException:
            file.content += content[: len(content) // 2]  # a full disk and a kill leave a part
            raise
        file.content += content

    def cut(self, path: Path, size: int) -> None:
        self._points.reach(f"cut {path.name}")
        self._files[path].content = self._files[path].content[:size]

    def sync(self, path: Path) -> None:
        self._points.reach(f"sync {path.name}")
        self._files[path].durable = self._files[path].content

    def rename(self, path: Path, to: Path) -> None:
        self._points.reach(f"rename {path.name}")
        self._files[to] = self._files.pop(path)

    def sync_folder(self, path: Path) -> None:
        self._points.reach(f"sync folder {path.name}")
        here = {one: file for one, file in self._files.items() if one.parent == path}
        gone = {one for one in self._durable if one.parent == path and one not in here}
        self._durable = {one: f for one, f in self._durable.items() if one not in gone} | here
