"""From the tables of a run to its conclusions; no clock, no network, the same answer every time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from scanner.config import Config
from scanner.errors import IntegrityError
from scanner.model import (
    NO_REGISTERS,
    App,
    Before,
    Finding,
    Movement,
    NonHuman,
    Population,
    Reading,
    Reason,
    Records,
    Registers,
    Role,
    Rule,
    State,
    Verdict,
)
from scanner.reconcile.batch import count_records
from scanner.reconcile.catalogue import load_rules
from scanner.reconcile.decisions import write_decisions
from scanner.reconcile.engine import open_engine
from scanner.reconcile.entitlement import read_expected, read_withheld, withheld_places
from scanner.reconcile.facts import Hit, read_facts, read_hits
from scanner.reconcile.findings import build_findings
from scanner.reconcile.inputs import write_inputs
from scanner.reconcile.keys import key
from scanner.reconcile.movement import balance, concluded_in
from scanner.reconcile.observation import add_earlier
from scanner.reconcile.parquet import Row, count_rows, read_rows
from scanner.reconcile.queries import result_path, run_late, run_queries
from scanner.reconcile.sentences import KEY_WORDS, Telling
from scanner.reconcile.suggestion import with_suggestions
from scanner.reconcile.tables import table_path, write_tables
from scanner.reconcile.waived import Waived

VERDICTS = ("within", "late", "indeterminate", "pending", "still_active")
"""What can be said of the removal of one departed person's account."""


@dataclass(frozen=True, slots=True)
class Conclusions:
    """Everything that can be said of one run.

    ``apps`` are in the order of the configuration, ``findings`` in canonical order, ``rules`` most
    severe first. ``people`` counts the people received, ``departed`` those of them who have left;
    it is None where an HRIS is not COMPLETE, since its word is then not enough. ``match_counts``
    gives, in order of priority, how many accounts each key linked.
    """

    verdict: Verdict
    apps: tuple[App, ...]
    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...]
    people: int
    departed: int | None
    match_counts: tuple[tuple[str, int], ...]
    movement: Movement


def reconcile(
    folder: Path,
    config: Config,
    readings: Sequence[Reading],
    run: str,
    as_of: datetime,
    before: Before,
    registers: Registers = NO_REGISTERS,
) -> Conclusions:
    """Judge the tables in ``folder`` as of one instant (aware).

    A configured source without a reading counts as not read. ``before`` is what earlier audits
    found; ``registers`` are people's decisions. Writes ``tables/`` for the inputs of the rules,
    ``correlation/*.parquet`` and ``queries/*.sql`` into ``folder``; reads nothing else. Raises
    EvidenceError where the table of a source that was read is missing, IntegrityError where it does
    not hold every record that was received.
    """
    rules = load_rules()
    waived = Waived.of(registers, config.organization.zone)
    every = _query(folder, config, readings, run, as_of, rules, before, waived, registers)
    hits = read_hits(folder, rules)
    telling = _telling(folder, config, every, hits, registers, waived)
    findings = waived.mark(build_findings(hits, rules, telling, run, before), as_of)
    tables = [table_path(folder, "people", one.source) for one in every if one.role is Role.HRIS]
    findings = with_suggestions(findings, telling.facts.accounts, tables)
    apps = _apps(folder, every, findings, telling)
    people = read_rows(result_path(folder, "people_counts"))
    return Conclusions(
        verdict=_run_verdict(every, apps, findings),
        apps=apps,
        findings=findings,
        rules=rules,
        people=sum(row["people"] for row in people),
        departed=_departed(every, people),
        match_counts=_match_counts(folder),
        movement=balance(findings, before, concluded_in(every, withheld_places(folder))),
    )


def observe(
    folder: Path,
    config: Config,
    readings: Sequence[Reading],
    run: str,
    as_of: datetime,
    registers: Registers = NO_REGISTERS,
) -> None:
    """Keep up to date what all runs saw, for a run that only collects; judges nothing.

    Needs, writes and raises what :func:`reconcile` does, but runs no rule. Of ``registers`` the
    manual links matter: they say whose an account is.
    """
    nothing = Waived.of(NO_REGISTERS, config.organization.zone)
    _query(folder, config, readings, run, as_of, (), Before(), nothing, registers)


