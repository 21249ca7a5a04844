"""What all runs so far saw of every account and person, kept up to date by each of them.

``tables/earlier/`` holds what the runs before this one saw, ``tables/observed/`` the same with what
this run read COMPLETE; a source that is not COMPLETE keeps its rows as they were. The rules read
both: ``earlier_accounts``, ``earlier_people``, ``earlier_moves``, ``earlier_memberships`` and
``earlier_remediations``, which are empty on a first run, and ``observed_accounts``,
``observed_people`` and ``observed_moves``.

A reading takes time. An instant that bounds from below is the start of a reading, one that bounds
from above its end, so that what is between the two contains what happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from scanner.reconcile.events import EVENTS
from scanner.reconcile.parquet import INSTANT, Row, always, maybe, write_rows
from scanner.reconcile.tables import MEMBERSHIPS, table_path

EARLIER = (
    "earlier_accounts", "earlier_people", "earlier_moves", "earlier_memberships",
    "earlier_remediations",
)  # fmt: skip
FEW = (
    "source", "person_source", "first_seen_run", "last_active_run", "last_inactive_run",
    "first_inactive_run", "reactivated_run", "concluded_run",
)  # fmt: skip
"""The columns of accounts that hold few different texts: names of sources, and of runs."""
OBSERVED = ("observed_accounts", "observed_people", "observed_moves")

OBSERVED_ACCOUNTS = pa.schema([
    always("source"),
    always("account_id"),
    maybe("sighting"),  # active|inactive|unknown|gone, by the newest COMPLETE reading
    maybe("user_name"),  # as last seen
    maybe("display_name"),
    maybe("first_seen_at", INSTANT),  # start of the first COMPLETE reading that had it
    maybe("first_seen_run"),
    maybe("last_active_at", INSTANT),  # start of the newest COMPLETE reading that saw it active
    maybe("last_active_run"),
    maybe("last_inactive_at", INSTANT),  # the same for inactive or gone
    maybe("last_inactive_run"),
    maybe("first_inactive_at", INSTANT),  # end of the first one since last_active_at to see that
    maybe("first_inactive_run"),
    maybe("reactivated_at", INSTANT),  # end of the first one to see it active again, if it is
    maybe("reactivated_run"),
    maybe("gone_at", INSTANT),  # end of the first one in which it was absent, if it is
    maybe("person_source"),  # whom it was last linked to
    maybe("person_id"),
    maybe("concluded_run"),  # the audit that judged its removal
])  # fmt: skip

OBSERVED_PEOPLE = pa.schema([
    always("source"),
    always("person_id"),
    maybe("display_name"),
    maybe("employee_number"),
    maybe("status"),  # as last seen, like departed_at
    maybe("departed_at", INSTANT),
    maybe("worker_type"),  # this and the next three as the newest audit read them
    maybe("department"),
    maybe("title"),
    maybe("manager_id"),
    maybe("first_seen_at", INSTANT),  # start of the first COMPLETE reading that had the person
    maybe("first_seen_run"),
    maybe("last_seen_at", INSTANT),  # start of the newest one
    maybe("last_seen_run"),
    maybe("last_employed_at", INSTANT),  # start of the newest one with a status before departure
    maybe("last_employed_due_at", INSTANT),  # that plus the time the policy allows
    maybe("first_terminated_at", INSTANT),  # end of the first one since then to say terminated
    maybe("first_terminated_due_at", INSTANT),
    maybe("gone_at", INSTANT),  # end of the first one in which the person was absent, if so
])  # fmt: skip


OBSERVED_MOVES = pa.schema([
    always("source"),  # the app whose group the membership was kept in
    always("account_id"),
    always("person_source"),
    always("person_id"),
    always("group_id"),
    always("field"),  # department|title: what changed
    always("former_value"),  # what it was before
])  # fmt: skip


REMEDIATIONS = pa.schema([
    always("source"),
    always("account_id"),
    always("problem"),  # what it means if the account is active now: came_back|still_active|…
    always("ended_at", INSTANT),  # when its outcome was written down
    always("run"),  # the run whose plan it was
])  # fmt: skip


def write_remediations(folder: Path, rows: Sequence[Row]) -> None:
    """Write ``tables/earlier/remediations.parquet``: the newest deactivation of each account.

    Raises EvidenceError if the file cannot be written.
    """
    columns = {name: [row[name] for row in rows] for name in REMEDIATIONS.names}
    write_rows(folder / "tables/earlier/remediations.parquet", columns, REMEDIATIONS)


def add_earlier(folder: Path, sources: Sequence[str]) -> None:
    """Write an empty table for everything no earlier run saw, and for events nobody imported.

    Raises EvidenceError if a file cannot be written.
    """
    for path, schema in (
        (folder / "tables/earlier/accounts.parquet", OBSERVED_ACCOUNTS),
        (folder / "tables/earlier/people.parquet", OBSERVED_PEOPLE),
        (folder / "tables/earlier/moves.parquet", OBSERVED_MOVES),
        (folder / "tables/earlier/remediations.parquet", REMEDIATIONS),
        *((path, MEMBERSHIPS) for path in _membership_paths(folder, sources)),
        *((table_path(folder, "events", source), EVENTS) for source in sources),
    ):
        if not path.exists():
            write_rows(path, dict.fromkeys(schema.names, ()), schema)


def earlier_paths(folder: Path, name: str, sources: Sequence[str]) -> list[Path]:
    """Return the files of one of EARLIER in a run folder."""
    if name == "earlier_memberships":
        return _membership_paths(folder, sources)
    return [folder / "tables" / "earlier" / f"{name.removeprefix('earlier_')}.parquet"]


def observed_path(folder: Path, name: str) -> Path:
    """Return the file of one of OBSERVED in a run folder."""
    return folder / "tables" / "observed" / f"{name.removeprefix('observed_')}.parquet"


def _membership_paths(folder: Path, sources: Sequence[str]) -> list[Path]:
    return [folder / "tables/earlier/memberships" / f"{source}.parquet" for source in sources]
