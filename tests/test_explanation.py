"""Explaining one finding from the run folder alone: keys, people, dates, policy, evidence."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reports.explanation import show_explanation
from scanner import workflow
from scanner.cli.program import run as run_program
from scanner.config import load_config
from scanner.errors import EvidenceError, IntegrityError, UsageError
from scanner.evidence.excerpt import cut_out
from scanner.evidence.exhibit import Sealed, read_exhibit
from scanner.evidence.response import encode_response
from scanner.model import Explanation, Pointer, Wanted
from tests.fakes.evidence import Heard

AS_OF = datetime(2026, 11, 1, 9, tzinfo=UTC)
HOSTILE = "[red]Eve\x1b[2J\u202e"
CONFIG = """
[organization]
timezone = "Europe/Berlin"

[policy]
deprovision_within = "24h"
reference = "ACP-07"

[runs]
directory = "runs"

[sources.people]
role = "hris"
type = "file"
path = "people.json"
expected_size = 8

[sources.wiki]
type = "file"
path = "wiki.json"
expected_size = 8

[registers]
accounts = "accounts.toml"
"""
LINK = '[[accounts]]\napp = "wiki"\naccount = "by-hand"\nperson = "P1"\n'
LEFT = {"status": "terminated", "departed_at": "2026-10-01"}
PEOPLE: list[dict[str, Any]] = [
    {"person_id": "P1", "employee_number": "7", "display_name": "Ana Ruiz",
     "emails": "ana@x.example", "recorded_at": "2026-10-05T08:00:00Z",
     "timezone": "Asia/Tokyo", **LEFT},
    {"person_id": "P2", "display_name": "Bo Berg", "emails": "bo@x.example",
     "hired_at": "2019-01-01", **LEFT},
    {"person_id": "P3", "display_name": "Bo Borg", "emails": "bo@x.example",
     "hired_at": "2026-10-20", "status": "active"},
    {"person_id": "P4", "user_name": "cy", "display_name": "Cy Day", **LEFT},
    {"person_id": "P5", "employee_number": "9", "display_name": "Dee Fox", **LEFT},
    {"person_id": "P6", "display_name": HOSTILE, "emails": "eve@x.example",
     "status": "terminated"},
    {"person_id": "P7", "employee_number": "3", "display_name": "Flo Gray",
     "emails": "flo@x.example", "status": "terminated", "departed_at": "2020-01-31"},
    {"person_id": "P8", "employee_number": "3", "display_name": "Flo Gray",
     "emails": "flo@x.example", "status": "terminated", "departed_at": "2026-10-31T20:00:00Z"},
]  # fmt: skip
ACCOUNTS: list[dict[str, Any]] = [
    {"account_id": "ghost", "employee_number": "7", "display_name": "Ana", "active": True},
    {"account_id": "reused", "emails": "bo@x.example", "created_at": "2019-02-01T00:00:00Z",
     "active": True},
    {"account_id": "weak", "user_name": "cy", "active": True},
    {"account_id": "number", "employee_number": "9", "display_name": "Somebody Else",
     "active": True},
    {"account_id": "hostile", "emails": "eve@x.example", "active": True},
    {"account_id": "twice", "external_id": "P7", "active": True},
    {"account_id": "orphan", "display_name": "Anna Ruiz", "active": True},
    {"account_id": "by-hand", "user_name": "nobody", "active": True},
]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration and one finished run."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "ghostscan.toml").write_text(CONFIG)
    (folder / "accounts.toml").write_text(LINK)
    for name, rows in (("people", PEOPLE), ("wiki", ACCOUNTS)):
        (folder / f"{name}.json").write_text(json.dumps(rows))
    workflow.audit(
        load_config(folder / "ghostscan.toml"), clock=lambda: AS_OF, listener=lambda _: None
    )
    return folder


@pytest.fixture(scope="module")
def run(home: Path) -> Path:
    """The only run."""
    (folder,) = (home / "runs").glob("000001-*")
    return folder


def identity(run: Path, kind: str, account: str) -> str:
    """The id of one finding of the run."""
    findings = json.loads((run / "findings.json").read_bytes())["findings"]
    (found,) = [
        one["id"]
        for one in findings
        if one["kind"] == kind and (one["account"] or {}).get("id") == account
    ]
    return str(found)


def explained(run: Path, kind: str, account: str) -> Explanation:
    """The explanation of one finding, from the run folder alone."""
    return workflow.explain(identity(run, kind, account), run, Path("nowhere.toml"))


def printed(explanation: Explanation) -> str:
    """What a terminal of 80 columns shows."""
    text = StringIO()
    show_explanation(explanation, Console(file=text, width=80, highlight=False))
    return text.getvalue()


def test_a_ghost_is_explained_from_its_key_to_its_due_instant(run: Path) -> None:
    """Key, person, zone, dates, what was recorded late and the policy's sum are all shown."""
    shown = printed(explained(run, "ghost_active", "ghost"))
    for words in (
        "ghost_active: Active account of a departed person",
        "1. employee number: 7",
        "+ Ana Ruiz, P1 in people",
        "taken: every key that names anybody names this person",
        "2. external id: the account has none",
        "Situation: linked.",
        "departed         2026-10-01T15:00:00Z (the end of 2026-10-01 in Asia/Tokyo)",
        "recorded         2026-10-05T08:00:00Z (2026-10-05 17:00 in Asia/Tokyo)",
        "time zone        Asia/Tokyo",
        "Access is removed: 24h after departure (ACP-07).",
        "+ 24h      = due 2026-10-02T15:00:00Z",
        "judged at  2026-11-01T09:00:00Z: 29 days 18 hours past due",
        "queries/ghost_active.sql",
    ):
        assert words in shown
    assert "in Asia/Tokyo), after the departure (back-dated)" in " ".join(shown.split())


