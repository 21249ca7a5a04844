"""What a reviewer is asked about a run's findings, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

FACTS = (
    "app", "account", "account_name", "person", "why", "suggestions", "if_deactivated",
    "decision_is",
)  # fmt: skip
"""What a question says first; then come the reviewer's answers."""

DETAILS = (
    "finding_id", "kind", "severity", "account_id", "email", "privileged", "created_at_utc",
    "last_activity_utc", "person_status", "departed_at_utc", "days_since_departure", "matched_by",
    "first_seen_run",
)  # fmt: skip
"""What a question says after the reviewer's answers."""

ANSWERS = ("decision", "reviewer", "decided_at", "reason", "ticket")
"""What the reviewer fills in."""

REVIEWER, DECIDED_AT, ZONE = "Reviewer", "Decided at", "Time zone"
RUN, MANIFEST, APPS, QUESTIONS, TOOL = (
    "Run", "Manifest SHA-256", "Apps", "Questions SHA-256", "Exported by",
)  # fmt: skip
FIELDS = (REVIEWER, DECIDED_AT, ZONE, RUN, MANIFEST, APPS, QUESTIONS, TOOL)
"""The labels of the sheet about the reviewer; the first three are theirs."""


class Choice(StrEnum):
    """What a reviewer can decide about one finding."""

    DEACTIVATE = "deactivate"
    KEEP = "keep"
    INVESTIGATE = "investigate"


class Need(StrEnum):
    """Whether a finding needs a decision: to be planned at all, not, or it never can be."""

    NEEDED = "needed"
    OPTIONAL = "optional"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Question:
    """One finding that a reviewer may decide about.

    ``text`` has a text for each of :data:`FACTS` and :data:`DETAILS`, instants as RFC 3339 in UTC,
    empty where nothing is known. ``names`` is everything the account and its person are known by.
    """

    finding: str
    app: str
    account_id: str
    need: Need
    text: Mapping[str, str]
    names: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What may be decided: a disputed account is never deactivated."""
        return tuple(one for one in Choice if self.need is not Need.DISPUTED or one != "deactivate")


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision about a finding, as it stands in the decisions file or is offered again."""

    finding: str
    decision: Choice
    reviewer: str
    decided_at: str
    reason: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """Content of a cell that is no text: a formula, or a date without a zone."""

    formula: str | None = None
    moment: datetime | None = None
    whole_day: bool = False

    def __str__(self) -> str:
        """What it looks like in a message."""
        if self.moment is None:
            return str(self.formula)
        return str(self.moment.date() if self.whole_day else self.moment)


Content = str | Typed
"""What a cell of a returned workbook holds; a blank one holds an empty text."""


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """One row of a returned workbook: where it stands, and its cells by the column's name."""

    sheet: str
    row: int
    cells: Mapping[str, Content]


@dataclass(frozen=True, slots=True)
class Returned:
    """A workbook that came back: its SHA-256, the fields about the reviewer, and its rows.

    ``places`` says where a field stands (sheet and row); ``missing`` are columns, by sheet, that
    are not there any more.
    """

    sha256: str
    fields: Mapping[str, Content]
    places: Mapping[str, tuple[str, int]]
    rows: tuple[ReturnedRow, ...]
    missing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing in a returned workbook that is wrong, and where; row 0 is none in particular."""

    sheet: str
    row: int
    column: str
    problem: str
