"""Promises of the log of a remediation: complete, true to the journal, made again by verify."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from collectors.base import Traits
from reports.remediation import render_log_page
from scanner.cli.program import run
from scanner.remediation.journal import parse_journal
from scanner.remediation.log import remediation_log, residual_access
from scanner.remediation.plan import parse_plan
from tests.fakes.remediated import Site, approve_it, audited, plan_it, read_json, reset


@pytest.fixture(scope="module")
def audited_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with audited(tmp_path_factory.mktemp("site")) as found:
        yield found


@pytest.fixture(name="site")
def _site(audited_site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.chdir(audited_site.folder)
    monkeypatch.setattr("scanner.cli.execution.time.sleep", lambda _: None)
    with reset(audited_site) as fresh:
        yield fresh


def applied(site: Site, code: int = 0) -> Path:
    """Plan, approve and apply, and give the folder in which the log stands."""
    assert (plan_it(site), approve_it(site.plan)) == (0, 0)
    assert run(["apply", str(site.plan), "--execute", "-q"]) == code
    return site.plan.parent


def answer_nothing(handler: Any, _: object, __: object) -> None:  # noqa: ANN401 - the server's own
    handler.close_connection = True


def test_the_log_tells_each_account_from_the_state_before_to_the_state_after(site: Site) -> None:
    """Who approved with which key, what was asked, answered and read back, and what may be left."""
    log = read_json(applied(site) / "log.json")
    assert [one["outcome"] for one in log["actions"]] == ["CONFIRMED"] * 3
    assert log["begun"]["approver"] == "bob"
    assert log["begun"]["approver_key"].startswith("SHA256:")
    for one in log["actions"]:
        assert (one["before"]["active"], one["after"]["active"]) == (True, False)
        (request,) = one["requests"]
        assert request["method"] == "PATCH"
        assert request["answer"]["status"] == 200
        assert request["at"] <= request["answer"]["at"] <= one["ended_at"] <= log["ended_at"]
        assert one["rechecked"]["held"] is True
        assert "may live on" in one["residual_access"]


def test_page_and_workbook_hold_every_action(site: Site) -> None:
    """Accounts, outcomes, the approver's key, and the journal's last line stand in both."""
    folder = applied(site)
    page = (folder / "log.html").read_text(encoding="utf-8")
    head = parse_journal((folder / "journal.jsonl").read_bytes()).head
    assert head in page
    assert "3 of 3 actions are confirmed" in page
    assert "<script" not in page
    book = openpyxl.load_workbook(folder / "log.xlsx")
    rows = list(book["Remediation log"].iter_rows(min_row=5, values_only=True))
    table = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    key = read_json(folder / "log.json")["begun"]["approver_key"]
    for number, row in enumerate(table, start=1):
        assert (row["account_id"], row["outcome"]) == (f"u{number}", "CONFIRMED")
        assert (row["state_before"], row["state_after"]) == ("active", "inactive")
        assert row["approver_key"] == key
        assert f"u{number}</code>" in page
    assert "60 active before, 57 now: 3 confirmed" in page
    looks = list(book["Looks around"].iter_rows(min_row=5, values_only=True))
    counted = [dict(zip(looks[0], row, strict=True)) for row in looks[1:]]
    figures = [(one["look"], one["active_before"], one["active_now"]) for one in counted]
    assert figures == [
        ("list before", None, 60),
        ("picked accounts", None, None),
        ("list again", 60, 59),
        ("picked accounts", None, None),
        ("list again", 60, 57),
    ]


def test_verify_makes_the_log_again(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The run with its log is whole; one byte in any file of the log, and it is named."""
    folder = applied(site)
    assert run(["verify", str(site.run)]) == 0
    for name in ("log.json", "log.html", "log.xlsx"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole.replace(b"CONFIRMED", b"C0NFIRMED", 1) + b" ")
        capsys.readouterr()
        assert run(["verify", str(site.run)]) == 50
        out, err = capsys.readouterr()
        assert f"remediation/{name}" in re.sub(r"\s+", "", out + err)
        (folder / name).write_bytes(whole)


def test_what_was_not_confirmed_is_told_so(site: Site) -> None:
    """Without an answer and without a version nobody knows: the log says what is known."""
    site.app.write_hook = answer_nothing
    folder = applied(site, 40)
    log = read_json(folder / "log.json")
    assert {one["outcome"] for one in log["actions"]} == {"NEEDS_REVIEW"}
    assert {one["requests"][0]["answer"]["status"] for one in log["actions"]} == {None}
    assert "0 of 3 actions are confirmed" in (folder / "log.html").read_text(encoding="utf-8")


