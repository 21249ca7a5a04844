"""The same findings and evidence in plain pandas, everything at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tests.bench.estate import AS_OF, HRIS, READ_FROM, READ_UNTIL, RUN, Size

NAME = ["employee_number_key", "display_name_key"]
ACCOUNT = ["app", "account_id"]
PLACE = ["source", "account_id"]
PERSON = ["person_source", "person_id"]
KEYS = pd.DataFrame(
    [
        ("employee_number", 1, "strong", "number", "employee_number_key"),
        ("external_id", 2, "strong", "external", "external_id_key"),
        ("email", 3, "strong", "address", "email_keys"),
        ("user_name", 4, "strong", "address", "user_name_address"),
        ("user_name", 4, "weak", "word", "user_name_key"),
    ],
    columns=["key", "priority", "strength", "kind", "column"],
)
"""The keys of an account in the order of trust, a rule for each; the last is a word."""
NAMED = [
    ("number", "employee_number_key"), ("external", "person_id_key"),
    ("external", "external_id_key"), ("external", "employee_number_key"),
    ("address", "user_name_address"), ("address", "email_keys"), ("word", "user_name_key"),
]  # fmt: skip
"""By what a record can be named."""
FOUND = [
    "kind", *ACCOUNT, *PERSON, "group_id", "direction", "basis", "problem", "via", "privileged",
    "days_since_departure", "earliest_at", "latest_at",
]  # fmt: skip
"""All columns that a finding of any kind has."""


def find(folder: Path, size: Size, out: Path) -> None:
    """Write the findings of ``folder/tables`` and the evidence below ``out``, one file for each."""
    records = _read(folder, "people", HRIS)
    persons = _persons(records)
    records = records.merge(persons[[*NAME, "identity", "departed"]], on=NAME)
    accounts = _read(folder, "accounts", size.app_names).rename(columns={"source": "app"})
    claims = _claims(accounts, records)
    owners = _owners(claims, accounts, records)
    owned = accounts.merge(owners[owners.problem.isna()], on=ACCOUNT).merge(
        persons.drop(columns=["user_name", "display_name", "name_keys"]), on="identity"
    )
    owned["days_since_departure"] = (pd.Timestamp(AS_OF) - owned.gone_at).dt.days.astype("Int64")
    groups = _groups(folder, size)
    members = _members(folder, size).merge(groups, on=["app", "group_id"])
    found = [
        *_of_accounts(accounts, owners, owned, _privileged(accounts, members)),
        *_of_groups(groups, members, owned),
    ]
    _write(out / "found.parquet", pd.concat(found, ignore_index=True), [*ACCOUNT, "kind"])
    people = persons[["identity", "departed", *PERSON]]
    _write_candidates(out / "evidence/candidates.parquet", claims, owners)
    judged = _situations(accounts, owners, people)
    columns = [*PLACE, "situation", *PERSON, "matched_by", "identity", "problem", "active"]
    _write(out / "evidence/situations.parquet", judged[columns], PLACE)
    _write_observed(out / "evidence/observed_accounts.parquet", judged)


def _write(path: Path, rows: pd.DataFrame, order: list[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    rows.sort_values(order).to_parquet(path, compression="zstd", index=False)


def _write_candidates(path: Path, claims: pd.DataFrame, owners: pd.DataFrame) -> None:
    """Write every key that led to somebody; where people are in dispute, none is taken."""
    led = claims.merge(owners[[*ACCOUNT, "problem"]], on=ACCOUNT)
    led["taken"] = led.problem.isna()
    led = led.join(KEYS[["key", "priority", "strength"]], on="rule")
    led = led.rename(columns={"app": "source"})
    columns = [*PLACE, "key", "priority", "strength", "key_value", *PERSON, "taken"]
    _write(path, led[columns], [*PLACE, "key", "strength", "key_value", *PERSON])


def _situations(accounts: pd.DataFrame, owners: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Whom every account belongs to, or why nobody."""
    seen = accounts[[*ACCOUNT, "active", "user_name", "display_name"]]
    judged = seen.merge(owners, on=ACCOUNT, how="left")
    judged["situation"] = "linked"
    judged.loc[judged.rule.isna(), "situation"] = "unmatched"
    judged.loc[judged.problem.notna(), "situation"] = "disputed"
    judged.loc[judged.problem.notna(), ["identity", "rule"]] = None
    judged["matched_by"] = judged.rule.map(KEYS.key)
    return judged.merge(people, on="identity", how="left").rename(columns={"app": "source"})


