"""The first sheet: what this workbook is, its verdict, what it leaves open, and who signs."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.workbook import Workbook

from reports.cell import Look, Value
from reports.movement import movement_facts
from reports.sheet import Paper, Stamp, expect_day, offer_choices, open_paper
from reports.standing import open_points
from reports.view import departure_sentence
from reports.words import EXPLANATIONS, LIMITS, SENTENCES
from scanner.model import Audit, RegisterFile

NAME = "Cover"
SIGN_OFF = ("Accepted", "Accepted with exceptions", "Rejected")
_WIDTHS = (24, 52, 52, 28, 44)
_NOTES = (
    "Instants are in UTC; a name that ends in _utc says so.",
    (
        "Ids and all other text are stored as text, exactly as received; characters that cannot "
        "be seen are shown as escapes such as \\x0b."
    ),
    (
        "REVIEWER INPUT marks what a reviewer fills in: in a copy, never in this file, whose hash "
        "is recorded. A copy that can be read back is made by: ghostscan review export"
    ),
    "Nothing is hidden: no sheets, rows or columns; no macros, no links to other files.",
    (
        "A tie-out counts a number again, by formula, in this workbook; the number beside it was "
        "counted when the workbook was written."
    ),
    "A workbook cannot hold its own hash: it stands in SHA256SUMS of the run folder.",
)


def write_cover(
    book: Workbook, audit: Audit, stamp: Stamp, sheets: Sequence[tuple[str, str, int | None]]
) -> None:
    """Write the cover as the next sheet; ``sheets`` are the others: name, content, rows."""
    paper = open_paper(book, NAME, _WIDTHS, stamp)
    paper.sheet.freeze_panes = "A4"
    paper.add(("Deprovisioning audit: evidence workbook", Look.TITLE), height=24)
    paper.add((stamp.line, Look.NOTE))
    paper.add(("Source: findings.json and manifest.json of this run", Look.NOTE))
    paper.add()
    for label, value, look in _facts(audit):
        paper.add((label, Look.LABEL), (value, look))
    _write_open_points(paper, audit)
    _section(paper, "Since the audit before")
    for label, value in movement_facts(audit):
        paper.add((label, Look.LABEL), (value, Look.LONG))
    _write_sign_off(paper)
    _write_contents(paper, sheets)
    _write_notes(paper, "How to read this workbook", _NOTES)
    _write_notes(paper, "Limits of the procedure", LIMITS)


def _facts(audit: Audit) -> list[tuple[str, Value, Look]]:
    tool, policy = audit.tool, audit.policy
    limit = policy.limit if policy.stated else "none stated: removal is expected at once"
    return [
        ("Verdict", SENTENCES[audit.verdict], Look.JUDGED),
        ("Meaning of the verdict", EXPLANATIONS[audit.verdict], Look.LONG),
        ("Organization", audit.organization, Look.LONG),
        ("As of (UTC)", audit.as_of, Look.INSTANT),
        ("Run id", audit.run, Look.LONG),
        ("Previous run", audit.previous_run or "none (this is the first run)", Look.LONG),
        ("Started (UTC)", audit.started_at, Look.INSTANT),
        ("Time zone of departures", audit.timezone, Look.LONG),
        ("Departure date read from", departure_sentence(audit), Look.LONG),
        ("Operator", audit.operator, Look.LONG),
        ("Tool", f"{tool.name} {tool.version}", Look.LONG),
        ("Environment", f"Python {tool.python}, {tool.platform}", Look.LONG),
        ("Policy: removal within", limit, Look.LONG),
        ("Policy reference", policy.reference or "none given", Look.LONG),
        ("People in the HRIS", audit.people, Look.FIGURE),
        ("of these departed", *_departed(audit)),
        ("Accounts received", sum(app.accounts for app in audit.apps), Look.FIGURE),
        ("Findings", len(audit.findings), Look.FIGURE),
        ("of these waived", _waived(audit), Look.FIGURE),
        *(
            (
                f"Register {one.name}",
                f"{one.path}: {one.entries} entries, SHA-256 {one.sha256}",
                Look.LONG,
            )
            for one in audit.registers
        ),
        ("Classification", "Confidential: holds personal data of workers", Look.LONG),
    ]


def _departed(audit: Audit) -> tuple[Value, Look]:
    if audit.departed is None:
        return "not concluded", Look.JUDGED
    return audit.departed, Look.FIGURE


def _register(file: RegisterFile) -> str:
    return f"{file.path}: {file.entries} entries, SHA-256 {file.sha256}"


def _waived(audit: Audit) -> int:
    return sum(finding.waiver is not None for finding in audit.findings)


def _write_open_points(paper: Paper, audit: Audit) -> None:
    _section(paper, "What could not be concluded, and why")
    points = open_points(audit)
    if not points:
        paper.add(
            ("Nothing: every source was read completely and every app was concluded.", Look.NOTE)
        )
        return
    _head(paper, "source", "what", "reason", "code", "what to do")
    for point in points:
        what = ", ".join(point.what)
        for reason in point.reasons:
            words = (point.source, what, reason.message, reason.code, reason.hint)
            paper.add(*[(word, Look.LONG) for word in words])
        if not point.reasons:
            paper.add((point.source, Look.LONG), (what, Look.LONG), ("no reason given", Look.LONG))


def _write_sign_off(paper: Paper) -> None:
    _section(paper, "Sign-off")
    paper.add(None, *[("REVIEWER INPUT", Look.REVIEW_HEADING)] * 4)
    paper.add(
        ("", Look.HEADING),
        *[(word, Look.REVIEW_HEADING) for word in ("name", "role", "date", "decision")],
    )
    signers = ("Prepared by", "Reviewed by", "Approved by")
    for signer in signers:
        blanks = (Look.REVIEW, Look.REVIEW, Look.REVIEW_DAY, Look.REVIEW)
        paper.add((signer, Look.LABEL), *[(None, look) for look in blanks], height=22)
    first = paper.row - len(signers) + 1
    expect_day(paper.sheet, f"D{first}:D{paper.row}")
    offer_choices(paper.sheet, SIGN_OFF, f"E{first}:E{paper.row}")


def _write_contents(paper: Paper, sheets: Sequence[tuple[str, str, int | None]]) -> None:
    _section(paper, "Sheets")
    _head(paper, "sheet", "what it holds", "rows")
    for name, title, rows in sheets:
        paper.add((name, Look.LABEL), (title, Look.LONG), (rows, Look.FIGURE))


def _write_notes(paper: Paper, title: str, notes: Sequence[str]) -> None:
    _section(paper, title)
    for note in notes:
        paper.add((f"• {note}", Look.NOTE))


def _section(paper: Paper, title: str) -> None:
    paper.add()
    paper.add((title, Look.SECTION), height=20)


def _head(paper: Paper, *names: str) -> None:
    paper.add(*[(name, Look.HEADING) for name in names])
