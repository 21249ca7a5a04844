"""Simulated histories, whose truth is known: what is said of them is never wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest

from scanner.model import Account, Person, PersonStatus, State
from scanner.reconcile.events import EVENTS
from scanner.reconcile.judge import Conclusions
from scanner.reconcile.parquet import Row, read_rows, write_rows
from tests.fakes.company import account, leaver, person
from tests.fakes.runs import READING_TAKES, Runs

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
START = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
LIMIT = timedelta(hours=24)
DAYS = 30


@dataclass(frozen=True)
class Truth:
    """When somebody left, when the account really was switched off, and what the app tells."""

    number: int
    left_at: datetime
    dated: bool
    off_at: datetime
    deleted: bool
    modified: bool
    logged: bool

    @property
    def due_at(self) -> datetime:
        return self.left_at + LIMIT

    def person(self, at: datetime) -> Person:
        keys = {"employee_number": str(self.number)}
        if at < self.left_at:
            return person(f"{self.number}", **keys)
        return leaver(f"{self.number}", self.left_at if self.dated else None, **keys)

    def account(self, at: datetime) -> Account | None:
        keys = {"employee_number": str(self.number)}
        if at < self.off_at:
            return account(f"U{self.number}", modified_at=START - timedelta(days=9), **keys)
        if self.deleted:
            return None
        changed_at = self.off_at if self.modified else START - timedelta(days=9)
        return account(f"U{self.number}", active=False, modified_at=changed_at, **keys)


def truths(random: Random, count: int) -> list[Truth]:
    """Departures and removals at any time of the month, the one before or after the other."""
    found = []
    for number in range(count):
        left_at = START + timedelta(minutes=random.randrange(DAYS * 1440))
        off_at = left_at + timedelta(minutes=random.randrange(-2000, 6000))
        chances = [random.random() < chance for chance in (0.8, 0.3, 0.5, 0.3)]
        found.append(Truth(number, left_at, chances[0], off_at, *chances[1:]))
    return found


def read(truth: list[Truth], begins: datetime, random: Random) -> list[Person | Account]:
    """What one reading sees: each record as it was at some moment while it was read."""
    seen: list[Person | Account] = [person("boss", status=PersonStatus.ACTIVE)]
    for one in truth:
        moments = [begins + READING_TAKES * random.random() for _ in range(2)]
        seen.append(one.person(moments[0]))
        found = one.account(moments[1])
        if found is not None:
            seen.append(found)
    return seen


def log_events(truth: list[Truth], until: datetime, folder: Path) -> None:
    logged = [one for one in truth if one.logged and one.off_at <= until]
    rows = [
        ("slack", f"U{one.number}", "deleted" if one.deleted else "deactivated", one.off_at)
        for one in logged
    ]
    columns = dict(zip(EVENTS.names[:4], zip(*rows, strict=True), strict=True)) if rows else {}
    empty = {"response": [None] * len(rows), "response_index": [None] * len(rows)}
    full = {name: columns.get(name, ()) for name in EVENTS.names[:4]} | empty
    write_rows(folder / "tables/events/slack.parquet", full, EVENTS)


def check(rows: list[Row], truth: dict[str, Truth]) -> None:
    """The true time lies in the interval, and no verdict contradicts it."""
    for row in rows:
        one = truth[row["account_id"]]
        over = (one.off_at - one.due_at) / timedelta(hours=1)
        assert row["earliest_at"] is None or row["earliest_at"] <= one.off_at
        assert one.off_at <= row["latest_at"]
        if row["verdict"] == "late":
            assert over > 0
            assert row["hours_over_min"] <= over
        if row["verdict"] == "within":
            assert over <= row["hours_over_min"] == row["hours_over_max"] == 0
        assert row["hours_over_max"] is None or over <= row["hours_over_max"]


def foots(conclusions: Conclusions, closing: int) -> int:
    total = conclusions.movement.total
    assert total.opening == closing
    assert total.closing == len(conclusions.findings) + total.not_concluded
    assert total.opening + total.new + total.reopened - total.resolved == total.closing
    return total.closing


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_verdict_contradicts_what_really_happened(seed: int, tmp_path: Path) -> None:
    """Late is never said of what was in time, in time never of what was late; all is judged once.

    A month of sixty leavers, read at random moments by audits and snapshots, some INCOMPLETE.
    """
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    random = Random(seed)  # noqa: S311 - a simulation
    truth = truths(random, 60)
    by_account = {f"U{one.number}": one for one in truth}
    runs, closing, judged = Runs(tmp_path / "runs"), 0, list[str]()
    moments = sorted(random.sample(range(1, DAYS * 24), 6))
    for hours in (*moments, DAYS * 24 + 200, DAYS * 24 + 400):
        begins = START + timedelta(hours=hours)
        seen = read(truth, begins, random)
        last = hours > DAYS * 24
        unread = {"slack": State.INCOMPLETE} if not last and random.random() < 0.25 else {}
        if not last and random.random() < 0.4:
            runs.snapshot(begins, seen, users=unread)
            continue
        folder, concluded = runs.audit(
            begins, seen, partial(log_events, truth, begins), users=unread
        )
        rows = list(read_rows(folder / "correlation/removals.parquet"))
        check(rows, by_account)
        judged += [row["account_id"] for row in rows]
        closing = foots(concluded, closing)
    assert len(judged) == len(set(judged))
    # Who was deleted before anything was read was never seen.
    observed = read_rows(folder / "tables/observed/accounts.parquet")
    assert set(judged) == {row["account_id"] for row in observed}
    assert len(judged) > 50
    # What stays open is that the HRIS does not date every departure.
    assert {one.kind for one in concluded.findings} <= {"hr_data_quality"}
    assert closing == len(concluded.findings)


def test_a_wrong_bound_would_be_noticed() -> None:
    """The check itself can fail: an interval that misses the truth is refused."""
    (one,) = truths(Random(1), 1)  # noqa: S311 - a simulation
    row = {
        "account_id": "U0",
        "earliest_at": one.off_at + timedelta(seconds=1),
        "latest_at": one.off_at + timedelta(days=1),
        "verdict": "late",
        "hours_over_min": 1,
        "hours_over_max": 2,
    }
    with pytest.raises(AssertionError):
        check([row], {"U0": replace(one, off_at=one.off_at)})
