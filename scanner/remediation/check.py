"""Is the ``remediation/`` of a run whole and unaltered, and does it hold together.

It is written after the run was sealed, so the run's sums do not cover it. It seals itself: the plan
names the run's manifest, the approval names the plan, the journal names both, each record of it the
one before, and the signatures are over the very bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scanner.errors import GhostscanError
from scanner.evidence.disk import list_folder, printable
from scanner.evidence.manifest import MANIFEST
from scanner.remediation.approval import APPROVAL, parse_approval
from scanner.remediation.attempt import request_digest
from scanner.remediation.disk import SystemDisk
from scanner.remediation.folder import PlanFolder, optional
from scanner.remediation.journal import JOURNAL, Kind, Record, parse_journal
from scanner.remediation.log import LOG
from scanner.remediation.outcome import DONE, Outcome
from scanner.remediation.plan import FOLDER, PLAN, Plan, parse_plan
from scanner.remediation.replay import replay
from scanner.remediation.signature import (
    APPROVAL_NAMESPACE,
    PLAN_NAMESPACE,
    SIGNATURE,
    Signatures,
)

KNOWN = frozenset({
    PLAN, PLAN + SIGNATURE, APPROVAL, APPROVAL + SIGNATURE, JOURNAL, LOG, "log.html", "log.xlsx",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class RemediationCheck:
    """What is wrong with a remediation, by file, and how many files were looked at."""

    files: int
    problems: tuple[str, ...]


def check_remediation(run_folder: Path, signatures: Signatures) -> RemediationCheck:
    """Check every plan below ``run_folder`` with its approval and journal; nothing is written."""
    root = run_folder / FOLDER
    if not root.is_dir() or root.is_symlink():
        return RemediationCheck(0, ())
    files, folders, _ = list_folder(root)
    problems = [
        f"{FOLDER}/{printable(path)}: is no part of a remediation"
        for path in files
        if path.rpartition("/")[2] not in KNOWN
    ]
    for name in ("", *folders):
        place = PlanFolder(root / name)
        label = f"{FOLDER}/{printable(name)}/" if name else f"{FOLDER}/"
        problems += [f"{label}{one}" for one in _check_plan(place, run_folder, signatures)]
    return RemediationCheck(len(files), tuple(problems))


def _check_plan(place: PlanFolder, run_folder: Path, signatures: Signatures) -> Iterator[str]:
    disk = SystemDisk()
    content = optional(disk, place.plan)
    if content is None:
        yield f"{PLAN}: is missing"
        return
    try:
        plan = parse_plan(content)
    except ValueError as error:
        yield f"{PLAN}: {error}"
        return
    manifest = hashlib.sha256(optional(disk, run_folder / MANIFEST) or b"").hexdigest()
    if plan.manifest_sha256 != manifest:
        yield f"{PLAN}: is of another run"
    signed = optional(disk, place.plan_signature)
    key = None
    if signed is not None:
        try:
            key = signatures.fingerprint(content, signed, PLAN_NAMESPACE)
        except GhostscanError as error:
            yield f"{PLAN}{SIGNATURE}: {error}"
    if key != plan.created_by.fingerprint:
        yield f"{PLAN}: is not signed with the key that it names"
    yield from _check_approval(place, plan, signatures)
    if plan.undoes is not None:
        yield from _check_undone(place, plan)


def _check_approval(place: PlanFolder, plan: Plan, signatures: Signatures) -> Iterator[str]:
    disk = SystemDisk()
    content, key = optional(disk, place.approval), None
    if content is not None:
        try:
            if parse_approval(content).plan_id != plan.plan_id:
                yield f"{APPROVAL}: is of another plan"
            signed = optional(disk, place.approval_signature)
            if signed is not None:
                key = signatures.fingerprint(content, signed, APPROVAL_NAMESPACE)
        except (ValueError, GhostscanError) as error:
            yield f"{APPROVAL}: {error}"
    journal = optional(disk, place.journal)
    if journal is not None:
        approval = hashlib.sha256(content or b"").hexdigest()
        yield from (f"{JOURNAL}: {one}" for one in _check_journal(journal, plan, approval, key))


def _check_journal(content: bytes, plan: Plan, approval: str, key: str | None) -> Iterator[str]:
    try:
        records = parse_journal(content).records
        standing = replay(records)
    except (ValueError, KeyError, GhostscanError) as error:
        yield str(error)
        return
    begin = standing.begin
    if begin is None:
        return
    if (begin["plan_id"], begin["approval_sha256"]) != (plan.plan_id, approval):
        yield "is of another plan or approval"
    if begin["approver_key"] != key:
        yield "names another key than the one the approval is signed with"
    yield from _check_records(records, plan)
    for action_id, ended in standing.ended.items():
        if ended.outcome in DONE and action_id not in standing.intents:
            yield f"action {action_id[:12]} is confirmed without having been sent"


def _check_records(records: tuple[Record, ...], plan: Plan) -> Iterator[str]:
    """Every request that left was in the plan, to the byte."""
    planned = {one.action_id: {request_digest(r) for r in one.requests} for one in plan.actions}
    for record in records:
        if record.kind is Kind.INTENT:
            digests = planned.get(record["action_id"], set())
            if record["request_sha256"] not in digests:
                yield f"action {record['action_id'][:12]} was sent otherwise than planned"
        if record.kind is Kind.OUTCOME and record["action_id"] not in planned:
            yield f"has the outcome {Outcome(record['outcome'])} of what was not planned"


def _check_undone(place: PlanFolder, plan: Plan) -> Iterator[str]:
    """An undo takes back what one journal says; its head must be one of that journal's lines."""
    content = optional(SystemDisk(), PlanFolder(place.path.parent).journal) or b""
    if f'"hash":"{plan.undoes}"'.encode("ascii") not in content:
        yield f"{PLAN}: takes back what no journal beside it says"
