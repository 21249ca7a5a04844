"""Group drift: who is expected in a group, by rule or by mirror, against who is in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.model import (
    Account,
    Finding,
    GroupRef,
    Person,
    PersonStatus,
    Pointer,
    Records,
    Severity,
    State,
    Verdict,
)
from tests.fakes.company import AS_OF, Company, account, group, leaver, person

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
ENGINEERS = {"app": "slack", "group": "Eng", "people": {"department": ["Engineering", "Platform"]}}
MIRRORED = {"app": "slack", "group": "G1", "mirrors": "okta:staff"}


def staff(number: str, **attributes: Any) -> Person:  # noqa: ANN401 - any field of Person
    """A person whose accounts carry the person id as external id."""
    return person(number, display_name=f"Person {number}", **attributes)


def login(number: str, source: str = "slack", **attributes: Any) -> Account:  # noqa: ANN401 - any field of Account
    """The account of one person, named after source and person."""
    return account(f"{source}-{number}", source=source, external_id=number, **attributes)


def drift(folder: Path, company: Company) -> list[tuple[str | None, str | None, str | None]]:
    """What drifted: account, direction, basis."""
    found = company.findings(folder, "group_drift")
    return [
        (one.account.id, one.group.direction, one.group.basis)
        for one in found
        if one.account and one.group
    ]


def only(company: Company, folder: Path) -> Finding:
    """The one finding there is."""
    (finding,) = company.conclude(folder).findings
    return finding


def test_a_member_who_does_not_match_the_rule_is_unexpected(tmp_path: Path) -> None:
    """The finding names person, group, direction, basis and the rule in words."""
    company = Company(
        [
            staff("1", department="Sales"),
            staff("2", department="Platform"),
            login("1"),
            login("2"),
            group("G1", "slack-1", "slack-2", name="Eng"),
        ],
        entitlements=[ENGINEERS],
    )
    finding = only(company, tmp_path)
    assert (finding.kind, finding.severity) == ("group_drift", Severity.MEDIUM)
    assert finding.group == GroupRef("G1", "Eng", "unexpected", "rule")
    assert finding.account is not None
    assert finding.account.id == "slack-1"
    assert finding.evidence == Pointer("responses/slack/groups-1.json", 2)
    assert finding.detail == (
        "Person 1 is a member of Eng, which is for the people "
        "whose department is Engineering or Platform."
    )


def test_a_match_who_is_not_a_member_is_missing(tmp_path: Path) -> None:
    """An active person with an active account who matches and is not a member is missing."""
    company = Company(
        [staff("1", department="Engineering"), login("1"), group("G1", name="eng")],
        entitlements=[ENGINEERS],
    )
    finding = only(company, tmp_path)
    assert finding.group == GroupRef("G1", "eng", "missing", "rule")
    assert finding.detail == (
        "Person 1 is not a member of eng, which is for the people "
        "whose department is Engineering or Platform."
    )


@pytest.mark.parametrize(
    "status", [PersonStatus.ON_LEAVE, PersonStatus.PENDING, PersonStatus.UNKNOWN]
)
def test_only_people_at_work_are_missed(tmp_path: Path, status: PersonStatus) -> None:
    """A person who matches and is not at work may be a member and need not be."""
    people = [
        staff("1", department="Engineering", status=status),
        staff("2", department="Engineering", status=status),
    ]
    company = Company(
        [*people, login("1"), login("2"), group("G1", "slack-1", name="Eng")],
        entitlements=[ENGINEERS],
    )
    assert company.findings(tmp_path, "group_drift") == []


@pytest.mark.parametrize("active", [False, None])
def test_only_an_active_account_can_be_missing(tmp_path: Path, active: bool | None) -> None:
    """Without an active account in the app there is nothing to add to the group."""
    company = Company(
        [staff("1", department="Engineering"), login("1", active=active), group("G1", name="Eng")],
        entitlements=[ENGINEERS],
    )
    assert company.conclude(tmp_path).findings == ()


def test_a_person_is_a_member_by_any_account(tmp_path: Path) -> None:
    """Of a person with two accounts one membership is enough; with none, one account is named."""
    second = account("slack-1b", external_id="1")
    records: list[Person | Account] = [staff("1", department="Engineering"), second, login("1")]
    joined = Company([*records, group("G1", "slack-1b", name="Eng")], entitlements=[ENGINEERS])
    assert drift(tmp_path / "joined", joined) == []
    neither = Company([*records, group("G1", name="Eng")], entitlements=[ENGINEERS])
    assert drift(tmp_path / "neither", neither) == [("slack-1", "missing", "rule")]


def test_every_condition_has_to_match_exactly(tmp_path: Path) -> None:
    """Fields are joined by and, values by or, and values are compared as they are written."""
    rule = {"department": ["Engineering"], "location": ["Berlin", "Paris"]}
    company = Company(
        [
            staff("1", department="Engineering", location="Paris"),
            staff("2", department="Engineering", location="Rome"),
            staff("3", department="engineering", location="Berlin"),
            staff("4", location="Berlin"),
            *(login(number) for number in "1234"),
            group("G1", *(f"slack-{number}" for number in "1234")),
        ],
        entitlements=[{"app": "slack", "group": "G1", "people": rule}],
    )
    assert drift(tmp_path, company) == [
        (f"slack-{number}", "unexpected", "rule") for number in "234"
    ]


def test_every_field_of_a_rule_can_select(tmp_path: Path) -> None:
    """Each field that a configuration accepts is compared with the person's own, and with no other.

    Each group lacks the one person whom its rule selects, and that of the status everybody.
    """
    fields = ["employee_number", "user_name", "worker_type", "title", "manager_id"]
    rules = {"6": {"status": ["active"]}, "7": {"person_id": ["7"]}}
    rules |= {str(number): {field: ["x"]} for number, field in enumerate(fields, start=1)}
    people = [staff(str(number), **{field: "x"}) for number, field in enumerate(fields, start=1)]
    company = Company(
        [
            *people,
            staff("6"),
            staff("7"),
            *map(login, rules),
            *(group(f"G{number}") for number in rules),
        ],
        entitlements=[
            {"app": "slack", "group": f"G{number}", "people": rule}
            for number, rule in rules.items()
        ],
    )
    found = company.findings(tmp_path, "group_drift")
    missing = {
        (one.account.id, one.group.id, one.group.direction)
        for one in found
        if one.account is not None and one.group is not None
    }
    own = {(f"slack-{number}", f"G{number}", "missing") for number in rules}
    assert missing == own | {(f"slack-{number}", "G6", "missing") for number in rules}
    assert len(found) == len(missing)


def test_leavers_and_unowned_accounts_are_left_to_their_own_rules(tmp_path: Path) -> None:
    """A leaver's membership, due or not, an orphan's and a disputed account's are no drift."""
    twice: dict[str, Any] = {"emails": ("x@example.com",)}
    company = Company(
        [
            leaver("1", emails=("a@example.com",)),
            leaver("2", AS_OF, emails=("b@example.com",)),
            staff("3", **twice),
            staff("4", **twice),
            account("U1", emails=("a@example.com",)),
            account("U2", emails=("b@example.com",)),
            account("U3", **twice),
            account("U4"),
            group("G1", "U1", "U2", "U3", "U4", name="Eng"),
        ],
        entitlements=[ENGINEERS],
    )
    kinds = {finding.kind for finding in company.conclude(tmp_path).findings}
    assert kinds == {
        "ghost_active",
        "ghost_pending",
        "orphan_account",
        "leaver_membership",
        "ambiguous_identity",
        "hr_data_quality",  # two people, one address
    }


