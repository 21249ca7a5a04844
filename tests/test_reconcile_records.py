"""Which record speaks for a person, what is odd about one, and at which instant that changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.config import baseline_bytes
from scanner.model import ApprovedGroup, PersonStatus, State
from scanner.reconcile.parquet import read_rows
from tests.fakes.company import AS_OF, LEFT, SETTINGS, Company, account, group, leaver, person
from tests.fakes.runs import Runs

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
DAY = timedelta(days=1)
GONE = PersonStatus.TERMINATED
TWO_HRIS: dict[str, Any] = {
    **SETTINGS,
    "sources": {**SETTINGS["sources"], "contractors": SETTINGS["sources"]["people"]},
}
STANDINGS: tuple[dict[str, Any], ...] = (
    {"status": PersonStatus.ACTIVE},
    {"status": PersonStatus.ON_LEAVE, "departed_at": AS_OF + 9 * DAY},
    {"status": GONE, "departed_at": AS_OF + 10 * DAY},
    {"status": PersonStatus.PENDING, "departed_at": AS_OF + 11 * DAY},
    {"status": PersonStatus.UNKNOWN, "departed_at": AS_OF + 12 * DAY},
    {"status": GONE},
    {"status": GONE, "departed_at": AS_OF - DAY},
    {"status": GONE, "departed_at": AS_OF - 2 * DAY, "hired_at": AS_OF - 9 * DAY},
    {"status": GONE, "departed_at": AS_OF - 2 * DAY, "hired_at": AS_OF - 10 * DAY},
)
"""Of two records that are next to each other the first one governs."""


@pytest.mark.parametrize("place", range(len(STANDINGS) - 1))
def test_the_record_that_speaks_for_more_employment_governs(tmp_path: Path, place: int) -> None:
    """Whatever dates the other one has; then the later departure, then the later hiring."""
    first, other = STANDINGS[place : place + 2]
    her = {"employee_number": "7", "display_name": "Ana Ruiz"}
    company = Company(
        [
            person("1", **her, **first),
            person("1", "contractors", **her, **other),
            account("U1", employee_number="7", display_name="Ana Ruiz"),
        ],
        TWO_HRIS,
    )
    company.conclude(tmp_path)
    (row,) = read_rows(tmp_path / "correlation/situations.parquet")
    assert (row["situation"], row["person_source"]) == ("linked", "people")


def test_of_equal_records_the_first_source_governs(tmp_path: Path) -> None:
    """So that the answer is the same in every run."""
    her = {"employee_number": "7", "display_name": "Ana Ruiz"}
    records: list[Any] = [person("1", **her), person("1", "contractors", **her)]
    Company([*records, account("U1", employee_number="7")], TWO_HRIS).conclude(tmp_path)
    (row,) = read_rows(tmp_path / "correlation/situations.parquet")
    assert row["person_source"] == "contractors"


@pytest.mark.parametrize(
    ("hired_at", "days"),
    [(AS_OF, None), (AS_OF + DAY, 29), (LEFT, 29), (LEFT + DAY, None)],
)
def test_a_hiring_ends_what_was_known_of_a_departure_once_it_was(
    tmp_path: Path, hired_at: datetime, days: int | None
) -> None:
    """At the very instant of the run it was; at that of the departure it ended no spell."""
    records: list[Any] = [
        leaver("1", LEFT, hired_at=hired_at, employee_number="1"),
        account("U1", employee_number="1"),
    ]
    found = {one.kind: one for one in Company(records).conclude(tmp_path).findings}
    assert found["ghost_active"].days_since_departure == days
    assert ("hr_data_quality" in found) == (days is None)


FLAWED: list[tuple[dict[str, Any], str]] = [
    ({"status": GONE, "departed_at": LEFT, "recorded_at": LEFT, "hired_at": LEFT}, ""),
    ({"status": GONE, "departed_at": LEFT, "recorded_at": LEFT + DAY, "hired_at": LEFT + DAY},
     "backdated_departure,departed_before_hired"),
    ({"status": PersonStatus.ACTIVE, "departed_at": AS_OF}, "departed_but_employed"),
    ({"status": PersonStatus.ACTIVE, "departed_at": LEFT, "hired_at": LEFT},
     "departed_but_employed"),
    ({"status": PersonStatus.ACTIVE, "departed_at": LEFT, "hired_at": LEFT + DAY}, ""),
    ({"status": PersonStatus.ON_LEAVE, "worker_type": "Contractor"}, "contractor_open_ended"),
    ({"status": PersonStatus.PENDING, "worker_type": "Contractor"}, "contractor_open_ended"),
    ({"status": PersonStatus.UNKNOWN, "worker_type": "Contractor"}, "status_unknown"),
]  # fmt: skip


def test_every_flaw_of_a_record_is_told_and_no_other(tmp_path: Path) -> None:
    """All in one finding per person, at the very instants, where the HRIS has dates at all."""
    company = Company(
        [
            *(person(f"{place}", **fields) for place, (fields, _) in enumerate(FLAWED)),
            person("undated", "contractors", worker_type="Contractor"),
        ],
        TWO_HRIS,
    )
    told = {
        one.person.id: one.problem
        for one in company.findings(tmp_path, "hr_data_quality")
        if one.person
    }
    assert told == {f"{place}": flaw for place, (_, flaw) in enumerate(FLAWED) if flaw}


def test_who_is_missing_now_was_not_known_to_have_left(tmp_path: Path) -> None:
    """A leaver whom the HRIS deletes is no flaw; one who is there without a date is."""
    runs = Runs(tmp_path)
    runs.audit(AS_OF, [person("1"), leaver("2"), leaver("3", None)])
    _, concluded = runs.audit(AS_OF + DAY, [leaver("4", None), leaver("5")])
    told = {one.person.id: one.problem for one in concluded.findings if one.person}
    assert told == {"1": "missing_now", "4": "departure_missing"}


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"status": PersonStatus.ACTIVE}, "engagement_expired"),
        ({"status": PersonStatus.ON_LEAVE}, "engagement_expired"),
        ({"status": PersonStatus.PENDING}, None),
        ({"status": GONE}, "ghost_active"),
        ({"status": PersonStatus.ACTIVE, "worker_type": "staff"}, None),
    ],
)
def test_an_engagement_is_over_on_the_day_it_ends(
    tmp_path: Path, fields: dict[str, Any], found: str | None
) -> None:
    """Where removal is due at once, for those whom the HRIS calls current."""
    ended = {"worker_type": "Contractor", "departed_at": AS_OF, **fields}
    records: list[Any] = [
        person("1", employee_number="1", **ended),
        account("U1", employee_number="1"),
    ]
    company = Company(records, {**SETTINGS, "policy": {"deprovision_within": "immediate"}})
    kinds = [one.kind for one in company.conclude(tmp_path).findings if one.account]
    assert kinds == ([found] if found else [])


def test_an_owner_is_named_by_id_or_address_and_not_by_user_name(tmp_path: Path) -> None:
    """A user name may be given to another person."""
    registered = '[[accounts]]\napp = "slack"\naccount = "U1"\ntype = "bot"\nowner = "ana"\n'
    records: list[Any] = [person("1", user_name="ana"), account("U1")]
    company = Company(records, registers={"accounts": registered + 'purpose = "works"\n'})
    (found,) = company.findings(tmp_path, "unowned_nonhuman")
    assert found.problem == "owner_unknown"


@pytest.mark.parametrize(("other", "name"), [("G1", None), ("x", "g1")])
def test_a_baseline_is_of_the_group_of_exactly_its_id(
    tmp_path: Path, other: str, name: str | None
) -> None:
    """Not of one that is written alike, nor of one that is called so."""
    baseline = ApprovedGroup("slack", "g1", None, (), "000001-run", "Bo Lind", AS_OF)
    company = Company(
        [person("1", employee_number="1"), account("U1", employee_number="1"),
         group(other, "U1", name=name)],
        registers={"baseline": baseline_bytes([baseline]).decode()},
    )  # fmt: skip
    kinds = [one.kind for one in company.conclude(tmp_path).findings]
    assert kinds == ["collection_incomplete"]


def test_a_mirror_whose_model_was_not_read_is_not_concluded(tmp_path: Path) -> None:
    """Although the part that was read has the group, and members in it."""
    records: list[Any] = [
        person("1", employee_number="1"),
        account("U1", employee_number="1"),
        account("O1", "okta", employee_number="1"),
        group("g1"),
        group("model", "O1", source="okta"),
    ]
    mirror = {"app": "slack", "group": "g1", "mirrors": "okta:model"}
    cut = {"okta": State.INCOMPLETE}
    for users, groups in (({}, cut), (cut, {})):
        company = Company(records, entitlements=[mirror], users=users, groups=groups)
        kinds = {one.kind for one in company.conclude(tmp_path).findings}
        assert kinds == {"collection_incomplete"}
    kinds = {
        one.kind for one in Company(records, entitlements=[mirror]).conclude(tmp_path).findings
    }
    assert kinds == {"group_drift"}


def test_an_account_that_two_people_are_named_by_makes_nobody_a_member_of_a_model(
    tmp_path: Path,
) -> None:
    """The model's members are people; whose a disputed account is, nobody knows."""
    company = Company(
        [
            person("1", employee_number="1"),
            person("2", external_id="x"),
            account("U1", employee_number="1"),
            account("O1", "okta", employee_number="1", external_id="x"),
            group("g1"),
            group("model", "O1", source="okta"),
        ],
        entitlements=[{"app": "slack", "group": "g1", "mirrors": "okta:model"}],
    )
    (found,) = company.conclude(tmp_path).findings
    assert (found.kind, found.app) == ("ambiguous_identity", "okta")


