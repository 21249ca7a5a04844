"""What is wrong with the records of an HRIS, record by record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from scanner.config import Config
from scanner.model import Person, PersonStatus
from tests.plain.company import Place
from tests.plain.people import Somebody
from tests.plain.seen import EMPLOYED, Judged
from tests.plain.text import plain_addresses, plain_key

AT_WORK = (PersonStatus.ACTIVE, PersonStatus.ON_LEAVE)


def flaws(past: Sequence[Judged], config: Config) -> dict[Place, set[str]]:
    """The flaws of every record, and of every person who is missing from a whole reading."""
    now = past[-1]
    shared = _shared(now.run.people, now.people, config)
    found: defaultdict[Place, set[str]] = defaultdict(set)
    for place, one in now.run.people.items():
        found[place] |= set(_flaws(one, past, config))
        found[place] |= {"records_entangled"} if now.people[place].entangled else set()
        found[place] |= {"shared_key"} if place in shared else set()
    for place in _missing(past):
        found[place].add("missing_now")
    return {place: wrong for place, wrong in found.items() if wrong and now.run.complete(place[0])}


def external(one: Person, config: Config) -> bool:
    """Whether the engagement of somebody ends by a date of its own."""
    kind = plain_key(one.worker_type)
    return kind is not None and kind in map(plain_key, config.policy.external_worker_types)


def _flaws(one: Person, past: Sequence[Judged], config: Config) -> list[str]:
    at, left, hired = past[-1].run.at, one.departed_at, one.hired_at
    terminated = one.status is PersonStatus.TERMINATED
    before_hired = left is not None and hired is not None and left < hired
    over = left is not None and left <= at
    outside = external(one, config)
    undated = left is None and any(
        each.departed_at is not None
        for (source, _), each in past[-1].run.people.items()
        if source == one.source
    )
    late = left is not None and one.recorded_at is not None and one.recorded_at > left
    said = {
        "backdated_departure": terminated and late,
        "contractor_open_ended": outside and one.status in EMPLOYED and undated,
        "departed_before_hired": (
            terminated and before_hired and hired is not None and hired <= at
        ),
        "departed_but_employed": (
            one.status in AT_WORK and over and not before_hired and not outside
        ),
        "departure_missing": terminated and undated,
        "status_unknown": one.status is PersonStatus.UNKNOWN,
    }
    return [name for name, wrong in said.items() if wrong]


def _shared(
    records: Mapping[Place, Person], people: Mapping[Place, Somebody], config: Config
) -> set[Place]:
    """The records with a number or an address that another person has as well."""
    holders: defaultdict[tuple[str, str], set[Place]] = defaultdict(set)
    for place, one in records.items():
        mails = plain_addresses([*one.emails, one.user_name], config.correlation.domain_aliases)
        keys = [("mail", mail) for mail in mails]
        number = plain_key(one.employee_number)
        keys += [("number", number)] if number else []
        for each in keys:
            holders[each].add(place)
    return {
        place
        for held in holders.values()
        if len({people[each].place for each in held}) > 1
        for place in held
    }


def _missing(past: Sequence[Judged]) -> set[Place]:
    """Who was there in an earlier whole reading, not as departed, and is not in this one."""
    last: dict[Place, Person] = {}
    for one in past[:-1]:
        seen = {place: each for place, each in one.run.people.items() if one.run.complete(place[0])}
        last |= seen
    return {
        place
        for place, one in last.items()
        if place not in past[-1].run.people and one.status is not PersonStatus.TERMINATED
    }
