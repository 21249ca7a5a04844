"""How the deactivations of earlier runs ended, for the audit that follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from collectors.base import Operation
from scanner.evidence.canonical import parse_instant
from scanner.remediation.disk import SystemDisk
from scanner.remediation.folder import PlanFolder, optional, read_journal, read_plan
from scanner.remediation.journal import JOURNAL
from scanner.remediation.outcome import DONE, Outcome
from scanner.remediation.plan import FOLDER
from scanner.remediation.replay import replay

CAME_BACK = "came_back"
_TOLD = {
    **dict.fromkeys((*DONE, Outcome.ALREADY_INACTIVE, Outcome.REVERTED), CAME_BACK),
    Outcome.STILL_ACTIVE: "still_active",
    Outcome.NEEDS_REVIEW: "not_known",
    Outcome.CONFLICT: "changed_meanwhile",
    Outcome.FORBIDDEN: "forbidden",
    Outcome.UNSUPPORTED: "unsupported",
}
"""Outcomes after which an active account says that the remediation failed, as stable codes."""


@dataclass(frozen=True, slots=True)
class Past:
    """The newest deactivation of an account, if it stands: how it failed where it is active now."""

    app: str
    account_id: str
    problem: str
    ended_at: datetime
    run: str


def past_deactivations(runs_directory: Path) -> tuple[Past, ...]:
    """Read every journal below a folder of runs; what was given back since is left out.

    Raises IntegrityError for a plan or journal that is damaged.
    """
    newest: dict[tuple[str, str], tuple[datetime, Past | None]] = {}
    for app, account_id, at, past in _ended(runs_directory):
        place = (app, account_id)
        if place not in newest or newest[place][0] <= at:
            newest[place] = (at, past)
    return tuple(past for _, (_, past) in sorted(newest.items()) if past is not None)


def _ended(runs_directory: Path) -> Iterator[tuple[str, str, datetime, Past | None]]:
    """Give every deactivation and reactivation that had an outcome; the latter without a Past."""
    disk = SystemDisk()
    for folder in _applied(runs_directory):
        plan = read_plan(disk, folder)
        standing = replay(read_journal(disk, folder).records)
        for action in plan.actions:
            ended = standing.ended.get(action.action_id)
            outcome = standing.outcome(action.action_id)
            if ended is None or outcome is None or action.operation is Operation.REMOVE_MEMBER:
                continue
            at, target = parse_instant(ended.at), action.target.id
            if action.operation is Operation.REACTIVATE:
                yield action.app, target, at, None
            elif outcome in _TOLD:
                told = Past(action.app, target, _TOLD[outcome], at, plan.run)
                yield action.app, target, at, told


def _applied(runs_directory: Path) -> Iterator[PlanFolder]:
    """Every plan that was begun; a journal without a line began nothing."""
    for run in sorted(runs_directory.iterdir()):
        if (run / FOLDER).is_dir():
            for journal in sorted((run / FOLDER).rglob(JOURNAL)):
                folder = PlanFolder(journal.parent)
                if optional(SystemDisk(), journal):
                    yield folder
