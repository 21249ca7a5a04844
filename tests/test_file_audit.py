"""A whole audit from exports alone: files on disk in, findings and evidence out."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from collectors.registry import build_collector
from scanner import workflow
from scanner.cli.program import run as _run
from scanner.config import load_config
from scanner.evidence.response import read_response
from scanner.model import State, Verdict
from scanner.workflow import Outcome
from tests.fakes.recorder import START

PEOPLE = """Number,Name,E-Mail,State,Left on,Department
1,Ana Ruiz,ana@corp.example,active,,Engineering
2,"Bo ""B"" Li",bo@corp.example,terminated,30.09.2026,Engineering
3,"=HYPERLINK(""http://evil.example"")",cid@corp.example,active,,Sales
"""
WIKI = """account_id;user_name;emails;active
w1;ana;ana@corp.example;true
w2;bo;bo@corp.example;true
w3;eve;eve@corp.example;true
"""
MEMBERS = "group_id;user_name\neng;ana\neng;bo\neng;eve\n"
CONFIG = """
[organization]
timezone = "Europe/Berlin"

[sources.people]
role = "hris"
type = "file"
path = "people.csv"
expected_size = 3
canaries = ["ana@corp.example"]

[sources.people.attributes]
person_id = "Number"
display_name = "Name"
emails = "E-Mail"
status = "State"
departed_at = "Left on"

[sources.people.export]
date_format = "%d.%m.%Y"

[sources.wiki]
type = "file"
path = "exports/wiki.csv"
excuses = ["no_count"]
memberships = { path = "exports/members.csv" }
export = { delimiter = ";" }

