"""Collect, store, tabulate, reconcile and render into a new run folder."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.config import Config, LoadedConfig, load_registers
from scanner.errors import UsageError
from scanner.model import (
    Audit,
    Policy,
    Population,
    ProgressListener,
    Reading,
    Reason,
    Records,
    Registers,
    Role,
    State,
    Tool,
    Verdict,
)
from scanner.workflow.location import locate

if TYPE_CHECKING:
    from collectors.base import Collector
    from scanner.evidence.store import RunFolder
    from scanner.reconcile.judge import Conclusions

Clock = Callable[[], datetime]
"""Gives the present instant, aware, in UTC."""


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
) -> Outcome:
    """Collect, store, tabulate, reconcile and render into a new run folder.

    ``only`` limits the reading to the named sources and the HRIS; the others are NOT_READ.
    ``as_of`` is the instant departures are judged at; by default the start of the run.
    Raises ConfigError or EvidenceError before the first request, and leaves no half-written run.
    """
    from scanner.evidence.history import first_seen, previous_run
    from scanner.evidence.store import RunFolder

    loaded = locate(loaded)
    registers = load_registers(loaded)
    collectors = _collectors(loaded, only)
    runs = loaded.runs_directory
    with RunFolder.begin(runs, clock(), clock=clock) as run:
        _keep(registers, run)
        earlier, previous = first_seen(runs), previous_run(runs)
        readings = _read(loaded.config, collectors, run, listener)
        conclusions = _reconcile(loaded.config, collectors, readings, run, as_of, earlier)
        result = _assemble(loaded.config, readings, conclusions, run, as_of, previous)
        result = replace(result, registers=registers.files)
        _render(result, run)
        folder = run.finish(result, loaded.config, loaded.sha256, clock())
    return Outcome(result, folder)


def _keep(registers: Registers, run: RunFolder) -> None:
    """Store the exact bytes of the registers: they are part of what the conclusions rest on."""
    for path, content in registers.contents:
        run.write(path, content)


def _collectors(loaded: LoadedConfig, only: Sequence[str]) -> dict[str, Collector]:
    from collectors.registry import build_collector
    from scanner.evidence.history import last_received

    config = loaded.config
    for name in only:
        if name not in config.sources:
            raise UsageError(
                f"--only {name}: no source has this name", f"sources: {', '.join(config.sources)}"
            )
    previous = last_received(loaded.runs_directory)
    return {
        name: build_collector(
            name, source, config.organization.zone, loaded.folder, previous=previous
        )
        for name, source in config.sources.items()
        if not only or name in only or source.role is Role.HRIS
    }


def _read(
    config: Config,
    collectors: dict[str, Collector],
    run: RunFolder,
    listener: ProgressListener,
) -> tuple[Reading, ...]:
    from collectors.registry import read_all

    done = {reading.source: reading for reading in read_all(collectors, run.recorder, listener)}
    return tuple(done.get(name) or _not_selected(config, name) for name in config.sources)


def _not_selected(config: Config, name: str) -> Reading:
    reason = Reason("source.not_selected", f"{name} was left out of this run with --only")
    population = Population(State.NOT_READ, reasons=(reason,))
    source = config.sources[name]
    return Reading(name, source.role, source.type, source.url, population, population)


def _reconcile(
    config: Config,
    collectors: dict[str, Collector],
    readings: Sequence[Reading],
    run: RunFolder,
    as_of: datetime | None,
    first_seen: dict[str, str],
) -> Conclusions:
    from scanner.reconcile.judge import reconcile
    from scanner.reconcile.tables import write_tables

    records = {
        reading.source: collectors[reading.source].records(reading, run.open_response)
        if reading.source in collectors
        else Records()
        for reading in readings
    }
    write_tables(run.folder, records, config.policy.limit, config.organization.zone)
    return reconcile(run.folder, config, readings, run.run, as_of or run.started_at, first_seen)


def _assemble(
    config: Config,
    readings: tuple[Reading, ...],
    conclusions: Conclusions,
    run: RunFolder,
    as_of: datetime | None,
    previous: str | None,
) -> Audit:
    policy = config.policy
    stated = "deprovision_within" in policy.model_fields_set
    return Audit(
        run=run.run,
        organization=config.organization.name,
        timezone=config.organization.timezone,
        as_of=as_of or run.started_at,
        started_at=run.started_at,
        operator=_operator(),
        tool=Tool("ghostscan", version("ghostscan"), platform.python_version(), platform.system()),
        policy=Policy(policy.deprovision_within, policy.reference, stated),
        verdict=conclusions.verdict,
        sources=readings,
        apps=conclusions.apps,
        findings=conclusions.findings,
        rules=conclusions.rules,
        people=conclusions.people,
        departed=conclusions.departed,
        previous_run=previous,
        match_counts=conclusions.match_counts,
        departures=_departures(config),
    )


def _departures(config: Config) -> tuple[tuple[str, str], ...]:
    """The attribute each HRIS's departure date comes from; last day and contract end can differ."""
    from collectors.profile import load_profile

    return tuple(
        (name, (load_profile(source.type).attributes | source.attributes).get("departed_at", ""))
        for name, source in config.sources.items()
        if source.role is Role.HRIS
    )


def _operator() -> str:
    with suppress(OSError, KeyError):  # a container may run under a user id without a name
        return getpass.getuser()
    return f"uid {os.getuid()}"


def _render(result: Audit, run: RunFolder) -> None:
    from reports.machine import findings_csv, findings_json
    from reports.page import render_page
    from reports.workbook import write_workbook

    run.write("findings.json", findings_json(result))
    run.write("findings.csv", findings_csv(result))
    run.write("report.html", render_page(result))
    write_workbook(result, run.folder / "tables", run.folder / "evidence.xlsx")
