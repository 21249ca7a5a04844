"""The demo, whole: real sockets, exactly what was planted, and every file it writes."""

import json
import os
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.demo.company import make_company
from scanner import workflow
from scanner.cli.audit import DEMO_SEED
from scanner.errors import EvidenceError
from scanner.model import Finding, State
from scanner.workflow import Outcome

AS_OF = datetime(2026, 11, 1, 9, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "golden" / "demo_findings.json"


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One run of the demo at a fixed instant."""
    folder = tmp_path_factory.mktemp("demo")
    return workflow.demo(folder, clock=lambda: AS_OF, listener=lambda _: None, seed=DEMO_SEED)


def planted(finding: Finding) -> tuple[str | None, ...]:
    """Reduce a finding to what the company knows of what it planted."""
    company = make_company(DEMO_SEED, AS_OF)
    return (
        finding.kind,
        finding.app,
        finding.account.user_name if finding.account else None,
        company.employee_number(finding.person.id) if finding.person else None,
        finding.group.display_name if finding.group else None,
        finding.group.direction if finding.group else None,
        finding.group.basis if finding.group else None,
    )


def test_the_demo_finds_exactly_what_was_planted(outcome: Outcome) -> None:
    """Every ghost, orphan and drift by name, none missing and none besides."""
    expected = make_company(DEMO_SEED, AS_OF).expected_findings()
    found = [planted(finding) for finding in outcome.audit.findings]
    assert len(found) == len(set(found))
    assert set(found) == {tuple(one) for one in expected}


def test_the_demo_shows_what_cannot_be_concluded(outcome: Outcome) -> None:
    """The app that lies about its total is INCOMPLETE; the one without groups is not blamed."""
    sources = {source.source: source for source in outcome.audit.sources}
    liar, half = sources["tickets"], sources["video"]
    assert (liar.state, liar.users.reasons[0].code) == (
        State.INCOMPLETE,
        "read.total_contradicts",
    )
    assert (half.state, half.groups.state) == (State.COMPLETE, State.NOT_READ)
    others = [source for name, source in sources.items() if name != "tickets"]
    assert {source.state for source in others} == {State.COMPLETE}
    assert len(sources) == 9
    assert outcome.exit_code == 20


def test_the_findings_are_the_golden_ones(outcome: Outcome) -> None:
    """The same company gives the same findings.json, byte for byte (UPDATE_GOLDEN=1 rewrites)."""
    content = (outcome.folder / "findings.json").read_bytes()
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_bytes(content)
    assert content == GOLDEN.read_bytes()


def test_everything_written_verifies(outcome: Outcome) -> None:
    """Our own check and the standard tool agree that the evidence is whole."""
    verification = workflow.verify(outcome.folder)
    assert verification.problems == ()
    assert verification.files_checked > 100
    check = ["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"]
    subprocess.run(check, cwd=outcome.folder, check=True)


def test_every_finding_stands_in_every_report(outcome: Outcome) -> None:
    """Page, workbook and both machine files list the same findings."""
    findings = json.loads((outcome.folder / "findings.json").read_bytes())["findings"]
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    table = (outcome.folder / "findings.csv").read_text(encoding="utf-8-sig")
    with zipfile.ZipFile(outcome.folder / "evidence.xlsx") as archive:
        workbook = b"".join(archive.read(name) for name in archive.namelist()).decode("utf-8")
    for finding in findings:
        for report in (page, table, workbook):
            assert finding["id"] in report


def test_the_token_is_nowhere(outcome: Outcome) -> None:
    """Neither the configuration nor any evidence file holds a bearer token or its header."""
    for path in outcome.folder.parent.parent.rglob("*"):
        if path.is_file():
            assert b"Bearer " not in path.read_bytes()
    assert "GHOSTSCAN_DEMO_TOKEN" not in os.environ


def test_a_second_demo_in_the_same_folder_is_the_next_run(tmp_path: Path) -> None:
    """Runs are numbered without gaps, and a finding seen before is persisting."""
    runs = [
        workflow.demo(tmp_path, clock=lambda: AS_OF, listener=lambda _: None, seed=DEMO_SEED)
        for _ in range(2)
    ]
    assert [run.audit.run[:6] for run in runs] == ["000001", "000002"]
    assert {finding.status for finding in runs[0].audit.findings} == {"new"}
    assert {finding.status for finding in runs[1].audit.findings} == {"persisting"}
    assert {finding.first_seen for finding in runs[1].audit.findings} == {runs[0].audit.run}
    assert workflow.verify(runs[1].folder).problems == ()


def test_a_folder_with_somebody_elses_configuration_is_left_alone(tmp_path: Path) -> None:
    """The demo never overwrites a configuration it did not write."""
    path = tmp_path / "ghostscan.toml"
    path.write_text("[organization]\n")
    with pytest.raises(EvidenceError, match="not the demo's own"):
        workflow.demo(tmp_path, clock=lambda: AS_OF, listener=lambda _: None, seed=DEMO_SEED)
    assert path.read_text() == "[organization]\n"