def test_a_number_that_two_have_is_no_flaw_of_whom_it_is_the_id(tmp_path: Path) -> None:
    """Equal values under different keys are two things."""
    company = Company([
        person("1", employee_number="7", display_name="Ana Ruiz"),
        person("2", employee_number="7", display_name="Bo Lind"),
        person("7", display_name="Cy Day"),
    ])  # fmt: skip
    flawed = [one.person and one.person.id for one in company.conclude(tmp_path).findings]
    assert flawed == ["1", "2"]


@pytest.mark.parametrize("also", [{}, {"emails": ("ana@x.org",)}])
def test_a_colleagues_name_contradicts_a_number_and_no_address(
    tmp_path: Path, also: dict[str, Any]
) -> None:
    """That the HRIS has somebody of the account's name says nothing for the leaver."""
    company = Company([
        leaver("1", employee_number="7", emails=("ana@x.org",), display_name="Ana Ruiz"),
        person("2", display_name="Bo Lind"),
        account("U1", employee_number="7", display_name="Bo Lind", **also),
    ])  # fmt: skip
    (found,) = company.conclude(tmp_path).findings
    assert found.kind == ("ghost_active" if also else "ambiguous_identity")


def test_a_user_name_that_is_an_address_is_one_to_link_by(tmp_path: Path) -> None:
    """The register may name a person by it."""
    link = '[[accounts]]\napp = "slack"\naccount = "U1"\nperson = "ana@x.org"\n'
    records: list[Any] = [leaver("1", user_name="ana@x.org"), account("U1")]
    (found,) = Company(records, registers={"accounts": link}).conclude(tmp_path).findings
    assert (found.kind, found.matched_by) == ("ghost_active", "link")


