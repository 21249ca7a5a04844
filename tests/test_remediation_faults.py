"""Every fault of remediation_faults.toml ends as it must, with journal and server agreeing."""

from __future__ import annotations

import os
import signal
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.base import Traits
from scanner.cli.execution import stopping
from scanner.cli.program import run
from scanner.errors import RefusedError
from scanner.remediation.apply import Result
from scanner.remediation.approval import parse_approval
from scanner.remediation.journal import parse_journal
from scanner.remediation.lock import LOCK, Holder, applying, lock_mark, this_process
from scanner.remediation.plan import parse_plan
from scanner.remediation.signature import (
    APPROVAL_NAMESPACE,
    PLAN_NAMESPACE,
    SshSignatures,
)
from tests.fakes.memory_world import START, Papers, World
from tests.fakes.remediated import audited, make_keys, read_json

DATA = tomllib.loads((Path(__file__).parent / "remediation_faults.toml").read_text("utf-8"))
Given = dict[str, Any]


def _cases() -> list[Any]:
    cases = []
    for fault in DATA["fault"]:
        for variant in fault.get("variants", [{}]):
            name = f"{fault['id']}-{variant['name']}" if "name" in variant else fault["id"]
            cases.append(pytest.param({**fault, **variant}, id=name))
    return cases


@pytest.mark.parametrize("given", _cases())
def test_remediation_fault(given: Given, tmp_path: Path) -> None:
    """The fault of the data file ends as the data file says."""
    SCENARIOS[given["scenario"]](given, tmp_path)


def approved(given: Given | None = None, *, leavers: int = 1) -> tuple[World, Papers]:
    given = given or {}
    left = {str(one) for one in range(1, given.get("leavers", leavers) + 1)}
    others = {str(one) for one in range(50, 58)}
    forms = tuple(given.get("forms", ["patch-path"]))
    world = World(left, others, given.get("version", True), forms=forms, app_names=("chat",))
    papers = world.plan()
    assert papers is not None
    world.approve(papers, "bob")
    return world, papers


def outcomes(result: Result | str) -> list[str]:
    assert isinstance(result, Result), result
    return [str(row.outcome) for row in result.rows]


def sent(world: World) -> list[str]:
    return [one.account for one in world.apps["chat"].writes()]


def provisioned_again(given: Given, _: Path) -> None:
    world, papers = approved(leavers=2)
    app = world.apps["chat"]

    def provision(what: str, account: str) -> None:
        if what == "write" and account == "a-2":
            app.human("a-1", active=True)

    app.before_step = provision
    assert outcomes(world.apply(papers)) == ["REVERTED", "CONFIRMED"]
    assert sent(world) == ["a-1", "a-2"]


def killed(given: Given, _: Path) -> None:
    """The next run classifies what is open, repeats nothing and finishes the rest."""
    for version in (True, False):
        world, papers = approved({"version": version}, leavers=2)
        world.points.rearm(kill_at=given.get("nth", 1), kill_on=given["on"])
        assert isinstance(world.apply(papers), str), "it was not killed"
        world.points.rearm()
        if given.get("power"):
            world.disk.lose_power()
        result = outcomes(world.apply(papers))
        good = {"CONFIRMED", "CONFIRMED_RECOVERED"}
        assert set(result) <= (good if version else good | {"NEEDS_REVIEW"})
        assert len(set(sent(world))) == len(sent(world))


def signals(given: Given, _: Path) -> None:
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        before = signal.getsignal(one)
        with stopping() as stop:
            assert not stop()
            os.kill(os.getpid(), one)
            assert stop()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), one)
        assert signal.getsignal(one) == before


def begun() -> tuple[World, Papers]:
    world, papers = approved(leavers=2)
    assert isinstance(world.apply(papers, stop_after=1), Result)
    return world, papers


def resumed_elsewhere(given: Given, _: Path) -> None:
    for field in ("user", "host", "tool"):
        world, papers = begun()
        world.executor = replace(world.executor, **{field: "another"})
        assert "begun elsewhere" in str(world.apply(papers))
        assert len(sent(world)) == 1
        world.take_over = True
        assert outcomes(world.apply(papers)) == ["CONFIRMED", "CONFIRMED"]


