"""A reviewer decides about findings: review export, review import."""

from __future__ import annotations

import json
from dataclasses import asdict
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
    now,
    open_console,
)

FLAWED = 64

review = typer.Typer(
    name="review",
    help="Let a reviewer decide about findings, in a workbook.",
    rich_markup_mode=None,
)
app.add_typer(review)


@review.command("export")
def export(
    run: Annotated[Path, typer.Argument(help="The run folder whose findings are to be decided.")],
    output: Annotated[
        Path | None, typer.Option(help="The workbook to write; by default review-RUN.xlsx here.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--app", help="This app only; repeatable.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a workbook, and what is filled in there.")
    ] = False,
    json_: JsonOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a workbook in which a reviewer decides.

    One row for each finding that needs or takes a decision; what was decided before stands in it.
    """
    target = output or Path(f"review-{run.resolve().name}.xlsx")
    done = workflow.export_review(run, target, only=only or (), overwrite=overwrite)
    if json_:
        document = {**asdict(done), "path": str(done.path), "exit_code": 0}
        typer.echo(json.dumps(document, sort_keys=True))
        return
    from reports.reviewing import show_export

    show_export(
        done.path,
        rows=done.rows,
        needed=done.needed,
        decided=done.decided,
        console=open_console(no_color=no_color),
    )


@review.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The workbook, filled in by the reviewer.")],
    run: Annotated[
        Path | None, typer.Option(help="Its run folder, where it is not below the runs folder.")
    ] = None,
    config: ConfigOption = Path("ghostscan.toml"),
    json_: JsonOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Check a workbook that came back; keep its decisions.

    Everything that is wrong is told at once, and then nothing is kept. The decisions and the
    workbook are kept in the review folder of the run; plan goes by the newest of them.
    """
    done = workflow.import_review(file, run=run, config=config, by=workflow.operator(), now=now())
    code = FLAWED if done.flaws else 0
    if json_:
        path = None if done.path is None else str(done.path)
        document = {**asdict(done), "path": path, "exit_code": code}
        typer.echo(json.dumps(document, sort_keys=True))
    elif done.flaws:
        from reports.reviewing import show_flaws

        show_flaws(file, done.flaws, open_console(no_color=no_color, stderr=True))
    else:
        from reports.reviewing import Summary, show_import

        summary = Summary(
            run=done.run,
            path=done.path,
            sha256=done.sha256,
            workbook_sha256=done.workbook_sha256,
            new=done.new,
            earlier=done.earlier,
            counts=done.counts,
            undecided=len(done.open),
        )
        show_import(summary, open_console(no_color=no_color))
    raise typer.Exit(code)
