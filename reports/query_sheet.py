"""The sheet of queries: of every kind of finding what was asked, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from reports.cell import Look
from reports.fields import of
from reports.section import Section, sections
from reports.sheet import Column, DataSheet
from scanner.model import Audit

NAME = "Queries"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the query of a kind; ``number`` counts from 1."""

    section: Section
    file: str
    number: int
    text: str


def query_sheet(audit: Audit) -> DataSheet[Line]:
    """Return the sheet with one row per line of SQL: every kind tested, those found first."""
    rows = [
        Line(section, f"queries/{section.kind}.sql", number, text)
        for section in sections(audit)
        if section.query
        for number, text in enumerate(section.query.split("\n"), start=1)
    ]
    return DataSheet(
        name=NAME,
        title="Queries: what was asked for every kind of finding, also where nothing was found",
        statement=(
            "Source: queries/ of this run, which has in files of their names what these queries "
            "read beside the tables; the results are in correlation/"
        ),
        columns=_COLUMNS,
        rows=rows,
        frozen=1,
        empty="No rows: no rule was tested",
    )


_COLUMNS: tuple[Column[Line], ...] = (
    Column("kind", of("section.kind")),
    Column("findings", of("section.count"), Look.NUMBER),
    Column("outcome", of("section.outcome"), Look.LONG),
    Column("not_concluded", of("section.withheld"), Look.LONG),
    Column("query_file", of("file")),
    Column("line", of("number"), Look.NUMBER),
    Column("query", of("text"), Look.LONG),
)
