"""For owners without ghostscan: script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scanner import workflow
from scanner.cli.application import app
from scanner.cli.execution import system_clock
from scanner.cli.option import ConfigOption, DebugOption, JsonOption, NoColorOption, QuietOption
from scanner.cli.remediation import PlanArgument
from scanner.config import load_config


@app.command()
def script(
    plan_file: PlanArgument,
    config: ConfigOption = Path("ghostscan.toml"),
    only: Annotated[
        list[str] | None, typer.Option("--app", help="Write it for this app only; repeatable.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where to write; default: script/ in the present folder.")
    ] = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Write an approved plan as a shell script and its data, for owners without ghostscan."""
    loaded = load_config(config)
    written = workflow.script(loaded, plan_file, system_clock(), tuple(only or ()), output)
    if json_:
        rows = [
            {"app": one.app, "script": str(one.path), "actions": one.actions,
             "left_out": list(one.left_out)}
            for one in written
        ]  # fmt: skip
        typer.echo(json.dumps({"scripts": rows, "exit_code": 0}, sort_keys=True))
        return
    for one in written:
        typer.echo(f"{one.path}  {one.actions} actions")
        for account in one.left_out:
            typer.echo(f"  not in it: {account}; use ghostscan apply", err=True)
    if not quiet:
        typer.echo("dry run: sh remediate.sh --header FILE    (see its first lines)", err=True)
