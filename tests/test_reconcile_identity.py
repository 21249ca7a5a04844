"""Which records of the HRIS are of one person: by two kinds of evidence, wherever they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.model import Person
from scanner.reconcile.parquet import read_rows
from tests.fakes.company import SETTINGS, Company, person

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
TWO_HRIS: dict[str, Any] = {
    **SETTINGS,
    "sources": {**SETTINGS["sources"], "contractors": SETTINGS["sources"]["people"]},
}
NUMBER: dict[str, Any] = {"employee_number": "7"}
ADDRESS: dict[str, Any] = {"emails": ("ana@x.org",)}
NAME: dict[str, Any] = {"display_name": "Ana Ruiz"}
"""What two records may have in common; anything else about them differs."""
TOGETHER = [{**NUMBER, **NAME}, {**ADDRESS, **NAME}, {**NUMBER, **ADDRESS}]
ALONE = [NUMBER, ADDRESS, NAME]
PLACES = [(("1", "people"), ("2", "people")), (("1", "people"), ("1", "contractors"))]
"""Two records of one HRIS, and one in each of two, which number their records alike."""


def _people(folder: Path, *records: Person) -> list[set[tuple[str, str]]]:
    """Return the records of each person, those of one record left out."""
    Company(list(records), TWO_HRIS).conclude(folder)
    found: dict[str, set[tuple[str, str]]] = {}
    for row in read_rows(folder / "correlation/identities.parquet"):
        found.setdefault(row["identity"], set()).add((row["person_id"], row["source"]))
    return [records for records in found.values() if len(records) > 1]


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("alike", TOGETHER)
def test_two_kinds_of_evidence_make_two_records_one_person(
    tmp_path: Path, alike: dict[str, Any], places: tuple[tuple[str, str], ...]
) -> None:
    """Also where the company has nothing else in common in any two records."""
    assert _people(tmp_path, *(person(*place, **alike) for place in places)) == [set(places)]


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("alike", ALONE)
def test_one_kind_of_evidence_does_not(
    tmp_path: Path, alike: dict[str, Any], places: tuple[tuple[str, str], ...]
) -> None:
    """A number is given again, an address is handed on, two people have one name."""
    others: list[dict[str, Any]] = [
        {"employee_number": str(n), "emails": (f"{n}@x.org",), "display_name": f"P {n}", **alike}
        for n in (8, 9)
    ]
    records = [person(*place, **own) for place, own in zip(places, others, strict=True)]
    assert _people(tmp_path, *records) == []


def test_an_address_that_one_record_has_twice_is_no_evidence(tmp_path: Path) -> None:
    """As its e-mail and as its user name, beside somebody of the same name."""
    twice = person("1", **NAME, **ADDRESS, user_name="ana@x.org")
    assert _people(tmp_path, twice, person("2", **NAME)) == []


@pytest.mark.parametrize("lent", [{"display_name": "Bo Lind"}, {"employee_number": "9"}])
def test_a_record_of_another_hris_with_the_same_id_lends_nothing(
    tmp_path: Path, lent: dict[str, Any]
) -> None:
    """Two numberings: what one says of its number 1 is not said of the other's."""
    first = person("1", **ADDRESS, display_name="Ana Ruiz", employee_number="7")
    second = person("2", **{**ADDRESS, "display_name": "Cy Day", "employee_number": "8", **lent})
    other = person("1", "contractors", **{**lent, "emails": ("bo@x.org",)})
    assert _people(tmp_path, first, second, other) == []
