"""Whether removal was in time, as far as that is known, and said once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.model import Account, Finding, Person, PersonStatus, Records
from scanner.reconcile.events import EVENTS
from scanner.reconcile.judge import Conclusions
from scanner.reconcile.parquet import read_rows, write_rows
from tests.fakes.company import SETTINGS, account, leaver, person
from tests.fakes.runs import READING_TAKES, Runs

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
DAY = timedelta(days=1)
START = datetime(2026, 10, 1, 6, 0, tzinfo=UTC)
HERS = {"employee_number": "1042"}
ANA = person("1042", **HERS)
ON = account("U1", **HERS)
OFF = account("U1", active=False, **HERS)
TIMELY = {"late_deprovisioning", "timeliness_indeterminate"}


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


def gone(departed_at: datetime | None) -> Person:
    return leaver("1042", departed_at, **HERS)


def about_time(conclusions: Conclusions) -> list[Finding]:
    return [one for one in conclusions.findings if one.kind in TIMELY]


def verdicts(conclusions: Conclusions, app: str = "slack") -> Mapping[str, int]:
    counts = {one.name: one.timeliness for one in conclusions.apps}[app]
    return {name: count for name, count in counts if count}


def event(name: str, at: datetime, account_id: str = "U1") -> dict[str, Any]:
    where = {"response": "responses/slack/audit.csv", "response_index": 1}
    return {"source": "slack", "account_id": account_id, "event": name, "occurred_at": at, **where}


def import_events(rows: Iterable[dict[str, Any]]) -> Any:  # noqa: ANN401 - a hook of Runs
    """Let the next run hold imported events."""
    kept = list(rows)

    def write(folder: Path) -> None:
        columns = {name: [row[name] for row in kept] for name in EVENTS.names}
        write_rows(folder / "tables/events/slack.parquet", columns, EVENTS)

    return write


def test_seen_active_after_the_limit_is_late_with_the_least_and_most_hours(runs: Runs) -> None:
    """Between the last sighting as active and the first as inactive; rounded outwards."""
    runs.audit(START, [ANA, ON])
    runs.snapshot(START + 4 * DAY, [gone(START), ON])
    _, concluded = runs.audit(START + 6 * DAY, [gone(START), OFF])
    (late,) = about_time(concluded)
    assert late.kind == "late_deprovisioning"
    assert late.timeliness is not None
    assert late.timeliness.basis == "observation"
    assert late.timeliness.earliest_at == START + 4 * DAY
    assert late.timeliness.latest_at == START + 6 * DAY + READING_TAKES
    assert (late.timeliness.hours_over_min, late.timeliness.hours_over_max) == (72, 121)
    assert late.detail == (
        "Person 1042 left 6 days ago (2026-10-01T06:00:00Z) and the account was removed between "
        "2026-10-05T06:00:00Z and 2026-10-07T06:10:00Z, 72 to 121 hours past the time the policy "
        "allows."
    )
    assert verdicts(concluded) == {"late": 1}


def test_seen_inactive_before_the_limit_is_within(runs: Runs) -> None:
    """What was off when the policy's time ended was removed in time, whenever it was."""
    runs.audit(START, [ANA, ON])
    runs.snapshot(START + DAY / 2, [gone(START), OFF])
    _, concluded = runs.audit(START + 6 * DAY, [gone(START), OFF])
    assert about_time(concluded) == []
    assert verdicts(concluded) == {"within": 1}


def test_an_interval_that_straddles_the_limit_is_no_pass(runs: Runs) -> None:
    """In time and too late are both possible: said as such, and counted as such."""
    runs.audit(START, [ANA, ON])
    _, concluded = runs.audit(START + 3 * DAY, [gone(START + DAY), OFF])
    (finding,) = about_time(concluded)
    assert finding.kind == "timeliness_indeterminate"
    assert finding.timeliness is not None
    assert (finding.timeliness.hours_over_min, finding.timeliness.hours_over_max) == (0, 25)
    assert finding.detail.endswith(
        "removed between 2026-10-01T06:00:00Z and 2026-10-04T06:10:00Z; that can be in time or up "
        "to 25 hours past the time the policy allows."
    )
    assert verdicts(concluded) == {"indeterminate": 1}


def test_what_was_off_before_anybody_looked_is_counted_as_not_known(runs: Runs) -> None:
    """It can have been in time; no finding asks for what no run can say, and it is no pass."""
    _, concluded = runs.audit(START, [gone(START - 9 * DAY), OFF])
    assert about_time(concluded) == []
    assert verdicts(concluded) == {"indeterminate": 1}


