"""A reviewer decides in a workbook, and what they decided is planned, applied and traced."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

import pytest
from openpyxl import Workbook, load_workbook
from rich.console import Console

from reports.review import Heading, write_review_workbook
from reports.reviewed import _content
from reports.reviewing import Summary, show_import
from scanner.cli.program import run
from scanner.model import Answer, Choice, Need, Question, Returned, ReturnedRow
from scanner.remediation.answer import check_answers
from tests.fakes.remediated import Site, approve_it, audited, plan_it, read_json, reset
from tests.fakes.scim_server import user

HOSTILE = '=HYPERLINK("http://evil.example","x")'
ORPHAN, TWIN, DOUBTED, GHOST = "u70", "u71", "u72", "u1"
OTHERS = (
    user(70, displayName=HOSTILE, userName="@SUM(1)", externalId=None),
    user(71, displayName="_x0041_ team", userName="bot-71", externalId=None),
    user(72, externalId="e5", emails=[{"value": "user6@example.com"}]),
)
HEAD_ROW = 5
Page: TypeAlias = Any
Book: TypeAlias = Any
Answers = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def audited_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One audit for all; what a test changes is put back."""
    with audited(tmp_path_factory.mktemp("site"), others=OTHERS) as found:
        yield found


@pytest.fixture(name="site")
def _site(audited_site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.chdir(audited_site.folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("scanner.cli.execution.time.sleep", lambda _: None)
    with reset(audited_site) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def exported(audited_site: Site, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The reviewer's copy as it is exported."""
    path = tmp_path_factory.mktemp("exported") / "review.xlsx"
    assert run(["review", "export", str(audited_site.run), "--output", str(path)]) == 0
    return path.read_bytes()


@pytest.fixture(name="book")
def _book(exported: bytes, tmp_path: Path) -> Path:
    """A copy of the reviewer's copy."""
    path = tmp_path / "review.xlsx"
    path.write_bytes(exported)
    return path


def findings_of(path: Path) -> Page:
    return load_workbook(path)["Findings"]


def columns(page: Page, row: int = HEAD_ROW) -> dict[str, int]:
    return {str(cell.value): cell.column for cell in page[row] if cell.value is not None}


def row_of(page: Page, account: str) -> int:
    column = columns(page)["account_id"]
    found = [row for row in range(HEAD_ROW + 1, page.max_row + 1)
             if page.cell(row, column).value == account]  # fmt: skip
    return found[0]


def fill(path: Path, answers: Answers, **fields: object) -> Path:
    """Fill in a copy as a reviewer does: answers by account, and the fields about themself."""
    book: Any = load_workbook(path)
    given = {"Reviewer": "Dora Holm", "Decided at": date.today(), **fields}  # noqa: DTZ011
    for row in book["Reviewer"].iter_rows(max_col=2):
        if row[0].value in given:
            row[1].value = given[row[0].value]
    page = book["Findings"]
    for account, cells in answers.items():
        for name, value in cells.items():
            page.cell(row_of(page, account), columns(page)[name]).value = value
    book.save(path)
    return path


def bring(path: Path) -> int:
    return run(["review", "import", str(path)])


def decisions(site: Site, number: int = 1) -> dict[str, Any]:
    return read_json(site.run / "review" / f"{number:04}" / "decisions.json")


def by_account(site: Site, number: int = 1) -> dict[str, dict[str, Any]]:
    findings = read_json(site.run / "findings.json")["findings"]
    accounts = {one["id"]: one["account"]["id"] for one in findings if one["account"]}
    return {accounts[one["finding"]]: one for one in decisions(site, number)["decisions"]}


GOOD: dict[str, dict[str, Any]] = {
    ORPHAN: {"decision": "deactivate", "ticket": 4711.0},
    TWIN: {"decision": "Keep", "reason": "bot of the\nbuild", "reviewer": "Bo Lind"},
    GHOST: {"decision": "keep", "reason": "legal hold", "decided_at": "2099-01-01"},
}


def test_what_a_reviewer_decides_is_planned_applied_and_taken_back(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Export, fill in, import, plan, approve, apply, read back, undo; verify holds throughout."""
    before = [dict(one) for one in site.app.users]
    answers = {**GOOD, GHOST: {**GOOD[GHOST], "decided_at": None}}
    assert bring(fill(book, answers)) == 0
    capsys.readouterr()
    assert plan_it(site, "--json") == 0
    planned = json.loads(capsys.readouterr().out)
    why = {one["target"]["id"]: one["why"] for one in planned["actions"]}
    assert set(why) == {ORPHAN, "u2", "u3"}
    assert (why[ORPHAN]["reviewer"], why[ORPHAN]["kind"]) == ("Dora Holm", "orphan_account")
    left = {
        one["account"]: one["code"] for one in planned["left_out"] if one["code"] != "not_asked"
    }
    assert left == {TWIN: "kept", GHOST: "kept", DOUBTED: "disputed"}
    assert run(["approve", str(site.plan), "--key", "bob", "--name", "bob"]) == 0
    shown = " ".join(capsys.readouterr().err.split())
    assert "orphan_account, decided by Dora Holm on" in shown
    assert "by the reviewers' decisions with SHA-256" in shown
    assert run(["apply", str(site.plan), "--execute", "-q"]) == 0
    assert {one["id"] for one in site.app.users if not one["active"]} == {ORPHAN, "u2", "u3"}
    assert run(["verify", str(site.run)]) == 0
    assert run(["undo", str(site.journal), "--key", "alice"]) == 0
    undo = site.run / "remediation" / "undo" / "plan.json"
    assert approve_it(undo) == 0
    assert run(["apply", str(undo), "--execute", "-q"]) == 0
    assert site.app.users == before
    assert run(["verify", str(site.run)]) == 0


def test_a_decision_leads_to_its_workbook_and_that_to_the_run(site: Site, book: Path) -> None:
    """The decisions file names run, manifest, workbook and reviewer; all is private."""
    assert bring(fill(book, {ORPHAN: GOOD[ORPHAN], TWIN: GOOD[TWIN]})) == 0
    found, folder = decisions(site), site.run / "review" / "0001"
    kept = (folder / "workbook.xlsx").read_bytes()
    assert kept == book.read_bytes()
    digest = hashlib.sha256(kept).hexdigest()
    manifest = hashlib.sha256((site.run / "manifest.json").read_bytes()).hexdigest()
    assert (found["manifest_sha256"], found["workbook_sha256"]) == (manifest, digest)
    assert (found["run"], found["previous"], found["undecided"]) == (site.run.name, None, [])
    one = by_account(site)[TWIN]
    assert one["workbook_sha256"] == digest
    assert (one["reviewer"], one["reason"]) == ("Bo Lind", "bot of the build")
    assert by_account(site)[ORPHAN]["ticket"] == "4711"
    # A day alone, that of the run, is the run's end: nothing was there to review before.
    assert one["decided_at"] == read_json(site.run / "manifest.json")["ended_at"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_copy_says_what_is_needed_to_decide(site: Site, book: Path) -> None:
    """One row for each finding: whom, why, what it does there, and whether a decision is needed."""
    page = findings_of(book)
    head = columns(page)
    rows = {
        str(page.cell(row, head["account_id"]).value): {
            name: page.cell(row, column).value for name, column in head.items()
        }
        for row in range(HEAD_ROW + 1, page.max_row + 1)
    }
    assert set(rows) == {ORPHAN, TWIN, DOUBTED, "u1", "u2", "u3"}
    assert rows[ORPHAN]["decision_is"] == "needed: nothing shows whose it is"
    assert rows[GHOST]["decision_is"].startswith("optional")
    assert rows[DOUBTED]["decision_is"].startswith("keep or investigate only")
    assert rows[GHOST]["person"] == "User 1 (u1)"
    assert "May be undone." in rows[GHOST]["if_deactivated"]
    assert rows[ORPHAN]["account_name"] == HOSTILE
    assert rows[ORPHAN]["why"]
    assert rows[ORPHAN]["created_at_utc"] == "2024-01-01T00:00:00Z"


def test_only_the_reviewers_cells_can_be_typed_in(book: Path) -> None:
    """Protected without a password; the list offers what may be decided of the very row."""
    found: Any = load_workbook(book)
    page = found["Findings"]
    head = columns(page)
    assert page.protection.sheet
    assert not page.protection.password
    assert not page.protection.autoFilter  # False: allowed
    for name, column in head.items():
        mine = name in ("decision", "reviewer", "decided_at", "reason", "ticket")
        assert page.cell(HEAD_ROW + 1, column).protection.locked is not mine
    lists = {
        row: one.formula1
        for one in page.data_validations.dataValidation
        if one.type == "list"
        for cells in one.sqref.ranges
        for row in range(cells.min_row, cells.max_row + 1)
    }
    assert lists[row_of(page, ORPHAN)] == '"deactivate,keep,investigate"'
    assert lists[row_of(page, DOUBTED)] == '"keep,investigate"'
    assert found["Reviewer"]["B5"].protection.locked is False


def test_nothing_that_was_read_is_evaluated(book: Path) -> None:
    """Names that look like formulas are text, and there are no links."""
    found: Any = load_workbook(book)
    formulas = [
        cell.coordinate
        for page in found.worksheets
        for row in page.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    assert formulas == ["B12", "B13", "B14", "B15"]  # our own counts on the sheet Reviewer
    assert all(
        cell.quotePrefix for cell in found["Findings"][HEAD_ROW + 1] if cell.value == HOSTILE
    )
    assert not any(page._hyperlinks for page in found.worksheets)


def test_a_workbook_that_somebody_may_have_filled_in_is_not_overwritten(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused, and done only when told; nothing is ever written into the run."""
    content = fill(book, GOOD).read_bytes()
    assert run(["review", "export", str(site.run), "--output", str(book)]) == 30
    assert "may have filled it in" in capsys.readouterr().err
    assert book.read_bytes() == content
    assert run(["review", "export", str(site.run), "--output", str(book), "--overwrite"]) == 0
    assert book.read_bytes() != content
    inside = site.run / "review.xlsx"
    assert run(["review", "export", str(site.run), "--output", str(inside)]) == 64
    assert run(["review", "export", str(site.run), "--output", "/nowhere/x.xlsx"]) == 64
    assert run(["review", "export", str(site.run), "--output", "x.xlsx", "--app", "nope"]) == 64
    assert not Path("x.xlsx").exists()
    assert run(["verify", str(site.run)]) == 0


def test_the_copy_is_named_after_its_run_and_the_same_every_time(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a name it is written here; --json says how much is asked."""
    capsys.readouterr()
    assert run(["review", "export", str(site.run), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    path = Path(f"review-{site.run.name}.xlsx")
    assert said == {
        "path": str(path), "run": site.run.name, "rows": 6, "needed": 2, "decided": 0,
        "exit_code": 0,
    }  # fmt: skip
    assert path.read_bytes() == book.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()


def test_everything_that_is_wrong_is_told_at_once(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sheet, row and column of each; nothing is imported, and the workbook stays as it was."""
    bad = {
        ORPHAN: {"decision": "revoke", "why": "because"},
        TWIN: {"reason": "no decision"},
        DOUBTED: {"decision": "deactivate"},
        "u1": {"decision": "keep"},
        "u2": {"decision": "deactivate", "reviewer": "User 2 <user2@example.com>"},
        "u3": {"decision": "deactivate", "decided_at": "30.11.2026"},
    }
    content = fill(book, bad, Reviewer=None).read_bytes()
    page = findings_of(book)
    capsys.readouterr()
    assert run(["review", "import", str(book), "--json"]) == 64
    said = json.loads(capsys.readouterr().out)
    told = {(one["row"], one["column"]): one["problem"] for one in said["flaws"]}
    expected = {
        (ORPHAN, "decision"): "“revoke” is no decision",
        (ORPHAN, "why"): "“because” is not what the run says",
        (TWIN, "decision"): "is blank, but reason is not",
        (DOUBTED, "reviewer"): "is blank: who decided this?",
        ("u1", "reviewer"): "is blank: who decided this?",
        ("u2", "reviewer"): "nobody decides about an account of their own",
        ("u3", "decided_at"): "“30.11.2026” is no date",
        ("u3", "reviewer"): "is blank: who decided this?",
    }
    assert {(row_of(page, account), column) for account, column in expected} == set(told)
    for (account, column), problem in expected.items():
        assert problem in told[row_of(page, account), column]
    assert {one["sheet"] for one in said["flaws"]} == {"Findings"}
    assert book.read_bytes() == content
    assert not (site.run / "review").exists()
    assert bring(book) == 64
    shown = capsys.readouterr().err
    assert max(map(len, shown.splitlines())) <= 100
    assert "was not imported: mistakes: 8" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("cells", "column", "problem"),
    [
        ({"decision": "=1+1"}, "decision", "holds a formula"),
        ({"decision": "keep"}, "reason", "say why it is kept"),
        ({"decided_at": "2020-01-01"}, "decided_at", "before the run had ended"),
        ({"decided_at": "2999-01-01T00:00:00+00:00"}, "decided_at", "is in the future"),
        ({"decided_at": "46356"}, "decided_at", "“46356” is no date"),
        ({"ticket": datetime(2026, 11, 1)}, "ticket", "made a date of it (2026-11-01)"),  # noqa: DTZ001
        ({"reason": "x" * 2001}, "reason", "longer than 2,000"),
        ({"reviewer": "12345", "decided_at": None}, "reviewer", "who decided this?"),
        ({"finding_id": "0" * 16}, "finding_id", "was not asked about"),
        ({"finding_id": None}, "finding_id", "has no finding_id"),
        ({"reviewer": "＠SUM(1)"}, "reviewer", "of their own"),
        ({"why": "=1+1"}, "why", "“=1+1” is not what the run says"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_taken_is_told(
    site: Site,
    book: Path,
    cells: dict[str, Any],
    column: str,
    problem: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each mistake has its own words and stops the whole import."""
    row = row_of(findings_of(book), ORPHAN)
    fill(book, {ORPHAN: {"decision": "deactivate", "reviewer": "Dora", **cells}})
    capsys.readouterr()
    assert run(["review", "import", str(book), "--json"]) == 64
    flaws = json.loads(capsys.readouterr().out)["flaws"]
    found = [one for one in flaws if (one["row"], one["column"]) == (row, column)]
    assert len(found) == 1
    assert problem in found[0]["problem"]
    assert not (site.run / "review").exists()


@pytest.mark.parametrize(
    ("fields", "label", "problem"),
    [
        ({"Run": "000009-20200101T000000Z"}, "Run", "is not the run"),
        ({"Manifest SHA-256": "0" * 64}, "Manifest SHA-256", "is not the manifest"),
        ({"Questions SHA-256": "x", "Exported by": "other 9"}, "Questions SHA-256", "by other 9"),
        ({"Time zone": "Mars/Base"}, "Time zone", "is no time zone"),
        ({"Time zone": None}, "Time zone", "is no time zone"),
        ({"Reviewer": date(2026, 1, 1)}, "Reviewer", "holds no name"),
    ],
)  # fmt: skip
def test_what_the_copy_says_of_itself_is_held_against_the_run(
    site: Site,
    book: Path,
    fields: dict[str, object],
    label: str,
    problem: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Run, manifest, questions and zone; the row of the sheet Reviewer is named."""
    answers = {ORPHAN: {"decision": "deactivate", "reviewer": "Dora"}}
    fill(book, answers, **fields)
    capsys.readouterr()
    assert run(["review", "import", str(book), "--run", str(site.run), "--json"]) == 64
    (flaw,) = json.loads(capsys.readouterr().out)["flaws"]
    assert (flaw["sheet"], flaw["column"]) == ("Reviewer", label)
    assert flaw["row"] > 0
    assert problem in flaw["problem"]


def rebuilt(path: Path, change: Any) -> Path:  # noqa: ANN401 - a function of the workbook
    """Save a workbook again after ``change`` was made to it."""
    book: Any = load_workbook(path)
    change(book)
    book.save(path)
    return path


def test_rows_that_are_missing_added_or_doubled_are_told(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every finding that was exported comes back exactly once."""

    def change(found: Book) -> None:
        page = found["Findings"]
        gone = row_of(page, "u2")
        twice = [cell.value for cell in page[row_of(page, "u3")]]
        page.delete_rows(gone)
        page.append(twice)

    rebuilt(fill(book, {ORPHAN: {"decision": "deactivate"}}), change)
    capsys.readouterr()
    assert run(["review", "import", str(book), "--json"]) == 64
    problems = [one["problem"] for one in json.loads(capsys.readouterr().out)["flaws"]]
    assert len(problems) == 2
    assert "the finding stands in row" in problems[0]
    assert "(user2 in wiki) is missing" in problems[1]


def test_a_column_that_is_missing_is_told(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it nobody can tell that its cells were not changed."""

    def change(found: Book) -> None:
        found["Findings"].delete_cols(columns(found["Findings"])["severity"])

    rebuilt(fill(book, {ORPHAN: {"decision": "deactivate"}}), change)
    capsys.readouterr()
    assert run(["review", "import", str(book), "--json"]) == 64
    (flaw,) = json.loads(capsys.readouterr().out)["flaws"]
    assert (flaw["column"], flaw["row"]) == ("severity", 0)


def test_an_account_whose_owner_is_in_doubt_is_never_deactivated(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the list of choices was made to hold."""
    fill(book, {DOUBTED: {"decision": "deactivate"}})
    capsys.readouterr()
    assert run(["review", "import", str(book), "--json"]) == 64
    (flaw,) = json.loads(capsys.readouterr().out)["flaws"]
    assert flaw["problem"] == "cannot be deactivated by a decision: its owner is in doubt"


def test_an_account_is_decided_one_way(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two findings about one account cannot be decided differently."""
    asked = [Question(f"{one}" * 16, "wiki", "u1", Need.NEEDED, {}) for one in (1, 2)]
    rows = tuple(ReturnedRow("Findings", one, {}) for one in (6, 7))
    when = datetime.fromisoformat("2026-11-02T00:00:00+00:00")
    answers = {
        0: Answer("1" * 16, Choice.DEACTIVATE, "Dora", "2026-11-02T00:00:00Z"),
        1: Answer("2" * 16, Choice.INVESTIGATE, "Dora", "2026-11-02T00:00:00Z"),
        2: Answer("3" * 16, Choice.KEEP, "Dora", "2026-11-02T00:00:00Z"),
    }
    returned = Returned("", {}, {}, (*rows, rows[0]))
    (flaw,) = check_answers(returned, answers, asked, when, when)
    assert (flaw.row, flaw.column) == (7, "decision")
    assert "decided otherwise at finding 1111" in flaw.problem


def shuffle(found: Book) -> None:
    """What people and programs do: sort, filter, move columns, leave rows empty, add their own."""
    page = found["Findings"]
    page.protection.sheet = False
    width = page.max_column
    table = [[cell.value for cell in row] for row in page.iter_rows(min_row=HEAD_ROW)]
    page.delete_rows(1, page.max_row)
    order = [*range(10, width), *range(10)]
    lines = [table[0], *sorted(table[1:], key=lambda row: str(row[1]), reverse=True)]
    for number, line in enumerate(lines):
        moved = [line[one] for one in order]
        page.append([*moved, "my own notes" if number == 0 else f"note {number}"])
        page.append([])
    page.row_dimensions[4].hidden = True
    page.column_dimensions["B"].width = 3
    page.title = "Sheet1"
    for row in found["Reviewer"].iter_rows(max_col=2):
        if row[0].value == "Decided at":
            row[1].value = datetime.now()  # noqa: DTZ005 - as a program stores it
    found.move_sheet("Sheet1", -1)


def test_what_spreadsheet_programs_do_to_a_workbook_changes_nothing(site: Site, book: Path) -> None:
    """Sorted, filtered, moved, renamed, with dates for text and empty rows: the same decisions."""
    answers = {**GOOD, GHOST: {"decision": "investigate"}}
    rebuilt(fill(book, answers), shuffle)

    def dates(found: Book) -> None:
        page = found["Sheet1"]
        head = columns(page, 1)
        for row in range(2, page.max_row + 1):
            cell = page.cell(row, head["created_at_utc"])
            if cell.value:
                cell.value = datetime.fromisoformat(str(cell.value)).replace(tzinfo=None)

    rebuilt(book, dates)
    fill_zone = load_workbook(book)["Reviewer"]["B7"].value
    assert fill_zone == "UTC"
    assert bring(book) == 0
    found = by_account(site)
    assert {one: found[one]["decision"] for one in found} == {
        ORPHAN: "deactivate", TWIN: "keep", GHOST: "investigate",
    }  # fmt: skip
    assert run(["verify", str(site.run)]) == 0


def test_a_sheet_that_was_made_very_long_is_read_as_well(site: Site, book: Path) -> None:
    """A program that formatted every row, and one cell at the very end, do no harm."""

    def stretch(found: Book) -> None:
        found["Findings"].cell(100_000, 16_384).value = "end"
        found["Findings"].cell(90_000, 2).value = " "

    assert bring(rebuilt(fill(book, {ORPHAN: GOOD[ORPHAN]}), stretch)) == 0
    assert set(by_account(site)) == {ORPHAN}


def test_a_later_review_adds_to_an_earlier_one(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Blank rows keep what was decided, a newer answer replaces it, the same one does nothing."""
    hold = {"decision": "keep", "reason": "legal hold"}
    assert bring(fill(book, {ORPHAN: GOOD[ORPHAN], "u3": hold})) == 0
    assert "1 finding still needs a decision" in capsys.readouterr().out
    assert bring(book) == 0
    assert "Nothing new, 2 from earlier reviews" in capsys.readouterr().out
    earlier = by_account(site)["u3"]
    assert len(list((site.run / "review").iterdir())) == 1
    assert run(["review", "export", str(site.run), "--output", str(book), "--overwrite"]) == 0
    page = findings_of(book)
    row = row_of(page, ORPHAN)
    assert page.cell(row, columns(page)["decision"]).value == "deactivate"
    assert page.cell(row, columns(page)["reviewer"]).value == "Dora Holm"
    answers = {TWIN: GOOD[TWIN], ORPHAN: {"decision": "investigate", "ticket": None}}
    assert bring(fill(book, answers)) == 0
    assert "Every finding that needs" not in capsys.readouterr().out
    first = (site.run / "review" / "0001" / "decisions.json").read_bytes()
    assert decisions(site, 2)["previous"] == hashlib.sha256(first).hexdigest()
    found = by_account(site, 2)
    assert (found[TWIN]["decision"], found[ORPHAN]["decision"]) == ("keep", "investigate")
    assert found["u3"] == earlier
    assert found[TWIN]["workbook_sha256"] != earlier["workbook_sha256"]
    assert plan_it(site) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "a reviewer is still looking into it" in shown
    assert run(["verify", str(site.run)]) == 0


def test_a_copy_for_one_app_asks_about_that_app(site: Site, book: Path) -> None:
    """What comes back is held against what was asked there."""
    export = ["review", "export", str(site.run), "--app", "wiki", "--output", str(book)]
    assert run([*export, "--overwrite"]) == 0
    assert bring(fill(book, {ORPHAN: GOOD[ORPHAN], TWIN: GOOD[TWIN]})) == 0
    assert decisions(site)["apps"] == ["wiki"]


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("0001/decisions.json", b"Dora", b"Mara", "is not what workbook"),
        ("0001/decisions.json", b'"run":"0', b'"run":"1', "is of another run"),
        ("0001/decisions.json", b'"format"', b'"f"', "Field required"),
        ("0001/decisions.json", b"{", b" {", "is not in canonical form"),
        ("0001/workbook.xlsx", b"PK", b"pk", "is not the workbook"),
        ("0002/decisions.json", b"imported_at", b"imported_xx", "canonical form"),
        ("0002/decisions.json", b'"imported_by":"', b'"imported_by":"x', ""),
    ],
)  # fmt: skip
def test_an_altered_review_is_found(
    site: Site,
    book: Path,
    name: str,
    old: bytes,
    new: bytes,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each is bound to the run, to its workbook, and to the review before."""
    for answers in ({ORPHAN: GOOD[ORPHAN]}, {TWIN: GOOD[TWIN]}):
        assert bring(fill(book, answers)) == 0
    path = site.run / "review" / name
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    capsys.readouterr()
    # Who imported last stands in the newest file alone: nothing after it names its digest yet.
    assert run(["verify", str(site.run)]) == (50 if told else 0)
    assert told in " ".join(capsys.readouterr().out.split())


def test_nothing_is_planned_by_a_damaged_review(site: Site, book: Path) -> None:
    """A chain of reviews that does not hold stops the plan."""
    for answers in ({ORPHAN: GOOD[ORPHAN]}, {TWIN: GOOD[TWIN]}):
        assert bring(fill(book, answers)) == 0
    path = site.run / "review" / "0001" / "decisions.json"
    path.write_bytes(path.read_bytes().replace(b"deactivate", b"keep"))
    assert plan_it(site) == 50


def test_a_review_that_was_removed_is_found(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing number, a missing file, a strange one."""
    for answers in ({ORPHAN: GOOD[ORPHAN]}, {TWIN: GOOD[TWIN]}):
        assert bring(fill(book, answers)) == 0
    folder = site.run / "review"
    (folder / "note.txt").write_text("x")
    (folder / "0001" / "workbook.xlsx").unlink()
    capsys.readouterr()
    assert run(["verify", str(site.run)]) == 50
    shown = " ".join(capsys.readouterr().out.split())
    assert "review/note.txt: is no part of a review" in shown
    assert "review/0001/workbook.xlsx: cannot be read" in shown
    (folder / "0001" / "decisions.json").unlink()
    assert run(["verify", str(site.run)]) == 50
    assert "review/0001/decisions.json: is missing" in " ".join(capsys.readouterr().out.split())
    (folder / "0001").rmdir()
    assert run(["verify", str(site.run)]) == 50
    assert "review 0001 is missing" in " ".join(capsys.readouterr().out.split())
    assert plan_it(site) == 50


def test_a_plan_that_names_a_reviewer_rests_on_what_they_decided(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verify holds the plan against the review it names."""
    assert bring(fill(book, {ORPHAN: GOOD[ORPHAN], "u3": {"decision": "investigate"}})) == 0
    assert plan_it(site) == 0
    content = site.plan.read_bytes()
    site.plan.write_bytes(content.replace(b'"reviewer":"Dora Holm"', b'"reviewer":"Mara Holm"'))
    capsys.readouterr()
    assert run(["verify", str(site.run)]) == 50
    assert "what Mara Holm did not decide" in " ".join(capsys.readouterr().out.split())


def hand_written(site: Site, decided: Mapping[str, str]) -> Path:
    """A decisions file by hand: what it decides by kind and account."""
    findings = read_json(site.run / "findings.json")["findings"]
    ids = {f"{one['kind']} {one['account']['id']}": one["id"] for one in findings if one["account"]}
    path = site.folder / "decisions.json"
    rows = [
        {
            "finding": ids.get(place, place),
            "decision": decision,
            "reviewer": "Dora",
            "decided_at": "2026-11-01T08:00:00Z",
        }
        for place, decision in decided.items()
    ]
    file = {"format": "ghostscan/decisions/1", "run": site.run.name, "decisions": rows}
    path.write_text(json.dumps(file))
    return path


def test_what_cannot_be_decided_is_refused_with_the_reason(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Disputed never; a kind that no decision can plan is told; keeping an account holds."""
    decided = {
        f"ambiguous_identity {DOUBTED}": "deactivate",
        "leaver_membership u1": "deactivate",
        "ghost_active u1": "keep",
        "ghost_active u2": "deactivate",
    }
    path = hand_written(site, decided)
    assert plan_it(site, "--decisions", str(path), "--memberships", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert run(["verify", str(site.run)]) == 0
    assert "decisions that are no review of this run" in " ".join(capsys.readouterr().out.split())
    left = {(one["account"], one["code"]) for one in found["left_out"]}
    assert {
        (DOUBTED, "disputed_decided"), ("u1", "undecidable"), ("u1", "kept"), (ORPHAN, "undecided"),
    } <= left  # fmt: skip
    why = {
        one["target"]["id"]: one["why"]
        for one in found["actions"]
        if one["operation"] == "deactivate"
    }
    assert "u1" not in why
    assert (why["u2"]["reviewer"], why["u2"]["status"]) == ("Dora", "terminated")
    reason = next(one["reason"] for one in found["left_out"] if one["code"] == "disputed_decided")
    assert "its owner is in doubt" in reason


def test_a_decision_about_no_finding_is_refused(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stray id is a mistake that is told, not passed over."""
    path = hand_written(site, {"0" * 16: "deactivate"})
    assert plan_it(site, "--decisions", str(path)) == 64
    assert "no finding about an account" in capsys.readouterr().err


def zipped(parts: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"not a workbook", "is not a whole, readable XLSX workbook"),
        (zipped({"a.xml": b"<a/>"}), "is damaged"),
        (zipped({"xl/vbaProject.bin": b"x"}), "holds macros or links"),
        (zipped({"a.xml": b"<!DOCTYPE a>"}), "declares entities"),
    ],
    ids=["text", "no book", "macros", "entities"],
)
def test_what_is_no_reviewers_copy_is_refused(
    site: Site, tmp_path: Path, content: bytes, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Damaged, with macros, with entities: one clear line."""
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    assert bring(path) == 64
    assert told in capsys.readouterr().err


def test_another_workbook_is_refused(
    site: Site, book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One without our columns, one without a run, one that is not there."""
    empty = tmp_path / "empty.xlsx"
    Workbook().save(empty)
    assert bring(empty) == 64
    assert "has no sheet with the columns" in capsys.readouterr().err
    assert bring(fill(book, {}, Run=None)) == 64
    assert "does not say which run" in capsys.readouterr().err
    assert bring(tmp_path / "none.xlsx") == 64
    assert "cannot be read" in capsys.readouterr().err


def test_a_run_without_anything_to_decide_is_said_so(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A blank copy brings nothing, and says how many decisions are still needed."""
    assert bring(book) == 0
    shown = capsys.readouterr().out
    assert "Nothing new, 0 from earlier reviews" in shown
    assert "2 findings still need a decision" in shown
    assert not (site.run / "review").exists()


def test_two_imports_at_once_lose_nothing(
    site: Site, book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever comes second is told so; importing again keeps what the first one brought."""
    other = book.with_name("other.xlsx")
    other.write_bytes(book.read_bytes())
    assert bring(fill(other, {TWIN: GOOD[TWIN]})) == 0
    with monkeypatch.context() as patched:  # as read before the other import had ended
        patched.setattr("scanner.remediation.review.read_reviews", lambda _: ())
        assert bring(fill(book, {ORPHAN: GOOD[ORPHAN]})) == 30
    assert "imported by somebody else meanwhile" in capsys.readouterr().err
    assert bring(book) == 0
    assert set(by_account(site, 2)) == {ORPHAN, TWIN}
    assert sorted(one.name for one in (site.run / "review").iterdir()) == ["0001", "0002"]


def test_what_cannot_be_written_leaves_nothing_behind(
    site: Site, book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk at any step is told, and the next import starts anew."""
    fill(book, {ORPHAN: GOOD[ORPHAN]})

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for place in ("pathlib.Path.rename", "tempfile.mkdtemp"):
        with monkeypatch.context() as patched:
            patched.setattr(place, full)
            assert bring(book) == 64
        assert "cannot be written: No space left" in capsys.readouterr().err
        assert list((site.run / "review").iterdir()) == []
    with monkeypatch.context() as patched:
        patched.setattr("scanner.remediation.review.sync_directory", full)
        patched.setattr("scanner.remediation.review.os.path.lexists", lambda _: False)
        assert bring(book) == 64
    assert bring(book) == 0


def test_what_an_import_left_half_done_is_no_review(site: Site, book: Path) -> None:
    """A power cut leaves a folder aside; verify and the next import pass it over."""
    aside = site.run / "review" / ".partial-x"
    aside.mkdir(parents=True)
    (aside / "workbook.xlsx").write_bytes(b"half")
    assert run(["verify", str(site.run)]) == 0
    assert bring(fill(book, {ORPHAN: GOOD[ORPHAN]})) == 0
    assert run(["verify", str(site.run)]) == 0


def test_a_review_of_damaged_files_is_told_once(
    site: Site, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A workbook that is none, though its digest is right; a plan and a manifest that are none."""
    assert bring(fill(book, {ORPHAN: GOOD[ORPHAN], "u3": {"decision": "investigate"}})) == 0
    assert plan_it(site) == 0
    folder = site.run / "review" / "0001"
    content, found = (folder / "decisions.json").read_bytes(), decisions(site)
    (folder / "workbook.xlsx").write_bytes(b"none")
    digest = hashlib.sha256(b"none").hexdigest()
    replaced = content.replace(found["workbook_sha256"].encode(), digest.encode())
    (folder / "decisions.json").write_bytes(replaced)
    site.plan.write_bytes(b"none")
    capsys.readouterr()
    assert run(["verify", str(site.run)]) == 50
    shown = " ".join(capsys.readouterr().out.split())
    assert "review/0001/workbook.xlsx: workbook.xlsx is not a whole" in shown
    assert shown.count("remediation/plan.json:") == 1
    (site.run / "manifest.json").write_bytes(b"none")
    assert run(["verify", str(site.run)]) == 50
    assert "manifest.json: is not JSON" in " ".join(capsys.readouterr().out.split())


def test_a_workbook_that_is_too_large_is_refused(
    site: Site, book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a file, and as what it unpacks to."""
    size = book.stat().st_size
    for most, told in ((size - 1, "is too large"), (size, "unpacks to")):
        monkeypatch.setattr("reports.reviewed.MOST_BYTES", most)
        assert bring(book) == 64
        assert told in capsys.readouterr().err


def test_a_target_that_cannot_be_replaced_is_told(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder of that name stays, whatever was asked."""
    target = tmp_path / "folder"
    (target / "inner").mkdir(parents=True)
    export = ["review", "export", str(site.run), "--output", str(target), "--overwrite"]
    assert run(export) == 64
    assert "cannot be written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [target]


def test_a_run_with_nothing_to_decide_gives_an_empty_sheet(tmp_path: Path) -> None:
    """It says so, and so does the summary."""
    heading = Heading(
        "Test Corp", datetime(2026, 11, 1, tzinfo=UTC), "r", "m", "q", "UTC", (), "ghostscan"
    )
    path = tmp_path / "x.xlsx"
    write_review_workbook((), {}, heading, path)
    assert findings_of(path)["A6"].value.startswith("No rows: nothing of this run")
    text = io.StringIO()
    show_import(Summary("r", None, None, "w", 0, 0, {}, 0), Console(file=text, width=80))
    assert "Every finding that needs a decision has one." in text.getvalue()


def test_a_whole_number_is_read_as_one() -> None:
    """Programs may store a ticket as 4711.0."""
    assert _content(SimpleNamespace(value=4711.0, data_type="n")) == "4711"
    assert _content(SimpleNamespace(value=0.5, data_type="n")) == "0.5"
