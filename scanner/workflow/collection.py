"""Collect from the chosen sources, store, and tabulate: what every run begins with."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from scanner.config import Config, LoadedConfig
from scanner.errors import UsageError
from scanner.model import (
    Earlier,
    Policy,
    Population,
    Progress,
    ProgressListener,
    Reading,
    Reason,
    Records,
    Registers,
    Resource,
    Role,
    State,
    Tool,
)

if TYPE_CHECKING:
    from collectors.base import Collector
    from scanner.evidence.store import RunFolder

Clock = Callable[[], datetime]
"""Gives the present instant, aware, in UTC."""


def keep_registers(registers: Registers, run: RunFolder) -> None:
    """Store the exact bytes of the registers: they are part of what the conclusions rest on."""
    for path, content in registers.contents:
        run.write(path, content)


def open_collectors(
    loaded: LoadedConfig, only: Sequence[str], always: Sequence[Role] = ()
) -> dict[str, Collector]:
    """Make the collectors of the sources named by ``only``, or of all where it names none.

    Sources with a role of ``always`` are never left out. Raises UsageError for an unknown name,
    ConfigError for a setting or secret; nothing is sent.
    """
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
        if not only or name in only or source.role in always
    }


def read_sources(
    config: Config,
    collectors: Mapping[str, Collector],
    run: RunFolder,
    listener: ProgressListener,
) -> tuple[Reading, ...]:
    """Read into ``run`` and give a reading for every source of the configuration, in its order.

    What the run keeps of the one it continues is not read again. Each reading says so where a plan
    was being applied meanwhile.
    """
    from collectors.registry import read_all
    from scanner.remediation.lock import lock_mark

    for reading in run.kept.values():
        _tell_kept(reading, listener)
    rest = {name: one for name, one in collectors.items() if name not in run.kept}
    before = lock_mark(run.folder.parent)
    readings = read_all(rest, run.recorder, listener, run.checkpoint)
    if before.held or lock_mark(run.folder.parent) != before:
        readings = tuple(map(_during_apply, readings))
    done = run.kept | {reading.source: reading for reading in readings}
    return tuple(done.get(name) or _not_selected(config, name) for name in config.sources)


def _during_apply(reading: Reading) -> Reading:
    """Note that what was read may have been changing under a plan of our own."""
    note = "read while a plan was being applied"
    users = replace(reading.users, deviations=(*reading.users.deviations, note))
    return replace(reading, users=users)


def _tell_kept(reading: Reading, listener: ProgressListener) -> None:
    for phase, one in ((Resource.USERS, reading.users), (Resource.GROUPS, reading.groups)):
        if one.state is State.COMPLETE:
            listener(Progress(reading.source, phase, one.received, one.reported, one.state))


def _not_selected(config: Config, name: str) -> Reading:
    reason = Reason("source.not_selected", f"{name} was left out of this run with --only")
    population = Population(State.NOT_READ, reasons=(reason,))
    source = config.sources[name]
    return Reading(name, source.role, source.type, source.url, population, population)


def tabulate(
    config: Config,
    collectors: Mapping[str, Collector],
    readings: Sequence[Reading],
    run: RunFolder,
    earlier: Mapping[str, Earlier],
) -> tuple[Reading, ...]:
    """Turn the stored responses into the tables of the run, one set for every source.

    Give the readings as they stand once they are held against each other and against ``earlier``.
    """
    from collectors.comparison import compare
    from scanner.reconcile.tables import write_tables

    records = {
        reading.source: collectors[reading.source].records(reading, run.open_response)
        if reading.source in collectors
        else Records()
        for reading in readings
    }
    aliases = config.correlation.domain_aliases
    write_tables(run.folder, records, config.policy.limit, config.organization.zone, aliases)
    aliases = config.correlation.domain_aliases
    return compare(config.sources, readings, records, earlier, aliases)


def operator() -> str:
    """Name who runs the program, as far as the system knows."""
    with suppress(OSError, KeyError):  # a container may run under a user id without a name
        return getpass.getuser()
    return f"uid {os.getuid()}"


def tool() -> Tool:
    """Name the program and what it runs on."""
    return Tool("ghostscan", version("ghostscan"), platform.python_version(), platform.system())


def stated_policy(config: Config) -> Policy:
    """Give the policy as reports print it; ``stated`` tells whether the company wrote one."""
    policy = config.policy
    stated = "deprovision_within" in policy.model_fields_set
    return Policy(policy.deprovision_within, policy.reference, stated)
