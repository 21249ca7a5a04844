"""Which findings may be planned, and which whole plans may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Operation
from scanner.cli.program import run
from scanner.config import Remediation, Thresholds
from scanner.errors import UsageError
from scanner.model import Choice, Protected, Registers, State
from scanner.remediation.basis import Basis, Headcount, read_basis
from scanner.remediation.decision import UNDECIDED, Decision, Decisions, load_decisions
from scanner.remediation.draft import Heading, PlannedApp, draft_plan
from scanner.remediation.guard import Surroundings, breaches, evaluate, laxer, stricter
from scanner.remediation.plan import Action, Plan, Planner, Switches
from scanner.remediation.proposal import propose
from scanner.remediation.protected import Identity, Protection, likeness
from tests.fakes.memory_world import World
from tests.fakes.remediated import write_settings
from tests.fakes.scim_server import serving, user


def company(leavers: int = 2, employed: int = 98) -> World:
    left = {str(one) for one in range(1, leavers + 1)}
    others = {str(one) for one in range(500, 500 + employed)}
    return World(left, others, thresholds=Thresholds(), app_names=("chat",))


def planned(world: World, basis: Basis, around: Surroundings, **given: Any) -> Plan:  # noqa: ANN401
    decisions = given.get("decisions", UNDECIDED)
    proposals, left_out = propose(basis, around.protection, decisions, around.switches)
    apps = {name: PlannedApp(app, ("patch-path",), "env:X") for name, app in world.apps.items()}
    heading = Heading(Planner("alice", None), "config")
    return draft_plan(basis, proposals, left_out, apps, around, heading)


def failing(plan: Plan) -> set[str]:
    return {one.key for one in breaches(plan.guards)}


def test_an_ordinary_plan_passes_every_guard() -> None:
    """Two leavers of a hundred people: nothing stands in the way."""
    world = company()
    plan = planned(world, world.basis(), world.around())
    assert failing(plan) == set()
    assert len(plan.actions) == 2


def source(basis: Basis, name: str, **changes: Any) -> Basis:  # noqa: ANN401 - any field
    changed = replace(basis.sources[name], **changes)
    return replace(basis, sources={**basis.sources, name: changed})


def app(basis: Basis, **changes: Any) -> Basis:  # noqa: ANN401 - any field
    return replace(basis, apps={"chat": replace(basis.apps["chat"], **changes)})


BREACHES: dict[str, tuple[str, Callable[[Basis], Basis]]] = {
    "an old run": ("run_age", lambda b: replace(b, ended_at=b.ended_at - timedelta(hours=25))),
    "a run from the future": (
        "run_age",
        lambda b: replace(b, ended_at=b.ended_at + timedelta(minutes=2)),
    ),
    "a later run": ("run_superseded", lambda b: replace(b, newest=False)),
    "an HRIS half read": (
        "hris_incomplete:hr",
        lambda b: source(b, "hr", state=State.INCOMPLETE),
    ),
    "two passes that differ": ("hris_unsteady:hr", lambda b: source(b, "hr", passes_agreed=False)),
    "an empty HRIS": ("hris_empty:hr", lambda b: source(b, "hr", users=0)),
    "an app half read": (
        "app_incomplete:chat",
        lambda b: source(b, "chat", state=State.INCOMPLETE),
    ),
    "an empty app": ("app_empty:chat", lambda b: source(b, "chat", users=0)),
    "a shrunken headcount": (
        "headcount_drop",
        lambda b: replace(b, headcount=Headcount(98, 104, 1, 6)),
    ),
    "many newly departed": (
        "departed_jump",
        lambda b: replace(b, headcount=Headcount(98, 98, 6, 0)),
    ),
    "a shrunken app": ("users_drop:chat", lambda b: app(b, previous_users=112)),
    "mostly dead accounts": ("unowned_share:chat", lambda b: app(b, unowned=31)),
    "a small app": ("accounts:chat", lambda b: app(b, active=0, unowned=0)),
    "no earlier run": ("first_headcount", lambda b: replace(b, headcount=Headcount(98))),
    "the last admin": ("last_admin:chat", lambda b: app(b, admins=frozenset({"a-1"}))),
}


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_is_told_with_its_figures(name: str) -> None:
    """Each guard fails by itself, at the first value beyond its limit, and says the arithmetic."""
    guard, change = BREACHES[name]
    world = company(leavers=3 if name == "a small app" else 2)
    plan = planned(world, change(world.basis()), world.around())
    assert failing(plan) == {guard}
    found = next(one for one in plan.guards if one.key == guard)
    assert found.detail
    assert found.value != found.limit


def test_one_hris_that_grew_hides_nothing_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten people vanish from one HRIS while eleven join in the other: the sum does not fall."""
    monkeypatch.chdir(tmp_path)
    first = [user(one) for one in range(1, 41)]
    second = [user(one) for one in range(101, 141)]
    accounts = [user(one) for one in range(1, 41)]
    with serving(first) as one, serving(second) as two, serving(accounts) as app:
        write_settings(tmp_path, one.url, app.url)
        with (tmp_path / "ghostscan.toml").open("a", encoding="utf-8") as file:
            file.write(
                f'[sources.more]\nrole = "hris"\ntype = "scim"\nurl = "{two.url}"\nauth = "none"\n'
            )
        assert run(["audit", "-q"]) in (0, 10)
        del one.users[:10]
        two.users += [user(each) for each in range(141, 152)]
        assert run(["audit", "-q"]) in (0, 10)
    newest = max(path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    found = read_basis(newest)
    count = found.headcount
    assert (count.before, count.now, count.newly_departed, count.dropped) == (80, 81, 0, 10)
    (drop,) = [
        one for one in evaluate(found, (), company().around()) if one.name == "headcount_drop"
    ]
    assert (drop.value, drop.limit, drop.ok) == (10, 4, False)
    assert drop.detail == "80 employed before, 81 now; 10 fewer in those HRIS that shrank"


NEAR: list[Callable[[Basis], Basis]] = [
    lambda b: replace(b, ended_at=b.ended_at - timedelta(hours=24)),
    lambda b: replace(b, headcount=Headcount(98, 103, 5, 5)),
    lambda b: app(b, previous_users=111, unowned=30),
    lambda b: app(b, admins=frozenset({"a-1", "a-500"})),
]


@pytest.mark.parametrize("change", NEAR, ids=["age", "people", "accounts", "admins"])
def test_the_limit_itself_is_allowed(change: Callable[[Basis], Basis]) -> None:
    """Exactly the limit is no breach."""
    world = company()
    assert failing(planned(world, change(world.basis()), world.around())) == set()


def test_too_many_at_once_are_refused_by_the_stricter_limit() -> None:
    """Ten of an app, or five per cent of it, whichever is less; the same for people."""
    small = company(leavers=6, employed=94)
    assert failing(planned(small, small.basis(), small.around())) == {"accounts:chat", "people"}
    large = company(leavers=11, employed=600)
    assert failing(planned(large, large.basis(), large.around())) == {"accounts:chat"}


def test_a_threshold_is_passed_only_with_the_exact_value() -> None:
    """The measured value and a reason pass a threshold; another value and facts do not."""
    world = company(leavers=6)
    basis = world.basis()
    for value, left in ((6, {"people"}), (5, {"accounts:chat", "people"})):
        switches = Switches(acknowledged=(("accounts:chat", value, "lay-off"),))
        plan = planned(world, basis, replace(world.around(), switches=switches))
        assert failing(plan) == left
    switches = Switches(acknowledged=(("run_age", 0, "x"),))
    with pytest.raises(UsageError, match="run_age"):
        planned(world, basis, replace(world.around(), switches=switches))


def test_the_operator_and_canaries_stop_everything() -> None:
    """If whoever plans appears departed, the data is wrong; canaries are never left behind."""
    world = company()
    basis = world.basis()
    own = replace(world.around(), operators=("USER-1",))
    assert failing(planned(world, basis, own)) == {"operator"}
    for canaries in (
        {"chat": ("user-2",)},
        {"chat": ("USER-2@Example.COM",)},
        {"chat": ("E-A-2",)},
        {"hr": ("2",)},
    ):
        around = replace(world.around(), canaries=canaries)
        assert failing(planned(world, basis, around)) == {"canaries"}


def test_without_a_list_of_protected_accounts_nothing_is_planned() -> None:
    """The list must exist and name somebody."""
    world = company()
    around = replace(world.around(), protection=Protection(Registers()))
    assert failing(planned(world, world.basis(), around)) == {"protected_list"}


def test_a_protected_action_is_a_breach_too() -> None:
    """The guard does not rely on the proposal having left it out."""
    world = company()
    basis, around = world.basis(), world.around()
    plan = planned(world, basis, around)
    entry = Protected(1, "chat", ("user-1",), "boss")
    protection = Protection(Registers(protected=(entry,)))
    again = evaluate(basis, plan.actions, replace(around, protection=protection))
    assert {one.key for one in breaches(again)} == {"protected"}


def test_privileged_accounts_are_named_one_by_one() -> None:
    """An administrator is left out until the plan is asked for this very account."""
    world = company()
    world.apps["chat"].accounts["a-1"].privileged = True
    basis = app(world.basis(), admins=frozenset({"a-1", "a-500"}))
    plan = planned(world, basis, world.around())
    assert [one.code for one in plan.left_out] == ["privileged"]
    named = replace(world.around(), switches=Switches(privileged=("chat:a-1",)))
    plan = planned(world, basis, named)
    assert (len(plan.actions), failing(plan)) == (2, set())
    unnamed = evaluate(basis, plan.actions, world.around())
    assert {one.key for one in breaches(unnamed)} == {"privileged:chat"}


def altered(basis: Basis, **changes: Any) -> Basis:  # noqa: ANN401 - any field of a finding
    first, *others = basis.suspects
    return replace(basis, suspects=(replace(first, **changes), *others))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"waived": True}, "waived"),
        ({"kind": "ambiguous_identity"}, "disputed"),
        ({"kind": "orphan_account"}, "undecided"),
        ({"kind": "leaver_membership", "group_id": "g"}, "not_asked"),
        ({"keys": (("email", "user-1@example.com"),)}, "weak_match"),
        ({"keys": (("email", "x"), ("user_name", "x"))}, "weak_match"),
    ],
)
def test_without_positive_evidence_nothing_is_planned(changes: dict[str, Any], code: str) -> None:
    """Accepted, disputed, orphaned, or linked by one fact alone: left out, and told why."""
    world = company()
    plan = planned(world, altered(world.basis(), **changes), world.around())
    assert [one.code for one in plan.left_out] == [code]
    assert [one.target.id for one in plan.actions] == ["a-2"]


