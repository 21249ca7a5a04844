"""Every kind of finding is explained by what it rests on, whatever that is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reports.explanation import show_explanation
from reports.text import visible
from scanner import workflow
from scanner.errors import IntegrityError
from scanner.model import Explanation
from scanner.reconcile.catalogue import load_rules
from scanner.reconcile.events import EVENTS
from scanner.reconcile.facts import Hit
from scanner.reconcile.findings import hit_id
from scanner.reconcile.observation import write_remediations
from scanner.reconcile.parquet import read_rows, write_rows
from tests.fakes.golden_company import AS_OF, FIRST, golden
from tests.fakes.reconciled import reconcile_all
from tests.fakes.sealed import seal

Explained = Callable[..., list[Explanation]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest of three runs over a company that has every kind of finding."""
    history, _ = golden(80)
    return seal(reconcile_all(history, tmp_path_factory.mktemp("golden")), history)


@pytest.fixture(scope="module")
def explained(run: Path) -> Explained:
    """Explain the findings of a kind, of those with a problem, direction or basis only."""
    findings = json.loads((run / "findings.json").read_bytes())["findings"]

    def explain(kind: str, *marks: str) -> list[Explanation]:
        wanted = [
            one
            for one in findings
            if one["kind"] == kind
            and set(marks) <= {one["problem"], one["direction"], one["basis"]}
        ]
        assert wanted
        return [workflow.explain(one["id"], run, Path("nowhere.toml")) for one in wanted]

    return explain


def printed(explanation: Explanation) -> str:
    """What is printed, with every break of a line taken out."""
    text = StringIO()
    show_explanation(explanation, Console(file=text, width=80, highlight=False))
    return " ".join(text.getvalue().split())


def test_every_finding_of_every_kind_is_explained(run: Path) -> None:
    """None is left out; each says what to do, and has evidence or says what else it rests on."""
    findings = json.loads((run / "findings.json").read_bytes())["findings"]
    for one in findings:
        explanation = workflow.explain(one["id"], run, Path("nowhere.toml"))
        assert explanation.finding == one
        assert explanation.remedy
        assert explanation.query
        assert explanation.exhibits or explanation.grounds
        shown = printed(explanation)
        assert " ".join(visible(one["detail"]).split()) in shown
        assert explanation.remedy in shown
    kinds = {one["kind"] for one in findings}
    assert {rule.kind for rule in load_rules()} - kinds == {"remediation_failed"}


SAID: dict[tuple[str, ...], tuple[str, ...]] = {
    ("late_deprovisioning",): (
        "last seen active 2026-10-29T06:00:00Z in 000002-20261029T060000Z",
        "first seen inactive 2026-11-01T09:10:00Z in 000003-20261101T090000Z",
        "not before 2026-10-29T06:00:00Z not after 2026-11-01T09:10:00Z",
        "due 2026-10-04T06:00:00Z hours past due, at least 600 hours past due, at most 676",
        "so even the earliest time it can have happened is past due",
    ),
    ("timeliness_indeterminate",): (
        "hours past due, at least 0 hours past due, at most 28",
        "so it can have been in time or too late, so neither is concluded",
    ),
    ("reactivated",): (
        "last seen inactive 2026-10-29T06:00:00Z",
        "seen active again 2026-11-01T09:10:00Z",
    ),
    ("used_after_departure",): ("closely as it is known at 2026-10-30T09:00:00Z",),
    ("dormant_account",): (
        "last used 2026-08-03T09:00:00Z",
        "asked about accounts last used at or before 2026-08-03T09:00:00Z",
    ),
    ("missed_run",): (
        "no audit in 2026-W41, 2026-W42, 2026-W43",
        "that is from 2026-10-04T22:00:00Z to 2026-10-25T23:00:00Z",
        "app none, it is about the audit itself",
    ),
    ("engagement_expired",): ("worker type Contractor", "worker types with an end contractor, "),
    ("waiver_expired", "expired"): (
        "until 2026-10-31T23:00:00Z",
        "the entry in the register of waivers lines 11 to 12 of registers/waivers.toml",
        "sed -n 11,12p registers/waivers.toml",
    ),
    ("unowned_nonhuman", "absent"): ("the entry in the register of accounts lines 81 to 82",),
    ("unowned_nonhuman", "no_owner"): ("the entry in the register of accounts lines 31 to 32",),
    ("hr_data_quality", "missing_now"): (
        "last seen 2026-10-29T06:00:00Z in 000002-20261029T060000Z status then active",
        "missing from the HRIS by 2026-11-01T09:10:00Z, so no response of this run has",
    ),
    ("hr_data_quality", "shared_key"): ("in people has the same e-mail address p",),
    ("group_drift", "mover"): (
        "department before Support department now Legal",
        "colleagues no other member of the group has the new one",
    ),
    ("group_drift", "inactive_account"): ("asks about inactive accounts in groups",),
    ("group_drift", "missing", "mirror"): (
        "mirrored group Dev (dev) of okta",
        "of github not a member",
        "of okta a direct member",
    ),
    ("group_drift", "unexpected", "mirror"): ("the person there has no account in okta",),
    ("group_drift", "missing", "baseline"): ("approves 2 accounts", "is one of them"),
    ("group_drift", "unexpected", "baseline"): ("approves 2 accounts", "is none of them"),
    ("group_drift", "missing", "rule"): (
        "entitlement 1 people whose department is Engineering",
        "department of the person Engineering",
    ),
    ("group_drift", "unexpected", "rule"): ("department of the person Sales",),
}
"""What an explanation has to say, by kind and marks; at least one of the findings says all."""


