"""``ghostscan audit --resume``: an interrupted audit, continued against real servers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import audit as audit_command
from scanner.cli.option import now
from scanner.cli.program import run as run_program
from scanner.errors import EvidenceError
from scanner.workflow import run as audit_run
from tests.fakes.scim_server import Fault, ScimServer
from tests.test_cli import company, write_config

PROGRAM = "from scanner.cli import main; main()"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test has its own folder, a known secret, and a terminal of 80 columns."""
    monkeypatch.setenv("CLI_TOKEN", "resume-token-71aa0c")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


def proved() -> list[str]:
    """The sources that the one run which is not finished has on record as proved."""
    names = []
    for path in Path("runs").glob(".*.partial/checkpoints.jsonl"):
        whole = path.read_bytes().rpartition(b"\n")[0]
        events = [json.loads(line) for line in whole.splitlines()]
        names += [one["reading"]["source"] for one in events if one["event"] == "PROVED"]
    return names


def stop(ending: signal.Signals, when: Callable[[], bool]) -> tuple[int, str]:
    """Run an audit as a process of its own and end it at a moment; its exit code and stderr."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "audit", "-q"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and not when() and time.monotonic() < deadline:
        pass
    process.send_signal(ending)
    _, said = process.communicate(timeout=30)
    return process.returncode, said


def partial() -> str:
    """The name of the run that left something."""
    (folder,) = Path("runs").glob(".*.partial")
    return folder.name[1:].removesuffix(".partial")


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def findings(document: dict[str, Any]) -> dict[str, Any]:
    """``findings.json`` of a run without what names the run or says how it was read."""
    found: dict[str, Any] = json.loads((Path(document["run"]) / "findings.json").read_bytes())
    for name in ("run", "as_of"):
        del found[name]
    for finding in found["findings"]:
        del finding["first_seen"]
    return found


def mend(server: ScimServer) -> None:
    server.faults = frozenset()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_resumed_audit_asks_only_for_what_was_not_proved(
    ending: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    """The proved source sees no request, and the result is that of an uninterrupted audit."""
    with company(Fault.SLOW) as (hris, app):
        code, said = stop(ending, lambda: proved() == ["people"] and bool(app.ledger))
        run = partial()
        if ending is signal.SIGKILL:
            assert code == -signal.SIGKILL
        else:
            assert code == 130
            assert "resumable: people need not be read again" in said
            assert f"ghostscan audit --resume {run}\n" in said
        mend(app)
        hris.ledger.clear()
        assert run_program(["audit", "--json", "--resume", run]) == 10
        resumed = document(capsys)
        assert hris.ledger == []
        assert run_program(["verify", resumed["run"], "--json"]) == 0
        notes = document(capsys)["notes"]
        assert f"run {Path(resumed['run']).name} continues run {run}" in notes
        result = findings(resumed)
        manifest = json.loads((Path(resumed["run"]) / "manifest.json").read_bytes())
        assert run in (Path(resumed["run"]) / "report.html").read_text()
        Path("runs").rename("resumed")
        assert run_program(["audit", "--json"]) == 10
        assert result == findings(document(capsys))
    assert [one["read_in"] for one in manifest["sources"]] == [run, None]
    assert not list(Path("resumed").glob(".*.partial"))
    chain = [json.loads(line) for line in Path("resumed/chain.jsonl").read_text().splitlines()]
    assert [one["run"][:6] for one in chain if one["event"] == "START"] == ["000001", "000002"]


def test_a_kill_before_anything_was_proved_leaves_nothing_to_resume(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The chain shows the run; there is nothing to go on with, and the next audit clears up."""
    with company(hris_faults=(Fault.SLOW,), ghost=False) as (hris, app):
        app.faults = frozenset({Fault.SLOW})
        code, _ = stop(signal.SIGKILL, lambda: bool(hris.ledger and app.ledger))
        assert code == -signal.SIGKILL
        assert run_program(["audit", "--resume", partial()]) == 64
        assert "nothing was kept" in capsys.readouterr().err
        mend(hris)
        mend(app)
        assert run_program(["audit", "-q"]) == 0
    assert not list(Path("runs").glob(".*.partial"))


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Give a function that audits until the reports are to be made, and is stopped there."""

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    def audit() -> str:
        with monkeypatch.context() as patched:
            patched.setattr(audit_run, "_render", stopped)
            assert run_program(["audit", "-q"]) == 130
        return partial()

    return audit


def test_an_interruption_of_the_reports_needs_no_request_at_all(
    interrupted: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything was proved: the rest is made from what is on the disk, by name or by path."""
    with company() as (hris, app):
        run = interrupted()
        assert f"resumable: {', '.join(sorted(proved()))}" in _sorted(capsys.readouterr().err)
        hris.ledger.clear()
        app.ledger.clear()
        assert run_program(["audit", "--resume", f"runs/{run}"]) == 10
        assert hris.ledger + app.ledger == []
    said = capsys.readouterr()
    assert f"Read by run {run}, which was interrupted: people, wiki." in said.out
    assert "people: users 10 of 10, complete" in said.err


