"""What became of earlier findings is shown everywhere, and the shown figures foot."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

from openpyxl import load_workbook
from rich.console import Console

from reports.chronicle import difference_json
from reports.lookback import show_difference
from reports.movement import (
    balance_rows,
    movement_facts,
    movement_sentence,
    timeliness_rows,
    timeliness_sentence,
)
from reports.page import render_page
from reports.workbook import write_workbook
from scanner.model import Difference, RunEntry, Severity, SourceFigures, Standing, State, Verdict
from tests.fakes.audit import AS_OF, EARLIER, clean_audit, sample_audit
from tests.fakes.tables import write_tables


def test_the_balance_is_one_sum() -> None:
    """Opening, new, reopened, resolved and closing stand in a line that foots."""
    audit = sample_audit()
    assert audit.movement is not None
    total = audit.movement.total
    assert movement_sentence(audit.movement) == (
        f"Since {EARLIER}: {total.opening} open + {total.new} new + 0 reopened - 1 resolved = "
        f"{total.closing} open, of which 1 not concluded this time."
    )
    assert total.closing == len(audit.findings) + 1


def test_rows_by_app_add_up_to_the_total() -> None:
    """The last row is the sum of those before."""
    *apps, total = balance_rows(sample_audit().movement)
    columns = zip(*(row.figures for row in apps), strict=True)
    assert [str(sum(map(int, column))) for column in columns] == list(total.figures)
    assert total.name == "Total"


def test_a_first_audit_compares_with_nothing() -> None:
    """It says so instead of showing zeros."""
    first = clean_audit()
    assert movement_sentence(first.movement).startswith("No earlier audit")
    assert movement_sentence(None).startswith("No earlier audit")
    assert balance_rows(first.movement) == balance_rows(None) == ()
    assert movement_facts(replace(first, movement=None, apps=()))[1:] == ()


def test_removals_are_counted_by_what_can_be_said_of_them() -> None:
    """What is not known stands beside what was in time, never in it."""
    audit = sample_audit()
    (slack,) = timeliness_rows(audit)
    assert (slack.name, slack.figures) == ("slack", ("9", "1", "0", "0", "2"))
    assert timeliness_sentence(audit) == (
        "Accounts of departed people: 9 in time, 1 too late, 0 not known, 0 active within the "
        "limit, 2 active past the limit."
    )
    assert timeliness_sentence(replace(audit, apps=())) == ""


def test_the_page_shows_what_was_resolved_and_what_was_not_concluded() -> None:
    """Each by name, with its app and severity."""
    page = render_page(sample_audit()).decode()
    for words in ("Since the audit before", "Bo · bo", "Cy · cy", "Not concluded this time"):
        assert words in page
    first = render_page(replace(clean_audit(), apps=())).decode()
    assert "No earlier audit to compare with" in first
    assert "No account of a departed person was concluded about." in first


def test_the_cover_of_the_workbook_shows_the_same(tmp_path: Path) -> None:
    """The sum, the apps, what was resolved and the removals."""
    audit = sample_audit()
    target = tmp_path / "evidence.xlsx"
    write_workbook(audit, write_tables(tmp_path, audit), target)
    cover = load_workbook(target)["Cover"]
    said = {(str(row[0].value), str(row[1].value)) for row in cover.iter_rows() if row[1].value}
    assert set(movement_facts(audit)) <= said
    assert ("Resolved", "ghost_active · github · high · Bo · bo") in said


def made_standing(number: int, severity: Severity = Severity.HIGH) -> Standing:
    return Standing(
        f"{number:016}", "orphan_account", severity, "slack", None, EARLIER, f"u{number}"
    )


def made_entry(run: str, findings: int) -> RunEntry:
    return RunEntry(run, AS_OF, Verdict.FINDINGS, (), ((Severity.HIGH, findings),))


def test_a_long_list_is_cut_and_a_changed_severity_is_told() -> None:
    """What does not fit a terminal is counted; sources that came or went are named."""
    difference = Difference(
        earlier=made_entry("000001-20261001T090000Z", 1),
        later=made_entry("000002-20261101T090000Z", 24),
        new=tuple(made_standing(number) for number in range(23)),
        resolved=(),
        not_concluded=(),
        persisting=(made_standing(99),),
        changed=((made_standing(99, Severity.MEDIUM), made_standing(99)),),
        sources=(
            (SourceFigures("crm", State.COMPLETE, State.COMPLETE, 1, 1), None),
            (None, SourceFigures("wiki", State.COMPLETE, State.COMPLETE, 1, 1)),
        ),
    )
    out = io.StringIO()
    show_difference(difference, Console(file=out, width=80))
    said = [line.rstrip() for line in out.getvalue().splitlines()]
    assert "  and 3 more: see --json" in said
    assert said[-4:] == [
        "orphan_account slack u99: medium before, high now",
        "crm: not in the later run",
        "wiki: not in the earlier run",
        "Persisting: 1",
    ]
    assert json.loads(difference_json(difference))["changed"] == [
        {"id": "0000000000000099", "severity": {"earlier": "medium", "later": "high"}}
    ]
