"""What deactivating destroys is shown, has to be accepted by the app's name, and is told truly."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.cli.program import run
from scanner.remediation.plan import parse_plan
from tests.fakes.write_world import (
    LEAVERS,
    PEOPLE,
    Case,
    Misbehaviour,
    Time,
    World,
    audited_world,
    clock,
)

DELETES = Case.model_validate({
    "id": "W16",
    "title": "Deactivating deletes the membership, as the profile says",
    "steps": [{"effect": "delete", "status": 204, "body": "empty"}],
    "everybody": True,
    "expect": {},
})  # fmt: skip


@pytest.fixture(name="world")
def _world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A company whose apps are of the type sentry, where there is no inactive state."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    with audited_world(tmp_path, app_type="sentry") as world:
        yield world


def approve(plan: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    found = parse_plan(plan.read_bytes())
    typed = io.StringIO(f"{found.plan_id[:8]}\n{len(found.sendable())}\n")
    monkeypatch.setattr(sys, "stdin", typed)
    return run(["approve", str(plan), *more])


def test_what_deletes_is_shown_accepted_by_name_and_called_gone(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plan and approval show the danger; without its acceptance nothing can be sent."""
    headcount = str(PEOPLE - len(LEAVERS))
    plan = world.remediation / "plan.json"
    capsys.readouterr()
    order = ["plan", str(world.run), "--app", "wiki", "--expect-headcount", headcount]
    assert run(order) == 0
    danger = "DANGER: removes memberships, deletes the user, cannot be undone"
    shown = capsys.readouterr().out
    assert sorted(danger.split(": ")[1].split(", ")) == sorted(
        shown.partition("DANGER: ")[2].partition("\n")[0].strip().split(", ")
    )
    assert approve(plan, monkeypatch) == 30
    told = capsys.readouterr().err
    assert "DANGER" in told
    assert "--accept-loss wiki" in told
    assert run(["apply", str(plan), "--execute", "-q"]) == 30
    assert approve(plan, monkeypatch, "--accept-loss", "plain") == 30
    assert approve(plan, monkeypatch, "--accept-loss", "wiki") == 0
    server, time = world.apps["wiki"], Time()
    server.write_hook = Misbehaviour(DELETES, server, time, lambda: None)
    capsys.readouterr()
    with clock(time):
        assert run(["apply", str(plan), "--execute", "--json"]) == 40
    rows = json.loads(capsys.readouterr().out)["actions"]
    # That it deletes was accepted, so no circuit opens; what is gone is never called confirmed.
    assert {row["outcome"] for row in rows} == {"GONE_AFTER"}
    log = json.loads((plan.parent / "log.json").read_bytes())
    assert {(one["undoable"], one["after"]["found"]) for one in log["actions"]} == {(False, False)}
    assert run(["undo", str(plan.with_name("journal.jsonl"))]) == 0
    assert "nothing of it is confirmed to be ours" in capsys.readouterr().out


def test_a_task_for_a_person_is_planned_and_never_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a source says manual, the plan holds tasks without any request, and says so."""
    world.settings(("manual",))
    capsys.readouterr()
    headcount = str(PEOPLE - len(LEAVERS))
    assert run(["plan", str(world.run), "--app", "wiki", "--expect-headcount", headcount]) == 0
    assert "deactivate by hand" in capsys.readouterr().out
    plan = world.remediation / "plan.json"
    assert [one.requests for one in parse_plan(plan.read_bytes()).actions] == [()] * 3
    assert run(["apply", str(plan), "--execute", "-q"]) == 30
    assert [one.method for one in world.apps["wiki"].ledger if one.method != "GET"] == []
