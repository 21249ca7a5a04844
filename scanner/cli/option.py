"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from scanner.model import ProgressListener

ConfigOption = Annotated[Path, typer.Option("--config", help="The configuration file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no messages.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show every source's proof.")]
NoColorOption = Annotated[bool, typer.Option("--no-color", help="No colour (also NO_COLOR).")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show a traceback on errors.")]


def now() -> datetime:
    """Return the present instant, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def parse_instant(option: str, text: str) -> datetime:
    """Read an instant with a zone (RFC 3339); UsageError names the option."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise UsageError(
            f"{option} {text}: not an instant with a zone", "example: 2026-11-01T09:00:00Z"
        )
    return instant.astimezone(UTC)


def open_console(*, no_color: bool = False, stderr: bool = False) -> Console:
    """Return where to print: stdout for results, stderr for everything else."""
    from rich.console import Console

    return Console(no_color=no_color or None, stderr=stderr, highlight=False, soft_wrap=False)


def open_progress(*, silent: bool, no_color: bool) -> AbstractContextManager[ProgressListener]:
    """Return a display of what is being read, on stderr."""
    from reports.progress import progress_display

    console = open_console(no_color=no_color, stderr=True)
    return progress_display(console, time.monotonic, quiet=silent)
