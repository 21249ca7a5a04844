"""The evidence workbook: exact, inert, complete, footing, and the same every time."""

from __future__ import annotations

import re
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from reports import sheet as sheet_module
from reports.cell import (
    INSTANT_FORMAT,
    LONGEST,
    Look,
    cell_text,
    fill_in,
    look_for,
)
from reports.concluded import is_concluded
from reports.finding_sheets import DECISIONS
from reports.sheet import FIRST_ROW, HEAD_ROW, Column, DataSheet, split
from reports.text import visible
from reports.workbook import write_workbook
from scanner.errors import EvidenceError
from scanner.model import AccountRef, Audit, Finding, Reading, Role, Severity, State
from tests.fakes.audit import AS_OF, clean_audit, sample_audit, with_groups_withheld
from tests.fakes.tables import write_accounts, write_people, write_tables

FINDING_SHEETS = ("Ghost accounts", "Orphan accounts", "Group drift", "Other findings")
DATA_SHEETS = ("IPE", *FINDING_SHEETS, "Queries", "HRIS population", "App accounts")
HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "#REF!",
    "#N/A",
    "TRUE",
    "00042",
    "12345678901234567890",
    "2026-11-01",
    "1e5",
    "\t=1",
    "'quoted",
    "&L&D<&>\"'",
    "]]>",
    "https://example.com/",
    '=HYPERLINK("https://example.com","x")',
    "=cmd|' /C calc'!A0",
    "a\x00b\x0bc\x1bd",
    "line\nfeed\rreturn",
    "lone \ud800 surrogate",
    "\u202egnp.exe",
    "zero\u200bwidth",
    "_x0041_",
    "_x005F_x0041_",
    " leading and trailing ",
    "é陈伟😀",
    "\ufffe\uffff",
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    audit = sample_audit()
    target = folder / "evidence.xlsx"
    write_workbook(audit, write_tables(folder, audit), target)
    return target


@pytest.fixture(scope="module")
def book(written: Path) -> Workbook:
    return load_workbook(written)


def small(audit: Audit) -> Audit:
    """The same audit over a company of twenty, which is quicker to write."""
    apps = tuple(
        replace(one, accounts=60, active=50, linked=50, unmatched=8, disputed=2)
        for one in audit.apps
    )
    return replace(audit, people=20, apps=apps)


def build(folder: Path, audit: Audit) -> Workbook:
    folder.mkdir(exist_ok=True)
    write_workbook(audit, write_tables(folder, audit), folder / "evidence.xlsx")
    return load_workbook(folder / "evidence.xlsx")


def names(page: Worksheet) -> list[str]:
    return [str(cell.value) for cell in page[HEAD_ROW]]


def column(page: Worksheet, name: str) -> list[Any]:
    index = names(page).index(name) + 1
    return [page.cell(row, index).value for row in range(FIRST_ROW, page.max_row + 1)]


def cells_of(page: Worksheet) -> Iterator[Any]:
    for row in page.iter_rows():
        yield from row


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def text_of(page: Worksheet) -> str:
    return "\n".join(str(cell.value) for cell in cells_of(page) if cell.value is not None)


def with_hostile_text(audit: Audit) -> Audit:
    """One finding per hostile text, which stands in every field a source can fill."""
    findings = tuple(
        Finding(
            id=f"{number:016x}",
            kind="ghost_active",
            severity=Severity.HIGH,
            app="slack",
            detail=text,
            controls=(text,),
            account=AccountRef(text, text, text, text, active=True),
        )
        for number, text in enumerate(HOSTILE)
    )
    return replace(audit, findings=findings, organization="=1+1 & <Söhne> &D", operator="@x")


def test_sheets_stand_in_the_promised_order(book: Workbook) -> None:
    """The workbook holds exactly the named sheets, in order, and hides none."""
    assert book.sheetnames == ["Cover", "Summary", *DATA_SHEETS]
    assert {page.sheet_state for page in book.worksheets} == {"visible"}


