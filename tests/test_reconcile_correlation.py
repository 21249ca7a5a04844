"""Which person an account belongs to: keys, priorities, disputes, and what never matches."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.model import Account, Person, PersonStatus, Records, State
from scanner.reconcile.parquet import Row, read_rows
from tests.fakes.company import AS_OF, SETTINGS, Company, account, leaver, person

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
TWO_HRIS = {
    **SETTINGS,
    "sources": {
        **SETTINGS["sources"],
        "contractors": {"role": "hris", "type": "scim", "url": "https://vendor.example.com"},
    },
}


def situation(folder: Path, *records: Person | Account | Records, **company: Any) -> Row:  # noqa: ANN401 - any field of Company
    """Correlate and return the one situation there is."""
    Company(records, **company).conclude(folder)
    (row,) = read_rows(folder / "correlation" / "situations.parquet")
    return row


def candidates(folder: Path) -> list[tuple[str, str, str, bool]]:
    """The candidates that were kept: key, value, person, taken."""
    rows = read_rows(folder / "correlation" / "candidates.parquet")
    return [(row["key"], row["key_value"], row["person_id"], row["taken"]) for row in rows]


@pytest.mark.parametrize(
    ("of_account", "of_person", "key"),
    [
        ({"employee_number": "7"}, {"employee_number": " 7 "}, "employee_number"),
        ({"external_id": "p1"}, {}, "external_id"),
        ({"external_id": "x9"}, {"external_id": "X9"}, "external_id"),
        ({"external_id": "7"}, {"employee_number": "7"}, "external_id"),
        ({"emails": ("b@x.org", "a@x.org")}, {"emails": ("c@x.org", "A@X.ORG")}, "email"),
        ({"emails": ("a@x.org",)}, {"user_name": "A@x.org"}, "email"),
        ({"user_name": "ana"}, {"user_name": "Ana"}, "user_name"),
        ({"user_name": "a@x.org"}, {"emails": ("a@x.org",)}, "user_name"),
    ],
)
def test_each_key_compares_the_values_it_names(
    tmp_path: Path, of_account: dict[str, Any], of_person: dict[str, Any], key: str
) -> None:
    """An account is linked by exactly the key whose values are equal, and that key is kept."""
    row = situation(tmp_path, person("P1", **of_person), account("U1", **of_account))
    assert (row["situation"], row["person_source"], row["person_id"]) == ("linked", "people", "P1")
    assert row["matched_by"] == key
    assert [(name, who, taken) for name, _, who, taken in candidates(tmp_path)] == [
        (key, "P1", True)
    ]


@pytest.mark.parametrize(
    ("of_account", "of_person"),
    [
        ({"employee_number": "p1"}, {}),  # a number is not compared with an id
        ({"employee_number": "7"}, {"external_id": "7"}),
        ({"external_id": "ana"}, {"user_name": "ana"}),
        ({"emails": ("ana",)}, {"user_name": "ana"}),  # a user name without @ is no address
        ({"user_name": "7"}, {"employee_number": "7"}),
        ({"user_name": "p1"}, {}),
        ({"display_name": "Ana Ruiz"}, {"display_name": "Ana Ruiz"}),
    ],
)
def test_values_of_different_meaning_are_not_compared(
    tmp_path: Path, of_account: dict[str, Any], of_person: dict[str, Any]
) -> None:
    """Equal text under keys that are not compared with each other links nobody."""
    row = situation(tmp_path, person("P1", **of_person), account("U1", **of_account))
    assert (row["situation"], row["person_id"], row["matched_by"]) == ("unmatched", None, None)
    assert candidates(tmp_path) == []


def test_nothing_never_equals_nothing(tmp_path: Path) -> None:
    """A null, empty or blank key of an account matches no null, empty or blank key of a person."""
    blank: dict[str, Any] = {
        "employee_number": " ",
        "external_id": "",
        "user_name": "\t",
        "emails": ("", " "),
    }
    people = [person("P1"), leaver("P2", **blank)]
    Company([*people, account("U1"), account("U2", **blank)]).conclude(tmp_path)
    rows = read_rows(tmp_path / "correlation" / "situations.parquet")
    assert [row["situation"] for row in rows] == ["unmatched", "unmatched"]


@pytest.mark.parametrize(
    ("one", "other"), [("\u0130@x", "i@x"), ("ß@x", "ss@x"), ("\u212a@x", "k@x")]
)
def test_only_ascii_letters_fold(tmp_path: Path, one: str, other: str) -> None:
    """An address that is equal only after Unicode folding belongs to somebody else."""
    row = situation(tmp_path, leaver("P1", emails=(one,)), account("U1", emails=(other,)))
    assert row["situation"] == "unmatched"


def test_the_strongest_key_is_named(tmp_path: Path) -> None:
    """When several keys name the same person, the one of highest priority is reported."""
    same: dict[str, Any] = {"employee_number": "7", "emails": ("a@x.org",), "user_name": "ana"}
    row = situation(tmp_path, person("P1", **same), account("U1", **same))
    assert (row["situation"], row["matched_by"]) == ("linked", "employee_number")
    assert [key for key, *_ in candidates(tmp_path)] == ["email", "employee_number", "user_name"]


def test_one_key_that_names_two_people_is_disputed(tmp_path: Path) -> None:
    """An address of a leaver given to a newcomer links the account to neither."""
    shared = ("ana@x.org",)
    row = situation(
        tmp_path,
        leaver("P1", emails=shared),
        person("P2", emails=shared),
        account("U1", emails=shared),
    )
    assert (row["situation"], row["person_source"], row["person_id"]) == ("disputed", None, None)
    assert row["matched_by"] is None
    assert candidates(tmp_path) == [
        ("email", "ana@x.org", "P1", False),
        ("email", "ana@x.org", "P2", False),
    ]


def test_two_keys_that_name_different_people_are_disputed(tmp_path: Path) -> None:
    """A strong key does not overrule a weaker one that names somebody else."""
    row = situation(
        tmp_path,
        leaver("P1", employee_number="7"),
        person("P2", emails=("ana@x.org",)),
        account("U1", employee_number="7", emails=("ana@x.org",)),
    )
    assert row["situation"] == "disputed"
    assert {(key, who) for key, _, who, _ in candidates(tmp_path)} == {
        ("employee_number", "P1"),
        ("email", "P2"),
    }


def test_people_of_two_hris_are_told_apart_by_source(tmp_path: Path) -> None:
    """The same id in two HRIS is two people; an account naming both is disputed."""
    row = situation(
        tmp_path,
        person("P1", emails=("a@x.org",)),
        person("P1", source="contractors", emails=("a@x.org",)),
        account("U1", emails=("a@x.org",)),
        settings=TWO_HRIS,
    )
    assert row["situation"] == "disputed"


def test_a_second_hris_links_its_own_people(tmp_path: Path) -> None:
    """A contractor known only to the second HRIS is linked there."""
    row = situation(
        tmp_path,
        person("P1", emails=("a@x.org",)),
        person("C1", source="contractors", emails=("b@x.org",)),
        account("U1", source="okta", emails=("b@x.org",)),
        settings=TWO_HRIS,
    )
    assert (row["person_source"], row["person_id"]) == ("contractors", "C1")


@pytest.mark.parametrize("state", [State.INCOMPLETE, State.NOT_READ])
def test_one_hris_not_complete_withholds_every_situation(tmp_path: Path, state: State) -> None:
    """With several HRIS all must be complete: the account may belong to whom was not read."""
    conclusions = Company(
        [leaver("P1", emails=("a@x.org",)), account("U1", emails=("a@x.org",)), account("U2")],
        settings=TWO_HRIS,
        users={"contractors": state},
    ).conclude(tmp_path)
    assert read_rows(tmp_path / "correlation" / "situations.parquet") == []
    assert candidates(tmp_path) == []
    assert [finding.kind for finding in conclusions.findings] == ["collection_incomplete"]


def test_matches_are_counted_by_key_in_order_of_priority(tmp_path: Path) -> None:
    """Every key has a count, also one that linked nothing."""
    conclusions = Company(
        [
            person("P1", employee_number="7", emails=("a@x.org",)),
            account("U1", employee_number="7"),
            account("U2", emails=("a@x.org",)),
            account("O2", source="okta", emails=("a@x.org",)),
            account("U3"),
        ]
    ).conclude(tmp_path)
    assert conclusions.match_counts == (
        ("link", 0),
        ("employee_number", 1),
        ("external_id", 0),
        ("email", 2),
        ("user_name", 0),
    )


LINK = '[[accounts]]\napp = "slack"\naccount = "{}"\nperson = "{}"\n'


@pytest.mark.parametrize(("named", "whom"), [("U1", "P2"), ("ANA", "b@old.org")])
def test_a_manual_link_beats_every_key(tmp_path: Path, named: str, whom: str) -> None:
    """A link by id or user name, to an id or an address, counts where keys say otherwise."""
    row = situation(
        tmp_path,
        leaver("P1", employee_number="7"),
        person("P2", emails=("b@x.org",)),
        account("U1", employee_number="7", user_name="ana"),
        registers={"accounts": LINK.format(named, whom)},
        settings={**SETTINGS, "correlation": {"domain_aliases": {"old.org": "x.org"}}},
    )
    assert (row["situation"], row["person_id"], row["matched_by"]) == ("linked", "P2", "link")
    assert [(key, who, taken) for key, _, who, taken in candidates(tmp_path)] == [
        ("employee_number", "P1", False),
        ("link", "P2", True),
    ]


def test_a_key_is_taken_where_it_names_whom_its_own_account_was_given_to(tmp_path: Path) -> None:
    """Beside a link, keys to the same person are taken and others are not; ids are an app's own."""
    Company(
        [
            person("P1", employee_number="7", emails=("a@x.org",)),
            person("P2", emails=("b@x.org",)),
            account("U1", employee_number="7", emails=("b@x.org",)),
            account("U2", employee_number="7", emails=("b@x.org",)),
            account("U1", source="okta", employee_number="7"),
            account("U2", source="okta", employee_number="7", emails=("a@x.org",)),
        ],
        registers={"accounts": LINK.format("U1", "P1")},
    ).conclude(tmp_path)
    rows = read_rows(tmp_path / "correlation" / "candidates.parquet")
    kept = [(row["source"], row["account_id"], row["key"], row["person_id"]) for row in rows]
    taken = {place for place, row in zip(kept, rows, strict=True) if row["taken"]}
    assert sorted(set(kept) - taken) == [
        ("slack", "U1", "email", "P2"),
        ("slack", "U2", "email", "P2"),
        ("slack", "U2", "employee_number", "P1"),
    ]
    assert sorted(taken) == [
        ("okta", "U1", "employee_number", "P1"),
        ("okta", "U2", "email", "P1"),
        ("okta", "U2", "employee_number", "P1"),
        ("slack", "U1", "employee_number", "P1"),
        ("slack", "U1", "link", "P1"),
    ]


