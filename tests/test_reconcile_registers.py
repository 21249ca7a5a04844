"""What people decided, judged with everything else: waivers, non-human accounts, privilege."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model import (
    Account,
    AccountRef,
    Finding,
    Person,
    PersonStatus,
    Records,
    Severity,
    State,
    Verdict,
)
from scanner.reconcile.findings import finding_id
from scanner.reconcile.judge import Conclusions
from tests.fakes.company import AS_OF, LEFT, SETTINGS, Company, account, group, leaver, person

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
Record = Person | Account | Records
ANA: dict[str, Any] = {"display_name": "Ana Ruiz", "emails": ("ana@example.com",)}
HER_ACCOUNT = account("U1", emails=("ana@example.com",), user_name="ana", display_name="Ana")
GHOST = finding_id("ghost_active", "slack", "U1", "1042", None)


def waiver(finding: str = GHOST, **changes: str) -> str:
    """Write one waiver that is in force on the day of the run."""
    fields = {
        "app": '"slack"',
        "finding": f'"{finding}"' if finding else "",
        "owner": '"Ana Ruiz"',
        "reason": '"Handover."',
        "approver": '"Bo Lind"',
        "approved_on": "2026-10-01",
        "expires_on": "2026-12-31",
        **changes,
    }
    return "[[waivers]]\n" + "".join(f"{k} = {v}\n" for k, v in fields.items() if v)


def selector(**parts: str) -> dict[str, str]:
    """Say a waiver by what its finding is made of."""
    return {"finding": "", **{name: f'"{value}"' for name, value in parts.items()}}


def entry(**changes: str) -> str:
    """Write one non-human account with a current owner and a review to come."""
    fields = {
        "app": '"slack"',
        "account": '"deploy"',
        "type": '"service"',
        "owner": '"7"',
        "purpose": '"Deploys."',
        "review_by": "2026-11-30",
        **changes,
    }
    return "[[accounts]]\n" + "".join(f"{k} = {v}\n" for k, v in fields.items() if v)


def ghosts(registers: str, **changes: Any) -> Company:  # noqa: ANN401 - any field of Company
    """One ghost, and the waivers given."""
    people: list[Record] = [leaver("1042", **ANA), HER_ACCOUNT]
    return Company(people, registers={"waivers": registers}, **changes)


def test_a_waived_finding_stays_and_shows_its_waiver(tmp_path: Path) -> None:
    """It is still a deviation: verdict, severity and count are what they were."""
    conclusions = ghosts(waiver()).conclude(tmp_path)
    (ghost,) = conclusions.findings
    assert ghost.waiver is not None
    assert (ghost.waiver.owner, ghost.waiver.approver) == ("Ana Ruiz", "Bo Lind")
    assert (ghost.severity, ghost.status) == (Severity.HIGH, "new")
    assert conclusions.verdict is Verdict.FINDINGS
    slack = next(app for app in conclusions.apps if app.name == "slack")
    assert (slack.verdict, slack.findings, slack.waived) == (Verdict.FINDINGS, 1, 1)


def test_a_waiver_may_say_what_the_finding_is_about(tmp_path: Path) -> None:
    """Kind, account, person and group, all of those it has, are as good as the id."""
    named = selector(kind="ghost_active", account="U1", person="1042")
    (ghost,) = ghosts(waiver(**named)).conclude(tmp_path).findings
    assert ghost.waiver is not None


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": "ghost_active", "account": "U1"},
        {"kind": "ghost_active", "account": "U1", "person": "1042", "group": "G1"},
        {"kind": "ghost_active", "account": "U*", "person": "1042"},
        {"kind": "orphan_account", "account": "U1", "person": "1042"},
    ],
)
def test_a_waiver_is_of_exactly_one_finding(tmp_path: Path, parts: dict[str, str]) -> None:
    """What it leaves out matches nothing, so that no later finding is accepted by accident."""
    findings = ghosts(waiver(**selector(**parts))).conclude(tmp_path).findings
    unused, *others = sorted(findings, key=lambda one: one.kind != "waiver_expired")
    assert [one.waiver for one in others] == [None]
    assert (unused.kind, unused.severity) == ("waiver_expired", Severity.MEDIUM)


@pytest.mark.parametrize(
    ("as_of", "problem"),
    [
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), None),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "expired"),
        (datetime(2026, 9, 30, 22, 0, tzinfo=UTC), None),
        (datetime(2026, 9, 30, 21, 59, 59, tzinfo=UTC), "not_in_force"),
    ],
)
def test_a_waiver_holds_whole_days_of_the_organization(
    tmp_path: Path, as_of: datetime, problem: str | None
) -> None:
    """It begins and ends at local midnight; outside of that it is a finding of its own."""
    settings_ = {**SETTINGS, "organization": {"timezone": "Europe/Berlin"}}
    left = datetime(2026, 9, 1, tzinfo=UTC)
    people: list[Record] = [leaver("1042", left, **ANA), HER_ACCOUNT]
    company = Company(people, settings=settings_, as_of=as_of, registers={"waivers": waiver()})
    found = {one.kind: one for one in company.conclude(tmp_path).findings}
    assert (found["ghost_active"].waiver is None) is (problem is not None)
    told = found.get("waiver_expired")
    assert (told.problem if told else None) == problem
    if told is not None:
        assert told.account == AccountRef("U1", "ana", "ana@example.com", "Ana", active=True)
        assert "line 1 of the register (owner Ana Ruiz, approver Bo Lind" in told.detail
        assert "names a finding of kind ghost_active" in told.detail


def test_an_expired_waiver_of_nothing_says_both(tmp_path: Path) -> None:
    """Problems are sorted codes; waivers of unknown subjects share one finding per app."""
    nothing = waiver("0" * 16, expires_on="2026-10-31") + waiver("1" * 16)
    (told,) = ghosts(nothing).findings(tmp_path, "waiver_expired")
    assert told.problem == "expired,unused"
    assert told.account is None
    assert told.id == finding_id("waiver_expired", "slack", None, None, None)
    assert told.detail.startswith("Expired and Not needed: The waiver on line 1 ")
    assert "The waiver on line 9 " in told.detail
    assert "names no finding of this run" in told.detail


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, True),
        ({"users": {"slack": State.INCOMPLETE}}, False),
        ({"users": {"people": State.NOT_READ}}, False),
        ({"groups": {"slack": State.NOT_READ}}, False),
    ],
)
def test_a_waiver_is_unused_only_where_its_finding_could_have_been_made(
    tmp_path: Path, changes: dict[str, Any], told: bool
) -> None:
    """What was not concluded says nothing against a waiver."""
    found = ghosts(waiver("0" * 16), **changes).findings(tmp_path, "waiver_expired")
    assert bool(found) is told


def test_a_waiver_without_a_group_does_not_wait_for_groups(tmp_path: Path) -> None:
    """What is said to have no group is judged without groups."""
    unused = waiver(**selector(kind="orphan_account", account="U9"))
    company = ghosts(unused, groups={"slack": State.NOT_READ})
    (told,) = company.findings(tmp_path, "waiver_expired")
    assert (told.problem, told.account and told.account.id) == ("unused", "U9")


def test_a_waiver_of_a_finding_of_the_hris_waits_for_the_hris(tmp_path: Path) -> None:
    """Findings about HRIS records stand under the name of the HRIS."""
    of_people = waiver("0" * 16, app='"people"')
    (told,) = ghosts(of_people).findings(tmp_path / "read", "waiver_expired")
    assert (told.app, told.problem) == ("people", "unused")
    unread = ghosts(of_people, users={"people": State.INCOMPLETE})
    assert unread.findings(tmp_path / "unread", "waiver_expired") == []


def test_nobody_can_waive_that_something_is_not_known(tmp_path: Path) -> None:
    """Not even by its id; the run stays incomplete."""
    blind = finding_id("collection_incomplete", "slack", None, None, None)
    company = ghosts(waiver(blind), users={"slack": State.INCOMPLETE})
    conclusions = company.conclude(tmp_path)
    found = {one.kind: one for one in conclusions.findings}
    assert found["collection_incomplete"].waiver is None
    assert found["waiver_expired"].problem == "not_waivable"
    assert conclusions.verdict is Verdict.INCOMPLETE


def test_a_registered_account_is_no_orphan(tmp_path: Path) -> None:
    """Named by id or by user name, in any letter case, with a current owner, it is no finding."""
    bots = [account("B1", user_name="Deploy"), account("B2", user_name="backup")]
    registers = {"accounts": entry() + entry(account='"B2"', owner='"ana@example.com"')}
    company = Company([person("7", **ANA), *bots], registers=registers)
    assert company.conclude(tmp_path).findings == ()


def test_an_id_is_taken_before_a_user_name(tmp_path: Path) -> None:
    """A user name that reads like another account's id does not make that account registered."""
    twins: list[Record] = [account("deploy"), account("B2", user_name="deploy")]
    company = Company([person("7"), *twins], registers={"accounts": entry()})
    (orphan,) = company.findings(tmp_path, "orphan_account")
    assert orphan.account is not None
    assert orphan.account.id == "B2"


