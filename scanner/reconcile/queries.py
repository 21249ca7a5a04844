"""Runs the SQL of one audit: the tables as views, correlation, then one query per finding kind."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from scanner.model import Rule
from scanner.reconcile.catalogue import read_query
from scanner.reconcile.correlation import key_queries
from scanner.reconcile.decisions import DECISIONS
from scanner.reconcile.engine import Engine
from scanner.reconcile.inputs import INPUTS
from scanner.reconcile.observation import EARLIER, OBSERVED, earlier_paths, observed_path
from scanner.reconcile.parquet import private_folder
from scanner.reconcile.tables import KINDS, table_path

CORRELATION = (
    "concluded", "keys", "account_keys", "person_keys",
    "person_addresses", "person_traits", "shared_traits",
    "kinship_0", "kinship_1", "kinship_2", "kinship_3", "kinship_4", "identities",
    "record_as_of", "governing_records", "people_as_of",
    "named_links", "linked_by_hand", "matches", "name_agreements", "name_contradictions",
    "weak_claims", "claims", "found_by_key", "situations", "candidates",
)  # fmt: skip
VIEWS = (
    "owned_accounts", "named_groups", "entitlement_groups", "governed_groups", "person_fields",
    "expected_people", "expected_members", "actual_members",
    "registered_accounts", "nonhuman_owners", "privileged_groups", "privileged_accounts",
    "shared_keys", "record_flaws",
    "waiver_sources", "approved_groups", "rule_drift", "baseline_drift",
    "moved_people", "past_moves", "kept_memberships",
    "new_colleagues", "mover_drift", "inactive_drift",
    "app_counts", "people_counts", "match_counts",
)  # fmt: skip
OBSERVATION = ("account_sightings", "observed_accounts", "observed_people", "observed_moves")
TIMELINESS = (
    "removal_events", "removal_bounds", "removals", "reactivations", "timeliness_counts",
)  # fmt: skip
KEPT = frozenset({
    "shared_traits", "identities", "governing_records", "people_as_of", "matches",
    "situations", "candidates", "owned_accounts", "entitlement_groups",
    "registered_accounts", "privileged_groups", "privileged_accounts",
    "kept_memberships", "mover_drift",
    "app_counts", "people_counts", "match_counts", *OBSERVED,
    "removals", "reactivations", "timeliness_counts",
})  # fmt: skip
"""What is written beside the result of each rule, and read back from there."""

LATE = frozenset({"waiver_expired"})
"""Kinds that are judged by what the other rules found."""


def run_queries(
    engine: Engine, folder: Path, sources: Sequence[str], rules: Sequence[Rule]
) -> None:
    """Run correlation and ``rules`` over ``folder/tables`` of ``sources``.

    Rules of kinds in LATE are left for ``run_late``. Writes
    ``correlation/<name>.parquet`` for KEPT and for every rule, and ``queries/<name>.sql`` with
    the exact text of everything that was run. Raises EvidenceError for a missing table.
    """
    for kind in KINDS:
        engine.view(kind, [table_path(folder, kind, source) for source in sources])
    for name in (*INPUTS, *DECISIONS):
        engine.view(name, [folder / "tables" / f"{name}.parquet"])
    engine.view("events", [table_path(folder, "events", source) for source in sources])
    for name in EARLIER:
        engine.view(name, earlier_paths(folder, name, sources))
    for name, sql in _texts([rule for rule in rules if rule.kind not in LATE]).items():
        _define(engine, folder, name, sql)
        if name in KEPT or name not in (*CORRELATION, *VIEWS, *OBSERVATION, *TIMELINESS):
            engine.write(name, result_path(folder, name))
        if name in KEPT:
            # Resolved once: what follows reads the result instead of computing it again.
            engine.view(name, [result_path(folder, name)])


def run_late(engine: Engine, folder: Path, rules: Sequence[Rule]) -> None:
    """Run the rules of kinds in LATE, after ``waived_findings`` was written.

    Writes what ``run_queries`` writes for a rule. Raises EvidenceError for a missing table.
    """
    engine.view("waived_findings", [result_path(folder, "waived_findings")])
    for rule in rules:
        if rule.kind in LATE:
            _define(engine, folder, rule.kind, rule.query)
            engine.write(rule.kind, result_path(folder, rule.kind))


def _define(engine: Engine, folder: Path, name: str, sql: str) -> None:
    _write_private(folder / "queries" / f"{name}.sql", sql)
    engine.define(name, sql)


def result_path(folder: Path, name: str) -> Path:
    """Return where the result of one query stands in the run folder."""
    if name in OBSERVED:
        return observed_path(folder, name)
    return folder / "correlation" / f"{name}.parquet"


def _texts(rules: Sequence[Rule]) -> Mapping[str, str]:
    made = key_queries()
    correlation = {name: made.get(name) or read_query("correlate", name) for name in CORRELATION}
    views = {name: read_query("views", name) for name in VIEWS}
    observation = {name: read_query("observe", name) for name in OBSERVATION}
    timeliness = {name: read_query("timeliness", name) for name in TIMELINESS}
    return {
        **correlation,
        **views,
        **observation,
        **timeliness,
        **{rule.kind: rule.query for rule in rules},
    }


def _write_private(path: Path, content: str) -> None:
    private_folder(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(content)
