"""What deactivating destroys is shown, has to be accepted by the app's name, and is told truly."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from collectors.base import Observation, Operation, Reply, Traits
from scanner.cli.program import run
from scanner.remediation.apply import Result
from scanner.remediation.outcome import Outcome, after, left_open
from scanner.remediation.plan import parse_plan
from tests.fakes.memory_app import Held, Trick
from tests.fakes.memory_world import Papers
from tests.fakes.memory_world import World as MemoryWorld
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
        assert run(["apply", str(plan), "--execute", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["actions"]
    # That it deletes was accepted, so it is what was meant; that it can be undone is never said.
    assert {row["outcome"] for row in rows} == {"DELETED"}
    log = json.loads((plan.parent / "log.json").read_bytes())
    assert {(one["undoable"], one["after"]["found"]) for one in log["actions"]} == {(False, False)}
    page = (plan.parent / "log.html").read_text()
    assert "DELETED: as was accepted; it cannot be undone" in page
    dangers = "cannot be undone, removes memberships, deletes the user"
    assert f"Danger: {dangers}." in page
    rows = openpyxl.load_workbook(plan.parent / "log.xlsx")["Remediation log"].values
    assert sum(f"DANGER: {dangers}." in str(row) for row in rows) == len(LEAVERS)
    assert run(["undo", str(plan.with_name("journal.jsonl"))]) == 0
    told = capsys.readouterr().out
    assert "the app deleted the account, as was accepted" in told
    assert "there is nothing to take back" in told
    assert run(["verify", str(world.run)]) == 0


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


THERE = Observation(found=True, active=True, version='W/"1"', status=200)
GONE = Observation(found=False, status=404)


@pytest.mark.parametrize(
    ("reply", "accepted", "outcome", "detail"),
    [
        (Reply(204), True, "DELETED", ""),
        (Reply(None, error="write.timeout"), True, "DELETED", "write.timeout"),
        (Reply(502), True, "DELETED", "http.502"),
        (Reply(404), True, "GONE_AFTER", "http.404"),  # whoever deleted it, we were too late
        (Reply(412), True, "GONE_AFTER", "http.412"),
        (Reply(204), False, "GONE_AFTER", ""),
        (Reply(404), False, "GONE_AFTER", ""),
    ],
)
def test_gone_is_what_was_meant_only_where_it_was_accepted_and_asked_for(
    reply: Reply, accepted: bool, outcome: str, detail: str
) -> None:
    """The same reading has another meaning where nobody was told that it deletes."""
    judged = after(Operation.DEACTIVATE, THERE, GONE, reply, deletes=accepted)
    assert (judged.ruling, judged.detail) == (outcome, detail)
    resumed = left_open(Operation.DEACTIVATE, THERE.version, GONE, deletes=accepted)
    assert resumed.ruling == ("DELETED" if accepted else "GONE_AFTER")


def deleting(*, deletes: bool = True) -> tuple[MemoryWorld, Papers]:
    """A company in memory, two leavers, and an app that deletes what is deactivated."""
    world = MemoryWorld({"1", "2"}, {"5", "6", "7"}, app_names=("chat",))
    app = world.apps["chat"]
    app.tricks = [Trick.DELETES, Trick.DELETES]
    if deletes:
        app.traits = Traits("deletes the user", "no", deletes_user=True)
    papers = world.plan()
    assert papers is not None
    world.approve(papers, "bob")
    return world, papers


def outcomes(result: Result | str) -> list[Outcome | None]:
    assert isinstance(result, Result), result
    return [row.outcome for row in result.rows]


def test_an_app_that_deletes_without_a_word_is_left_alone() -> None:
    """The first one is gone although the plan says nothing of it: no second one is."""
    world, papers = deleting(deletes=False)
    result = world.apply(papers)
    assert outcomes(result) == [Outcome.GONE_AFTER, Outcome.NOT_ATTEMPTED]
    assert isinstance(result, Result)
    assert result.exit_code == 40
    assert not result.stopped


def test_an_app_that_deletes_as_accepted_is_done() -> None:
    """Both are gone, that is confirmed, and counting them finds nobody else missing."""
    world, papers = deleting()
    result = world.apply(papers)
    assert outcomes(result) == [Outcome.DELETED] * 2
    assert isinstance(result, Result)
    assert (result.exit_code, result.stopped) == (0, "")
    assert world.undo(papers) is None


@pytest.mark.parametrize("at", range(1, 9))
@pytest.mark.parametrize("on", ["answer", "observe", "write", "sync"])
def test_an_end_around_a_deletion_is_gone_on_from(on: str, at: int) -> None:
    """Wherever it was killed: the account is called deleted, and not asked for again."""
    world, papers = deleting()
    world.points.rearm(kill_at=at, kill_on=on)
    result = world.apply(papers)
    world.points.rearm()
    if not isinstance(result, Result):
        result = world.apply(papers)
    assert outcomes(result) == [Outcome.DELETED] * 2
    assert len(world.apps["chat"].writes()) == 2


def test_a_deleted_account_that_is_back_is_told() -> None:
    """Something that provisions the app invited the person again while the others were done."""
    world, papers = deleting()
    app = world.apps["chat"]

    def step(what: str, account: str) -> None:
        if what == "write" and account == "a-2":
            app.accounts["a-1"] = Held("a-1", "user-1")

    app.before_step = step
    result = world.apply(papers)
    assert outcomes(result) == [Outcome.REVERTED, Outcome.DELETED]
    assert isinstance(result, Result)
    assert result.exit_code == 40


def test_a_script_calls_gone_what_apply_calls_gone(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Deleted where that was accepted, with exit code 0."""
    headcount = str(PEOPLE - len(LEAVERS))
    plan = world.remediation / "plan.json"
    assert run(["plan", str(world.run), "--app", "wiki", "--expect-headcount", headcount]) == 0
    assert approve(plan, monkeypatch, "--accept-loss", "wiki") == 0
    server = world.apps["wiki"]
    server.write_hook = Misbehaviour(DELETES, server, Time(), lambda: None)
    capsys.readouterr()
    assert run(["script", str(plan), "--json"]) == 0
    script = Path(json.loads(capsys.readouterr().out)["scripts"][0]["script"])
    data = script.with_name("actions.txt")
    quick = re.sub(r"between \d+", "between 0", data.read_text())
    old, new = (hashlib.sha256(one.encode()).hexdigest() for one in (data.read_text(), quick))
    data.write_text(quick)
    script.write_text(script.read_text().replace(old, new).replace("deadline=60", "deadline=0"))
    done = subprocess.run(
        ["/bin/sh", script, "--header", "-", "--execute"],
        input="X-None: 1\n",
        capture_output=True,
        text=True,
        check=False,
    )
    ends = [line.split("\t")[3] for line in done.stdout.splitlines() if "\tOUTCOME\t" in line]
    assert (done.returncode, ends) == (0, ["DELETED"] * 3), done.stderr
