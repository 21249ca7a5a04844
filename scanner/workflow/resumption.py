"""Runs that can be continued if they die, and how they are."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from scanner.config import LoadedConfig
from scanner.workflow.collection import Clock, operator, tool

if TYPE_CHECKING:
    from scanner.evidence.checkpoint import Terms
    from scanner.evidence.continuation import Interrupted
    from scanner.evidence.store import RunFolder


def interrupted(loaded: LoadedConfig) -> tuple[Interrupted, ...]:
    """List the runs that died and can be continued, the newest last."""
    from scanner.evidence.continuation import interrupted_runs

    return interrupted_runs(loaded.runs_directory)


def asked_terms(
    loaded: LoadedConfig, now: datetime, only: Sequence[str], as_of: datetime | None
) -> Terms:
    """Give the terms of a new run, judged at ``as_of`` or else at its start."""
    from scanner.evidence.checkpoint import Terms

    return Terms(
        config_sha256=loaded.sha256,
        version=tool().version,
        operator=operator(),
        host=hashlib.sha256(platform.node().encode("utf-8", "surrogateescape")).hexdigest(),
        as_of=as_of or now,
        only=tuple(only),
    )


def resume_terms(loaded: LoadedConfig, run: str) -> Terms:
    """Give the terms as they are now, with what the interrupted run was asked.

    Raises UsageError and IntegrityError as
    :func:`scanner.evidence.continuation.read_interrupted` does.
    """
    from scanner.evidence.continuation import named_run, read_interrupted

    runs = loaded.runs_directory
    before = read_interrupted(runs, named_run(runs, run)).terms
    return asked_terms(loaded, before.as_of, before.only, before.as_of)


def open_run(
    loaded: LoadedConfig, resume: str | None, now: datetime, clock: Clock, terms: Terms
) -> RunFolder:
    """Start a new run, or one that continues the run named by ``resume``."""
    from scanner.evidence.continuation import named_run
    from scanner.evidence.store import RunFolder

    runs = loaded.runs_directory
    if resume is None:
        return RunFolder.begin(runs, now, clock=clock, terms=terms)
    return RunFolder.resume(
        runs,
        named_run(runs, resume),
        now,
        clock=clock,
        terms=terms,
        within=loaded.config.runs.resumable,
    )
