"""Which records are one person, and which of them says whether the person has left."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scanner.config import Config, RemovalLimit
from scanner.model import Person, PersonStatus
from tests.plain.company import Place, Run
from tests.plain.text import plain_addresses, plain_key

STEPS = 4
"""Over how many shared traits two records may hang together and still be told apart."""

_END = datetime.max.replace(tzinfo=UTC)
_BEGIN = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Somebody:
    """One person: the records, the one that governs, and what it says of departure."""

    records: tuple[Person, ...]
    governing: Person
    departed_at: datetime | None
    departed: bool
    entangled: bool = False

    @property
    def place(self) -> Place:
        """The source and id of the governing record."""
        return self.governing.source, self.governing.person_id


def people_of(run: Run, config: Config) -> dict[Place, Somebody]:
    """Every record's person."""
    records = run.people
    near = _neighbours(list(records.values()), config.correlation.domain_aliases)
    first = {place: _first_within_reach(place, near) for place in records}
    members: defaultdict[Place, list[Person]] = defaultdict(list)
    for place, record in records.items():
        members[first[place]].append(record)
    loose = {
        first[one] for one, others in near.items() for two in others if first[one] != first[two]
    }
    found = {
        head: _somebody(tuple(held), run.at, entangled=head in loose)
        for head, held in members.items()
    }
    return {place: found[first[place]] for place in records}


def _neighbours(people: list[Person], aliases: dict[str, str]) -> dict[Place, set[Place]]:
    """Whose records share two kinds of evidence at once: number, name, address."""
    sharing: defaultdict[tuple[str, str, str], set[Place]] = defaultdict(set)
    for one in people:
        place = (one.source, one.person_id)
        number, name = plain_key(one.employee_number), plain_key(one.display_name)
        mails = plain_addresses([*one.emails, one.user_name], aliases)
        if number and name:
            sharing["number, name", number, name].add(place)
        for mail in mails:
            if name:
                sharing["address, name", mail, name].add(place)
            if number:
                sharing["number, address", number, mail].add(place)
    near: defaultdict[Place, set[Place]] = defaultdict(set)
    for together in sharing.values():
        for place in together:
            near[place] |= together - {place}
    return near


def _first_within_reach(place: Place, near: dict[Place, set[Place]]) -> Place:
    """The first record, in order, that hangs together with one over few enough steps."""
    reached = {place}
    for _ in range(STEPS):
        reached |= {other for one in reached for other in near.get(one, ())}
    return min(reached, key=lambda one: f"{one[0]}:{one[1]}")


def _somebody(records: tuple[Person, ...], at: datetime, *, entangled: bool) -> Somebody:
    governing = min(records, key=lambda one: _rank(one, at))
    left = _standing(governing, at) >= 6
    return Somebody(records, governing, departure(governing, at), left and not entangled, entangled)


def departure(one: Person, at: datetime) -> datetime | None:
    """When the present spell ended; a departure before the last hiring ended an earlier one."""
    if one.departed_at is None:
        return None
    if one.hired_at is not None and one.departed_at < one.hired_at <= at:
        return None
    return one.departed_at


def _standing(one: Person, at: datetime) -> int:
    """Employment before its end, an unknown end before a known one."""
    left = departure(one, at)
    if one.status is PersonStatus.TERMINATED:
        if left is None:
            return 6
        return 3 if left > at else 7
    order = {PersonStatus.ACTIVE: 1, PersonStatus.ON_LEAVE: 2, PersonStatus.PENDING: 4}
    return order.get(one.status, 5)


def _rank(one: Person, at: datetime) -> tuple[int, timedelta, timedelta, str, str]:
    left = departure(one, at)
    return (
        _standing(one, at),
        _END - (left or _BEGIN),
        _END - (one.hired_at or _BEGIN),
        one.source,
        one.person_id,
    )


def due(departed_at: datetime | None, limit: RemovalLimit, zone: ZoneInfo) -> datetime | None:
    """Until when removal is in time, counted day by day where the policy says business days."""
    if departed_at is None:
        return None
    try:
        if not limit.business_days:
            return departed_at + limit.duration
        local = departed_at.astimezone(zone)
        day, clock = local.date(), local.time()
        off = set(limit.holidays.between(day.year, min(day.year + 2, 9999)))
        while day.weekday() > 4 or day in off:
            day, clock = day + timedelta(days=1), time()
        for _ in range(limit.business_days):
            day += timedelta(days=1)
            while day.weekday() > 4 or day in off:
                day += timedelta(days=1)
        return datetime.combine(day, clock, zone).astimezone(UTC)
    except (OverflowError, ValueError):
        return _END


def days_since(departed_at: datetime | None, at: datetime) -> int | None:
    """Whole days since a departure."""
    return None if departed_at is None else (at - departed_at) // timedelta(days=1)
