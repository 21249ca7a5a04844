"""Runs the SQL of one audit: the tables as views, correlation, then one query per finding kind."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scanner.model import Rule
from scanner.reconcile.batch import Batch, divide
from scanner.reconcile.catalogue import read_query
from scanner.reconcile.correlation import key_labels, key_queries
from scanner.reconcile.decisions import DECISIONS
from scanner.reconcile.engine import Engine
from scanner.reconcile.inputs import INPUTS
from scanner.reconcile.observation import EARLIER, FEW, OBSERVED, earlier_paths, observed_path
from scanner.reconcile.parquet import (
    count_rows,
    distinct_texts,
    join_rows,
    keep_parts,
    private_folder,
)
from scanner.reconcile.tables import table_path

ONCE = (
    "keys", "person_keys", "person_addresses", "repeated_numbers", "repeated_addresses",
    "person_traits", "shared_traits",
    "kinship_0", "kinship_1", "kinship_2", "kinship_3", "kinship_4", "identities",
    "record_as_of", "governing_records", "people_as_of", "governing_people", "known_keys",
    "observed_people", "departed_people", "people_counts",
    "shared_keys", "dated_sources", "record_flaws", "moved_people", "person_fields",
    "condition_people", "nonhuman_owners",
    "concluded", "named_groups", "entitlement_groups", "withheld_groups", "governed_groups",
    "approved_groups", "privileged_groups", "waiver_sources",
)  # fmt: skip
"""What is known of people, groups and the run before any account is looked at."""

ACCOUNTS = (
    "account_keys", "named_accounts", "named_links", "linked_by_hand", "matches", "issued_claims",
    "name_agreements", "name_contradictions", "weak_claims", "claims", "found_by_key", "situations",
    "mirrored_people", "registered_accounts", "privileged_accounts", "app_counts",
    "complete_accounts", "account_sightings", "observed_accounts",
    "removal_events", "removal_bounds", "removals", "reactivations", "candidates",
)  # fmt: skip
"""What is known of the accounts of one batch of apps."""

MEMBERSHIPS = (
    "owned_accounts", "timeliness_counts", "account_fields", "condition_groups",
    "expected_accounts", "expected_members", "governed_members", "actual_members", "rule_drift",
    "baseline_drift", "past_moves", "moved_memberships", "kept_memberships", "new_colleagues",
    "mover_drift", "inactive_drift", "observed_moves",
)  # fmt: skip
"""What is known of the groups of one batch, once the accounts of every app are."""

TOTALS = ("match_counts",)
"""What is counted over everything."""

HELD = frozenset({
    "keys", "repeated_addresses", "person_traits", "governing_people", "departed_people",
    "known_keys", "condition_people", "moved_people", "named_accounts", "named_links", "matches",
    "issued_claims", "situations", "owned_accounts", "account_fields", "condition_groups",
    "moved_memberships", "kept_memberships", "mover_drift",
})  # fmt: skip
"""What is computed once and kept while it is needed."""

PART_ROWS = 250_000
"""A result of several batches that is larger stays in parts, in a folder of its name."""

JOINERS = 2
"""How many results of several batches are joined at once."""

QUERIES = (*ONCE, *ACCOUNTS, *MEMBERSHIPS, *TOTALS)
"""Every query beside those of the rules, each after those it reads."""

KEPT = frozenset({
    "shared_traits", "identities", "governing_records", "people_as_of",
    "named_groups", "entitlement_groups", "withheld_groups", "governed_groups",
    "approved_groups", "privileged_groups", "situations", "candidates", "mirrored_people",
    "registered_accounts", "privileged_accounts", "app_counts", "people_counts", "match_counts",
    *OBSERVED, "removals", "reactivations", "timeliness_counts",
})  # fmt: skip
"""What is written beside the result of each rule, and read back from there."""

LAST = frozenset({
    "candidates", "app_counts", "match_counts", "timeliness_counts", "observed_moves",
})  # fmt: skip
"""What is kept and no other query reads."""

READ_BACK = KEPT - HELD - LAST
"""What is written before what reads it."""

READ_BY_BATCH = {"sources": "source", "earlier_accounts": "source", "earlier_moves": "source"}
"""What is read that a batch sees only its own rows of, and the column that names the app."""

KNOWN_BY_BATCH = {
    **READ_BY_BATCH,
    "governed_groups": "app", "approved_groups": "app", "situations": "source",
    "registered_accounts": "app", "privileged_accounts": "app",
    "observed_accounts": "source", "removals": "app", "reactivations": "app",
}  # fmt: skip
"""The same once the accounts of every app are known."""

LABELS: Mapping[str, Sequence[str]] = {
    "people": ("source",), "accounts": ("source",), "sources": ("source",),
    "identities": ("source",), "governing_records": ("source",), "people_as_of": ("source",),
    "keys": ("key", "strength"), "known_keys": ("key",),
    "situations": ("source", "person_source", "matched_by"),
    "run": ("run",), "earlier_accounts": FEW, "governed_groups": ("app",),
}  # fmt: skip
"""Columns that hold nothing but the texts of ``_known_labels``."""

_EARLIER = ("earlier_people", "earlier_accounts", "earlier_moves", "earlier_remediations")

AT_ONCE = frozenset({"collection_incomplete", "hr_data_quality", "missed_run"})
"""Kinds that are about people or the run, and are judged without looking at accounts."""

LATE = frozenset({"waiver_expired"})
"""Kinds that are judged by what the other rules found."""


def run_queries(
    engine: Engine, folder: Path, sources: Sequence[str], rules: Sequence[Rule]
) -> None:
    """Run correlation and ``rules`` over ``folder/tables`` of ``sources``.

    Accounts and memberships are taken in batches of apps as large as ``engine`` says; the result
    is the same in any number of batches. Rules of kinds in LATE are left for ``run_late``. Writes
    ``correlation/<name>.parquet`` for KEPT and for every rule, and ``queries/<name>.sql`` with
    the exact text of everything that was run. Raises EvidenceError for a missing table.
    """
    texts = _texts([rule for rule in rules if rule.kind not in LATE])
    for name, sql in texts.items():
        _write_private(folder / "queries" / f"{name}.sql", sql)
    engine.know(_known_labels(folder, sources))
    _read_tables(engine, folder, sources)
    kinds = [name for name in texts if name not in QUERIES]
    batches = divide(folder, sources, engine.batch_rows)
    run = _Run(engine, folder, texts, batches)
    run.once([*ONCE, *(kind for kind in kinds if kind in AT_ONCE)])
    run.in_batches(ACCOUNTS, READ_BY_BATCH)
    rest = [*MEMBERSHIPS, *(kind for kind in kinds if kind not in AT_ONCE)]
    run.in_batches(rest, KNOWN_BY_BATCH)
    run.once(TOTALS)


@dataclass(frozen=True, slots=True)
class _Run:
    """The queries of one audit on the way through an engine."""

    engine: Engine
    folder: Path
    texts: Mapping[str, str]
    batches: Sequence[Batch]

    def once(self, names: Iterable[str]) -> None:
        """Run each query over everything."""
        for name in names:
            self._query(name, result_path(self.folder, name))
        self.engine.settle()

    def in_batches(self, names: Sequence[str], own: Mapping[str, str]) -> None:
        """Run the queries batch by batch and join the results; of ``own`` it sees its rows only."""
        own = own if len(self.batches) > 1 else {}
        for name in own:
            self.engine.view(f"every_{name}", [_path(self.folder, name)])
        for number, batch in enumerate(self.batches):
            _read_apps(self.engine, self.folder, batch.sources)
            self._narrow(batch, own)
            for name in names:
                self._query(name, self._part(name, number))
        self.engine.settle()
        if len(self.batches) > 1:
            self._join([name for name in names if _is_written(name)])
        # Read from its file, also where it was held: what is planned of it is less.
        again = [] if self.engine.holds_all else [name for name in names if name in KEPT]
        for name in (*again, *own):
            self.engine.view(name, [_path(self.folder, name)], _labels(name))

    def _join(self, names: Sequence[str]) -> None:
        with ThreadPoolExecutor(JOINERS) as joiners:
            # Asked for one by one, so that the first error is raised.
            list(joiners.map(self._join_parts, names))

    def _join_parts(self, name: str) -> None:
        parts = [self._part(name, number) for number in range(len(self.batches))]
        large = sum(map(count_rows, parts)) > PART_ROWS
        (keep_parts if large else join_rows)(parts, result_path(self.folder, name))

    def _query(self, name: str, path: Path) -> None:
        make = self.engine.hold if name in HELD else self.engine.define
        make(name, self.texts[name], _labels(name))
        if name in READ_BACK and not self.engine.holds_all:
            # Resolved once: what follows reads the result instead of computing it again.
            self.engine.write(name, path)
            self.engine.view(name, [path], _labels(name))
        elif _is_written(name):
            self.engine.write_aside(name, path)

    def _narrow(self, batch: Batch, own: Mapping[str, str]) -> None:
        for name, column in own.items():
            condition = batch.condition(column)
            rows = f"SELECT * FROM every_{name} WHERE {condition}"  # noqa: S608 - names of ours
            self.engine.define(name, rows, _labels(name))

    def _part(self, name: str, number: int) -> Path:
        if len(self.batches) == 1:
            return result_path(self.folder, name)
        return self.folder / "spill" / "parts" / f"{name}-{number:06}.parquet"


def _labels(name: str) -> Sequence[str]:
    return LABELS.get(name, ())


def _is_written(name: str) -> bool:
    return name in KEPT or name not in QUERIES


def run_late(engine: Engine, folder: Path, rules: Sequence[Rule]) -> None:
    """Run the rules of kinds in LATE, after ``waived_findings`` was written.

    Writes what ``run_queries`` writes for a rule. Raises EvidenceError for a missing table.
    """
    engine.view("waived_findings", [result_path(folder, "waived_findings")])
    for rule in rules:
        if rule.kind in LATE:
            _write_private(folder / "queries" / f"{rule.kind}.sql", rule.query)
            engine.define(rule.kind, rule.query)
            engine.write(rule.kind, result_path(folder, rule.kind))


def result_path(folder: Path, name: str) -> Path:
    """Return where the result of one query stands in the run folder."""
    if name in OBSERVED:
        return observed_path(folder, name)
    return folder / "correlation" / f"{name}.parquet"


def _known_labels(folder: Path, sources: Sequence[str]) -> set[str]:
    """Return the names of all sources and runs that accounts are told by, and the words of keys."""
    earlier = distinct_texts(_path(folder, "earlier_accounts"), FEW)
    return {*sources, *key_labels(), *distinct_texts(_path(folder, "run"), ["run"]), *earlier}


def _read_tables(engine: Engine, folder: Path, sources: Sequence[str]) -> None:
    """Make what was read of people and groups readable, and what was decided."""
    for name in (*INPUTS, *DECISIONS, *_EARLIER):
        engine.view(name, [_path(folder, name)], _labels(name))
    for kind in ("people", "groups"):
        engine.view(kind, [table_path(folder, kind, source) for source in sources], _labels(kind))


def _read_apps(engine: Engine, folder: Path, sources: Sequence[str]) -> None:
    """Make what was read of the accounts of some sources readable."""
    for kind in ("accounts", "memberships", "events"):
        engine.view(kind, [table_path(folder, kind, source) for source in sources], _labels(kind))
    engine.view("earlier_memberships", earlier_paths(folder, "earlier_memberships", sources))


def _path(folder: Path, name: str) -> Path:
    """Return where a table that is not divided by source stands, or the result of a query."""
    if name in {*INPUTS, *DECISIONS}:
        return folder / "tables" / f"{name}.parquet"
    if name in EARLIER:
        return earlier_paths(folder, name, ())[0]
    return result_path(folder, name)


def _texts(rules: Sequence[Rule]) -> Mapping[str, str]:
    made = key_queries()
    views = {name: made.get(name) or read_query(name) for name in QUERIES}
    return {**views, **{rule.kind: rule.query for rule in rules}}


def _write_private(path: Path, content: str) -> None:
    private_folder(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(content)
