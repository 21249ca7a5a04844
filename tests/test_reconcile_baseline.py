"""Groups against what somebody approved, against a move, and against an account switched off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.cli.program import run as run_program
from scanner.config import approve, baseline_bytes, parse_baseline
from scanner.model import (
    Account,
    ApprovedGroup,
    Finding,
    Person,
    PersonStatus,
    Records,
    Severity,
    State,
    Verdict,
)
from scanner.reconcile.judge import Conclusions
from tests.fakes.company import AS_OF, LEFT, SETTINGS, Company, account, group, leaver, person
from tests.fakes.runs import Runs

Record = Person | Account | Records
DAY = datetime(2026, 10, 1, 8, tzinfo=UTC)


def approved(*members: str, group_id: str = "G1", app: str = "slack") -> ApprovedGroup:
    """One approved group."""
    return ApprovedGroup(app, group_id, "admins", members, "000001-run", "Bo Lind", DAY)


def against(*groups: ApprovedGroup) -> Mapping[str, str]:
    """The register of one baseline."""
    return {"baseline": baseline_bytes(groups).decode()}


def drift(findings: list[Finding]) -> set[tuple[str | None, str | None, str | None, str | None]]:
    """Reduce drift to account, direction, basis and problem."""
    return {
        (
            one.account.id if one.account else None,
            one.group.direction if one.group else None,
            one.group.basis if one.group else None,
            one.problem,
        )
        for one in findings
    }


PEOPLE: list[Record] = [
    person("1", emails=("a@x.org",), display_name="Ana"),
    person("2", emails=("b@x.org",), display_name="Bo"),
    leaver("3", LEFT, emails=("c@x.org",)),
    account("U1", emails=("a@x.org",)),
    account("U2", emails=("b@x.org",)),
    account("U3", emails=("c@x.org",)),
    account("B1", user_name="bot"),
]


def test_a_group_whose_mirror_was_not_read_is_not_held_against_its_baseline(tmp_path: Path) -> None:
    """Who came in by the mirrored group was never approved, and is not unexpected for that."""
    company = Company(
        [
            *PEOPLE,
            account("u1", external_id="1"),
            account("u2", external_id="2"),
            account("o2", source="okta", external_id="2"),
            group("staff", "o2", source="okta"),
            group("G1", "u1", "u2"),
        ],
        entitlements=[{"app": "slack", "group": "G1", "mirrors": "okta:staff"}],
        registers=against(approved("u1")),
    )
    assert company.findings(tmp_path / "whole", "group_drift") == []
    cut = replace(company, groups={"okta": State.INCOMPLETE})
    (finding,) = [one for one in cut.conclude(tmp_path / "cut").findings if one.group]
    assert finding.kind == "collection_incomplete"
    assert finding.detail == (
        "Who is in G1 of slack is not concluded: the users and groups of okta were not all read."
    )


def test_members_that_nobody_approved_are_unexpected(tmp_path: Path) -> None:
    """Whoever owns the account, or nobody; a leaver's membership is found as such."""
    records = [*PEOPLE, group("G1", "U1", "U2", "U3", "B1", name="admins")]
    company = Company(records, registers=against(approved("U1")))
    found = company.findings(tmp_path, "group_drift")
    assert drift(found) == {
        ("U2", "unexpected", "baseline", None),
        ("B1", "unexpected", "baseline", None),
    }
    told = {one.account.id: one.detail for one in found if one.account}
    assert told["U2"] == (
        "Bo is a member of admins, which is for the people that Bo Lind approved on 2026-10-01 "
        "(run 000001-run)."
    )
    assert told["B1"].startswith("The account bot is a member of admins, which is for")


def test_approved_members_who_are_gone_are_missing_while_they_could_be_in_it(
    tmp_path: Path,
) -> None:
    """Not the leaver's account, not the inactive one, not the one that no longer exists."""
    off = account("U4", active=False)
    records = [*PEOPLE, off, group("G1", "U1", name="admins")]
    company = Company(records, registers=against(approved("U1", "U2", "U3", "U4", "U9")))
    found = company.findings(tmp_path, "group_drift")
    assert drift(found) == {("U2", "missing", "baseline", None)}
    assert found[0].detail.startswith("Bo is not a member of admins, which is for the people that")


def test_a_member_through_a_nested_group_is_a_member(tmp_path: Path) -> None:
    """Approved members may come by another way, and others are found with theirs."""
    inner = group("G2", "U1", "U2", name="on call")
    outer = group("G1", name="admins")
    nested = replace(inner.memberships[0], group_id="G1", member_id="G2", member_type="Group")
    records = [*PEOPLE, inner, replace(outer, memberships=(nested,))]
    (found,) = Company(records, registers=against(approved("U1"))).findings(tmp_path, "group_drift")
    assert found.via == ("G2",)
    assert found.detail.startswith("Bo is a member of admins through on call, which is for")


