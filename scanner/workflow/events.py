"""Import the audit events an administrator exported: before, during and after the reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from scanner.config import LoadedConfig
from scanner.model import AccountEvent, Reading
from scanner.workflow.collection import Clock

if TYPE_CHECKING:
    from collectors.file.events import EventExport
    from scanner.evidence.store import RunFolder


def open_events(loaded: LoadedConfig, clock: Clock) -> tuple[EventExport, ...]:
    """Read the files of audit events; ConfigError where one is missing, damaged or not whole."""
    from collectors.file.events import take_events

    config = loaded.config
    return take_events(config.events, config.organization.zone, loaded.folder, clock)


def import_events(
    exports: Sequence[EventExport], readings: Sequence[Reading], run: RunFolder
) -> tuple[Reading, ...]:
    """Record the files, write their tables, and note at each reading what names no account of it.

    Needs the tables of accounts and what the run adopted of earlier ones; raises EvidenceError
    where something cannot be written.
    """
    from scanner.reconcile.events import write_events

    events: dict[str, tuple[AccountEvent, ...]] = {}
    for one in exports:
        events[one.source] = events.get(one.source, ()) + one.record(run.event_recorder(one.source))
    left_out = write_events(run.folder, events)
    return tuple(_with_note(one, left_out.get(one.source, 0)) for one in readings)


def _with_note(reading: Reading, left_out: int) -> Reading:
    if not left_out:
        return reading
    note = f"{left_out} imported events name a user name that no one account has"
    users = replace(reading.users, deviations=(*reading.users.deviations, note))
    return replace(reading, users=users)
