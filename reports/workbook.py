"""``evidence.xlsx``: the result of one run as a workbook that an auditor can test and sign."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

from openpyxl.workbook import Workbook

from reports.archive import workbook_at
from reports.cell import cell_text
from reports.cover import write_cover
from reports.finding_sheets import finding_sheets
from reports.population_sheets import population_sheets
from reports.populations import read_populations
from reports.query_sheet import query_sheet
from reports.sheet import DataSheet, Stamp, split, write_sheet
from reports.source_sheet import source_sheet
from reports.summary import NAME as SUMMARY
from reports.summary import write_summary
from reports.text import instant
from scanner.model import Audit


def write_workbook(audit: Audit, tables: Path, target: Path) -> None:
    """Write the evidence workbook of a run to ``target``, private (0600), replacing what is there.

    Sheets, in order: Cover, Summary, IPE, Ghost accounts, Orphan accounts, Group drift, Other
    findings, Queries, HRIS population, App accounts; a population too long for one sheet goes on in
    further ones. Every finding stands on exactly one of the four finding sheets. ``tables`` is the
    folder of the run's Parquet tables, with ``correlation`` beside it. Instants are spreadsheet
    dates in UTC. All that was read from a source is stored as text that no program evaluates. The
    same input gives the same bytes. Raises EvidenceError if the file cannot be written.
    """
    stamp = Stamp(audit.organization, audit.as_of, audit.run)
    populations = read_populations(audit, tables)
    sources = source_sheet(audit)
    findings = [part for one in finding_sheets(audit, populations) for part in split(one)]
    people, accounts = (split(one) for one in population_sheets(audit, populations))
    data: list[DataSheet[Any]] = [sources, *findings, query_sheet(audit), *people, *accounts]
    contents = [
        (SUMMARY, "Verdict by app, findings by kind, and how the numbers foot", None),
        *[(one.name, one.title, len(one.rows)) for one in data],
    ]
    with workbook_at(target) as book:
        _describe(book, audit)
        write_cover(book, audit, stamp, contents)
        write_summary(book, audit, populations, stamp, findings, people, accounts)
        for sheet in data:
            write_sheet(book, sheet, stamp)


def _describe(book: Workbook, audit: Audit) -> None:
    as_of = audit.as_of.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    book.properties.created = book.properties.modified = as_of
    book.properties.creator = cell_text(f"{audit.tool.name} {audit.tool.version}")
    book.properties.title = "Deprovisioning audit: evidence workbook"
    book.properties.identifier = cell_text(audit.run)
    book.properties.subject = f"as of {instant(audit.as_of)}"
    # The tie-outs carry no computed value, so the program that opens the file must compute them.
    book.calculation.fullCalcOnLoad = True
