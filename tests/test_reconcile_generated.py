"""Companies made up from seeds: SQL and a plain second implementation say the same of each."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.config import Config
from scanner.model import Account, ManualLink, Person, Registers, State
from scanner.reconcile.engine import HELD_ROWS
from tests.fakes.company import (
    AS_OF,
    SETTINGS,
    Company,
    account,
    group,
    leaver,
    person,
    records_of,
)
from tests.fakes.doubled_company import doubled
from tests.fakes.generated_company import generate
from tests.fakes.moving_company import moving
from tests.fakes.reconciled import differences, reconcile_all
from tests.fakes.tangled_company import tangled
from tests.plain.company import History, Run
from tests.plain.finding import SEVERITY
from tests.plain.judge import judge

pytestmark = pytest.mark.no_cover  # other tests follow every line of what these run often
COMPANIES = 1_000 if os.environ.get("GHOSTSCAN_SOAK") else 25
FIRST = int(os.environ.get("GENERATED_FROM", "0"))
AT_ONCE = 5
MIRROR = {"app": "slack", "group": "eng", "mirrors": "okta:eng"}


@pytest.mark.parametrize("first", range(FIRST, FIRST + COMPANIES, AT_ONCE))
def test_a_plain_second_implementation_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    """The same ids, severities, statuses, owners, intervals and counts, company by company.

    Every other five are judged as large companies are, whose results are not all held.
    """
    held_rows = HELD_ROWS if first // AT_ONCE % 2 else 0
    monkeypatch.setattr("scanner.reconcile.engine.HELD_ROWS", held_rows)
    for seed in range(first, first + AT_ONCE):
        history = generate(seed)
        real = reconcile_all(history, tmp_path / str(seed))
        found = differences(real, judge(history))
        assert not found, f"seed {seed}: " + "\n".join(found)


def test_an_id_means_nothing_in_another_source(tmp_path: Path) -> None:
    """Beside every source stands one with the same ids of others: neither reaches the other."""
    alone, twice = generate(18), doubled(generate(18))
    right = judge(twice)
    assert differences(reconcile_all(twice, tmp_path), right) == []
    assert {one.app for one in right.findings} > {one.app for one in judge(alone).findings}


def test_both_agree_on_who_moved_and_kept_what_they_had(tmp_path: Path) -> None:
    """Four audits of people who move on and back: known, new and reopened, app by app."""
    history = moving(10)
    right = judge(history)
    assert differences(reconcile_all(history, tmp_path), right) == []
    movers = {one.status for one in right.findings if one.problem == "mover"}
    assert movers == {"new", "persisting", "reopened"}


@pytest.mark.parametrize("seed", range(40 if os.environ.get("GHOSTSCAN_SOAK") else 1))
def test_both_agree_where_everything_is_like_something_else(tmp_path: Path, seed: int) -> None:
    """Ids, names and instants of one thing are those of another: each is taken for itself."""
    history = tangled(seed)
    right = judge(history)
    assert len(right.findings) > 50
    assert differences(reconcile_all(history, tmp_path), right) == []


def test_generated_companies_hold_every_kind_and_every_variant() -> None:
    """What is compared is not empty: each kind, problem, direction and basis comes up."""
    kinds: Counter[str] = Counter()
    variants: set[str | None] = set()
    situations: Counter[str | None] = Counter()
    for seed in range(60):
        answer = judge(generate(seed))
        kinds.update(one.kind for one in answer.findings)
        situations.update(one.problem or one.matched_by for one in answer.owners.values())
        for one in answer.findings:
            variants |= {one.direction, one.basis, one.status, *(one.problem or "").split(",")}
            variants |= {"waived"} if one.waived else set()
            variants |= {"nested"} if one.via else set()
    # What came of a remediation is judged from its journal, which these companies have not.
    assert set(SEVERITY) - set(kinds) == {"remediation_failed"}
    assert {
        "unexpected", "missing", "rule", "mirror", "baseline", "mover", "inactive_account",
        "event", "observation", "modified", "new", "persisting", "reopened", "waived", "nested",
        "absent", "inactive", "no_owner", "owner_departed", "owner_unknown", "review_overdue",
        "expired", "not_in_force", "not_waivable", "unused", "shared_key", "missing_now",
        "records_entangled",
    } - variants == set()  # fmt: skip
    assert {
        "link", "employee_number", "external_id", "email", "user_name", "several_people",
        "weak_key", "weak_key_shared", "name_contradicts", "link_unknown",
    } - set(situations) == set()  # fmt: skip


def test_a_manual_link_says_whose_an_account_was_when_only_snapshots_saw_it(tmp_path: Path) -> None:
    """An account that vanishes between a snapshot and an audit is judged by its linked owner."""
    ana = person("1042")
    config = Config.model_validate(SETTINGS)
    steps: list[tuple[bool, list[Person | Account]]] = [
        (False, [ana, account("U1", user_name="shared-login")]),
        (True, [leaver("1042", AS_OF - timedelta(days=4))]),
    ]
    runs = [
        Run(
            name=f"00000{number}-20261101T090000Z",
            at=AS_OF + timedelta(days=2 * number),
            audit=audit,
            readings=Company(records).readings,
            records={name: records_of(name, records) for name in config.sources},
        )
        for number, (audit, records) in enumerate(steps, start=1)
    ]
    links = (ManualLink(1, "slack", "shared-login", "1042"),)
    history = History(config, runs, Registers(links=links))
    real = reconcile_all(history, tmp_path)
    assert differences(real, judge(history)) == []
    (found,) = real.conclusions.findings
    assert found.kind == "late_deprovisioning"
    assert found.person is not None
    assert found.person.id == "1042"


def rerun(
    steps: list[list[Any]],
    **last: Any,  # noqa: ANN401 - states of Company
) -> History:
    """Audits two days apart over these records; ``last`` says what the newest did not read."""
    settings = {**SETTINGS, "entitlements": [MIRROR]}
    config = Config.model_validate(settings)
    return History(config, [
        Run(
            name=f"00000{number}-20261101T090000Z",
            at=AS_OF + timedelta(days=2 * number),
            audit=True,
            readings=Company(
                records, settings=SETTINGS, **(last if number == len(steps) else {})
            ).readings,
            records={name: records_of(name, records) for name in config.sources},
        )
        for number, records in enumerate(steps, start=1)
    ])  # fmt: skip


def test_the_end_of_an_earlier_spell_does_not_make_a_removal_late(tmp_path: Path) -> None:
    """Rehired after the departure the record dates: when the present spell ended is not known."""
    left = AS_OF - timedelta(days=100)
    her: dict[str, Any] = {
        "employee_number": "1042",
        "departed_at": left,
        "hired_at": left + timedelta(days=1),
    }
    on, off = (account("U1", employee_number="1042", active=active) for active in (True, False))
    gone = leaver("1042", **her)
    history = rerun([[person("1042", **her), on], [gone, off]])
    real = reconcile_all(history, tmp_path)
    assert differences(real, judge(history)) == []
    kinds = {one.kind: one.timeliness for one in real.conclusions.findings if one.account}
    assert set(kinds) == {"timeliness_indeterminate"}


def test_a_drift_is_not_resolved_by_a_model_that_was_not_read(tmp_path: Path) -> None:
    """The group is named by its name, the finding by the group's id: both are the same group."""
    ana = [person("1042", employee_number="1042"), account("U1", employee_number="1042")]
    records = [*ana, group("g7", "U1", name="eng"), group("o7", source="okta", name="eng")]
    history = rerun([records, records], users={"okta": State.INCOMPLETE})
    real = reconcile_all(history, tmp_path)
    assert differences(real, judge(history)) == []
    assert [one.kind for one in real.conclusions.movement.not_concluded] == ["group_drift"]


def test_an_undated_departure_is_bounded_by_the_record_that_governs(tmp_path: Path) -> None:
    """When another record of the person ended says nothing of it (seed 149)."""
    history = generate(149)
    assert not differences(reconcile_all(history, tmp_path), judge(history))