@pytest.mark.parametrize(
    ("changes", "problem", "says"),
    [
        ({"owner": ""}, "no_owner", "nobody is named as its owner"),
        ({"owner": '"8"'}, "owner_departed", "its owner 8 has departed"),
        ({"owner": '"bo@example.com"'}, "owner_departed", "its owner bo@example.com has departed"),
        ({"owner": '"9"'}, "owner_unknown", "its owner 9 is nobody the HRIS knows"),
        ({"review_by": "2026-10-31"}, "review_overdue", "it was to be reviewed by 2026-10-31"),
        ({"account": '"gone"'}, "absent", "no account has this id or user name"),
        ({"account": '"off"', "type": '"break_glass"'}, "inactive", "could not be used"),
        (
            {"owner": "", "review_by": "2026-10-31"},
            "no_owner,review_overdue",
            "nobody is named as its owner; it was to be reviewed by 2026-10-31",
        ),
    ],
)
def test_an_account_that_nobody_answers_for_is_found(
    tmp_path: Path, changes: dict[str, str], problem: str, says: str
) -> None:
    """Each way in which an entry of the register does not hold has its code and its words."""
    records: list[Record] = [
        person("7"),
        leaver("8", emails=("bo@example.com",)),
        account("B1", user_name="deploy"),
        account("B2", user_name="off", active=False),
    ]
    company = Company(records, registers={"accounts": entry(**changes)})
    (found,) = company.findings(tmp_path, "unowned_nonhuman")
    assert (found.problem, found.severity) == (problem, Severity.MEDIUM)
    assert found.detail.startswith("Registered in the accounts register on line 1 (")
    assert says in found.detail
    assert found.account is not None
    assert found.id == finding_id("unowned_nonhuman", "slack", found.account.id, None, None)


