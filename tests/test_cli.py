"""The program as a user meets it: what it prints, where, and its exit codes."""

import asyncio
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scanner import workflow
from scanner.cli import program
from scanner.cli.program import run as _run
from scanner.config import LoadedConfig, load_config
from scanner.workflow import run
from scanner.workflow.location import locate
from tests.conftest import watch
from tests.fakes.scim_server import Fault, ScimServer, group, serving, user

TOKEN = watch("cli-test-token-93c1e7")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test has its own folder, a known secret, and a terminal of 80 columns."""
    monkeypatch.setenv("CLI_TOKEN", TOKEN)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


def write_config(people: str, app: str, more: str = "") -> None:
    Path("ghostscan.toml").write_text(
        f"""[organization]
name = "Test Corp"
[sources.people]
role = "hris"
type = "scim"
url = "{people}"
auth = {{ bearer = "env:CLI_TOKEN" }}
[sources.wiki]
type = "scim"
url = "{app}"
auth = {{ bearer = "env:CLI_TOKEN" }}
{more}"""
    )


@contextmanager
def company(
    *app_faults: Fault, hris_faults: tuple[Fault, ...] = (), ghost: bool = True
) -> Iterator[tuple[ScimServer, ScimServer]]:
    """Ten people of whom the first left; their ten accounts; the leaver's is active or not."""
    people = [user(number, active=number != 1) for number in range(1, 11)]
    accounts = [user(number, active=number != 1 or ghost) for number in range(1, 11)]
    with (
        serving(people, [], *hris_faults) as hris,
        serving(accounts, [group(1, ["u2"])], *app_faults) as app,
    ):
        write_config(hris.url, app.url)
        yield hris, app


def test_findings_exit_with_ten_and_say_where_the_reports_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The summary names the app, the kinds, the page and the workbook, within 80 columns."""
    with company():
        code = _run(["audit"])
    printed = capsys.readouterr()
    assert code == 10
    for words in ("wiki", "report.html", "evidence.xlsx"):
        assert words in printed.out
    assert "people" in printed.err
    assert TOKEN not in printed.out + printed.err
    paths = ("Page", "Workbook", "Check")  # never wrapped, so that they can be copied
    lines = [line for line in printed.out.splitlines() if not line.startswith(paths)]
    assert max(map(len, lines)) <= 80


def test_json_is_one_document_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """``--json`` prints the contract's fields on stdout and nothing on stderr."""
    with company():
        code = _run(["audit", "--json"])
    printed = capsys.readouterr()
    document: dict[str, Any] = json.loads(printed.out)
    assert printed.err == ""
    assert set(document) == {"run", "verdict", "exit_code", "sources", "apps", "counts"}
    assert (document["verdict"], document["exit_code"], code) == ("findings", 10, 10)
    assert document["counts"] == {"ghost_active": 1}
    assert (Path(document["run"]) / "findings.json").is_file()
    assert [source["state"] for source in document["sources"]] == ["COMPLETE", "COMPLETE"]


