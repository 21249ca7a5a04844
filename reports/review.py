"""The reviewer's workbook: what is asked about each finding, and cells for what is decided.

It is a copy to be filled in, never the evidence itself. Everything but the reviewer's cells is
locked, without a password: that guards against slips, and what comes back is compared anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from reports.archive import workbook_at
from reports.cell import REVIEW_COLOUR, Formula, Look, Value, cell_text
from reports.sheet import Paper, Stamp, offer_choices, open_paper
from scanner.model import Answer, Choice, Need, Question
from scanner.model.review import (
    ANSWERS,
    APPS,
    DECIDED_AT,
    DETAILS,
    FACTS,
    MANIFEST,
    QUESTIONS,
    REVIEWER,
    RUN,
    TOOL,
    ZONE,
)

REVIEWER_SHEET, FINDINGS_SHEET = "Reviewer", "Findings"
_COLUMNS = (*FACTS, *ANSWERS, *DETAILS)
_HEAD_ROW = 5
_FROZEN = 2
_WIDTHS = {
    "app": 13, "account": 28, "account_name": 20, "person": 24, "why": 42, "suggestions": 30,
    "if_deactivated": 34, "decision_is": 20, "decision": 18, "reviewer": 20, "decided_at": 21,
    "reason": 34, "ticket": 18, "finding_id": 19, "kind": 18, "severity": 10, "account_id": 26,
    "email": 30, "privileged": 11, "created_at_utc": 22, "last_activity_utc": 22,
    "person_status": 14, "departed_at_utc": 22, "days_since_departure": 12, "matched_by": 18,
    "first_seen_run": 26,
}  # fmt: skip
_HOW = (
    "Decide on the sheet Findings, in the columns marked REVIEWER INPUT.",
    "deactivate: it may be switched off, once somebody plans it and somebody else approves that.",
    "keep: the account stays as it is; say why in reason.",
    "investigate: you are still looking into it. Nothing is done meanwhile, whatever was decided.",
    "A row left blank stays as it was: undecided, or as decided in an earlier review.",
    "Your name and the date can stand here once for all rows, or in a row for that row alone.",
    "A date is read in the time zone named here. Nobody decides about an account of their own.",
    "Rows may be sorted and filtered, columns moved and widened. Nothing may be removed, and",
    "nothing but the reviewer's cells changed: what comes back is compared with the run.",
    "Save as XLSX and give it back: ghostscan review import FILE",
)


@dataclass(frozen=True, slots=True)
class Heading:
    """What the workbook says of itself; ``zone`` is offered as the reviewer's time zone."""

    organization: str
    as_of: datetime
    run: str
    manifest_sha256: str
    questions_sha256: str
    zone: str
    apps: tuple[str, ...]
    tool: str


def write_review_workbook(
    asked: Sequence[Question], known: Mapping[str, Answer], heading: Heading, target: Path
) -> None:
    """Write the workbook to ``target``, private (0600), replacing what is there.

    ``known`` are decisions already in force, by finding: they stand in the reviewer's cells. All
    text is stored as text that nothing evaluates. The same input gives the same bytes. Raises
    EvidenceError if the file cannot be written.
    """
    stamp = Stamp(heading.organization, heading.as_of, heading.run)
    with workbook_at(target) as book:
        as_of = heading.as_of.astimezone(UTC).replace(microsecond=0, tzinfo=None)
        book.properties.created = book.properties.modified = as_of
        book.properties.creator = cell_text(heading.tool)
        book.properties.title = "Access review: reviewer's copy"
        book.properties.identifier = cell_text(heading.run)
        book.calculation.fullCalcOnLoad = True
        _write_reviewer(book, asked, heading, stamp)
        _write_findings(book, asked, known, stamp)


def _write_reviewer(
    book: Workbook, asked: Sequence[Question], heading: Heading, stamp: Stamp
) -> None:
    paper = open_paper(book, REVIEWER_SHEET, (24, 72, 70), stamp)
    paper.add(("Access review: reviewer's copy", Look.TITLE), height=24)
    paper.add((stamp.line, Look.NOTE))
    paper.add()
    paper.add(None, ("REVIEWER INPUT", Look.REVIEW_HEADING))
    paper.add((REVIEWER, Look.LABEL), (None, Look.REVIEW), ("name, for every row", Look.NOTE))
    said = "such as 2026-11-30, for every row that names no date"
    paper.add((DECIDED_AT, Look.LABEL), (None, Look.REVIEW_DAY), (said, Look.NOTE))
    said = "in which dates are meant, such as Europe/Berlin"
    paper.add((ZONE, Look.LABEL), (heading.zone, Look.REVIEW), (said, Look.NOTE))
    _section(paper, "How far it is")
    _write_progress(paper, asked)
    _section(paper, "How to fill it in")
    for line in _HOW:
        paper.add((f"• {line}", Look.NOTE))
    _section(paper, "Where it comes from")
    for label, value in (
        (RUN, heading.run),
        (MANIFEST, heading.manifest_sha256),
        (APPS, ", ".join(heading.apps) or "all"),
        (QUESTIONS, heading.questions_sha256),
        (TOOL, heading.tool),
    ):
        paper.add((label, Look.LABEL), (value, Look.LONG))
    _protect(paper.sheet)