def test_every_finding_stands_exactly_once(book: Workbook) -> None:
    """Each finding of the run is a row of exactly one finding sheet, and nothing else is."""
    found = [one for name in FINDING_SHEETS for one in column(book[name], "finding_id")]
    assert Counter(found) == Counter(one.id for one in sample_audit().findings)


def test_a_kind_nobody_knows_stands_under_other_findings(tmp_path: Path) -> None:
    """A finding of a kind outside the catalogue is not lost."""
    audit = sample_audit()
    odd = replace(audit.findings[0], id="f" * 16, kind="brand_new")
    page = build(tmp_path, small(replace(audit, findings=(*audit.findings, odd))))["Other findings"]
    assert "f" * 16 in column(page, "finding_id")


def test_hostile_text_comes_back_equal_and_inert(tmp_path: Path) -> None:
    """Text of a source stays that very text, marked as text, whatever it looks like."""
    page = build(tmp_path, with_hostile_text(small(clean_audit())))["Ghost accounts"]
    for name in ("account_id", "user_name", "email", "account_name", "detail", "controls"):
        index = names(page).index(name) + 1
        rows = [page.cell(row, index) for row in range(FIRST_ROW, page.max_row + 1)]
        read = Counter(unescape(str(cell.value)) for cell in rows)
        assert read == Counter(visible(text) for text in HOSTILE)
        assert {cell.data_type for cell in rows} == {"s"}
        assert all(cell.quotePrefix for cell in rows)
        assert {cell.number_format for cell in rows} == {"@"}


def test_text_is_marked_in_the_file_itself(written: Path) -> None:
    """The mark that keeps text from becoming a formula when edited is in the stored styles."""
    assert b'quotePrefix="1"' in parts(written)["xl/styles.xml"]


def test_formulas_stand_only_in_the_summary(tmp_path: Path) -> None:
    """No data makes a formula: the only ones are tie-outs, which name our sheets and cells."""
    build(tmp_path, with_hostile_text(small(sample_audit())))
    sheets = {
        name: body
        for name, body in parts(tmp_path / "evidence.xlsx").items()
        if name.startswith("xl/worksheets/sheet")
    }
    with_formula = [name for name, body in sheets.items() if re.search(rb"<f[ >/]", body)]
    assert with_formula == ["xl/worksheets/sheet2.xml"]
    formulas = re.findall(rb"<f>(.*?)</f>", sheets["xl/worksheets/sheet2.xml"])
    assert formulas
    for formula in formulas:
        assert re.fullmatch(rb"(COUNTIFS\(|SUM\(|IF\()[A-Za-z0-9 $:!'\",()=+&;<>]*", formula)
        assert b"1+1" not in formula


def test_nothing_leads_out_of_the_workbook(tmp_path: Path) -> None:
    """There are no links, external parts or macros, even where data looks like an address."""
    build(tmp_path, with_hostile_text(small(sample_audit())))
    for name, body in parts(tmp_path / "evidence.xlsx").items():
        assert "external" not in name.lower()
        assert not name.endswith((".bin", ".vml"))
        assert b"<hyperlink" not in body
        assert b'TargetMode="External"' not in body
        assert b'hidden="1"' not in body or name == "xl/workbook.xml"


@pytest.mark.parametrize("name", DATA_SHEETS)
def test_each_data_sheet_can_be_read_filtered_and_printed(book: Workbook, name: str) -> None:
    """Heading block, filter over the whole table, frozen head, and a page that repeats it."""
    page: Any = book[name]
    assert page["A1"].value
    assert (
        page["A2"].value
        == "Example Corp · as of 2026-11-01T09:00:00Z · run 000007-20261101T090000Z"
    )
    rows = page.max_row - HEAD_ROW
    assert str(page["A3"].value).endswith(f"rows: {rows:,}")
    assert (
        page.auto_filter.ref == f"A{HEAD_ROW}:{page.cell(page.max_row, page.max_column).coordinate}"
    )
    assert re.fullmatch(rf"[B-D]{FIRST_ROW}", str(page.freeze_panes))
    assert page.print_title_rows == f"${HEAD_ROW}:${HEAD_ROW}"
    assert page.page_setup.orientation == "landscape"
    assert page.page_setup.fitToHeight == 0
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert "run 000007" in page.oddFooter.left.text
    assert page.oddFooter.right.text == "Page &P of &N"
    widths = [page.column_dimensions[letter].width for letter in page.column_dimensions]
    assert all(9 <= width <= 60 for width in widths)


