"""One id in two apps, in two HRIS, of a group and of an account: each is itself and no other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.config import baseline_bytes
from scanner.model import ApprovedGroup, Membership, PersonStatus, Pointer, Records, State
from scanner.reconcile.events import EVENTS
from scanner.reconcile.parquet import write_rows
from tests.fakes.company import (
    AS_OF,
    LEFT,
    SETTINGS,
    Company,
    account,
    group,
    leaver,
    person,
)
from tests.fakes.runs import Runs

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOURCES = {**SETTINGS["sources"], "contractors": SETTINGS["sources"]["people"]}
POLICY = {**SETTINGS["policy"], "dormant_after": "90d", "inactive_memberships": True}
TWO_HRIS: dict[str, Any] = {"policy": POLICY, "sources": SOURCES}
POINTER = Pointer("responses/slack/groups-1.json", 1)
Found = tuple[str, str, str, bool]


def pair(person_id: str, **fields: Any) -> list[Any]:  # noqa: ANN401 - fields of Person
    """Two people of one id, with a number each."""
    return [
        person(person_id, source, employee_number=f"{source}-{person_id}", **fields)
        for source in ("people", "contractors")
    ]


def both(account_id: str, number: str, **fields: Any) -> list[Any]:  # noqa: ANN401 - fields
    """Two accounts of one id: slack's belongs to the first of a pair, okta's to the other."""
    return [
        account(account_id, app, employee_number=f"{source}-{number}", **fields)
        for app, source in (("slack", "people"), ("okta", "contractors"))
    ]


def found(company: Company, folder: Path) -> list[Found]:
    """Kind, app, account and privilege of all that is found of accounts."""
    return sorted(
        (one.kind, one.app, one.account.id, "privileged" in one.flags)
        for one in company.conclude(folder).findings
        if one.account
    )


def test_what_is_said_of_an_account_is_not_said_of_its_id_in_another_app(tmp_path: Path) -> None:
    """Switched on again, privileged or registered in slack: okta's is none of these."""
    left, gone = LEFT, PersonStatus.TERMINATED
    company = Company(
        [
            *pair("1", status=gone, departed_at=left), *both("on", "1"),
            *pair("2", status=gone, departed_at=AS_OF - HOUR), *both("soon", "2"),
            *pair("3"), *both("p-old", "3", last_activity_at=left - 90 * DAY),
            *both("p-svc", "3", last_activity_at=left - 90 * DAY),
            account("p-bot"), account("p-bot", "okta"),
            *pair("4", worker_type="Contractor", departed_at=left), *both("p-ext", "4"),
            *pair("5", status=gone, departed_at=left), *both("p-one", "5"),
        ],
        {**TWO_HRIS, "sources": {
            **SOURCES, "slack": {**SOURCES["slack"], "privileged_accounts": [
                "p-old", "p-svc", "p-bot", "p-ext", "p-one",
            ]},
        }},
        registers={"accounts": "".join(
            f'[[accounts]]\napp = "slack"\naccount = "{one}"\ntype = "service"\n'
            'owner = "people-3"\npurpose = "works"\n\n'
            for one in ("p-svc", "p-bot")
        )},
    )  # fmt: skip
    switched_on(tmp_path, {"on": AS_OF - DAY, "soon": AS_OF - HOUR / 2})
    assert found(company, tmp_path) == [
        ("dormant_account", "okta", "p-old", False), ("dormant_account", "okta", "p-svc", False),
        ("dormant_account", "slack", "p-old", True),
        ("engagement_expired", "okta", "p-ext", False),
        ("engagement_expired", "slack", "p-ext", True),
        ("ghost_active", "okta", "on", False), ("ghost_active", "okta", "p-one", False),
        ("ghost_active", "slack", "p-one", True),
        ("ghost_pending", "okta", "soon", False),
        ("orphan_account", "okta", "p-bot", False),
        ("reactivated", "slack", "on", False), ("reactivated", "slack", "soon", False),
    ]  # fmt: skip


