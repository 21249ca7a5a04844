"""Whatever a company goes through, what its runs saw is what one reading after another says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from scanner.model import Account, Person, PersonStatus, State
from scanner.reconcile.parquet import read_rows
from tests.fakes.company import account, leaver, person
from tests.fakes.runs import READING_TAKES, Runs

DAY = timedelta(days=1)
START = datetime(2026, 10, 1, 6, 0, tzinfo=UTC)
READINGS = ("audit", "snapshot", "audit", "audit", "audit")
"""What the runs are, a day apart."""
CUT, LOST = 2, 3
"""The run that does not read all of okta, and the one that does not read all people."""
SIGHTINGS = ("active", "inactive", "unknown", "gone")
ACTIVE = {"active": True, "inactive": False, "unknown": None}
OWNERS = ("1", "2", None)
"""The person who left, the one who did not, and nobody."""
EMPLOYED = (PersonStatus.ACTIVE, PersonStatus.ON_LEAVE, PersonStatus.PENDING)
STATUSES = (*PersonStatus, None)
"""None: the HRIS has no such person."""
JOB = ("worker_type", "department", "title", "manager_id")

Row = Mapping[str, Any]
Seen = dict[str, Any]


def test_every_way_of_accounts_is_seen_as_it_was(tmp_path: Path) -> None:
    """On, off, unknown and gone in every order, in an app that a run reads in part, too."""
    ways = {f"U{place}": way for place, way in enumerate(product(SIGHTINGS, repeat=len(READINGS)))}
    ways = dict(list(ways.items())[::3])
    folders = list(_read(tmp_path, lambda run: [
        leaver("1", START - DAY, employee_number="1"), person("2", employee_number="2"),
        *(one for app in ("slack", "okta") for one in _accounts(app, ways, run)),
    ]))  # fmt: skip
    for names, folder in _one_by_one(folders):
        rows = {(row["source"], row["account_id"]): row for row in _seen(folder, "accounts")}
        expected = {
            (app, one): row
            for app in ("slack", "okta")
            for one, way in ways.items()
            if (row := _account_seen(app, one, way, names))
        }
        assert rows == expected, names


def test_every_way_of_people_is_seen_as_it_was(tmp_path: Path) -> None:
    """Every status after every other, by audits and by what only collects."""
    ways = {f"p{place}": way for place, way in enumerate(product(STATUSES, repeat=3))}
    folders = list(_read(tmp_path, lambda run: _people(ways, run)))
    for names, folder in _one_by_one(folders):
        rows = {row["person_id"]: row for row in _seen(folder, "people")}
        expected = {one: row for one, way in ways.items() if (row := _person_seen(one, way, names))}
        assert rows == expected, names


def _one_by_one(folders: list[Path]) -> Iterator[tuple[list[str], Path]]:
    """Each run with the names of all up to it."""
    names = [folder.name for folder in folders]
    for count, folder in enumerate(folders, start=1):
        yield names[:count], folder


def _read(folder: Path, records: Any) -> Iterator[Path]:  # noqa: ANN401 - a function of the run
    """Make the runs, and give their folders."""
    runs = Runs(folder)
    for run, kind in enumerate(READINGS):
        users = {CUT: {"okta": State.INCOMPLETE}, LOST: {"people": State.INCOMPLETE}}.get(run, {})
        at = START + run * DAY
        if kind == "audit":
            yield runs.audit(at, records(run), users=users)[0]
        else:
            yield runs.snapshot(at, records(run), users=users)


def _seen(folder: Path, name: str) -> list[Row]:
    return list(read_rows(folder / f"tables/observed/{name}.parquet"))


def _name(one: str, run: int) -> str | None:
    """A name that changes, and that not every run shows."""
    return f"{one} in {run}" if run % 3 != 1 else None


def _owner(one: str) -> str | None:
    return OWNERS[int(one[1:]) % len(OWNERS)]


def _accounts(app: str, ways: Mapping[str, tuple[str, ...]], run: int) -> list[Account]:
    return [
        account(
            one, app, active=ACTIVE[way[run]], employee_number=_owner(one),
            user_name=_name(one, run), display_name=_name(f"the {one}", run),
        )
        for one, way in ways.items()
        if way[run] != "gone"
    ]  # fmt: skip


def _account_seen(app: str, one: str, way: tuple[str, ...], names: list[str]) -> Seen | None:
    """Follow one account from reading to reading."""
    seen: Seen | None = None
    for run, sighting in enumerate(way[: len(names)]):
        if (app, run) == ("okta", CUT) or (seen is None and sighting == "gone"):
            continue
        at = START + run * DAY
        starts, ends = {"at": at, "run": names[run]}, {"at": at + READING_TAKES, "run": names[run]}
        seen = seen or _unseen(app, one, starts)
        seen["sighting"] = sighting
        _bound(seen, sighting, starts, ends)
        seen["gone_at"] = (seen["gone_at"] or ends["at"]) if sighting == "gone" else None
        if sighting != "gone":
            seen["user_name"] = _name(one, run) or seen["user_name"]
            seen["display_name"] = _name(f"the {one}", run) or seen["display_name"]
        if run == LOST:
            continue
        if sighting != "gone":
            seen["person_id"] = _owner(one)
            seen["person_source"] = seen["person_id"] and "people"
        off = sighting in {"inactive", "gone"} and seen["person_id"] == "1"
        if off and READINGS[run] == "audit":
            seen["concluded_run"] = seen["concluded_run"] or names[run]
    return seen


def _bound(seen: Seen, sighting: str, starts: Row, ends: Row) -> None:
    """Move the bounds of a removal and of a reactivation; an unknown state moves none."""
    if sighting == "active":
        if seen["first_inactive_at"]:
            _put(seen, "reactivated", ends)
        _put(seen, "last_active", starts)
        _put(seen, "first_inactive", {})
        seen["concluded_run"] = None
    elif sighting != "unknown":
        _put(seen, "last_inactive", starts)
        _put(seen, "reactivated", {})
        if not seen["first_inactive_at"]:
            _put(seen, "first_inactive", ends)


def _unseen(app: str, one: str, starts: Mapping[str, Any]) -> Seen:
    """An account that no reading saw before."""
    times = ("last_active", "last_inactive", "first_inactive", "reactivated")
    nothing = {f"{time}_{what}": None for time in times for what in ("at", "run")}
    rest = ("user_name", "display_name", "gone_at", "person_source", "person_id", "concluded_run")
    first = {"first_seen_at": starts["at"], "first_seen_run": starts["run"]}
    return {"source": app, "account_id": one, **first, **nothing, **dict.fromkeys(rest)}


def _put(seen: Seen, time: str, when: Mapping[str, Any]) -> None:
    seen |= {f"{time}_at": when.get("at"), f"{time}_run": when.get("run")}


def _people(ways: Mapping[str, tuple[PersonStatus | None, ...]], run: int) -> list[Person]:
    """The run that cannot read all people shows what the one before it did not."""
    return [
        person(one, status=status, **_shown(one, run))
        for one, way in ways.items()
        if (status := way[run % len(way)]) is not None
    ]


def _shown(one: str, run: int) -> Seen:
    return {
        **{name: f"{name} of {one} in {run}" for name in ("display_name", *JOB)},
        "employee_number": f"{one}-{run}" if run % 2 else None,
        "departed_at": START + run * DAY if run % 2 else None,
    }


def _person_seen(
    one: str, way: tuple[PersonStatus | None, ...], names: list[str]
) -> Seen | None:  # fmt: skip
    """Follow one person from reading to reading."""
    seen: Seen | None = None
    for run in (run for run in range(len(names)) if run != LOST):
        status, at = way[run % len(way)], START + run * DAY
        if status is None:
            if seen:
                seen["gone_at"] = seen["gone_at"] or at + READING_TAKES
            continue
        shown, audit = _shown(one, run), READINGS[run] == "audit"
        shown |= {name: seen[name] for name in JOB if seen and not audit}
        known = seen or {
            "source": "people", "person_id": one,
            "first_seen_at": at, "first_seen_run": names[run],
            "last_employed_at": None, "last_employed_due_at": None,
            "first_terminated_at": None, "first_terminated_due_at": None,
        }  # fmt: skip
        seen = {
            **known, **shown, "status": status.value, "gone_at": None,
            "last_seen_at": at, "last_seen_run": names[run],
        }  # fmt: skip
        ended = at + READING_TAKES
        if status in EMPLOYED:
            seen |= {"last_employed_at": at, "last_employed_due_at": at + DAY}
            seen |= {"first_terminated_at": None, "first_terminated_due_at": None}
        elif status is PersonStatus.TERMINATED and not seen["first_terminated_at"]:
            seen |= {"first_terminated_at": ended, "first_terminated_due_at": ended + DAY}
    return seen
