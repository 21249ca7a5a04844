"""What the rules need beside the four tables: sources, entitlements and the run, as Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from scanner.config import Config, Entitlement
from scanner.config.period import periods_between
from scanner.model import ApprovedGroup, Reading, Role
from scanner.reconcile.keys import key, text
from scanner.reconcile.lifecycle import removal_due_at
from scanner.reconcile.parquet import INSTANT, TEXTS, Row, always, maybe, write_rows

INPUTS = ("sources", "entitlements", "entitlement_conditions", "run", "missed_runs")
"""The files directly below ``tables/``."""

SOURCES = pa.schema([
    always("source"),
    always("role"),  # hris|idp|app
    always("state"),  # COMPLETE|INCOMPLETE|NOT_READ, of its users
    always("groups_state"),  # the same, of its groups
    maybe("reason_codes", TEXTS),  # why either is not COMPLETE
    maybe("reason_messages", TEXTS),
    always("started_at", INSTANT),  # of the reading; the instant of the run where it has none
    always("ended_at", INSTANT),
    maybe("started_due_at", INSTANT),  # when removal is due for who departs at that instant
    maybe("ended_due_at", INSTANT),
])  # fmt: skip

ENTITLEMENTS = pa.schema([
    always("entitlement", pa.int64()),  # position in the configuration, from 1
    always("basis"),  # rule|mirror|baseline
    always("side"),  # app: the governed group; mirror: its model
    always("source"),
    always("group_named"),  # id or display name, as configured
    maybe("group_key"),
])  # fmt: skip

CONDITIONS = pa.schema([
    always("entitlement", pa.int64()),
    always("field"),  # a column of people
    always("field_value"),  # one of the values that match, exactly
    always("fields_named", pa.int64()),  # how many fields have to match
])  # fmt: skip

RUN = pa.schema([
    always("run"),
    always("as_of", INSTANT),
    always("audit", pa.bool_()),  # false for a run that only collects
    always("tested_from", INSTANT),  # removals of people who left before are not judged in time
])  # fmt: skip

MISSED_RUNS = pa.schema([
    always("problem"),  # the calendar periods without an audit, in order, separated by commas
    always("earliest_at", INSTANT),  # when the first of them began
    always("latest_at", INSTANT),  # when the last of them was over
])  # fmt: skip


def write_inputs(
    folder: Path,
    config: Config,
    readings: Sequence[Reading],
    run: str,
    as_of: datetime,
    previous_audit: datetime | None,
    *,
    audit: bool = True,
    baseline: Sequence[ApprovedGroup] = (),
) -> None:
    """Write the files of INPUTS into ``folder/tables``; EvidenceError if that fails.

    The groups of ``baseline`` are entitlements after those of the configuration.
    """
    _write(folder, "sources", SOURCES, [_source_row(one, config, as_of) for one in readings])
    numbered = list(enumerate(config.entitlements, start=1))
    sides = [row for number, one in numbered for row in _side_rows(number, one)]
    after = enumerate(baseline, start=len(numbered) + 1)
    sides += [_side_row(number, "baseline", "app", one.app, one.group) for number, one in after]
    _write(folder, "entitlements", ENTITLEMENTS, sides)
    conditions = [row for number, one in numbered for row in _condition_rows(number, one)]
    _write(folder, "entitlement_conditions", CONDITIONS, conditions)
    _write(folder, "run", RUN, [_run_row(config, run, as_of, audit=audit)])
    missed = _missed_rows(config, previous_audit, as_of)
    _write(folder, "missed_runs", MISSED_RUNS, missed)


def _write(folder: Path, name: str, schema: pa.Schema, rows: Sequence[Row]) -> None:
    columns = {column: [row[column] for row in rows] for column in schema.names}
    write_rows(folder / "tables" / f"{name}.parquet", columns, schema)


def _run_row(config: Config, run: str, as_of: datetime, *, audit: bool) -> Row:
    tested_from = as_of - config.policy.window
    return {"run": run, "as_of": as_of, "audit": audit, "tested_from": tested_from}


def _missed_rows(config: Config, previous: datetime | None, as_of: datetime) -> list[Row]:
    """Say in one row which periods had no audit since the previous one."""
    every = config.policy.run_every
    if every is None or previous is None:
        return []
    missed = periods_between(previous, as_of, every, config.organization.zone)
    names = ",".join(span.name for span in missed)
    return [
        {"problem": names, "earliest_at": missed[0].begins_at, "latest_at": missed[-1].ends_at}
        for _ in missed[:1]
    ]


def _source_row(reading: Reading, config: Config, as_of: datetime) -> Row:
    started_at, ended_at = reading.started_at or as_of, reading.ended_at or as_of
    limit, zone = config.policy.limit, config.organization.zone
    reasons = reading.users.reasons
    if reading.role is not Role.HRIS:
        reasons += reading.groups.reasons
    return {
        "source": reading.source,
        "role": reading.role.value,
        "state": reading.users.state.value,
        "groups_state": reading.groups.state.value,
        "reason_codes": [text(reason.code) for reason in reasons],
        "reason_messages": [text(reason.message) for reason in reasons],
        "started_at": started_at,
        "ended_at": ended_at,
        "started_due_at": removal_due_at(started_at, limit, zone),
        "ended_due_at": removal_due_at(ended_at, limit, zone),
    }


def _side_rows(number: int, entitlement: Entitlement) -> list[Row]:
    basis = "rule" if entitlement.mirrors is None else "mirror"
    sides = [("app", entitlement.app, entitlement.group)]
    if entitlement.mirrors is not None:
        source, _, group = entitlement.mirrors.partition(":")
        sides.append(("mirror", source, group))
    return [_side_row(number, basis, side, source, group) for side, source, group in sides]


def _side_row(number: int, basis: str, side: str, source: str, group: str) -> Row:
    return {
        "entitlement": number,
        "basis": basis,
        "side": side,
        "source": source,
        "group_named": group,
        "group_key": key(group),
    }


def _condition_rows(number: int, entitlement: Entitlement) -> list[Row]:
    people = entitlement.people or {}
    return [
        {
            "entitlement": number,
            "field": field,
            "field_value": value,
            "fields_named": len(people),
        }
        for field, values in people.items()
        for value in values
    ]
