"""Looking back: history and diff."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner import workflow
from scanner.cli.application import app
from scanner.cli.option import ConfigOption, DebugOption, JsonOption, NoColorOption, open_console
from scanner.config import load_config


@app.command()
def history(
    config: ConfigOption = Path("ghostscan.toml"),
    json_: JsonOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """List the finished runs, and draw their findings over time."""
    entries = workflow.history(load_config(config))
    if json_:
        from reports.chronicle import history_json

        typer.echo(history_json(entries))
        return
    from reports.lookback import show_history

    show_history(entries, open_console(no_color=no_color))


@app.command()
def diff(
    earlier: Annotated[str, typer.Argument(help="A run: its name, number or folder.")],
    later: Annotated[str, typer.Argument(help="Another run.")],
    config: ConfigOption = Path("ghostscan.toml"),
    json_: JsonOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Say what is new, resolved, or read otherwise in the later of two audits."""
    difference = workflow.diff(load_config(config), earlier, later)
    if json_:
        from reports.chronicle import difference_json

        typer.echo(difference_json(difference))
        return
    from reports.lookback import show_difference

    show_difference(difference, open_console(no_color=no_color))
