"""The mutants that were noticed, a line each, so that a run that was stopped goes on from there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO


class Journal:
    """The mutants that were noticed, by id and text; survivors are tried again.

    Without a path nothing is kept. Use it as a context manager.
    """

    def __init__(self, path: Path | None) -> None:
        """Read what ``path`` holds already; a line that was cut off counts for nothing."""
        self._path = path
        self._file: TextIO | None = None
        self._told: dict[tuple[str, str], str] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            one = json.loads(line)
        except ValueError:
            return
        self._told[one["id"], one["text"]] = one["by"]

    def __enter__(self) -> Self:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def told(self, identity: str, text: str) -> str | None:
        """Say who noticed this very mutant before."""
        return self._told.get((identity, _digest(text)))

    def tell(self, identity: str, text: str, by: str) -> None:
        """Write down who noticed a mutant."""
        if self._file is None:
            return
        line = {"id": identity, "text": _digest(text), "by": by}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
