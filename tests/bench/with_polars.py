"""The same findings and evidence in polars: lazy, streamed into the files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import polars as pl

from tests.bench.estate import AS_OF, HRIS, READ_FROM, READ_UNTIL, RUN, Size

NAME = ["employee_number_key", "display_name_key"]
ACCOUNT = ["app", "account_id"]
PLACE = ["source", "account_id"]
PERSON = ["person_source", "person_id"]
GROUP = ["app", "group_id"]
MEMBER = ["app", "group_id", "identity"]
KEYS = [
    ("employee_number", 1, "strong", "number", "employee_number_key"),
    ("external_id", 2, "strong", "external", "external_id_key"),
    ("email", 3, "strong", "address", "email_keys"),
    ("user_name", 4, "strong", "address", "user_name_address"),
    ("user_name", 4, "weak", "word", "user_name_key"),
]
"""The keys of an account in the order of trust, a rule for each; the last is a word."""
RULES = pl.LazyFrame(
    [one[:3] for one in KEYS], ["key", "priority", "strength"], orient="row"
).with_row_index("rule")
NAMED = [
    ("number", "employee_number_key"), ("external", "person_id_key"),
    ("external", "external_id_key"), ("external", "employee_number_key"),
    ("address", "user_name_address"), ("address", "email_keys"), ("word", "user_name_key"),
]  # fmt: skip
"""By what a record can be named."""
SINCE, MARK = "days_since_departure", "privileged"
KINDS = {
    "ghost_active": [*PERSON, SINCE, MARK],
    "ghost_pending": [*PERSON, SINCE],
    "used_after_departure": [*PERSON, SINCE, "earliest_at", "latest_at"],
    "dormant_account": [*PERSON, MARK],
    "engagement_expired": [*PERSON, SINCE, MARK],
    "orphan_account": [MARK],
    "ambiguous_identity": ["problem"],
    "leaver_membership": [*PERSON, "group_id", "via", MARK, SINCE],
    "group_drift": [*PERSON, "group_id", "direction", "basis", "via", MARK],
}
"""What a finding of each kind says besides its account."""


def find(folder: Path, size: Size, out: Path) -> None:
    """Write the findings of ``folder/tables`` and the evidence below ``out``, one file for each."""
    records = _scan(folder, "people", HRIS)
    persons = _once(_persons(records))
    records = records.join(persons.select(*NAME, "identity", "departed"), on=NAME)
    accounts = _scan(folder, "accounts", size.app_names).rename({"source": "app"})
    claims = _once(_claims(accounts, records))
    owners = _once(_owners(claims, accounts, records))
    judged = _once(_situations(accounts, owners, persons))
    linked = judged.filter(pl.col("situation") == "linked")
    owned = _once(linked.join(persons.drop(*PERSON, "departed"), on="identity"))
    groups, members = _groups(folder, size), _members(folder, size)
    found = [*_of_accounts(judged, owned, groups, members), *_of_groups(owned, groups, members)]
    rows = pl.concat(found, how="diagonal").sort(*ACCOUNT, "kind", "group_id")
    _write(out / "found.parquet", rows)
    _write(out / "evidence/candidates.parquet", _candidates(claims, owners))
    judged = judged.rename({"app": "source"})
    columns = [*PLACE, "situation", *PERSON, "matched_by", "identity", "problem", "active"]
    _write(out / "evidence/situations.parquet", judged.select(columns))
    _write(out / "evidence/observed_accounts.parquet", _observed(judged))


def _once(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The same rows, collected for all that read them."""
    return rows.collect(engine="streaming").lazy()


def _write(path: Path, rows: pl.LazyFrame) -> None:
    path.parent.mkdir(exist_ok=True)
    rows.sink_parquet(path, compression="zstd", compression_level=1, engine="streaming")


