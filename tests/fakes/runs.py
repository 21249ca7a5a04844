"""A company that is read again and again: whole runs in a folder of runs, without servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reports.machine import findings_json
from scanner.evidence.closed import CLOSED, closed_findings
from scanner.evidence.earlier import adopt_earlier
from scanner.evidence.history import before
from scanner.evidence.store import RunFolder
from scanner.model import (
    Account,
    Audit,
    Person,
    Policy,
    Reading,
    Records,
    Snapshot,
    State,
    Tool,
)
from scanner.reconcile.judge import Conclusions, observe, reconcile
from tests.fakes.company import SETTINGS, Company

READING_TAKES = timedelta(minutes=10)
"""Between the start and the end of every reading."""


@dataclass
class Runs:
    """Runs over changing records, a folder below ``directory`` each."""

    directory: Path
    settings: Mapping[str, Any] = field(default_factory=lambda: SETTINGS)
    entitlements: Iterable[Mapping[str, Any]] = ()
    seals_closed: bool = True

    def audit(
        self,
        at: datetime,
        records: Iterable[Person | Account | Records],
        prepare: Callable[[Path], None] = lambda _: None,
        **states: Mapping[str, State],
    ) -> tuple[Path, Conclusions]:
        """Read ``records`` at ``at`` and judge them; ``users`` and ``groups`` give states.

        ``prepare`` may put more into the run folder before it is judged.
        """
        company = self._company(at, records, states)
        with RunFolder.begin(self.directory, at) as run:
            earlier = before(self.directory)
            adopt_earlier(self.directory, run)
            company.tabulate(run.folder)
            prepare(run.folder)
            readings = _timed(company.readings, at)
            concluded = reconcile(run.folder, company.config, readings, run.run, at, earlier)
            result = _result(run, readings, concluded)
            run.write("findings.json", findings_json(result))
            if self.seals_closed:
                run.write(CLOSED, closed_findings(result, earlier))
            return run.finish(result, company.config, "c" * 64, at + READING_TAKES), concluded

    def snapshot(
        self,
        at: datetime,
        records: Iterable[Person | Account | Records],
        **states: Mapping[str, State],
    ) -> Path:
        """Read ``records`` at ``at`` and judge nothing."""
        company = self._company(at, records, states)
        with RunFolder.begin(self.directory, at) as run:
            adopt_earlier(self.directory, run)
            company.tabulate(run.folder)
            readings = _timed(company.readings, at)
            observe(run.folder, company.config, readings, run.run, at)
            result = Snapshot(**_common(run, readings))
            return run.finish(result, company.config, "c" * 64, at + READING_TAKES)

    def _company(
        self,
        at: datetime,
        records: Iterable[Person | Account | Records],
        states: Mapping[str, Mapping[str, State]],
    ) -> Company:
        return Company(
            records=list(records),
            settings=self.settings,
            entitlements=self.entitlements,
            users=states.get("users", {}),
            groups=states.get("groups", {}),
            as_of=at,
        )


def _timed(readings: Iterable[Reading], at: datetime) -> list[Reading]:
    return [replace(one, started_at=at, ended_at=at + READING_TAKES) for one in readings]


def _common(run: RunFolder, readings: list[Reading]) -> dict[str, Any]:
    return {
        "run": run.run,
        "organization": "Example Corp",
        "timezone": "UTC",
        "as_of": run.started_at,
        "started_at": run.started_at,
        "operator": "ana",
        "tool": Tool("ghostscan", "0", "3.12", "Linux"),
        "policy": Policy("24h", "ACP-07", stated=True),
        "sources": tuple(readings),
    }


def _result(run: RunFolder, readings: list[Reading], concluded: Conclusions) -> Audit:
    return Audit(
        **_common(run, readings),
        verdict=concluded.verdict,
        apps=concluded.apps,
        findings=concluded.findings,
        rules=concluded.rules,
        movement=concluded.movement,
    )