def test_a_mirrored_group_drifts_both_ways(tmp_path: Path) -> None:
    """Who is in the mirrored group is expected: others are unexpected, absent ones missing."""
    company = Company(
        [
            *(staff(number) for number in "123"),
            *(login(number) for number in "123"),
            *(login(number, source="okta") for number in "123"),
            group("staff", "okta-1", "okta-2", source="okta"),
            group("guests", "okta-3", source="okta"),
            group("G1", "slack-2", "slack-3", name="All"),
        ],
        entitlements=[MIRRORED],
    )
    first, second = company.findings(tmp_path, "group_drift")
    assert first.group == GroupRef("G1", "All", "missing", "mirror")
    assert first.detail == (
        "Person 1 is not a member of All, which is for the people in okta:staff."
    )
    assert second.group == GroupRef("G1", "All", "unexpected", "mirror")
    assert second.detail.startswith("Person 3 is a member of All, which is for the people in okta")


def test_entitlements_of_one_group_add_up(tmp_path: Path) -> None:
    """Whom any entitlement of a group expects is expected there, by whatever name it goes."""
    company = Company(
        [
            staff("1", department="Engineering"),
            staff("2"),
            staff("3"),
            *(login(number) for number in "123"),
            login("2", source="okta"),
            group("staff", "okta-2", source="okta"),
            group("G1", "slack-1", "slack-2", "slack-3", name="Eng"),
        ],
        entitlements=[ENGINEERS, MIRRORED],
    )
    finding = only(company, tmp_path)
    assert finding.group == GroupRef("G1", "Eng", "unexpected", "mirror")
    assert finding.detail.endswith("whose department is Engineering or Platform, or in okta:staff.")


