"""The program that every command belongs to."""

from __future__ import annotations

from typing import Annotated

import typer

from scanner.errors import UsageError

app = typer.Typer(
    name="ghostscan",
    help="Find accounts that outlived the people who owned them, and write the SOC 2 evidence.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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