def switched_on(folder: Path, when: Mapping[str, Any]) -> None:
    """Import events of slack: its accounts were switched on again."""
    fixed = ("slack", "reactivated", "responses/slack/audit.csv", 1)
    names = ("source", "event", "response", "response_index")
    columns = {name: [value] * len(when) for name, value in zip(names, fixed, strict=True)}
    columns |= {"account_id": list(when), "occurred_at": list(when.values())}
    write_rows(folder / "tables/events/slack.parquet", columns, EVENTS)


def test_what_is_known_of_a_person_is_not_known_of_the_id_in_another_hris(tmp_path: Path) -> None:
    """An external engagement, a departure, and the last use of the other's account."""
    company = Company(
        [
            person("5", employee_number="a", departed_at=LEFT),
            person("5", "contractors", employee_number="b", worker_type="Contractor"),
            account("emp", employee_number="a"),
            leaver("6", LEFT, employee_number="c"),
            leaver("6", LEFT + 5 * DAY, source="contractors", employee_number="d"),
            account("used", active=False, employee_number="c", last_activity_at=LEFT),
            account(
                "used", "okta", active=False, employee_number="d",
                last_activity_at=LEFT + DAY,
            ),
        ],
        TWO_HRIS,
    )  # fmt: skip
    assert found(company, tmp_path) == []


def nested(outer: str, inner: str, source: str = "slack") -> Records:
    """A group within another one."""
    return Records(memberships=(Membership(source, outer, inner, "Group", POINTER),))


SALES = {"people": {"department": ["Sales"]}}


@pytest.mark.parametrize("how", ["leaver", "off", "ruled", "approved", "mirrored", "privileged"])
def test_a_group_is_not_the_account_that_has_its_id(tmp_path: Path, how: str) -> None:
    """It is nested in a group; the account is no member of that."""
    one = leaver("1", employee_number="1") if how == "leaver" else person("1", employee_number="1")
    wanted: dict[str, list[Mapping[str, Any]]] = {
        "ruled": [{"app": "slack", "group": "outer", **SALES}],
        "mirrored": [{"app": "okta", "group": "app", "mirrors": "slack:outer"}],
    }
    slack = {**SOURCES["slack"], "privileged_groups": ["outer"]}
    sources = {**SOURCES, "slack": slack}
    old = AS_OF - 99 * DAY
    company = Company(
        [
            one, group("outer"), group("U1"), nested("outer", "U1"),
            account("U1", employee_number="1", active=how not in {"leaver", "off"},
                    last_activity_at=old if how == "privileged" else None),
            account("U2", "okta", employee_number="1", active=how != "leaver"),
            group("app", source="okta"),
        ],
        {"policy": POLICY, "sources": sources},
        entitlements=wanted.get(how, []),
        registers=approved("outer") if how == "approved" else {},
    )  # fmt: skip
    dormant = [("dormant_account", "slack", "U1", False)]
    assert found(company, tmp_path) == (dormant if how == "privileged" else [])


def approved(name: str, *members: str) -> dict[str, str]:
    """The baseline of one group of slack."""
    one = ApprovedGroup("slack", name, None, members, "000001-run", "Bo Lind", AS_OF)
    return {"baseline": baseline_bytes([one]).decode()}


