"""Findings as a reader meets them: one section per kind, one row per finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from reports.chart import Bar, bar
from reports.concluded import is_concluded, withheld_groups
from reports.machine import in_order
from reports.text import visible
from reports.words import (
    DIRECTIONS,
    ENTITLED_KINDS,
    HISTORY_KINDS,
    RECORD_KINDS,
    RUN_KINDS,
    SCOPES,
)
from scanner.model import (
    Audit,
    Finding,
    PersonRef,
    PersonStatus,
    Role,
    Rule,
    Severity,
    Waiver,
)

MOST_ROWS = 500
UNKNOWN = "not known"
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Named:
    """One thing a finding is about: what it is called, and lines that say more."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One finding; ``rank`` and ``days_rank`` are whole numbers to sort by.

    ``marks`` are words beside the severity (privileged, waived), ``notes`` lines below the detail.
    """

    id: str
    severity: str
    rank: int
    status: str
    since: str
    app: str
    person: Named | None
    account: Named | None
    group: Named | None
    days: str
    days_rank: int
    matching: tuple[str, ...]
    detail: str
    evidence: str
    marks: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings of one severity."""

    severity: str
    count: str


@dataclass(frozen=True, slots=True)
class Section:
    """One finding kind: its meaning, its query, its findings, and what was not concluded.

    The four flags say which columns have anything to show.
    """

    kind: str
    anchor: str
    title: str
    severity: str
    meaning: str
    scope: str
    remedy: str
    controls: tuple[str, ...]
    query: str
    count: int
    total: str
    tallies: tuple[Tally, ...]
    bar: Bar
    outcome: str
    withheld: str
    cut: str
    with_person: bool
    with_account: bool
    with_group: bool
    with_days: bool
    rows: tuple[Row, ...]


def sections(audit: Audit) -> tuple[Section, ...]:
    """Return one section per kind: the catalogue in its order, then any kind it does not name.

    Kinds with findings come first. Of more than ``MOST_ROWS`` findings of a kind the first are
    shown, most severe first, and ``cut`` says how many there are and where the others stand.
    """
    found: dict[str, list[Finding]] = {rule.kind: [] for rule in audit.rules}
    for finding in in_order(audit.findings):
        found.setdefault(finding.kind, []).append(finding)
    rules = {rule.kind: rule for rule in audit.rules}
    longest = max((len(findings) for findings in found.values()), default=0)
    made = [
        _section(audit, rules.get(kind) or _nameless(kind, findings), findings, longest)
        for kind, findings in found.items()
    ]
    return tuple(sorted(made, key=lambda section: not section.rows))


def tallies(findings: list[Finding]) -> tuple[Tally, ...]:
    """Return how many findings of each severity there are, most severe first, without zeros."""
    counted = Counter(finding.severity for finding in findings)
    return tuple(Tally(one, f"{counted[one]:,}") for one in Severity if counted[one])


def _nameless(kind: str, findings: list[Finding]) -> Rule:
    controls = findings[0].controls
    return Rule(kind, kind.replace("_", " "), "", findings[0].severity, "", controls, "")


def _section(audit: Audit, rule: Rule, findings: list[Finding], longest: int) -> Section:
    withheld, wholly = _withheld(audit, rule.kind)
    rows = tuple(_row(audit, finding) for finding in findings[:MOST_ROWS])
    return Section(
        kind=rule.kind,
        anchor=f"kind-{visible(rule.kind)}",
        title=visible(rule.title),
        severity=rule.severity,
        meaning=visible(rule.meaning),
        scope=SCOPES.get(rule.kind, ""),
        remedy=visible(rule.remedy),
        controls=tuple(visible(control) for control in rule.controls),
        query="\n".join(visible(line) for line in rule.query.strip().split("\n")),
        count=len(findings),
        total=f"{len(findings):,}",
        tallies=tallies(findings),
        bar=_bar(rule, findings, longest),
        outcome=_outcome(findings, withheld, wholly),
        withheld=withheld,
        cut=_cut(len(findings)),
        with_person=any(row.person for row in rows),
        with_account=any(row.account for row in rows),
        with_group=any(row.group for row in rows),
        with_days=any(row.days for row in rows),
        rows=rows,
    )


def _bar(rule: Rule, findings: list[Finding], longest: int) -> Bar:
    counted = Counter(finding.severity for finding in findings)
    said = ", ".join(f"{counted[one]:,} {one}" for one in Severity if counted[one])
    parts = [(f"severity-{one}", counted[one]) for one in Severity]
    return bar(visible(rule.title), said or "none", parts, longest)


def _outcome(findings: list[Finding], withheld: str, wholly: bool) -> str:
    if findings:
        total = "1 finding" if len(findings) == 1 else f"{len(findings):,} findings"
        return total + waived_words(findings)
    if wholly:
        return "Not concluded"
    return "Nothing found in what was concluded" if withheld else "Checked, nothing found"


