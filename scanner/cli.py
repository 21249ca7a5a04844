"""The commands: read options, call one function of the workflow, show, exit.

Results go to stdout; progress and messages to stderr. Only this file turns errors into text and
exit codes.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import traceback
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from scanner import workflow
from scanner.config import load_config
from scanner.errors import GhostscanError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from scanner.model import ProgressListener

INTERRUPTED, INTERNAL, USAGE, INTEGRITY, UNUSABLE, DEMO_DONE = 130, 70, 64, 50, 20, 10
DEMO_SEED = 20261101

app = typer.Typer(
    name="ghostscan",
    help="Find accounts that outlived the people who owned them, and write the SOC 2 evidence.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ConfigOption = Annotated[Path, typer.Option("--config", help="The configuration file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no messages.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show every source's proof.")]
NoColorOption = Annotated[bool, typer.Option("--no-color", help="No colour (also NO_COLOR).")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show a traceback on errors.")]


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"ghostscan {installed('ghostscan')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise UsageError("no command given", "see: ghostscan --help")


@app.command()
def audit(
    config: ConfigOption = Path("ghostscan.toml"),
    only: Annotated[
        list[str] | None, typer.Option(help="Read this source and the HRIS only; repeatable.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Judge departures at this instant (RFC 3339).")
    ] = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Collect, reconcile and write the evidence into a new run folder."""
    loaded = load_config(config)
    with _progress(silent=quiet or json_, no_color=no_color) as listener:
        outcome = workflow.audit(
            loaded,
            clock=_now,
            listener=listener,
            only=only or (),
            as_of=_instant(as_of) if as_of else None,
        )
    _show(outcome, outcome.exit_code, json_=json_, verbose=verbose, no_color=no_color)
    raise typer.Exit(outcome.exit_code)


@app.command()
def demo(
    directory: Annotated[Path, typer.Argument(help="Where to write.")] = Path("ghostscan-demo"),
    json_: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Audit a fictitious company that serves itself on this machine; exit code 10."""
    with _progress(silent=quiet or json_, no_color=no_color) as listener:
        outcome = workflow.demo(directory, clock=_now, listener=listener, seed=DEMO_SEED)
    _show(outcome, DEMO_DONE, json_=json_, verbose=verbose, no_color=no_color)
    if not json_:
        _say_what_the_demo_was(no_color)
    raise typer.Exit(DEMO_DONE)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("ghostscan.toml"),
    application: Annotated[
        list[str] | None, typer.Option("--app", help="Add this app's block; repeatable.")
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Write a commented configuration to start from."""
    workflow.init(file, application or ())
    typer.echo(f"wrote {file}")
    typer.echo(
        f"next: fill in the URLs and secrets, then: ghostscan audit --config {file}", err=True
    )


@app.command()
def check(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Only these; else all.")
    ] = None,
    config: ConfigOption = Path("ghostscan.toml"),
    json_: JsonOption = False,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Look once at each source and say what an audit could read there; writes nothing."""
    loaded = load_config(config)
    if not (quiet or json_):
        typer.echo("looking at one page of each source; nothing is written", err=True)
    surveys = workflow.check(loaded, sources or ())
    code = 0 if all(survey.usable for survey in surveys) else UNUSABLE
    if json_:
        from reports.survey import surveys_json

        typer.echo(surveys_json(surveys, code))
    else:
        from reports.survey import show_surveys

        show_surveys(surveys, _console(no_color=no_color))
    raise typer.Exit(code)


@app.command()
def verify(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    json_: JsonOption = False,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Check that the evidence of a run is whole and unaltered; exit code 50 if it is not."""
    verification = workflow.verify(run)
    code = INTEGRITY if verification.problems else 0
    if json_:
        typer.echo(json.dumps(asdict(verification) | {"exit_code": code}, sort_keys=True))
    else:
        from reports.terminal import show_verification

        show_verification(
            verification.run,
            verification.problems,
            () if quiet else verification.notes,
            files=verification.files_checked,
            head=verification.head,
            console=_console(no_color=no_color),
        )
    raise typer.Exit(code)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise UsageError(
            f"--as-of {text}: not an instant with a zone", "example: 2026-11-01T09:00:00Z"
        )
    return instant.astimezone(UTC)


def _console(*, no_color: bool = False, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(no_color=no_color or None, stderr=stderr, highlight=False, soft_wrap=False)


def _progress(*, silent: bool, no_color: bool) -> AbstractContextManager[ProgressListener]:
    from reports.progress import progress_display

    console = _console(no_color=no_color, stderr=True)
    return progress_display(console, time.monotonic, quiet=silent)


def _show(
    outcome: workflow.Outcome, exit_code: int, *, json_: bool, verbose: bool, no_color: bool
) -> None:
    if json_:
        from reports.machine import summary_json

        typer.echo(summary_json(outcome.audit, outcome.folder, exit_code))
        return
    from reports.terminal import show_summary

    show_summary(outcome.audit, outcome.folder, _console(no_color=no_color), verbose=verbose)


def _say_what_the_demo_was(no_color: bool) -> None:
    from reports.terminal import show_demo_note

    show_demo_note(_console(no_color=no_color))


def main() -> None:
    """Run the program and exit; the one place where an error becomes text and an exit code."""
    for ending in (signal.SIGTERM, signal.SIGHUP):  # end as tidily as on Ctrl-C
        signal.signal(ending, signal.default_int_handler)
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    debug = "--debug" in arguments
    try:
        code = app(arguments, prog_name="ghostscan", standalone_mode=False) or 0
    except GhostscanError as error:
        return _fail(error.message, error.hint, error.exit_code, debug=debug)
    except TyperException as error:
        return _fail(str(error), "see: ghostscan --help", USAGE, debug=debug)
    except Exception as error:  # noqa: BLE001 - the last door: a defect still gets one line and 70
        hint = "run again with --debug and report the traceback"
        return _fail(f"internal error ({type(error).__name__})", hint, INTERNAL, debug=debug)
    if code == INTERRUPTED:
        return _fail("interrupted; no run folder was left behind", "", code, debug=False)
    return int(code)


def _fail(message: str, hint: str, code: int, *, debug: bool) -> int:
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