[[entitlements]]
app = "wiki"
group = "eng"
people = { department = ["Engineering"] }
"""


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and three exports of one hour ago."""
    (tmp_path / "exports").mkdir()
    files = {"people.csv": PEOPLE, "exports/wiki.csv": WIKI, "exports/members.csv": MEMBERS}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        age(tmp_path / name, 1 / 24)
    (tmp_path / "ghostscan.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("collectors.file.collector._utc_now", lambda: START)
    return tmp_path


def age(path: Path, days: float) -> None:
    instant = (START - timedelta(days=days)).timestamp()
    os.utime(path, (instant, instant))


def audit(folder: Path) -> Outcome:
    loaded = load_config(folder / "ghostscan.toml")
    return workflow.audit(loaded, clock=lambda: START, listener=lambda _: None)


def found(outcome: Outcome) -> set[tuple[str, str | None, str | None]]:
    return {
        (
            one.kind,
            one.account.id if one.account else None,
            one.person.id if one.person else None,
        )
        for one in outcome.audit.findings
    }


def test_exports_alone_are_enough_for_an_audit(company: Path) -> None:
    """The ghost, the orphan and both memberships are found, and the evidence holds."""
    outcome = audit(company)
    assert outcome.audit.verdict is Verdict.FINDINGS
    assert [one.state for one in outcome.audit.sources] == [State.COMPLETE] * 2
    assert found(outcome) >= {
        ("ghost_active", "w2", "2"),
        ("orphan_account", "w3", None),
        ("leaver_membership", "w2", "2"),
    }
    assert outcome.audit.departures == (("people", "Left on"),)
    assert workflow.verify(outcome.folder).problems == ()


def test_every_file_is_kept_byte_for_byte(company: Path) -> None:
    """What an auditor unpacks is what was exported, and each record points to its row."""
    outcome = audit(company)
    kept = {
        one.url.removeprefix("file:"): one.body
        for path in sorted(outcome.folder.rglob("*.response.gz"))
        for one in [read_response(outcome.folder, str(path.relative_to(outcome.folder)))]
    }
    assert kept == {
        name: (company / name).read_bytes()
        for name in ("people.csv", "exports/wiki.csv", "exports/members.csv")
    }
    loaded = load_config(company / "ghostscan.toml")
    people = loaded.config.sources["people"]
    zone = loaded.config.organization.zone
    collector = build_collector("people", people, zone, Path("/nowhere"), offline=True)
    records = collector.records(
        outcome.audit.sources[0], lambda path: read_response(outcome.folder, path)
    )
    third = records.people[2]
    assert (third.pointer.index, third.display_name) == (2, '=HYPERLINK("http://evil.example")')


def test_a_month_old_export_concludes_nothing(company: Path) -> None:
    """The verdict is incomplete with the age in days, and nobody is called departed."""
    age(company / "people.csv", 31)
    outcome = audit(company)
    assert outcome.audit.verdict is Verdict.INCOMPLETE
    assert {one.kind for one in outcome.audit.findings} == {"collection_incomplete"}
    assert "31 days" in outcome.audit.sources[0].users.reasons[0].message
    assert "31 days" in (outcome.folder / "report.html").read_text()


def test_a_list_that_shrank_since_the_last_run_is_not_believed(company: Path) -> None:
    """The guard of server lists holds for files too, over the runs of the same configuration."""
    rows = "".join(f"{number},N,n{number}@corp.example,active,,Sales\n" for number in range(4, 24))
    (company / "people.csv").write_text(PEOPLE + rows)
    config = CONFIG.replace("expected_size = 3", 'excuses = ["no_count"]')
    (company / "ghostscan.toml").write_text(config)
    age(company / "people.csv", 0)
    assert audit(company).audit.sources[0].state is State.COMPLETE
    (company / "people.csv").write_text(PEOPLE)
    age(company / "people.csv", 0)
    reading = audit(company).audit.sources[0]
    assert [one.code for one in reading.users.reasons] == ["read.dropped"]


def test_check_shows_what_the_files_hold(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both sources are ready, and a damaged one is named with its line before any audit."""
    assert _run(["check"]) == 0
    shown = capsys.readouterr().out
    assert "3 read in" in shown
    assert "page" not in shown.partition("Ready for")[0]
    with (company / "people.csv").open("a") as file:
        file.write("4,cut\n")
    age(company / "people.csv", 0)
    assert _run(["check", "people"]) == 20
    assert "line 5 has 2 cells" in capsys.readouterr().out
    assert not (company / "runs").exists()


def test_a_source_left_out_keeps_its_address(company: Path) -> None:
    """With --only another app, the file is NOT_READ and still named."""
    loaded = load_config(company / "ghostscan.toml")
    sources = dict(loaded.config.sources)
    sources["other"] = sources["wiki"]
    loaded = replace(loaded, config=loaded.config.model_copy(update={"sources": sources}))
    outcome = workflow.audit(loaded, clock=lambda: START, listener=lambda _: None, only=["other"])
    left_out = next(one for one in outcome.audit.sources if one.source == "wiki")
    assert (left_out.state, left_out.url) == (State.NOT_READ, "file:exports/wiki.csv")


def test_a_plan_leaves_out_what_was_read_from_an_export(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing can be changed through a file; the finding stays, with what a person is to do."""
    outcome = audit(company)
    assert _run(["plan", str(outcome.folder), "--json"]) in {0, 10, 30}
    printed = capsys.readouterr()
    assert "switch it off in the app itself" in printed.out
    assert "not known" not in printed.err
    assert not (outcome.folder / "remediation/plan.json").exists()


def test_an_audit_of_exports_is_shown_and_approved_again(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The address of a file, which nobody may set, does not keep its run from being read again."""
    folder = str(audit(company).folder)
    assert _run(["report", folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["same_findings"] is True
    assert _run(["baseline", "approve", folder, "--approver", "lead"]) == 0
    assert '"members":["w1","w2","w3"]' in (company / "baseline.json").read_text()


def test_what_an_audit_is_asked_about_an_app_can_be_asked_about_an_export(company: Path) -> None:
    """Privileged names, and what settles a guard, are of the company and not of the protocol."""
    named = 'privileged_groups = ["e*"]\nmin_domain_percent = 0\nmemberships'
    config = CONFIG.replace("\nmemberships", f"\n{named}")
    config = config.replace("canaries", "acknowledge_terminated_to = 1\ncanaries")
    (company / "ghostscan.toml").write_text(config)
    (left,) = [one for one in audit(company).audit.findings if one.kind == "leaver_membership"]
    assert left.flags == ("privileged",)


def test_days_off_are_named_where_the_policy_counts_business_days(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever checks a due date by hand sees which days were left out."""
    limit = 'deprovision_within = "2 business days"\n'
    days = 'holidays = { country = "DE", subdivision = "BE", dates = ["2026-10-01"] }\n'
    (company / "ghostscan.toml").write_text(f"{CONFIG}\n[policy]\n{limit}{days}")
    (ghost, *_) = [one for one in audit(company).audit.findings if one.kind == "ghost_active"]
    assert _run(["explain", ghost.id]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "left out Saturdays, Sundays, public holidays of DE BE, 2026-10-01" in shown