def _candidates(claims: pl.LazyFrame, owners: pl.LazyFrame) -> pl.LazyFrame:
    """Every key that led to somebody; where people are in dispute, none is taken."""
    order = [*PLACE, "key", "strength", "key_value", *PERSON]
    taken = owners.select(*ACCOUNT, taken=pl.col("problem").is_null())
    led = claims.join(taken, on=ACCOUNT).join(RULES, on="rule").rename({"app": "source"})
    return led.select(*order, "priority", "taken").sort(order)


def _situations(
    accounts: pl.LazyFrame, owners: pl.LazyFrame, persons: pl.LazyFrame
) -> pl.LazyFrame:
    """Whom every account belongs to, or why nobody, in the order of the accounts."""
    user = pl.col("user_name_key")
    named = user.str.starts_with("svc-") & user.str.ends_with("1")
    seen = accounts.select(
        *ACCOUNT, "active", "user_name", "display_name", "last_activity_at",
        (pl.col(MARK) | named).fill_null(value=False),
    )  # fmt: skip
    disputed, unmatched = pl.col("problem").is_not_null(), pl.col("rule").is_null()
    situation = (
        pl.when(disputed).then(pl.lit("disputed"))
        .when(unmatched).then(pl.lit("unmatched"))
        .otherwise(pl.lit("linked"))
    )  # fmt: skip
    return (
        seen.join(owners, on=ACCOUNT, how="left")
        .with_columns(pl.when(~disputed).then(pl.col("identity", "rule")), situation=situation)
        .join(RULES.select("rule", matched_by="key"), on="rule", how="left")
        .join(persons.select("identity", "departed", *PERSON), on="identity", how="left")
        .sort(ACCOUNT)
    )


def _observed(judged: pl.LazyFrame) -> pl.LazyFrame:
    """What the first audit saw of every account, between the start and end of its reading."""
    on, off = pl.col("active"), ~pl.col("active")
    sighting = pl.when(on).then(pl.lit("active")).when(off).then(pl.lit("inactive"))
    never = pl.lit(None, pl.Datetime("us", "UTC"))
    return judged.select(
        *PLACE, "user_name", "display_name", *PERSON,
        sighting=sighting.otherwise(pl.lit("unknown")),
        first_seen_at=pl.lit(READ_FROM), first_seen_run=pl.lit(RUN),
        last_active_at=pl.when(on).then(READ_FROM), last_active_run=pl.when(on).then(pl.lit(RUN)),
        last_inactive_at=pl.when(off).then(READ_FROM),
        last_inactive_run=pl.when(off).then(pl.lit(RUN)),
        first_inactive_at=pl.when(off).then(READ_UNTIL),
        first_inactive_run=pl.when(off).then(pl.lit(RUN)),
        reactivated_at=never, reactivated_run=pl.lit(None, pl.String), gone_at=never,
        concluded_run=pl.when(off & pl.col("departed")).then(pl.lit(RUN)),
    )  # fmt: skip


def _scan(folder: Path, kind: str, sources: Sequence[str]) -> pl.LazyFrame:
    return pl.scan_parquet([folder / "tables" / kind / f"{one}.parquet" for one in sources])


def _persons(records: pl.LazyFrame) -> pl.LazyFrame:
    """One governing record for each person."""
    status, gone = pl.col("status"), pl.col("gone_at")
    again = (pl.col("hired_at") > pl.col("departed_at")) & (pl.col("hired_at") <= AS_OF)
    order = {"active": 1, "on_leave": 2, "terminated": 7, "pending": 4, "unknown": 5}
    left = status == "terminated"
    standing = (
        pl.when(left & gone.is_null()).then(6)
        .when(left & (gone > AS_OF)).then(3)
        .otherwise(status.replace_strict(order))
    )  # fmt: skip
    return (
        records.with_columns(
            gone_at=pl.when(~again.fill_null(value=False)).then("departed_at"),
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
            days_since_departure=(pl.lit(AS_OF) - gone).dt.total_days(),
        )
    )  # fmt: skip


