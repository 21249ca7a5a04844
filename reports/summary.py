"""The sheet of numbers: what was found, per app and kind, and whether every number foots."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.pagebreak import Break

from reports.cell import Formula, Look, Value
from reports.concluded import (
    accounts_concluded,
    is_concluded,
    memberships_concluded,
    withheld_groups,
)
from reports.populations import Populations
from reports.severity_chart import severity_chart
from reports.sheet import DataSheet, Paper, Stamp, open_paper
from reports.words import RECORD_KINDS, ROLES, RUN_KINDS, SENTENCES
from scanner.model import App, Audit, Severity

NAME = "Summary"
RECOUNT = "tie-out (recount in this workbook)"

_LABEL_WIDTH, _NUMBER_WIDTH = 27, 16
_FEWEST_COLUMNS = 9
_ROW_CM = 0.52

Sheets = Sequence[DataSheet[Any]]


def write_summary(
    book: Workbook,
    audit: Audit,
    populations: Populations,
    stamp: Stamp,
    findings: Sheets,
    people: Sheets,
    accounts: Sheets,
) -> None:
    """Write the summary as the next sheet; the last three are the sheets its tie-outs recount."""
    columns = max(_FEWEST_COLUMNS, len(_sources(audit)) + 2)
    paper = open_paper(book, NAME, [_LABEL_WIDTH, *[_NUMBER_WIDTH] * columns], stamp)
    paper.sheet.freeze_panes = "B4"
    paper.add(("Summary: what was concluded, and how the numbers foot", Look.TITLE), height=24)
    paper.add((stamp.line, Look.NOTE))
    paper.add((f"Verdict: {SENTENCES[audit.verdict]}", Look.NOTE))
    _write_verdicts(paper, audit, findings)
    _write_severities(paper, audit, findings)
    _write_kinds(paper, audit, findings)
    _write_accounts(paper, audit, populations, accounts)
    _write_people(paper, audit, people)
    _write_matching(paper, audit, accounts)


def _write_verdicts(paper: Paper, audit: Audit, findings: Sheets) -> None:
    _head(paper, "Verdict by app", "app", "role", "verdict", "findings", RECOUNT, "not concluded")
    roles = {one.source: ROLES[one.role] for one in audit.sources}
    for app in audit.apps:
        row = paper.row + 1
        paper.add(
            (app.name, Look.LABEL),
            (roles.get(app.name), Look.TEXT),
            (SENTENCES[app.verdict], Look.JUDGED),
            (app.findings, Look.NUMBER),
            (_recount(findings, ("app", f"$A{row}")), Look.NUMBER),
            (_open_part(audit, app), Look.LONG),
        )


def _open_part(audit: Audit, app: App) -> str:
    if app not in accounts_concluded(audit):
        return "everything (see Cover)"
    if app not in memberships_concluded(audit):
        return "memberships (see Cover)"
    groups = withheld_groups(audit).get(app.name)
    return "nothing" if groups is None else f"who belongs in {groups} (see Cover)"


def _write_severities(paper: Paper, audit: Audit, findings: Sheets) -> None:
    counted = Counter((one.kind, one.severity) for one in audit.findings)
    _head(paper, "Findings by kind and severity", "kind", *Severity, "total", RECOUNT)
    first = paper.row + 1
    kinds = _kinds(audit)
    for kind in kinds:
        row = paper.row + 1
        numbers = [counted[kind, severity] for severity in Severity]
        paper.add(
            (kind, Look.LABEL),
            *[(number, Look.NUMBER) for number in (*numbers, sum(numbers))],
            (_recount(findings, ("kind", f"$A{row}")), Look.NUMBER),
        )
    totals = [sum(counted[kind, severity] for kind in kinds) for severity in Severity]
    _write_totals(paper, first, [*totals, sum(totals)])
    _draw(paper, first, [kind for kind in kinds if _has(audit, kind)], counted)


def _write_totals(paper: Paper, first: int, totals: Sequence[int]) -> None:
    last = paper.row
    paper.add(("total", Look.LABEL), *[(total, Look.NUMBER) for total in totals])
    columns = [get_column_letter(index) for index in range(2, len(totals) + 2)]
    sums = [Formula(f"SUM({column}{first}:{column}{last})") for column in columns]
    paper.add((RECOUNT, Look.LABEL), *[(one, Look.NUMBER) for one in sums])


def _draw(
    paper: Paper, first: int, kinds: Sequence[str], counted: Counter[tuple[str, Severity]]
) -> None:
    if not kinds:
        paper.add()
        paper.add(("No chart: there are no findings.", Look.NOTE))
        return
    last = first + len(kinds) - 1
    counts = {
        severity.value: (
            f"'{NAME}'!${get_column_letter(index)}${first}:${get_column_letter(index)}${last}",
            [counted[kind, severity] for kind in kinds],
        )
        for index, severity in enumerate(Severity, start=2)
        if any(counted[kind, severity] for kind in kinds)
    }
    paper.sheet.row_breaks.append(Break(id=paper.row))
    chart = severity_chart(f"'{NAME}'!$A${first}:$A${last}", kinds, counts)
    paper.sheet.add_chart(chart, f"A{paper.row + 2}")
    # Empty rows keep the place of the chart, which would else cover the next table.
    for _ in range(math.ceil(chart.height / _ROW_CM) + 1):
        paper.add()


def _write_kinds(paper: Paper, audit: Audit, findings: Sheets) -> None:
    sources = _sources(audit)
    counted = Counter((one.kind, one.app) for one in audit.findings)
    _head(paper, "Findings by kind and source", "kind", *sources, "total", RECOUNT)
    first = paper.row + 1
    for kind in _kinds(audit):
        row = paper.row + 1
        cells = [_cell_of(audit, source, kind, counted[kind, source]) for source in sources]
        paper.add(
            (kind, Look.LABEL),
            *cells,
            (sum(counted[kind, source] for source in sources), Look.NUMBER),
            (_recount(findings, ("kind", f"$A{row}")), Look.NUMBER),
        )
    by_source = Counter(one.app for one in audit.findings)
    totals = [by_source[source] for source in sources]
    _write_totals(paper, first, [*totals, sum(totals)])


def _cell_of(audit: Audit, source: str, kind: str, count: int) -> tuple[Value, Look]:
    if count or kind in RUN_KINDS:
        return count, Look.NUMBER
    about_people = all(source != app.name for app in audit.apps)
    if about_people is not (kind in RECORD_KINDS):
        return "not applicable", Look.TEXT
    if is_concluded(audit, source, kind):
        return 0, Look.NUMBER
    return "not concluded", Look.JUDGED


def _write_accounts(paper: Paper, audit: Audit, populations: Populations, accounts: Sheets) -> None:
    states = Counter((one.source, one.active) for one in populations.accounts)
    _head(
        paper, "Accounts: received = active + inactive + unknown", "app", "received", RECOUNT,
        "active", "inactive", "unknown", "check", RECOUNT,
    )  # fmt: skip
    for app in audit.apps:
        row = paper.row + 1
        parts = (app.active, states[app.name, False], states[app.name, None])
        paper.add(
            (app.name, Look.LABEL),
            (app.accounts, Look.NUMBER),
            (_recount(accounts, ("app", f"$A{row}")), Look.NUMBER),
            *[(part, Look.NUMBER) for part in parts],
            *_check(app.accounts, parts, f"B{row}", f"D{row}:F{row}"),
        )
    _write_situations(paper, audit, accounts)


def _write_situations(paper: Paper, audit: Audit, accounts: Sheets) -> None:
    _head(
        paper, "Accounts: received = linked + unmatched + disputed", "app", "received", RECOUNT,
        "linked", "unmatched", "disputed", "check", RECOUNT,
    )  # fmt: skip
    judged = accounts_concluded(audit)
    for app in audit.apps:
        row = paper.row + 1
        parts = (app.linked, app.unmatched, app.disputed)
        paper.add(
            (app.name, Look.LABEL),
            (app.accounts, Look.NUMBER),
            (_recount(accounts, ("app", f"$A{row}")), Look.NUMBER),
            *(
                [
                    *[(part, Look.NUMBER) for part in parts],
                    *_check(app.accounts, parts, f"B{row}", f"D{row}:F{row}"),
                ]
                if app in judged
                else [("not concluded", Look.JUDGED)] * 4
            ),
        )


def _check(
    total: int, parts: Sequence[int], total_cell: str, part_cells: str
) -> list[tuple[Value, Look]]:
    said = "OK" if total == sum(parts) else "DIFFERENCE"
    formula = Formula(f'IF({total_cell}=SUM({part_cells}),"OK","DIFFERENCE")')
    return [(said, Look.JUDGED), (formula, Look.TEXT)]


def _write_people(paper: Paper, audit: Audit, people: Sheets) -> None:
    _head(paper, "People of the HRIS", "", "received", RECOUNT, "departed")
    paper.add(
        ("people", Look.LABEL),
        (audit.people, Look.NUMBER),
        (_recount(people, ("person_id", '"<>"'), ("source", '"<>"')), Look.NUMBER),
        ("not concluded", Look.JUDGED) if audit.departed is None else (audit.departed, Look.NUMBER),
    )


def _write_matching(paper: Paper, audit: Audit, accounts: Sheets) -> None:
    _head(paper, "Accounts linked, by key in order of use", "key", "accounts", RECOUNT)
    for key, count in audit.match_counts:
        row = paper.row + 1
        paper.add(
            (key, Look.LABEL),
            (count, Look.NUMBER),
            (_recount(accounts, ("matched_by", f"$A{row}")), Look.NUMBER),
        )


def _recount(sheets: Sheets, *conditions: tuple[str, str]) -> Formula:
    """Count the rows of all these sheets where each column meets its criterion."""
    return Formula(
        "+".join(
            "COUNTIFS("
            + ",".join(f"{sheet.cells(column)},{wanted}" for column, wanted in conditions)
            + ")"
            for sheet in sheets
        )
    )


def _head(paper: Paper, title: str, *names: str) -> None:
    paper.add()
    paper.add((title, Look.SECTION), height=20)
    paper.add(*[(name, Look.HEADING) for name in names])


def _has(audit: Audit, kind: str) -> bool:
    return any(one.kind == kind for one in audit.findings)


def _kinds(audit: Audit) -> list[str]:
    """The kinds of the catalogue and of the findings, those with most findings first."""
    counted = Counter(one.kind for one in audit.findings)
    kinds = dict.fromkeys(
        [rule.kind for rule in audit.rules] + [one.kind for one in audit.findings]
    )
    return sorted(kinds, key=lambda kind: -counted[kind])


def _sources(audit: Audit) -> list[str]:
    """The apps, then any other source that a finding is about."""
    named = [app.name for app in audit.apps] + [one.app for one in audit.findings]
    return list(dict.fromkeys(named))
