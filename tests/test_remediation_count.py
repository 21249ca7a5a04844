"""Counting around changes: exactly what was confirmed is missing, and whoever else is, is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Census, Observation
from scanner.config import Thresholds
from scanner.remediation import count
from scanner.remediation.apply import Result
from scanner.remediation.count import LIST_DIFFERS, Teller, compare
from scanner.remediation.journal import Kind, Record, parse_journal
from scanner.remediation.outcome import Outcome
from scanner.remediation.pace import Clock
from tests.fakes.memory_app import Held, MemoryApp, Trick
from tests.fakes.memory_disk import Failpoints
from tests.fakes.memory_world import START, Papers, World

IDS = st.sets(st.integers(1, 12).map(str))


def census(active: set[str], inactive: set[str]) -> Census:
    return Census(frozenset(active), frozenset(inactive - active))


@given(
    st.tuples(IDS, IDS),
    st.tuples(IDS, IDS),
    st.dictionaries(st.integers(1, 12).map(str), st.none() | st.just(value=False)),
)
def test_every_difference_of_two_counts_is_explained(
    before: tuple[set[str], set[str]],
    now: tuple[set[str], set[str]],
    ours: dict[str, bool | None],
) -> None:
    """The figures add up: whoever went or came is confirmed, new, unconfirmed, back, or changed."""
    then, today = census(*before), census(*now)
    found = compare(then, today, ours)
    active, later = then.active or frozenset(), today.active or frozenset()
    assert found.now is not None
    moved = sum(1 if one in active else -1 for one in (*found.unconfirmed, *found.changed))
    # A confirmed account that was not in the first list at all was new, and is not counted twice.
    strangers = {one for one in found.came_back if one not in before[0] | before[1]}
    expected = found.before - found.confirmed + found.appeared - moved
    assert found.now == expected + len(found.came_back) - len(strangers)
    assert not set(found.changed) & set(ours)
    assert (set(active) ^ set(later)) <= (
        {*found.changed, *found.unconfirmed, *found.came_back, *ours}
        | (set(later) - before[0] - before[1])
    )


def test_an_undo_has_to_raise_the_count() -> None:
    """What is given back is expected to be there, and anybody else who is, is named."""
    before, now = census({"1"}, {"2", "3"}), census({"1", "2", "3"}, set())
    found = compare(before, now, {"2": True})
    assert (found.confirmed, found.changed, found.came_back) == (-1, ("3",), ())


def app_of(states: dict[str, bool]) -> MemoryApp:
    held = {one: Held(one, one, active=active) for one, active in states.items()}
    return MemoryApp("chat", Failpoints(), lambda: START, held)


def teller(app: MemoryApp, pauses: list[float]) -> Teller:
    made = Teller(app, Clock(lambda: START, pauses.append))
    made.begin()
    return made


class Lagging(MemoryApp):
    """Its list shows an old state so many times more."""

    behind = 0
    old: Census

    def census(self, most: int) -> Census:
        if self.behind > 0:
            self.behind -= 1
            return self.old
        return super().census(most)


@pytest.mark.parametrize(("behind", "error"), [(0, ""), (1, ""), (3, ""), (4, LIST_DIFFERS)])
def test_a_list_that_lags_behind_is_read_again(behind: int, error: str) -> None:
    """It is waited for a little, and then nothing is concluded from it: no alarm, no silence."""
    held = {one: Held(one, one) for one in ("1", "2", "3")}
    app, pauses = Lagging("chat", Failpoints(), lambda: START, held), list[float]()
    counting = teller(app, pauses)
    app.old, app.behind = app.census(9), behind
    held["1"].active = False
    found = counting.count({"1": False})
    assert (found.error, found.changed) == (error, ())
    assert found.now == (None if error else 2)
    assert pauses == list(count.WAITS[:behind])


def test_a_list_that_calls_everybody_inactive_is_believed_only_with_the_accounts() -> None:
    """The accounts themselves say that they are active: that is a wrong list, no blast."""
    held = {str(one): Held(str(one), str(one)) for one in range(20)}
    app, pauses = Lagging("chat", Failpoints(), lambda: START, held), list[float]()
    counting = teller(app, pauses)
    app.old, app.behind = census(set(), set(held)), 99
    assert counting.count({}).error == LIST_DIFFERS
    for one in held.values():
        one.active = False
    assert len(counting.count({}).changed) == 20


def test_an_account_that_came_back_is_no_alarm_for_the_others() -> None:
    """What provisions the app took it back: read by its id it is active, and it is said so."""
    app = app_of({"1": True, "2": True})
    found = teller(app, []).count({"1": False})
    assert (found.came_back, found.changed, found.error) == (("1",), (), "")


def test_whoever_cannot_be_read_is_not_taken_for_well() -> None:
    """A list says that an account is inactive, and nothing speaks against it."""
    app = app_of({"1": True, "2": True})
    counting = teller(app, [])
    app.accounts["2"].active = False
    app.observe = lambda *_: Observation(found=None, error="read.timeout")  # type: ignore[method-assign]  # one answer
    assert counting.count({}).changed == ("2",)


# A whole apply.


def company(leavers: int = 3, employed: int = 30, **given: Any) -> tuple[World, Papers]:  # noqa: ANN401
    left = {str(one) for one in range(1, leavers + 1)}
    others = {str(one) for one in range(50, 50 + employed)}
    world = World(left, others, app_names=("chat",), **given)
    papers = world.plan()
    assert papers is not None
    world.approve(papers, "bob")
    return world, papers


def records(world: World, papers: Papers, kind: Kind) -> list[Record]:
    content = parse_journal(world.disk.holds(papers.journal) or b"")
    return [one for one in content.records if one.kind is kind]


def applied(world: World, papers: Papers) -> Result:
    result = world.apply(papers)
    assert isinstance(result, Result), result
    return result


def test_the_count_falls_by_exactly_what_was_confirmed() -> None:
    """After the first action and after the batch, figure by figure."""
    world, papers = company()
    assert applied(world, papers).exit_code == 0
    (noted,) = records(world, papers, Kind.CENSUS)
    assert len(noted["active"]) == 33
    figures = [(one["before"], one["now"], one["confirmed"]) for one in
               records(world, papers, Kind.COUNT)]  # fmt: skip
    assert figures == [(33, 32, 1), (33, 30, 3)]


def test_the_account_of_the_credentials_is_never_deactivated() -> None:
    """Whoever applies with it would lock themselves out half-way: it is passed over and told."""
    world, papers = company()
    world.apps["chat"].own = "a-2"
    rows = applied(world, papers).rows
    assert [row.outcome for row in rows] == [
        Outcome.CONFIRMED, Outcome.PROTECTED, Outcome.CONFIRMED
    ]  # fmt: skip
    assert rows[1].detail == "own_account"


def test_whoever_is_hit_beside_is_named_and_everything_stops() -> None:
    """One account that is no canary and was not picked goes inactive with the first write."""
    world, papers = company()
    world.apps["chat"].tricks = [Trick.ANOTHER]
    result = applied(world, papers)
    watched = {one.id for one in papers.plan.apps[0].sentinels}
    (hit,) = [one.id for one in world.apps["chat"].accounts.values() if one.by.startswith("beside")]
    assert hit not in watched
    assert hit in result.stopped
    outcomes = [row.outcome for row in result.rows]
    assert outcomes == [Outcome.CONFIRMED, Outcome.NOT_ATTEMPTED, Outcome.NOT_ATTEMPTED]
    assert result.exit_code == 40


@pytest.mark.parametrize(
    ("change", "stops"),
    [
        (lambda app: app.accounts.update(new=Held("new", "new")), False),
        (lambda app: app.human("a-60", user_name="other"), False),
        (lambda app: app.human("a-79", active=False), True),
        (lambda app: app.accounts.pop("a-79"), True),
    ],
    ids=["somebody joins", "a rename", "an administrator switches off", "an account is deleted"],
)
def test_what_people_do_meanwhile(change: Callable[[MemoryApp], Any], stops: bool) -> None:
    """New accounts are no alarm; who goes at the same time is named, for it may have been us."""
    world, papers = company()
    app = world.apps["chat"]

    def step(what: str, _: str) -> None:
        if what == "write":
            app.before_step = lambda *_: None
            change(app)

    app.before_step = step
    result = applied(world, papers)
    assert bool(result.stopped) is stops
    assert not stops or "a-79" in result.stopped


def test_an_app_that_cannot_be_listed_is_said_not_to_have_been_counted() -> None:
    """The picked accounts are watched all the same, and everything is done."""
    world, papers = company()
    world.apps["chat"].lists = False
    result = applied(world, papers)
    assert result.exit_code == 0
    (noted,) = records(world, papers, Kind.CENSUS)
    assert (noted["active"], noted["error"]) == (None, "read.timeout")
    assert len(records(world, papers, Kind.CHECK)) == 2


def test_an_app_that_cannot_be_listed_any_more_is_left_alone() -> None:
    """Once something was sent, going on without seeing what it did is not an option."""
    world, papers = company()
    app = world.apps["chat"]

    def step(what: str, _: str) -> None:
        app.lists = app.lists and what != "write"

    app.before_step = step
    result = applied(world, papers)
    assert [row.outcome for row in result.rows][1:] == [Outcome.NOT_ATTEMPTED] * 2
    assert "cannot be read any more" in result.rows[1].detail
    assert records(world, papers, Kind.COUNT)[-1]["error"] == "read.timeout"


def test_an_app_with_more_accounts_than_can_be_listed_is_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its list is not read to the end, let alone after every batch."""
    monkeypatch.setattr(count, "MOST_ACCOUNTS", 32)
    world, papers = company()
    assert applied(world, papers).exit_code == 0
    assert records(world, papers, Kind.CENSUS)[0]["error"] == "count.too_many"


