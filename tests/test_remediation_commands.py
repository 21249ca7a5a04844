"""Plan, approve, apply and undo as a user meets them, against real servers on loopback."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from scanner.cli.program import run
from tests.fakes.remediated import (
    HEADCOUNT,
    Site,
    approve_it,
    audited,
    plan_it,
    read_json,
    reset,
)


@pytest.fixture(scope="module")
def audited_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One audit for all; what a test changes is put back."""
    with audited(tmp_path_factory.mktemp("site")) as found:
        yield found


@pytest.fixture(name="site")
def _site(audited_site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.chdir(audited_site.folder)
    monkeypatch.setenv("COLUMNS", "100")
    # No waiting: the pace of writes is promised by tests of its own.
    monkeypatch.setattr("scanner.cli.execution.time.sleep", lambda _: None)
    with reset(audited_site) as fresh:
        yield fresh


def execute(site: Site, *more: str) -> int:
    return run(["apply", str(site.plan), "--execute", "-q", *more])


def test_what_was_planned_is_sent_read_back_and_found_resolved(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plan, approve, dry run, apply, audit again: the ghosts are gone and nothing else changed."""
    before = [dict(one) for one in site.app.users]
    assert plan_it(site) == 0
    assert approve_it(site.plan) == 0
    capsys.readouterr()
    assert run(["apply", str(site.plan), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert site.writes() == []
    assert execute(site) == 0
    planned = [
        (request["method"], request["path"], request["body"])
        for action in shown["actions"]
        for request in action["requests"]
    ]
    assert site.writes() == planned
    assert len(planned) == 3
    assert site.active() == []
    assert [one for one in site.app.users if not site.left(one["id"])] == [
        one for one in before if not site.left(one["id"])
    ]
    assert run(["verify", str(site.run)]) == 0
    capsys.readouterr()
    run(["audit", "--json"])
    assert "ghost_active" not in json.loads(capsys.readouterr().out)["counts"]


def test_what_is_ours_can_be_taken_back(site: Site) -> None:
    """An undo is a plan of its own: approved, applied, and the servers are as they were."""
    before = [dict(one) for one in site.app.users]
    assert (plan_it(site), approve_it(site.plan), execute(site)) == (0, 0, 0)
    assert run(["undo", str(site.journal), "--key", "alice"]) == 0
    undo = site.run / "remediation" / "undo" / "plan.json"
    assert approve_it(undo) == 0
    assert run(["apply", str(undo), "--execute", "-q"]) == 0
    assert site.app.users == before


def test_a_plan_is_applied_once(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A finished plan is refused, however often it is tried; so is a new plan of the same run."""
    assert (plan_it(site), approve_it(site.plan), execute(site)) == (0, 0, 0)
    sent = site.writes()
    assert execute(site) == 30
    assert plan_it(site) == 30
    assert site.writes() == sent
    assert "applied already" in capsys.readouterr().err


def test_without_approval_nothing_is_sent(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The dry run shows everything and says what is missing; the execution refuses."""
    assert plan_it(site) == 0
    assert run(["apply", str(site.plan)]) == 30
    assert "PATCH" in capsys.readouterr().out
    assert execute(site) == 30
    assert site.writes() == []


@pytest.mark.parametrize("key", ["alice", "mallory"])
def test_who_may_not_approve_is_refused(site: Site, key: str) -> None:
    """Neither whoever made the plan, under any name, nor a stranger."""
    assert plan_it(site) == 0
    assert approve_it(site.plan, key=key) == 30
    assert not (site.run / "remediation" / "approval.json").exists()
    assert execute(site) == 30
    assert site.writes() == []


def test_from_a_run_without_a_whole_hris_nothing_is_planned(site: Site) -> None:
    """Where nobody counts as departed there is nobody to deactivate, and no failure either."""
    site.hris.users = []
    assert run(["audit", "-q", "--config", str(site.folder / "ghostscan.toml")]) == 20
    site.run = max(one for one in (site.folder / "runs").iterdir() if one.is_dir())
    assert plan_it(site) == 0
    assert not site.plan.exists() or not read_json(site.plan)["actions"]
    assert not site.writes()


def test_a_first_run_needs_the_headcount(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an earlier run somebody has to say how many people there are; the sum is printed."""
    assert run(["plan", str(site.run)]) == 30
    assert "57 employed" in capsys.readouterr().out
    assert run(["plan", str(site.run), "--expect-headcount", "40"]) == 30
    assert not site.plan.exists()


def test_a_small_plan_can_be_approved_by_typing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The beginning of the plan's id and the exact count, and nothing else, approve it."""
    assert run(["plan", str(site.run), "--expect-headcount", HEADCOUNT, "-q"]) == 0
    plan_id = plan_id_of(site)
    for typed, code in ((f"{plan_id[:8]}\n4\n", 30), (f"{plan_id[:8]}\n3\n", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert run(["approve", str(site.plan), "-q"]) == code
    assert execute(site) == 0
    assert site.active() == []


def plan_id_of(site: Site) -> str:
    from scanner.remediation.plan import parse_plan  # noqa: PLC0415 - only here

    return parse_plan(site.plan.read_bytes()).plan_id


def test_a_part_of_a_plan_can_be_approved(site: Site) -> None:
    """What is not in the approval is not sent."""
    assert plan_it(site) == 0
    chosen = read_json(site.plan)["actions"][1]
    assert approve_it(site.plan, "--only", chosen["action_id"][:10]) == 0
    assert execute(site) == 0
    assert [path.rpartition("/")[2] for _, path, _ in site.writes()] == [chosen["target"]["id"]]


def test_memberships_are_an_opt_in(site: Site) -> None:
    """Departed people are taken out of groups one by one, and only when asked for."""
    assert plan_it(site, "--memberships") == 0
    assert (approve_it(site.plan), execute(site)) == (0, 0)
    assert [one["value"] for one in site.app.groups[0]["members"]] == ["u9"]


def test_an_altered_plan_or_approval_is_refused(site: Site) -> None:
    """One account added, or one name changed, and the signature does not hold any more."""
    assert (plan_it(site), approve_it(site.plan)) == (0, 0)
    for name, field in (("plan.json", b'"display_name":"'), ("approval.json", b'"name":"')):
        path = site.run / "remediation" / name
        whole = path.read_bytes()
        path.write_bytes(whole.replace(field, field + b"x"))
        assert execute(site) == 30
        path.write_bytes(whole[:-2])
        assert execute(site) == 50
        path.write_bytes(whole)
    assert site.writes() == []


def test_a_damaged_run_is_not_planned_or_applied(site: Site) -> None:
    """Whatever a plan rests on is verified first."""
    assert (plan_it(site), approve_it(site.plan)) == (0, 0)
    findings = site.run / "findings.json"
    findings.write_bytes(findings.read_bytes().replace(b"ghost_active", b"ghost_actiVe"))
    assert execute(site) == 50
    assert plan_it(site) == 50
    assert site.writes() == []


def test_a_termination_taken_back_meanwhile_is_seen(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """The HRIS is asked once more about each person right before something is sent."""
    assert (plan_it(site), approve_it(site.plan)) == (0, 0)
    site.hris.users[1]["active"] = True
    capsys.readouterr()
    assert run(["apply", str(site.plan), "--execute", "--json"]) == 40
    outcomes = outcomes_of(capsys)
    assert outcomes == {"u1": "CONFIRMED", "u2": "STALE", "u3": "CONFIRMED"}
    assert site.active() == ["u2"]


def outcomes_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    rows = json.loads(capsys.readouterr().out)["actions"]
    return {row["account_id"]: row["outcome"] for row in rows}


def test_a_remediation_is_verified_with_its_run(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any byte of plan, approval, signatures or journal that changes is named, exit code 50."""
    assert (plan_it(site), approve_it(site.plan), execute(site)) == (0, 0, 0)
    assert run(["undo", str(site.journal), "--key", "alice"]) == 0
    assert run(["verify", str(site.run)]) == 0
    folder = site.run / "remediation"
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        whole = path.read_bytes()
        for place in (len(whole) // 3, 2 * len(whole) // 3):
            altered = bytearray(whole)
            altered[place] ^= 1
            path.write_bytes(bytes(altered))
            capsys.readouterr()
            assert run(["verify", str(site.run)]) == 50, (path, place)
            assert path.name.removesuffix(".sig") in capsys.readouterr().out
        path.write_bytes(whole)
    (folder / "note.txt").write_text("?")
    assert run(["verify", str(site.run)]) == 50
    assert "remediation/note.txt" in capsys.readouterr().out


def test_what_did_not_happen_cannot_be_written_into_the_journal(site: Site) -> None:
    """A journal whose lines are whole still has to fit plan and approval."""
    assert (plan_it(site), approve_it(site.plan), execute(site)) == (0, 0, 0)
    lines = site.journal.read_bytes().splitlines(keepends=True)
    for keep in (lines[1:], [*lines, lines[-1]], lines[:3] + lines[4:]):
        site.journal.write_bytes(b"".join(keep))
        assert run(["verify", str(site.run)]) == 50


def test_everything_can_be_had_as_json(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """One document on stdout and nothing else, for every command."""
    capsys.readouterr()
    assert plan_it(site, "--json") == 0
    assert len(printed(capsys)["actions"]) == 3
    assert run(["approve", str(site.plan), "--key", "bob", "--json"]) == 0
    assert printed(capsys)["count"] == 3
    assert run(["apply", str(site.plan), "--execute", "--json"]) == 0
    assert {row["outcome"] for row in printed(capsys)["actions"]} == {"CONFIRMED"}
    assert run(["undo", str(site.journal), "--json"]) == 0
    assert {row["operation"] for row in printed(capsys)["actions"]} == {"reactivate"}


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    streams = capsys.readouterr()
    assert streams.err == ""
    found: dict[str, Any] = json.loads(streams.out)
    return found


def test_outcomes_are_shown_as_they_come(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Each action is told on stderr when it has ended; the table of all comes on stdout."""
    assert (plan_it(site), approve_it(site.plan)) == (0, 0)
    capsys.readouterr()
    assert run(["apply", str(site.plan), "--execute"]) == 0
    streams = capsys.readouterr()
    assert streams.err.count("CONFIRMED") == 3
    assert "3 CONFIRMED" in streams.out


def test_ctrl_c_ends_after_the_present_action(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 130, one account changed, and the same command finishes the rest."""
    assert (plan_it(site), approve_it(site.plan)) == (0, 0)

    def interrupt(handler: Any, found: Any, operation: Any) -> None:  # noqa: ANN401 - the fake's own
        handler.change(found, operation)
        handler._send(200, found)
        os.kill(os.getpid(), signal.SIGINT)

    site.app.write_hook = interrupt
    assert execute(site) == 130
    assert "apply" in capsys.readouterr().err
    assert len(site.writes()) == 1
    site.app.write_hook = None
    assert execute(site) == 0
    assert len(site.writes()) == 3


def test_settings_are_those_of_the_plan(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Another configuration, or another file of allowed signers, and the plan does not hold."""
    assert (plan_it(site), approve_it(site.plan)) == (0, 0)
    for name in ("ghostscan.toml", "allowed_signers"):
        path = site.folder / name
        whole = path.read_bytes()
        path.write_bytes(whole + b"# a remark\n")
        assert execute(site) == 30
        assert "plan" in capsys.readouterr().err
        path.write_bytes(whole)
    (site.folder / "allowed_signers").rename(site.folder / "away")
    assert plan_it(site) == 64
    (site.folder / "away").rename(site.folder / "allowed_signers")
    assert site.writes() == []


def test_an_acknowledgement_needs_a_value_and_a_reason(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """GUARD=VALUE, as measured, with a reason; anything else is a usage error."""
    assert plan_it(site, "--acknowledge", "people") == 64
    assert plan_it(site, "--acknowledge", "people=3") == 64
    assert plan_it(site, "--acknowledge", "nothing=3", "--reason", "lay-off") == 64
    err = capsys.readouterr().err
    assert "GUARD=VALUE" in err
    assert "--reason" in err
    assert "not a guard" in err


def test_more_than_a_few_cannot_be_typed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six actions need a key, whatever is typed."""
    assert plan_it(site, "--memberships") == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("x\n5\n"))
    assert run(["approve", str(site.plan)]) == 30


def test_an_approval_is_asked_for_on_a_terminal(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan is shown first, with every request; then two questions."""
    assert plan_it(site) == 0
    answers = iter([plan_id_of(site)[:8], "3"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("scanner.cli.remediation.typer.prompt", lambda *_, **__: next(answers))
    capsys.readouterr()
    assert run(["approve", str(site.plan)]) == 0
    streams = capsys.readouterr()
    assert streams.err.count("PATCH http://127.0.0.1") == 3
    assert "approved 3 actions (typed)" in streams.out


def test_nothing_confirmed_is_nothing_to_take_back(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Accounts that were inactive already are not ours."""
    assert (plan_it(site), approve_it(site.plan)) == (0, 0)
    for one in site.app.users[:3]:
        one["active"] = False
    assert execute(site) == 0
    assert site.writes() == []
    assert run(["undo", str(site.journal)]) == 0
    assert "nothing to take back" in capsys.readouterr().out
    assert not (site.run / "remediation" / "undo").exists()


def test_an_app_without_findings_is_no_plan(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to do is no refusal, and leaves no file."""
    assert plan_it(site, "--app", "other") == 0
    assert "nothing to do" in capsys.readouterr().out
    assert not site.plan.exists()


def test_a_stop_is_told_with_the_way_back(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A server that deactivates everybody is stopped after the first request; undo is offered."""

    def everybody(handler: Any, found: Any, operation: Any) -> None:  # noqa: ANN401 - the fake's own
        for one in site.app.users:
            one["active"] = False
        handler._send(200, found)

    assert (plan_it(site), approve_it(site.plan)) == (0, 0)
    site.app.write_hook = everybody
    assert run(["apply", str(site.plan), "--execute"]) == 40
    err = capsys.readouterr().err
    assert "STOPPED" in err
    assert "ghostscan undo" in err
    assert len(site.writes()) == 1


def test_a_torn_journal_is_told_and_gone_on_with(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a power cut left of the last line is dropped, and the rest is finished."""
    assert (plan_it(site), approve_it(site.plan), execute(site)) == (0, 0, 0)
    whole = site.journal.read_bytes()
    site.journal.write_bytes(whole[:-9])
    assert run(["apply", str(site.plan), "--execute"]) == 0
    assert "torn" in capsys.readouterr().err
    assert len(site.writes()) == 3
