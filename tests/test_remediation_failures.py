"""Every single step fails once, kills once, and loses the power once; journal and server agree.

A step is one file operation, one sync, one request sent or one answer received. The loop goes on
until a step beyond the last one was tried, so none is left out.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collectors.base import Traits
from scanner.remediation.apply import Result
from scanner.remediation.journal import Kind, parse_journal
from scanner.remediation.outcome import GOOD
from scanner.remediation.signature import PLAN_NAMESPACE
from tests.fakes.memory_app import MemoryApp, Trick
from tests.fakes.memory_world import Papers, World

MOST_STEPS = 400


def approved(*, version: bool = True) -> tuple[World, Papers]:
    world = World({"1", "2", "3"}, {"4", "5", "6", "7"}, version, app_names=("chat",))
    papers = world.plan()
    assert papers is not None
    world.approve(papers, "bob")
    return world, papers


def check_agreement(world: World, papers: Papers) -> None:
    """The journal knows every write that the server saw, and how each account ended."""
    records = parse_journal(world.disk.holds(papers.journal) or b"").records
    intents = [one["account"] for one in records if one.kind is Kind.INTENT]
    written = [one.account for one in world.apps["chat"].writes()]
    assert all(written.count(one) <= intents.count(one) for one in set(written))
    for record in records:
        if record.kind is Kind.OUTCOME and record["outcome"] in GOOD:
            assert world.apps["chat"].accounts[record["account"]].active is False


def was_closed(world: World, papers: Papers) -> bool:
    """Whether an apply ended while the very last line was synced: all was done by then."""
    records = parse_journal(world.disk.holds(papers.journal) or b"").records
    return bool(records) and records[-1].kind is Kind.END


@pytest.mark.parametrize("power", [False, True], ids=["killed", "power-cut"])
@pytest.mark.parametrize("version", [True, False], ids=["version", "no-version"])
def test_an_end_at_any_step_is_gone_on_from(version: bool, power: bool) -> None:
    """K11 to K19: killed after step k for every k, the next run finishes and repeats nothing."""
    for step in range(1, MOST_STEPS):
        world, papers = approved(version=version)
        world.points.rearm(kill_at=step)
        first = world.apply(papers)
        if isinstance(first, Result):
            assert step > len(world.points.steps)
            break
        world.points.rearm()
        if power:
            world.disk.lose_power()
        closed = was_closed(world, papers)
        result = world.apply(papers)
        check_agreement(world, papers)
        if closed:
            assert "applied already" in str(result)
            continue
        assert isinstance(result, Result), result
        sent = [one.account for one in world.apps["chat"].writes()]
        assert len(sent) == len(set(sent)), f"step {step}: sent twice"
        if version:
            assert result.exit_code == 0, step
    else:
        pytest.fail("the last step was never reached")


def test_a_disk_that_fails_at_any_step_stops_everything() -> None:
    """Step k of writing fails for every k: nothing is sent after it; the next run finishes."""
    for step in range(1, MOST_STEPS):
        world, papers = approved()
        world.points.rearm(error_at=step)
        first = world.apply(papers)
        failed = isinstance(first, str)
        if failed:
            later = world.points.steps[step:]
            assert not any(one.startswith("send") for one in later), (step, later)
        elif step > len(world.points.steps):
            break
        world.points.rearm()
        closed = failed and was_closed(world, papers)
        result = world.apply(papers) if failed else first
        check_agreement(world, papers)
        if not closed:
            assert isinstance(result, Result), (step, result)
            assert result.exit_code == 0
    else:
        pytest.fail("the last step was never reached")


@pytest.mark.parametrize("version", [True, False], ids=["version", "no-version"])
@pytest.mark.parametrize("trick", list(Trick), ids=lambda one: one.name.lower())
def test_a_server_that_fails_at_any_write_is_survived(trick: Trick, version: bool) -> None:
    """Write k goes wrong in every way, for every k: journal and server agree, no law is broken."""
    for place in range(4):
        world, papers = approved(version=version)
        world.apps["chat"].tricks = [Trick.HONEST] * place + [trick]
        result = world.apply(papers)
        assert isinstance(result, Result), result
        check_agreement(world, papers)


def test_a_read_that_fails_at_any_place_is_survived() -> None:
    """Reads fail once for every k: nothing is sent without a reading before it."""
    for place in range(20):
        world, papers = approved()
        app, count = world.apps["chat"], [0]

        def fail(
            what: str,
            _: str,
            app: MemoryApp = app,
            count: list[int] = count,
            place: int = place,
        ) -> None:
            count[0] += what == "read"
            app.reads_fail = int(what == "read" and count[0] == place + 1)

        app.before_step = fail
        result = world.apply(papers)
        assert isinstance(result, Result), result
        check_agreement(world, papers)


def test_an_interrupt_ends_after_a_whole_action() -> None:
    """Ctrl-C: the present action is finished, nothing more is sent, and the rest is done later."""
    world, papers = approved()
    first = world.apply(papers, stop_after=1)
    assert isinstance(first, Result)
    assert (first.exit_code, len(world.apps["chat"].writes())) == (130, 1)
    result = world.apply(papers)
    assert isinstance(result, Result)
    assert (result.exit_code, len(world.apps["chat"].writes())) == (0, 3)


def test_the_dry_run_shows_what_a_faultless_apply_sends() -> None:
    """I-30: same requests, same order."""
    from scanner.remediation.pace import schedule  # noqa: PLC0415 - only here

    world = World({"1", "2", "3"}, {"4", "5"})
    papers = world.plan()
    assert papers is not None
    world.approve(papers, "bob")
    sent: list[object] = []
    for app in world.apps.values():
        app.before_step = lambda what, account: sent.append(account) if what == "write" else None
    world.apply(papers)
    planned = schedule(papers.plan.sendable(), papers.plan.batches)
    assert sent == [one.target.id for _, batch in planned for one in batch]
    assert all(len(app.writes()) == 3 for app in world.apps.values())


def test_a_slow_vendor_does_not_stretch_a_plan() -> None:
    """One write a minute: what the plan's end comes before is not sent."""
    world, papers = approved()
    slow = Traits("deactivates", "yes", writes_per_minute=1)
    part = replace(papers.plan.apps[0], traits=slow)
    plan = replace(papers.plan, apps=(part,), not_after="2026-11-01T09:01:30Z")
    signed = world.keys.sign(plan.content, Path("alice"), PLAN_NAMESPACE)
    papers = Papers(plan, papers.journal, signed)
    world.approve(papers, "bob")
    result = world.apply(papers)
    assert isinstance(result, Result)
    assert [row.outcome for row in result.rows] == ["CONFIRMED", "CONFIRMED", "NOT_ATTEMPTED"]
