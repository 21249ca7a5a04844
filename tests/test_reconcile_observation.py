"""What all runs saw is carried from run to run, and only complete readings see anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.errors import IntegrityError
from scanner.model import PersonStatus, State
from scanner.reconcile.parquet import read_rows
from tests.fakes.company import account, group, leaver, person
from tests.fakes.runs import READING_TAKES, Runs

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
DAY = timedelta(days=1)
START = datetime(2026, 10, 1, 6, 0, tzinfo=UTC)
INCOMPLETE = {"slack": State.INCOMPLETE}
ANA = person("1042", employee_number="1042", department="Sales", title="Clerk")


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


def seen_accounts(folder: Path) -> dict[str, Mapping[str, Any]]:
    rows = read_rows(folder / "tables/observed/accounts.parquet")
    return {row["account_id"]: row for row in rows}


def seen_people(folder: Path) -> dict[str, Mapping[str, Any]]:
    rows = read_rows(folder / "tables/observed/people.parquet")
    return {row["person_id"]: row for row in rows}


def test_an_account_is_bounded_by_the_last_reading_active_and_the_first_inactive(
    runs: Runs,
) -> None:
    """From below by the start of the one, from above by the end of the other, snapshot or not."""
    on = account("U1", employee_number="1042", user_name="ana")
    off = account("U1", employee_number="1042", user_name="ana", active=False)
    runs.audit(START, [ANA, on])
    last = runs.snapshot(START + DAY, [ANA, on])
    first = runs.snapshot(START + 2 * DAY, [ANA, off])
    runs.snapshot(START + 3 * DAY, [ANA, off])
    folder, _ = runs.audit(START + 4 * DAY, [ANA, off])
    row = seen_accounts(folder)["U1"]
    assert row["sighting"] == "inactive"
    assert (row["last_active_at"], row["last_active_run"]) == (START + DAY, last.name)
    assert row["first_inactive_at"] == START + 2 * DAY + READING_TAKES
    assert row["first_inactive_run"] == first.name
    assert row["first_seen_at"] == START
    assert (row["person_source"], row["person_id"]) == ("people", "1042")
    assert (row["reactivated_at"], row["gone_at"]) == (None, None)


def test_an_account_that_is_no_longer_there_is_gone_and_keeps_its_owner(runs: Runs) -> None:
    """Absence from a complete reading bounds the removal; name and owner stay known."""
    runs.audit(START, [ANA, account("U1", employee_number="1042", user_name="ana")])
    runs.snapshot(START + DAY, [ANA])
    folder, _ = runs.audit(START + 2 * DAY, [ANA])
    row = seen_accounts(folder)["U1"]
    assert (row["sighting"], row["user_name"], row["person_id"]) == ("gone", "ana", "1042")
    assert row["gone_at"] == row["first_inactive_at"] == START + DAY + READING_TAKES
    assert row["last_active_at"] == START


def test_a_source_that_is_not_complete_sees_nothing(runs: Runs) -> None:
    """Neither what it shows nor what it lacks changes anything that was known."""
    runs.audit(START, [ANA, account("U1", employee_number="1042")])
    before, _ = runs.audit(START + DAY, [ANA, account("U1", employee_number="1042")])
    shown = (ANA, account("U1", active=False), account("U2"))
    after, _ = runs.audit(START + 2 * DAY, shown, users=INCOMPLETE)
    empty, _ = runs.audit(START + 3 * DAY, [ANA], users=INCOMPLETE)
    assert seen_accounts(after) == seen_accounts(before)
    assert seen_accounts(empty) == seen_accounts(before)
    lost, _ = runs.audit(START + 4 * DAY, [], users={"people": State.INCOMPLETE})
    assert seen_people(lost) == seen_people(empty)
    assert seen_accounts(lost)["U1"]["sighting"] == "gone"


def test_an_unknown_state_is_neither_active_nor_inactive(runs: Runs) -> None:
    """Where a server does not say, the bounds stay as they were."""
    runs.audit(START, [ANA, account("U1")])
    runs.audit(START + DAY, [ANA, account("U1", active=None)])
    folder, _ = runs.audit(START + 2 * DAY, [ANA, account("U1", active=None), account("U2")])
    row = seen_accounts(folder)["U1"]
    assert row["sighting"] == "unknown"
    assert row["last_active_at"] == START
    assert row["first_inactive_at"] is None


def test_an_account_switched_on_again_is_dated_until_it_is_off_again(runs: Runs) -> None:
    """Active after inactive or gone is a reactivation, known by the run that first saw it."""
    runs.audit(START, [ANA, account("U1"), account("U2", active=False)])
    runs.snapshot(START + DAY, [ANA])
    back = runs.snapshot(START + 2 * DAY, [ANA, account("U1"), account("U2")])
    folder, _ = runs.audit(START + 3 * DAY, [ANA, account("U1"), account("U2")])
    for row in seen_accounts(folder).values():
        assert row["reactivated_at"] == START + 2 * DAY + READING_TAKES
        assert row["reactivated_run"] == back.name
        assert row["last_inactive_at"] == START + DAY
        assert (row["first_inactive_at"], row["gone_at"]) == (None, None)
    again = runs.snapshot(START + 4 * DAY, [ANA, account("U1", active=False), account("U2")])
    assert seen_accounts(again)["U1"]["reactivated_at"] is None
    assert seen_accounts(again)["U2"]["reactivated_run"] == back.name


def test_a_person_is_bounded_by_the_readings_before_and_after_the_departure(runs: Runs) -> None:
    """Last employed, first terminated and first absent, with the instants removal is due."""
    gone = leaver("1042", None, employee_number="1042")
    first, _ = runs.audit(START, [ANA])
    runs.snapshot(START + DAY, [gone])
    runs.audit(START + 2 * DAY, [gone])
    folder, _ = runs.audit(START + 3 * DAY, [])
    row = seen_people(folder)["1042"]
    assert (row["first_seen_at"], row["first_seen_run"]) == (START, first.name)
    assert (row["last_employed_at"], row["last_employed_due_at"]) == (START, START + DAY)
    assert row["first_terminated_at"] == START + DAY + READING_TAKES
    assert row["first_terminated_due_at"] == START + 2 * DAY + READING_TAKES
    assert (row["last_seen_at"], row["status"]) == (START + 2 * DAY, "terminated")
    assert row["gone_at"] == START + 3 * DAY + READING_TAKES
    back, _ = runs.audit(START + 4 * DAY, [ANA])
    row = seen_people(back)["1042"]
    assert (row["gone_at"], row["first_terminated_at"]) == (None, None)
    assert row["last_employed_at"] == START + 4 * DAY


def test_rules_see_people_and_memberships_as_the_previous_audit_did(runs: Runs) -> None:
    """What changed between two audits shows in the second, whatever was collected in between."""
    runs.audit(START, [ANA, account("U1"), group("G1", "U1")])
    moved = person("1042", employee_number="1042", department="Finance", title="Lead")
    new = person("7", department="Legal")
    runs.snapshot(START + DAY, [moved, new, account("U1"), group("G1")])
    folder, _ = runs.audit(START + 2 * DAY, [moved, new, account("U1"), group("G1")])
    people = {row["person_id"]: row for row in read_rows(folder / "tables/earlier/people.parquet")}
    assert (people["1042"]["department"], people["1042"]["title"]) == ("Sales", "Clerk")
    assert people["7"]["department"] == "Legal"
    members = read_rows(folder / "tables/earlier/memberships/slack.parquet")
    assert [(row["group_id"], row["member_id"]) for row in members] == [("G1", "U1")]
    assert seen_people(folder)["1042"]["department"] == "Finance"


def test_memberships_are_those_of_the_newest_audit_that_read_all_groups(runs: Runs) -> None:
    """An audit that could not read the groups passes on what it had been given."""
    runs.audit(START, [ANA, account("U1"), group("G1", "U1")])
    runs.audit(START + DAY, [ANA, account("U1"), group("G2", "U1")], groups=INCOMPLETE)
    folder, _ = runs.audit(START + 2 * DAY, [ANA, account("U1"), group("G3", "U1")])
    members = read_rows(folder / "tables/earlier/memberships/slack.parquet")
    assert [row["group_id"] for row in members] == ["G1"]
    last, _ = runs.audit(START + 3 * DAY, [ANA])
    members = read_rows(last / "tables/earlier/memberships/slack.parquet")
    assert [row["group_id"] for row in members] == ["G3"]


def test_a_first_run_has_empty_tables_of_earlier_ones(runs: Runs) -> None:
    """Rules can always read them."""
    folder, _ = runs.audit(START, [ANA])
    assert read_rows(folder / "tables/earlier/people.parquet") == []
    assert read_rows(folder / "tables/earlier/accounts.parquet") == []
    assert read_rows(folder / "tables/earlier/memberships/slack.parquet") == []


def test_a_person_on_leave_is_employed_and_one_of_unknown_status_changes_nothing(
    runs: Runs,
) -> None:
    """Leave bounds a departure from below; a status that is not understood bounds nothing."""
    away = person("1", status=PersonStatus.ON_LEAVE)
    runs.audit(START, [away])
    folder, _ = runs.audit(START + DAY, [person("1", status=PersonStatus.UNKNOWN)])
    row = seen_people(folder)["1"]
    assert (row["last_employed_at"], row["first_terminated_at"]) == (START, None)


def test_what_was_observed_in_parts_is_carried_on(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large estate seals its accounts part by part; the next run continues every one."""
    monkeypatch.setattr("scanner.reconcile.queries.PART_ROWS", 0)
    monkeypatch.setattr("scanner.reconcile.engine.HELD_ROWS", 0)
    monkeypatch.setattr("scanner.reconcile.engine.BATCH_ROWS", 1)
    first, _ = runs.audit(START, [ANA, account("U1"), account("00u1", "okta")])
    parts = first / "tables/observed/accounts.parquet"
    assert len(list(parts.glob("*.parquet"))) > 1
    folder, _ = runs.audit(START + DAY, [ANA, account("00u1", "okta")])
    assert {name: row["sighting"] for name, row in seen_accounts(folder).items()} == {
        "U1": "gone",
        "00u1": "active",
    }


