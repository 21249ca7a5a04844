"""Saying why: explain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner import workflow
from scanner.cli.application import app
from scanner.cli.option import ConfigOption, DebugOption, JsonOption, NoColorOption, open_console


@app.command()
def explain(
    identity: Annotated[
        str,
        typer.Argument(metavar="ID", help="A finding's id, APP/ACCOUNT, HRIS/PERSON, or a name."),
    ],
    run: Annotated[
        Path | None, typer.Option(help="The run folder; by default the newest run.")
    ] = None,
    config: ConfigOption = Path("ghostscan.toml"),
    json_: JsonOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Say why a finding was made, or none: keys, candidates, dates, evidence, checks by hand."""
    explanation = workflow.explain(identity, run, config)
    if json_:
        from reports.explanation import explanation_json

        typer.echo(explanation_json(explanation), nl=False)
        return
    from reports.explanation import show_explanation

    show_explanation(explanation, open_console(no_color=no_color))