@pytest.mark.parametrize("day", ["2026-11-01", "", "9999-12-31"])
def test_a_review_that_is_due_today_or_never_is_not_overdue(tmp_path: Path, day: str) -> None:
    """The last day counts."""
    company = Company(
        [person("7"), account("B1", user_name="deploy")],
        registers={"accounts": entry(review_by=day)},
    )
    assert company.conclude(tmp_path).findings == ()


def test_an_inactive_service_account_needs_no_owner(tmp_path: Path) -> None:
    """What nobody can use is nobody's problem."""
    records: list[Record] = [leaver("7"), account("B1", user_name="deploy", active=False)]
    company = Company(records, registers={"accounts": entry()})
    assert company.conclude(tmp_path).findings == ()


def test_an_owner_with_one_current_record_has_not_departed(tmp_path: Path) -> None:
    """Of two records with one address, the current one is enough."""
    both: list[Record] = [
        leaver("7", **ANA),
        person("70", **ANA),
        account("B1", user_name="deploy"),
    ]
    company = Company(both, registers={"accounts": entry(owner='"ana@example.com"')})
    assert company.findings(tmp_path, "unowned_nonhuman") == []


def test_registering_an_account_does_not_hide_a_leaver(tmp_path: Path) -> None:
    """A leaver's account stays a ghost, whatever the register calls it."""
    records: list[Record] = [leaver("1042", **ANA), person("7"), HER_ACCOUNT]
    company = Company(records, registers={"accounts": entry(account='"U1"')})
    assert [one.kind for one in company.conclude(tmp_path).findings] == ["ghost_active"]


