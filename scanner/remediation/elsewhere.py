"""What other plans have done to an account: two plans of the same days must not undo each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from scanner.errors import IntegrityError
from scanner.evidence.canonical import parse_instant
from scanner.remediation.disk import Disk
from scanner.remediation.journal import JOURNAL, MOST_BYTES, Kind, parse_journal
from scanner.remediation.plan import FOLDER, Action

TOUCHING = frozenset({Kind.INTENT, Kind.OUTCOME})


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """When other plans last touched an account, by app and account id, and which plan that was."""

    touched: dict[tuple[str, str], tuple[datetime, str]]

    def reason(self, action: Action) -> str | None:
        """Say which other plan touched the account after this action's state was read, if any."""
        found = self.touched.get((action.app, action.target.id))
        if found is None or found[0] <= parse_instant(action.observed.read_at):
            return None
        return f"touched_by_plan.{found[1][:8]}"


def other_plans(
    disk: Disk, runs_directory: Path, own: Path, now: datetime, remembered: timedelta
) -> Elsewhere:
    """Read the journals of the other plans of a folder of runs that began recently enough.

    Raises IntegrityError for one that is damaged.
    """
    touched: dict[tuple[str, str], tuple[datetime, str]] = {}
    for path in _journals(runs_directory):
        if path == own:
            continue
        try:
            records = parse_journal(disk.read(path, MOST_BYTES)).records
        except (ValueError, OSError) as error:
            raise IntegrityError(f"{path}: {error}", "nothing is sent") from None
        if not records or parse_instant(records[0].at) < now - remembered:
            continue
        plan_id = records[0].fields.get("plan_id", "")
        for record in records:
            if record.kind in TOUCHING and _did_something(record.fields):
                place = (record["app"], record["account"])
                touched[place] = max(
                    touched.get(place, (parse_instant(record.at), plan_id)),
                    (parse_instant(record.at), plan_id),
                )
    return Elsewhere(touched)


def _did_something(fields: dict[str, object]) -> bool:
    return fields.get("outcome") != "NOT_ATTEMPTED"


def _journals(runs_directory: Path) -> Iterator[Path]:
    for run in sorted(runs_directory.iterdir()):
        if (run / FOLDER).is_dir():
            yield from sorted((run / FOLDER).rglob(JOURNAL))
