"""Before an audit: init and check."""

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
    open_console,
)
from scanner.config import load_config

UNUSABLE = 20


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

        show_surveys(surveys, open_console(no_color=no_color))
    raise typer.Exit(code)