def _query(
    folder: Path,
    config: Config,
    readings: Sequence[Reading],
    run: str,
    as_of: datetime,
    rules: Sequence[Rule],
    before: Before,
    waived: Waived,
    registers: Registers,
) -> list[Reading]:
    """Check and complete the tables, run the SQL over them, and return every reading.

    Without rules the run only collects.
    """
    every = _every_reading(config, readings)
    _add_empty_tables(folder, config, every)
    for reading in every:
        _check_table(folder, reading)
    write_inputs(
        folder,
        config,
        every,
        run,
        as_of,
        before.audited_at,
        audit=bool(rules),
        baseline=registers.baseline,
    )
    write_decisions(folder, config, registers, as_of)
    sources = [reading.source for reading in every]
    add_earlier(folder, sources)
    with open_engine(folder, config, count_records(folder, sources)) as engine:
        run_queries(engine, folder, sources, rules)
        waived.write_found(folder, rules)
        run_late(engine, folder, rules)
    return every


def _departed(readings: Sequence[Reading], people: Sequence[Row]) -> int | None:
    whole = all(one.state is State.COMPLETE for one in readings if one.role is Role.HRIS)
    return sum(row["departed"] for row in people) if whole else None


def _every_reading(config: Config, readings: Sequence[Reading]) -> list[Reading]:
    """Return one reading per configured source, in order; the configuration says the roles."""
    given = {reading.source: reading for reading in readings}
    absent = Population(
        State.NOT_READ, reasons=(Reason("source.not_read", "This run did not ask for it."),)
    )
    return [
        replace(given[name], role=source.role)
        if name in given
        else Reading(name, source.role, source.type, source.url, users=absent, groups=absent)
        for name, source in config.sources.items()
    ]


def _add_empty_tables(folder: Path, config: Config, readings: Sequence[Reading]) -> None:
    """Give a source that was not read empty tables; a missing table of another is an error."""
    for reading in readings:
        missing = not table_path(folder, "people", reading.source).exists()
        if reading.state is State.NOT_READ and missing:
            records = {reading.source: Records()}
            write_tables(folder, records, config.policy.limit, config.organization.zone)


def _check_table(folder: Path, reading: Reading) -> None:
    """Refuse a table that lost or gained a record between the responses and here."""
    if reading.state is not State.COMPLETE:
        return
    kind = "people" if reading.role is Role.HRIS else "accounts"
    rows = count_rows(table_path(folder, kind, reading.source))
    if rows != reading.users.received:
        raise IntegrityError(
            f"{reading.source}: {reading.users.received:,} records were received but its table of "
            f"{kind} holds {rows:,}",
            "the responses are kept; report this as a defect of ghostscan",
        )


def _telling(
    folder: Path,
    config: Config,
    readings: Sequence[Reading],
    hits: Sequence[Hit],
    registers: Registers,
    waived: Waived,
) -> Telling:
    people = read_rows(result_path(folder, "people_counts"))
    return Telling(
        facts=read_facts(folder, hits),
        readings={reading.source: reading for reading in readings},
        people=sum(row["people"] for row in people),
        expected=read_expected(folder, config, registers),
        withheld=read_withheld(folder),
        nonhuman=_registered(registers),
        dormant_after=config.policy.dormant_after or "",
        waivers=waived.told(folder),
    )


def _registered(registers: Registers) -> dict[tuple[str, str | None], list[NonHuman]]:
    """The entries of the register of accounts by app and key, so that each is found at once."""
    entries: defaultdict[tuple[str, str | None], list[NonHuman]] = defaultdict(list)
    for one in registers.nonhuman:
        entries[one.app, key(one.account)].append(one)
    return dict(entries)


