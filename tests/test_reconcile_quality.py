"""What is wrong with the HRIS's own records: one finding per person, every flaw in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from scanner.model import Person, PersonStatus, Pointer, State
from tests.fakes.company import AS_OF, LEFT, SETTINGS, Company, leaver, person

DAY = timedelta(days=1)


FLAWED = [
    (leaver("P", LEFT, recorded_at=LEFT + DAY), "backdated_departure", "recorded only at"),
    (leaver("P", None), "departure_missing", "no departure date"),
    (leaver("P", LEFT, hired_at=LEFT + DAY), "departed_before_hired", "hired after that"),
    (person("P", departed_at=LEFT), "departed_but_employed", "the status counts"),
    (person("P", status=PersonStatus.UNKNOWN), "status_unknown", "counts as not departed"),
    (person("P", worker_type="CONTRACTOR"), "contractor_open_ended", "has no end date"),
    (
        leaver("P", None, recorded_at=LEFT, worker_type="contractor"),
        "departure_missing",
        "no departure date",
    ),
]
IN_ORDER = [
    person("P"),
    person("P", departed_at=AS_OF + DAY),  # has given notice
    person("P", departed_at=LEFT, hired_at=LEFT + DAY),  # came back
    person("P", worker_type="contractor", departed_at=AS_OF + DAY),
    person("P", worker_type="contractor", departed_at=LEFT),  # engagement_expired's to find
    leaver("P", LEFT, recorded_at=LEFT),
    leaver("P", LEFT, hired_at=AS_OF + DAY),  # left, and comes back
    person("P", status=PersonStatus.PENDING, hired_at=AS_OF + DAY),
    person("P", status=PersonStatus.ON_LEAVE),
]


def numbered(records: Iterable[Person]) -> list[Person]:
    """Make the records those of different people, P0 and on."""
    return [replace(one, person_id=f"P{number}") for number, one in enumerate(records)]


def test_a_flawed_record_is_found(tmp_path: Path) -> None:
    """Each flaw has its code and a sentence, and points to the record in the evidence."""
    people = numbered(record for record, _, _ in FLAWED)
    findings = Company([*people, leaver("D", LEFT)]).findings(tmp_path, "hr_data_quality")
    found = {one.person.id: one for one in findings if one.person is not None}
    assert len(findings) == len(found) == len(FLAWED)
    for number, (_, codes, words) in enumerate(FLAWED):
        one = found[f"P{number}"]
        assert (one.app, one.problem) == ("people", codes)
        assert words in one.detail
        assert one.evidence == Pointer("responses/people/users-1.json", 1)


def test_a_record_that_says_what_it_has_to_is_none(tmp_path: Path) -> None:
    """Notice given, leave, pending starts, rehires and dated engagements are in order."""
    assert Company(numbered(IN_ORDER)).findings(tmp_path, "hr_data_quality") == []


def test_an_hris_that_dates_nobody_has_no_flawed_records(tmp_path: Path) -> None:
    """Where no departure is dated at all, that is how the source is read, not a record's flaw."""
    people = [leaver("P1", None), leaver("P2", None), person("P3", worker_type="contractor")]
    assert Company(people).findings(tmp_path, "hr_data_quality") == []


def test_every_flaw_of_a_person_is_one_finding(tmp_path: Path) -> None:
    """Several flaws are sorted codes of one finding, and each has its sentence."""
    shared: dict[str, Any] = {"employee_number": "7"}
    people = [
        leaver("P1", None, **shared),
        person("P2", status=PersonStatus.UNKNOWN, **shared),
        leaver("P3", LEFT),
    ]
    first, second = Company(people).findings(tmp_path, "hr_data_quality")
    assert first.problem == "departure_missing,shared_key"
    assert second.problem == "shared_key,status_unknown"
    assert first.detail == (
        "Person P1: The record is terminated and has no departure date. "
        "Somebody else has the same employee number or e-mail address."
    )


def test_two_records_of_one_person_may_share_their_keys(tmp_path: Path) -> None:
    """A rehire with a new record is nobody else."""
    same: dict[str, Any] = {"employee_number": "7", "display_name": "Ana Ruiz"}
    people = [leaver("P1", **same), person("P2", **same)]
    assert Company(people).findings(tmp_path, "hr_data_quality") == []


def test_records_that_hang_together_too_loosely_conclude_nothing(tmp_path: Path) -> None:
    """Over a long chain of shared keys nobody is departed, and the records are named."""
    chain = [
        leaver(f"P{place:02}", LEFT, employee_number=str(place // 2),
               emails=(f"a{(place + 1) // 2}@x.org",), display_name="Ana Ruiz")
        for place in range(16)
    ]  # fmt: skip
    conclusions = Company(chain).conclude(tmp_path)
    flawed = [one.problem for one in conclusions.findings]
    assert conclusions.departed == 0
    assert all("records_entangled" in (problem or "") for problem in flawed)
    assert len(flawed) == len(chain)


def test_an_hris_that_is_not_complete_is_not_judged(tmp_path: Path) -> None:
    """What was not read whole says nothing about its records."""
    company = Company([leaver("P", None)], users={"people": State.INCOMPLETE})
    assert company.findings(tmp_path, "hr_data_quality") == []


def test_somebody_missing_is_named_and_not_departed(tmp_path: Path) -> None:
    """A person of an earlier complete run who is gone is a finding, and no leaver."""
    before = Company([person("P1", display_name="Ana Ruiz"), person("P2")])
    before.conclude(tmp_path / "1")
    after = Company([person("P2")])
    (tmp_path / "2").mkdir()
    earlier = tmp_path / "2" / "tables" / "earlier"
    earlier.mkdir(parents=True)
    for name in ("accounts", "people"):
        observed = tmp_path / "1" / "tables" / "observed" / f"{name}.parquet"
        (earlier / f"{name}.parquet").write_bytes(observed.read_bytes())
    conclusions = after.conclude(tmp_path / "2")
    (found,) = [one for one in conclusions.findings if one.kind == "hr_data_quality"]
    assert found.problem == "missing_now"
    assert found.detail.startswith("Ana Ruiz: The person was active when last seen")
    assert (found.evidence, conclusions.departed) == (None, 0)


def test_settings_say_who_is_external(tmp_path: Path) -> None:
    """The words of the HRIS for contractors come from the policy."""
    policy = {**SETTINGS["policy"], "external_worker_types": ["Leasing"]}
    company = Company(
        [
            person("P1", worker_type="leasing"),
            person("P2", worker_type="contractor"),
            leaver("P3", LEFT),
        ],
        settings={**SETTINGS, "policy": policy},
    )
    (found,) = company.findings(tmp_path, "hr_data_quality")
    assert found.person is not None
    assert found.person.id == "P1"