@pytest.mark.parametrize("name", ["tables/observed/people.parquet", "manifest.json"])
def test_an_earlier_run_that_was_altered_is_not_continued(runs: Runs, name: str) -> None:
    """What it saw would change the answer, so the file is named and the run does not begin."""
    folder, _ = runs.audit(START, [ANA])
    path = folder / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(IntegrityError, match=f"{name}: is not what was sealed"):
        runs.audit(START + DAY, [ANA])
    path.unlink()
    with pytest.raises(IntegrityError, match=f"{name}: cannot be"):
        runs.audit(START + DAY, [ANA])


def test_before_the_first_audit_a_run_that_collected_is_continued(runs: Runs) -> None:
    """A snapshot bounds what the first audit sees; memberships are known from audits only."""
    runs.snapshot(START, [ANA, account("U1"), group("G1", "U1")])
    folder, _ = runs.audit(START + DAY, [ANA, account("U1", active=False), group("G1", "U1")])
    assert seen_accounts(folder)["U1"]["last_active_at"] == START
    assert read_rows(folder / "tables/earlier/memberships/slack.parquet") == []


def test_a_sealed_manifest_without_sources_is_an_error(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest that fits the chain but is none is refused by name."""
    monkeypatch.setattr("scanner.evidence.store.manifest_bytes", lambda _: b"{}\n")
    runs.snapshot(START, [ANA])
    monkeypatch.undo()
    with pytest.raises(IntegrityError, match=r"manifest\.json: does not list its files and"):
        runs.snapshot(START + DAY, [ANA])
