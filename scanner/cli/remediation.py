"""What an audit found: plan and approve."""

from __future__ import annotations

import json
import sys
from pathlib import Path
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
    now,
    open_console,
)
from scanner.config import load_config
from scanner.errors import UsageError

if TYPE_CHECKING:
    from scanner.remediation.plan import Plan

REFUSED = 30

PlanArgument = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan file.")]


@app.command()
def plan(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    config: ConfigOption = Path("ghostscan.toml"),
    only: Annotated[
        list[str] | None, typer.Option("--app", help="Plan for this app only; repeatable.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="Sign the plan, so that another key can be told from yours.")
    ] = None,
    memberships: Annotated[
        bool, typer.Option("--memberships", help="Also remove departed people from groups.")
    ] = False,
    privileged: Annotated[
        list[str] | None,
        typer.Option(help="Also plan this privileged account, as app:id; repeatable."),
    ] = None,
    decisions: Annotated[
        Path | None,
        typer.Option(help="Go by this decisions file, not by the run's newest review."),
    ] = None,
    expect_headcount: Annotated[
        int | None, typer.Option(min=0, help="How many are employed, as HR says; for a first run.")
    ] = None,
    acknowledge: Annotated[
        list[str] | None,
        typer.Option(help="Pass a threshold: GUARD=VALUE, exactly as measured; repeatable."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why a threshold may be passed.")] = "",
    json_: JsonOption = False,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Propose deactivations for a run's findings as a plan file; sends nothing."""
    order = workflow.PlanOrder(
        memberships=memberships,
        privileged=tuple(sorted(privileged or ())),
        expected_headcount=expect_headcount,
        acknowledged=dict(map(_acknowledgement, acknowledge or ())),
        reason=reason,
        only=tuple(only or ()),
        decisions=decisions,
        key=key,
    )
    planned = workflow.plan(load_config(config), run, order, now())
    refused = planned.path is None and bool(planned.plan.actions)
    code = REFUSED if refused else 0
    if json_:
        print_json(planned.plan, planned.path, code)
    else:
        from reports.plan import show_plan

        show_plan(document_of(planned.plan), planned.plan.plan_id, open_console(no_color=no_color))
        if planned.path is not None:
            typer.echo(f"\nPlan      {planned.path}")
            typer.echo(f"Next      ghostscan approve {planned.path}", err=True)
    raise typer.Exit(code)


@app.command()
def approve(
    plan_file: PlanArgument,
    config: ConfigOption = Path("ghostscan.toml"),
    key: Annotated[
        Path | None,
        typer.Option(help="Sign with this SSH key (private, or public with the agent's help)."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Who you are, for the record.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Approve this action only (its id); repeatable.")
    ] = None,
    accept_loss: Annotated[
        list[str] | None,
        typer.Option(help="Accept what cannot be undone in this app; repeatable."),
    ] = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
    debug: DebugOption = False,
) -> None:
    """Approve exactly this plan: by a second person's key, or by typing where it is small."""
    found = workflow.read_plan_file(plan_file)
    if not (json_ or quiet):
        from reports.plan import show_plan

        console = open_console(no_color=no_color, stderr=True)
        show_plan(document_of(found), found.plan_id, console, requests=True)
    approval = workflow.approve(
        load_config(config),
        plan_file,
        name=name or workflow.operator(),
        now=now(),
        key=key,
        typed=None if key is not None else _typed(),
        only=only or (),
        accepted=accept_loss or (),
    )
    if json_:
        typer.echo(approval.content.decode(), nl=False)
    else:
        typer.echo(f"approved {approval.count} actions ({approval.level})")
        typer.echo(f"next: ghostscan apply {plan_file}", err=True)


def _typed() -> tuple[str, str]:
    """Ask for what only somebody who read the plan can type."""
    prefix = _ask("First 8 digits of the plan's id")
    return prefix, _ask("Number of actions that you approve")


def _ask(question: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(question, err=True))
    typer.echo(f"{question}: ", err=True)
    return sys.stdin.readline()


def _acknowledgement(text: str) -> tuple[str, int]:
    name, equals, value = text.rpartition("=")
    if not equals or not value.lstrip("-").isdigit():
        raise UsageError(f"--acknowledge {text}: use GUARD=VALUE", "both stand in the output")
    return name, int(value)


def document_of(found: Plan) -> dict[str, object]:
    """The plan as its file has it; what people see is made from that alone."""
    document: dict[str, object] = json.loads(found.content)
    return document


def print_json(found: Plan, path: Path | None, code: int) -> None:
    """Print a plan that was just made as one JSON document."""
    document = {
        "plan": str(path) if path is not None else None,
        "plan_id": found.plan_id,
        "exit_code": code,
        **{name: document_of(found)[name] for name in ("actions", "guards", "left_out")},
    }
    typer.echo(json.dumps(document, sort_keys=True))