def test_an_account_that_first_appears_switched_off_is_a_finding(runs: Runs) -> None:
    """Made and removed between two readings: bounded from above only."""
    runs.audit(START, [ANA, account("U9")])
    _, concluded = runs.audit(START + 9 * DAY, [gone(START), OFF, account("U9")])
    (finding,) = about_time(concluded)
    assert finding.kind == "timeliness_indeterminate"
    assert "removed some time before 2026-10-10T06:10:00Z" in finding.detail
    assert finding.account is not None
    assert finding.account.active is False


def test_each_removal_is_judged_by_one_audit(runs: Runs) -> None:
    """The next audit says nothing of it, and counts the finding as resolved."""
    runs.audit(START, [ANA, ON])
    runs.snapshot(START + 4 * DAY, [gone(START), ON])
    runs.snapshot(START + 5 * DAY, [gone(START), OFF])
    _, first = runs.audit(START + 6 * DAY, [gone(START), OFF])
    _, second = runs.audit(START + 7 * DAY, [gone(START), OFF])
    assert [one.kind for one in about_time(first)] == ["late_deprovisioning"]
    assert about_time(second) == []
    assert verdicts(second) == {}
    assert [one.kind for one in second.movement.resolved] == ["late_deprovisioning"]
    assert second.movement.total.closing == len(second.findings) == 0


def test_a_removal_before_the_departure_was_recorded_is_judged_when_it_is(runs: Runs) -> None:
    """An account off while its owner was employed is judged once the HRIS says departed."""
    runs.audit(START, [ANA, ON])
    _, before = runs.audit(START + DAY, [ANA, OFF])
    _, after = runs.audit(START + 2 * DAY, [gone(START + DAY), OFF])
    assert verdicts(before) == {}
    assert verdicts(after) == {"within": 1}


def test_a_deleted_account_is_judged_by_its_last_owner(runs: Runs) -> None:
    """Gone between two readings; the finding names the account as it was last seen."""
    runs.audit(START, [ANA, account("U1", user_name="ana", **HERS)])
    runs.audit(START + 3 * DAY, [gone(START), account("U1", user_name="ana", **HERS)])
    folder, concluded = runs.audit(START + 4 * DAY, [gone(START)])
    (late,) = about_time(concluded)
    assert late.account is not None
    assert (late.account.id, late.account.user_name, late.account.active) == ("U1", "ana", None)
    assert late.person is not None
    assert late.person.id == "1042"
    assert late.evidence is None
    assert folder.exists()


def test_the_time_of_the_last_change_bounds_from_above_only(runs: Runs) -> None:
    """A later change of anything is no later than the removal; an older one dates nothing."""
    runs.audit(START, [ANA, ON])
    within = account("U1", active=False, modified_at=START + DAY / 2, **HERS)
    _, concluded = runs.audit(START + 5 * DAY, [gone(START), within])
    assert verdicts(concluded) == {"within": 1}


@pytest.mark.parametrize(
    ("seen_before", "modified_at"),
    [
        ((ANA, ON), START - DAY),  # it does not count what the readings saw
        ((ANA, ON), START - DAY / 4),  # not even since the departure
        ((), START - 9 * DAY),  # nor can it be older than the departure
        ((ANA, ON), None),
    ],
)
def test_a_change_that_cannot_be_the_removal_proves_nothing(
    runs: Runs, seen_before: tuple[Person | Account | Records, ...], modified_at: datetime | None
) -> None:
    """A server that does not date the deactivation must not turn late into in time."""
    runs.audit(START, seen_before)
    off = account("U1", active=False, modified_at=modified_at, **HERS)
    _, concluded = runs.audit(START + 5 * DAY, [gone(START - DAY / 2), off])
    assert verdicts(concluded) == {"indeterminate": 1}


def test_an_imported_event_dates_the_removal_exactly(runs: Runs) -> None:
    """It narrows what the readings saw to an instant; a later deletion is another matter."""
    runs.audit(START, [ANA, ON])
    events = [
        event("deactivated", START + DAY / 4),
        event("reactivated", START + DAY / 3),
        event("deactivated", START + 2 * DAY + timedelta(minutes=1)),
        event("deleted", START + 3 * DAY),
    ]
    _, concluded = runs.audit(
        START + 5 * DAY, [gone(START + DAY), OFF], prepare=import_events(events)
    )
    (late,) = about_time(concluded)
    assert late.timeliness is not None
    assert (late.kind, late.timeliness.basis) == ("late_deprovisioning", "event")
    assert late.timeliness.earliest_at == late.timeliness.latest_at == events[2]["occurred_at"]
    assert (late.timeliness.hours_over_min, late.timeliness.hours_over_max) == (0, 1)
    assert "removed at 2026-10-03T06:01:00Z, 0 to 1 hour past" in late.detail


