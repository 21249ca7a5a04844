"""Ghosts deactivated, read back and given back on SCIM servers nobody here wrote, over sockets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scanner.cli.program import run
from scanner.remediation.journal import parse_journal
from tests.fakes.real_servers import TOKEN, RunningServer, Server, known_servers, running, why_not
from tests.fakes.real_servers import user as resource
from tests.fakes.scim_server import serving, user
from tests.fakes.write_world import approve_typed

PEOPLE = 24
LEAVERS = ("user1", "user2", "user3")
FORMS = {"path": "patch-path", "no_path": "patch-nopath", "put": "put"}
SERVERS = [server for server in known_servers() if server.is_whole]


def seed(app: RunningServer) -> None:
    """Give everybody an active account."""
    for number in range(1, PEOPLE + 1):
        emails = [{"value": f"user{number}@example.com", "primary": True}]
        name = {"givenName": "User", "familyName": str(number), "formatted": f"User {number}"}
        body = resource(f"user{number}", displayName=f"User {number}", name=name, emails=emails)
        app.post("/Users", body)


def states(app: RunningServer) -> dict[str, dict[str, Any]]:
    """Give every account as the server shows it now, by user name, without its version."""
    _, listed = app.send("GET", "/Users?startIndex=1&count=100")
    users = {one["userName"]: one for one in listed["Resources"]}
    for one in users.values():
        one.pop("meta", None)
    return users


def settings(people: str, app: str, forms: list[str], more: str) -> str:
    return f"""[organization]
name = "Test Corp"
[registers]
protected = "protected.toml"
[remediation.thresholds]
at_least = 3
[sources.people]
role = "hris"
type = "scim"
url = "{people}"
auth = "none"
[sources.app]
type = "scim"
url = "{app}"
auth = {{ bearer = "env:REAL_TOKEN" }}
deactivate = {json.dumps(forms)}
{more}
"""


def audit(capsys: pytest.CaptureFixture[str]) -> tuple[Path, dict[str, int]]:
    """Audit, and give the run and how many findings of each kind there are."""
    capsys.readouterr()
    run(["audit", "--json"])
    said = json.loads(capsys.readouterr().out)
    return Path(said["run"]), said["counts"]


def apply(plan: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Approve and apply a plan, and give the outcomes."""
    approve_typed(plan)
    capsys.readouterr()
    code = run(["apply", str(plan), "--execute", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert code == 0, said
    return [row["outcome"] for row in said["actions"]]


@pytest.mark.parametrize("server", SERVERS, ids=lambda one: one.title.replace(" ", "_"))
def test_ghosts_are_deactivated_and_given_back_on_a_real_server(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Audit, plan, approve, apply, audit again: resolved; undo, apply: the server is as it was."""
    missing = why_not(server)
    if missing:
        pytest.skip(missing)
    monkeypatch.setenv("REAL_TOKEN", TOKEN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scanner.cli.execution.time.sleep", lambda _: None)
    people = [user(one, active=f"user{one}" not in LEAVERS) for one in range(1, PEOPLE + 1)]
    with running(server) as app, serving(people) as hris:
        seed(app)
        before = states(app)
        forms = [FORMS[one] for one in server.deactivate]
        config = settings(hris.url, app.url, forms, server.settings)
        (tmp_path / "ghostscan.toml").write_text(config, encoding="utf-8")
        (tmp_path / "protected.toml").write_text('[[protected]]\naccounts = ["x"]\nreason = "x"\n')
        found, counts = audit(capsys)
        assert counts["ghost_active"] == len(LEAVERS)
        assert run(["plan", str(found), "--expect-headcount", str(PEOPLE - 3), "-q"]) == 0
        plan = found / "remediation" / "plan.json"
        assert apply(plan, capsys) == ["CONFIRMED"] * len(LEAVERS)
        now = states(app)
        assert {name for name, one in now.items() if not one["active"]} == set(LEAVERS)
        assert {name: {**one, "active": True} for name, one in now.items()} == before
        assert "ghost_active" not in audit(capsys)[1]
        journal = plan.with_name("journal.jsonl")
        assert parse_journal(journal.read_bytes()).records[-1].kind == "END"
        assert run(["undo", str(journal), "-q"]) == 0
        undo = found / "remediation" / "undo" / "plan.json"
        assert apply(undo, capsys) == ["CONFIRMED"] * len(LEAVERS)
        assert states(app) == before


@pytest.mark.parametrize("form", ["patch-entra", "patch-1.1"])
def test_whatever_a_form_does_is_told_as_it_was_read(
    form: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A form the server understands half is never called confirmed where the account is active."""
    server = SERVERS[0]
    monkeypatch.setenv("REAL_TOKEN", TOKEN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scanner.cli.execution.time.sleep", lambda _: None)
    people = [user(one, active=f"user{one}" not in LEAVERS) for one in range(1, PEOPLE + 1)]
    with running(server) as app, serving(people) as hris:
        seed(app)
        config = settings(hris.url, app.url, [form], server.settings)
        (tmp_path / "ghostscan.toml").write_text(config, encoding="utf-8")
        (tmp_path / "protected.toml").write_text('[[protected]]\naccounts = ["x"]\nreason = "x"\n')
        found, _ = audit(capsys)
        assert run(["plan", str(found), "--expect-headcount", str(PEOPLE - 3), "-q"]) == 0
        plan = found / "remediation" / "plan.json"
        approve_typed(plan)
        capsys.readouterr()
        run(["apply", str(plan), "--execute", "--json"])
        rows = json.loads(capsys.readouterr().out)["actions"]
        now = states(app)
        for row in rows:
            name = row["account"].partition(" ")[0]
            assert (row["outcome"] == "CONFIRMED") is not now[name]["active"]