def test_a_reused_address_names_both_and_says_who_came_later(run: Path) -> None:
    """Both people are shown and refused, and the account is older than the newcomer."""
    shown = printed(explained(run, "ambiguous_identity", "reused"))
    assert "- Bo Berg, P2 in people" in shown
    assert "- Bo Borg, P3 in people" in shown
    assert "refused: the keys name more than one person, and nobody guesses" in shown
    assert "Situation: disputed (several people)." in shown
    assert "2019-02-01T00:00:00Z, before Bo Borg was hired." in " ".join(shown.split())
    assert "Access is removed" not in shown


@pytest.mark.parametrize(
    ("account", "why"),
    [
        ("weak", "a weak key alone does not conclude that"),
        ("number", "the names have no word in common"),
    ],
)
def test_a_refused_candidate_says_what_was_missing(run: Path, account: str, why: str) -> None:
    """Where one person is named and not taken, the reason stands beside the name."""
    assert why in " ".join(printed(explained(run, "ambiguous_identity", account)).split())


def test_of_two_spells_the_later_departure_governs(run: Path) -> None:
    """Both records are shown; the one that the key did not name decides."""
    shown = " ".join(printed(explained(run, "ghost_pending", "twice")).split())
    assert "taken: the same person as P8 in people, which decides" in shown
    assert "P7 in people: terminated; another record of the person decides" in shown
    assert "11 hours left" in shown


def test_a_hint_is_shown_as_a_hint(run: Path) -> None:
    """Whom an orphan may belong to stands apart from the keys, with its score."""
    shown = printed(explained(run, "orphan_account", "orphan"))
    assert "Perhaps, as a hint only (100 is most alike):" in shown
    assert "? Ana Ruiz, P1 in people: similar name (94)" in shown
    assert "Situation: unmatched." in shown


def test_a_finding_about_a_record_is_explained_by_the_record(run: Path) -> None:
    """Without an account there are no keys, and the record of the HRIS is the evidence."""
    findings = json.loads((run / "findings.json").read_bytes())["findings"]
    flawed = next(one["id"] for one in findings if (one["person"] or {}).get("id") == "P6"
                  and one["kind"] == "hr_data_quality")  # fmt: skip
    explanation = workflow.explain(flawed, run, Path("nowhere.toml"))
    assert (explanation.account, explanation.keys, explanation.situation) == ({}, (), None)
    assert [one.about for one in explanation.exhibits] == ["record P6 of people"]
    assert "hr_data_quality" in printed(explanation)


@pytest.mark.parametrize(
    ("body", "index", "excerpt", "shown_by"),
    [
        ('{"Resources": [{"id": "a"}, {"id": "b"}]}', 1, '{"id":"b"}', "jq '.Resources[1]'"),
        ('{"id": "a"}', 0, '{"id":"a"}', "jq ."),
        ('[{"id": "a"}, {"id": "b"}]', 1, '{"id":"b"}', "jq '.[1]'"),
        ('{"id": "a"}\n{"id": "b"}\n', 1, '{"id": "b"}', "sed -n 2p"),
        ("id,name\n1,Ana\n2,Bo\n", 1, "id,name\n2,Bo", "sed -n '1p;3,3p'"),
        ('id,name\r\n1,"A\r\nna"\r\n2,Bo\r\n', 0, 'id,name\n1,"A\nna"', "sed -n '1p;2,3p'"),
    ],
)
def test_an_excerpt_is_the_record_and_so_is_what_its_command_shows(
    body: str, index: int, excerpt: str, shown_by: str
) -> None:
    """A record is cut out of a list, an object, lines of objects or rows below a heading."""
    found = cut_out(body.encode(), index)
    assert (found.text or "").replace("\n  ", "").replace(": ", ":").replace("\n}", "}") == (
        excerpt.replace(": ", ":")
    )
    assert found.filter == shown_by
    if shown_by.startswith("sed"):
        shown = subprocess.run(  # noqa: S602 - the very line a person would paste
            shown_by, shell=True, check=True, capture_output=True, input=body.encode()
        ).stdout.decode()
        assert shown.replace("\r", "").rstrip("\n") == found.text