def test_somebody_who_did_not_depart_is_never_planned() -> None:
    """A finding alone is not enough: an HRIS record must say it, and the account be active."""
    world = company()
    basis = world.basis()
    stays = replace(basis.owners["chat", "a-1"], departed=False)
    owners = {**basis.owners, ("chat", "a-1"): stays}
    asleep = replace(basis.accounts["chat", "a-2"], active=None)
    accounts = {**basis.accounts, ("chat", "a-2"): asleep}
    plan = planned(world, replace(basis, owners=owners, accounts=accounts), world.around())
    assert [one.code for one in plan.left_out] == ["not_departed", "not_active"]


def decided(basis: Basis, decision: Choice) -> Decisions:
    finding = basis.suspects[0].id
    one = Decision(
        finding=finding, decision=decision, reviewer="dora", decided_at="2026-11-01T08:00:00Z"
    )
    return Decisions({finding: one}, "digest")


def test_a_reviewers_decision_makes_an_orphan_plannable() -> None:
    """The decision and who made it stand in the plan; a decision to keep leaves it out."""
    world = company()
    basis = altered(world.basis(), kind="orphan_account")
    plan = planned(world, basis, world.around(), decisions=decided(basis, Choice.DEACTIVATE))
    assert [one.why.reviewer for one in plan.actions] == ["dora", None]
    plan = planned(world, basis, world.around(), decisions=decided(basis, Choice.KEEP))
    assert [one.code for one in plan.left_out] == ["kept"]


