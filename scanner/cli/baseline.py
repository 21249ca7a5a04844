"""Approving who is in which group: baseline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scanner import workflow
from scanner.cli.application import app
from scanner.cli.option import DebugOption, JsonOption, NoColorOption, now, open_console

baseline = typer.Typer(
    name="baseline", help="Approve who is in which group.", rich_markup_mode=None
)
app.add_typer(baseline)


@baseline.command()
def approve(
    run: Annotated[Path, typer.Argument(help="The run folder whose memberships are approved.")],
    approver: Annotated[str, typer.Option(help="Who approves.")],
    only_app: Annotated[str | None, typer.Option("--app", help="This app only.")] = None,
    group: Annotated[
        str | None, typer.Option(help="This group of the app only (id or display name).")
    ] = None,
    output: Annotated[Path, typer.Option(help="The baseline to write or extend.")] = Path(
        "baseline.json"
    ),
    json_: JsonOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Approve the members of groups as a run proved them; later audits tell what differs."""
    done = workflow.approve_baseline(
        run, output, approver=approver, at=now(), app=only_app, group=group
    )
    members = sum(len(one.members) for one in done.groups)
    if json_:
        document = {
            "baseline": str(done.path),
            "sha256": done.sha256,
            "run": done.run,
            "groups": len(done.groups),
            "members": members,
            "left_out": done.left_out,
        }
        typer.echo(json.dumps(document, sort_keys=True))
        return
    from reports.approval import show_approval

    show_approval(
        [(one.app, one.display_name or one.group, len(one.members)) for one in done.groups],
        done.left_out,
        path=done.path,
        sha256=done.sha256,
        console=open_console(no_color=no_color),
    )
