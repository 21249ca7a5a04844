"""Where the files of one plan stand: ``remediation/`` of its run, or a folder below for an undo."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scanner.errors import EvidenceError, IntegrityError, UsageError
from scanner.remediation.approval import APPROVAL, ApprovalFiles
from scanner.remediation.disk import Disk
from scanner.remediation.journal import JOURNAL, JournalContent, parse_journal
from scanner.remediation.plan import FOLDER, MOST_BYTES, PLAN, Plan, parse_plan
from scanner.remediation.signature import SIGNATURE

UNDO = "undo"


@dataclass(frozen=True, slots=True)
class PlanFolder:
    """The folder of one plan."""

    path: Path

    @property
    def run_folder(self) -> Path:
        """The run that the plan rests on; an undo stands one folder deeper."""
        return next(one.parent for one in (self.path, *self.path.parents) if one.name == FOLDER)

    @property
    def plan(self) -> Path:
        """The plan itself."""
        return self.path / PLAN

    @property
    def plan_signature(self) -> Path:
        """The planner's signature of it, if any."""
        return self.path / f"{PLAN}{SIGNATURE}"

    @property
    def approval(self) -> Path:
        """The approval."""
        return self.path / APPROVAL

    @property
    def approval_signature(self) -> Path:
        """The approver's signature of it, if any."""
        return self.path / f"{APPROVAL}{SIGNATURE}"

    @property
    def journal(self) -> Path:
        """What was done."""
        return self.path / JOURNAL


def folder_of(plan: Path) -> PlanFolder:
    """Give the folder that a plan file (or the folder itself) named by somebody stands in.

    Raises UsageError where it is not in the remediation of a run.
    """
    path = plan.absolute()
    path = path if path.is_dir() else path.parent
    if not any(one.name == FOLDER for one in (path, path.parent)):
        raise UsageError(
            f"{plan} is not in the {FOLDER}/ of a run", f"name RUN/{FOLDER}/{PLAN}; do not move it"
        )
    return PlanFolder(path)


def read_plan(disk: Disk, folder: PlanFolder) -> Plan:
    """Read the plan; EvidenceError where it cannot be, IntegrityError where it is damaged."""
    content = optional(disk, folder.plan)
    if content is None:
        raise EvidenceError(f"{folder.plan} does not exist", "run: ghostscan plan RUN")
    try:
        return parse_plan(content)
    except ValueError as error:
        raise IntegrityError(f"{folder.plan} {error}", "plan again") from None


def read_journal(disk: Disk, folder: PlanFolder) -> JournalContent:
    """Read the journal; EvidenceError where there is none, IntegrityError where it is damaged."""
    content = optional(disk, folder.journal)
    if content is None:
        raise EvidenceError(f"{folder.journal} does not exist", "nothing of it was applied")
    try:
        return parse_journal(content)
    except ValueError as error:
        raise IntegrityError(f"{folder.journal}: {error}", "nothing is sent") from None


def fresh_undo(folder: PlanFolder) -> PlanFolder:
    """Give the folder of the next undo: the first whose plan was not applied yet."""
    number = 1
    while True:
        place = PlanFolder(folder.path / (UNDO if number == 1 else f"{UNDO}-{number}"))
        if not os.path.lexists(place.journal):
            return place
        number += 1


def read_approval_files(disk: Disk, folder: PlanFolder) -> ApprovalFiles:
    """Read what approves the plan, as far as it is there."""
    return ApprovalFiles(
        optional(disk, folder.approval),
        optional(disk, folder.approval_signature),
        optional(disk, folder.plan_signature),
    )


def optional(disk: Disk, path: Path) -> bytes | None:
    """Read a file, None where there is none; EvidenceError where it cannot be read."""
    try:
        return disk.read(path, MOST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror or error}") from None