def resumed_with_other_papers(given: Given, _: Path) -> None:
    world, papers = begun()
    other = world.plan()
    assert other is not None
    world.approve(other, "bob")
    world.disk.move(papers.journal, other.journal)
    assert "RefusedError" in str(world.apply(other))
    world.disk.move(other.journal, papers.journal)
    world.now += timedelta(minutes=1)
    world.approve(papers, "bob")
    assert "RefusedError" in str(world.apply(papers))
    assert len(sent(world)) == 1


def resumed_too_late(given: Given, _: Path) -> None:
    world, papers = approved(leavers=2)
    world.points.rearm(kill_at=1, kill_on="answer")
    world.apply(papers)
    world.points.rearm()
    world.now += timedelta(days=2)
    assert outcomes(world.apply(papers)) == ["CONFIRMED_RECOVERED", "NOT_ATTEMPTED"]
    assert len(sent(world)) == 1


def two_at_once(given: Given, folder: Path) -> None:
    mine = this_process("alice", START)
    with (
        applying(folder, mine),
        pytest.raises(RefusedError, match=f"by alice on .*, process {os.getpid()}"),
        applying(folder, this_process("bob", START)),
    ):
        pytest.fail("both held the lock")
    with applying(folder, this_process("bob", START)):
        pass


def audited_meanwhile(given: Given, folder: Path) -> None:
    """The readings say so, also where the apply began and ended while they were made."""
    with audited(folder) as site:
        runs = folder / "runs"

        def notes() -> list[str]:
            run(["audit", "-q", "--config", str(folder / "ghostscan.toml")])
            newest = max(one for one in runs.iterdir() if one.name.startswith("0"))
            sources = read_json(newest / "manifest.json")["sources"]
            return [note for one in sources for note in one["users"]["deviations"]]

        with applying(runs, this_process("alice", START)):
            assert notes().count("read while a plan was being applied") == 2
        assert "read while a plan was being applied" not in notes()
        mark = lock_mark(runs)
        with applying(runs, this_process("alice", START)):
            pass
        assert lock_mark(runs) != mark
        assert site.writes() == []


def two_plans(given: Given, _: Path) -> None:
    world, first = approved()
    second = world.plan()
    assert second is not None
    world.approve(second, "bob")
    world.now += timedelta(minutes=1)
    assert outcomes(world.apply(first)) == ["CONFIRMED"]
    world.apps["chat"].human("a-1", active=True)
    assert outcomes(world.apply(second)) == ["STALE"]
    assert sent(world) == ["a-1"]


def lock_left_here(given: Given, folder: Path) -> None:
    mine = this_process("alice", START)
    with applying(folder, mine):
        held = (folder / LOCK).read_bytes()
    (folder / LOCK).write_bytes(held)  # as after SIGKILL: the record stays, the lock does not
    with applying(folder, this_process("bob", START)):
        pass


def lock_left_elsewhere(given: Given, folder: Path) -> None:
    there = Holder("0123456789abcdef", "other-host", "", 1, "carol", "2026-11-01T09:00:00Z")
    mine = this_process("alice", START)
    with applying(folder, there):
        held = (folder / LOCK).read_bytes()
    (folder / LOCK).write_bytes(held)
    for clear in (None, "another"):
        with (
            pytest.raises(RefusedError, match="carol on other-host"),
            applying(folder, mine, clear),
        ):
            pytest.fail("the lock was taken")
    with applying(folder, mine, there.id):
        pass
    with applying(folder, mine):
        pass


def human_in_between(given: Given, _: Path) -> None:
    """Where the server enforces versions, the write of a stale one is refused."""
    world, papers = approved()
    app = world.apps["chat"]
    app.enforces, app.traits = True, Traits("deactivates", "yes", version_enforced=True)

    def edit(what: str, account: str) -> None:
        if what == "write":
            app.human(account, privileged=False)

    app.before_step = edit
    assert outcomes(world.apply(papers)) == ["CONFLICT"]
    assert app.accounts["a-1"].active is True