def _claims(accounts: pl.LazyFrame, records: pl.LazyFrame) -> pl.LazyFrame:
    """Every key of an account that leads to a record, with the number of its rule."""
    records = records.rename({"source": "person_source"})
    names = [_values(records, ["identity", "departed", *PERSON], *one) for one in NAMED]
    keys = [
        _values(accounts, ACCOUNT, kind, column).with_columns(rule=pl.lit(rule, pl.UInt32))
        for rule, (_, _, _, kind, column) in enumerate(KEYS)
    ]
    return pl.concat(keys).join(pl.concat(names).unique(), on=["kind", "key_value"])


def _values(rows: pl.LazyFrame, by: list[str], kind: str, column: str) -> pl.LazyFrame:
    """The values of one column, a row for each; a word has no @."""
    values = rows.select(*by, key_value=column)
    if column == "email_keys":
        values = values.with_columns(pl.col("key_value").list.unique()).explode("key_value")
    if kind == "word":
        values = values.filter(~pl.col("key_value").str.contains("@", literal=True))
    return values.drop_nulls("key_value").with_columns(kind=pl.lit(kind))


def _owners(claims: pl.LazyFrame, accounts: pl.LazyFrame, records: pl.LazyFrame) -> pl.LazyFrame:
    """Whom each account belongs to, by which rule, and why that is in dispute."""
    shared = claims.group_by("app", "identity").agg(sharing=pl.col("account_id").n_unique())
    owners = claims.group_by(ACCOUNT).agg(
        pl.col("departed").any(), pl.col("identity").min(), pl.col("rule").min(),
        last=pl.col("identity").max(),
        weak=(pl.col("kind") == "word").all(), strong=(pl.col("kind") == "address").any(),
    )  # fmt: skip
    owners = owners.join(shared, on=["app", "identity"])
    other = _contradicted(owners, accounts, records).with_columns(other=pl.lit(value=True))
    several, weak = pl.col("identity") != pl.col("last"), pl.col("weak")
    problem = (
        pl.when(several).then(pl.lit("several_people"))
        .when(weak & (pl.col("sharing") > 1)).then(pl.lit("weak_key_shared"))
        .when(weak & pl.col("departed")).then(pl.lit("weak_key"))
        .when("other").then(pl.lit("name_contradicts"))
    )  # fmt: skip
    owners = owners.join(other, on=ACCOUNT, how="left")
    return owners.select(*ACCOUNT, "identity", "rule", problem=problem)


def _contradicted(
    owners: pl.LazyFrame, accounts: pl.LazyFrame, records: pl.LazyFrame
) -> pl.LazyFrame:
    """The accounts whose name shares no word with the person an issued key leads to."""
    doubtful = owners.filter(~pl.col("weak") & ~pl.col("strong") & pl.col("departed"))
    mine = doubtful.join(accounts.select(*ACCOUNT, "name_keys"), on=ACCOUNT).explode("name_keys")
    theirs = records.select("identity", "name_keys").explode("name_keys").unique()
    agreeing = mine.join(theirs, on=["identity", "name_keys"], how="semi")
    return doubtful.select(ACCOUNT).join(agreeing, on=ACCOUNT, how="anti")


def _groups(folder: Path, size: Size) -> pl.LazyFrame:
    """Every group: whether it is privileged, and on what basis people belong into it, if any."""
    name, elsewhere = pl.col("display_name"), pl.col("app") != "app00"
    rule, mirror = name.str.starts_with("Department "), (name == "Everybody") & elsewhere
    groups = _scan(folder, "groups", size.app_names).rename({"source": "app"})
    return groups.select(
        *GROUP, "display_name", privileged=pl.col("display_name_key").str.starts_with("admins"),
        basis=pl.when(rule).then(pl.lit("rule")).when(mirror).then(pl.lit("mirror")),
    )  # fmt: skip


def _members(folder: Path, size: Size) -> pl.LazyFrame:
    """The accounts that are members of groups."""
    members = _scan(folder, "memberships", size.app_names).filter(pl.col("member_type") == "User")
    return members.select("group_id", "via", app="source", account_id="member_id")