@pytest.mark.parametrize("unread", ["users", "groups"])
def test_a_group_whose_mirror_was_not_read_is_not_judged_by_its_rule_alone(
    tmp_path: Path, unread: str
) -> None:
    """Who is in it because of the group that was not read must not look unexpected."""
    company = Company(
        [
            staff("1", department="Platform"),
            staff("2", department="Sales"),
            login("1"),
            login("2"),
            login("2", "okta"),
            group("staff", "okta-2", source="okta"),
            group("G1", "slack-1", "slack-2", name="Eng"),
        ],
        entitlements=[ENGINEERS, MIRRORED],
    )
    assert company.conclude(tmp_path / "whole").findings == ()
    part = {"okta": State.INCOMPLETE}
    cut = replace(company, users=part) if unread == "users" else replace(company, groups=part)
    conclusions = cut.conclude(tmp_path / "cut")
    assert {one.kind for one in conclusions.findings} == {"collection_incomplete"}
    why = "the users and groups of okta were not all read."
    assert {one.group.id: one.detail for one in conclusions.findings if one.group} == {
        named: f"Who is in {named} of slack is not concluded: {why}" for named in ("Eng", "G1")
    }
    assert {one.code for one in conclusions.apps[1].not_concluded} == {
        "entitlement.groups_incomplete"
    }


def test_a_group_that_an_ambiguous_name_may_mean_is_not_judged_by_anything_else(
    tmp_path: Path,
) -> None:
    """Neither of the two of that name; a third one is, and says only who is expected there."""
    sales = {"app": "slack", "people": {"department": ["Sales"]}}
    groups = [group("G1", "slack-1", name="Eng"), group("G2", "slack-1", name="ENG")]
    company = Company(
        [staff("1", department="Platform"), login("1"), *groups, group("G3", "slack-1")],
        entitlements=[ENGINEERS, *({**sales, "group": one} for one in ("G1", "G2", "G3"))],
    )
    conclusions = company.conclude(tmp_path)
    found = {(one.kind, one.group and one.group.id): one for one in conclusions.findings}
    withheld = {("collection_incomplete", one) for one in ("Eng", "G1", "G2")}
    assert found.keys() == {*withheld, ("group_drift", "G3")}
    assert found["group_drift", "G3"].detail.endswith("for the people whose department is Sales.")
    assert found["collection_incomplete", "G1"].detail == (
        "Who is in G1 of slack is not concluded: slack has more than one group with the id or "
        "name Eng."
    )


def test_a_group_gives_the_reasons_of_all_that_may_mean_it(tmp_path: Path) -> None:
    """An ambiguous name has a reason of its own; one of the groups it may mean has both."""
    company = Company(
        [staff("1"), group("G1", name="Eng"), group("G2", name="ENG")],
        entitlements=[ENGINEERS, {"app": "slack", "group": "G1", "mirrors": "okta:nobody"}],
    )
    told = {one.group.id: one.detail for one in company.conclude(tmp_path).findings if one.group}
    two = "slack has more than one group with the id or name Eng."
    assert told == {
        "Eng": f"Who is in Eng of slack is not concluded: {two}",
        "G1": f"Who is in G1 of slack is not concluded: {two} Who is in G1 of slack is not "
        "concluded: okta has no group with the id or name nobody.",
    }


def test_a_mirrored_group_may_be_one_that_is_not_concluded_itself(tmp_path: Path) -> None:
    """Who is in it is known; only who should be is not, and nobody asks for that here."""
    company = Company(
        [
            staff("1"),
            login("1"),
            login("1", "okta"),
            group("staff", "okta-1", source="okta"),
            group("G1"),
        ],
        entitlements=[MIRRORED, {"app": "okta", "group": "staff", "mirrors": "slack:nobody"}],
    )
    found = {(one.kind, one.app, one.group and one.group.id): one.group
             for one in company.conclude(tmp_path).findings}  # fmt: skip
    assert found.keys() == {("collection_incomplete", "okta", "staff"),
                            ("group_drift", "slack", "G1")}  # fmt: skip
    assert found["group_drift", "slack", "G1"] == GroupRef("G1", None, "missing", "mirror")