def test_an_account_of_the_same_id_in_another_app_has_events_of_its_own(runs: Runs) -> None:
    """That it was made again later, over there, does not make this removal another one."""
    runs.audit(START, [ANA, ON])
    made = event("created", START + DAY)
    events = [event("deactivated", START + DAY / 2), {**made, "source": "okta"}]
    _, concluded = runs.audit(
        START + 5 * DAY, [gone(START + DAY / 4), OFF], prepare=import_events(events)
    )
    assert verdicts(concluded) == {"within": 1}


def test_an_event_that_contradicts_the_readings_is_not_used(runs: Runs) -> None:
    """Seen active after it, the account was not removed by it."""
    runs.audit(START, [ANA, ON])
    events = [event("deactivated", START - DAY), event("deleted", START + 9 * DAY)]
    _, concluded = runs.audit(
        START + 5 * DAY, [gone(START - DAY), OFF], prepare=import_events(events)
    )
    (finding,) = about_time(concluded)
    assert finding.timeliness is not None
    assert finding.timeliness.basis == "observation"


SEEN_OFF = START + 5 * DAY + READING_TAKES
OFF_AT: dict[str, tuple[datetime, list[tuple[str, datetime]], datetime | None, str, datetime]] = {
    "at the limit": (START, [("deactivated", START + DAY)], None, "in time", START + DAY),
    "at the last sighting": (START - 2 * DAY, [("deactivated", START)], None, "event", START),
    "at the end of the reading": (START, [("deactivated", SEEN_OFF)], None, "event", SEEN_OFF),
    "deleted": (START, [("deleted", START + 3 * DAY)], None, "event", START + 3 * DAY),
    "made again": (
        START,
        [("deactivated", START + 2 * DAY), ("created", START + 3 * DAY)],
        None, "observation", SEEN_OFF,
    ),
    "on again at once": (
        START,
        [("deactivated", START + 2 * DAY), ("reactivated", START + 2 * DAY)],
        None, "observation", SEEN_OFF,
    ),
    "off twice": (
        START,
        [("created", START - 9 * DAY), ("deactivated", START + 2 * DAY),
         ("reactivated", START + 3 * DAY), ("deactivated", START + 4 * DAY)],
        None, "event", START + 4 * DAY,
    ),
    "only on": (START, [("created", START + DAY)], None, "observation", SEEN_OFF),
    "changed when seen off": (START, [], SEEN_OFF, "observation", SEEN_OFF),
    "changed just before": (START, [], SEEN_OFF - DAY, "modified", SEEN_OFF - DAY),
    "changed when it left": (START - DAY, [], START - DAY, "observation", SEEN_OFF),
    "event and change": (
        START, [("deactivated", START + 3 * DAY)], START + 4 * DAY, "event", START + 3 * DAY
    ),
    "due when last seen": (START - DAY, [], None, "observation", SEEN_OFF),
    "as long ago as is asked": (START - 25 * DAY, [], None, "observation", SEEN_OFF),
}  # fmt: skip
"""Departure, events, last change; what dates the removal, and when it was at the latest."""


