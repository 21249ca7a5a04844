"""The imported audit events of a run, as one Parquet file per source."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from scanner.model import AccountEvent
from scanner.reconcile.keys import key, text
from scanner.reconcile.parquet import INSTANT, always, maybe, read_batches, write_rows
from scanner.reconcile.tables import table_path

EVENTS = pa.schema([
    always("source"),
    always("account_id"),
    always("event"),  # created|deactivated|deleted|reactivated
    always("occurred_at", INSTANT),
    maybe("response"),  # the file it stands in, and where
    maybe("response_index", pa.int64()),
])  # fmt: skip


def write_events(folder: Path, events: Mapping[str, Sequence[AccountEvent]]) -> dict[str, int]:
    """Write ``tables/events/<source>.parquet`` for each source, in the order given.

    An event that names a user name belongs to the one account of the source that has it, or had it
    when an earlier run saw it last, compared as keys are; where none or several do, it is left out.
    Returns how many were, by source. Needs the accounts of the run and what it adopted of earlier
    ones; raises EvidenceError if a file cannot be read or written.
    """
    return {source: _write(folder, source, found) for source, found in events.items()}


def _write(folder: Path, source: str, events: Sequence[AccountEvent]) -> int:
    names = {key(one.user_name) for one in events if one.account_id is None} - {None}
    by_name = _accounts(folder, source, names) if names else {}
    named = [(one.account_id or by_name.get(key(one.user_name)), one) for one in events]
    kept = [(account_id, one) for account_id, one in named if account_id is not None]
    columns: dict[str, list[Any]] = {
        "source": [source for _ in kept],
        "account_id": [text(account_id) for account_id, _ in kept],
        "event": [one.event.value for _, one in kept],
        "occurred_at": [one.occurred_at for _, one in kept],
        "response": [one.pointer.response for _, one in kept],
        "response_index": [one.pointer.index for _, one in kept],
    }
    write_rows(table_path(folder, "events", source), columns, EVENTS)
    return len(events) - len(kept)


def _accounts(
    folder: Path, source: str, wanted: Collection[str | None]
) -> dict[str | None, str | None]:
    """The account of each wanted name, one that is gone included; None where several have it."""
    named = dict(_earlier(folder, source, wanted))
    for row in read_batches(table_path(folder, "accounts", source), ("account_id", "user_name")):
        named.pop(row["account_id"], None)  # what an account is called now is what counts
        if (name := key(row["user_name"])) in wanted:
            named[row["account_id"]] = name
    found: dict[str | None, str | None] = {}
    for account_id, name in named.items():
        found[name] = None if name in found else account_id
    return found


def _earlier(
    folder: Path, source: str, wanted: Collection[str | None]
) -> Iterator[tuple[str, str | None]]:
    """The accounts of a source that earlier runs saw under a wanted name when they saw it last."""
    path = folder / "tables/earlier/accounts.parquet"
    for row in read_batches(path, ("source", "account_id", "user_name")) if path.exists() else ():
        if row["source"] == source and (name := key(row["user_name"])) in wanted:
            yield row["account_id"], name