def test_nothing_is_said_of_owners_without_the_whole_hris(tmp_path: Path) -> None:
    """An owner who was not read has not departed."""
    company = Company(
        [account("B1", user_name="deploy")],
        users={"people": State.INCOMPLETE},
        registers={"accounts": entry()},
    )
    assert company.findings(tmp_path, "unowned_nonhuman") == []


ENGAGEMENTS = (
    (PersonStatus.ACTIVE, "Contractor", LEFT, True),
    (PersonStatus.ON_LEAVE, " vendor", LEFT, True),
    (PersonStatus.ACTIVE, "Contractor", AS_OF - timedelta(hours=24), True),
    (PersonStatus.ACTIVE, "Contractor", AS_OF - timedelta(hours=23), False),
    (PersonStatus.ACTIVE, "Contractor", AS_OF + timedelta(days=1), False),
    (PersonStatus.ACTIVE, "Contractor", None, False),
    (PersonStatus.ACTIVE, "Employee", LEFT, False),
    (PersonStatus.ACTIVE, None, LEFT, False),
    (PersonStatus.UNKNOWN, "Contractor", LEFT, False),
    (PersonStatus.PENDING, "Contractor", LEFT, False),
)
"""Status, worker type, end of the engagement, and whether it is over."""


def test_an_engagement_is_over_only_on_positive_evidence(tmp_path: Path) -> None:
    """An external worker, called current, whose end date and the time allowed have passed."""
    records: list[Record] = []
    for number, (status, worker_type, ended, _) in enumerate(ENGAGEMENTS):
        same: dict[str, Any] = {
            "display_name": f"Worker {number}",
            "emails": (f"w{number}@example.com",),
        }
        records.append(
            person(f"P{number}", status=status, worker_type=worker_type, departed_at=ended, **same)
        )
        records.append(account(f"U{number}", **same))
    findings = Company(records).findings(tmp_path, "engagement_expired")
    found = {one.account.id: one for one in findings if one.account is not None}
    over = [f"U{number}" for number, (*_, ended) in enumerate(ENGAGEMENTS) if ended]
    assert sorted(found) == over
    assert (found["U0"].severity, found["U0"].days_since_departure) == (Severity.HIGH, 29)
    assert found["U0"].detail == (
        "The engagement of Worker 0 (Contractor) ended 29 days ago (2026-10-02T22:00:00Z); "
        "people still calls the person active and the account is active."
    )


def test_an_engagement_that_only_a_weak_key_leads_to_says_so(tmp_path: Path) -> None:
    """Nobody is to remove an account because of a user name alone."""
    worker = person("1042", worker_type="contractor", departed_at=LEFT, user_name="ana")
    (found,) = Company([worker, account("U1", user_name="ana")]).findings(
        tmp_path, "engagement_expired"
    )
    assert found.detail.endswith(
        "the account is active. Only a weak key leads there: first confirm whose the account is."
    )


def test_an_inactive_account_outlives_no_engagement(tmp_path: Path) -> None:
    """It has been removed already."""
    worker = person("1042", worker_type="contractor", departed_at=LEFT, **ANA)
    off = replace(HER_ACCOUNT, active=False)
    assert Company([worker, off]).conclude(tmp_path).findings == ()


def test_who_is_external_is_configurable(tmp_path: Path) -> None:
    """The HRIS's own words are used in place of the usual ones."""
    policy = {**SETTINGS["policy"], "external_worker_types": ["Extern"]}
    workers: list[Record] = [
        person("1", worker_type="EXTERN", departed_at=LEFT, emails=("a@x.org",)),
        person("2", worker_type="contractor", departed_at=LEFT, emails=("b@x.org",)),
        account("U1", emails=("a@x.org",)),
        account("U2", emails=("b@x.org",)),
    ]
    company = Company(workers, settings={**SETTINGS, "policy": policy})
    (found,) = company.findings(tmp_path, "engagement_expired")
    assert found.person is not None
    assert found.person.id == "1"


DORMANT = {**SETTINGS, "policy": {"deprovision_within": "24h", "dormant_after": "90d"}}


