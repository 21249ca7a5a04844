"""Looking back in the terminal and as JSON: history and diff."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scanner.cli.program import run as run_program
from scanner.errors import IntegrityError
from scanner.evidence.chronicle import read_chronicle
from scanner.model import State
from tests.fakes.company import account, leaver, person
from tests.fakes.runs import Runs

START = datetime(2026, 10, 1, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CONFIG = """
[policy]
deprovision_within = "24h"
[sources.people]
role = "hris"
type = "scim"
url = "https://hr.example.com"
[sources.okta]
role = "idp"
type = "okta"
url = "https://okta.example.com"
[sources.slack]
type = "slack"
url = "https://slack.example.com"
"""
ANA = {"employee_number": "1042", "user_name": "ana"}


def called(*arguments: str) -> int:
    return run_program(list(arguments))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four runs: two findings; two snapshots; one resolved, one new and okta half read."""
    folder = tmp_path_factory.mktemp("history")
    (folder / "ghostscan.toml").write_text(CONFIG, encoding="utf-8")
    runs = Runs(folder / "runs")
    gone = leaver("1042", START - 9 * DAY, display_name="Ana Ruiz", employee_number="1042")
    ghost = account("U1", **ANA)
    stranger = account("X1", user_name="bo")
    elsewhere = account("O1", source="okta", user_name="cy")
    runs.audit(START, [gone, ghost, stranger, elsewhere])
    runs.snapshot(START + DAY, [gone, ghost, stranger, elsewhere])
    runs.snapshot(START + 2 * DAY, [gone, ghost, stranger, elsewhere])
    now = (gone, ghost, account("X2", user_name="di"), elsewhere, person("7"))
    runs.audit(START + 30 * DAY, now, users={"okta": State.INCOMPLETE})
    return folder


@pytest.fixture
def inside(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    monkeypatch.setenv("COLUMNS", "80")
    return place


def test_history_lists_runs_and_draws_findings_over_time(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line per audit, one for snapshots in a row, a bar per audit by severity; 80 columns."""
    assert called("history") == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert [line.split() for line in lines[2:5]] == [
        ["000001", "2026-10-01", "06:00", "3", "3", "0", "0", "3", "Deviations", "noted"],
        ["000002", "2026-10-02", "06:00", *["-"] * 5, "2", "snapshots", "to", "000003"],
        ["000004", "2026-10-31", "06:00", "3", "2", "0", "1", "4", "Unable", "to", "conclude"],
    ]
    assert lines[6:] == [
        "Findings over time",
        "000001  2026-10-01  ▓▓▓ 3",
        "000004  2026-10-31  ▓▓▓ 3",
        "          █ critical  ▓ high  ▒ medium  ░ low  · info",
    ]
    assert max(map(len, lines)) <= 80


def test_history_as_json_has_every_run(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Audits and snapshots by kind, with figures of every source, and the sum that foots."""
    assert called("history", "--json") == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [one["kind"] for one in runs] == ["audit", "snapshot", "snapshot", "audit"]
    assert runs[0]["findings"]["high"] == 3
    assert (runs[1]["verdict"], runs[1]["movement"]) == (None, {})
    last = runs[3]["movement"]
    assert last["opening"] + last["new"] + last["reopened"] - last["resolved"] == last["closing"]
    assert (last["closing"], last["not_concluded"]) == (4, 1)
    assert {one["name"]: one["state"] for one in runs[3]["sources"]}["okta"] == "INCOMPLETE"


def test_diff_says_what_came_went_stayed_and_was_read_otherwise(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Runs are named by number, name or folder, in any order."""
    assert called("diff", "4", "runs/000001-20261001T060000Z") == 0
    said = capsys.readouterr().out
    assert said == (
        "From 000001-20261001T060000Z to 000004-20261031T060000Z\n"
        "3 findings + 2 new - 2 no longer found = 3 findings\n"
        "New: 2\n"
        "  high     collection_incomplete  okta\n"
        "  high     orphan_account  slack · di\n"
        "Resolved: 1\n"
        "  high     orphan_account  slack · bo\n"
        "Not concluded this time: 1\n"
        "  high     orphan_account  okta · cy\n"
        "people: users 1, now 2\n"
        "okta: users complete, now incomplete\n"
        "Persisting: 1\n"
    )


def test_diff_as_json_names_the_same(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same lists, with ids, for programs."""
    assert called("diff", "1", "000004-20261031T060000Z", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["subject"] for one in document["resolved"]] == ["bo"]
    assert [one["subject"] for one in document["not_concluded"]] == ["cy"]
    assert [one["subject"] for one in document["persisting"]] == ["Ana Ruiz · ana"]
    assert document["earlier"]["run"] == "000001-20261001T060000Z"
    assert document["changed"] == []
    assert [one["later"]["name"] for one in document["sources"]] == ["people", "okta"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("9", "9: no finished run has this name or number"),
        ("2", "000002-20261002T060000Z is a snapshot: it concluded nothing"),
    ],
)
def test_diff_of_what_cannot_be_compared_is_a_usage_error(
    inside: Path, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    """Exit code 64, and the run that was meant is named."""
    assert called("diff", "1", name) == 64
    assert words in capsys.readouterr().err


def test_before_the_first_run_there_is_nothing_to_look_back_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """History says so and ends well; a comparison is refused."""
    (tmp_path / "ghostscan.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert called("history") == 0
    assert "No run has finished yet" in capsys.readouterr().out
    assert called("diff", "1", "2") == 64
    assert "no run has finished yet" in capsys.readouterr().err


def test_only_snapshots_have_no_chart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A single one is called a snapshot."""
    (tmp_path / "ghostscan.toml").write_text(CONFIG, encoding="utf-8")
    Runs(tmp_path / "runs").snapshot(START, [person("1")])
    monkeypatch.chdir(tmp_path)
    assert called("history") == 0
    said = capsys.readouterr().out
    assert "snapshot" in said
    assert "Findings over time" not in said


def test_a_sealed_manifest_in_another_form_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be understood is an error, not a shorter history."""
    monkeypatch.setattr("scanner.evidence.store.manifest_bytes", lambda _: b'{"files": []}\n')
    Runs(tmp_path / "runs").snapshot(START, [person("1")])
    monkeypatch.undo()
    with pytest.raises(IntegrityError, match="cannot be understood"):
        read_chronicle(tmp_path / "runs")