def _of_accounts(
    judged: pl.LazyFrame, owned: pl.LazyFrame, groups: pl.LazyFrame, members: pl.LazyFrame
) -> list[pl.LazyFrame]:
    on, left, due = pl.col("active"), pl.col("departed"), pl.col("past_due")
    used, gone = pl.col("last_activity_at"), pl.col("gone_at")
    working = pl.col("status").is_in(["active", "on_leave"])
    external = pl.col("worker_type_key") == "contractor"
    used_since = owned.filter(left & (used > gone)).with_columns(earliest_at=used, latest_at=used)
    found = [
        _kind("ghost_active", owned.filter(on & left & due)),
        _kind("dormant_account", owned.filter(on & ~left & (used <= AS_OF - timedelta(days=90)))),
        _kind("engagement_expired", owned.filter(on & working & (gone <= AS_OF) & due & external)),
        _kind("orphan_account", judged.filter(on & (pl.col("situation") == "unmatched"))),
    ]
    admins = members.join(groups.filter(MARK), on=GROUP, how="semi")
    admins = admins.select(*ACCOUNT, admin=pl.lit(value=True)).unique()
    marked = pl.concat(found, how="diagonal").join(admins, on=ACCOUNT, how="left")
    return [
        marked.with_columns(pl.col(MARK) | pl.col("admin").is_not_null()).drop("admin"),
        _kind("ghost_pending", owned.filter(on & left & ~due)),
        _kind("used_after_departure", used_since),
        _kind("ambiguous_identity", judged.filter(on & (pl.col("situation") == "disputed"))),
    ]


def _of_groups(
    owned: pl.LazyFrame, groups: pl.LazyFrame, members: pl.LazyFrame
) -> list[pl.LazyFrame]:
    gone = owned.filter("departed", "past_due").select(*ACCOUNT, *PERSON, SINCE)
    leavers = members.join(gone, on=ACCOUNT).unique([*ACCOUNT, "group_id", "via"])
    leavers = leavers.join(groups.select(*GROUP, MARK), on=GROUP)
    model = groups.filter(pl.col("display_name") == "Everybody", pl.col("app") == "app00")
    mirrored = members.join(model, on=GROUP, how="semi").join(owned, on=ACCOUNT)
    governed = groups.drop_nulls("basis")
    here = owned.filter(~pl.col("departed")).select(*ACCOUNT, "identity")
    actual = members.join(governed, on=GROUP, how="semi").join(here, on=ACCOUNT)
    expected = _expected(owned, mirrored, governed)
    missing = expected.drop_nulls("account_id").join(actual, on=MEMBER, how="anti")
    missing = missing.with_columns(direction=pl.lit("missing"))
    unexpected = actual.join(expected, on=MEMBER, how="anti")
    unexpected = unexpected.group_by(MEMBER).agg(pl.col("account_id", "via").min())
    unexpected = unexpected.with_columns(direction=pl.lit("unexpected"))
    people = owned.select("identity", *PERSON).unique("identity")
    drift = pl.concat([missing, unexpected], how="diagonal").join(people, on="identity")
    drift = drift.join(governed, on=GROUP)
    drift = drift.with_columns(pl.col(MARK) & (pl.col("direction") == "unexpected"))
    return [_kind("leaver_membership", leavers), _kind("group_drift", drift)]


def _expected(owned: pl.LazyFrame, mirrored: pl.LazyFrame, governed: pl.LazyFrame) -> pl.LazyFrame:
    """Who belongs into which group, with an account that is at work, if there is one."""
    at_work = pl.when((pl.col("status") == "active") & pl.col("active")).then("account_id")
    wanted = owned.select("app", "identity", "department", account_id=at_work)
    by_rule = wanted.with_columns(display_name="Department " + pl.col("department"))
    mirroring = wanted.join(mirrored, on="identity", how="semi")
    by_mirror = mirroring.with_columns(display_name=pl.lit("Everybody"))
    found = pl.concat([by_rule, by_mirror]).join(governed, on=["app", "display_name"])
    return found.group_by(MEMBER).agg(pl.col("account_id").min())


def _kind(kind: str, rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.select(pl.lit(kind).alias("kind"), *ACCOUNT, *KINDS[kind])
