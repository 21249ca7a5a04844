"""Who was in which group of a run, to be approved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from scanner.reconcile.parquet import read_rows
from scanner.reconcile.tables import table_path


def members_by_group(folder: Path, app: str) -> Iterator[tuple[str, str | None, tuple[str, ...]]]:
    """Give id, display name and account ids of every group of ``app``, by id.

    Members through nested groups count; ids that are no account of the app do not. Raises
    EvidenceError where a table is missing.
    """
    accounts = {row["account_id"] for row in read_rows(table_path(folder, "accounts", app))}
    members: defaultdict[str, set[str]] = defaultdict(set)
    for row in read_rows(table_path(folder, "memberships", app)):
        if row["member_type"] == "User" and row["member_id"] in accounts:
            members[row["group_id"]].add(row["member_id"])
    groups = {row["group_id"]: row for row in read_rows(table_path(folder, "groups", app))}
    for group_id, row in sorted(groups.items()):
        yield group_id, row["display_name"], tuple(sorted(members[group_id]))