def test_a_decision_about_the_operators_own_account_stops_everything() -> None:
    """No HRIS says that they departed, but a reviewer named the account, and it is their own."""
    world = company()
    basis = altered(world.basis(), kind="orphan_account")
    stays = replace(basis.owners["chat", "a-1"], departed=False)
    basis = replace(basis, owners={**basis.owners, ("chat", "a-1"): stays})
    around = replace(world.around(), operators=("user-1",))
    plan = planned(world, basis, around, decisions=decided(basis, Choice.DEACTIVATE))
    assert failing(plan) == {"operator"}


@pytest.mark.parametrize("chosen", [Choice.KEEP, Choice.INVESTIGATE])
def test_a_decision_against_deactivating_holds_for_the_whole_account(chosen: Choice) -> None:
    """Whichever of its findings it is about, none of them plans the account; deactivate does."""
    world = company()
    basis = world.basis()
    first = basis.suspects[0]
    again = replace(first, id="f" * 16, kind="reactivated")
    basis = replace(basis, suspects=(*basis.suspects, again))
    plan = planned(world, basis, world.around(), decisions=decided(basis, chosen))
    assert first.account_id not in {one.target.id for one in plan.actions}
    code = {Choice.KEEP: "kept", Choice.INVESTIGATE: "investigated"}[chosen]
    assert [one.code for one in plan.left_out] == [code, code]
    plan = planned(world, basis, world.around(), decisions=decided(basis, Choice.DEACTIVATE))
    assert [one.target.id for one in plan.actions].count(first.account_id) == 1


