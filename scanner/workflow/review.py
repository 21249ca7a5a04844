"""A reviewer decides about the findings of a run: the copy to fill in, and the way back."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.config import load_config
from scanner.errors import EvidenceError, RefusedError, UsageError
from scanner.model import Answer, Choice, Flaw, Need, Question, Returned

if TYPE_CHECKING:
    from scanner.remediation.basis import Basis
    from scanner.remediation.decision import Decision, DecisionFile
    from scanner.remediation.review import Review

UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Exported:
    """A reviewer's copy that was written, and how many rows of it need a decision."""

    path: Path
    run: str
    rows: int
    needed: int
    decided: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to: nothing is written where there are flaws, or nothing is new.

    ``counts`` is by app and by decision or ``undecided``, of all that can be decided about in the
    run. ``open`` are findings that need a decision and have none. ``path`` is the decisions file in
    force, None where no review of the run was ever written.
    """

    run: str
    flaws: tuple[Flaw, ...]
    path: Path | None = None
    sha256: str | None = None
    workbook_sha256: str = ""
    new: int = 0
    earlier: int = 0
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    open: tuple[str, ...] = ()


def export_review(
    run: Path, target: Path, *, only: Sequence[str] = (), overwrite: bool = False
) -> Exported:
    """Write the reviewer's copy for a run to ``target``; what was decided already stands in it.

    With ``only`` for these apps alone. Raises RefusedError where ``target`` exists and
    ``overwrite`` is not set, UsageError for a target in the run folder or an unknown app,
    IntegrityError where the run or a review of it is damaged, EvidenceError where it cannot be
    written.
    """
    from reports.review import Heading, write_review_workbook
    from scanner.remediation.basis import read_basis
    from scanner.remediation.question import digest_of
    from scanner.remediation.review import newest_decisions

    if target.resolve().is_relative_to(run.resolve()):
        raise UsageError(
            f"{target} is in the run folder, which is sealed", "name another: --output"
        )
    if target.exists() and not overwrite:
        raise RefusedError(
            f"{target} exists already, and somebody may have filled it in",
            "name another with --output, or overwrite it with --overwrite",
        )
    basis = read_basis(run)
    asked = _asked(basis, only)
    known = {one: found.answer for one, found in newest_decisions(basis.folder).by_finding.items()}
    organization, zone = _whose(basis)
    heading = Heading(
        organization=organization,
        as_of=basis.as_of,
        run=basis.run,
        manifest_sha256=basis.manifest_sha256,
        questions_sha256=digest_of(asked),
        zone=zone,
        apps=tuple(sorted(set(only))),
        tool=_tool(),
    )
    aside = target.with_name(f".{target.name}.partial")
    write_review_workbook(asked, known, heading, aside)
    try:
        aside.replace(target)
    except OSError as error:
        aside.unlink()
        raise EvidenceError(f"{target} cannot be written: {error.strerror}") from None
    needed = sum(one.need is Need.NEEDED for one in asked)
    decided = sum(one.finding in known for one in asked)
    return Exported(target, basis.run, len(asked), needed, decided)


def import_review(
    file: Path, *, run: Path | None, config: Path, by: str, now: datetime
) -> Imported:
    """Read a reviewer's copy back, hold it against its run, and write the decisions beside the run.

    ``run`` is the run folder, by default that of the workbook's run below the runs folder that
    ``config`` names. Where anything is wrong, everything that is wrong is returned and nothing is
    written. Raises UsageError where ``file`` is no reviewer's copy, IntegrityError where the run or
    a review of it is damaged, EvidenceError where it cannot be read or written.
    """
    from reports.reviewed import read_returned
    from scanner.remediation.answer import check_answers, check_questions, read_answers
    from scanner.remediation.basis import read_basis
    from scanner.remediation.review import read_reviews

    content = _content(file)
    returned = read_returned(content, str(file))
    basis = read_basis(run or load_config(config).runs_directory / _run_named(returned, file))
    asked = _asked(basis, _apps(returned, basis))
    answers, flaws = read_answers(returned, basis.ended_at)
    flaws = (
        *_misplaced(returned, basis, asked),
        *check_questions(returned, asked),
        *flaws,
        *check_answers(returned, answers, asked, basis.ended_at, now),
    )
    if flaws:
        return Imported(basis.run, tuple(sorted(flaws, key=_place)))
    reviews = read_reviews(basis.folder)
    work = _Work(basis, reviews, returned, by, now)
    return work.write(content, list(answers.values()))


@dataclass(frozen=True, slots=True)
class _Work:
    """A workbook without flaws, on its way into the run's reviews."""

    basis: Basis
    reviews: tuple[Review, ...]
    returned: Returned
    by: str
    now: datetime

    def write(self, content: bytes, answers: Sequence[Answer]) -> Imported:
        """Write the next review, unless it would say nothing new."""
        from scanner.remediation.review import merge, write_review

        newest = self.reviews[-1] if self.reviews else None
        before = newest.file.decisions if newest else ()
        merged = merge(before, answers, self.returned.sha256)
        asked = _asked(self.basis, ())
        done = Imported(
            run=self.basis.run,
            flaws=(),
            path=newest.path if newest else None,
            sha256=newest.sha256 if newest else None,
            workbook_sha256=self.returned.sha256,
            new=len(set(merged) - set(before)),
            earlier=len(set(merged) & set(before)),
            counts=_counts(asked, merged),
            open=_open(asked, merged),
        )
        if not done.new:
            return done
        file = self._file(merged, done.open)
        path = write_review(self.basis.folder, len(self.reviews) + 1, file, content)
        return replace(done, path=path, sha256=hashlib.sha256(file.content).hexdigest())

    def _file(self, merged: tuple[Decision, ...], still: tuple[str, ...]) -> DecisionFile:
        from scanner.evidence.canonical import instant_text
        from scanner.model.review import QUESTIONS
        from scanner.remediation.decision import FORMAT, DecisionFile

        return DecisionFile(
            format=FORMAT,
            run=self.basis.run,
            decisions=merged,
            manifest_sha256=self.basis.manifest_sha256,
            previous=self.reviews[-1].sha256 if self.reviews else None,
            workbook_sha256=self.returned.sha256,
            questions_sha256=str(self.returned.fields[QUESTIONS]),
            apps=_apps(self.returned, self.basis),
            undecided=still,
            imported_at=instant_text(self.now),
            imported_by=self.by,
            tool=_tool(),
        )


