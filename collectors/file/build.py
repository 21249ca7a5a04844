"""From the configuration of a file source to everything its collector needs to know."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

from collectors.file.format import TEXT_FORMATS
from collectors.file.record import Columns, columns_of
from collectors.file.source import ExportFile, FileSource
from collectors.file.table import Layout
from collectors.scim.size import Size
from scanner.config import (
    ACCOUNT_ATTRIBUTES,
    MEMBERSHIP_ATTRIBUTES,
    PERSON_ATTRIBUTES,
    SUFFIXES,
    Export,
    Source,
)
from scanner.errors import ConfigError
from scanner.model import Role

_TAB = ".tsv"


def file_source(
    name: str, source: Source, zone: ZoneInfo, folder: Path, previous: int | None
) -> FileSource:
    """Give the settings of a source of type ``file``; paths are relative to ``folder``.

    ``previous`` is the number of users in the last COMPLETE run. Raises ConfigError where settings
    contradict each other; no file is opened.
    """
    known = PERSON_ATTRIBUTES if source.role is Role.HRIS else ACCOUNT_ATTRIBUTES
    memberships = source.memberships
    if memberships is not None and source.role is Role.HRIS:
        raise ConfigError(
            f"sources.{name}.memberships: groups of an HRIS play no part in the audit",
            "remove it, or give the source another role",
        )
    named = dict(memberships.attributes) if memberships is not None else {}
    return FileSource(
        users=export_file(name, Path(source.path or ""), source.export, folder, own=True),
        columns=Columns(
            source=name,
            role=source.role,
            fields=columns_of(known, source.attributes),
            named=frozenset(source.attributes),
            zone=zone,
            states=source.active_values,
            statuses=source.status_values,
            date_format=source.export.date_format,
        ),
        memberships=None
        if memberships is None
        else export_file(name, memberships.path, source.export, folder, own=False),
        membership_columns=tuple(columns_of(MEMBERSHIP_ATTRIBUTES, named).items()),
        canaries=source.canaries,
        allow_empty=source.allow_empty,
        size=Size(
            expected=source.expected_size,
            previous=previous,
            max_drop_percent=source.max_drop_percent,
            acknowledged=source.acknowledge_drop_to,
        ),
        excuses=frozenset(source.excuses),
    )


def export_file(name: str, path: Path, export: Export, folder: Path, *, own: bool) -> ExportFile:
    """Give one file of the source ``name``; only its ``own`` one has the stated SHA-256.

    Raises ConfigError where a trailer is expected of a file that has no lines.
    """
    form = export.format or SUFFIXES[path.suffix.lower()]
    if export.trailer is not None and form not in TEXT_FORMATS:
        raise ConfigError(
            f"sources.{name}.export.trailer: {path.name} is {form}, and has no last line",
            "remove it; such a file shows its own end",
        )
    usual = "\t" if path.suffix.lower() == _TAB else ","
    return ExportFile(
        path=folder / path,
        shown=path.as_posix(),
        layout=Layout(
            source=name,
            format=form,
            delimiter=export.delimiter or usual,
            encoding=export.encoding,
            date_format=export.date_format,
            sheet=export.sheet,
            trailer=export.trailer,
        ),
        max_age=export.freshness,
        exported_at=export.exported_at and export.exported_at.astimezone(UTC),
        sha256=export.sha256 if own else None,
    )