def test_a_privileged_group_makes_an_unapproved_member_worse(tmp_path: Path) -> None:
    """One level, for who is in it; not for who is missing."""
    slack = {**SETTINGS["sources"]["slack"], "privileged_groups": ["adm*"]}
    settings = {**SETTINGS, "sources": {**SETTINGS["sources"], "slack": slack}}
    records = [*PEOPLE, group("G1", "U2", name="admins")]
    company = Company(records, settings, registers=against(approved("U1")))
    found = company.findings(tmp_path, "group_drift")
    assert {one.account and one.account.id: (one.severity, one.flags) for one in found} == {
        "U2": (Severity.HIGH, ("privileged",)),
        "U1": (Severity.MEDIUM, ()),
    }


def test_a_rule_and_an_approval_add_up(tmp_path: Path) -> None:
    """Who is approved is allowed beside those the rule expects, and is not demanded."""
    rule = {"app": "slack", "group": "admins", "people": {"person_id": ["1"]}}
    records = [*PEOPLE, group("G1", "U2", name="admins")]
    company = Company(records, entitlements=[rule], registers=against(approved("U2", "B1")))
    found = company.findings(tmp_path, "group_drift")
    assert drift(found) == {("U1", "missing", "rule", None)}
    assert "whose person_id is 1, or that Bo Lind approved" in found[0].detail


@pytest.mark.parametrize(
    ("records", "states", "code"),
    [
        (PEOPLE, {}, "entitlement.group_absent"),
        ([*PEOPLE, group("G1")], {"slack": State.INCOMPLETE}, "entitlement.groups_incomplete"),
    ],
)
def test_a_baseline_whose_group_was_not_read_is_not_concluded(
    tmp_path: Path, records: list[Record], states: dict[str, State], code: str
) -> None:
    """What was approved and cannot be seen is told, and the verdict is incomplete."""
    company = Company(records, groups=states, registers=against(approved("U1")))
    conclusions = company.conclude(tmp_path)
    assert conclusions.verdict is Verdict.INCOMPLETE
    slack = next(app for app in conclusions.apps if app.name == "slack")
    assert slack.not_concluded[0].code == code
    assert "baseline approve" in slack.not_concluded[0].hint
    assert [one for one in conclusions.findings if one.kind == "group_drift"] == []


def test_nothing_is_unexpected_without_the_whole_hris(tmp_path: Path) -> None:
    """A leaver could not be told from a stranger."""
    records = [*PEOPLE, group("G1", "U2", name="admins")]
    company = Company(
        records, users={"people": State.INCOMPLETE}, registers=against(approved("U1"))
    )
    assert company.findings(tmp_path, "group_drift") == []


def test_inactive_accounts_in_groups_are_told_where_the_policy_asks(tmp_path: Path) -> None:
    """Of current people only; by default nobody asks, for many apps keep the groups."""
    records: list[Record] = [
        person("1", emails=("a@x.org",), display_name="Ana"),
        person("2", status=PersonStatus.ON_LEAVE, emails=("b@x.org",)),
        account("U1", emails=("a@x.org",), active=False),
        account("U2", emails=("b@x.org",), active=False),
        account("U3", active=False),
        group("G1", "U1", "U2", "U3", name="eng"),
    ]
    assert Company(records).findings(tmp_path / "silent", "group_drift") == []
    policy = {**SETTINGS["policy"], "inactive_memberships": True}
    company = Company(records, {**SETTINGS, "policy": policy})
    (found,) = company.findings(tmp_path / "asked", "group_drift")
    assert drift([found]) == {("U1", "unexpected", None, "inactive_account")}
    assert found.detail == "The account of Ana is inactive and still a member of eng."


def moved(**changes: str) -> list[Record]:
    """Two engineers and two sellers in groups of their own; the first person may have moved."""
    ana = {"department": "Engineering", "title": "Engineer", **changes}
    return [
        person("1", emails=("a@x.org",), display_name="Ana", **ana),
        person("2", emails=("b@x.org",), department="Engineering", title="Engineer"),
        person("3", emails=("c@x.org",), department="Sales", title="Seller"),
        account("U1", emails=("a@x.org",)),
        account("U2", emails=("b@x.org",)),
        account("U3", emails=("c@x.org",)),
        group("G1", "U1", "U2", name="eng"),
        group("G2", "U1", "U2", "U3", name="all"),
        group("G3", "U1", "U3", name="sales"),
    ]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, set()),
        ({"department": "Sales"}, {"G1"}),
        ({"title": "Seller"}, {"G1"}),
        ({"department": "Legal"}, {"G1", "G2", "G3"}),
    ],
)
def test_a_membership_kept_after_a_move_is_unexpected(
    tmp_path: Path, changes: dict[str, str], found: set[str]
) -> None:
    """Where somebody of the new department or title is, the group belongs to the new work too."""
    runs = Runs(tmp_path)
    runs.audit(AS_OF - timedelta(days=30), moved())
    _, conclusions = runs.audit(AS_OF, moved(**changes))
    movers = [one for one in conclusions.findings if one.problem == "mover"]
    assert {one.group.id for one in movers if one.group} == found
    assert drift(movers) == ({("U1", "unexpected", None, "mover")} if found else set())
    if found:
        assert movers[0].detail == (
            "Ana has another department or title than before and is still a member "
            "of eng, where nobody else of the new one is."
        )