def test_instants_are_dates_in_utc(book: Workbook) -> None:
    """Every column that ends in _utc holds real dates, shown with their zone."""
    seen = 0
    for name in DATA_SHEETS:
        page = book[name]
        for index, title in enumerate(names(page), start=1):
            filled = [
                cell
                for (cell,) in page.iter_rows(FIRST_ROW, page.max_row, index, index)
                if cell.value is not None
            ]
            dates = [cell for cell in filled if cell.is_date]
            assert dates == (filled if title.endswith("_utc") else [])
            assert {cell.number_format for cell in dates} <= {INSTANT_FORMAT}
            seen += len(dates)
    assert seen > 1000
    ana = column(book["Ghost accounts"], "person_id").index("1042")
    departed = column(book["Ghost accounts"], "departed_at_utc")[ana]
    assert departed == (AS_OF - timedelta(days=29)).replace(tzinfo=None)


def test_instants_of_another_zone_are_converted() -> None:
    """An instant in local time is stored as the same instant in UTC, to the second."""
    cell = WriteOnlyCell(Workbook(write_only=True).create_sheet("x"))
    fill_in(cell, datetime(2026, 11, 1, 12, 0, 0, 999_999, timezone(timedelta(hours=-8))))
    assert cell.value == datetime(2026, 11, 1, 20, 0, 0)  # noqa: DTZ001 - spreadsheets have no zone


def test_what_a_spreadsheet_cannot_count_becomes_text() -> None:
    """Dates before spreadsheets begin and numbers beyond 15 digits stay exact, as text."""
    cell = WriteOnlyCell(Workbook(write_only=True).create_sheet("x"))
    fill_in(cell, datetime(1850, 1, 1, tzinfo=UTC))
    assert (cell.value, cell.data_type) == ("1850-01-01T00:00:00Z", "s")
    fill_in(cell, 10**15)
    assert (cell.value, cell.data_type) == ("1000000000000000", "s")
    fill_in(cell, 10**15 - 1)
    assert (cell.value, cell.data_type) == (10**15 - 1, "n")


def test_leading_zeros_stay(book: Workbook) -> None:
    """Ids that look like numbers keep their zeros and stay text."""
    page = book["HRIS population"]
    index = names(page).index("person_id") + 1
    rows = [page.cell(row, index) for row in range(FIRST_ROW, page.max_row + 1)]
    assert {cell.data_type for cell in rows} == {"s"}
    assert {"0977", "000001"} <= {cell.value for cell in rows}


def test_populations_hold_everybody_with_what_was_concluded(book: Workbook) -> None:
    """Each person and account received is a row, with its link, or says that none was concluded."""
    people, accounts = book["HRIS population"], book["App accounts"]
    assert len(column(people, "person_id")) == 1204
    assert Counter(column(accounts, "app")) == {
        one.name: one.accounts for one in sample_audit().apps
    }
    rows = list(
        zip(
            *(
                column(accounts, name)
                for name in (
                    "app",
                    "account_id",
                    "account_state",
                    "situation",
                    "person_id",
                    "person_status",
                )
            ),
            strict=True,
        )
    )
    assert ("slack", "U1", "Active", "linked", "1042", "terminated") in rows
    assert {row[3] for row in rows if row[0] == "zoom"} == {"not concluded"}
    assert {row[2] for row in rows} == {"Active", "Inactive", "Unknown"}
    kinds = dict(
        zip(column(accounts, "account_id"), column(accounts, "finding_kinds"), strict=True)
    )
    assert kinds["U1"] == "ghost_active; leaver_membership"
    ana = column(people, "person_id").index("1042")
    assert (column(people, "accounts_linked")[ana], column(people, "accounts_active")[ana]) == (
        2,
        2,
    )