def test_a_link_to_nobody_is_a_dispute(tmp_path: Path) -> None:
    """A person the register names and no HRIS has leaves the account to a person to decide."""
    company = Company(
        [leaver("P1", employee_number="7"), account("U1", employee_number="7")],
        registers={"accounts": LINK.format("U1", "gone")},
    )
    (found,) = company.findings(tmp_path, "ambiguous_identity")
    assert found.problem == "link_unknown"
    assert found.detail == "The register links this active account to somebody whom no HRIS has."


@pytest.mark.parametrize(
    ("of_person", "of_account", "problem"),
    [
        ({"display_name": "Ana Ruiz"}, {"display_name": "Bo Berg"}, "name_contradicts"),
        ({"display_name": "Ana Ruiz"}, {"display_name": "RUIZ, A."}, None),
        ({"display_name": "Ana Ruiz"}, {"display_name": "Bo", "user_name": "ana.r"}, None),
        ({"display_name": "Ana Ruiz"}, {}, None),
        ({}, {"display_name": "Bo Berg"}, None),
        ({"display_name": "\u9673\u5049"}, {"display_name": "Wei Chen"}, None),
        (
            {"display_name": "Ana Ruiz", "emails": ("a@x.org",)},
            {"display_name": "Bo Berg", "emails": ("a@x.org",)},
            None,
        ),
    ],
)
def test_a_number_alone_needs_a_name_that_does_not_contradict(
    tmp_path: Path, of_person: dict[str, Any], of_account: dict[str, Any], problem: str | None
) -> None:
    """A departure by an issued key is doubted only where both names can be compared and differ."""
    row = situation(
        tmp_path,
        leaver("P1", employee_number="7", **of_person),
        account("U1", employee_number="7", **of_account),
    )
    assert row["problem"] == problem
    assert row["situation"] == ("linked" if problem is None else "disputed")