def test_an_undo_has_a_log_of_its_own(site: Site) -> None:
    """The log of the apply stays as it was; that of the undo names the journal it takes back."""
    folder = applied(site)
    first = (folder / "log.json").read_bytes()
    assert run(["undo", str(site.journal), "--key", "alice", "-q"]) == 0
    undo = folder / "undo" / "plan.json"
    assert approve_it(undo) == 0
    assert run(["apply", str(undo), "--execute", "-q"]) == 0
    log = read_json(folder / "undo" / "log.json")
    assert log["undoes"] == json.loads(first)["journal_head"]
    assert {one["after"]["active"] for one in log["actions"]} == {True}
    assert (folder / "log.json").read_bytes() == first
    assert "Log of an undo" in (folder / "undo" / "log.html").read_text(encoding="utf-8")
    assert run(["verify", str(site.run)]) == 0


def test_a_plan_that_was_not_applied_has_an_empty_log(site: Site) -> None:
    """Every action stands in it, and none is said to be done; hostile names are text."""
    assert plan_it(site, "--memberships") == 0
    plan = parse_plan(site.plan.read_bytes())
    log = remediation_log(plan, (), "0" * 64)
    assert {one["outcome"] for one in log["actions"]} == {None}
    log["actions"][0]["target"]["user_name"] = "<script>alert(1)</script>\x1b[2J"
    page = render_log_page(json.loads(json.dumps(log))).decode()
    assert "not approved or not yet done" in page
    assert "<script>" not in page
    assert "\x1b" not in page


def test_members_are_told_as_members(site: Site) -> None:
    """A removal from a group reads member before, and no member after."""
    assert (plan_it(site, "--memberships"), approve_it(site.plan)) == (0, 0)
    assert run(["apply", str(site.plan), "--execute", "-q"]) == 0
    page = (site.plan.parent / "log.html").read_text(encoding="utf-8")
    assert "<td>member</td>" in page
    assert "<td>no member</td>" in page


@pytest.mark.parametrize(
    ("sessions", "tokens", "said"),
    [
        ("unknown", "unknown", "sessions and tokens and keys are not part of SCIM and may live on"),
        ("end", "survive", "the vendor says that sessions end; tokens and keys are not"),
        ("end", "end", "the vendor says that sessions and tokens and keys end; none of it was"),
    ],
)
def test_residual_access_claims_nothing_that_was_not_read(
    sessions: Any,  # noqa: ANN401 - literals
    tokens: Any,  # noqa: ANN401
    said: str,
) -> None:
    """What a vendor says is said to be the vendor's word, and the rest is left open."""
    note = residual_access(Traits("x", "yes", sessions=sessions, tokens=tokens))
    assert said in note
    assert note.endswith("none of it was verified")


def audited_again(site: Site, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Audit once more, and give what is said of failed remediations, by account."""
    capsys.readouterr()
    run(["audit", "--json"])
    folder = Path(json.loads(capsys.readouterr().out)["run"])
    found = read_json(folder / "findings.json")["findings"]
    assert run(["verify", str(folder)]) == 0
    return {
        one["account"]["id"]: one["detail"] for one in found if one["kind"] == "remediation_failed"
    }


def test_the_next_audit_says_what_came_back(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A confirmed account that is active again is named; what was undone, and the rest, is not."""
    folder = applied(site)
    assert audited_again(site, capsys) == {}
    site.app.users[1]["active"] = True
    told = audited_again(site, capsys)
    assert set(told) == {"u2"}
    assert "active although a deactivation was confirmed at" in told["u2"]
    site.app.users[1]["active"] = False
    assert run(["undo", str(site.journal), "--key", "alice", "-q"]) == 0
    assert approve_it(folder / "undo" / "plan.json") == 0
    assert run(["apply", str(folder / "undo" / "plan.json"), "--execute", "-q"]) == 0
    assert audited_again(site, capsys) == {}


def test_the_next_audit_says_what_never_took_effect(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an app did not do is a finding until it is done; a damaged journal stops the audit."""
    site.app.write_hook = answer_nothing
    folder = applied(site, 40)
    told = audited_again(site, capsys)
    assert set(told) == {"u1", "u2", "u3"}
    assert all("with an end nobody knows" in one for one in told.values())
    journal = folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"NEEDS_REVIEW", b"CONFIRMED___"))
    assert run(["audit", "-q"]) == 50
