"""Files of audit events: read before a run begins, recorded in it, and used only where whole.

A list of events with one missing can turn a late removal into one in time, so a file that is not
whole is refused with its reason instead of being used in part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from collectors.base import Exchange, Recorder
from collectors.file.build import export_file
from collectors.file.format import parse_table
from collectors.file.membership import used_columns
from collectors.file.proof import Export, check_file
from collectors.file.record import as_text
from collectors.file.recording import exchange_of, sidecar_name, stated_digests, take_sidecar
from collectors.file.table import Row, Table, folded
from collectors.file.take import take
from collectors.scim.expectation import Expectation
from collectors.scim.instant import has_zone, parse_instant
from collectors.scim.resource import visible
from collectors.scim.size import Size
from scanner.config import EVENT_ATTRIBUTES, EventFile
from scanner.errors import ConfigError
from scanner.model import AccountEvent, EventKind, Pointer, Resource

PURPOSE = "events"
_NOWHERE = Pointer("", 0)


@dataclass(frozen=True, slots=True)
class EventExport:
    """One whole file of events, not yet recorded: its exchange first, then that of its digest."""

    source: str
    exchanges: tuple[Exchange, ...]
    events: tuple[tuple[int, AccountEvent], ...]

    def record(self, recorder: Recorder) -> tuple[AccountEvent, ...]:
        """Record the files and give the events with their place in the evidence."""
        response, *_ = [recorder.record(one) for one in self.exchanges]
        return tuple(
            AccountEvent(
                one.source, one.account_id, one.user_name, one.event, one.occurred_at,
                Pointer(response, index),
            )
            for index, one in self.events
        )  # fmt: skip


def take_events(
    settings: Sequence[EventFile], zone: ZoneInfo, folder: Path, now: Callable[[], datetime]
) -> tuple[EventExport, ...]:
    """Read every file of events; ``folder`` is what paths are relative to.

    Raises ConfigError, with the file and the line, where one is missing, damaged or not whole.
    """
    return tuple(_take(one, zone, folder, now) for one in settings)


def _take(
    settings: EventFile, zone: ZoneInfo, folder: Path, now: Callable[[], datetime]
) -> EventExport:
    file = export_file(settings.source, settings.path, settings.export, folder, own=True)
    began_at = now()
    taken = take(file.path, file.shown)
    beside, digest = take_sidecar(file)
    exchanges = [exchange_of(PURPOSE, file.shown, taken, began_at, now())]
    if beside.modified_at is not None:
        exchanges.append(exchange_of("sha256", sidecar_name(file), beside, began_at, now()))
    columns = {name: settings.attributes.get(name, name) for name in sorted(EVENT_ATTRIBUTES)}
    table = Table() if taken.failure else parse_table(taken.content, file.layout)
    export = Export(
        file, Resource.USERS, taken, "", stated_digests(file, digest), table,
        missing=_missing(settings, columns, table), used=used_columns(columns, table),
    )  # fmt: skip
    _must_be_whole(export, settings)
    read = _Reader(settings, columns, zone)
    events = ((index, read.event(row)) for index, row in enumerate(export.table.rows))
    return EventExport(
        settings.source,
        tuple(exchanges),
        tuple((index, one) for index, one in events if one is not None),
    )


def _missing(settings: EventFile, columns: Mapping[str, str], table: Table) -> tuple[str, ...]:
    """The columns that must be there and are not; one of the two that name an account is."""
    needed = {"event", "occurred_at", *settings.attributes}
    missing = [columns[name] for name in sorted(needed) if not table.has(columns[name])]
    if not table.has(columns["account_id"]) and not table.has(columns["user_name"]):
        missing.append(columns["account_id"])
    return tuple(dict.fromkeys(missing))


def _must_be_whole(export: Export, settings: EventFile) -> None:
    expected = Expectation(
        size=Size(expected=settings.expected_size), excuses=frozenset(settings.excuses)
    )
    reasons = [reason for check in check_file(export, expected) for reason in check.reasons]
    if reasons:
        raise ConfigError(f"events of {settings.source}: {reasons[0].message}", reasons[0].hint)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the rows of one file."""

    settings: EventFile
    columns: Mapping[str, str]
    zone: ZoneInfo

    def event(self, row: Row) -> AccountEvent | None:
        """Read one row; None where its event is one to ignore."""
        word = self.text(row, "event")
        if word in self.settings.event_values.ignored:
            return None
        account_id, user_name = self.text(row, "account_id"), self.text(row, "user_name")
        if account_id is None and user_name is None:
            raise self.refuse(row, "names no account", "each event names account_id or user_name")
        return AccountEvent(
            self.settings.source,
            account_id,
            user_name,
            self.kind(row, word),
            self.occurred_at(row),
            _NOWHERE,
        )

    def kind(self, row: Row, word: str | None) -> EventKind:
        for kind in EventKind:
            if word in getattr(self.settings.event_values, kind):
                return kind
        said = "no event" if word is None else f"the event {word!r}"
        raise self.refuse(
            row, f"has {said}", "list its word in event_values, under ignored if it is no removal"
        )

    def occurred_at(self, row: Row) -> datetime:
        """The instant of a row: RFC 3339 with an offset, or in the one form of the file."""
        text, form = self.text(row, "occurred_at") or "", self.settings.export.date_format
        try:
            if form is not None:
                found = datetime.strptime(text.strip(), form)  # noqa: DTZ007 - the zone comes next
                aware = found if found.tzinfo else found.replace(tzinfo=self.zone)
                return aware.astimezone(UTC)
            if ":" in text and has_zone(text):
                return parse_instant(text, self.zone)
        except (ValueError, OverflowError):
            pass
        wanted = "an RFC 3339 time with an offset" if form is None else f"of the form {form}"
        raise self.refuse(row, f"has an occurred_at that is not {wanted}", "see export.date_format")

    def text(self, row: Row, name: str) -> str | None:
        found = as_text(row.cells.get(folded(self.columns[name])))
        return None if found is None else visible(found)

    def refuse(self, row: Row, what: str, hint: str) -> ConfigError:
        source, path = self.settings.source, self.settings.path.as_posix()
        return ConfigError(f"events of {source}: {row.place} of {path} {what}", hint)