def test_a_membership_that_came_with_the_move_is_no_residue(tmp_path: Path) -> None:
    """Only what was held before is kept from before."""
    runs = Runs(tmp_path)
    before = [one for one in moved() if not (isinstance(one, Records) and "G1" in str(one))]
    runs.audit(AS_OF - timedelta(days=30), before)
    _, conclusions = runs.audit(AS_OF, moved(department="Sales"))
    assert [one for one in conclusions.findings if one.problem == "mover"] == []


def movers(conclusions: Conclusions) -> set[str]:
    """The groups in which a membership is said to be kept from before a move."""
    found = [one for one in conclusions.findings if one.problem == "mover"]
    return {one.group.id for one in found if one.group}


def test_a_kept_membership_stays_a_finding_until_something_changes(tmp_path: Path) -> None:
    """Later audits say it again, past a reading that fails, until it is given up or explained."""
    runs = Runs(tmp_path)
    days = iter(range(30))

    def audit(records: list[Record], groups: State = State.COMPLETE) -> set[str]:
        when = AS_OF + timedelta(days=next(days))
        return movers(runs.audit(when, records, groups={"slack": groups})[1])

    sales = moved(department="Sales")
    assert audit(moved()) == set()
    assert [audit(sales), audit(sales)] == [{"G1"}, {"G1"}]
    assert audit(sales, State.INCOMPLETE) == set()
    assert audit(sales) == {"G1"}
    without = [one for one in sales if one != group("G1", "U1", "U2", name="eng")]
    assert audit([*without, group("G1", "U2", name="eng")]) == set()
    assert audit(sales) == set()


def test_who_moved_back_has_kept_nothing(tmp_path: Path) -> None:
    """The old work is the work again, and its groups with it."""
    runs = Runs(tmp_path)
    runs.audit(AS_OF, moved())
    later = [AS_OF + timedelta(days=number) for number in (1, 2, 3)]
    assert movers(runs.audit(later[0], moved(department="Legal"))[1]) == {"G1", "G2", "G3"}
    assert movers(runs.audit(later[1], moved())[1]) == {"G3"}
    assert movers(runs.audit(later[2], moved())[1]) == {"G3"}


def test_those_who_moved_together_do_not_speak_for_each_other(tmp_path: Path) -> None:
    """Two sellers in the engineers' group are two findings, not an excuse."""

    def team(department: str) -> list[Record]:
        return [
            person("1", emails=("a@x.org",), department=department),
            person("2", emails=("b@x.org",), department=department),
            account("U1", emails=("a@x.org",)),
            account("U2", emails=("b@x.org",)),
            group("G1", "U1", "U2", name="eng"),
        ]

    runs = Runs(tmp_path)
    runs.audit(AS_OF - timedelta(days=30), team("Engineering"))
    _, conclusions = runs.audit(AS_OF, team("Sales"))
    assert len([one for one in conclusions.findings if one.problem == "mover"]) == 2


def test_a_group_that_a_rule_governs_is_judged_by_the_rule(tmp_path: Path) -> None:
    """One membership is one finding."""
    rule = {"app": "slack", "group": "eng", "people": {"department": ["Engineering"]}}
    runs = Runs(tmp_path, entitlements=[rule])
    runs.audit(AS_OF - timedelta(days=30), moved())
    _, conclusions = runs.audit(AS_OF, moved(department="Sales"))
    found = [one for one in conclusions.findings if one.kind == "group_drift"]
    assert drift(found) == {("U1", "unexpected", "rule", None)}


