"""The same findings and evidence in plain pandas, everything at once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.bench.estate import AS_OF, HRIS, Size

NAME = ["employee_number_key", "display_name_key"]
ACCOUNT = ["app", "account_id"]
SEEN = [*ACCOUNT, "active", "user_name", "display_name"]
OWNED = [
    *ACCOUNT, "active", "person_source", "person_id", "status", "departed", "past_due", "days",
]  # fmt: skip


def find(folder: Path, size: Size, out: Path) -> None:
    """Write the findings of ``folder/tables`` and the evidence below ``out``, one file for each."""
    records = _read(folder, "people", HRIS)
    persons = _persons(records)
    records = records.merge(persons[[*NAME, "identity", "departed"]], on=NAME)
    accounts = _read(folder, "accounts", size.app_names).rename(columns={"source": "app"})
    owners = _owners(accounts, records, out)
    owned = accounts.merge(owners[~owners.disputed], on=ACCOUNT).merge(
        persons.drop(columns=["user_name", "display_name", "name_keys"]), on="identity"
    )
    found = [*_of_accounts(accounts, owners, owned), *_of_groups(folder, size, owned)]
    _write(out / "found.parquet", pd.concat(found, ignore_index=True))
    judged = accounts[[*SEEN]].merge(owners, on=ACCOUNT, how="left")
    _write(out / "evidence/situations.parquet", judged[[*ACCOUNT, "identity", "disputed"]])
    _write(out / "evidence/observed.parquet", judged[[*SEEN, "identity"]])
    owned["days"] = (pd.Timestamp(AS_OF) - owned.gone_at).dt.days
    _write(out / "evidence/owned.parquet", owned[OWNED])


def _write(path: Path, rows: pd.DataFrame) -> None:
    """Write the rows to ``path``, sorted by all columns from the left."""
    path.parent.mkdir(exist_ok=True)
    rows.sort_values(list(rows.columns)).to_parquet(path, compression="zstd", index=False)


def _read(folder: Path, kind: str, sources: tuple[str, ...] | list[str]) -> pd.DataFrame:
    paths = [folder / "tables" / kind / f"{source}.parquet" for source in sources]
    return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)


def _persons(records: pd.DataFrame) -> pd.DataFrame:
    """One governing record for each person."""
    now = pd.Timestamp(AS_OF)
    people = records.copy()
    again = (people.hired_at > people.departed_at) & (people.hired_at <= now)
    people["gone_at"] = people.departed_at.mask(again)
    people["place"] = people.source + ":" + people.person_id
    people["identity"] = people.groupby(NAME).place.transform("min")
    order = {"active": 1, "on_leave": 2, "terminated": 7, "pending": 4, "unknown": 5}
    people["standing"] = people.status.map(order)
    left = people.status == "terminated"
    people.loc[left & people.gone_at.isna(), "standing"] = 6
    people.loc[left & (people.gone_at > now), "standing"] = 3
    people = people.sort_values("standing", kind="stable").drop_duplicates("identity")
    people["departed"] = people.standing >= 6
    people["past_due"] = people.gone_at.isna() | (people.removal_due_at <= now)
    return people.rename(columns={"source": "person_source"})


def _names(records: pd.DataFrame) -> pd.DataFrame:
    parts = [("number", "employee_number_key")]
    parts += [("external", f"{one}_key") for one in ("person_id", "external_id", "employee_number")]
    parts += [("address", "user_name_address"), ("address", "email_keys")]
    return _keys(records, ["identity", "departed"], parts)


def _keys(rows: pd.DataFrame, by: list[str], parts: list[tuple[str, str]]) -> pd.DataFrame:
    """Every value by which a row can be named, with its kind; a user name only as a word."""
    found = []
    for kind, column in parts:
        one = rows[[*by, column]].rename(columns={column: "value"})
        one = one.explode("value") if column == "email_keys" else one
        found.append(one.dropna(subset="value").assign(kind=kind))
    word = rows[~rows.user_name_key.str.contains("@", na=True)]
    found.append(word[[*by, "user_name_key"]].rename(columns={"user_name_key": "value"}))
    found[-1]["kind"] = "word"
    return pd.concat(found).drop_duplicates()


def _owners(accounts: pd.DataFrame, records: pd.DataFrame, out: Path) -> pd.DataFrame:
    """Whom each account belongs to; what led to whom is written as evidence."""
    parts = [("number", "employee_number_key"), ("external", "external_id_key")]
    parts += [("address", "user_name_address"), ("address", "email_keys")]
    keys = _keys(accounts, ACCOUNT, parts)
    claims = keys.merge(_names(records), on=["kind", "value"])
    columns = [*ACCOUNT, "kind", "value", "identity", "departed"]
    _write(out / "evidence/candidates.parquet", claims[columns])
    claims["weak"] = claims.kind == "word"
    claims["strong"] = claims.kind == "address"
    shared = claims.drop_duplicates([*ACCOUNT, "identity"]).groupby(["app", "identity"]).size()
    owners = claims.groupby(ACCOUNT, as_index=False).agg(
        identity=("identity", "min"), last=("identity", "max"), weak=("weak", "min"),
        strong=("strong", "max"), departed=("departed", "max"),
    )  # fmt: skip
    owners = owners.merge(shared.rename("sharing").reset_index(), on=["app", "identity"])
    doubtful = owners[~owners.weak & ~owners.strong & owners.departed]
    other = _contradicted(doubtful, accounts, records)
    weak = owners.weak & (owners.departed | (owners.sharing > 1))
    owners["disputed"] = (owners.identity != owners["last"]) | weak | owners.index.isin(other)
    return owners[[*ACCOUNT, "identity", "disputed"]]


def _contradicted(
    doubtful: pd.DataFrame, accounts: pd.DataFrame, records: pd.DataFrame
) -> pd.Index[int]:
    """The accounts whose name shares no word with the person an issued key leads to."""
    named = doubtful.reset_index().merge(accounts[[*ACCOUNT, "name_keys"]], on=ACCOUNT)
    mine = named[["index", "identity", "name_keys"]].explode("name_keys")
    theirs = records[["identity", "name_keys"]].explode("name_keys").drop_duplicates()
    agreeing = mine.merge(theirs, on=["identity", "name_keys"])["index"]
    return doubtful.index.difference(pd.Index(agreeing))


def _of_accounts(
    accounts: pd.DataFrame, owners: pd.DataFrame, owned: pd.DataFrame
) -> list[pd.DataFrame]:
    now = pd.Timestamp(AS_OF)
    on = owned.active.eq(True)  # noqa: FBT003 - null is not active
    used = owned.last_activity_at
    working = owned.status.isin(["active", "on_leave"])
    ended = (
        working & (owned.gone_at <= now) & owned.past_due & (owned.worker_type_key == "contractor")
    )
    rows = accounts.merge(owners, on=ACCOUNT, how="left")
    alive = rows.active.eq(True)  # noqa: FBT003 - the same
    return [
        _kind("ghost_active", owned[on & owned.departed & owned.past_due]),
        _kind("ghost_pending", owned[on & owned.departed & ~owned.past_due]),
        _kind("used_after_departure", owned[owned.departed & (used > owned.gone_at)]),
        _kind("dormant_account", owned[on & ~owned.departed & (used <= now - pd.Timedelta("90D"))]),
        _kind("engagement_expired", owned[on & ended]),
        _kind("orphan_account", rows[alive & rows.identity.isna()]),
        _kind("ambiguous_identity", rows[alive & rows.disputed.eq(True)]),  # noqa: FBT003 - the same
    ]


def _of_groups(folder: Path, size: Size, owned: pd.DataFrame) -> list[pd.DataFrame]:
    groups = _read(folder, "groups", size.app_names)[["source", "group_id", "display_name"]]
    groups = groups.rename(columns={"source": "app"})
    members = _read(folder, "memberships", size.app_names)
    members = members[members.member_type == "User"].rename(
        columns={"source": "app", "member_id": "account_id"}
    )
    columns = [*ACCOUNT, "identity", "departed", "past_due"]
    held = members[[*ACCOUNT, "group_id"]].merge(owned[columns], on=ACCOUNT)
    leavers = held[held.departed & held.past_due].drop_duplicates([*ACCOUNT, "group_id"])
    place = ["app", "group_id", "identity"]
    governed = groups[
        groups.display_name.str.startswith("Department ")
        | ((groups.display_name == "Everybody") & (groups.app != "app00"))
    ]
    actual = held[~held.departed].merge(governed, on=["app", "group_id"])
    actual = actual.groupby(place, as_index=False).agg({"account_id": "min"})
    everybody = groups[(groups.display_name == "Everybody") & (groups.app == "app00")]
    modelled = held.merge(everybody, on=["app", "group_id"]).identity.unique()
    at_work = owned.active.eq(True) & (owned.status == "active")  # noqa: FBT003 - null is not
    wanted = owned[[*place[:1], "identity", "department"]].assign(
        account_id=owned.account_id.where(at_work)
    )
    by_rule = wanted.assign(display_name="Department " + wanted.department)
    mirrored = wanted[wanted.identity.isin(modelled)].assign(display_name="Everybody")
    expected = pd.concat([by_rule, mirrored]).merge(governed, on=["app", "display_name"])
    expected = expected.groupby(place, as_index=False).agg({"account_id": "min"})
    both = expected.merge(actual, on=place, how="outer", suffixes=("_e", ""), indicator="side")
    missing = both[(both.side == "left_only") & both.account_id_e.notna()]
    return [
        _kind("leaver_membership", leavers),
        _kind("group_drift", both[both.side == "right_only"].assign(direction="unexpected")),
        _kind("group_drift", missing.assign(direction="missing", account_id=missing.account_id_e)),
    ]


def _kind(kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    columns = ["kind", *ACCOUNT, "group_id", "direction"]
    return rows.assign(kind=kind).reindex(columns=columns).astype("string")
