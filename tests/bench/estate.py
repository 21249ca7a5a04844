"""A made-up company of any size as the tables of a run, drawn by DuckDB straight into Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from scanner.config import Config
from scanner.model import (
    NO_REGISTERS,
    Before,
    ManualLink,
    NonHuman,
    Population,
    Reading,
    Registers,
    State,
    Waiver,
)
from scanner.reconcile.decisions import write_decisions
from scanner.reconcile.events import EVENTS
from scanner.reconcile.inputs import write_inputs
from scanner.reconcile.observation import OBSERVED_ACCOUNTS, OBSERVED_PEOPLE, add_earlier
from scanner.reconcile.parquet import count_rows, private_folder
from scanner.reconcile.tables import ACCOUNTS, GROUPS, MEMBERSHIPS, PEOPLE, table_path

APPS = 50
DEPARTMENTS = 20
AS_OF = datetime(2026, 11, 1, 9, tzinfo=UTC)
HRIS = ("people", "contractors")
RUN = "000004-20261101T090000Z"
AUDITED_AT = AS_OF - timedelta(days=30)
READ_FROM, READ_UNTIL = AS_OF - timedelta(minutes=20), AS_OF - timedelta(minutes=10)
_SQL = Path(__file__).with_name("estate.sql")
_TYPES = {
    pa.string(): "VARCHAR",
    pa.list_(pa.string()): "VARCHAR[]",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
    pa.bool_(): "BOOLEAN",
    pa.int64(): "BIGINT",
}


READ: Mapping[str, tuple[str, pa.Schema]] = {
    "people": ("people_rows", PEOPLE),
    "accounts": ("account_rows", ACCOUNTS),
    "groups": ("group_rows", GROUPS),
    "memberships": ("membership_rows", MEMBERSHIPS),
}
KNOWN: Mapping[str, tuple[str, pa.Schema]] = {
    "events": ("event_rows", EVENTS),
    "earlier/memberships": ("earlier_membership_rows", MEMBERSHIPS),
}


@dataclass(frozen=True, slots=True)
class Size:
    """How large the company is; ``apps`` share the accounts evenly."""

    accounts: int
    people: int
    memberships: int
    apps: int = APPS

    def times(self, factor: float) -> Size:
        """The same mix, larger or smaller."""
        accounts, people, memberships = (
            round(number * factor) for number in (self.accounts, self.people, self.memberships)
        )
        return Size(accounts, people, memberships, self.apps)

    @property
    def app_names(self) -> list[str]:
        """The sources that hold accounts."""
        return [f"app{number:02}" for number in range(self.apps)]

    @property
    def sources(self) -> list[str]:
        """Every source, the HRIS first."""
        return [*HRIS, *self.app_names]


def draw(folder: Path, size: Size, seed: int, *, history: bool = True) -> None:
    """Write ``folder/tables`` for a company of ``size``; equal seeds give equal rows.

    Without ``history`` nothing was read before, no events were imported and nobody decided
    anything.
    """
    connection = duckdb.connect(":memory:", config={"temp_directory": str(folder / "spill")})
    connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(
        f"CREATE MACRO roll(salt, n) AS CAST(hash(salt || '{seed}', n) % 10000 AS INTEGER)"
    )
    connection.execute(
        "CREATE TABLE size AS SELECT ? AS accounts, ? AS people, ? AS memberships, ? AS apps, "
        "CAST(? AS TIMESTAMP WITH TIME ZONE) AS as_of",
        [size.accounts, size.people, size.memberships, size.apps, AS_OF],
    )
    connection.execute(_SQL.read_text(encoding="utf-8"))
    _write_by_source(connection, folder, size, READ)
    if history:
        _write_history(connection, folder, size)
    connection.close()
    _write_decided(folder, size, registers(folder, size) if history else NO_REGISTERS)


def _write_history(connection: duckdb.DuckDBPyConnection, folder: Path, size: Size) -> None:
    _write_by_source(connection, folder, size, KNOWN)
    earlier = folder / "tables" / "earlier"
    _write(connection, "earlier_account_rows", OBSERVED_ACCOUNTS, earlier / "accounts.parquet")
    _write(connection, "earlier_people_rows", OBSERVED_PEOPLE, earlier / "people.parquet")


def _write_by_source(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    size: Size,
    kinds: Mapping[str, tuple[str, pa.Schema]],
) -> None:
    """Write each kind once, sorted into one file per source."""
    for kind, (view, schema) in kinds.items():
        connection.execute(f"CREATE OR REPLACE TEMP TABLE drawn AS FROM {view}")
        for source in size.sources:
            path = table_path(folder, kind, source)
            _write(connection, "drawn", schema, path, f"WHERE source = '{source}'")


def _write(
    connection: duckdb.DuckDBPyConnection, view: str, schema: pa.Schema, path: Path, where: str = ""
) -> None:
    """Write rows under ``schema``; a column that the company does not have is null."""
    known = set(connection.table(view).columns)
    columns = ", ".join(
        f"CAST({one.name if one.name in known else 'NULL'} AS {_TYPES[one.type]}) AS {one.name}"
        for one in schema
    )
    private_folder(path.parent)
    rows = f"SELECT {columns} FROM {view} {where} ORDER BY 1, 2"  # noqa: S608 - names of ours
    connection.execute(f"COPY ({rows}) TO ? (FORMAT parquet, COMPRESSION zstd)", [str(path)])


def configuration(size: Size, memory: str | None = None) -> Config:
    """Every group of a department is governed by a rule, the one for everybody mirrors another."""
    url = {"type": "scim", "url": "http://127.0.0.1:9/"}
    privileged = {"privileged_groups": ["Admins*"], "privileged_accounts": ["svc-*1"]}
    rules = [
        {
            "app": app,
            "group": f"Department D{number:02}",
            "people": {"department": [f"D{number:02}"]},
        }
        for app in size.app_names
        for number in range(DEPARTMENTS)
    ]
    mirrors = [
        {"app": app, "group": "Everybody", "mirrors": "app00:Everybody"}
        for app in size.app_names[1:]
    ]
    return Config.model_validate(
        {
            "engine_memory": memory,
            "policy": {"deprovision_within": "24h", "dormant_after": "90d", "run_every": "month"},
            "sources": {
                **{name: {**url, "role": "hris"} for name in HRIS},
                **{name: {**url, **privileged} for name in size.app_names},
            },
            "entitlements": [*rules, *mirrors],
        }
    )


def readings(folder: Path, config: Config) -> list[Reading]:
    """Every source was read completely."""
    return [
        Reading(
            source=name,
            role=source.role,
            type=source.type,
            url=source.url,
            users=_read(folder, "people" if name in HRIS else "accounts", name),
            groups=_read(folder, "groups", name),
            started_at=READ_FROM,
            ended_at=READ_UNTIL,
        )
        for name, source in config.sources.items()
    ]


def _read(folder: Path, kind: str, source: str) -> Population:
    rows = count_rows(table_path(folder, kind, source))
    return Population(State.COMPLETE, reported=rows, received=rows)


BEFORE = Before(audit="000003-20261002T090000Z", audited_at=AUDITED_AT)


def registers(folder: Path, size: Size) -> Registers:
    """Some service accounts are registered, some orphans accepted, some linked by hand."""
    services, orphans = (
        [_some(folder, app, name) for app in size.app_names] for name in ("svc-%", "x%")
    )
    placed = [
        (app, place, account)
        for app, accounts in zip(size.app_names, services, strict=True)
        for place, account in enumerate(accounts)
    ]
    unowned = [
        (app, place, account)
        for app, accounts in zip(size.app_names, orphans, strict=True)
        for place, account in enumerate(accounts)
    ]
    return Registers(
        nonhuman=tuple(
            _nonhuman(line, app, account, place)
            for line, (app, place, account) in enumerate(placed, start=1)
        ),
        waivers=tuple(
            _waiver(line, app, account, place)
            for line, (app, place, account) in enumerate(unowned, start=1)
            if place < 10
        ),
        links=tuple(
            ManualLink(line, app, account, f"P{line % size.people:07}")
            for line, (app, place, account) in enumerate(unowned, start=1)
            if place >= 10
        ),
    )


def _some(folder: Path, app: str, name: str) -> list[str]:
    with duckdb.connect(":memory:") as connection:
        rows = connection.execute(
            "SELECT account_id FROM read_parquet(?) WHERE user_name LIKE ? ORDER BY 1 LIMIT 20",
            [str(table_path(folder, "accounts", app)), name],
        ).fetchall()
    return [row[0] for row in rows]


def _nonhuman(line: int, app: str, account: str, place: int) -> NonHuman:
    owner = None if place % 4 == 0 else f"P{line * 13 % 100:07}"
    review_by = date(2026, 6, 30) if place % 5 == 0 else None
    return NonHuman(line, app, account, "service", owner, "made up", review_by)


def _waiver(line: int, app: str, account: str, place: int) -> Waiver:
    return Waiver(
        line=line,
        app=app,
        finding=None,
        kind="orphan_account",
        account=account,
        person=None,
        group=None,
        owner="owner",
        reason="made up",
        approver="approver",
        approved_on=date(2026, 7, 1),
        expires_on=date(2026, 8, 1) if place % 3 == 0 else date(2027, 1, 1),
    )


def _write_decided(folder: Path, size: Size, decided: Registers) -> None:
    """Write what the rules read beside the tables, as an audit does before it runs them."""
    config = configuration(size)
    write_inputs(folder, config, readings(folder, config), RUN, AS_OF, AUDITED_AT)
    write_decisions(folder, config, decided, AS_OF)
    add_earlier(folder, size.sources)