def test_memberships_have_their_own_limits() -> None:
    """Removals from groups are counted apart from deactivations."""
    world = company()
    basis = world.basis()
    asked = replace(basis.suspects[0], id="f" * 16, kind="leaver_membership", group_id="g")
    members = {("chat", "g"): frozenset({"a-1", *(f"x{one}" for one in range(9))})}
    basis = replace(basis, suspects=(*basis.suspects, asked), members=members)
    strict = Remediation(thresholds=Thresholds(memberships_per_app=0))
    for settings, left in ((world.around().settings, set()), (strict, {"memberships:chat"})):
        around = replace(world.around(), switches=Switches(memberships=True), settings=settings)
        plan = planned(world, basis, around)
        operations = [one.operation for one in plan.actions]
        assert operations.count(Operation.REMOVE_MEMBER) == 1
        assert failing(plan) - {"accounts:chat", "people"} == left


@given(st.integers(0, 500), st.integers(0, 100), st.integers(0, 5000), st.integers(0, 9))
def test_the_stricter_limit_is_never_above_either(
    number: int, percent: int, whole: int, at_least: int
) -> None:
    """The absolute number always holds; the percentage holds wherever it is above the least."""
    limit = stricter(number, percent, whole, at_least)
    assert limit <= number
    assert limit <= max(whole * percent / 100, at_least)
    assert laxer(number, percent, whole) >= number


@pytest.mark.parametrize(
    "shown",
    [
        Identity("chat", "U1"),
        Identity("wiki", "x", user_name="BREAK.glass"),
        Identity("wiki", "x", emails=("break.glass@example.com",)),
        Identity("wiki", "x", display_name="Bréak . Gläss"),
        Identity("wiki", "x", user_name="brеаk.glаss"),  # Cyrillic letters among them
        Identity("chat", "member"),
    ],
    ids=["id", "user name", "e-mail", "accents", "look-alike", "group"],
)
def test_whoever_looks_protected_is(shown: Identity) -> None:
    """By id, name, address, likeness, or as a member of a protected group."""
    entries = (
        Protected(1, None, ("U1", "break.glass", "break.glass@example.com"), "emergency"),
        Protected(2, "chat", (), "admins", groups=("g",)),
        Protected(3, "other", ("nobody",), "elsewhere"),
    )
    members = {("chat", "g"): frozenset({"member"})}
    protection = Protection(Registers(protected=entries), members)
    assert protection.reason(shown) in {"emergency", "admins"}
    assert protection.reason(Identity("wiki", "member", "ordinary")) is None
    assert likeness("") == ""


def test_decisions_are_read_strictly(tmp_path: Path) -> None:
    """Of another run, malformed, twice about one finding, or not there: told, not guessed."""
    path = tmp_path / "decisions.json"
    one = {
        "finding": "0" * 16,
        "decision": "deactivate",
        "reviewer": "dora",
        "decided_at": "2026-11-01T08:00:00Z",
    }
    good = {"format": "ghostscan/decisions/1", "run": "r1", "decisions": [one]}
    path.write_text(json.dumps(good))
    assert load_decisions(path, "r1").by_finding["0" * 16].reviewer == "dora"
    bad: list[tuple[object, str]] = [
        ({**good, "run": "r2"}, "about run r2"),
        ({**good, "decisions": [one, one]}, "twice"),
        ({**good, "decisions": [{**one, "decision": "delete"}]}, "decision"),
        ({**good, "decisions": [{**one, "decided_at": "yesterday"}]}, "decided_at"),
    ]
    for content, told in bad:
        path.write_text(json.dumps(content))
        with pytest.raises(UsageError, match=told):
            load_decisions(path, "r1")
    path.unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        load_decisions(path, "r1")


def test_an_action_is_about_whom_it_says() -> None:
    """Its label names the account for people, whatever it has."""
    world = company()
    action: Action = planned(world, world.basis(), world.around()).actions[0]
    assert action.label == "user-1 (a-1)"
    bare = replace(action, target=replace(action.target, user_name=None, emails=()))
    assert bare.label == "a-1"