def approving(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run ``baseline approve``; give its exit code and what it printed."""
    code = run_program(["baseline", "approve", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sealed run; slack has three groups, okta's groups were not read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    states = {"okta": State.INCOMPLETE}
    folder, _ = Runs(tmp_path / "runs").audit(AS_OF, moved(), groups=states)
    return folder


def test_what_a_run_proved_can_be_approved(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file names approver, run and members; an audit that holds against it finds nothing."""
    code, out, err = approving(capsys, str(run), "--approver", "Bo Lind")
    assert (code, err) == (0, "")
    assert "okta: left out, its groups were not read completely" in out
    assert '[registers] baseline = "baseline.json"' in out
    content = Path("baseline.json").read_bytes()
    groups = parse_baseline(content)
    assert [(one.group, one.members, one.approver, one.run) for one in groups] == [
        ("G1", ("U1", "U2"), "Bo Lind", run.name),
        ("G2", ("U1", "U2", "U3"), "Bo Lind", run.name),
        ("G3", ("U1", "U3"), "Bo Lind", run.name),
    ]
    company = Company(moved(), registers={"baseline": content.decode()})
    assert company.findings(Path("again"), "group_drift") == []


def test_one_group_can_be_approved_beside_others(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was approved of other groups and apps stays; the document says what was done."""
    elsewhere = approved("O1", app="okta")
    Path("mine.json").write_bytes(baseline_bytes([approved("U9"), elsewhere]))
    arguments = (str(run), "--approver", "Cy", "--app", "slack", "--output", "mine.json")
    code, out, _ = approving(capsys, *arguments, "--group", "eng", "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["groups"], document["members"], document["left_out"]) == (1, 2, [])
    kept = {(one.app, one.group): one.approver for one in parse_baseline(_read("mine.json"))}
    assert kept == {("okta", "G1"): "Bo Lind", ("slack", "G1"): "Cy"}
    assert approving(capsys, *arguments)[0] == 0
    again = {(one.app, one.group) for one in parse_baseline(_read("mine.json"))}
    assert again == {("okta", "G1"), ("slack", "G1"), ("slack", "G2"), ("slack", "G3")}


def _read(name: str) -> bytes:
    return Path(name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--approver", " "], "--approver is empty"),
        (["--approver", "Bo", "--app", "slak"], "no app has this name (did you mean slack?)"),
        (["--approver", "Bo", "--app", "okta"], "no groups of okta were read completely"),
        (["--approver", "Bo", "--group", "none"], "no group has this id or name"),
        (["--approver", "Bo", "--output", "no/such/b.json"], "cannot be written"),
        (["--approver", "Bo", "--output", "runs"], "cannot be read"),
    ],
)
def test_what_cannot_be_approved_is_said(
    run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    """Usage errors end with 64 and leave no file behind."""
    code, out, err = approving(capsys, str(run), *arguments)
    assert (code, out) == (64, "")
    assert says in err
    assert not Path("baseline.json").exists()


def test_an_altered_run_or_baseline_is_refused(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody approves what is not what was sealed, and no line of a baseline is edited by hand."""
    Path("baseline.json").write_bytes(_read_edited())
    code, _, err = approving(capsys, str(run), "--approver", "Bo")
    assert code == 64
    assert "was changed by hand" in err
    (run / "findings.json").write_bytes(b"{}")
    code, _, err = approving(capsys, str(run), "--approver", "Bo", "--output", "new.json")
    assert code == 50
    assert not Path("new.json").exists()


def _read_edited() -> bytes:
    return baseline_bytes([approved("U1")]).replace(b'"U1"', b'"U2"')


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data | {"groups": data["groups"] * 2}, "approves a group twice"),
        (lambda data: data | {"more": 1}, "unknown key more"),
        (lambda data: data | {"schema": "x"}, "schema"),
        (lambda data: {**data, "sha256": "0"}, "was changed by hand"),
        (lambda data: [data], "the file"),
    ],
)
def test_a_baseline_is_read_strictly(change: Any, says: str) -> None:  # noqa: ANN401 - any change
    """What is not a baseline in every part is refused in one line."""
    data = change(json.loads(baseline_bytes([approved("U1")])))
    with pytest.raises(ValueError, match=says) as caught:
        parse_baseline(json.dumps(data).encode())
    assert "\n" not in str(caught.value)


def test_a_baseline_that_is_no_json_is_refused() -> None:
    """A cut file says so."""
    with pytest.raises(ValueError, match="is not JSON"):
        parse_baseline(baseline_bytes([approved("U1")])[:-2])


def test_a_baseline_is_the_same_whatever_the_order() -> None:
    """Groups and members are sorted; what is read is what was approved."""
    one, other = approved("U2", "U1", "U2"), approved("U5", group_id="G0")
    content = baseline_bytes([one, other])
    assert content == baseline_bytes([other, replace(one, members=("U1", "U2"))])
    assert parse_baseline(content) == (other, replace(one, members=("U1", "U2")))
    assert approve([one], [other], frozenset()) == (one, other)
    assert approve([one], [other], frozenset({"slack"})) == (other,)