def test_a_group_does_not_stand_for_an_approved_account_that_has_its_id(tmp_path: Path) -> None:
    """The account is missing although a group of the same id is nested there."""
    company = Company(
        [
            person("1", employee_number="1"), account("U1", employee_number="1"),
            group("outer"), group("U1"), nested("outer", "U1"),
        ],
        registers=approved("outer", "U1"),
    )  # fmt: skip
    (drift,) = company.findings(tmp_path, "group_drift")
    assert drift.group is not None
    assert (drift.group.id, drift.group.direction) == ("outer", "missing")


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [
        (group("g", "U1"), group("g", "U1"), True),
        (Records(groups=group("g").groups, memberships=nested("g", "U1").memberships),
         group("g", "U1"), False),
        (group("g", "U1"),
         Records(groups=group("g").groups, memberships=nested("g", "U1").memberships), False),
    ],
)  # fmt: skip
def test_who_moved_kept_what_the_account_itself_had(
    tmp_path: Path, before: Records, now: Records, *, kept: bool
) -> None:
    """Neither before nor now does a nested group of the id stand for the account."""
    runs = Runs(tmp_path)
    hers: list[Any] = [account("U1", employee_number="1"), group("U1")]
    runs.audit(AS_OF, [person("1", employee_number="1", department="Sales"), *hers, before])
    moved = person("1", employee_number="1", department="Legal")
    _, concluded = runs.audit(AS_OF + DAY, [moved, *hers, now])
    assert [one.kind for one in concluded.findings] == ["group_drift"] * kept


@pytest.mark.parametrize("other", ["nested", "title", "left", "elsewhere"])
def test_who_is_no_new_colleague_does_not_speak_for_a_membership(
    tmp_path: Path, other: str
) -> None:
    """A nested group, a title of that name, a leaver, a member of another group."""
    work: dict[str, Any] = {"title" if other == "title" else "department": "Legal"}
    status = PersonStatus.TERMINATED if other == "left" else PersonStatus.ACTIVE
    bo = person("2", employee_number="2", status=status, departed_at=None, **work)
    place = group("h", "U2") if other == "elsewhere" else group("h")
    members = ["U1", "U2"] if other in {"title", "left"} else ["U1"]
    records: list[Any] = [
        bo, account("U1", employee_number="1"), account("U2", employee_number="2"),
        group("U2"), place, group("g", *members), *([nested("g", "U2")] * (other == "nested")),
    ]  # fmt: skip
    runs = Runs(tmp_path)
    runs.audit(AS_OF, [person("1", employee_number="1", department="Sales"), *records])
    moved = person("1", employee_number="1", department="Legal")
    _, concluded = runs.audit(AS_OF + DAY, [moved, *records])
    drifts = [one.account.id for one in concluded.findings if one.group and one.account
              if one.kind == "group_drift"]  # fmt: skip
    assert drifts == ["U1"]


@pytest.mark.parametrize("kept", [("slack", "h"), ("okta", "g")])
def test_who_moved_before_speaks_for_a_group_joined_since(
    tmp_path: Path, kept: tuple[str, str]
) -> None:
    """What Ana kept from before her move is elsewhere: here she is a colleague of the new work."""
    app, name = kept
    ana, bo = {"employee_number": "1"}, {"employee_number": "2"}
    accounts: list[Any] = [account("U1", **ana), account("U1", "okta", **ana), account("U2", **bo)]
    old = group(name, "U1", source=app)
    runs = Runs(tmp_path)
    told = []
    for day, (hers, his, members) in enumerate([
        ("Sales", "Sales", ["U2"]),
        ("Legal", "Sales", ["U1", "U2"]),
        ("Legal", "Legal", ["U1", "U2"]),
    ]):  # fmt: skip
        people = [person("1", department=hers, **ana), person("2", department=his, **bo)]
        records = [*people, *accounts, group("g", *members), old]
        _, concluded = runs.audit(AS_OF + day * DAY, records)
        told.append([(one.app, one.group and one.group.id) for one in concluded.findings])
    assert told == [[], [kept], [kept]]


