"""Changing the apps: apply and undo."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

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
from scanner.cli.remediation import PlanArgument, document_of, print_json
from scanner.config import load_config
from scanner.errors import InterruptedRun

if TYPE_CHECKING:
    from reports.applying import Display
    from scanner.remediation.apply import Result, Step
    from scanner.remediation.pace import Clock

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@app.command()
def apply(
    plan_file: PlanArgument,
    config: ConfigOption = Path("ghostscan.toml"),
    execute: Annotated[
        bool, typer.Option("--execute", help="Send it; without this nothing is sent.")
    ] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Go on with what another host or user began.")
    ] = False,
    unlock: Annotated[
        str | None, typer.Option(help="Take the lock with this id from a host that is dead.")
    ] = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Show what an approved plan would send; with --execute send it, read back, and write it down.

    After an interruption the same command goes on where it ended.
    """
    from reports.applying import applying_display

    loaded = load_config(config)
    if not execute:
        _rehearse(
            workflow.rehearse(loaded, plan_file, system_clock()), json_=json_, no_color=no_color
        )
        return
    console = open_console(no_color=no_color, stderr=True)
    with stopping() as stop, applying_display(console, quiet=quiet or json_) as display:
        result = workflow.execute(
            loaded,
            plan_file,
            system_clock(),
            listener=_shown(display),
            stop=stop,
            take_over=take_over,
            unlock=unlock,
        )
    _show(result, json_=json_, no_color=no_color)
    page = plan_file.parent / "log.html"
    if page.exists() and not (json_ or quiet):
        typer.echo(f"\nLog       {page}")
    if result.interrupted:
        raise InterruptedRun(
            "interrupted after a whole action; what was done is in the journal",
            f"go on with: ghostscan apply {plan_file} --execute",
        )
    raise typer.Exit(result.exit_code)


@app.command()
def undo(
    journal: Annotated[Path, typer.Argument(help="The journal of an apply.")],
    config: ConfigOption = Path("ghostscan.toml"),
    only: Annotated[
        list[str] | None, typer.Option(help="Only this account or action; repeatable.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="Sign the plan, so that another key can be told from yours.")
    ] = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Plan active=true for what we deactivated and read back; groups and data may not come back."""
    loaded = load_config(config)
    drafted, path = workflow.undo(loaded, journal, system_clock(), only=tuple(only or ()), key=key)
    if json_:
        print_json(drafted, path, 0)
        return
    from reports.plan import show_plan

    show_plan(document_of(drafted), drafted.plan_id, open_console(no_color=no_color))
    if path is None:
        typer.echo("nothing of it is confirmed to be ours; there is nothing to take back")
        return
    typer.echo(f"\nPlan      {path}")
    if not quiet:
        typer.echo("Groups, licences and data may not come back with the account.", err=True)
        typer.echo(f"Next      ghostscan approve {path}", err=True)


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C (or SIGTERM, SIGHUP) ask for an end, and the second one make it.

    Gives what tells whether an end was asked for.
    """
    asked: list[int] = []

    def ask(number: int, _: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = {one: signal.signal(one, ask) for one in ENDINGS}
    try:
        yield lambda: bool(asked)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def system_clock() -> Clock:
    """Give the time of this machine, and its waiting."""
    from scanner.remediation.pace import Clock

    return Clock(now=lambda: datetime.now(UTC), sleep=time.sleep)


def _shown(display: Display) -> Callable[[Step], None]:
    from reports.applying import Move

    def listener(step: Step) -> None:
        after = f"{step.next.app}: {step.next.label}" if step.next is not None else None
        display(Move(step.app, step.action.label, step.done, step.total, step.outcome, after))

    return listener


def _rehearse(rehearsal: workflow.Rehearsal, *, json_: bool, no_color: bool) -> None:
    """Show a dry run: the whole plan, its guards now, every request in order, and any refusal."""
    found, refused = rehearsal.plan, rehearsal.refused
    document = document_of(found) | {
        "actions": _in_order(document_of(found)["actions"], rehearsal),
        "guards": [_guard(one) for one in rehearsal.guards],
    }
    if json_:
        told = refused.message if refused is not None else None
        code = refused.exit_code if refused is not None else 0
        typer.echo(json.dumps({**document, "refused": told, "exit_code": code}, sort_keys=True))
    else:
        from reports.plan import show_plan

        console = open_console(no_color=no_color)
        show_plan(document, found.plan_id, console, requests=True)
        typer.echo("\nDry run: nothing was sent.")
    if refused is not None:
        raise refused


def _guard(one: object) -> dict[str, object]:
    from scanner.remediation.plan import plain

    found: dict[str, object] = plain(one)
    return found


def _in_order(actions: object, rehearsal: workflow.Rehearsal) -> list[object]:
    by_id = {one["action_id"]: one for one in actions} if isinstance(actions, list) else {}
    return [by_id[one.action_id] for one in rehearsal.actions]


def _show(result: Result, *, json_: bool, no_color: bool) -> None:
    rows = [
        {
            "action_id": row.action.action_id,
            "app": row.action.app,
            "account": row.action.label,
            "account_id": row.action.target.id,
            "outcome": row.outcome or "NOT_YET",
            "detail": row.detail,
        }
        for row in result.rows
    ]
    if json_:
        summary = {
            "actions": rows,
            "looks": result.looks,
            "stopped": result.stopped,
            "exit_code": result.exit_code,
        }
        typer.echo(json.dumps(summary, sort_keys=True))
        return
    from reports.plan import show_outcomes
    from reports.text import visible

    show_outcomes(rows, result.looks, open_console(no_color=no_color))
    if result.torn:
        typer.echo(f"the journal's last line was torn ({result.torn} bytes) and dropped", err=True)
    if result.stopped:
        typer.echo(f"STOPPED: {visible(result.stopped, 400)}", err=True)
        typer.echo("look at these accounts in the app; who changed them is not known", err=True)
        typer.echo("take back what is confirmed with: ghostscan undo JOURNAL", err=True)