def flipped(given: Given, _: Path) -> None:
    world, papers = begun()
    assert papers.approval is not None
    journal = world.disk.holds(papers.journal) or b""
    files: list[tuple[bytes, Callable[[bytes], Any]]] = [
        (papers.plan.content, parse_plan),
        (papers.approval.content, parse_approval),
        (journal, parse_journal),
    ]
    for content, parse in files:
        for place in range(0, len(content) - 1, 7):
            altered = bytearray(content)
            altered[place] ^= 1
            assert _is_noticed(bytes(altered), content, parse, world, papers), place


def _is_noticed(
    altered: bytes, content: bytes, parse: Callable[[bytes], Any], world: World, papers: Papers
) -> bool:
    """A file that still parses is another one: another id, and no signature over it."""
    try:
        found = parse(altered)
    except ValueError:
        return True
    if parse is parse_journal:
        return bool(found.torn)
    namespace = PLAN_NAMESPACE if parse is parse_plan else APPROVAL_NAMESPACE
    signature = papers.plan_signature if parse is parse_plan else papers.signature
    with pytest.raises(RefusedError):
        world.keys.fingerprint(altered, signature or b"", namespace)
    return True


def bad_signers(given: Given, folder: Path) -> None:
    make_keys(folder)
    keys, allowed, content = SshSignatures(), folder / "allowed_signers", b"an approval"
    good = keys.sign(content, folder / "bob", APPROVAL_NAMESPACE)
    assert keys.signer(content, good, APPROVAL_NAMESPACE, allowed).names == ("bob",)
    stranger = keys.sign(content, folder / "mallory", APPROVAL_NAMESPACE)
    elsewhere = keys.sign(content, folder / "bob", "file")
    for altered, signature in ((content, stranger), (content, elsewhere), (b"another", good)):
        with pytest.raises(RefusedError):
            keys.signer(altered, signature, APPROVAL_NAMESPACE, allowed)
    line = allowed.read_text().splitlines()[0]
    allowed.write_text(line.replace("bob ", 'bob valid-before="20200101",', 1) + "\n")
    with pytest.raises(RefusedError):
        keys.signer(content, good, APPROVAL_NAMESPACE, allowed)


def signature_reused(given: Given, _: Path) -> None:
    world, papers = approved()
    assert papers.approval is not None
    papers.signature = world.keys.sign(papers.approval.content, Path("bob"), PLAN_NAMESPACE)
    assert "RefusedError" in str(world.apply(papers))
    assert sent(world) == []


def edited_plan(given: Given, _: Path) -> None:
    world, papers = approved()
    more = replace(papers.plan.actions[0], group_name="edited")
    papers.plan = replace(papers.plan, actions=(more,))
    assert "RefusedError" in str(world.apply(papers))
    assert sent(world) == []


def approved_in_part(given: Given, _: Path) -> None:
    world, papers = approved(leavers=3)
    world.approve(papers, "bob", (papers.plan.actions[2].action_id,))
    assert outcomes(world.apply(papers)) == ["CONFIRMED"]
    assert sent(world) == ["a-3"]


def own_key(given: Given, _: Path) -> None:
    world, papers = approved()
    world.approve(papers, "alice")  # the file of allowed signers calls her carol
    assert "RefusedError" in str(world.apply(papers))
    assert sent(world) == []


def replayed(given: Given, _: Path) -> None:
    world, papers = approved()
    assert outcomes(world.apply(papers)) == ["CONFIRMED"]
    world.apps["chat"].human("a-1", active=True)
    assert "applied already" in str(world.apply(papers))
    assert sent(world) == ["a-1"]


def duplicate_keys(given: Given, _: Path) -> None:
    papers = approved()[1]
    content = papers.plan.content.replace(b'{"actions"', b'{"tool":"x","actions"', 1)
    with pytest.raises(ValueError, match="canonical"):
        parse_plan(content)


SCENARIOS: dict[str, Callable[[Given, Path], None]] = {
    one.__name__: one
    for one in (
        provisioned_again,
        killed,
        signals, resumed_elsewhere, resumed_with_other_papers, resumed_too_late, two_at_once,
        audited_meanwhile,
        two_plans, lock_left_here, lock_left_elsewhere, human_in_between, flipped, bad_signers,
        signature_reused, edited_plan, approved_in_part, own_key, replayed, duplicate_keys,
    )
}  # fmt: skip