@pytest.mark.parametrize(
    ("body", "index", "said"),
    [
        (b"PK\x03\x04\xff", 0, "in a workbook it is row 2 of the sheet"),
        (b"\xff\xfei\x00", 0, "no text a terminal could show; unpack the file to see the record"),
        (b'{"Resources": 1}', 0, "no such record"),
        (b'[{"id": "a"}]', 1, "no such record"),
        (b"id,name\n", 0, "no such record"),
    ],
)
def test_what_cannot_be_cut_out_is_said(body: bytes, index: int, said: str) -> None:
    """Of a workbook, or where the record is not, there is no excerpt but a note."""
    found = cut_out(body, index)
    assert (found.text, said in found.note, found.filter) == (None, True, "")


def test_of_a_group_the_member_is_shown_or_that_there_is_none() -> None:
    """A membership is one entry; that somebody is no member is what a query of all of them says."""
    group = {"id": "G", "members": [{"value": "a"}, {"value": "b", "display": "Bo"}, "c"]}
    body = json.dumps({"Resources": [group]}).encode()
    found = cut_out(body, 0, ("b", "bo"))
    assert json.loads(found.text or "")["members"] == [{"value": "b", "display": "Bo"}]
    assert "member 1 (from 0) of 3" in found.note
    assert found.filter == "jq '.Resources[0].members[1]'"
    assert cut_out(body, 0, ("c",)).filter == "jq '.Resources[0].members[2]'"
    absent = cut_out(body, 0, ("x", "y"))
    assert "members" not in json.loads(absent.text or "")
    assert "none of its 3 members, left out here, is x or y" in absent.note
    assert cut_out(b'{"id": "U1"}', 0, ("x",)).filter == "jq ."


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.parametrize(("member", "shown"), [("b", '{"value":"b"}'), ("x", "[]")])
def test_the_command_about_a_member_shows_whether_there_is_one(member: str, shown: str) -> None:
    """Run by hand, it prints the entry, or an empty list."""
    body = json.dumps([{"members": [{"value": "a"}, {"value": "b"}, "c"]}]).encode()
    made = subprocess.run(  # noqa: S602 - the very line a person would paste
        cut_out(body, 0, (member,)).filter.replace("jq ", "jq -c ", 1),
        shell=True,
        check=True,
        capture_output=True,
        input=body,
    )
    assert made.stdout.decode().strip() == shown


def test_a_long_record_is_cut_and_a_missing_one_is_only_told(run: Path) -> None:
    """Forty lines are enough on a terminal; the command shows the rest."""
    explanation = explained(run, "ghost_active", "ghost")
    long = "\n".join(["[", *["1,"] * 60, "1]"])
    exhibits = tuple(replace(one, excerpt=long) for one in explanation.exhibits)
    assert "… 22 more lines" in printed(replace(explanation, exhibits=exhibits))
    exhibits = tuple(replace(one, excerpt=None, note="is no text") for one in exhibits)
    assert "is no text" in printed(replace(explanation, exhibits=exhibits))


def test_a_manual_link_stands_first(run: Path) -> None:
    """A link of the register is the first key and is taken."""
    explanation = explained(run, "ghost_active", "by-hand")
    assert (explanation.finding or {})["matched_by"] == "link"
    assert (explanation.keys[0].key, explanation.keys[0].values) == ("link", ("P1",))
    assert explanation.keys[0].named[0].taken
    assert explanation.keys[0].named[0].why.startswith("taken: a manual link of the register")


def test_what_a_server_sent_cannot_move_the_cursor_or_be_markup(run: Path) -> None:
    """Escapes are shown as text, and square brackets stay square brackets."""
    shown = printed(explained(run, "ghost_active", "hostile"))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[red]Eve" in shown
    assert "on a day the HRIS does not say" in shown
    assert "Without a departure date nothing can show" in shown