def test_a_weak_key_names_an_owner_and_no_leaver(tmp_path: Path) -> None:
    """A user name without @ is enough to have an owner, not for the owner's departure."""
    row = situation(tmp_path / "1", person("P1", user_name="ana"), account("U1", user_name="ana"))
    assert (row["situation"], row["matched_by"]) == ("linked", "user_name")
    row = situation(tmp_path / "2", leaver("P1", user_name="ana"), account("U1", user_name="ana"))
    assert (row["situation"], row["problem"]) == ("disputed", "weak_key")


@pytest.mark.parametrize(
    ("spells", "governing", "departed"),
    [
        (("terminated:-9", "active"), 1, False),
        (("terminated:-9", "on_leave"), 1, False),
        (("terminated:-9", "pending"), 1, False),
        (("terminated:-9", "unknown"), 1, False),
        (("terminated:-9", "terminated:5"), 1, False),  # ahead
        (("terminated:-9", "terminated:-2"), 1, True),  # the later one
        (("terminated:-9", "terminated:"), 1, True),  # an unknown day
        (("terminated:", "terminated:5"), 1, False),
        (("pending", "active"), 1, False),
    ],
)
def test_employment_beats_its_end_and_the_later_end_an_earlier(
    tmp_path: Path, spells: tuple[str, str], governing: int, departed: bool
) -> None:
    """Of two records of one person the one that keeps the person employed decides."""
    people = []
    for place, spell in enumerate(spells):
        status, _, days = spell.partition(":")
        left = AS_OF + timedelta(days=int(days)) if days else None
        same: dict[str, Any] = {"employee_number": "7", "display_name": "Ana Ruiz"}
        people.append(person(f"P{place}", status=PersonStatus(status), departed_at=left, **same))
    row = situation(tmp_path, *people, account("U1", external_id="P0"))
    assert (row["situation"], row["person_id"]) == ("linked", f"P{governing}")
    rows = read_rows(tmp_path / "correlation" / "people_as_of.parquet")
    assert {one["departed"] for one in rows} == {departed}
