"""Every finding is accounted for, over any sequence of audits."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from scanner.model import (
    Balance,
    Before,
    Finding,
    Movement,
    Reading,
    Reason,
    Role,
    Severity,
    Standing,
    State,
)
from scanner.reconcile.movement import balance, concluded_in, status_of
from tests.fakes.company import reading

APPS = ("okta", "slack", "")
IDS = st.sets(st.sampled_from([f"{app}/{number}" for app in APPS for number in range(5)]))
RUNS = st.lists(st.tuples(IDS, st.sets(st.sampled_from(APPS))), min_size=1, max_size=6)


def finding(identity: str, before: Before, run: str) -> Finding:
    return Finding(
        id=identity,
        kind="orphan_account",
        severity=Severity.HIGH,
        app=identity.partition("/")[0],
        detail="",
        controls=(),
        status=status_of(identity, before),
        first_seen=before.first_seen.get(identity, run),
    )


def standing(identity: str, first_seen: str = "", **about: str) -> Standing:
    values = {"kind": "orphan_account", "app": identity.partition("/")[0], **about}
    group = values.pop("group", None)
    return Standing(
        identity, values["kind"], Severity.HIGH, values["app"], group, first_seen, identity
    )


def read(unread: set[str], one: Standing) -> bool:
    return one.app not in unread


def after(findings: Iterable[Finding], movement: Movement, before: Before, run: str) -> Before:
    """What the next audit is told, as it is read back from what this one wrote."""
    found = {one.id: standing(one.id, one.first_seen) for one in findings}
    kept = {one.id: one for one in movement.not_concluded}
    first_seen = {one.id: one.first_seen for one in found.values()}
    return Before(run, None, {**kept, **found}, {**first_seen, **before.first_seen})


@given(RUNS)
def test_what_was_open_and_came_less_what_went_is_what_is_open(
    runs: list[tuple[set[str], set[str]]],
) -> None:
    """In total and by app, also where apps are not concluded; a closing is the next opening."""
    before, closing, ever = Before(), 0, dict[str, str]()
    for number, (ids, unread) in enumerate(runs, start=1):
        run = f"{number:06}"
        found = [finding(one, before, run) for one in sorted(ids) if one[:-2] not in unread]
        movement = balance(found, before, partial(read, unread))
        total = movement.total
        assert total.opening == closing
        for row in (total, *movement.apps):
            assert row.closing == row.new + row.reopened + row.persisting + row.not_concluded
            assert row.opening == row.persisting + row.resolved + row.not_concluded
        assert total == sum_of(movement.apps)
        assert total.closing == len(found) + total.not_concluded
        for one in found:
            assert one.first_seen == ever.setdefault(one.id, run)
            assert (one.status == "new") == (one.first_seen == run)
        assert not {one.id for one in movement.resolved} & {one.id for one in found}
        before, closing = after(found, movement, before, run), total.closing


def sum_of(apps: Iterable[Balance]) -> Balance:
    names = ("opening", "new", "reopened", "persisting", "resolved", "not_concluded")
    rows = list(apps)
    return Balance("", *(sum(getattr(one, name) for one in rows) for name in names))


def concluded(
    one: Standing, *readings: Reading, withheld: dict[tuple[str, str], list[Reason]] | None = None
) -> bool:
    return concluded_in(readings, withheld or {})(one)


PEOPLE, SLACK = reading("people", Role.HRIS), reading("slack", Role.APP)


def test_a_finding_is_resolved_only_where_it_could_have_been_found_again() -> None:
    """That takes the app and every HRIS COMPLETE, and for a group the groups of the app."""
    account, member = standing("slack/1"), standing("slack/2", group="G1")
    assert concluded(account, PEOPLE, SLACK)
    assert concluded(member, PEOPLE, SLACK)
    assert not concluded(account, PEOPLE)
    assert not concluded(account, PEOPLE, reading("slack", Role.APP, users=State.INCOMPLETE))
    assert not concluded(account, reading("people", Role.HRIS, users=State.NOT_READ), SLACK)
    no_groups = reading("slack", Role.APP, groups=State.NOT_READ)
    assert concluded(account, PEOPLE, no_groups)
    assert not concluded(member, PEOPLE, no_groups)
    assert not concluded(member, PEOPLE, SLACK, withheld={("slack", "G1"): []})


def test_what_is_said_of_the_audit_itself_is_always_concluded() -> None:
    """A source that is read again ends its finding, whatever else could not be read."""
    unread = reading("people", Role.HRIS, users=State.INCOMPLETE)
    assert concluded(standing("slack/1", kind="collection_incomplete"), unread)
    assert concluded(standing("/1", kind="missed_run"), unread)
