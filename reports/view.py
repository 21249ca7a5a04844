"""From an audit to exactly what the page shows; all counting, sorting and wording is done here.

Everything in a view is ready to print: text is visible and on one line, counts have separators,
instants are in UTC, bars are measured. A template only places it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reports.chart import Bar, bar
from reports.movement import MovementView, movement_view
from reports.section import Section, Tally, sections, tallies, waived_words
from reports.standing import OpenPoint, SourceView, moment, open_points, shown, source_views
from reports.text import instant, visible
from reports.words import (
    EXPLANATIONS,
    HISTORY_KINDS,
    LIMITS,
    METHOD,
    ROLES,
    SENTENCES,
)
from scanner.model import App, Audit, Reading, Reason, RegisterFile, Role, Severity, State, Verdict


@dataclass(frozen=True, slots=True)
class AppView:
    """One app: its accounts by situation, its findings, and what can be said of it."""

    name: str
    role: str
    anchor: str
    accounts: str
    active: str
    linked: str
    unmatched: str
    disputed: str
    findings: str
    verdict: str
    sentence: str
    not_concluded: tuple[Reason, ...]
    bar: Bar


@dataclass(frozen=True, slots=True)
class Headline:
    """One kind on the first screen: how many findings, and what only this kind leaves open."""

    anchor: str
    title: str
    outcome: str
    aside: str
    bar: Bar
    total: str
    quiet: bool


@dataclass(frozen=True, slots=True)
class Match:
    """One matching key, how many accounts it linked, and that number as a bar."""

    key: str
    count: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class RegisterView:
    """One file of people's decisions: what it is called, how much it says, and its digest."""

    name: str
    path: str
    kept: str
    entries: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the page shows, in the order in which it shows it."""

    organization: str
    run: str
    run_mark: str
    as_of: str
    as_of_instant: str
    started: str
    timezone: str
    departures: str
    operator: str
    tool: str
    previous_run: str
    policy: str
    examined: str
    verdict: str
    sentence: str
    explanation: str
    population: str
    total: str
    tallies: tuple[Tally, ...]
    open_points: tuple[OpenPoint, ...]
    open_kinds: tuple[str, ...]
    headlines: tuple[Headline, ...]
    withheld: str
    sections: tuple[Section, ...]
    app_names: tuple[str, ...]
    severities: tuple[str, ...]
    apps: tuple[AppView, ...]
    sources: tuple[SourceView, ...]
    movement: MovementView
    matching: tuple[Match, ...]
    registers: tuple[RegisterView, ...]
    method: tuple[str, ...]
    limits: tuple[str, ...]
    checksum_command: str
    verify_command: str


def view(audit: Audit) -> Page:
    """Return what the page of ``audit`` shows; the same audit always gives the same page."""
    run = visible(audit.run)
    kinds = sections(audit)
    withheld = _withheld_by_most(kinds)
    return Page(
        organization=visible(audit.organization),
        run=run,
        run_mark=re.sub(r"[^0-9A-Za-z-]", "", audit.run),
        as_of=moment(audit.as_of),
        as_of_instant=instant(audit.as_of),
        started=moment(audit.started_at),
        timezone=visible(audit.timezone),
        departures=departure_sentence(audit),
        operator=visible(audit.operator),
        tool=_tool(audit),
        previous_run=visible(audit.previous_run or "none; this is the first run"),
        policy=policy_sentence(audit),
        examined=_examined(audit),
        verdict=audit.verdict,
        sentence=SENTENCES[audit.verdict],
        explanation=EXPLANATIONS[audit.verdict],
        population=population_line(audit),
        total=_findings(len(audit.findings)) + waived_words(audit.findings),
        tallies=tallies(list(audit.findings)),
        open_points=open_points(audit),
        open_kinds=_open_kinds(audit, kinds),
        headlines=tuple(_headline(kind, withheld) for kind in kinds),
        withheld=withheld,
        sections=kinds,
        app_names=tuple(dict.fromkeys(visible(one.app) for one in audit.findings)),
        severities=tuple(one for one in Severity if _has(audit, one)),
        apps=_apps(audit),
        sources=source_views(audit),
        movement=movement_view(audit),
        matching=_matching(audit),
        registers=tuple(_register(one) for one in audit.registers),
        method=METHOD,
        limits=LIMITS,
        checksum_command="sha256sum -c --strict SHA256SUMS",
        verify_command=f"ghostscan verify {run}",
    )


def population_line(audit: Audit) -> str:
    """Say how many people, accounts and apps there are, and how many sources are proved."""
    departed = (
        "departures not concluded" if audit.departed is None else f"{audit.departed:,} departed"
    )
    accounts = sum(app.accounts for app in audit.apps)
    proved = sum(reading.state is State.COMPLETE for reading in audit.sources)
    return (
        f"{_count(audit.people, 'person', 'people')} ({departed}), "
        f"{_count(accounts, 'account', 'accounts')} in {_count(len(audit.apps), 'app', 'apps')}; "
        f"completeness proven for {proved:,} of {_count(len(audit.sources), 'source', 'sources')}"
    )


def departure_sentence(audit: Audit) -> str:
    """Say which attribute of which HRIS a departure date was read from."""
    read = [
        f"{visible(name)}: {visible(path) if path else 'no date is read'}"
        for name, path in audit.departures
    ]
    return "; ".join(read) or "not known"


def policy_sentence(audit: Audit) -> str:
    """Say the company's own rule and where it stands, or that none was stated."""
    if not audit.policy.stated:
        return "no policy stated: removal is expected at once"
    where = visible(audit.policy.reference) or "no reference given"
    return f"removal within {visible(audit.policy.limit)} of departure ({where})"