def test_reviewers_can_write_only_what_is_offered(book: Workbook) -> None:
    """Finding sheets end in marked columns for the reviewer; decisions come from a list."""
    for name in FINDING_SHEETS:
        page = book[name]
        assert names(page)[-5:] == ["decision", "reviewer", "review_date", "ticket", "comment"]
        banner = [page.cell(HEAD_ROW - 1, page.max_column - back).value for back in range(5)]
        assert set(banner) == {"REVIEWER INPUT"}
        lists = [one for one in page.data_validations.dataValidation if one.type == "list"]
        assert [one.formula1 for one in lists] == [f'"{",".join(DECISIONS)}"']
        assert len(lists[0].formula1) <= 255
        first, last = (page.cell(row, page.max_column - 4) for row in (FIRST_ROW, page.max_row))
        assert str(lists[0].sqref) == f"{first.coordinate}:{last.coordinate}"


def test_sources_show_every_point_of_their_proof(book: Workbook) -> None:
    """One row per source; what did not hold says so with its figures."""
    page = book["IPE"]
    row = column(page, "source").index("zoom")
    assert column(page, "state")[row] == "INCOMPLETE"
    assert column(page, "users_delta")[row] == 12
    assert column(page, "users_total_matches")[row] == (
        "NOT HELD: server reports 412, 400 distinct records received"
    )
    assert column(page, "users_every_page_whole")[row] == "held"
    assert column(page, "groups_total_matches")[0] == "not applicable"
    assert column(page, "groups_delta")[0] is None
    assert "read.total_contradicts" in column(page, "reasons")[row]


def test_the_cover_says_verdict_and_what_is_open(book: Workbook) -> None:
    """The cover names the verdict in fixed words, each open point with its reason, and signers."""
    said = text_of(book["Cover"])
    assert "Unable to conclude" in said
    assert "read.total_contradicts" in said
    assert "app.groups_not_read" in said
    assert "ACP-07 v3, section 4.2" in said
    assert all(one in said for one in ("Prepared by", "Reviewed by", "Approved by"))
    assert not re.search(r"compliant|passed", said, re.IGNORECASE)


def test_a_clean_run_says_so(tmp_path: Path) -> None:
    """Without findings every finding sheet names the population tested, and there is no chart."""
    made = build(tmp_path, small(clean_audit()))
    assert made["Ghost accounts"]["A6"].value == "No rows: population 60 tested, 0 findings (slack)"
    assert "population 2210 memberships read" in str(made["Group drift"]["A6"].value)
    assert made["Ghost accounts"].auto_filter.ref.startswith("A5:")
    cover = text_of(made["Cover"])
    assert "No deviations noted" in cover
    assert "Nothing: every source was read completely" in cover
    assert "none stated: removal is expected at once" in cover
    assert "none (this is the first run)" in cover
    assert "No chart: there are no findings." in text_of(made["Summary"])


def test_an_empty_sheet_never_hides_what_was_not_concluded(tmp_path: Path) -> None:
    """Where the people were not read completely, empty sheets say that nothing could be tested."""
    audit = small(clean_audit())
    audit = replace(audit, sources=tuple(_unproved(one) for one in audit.sources))
    made = build(tmp_path, audit)
    for name in FINDING_SHEETS:
        assert made[name]["A4"].value == "NOT CONCLUDED: slack · reasons: sheet Cover"
        assert made[name]["A6"].value == (
            "No rows: nothing could be tested · NOT CONCLUDED: slack · reasons: sheet Cover"
        )
    assert "no reason given" in text_of(made["Cover"])
    assert "everything (see Cover)" in text_of(made["Summary"])