@pytest.mark.parametrize("about", SAID, ids=" ".join)
def test_a_kind_says_what_it_rests_on(explained: Explained, about: tuple[str, ...]) -> None:
    """Bounds and the runs they are from, lines of registers, who is expected and why."""
    shown = [printed(one) for one in explained(*about)]
    assert any(all(words in one for words in SAID[about]) for one in shown)


def test_a_removed_account_is_explained_by_those_who_saw_it(explained: Explained) -> None:
    """Nothing of this run shows a deleted account, but whose it was and when it was there."""
    (gone,) = [one for one in explained("late_deprovisioning") if not one.account]
    shown = printed(gone)
    assert "so no response of this run has it" in shown
    assert "last linked to p0000" in shown
    assert [one.about for one in gone.exhibits] == ["record p000070 of people"]
    assert [one.title for one in gone.grounds][:2] == [
        "What the runs saw of the account, one after the other",
        "When it happened, as closely as it is known",
    ]


def test_a_nested_membership_is_shown_group_by_group(explained: Explained) -> None:
    """Each group on the way is an exhibit, with the member that leads on to the account."""
    (nested,) = [one for one in explained("leaver_membership") if (one.finding or {})["via"]]
    assert "a member through Inner (inner)" in printed(nested)
    (outer, inner, *_) = nested.exhibits
    assert (outer.about, inner.about) == ("group outer of slack", "group inner of slack")
    ways = [json.loads(one.excerpt or "")["members"] for one in (outer, inner)]
    account: Any = (nested.finding or {})["account"]
    assert ways == [[{"value": "inner"}], [{"value": account["id"]}]]


def test_why_something_is_privileged_is_said(explained: Explained) -> None:
    """A raised severity names the mark of the app, or the group and the pattern it matches."""
    marked = [one for one in explained("ghost_active") if (one.finding or {})["flags"]]
    assert all("the app marks the account as privileged" in printed(one) for one in marked)
    assert marked
    raised = [one for one in explained("leaver_membership") if (one.finding or {})["flags"]]
    assert raised
    for one in raised:
        assert "severity raised by one level" in printed(one)
        assert "privileged_groups *-admins" in printed(one)
        assert "member of Prod-Admins (prod-admins)" in printed(one)


def test_an_accepted_finding_shows_who_accepted_it(explained: Explained) -> None:
    """The waiver in force stands with the finding, and its entry among the evidence."""
    (one,) = [one for one in explained("ghost_active") if (one.finding or {})["waiver"]]
    shown = printed(one)
    assert "(owner ana, approver bo): until the audit is over" in shown
    assert "lines 1 to 2 of registers/waivers.toml" in shown