def test_of_all_that_dates_a_removal_the_best_that_can_be_true_is_taken(tmp_path: Path) -> None:
    """At the very instants of readings and limits; each account by its own events alone."""
    policy = {"policy": {"deprovision_within": "24h", "timeliness_window": "30d"}}
    runs = Runs(tmp_path / "runs", {**SETTINGS, **policy})
    people = [leaver(name, at, employee_number=name) for name, (at, *_) in OFF_AT.items()]
    on = [account(name, employee_number=name) for name in OFF_AT]
    off = [
        account(name, employee_number=name, active=False, modified_at=changed)
        for name, (_, _, changed, _, _) in OFF_AT.items()
    ]
    runs.audit(START, [*people, *on])
    events = [event(kind, at, name) for name, (_, all_, *_) in OFF_AT.items() for kind, at in all_]
    folder, concluded = runs.audit(START + 5 * DAY, [*people, *off], prepare=import_events(events))
    told = {one.account.id: one for one in about_time(concluded) if one.account}
    for name, (_, _, _, basis, latest) in OFF_AT.items():
        if basis == "in time":
            assert name not in told
            continue
        when = told[name].timeliness
        assert when is not None, name
        assert (when.basis, when.latest_at) == (basis, latest), name
        assert when.earliest_at == (latest if basis == "event" else START), name
    assert told["due when last seen"].kind == "timeliness_indeterminate"
    assert told["at the last sighting"].kind == "late_deprovisioning"
    assert told["as long ago as is asked"].kind == "late_deprovisioning"
    judged = {row["account_id"]: row for row in read_rows(folder / "correlation/removals.parquet")}
    limit = judged["at the limit"]
    assert (limit["verdict"], limit["hours_over_min"], limit["hours_over_max"]) == ("within", 0, 0)


def test_an_event_that_says_when_narrows_what_the_readings_saw(runs: Runs) -> None:
    """Of a reactivation, too; one at the very departure was before it."""
    left = START - DAY
    bo = leaver("7", left, employee_number="7")
    theirs = account("U7", employee_number="7")
    runs.audit(START, [gone(left), OFF, bo, theirs])
    events = [event("reactivated", START + DAY), event("reactivated", left, "U7")]
    _, concluded = runs.audit(
        START + 2 * DAY, [gone(left), ON, bo, theirs], prepare=import_events(events)
    )
    kinds = {one.kind: one for one in concluded.findings}
    assert set(kinds) == {"reactivated", "ghost_active"}
    when = kinds["reactivated"].timeliness
    assert when is not None
    assert (when.basis, when.earliest_at, when.latest_at) == (
        "event", START + DAY, START + DAY,
    )  # fmt: skip


def test_a_dated_departure_counts_from_its_date_not_from_when_it_was_read(runs: Runs) -> None:
    """Off after it left and before anybody read that, and on again: it is reactivated."""
    runs.audit(START, [ANA, OFF])
    _, concluded = runs.audit(START + 2 * DAY, [gone(START - DAY), ON])
    assert [one.kind for one in concluded.findings] == ["reactivated"]


def test_hired_at_the_very_instant_of_the_run_the_date_is_of_an_earlier_spell(runs: Runs) -> None:
    """So that removal is due from when the person was last seen employed."""
    runs.audit(START, [ANA, ON])
    back = leaver("1042", START + DAY, hired_at=START + 5 * DAY, **HERS)
    _, concluded = runs.audit(START + 5 * DAY, [back, OFF])
    (finding,) = about_time(concluded)
    assert finding.timeliness is not None
    assert finding.timeliness.hours_over_max == 97


def test_at_the_very_departure_it_was_off_already(runs: Runs) -> None:
    """Seen off at that instant and on later, an account was switched on after the departure."""
    runs.audit(START, [ANA, OFF])
    _, concluded = runs.audit(START + 2 * DAY, [gone(START), ON])
    assert [one.kind for one in concluded.findings] == ["reactivated"]


def test_without_a_departure_date_readings_bound_the_limit_too(runs: Runs) -> None:
    """Due between the last reading employed and the first terminated, each plus the limit."""
    runs.audit(START, [ANA, ON])
    runs.snapshot(START + DAY, [gone(None), ON])
    runs.snapshot(START + 3 * DAY, [gone(None), ON])
    _, concluded = runs.audit(START + 4 * DAY, [gone(None), OFF])
    (late,) = about_time(concluded)
    assert late.timeliness is not None
    assert late.kind == "late_deprovisioning"
    assert (late.timeliness.hours_over_min, late.timeliness.hours_over_max) == (23, 73)


def test_without_a_departure_date_that_any_run_bounds_nothing_is_known(runs: Runs) -> None:
    """Terminated when first seen: when removal was due is not bounded from below."""
    runs.audit(START, [gone(None), ON])
    _, concluded = runs.audit(START + DAY / 2, [gone(None), OFF])
    (finding,) = about_time(concluded)
    assert finding.timeliness is not None
    assert finding.timeliness.hours_over_max is None
    assert finding.detail.endswith("; nothing shows whether that was in time.")