def test_a_sheet_never_hides_a_group_that_was_not_concluded(tmp_path: Path) -> None:
    """Who belongs in a group is not known: the sheet of drift and the summary say so of its app."""
    made = build(tmp_path, with_groups_withheld(small(clean_audit()), "slack", "G1"))
    told = "who belongs NOT CONCLUDED: 1 group of slack · reasons: sheet Cover"
    assert made["Group drift"]["A4"].value == told
    assert str(made["Group drift"]["A6"].value).endswith(told)
    assert "NOT CONCLUDED" not in str(made["Ghost accounts"]["A4"].value)
    rows = [[cell.value for cell in row] for row in made["Summary"].iter_rows()]
    assert ["group_drift", "not concluded"] in [row[:2] for row in rows]
    assert ["leaver_membership", 0] in [row[:2] for row in rows]
    assert "who belongs in 1 group (see Cover)" in [row[5] for row in rows]


def test_without_a_whole_hris_nobody_is_counted_as_departed(tmp_path: Path) -> None:
    """Cover and summary say that it was not concluded, where a number would be read as one."""
    made = build(tmp_path, replace(small(sample_audit()), departed=None))
    cover = {row[0].value: row[1].value for row in made["Cover"].iter_rows(max_col=2)}
    assert cover["of these departed"] == "not concluded"
    rows = [[cell.value for cell in row] for row in made["Summary"].iter_rows()]
    assert next(row for row in rows if row[0] == "people")[3] == "not concluded"


def _unproved(reading: Reading) -> Reading:
    if reading.role is not Role.HRIS:
        return reading
    return replace(reading, users=replace(reading.users, state=State.INCOMPLETE))


def test_a_run_that_read_nothing_still_makes_a_workbook(tmp_path: Path) -> None:
    """Without any table the populations say that nothing was received."""
    audit = replace(clean_audit(), match_counts=(), rules=())
    (tmp_path / "tables").mkdir()
    write_workbook(audit, tmp_path / "tables", tmp_path / "evidence.xlsx")
    made = load_workbook(tmp_path / "evidence.xlsx")
    assert str(made["App accounts"]["A6"].value).startswith("No rows: no account was received")
    assert str(made["HRIS population"]["A6"].value).startswith("No rows: no person was received")
    assert "DIFFERENCE" in text_of(made["Summary"])


def test_every_kind_has_its_query_beside_its_result(book: Workbook) -> None:
    """The SQL stands line by line as it was run, with the number found, and where it is none."""
    page, audit = book["Queries"], sample_audit()
    lines = zip(column(page, "kind"), column(page, "query"), strict=True)
    asked: dict[str, list[str]] = {}
    for kind, text in lines:
        asked.setdefault(kind, []).append(text or "")
    wanted = {rule.kind: rule.query.strip().split("\n") for rule in audit.rules}
    assert asked == wanted
    found = Counter(one.kind for one in audit.findings)
    counts = dict(zip(column(page, "kind"), column(page, "findings"), strict=True))
    assert counts == {kind: found[kind] for kind in wanted}
    assert 0 in counts.values()
    assert "Checked, nothing found" in column(page, "outcome")
    assert set(column(page, "query_file")) == {f"queries/{kind}.sql" for kind in wanted}


def test_members_not_read_are_named_on_the_sheets_they_concern(book: Workbook) -> None:
    """An app without groups is named where memberships are judged, not where accounts are."""
    assert "memberships NOT CONCLUDED: notion" in str(book["Group drift"]["A4"].value)
    assert "notion" not in str(book["Ghost accounts"]["A4"].value)


def test_numbers_of_the_summary_foot(book: Workbook) -> None:
    """The parts of every population add up, and what was not concluded is no number."""
    page: Any = book["Summary"]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    checked = [row for row in rows if "OK" in row or "DIFFERENCE" in row]
    assert len(checked) == 9
    for row in checked:
        assert row[6] == "OK"
        assert row[1] == sum(row[3:6])
    assert any(row[0] == "zoom" and row[3] == "not concluded" for row in rows)
    assert any(row[0] == "total" and row[6] == len(sample_audit().findings) for row in rows)