def _register(file: RegisterFile) -> RegisterView:
    return RegisterView(
        visible(file.name),
        visible(file.path),
        visible(file.path_in_run),
        f"{file.entries:,}",
        visible(file.sha256),
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _findings(number: int) -> str:
    return _count(number, "finding", "findings")


def _has(audit: Audit, severity: Severity) -> bool:
    return any(finding.severity is severity for finding in audit.findings)


def _tool(audit: Audit) -> str:
    tool = audit.tool
    return visible(f"{tool.name} {tool.version}, Python {tool.python}, {tool.platform}")


def _examined(audit: Audit) -> str:
    """Name every source by its role: HRIS people; identity provider okta; apps slack, github."""
    parts = []
    for role, many in ((Role.HRIS, "HRIS"), (Role.IDP, "identity providers"), (Role.APP, "apps")):
        names = [visible(one.source) for one in audit.sources if one.role is role]
        if names:
            parts.append(f"{ROLES[role] if len(names) == 1 else many} {', '.join(names)}")
    return "; ".join(parts)


def _withheld_by_most(kinds: tuple[Section, ...]) -> str:
    """What more than half of the kinds leave open, so that it is said once."""
    for kind in kinds:
        if 2 * sum(other.withheld == kind.withheld for other in kinds) > len(kinds):
            return kind.withheld
    return ""


def _open_kinds(audit: Audit, kinds: tuple[Section, ...]) -> tuple[str, ...]:
    """The kinds that no source leaves open, but the want of an earlier run."""
    if audit.previous_run is not None:
        return ()
    return tuple(f"{kind.title}. {kind.withheld}" for kind in kinds if kind.kind in HISTORY_KINDS)


def _headline(kind: Section, withheld: str) -> Headline:
    return Headline(
        anchor=kind.anchor,
        title=kind.title,
        outcome=kind.outcome,
        aside="" if kind.withheld == withheld else kind.withheld,
        bar=kind.bar,
        total=kind.total,
        quiet=not kind.rows,
    )


def _apps(audit: Audit) -> tuple[AppView, ...]:
    readings = {reading.source: reading for reading in audit.sources}
    most = max((app.accounts for app in audit.apps), default=0)
    return tuple(_app(app, readings.get(app.name), most) for app in audit.apps)


def _app(app: App, reading: Reading | None, most: int) -> AppView:
    concluded = app.verdict is not Verdict.INCOMPLETE or app.linked + app.unmatched + app.disputed
    counts = (app.linked, app.unmatched, app.disputed)
    linked, unmatched, disputed = (f"{one:,}" if concluded else "–" for one in counts)
    return AppView(
        name=visible(app.name),
        role=ROLES[reading.role] if reading else ROLES[Role.APP],
        anchor=f"source-{visible(app.name)}",
        accounts=f"{app.accounts:,}",
        active=f"{app.active:,}",
        linked=linked,
        unmatched=unmatched,
        disputed=disputed,
        findings=f"{app.findings:,}",
        verdict=app.verdict,
        sentence=SENTENCES[app.verdict],
        not_concluded=tuple(shown(reason) for reason in app.not_concluded),
        bar=_situations(app, most),
    )


def _situations(app: App, most: int) -> Bar:
    rest = max(app.accounts - app.linked - app.unmatched - app.disputed, 0)
    parts = [
        ("linked", app.linked),
        ("unmatched", app.unmatched),
        ("disputed", app.disputed),
        ("open", rest),
    ]
    said = ", ".join(f"{count:,} {_SITUATIONS[style]}" for style, count in parts if count)
    return bar(f"Accounts of {visible(app.name)}", said or "none", parts, most)


_SITUATIONS = {
    "linked": "linked",
    "unmatched": "unmatched",
    "disputed": "disputed",
    "open": "not concluded",
}


def _matching(audit: Audit) -> tuple[Match, ...]:
    most = max((count for _, count in audit.match_counts), default=0)
    return tuple(
        Match(
            visible(key.replace("_", " ")),
            f"{count:,}",
            bar(visible(key), _count(count, "account", "accounts"), [("linked", count)], most),
        )
        for key, count in audit.match_counts
    )
