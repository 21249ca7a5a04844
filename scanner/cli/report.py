"""Showing a sealed run again: report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scanner import workflow
from scanner.cli.application import app
from scanner.cli.option import DebugOption, JsonOption, QuietOption


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="The folder of an audit.")],
    format_: Annotated[
        str, typer.Option("--format", help="Some of html,xlsx,csv,json; else all.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option(help="The folder to write to; by default <run>-report here.")
    ] = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Judge and render a sealed run again, offline; the run folder is not touched."""
    formats = [name.strip() for name in format_.split(",") if name.strip()]
    rendered = workflow.report(run, output or Path(f"{run.resolve().name}-report"), formats)
    if json_:
        document = {
            "run": rendered.run,
            "files": [str(path) for path in rendered.files],
            "same_findings": rendered.same_findings,
            "exit_code": 0,
        }
        typer.echo(json.dumps(document, sort_keys=True))
        return
    for path in rendered.files:
        typer.echo(f"wrote {path}")
    if not rendered.same_findings and not quiet:
        typer.echo(
            f"note: the findings differ from those sealed in {rendered.run}, "
            "which another version of ghostscan concluded; the sealed ones are the evidence",
            err=True,
        )