def _write_observed(path: Path, judged: pd.DataFrame) -> None:
    """Write what the first audit saw of every account, between the start and end of its reading."""
    seen = judged[[*PLACE, "user_name", "display_name", *PERSON]].copy()
    on, off = judged.active.eq(True), judged.active.eq(False)  # noqa: FBT003 - null is neither
    seen["sighting"] = on.map({True: "active"}).fillna(off.map({True: "inactive"}))
    seen["sighting"] = seen.sighting.fillna("unknown")
    seen["first_seen_at"], seen["first_seen_run"] = pd.Timestamp(READ_FROM), RUN
    for name, rows, at in (
        ("last_active", on, READ_FROM), ("last_inactive", off, READ_FROM),
        ("first_inactive", off, READ_UNTIL), ("reactivated", on & off, READ_UNTIL),
    ):  # fmt: skip
        seen[f"{name}_at"] = rows.map({True: pd.Timestamp(at)})
        seen[f"{name}_run"] = rows.map({True: RUN})
    seen["gone_at"] = pd.Series(pd.NaT, index=seen.index, dtype=seen.first_seen_at.dtype)
    seen["concluded_run"] = (off & judged.departed.eq(True)).map({True: RUN})  # noqa: FBT003 - same
    _write(path, seen, PLACE)


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


