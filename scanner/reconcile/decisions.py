"""What people decided, as Parquet: waivers, non-human accounts, links, what is privileged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa

from scanner.config import Config, Source, parse_limit
from scanner.model import Registers, Waiver
from scanner.reconcile.identifier import finding_id
from scanner.reconcile.keys import address, key, text
from scanner.reconcile.parquet import INSTANT, Row, always, maybe, write_rows

WAIVERS = pa.schema([
    always("line", pa.int64()),  # where it stands in its file
    always("app"),
    always("finding"),  # the id it names, or the id of what it names
    maybe("kind"),  # null where it names a finding by its id
    maybe("account_id"),
    maybe("group_id"),
    always("approved_at", INSTANT),  # the day it was approved begins
    always("expires_at", INSTANT),  # the last day it holds has ended
])  # fmt: skip

NONHUMAN = pa.schema([
    always("line", pa.int64()),
    always("app"),
    always("account_named"),  # id or user name, as registered
    maybe("account_key"),
    always("type"),  # service|shared|bot|break_glass|room|test
    maybe("owner_named"),
    maybe("owner_key"),
    maybe("review_due_at", INSTANT),  # the last day without a review has ended
])  # fmt: skip

LINKS = pa.schema([
    always("line", pa.int64()),
    always("app"),
    always("account_named"),  # id or user name, as registered
    maybe("account_key"),
    always("person_named"),  # id or e-mail address, as registered
    maybe("person_key"),
])  # fmt: skip

PRIVILEGED_NAMES = pa.schema([
    always("source"),
    always("resource"),  # group|account
    always("named"),  # as configured
    always("pattern"),  # for LIKE with ! as escape, over keys
])  # fmt: skip

WORKER_TYPES = pa.schema([always("worker_type_key")])
"""Whose engagement ends by a date of its own."""

THRESHOLDS = pa.schema([
    maybe("dormant_before", INSTANT),  # null: the policy names no such time
    always("inactive_memberships", pa.bool_()),
])  # fmt: skip
"""One row."""

BASELINE_MEMBERS = pa.schema([
    always("app"),
    always("group_id"),
    always("account_id"),
])  # fmt: skip

SCHEMAS: Mapping[str, pa.Schema] = {
    "waivers": WAIVERS,
    "nonhuman": NONHUMAN,
    "links": LINKS,
    "privileged_names": PRIVILEGED_NAMES,
    "external_worker_types": WORKER_TYPES,
    "thresholds": THRESHOLDS,
    "baseline_members": BASELINE_MEMBERS,
}
DECISIONS = tuple(SCHEMAS)
"""More files directly below ``tables/``."""


def write_decisions(folder: Path, config: Config, registers: Registers, as_of: datetime) -> None:
    """Write the files of DECISIONS into ``folder/tables``; EvidenceError if that fails."""
    zone, aliases = config.organization.zone, config.correlation.domain_aliases
    rows: dict[str, list[Row]] = {
        "waivers": [_waiver_row(one, zone) for one in registers.waivers],
        "nonhuman": _nonhuman_rows(registers, zone, aliases),
        "links": _link_rows(registers, aliases),
        "privileged_names": [
            row for name, one in config.sources.items() for row in _privileged_rows(name, one)
        ],
        "external_worker_types": _worker_types(config),
        "thresholds": [
            {
                "dormant_before": _dormant_before(config, as_of),
                "inactive_memberships": config.policy.inactive_memberships,
            }
        ],
        "baseline_members": [
            {"app": one.app, "group_id": one.group, "account_id": member}
            for one in registers.baseline
            for member in one.members
        ],
    }
    for name, schema in SCHEMAS.items():
        columns = {column: [row[column] for row in rows[name]] for column in schema.names}
        write_rows(folder / "tables" / f"{name}.parquet", columns, schema)


def waived_id(waiver: Waiver) -> str:
    """Return the id of the one finding that ``waiver`` accepts."""
    if waiver.finding is not None:
        return waiver.finding
    return finding_id(waiver.kind or "", waiver.app, waiver.account, waiver.person, waiver.group)


def begins(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which a local day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def ends(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which a local day has ended; the last day there is, never."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return begins(day + timedelta(days=1), zone)


def _waiver_row(waiver: Waiver, zone: ZoneInfo) -> Row:
    return {
        "line": waiver.line,
        "app": waiver.app,
        "finding": waived_id(waiver),
        "kind": waiver.kind,
        "account_id": text(waiver.account),
        "group_id": text(waiver.group),
        "approved_at": begins(waiver.approved_on, zone),
        "expires_at": ends(waiver.expires_on, zone),
    }


def _nonhuman_rows(registers: Registers, zone: ZoneInfo, aliases: Mapping[str, str]) -> list[Row]:
    return [
        {
            "line": one.line,
            "app": one.app,
            "account_named": one.account,
            "account_key": key(one.account),
            "type": one.type,
            "owner_named": one.owner,
            "owner_key": address(one.owner, aliases) or key(one.owner),
            "review_due_at": None if one.review_by is None else ends(one.review_by, zone),
        }
        for one in registers.nonhuman
    ]


def _link_rows(registers: Registers, aliases: Mapping[str, str]) -> list[Row]:
    return [
        {
            "line": one.line,
            "app": one.app,
            "account_named": one.account,
            "account_key": key(one.account),
            "person_named": one.person,
            "person_key": address(one.person, aliases) or key(one.person),
        }
        for one in registers.links
    ]


def _privileged_rows(name: str, source: Source) -> list[Row]:
    named = {"group": source.privileged_groups, "account": source.privileged_accounts}
    return [
        {"source": name, "resource": resource, "named": one, "pattern": like(one)}
        for resource, names in named.items()
        for one in names
    ]


def like(pattern: str) -> str:
    """Return a shell pattern (``*`` any text, ``?`` one character) for LIKE over keys, escape !."""
    escaped = "".join(f"!{one}" if one in "!%_" else one for one in key(pattern) or "")
    return escaped.replace("*", "%").replace("?", "_")


def _worker_types(config: Config) -> list[Row]:
    found: Sequence[str | None] = [key(one) for one in config.policy.external_worker_types]
    return [{"worker_type_key": one} for one in dict.fromkeys(found) if one is not None]


def _dormant_before(config: Config, as_of: datetime) -> datetime | None:
    if config.policy.dormant_after is None:
        return None
    return as_of - parse_limit(config.policy.dormant_after).duration
