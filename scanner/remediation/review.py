"""The reviews of a run: ``review/0001/`` and on, each with its workbook and the decisions in force.

They come after the run was sealed, so its sums do not cover them. They seal themselves: the
decisions name the run's manifest, the workbook they were made in and the decisions before them,
and anybody can read them out of that workbook again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reports.reviewed import MOST_BYTES as MOST_WORKBOOK
from reports.reviewed import read_returned
from scanner.errors import EvidenceError, IntegrityError, RefusedError, UsageError
from scanner.evidence.canonical import parse_canonical, parse_instant
from scanner.evidence.disk import list_folder, printable, sync_directory
from scanner.evidence.manifest import MANIFEST, parse_manifest
from scanner.evidence.verify import REVIEW
from scanner.model import Answer, Choice
from scanner.remediation.answer import read_answers
from scanner.remediation.decision import (
    UNDECIDED,
    Decision,
    DecisionFile,
    Decisions,
    decisions_of,
    parse_decisions,
)
from scanner.remediation.disk import SystemDisk, write_new
from scanner.remediation.folder import optional
from scanner.remediation.plan import FOLDER, PLAN, Plan, parse_plan

DECISIONS, WORKBOOK = "decisions.json", "workbook.xlsx"


@dataclass(frozen=True, slots=True)
class Review:
    """One import: its folder, what ``decisions.json`` says, and its bytes."""

    folder: Path
    file: DecisionFile
    content: bytes

    @property
    def sha256(self) -> str:
        """The digest of ``decisions.json``."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def path(self) -> Path:
        """``decisions.json`` itself."""
        return self.folder / DECISIONS


def read_reviews(run_folder: Path) -> tuple[Review, ...]:
    """Read the reviews of a run, oldest first; IntegrityError for what is not whole."""
    found = [_read(one) for one in _folders(run_folder)]
    for problem in _chain_problems(run_folder, found):
        raise IntegrityError(
            f"{run_folder / REVIEW}{problem}", f"see: ghostscan verify {run_folder}"
        )
    return tuple(found)


def newest_decisions(run_folder: Path) -> Decisions:
    """Give the decisions in force according to the newest review; none where there is none.

    Raises IntegrityError as :func:`read_reviews` does.
    """
    reviews = read_reviews(run_folder)
    return decisions_of(reviews[-1].file, reviews[-1].content) if reviews else UNDECIDED


def merge(
    before: Sequence[Decision], answers: Sequence[Answer], workbook_sha256: str
) -> tuple[Decision, ...]:
    """Add what a workbook answers to the decisions before it, by finding.

    A newer answer replaces an older one; the same answer keeps the workbook it was first given in.
    """
    found = {one.finding: one for one in before}
    for answer in answers:
        known = found.get(answer.finding)
        if known is None or known.answer != answer:
            found[answer.finding] = Decision(
                finding=answer.finding,
                decision=answer.decision,
                reviewer=answer.reviewer,
                decided_at=answer.decided_at,
                reason=answer.reason,
                ticket=answer.ticket,
                workbook_sha256=workbook_sha256,
            )
    return tuple(found[finding] for finding in sorted(found))


def write_review(run_folder: Path, number: int, file: DecisionFile, workbook: bytes) -> Path:
    """Write the review of a number as a whole or not at all, private; give its decisions file.

    Raises RefusedError where somebody else imported meanwhile, EvidenceError where it cannot be
    written.
    """
    root = run_folder / REVIEW
    target = root / f"{number:04}"
    try:
        root.mkdir(mode=0o700, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".partial-", dir=root))
    except OSError as error:
        raise EvidenceError(f"{root} cannot be written: {error.strerror}") from None
    try:
        write_new(SystemDisk(), aside / WORKBOOK, workbook)
        write_new(SystemDisk(), aside / DECISIONS, file.content)
        aside.rename(target)
        sync_directory(root)
        sync_directory(run_folder)
    except OSError as error:
        if os.path.lexists(target):
            raise RefusedError(
                f"review {number} of the run was imported by somebody else meanwhile",
                "import again: what they decided is kept",
            ) from None
        raise EvidenceError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target / DECISIONS


@dataclass(frozen=True, slots=True)
class ReviewCheck:
    """What is wrong with the reviews of a run, how many files they have, and what to know."""

    files: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_reviews(run_folder: Path) -> ReviewCheck:
    """Check every review below ``run_folder``, and the plan against them; nothing is written."""
    root = run_folder / REVIEW
    if root.is_symlink() or not root.is_dir():
        return ReviewCheck(notes=tuple(_unknown_decisions(run_folder, {})))
    files = [path for path in list_folder(root)[0] if not path.startswith(".")]
    problems = [
        f"{REVIEW}{printable(path)}: is no part of a review"
        for path in files
        if path.rpartition("/")[2] not in (DECISIONS, WORKBOOK) or path.count("/") != 1
    ]
    try:
        found = [_read(one) for one in _folders(run_folder)]
    except (IntegrityError, EvidenceError) as error:
        problems.append(error.message.removeprefix(f"{run_folder}/"))
        return ReviewCheck(len(files), tuple(problems))
    problems += [f"{REVIEW}{one}" for one in _chain_problems(run_folder, found)]
    before: tuple[Decision, ...] = ()
    ended_at = _ended_at(run_folder)
    for one in found:
        told = () if ended_at is None else _check(one, before, ended_at)
        problems += [f"{REVIEW}{one.folder.name}/{problem}" for problem in told]
        before = one.file.decisions
    by_digest = {one.sha256: one.file for one in found}
    problems += _check_plan(run_folder, by_digest)
    notes = _unknown_decisions(run_folder, by_digest)
    return ReviewCheck(len(files), tuple(problems), tuple(notes))


