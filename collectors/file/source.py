"""Everything that is to be known of a file source before its files are opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from collectors.file.record import Columns
from collectors.file.table import Layout
from collectors.scim.size import UNKNOWN_SIZE, Size


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file: where it is, what it is called in front of people, and what vouches for it.

    ``exported_at`` and ``sha256`` are what the settings say of it; None where they say nothing.
    """

    path: Path
    shown: str
    layout: Layout
    max_age: timedelta
    exported_at: datetime | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file of users and, for an app, perhaps one of memberships with the columns it has."""

    users: ExportFile
    columns: Columns
    memberships: ExportFile | None = None
    membership_columns: tuple[tuple[str, str], ...] = ()
    canaries: tuple[str, ...] = ()
    allow_empty: bool = False
    size: Size = UNKNOWN_SIZE
    excuses: frozenset[str] = frozenset()
