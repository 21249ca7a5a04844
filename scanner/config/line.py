"""Where in a TOML file an entry stands: the parser tells values, not lines."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class EntryLines:
    """The line (from 1) on which one entry of an array of tables begins, and those of its keys."""

    begins: int
    keys: dict[str, int] = field(default_factory=dict)

    def of(self, key: object) -> int:
        """Give the line of ``key``; of one that is not written, where the entry begins."""
        return self.keys.get(str(key), self.begins)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of the arrays of tables called ``name``; where written inline, ``inline``."""

    entries: tuple[EntryLines, ...]
    inline: int

    def of(self, location: tuple[int | str, ...]) -> int:
        """Give the line of ``(name, position, key, …)``; of what stands nowhere, the first."""
        position = location[1] if len(location) > 1 else None
        if not isinstance(position, int) or position >= len(self.entries):
            return self.inline
        return self.entries[position].of(location[2] if len(location) > 2 else None)  # noqa: PLR2004 - the key


def lines_of(text: str, name: str) -> Lines:
    """Find the entries of ``[[name]]`` in ``text``, which is valid TOML, and their keys."""
    entries: list[EntryLines] = []
    inline = 1
    for line, statement in _statements(text):
        if statement.get(name) == [{}]:  # the header of an entry, by itself
            entries.append(EntryLines(line))
        elif name in statement and not entries:
            inline = line
        elif entries:
            entries[-1].keys.update(dict.fromkeys(statement, line))
    return Lines(tuple(entries), inline)


def _statements(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give every header and every key with its value, and the line it begins on.

    Each of them is a document of its own: lines are gathered until they are one.
    """
    gathered: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        gathered.append(line)
        try:
            statement = tomllib.loads("\n".join(gathered))
        except tomllib.TOMLDecodeError:
            continue
        yield number - len(gathered) + 1, statement
        gathered.clear()
