"""What is done with the evidence of a run: verify."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from scanner import workflow
from scanner.cli.application import app
from scanner.cli.option import DebugOption, JsonOption, NoColorOption, QuietOption, open_console

INTEGRITY = 50


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
            console=open_console(no_color=no_color),
        )
    raise typer.Exit(code)
