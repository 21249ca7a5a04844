"""What a person is told about runs that can be continued."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scanner import workflow
from scanner.config import LoadedConfig
from scanner.errors import EvidenceError, InterruptedRun

if TYPE_CHECKING:
    from scanner.evidence.continuation import Interrupted

_DEFAULT = Path("ghostscan.toml")


@contextmanager
def resumable(loaded: LoadedConfig, config: Path, *, told: bool) -> Iterator[None]:
    """Turn an interruption of what is inside into the command that goes on with it.

    With ``told``, runs that were interrupted before are named on stderr first. Raises
    InterruptedRun on Ctrl-C where something was proved; then an EvidenceError (a full disk) says
    how to go on, too.
    """
    before = {one.run for one in workflow.interrupted(loaded)}
    for one in workflow.interrupted(loaded) if told else ():
        typer.echo(
            f"note: run {one.run} was interrupted; to read only what it lacks: "
            f"{_command(one.run, config)}; what it had read is removed when this run ends",
            err=True,
        )
    try:
        yield
    except KeyboardInterrupt:
        for one in _left(loaded, before):
            raise InterruptedRun(
                f"interrupted, resumable: {', '.join(one.sources)} need not be read again",
                f"go on with: {_command(one.run, config)}",
            ) from None
        raise
    except EvidenceError as error:
        for one in _left(loaded, before):
            then = f"then go on with: {_command(one.run, config)}"
            raise EvidenceError(error.message, f"{error.hint}; {then}") from error
        raise


def _left(loaded: LoadedConfig, before: set[str]) -> list[Interrupted]:
    return [one for one in workflow.interrupted(loaded) if one.run not in before]


def _command(run: str, config: Path) -> str:
    named = "" if config == _DEFAULT else f" --config {shlex.quote(str(config))}"
    return f"ghostscan audit --resume {run}{named}"
