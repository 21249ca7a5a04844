"""The populations of a run: people and accounts as tabulated, with what was concluded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from scanner.model import Audit, Role

PEOPLE_COLUMNS = (
    "source", "person_id", "employee_number", "external_id", "user_name", "emails", "display_name",
    "status", "worker_type", "department", "title", "manager_id", "location", "hired_at",
    "departed_at", "removal_due_at", "recorded_at", "response", "response_index",
)  # fmt: skip
ACCOUNT_COLUMNS = (
    "source", "account_id", "user_name", "external_id", "employee_number", "emails",
    "display_name", "active", "account_type", "privileged", "created_at", "modified_at",
    "last_activity_at", "version", "response", "response_index",
)  # fmt: skip
LINK_COLUMNS = ("source", "account_id", "situation", "person_source", "person_id", "matched_by")

Record = Any
"""One row with a field for every column; ``None`` where the table holds nothing."""


@dataclass(frozen=True, slots=True)
class Populations:
    """All people and accounts that were received, complete or not, in the order of the sources.

    A person has the columns of the people tables and ``accounts_linked``, ``accounts_active``. An
    account has the columns of the account tables and ``situation``, ``person_source``,
    ``person_id``, ``matched_by``, ``person_status``, ``person_departed_at`` (all ``None`` where
    nothing was concluded) and ``finding_kinds``. Instants are in UTC.
    """

    people: Sequence[Record]
    accounts: Sequence[Record]


def read_populations(audit: Audit, tables: Path) -> Populations:
    """Read the Parquet tables of a run and lay the outcome of correlation beside the accounts.

    ``tables`` holds ``people`` and ``accounts`` with one file per source; a source that was not
    read has none. ``correlation/situations.parquet`` stands beside it where anything was concluded.
    """
    hris = [one.source for one in audit.sources if one.role is Role.HRIS]
    apps = [one.source for one in audit.sources if one.role is not Role.HRIS]
    people = _read_all(tables / "people", hris, PEOPLE_COLUMNS)
    accounts = _read_all(tables / "accounts", apps, ACCOUNT_COLUMNS)
    links = _read(tables.parent / "correlation" / "situations.parquet", LINK_COLUMNS)
    correlated = _correlate(accounts, links, people)
    kinds = _finding_kinds(audit)
    keys = zip(correlated["source"], correlated["account_id"], strict=True)
    correlated["finding_kinds"] = [kinds.get(key, "") for key in keys]
    return Populations(_records(_count_accounts(people, correlated)), _records(correlated))


def _read_all(folder: Path, sources: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    frames = [_read(folder / f"{source}.parquet", columns) for source in sources]
    # Tables without a row have no say in the types of the whole.
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(columns))


def _read(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    if not path.is_file():
        return pd.DataFrame(columns=list(columns))
    # Read through a file: a path would have "name=value" folders read as columns.
    with path.open("rb") as file:
        return _as_objects(pd.read_parquet(file, columns=list(columns)))


def _as_objects(frame: pd.DataFrame) -> pd.DataFrame:
    """Plain Python values with ``None`` for what is not known, whatever the column's type was."""
    return frame.astype(object).where(frame.notna(), None)


def _correlate(accounts: pd.DataFrame, links: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    once = links.drop_duplicates(["source", "account_id"])
    linked = accounts.merge(once, how="left", on=["source", "account_id"])
    persons = people[["source", "person_id", "status", "departed_at"]].set_axis(
        ["person_source", "person_id", "person_status", "person_departed_at"], axis="columns"
    )
    keys = ["person_source", "person_id"]
    return linked.merge(persons.drop_duplicates(keys), how="left", on=keys)


def _count_accounts(people: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    linked: dict[tuple[str, str], int] = defaultdict(int)
    active: dict[tuple[str, str], int] = defaultdict(int)
    owners = zip(accounts["person_source"], accounts["person_id"], strict=True)
    for owner, is_active in zip(owners, accounts["active"], strict=True):
        linked[owner] += 1
        active[owner] += is_active is True
    keys = list(zip(people["source"], people["person_id"], strict=True))
    return people.assign(
        accounts_linked=[linked.get(key, 0) for key in keys],
        accounts_active=[active.get(key, 0) for key in keys],
    )


def _finding_kinds(audit: Audit) -> dict[tuple[str, str], str]:
    kinds: dict[tuple[str, str], set[str]] = defaultdict(set)
    for finding in audit.findings:
        if finding.account is not None:
            kinds[finding.app, finding.account.id].add(finding.kind)
    return {key: "; ".join(sorted(found)) for key, found in kinds.items()}


def _records(frame: pd.DataFrame) -> Sequence[Record]:
    return list(_as_objects(frame).itertuples(index=False, name="Record"))