def _write_progress(paper: Paper, asked: Sequence[Question]) -> None:
    letter = get_column_letter(_COLUMNS.index("decision") + 1)
    last = _HEAD_ROW + max(len(asked), 1)
    cells = f"'{FINDINGS_SHEET}'!${letter}${_HEAD_ROW + 1}:${letter}${last}"
    paper.add(("Findings", Look.LABEL), (len(asked), Look.FIGURE))
    needed = sum(one.need is Need.NEEDED for one in asked)
    paper.add(("of these need a decision", Look.LABEL), (needed, Look.FIGURE))
    for choice in Choice:
        counted = Formula(f'COUNTIF({cells},"{choice}")')
        paper.add((choice.value, Look.LABEL), (counted, Look.FIGURE))
    blank = Formula(f"COUNTBLANK({cells})" if asked else "0")
    paper.add(("undecided", Look.LABEL), (blank, Look.FIGURE))


def _write_findings(
    book: Workbook, asked: Sequence[Question], known: Mapping[str, Answer], stamp: Stamp
) -> None:
    paper = open_paper(book, FINDINGS_SHEET, [_WIDTHS[name] for name in _COLUMNS], stamp)
    page = paper.sheet
    page.freeze_panes = f"{get_column_letter(_FROZEN + 1)}{_HEAD_ROW + 1}"
    page.sheet_properties.tabColor = REVIEW_COLOUR
    paper.add(("What is to be decided, one row for each finding", Look.TITLE), height=24)
    paper.add((stamp.line, Look.NOTE))
    paper.add((f"Source: findings.json of this run · rows: {len(asked):,}", Look.NOTE))
    paper.add(*[_banner(name) for name in _COLUMNS])
    paper.add(*[(name, _heading_look(name)) for name in _COLUMNS], height=30)
    for question in asked:
        paper.add(*[_cell(name, question, known.get(question.finding)) for name in _COLUMNS])
    if not asked:
        paper.add(("No rows: nothing of this run needs or takes a decision", Look.NOTE))
    _arrange(page, asked)


def _banner(name: str) -> tuple[Value, Look] | None:
    return ("REVIEWER INPUT", Look.REVIEW_HEADING) if name in ANSWERS else None


def _heading_look(name: str) -> Look:
    return Look.REVIEW_HEADING if name in ANSWERS else Look.HEADING


def _cell(name: str, question: Question, known: Answer | None) -> tuple[Value, Look]:
    if name in ANSWERS:
        look = Look.REVIEW_DAY if name == "decided_at" else Look.REVIEW
        return (str(getattr(known, name)) or None if known else None), look
    return question.text[name] or None, Look.JUDGED if name == "severity" else Look.LONG


def _arrange(page: Worksheet, asked: Sequence[Question]) -> None:
    last = _HEAD_ROW + len(asked)
    page.auto_filter.ref = f"A{_HEAD_ROW}:{get_column_letter(len(_COLUMNS))}{last}"
    page.print_title_rows = f"{_HEAD_ROW}:{_HEAD_ROW}"
    page.print_title_cols = f"A:{get_column_letter(_FROZEN)}"
    letter = get_column_letter(_COLUMNS.index("decision") + 1)
    first = _HEAD_ROW + 1
    while first <= last:  # questions with the same choices stand together
        choices = asked[first - _HEAD_ROW - 1].choices
        end = first
        while end < last and asked[end - _HEAD_ROW].choices == choices:
            end += 1
        offer_choices(page, choices, f"{letter}{first}:{letter}{end}")
        first = end + 1
    _prompt(page, last)
    _protect(page)


def _prompt(page: Worksheet, last: int) -> None:
    """Say at the cell itself how a date is written; what stands there is checked on its return."""
    letter = get_column_letter(_COLUMNS.index("decided_at") + 1)
    rule = DataValidation(allow_blank=True)
    rule.promptTitle = DECIDED_AT
    rule.prompt = "2026-11-30, or with time and zone 2026-11-30T14:05+01:00"
    rule.showInputMessage = True
    rule.add(f"{letter}{_HEAD_ROW + 1}:{letter}{max(last, _HEAD_ROW + 1)}")
    page.data_validations.append(rule)


def _protect(page: Worksheet) -> None:
    """Lock what is not the reviewer's; filters, sorting and widths stay theirs (False: allowed)."""
    page.protection.sheet = True
    page.protection.autoFilter = page.protection.sort = False
    page.protection.formatColumns = page.protection.formatRows = False


def _section(paper: Paper, title: str) -> None:
    paper.add()
    paper.add((title, Look.SECTION), height=20)
