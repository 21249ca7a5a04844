"""Small traps: one id in two apps, one instant twice, one row twice, no name at all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.config import baseline_bytes
from scanner.model import ApprovedGroup, Severity
from tests.fakes.company import AS_OF, SETTINGS, Company, account, group, leaver, person

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
GHOST: dict[str, Any] = {"employee_number": "1042"}
"""What leads an account to its leaver: a number, which may be issued to another person later."""


def test_a_person_without_a_name_is_contradicted_by_nobodys(tmp_path: Path) -> None:
    """Only names of the same person are compared; those of colleagues say nothing."""
    records: list[Any] = [
        leaver("7", **GHOST),
        person("8", display_name="Bo Lind"),
        account("U1", display_name="Ana Ruiz", **GHOST),
    ]
    (found,) = Company(records).conclude(tmp_path).findings
    assert (found.kind, found.matched_by) == ("ghost_active", "employee_number")


def test_an_account_without_a_name_has_not_the_one_of_its_id_elsewhere(tmp_path: Path) -> None:
    """The account with the same id in another app belongs to somebody else."""
    records: list[Any] = [
        leaver("7", display_name="Ana Ruiz", **GHOST),
        person("8", emails=("bo@x.org",), display_name="Bo Lind"),
        account("U1", **GHOST),
        account("U1", source="okta", emails=("bo@x.org",), display_name="Bo Lind"),
    ]
    (found,) = Company(records).conclude(tmp_path).findings
    assert (found.kind, found.app, found.matched_by) == ("ghost_active", "slack", "employee_number")


def test_who_was_hired_and_left_at_one_instant_has_until_the_limit(tmp_path: Path) -> None:
    """Only a hiring after the departure begins another spell."""
    left = AS_OF - timedelta(hours=1)
    records: list[Any] = [leaver("7", left, hired_at=left, **GHOST), account("U1", **GHOST)]
    (found,) = Company(records).conclude(tmp_path).findings
    assert (found.kind, found.days_since_departure) == ("ghost_pending", 0)


@pytest.mark.parametrize("privileged_in", ["slack", "okta"])
def test_a_group_is_privileged_in_its_own_app_only(tmp_path: Path, privileged_in: str) -> None:
    """A group of the same id elsewhere is another group."""
    source = {**SETTINGS["sources"][privileged_in], "privileged_groups": ["g1"]}
    records: list[Any] = [
        leaver("7", **GHOST),
        account("U1", active=False, **GHOST),
        group("g1", "U1"),
        group("g1", source="okta"),
    ]
    settings = {**SETTINGS, "sources": {**SETTINGS["sources"], privileged_in: source}}
    (found,) = Company(records, settings).findings(tmp_path, "leaver_membership")
    raised = Severity.HIGH if privileged_in == "slack" else Severity.MEDIUM
    assert found.severity is raised


def test_a_member_that_is_listed_twice_is_one_finding(tmp_path: Path) -> None:
    """Some servers repeat a member; the membership of a leaver or of a disabled account is one."""
    settings = {**SETTINGS, "policy": {**SETTINGS["policy"], "inactive_memberships": True}}
    records: list[Any] = [
        leaver("7", **GHOST),
        account("U1", active=False, **GHOST),
        person("8", employee_number="8"),
        account("U2", active=False, employee_number="8"),
        group("g1", "U1", "U2", "U1", "U2"),
    ]
    found = Company(records, settings).conclude(tmp_path).findings
    assert [(one.kind, one.account.id) for one in found if one.account] == [
        ("group_drift", "U2"),
        ("leaver_membership", "U1"),
    ]


@pytest.mark.parametrize("named", ["U1", "root-*"])
def test_an_account_is_privileged_by_its_id_or_by_its_name(tmp_path: Path, named: str) -> None:
    """Either is enough."""
    source = {**SETTINGS["sources"]["slack"], "privileged_accounts": [named]}
    records: list[Any] = [leaver("7", **GHOST), account("U1", user_name="root-7", **GHOST)]
    settings = {**SETTINGS, "sources": {**SETTINGS["sources"], "slack": source}}
    (found,) = Company(records, settings).findings(tmp_path, "ghost_active")
    assert found.severity is Severity.CRITICAL


ENGINEERS = {"people": {"department": ["Eng"]}}
SALES = {"people": {"department": ["Sales"]}}


def drifts(company: Company, folder: Path) -> list[tuple[str, str, str]]:
    """App, group and direction of what drifted."""
    found = company.findings(folder, "group_drift")
    return [(one.app, one.group.id, one.group.direction or "") for one in found if one.group]


@pytest.mark.parametrize(("app", "other"), [("okta", "g1"), ("slack", "g2")])
def test_missing_from_one_group_and_unexpected_in_another_are_two_findings(
    tmp_path: Path, app: str, other: str
) -> None:
    """Neither a group of the same id elsewhere nor another one of the app makes up for it."""
    records: list[Any] = [
        person("8", employee_number="8", department="Eng"),
        account("U1", employee_number="8"),
        account("U1", source="okta", employee_number="8"),
        group("g1"),
        group(other, "U1", source=app),
    ]
    entitlements = [
        {"app": "slack", "group": "g1", **ENGINEERS},
        {"app": app, "group": other, **SALES},
    ]
    company = Company(records, entitlements=entitlements)
    assert sorted(drifts(company, tmp_path)) == sorted(
        [("slack", "g1", "missing"), (app, other, "unexpected")]
    )


@pytest.mark.parametrize(("app", "approved"), [("slack", "g1"), ("okta", "g1"), ("slack", "g2")])
def test_a_baseline_approves_a_member_of_its_own_group_only(
    tmp_path: Path, app: str, approved: str
) -> None:
    """A member whom a rule does not expect is approved by the baseline of this very group."""
    records: list[Any] = [
        person("8", employee_number="8"),
        account("U1", employee_number="8"),
        account("U1", source="okta", employee_number="9"),
        group("g1", "U1"),
        group("g2", "U1"),
        group("g1", "U1", source="okta"),
    ]
    baseline = ApprovedGroup(app, approved, None, ("U1",), "000001-run", "Bo Lind", AS_OF)
    company = Company(
        records,
        entitlements=[{"app": "slack", "group": "g1", **SALES}],
        registers={"baseline": baseline_bytes([baseline]).decode()},
    )
    missing = [] if (app, approved) == ("slack", "g1") else [("slack", "g1", "unexpected")]
    assert drifts(company, tmp_path) == missing


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"employee_number": "77"}, {"employee_number": "88"}),
        ({"employee_number": "ruiz@x.org"}, {"emails": ("ruiz@x.org",)}),
    ],
)
def test_two_people_of_one_name_with_two_records_each_stay_two(
    tmp_path: Path, one: dict[str, Any], other: dict[str, Any]
) -> None:
    """Two records are one person by a number and a name together, however long the way to them.

    A number that is written like an address is a number.
    """
    records: list[Any] = [
        leaver("1", display_name="Ana Ruiz", **one),
        leaver("2", display_name="Ana Ruiz", **one),
        person("3", display_name="Ana Ruiz", **other),
        person("4", display_name="Ana Ruiz", **other),
        account("U1", **one),
        account("U2", **other),
    ]
    (found,) = Company(records).conclude(tmp_path).findings
    assert (found.kind, found.account and found.account.id) == ("ghost_active", "U1")