def test_who_moved_at_the_same_time_does_not_speak_for_a_group_just_joined(tmp_path: Path) -> None:
    """Two came to Legal together: that Ana joined the group by then does not make it Legal's."""
    ana, bo = {"employee_number": "1"}, {"employee_number": "2"}
    accounts: list[Any] = [account("U1", **ana), account("U2", **bo)]
    runs = Runs(tmp_path)
    for day, (work, members) in enumerate([("Sales", ["U2"]), ("Legal", ["U1", "U2"])]):
        people = [person("1", department=work, **ana), person("2", department=work, **bo)]
        _, concluded = runs.audit(AS_OF + day * DAY, [*people, *accounts, group("g", *members)])
    assert [one.account and one.account.id for one in concluded.findings] == ["U2"]


def test_who_has_the_id_of_a_mover_in_another_hris_is_a_colleague_all_the_same(
    tmp_path: Path,
) -> None:
    """She joins the group from the new work, and nobody's membership there is from before."""
    bo, ana = {"employee_number": "2"}, {"employee_number": "1"}
    accounts: list[Any] = [account("U2", **bo), account("U1", **ana)]
    runs = Runs(tmp_path, TWO_HRIS)
    told = []
    for day, (his, members) in enumerate([
        ("Sales", ["U2"]), ("Legal", ["U2"]), ("Legal", ["U1", "U2"]),
    ]):  # fmt: skip
        people = [person("1", "contractors", department=his, **bo),
                  person("1", department="Legal", **ana)]  # fmt: skip
        _, concluded = runs.audit(AS_OF + day * DAY, [*people, *accounts, group("g", *members)])
        told.append([one.problem for one in concluded.findings])
    assert told == [[], ["mover"], []]


FIELDS = {
    "person_id": "1", "employee_number": "n1", "user_name": "ana", "status": "active",
    "worker_type": "staff", "department": "Sales", "title": "Clerk", "manager_id": "m1",
    "location": "Graz",
}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_a_rule_may_ask_for_any_field_and_for_two(tmp_path: Path, field: str) -> None:
    """Whoever has the value is missed in the group, alone and beside another field."""
    fields: dict[str, Any] = {**FIELDS, "status": PersonStatus.ACTIVE}
    one = person(**fields)
    another = "title" if field == "department" else "department"
    company = Company(
        [one, account("U1", employee_number="n1"), group("g1"), group("g2"), group("g3")],
        entitlements=[
            {"app": "slack", "group": "g1", "people": {field: [FIELDS[field]]}},
            {"app": "slack", "group": "g2",
             "people": {field: [FIELDS[field]], another: [FIELDS[another]]}},
            {"app": "slack", "group": "g3", "people": {field: [FIELDS[another]]}},
        ],
    )  # fmt: skip
    drifts = company.findings(tmp_path, "group_drift")
    assert [one.group and one.group.id for one in drifts] == ["g1", "g2"]


def test_of_two_fields_nobody_is_demanded_who_is_away_or_switched_off(tmp_path: Path) -> None:
    """Both fields must be those of the rule; members who need not be there are allowed there."""
    work: dict[str, Any] = {"department": "Sales", "title": "Clerk"}
    company = Company(
        [
            person("1", employee_number="1", **work), account("U1", employee_number="1"),
            person("2", employee_number="2", status=PersonStatus.ON_LEAVE, **work),
            account("U2", employee_number="2"),
            person("3", employee_number="3", **work),
            account("U3", employee_number="3", active=False),
            person("4", employee_number="4", department="Sales", title="Lead"),
            account("U4", employee_number="4"),
            person("5", employee_number="5", status=PersonStatus.ON_LEAVE, **work),
            account("U5", employee_number="5"),
            person("6", employee_number="6", department="Clerk", title="Sales"),
            account("U6", employee_number="6"),
            person("7", employee_number="7", **work),
            account("O7", "okta", employee_number="7"),
            group("g1", "U5", "U6"), group("g2"),
        ],
        entitlements=[
            {"app": "slack", "group": "g1",
             "people": {"department": ["Sales", "Press", "Sales"], "title": ["Clerk"]}},
        ],
    )  # fmt: skip
    drifts = [
        (one.account.id, one.group.direction)
        for one in company.findings(tmp_path, "group_drift")
        if one.account and one.group
    ]
    assert drifts == [("U1", "missing"), ("U6", "unexpected")]