def _sorted(text: str) -> str:
    return text.replace("wiki, people", "people, wiki")


def test_a_full_disk_costs_nothing_that_was_proved(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error says what to do and how to go on then."""

    def full(*_: object) -> None:
        raise EvidenceError("report.html cannot be written: No space left", "free the space")

    with company(), monkeypatch.context() as patched:
        patched.setattr(audit_run, "_render", full)
        assert run_program(["audit", "-q"]) == 64
    said = capsys.readouterr().err
    assert f"free the space; then go on with: ghostscan audit --resume {partial()}" in said


def test_the_next_audit_says_what_was_left_and_removes_it(
    interrupted: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --resume everything is read again; a scheduled run stays as quiet as asked."""
    with company():
        run = interrupted()
        capsys.readouterr()
        assert run_program(["audit"]) == 10
        assert f"note: run {run} was interrupted" in capsys.readouterr().err
        assert not list(Path("runs").glob(".*.partial"))
        assert run_program(["audit", "--resume", run]) == 64
        assert "nothing was kept" in capsys.readouterr().err


def test_a_changed_configuration_is_refused_before_any_request(
    interrupted: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 30; what was kept stays."""
    with company() as (hris, app):
        run = interrupted()
        hris.ledger.clear()
        write_config(hris.url, app.url, "# changed\n")
        capsys.readouterr()
        assert run_program(["audit", "--resume", run]) == 30
        assert hris.ledger == []
    assert "the configuration is not the one it began with" in capsys.readouterr().err
    assert partial() == run


def test_what_is_older_than_the_configured_time_is_refused(
    interrupted: Callable[[], str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``runs.resume_within`` says how long; a time that is none is a configuration error."""
    with company() as (hris, app):
        write_config(hris.url, app.url, '[runs]\nresume_within = "1m"\n')
        run = interrupted()
        real = now
        monkeypatch.setattr(audit_command, "now", lambda: real() + timedelta(minutes=2))
        capsys.readouterr()
        assert run_program(["audit", "--resume", run]) == 30
        assert "began 0:02" in capsys.readouterr().err
        for wrong in ("immediate", "1 business day", "soon"):
            write_config(hris.url, app.url, f'[runs]\nresume_within = "{wrong}"\n')
            assert run_program(["audit"]) == 64
            assert "runs.resume_within" in capsys.readouterr().err


def test_a_tampered_response_exits_with_fifty(
    interrupted: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """No request is sent on top of evidence that was altered."""
    with company() as (hris, _):
        run = interrupted()
        hris.ledger.clear()
        response = Path(f"runs/.{run}.partial/responses/wiki/000001.response.gz")
        response.write_bytes(response.read_bytes()[:-1])
        capsys.readouterr()
        assert run_program(["audit", "--resume", run]) == 50
        assert hris.ledger == []
    assert "wiki/000001.response.gz" in capsys.readouterr().err


def test_what_was_asked_is_taken_from_the_interrupted_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--only and --as-of go on as they were; giving them again is a usage error."""
    with company() as (hris, app):
        write_config(hris.url, app.url, f'[sources.chat]\ntype = "scim"\nurl = "{app.url}/other"\n')

        def stopped(*_: object) -> None:
            raise KeyboardInterrupt

        asked = ["--only", "wiki", "--as-of", "2026-11-01T09:00:00Z"]
        with monkeypatch.context() as patched:
            patched.setattr(audit_run, "_render", stopped)
            path = Path("ghostscan.toml").absolute()
            assert run_program(["audit", "-q", "--config", str(path), *asked]) == 130
        run = partial()
        assert f"--resume {run} --config {path}" in capsys.readouterr().err
        assert run_program(["audit", "--resume", run, "--only", "wiki"]) == 64
        capsys.readouterr()
        assert run_program(["audit", "--json", "--resume", run]) == 20
        found = document(capsys)
    assert [one["state"] for one in found["sources"]] == ["COMPLETE", "COMPLETE", "NOT_READ"]
    kept = json.loads((Path(found["run"]) / "findings.json").read_bytes())
    assert kept["as_of"] == "2026-11-01T09:00:00Z"
