"""What must not change a conclusion, and what must: each company is judged in two forms."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.errors import IntegrityError
from scanner.model import Account, Person, PersonStatus, Records, Role, State
from tests.fakes.generated_company import generate
from tests.fakes.reconciled import Reconciled, as_plain, reconcile_all
from tests.plain.company import History, Run
from tests.plain.finding import PlainFinding
from tests.plain.judge import judge

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
SEEDS = (3, 17, 41)
DEPARTED = {"ghost_active", "ghost_pending", "leaver_membership", "used_after_departure"}
CHILD = """
import hashlib, sys
from pathlib import Path
from tests.fakes.golden_company import golden
from tests.fakes.reconciled import findings_document, reconcile_all
history, _ = golden(5)
real = reconcile_all(history, Path(sys.argv[1]))
print(hashlib.sha256(findings_document(real, history)).hexdigest())
"""


def altered(
    history: History,
    person: Callable[[Person], Person] = lambda one: one,
    account: Callable[[Account], Account] = lambda one: one,
    records: Callable[[Records], Records] = lambda held: held,
) -> History:
    """The same history with every record changed in one way."""

    def change(run: Run) -> Run:
        held = {
            name: records(
                replace(
                    one,
                    people=tuple(map(person, one.people)),
                    accounts=tuple(map(account, one.accounts)),
                )
            )
            for name, one in run.records.items()
        }
        return replace(run, records=held)

    return replace(history, runs=[change(run) for run in history.runs])


def upper(value: str | None) -> str | None:
    """ASCII letters in upper case, between blanks; others stay."""
    if value is None:
        return None
    return f" {''.join(c.upper() if c.isascii() else c for c in value)}\t"


def shouted(one: Person) -> Person:
    """A person whose keys are written otherwise and mean the same."""
    return replace(
        one,
        employee_number=upper(one.employee_number),
        user_name=upper(one.user_name),
        emails=tuple(str(upper(each)) for each in one.emails),
        display_name=upper(one.display_name),
    )


def found(real: Reconciled) -> set[PlainFinding]:
    """What was found."""
    return set(map(as_plain, real.conclusions.findings))


@pytest.mark.parametrize("seed", SEEDS)
def test_ascii_case_and_blanks_neither_merge_nor_split_people(tmp_path: Path, seed: int) -> None:
    """I-14: keys in capitals, between blanks, lead to the same people; nothing else changes."""
    history = generate(seed)
    real = reconcile_all(altered(history, person=shouted), tmp_path)
    assert found(real) == set(judge(history).findings)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_records_changes_nothing(tmp_path: Path, seed: int) -> None:
    """I-11, I-17: responses the other way round give the same findings."""

    def turned(held: Records) -> Records:
        return Records(held.people[::-1], held.accounts[::-1], held.groups[::-1],
                       held.memberships[::-1])  # fmt: skip

    history = generate(seed)
    assert found(reconcile_all(altered(history, records=turned), tmp_path)) == set(
        judge(history).findings
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_an_unknown_state_is_never_read_as_inactive_or_active(tmp_path: Path, seed: int) -> None:
    """I-16: where no account tells its state, nothing is said that needs it."""
    history = altered(generate(seed), account=lambda one: replace(one, active=None))
    kinds = {one.kind for one in reconcile_all(history, tmp_path).conclusions.findings}
    assert kinds <= {
        "collection_incomplete", "hr_data_quality", "missed_run", "waiver_expired",
        "leaver_membership", "group_drift", "used_after_departure", "unowned_nonhuman",
        "late_deprovisioning", "timeliness_indeterminate",
    }  # fmt: skip
    off = [
        one
        for one in judge(history).findings
        if one.kind in {"late_deprovisioning", "timeliness_indeterminate"}
    ]
    accounts = history.runs[-1].accounts
    assert [one for one in off if (one.app, one.account) in accounts] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_second_employment_never_makes_a_departed_person(tmp_path: Path, seed: int) -> None:
    """I-15: an active record of everybody in the newest run leaves no finding of a departure."""
    history = generate(seed)
    newest = history.runs[-1]
    records = dict(newest.records)
    for name, held in newest.records.items():
        twins = tuple(
            replace(one, person_id=f"{one.person_id}+", status=PersonStatus.ACTIVE,
                    departed_at=None, display_name=one.display_name or one.person_id)
            for one in held.people
        )  # fmt: skip
        records[name] = replace(held, people=held.people + twins)
    readings = [
        replace(one, users=replace(one.users, received=2 * one.users.received))
        if one.role is Role.HRIS
        else one
        for one in newest.readings
    ]
    more = replace(history, runs=[*history.runs[:-1],
                                  replace(newest, records=records, readings=readings)])  # fmt: skip
    before = {one.id for one in judge(history).findings if one.kind in DEPARTED}
    after = {
        one.id for one in reconcile_all(more, tmp_path).conclusions.findings if one.kind in DEPARTED
    }
    assert after <= before


@pytest.mark.parametrize("seed", SEEDS)
def test_accounts_in_doubt_are_never_called_departed(tmp_path: Path, seed: int) -> None:
    """I-12, I-13: each account has one situation, and the disputed ones no owner."""
    real = reconcile_all(generate(seed), tmp_path)
    places = [(row["source"], row["account_id"]) for row in real.situations]
    assert len(set(places)) == len(places)
    disputed = {
        (row["source"], row["account_id"])
        for row in real.situations
        if row["situation"] == "disputed"
    }
    for one in real.conclusions.findings:
        if one.account and (one.app, one.account.id) in disputed:
            assert one.kind not in DEPARTED | {"engagement_expired", "dormant_account"}
    for app in real.conclusions.apps:
        mine = [place for place in places if place[0] == app.name]
        assert app.linked + app.unmatched + app.disputed == len(mine)
        assert len(mine) in {0, app.accounts}


def test_a_page_given_twice_is_refused(tmp_path: Path) -> None:
    """I-17: a table that holds a record more often than it was received is never judged."""
    history = generate(SEEDS[0])
    doubled = altered(history, records=lambda held: replace(held, people=held.people * 2))
    assert any(one.state is State.COMPLETE and one.role is Role.HRIS
               for one in history.runs[0].readings)  # fmt: skip
    with pytest.raises(IntegrityError, match="records were received but its table"):
        reconcile_all(doubled, tmp_path)


def test_the_machine_changes_nothing(tmp_path: Path) -> None:
    """I-11: another hash seed, time zone and locale give the same findings.json, byte for byte."""
    golden = Path(__file__).parent / "golden" / "company-5.json"
    settings = {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        env=os.environ | settings,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.strip() == hashlib.sha256(golden.read_bytes()).hexdigest()