@pytest.mark.parametrize("number", [None, "7"])
def test_a_record_is_not_put_together_from_two_people_of_one_id(
    tmp_path: Path, number: str | None
) -> None:
    """The address of the one and the name, or the number, of the other are no evidence."""
    name: dict[str, Any] = (
        {"display_name": "Bo Lind"} if number is None else {"employee_number": number}
    )
    company = Company(
        [
            leaver("1", emails=("ana@x.org",)),
            person("1", "contractors", **name),
            person("2", "contractors", emails=("ana@x.org",), **name),
            account("U1", emails=("ana@x.org",)),
        ],
        TWO_HRIS,
    )
    assert found(company, tmp_path) == [("ambiguous_identity", "slack", "U1", False)]


def test_who_was_seen_off_from_the_first_is_one_whom_the_first_reading_saw(
    tmp_path: Path,
) -> None:
    """Accounts that came later do not make the others late."""
    runs = Runs(tmp_path)
    ana = leaver("1", AS_OF - DAY, employee_number="1")
    old = account("old", employee_number="1", active=False)
    new = account("new", employee_number="1", active=False)
    runs.snapshot(AS_OF, [ana, old])
    _, concluded = runs.audit(AS_OF + DAY, [ana, old, new])
    late = [one for one in concluded.findings if one.kind == "timeliness_indeterminate"]
    assert [one.account and one.account.id for one in late] == ["new"]


def test_who_moved_is_found_once_and_only_where_it_was_before(tmp_path: Path) -> None:
    """A member listed twice, a group joined since, and somebody who moved and left."""
    runs = Runs(tmp_path)
    accounts = [account("U1", employee_number="1"), account("U2", employee_number="2")]
    before: list[Any] = [person(one, employee_number=one, department="Sales") for one in "12"]
    runs.audit(AS_OF, [*before, *accounts, group("g", "U1", "U1", "U2"), group("h")])
    moved = person("1", employee_number="1", department="Legal")
    left = leaver("2", None, employee_number="2", department="Legal")
    now: list[Any] = [moved, left, *accounts, group("g", "U1", "U1", "U2"), group("h", "U1")]
    _, concluded = runs.audit(AS_OF + DAY, now)
    drifts = [
        (one.account.id, one.group.id)
        for one in concluded.findings
        if one.kind == "group_drift" and one.account and one.group
    ]
    assert drifts == [("U1", "g")]


def test_the_model_of_a_mirror_is_judged_like_any_group(tmp_path: Path) -> None:
    """Only the group that has to follow it is governed."""
    company = Company(
        [
            person("1", employee_number="1"),
            account("O1", "okta", employee_number="1", active=False),
            group("model", "O1", source="okta"),
            group("app"),
        ],
        {**SETTINGS, "policy": POLICY},
        entitlements=[{"app": "slack", "group": "app", "mirrors": "okta:model"}],
    )
    (drift,) = company.conclude(tmp_path).findings
    assert drift.group is not None
    assert (drift.app, drift.problem) == ("okta", "inactive_account")