def test_everything_but_commands_fits_eighty_columns(run: Path) -> None:
    """No line is wider than the terminal, except what is meant to be copied."""
    shown = printed(explained(run, "ghost_active", "ghost"))
    body, _, commands = shown.partition("To check it by hand")
    assert max(map(len, body.splitlines())) <= 80
    assert "gzip -dc responses/wiki/" in commands


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_printed_command_shows_the_record_that_is_printed(run: Path) -> None:
    """Running the command in the run folder gives the excerpt."""
    explanation = explained(run, "ghost_active", "ghost")
    commands = [
        line.strip() for line in printed(explanation).splitlines() if line.startswith("  gzip")
    ]
    for command, exhibit in zip(commands, explanation.exhibits, strict=True):
        made = subprocess.run(  # noqa: S602 - the very line a person would paste
            command, shell=True, cwd=run, check=True, capture_output=True
        )
        assert json.loads(made.stdout) == json.loads(exhibit.excerpt or "")


def test_the_evidence_is_the_record_itself(run: Path) -> None:
    """The excerpt is what was received, and its digest is that of the manifest."""
    for exhibit in explained(run, "ghost_active", "ghost").exhibits:
        record = json.loads(exhibit.excerpt or "")
        assert record in (PEOPLE[0], ACCOUNTS[0])
        assert f"{exhibit.sha256}  {exhibit.file}" in (run / "SHA256SUMS").read_text()


def test_the_newest_run_is_found_by_the_configuration(
    home: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --run the newest run is taken, an id may be shortened, and --json is one document."""
    found = identity(run, "ghost_active", "ghost")
    arguments = ["explain", found[:12], "--config", str(home / "ghostscan.toml")]
    assert run_program([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["finding"]["id"] == found
    assert document["spells"][0]["due_at"] == "2026-10-02T15:00:00Z"
    assert run_program(arguments) == 0
    assert "To check it by hand" in capsys.readouterr().out


@pytest.mark.parametrize(("asked", "said"), [("0000", "no finding"), ("ab", "too short")])
def test_an_id_that_names_no_finding_is_a_usage_error(run: Path, asked: str, said: str) -> None:
    """An unknown id and one too short to be meant are told apart."""
    with pytest.raises(UsageError, match=said):
        workflow.explain(asked, run, Path("nowhere.toml"))


def test_a_finding_is_found_by_whom_it_is_about(run: Path) -> None:
    """The id, user name or address of an account will do, and the id of a person."""
    for named, kind in (("weak", "ambiguous_identity"), ("EVE@x.example", "ghost_active")):
        found = workflow.explain(named, run, Path("nowhere.toml")).finding
        assert (found or {})["kind"] == kind


def test_a_start_that_several_findings_share_is_refused(run: Path, tmp_path: Path) -> None:
    """Nobody guesses which of two findings was meant."""
    copy = shutil.copytree(run, tmp_path / run.name)
    document = json.loads((copy / "findings.json").read_bytes())
    document["findings"].append({**document["findings"][0]})
    (copy / "findings.json").write_text(json.dumps(document))
    with pytest.raises(UsageError, match="2 findings begin so"):
        workflow.explain(document["findings"][0]["id"][:8], copy, Path("nowhere.toml"))


def test_a_folder_that_is_no_run_or_is_damaged_is_told(run: Path, tmp_path: Path) -> None:
    """A missing file is no run; one that is not what it should be is an integrity error."""
    with pytest.raises(EvidenceError, match="cannot be read"):
        workflow.explain("abcd", tmp_path, Path("nowhere.toml"))
    copy = shutil.copytree(run, tmp_path / run.name)
    for content in ("[]", "{", "{}"):
        (copy / "findings.json").write_text(content)
        with pytest.raises(IntegrityError):
            workflow.explain("abcd", copy, Path("nowhere.toml"))


def test_a_workbook_is_unpacked_outside_the_evidence(tmp_path: Path) -> None:
    """What a terminal cannot show gets the name it had, and no new file in the run folder."""
    exchange = Heard(url="file:exports/people list.xlsx", body=b"PK\xff")
    (tmp_path / "responses").mkdir()
    (tmp_path / "responses/1.gz").write_bytes(encode_response(exchange))
    sealed = Sealed(tmp_path, {"files": []}, "", (), None)
    exhibit = read_exhibit(sealed, Wanted("record 1 of people", Pointer("responses/1.gz", 5)))
    assert exhibit.command == ("gzip -dc responses/1.gz | tail -n +2 > /tmp/'people list.xlsx'")
    assert (exhibit.excerpt, "row 7 of the sheet" in exhibit.note) == (None, True)


def test_without_a_finished_run_there_is_nothing_to_explain(tmp_path: Path) -> None:
    """An empty runs folder is a usage error that says what to name."""
    (tmp_path / "ghostscan.toml").write_text(CONFIG)
    with pytest.raises(UsageError, match="no finished run"):
        workflow.explain("abcd", None, tmp_path / "ghostscan.toml")
