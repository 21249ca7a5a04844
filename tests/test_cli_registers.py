"""A whole audit with registers: what people decided is applied, kept and sealed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from scanner.cli.program import run as run_program
from tests.test_cli import company

WAIVER = """[[waivers]]
app = "wiki"
finding = "{finding}"
owner = "Ana Ruiz"
reason = "Handover."
approver = "Bo Lind"
approved_on = 2020-01-01
expires_on = {expires_on}
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test has its own folder, a known secret, and a terminal of 80 columns."""
    monkeypatch.setenv("CLI_TOKEN", "registers-token-8128")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


def audited(capsys: pytest.CaptureFixture[str]) -> tuple[int, Path, dict[str, object]]:
    """Run an audit; give its exit code, its folder and its findings by kind."""
    code = run_program(["audit", "--json"])
    folder = Path(json.loads(capsys.readouterr().out)["run"])
    rows = json.loads((folder / "findings.json").read_bytes())["findings"]
    return code, folder, {row["kind"]: row for row in rows}


def test_registers_are_applied_kept_and_sealed(capsys: pytest.CaptureFixture[str]) -> None:
    """The waived ghost stays, the exit code too; the bytes are evidence and re-perform alike."""
    with company():
        _, _, found = audited(capsys)
        text = WAIVER.format(finding=_id(found["ghost_active"]), expires_on="2099-12-31")
        Path("w.toml").write_text(text)
        more = '[registers]\nwaivers = "w.toml"\nlongest_waiver_days = 3660\n'
        with Path("ghostscan.toml").open("a") as file:
            file.write(more)
        Path("w.toml").write_text(text.replace("2099", "2029"))
        code, folder, found = audited(capsys)
    assert code == 10
    ghost = found["ghost_active"]
    assert isinstance(ghost, dict)
    assert ghost["waiver"] == {
        "owner": "Ana Ruiz",
        "reason": "Handover.",
        "approver": "Bo Lind",
        "approved_on": "2020-01-01",
        "expires_on": "2029-12-31",
        "line": 1,
    }
    assert (ghost["status"], ghost["flags"], ghost["via"]) == ("persisting", [], [])
    kept = (folder / "registers" / "waivers.toml").read_bytes()
    assert kept == Path("w.toml").read_bytes()
    (register,) = json.loads((folder / "manifest.json").read_bytes())["registers"]
    assert register == {
        "name": "waivers",
        "path": "w.toml",
        "path_in_run": "registers/waivers.toml",
        "sha256": hashlib.sha256(kept).hexdigest(),
        "entries": 1,
    }
    assert run_program(["verify", str(folder)]) == 0
    Path("w.toml").unlink()
    assert run_program(["report", str(folder), "--output", "again"]) == 0
    assert (Path("again") / "findings.json").read_bytes() == (folder / "findings.json").read_bytes()


def _id(row: object) -> str:
    assert isinstance(row, dict)
    return str(row["id"])


def test_a_mistake_in_a_register_ends_the_audit_before_it_begins(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The file and the line are named, nothing is asked of any source, and no run is begun."""
    with company() as (hris, app):
        Path("w.toml").write_text(WAIVER.format(finding="0" * 16, expires_on="2019-12-31"))
        with Path("ghostscan.toml").open("a") as file:
            file.write('[registers]\nwaivers = "w.toml"\n')
        assert run_program(["audit"]) == 64
        assert (hris.ledger, app.ledger) == ([], [])
    assert "w.toml, line 1: waivers.0: expires_on is before approved_on" in capsys.readouterr().err
    assert not Path("runs").exists()