def test_of_several_accounts_ways_and_reasons_the_first_is_told(tmp_path: Path) -> None:
    """So that the finding, whose id is made of the account, is the same in every run."""
    company = Company(
        [
            person("1", employee_number="1", department="Eng"),
            *(account(one, employee_number="1") for one in ("U2", "U1", "U3")),
            person("2", employee_number="2"),
            account("V1", employee_number="2"),
            account("O1", "okta", employee_number="1"),
            group("model", "O1", source="okta"),
            group("ruled"),
            *(group(one, "V1") for one in ("b", "a", "c")),
            *(nested(outer, inner) for outer in ("ruled", "kept") for inner in ("b", "a", "c")),
            group("kept"),
        ],
        entitlements=[
            {"app": "slack", "group": "ruled", "people": {"department": ["Eng"]}},
            {"app": "slack", "group": "ruled", "mirrors": "okta:model"},
            {"app": "slack", "group": "c", **SALES},
        ],
        registers=approved("kept"),
    )
    told = [
        (one.group.id, one.account.id, one.group.direction, one.group.basis, one.via)
        for one in company.findings(tmp_path, "group_drift")
        if one.group and one.account
    ]
    assert sorted(told) == [
        ("c", "V1", "unexpected", "rule", ()),
        ("kept", "V1", "unexpected", "baseline", ("a",)),
        ("ruled", "U1", "missing", "mirror", ()),
        ("ruled", "V1", "unexpected", "mirror", ("a",)),
    ]


@pytest.mark.parametrize("cut", ["people", "slack", "nothing"])
def test_a_baseline_is_judged_where_all_was_read_and_no_rule_governs(
    tmp_path: Path, cut: str
) -> None:
    """A rule for the group of that id in another app does not."""
    company = Company(
        [
            person("1", employee_number="1"),
            account("U1", employee_number="1"),
            group("g1", "U1"),
            group("g1", source="okta"),
        ],
        entitlements=[{"app": "okta", "group": "g1", **SALES}],
        registers=approved("g1"),
        users={"people": State.INCOMPLETE} if cut == "people" else {},
        groups={"slack": State.INCOMPLETE} if cut == "slack" else {},
    )
    drifts = company.findings(tmp_path, "group_drift")
    assert [one.app for one in drifts] == ["slack"] * (cut == "nothing")


@pytest.mark.parametrize("field", ["department", "title"])
@pytest.mark.parametrize("back", [False, True])
def test_a_move_stays_known_while_nothing_can_be_concluded(
    tmp_path: Path, field: str, *, back: bool
) -> None:
    """Groups, people or accounts were not read; whoever is back by then has moved no more."""
    runs = Runs(tmp_path)
    rest: list[Any] = [account("U1", employee_number="1"), group("g", "U1")]
    work: dict[str, Any] = {"employee_number": "1", "department": "Ops", "title": "Lead"}
    sales, legal = (person("1", **{**work, field: one}) for one in ("Sales", "Legal"))
    now = sales if back else legal
    cut = State.INCOMPLETE
    runs.audit(AS_OF, [sales, *rest])
    runs.audit(AS_OF + DAY, [legal, *rest])
    runs.audit(AS_OF + 2 * DAY, [now, *rest], groups={"slack": cut})
    runs.audit(AS_OF + 3 * DAY, [now, *rest], users={"people": cut})
    runs.audit(AS_OF + 4 * DAY, [now, *rest], users={"slack": cut})
    _, concluded = runs.audit(AS_OF + 5 * DAY, [now, *rest])
    assert [one.kind for one in concluded.findings] == ["group_drift"] * (not back)


def test_who_moved_is_cleared_by_colleagues_of_the_same_new_work_in_that_group(
    tmp_path: Path,
) -> None:
    """Not by those of a title of that name, of another department, or in another group."""
    moves: list[tuple[str, str, str, str]] = [
        ("1", "department", "Legal", "g"),
        ("2", "title", "Legal", "g"),
        ("3", "department", "Press", "g"),
        ("4", "department", "Legal", "h"),
    ]
    before, now = list[Any](), list[Any]()
    for one, field, value, _ in moves:
        known: dict[str, Any] = {"employee_number": one, field: "Sales"}
        before.append(person(one, **known))
        now.append(person(one, **{**known, field: value}))
    colleagues: list[Any] = [
        person("6", employee_number="6", title="Legal"),
        person("7", employee_number="7", department="Press"),
        person("8", employee_number="8", department="Legal"),
    ]
    rest = [
        *colleagues,
        *(account(f"U{one}", employee_number=one) for one in "1234678"),
        group("g", "U1", "U2", "U3", "U6", "U7"),
        group("h", "U4", "U8"),
    ]
    runs = Runs(tmp_path)
    runs.audit(AS_OF, [*before, *rest])
    _, concluded = runs.audit(AS_OF + DAY, [*now, *rest])
    assert [one.account and one.account.id for one in concluded.findings] == ["U1"]


