"""What was read and how well that is proved; what could not be concluded, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from reports.chart import Bar, bar
from reports.text import visible
from reports.words import ROLES, STATES
from scanner.model import Audit, Population, ProofPoint, Reading, Reason, Role, State


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """One source about which something could not be concluded, and why."""

    source: str
    role: str
    what: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class PopulationView:
    """One list of one source: how much was received, and the proof point by point."""

    name: str
    state: str
    word: str
    figures: str
    bar: Bar
    proof: tuple[ProofPoint, ...]
    reasons: tuple[Reason, ...]
    deviations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source: what it is, what was asked of it and when, and its populations."""

    name: str
    anchor: str
    role: str
    type: str
    url: str
    traffic: str
    period: str
    memberships: str
    populations: tuple[PopulationView, ...]


def source_views(audit: Audit) -> tuple[SourceView, ...]:
    """Return every source of the run; those not proved complete come first."""
    ordered = sorted(audit.sources, key=lambda one: one.state is State.COMPLETE)
    return tuple(_source(reading) for reading in ordered)


def open_points(audit: Audit) -> tuple[OpenPoint, ...]:
    """Return what could not be concluded, by source in the order of the run; empty where all was.

    The reasons are those of the source's reading, then those of the app's conclusion, each once.
    """
    withheld = {app.name: app.not_concluded for app in audit.apps}
    points = (_open_point(one, withheld.get(one.source, ())) for one in audit.sources)
    return tuple(point for point in points if point.what)


def unread(readings: Iterable[Reading]) -> tuple[OpenPoint, ...]:
    """Return what of these sources was not proved complete, in their order."""
    points = (_open_point(one, ()) for one in readings)
    return tuple(point for point in points if point.what)


def moment(when: datetime | None) -> str:
    """Return an instant for people, in UTC to the second."""
    return "not known" if when is None else f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def shown(reason: Reason) -> Reason:
    """Return a reason whose words can be shown."""
    return Reason(visible(reason.code), visible(reason.message), visible(reason.hint))


def _open_point(reading: Reading, withheld: tuple[Reason, ...]) -> OpenPoint:
    what: list[str] = []
    reasons: list[Reason] = []
    for name, population in _populations(reading):
        if population.state is not State.COMPLETE:
            what.append(f"{name}: {STATES[population.state]}")
            reasons += population.reasons
    reasons += withheld
    if withheld and not what:
        what.append("part of the conclusion")
    once = dict.fromkeys(shown(reason) for reason in reasons)
    return OpenPoint(visible(reading.source), ROLES[reading.role], tuple(what), tuple(once))


def _populations(reading: Reading) -> list[tuple[str, Population]]:
    """The lists an audit needs of a source: an HRIS is not asked for groups."""
    if reading.role is Role.HRIS:
        return [("people", reading.users)]
    return [("accounts", reading.users), ("groups", reading.groups)]


def _source(reading: Reading) -> SourceView:
    name = visible(reading.source)
    retries = f", {reading.retries:,} repeated" if reading.retries else ""
    groups = reading.role is not Role.HRIS and reading.groups.state is not State.NOT_READ
    return SourceView(
        name=name,
        anchor=f"source-{name}",
        role=ROLES[reading.role],
        type=visible(reading.type),
        url=visible(reading.url),
        traffic=f"{reading.requests:,} requests{retries}, {reading.bytes_received:,} bytes",
        period=_period(reading),
        memberships=f"{reading.memberships_received:,} memberships received" if groups else "",
        populations=tuple(
            _population(name, what, population) for what, population in _populations(reading)
        ),
    )


def _period(reading: Reading) -> str:
    """When a source was read, and by which run where this one went on with an interrupted one."""
    period = f"{moment(reading.started_at)} to {moment(reading.ended_at)}"
    if reading.read_in is None:
        return period
    return f"{period}, by run {visible(reading.read_in)}, which was interrupted"


def _population(source: str, name: str, population: Population) -> PopulationView:
    figures = _figures(population)
    full = population.received if population.reported is None else population.reported
    style = "known" if population.state is State.COMPLETE else "open"
    return PopulationView(
        name=name,
        state=population.state,
        word=STATES[population.state],
        figures=figures,
        bar=bar(f"{source}: {name}", figures, [(style, population.received)], full),
        proof=tuple(
            ProofPoint(visible(one.name.replace("_", " ")), one.held, visible(one.detail))
            for one in population.proof
        ),
        reasons=tuple(shown(reason) for reason in population.reasons),
        deviations=tuple(visible(one) for one in population.deviations),
    )


def _figures(population: Population) -> str:
    if population.state is State.NOT_READ:
        return "none received"
    if population.reported is None:
        return f"{population.received:,} received, no total reported"
    return f"{population.received:,} of {population.reported:,} received"
