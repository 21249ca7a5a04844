"""Every fault of tests/write_faults.toml, met by the real commands over real sockets.

Whatever a server does with a request: the outcome is what was read, nothing is sent twice without
reading in between, the journal announces exactly what the server saw, and nobody else is touched.
"""

from __future__ import annotations

import copy
import json
import os
import signal
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.cli.program import run
from scanner.remediation.journal import parse_journal
from tests.fakes.scim_server import Asked, ScimServer, touch
from tests.fakes.write_world import (
    CANARY,
    LEAVERS,
    Case,
    Expected,
    Misbehaviour,
    Time,
    World,
    approve_typed,
    approved,
    audited_world,
    clock,
    intents,
)

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
DATA = tomllib.loads((Path(__file__).parent / "write_faults.toml").read_text(encoding="utf-8"))
CASES = [Case.model_validate(one) for one in DATA["fault"]]


@pytest.fixture(scope="module", name="audited")
def _audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with audited_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture(name="world")
def _world(audited: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The company as it was audited."""
    monkeypatch.chdir(audited.folder)
    for name, app in audited.apps.items():
        app.users[:] = copy.deepcopy(audited.users[name])
        app.write_hook = None
    return audited


def ids(cases: list[Case]) -> list[str]:
    return ["-".join(filter(None, (case.id, case.name))) for case in cases]


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_write_fault(case: Case, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """What must come of the fault comes of it, and the invariants of every apply hold."""
    approved(world, case.app, case.forms)
    time, server, plan = Time(), world.apps[case.app], world.remediation / "plan.json"
    if case.phase == "undo":
        with clock(time):
            assert run(["apply", str(plan), "--execute", "-q"]) == 0
            assert run(["undo", str(world.remediation / "journal.jsonl"), "-q"]) == 0
        plan = world.remediation / "undo" / "plan.json"
        approve_typed(plan, world.config)
    prepare(case, world, server)
    others = [copy.deepcopy(one) for one in server.users if one["id"] not in LEAVERS]
    server.ledger.clear()
    server.write_hook = Misbehaviour(case, server, time, interrupt)
    slept = time.slept
    said = applied(plan, time, case.expect.exit, capsys)
    check(case.expect, said, server, plan.with_name("journal.jsonl"), time.slept - slept)
    if case.again is not None:
        said = applied(plan, time, case.again.exit, capsys)
        check(case.again, said, server, plan.with_name("journal.jsonl"), time.slept)
    before = {one["id"]: one["active"] for one in others}
    hit = [
        one["id"] for one in server.users if before.get(one["id"], one["active"]) != one["active"]
    ]
    assert bool(hit) is case.expect.stopped
    assert not hit or any(one in said["stopped"] for one in hit)
    if not case.expect.stopped and not any(one.effect == "joiner" for one in case.steps):
        assert [one for one in server.users if one["id"] not in LEAVERS] == others


def prepare(case: Case, world: World, server: ScimServer) -> None:
    """Let happen to u1 what the case says, between approval and apply."""
    account = next(one for one in server.users if one["id"] == "u1")
    if case.before.get("delete"):
        server.users.remove(account)
    elif case.before:
        account.update(case.before)
        if "nickName" not in case.before:  # what only the list left out is no change
            touch(account)
    if case.protect:
        with (world.folder / "protected.toml").open("a", encoding="utf-8") as file:
            file.write('[[protected]]\naccounts = ["user1@example.com"]\nreason = "new"\n')


def interrupt() -> None:
    """Press Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def applied(
    plan: Path, time: Time, code: int, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """Apply a plan in made-up time, and give what was said by account."""
    capsys.readouterr()
    with clock(time):
        given = run(["apply", str(plan), "--execute", "--json"])
    out, err = capsys.readouterr()
    assert given == code, (out, err)
    said = json.loads(out)
    return {row["account_id"]: row for row in said["actions"]} | {"stopped": said["stopped"]}


def check(
    expected: Expected, said: dict[str, Any], server: ScimServer, journal: Path, slept: float
) -> None:
    """Hold an apply against what was expected and against what is always true."""
    outcomes = {account: said[account]["outcome"] for account in expected.outcomes}
    assert outcomes == expected.outcomes, said
    assert expected.detail in said["u1"]["detail"]
    assert bool(said["stopped"]) is expected.stopped
    assert slept >= expected.slept
    saw = Counter(account_of(one) for one in server.ledger if one.method != "GET")
    assert intents(journal) == saw
    for account, number in expected.sent.items():
        assert saw[account] == number
    assert saw["u1"] == expected.sent.get("u1", 1)
    assert_read_between(server.ledger)
    assert_told_truly(said, server, journal)
    records = parse_journal(journal.read_bytes()).records
    sent = [one["form"] for one in records if one.kind == "INTENT" and one["account"] == "u1"]
    assert not expected.forms or tuple(sent) == expected.forms
    waited = [one["waited_seconds"] for one in records if one.kind == "OUTCOME"]
    assert max(waited, default=0) >= expected.waited


def account_of(asked: Asked) -> str:
    return asked.path.rpartition("/")[2]


def assert_read_between(ledger: list[Asked]) -> None:
    """Right before each write its account was read, and right after it, too."""
    for place, asked in enumerate(ledger):
        if asked.method != "GET":
            for other in (ledger[place - 1], ledger[place + 1]):
                assert (other.method, other.path) == ("GET", asked.path)


def assert_told_truly(said: dict[str, Any], server: ScimServer, journal: Path) -> None:
    """An account that is called confirmed is as it was meant to be, and no other is."""
    gives_back = "undo" in journal.parent.name
    held = {one["id"]: one["active"] for one in server.users}
    for account in LEAVERS:
        outcome = said[account]["outcome"]
        if outcome.startswith(("CONFIRMED", "ALREADY")):
            assert held[account] is gives_back
        elif outcome.startswith("GONE"):
            assert account not in held


def test_every_write_fault_has_its_row() -> None:
    """The data file holds each fault, numbered without a gap."""
    assert sorted({case.id for case in CASES}) == [f"W{number:02}" for number in range(1, 31)]
    assert len(set(ids(CASES))) == len(CASES)
    assert CANARY not in LEAVERS