def test_a_large_app_is_counted_after_the_first_action_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Four batches, three lists."""
    monkeypatch.setattr(count, "LARGE", 32)
    limits = Thresholds(at_least=50, accounts_per_app=50, people=50, unowned_percent=90)
    world, papers = company(30, 50, thresholds=limits)
    assert applied(world, papers).exit_code == 0
    assert len(records(world, papers, Kind.CHECK)) == 4
    figures = [(one["now"], one["confirmed"]) for one in records(world, papers, Kind.COUNT)]
    assert figures == [(79, 1), (50, 30)]
    lists = [one for one in world.apps["chat"].events if one.what == "census"]
    assert len(lists) == 3


@pytest.mark.parametrize("on", ["answer a-1", "write", "observe", "census"])
def test_what_a_killed_apply_left_uncounted_is_counted_by_the_next(on: str) -> None:
    """Wherever it ends after the only write: who was hit beside is found by the next apply."""
    for at in range(1, 12):
        world, papers = company(1)
        world.apps["chat"].tricks = [Trick.ANOTHER]
        world.points.rearm(kill_at=at, kill_on=on)
        first = world.apply(papers)
        world.points.rearm()
        second = first if isinstance(first, Result) else world.apply(papers)
        assert isinstance(second, Result)
        assert bool(second.stopped), (at, second)


def test_what_changed_between_two_applies_is_no_alarm() -> None:
    """Stopped in good order, everything was counted; the next apply counts anew."""
    world, papers = company()
    first = world.apply(papers, stop_after=1)
    assert isinstance(first, Result)
    assert first.interrupted
    world.now += timedelta(hours=2)
    watched = {one.id for one in papers.plan.apps[0].sentinels}
    free = max(one for one in world.apps["chat"].accounts if one not in watched)
    world.apps["chat"].human(free, active=False)
    assert applied(world, papers).exit_code == 0
    figures = [(one["before"], one["now"]) for one in records(world, papers, Kind.COUNT)]
    assert figures == [(33, 32), (31, 30), (31, 29)]