def _content(file: Path) -> bytes:
    from reports.reviewed import MOST_BYTES

    try:
        if file.stat().st_size > MOST_BYTES:
            raise UsageError(f"{file} is too large for a reviewer's copy")
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None


def _run_named(returned: Returned, file: Path) -> str:
    from scanner.evidence.chain import RUN as NAME
    from scanner.model.review import RUN

    name = str(returned.fields.get(RUN, ""))
    if NAME.fullmatch(name) is None:
        raise UsageError(f"{file} does not say which run it is about", "name it with --run RUN")
    return name


def _apps(returned: Returned, basis: Basis) -> tuple[str, ...]:
    """Give the apps the copy was made for, as far as the run knows them; none are all."""
    from scanner.model.review import APPS

    named = str(returned.fields.get(APPS, "all"))
    return tuple(name for name in named.split(", ") if name in basis.apps)


def _asked(basis: Basis, only: Sequence[str]) -> tuple[Question, ...]:
    """Ask again what is asked about a run, from its sealed files and the vendors' profiles."""
    from collectors.change import traits_of
    from reports.plan import consequences
    from scanner.evidence.exhibit import open_sealed
    from scanner.remediation.question import questions

    effects = {
        name: consequences(asdict(traits_of(basis.sources[name].type))) for name in basis.apps
    }
    return questions(basis, open_sealed(basis.folder).findings, effects, only)


def _misplaced(returned: Returned, basis: Basis, asked: Sequence[Question]) -> list[Flaw]:
    """Say what the workbook tells of itself that is not so."""
    from scanner.model.review import MANIFEST, QUESTIONS, RUN, TOOL
    from scanner.remediation.question import digest_of

    made = str(returned.fields.get(TOOL, ""))
    hint = f"; it was exported by {made}, this is {_tool()}" if made != _tool() else ""
    expected = {
        RUN: (basis.run, "is not the run it is held against"),
        MANIFEST: (basis.manifest_sha256, "is not the manifest of this run"),
        QUESTIONS: (digest_of(asked), f"other questions were exported than the run asks{hint}"),
    }
    flaws = []
    for label, (value, problem) in expected.items():
        if str(returned.fields.get(label, "")) != value:
            sheet, row = returned.places.get(label, ("", 0))
            flaws.append(Flaw(sheet, row, label, problem))
    return flaws


def _place(flaw: Flaw) -> tuple[str, bool, int]:
    """Order flaws as they stand in the workbook; what has no row comes last."""
    return flaw.sheet, flaw.row == 0, flaw.row


def _whose(basis: Basis) -> tuple[str, str]:
    from scanner.evidence.exhibit import open_sealed

    manifest = open_sealed(basis.folder).manifest
    return manifest["organization"], manifest["timezone"]


def _open(asked: Sequence[Question], decided: Sequence[Decision]) -> tuple[str, ...]:
    settled = {one.finding for one in decided if one.decision != Choice.INVESTIGATE}
    return tuple(
        sorted(
            one.finding for one in asked if one.need is Need.NEEDED and one.finding not in settled
        )
    )


def _counts(asked: Sequence[Question], decided: Sequence[Decision]) -> dict[str, dict[str, int]]:
    by_finding = {one.finding: one.decision.value for one in decided}
    found = Counter((one.app, by_finding.get(one.finding, UNDECIDED)) for one in asked)
    names = (*Choice, UNDECIDED)
    apps = sorted({one.app for one in asked})
    return {app: {str(name): found[app, str(name)] for name in names} for app in apps}


def _tool() -> str:
    return f"ghostscan {version('ghostscan')}"
