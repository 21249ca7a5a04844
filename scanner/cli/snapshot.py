"""Reading without judging: snapshot."""

from __future__ import annotations

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
    now,
    open_console,
    open_progress,
)
from scanner.config import load_config


@app.command()
def snapshot(
    config: ConfigOption = Path("ghostscan.toml"),
    only: Annotated[
        list[str] | None, typer.Option(help="Read this source only; repeatable.")
    ] = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Collect into a new run folder and conclude nothing; run daily, so that changes get dates."""
    loaded = load_config(config)
    with open_progress(silent=quiet or json_, no_color=no_color) as listener:
        collected = workflow.snapshot(loaded, clock=now, listener=listener, only=only or ())
    if json_:
        from reports.machine import snapshot_json

        typer.echo(snapshot_json(collected.snapshot, collected.folder, collected.exit_code))
    else:
        from reports.terminal import show_snapshot

        console = open_console(no_color=no_color)
        show_snapshot(collected.snapshot, collected.asked, collected.folder, console)
    raise typer.Exit(collected.exit_code)