def test_groups_of_one_id_in_two_apps_follow_a_model_each(tmp_path: Path) -> None:
    """Who is in the model of the one is not expected in the other."""
    zoom = {"type": "zoom", "url": "https://zoom.example.com"}
    her = {"employee_number": "1"}
    company = Company(
        [
            person("1", **her),
            *(account(f"{app}-1", app, **her) for app in ("okta", "slack", "zoom")),
            group("a", source="okta"),
            group("b", "okta-1", source="okta"),
            group("g", "slack-1"),
            group("g", "zoom-1", source="zoom"),
        ],
        settings={**SETTINGS, "sources": {**SETTINGS["sources"], "zoom": zoom}},
        entitlements=[
            {"app": "slack", "group": "g", "mirrors": "okta:a"},
            {"app": "zoom", "group": "g", "mirrors": "okta:b"},
        ],
    )
    (drift,) = company.findings(tmp_path, "group_drift")
    assert drift.account is not None
    assert drift.account.id == "slack-1"


def test_a_mirror_follows_the_members_of_its_model_alone(tmp_path: Path) -> None:
    """By the accounts of the model's own app; nobody is demanded who is away or switched off."""
    away = PersonStatus.ON_LEAVE
    company = Company(
        [
            *(person(one, employee_number=one) for one in "1234"),
            person("5", employee_number="5", status=away),
            *(account(f"O{one}", "okta", employee_number=one) for one in "12345"),
            account("U1", employee_number="1"),
            account("O1", employee_number="2"),
            account("U3", employee_number="3"),
            account("U4", employee_number="4", active=False),
            account("U5", employee_number="5"),
            group("model", "O1", "O4", "O5", source="okta"),
            group("other", "O2", source="okta"),
            group("g1"),
        ],
        entitlements=[{"app": "slack", "group": "g1", "mirrors": "okta:model"}],
    )
    drifts = company.findings(tmp_path, "group_drift")
    assert [one.account and one.account.id for one in drifts] == ["U1"]


def test_a_member_who_is_missing_gains_no_privilege(tmp_path: Path) -> None:
    """Only who is in a privileged group has what it gives."""
    slack = {**SOURCES["slack"], "privileged_groups": ["g1"]}
    company = Company(
        [person("1", employee_number="1", department="Sales"), account("U1", employee_number="1"),
         group("g1")],
        {**SETTINGS, "sources": {**SETTINGS["sources"], "slack": slack}},
        entitlements=[{"app": "slack", "group": "g1", **SALES}],
    )  # fmt: skip
    assert found(company, tmp_path) == [("group_drift", "slack", "U1", False)]


@pytest.mark.parametrize("named", ["baseline", "twice"])
def test_a_group_that_is_not_one_is_not_concluded(tmp_path: Path, named: str) -> None:
    """A baseline of a group that only another app has, a name that two groups have."""
    places = [group("g1", "O1", source="okta")]
    if named == "twice":
        places = [group("g1", "U1", name="Eng"), group("g2", "U1", name="Eng")]
    company = Company(
        [person("1", employee_number="1"), account("U1", employee_number="1"), *places],
        entitlements=[{"app": "slack", "group": "Eng", **SALES}] if named == "twice" else [],
        registers=approved("g1") if named == "baseline" else {},
    )
    (told,) = company.conclude(tmp_path).findings
    assert told.kind == "collection_incomplete"
    assert ("more than one group" in told.detail) == (named == "twice")
