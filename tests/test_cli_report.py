"""``ghostscan report``: every report of a sealed run, made again from the run folder alone."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.cli.program import run as run_program
from scanner.evidence import reopen
from scanner.evidence.verify import verify
from tests.test_cli import company, write_config

NAMES = ("report.html", "evidence.xlsx", "findings.csv", "findings.json")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test has its own folder, a known secret, and a terminal of 80 columns."""
    monkeypatch.setenv("CLI_TOKEN", "report-token-40e1d2")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sealed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The second audit of a small company, whose sources are not in the order of the alphabet."""
    with company() as (hris, app):
        more = f'[sources.chat]\ntype = "scim"\nurl = "{app.url}"\ntimeout_seconds = 2.5\n'
        more += 'auth = { bearer = "env:CLI_TOKEN" }\n'
        more += (
            '[[entitlements]]\napp = "wiki"\ngroup = "Group 1"\npeople = { status = ["active"] }'
        )
        more += '\n[registers]\naccounts = "accounts.toml"\n'
        linked = '[[accounts]]\napp = "wiki"\naccount = "u3"\nperson = "u4"\n'
        Path("accounts.toml").write_text(linked)
        write_config(hris.url, app.url, more)
        for _ in range(2):
            run_program(["audit", "--json"])
    monkeypatch.delenv("CLI_TOKEN")
    Path("accounts.toml").unlink()
    folder: str = json.loads(capsys.readouterr().out.strip().splitlines()[-1])["run"]
    return Path(folder)


def test_the_reports_are_those_of_the_run(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without servers or secrets the same bytes come out, and the run is as it was."""
    before = {path: path.read_bytes() for path in sealed.rglob("*") if path.is_file()}
    assert run_program(["report", str(sealed)]) == 0
    target = Path(f"{sealed.name}-report")
    assert sorted(path.name for path in target.iterdir()) == sorted(NAMES)
    for name in NAMES:
        assert (target / name).read_bytes() == (sealed / name).read_bytes(), name
        assert (target / name).stat().st_mode & 0o777 == 0o600
    printed = capsys.readouterr()
    assert printed.out.count("wrote ") == len(NAMES)
    assert printed.err == ""
    assert before == {path: path.read_bytes() for path in sealed.rglob("*") if path.is_file()}
    assert verify(sealed).problems == ()


def test_only_the_formats_asked_for_are_written(
    sealed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Into the folder named; what is there already is not overwritten."""
    arguments = ["report", str(sealed), "--format", "csv, json", "--output", "out/deep", "--json"]
    assert run_program(arguments) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["files"] == ["out/deep/findings.csv", "out/deep/findings.json"]
    assert (document["same_findings"], document["exit_code"]) == (True, 0)
    assert run_program(arguments) == 64
    assert "exists already" in capsys.readouterr().err


def test_what_cannot_be_rendered_is_refused(
    sealed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown format, a place inside a run, a place that cannot be, no run at all: 64."""
    Path("file").write_text("in the way")
    for arguments, says in (
        ([str(sealed), "--format", "pdf"], "not a format"),
        ([str(sealed), "--output", str(sealed / "again")], "sealed"),
        ([str(sealed), "--output", "file"], "cannot be written"),
        (["nothing"], "nothing"),
    ):
        assert run_program(["report", *arguments]) == 64
        assert says in capsys.readouterr().err
    assert verify(sealed).problems == ()


def test_a_snapshot_has_no_report(capsys: pytest.CaptureFixture[str]) -> None:
    """It concluded nothing."""
    with company():
        run_program(["snapshot", "--json"])
    folder = json.loads(capsys.readouterr().out)["run"]
    assert run_program(["report", folder]) == 64
    assert "concluded nothing" in capsys.readouterr().err


def test_a_run_of_another_version_is_refused(
    sealed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this version cannot read is a usage error, not a defect."""

    def other(*_: object) -> None:
        raise KeyError("policy")

    monkeypatch.setattr(reopen, "_reopened", other)
    assert run_program(["report", str(sealed)]) == 64
    assert "cannot be read" in capsys.readouterr().err


def test_altered_evidence_is_not_shown(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 50; nothing is written."""
    table = sealed / "tables" / "people" / "people.parquet"
    table.write_bytes(table.read_bytes() + b"x")
    assert run_program(["report", str(sealed)]) == 50
    assert "people.parquet" in capsys.readouterr().err
    assert not Path(f"{sealed.name}-report").exists()


def test_findings_that_come_out_otherwise_are_told(
    sealed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the rules have changed since, the note says that the sealed ones are the evidence."""
    workflow = sys.modules["scanner.workflow.report"]  # the package names the function alike
    real = workflow._judged
    monkeypatch.setattr(
        workflow, "_judged", lambda run, work: replace(real(run, work), findings=())
    )
    assert run_program(["report", str(sealed), "--format", "json"]) == 0
    assert "the sealed ones are the evidence" in capsys.readouterr().err
    Path(f"{sealed.name}-report").rename("first")
    assert run_program(["report", str(sealed), "--format", "json", "-q"]) == 0
    assert capsys.readouterr().err == ""
