"""Reading and judging: audit and demo."""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated

import typer

from scanner import workflow
from scanner.cli.application import app
from scanner.cli.option import (
    ConfigOption,
    DebugOption,
    JsonOption,
    NoColorOption,
    QuietOption,
    VerboseOption,
    now,
    open_console,
    open_progress,
    parse_instant,
)
from scanner.cli.resumption import resumable
from scanner.config import load_config
from scanner.errors import UsageError

DEMO_DONE = 10
DEMO_SEED = 20261101


@app.command()
def audit(
    config: ConfigOption = Path("ghostscan.toml"),
    only: Annotated[
        list[str] | None, typer.Option(help="Read this source and the HRIS only; repeatable.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Judge departures at this instant (RFC 3339).")
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Continue an interrupted run: read only what it lacks."),
    ] = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Collect, reconcile and write the evidence into a new run folder."""
    if resume and (only or as_of):
        raise UsageError("--resume takes --only and --as-of from the run it continues")
    loaded = load_config(config)
    instant = parse_instant("--as-of", as_of) if as_of else None
    with (
        resumable(loaded, config, told=not (quiet or json_ or resume)),
        open_progress(silent=quiet or json_, no_color=no_color) as listener,
    ):
        outcome = workflow.audit(
            loaded, clock=now, listener=listener, only=only or (), as_of=instant, resume=resume
        )
    _show(outcome, outcome.exit_code, json_=json_, verbose=verbose, no_color=no_color)
    raise typer.Exit(outcome.exit_code)


@app.command()
def demo(
    directory: Annotated[Path, typer.Argument(help="Where to write.")] = Path("ghostscan-demo"),
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Keep serving until Ctrl-C, so that it can be remediated."),
    ] = False,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Audit a fictitious company that serves itself on this machine; exit code 10."""
    with ExitStack() as stack:
        with open_progress(silent=quiet or json_, no_color=no_color) as listener:
            if serve:
                outcome = stack.enter_context(
                    workflow.serving_demo(directory, clock=now, listener=listener, seed=DEMO_SEED)
                )
            else:
                outcome = workflow.demo(directory, clock=now, listener=listener, seed=DEMO_SEED)
        _show(outcome, DEMO_DONE, json_=json_, verbose=verbose, no_color=no_color)
        if serve:
            _serve(directory, outcome.folder)
        elif not json_:
            _say_what_the_demo_was(no_color)
    raise typer.Exit(DEMO_DONE)


def _serve(directory: Path, run: Path) -> None:
    """Wait for Ctrl-C; everything is served by threads of its own."""
    sys.stdout.flush()
    typer.echo("\nServing until Ctrl-C. In a second terminal:", err=True)
    typer.echo(f"  cd {directory}", err=True)
    typer.echo(f"  ghostscan plan runs/{run.name}", err=True)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def _show(
    outcome: workflow.Outcome, exit_code: int, *, json_: bool, verbose: bool, no_color: bool
) -> None:
    if json_:
        from reports.machine import summary_json

        typer.echo(summary_json(outcome.audit, outcome.folder, exit_code))
        return
    from reports.terminal import show_summary

    show_summary(outcome.audit, outcome.folder, open_console(no_color=no_color), verbose=verbose)


def _say_what_the_demo_was(no_color: bool) -> None:
    from reports.terminal import show_demo_note

    show_demo_note(open_console(no_color=no_color))