@pytest.mark.parametrize(
    ("last", "active", "found"),
    [
        (AS_OF - timedelta(days=90), True, True),
        (AS_OF - timedelta(days=90) + timedelta(seconds=1), True, False),
        (None, True, False),
        (AS_OF - timedelta(days=400), False, False),
    ],
)
def test_an_account_is_dormant_only_where_its_last_use_is_shown(
    tmp_path: Path, last: datetime | None, active: bool, found: bool
) -> None:
    """A missing value is never taken for disuse, and an inactive account is no longer unused."""
    unused = replace(HER_ACCOUNT, last_activity_at=last, active=active)
    company = Company([person("1042", **ANA), unused], settings=DORMANT)
    findings = company.findings(tmp_path, "dormant_account")
    assert bool(findings) is found
    if found:
        assert findings[0].severity is Severity.LOW
        assert findings[0].detail == (
            "The account of Ana Ruiz was last used at 2026-08-03T09:00:00Z; "
            "the policy asks about accounts unused for 90d."
        )


def test_an_app_that_shows_no_last_use_is_said_to_be_unexamined(tmp_path: Path) -> None:
    """The report says that dormant accounts were not looked for; this alone blocks no verdict."""
    conclusions = Company([person("1042", **ANA), HER_ACCOUNT], settings=DORMANT).conclude(tmp_path)
    said = {app.name: [one.code for one in app.not_concluded] for app in conclusions.apps}
    assert said == {"okta": [], "slack": ["app.last_activity_unseen"]}
    assert conclusions.verdict is Verdict.CLEAN


def test_without_a_time_in_the_policy_nothing_is_dormant(tmp_path: Path) -> None:
    """The company says what a long time is, or nobody does."""
    unused = replace(HER_ACCOUNT, last_activity_at=AS_OF - timedelta(days=4000))
    assert Company([person("1042", **ANA), unused]).conclude(tmp_path).findings == ()


def test_leavers_and_registered_accounts_are_not_dormant(tmp_path: Path) -> None:
    """A leaver's account is a ghost, and a break-glass account is meant to rest."""
    unused = replace(HER_ACCOUNT, last_activity_at=AS_OF - timedelta(days=400))
    gone = Company([leaver("1042", **ANA), unused], settings=DORMANT)
    assert gone.findings(tmp_path / "gone", "dormant_account") == []
    resting = Company(
        [person("7", **ANA), unused],
        settings=DORMANT,
        registers={"accounts": entry(account='"U1"', type='"break_glass"')},
    )
    assert resting.conclude(tmp_path / "resting").findings == ()


def privileged(**slack: object) -> dict[str, Any]:
    """The settings with what is privileged in slack."""
    sources = {**SETTINGS["sources"], "slack": {**SETTINGS["sources"]["slack"], **slack}}
    return {**SETTINGS, "sources": sources}


@pytest.mark.parametrize(
    ("settings_", "changes"),
    [
        (SETTINGS, {"privileged": True}),
        (privileged(privileged_accounts=["U1"]), {}),
        (privileged(privileged_accounts=["AN?"]), {}),
        (privileged(privileged_groups=["g1"]), {}),
        (privileged(privileged_groups=["*-Admin"]), {}),
    ],
)
def test_a_privileged_ghost_is_one_level_worse(
    tmp_path: Path, settings_: dict[str, Any], changes: dict[str, Any]
) -> None:
    """By what the app says, by name or pattern of the account, or by a group it is in."""
    ghost = replace(HER_ACCOUNT, **changes)
    records: list[Record] = [leaver("1042", **ANA), ghost, group("G1", "U1", name="site-admin")]
    found = {one.kind: one for one in Company(records, settings_).conclude(tmp_path).findings}
    assert found["ghost_active"].severity is Severity.CRITICAL
    assert found["ghost_active"].flags == ("privileged",)
    assert found["ghost_active"].id == GHOST


def test_only_a_privileged_group_makes_a_leavers_membership_worse(tmp_path: Path) -> None:
    """The membership of a harmless group is as bad as it was."""
    records: list[Record] = [
        leaver("1042", **ANA),
        replace(HER_ACCOUNT, privileged=True),
        group("G1", "U1", name="site-admin"),
        group("G2", "U1", name="lunch"),
    ]
    company = Company(records, privileged(privileged_groups=["site-admin"]))
    found = company.findings(tmp_path, "leaver_membership")
    assert {one.group and one.group.id: (one.severity, one.flags) for one in found} == {
        "G1": (Severity.HIGH, ("privileged",)),
        "G2": (Severity.MEDIUM, ()),
    }


