"""What became of earlier findings, and whether removal was in time, in words and rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from reports.text import visible
from scanner.model import Audit, Balance, Movement, Standing

COLUMNS = ("Open before", "New", "Reopened", "Resolved", "Open now", "Not concluded")
"""The headings over the figures of a balance; open now counts what was not concluded."""

TIMELINESS = (
    ("within", "In time"),
    ("late", "Too late"),
    ("indeterminate", "Not known"),
    ("pending", "Active within the limit"),
    ("still_active", "Active past the limit"),
)
"""What is said of the account of a departed person, by the code of the verdict."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what it is about, and its figures as text."""

    name: str
    figures: tuple[str, ...]


def movement_sentence(movement: Movement | None) -> str:
    """Return the balance of findings since the audit before, as one sum that foots."""
    if movement is None or movement.audit is None:
        return "No earlier audit to compare with: every finding is new."
    total = movement.total
    words = (
        f"Since {visible(movement.audit)}: {total.opening:,} open + {total.new:,} new + "
        f"{total.reopened:,} reopened - {total.resolved:,} resolved = {total.closing:,} open"
    )
    withheld = f", of which {total.not_concluded:,} not concluded this time"
    return f"{words}{withheld if total.not_concluded else ''}."


def balance_rows(movement: Movement | None) -> tuple[Row, ...]:
    """Return the figures of COLUMNS for every app and in total; none without an earlier audit."""
    if movement is None or movement.audit is None:
        return ()
    rows = [_balance(visible(one.app) or "the audit itself", one) for one in movement.apps]
    return (*rows, _balance("Total", movement.total))


def standing_rows(standings: tuple[Standing, ...]) -> tuple[Row, ...]:
    """Return kind, app, severity and subject of findings of an earlier audit."""
    return tuple(
        Row(visible(one.kind), (visible(one.app), one.severity.value, visible(one.subject)))
        for one in standings
    )


def timeliness_sentence(audit: Audit) -> str:
    """Return how the removals concluded by this run came out; empty where there is none."""
    counts: Counter[str] = Counter()
    for app in audit.apps:
        counts.update(dict(app.timeliness))
    if not counts.total():
        return ""
    judged = ", ".join(f"{counts[code]:,} {words.lower()}" for code, words in TIMELINESS)
    return f"Accounts of departed people: {judged}."


def timeliness_rows(audit: Audit) -> tuple[Row, ...]:
    """Return the figures of TIMELINESS for every app that has any."""
    return tuple(
        Row(visible(app.name), tuple(f"{dict(app.timeliness)[code]:,}" for code, _ in TIMELINESS))
        for app in audit.apps
        if app.timeliness
    )


def _balance(name: str, balance: Balance) -> Row:
    figures = (
        balance.opening, balance.new, balance.reopened, balance.resolved, balance.closing,
        balance.not_concluded,
    )  # fmt: skip
    return Row(name, tuple(f"{figure:,}" for figure in figures))


@dataclass(frozen=True, slots=True)
class MovementView:
    """What the page shows of earlier findings and of the time of removal."""

    sentence: str
    balance_headings: tuple[str, ...]
    balances: tuple[Row, ...]
    resolved: tuple[Row, ...]
    not_concluded: tuple[Row, ...]
    removal_headings: tuple[str, ...]
    removals: tuple[Row, ...]


def movement_view(audit: Audit) -> MovementView:
    """Return what the page shows of the movement and the timeliness of ``audit``."""
    movement = audit.movement
    return MovementView(
        sentence=movement_sentence(movement),
        balance_headings=COLUMNS,
        balances=balance_rows(movement),
        resolved=standing_rows(movement.resolved if movement else ()),
        not_concluded=standing_rows(movement.not_concluded if movement else ()),
        removal_headings=tuple(words for _, words in TIMELINESS),
        removals=timeliness_rows(audit),
    )


def movement_facts(audit: Audit) -> tuple[tuple[str, str], ...]:
    """Return the same as labels and values: the sums by app, what went, and removals by app."""
    seen = movement_view(audit)
    balances = [
        (row.name, ", ".join(f"{figure} {words.lower()}" for words, figure in zip(
            COLUMNS, row.figures, strict=True)))
        for row in seen.balances
    ]  # fmt: skip
    removals = [
        (f"Removals: {row.name}", ", ".join(f"{figure} {words.lower()}" for words, figure in zip(
            seen.removal_headings, row.figures, strict=True)))
        for row in seen.removals
    ]  # fmt: skip
    gone = [
        (title, " · ".join((row.name, *filter(None, row.figures))))
        for title, rows in (("Resolved", seen.resolved), ("Not concluded", seen.not_concluded))
        for row in rows
    ]
    return (("Findings", seen.sentence), *balances, *gone, *removals)
