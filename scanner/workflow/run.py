"""Collect, store, tabulate, reconcile and render into a new run folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.config import Config, LoadedConfig, load_registers
from scanner.model import Audit, Before, ProgressListener, Reading, Registers, Role, Verdict
from scanner.workflow.collection import (
    Clock,
    keep_registers,
    open_collectors,
    operator,
    read_sources,
    stated_policy,
    tabulate,
    tool,
)
from scanner.workflow.events import import_events, open_events
from scanner.workflow.location import locate
from scanner.workflow.past import keep_past
from scanner.workflow.resumption import asked_terms, open_run, resume_terms

if TYPE_CHECKING:
    from scanner.evidence.store import RunFolder
    from scanner.reconcile.judge import Conclusions

EXIT_CODES = {Verdict.CLEAN: 0, Verdict.FINDINGS: 10, Verdict.INCOMPLETE: 20}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run: its result, its folder, and the exit code its verdict asks for."""

    audit: Audit
    folder: Path

    @property
    def exit_code(self) -> int:
        """0 clean, 10 findings, 20 incomplete."""
        return EXIT_CODES[self.audit.verdict]


def audit(
    loaded: LoadedConfig,
    *,
    clock: Clock,
    listener: ProgressListener,
    only: Sequence[str] = (),
    as_of: datetime | None = None,
    resume: str | None = None,
) -> Outcome:
    """Collect, store, tabulate, reconcile and render into a new run folder.

    ``only`` limits the reading to the named sources and the HRIS; the others are NOT_READ.
    ``as_of`` is the instant departures are judged at; by default the start of the run. ``resume``
    names an interrupted run to continue, which also says what ``only`` and ``as_of`` were.
    Raises ConfigError, RefusedError or EvidenceError before the first request, and leaves no
    half-written run.
    """
    from scanner.evidence.closed import CLOSED, closed_findings
    from scanner.evidence.earlier import adopt_earlier
    from scanner.evidence.history import before, last_complete, previous_run
    from scanner.reconcile.engine import require_engine

    require_engine(loaded.config)
    loaded = locate(loaded)
    registers = load_registers(loaded)
    events = open_events(loaded, clock)
    now = clock()
    terms = resume_terms(loaded, resume) if resume else asked_terms(loaded, now, only, as_of)
    as_of = terms.as_of
    collectors = open_collectors(loaded, terms.only, always=(Role.HRIS,))
    runs = loaded.runs_directory
    with open_run(loaded, resume, now, clock, terms) as run:
        keep_registers(registers, run)
        earlier, previous = before(runs), previous_run(runs)
        adopt_earlier(runs, run)
        keep_past(runs, run.folder)
        readings = read_sources(loaded.config, collectors, run, listener)
        readings = tabulate(loaded.config, collectors, readings, run, last_complete(runs))
        readings = import_events(events, readings, run)
        conclusions = _reconcile(loaded.config, readings, run, as_of, earlier, registers)
        result = _assemble(loaded.config, readings, conclusions, run, as_of, previous)
        result = replace(result, registers=registers.files)
        _render(result, run)
        run.write(CLOSED, closed_findings(result, earlier))
        folder = run.finish(result, loaded.config, loaded.sha256, clock())
    return Outcome(result, folder)


def _reconcile(
    config: Config,
    readings: Sequence[Reading],
    run: RunFolder,
    as_of: datetime,
    earlier: Before,
    registers: Registers,
) -> Conclusions:
    from scanner.reconcile.judge import reconcile

    return reconcile(run.folder, config, readings, run.run, as_of, earlier, registers)


def _assemble(
    config: Config,
    readings: tuple[Reading, ...],
    conclusions: Conclusions,
    run: RunFolder,
    as_of: datetime,
    previous: str | None,
) -> Audit:
    return Audit(
        run=run.run,
        organization=config.organization.name,
        timezone=config.organization.timezone,
        as_of=as_of,
        started_at=run.started_at,
        operator=operator(),
        tool=tool(),
        policy=stated_policy(config),
        verdict=conclusions.verdict,
        sources=readings,
        apps=conclusions.apps,
        findings=conclusions.findings,
        rules=conclusions.rules,
        people=conclusions.people,
        departed=conclusions.departed,
        previous_run=previous,
        match_counts=conclusions.match_counts,
        movement=conclusions.movement,
        departures=departures(config),
    )


def departures(config: Config) -> tuple[tuple[str, str], ...]:
    """The attribute each HRIS's departure date comes from; last day and contract end can differ."""
    from collectors.registry import departure_place

    return tuple(
        (name, departure_place(source))
        for name, source in config.sources.items()
        if source.role is Role.HRIS
    )


def _render(result: Audit, run: RunFolder) -> None:
    from reports.machine import findings_csv, findings_json
    from reports.page import render_page
    from reports.workbook import write_workbook

    run.write("findings.json", findings_json(result))
    run.write("findings.csv", findings_csv(result))
    run.write("report.html", render_page(result))
    write_workbook(result, run.folder / "tables", run.folder / "evidence.xlsx")