def test_the_summary_counts_each_kind_and_app(book: Workbook) -> None:
    """A kind's row holds its number per source, and says where nothing can be said."""
    page: Any = book["Summary"]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    head = next(row for row in rows if row[:2] == ["kind", "okta"])
    table = rows[rows.index(head) + 1 :]
    by_kind = {str(row[0]): dict(zip(map(str, head), row, strict=True)) for row in table[:16]}
    assert by_kind["orphan_account"]["slack"] == 4
    assert by_kind["orphan_account"]["zoom"] == "not concluded"
    assert by_kind["orphan_account"]["people"] == "not applicable"
    assert by_kind["group_drift"]["notion"] == "not concluded"
    assert by_kind["hr_data_quality"]["people"] == 1
    assert by_kind["hr_data_quality"]["okta"] == "not applicable"
    assert by_kind["collection_incomplete"]["slack"] == 0


def test_the_chart_covers_no_row(book: Workbook, written: Path) -> None:
    """The one chart stands on empty rows of the summary and shows numbers without computing."""
    page: Any = book["Summary"]
    assert len(page._charts) == 1
    anchor = page._charts[0].anchor
    top = anchor._from.row
    rows = range(top + 1, top + 2 + int(anchor.ext.height / 9525 / 20))
    assert all(cell.value is None for row in rows for cell in page[row])
    assert b"numCache" in parts(written)["xl/charts/chart1.xml"]


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two builds of one run are byte-identical and hold no trace of when they were made."""
    audit = small(sample_audit())
    tables = write_tables(tmp_path, audit)
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    write_workbook(audit, tables, first)
    write_workbook(audit, tables, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    properties = load_workbook(first).properties
    assert properties.created == properties.modified == AS_OF.replace(tzinfo=None)


def test_the_workbook_is_private_and_replaces_an_older_one(tmp_path: Path) -> None:
    """Only its owner can read the file, which replaces a longer one whole."""
    audit = small(clean_audit())
    target = tmp_path / "evidence.xlsx"
    write_workbook(audit, write_tables(tmp_path, audit), target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    content = target.read_bytes()
    target.write_bytes(b"x" * 1_000_000)
    write_workbook(audit, tmp_path / "tables", target)
    assert target.read_bytes() == content


def test_a_place_that_cannot_be_written_is_an_evidence_error(tmp_path: Path) -> None:
    """A missing folder becomes an error that names the file, and leaves no sheet open."""
    with pytest.raises(EvidenceError, match="nowhere"):
        write_workbook(small(clean_audit()), tmp_path / "tables", tmp_path / "nowhere" / "x.xlsx")


def test_a_long_population_goes_on_in_further_sheets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows beyond one sheet stand in the next, each part says which it is, tie-outs add them."""
    monkeypatch.setattr(split, "__defaults__", (25,))
    made = build(tmp_path, small(clean_audit()))
    parts_made = [name for name in made.sheetnames if name.startswith("App accounts")]
    assert parts_made == ["App accounts", "App accounts 2", "App accounts 3"]
    rows = [one for name in parts_made for one in column(made[name], "account_id")]
    assert len(rows) == len(set(rows)) == 60
    assert "part 3 of 3, from row 51 of 60" in str(made["App accounts 3"]["A3"].value)
    assert "'App accounts 3'!" in text_of(made["Summary"])


def test_text_too_long_for_a_cell_is_cut_in_the_open() -> None:
    """What a cell cannot hold ends in its length and SHA-256; what it can hold is whole."""
    assert cell_text("a" * LONGEST) == "a" * LONGEST
    shown = cell_text("_x0041_" * 10_000)
    assert len(shown) <= LONGEST
    assert re.search(r"… \[cut: 70000 characters, SHA-256 [0-9a-f]{64}\]$", shown)