def waived_words(findings: Iterable[Finding]) -> str:
    """Say how many of the findings are waived, to follow their number; nothing where none is."""
    waived = sum(finding.waiver is not None for finding in findings)
    return f", {waived:,} of them waived" if waived else ""


def waiver_lines(waiver: Waiver | None) -> tuple[str, ...]:
    """Say who accepted a finding, until when and why; nothing where nobody did."""
    if waiver is None:
        return ()
    people = f"owner {visible(waiver.owner)}; approved by {visible(waiver.approver)}"
    return (
        f"waived until {waiver.expires_on}: {visible(waiver.reason)}",
        f"{people} on {waiver.approved_on}; line {waiver.line} of the register",
    )


def _cut(total: int) -> str:
    if total <= MOST_ROWS:
        return ""
    return f"Showing {MOST_ROWS:,} of {total:,}; the complete list is in findings.csv."


def _withheld(audit: Audit, kind: str) -> tuple[str, bool]:
    """Say what this kind was not concluded for, and whether that is everything."""
    if kind in RUN_KINDS:
        return "", False
    if kind in HISTORY_KINDS and audit.previous_run is None:
        return "Not concluded: there is no earlier run to compare with.", True
    about_people = kind in RECORD_KINDS
    asked = [one.source for one in audit.sources if (one.role is Role.HRIS) is about_people]
    left = [source for source in asked if not is_concluded(audit, source, kind)]
    part = withheld_groups(audit) if kind in ENTITLED_KINDS else {}
    whole = [visible(source) for source in left if source not in part]
    named = ", ".join([*whole, *(f"{many} of {visible(app)}" for app, many in part.items())])
    wholly = bool(left) and left == asked and not part
    return (f"Not concluded for {named}." if left else ""), wholly


def _row(audit: Audit, finding: Finding) -> Row:
    days = finding.days_since_departure
    where = finding.evidence
    return Row(
        id=visible(finding.id),
        severity=finding.severity,
        rank=_RANK[finding.severity],
        status=visible(finding.status),
        since=_since(audit, finding),
        app=visible(finding.app),
        person=_person(finding.person),
        account=_account(finding),
        group=_group(finding),
        days=_days(finding),
        days_rank=-1 if days is None else days,
        matching=_matching(finding),
        detail=visible(finding.detail),
        evidence=f"{visible(where.response)} #{where.index}" if where else "",
        marks=(*map(visible, finding.flags), *(("waived",) if finding.waiver else ())),
        notes=waiver_lines(finding.waiver),
    )


def _since(audit: Audit, finding: Finding) -> str:
    if not finding.first_seen or finding.first_seen == audit.run:
        return "first seen in this run"
    return f"first seen in run {visible(finding.first_seen)}"


def _person(person: PersonRef | None) -> Named | None:
    if person is None:
        return None
    status = person.status.replace("_", " ")
    lines = [f"{visible(person.id)} · {status}"]
    if person.departed_at is not None:
        lines.append(f"departed {person.departed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    return Named(visible(person.display_name or person.id), tuple(lines))


def _account(finding: Finding) -> Named | None:
    account = finding.account
    if account is None:
        return None
    state = {True: "active", False: "inactive", None: "activity not known"}[account.active]
    said = {account.user_name, finding.person.display_name if finding.person else None}
    others = (account.email, account.display_name)
    lines = [visible(other) for other in others if other and other not in said]
    name = visible(account.user_name or account.id)
    return Named(name, (f"{visible(account.id)} · {state}", *lines))


def _group(finding: Finding) -> Named | None:
    group = finding.group
    if group is None:
        return None
    lines = [visible(group.id)]
    if group.direction:
        lines.append(DIRECTIONS.get(group.direction, visible(group.direction)))
    if group.basis:
        lines.append(f"by {visible(group.basis)}")
    return Named(visible(group.display_name or group.id), tuple(lines))


def _days(finding: Finding) -> str:
    if finding.days_since_departure is not None:
        return f"{finding.days_since_departure:,}"
    person = finding.person
    if person is None or person.departed_at is not None:
        return ""
    return UNKNOWN if person.status is PersonStatus.TERMINATED else ""


def _matching(finding: Finding) -> tuple[str, ...]:
    """The key that linked the account and those that agree, or whom each key of a dispute names."""
    if finding.matched_by is None:
        refused = (
            f"{visible(one.key)} {visible(one.value)} names {visible(one.person_id)}: not taken"
            for one in finding.candidates
        )
        hints = (
            f"perhaps {visible(one.display_name or one.person_id)} ({visible(one.person_id)}): "
            f"{visible(one.why)}; a hint only"
            for one in finding.suggestions
        )
        return (*refused, *hints)
    matched = [one.value for one in finding.candidates if one.key == finding.matched_by]
    also = dict.fromkeys(one.key for one in finding.candidates if one.key != finding.matched_by)
    lines = [" ".join(["matched by", visible(finding.matched_by), *map(visible, matched)])]
    return (*lines, f"also named by {', '.join(map(visible, also))}") if also else tuple(lines)