def test_groups_without_an_entitlement_are_not_judged(tmp_path: Path) -> None:
    """Nobody said who belongs there, so nobody is unexpected."""
    company = Company([staff("1"), login("1"), group("G1", "slack-1")])
    assert company.conclude(tmp_path).verdict is Verdict.CLEAN


WITHHELD: list[tuple[Records, str, str]] = [
    (
        group("G2", name="Other"),
        "entitlement.group_absent",
        "slack has no group with the id or name Eng",
    ),
    (
        Records(
            groups=(*group("G1", name="Eng").groups, *group("eng", name="x").groups),
        ),
        "entitlement.group_ambiguous",
        "slack has more than one group with the id or name Eng",
    ),
]


@pytest.mark.parametrize(("groups", "code", "words"), WITHHELD)
def test_a_group_not_found_once_is_not_concluded(
    tmp_path: Path, groups: Records, code: str, words: str
) -> None:
    """No such group, or two of that name: a finding, a reason, and no verdict but incomplete."""
    company = Company(
        [staff("1", department="Engineering"), login("1"), groups], entitlements=[ENGINEERS]
    )
    conclusions = company.conclude(tmp_path)
    (finding,) = conclusions.findings
    assert (finding.kind, finding.app) == ("collection_incomplete", "slack")
    assert finding.group == GroupRef("Eng", None)
    assert finding.detail == f"Who is in Eng of slack is not concluded: {words}."
    okta, slack = conclusions.apps
    assert (okta.verdict, slack.verdict) == (Verdict.CLEAN, Verdict.INCOMPLETE)
    assert [reason.code for reason in slack.not_concluded] == [code]
    assert conclusions.verdict is Verdict.INCOMPLETE


def test_a_blank_group_name_names_no_group(tmp_path: Path) -> None:
    """A name of blanks has no key, and a group without a display name has none either."""
    blank = {**ENGINEERS, "group": " "}
    groups = [group("G1"), group("G2", name=" "), group(" ", name="Eng")]
    company = Company([staff("1"), *groups], entitlements=[blank])
    (slack,) = [app for app in company.conclude(tmp_path).apps if app.name == "slack"]
    assert [reason.code for reason in slack.not_concluded] == ["entitlement.group_absent"]


@pytest.mark.parametrize("source", ["slack", "okta"])
@pytest.mark.parametrize("state", [State.INCOMPLETE, State.NOT_READ])
def test_a_mirror_needs_the_groups_of_both_sides(tmp_path: Path, source: str, state: State) -> None:
    """Groups of the app or of the mirrored source not complete: drift is not concluded."""
    company = Company(
        [
            staff("1"),
            login("1"),
            login("1", source="okta"),
            group("staff", "okta-1", source="okta"),
            group("G1"),
        ],
        entitlements=[MIRRORED],
        groups={source: state},
    )
    conclusions = company.conclude(tmp_path)
    (finding,) = conclusions.findings
    assert finding.group == GroupRef("G1", None)
    assert finding.detail == (
        "Who is in G1 of slack is not concluded: "
        f"the users and groups of {source} were not all read."
    )
    verdicts = {app.name: app.verdict for app in conclusions.apps}
    assert verdicts == {"okta": Verdict.CLEAN, "slack": Verdict.INCOMPLETE}


def test_a_mirror_needs_the_users_of_the_mirrored_source(tmp_path: Path) -> None:
    """Members that were not read could be anybody, so nobody is unexpected."""
    company = Company(
        [staff("1"), login("1"), group("staff", source="okta"), group("G1", "slack-1")],
        entitlements=[MIRRORED],
        users={"okta": State.INCOMPLETE},
    )
    conclusions = company.conclude(tmp_path)
    found = [(one.kind, one.app, one.group and one.group.id) for one in conclusions.findings]
    assert found == [
        ("collection_incomplete", "okta", None),
        ("collection_incomplete", "slack", "G1"),
    ]


def test_two_reasons_of_one_group_are_one_finding(tmp_path: Path) -> None:
    """A group withheld for several reasons is one finding that gives each of them once."""
    other = {"app": "slack", "group": "G9", "mirrors": "okta:nobody"}
    conclusions = Company([staff("1")], entitlements=[other, other]).conclude(tmp_path)
    (finding,) = conclusions.findings
    assert finding.detail == (
        "Who is in G9 of slack is not concluded: slack has no group with the id or name G9. "
        "Who is in G9 of slack is not concluded: okta has no group with the id or name nobody."
    )
    assert len(conclusions.apps[1].not_concluded) == 2
