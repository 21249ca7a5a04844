"""Make the reports of a sealed run again, from the run folder alone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.errors import EvidenceError, UsageError
from scanner.model import Audit
from scanner.workflow.run import departures

if TYPE_CHECKING:
    from scanner.evidence.reopen import Reopened

_INPUTS = ("people", "accounts", "groups", "memberships", "earlier", "events")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was written, and whether the findings are, byte for byte, those of the run."""

    run: str
    files: tuple[Path, ...]
    same_findings: bool


def _html(audit: Audit, _work: Path, target: Path) -> None:
    from reports.page import render_page

    target.write_bytes(render_page(audit))


def _xlsx(audit: Audit, work: Path, target: Path) -> None:
    from reports.workbook import write_workbook

    write_workbook(audit, work / "tables", target)


def _csv(audit: Audit, _work: Path, target: Path) -> None:
    from reports.machine import findings_csv

    target.write_bytes(findings_csv(audit))


def _json(audit: Audit, _work: Path, target: Path) -> None:
    from reports.machine import findings_json

    target.write_bytes(findings_json(audit))


FORMATS: Mapping[str, tuple[str, Callable[[Audit, Path, Path], None]]] = {
    "html": ("report.html", _html),
    "xlsx": ("evidence.xlsx", _xlsx),
    "csv": ("findings.csv", _csv),
    "json": ("findings.json", _json),
}
"""By format, the name of the file and what writes it."""


def report(folder: Path, target: Path, formats: Sequence[str] = ()) -> Rendered:
    """Judge the tables of a run again and render into ``target``; the run is not touched.

    ``formats`` are of :data:`FORMATS`, all where none is named. Needs neither network nor secrets.
    Raises UsageError for an unknown format, a snapshot or a target inside the run, EvidenceError
    where a file is there already or cannot be written, IntegrityError where the run is not what
    was sealed.
    """
    from reports.machine import findings_json
    from scanner.evidence.reopen import reopen

    files = {name: target / FORMATS[name][0] for name in _known(formats)}
    if target.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            f"{target} is in the run folder, which is sealed", "name another: --output"
        )
    run = reopen(folder)
    try:
        with tempfile.TemporaryDirectory(prefix="ghostscan-") as directory:
            work = Path(directory)
            for kind in _INPUTS:
                if (folder / "tables" / kind).is_dir():
                    shutil.copytree(folder / "tables" / kind, work / "tables" / kind)
            audit = _judged(run, work)
            _write(audit, work, target, files)
            return Rendered(run.run, tuple(files.values()), findings_json(audit) == run.findings)
    except OSError as error:
        raise EvidenceError(f"{target} cannot be written: {error.strerror}") from None


def _known(formats: Sequence[str]) -> tuple[str, ...]:
    for name in formats:
        if name not in FORMATS:
            raise UsageError(f"--format {name}: not a format", f"formats: {', '.join(FORMATS)}")
    return tuple(dict.fromkeys(formats or FORMATS))


def _judged(run: Reopened, work: Path) -> Audit:
    from scanner.reconcile.judge import reconcile

    found = reconcile(work, run.config, run.readings, run.run, run.as_of, run.before, run.registers)
    return Audit(
        run=run.run,
        organization=run.config.organization.name,
        timezone=run.config.organization.timezone,
        as_of=run.as_of,
        started_at=run.started_at,
        operator=run.operator,
        tool=run.tool,
        policy=run.policy,
        verdict=found.verdict,
        sources=run.readings,
        apps=found.apps,
        findings=found.findings,
        rules=found.rules,
        people=found.people,
        departed=found.departed,
        previous_run=run.previous_run,
        match_counts=found.match_counts,
        movement=found.movement,
        departures=departures(run.config),
        registers=run.registers.files,
    )


def _write(audit: Audit, work: Path, target: Path, files: Mapping[str, Path]) -> None:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in files.values():
        if path.exists():
            raise EvidenceError(f"{path} exists already", "name another folder: --output")
    for name, path in files.items():
        path.touch(mode=0o600, exist_ok=False)
        FORMATS[name][1](audit, work, path)
