"""What a reviewer answered: read from the rows of a workbook, and held against what was asked.

Everything that is wrong is told at once, with its sheet, row and column; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from reports.reviewed import same_text
from scanner.evidence.canonical import instant_text
from scanner.model import Answer, Choice, Content, Flaw, Question, Returned, ReturnedRow, Typed
from scanner.model.review import ANSWERS, DECIDED_AT, DETAILS, FACTS, REVIEWER, ZONE
from scanner.remediation.protected import likeness

_LONGEST = 2_000
_PARTS = re.compile(r"[<>()\[\];,|]")
_EXAMPLE = "write 2026-11-30, or with time and zone 2026-11-30T14:05+01:00"


@dataclass(frozen=True, slots=True)
class _Default:
    """What holds for rows that say nothing themselves."""

    reviewer: str
    decided_at: Content
    zone: ZoneInfo
    ended_at: datetime


def read_answers(
    returned: Returned, ended_at: datetime
) -> tuple[dict[int, Answer], tuple[Flaw, ...]]:
    """Read what the rows of a workbook answer, by the number of the row in ``returned.rows``.

    A day alone is recorded as its first instant, or as the run's end (``ended_at``) where that was
    on the same day. Rows that the reviewer left blank are no answer.
    """
    default, flaws = _default(returned, ended_at)
    answers: dict[int, Answer] = {}
    for number, row in enumerate(returned.rows):
        found = list(_told(row)) or list(_half_filled(row))
        flaws += found
        if not found and row.cells.get("decision", ""):
            read = _answer(row, default)
            if isinstance(read, Answer):
                answers[number] = read
            else:
                flaws += read
    return answers, tuple(flaws)


def check_questions(returned: Returned, asked: Sequence[Question]) -> Iterator[Flaw]:
    """Say where the questions that came back are not those that were asked."""
    by_id = {one.finding: one for one in asked}
    for sheet, column in returned.missing:
        yield Flaw(sheet, 0, column, "the column is missing; put it back as it was exported")
    seen: dict[str, ReturnedRow] = {}
    for row in returned.rows:
        finding = str(row.cells["finding_id"])
        if finding not in by_id:
            yield Flaw(row.sheet, row.row, "finding_id", _stranger(finding))
        elif finding in seen:
            first = seen[finding]
            problem = f"the finding stands in row {first.row} of {first.sheet} already; keep one"
            yield Flaw(row.sheet, row.row, "finding_id", problem)
        else:
            seen[finding] = row
            yield from _changed(row, by_id[finding])
    for finding, one in by_id.items():
        if finding not in seen:
            whom = f"{one.text['account']} in {one.app}"
            problem = f"the row of {finding} ({whom}) is missing; put it back, blank if undecided"
            yield Flaw(returned.rows[0].sheet if returned.rows else "", 0, "finding_id", problem)


def check_answers(
    returned: Returned,
    answers: Mapping[int, Answer],
    asked: Sequence[Question],
    ended_at: datetime,
    now: datetime,
) -> Iterator[Flaw]:
    """Say which answers cannot be taken: by whom, when, or about what they are.

    A decision was made after the run had ended (``ended_at``) and before it is imported (``now``).
    """
    by_id = {one.finding: one for one in asked}
    decided: dict[tuple[str, str], Answer] = {}
    for number, answer in answers.items():
        row, question = returned.rows[number], by_id.get(answer.finding)
        if question is None:
            continue
        for column, problem in (*_objections(answer, question), *_late(answer, ended_at, now)):
            yield Flaw(row.sheet, row.row, column, problem)
        place = (question.app, question.account_id)
        other = decided.setdefault(place, answer)
        if other.decision != answer.decision:
            problem = f"the same account is decided otherwise at finding {other.finding}"
            yield Flaw(row.sheet, row.row, "decision", problem)


def _objections(answer: Answer, question: Question) -> Iterator[tuple[str, str]]:
    if answer.decision not in question.choices:
        yield "decision", "cannot be deactivated by a decision: its owner is in doubt"
    if answer.decision is Choice.KEEP and not answer.reason:
        yield "reason", "say why it is kept"
    own = {likeness(name) for name in question.names} - {""}
    if own & {likeness(part) for part in (answer.reviewer, *_PARTS.split(answer.reviewer))}:
        yield "reviewer", "nobody decides about an account of their own"


def _late(answer: Answer, ended_at: datetime, now: datetime) -> Iterator[tuple[str, str]]:
    decided_at = datetime.fromisoformat(answer.decided_at)
    if decided_at < ended_at:
        ended = instant_text(ended_at)
        yield "decided_at", f"is before the run had ended ({ended}): there was nothing to review"
    if decided_at > now:
        yield "decided_at", "is in the future"


def _stranger(finding: str) -> str:
    if not finding:
        return "has no finding_id: remove the row, or put the id back"
    return f"{finding[:40]} was not asked about in this export"


def _changed(row: ReturnedRow, question: Question) -> Iterator[Flaw]:
    for column in (*FACTS, *DETAILS):
        content = row.cells.get(column, "")
        if column in row.cells and not same_text(content, question.text[column]):
            problem = f"was changed: {_quoted(content)} is not what the run says; it says "
            yield Flaw(row.sheet, row.row, column, problem + _quoted(question.text[column]))


def _quoted(content: Content) -> str:
    text = str(content)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"  # noqa: PLR2004 - a short quote


def _told(row: ReturnedRow) -> Iterator[Flaw]:
    """What stands in a reviewer's cell and cannot be taken as it is."""
    for column in ANSWERS:
        content = row.cells.get(column, "")
        if isinstance(content, Typed) and content.formula is not None:
            yield Flaw(row.sheet, row.row, column, "holds a formula: type the value itself")
        elif isinstance(content, Typed) and column != "decided_at":
            problem = f"the program made a date of it ({content}): type it again, as text"
            yield Flaw(row.sheet, row.row, column, problem)
        elif isinstance(content, str) and len(content) > _LONGEST:
            yield Flaw(row.sheet, row.row, column, f"is longer than {_LONGEST:,} characters")


