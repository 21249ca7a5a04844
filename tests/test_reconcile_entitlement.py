"""Which groups are judged, what is expected in them, and which are withheld, by all their names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanner.config import baseline_bytes, parse_registers
from scanner.model import ApprovedGroup
from scanner.reconcile.catalogue import load_rules
from scanner.reconcile.entitlement import read_expected, read_withheld, withheld_places
from scanner.reconcile.facts import read_hits
from scanner.reconcile.grounds import grounds_of
from tests.fakes.company import Company, group, person

APPROVED_AT = datetime(2026, 10, 1, 8, tzinfo=UTC)
ENGINEERS = {"people": {"department": ["Engineering"]}}
REGISTERS = {
    "baseline": baseline_bytes(
        [
            ApprovedGroup("slack", name, "team", ("U1",), "000001-run", "Bo Lind", APPROVED_AT)
            for name in ("G3", "G9")
        ]
    ).decode()
}
COMPANY = Company(
    [
        person("1"),
        group("G1", name="Eng"),
        group("G2", name="ENG"),
        group("G3"),
        group("G4"),
        group("staff", source="okta"),
    ],
    entitlements=[
        {"app": "slack", "group": "Eng", **ENGINEERS},
        {"app": "slack", "group": "G3", "mirrors": "okta:staff"},
        {"app": "slack", "group": "G4", "mirrors": "okta:nobody"},
        {"app": "slack", "group": "gone", "mirrors": "okta:staff"},
    ],
    registers=REGISTERS,
)
"""An ambiguous name, a clear mirror, one without model, one without group, and two baselines."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("judged")
    COMPANY.conclude(place)
    return place


def test_a_withheld_group_is_withheld_by_every_name_and_id_it_may_have(folder: Path) -> None:
    """Those that are judged are not among them, nor the groups that are only mirrored."""
    assert withheld_places(folder) == {
        ("slack", name) for name in ("Eng", "G1", "G2", "G4", "gone", "G9")
    }


def test_what_is_expected_is_said_of_the_groups_that_are_judged_alone(folder: Path) -> None:
    """A mirror and a baseline of one group add up; nobody says who belongs in a model."""
    texts = {name: text.encode() for name, text in REGISTERS.items()}
    registers = parse_registers(texts, COMPANY.config)
    assert read_expected(folder, COMPANY.config, registers) == {
        ("slack", "G3"): "in okta:staff, or that Bo Lind approved on 2026-10-01 (run 000001-run)"
    }


def test_what_to_do_depends_on_what_names_the_group(folder: Path) -> None:
    """A name in an entitlement is corrected; a baseline is approved again."""
    told = read_withheld(folder)
    assert set(told) == {("slack", name) for name in ("Eng", "G4", "gone", "G9")}
    hints = {name: [one.hint for one in reasons] for (_, name), reasons in told.items()}
    assert hints["G9"] == ["approve again: ghostscan baseline approve"]
    assert hints["Eng"] == ["name the group by its id in [[entitlements]]"]
    assert hints["gone"] == hints["G4"]


def test_what_two_entitlements_of_a_group_lack_alike_is_told_once(tmp_path: Path) -> None:
    """Each cause by itself, however many entitlements it holds up."""
    rule = {"app": "slack", "group": "G1", **ENGINEERS}
    mirrors = [{"app": "slack", "group": "G1", "mirrors": f"okta:{one}"} for one in ("x", "y")]
    replace(COMPANY, entitlements=[rule, *mirrors], registers={}).conclude(tmp_path)
    (hit,) = [one for one in read_hits(tmp_path, load_rules()) if one.group_id == "G1"]
    facts = [fact for ground in grounds_of(tmp_path, hit).grounds for fact in ground.facts]
    assert [what for name, what in facts if name == "problem"] == [
        "group absent: x of okta",
        "group absent: y of okta",
    ]
