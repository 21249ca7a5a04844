"""Collect only: a small run that bounds in time what later runs find changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scanner.config import LoadedConfig, load_registers
from scanner.model import ProgressListener, Snapshot, State
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
from scanner.workflow.location import locate

WHOLE, INCOMPLETE = 0, 20


@dataclass(frozen=True, slots=True)
class Collected:
    """A finished snapshot, its folder, and the sources it was asked to read."""

    snapshot: Snapshot
    folder: Path
    asked: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 where every source asked for was proved complete, with what groups it shows; or 20."""
        readings = [one for one in self.snapshot.sources if one.source in self.asked]
        whole = all(
            one.state is State.COMPLETE and one.groups.state is not State.INCOMPLETE
            for one in readings
        )
        return WHOLE if whole else INCOMPLETE


def snapshot(
    loaded: LoadedConfig, *, clock: Clock, listener: ProgressListener, only: Sequence[str] = ()
) -> Collected:
    """Collect, store and tabulate into a new run folder, and note what was seen when.

    ``only`` limits the reading to exactly the named sources; the others are NOT_READ. No rule runs:
    the folder has the form of an audit's, without findings and reports.
    Raises ConfigError or EvidenceError before the first request, and leaves no half-written run.
    """
    from scanner.evidence.earlier import adopt_earlier
    from scanner.evidence.history import last_complete, previous_run
    from scanner.evidence.store import RunFolder
    from scanner.reconcile.judge import observe

    loaded = locate(loaded)
    config = loaded.config
    registers = load_registers(loaded)
    collectors = open_collectors(loaded, only)
    with RunFolder.begin(loaded.runs_directory, clock(), clock=clock) as run:
        previous = previous_run(loaded.runs_directory)
        keep_registers(registers, run)
        adopt_earlier(loaded.runs_directory, run)
        readings = read_sources(config, collectors, run, listener)
        earlier = last_complete(loaded.runs_directory)
        readings = tabulate(config, collectors, readings, run, earlier)
        observe(run.folder, config, readings, run.run, run.started_at, registers)
        result = Snapshot(
            run=run.run,
            organization=config.organization.name,
            timezone=config.organization.timezone,
            as_of=run.started_at,
            started_at=run.started_at,
            operator=operator(),
            tool=tool(),
            policy=stated_policy(config),
            sources=readings,
            previous_run=previous,
        )
        folder = run.finish(result, config, loaded.sha256, clock())
    return Collected(result, folder, tuple(collectors))