def _apps(
    folder: Path, readings: Sequence[Reading], findings: Sequence[Finding], telling: Telling
) -> tuple[App, ...]:
    counts = {row["app"]: row for row in read_rows(result_path(folder, "app_counts"))}
    timeliness = _timeliness(folder)
    unread_hris = [
        reading
        for reading in readings
        if reading.role is Role.HRIS and reading.state is not State.COMPLETE
    ]
    own: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        own[finding.app].append(finding)
    return tuple(
        replace(
            _app(
                reading,
                counts.get(reading.source, {}),
                unread_hris,
                own[reading.source],
                telling,
            ),
            timeliness=timeliness.get(reading.source, ()),
        )
        for reading in readings
        if reading.role is not Role.HRIS
    )


def _timeliness(folder: Path) -> dict[str, tuple[tuple[str, int], ...]]:
    """Count by app the accounts of departed people by verdict; an app without any is left out."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in read_rows(result_path(folder, "timeliness_counts")):
        counts[row["app"]][row["verdict"]] = row["accounts"]
    return {app: tuple((name, found[name]) for name in VERDICTS) for app, found in counts.items()}


def _app(
    reading: Reading,
    counts: Row,
    unread_hris: Sequence[Reading],
    own: Sequence[Finding],
    telling: Telling,
) -> App:
    """Sum up one app; ``own`` are the findings about it."""
    blocking = [*_unconcluded(reading, unread_hris), *_unconcluded_groups(reading, telling)]
    verdict = Verdict.FINDINGS if own else Verdict.CLEAN
    return App(
        name=reading.source,
        verdict=Verdict.INCOMPLETE if blocking else verdict,
        accounts=counts.get("accounts", 0),
        active=counts.get("active", 0),
        linked=counts.get("linked", 0),
        unmatched=counts.get("unmatched", 0),
        disputed=counts.get("disputed", 0),
        findings=len(own),
        waived=sum(finding.waiver is not None for finding in own),
        not_concluded=(
            *blocking,
            *_unread_groups(reading),
            *_unseen_activity(counts, telling.dormant_after),
        ),
    )


def _unconcluded(reading: Reading, unread_hris: Sequence[Reading]) -> list[Reason]:
    """Say what is withheld about an app; why stands with the source that was not read."""
    reasons = []
    if reading.state is not State.COMPLETE:
        message = "Nothing is concluded about its accounts."
        reasons.append(Reason("app.users_incomplete", message))
    for hris in unread_hris:
        message = (
            f"Without all of {hris.source}, nothing is concluded about departure or ownership."
        )
        reasons.append(Reason("hris.incomplete", message))
    return reasons


def _unconcluded_groups(reading: Reading, telling: Telling) -> list[Reason]:
    """Say which entitlements of an app could not be concluded, and why."""
    reasons = (
        reason
        for (app, _), found in telling.withheld.items()
        for reason in found
        if app == reading.source
    )
    return list(dict.fromkeys(reasons))


def _unread_groups(reading: Reading) -> list[Reason]:
    """Say what is not examined because groups were not read; this alone blocks no verdict."""
    if reading.groups.state is State.COMPLETE:
        return []
    message = "Leaver memberships and group drift are not examined."
    return [Reason("app.groups_incomplete", message)]


def _unseen_activity(counts: Row, dormant_after: str) -> list[Reason]:
    """Say that nothing can be called unused, where the policy asks and the app does not show it."""
    if not dormant_after or not counts.get("active") or counts["with_activity"]:
        return []
    message = "Dormant accounts are not examined: the app does not show when one was last used."
    return [Reason("app.last_activity_unseen", message)]


def _run_verdict(
    readings: Sequence[Reading], apps: Sequence[App], findings: Sequence[Finding]
) -> Verdict:
    unread_sources = any(reading.state is not State.COMPLETE for reading in readings)
    if unread_sources or any(app.verdict is Verdict.INCOMPLETE for app in apps):
        return Verdict.INCOMPLETE
    return Verdict.FINDINGS if findings else Verdict.CLEAN


def _match_counts(folder: Path) -> tuple[tuple[str, int], ...]:
    rows = read_rows(result_path(folder, "match_counts"))
    counts = {row["matched_by"]: row["accounts"] for row in rows}
    return tuple((name, counts.get(name, 0)) for name in KEY_WORDS)