def _folders(run_folder: Path) -> list[Path]:
    root = run_folder / REVIEW
    if not root.is_dir() or root.is_symlink():
        return []
    return sorted(one for one in root.iterdir() if one.is_dir() and not one.name.startswith("."))


def _read(folder: Path) -> Review:
    path = folder / DECISIONS
    content = optional(SystemDisk(), path)
    if content is None:
        raise IntegrityError(f"{path}: is missing", f"see: ghostscan verify {folder.parent.parent}")
    try:
        parse_canonical(content)
        file = parse_decisions(content)
    except ValueError as error:
        raise IntegrityError(
            f"{path}: {error}", f"see: ghostscan verify {folder.parent.parent}"
        ) from None
    return Review(folder, file, content)


def _chain_problems(run_folder: Path, found: Sequence[Review]) -> Iterator[str]:
    """Bind each review to the run and to the one before."""
    manifest = hashlib.sha256(optional(SystemDisk(), run_folder / MANIFEST) or b"").hexdigest()
    previous = None
    for number, one in enumerate(found, 1):
        name = f"{one.folder.name}/{DECISIONS}"
        if one.folder.name != f"{number:04}":
            yield f"{one.folder.name}: review {number:04} is missing"
        if (one.file.run, one.file.manifest_sha256) != (run_folder.resolve().name, manifest):
            yield f"{name}: is of another run"
        if one.file.previous != previous:
            yield f"{name}: does not name the digest of the review before"
        previous = one.sha256


def _ended_at(run_folder: Path) -> datetime | None:
    """When the run ended, None where its manifest does not say; that is told already."""
    try:
        content = optional(SystemDisk(), run_folder / MANIFEST) or b""
        return parse_instant(parse_manifest(content).ended_at)
    except (ValueError, EvidenceError):
        return None


def _check(review: Review, before: Sequence[Decision], ended_at: datetime) -> Iterator[str]:
    """Read the decisions out of the workbook again."""
    try:
        workbook = SystemDisk().read(review.folder / WORKBOOK, MOST_WORKBOOK)
    except OSError as error:
        yield f"{WORKBOOK}: cannot be read: {error.strerror}"
        return
    if hashlib.sha256(workbook).hexdigest() != review.file.workbook_sha256:
        yield f"{WORKBOOK}: is not the workbook that {DECISIONS} names"
        return
    try:
        returned = read_returned(workbook, WORKBOOK)
    except UsageError as error:
        yield f"{WORKBOOK}: {error}"
        return
    answers, flaws = read_answers(returned, ended_at)
    expected = merge(before, list(answers.values()), returned.sha256)
    if flaws or expected != review.file.decisions:
        yield f"{DECISIONS}: is not what {WORKBOOK} says"


def _check_plan(run_folder: Path, files: Mapping[str, DecisionFile]) -> Iterator[str]:
    """What a plan says that somebody decided must stand in the review it names."""
    plan = _plan(run_folder)
    file = None if plan is None else files.get(plan.decisions_sha256 or "")
    if plan is None or file is None:
        return
    decided = {(one.finding, one.reviewer, one.decided_at): one.decision for one in file.decisions}
    for action in plan.actions:
        why = action.why
        known = decided.get((why.finding, why.reviewer or "", why.decided_at or ""))
        if why.reviewer is not None and known is not Choice.DEACTIVATE:
            told = f"action {action.action_id[:12]} rests on what {why.reviewer} did not decide"
            yield f"{FOLDER}/{PLAN}: {told}"


def _unknown_decisions(run_folder: Path, files: Mapping[str, DecisionFile]) -> Iterator[str]:
    plan = _plan(run_folder)
    if plan is not None and plan.decisions_sha256 not in {None, *files}:
        yield (
            f"{FOLDER}/{PLAN} goes by decisions that are no review of this run "
            f"(SHA-256 {plan.decisions_sha256}); ask for that file"
        )


def _plan(run_folder: Path) -> Plan | None:
    """Read the plan of a run; None where there is none, or it is damaged, which is told already."""
    content = optional(SystemDisk(), run_folder / FOLDER / PLAN)
    try:
        return None if content is None else parse_plan(content)
    except ValueError:
        return None