def _half_filled(row: ReturnedRow) -> Iterator[Flaw]:
    decision = str(row.cells.get("decision", ""))
    if decision and decision.casefold() not in set(Choice):
        problem = f"{_quoted(decision)} is no decision: choose {', '.join(Choice)}"
        yield Flaw(row.sheet, row.row, "decision", problem)
    filled = [name for name in ANSWERS[1:] if row.cells.get(name, "")]
    if filled and not decision:
        problem = f"is blank, but {', '.join(filled)} is not: choose {', '.join(Choice)}"
        yield Flaw(row.sheet, row.row, "decision", problem)


def _default(returned: Returned, ended_at: datetime) -> tuple[_Default, list[Flaw]]:
    reviewer = returned.fields.get(REVIEWER, "")
    zone, flaws = ZoneInfo("UTC"), []
    try:
        zone = ZoneInfo(str(returned.fields.get(ZONE, "")))
    except (KeyError, ValueError, OSError):
        sheet, row = returned.places.get(ZONE, ("", 0))
        problem = "is no time zone: write one such as Europe/Berlin or UTC"
        flaws.append(Flaw(sheet, row, ZONE, problem))
    if isinstance(reviewer, Typed):
        sheet, row = returned.places[REVIEWER]
        flaws.append(Flaw(sheet, row, REVIEWER, "holds no name: type it as text"))
    named = reviewer if isinstance(reviewer, str) else ""
    return _Default(named, returned.fields.get(DECIDED_AT, ""), zone, ended_at), flaws


def _answer(row: ReturnedRow, default: _Default) -> Answer | list[Flaw]:
    """Give the answer of a row that has a decision, or what it lacks."""
    flaws = []
    reviewer = _text(row, "reviewer") or _line(default.reviewer)
    if not any(letter.isalpha() for letter in reviewer):
        flaws.append(Flaw(row.sheet, row.row, "reviewer", "is blank: who decided this?"))
    decided_at = _instant(row.cells.get("decided_at", "") or default.decided_at, default)
    if isinstance(decided_at, str):
        flaws.append(Flaw(row.sheet, row.row, "decided_at", decided_at))
        return flaws
    return flaws or Answer(
        finding=str(row.cells["finding_id"]),
        decision=Choice(_text(row, "decision").casefold()),
        reviewer=reviewer,
        decided_at=instant_text(decided_at),
        reason=_text(row, "reason"),
        ticket=_text(row, "ticket"),
    )


def _text(row: ReturnedRow, column: str) -> str:
    return _line(str(row.cells.get(column, "")))


def _line(text: str) -> str:
    """Put what a person typed on one line."""
    return " ".join(text.split())


def _instant(content: Content, default: _Default) -> datetime | str:
    """Give the instant of a decision, or say what is wrong with what stands there."""
    found = content if isinstance(content, Typed) else _parsed(content)
    if found is None or found.moment is None:
        said = str(content)
        return f"{_quoted(said)} is no date: {_EXAMPLE}" if said else f"is blank: {_EXAMPLE}"
    moment = found.moment
    if found.whole_day:
        ended = default.ended_at.astimezone(default.zone)
        start = datetime.combine(moment.date(), time(0), default.zone)
        return ended if ended.date() == moment.date() else start
    moment = moment.replace(microsecond=0)
    return moment if moment.tzinfo else moment.replace(tzinfo=default.zone)


def _parsed(text: str) -> Typed | None:
    try:
        return Typed(moment=datetime.combine(date.fromisoformat(text), time(0)), whole_day=True)
    except ValueError:
        pass
    try:
        return Typed(moment=datetime.fromisoformat(text))
    except ValueError:
        return None
