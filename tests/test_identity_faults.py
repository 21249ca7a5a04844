"""Every fault of identity in identity_faults.toml, each with what must come of every account."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.model import Finding, PersonStatus
from scanner.reconcile.parquet import read_rows
from tests.fakes.company import LEFT, SETTINGS, Company, account, person

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
FAULTS = tomllib.loads((Path(__file__).parent / "identity_faults.toml").read_text())["fault"]
CATALOGUE = {f"M{number:02}" for number in range(1, 20)}
DEPARTED = ("ghost_active", "ghost_pending", "leaver_membership")
TWO_HRIS = {
    **SETTINGS["sources"],
    "contractors": {"role": "hris", "type": "scim", "url": "https://vendor.example.com"},
}


def name_of(fault: dict[str, Any]) -> str:
    """The fault's number, with the name of its variant."""
    return "-".join(filter(None, (fault["id"], fault.get("name"))))


def company_of(fault: dict[str, Any]) -> Company:
    """The company a fault describes."""
    people = []
    for row in fault["person"]:
        fields = {**row, "emails": tuple(row.get("emails", ()))}
        if fields.pop("left", False):
            fields |= {"status": PersonStatus.TERMINATED, "departed_at": LEFT}
        elif "status" in fields:
            fields["status"] = PersonStatus(fields["status"])
        people.append(person(fields.pop("person_id"), **fields))
    accounts = [
        account(row["account_id"], **{**_rest(row), "emails": tuple(row.get("emails", ()))})
        for row in fault["account"]
    ]
    correlation = {"domain_aliases": fault.get("aliases", {})}
    settings = {**SETTINGS, "sources": TWO_HRIS, "correlation": correlation}
    return Company([*people, *accounts], settings=settings)


def _rest(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "account_id"}


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_identity_fault(
    fault: dict[str, Any], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Nobody is merged, split or departed by it; what is doubtful is named."""
    record_property("identity", name_of(fault))
    conclusions = company_of(fault).conclude(tmp_path)
    rows = read_rows(tmp_path / "correlation" / "situations.parquet")
    found = {
        row["account_id"]: " ".join(filter(None, (row["situation"], row["person_id"])))
        for row in rows
    }
    assert found == fault["expect"]
    ghosts = [one for one in conclusions.findings if one.kind in DEPARTED]
    assert {one.account.id for one in ghosts if one.account} == set(fault.get("ghosts", ()))
    assert_told(fault, list(conclusions.findings))


def assert_told(fault: dict[str, Any], findings: list[Finding]) -> None:
    """Every account that is linked to nobody is a finding; expected words and hints are there."""
    told = {one.account.id: one for one in findings if one.account}
    loose = {one for one, outcome in fault["expect"].items() if not outcome.startswith("linked")}
    assert loose <= set(told)
    for one, whom in fault.get("suggested", {}).items():
        assert told[one].suggestions[0].person_id == whom
    words = " ".join([told[one].detail for one in loose])
    assert fault.get("says", "") in words


def test_the_table_has_every_fault_of_the_catalogue() -> None:
    """No number of the catalogue is left out, and none stands twice."""
    assert {fault["id"] for fault in FAULTS} == CATALOGUE
    assert len({name_of(fault) for fault in FAULTS}) == len(FAULTS)