def test_a_departure_longer_ago_than_the_window_is_not_asked_about(tmp_path: Path) -> None:
    """A first run does not list every leaver of all time."""
    policy = {"policy": {"deprovision_within": "24h", "timeliness_window": "30d"}}
    runs = Runs(tmp_path / "runs", {**SETTINGS, **policy})
    _, concluded = runs.audit(START, [gone(START - 31 * DAY), OFF])
    assert (about_time(concluded), verdicts(concluded)) == ([], {})


def test_accounts_that_are_still_active_are_counted_by_whether_removal_is_due(runs: Runs) -> None:
    """Still active is past the limit, pending within it."""
    people = [gone(START - 9 * DAY), leaver("7", START - DAY / 2, employee_number="7")]
    _, concluded = runs.audit(START, [*people, ON, account("U7", employee_number="7")])
    assert verdicts(concluded) == {"still_active": 1, "pending": 1}


def test_off_after_departure_and_on_again_is_reactivated_and_nothing_else(runs: Runs) -> None:
    """It is critical, replaces ghost_active, stays while it lasts, and then is judged anew."""
    runs.audit(START, [gone(START - 9 * DAY), OFF])
    runs.snapshot(START + DAY, [gone(START - 9 * DAY), ON])
    _, second = runs.audit(START + 2 * DAY, [gone(START - 9 * DAY), ON])
    _, third = runs.audit(START + 3 * DAY, [gone(START - 9 * DAY), ON])
    (finding,) = second.findings
    assert (finding.kind, finding.severity.value) == ("reactivated", "critical")
    assert finding.timeliness is not None
    assert finding.timeliness.earliest_at == START
    assert finding.timeliness.latest_at == START + DAY + READING_TAKES
    assert "once off, was switched on between 2026-10-01T06:00:00Z and" in finding.detail
    assert [(one.kind, one.status) for one in third.findings] == [("reactivated", "persisting")]
    _, fourth = runs.audit(START + 4 * DAY, [gone(START - 9 * DAY), OFF])
    assert [one.kind for one in fourth.findings] == ["late_deprovisioning"]


def test_on_again_before_the_departure_is_an_account_that_was_never_removed(runs: Runs) -> None:
    """Back from leave and then gone: the ordinary active account of a departed person."""
    runs.audit(START, [person("1042", status=PersonStatus.ON_LEAVE, **HERS), OFF])
    runs.audit(START + DAY, [ANA, ON])
    _, concluded = runs.audit(START + 5 * DAY, [gone(START + 2 * DAY), ON])
    assert [one.kind for one in concluded.findings] == ["ghost_active"]


def test_an_event_of_reactivation_after_departure_is_enough(runs: Runs) -> None:
    """Where no reading happened to see it off."""
    events = [event("reactivated", START - DAY)]
    _, concluded = runs.audit(START, [gone(START - 9 * DAY), ON], prepare=import_events(events))
    (finding,) = concluded.findings
    assert finding.timeliness is not None
    assert (finding.kind, finding.timeliness.basis) == ("reactivated", "event")


def test_an_account_used_after_departure_is_found_active_or_not(runs: Runs) -> None:
    """By the app's own last activity; before the departure it says nothing."""
    used = account("U1", active=False, last_activity_at=START - DAY, **HERS)
    before = account("U2", active=False, last_activity_at=START - 10 * DAY, **HERS)
    _, concluded = runs.audit(START, [gone(START - 9 * DAY), used, before])
    (finding,) = [one for one in concluded.findings if one.kind == "used_after_departure"]
    assert finding.account is not None
    assert finding.account.id == "U1"
    assert finding.severity.value == "critical"
    assert finding.detail == (
        "Person 1042 left 9 days ago (2026-09-22T06:00:00Z) and the account was last used at "
        "2026-09-30T06:00:00Z."
    )


def test_periods_without_an_audit_are_told_once_by_the_next_one(tmp_path: Path) -> None:
    """A snapshot is no audit, and the first audit has missed nothing."""
    settings = {**SETTINGS, "policy": {"deprovision_within": "24h", "run_every": "month"}}
    runs = Runs(tmp_path / "runs", settings)
    _, first = runs.audit(START, [ANA])
    runs.snapshot(START + 40 * DAY, [ANA])
    _, second = runs.audit(START + 95 * DAY, [ANA])
    _, third = runs.audit(START + 122 * DAY, [ANA])
    assert first.findings == third.findings == ()
    (missed,) = second.findings
    assert (missed.kind, missed.app) == ("missed_run", "")
    assert missed.detail == "No audit ran in 2026-11, 2026-12."
    assert [one.kind for one in third.movement.resolved] == ["missed_run"]
