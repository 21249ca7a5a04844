"""What people decided is shown beside what was found, and hides nothing of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any, cast

from lxml import html
from openpyxl import load_workbook
from rich.console import Console

from reports.machine import findings_csv
from reports.page import render_page
from reports.terminal import show_summary
from reports.workbook import write_workbook
from scanner.model import Audit, RegisterFile, Waiver
from tests.fakes.audit import sample_audit
from tests.fakes.tables import write_tables

WAIVER = Waiver(
    line=7,
    app="slack",
    finding=None,
    kind="ghost_active",
    account="U1",
    person="1042",
    group=None,
    owner="Ana <Ruiz>",
    reason="Handover\u202e of the keys.",
    approver="Bo Lind",
    approved_on=date(2026, 10, 1),
    expires_on=date(2026, 12, 31),
)
REGISTER = RegisterFile("waivers", "w.toml", "registers/waivers.toml", "ab" * 32, 3)


def waived_audit() -> Audit:
    """The sample with its first finding waived and privileged, and one register."""
    sample = sample_audit()
    first, *others = sample.findings
    waived = replace(first, waiver=WAIVER, flags=("privileged",), via=("G1", "G2"), problem="mover")
    return replace(sample, findings=(waived, *others), registers=(REGISTER,))


def find(node: html.HtmlElement, path: str) -> list[Any]:
    """The elements, texts or attributes at ``path``."""
    return cast("list[Any]", node.xpath(path))


def test_the_page_marks_a_waived_finding_and_counts_it() -> None:
    """Row, section and first screen say so in words; no finding is missing."""
    audit = waived_audit()
    page = html.fromstring(render_page(audit))
    (row,) = find(page, f"//tr[@id='finding-{audit.findings[0].id}']")
    assert find(row, ".//b[@class='flag']/text()") == ["privileged", "waived"]
    said = row.text_content()
    assert "waived until 2026-12-31: Handover\\u202e of the keys." in said
    assert "owner Ana <Ruiz>; approved by Bo Lind on 2026-10-01; line 7 of the register" in said
    assert find(page, "//p[@class='total']/text()")[0].endswith(", 1 of them waived")
    assert len(find(page, "//tr[starts-with(@id, 'finding-')]")) == len(audit.findings)


def test_the_page_lists_the_registers_with_their_digests() -> None:
    """Name, file, entries, and where the bytes are kept; without registers it says none."""
    (section,) = find(html.fromstring(render_page(waived_audit())), "//section[@id='registers']")
    said = " ".join(section.text_content().split())
    for part in ("waivers", "w.toml", "registers/waivers.toml", "ab" * 32, "3"):
        assert part in said
    (none,) = find(html.fromstring(render_page(sample_audit())), "//section[@id='registers']")
    assert "no finding is waived" in none.text_content()


def test_the_workbook_shows_waivers_and_registers(tmp_path: Path) -> None:
    """Columns of the finding's row, and lines of the cover."""
    audit = waived_audit()
    path = tmp_path / "evidence.xlsx"
    write_workbook(audit, write_tables(tmp_path, audit), path)
    book = load_workbook(path)
    rows = [
        dict(zip(headings, row, strict=False))
        for sheet in book
        for all_rows in [list(sheet.iter_rows(values_only=True))]
        for headings in [one for one in all_rows if "finding_id" in one]
        for row in all_rows
        if audit.findings[0].id in row
    ]
    (shown,) = rows
    assert shown["flags"] == "privileged"
    assert (shown["problem"], shown["via_groups"]) == ("mover", "G1; G2")
    assert (shown["waiver_owner"], shown["waiver_approver"]) == ("Ana <Ruiz>", "Bo Lind")
    assert shown["waiver_expires_on"] == "2026-12-31"
    cover = {row[0]: row[1] for row in book["Cover"].iter_rows(values_only=True)}
    assert cover["of these waived"] == 1
    assert cover["Register waivers"] == f"w.toml: 3 entries, SHA-256 {'ab' * 32}"


def test_the_csv_names_the_waiver() -> None:
    """Owner, approver and expiry stand behind the groups, before the suggestions."""
    audit = waived_audit()
    lines = findings_csv(audit).decode("utf-8-sig").split("\r\n")
    (row,) = [line for line in lines if audit.findings[0].id in line]
    assert row.endswith('"privileged","G1 > G2","Ana <Ruiz>","Bo Lind","2026-12-31",""')


def test_the_terminal_counts_what_is_waived() -> None:
    """Beside the number of its kind."""
    out = StringIO()
    show_summary(waived_audit(), Path("runs/x"), Console(file=out, width=80))
    assert out.getvalue().count(", 1 of them waived") == 1