@pytest.mark.parametrize("pattern", ["a_a", "a%", "100%", "!"])
def test_only_stars_and_question_marks_are_patterns(tmp_path: Path, pattern: str) -> None:
    """Characters that mean something to SQL are taken as they are."""
    named: list[Record] = [account("U1", user_name="ana"), account("U2", user_name=pattern)]
    company = Company([person("1"), *named], privileged(privileged_accounts=[pattern]))
    flagged = {
        one.account and one.account.id: one.flags
        for one in company.findings(tmp_path, "orphan_account")
    }
    assert flagged == {"U1": (), "U2": ("privileged",)}


def without_waivers(findings: tuple[Finding, ...]) -> list[Finding]:
    """Return what was found, but for waivers and what is said about them."""
    return [replace(one, waiver=None) for one in findings if one.kind != "waiver_expired"]


MIXED: list[Record] = [
    leaver("1042", **ANA),
    HER_ACCOUNT,
    account("U2"),
    account("U3", user_name="ana"),
    group("G1", "U1", name="one"),
    group("G2", "U1", "U2", name="two"),
]


@pytest.fixture(scope="module")
def unwaived(tmp_path_factory: pytest.TempPathFactory) -> Conclusions:
    """The mixed company without any register."""
    return Company(MIXED).conclude(tmp_path_factory.mktemp("plain"))


@settings(max_examples=5, deadline=None)
@given(st.sets(st.integers(0, 5)), st.booleans())
def test_a_waiver_changes_nothing_but_its_own_finding(
    tmp_path_factory: pytest.TempPathFactory,
    unwaived: Conclusions,
    chosen: set[int],
    stray: bool,
) -> None:
    """Whichever findings are waived, all are still there, and only those carry a waiver."""
    ids = [one.id for one in unwaived.findings]
    waived = {ids[position % len(ids)] for position in chosen}
    text = "".join(waiver(one) for one in sorted(waived)) + (waiver("f" * 16) if stray else "")
    company = Company(MIXED, registers={"waivers": text})
    conclusions = company.conclude(tmp_path_factory.mktemp("waived"))
    assert without_waivers(conclusions.findings) == list(unwaived.findings)
    assert {one.id for one in conclusions.findings if one.waiver} == waived
    assert conclusions.verdict is unwaived.verdict


def test_of_whatever_was_not_read_no_waiver_is_said_to_be_unused(tmp_path: Path) -> None:
    """Without its app, its HRIS or the groups it needs nothing is said; an id may need groups."""
    gone = selector(kind="ghost_active", account="U1", person="1")
    member = selector(kind="leaver_membership", account="U1", person="1", group="g")
    flaw = selector(kind="hr_data_quality", person="1")
    hris = SETTINGS["sources"]["people"]
    settings = {**SETTINGS, "sources": {**SETTINGS["sources"], "contractors": hris}}
    told: dict[str, set[str]] = {}
    for cut in ("nothing", "okta", "people", "groups"):
        texts = [
            waiver(**{**parts, "app": f'"{app}"'})
            for app, parts in (
                ("okta", gone), ("okta", member), ("okta", {}),
                ("people", flaw), ("contractors", flaw),
            )
        ]  # fmt: skip
        company = Company(
            [person("2")],
            settings,
            users={cut: State.INCOMPLETE} if cut in {"okta", "people"} else {},
            groups={one: State.INCOMPLETE for one in ("okta", "people") if cut == "groups"},
            registers={"waivers": "\n".join(texts)},
        )
        told[cut] = {
            f"{one.app} {one.account.id if one.account else ''} {one.group.id if one.group else ''}"
            for one in company.findings(tmp_path / cut, "waiver_expired")
        }
    people = {"people  ", "contractors  "}
    assert told == {
        "nothing": {"okta U1 ", "okta U1 g", "okta  ", *people},
        "okta": people,
        "people": {"contractors  "},
        "groups": {"okta U1 ", *people},
    }
