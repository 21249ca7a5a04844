"""Runs the program: the one place where an error becomes text and an exit code."""

from __future__ import annotations

import signal
import sys
import traceback
from types import FrameType

import typer
from typer.exceptions import TyperException

from scanner.cli.application import app
from scanner.errors import GhostscanError

INTERRUPTED, INTERNAL, USAGE = 130, 70, 64


def main() -> None:
    """Run the program and exit; the one place where an error becomes text and an exit code."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, interrupt)
    sys.exit(run(sys.argv[1:]))


def interrupt(signum: int, frame: FrameType | None) -> None:
    """End as tidily as on Ctrl-C, by whoever handles that now.

    While sources are read this is the event loop, which ends the reading where it waits. An
    exception at whatever line the signal came could leave a lock held for ever; it is raised only
    where Ctrl-C is ignored, as in a background job.
    """
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        handler = signal.default_int_handler
    handler(signum, frame)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; whatever goes wrong is told on stderr."""
    debug = "--debug" in arguments
    try:
        code = app(arguments, prog_name="ghostscan", standalone_mode=False) or 0
    except GhostscanError as error:
        return fail(error.message, error.hint, error.exit_code, debug=debug)
    except TyperException as error:
        return fail(str(error), "see: ghostscan --help", USAGE, debug=debug)
    except Exception as error:  # noqa: BLE001 - the last door: a defect still gets one line and 70
        hint = "run again with --debug and report the traceback"
        return fail(f"internal error ({type(error).__name__})", hint, INTERNAL, debug=debug)
    if code == INTERRUPTED:
        return fail("interrupted; no run was finished", "", code, debug=False)
    return int(code)


def fail(message: str, hint: str, code: int, *, debug: bool) -> int:
    """Say on stderr, in one line each, what happened and what to do next; return ``code``."""
    from collectors.secret import redact

    if debug:
        typer.echo(redact(traceback.format_exc()), err=True)
    typer.echo(f"error: {_one_line(redact(message))}", err=True)
    if hint:
        typer.echo(f"hint: {_one_line(redact(hint))}", err=True)
    return code


def _one_line(text: str) -> str:
    """Messages may quote a server; nothing of it may move the cursor or start a line of its own."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
