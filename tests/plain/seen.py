"""What all runs together saw of an account and of a person, worked out from the whole history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scanner.model import AccountEvent, EventKind, PersonStatus
from tests.plain.company import History, Place, Run
from tests.plain.owners import Owner
from tests.plain.people import Somebody, due

EMPLOYED = (PersonStatus.ACTIVE, PersonStatus.ON_LEAVE, PersonStatus.PENDING)
OFF = ("inactive", "gone")


@dataclass(frozen=True)
class Judged:
    """A run with what was worked out of it: who is who, and whose every account is."""

    run: Run
    people: Mapping[Place, Somebody]
    owners: Mapping[Place, Owner]


@dataclass(frozen=True)
class Sighting:
    """What one COMPLETE reading saw of an account: active, inactive, unknown or gone."""

    state: str
    run: str
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class Trace:
    """Everything ever seen of one account, oldest first, and to whom it last belonged."""

    sightings: tuple[Sighting, ...]
    person: Place | None
    judged_in: str | None

    @property
    def last_active_at(self) -> datetime | None:
        """The start of the newest reading that saw it active."""
        return max(
            (one.started_at for one in self.sightings if one.state == "active"), default=None
        )

    @property
    def last_off_at(self) -> datetime | None:
        """The start of the newest reading that saw it inactive or not at all."""
        return max((one.started_at for one in self.sightings if one.state in OFF), default=None)

    @property
    def first_off_at(self) -> datetime | None:
        """The end of the first reading since it was last active that saw it off."""
        ends: datetime | None = None
        for one in self.sightings:
            if one.state == "active":
                ends = None
            elif one.state in OFF and ends is None:
                ends = one.ended_at
        return ends

    @property
    def switched_on_at(self) -> datetime | None:
        """The end of the reading that saw it active again after it was off, if it still may be."""
        off, ends = False, None
        for one in self.sightings:
            if one.state in OFF:
                off, ends = True, None
            elif one.state == "active" and off:
                off, ends = False, one.ended_at
        return ends


def traces(past: Sequence[Judged], history: History) -> dict[Place, Trace]:
    """Follow every account through the runs up to the newest one."""
    places = sorted({place for one in past for place in one.run.accounts})
    return {place: found for place in places if (found := _trace(place, past, history)).sightings}


def _trace(place: Place, past: Sequence[Judged], history: History) -> Trace:
    sightings: list[Sighting] = []
    person: Place | None = None
    judged_in: str | None = None
    for one in past:
        run = one.run
        if not run.complete(place[0]):
            continue
        account = run.accounts.get(place)
        if account is None and not sightings:
            continue
        reading = run.reading(place[0])
        states = {True: "active", False: "inactive", None: "unknown"}
        state = "gone" if account is None else states[account.active]
        started, ended = reading.started_at or run.at, reading.ended_at or run.at
        sightings.append(Sighting(state, run.name, started, ended))
        concluded = place[0] in run.concluded(history.config)
        if concluded and account is not None:
            somebody = one.owners[place].somebody
            person = somebody.place if somebody else None
        if state == "active":
            judged_in = None
        elif run.audit and concluded and state in OFF and judged_in is None:
            owner = one.people.get(person) if person else None
            judged_in = run.name if owner is not None and owner.departed else None
    return Trace(tuple(sightings), person, judged_in)


@dataclass(frozen=True)
class Employment:
    """Between which readings the HRIS began to say that a person is terminated."""

    last_employed_at: datetime | None = None
    first_terminated_at: datetime | None = None


def employment(place: Place, past: Sequence[Judged]) -> Employment:
    """Follow one record of an HRIS through the runs."""
    employed: datetime | None = None
    terminated: datetime | None = None
    for one in past:
        record = one.run.people.get(place)
        if record is None or not one.run.complete(place[0]):
            continue
        reading = one.run.reading(place[0])
        if record.status in EMPLOYED:
            employed, terminated = reading.started_at or one.run.at, None
        elif record.status is PersonStatus.TERMINATED and terminated is None:
            terminated = reading.ended_at or one.run.at
    return Employment(employed, terminated)


@dataclass(frozen=True)
class Removal:
    """When an account was removed, as far as that is known, against when it was due."""

    verdict: str
    basis: str
    earliest_at: datetime | None
    latest_at: datetime | None
    hours_over_min: int
    hours_over_max: int | None


def removal(
    place: Place, trace: Trace, somebody: Somebody, past: Sequence[Judged], history: History
) -> Removal:
    """Judge one removal: late and in time only where every possible instant says so."""
    policy, zone = history.config.policy, history.config.organization.zone
    seen = employment(somebody.place, past)
    left = somebody.departed_at
    due_from = due(left or seen.last_employed_at, policy.limit, zone)
    due_until = due(left or seen.first_terminated_at, policy.limit, zone)
    event = _removal_event(place, trace, past[-1].run.events)
    changed = _last_change(place, trace, somebody, past[-1].run)
    earliest = event or trace.last_active_at
    latest = event or changed or trace.first_off_at
    basis = "event" if event else "modified" if changed else "observation"
    late = earliest is not None and due_until is not None and earliest > due_until
    within = latest is not None and due_from is not None and latest <= due_from
    return Removal(
        "late" if late else "within" if within else "indeterminate",
        basis,
        earliest,
        latest,
        _hours(due_until, earliest, up=False) or 0,
        _hours(due_from, latest, up=True),
    )


def _hours(since: datetime | None, until: datetime | None, *, up: bool) -> int | None:
    """Whole hours from one instant to a later one, none where it is not later."""
    if since is None or until is None:
        return None
    if until <= since:
        return 0
    hours, rest = divmod(until - since, timedelta(hours=1))
    return hours + (1 if up and rest else 0)


def _removal_event(place: Place, trace: Trace, events: Sequence[AccountEvent]) -> datetime | None:
    """The first event of removal since the account was last switched on, if readings allow it."""
    mine = [one for one in events if (one.source, one.account_id) == place]
    on = [
        one.occurred_at for one in mine if one.event in {EventKind.CREATED, EventKind.REACTIVATED}
    ]
    off = [
        one.occurred_at for one in mine if one.event in {EventKind.DEACTIVATED, EventKind.DELETED}
    ]
    first_off, last_active = trace.first_off_at, trace.last_active_at
    fitting = [
        at
        for at in off
        if all(at > switched for switched in on)
        and (last_active is None or at >= last_active)
        and first_off is not None
        and at <= first_off
    ]
    return min(fitting, default=None)


def _last_change(place: Place, trace: Trace, somebody: Somebody, run: Run) -> datetime | None:
    """The newest change of anything, where it can be no earlier than the removal."""
    account = run.accounts.get(place)
    if account is None or account.active is not False or account.modified_at is None:
        return None
    not_before = trace.last_active_at or somebody.departed_at
    if not_before is None or trace.first_off_at is None:
        return None
    fits = not_before <= account.modified_at < trace.first_off_at
    return account.modified_at if fits else None


def switched_on(
    place: Place, trace: Trace, somebody: Somebody, past: Sequence[Judged]
) -> tuple[str, datetime | None, datetime | None] | None:
    """Whether a departed person's account was off after the departure and is on again: how known.

    Gives the basis and between which instants.
    """
    left = somebody.departed_at or employment(somebody.place, past).first_terminated_at
    if left is None:
        return None
    events = [
        one.occurred_at
        for one in past[-1].run.events
        if (one.source, one.account_id) == place and one.event is EventKind.REACTIVATED
    ]
    if events and max(events) > left:
        return "event", max(events), max(events)
    off, on = trace.last_off_at, trace.switched_on_at
    if off is None or on is None or off < left:
        return None
    return "observation", off, on
