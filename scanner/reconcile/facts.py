"""What the rules hit, and what is known of the accounts, people and groups they hit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scanner.model import Rule
from scanner.reconcile.nesting import via_groups
from scanner.reconcile.parquet import Row, read_rows
from scanner.reconcile.queries import result_path
from scanner.reconcile.tables import table_path

Place = tuple[str, str]
"""A source and an id within it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of a rule's result; a rule returns those of these columns that it has.

    ``problem`` holds stable codes, sorted and separated by commas, for kinds that have variants.
    ``earliest_at`` and ``latest_at`` (UTC) bound an instant that is not known exactly;
    ``hours_over_min`` and ``hours_over_max`` are whole hours past the time the policy allows.
    ``via`` names the nested groups through which a membership is held.
    """

    kind: str
    app: str
    account_id: str | None = None
    person_source: str | None = None
    person_id: str | None = None
    group_id: str | None = None
    direction: str | None = None
    basis: str | None = None
    days_since_departure: int | None = None
    problem: str | None = None
    earliest_at: datetime | None = None
    latest_at: datetime | None = None
    hours_over_min: int | None = None
    hours_over_max: int | None = None
    privileged: bool | None = None
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The rows behind the hits, by source and id; only what was hit is held.

    ``matched_by`` names the key that linked an account; ``candidates`` are in order of priority.
    """

    accounts: Mapping[Place, Row]
    people: Mapping[Place, Row]
    groups: Mapping[Place, Row]
    matched_by: Mapping[Place, str | None]
    candidates: Mapping[Place, Sequence[Row]]


def read_hits(folder: Path, rules: Sequence[Rule]) -> list[Hit]:
    """Read back what every rule found; EvidenceError for a missing result."""
    return [
        Hit(rule.kind, **row) for rule in rules for row in read_rows(result_path(folder, rule.kind))
    ]


def read_facts(folder: Path, hits: Sequence[Hit]) -> Facts:
    """Read the rows of the tables that ``hits`` name; EvidenceError for a missing table."""
    accounts = {(hit.app, hit.account_id) for hit in hits if hit.account_id is not None}
    people = {
        (hit.person_source, hit.person_id)
        for hit in hits
        if hit.person_source is not None and hit.person_id is not None
    }
    # A group that an entitlement names and nobody found has no row.
    groups = {(hit.app, hit.group_id) for hit in hits if hit.group_id and hit.account_id}
    groups |= {(hit.app, group) for hit in hits for group in via_groups(hit.via)}
    situations = _correlated(folder, "situations", accounts)
    candidates: defaultdict[Place, list[Row]] = defaultdict(list)
    for row in sorted(_correlated(folder, "candidates", accounts), key=_candidate_order):
        candidates[row["source"], row["account_id"]].append(row)
    return Facts(
        accounts=_gone_accounts(folder, accounts)
        | _rows(folder, "accounts", "account_id", accounts),
        people=_gone_people(folder, people) | _rows(folder, "people", "person_id", people),
        groups=_rows(folder, "groups", "group_id", groups),
        matched_by={(row["source"], row["account_id"]): row["matched_by"] for row in situations},
        candidates=candidates,
    )


def _rows(folder: Path, kind: str, id_column: str, places: Iterable[Place]) -> dict[Place, Row]:
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for source, record_id in places:
        wanted[source].add(record_id)
    return {
        (source, row[id_column]): row
        for source, ids in wanted.items()
        for row in read_rows(table_path(folder, kind, source), (id_column, ids))
    }


def _gone_accounts(folder: Path, places: Iterable[Place]) -> dict[Place, Row]:
    """Describe the accounts that are no longer there as they were last seen."""
    wanted = set(places)
    chosen = ("account_id", {account_id for _, account_id in wanted})
    nothing = {"emails": (), "active": None, "response": None}
    return {
        (row["source"], row["account_id"]): {**row, **nothing}
        for row in read_rows(result_path(folder, "observed_accounts"), chosen)
        if row["sighting"] == "gone" and (row["source"], row["account_id"]) in wanted
    }


def _gone_people(folder: Path, places: Iterable[Place]) -> dict[Place, Row]:
    """Describe the people who are no longer in their HRIS as they were last seen."""
    wanted = set(places)
    chosen = ("person_id", {person_id for _, person_id in wanted})
    return {
        (row["source"], row["person_id"]): {**row, "response": None}
        for row in read_rows(result_path(folder, "observed_people"), chosen)
        if row["gone_at"] is not None and (row["source"], row["person_id"]) in wanted
    }


def _correlated(folder: Path, name: str, accounts: set[Place]) -> list[Row]:
    """Read the rows of a correlation result that are about one of ``accounts``."""
    ids = {account_id for _, account_id in accounts}
    rows = read_rows(result_path(folder, name), ("account_id", ids))
    return [row for row in rows if (row["source"], row["account_id"]) in accounts]


def _candidate_order(row: Row) -> tuple[int, str, str, str]:
    return row["priority"], row["key_value"], row["person_source"], row["person_id"]