def test_a_group_that_is_not_there_is_explained_by_those_that_are(explained: Explained) -> None:
    """What is named, what is wrong with it, and the groups that were read."""
    shown = " ".join(map(printed, explained("collection_incomplete")))
    assert "group named renamed long ago (in [[entitlements]]" in shown
    assert "problem group absent: renamed long ago of github groups of github 1 read: Dev" in shown
    assert "zoom not complete: no total told" in shown


def test_events_are_evidence(run: Path, explained: Explained, tmp_path: Path) -> None:
    """An account with an audit event shows the row of the file it was imported from."""
    copy = shutil.copytree(run, tmp_path / run.name)
    (unclear,) = explained("timeliness_indeterminate")
    account: Any = (unclear.finding or {})["account"]
    events = copy / "tables/events/slack.parquet"
    rows = [{**row, "account_id": account["id"]} for row in read_rows(events)]
    write_rows(events, {name: [row[name] for row in rows] for name in EVENTS.names}, EVENTS)
    one = workflow.explain(str((unclear.finding or {})["id"]), copy, Path("nowhere.toml"))
    (event,) = [each for each in one.exhibits if each.about.startswith("event of slack: deac")]
    assert event.note.startswith("the heading, and line ")
    assert event.file == "responses/slack/audit.csv"


def test_a_failed_removal_is_explained_by_the_plan_it_was_of(run: Path, tmp_path: Path) -> None:
    """The run whose plan it was, how it ended, and that the account was read again since."""
    copy = shutil.copytree(run, tmp_path / run.name)
    ghost = read_rows(copy / "correlation/ghost_active.parquet")[0]
    account = {"source": ghost["app"], "account_id": ghost["account_id"]}
    ended = {"problem": "still_active", "ended_at": FIRST, "run": "000001-20261001T060000Z"}
    write_remediations(copy, [account | ended])
    shutil.copyfile(
        copy / "correlation/ghost_active.parquet", copy / "correlation/remediation_failed.parquet"
    )
    document = json.loads((copy / "findings.json").read_bytes())
    hit = Hit("remediation_failed", **ghost)
    found = next(one for one in document["findings"] if one["id"] == hit_id(replace(
        hit, kind="ghost_active")))  # fmt: skip
    document["findings"].append({**found, "kind": hit.kind, "id": hit_id(hit)})
    (copy / "findings.json").write_text(json.dumps(document))
    shown = printed(workflow.explain(hit_id(hit), copy, Path("nowhere.toml")))
    assert "of the plan in 000001-20261001T060000Z, ended 2026-10-01T06:00:00Z" in shown
    assert "its end still active" in shown
    assert f"read again from {AS_OF:%Y-%m-%dT%H:%M:%SZ}; the account is active" in shown


def test_a_register_that_the_run_did_not_keep_is_not_shown(run: Path, tmp_path: Path) -> None:
    """Without its file in the manifest there is no entry; named and missing, it is damage."""
    copy = shutil.copytree(run, tmp_path / run.name)
    findings = json.loads((copy / "findings.json").read_bytes())["findings"]
    absent = next(one["id"] for one in findings if one["problem"] == "absent")
    (copy / "registers/accounts.toml").unlink()
    with pytest.raises(IntegrityError, match=r"registers/accounts\.toml: cannot be read"):
        workflow.explain(absent, copy, Path("nowhere.toml"))
    manifest = json.loads((copy / "manifest.json").read_bytes())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"registers": []}))
    assert workflow.explain(absent, copy, Path("nowhere.toml")).exhibits == ()


def test_a_finding_that_no_rule_of_the_run_made_has_no_grounds(run: Path, tmp_path: Path) -> None:
    """What stands in findings.json alone is shown as it stands, and nothing is made up for it."""
    copy = shutil.copytree(run, tmp_path / run.name)
    document = json.loads((copy / "findings.json").read_bytes())
    strange = next(one for one in document["findings"] if one["kind"] == "dormant_account")
    document["findings"] = [{**strange, "id": "feedfeedfeedfeed"}]
    (copy / "findings.json").write_text(json.dumps(document))
    found = workflow.explain("feedfeed", copy, Path("nowhere.toml"))
    assert [one.title for one in found.grounds] == [
        "How completely it was read (the proof in full: manifest.json)"
    ]
