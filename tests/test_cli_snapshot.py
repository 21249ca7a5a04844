"""``ghostscan snapshot``: read and store, conclude nothing."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from scanner.cli.program import run as run_program
from scanner.evidence.history import before, last_received, previous_run
from tests.fakes.scim_server import Fault
from tests.test_cli import company, write_config

TABLES = ("people", "accounts", "groups", "memberships")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test has its own folder, a known secret, and a terminal of 80 columns."""
    monkeypatch.setenv("CLI_TOKEN", "snapshot-token-5511")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


def taken(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Take a snapshot; give its exit code and its one document."""
    code = run_program(["snapshot", "--json", *arguments])
    printed = capsys.readouterr()
    assert printed.err == ""
    document: dict[str, Any] = json.loads(printed.out)
    assert document["exit_code"] == code
    return code, document


def test_a_snapshot_is_a_run_without_conclusions(capsys: pytest.CaptureFixture[str]) -> None:
    """It has a number of its own, responses, all tables and a seal that verifies; no verdict."""
    with company() as (hris, app):
        code, document = taken(capsys)
        assert {one.method for one in hris.ledger + app.ledger} == {"GET"}
    assert code == 0
    folder = Path(document["run"])
    assert folder.name.startswith("000001-")
    names = {path.name for path in folder.iterdir()}
    assert names == {"manifest.json", "SHA256SUMS", "correlation", "queries", "responses", "tables"}
    rows = {
        kind: [pq.read_table(folder / "tables" / kind / f"{one}.parquet").num_rows for one in both]
        for both in [("people", "wiki")]
        for kind in TABLES
    }
    assert rows == {"people": [10, 0], "accounts": [0, 10], "groups": [0, 1], "memberships": [0, 1]}
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert (manifest["verdict"], manifest["apps"]) == (None, [])
    assert manifest["counts"] == {"users_received": 20}
    assert [one["state"] for one in manifest["sources"]] == ["COMPLETE", "COMPLETE"]
    assert run_program(["verify", str(folder)]) == 0


def test_a_snapshot_is_a_run_among_others(capsys: pytest.CaptureFixture[str]) -> None:
    """An audit after it has the next number, no finding from it, and knows its sizes."""
    with company():
        taken(capsys)
        runs = Path("runs").absolute()
        assert before(runs).first_seen == {}
        assert last_received(runs) == {"people": 10, "wiki": 10}
        assert previous_run(runs) is not None
        assert run_program(["audit", "--json"]) == 10
    folder = Path(json.loads(capsys.readouterr().out)["run"])
    assert folder.name.startswith("000002-")
    finding = json.loads((folder / "findings.json").read_bytes())["findings"][0]
    assert finding["first_seen"] == folder.name


def test_only_reads_exactly_what_it_names(capsys: pytest.CaptureFixture[str]) -> None:
    """The HRIS is not read along; what was left out does not count as incomplete."""
    with company() as (hris, _):
        code, document = taken(capsys, "--only", "wiki")
        assert hris.ledger == []
        assert run_program(["snapshot", "--only", "wikki"]) == 64
    assert code == 0
    assert [one["state"] for one in document["sources"]] == ["NOT_READ", "COMPLETE"]
    assert "no source has this name" in capsys.readouterr().err


@pytest.mark.parametrize("fault", [Fault.LYING_TOTAL, Fault.MEMBERS_HIDDEN])
def test_what_is_not_proved_whole_exits_with_twenty(
    fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    """Users or groups that are incomplete are kept and named, and not called whole."""
    with company(fault):
        assert run_program(["snapshot", "-q"]) == 20
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "incomplete" in printed.out
    paths = ("Run", "Check")
    assert max(len(one) for one in printed.out.splitlines() if not one.startswith(paths)) <= 80


def test_a_server_that_is_away_is_part_of_the_snapshot(capsys: pytest.CaptureFixture[str]) -> None:
    """It is NOT_READ with its reason; the others are still stored."""
    with company() as (hris, _):
        write_config(hris.url, "http://127.0.0.1:9/scim")
        code, document = taken(capsys)
    assert code == 20
    assert [one["state"] for one in document["sources"]] == ["COMPLETE", "NOT_READ"]


def test_a_snapshot_keeps_the_registers_it_went_by(capsys: pytest.CaptureFixture[str]) -> None:
    """A manual link says whose an account is before any audit: its bytes are sealed in the run."""
    entry = b'[[accounts]]\napp = "wiki"\naccount = "u2"\nperson = "u3"\n'
    with company():
        with Path("ghostscan.toml").open("a") as file:
            file.write('[registers]\naccounts = "accounts.toml"\n')
        Path("accounts.toml").write_bytes(entry)
        code, document = taken(capsys)
    folder = Path(document["run"])
    assert code == 0
    assert (folder / "registers/accounts.toml").read_bytes() == entry
    seen = pq.read_table(folder / "tables/observed/accounts.parquet").to_pylist()
    assert {row["person_id"] for row in seen if row["account_id"] == "u2"} == {"u3"}
    assert run_program(["verify", str(folder)]) == 0