@given(st.text(alphabet=st.characters(), max_size=60) | st.text(alphabet="_x05F41n", max_size=40))
def test_any_text_is_shown_as_it_is_made_visible(text: str) -> None:
    """For every text, a program that decodes the cell shows exactly its visible form."""
    shown = visible(text, longest=10 * len(text) + 1)
    assert unescape(cell_text(text)) == shown
    cell_text(text).encode("utf-8")


@pytest.mark.parametrize(
    ("value", "look", "expected"),
    [
        ("critical", Look.JUDGED, Look.SEVERE),
        ("NOT HELD: 1 of 2", Look.JUDGED, Look.BAD),
        ("held", Look.JUDGED, Look.TEXT),
        ("not concluded", Look.NUMBER, Look.TEXT),
        (3, Look.NUMBER, Look.NUMBER),
    ],
)
def test_a_judgement_takes_its_fill_from_its_word(
    value: str | int, look: Look, expected: Look
) -> None:
    """Colour follows the word in the cell and never stands alone."""
    assert look_for(value, look) is expected


def test_only_what_could_be_judged_counts_as_none() -> None:
    """A comparison with earlier runs is concluded only where there is one."""
    audit = sample_audit()
    assert is_concluded(audit, "slack", "reactivated")
    assert not is_concluded(replace(audit, previous_run=None), "slack", "reactivated")
    assert is_concluded(audit, "zoom", "collection_incomplete")
    assert is_concluded(audit, "people", "hr_data_quality")
    assert not is_concluded(audit, "zoom", "ghost_active")


def test_an_empty_table_of_one_source_does_not_change_the_others(tmp_path: Path) -> None:
    """A source without a record, and one that sent nothing but ids, are tabulated as they are."""
    audit = clean_audit()
    write_people(tmp_path, "people", [])
    write_accounts(tmp_path, "slack", [{"account_id": "007"}])
    write_workbook(audit, tmp_path / "tables", tmp_path / "evidence.xlsx")
    page = load_workbook(tmp_path / "evidence.xlsx")["App accounts"]
    assert column(page, "account_id") == ["007"]
    assert column(page, "account_state") == ["Unknown"]
    assert column(page, "emails") == [None]


def test_a_table_knows_where_its_columns_stand() -> None:
    """References name the sheet, the column and all rows; an empty table has one row."""
    table: DataSheet[str] = DataSheet(
        "S", "t", "s", (Column("a", str), Column("b", str)), ("x", "y"), 1, "none"
    )
    assert table.cells("b") == f"'S'!$B${FIRST_ROW}:$B${FIRST_ROW + 1}"
    assert replace(table, rows=()).cells("a") == f"'S'!$A${FIRST_ROW}:$A${FIRST_ROW}"
    assert sheet_module.MOST_ROWS < 1_048_576 - HEAD_ROW


def test_the_name_of_a_folder_is_not_data(tmp_path: Path) -> None:
    """A run below a folder called name=value reads the same tables as anywhere else."""
    audit = small(clean_audit())
    page = build(tmp_path / "source=other", audit)["App accounts"]
    assert set(column(page, "app")) == {"slack"}


def test_the_file_names_its_run(book: Workbook) -> None:
    """The document's properties say which tool wrote it, about which run."""
    assert book.properties.identifier == sample_audit().run
    assert book.properties.creator == "ghostscan 0.1.0"
    assert book.properties.subject == "as of 2026-11-01T09:00:00Z"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", 1),
        ("a" * 10, 1),
        ("a" * 11, 2),
        ("aaaa bbbb cccc", 2),
        ("aaaa " + "b" * 25, 4),
        ("b" * 25 + " cccc", 3),
        ("b" * 25 + " cccccc", 4),
    ],
)
def test_a_row_is_as_high_as_its_wrapped_text(text: str, lines: int) -> None:
    """Wrapped at blanks; a word longer than a line, such as a digest, begins on one of its own."""
    assert sheet_module.count_lines(text, 10) == lines
