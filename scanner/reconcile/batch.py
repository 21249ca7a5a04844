"""Apps in batches: what is concluded of an app needs no other app, so memory is that of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanner.reconcile.parquet import count_rows
from scanner.reconcile.tables import table_path

BATCH_ROWS = 2_000_000
"""Accounts and memberships of one batch; an app larger than that is a batch of its own."""
BATCH_PEOPLE = 300_000
"""A batch reads of everybody, so that it is as many times larger as there are so many people."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Sources that are judged together: those whose names come after one and up to another.

    None is no bound, so that the batches also hold every source of earlier runs.
    """

    sources: tuple[str, ...]
    after: str | None = None
    until: str | None = None

    def condition(self, column: str) -> str:
        """Return the SQL that is true where ``column`` names a source of this batch."""
        # Names of sources are letters, digits, - and _ only.
        bounds = [f"{column} > '{self.after}'"] if self.after else []
        bounds += [f"{column} <= '{self.until}'"] if self.until else []
        return " AND ".join(bounds) or "TRUE"


def divide(folder: Path, sources: Sequence[str], most: int) -> list[Batch]:
    """Divide ``sources``, in order of name, into batches of at most ``most`` rows.

    With several times BATCH_PEOPLE, a batch has as many times ``most`` rows: the work for each
    account stays the same. Raises EvidenceError for a missing table.
    """
    most *= max(1, _rows(folder, sources, "people") // BATCH_PEOPLE)
    sizes = {
        source: _rows(folder, [source], "accounts", "memberships") for source in sorted(sources)
    }
    parts = list(_parts(sizes.items(), most))
    bounds = [None, *(part[-1] for part in parts[:-1]), None]
    return [
        Batch(tuple(part), after, until)
        for part, after, until in zip(parts, bounds, bounds[1:], strict=False)
    ]


def count_records(folder: Path, sources: Sequence[str]) -> int:
    """Count the people, accounts and memberships of ``sources``; EvidenceError as for divide."""
    return _rows(folder, sources, "people", "accounts", "memberships")


def _rows(folder: Path, sources: Sequence[str], *kinds: str) -> int:
    return sum(count_rows(table_path(folder, kind, one)) for one in sources for kind in kinds)


def _parts(sizes: Iterable[tuple[str, int]], most: int) -> Iterator[list[str]]:
    part: list[str] = []
    held = 0
    for source, rows in sizes:
        if part and held + rows > most:
            yield part
            part, held = [], 0
        part.append(source)
        held += rows
    yield part