def test_a_clean_company_exits_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    """Clean means complete and without findings."""
    with company(ghost=False):
        assert _run(["audit", "-q"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.LYING_TOTAL, "read.total_contradicts"),
        (Fault.HTML_PAGE, "read."),
        (Fault.ABSENT_ACTIVE, "record.active_unknown"),
        (Fault.REDIRECT, "read.redirect"),
        (Fault.UNAUTHORIZED, "auth.rejected"),
    ],
)
def test_a_source_that_cannot_be_believed_exits_with_twenty(
    fault: Fault, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The app is incomplete with its reason, and none of its accounts is called a ghost."""
    with company(fault):
        assert _run(["audit", "--json"]) == 20
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "incomplete"
    assert document["sources"][1]["state"] != "COMPLETE"
    assert document["sources"][1]["reasons"][0]["code"].startswith(code)
    assert document["counts"] == {"collection_incomplete": 1}


def test_an_hris_that_cannot_be_believed_concludes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Absent is not departed: with a broken HRIS every app is incomplete and nobody a ghost."""
    with company(hris_faults=(Fault.LYING_TOTAL,)):
        assert _run(["audit", "--json"]) == 20
    document = json.loads(capsys.readouterr().out)
    assert [app["verdict"] for app in document["apps"]] == ["incomplete"]
    assert document["counts"] == {"collection_incomplete": 1}


def test_an_unreachable_host_is_named_and_the_run_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A server that is not there is a reason of its source, not an error of the program."""
    with company() as (hris, _):
        write_config(hris.url, "http://127.0.0.1:9/scim")
        assert _run(["audit", "--json"]) == 20
    document = json.loads(capsys.readouterr().out)
    assert document["sources"][1]["reasons"][0]["code"] == "read.connect"
    assert document["sources"][0]["state"] == "COMPLETE"


def test_groups_that_do_not_exist_leave_the_users_complete(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """404 on Groups withholds group conclusions only."""
    with company(Fault.NO_GROUPS):
        assert _run(["audit", "--json"]) == 10
    source = json.loads(capsys.readouterr().out)["sources"][1]
    assert (source["state"], source["groups_state"]) == ("COMPLETE", "NOT_READ")


def test_only_reads_the_named_source_and_the_hris(capsys: pytest.CaptureFixture[str]) -> None:
    """A source left out is NOT_READ and the run incomplete; a wrong name is a usage error."""
    with company() as (hris, app):
        write_config(hris.url, app.url, f'[sources.chat]\ntype = "scim"\nurl = "{app.url}/other"\n')
        assert _run(["audit", "--json", "--only", "wiki"]) == 20
        states = [one["state"] for one in json.loads(capsys.readouterr().out)["sources"]]
        assert states == ["COMPLETE", "COMPLETE", "NOT_READ"]
        assert _run(["audit", "--only", "wikki"]) == 64
        assert "no source has this name" in capsys.readouterr().err


def test_as_of_needs_an_instant_with_a_zone(capsys: pytest.CaptureFixture[str]) -> None:
    """A date that could be anyone's midnight is refused; an instant judges departures then."""
    with company():
        for text in ("2026-11-01", "yesterday"):
            assert _run(["audit", "--as-of", text]) == 64
        capsys.readouterr()
        assert _run(["audit", "--json", "--as-of", "2026-11-01T10:00:00+01:00"]) == 10
    run = Path(json.loads(capsys.readouterr().out)["run"])
    assert json.loads((run / "findings.json").read_bytes())["as_of"] == "2026-11-01T09:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["audit", "--config", "none.toml"], "none.toml does not exist"),
        (["audit", "--frobnicate"], "--frobnicate"),
        (["frobnicate"], "frobnicate"),
        ([], "no command given"),
        (["verify", "no-such-run"], "no-such-run"),
        (["init", "--app", "slakc"], "slack"),
    ],
)
def test_a_mistake_is_one_line_and_exit_64(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One ``error:`` line, at most one ``hint:`` line, no traceback."""
    assert _run(arguments) == 64
    lines = capsys.readouterr().err.strip().splitlines()
    assert says in " ".join(lines)
    assert [line.split(":")[0] for line in lines] in (["error"], ["error", "hint"])


def test_a_missing_secret_is_named_before_anything_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request is sent and no run started when a secret cannot be had."""
    with company() as (hris, app):
        monkeypatch.delenv("CLI_TOKEN")
        assert _run(["audit"]) == 64
        assert (hris.ledger, app.ledger) == ([], [])
    assert "CLI_TOKEN" in capsys.readouterr().err
    assert not Path("runs").exists()


def test_a_run_folder_that_cannot_be_written_is_refused_before_the_first_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The error names the folder and what to do; no request is sent."""
    with company() as (hris, app):
        Path("runs").write_text("a file stands in the way")
        assert _run(["audit"]) == 64
        assert (hris.ledger, app.ledger) == ([], [])
    printed = capsys.readouterr().err
    assert "runs" in printed
    assert "hint:" in printed


def test_an_audit_sends_nothing_but_get() -> None:
    """The whole audit, seen from the servers."""
    with company() as (hris, app):
        _run(["audit", "-q"])
        assert {asked.method for asked in hris.ledger + app.ledger} == {"GET"}


def test_evidence_is_private(capsys: pytest.CaptureFixture[str]) -> None:
    """Folders are 0700 and files 0600, whatever the umask."""
    with company():
        before = os.umask(0)
        try:
            _run(["audit", "--json"])
        finally:
            os.umask(before)
    run = Path(json.loads(capsys.readouterr().out)["run"])
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in [run, *run.rglob("*")]}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_verify_finds_what_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """0 for whole evidence; 50 and the file's name when one byte differs; JSON on request."""
    with company():
        _run(["audit", "--json"])
    run = json.loads(capsys.readouterr().out)["run"]
    assert _run(["verify", run]) == 0
    assert "verified" in capsys.readouterr().out.lower()
    assert _run(["verify", run, "-q", "--no-color"]) == 0
    assert "note:" not in capsys.readouterr().out
    page = Path(run) / "report.html"
    page.write_bytes(page.read_bytes().replace(b"Test Corp", b"Best Corp", 1))
    assert _run(["verify", run]) == 50
    assert "report.html" in capsys.readouterr().out
    assert _run(["verify", run, "--json"]) == 50
    document = json.loads(capsys.readouterr().out)
    assert document["exit_code"] == 50
    assert any("report.html" in problem for problem in document["problems"])


def test_init_writes_a_configuration_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The file holds the blocks asked for, is valid, and is never overwritten."""
    assert _run(["init", "--app", "slack", "--app", "github"]) == 0
    text = Path("ghostscan.toml").read_text()
    assert "[sources.slack]" in text
    assert "[sources.github]" in text
    assert _run(["init"]) == 64
    assert "exists already" in capsys.readouterr().err
    assert _run(["init", "missing/folder/c.toml"]) == 64


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """``--version`` is one line."""
    assert _run(["--version"]) == 0
    assert re.fullmatch(r"ghostscan \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_every_command_and_option_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Help exists for the program and for each command."""
    for command in ("audit", "demo", "init", "verify"):
        assert _run([command, "--help"]) == 0
        assert len(capsys.readouterr().out) > 100


def test_an_interruption_exits_with_130_and_leaves_no_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle of rendering leaves no run folder, and says so."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_render", interrupted)
    with company():
        assert _run(["audit", "-q"]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert list(Path("runs").glob("0*")) == []


def test_a_defect_is_one_line_unless_debug_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An internal error exits with 70; ``--debug`` shows where, never local variables."""

    def broken(*_: object, **__: object) -> None:
        secret_local = TOKEN
        raise ZeroDivisionError(len(secret_local))

    monkeypatch.setattr(workflow, "audit", broken)
    with company():
        assert _run(["audit", "-q"]) == 70
        assert "Traceback" not in capsys.readouterr().err
        assert _run(["audit", "-q", "--debug"]) == 70
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert TOKEN not in printed


def test_hostile_text_in_an_error_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters quoted from outside cannot move the cursor or forge a line."""
    code = program.fail("bad\nerror: forged\x1b[2J", "", 64, debug=False)
    assert code == 64
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "\x1b" not in printed


def test_a_sudden_drop_since_the_last_complete_run_is_not_believed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An app that shows a third of its accounts is incomplete until the drop is acknowledged."""
    people = [user(number) for number in range(1, 61)]
    with serving(people) as hris, serving(people) as app:
        write_config(hris.url, app.url)
        assert _run(["audit", "-q"]) == 0
        del app.users[20:]
        capsys.readouterr()
        assert _run(["audit", "--json"]) == 20
        source = json.loads(capsys.readouterr().out)["sources"][1]
        assert [reason["code"] for reason in source["reasons"]] == ["read.dropped"]
        write_config(hris.url, app.url, "acknowledge_drop_to = 20\n")
        assert _run(["audit", "-q"]) == 0


def test_a_termination_ends_as_tidily_as_an_interruption(tmp_path: Path) -> None:
    """SIGTERM in the middle of a read leaves no folder, and the chain says ABORTED."""
    with company(Fault.SLOW) as (_, app):
        program = "from scanner.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", program, "audit", "-q"],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            stderr=subprocess.PIPE,
        )
        while process.poll() is None and not app.ledger:
            pass
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"interrupted" in said
    chain = tmp_path / "runs" / "chain.jsonl"
    assert [json.loads(line)["event"] for line in chain.read_text().splitlines()] == [
        "START",
        "ABORTED",
    ]
    assert list((tmp_path / "runs").glob("0*")) == []


@pytest.mark.parametrize("ctrl_c", [signal.default_int_handler, signal.SIG_IGN])
def test_a_termination_ends_a_reading_where_it_waits(ctrl_c: Any) -> None:  # noqa: ANN401 - a handler
    """Not at the line that holds a lock, unless Ctrl-C is ignored; it ends in any case."""
    came: list[str] = []

    async def read() -> None:
        signal.raise_signal(signal.SIGTERM)
        came.append("past the signal")
        await asyncio.sleep(60)
        came.append("past the wait")

    handlers = {signal.SIGTERM: program.interrupt, signal.SIGINT: ctrl_c}
    before = {one: signal.signal(one, handler) for one, handler in handlers.items()}
    try:
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(read())
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert came == ["past the signal"] * (ctrl_c is signal.default_int_handler)


def test_the_demo_needs_nothing_and_ends_with_ten(capsys: pytest.CaptureFixture[str]) -> None:
    """No configuration, no credentials: a summary, two paths, what to do next, and exit 10."""
    assert _run(["demo", "-q"]) == 10
    printed = capsys.readouterr()
    run = Path("ghostscan-demo/runs")
    assert len(list(run.glob("0*/report.html"))) == len(list(run.glob("0*/evidence.xlsx"))) == 1
    for words in ("report.html", "evidence.xlsx", "Unable to conclude", "ghostscan init"):
        assert words in printed.out
    assert _run(["demo", "--json"]) == 10
    document = json.loads(capsys.readouterr().out)
    assert (document["exit_code"], document["verdict"]) == (10, "incomplete")
    assert document["run"].split("/")[-1].startswith("000002-")


def test_an_address_is_needed_unless_the_type_has_only_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Slack is where it is; a SCIM server of one's own must be named."""
    Path("ghostscan.toml").write_text(
        """[sources.people]
role = "hris"
type = "scim"
[sources.slack]
type = "slack"
auth = { bearer = "env:CLI_TOKEN" }
"""
    )
    assert _run(["audit"]) == 64
    assert "sources.people.url is missing" in capsys.readouterr().err
    located = locate(load_config_text('url = "https://hr.example.com"'))
    assert located.config.sources["slack"].url == "https://api.slack.com/scim/v2"


def load_config_text(line: str) -> LoadedConfig:
    """Load the configuration in this folder with one more line for the first source."""
    path = Path("ghostscan.toml")
    path.write_text(path.read_text().replace('type = "scim"', f'type = "scim"\n{line}', 1))
    return load_config(path)
