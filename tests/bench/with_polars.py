"""The same findings and evidence in polars: lazy, streamed into the files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import polars as pl

from tests.bench.estate import AS_OF, HRIS, Size

NAME = ["employee_number_key", "display_name_key"]
ACCOUNT = ["app", "account_id"]
SEEN = [*ACCOUNT, "active", "user_name", "display_name"]
OWNED = [
    *ACCOUNT, "active", "person_source", "person_id", "status", "departed", "past_due", "days",
]  # fmt: skip
PLACE = ["app", "group_id", "identity"]
KEYS = [
    ("number", "employee_number_key"),
    ("external", "external_id_key"),
    ("address", "user_name_address"),
    ("address", "email_keys"),
]


def find(folder: Path, size: Size, out: Path) -> None:
    """Write the findings of ``folder/tables`` and the evidence below ``out``, one file for each."""
    records = _scan(folder, "people", HRIS)
    persons = _persons(records)
    records = records.join(persons.select(*NAME, "identity", "departed"), on=NAME)
    accounts = _scan(folder, "accounts", size.app_names).rename({"source": "app"})
    claims = _claims(accounts, records).collect(engine="streaming").lazy()
    owners = _owners(claims, accounts, records).collect(engine="streaming").lazy()
    owned = (
        accounts.select(*ACCOUNT, "active", "last_activity_at")
        .join(owners.filter(~pl.col("disputed")), on=ACCOUNT)
        .join(persons, on="identity")
    )
    found = [*_of_accounts(accounts, owners, owned), *_of_groups(folder, size, owned)]
    _write(out / "found.parquet", pl.concat(found))
    columns = [*ACCOUNT, "kind", "value", "identity", "departed"]
    _write(out / "evidence/candidates.parquet", claims.select(columns))
    judged = accounts.select(SEEN).join(owners, on=ACCOUNT, how="left")
    situations = judged.select(*ACCOUNT, "identity", "disputed")
    _write(out / "evidence/situations.parquet", situations)
    _write(out / "evidence/observed.parquet", judged.select(*SEEN, "identity"))
    days = (pl.lit(AS_OF) - pl.col("gone_at")).dt.total_days()
    _write(out / "evidence/owned.parquet", owned.with_columns(days=days).select(OWNED))


def _write(path: Path, rows: pl.LazyFrame) -> None:
    """Write the rows to ``path``, sorted by all columns from the left."""
    path.parent.mkdir(exist_ok=True)
    ordered = rows.sort(rows.collect_schema().names())
    ordered.sink_parquet(path, compression="zstd", compression_level=1, engine="streaming")


def _scan(folder: Path, kind: str, sources: Sequence[str]) -> pl.LazyFrame:
    return pl.scan_parquet([folder / "tables" / kind / f"{one}.parquet" for one in sources])


def _persons(records: pl.LazyFrame) -> pl.LazyFrame:
    """One governing record for each person."""
    status, gone = pl.col("status"), pl.col("gone_at")
    again = (pl.col("hired_at") > pl.col("departed_at")) & (pl.col("hired_at") <= AS_OF)
    standing = (
        pl.when(status != "terminated")
        .then(
            status.replace_strict(
                ["active", "on_leave", "pending", "unknown"], [1, 2, 4, 5], default=7
            )
        )
        .when(gone > AS_OF)
        .then(3)
        .when(gone.is_null())
        .then(6)
        .otherwise(7)
    )
    return (
        records.with_columns(
            gone_at=pl.when(again.fill_null(value=False))
            .then(None)
            .otherwise(pl.col("departed_at")),
            identity=(pl.col("source") + ":" + pl.col("person_id")).min().over(NAME),
        )
        .with_columns(standing=standing)
        .sort("standing", maintain_order=True)
        .unique("identity", keep="first", maintain_order=True)
        .select(
            *NAME, "identity", "person_id", "status", "worker_type_key", "department", "gone_at",
            person_source=pl.col("source"),
            departed=pl.col("standing") >= 6,
            past_due=gone.is_null() | (pl.col("removal_due_at") <= AS_OF),
        )
    )  # fmt: skip


def _keys(rows: pl.LazyFrame, by: list[str], parts: list[tuple[str, str]]) -> pl.LazyFrame:
    """Every value by which a row can be named, with its kind; a user name only as a word."""
    found = []
    for kind, column in parts:
        one = rows.select(*by, value=pl.col(column), kind=pl.lit(kind))
        found.append((one.explode("value") if column == "email_keys" else one).drop_nulls("value"))
    word = rows.filter(~pl.col("user_name_key").str.contains("@", literal=True))
    found.append(word.select(*by, value=pl.col("user_name_key"), kind=pl.lit("word")))
    return pl.concat(found).unique()


def _claims(accounts: pl.LazyFrame, records: pl.LazyFrame) -> pl.LazyFrame:
    """Every key of an account that leads to somebody."""
    more = [("external", "person_id_key"), ("external", "employee_number_key")]
    names = _keys(records, ["identity", "departed"], [*KEYS, *more])
    return _keys(accounts, ACCOUNT, KEYS).join(names, on=["kind", "value"])


def _owners(claims: pl.LazyFrame, accounts: pl.LazyFrame, records: pl.LazyFrame) -> pl.LazyFrame:
    """Whom each account belongs to."""
    shared = claims.group_by("app", "identity").agg(sharing=pl.col("account_id").n_unique())
    owners = (
        claims.group_by(ACCOUNT)
        .agg(
            pl.col("departed").any(),
            identity=pl.col("identity").min(),
            last=pl.col("identity").max(),
            weak=(pl.col("kind") == "word").all(),
            strong=(pl.col("kind") == "address").any(),
        )
        .join(shared, on=["app", "identity"])
    )
    doubtful = owners.filter(~pl.col("weak") & ~pl.col("strong") & pl.col("departed"))
    mine = doubtful.join(accounts.select(*ACCOUNT, "name_keys"), on=ACCOUNT)
    theirs = records.select("identity", "name_keys").explode("name_keys").unique()
    agreeing = mine.explode("name_keys").join(theirs, on=["identity", "name_keys"])
    other = doubtful.join(agreeing.select(ACCOUNT).unique(), on=ACCOUNT, how="anti")
    weak = pl.col("weak") & (pl.col("departed") | (pl.col("sharing") > 1))
    return owners.join(
        other.select(*ACCOUNT, other=pl.lit(value=True)), on=ACCOUNT, how="left"
    ).select(
        *ACCOUNT,
        "identity",
        disputed=(pl.col("identity") != pl.col("last"))
        | weak
        | pl.col("other").fill_null(value=False),
    )


def _of_accounts(
    accounts: pl.LazyFrame, owners: pl.LazyFrame, owned: pl.LazyFrame
) -> list[pl.LazyFrame]:
    on, left, due = pl.col("active"), pl.col("departed"), pl.col("past_due")
    used, gone = pl.col("last_activity_at"), pl.col("gone_at")
    working = pl.col("status").is_in(["active", "on_leave"])
    external = pl.col("worker_type_key") == "contractor"
    rows = accounts.select(*ACCOUNT, "active").join(owners, on=ACCOUNT, how="left")
    return [
        _kind("ghost_active", owned.filter(on & left & due)),
        _kind("ghost_pending", owned.filter(on & left & ~due)),
        _kind("used_after_departure", owned.filter(left & (used > gone))),
        _kind("dormant_account", owned.filter(on & ~left & (used <= AS_OF - timedelta(days=90)))),
        _kind("engagement_expired", owned.filter(on & working & (gone <= AS_OF) & due & external)),
        _kind("orphan_account", rows.filter(on & pl.col("identity").is_null())),
        _kind("ambiguous_identity", rows.filter(on & pl.col("disputed"))),
    ]


def _of_groups(folder: Path, size: Size, owned: pl.LazyFrame) -> list[pl.LazyFrame]:
    groups = _scan(folder, "groups", size.app_names).select(
        "group_id", "display_name", app=pl.col("source")
    )
    members = (
        _scan(folder, "memberships", size.app_names)
        .filter(pl.col("member_type") == "User")
        .select("group_id", app=pl.col("source"), account_id=pl.col("member_id"))
    )
    held = members.join(owned.select(*ACCOUNT, "identity", "departed", "past_due"), on=ACCOUNT)
    leavers = held.filter(pl.col("departed") & pl.col("past_due")).unique([*ACCOUNT, "group_id"])
    everybody, model = pl.col("display_name") == "Everybody", pl.col("app") == "app00"
    governed = groups.filter(
        pl.col("display_name").str.starts_with("Department ") | (everybody & ~model)
    )
    actual = held.filter(~pl.col("departed")).join(governed, on=["app", "group_id"])
    actual = actual.group_by(PLACE).agg(pl.col("account_id").min())
    modelled = held.join(groups.filter(everybody & model), on=["app", "group_id"])
    at_work = (pl.col("status") == "active") & pl.col("active").fill_null(value=False)
    wanted = owned.select(
        "app", "identity", "department", wanted=pl.when(at_work).then(pl.col("account_id"))
    )
    by_rule = wanted.with_columns(display_name="Department " + pl.col("department"))
    mirrored = wanted.join(modelled.select("identity").unique(), on="identity").with_columns(
        display_name=pl.lit("Everybody")
    )
    expected = pl.concat([by_rule, mirrored]).join(governed, on=["app", "display_name"])
    expected = expected.group_by(PLACE).agg(pl.col("wanted").min())
    missing = expected.filter(pl.col("wanted").is_not_null()).join(actual, on=PLACE, how="anti")
    missing = missing.rename({"wanted": "account_id"})
    unexpected = actual.join(expected, on=PLACE, how="anti")
    return [
        _kind("leaver_membership", leavers),
        _kind("group_drift", unexpected, "unexpected"),
        _kind("group_drift", missing, "missing"),
    ]


def _kind(kind: str, rows: pl.LazyFrame, direction: str | None = None) -> pl.LazyFrame:
    group = pl.col("group_id") if "group_id" in rows.collect_schema() else pl.lit(None, pl.String)
    return rows.select(
        *ACCOUNT,
        kind=pl.lit(kind),
        group_id=group,
        direction=pl.lit(direction, pl.String),
    )