def test_what_an_app_showed_stays_known_when_it_is_audited_no_more(tmp_path: Path) -> None:
    """A source that is taken out of the configuration may come back."""
    runs = Runs(tmp_path)
    runs.audit(AS_OF, [person("1"), account("O1", "okta")])
    sources = {name: one for name, one in SETTINGS["sources"].items() if name != "okta"}
    runs.settings = {**SETTINGS, "sources": sources}
    folder, _ = runs.audit(AS_OF + DAY, [person("1")])
    (row,) = read_rows(folder / "tables/observed/accounts.parquet")
    assert (row["source"], row["sighting"], row["last_active_at"]) == ("okta", "active", AS_OF)


def test_a_source_that_became_an_hris_is_an_app_no_more(tmp_path: Path) -> None:
    """Its former accounts were not removed; nothing is concluded of them."""
    runs = Runs(tmp_path)
    runs.audit(
        AS_OF, [person("1", employee_number="1"), account("O1", "okta", employee_number="1")]
    )
    okta = {**SETTINGS["sources"]["okta"], "role": "hris"}
    runs.settings = {**SETTINGS, "sources": {**SETTINGS["sources"], "okta": okta}}
    _, concluded = runs.audit(AS_OF + 9 * DAY, [leaver("1", AS_OF, employee_number="1")])
    assert [one.kind for one in concluded.findings] == []


def test_of_an_hris_that_was_not_read_no_record_is_flawed(tmp_path: Path) -> None:
    """Although another one was: what is missing may stand in what was not read."""
    odd = PersonStatus.UNKNOWN
    records = [person("1", status=odd), person("2", "contractors", status=odd)]
    company = Company(records, TWO_HRIS, users={"contractors": State.INCOMPLETE})
    told = company.findings(tmp_path, "hr_data_quality")
    assert [one.app for one in told] == ["people"]


def test_a_source_that_became_an_app_has_no_people_to_miss(tmp_path: Path) -> None:
    """Its former records are nobody's flaw."""
    runs = Runs(tmp_path, TWO_HRIS)
    runs.audit(AS_OF, [person("1"), person("2", "contractors")])
    app = {**TWO_HRIS["sources"]["contractors"], "role": "app"}
    runs.settings = {**TWO_HRIS, "sources": {**TWO_HRIS["sources"], "contractors": app}}
    _, concluded = runs.audit(AS_OF + DAY, [person("1")])
    assert concluded.findings == ()
