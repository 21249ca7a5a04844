"""Runs the real reconciler over a whole history, and says of it what can be compared."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reports.machine import findings_json
from scanner.model import Audit, Before, Finding, Policy, Standing, Tool
from scanner.reconcile.events import EVENTS
from scanner.reconcile.judge import Conclusions, observe, reconcile
from scanner.reconcile.parquet import Row, read_rows, write_rows
from scanner.reconcile.tables import write_tables
from tests.plain.company import History, Run
from tests.plain.finding import PlainFinding
from tests.plain.judge import Answer


@dataclass(frozen=True)
class Reconciled:
    """The newest audit of a history: its folder, what was concluded, and every situation."""

    folder: Path
    conclusions: Conclusions
    situations: Sequence[Row]
    before: Before


@dataclass(frozen=True)
class Past:
    """What the runs so far left behind: the newest folder, the audits, what they found."""

    newest: Path | None = None
    audits: tuple[tuple[Path, Run], ...] = ()
    before: Before = field(default_factory=Before)


def reconcile_all(history: History, folder: Path, engine: str | None = None) -> Reconciled:
    """Run every run of a history in a folder of its own below ``folder``.

    Where ``engine`` is given, the newest run is judged on it, the others on the embedded one.
    """
    return reconcile_newest(history, folder, reconcile_past(history, folder), engine)


def reconcile_past(history: History, folder: Path) -> Past:
    """Run all runs of a history but the newest."""
    past = Past()
    for run in history.runs[:-1]:
        past, _ = advance(history, run, folder, past)
    return past


def advance(
    history: History, run: Run, folder: Path, past: Past
) -> tuple[Past, Conclusions | None]:
    """Run one run after ``past``; a run that is no audit concludes nothing."""
    place = _prepare(history, run, folder, past)
    if run.audit:
        concluded = _judge(history, run, place, past)
        audits = ((place, run), *past.audits)
        return Past(place, audits, _after(run, past.before, concluded)), concluded
    observe(place, history.config, run.readings, run.name, run.at, history.registers)
    return replace(past, newest=place), None


def reconcile_newest(
    history: History, folder: Path, past: Past, engine: str | None = None
) -> Reconciled:
    """Run the newest run of a history, an audit, after what ``reconcile_past`` did."""
    run = history.runs[-1]
    place = _prepare(history, run, folder, past)
    concluded = _judge(history, run, place, past, engine)
    return reconciled(place, concluded, past)


def reconciled(place: Path, concluded: Conclusions, past: Past) -> Reconciled:
    """What one audit left in its folder, and what had gone before."""
    situations = read_rows(place / "correlation/situations.parquet")
    return Reconciled(place, concluded, situations, past.before)


def _judge(
    history: History, run: Run, place: Path, past: Past, engine: str | None = None
) -> Conclusions:
    config = history.config
    if engine is not None:
        config = config.model_copy(update={"engine": engine})
    return reconcile(place, config, run.readings, run.name, run.at, past.before, history.registers)


def _prepare(history: History, run: Run, folder: Path, past: Past) -> Path:
    """Write the tables of one run and copy what earlier runs saw, as a run folder has them."""
    place = folder / run.name
    policy, zone = history.config.policy, history.config.organization.zone
    aliases = history.config.correlation.domain_aliases
    write_tables(place, run.records, policy.limit, zone, aliases)
    for source in history.config.sources:
        mine = [one for one in run.events if one.source == source]
        columns: dict[str, list[Any]] = {
            "source": [one.source for one in mine],
            "account_id": [one.account_id for one in mine],
            "event": [one.event.value for one in mine],
            "occurred_at": [one.occurred_at for one in mine],
            "response": [one.pointer.response for one in mine],
            "response_index": [one.pointer.index for one in mine],
        }
        write_rows(place / f"tables/events/{source}.parquet", columns, EVENTS)
        _copy_memberships(source, place, past)
    for name in ("accounts", "people", "moves") if past.newest else ():
        seen = f"{past.newest}/tables/observed/{name}.parquet"
        _copy(Path(seen), place / f"tables/earlier/{name}.parquet")
    return place


def _copy_memberships(source: str, place: Path, past: Past) -> None:
    """Copy the memberships of the newest audit that read all groups of a source."""
    read = [folder for folder, run in past.audits if run.groups_complete(source)]
    for folder in read[:1]:
        kept = place / f"tables/earlier/memberships/{source}.parquet"
        _copy(folder / f"tables/memberships/{source}.parquet", kept)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _after(run: Run, before: Before, concluded: Conclusions) -> Before:
    standing = [*concluded.movement.not_concluded, *map(_standing, concluded.findings)]
    return Before(
        audit=run.name,
        audited_at=run.at,
        opening={one.id: one for one in standing},
        first_seen={**before.first_seen, **{one.id: one.first_seen for one in standing}},
    )


def _standing(one: Finding) -> Standing:
    group = one.group.id if one.group else None
    return Standing(one.id, one.kind, one.severity, one.app, group, one.first_seen)


def as_plain(one: Finding) -> PlainFinding:
    """What can be compared of a finding."""
    when = one.timeliness
    return PlainFinding(
        kind=one.kind,
        app=one.app,
        account=one.account.id if one.account else None,
        person_source=one.person.source if one.person else None,
        person=one.person.id if one.person else None,
        group=one.group.id if one.group else None,
        direction=one.group.direction if one.group else None,
        basis=when.basis if when and when.basis else one.group.basis if one.group else None,
        days=one.days_since_departure,
        problem=one.problem,
        earliest_at=when.earliest_at if when else None,
        latest_at=when.latest_at if when else None,
        hours_over_min=when.hours_over_min if when else None,
        hours_over_max=when.hours_over_max if when else None,
        via=_way(one),
        privileged="privileged" in one.flags,
        waived=one.waiver is not None,
        matched_by=one.matched_by,
        status=one.status,
        first_seen=one.first_seen,
    )


def _way(one: Finding) -> str | None:
    return '["' + '","'.join(one.via) + '"]' if one.via else None


def differences(real: Reconciled, plain: Answer) -> list[str]:
    """Say everything on which the two implementations disagree."""
    concluded = real.conclusions
    ours = {as_plain(one) for one in concluded.findings}
    said = [f"only by SQL: {one}" for one in sorted(ours - set(plain.findings), key=str)]
    said += [f"only plain: {one}" for one in sorted(set(plain.findings) - ours, key=str)]
    ids = sorted((one.id, one.severity.value) for one in concluded.findings)
    expected: dict[str, tuple[object, object]] = {
        "ids and severities": (ids, sorted((one.id, one.severity) for one in plain.findings)),
        "situations": (_situations(real), _plain_situations(plain)),
        "counts": ({one.name: _counts(one) for one in concluded.apps}, plain.counts),
        "timeliness": (_timeliness(concluded), plain.timeliness),
        "verdicts": ({one.name: one.verdict.value for one in concluded.apps}, plain.verdicts),
        "verdict": (concluded.verdict.value, plain.verdict),
        "people": ((concluded.people, concluded.departed), (plain.people, plain.departed)),
        "movement": (_movement(concluded), plain.movement),
    }
    said += [
        f"{name}: SQL {one}, plain {two}" for name, (one, two) in expected.items() if one != two
    ]
    return said


def _situations(real: Reconciled) -> dict[object, object]:
    names = ("situation", "person_source", "person_id", "matched_by", "problem")
    return {
        (row["source"], row["account_id"]): tuple(row[name] for name in names)
        for row in real.situations
    }


def _plain_situations(plain: Answer) -> dict[object, object]:
    return {
        place: (
            one.situation,
            *(one.somebody.place if one.somebody else (None, None)),
            one.matched_by,
            one.problem,
        )
        for place, one in plain.owners.items()
    }


def _counts(one: Any) -> tuple[int, ...]:  # noqa: ANN401 - an App
    names = ("accounts", "active", "linked", "unmatched", "disputed", "findings", "waived")
    return tuple(getattr(one, name) for name in names)


def _timeliness(concluded: Conclusions) -> dict[str, dict[str, int]]:
    every = {one.name: {name: n for name, n in one.timeliness if n} for one in concluded.apps}
    return {name: counts for name, counts in every.items() if counts}


def _movement(concluded: Conclusions) -> tuple[int, ...]:
    total = concluded.movement.total
    names = ("opening", "new", "reopened", "persisting", "resolved", "not_concluded")
    return tuple(getattr(total, name) for name in names)


def findings_document(real: Reconciled, history: History) -> bytes:
    """The ``findings.json`` of the newest audit of a history."""
    run, concluded = history.runs[-1], real.conclusions
    audit = Audit(
        run=run.name,
        organization=history.config.organization.name,
        timezone=history.config.organization.timezone,
        as_of=run.at,
        started_at=run.at,
        operator="ana",
        tool=Tool("ghostscan", "0", "3", "any"),
        policy=Policy(history.config.policy.deprovision_within, "ACP-07", stated=True),
        verdict=concluded.verdict,
        sources=tuple(run.readings),
        apps=concluded.apps,
        findings=concluded.findings,
        rules=concluded.rules,
        people=concluded.people,
        departed=concluded.departed,
        match_counts=concluded.match_counts,
        movement=concluded.movement,
    )
    return findings_json(audit)