def _claims(accounts: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Every key of an account that leads to a person, with the number of its rule."""
    records = records.rename(columns={"source": "person_source"})
    names = [_values(records, ["identity", "departed", *PERSON], *one) for one in NAMED]
    keys = [
        _values(accounts, ACCOUNT, *named).assign(rule=rule)
        for rule, named in enumerate(zip(KEYS.kind, KEYS.column, strict=True))
    ]
    known = pd.concat(names).drop_duplicates()
    return pd.concat(keys).drop_duplicates().merge(known, on=["kind", "key_value"])


def _values(rows: pd.DataFrame, by: list[str], kind: str, column: str) -> pd.DataFrame:
    """The values of one column, a row for each; a word has no @."""
    one = rows[[*by, column]].rename(columns={column: "key_value"})
    one = one.explode("key_value") if column == "email_keys" else one
    one = one.dropna(subset="key_value").assign(kind=kind)
    return one[~one.key_value.str.contains("@", regex=False)] if kind == "word" else one


def _owners(claims: pd.DataFrame, accounts: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Whom each account belongs to, by which rule, and why that is in dispute."""
    claims["weak"] = claims.kind == "word"
    claims["strong"] = claims.kind == "address"
    shared = claims.drop_duplicates([*ACCOUNT, "identity"]).groupby(["app", "identity"]).size()
    owners = claims.groupby(ACCOUNT, as_index=False).agg(
        identity=("identity", "min"), last=("identity", "max"), rule=("rule", "min"),
        weak=("weak", "min"), strong=("strong", "max"), departed=("departed", "max"),
    )  # fmt: skip
    owners = owners.merge(shared.rename("sharing").reset_index(), on=["app", "identity"])
    doubtful = owners[~owners.weak & ~owners.strong & owners.departed]
    other = _contradicted(doubtful, accounts, records)
    owners["problem"] = None
    owners.loc[other, "problem"] = "name_contradicts"
    owners.loc[owners.weak & owners.departed, "problem"] = "weak_key"
    owners.loc[owners.weak & (owners.sharing > 1), "problem"] = "weak_key_shared"
    owners.loc[owners.identity != owners["last"], "problem"] = "several_people"
    return owners[[*ACCOUNT, "identity", "rule", "problem"]]


def _contradicted(
    doubtful: pd.DataFrame, accounts: pd.DataFrame, records: pd.DataFrame
) -> pd.Index[int]:
    """The accounts whose name shares no word with the person an issued key leads to."""
    named = doubtful.reset_index().merge(accounts[[*ACCOUNT, "name_keys"]], on=ACCOUNT)
    mine = named[["index", "identity", "name_keys"]].explode("name_keys")
    theirs = records[["identity", "name_keys"]].explode("name_keys").drop_duplicates()
    agreeing = mine.merge(theirs, on=["identity", "name_keys"])["index"]
    return doubtful.index.difference(pd.Index(agreeing))


def _groups(folder: Path, size: Size) -> pd.DataFrame:
    """Every group: whether it is privileged, and by what people are expected to be in it."""
    groups = _read(folder, "groups", size.app_names).rename(columns={"source": "app"})
    groups["privileged"] = groups.display_name_key.str.startswith("admins")
    groups["basis"] = None
    groups.loc[groups.display_name.str.startswith("Department "), "basis"] = "rule"
    mirror = (groups.display_name == "Everybody") & (groups.app != "app00")
    groups.loc[mirror, "basis"] = "mirror"
    return groups[["app", "group_id", "display_name", "privileged", "basis"]]


def _members(folder: Path, size: Size) -> pd.DataFrame:
    members = _read(folder, "memberships", size.app_names)
    members = members[members.member_type == "User"]
    members = members.rename(columns={"source": "app", "member_id": "account_id"})
    return members[[*ACCOUNT, "group_id", "via"]]


def _privileged(accounts: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """The accounts that are privileged themselves or by a group."""
    named = accounts.user_name_key.str.match("svc-.*1$", na=False)
    itself = accounts[accounts.privileged.eq(True) | named]  # noqa: FBT003 - null is not
    by_group = members[members.privileged]
    return pd.concat([itself[ACCOUNT], by_group[ACCOUNT]]).drop_duplicates()


def _of_accounts(
    accounts: pd.DataFrame, owners: pd.DataFrame, owned: pd.DataFrame, privileged: pd.DataFrame
) -> list[pd.DataFrame]:
    now = pd.Timestamp(AS_OF)
    on = owned.active.eq(True)  # noqa: FBT003 - null is not active
    used = owned.last_activity_at
    working = owned.status.isin(["active", "on_leave"])
    ended = (
        working & (owned.gone_at <= now) & owned.past_due & (owned.worker_type_key == "contractor")
    )
    dormant = on & ~owned.departed & (used <= now - pd.Timedelta("90D"))
    after = owned[owned.departed & (used > owned.gone_at)]
    rows = accounts.merge(owners, on=ACCOUNT, how="left")
    alive = rows.active.eq(True)  # noqa: FBT003 - the same
    days = ["days_since_departure"]
    return [
        _kind(
            "ghost_active", _marked(owned[on & owned.departed & owned.past_due], privileged), days
        ),
        _kind("ghost_pending", owned[on & owned.departed & ~owned.past_due], days),
        _kind(
            "used_after_departure",
            after.assign(earliest_at=after.last_activity_at, latest_at=after.last_activity_at),
            [*days, "earliest_at", "latest_at"],
        ),
        _kind("dormant_account", _marked(owned[dormant], privileged)),
        _kind("engagement_expired", _marked(owned[on & ended], privileged), days),
        _kind("orphan_account", _marked(rows[alive & rows.identity.isna()], privileged)),
        _kind("ambiguous_identity", rows[alive & rows.problem.notna()], ["problem"]),
    ]


def _of_groups(
    groups: pd.DataFrame, members: pd.DataFrame, owned: pd.DataFrame
) -> list[pd.DataFrame]:
    columns = [*ACCOUNT, "identity", "departed", "past_due", *PERSON, "days_since_departure"]
    held = members.merge(owned[columns], on=ACCOUNT)
    leavers = held[held.departed & held.past_due]
    model = (held.display_name == "Everybody") & (held.app == "app00")
    modelled = list(held[model].identity.unique())
    place = ["app", "group_id", "basis", "identity"]
    actual = held[~held.departed].dropna(subset="basis")
    actual = actual.groupby(place, as_index=False).agg({"account_id": "min", "via": "min"})
    expected = _expected(groups, owned, modelled).groupby(place, as_index=False)
    both = expected.agg({"account_id": "min"}).merge(
        actual, on=place, how="outer", suffixes=("_e", ""), indicator="side"
    )
    people = owned[["identity", *PERSON]].drop_duplicates("identity")
    both = both.merge(people, on="identity").merge(
        groups[["app", "group_id", "privileged"]], on=["app", "group_id"]
    )
    missing = both[(both.side == "left_only") & both.account_id_e.notna()]
    missing = missing.assign(account_id=missing.account_id_e, direction="missing", privileged=False)
    unexpected = both[both.side == "right_only"].assign(direction="unexpected")
    own = ["group_id", "via", "privileged"]
    return [
        _kind("leaver_membership", leavers, [*own, "days_since_departure"]),
        _kind("group_drift", pd.concat([missing, unexpected]), [*own, "direction", "basis"]),
    ]


def _expected(groups: pd.DataFrame, owned: pd.DataFrame, modelled: Sequence[str]) -> pd.DataFrame:
    """Who belongs into which group, with an account that is at work, if there is one."""
    at_work = owned.active.eq(True) & (owned.status == "active")  # noqa: FBT003 - null is not
    wanted = owned[["app", "identity", "department"]].assign(
        account_id=owned.account_id.where(at_work)
    )
    by_rule = wanted.assign(display_name="Department " + wanted.department)
    mirrored = wanted[wanted.identity.isin(modelled)].assign(display_name="Everybody")
    governed = groups.dropna(subset="basis")[["app", "group_id", "display_name", "basis"]]
    return pd.concat([by_rule, mirrored]).merge(governed, on=["app", "display_name"])


def _marked(rows: pd.DataFrame, privileged: pd.DataFrame) -> pd.DataFrame:
    """The rows with whether their account is among the privileged ones."""
    rows = rows.drop(columns="privileged")
    marked = rows.merge(privileged, on=ACCOUNT, how="left", indicator="side")
    return marked.assign(privileged=marked.side == "both")


def _kind(kind: str, rows: pd.DataFrame, more: Sequence[str] = ()) -> pd.DataFrame:
    """The rows as findings of one kind, with the columns that it has beside account and person."""
    kept = {"kind", *ACCOUNT, *PERSON, *more, *(["privileged"] if "side" in rows else [])}
    return rows.assign(kind=kind).reindex(columns=[one for one in FOUND if one in kept])
