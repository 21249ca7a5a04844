"""The people of the fictitious company, as its HRIS knows them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from collectors.demo.names import FAMILY_NAMES, GIVEN_NAMES, ascii_name
from collectors.demo.population import DOMAIN, TIMEZONE, Employee
from scanner.model import PersonStatus

HEADCOUNT = {
    "Engineering": 142, "Sales": 66, "Support": 54, "Marketing": 34, "Operations": 26, "IT": 24,
    "Finance": 22, "People": 20, "Legal": 12,
}  # fmt: skip

TITLES = {
    "Engineering": ("Software Engineer", "Senior Software Engineer", "Engineering Manager"),
    "Sales": ("Account Executive", "Sales Development Representative", "Sales Manager"),
    "Support": ("Support Specialist", "Support Engineer"),
    "Marketing": ("Designer", "Content Strategist", "Campaign Manager"),
    "Operations": ("Operations Analyst", "Facilities Coordinator"),
    "IT": ("Systems Administrator", "IT Support Technician"),
    "Finance": ("Accountant", "Financial Analyst"),
    "People": ("Recruiter", "People Partner"),
    "Legal": ("Counsel", "Paralegal"),
}

SHARED_EMAIL = f"front.desk@{DOMAIN}"
"""Listed by the HRIS for two people of Operations."""

_TODAY_LEFT = {"Sales": (timedelta(hours=11),), "Support": (timedelta(hours=5),)}
_DAYS_SINCE_LEAVING = {
    "Engineering": (41, 19, 8, 96, 150, 230, 12, 67, 33, 120, 280, 5),
    "Sales": (330, 26, 75, 60, 140, 210, 9),
    "Support": (22, 48, 110, 175),
    "Marketing": (26, 88, 14, 190),
    "IT": (37, 160),
    "Finance": (130,),
    "People": (71, 245),
}
_DAY_UNKNOWN = {"Finance": 1}
_ON_LEAVE = {"Sales": 2, "Support": 2, "People": 1, "Finance": 1}
_NOTICE_GIVEN = {"Engineering": 2, "Marketing": 1, "Legal": 1}
_NOT_STARTED = 3
_CONTRACTOR_SHARE = 0.12
_LONGEST_SERVICE_DAYS = 3300
_SETTLED_AFTER_DAYS = 500


def make_workforce(rng: random.Random, as_of: datetime) -> tuple[Employee, ...]:
    """Make the people in the order of their employee numbers, which is that of their hiring."""
    today = as_of.astimezone(ZoneInfo(TIMEZONE)).date()
    people = {person.number: person for person in _hire(rng, today)}
    for department in HEADCOUNT:
        for changed in _turnover(rng, tuple(people.values()), department, as_of):
            people[changed.number] = changed
    for person in _settled(people.values(), "Operations", today)[:2]:
        people[person.number] = replace(person, emails=(*person.emails, SHARED_EMAIL))
    return tuple(people.values())


def leavers(people: Iterable[Employee], department: str) -> list[Employee]:
    """The leavers of a department in the order of the cast.

    First those who left today, then those who left some days ago, then those of whom nobody
    wrote down the day.
    """
    return [
        person
        for person in people
        if person.department == department and person.status is PersonStatus.TERMINATED
    ]


def _hire(rng: random.Random, today: date) -> list[Employee]:
    """Hire everybody; the last few have signed and not started."""
    departments = [name for name, count in HEADCOUNT.items() for _ in range(count)]
    rng.shuffle(departments)
    started = len(departments) - _NOT_STARTED
    served = sorted(rng.sample(range(10, _LONGEST_SERVICE_DAYS), started), reverse=True)
    served += sorted((-rng.randint(6, 30) for _ in range(_NOT_STARTED)), reverse=True)
    names, number = _names(rng), 100
    people = []
    for name, department, days in zip(names, departments, served, strict=False):
        number += rng.randint(1, 4)
        people.append(_new_hire(rng, name, number, department, today, days))
    return people


def _names(rng: random.Random) -> list[tuple[str, str]]:
    """Every pair of given and family name in random order; no two are spelled alike in ASCII."""
    pairs = [(given, family) for given in GIVEN_NAMES for family in FAMILY_NAMES]
    rng.shuffle(pairs)
    return pairs


def _new_hire(
    rng: random.Random,
    name: tuple[str, str],
    number: int,
    department: str,
    today: date,
    days: int,
) -> Employee:
    given, family = name
    contractor = rng.random() < _CONTRACTOR_SHARE
    # A contract has an end; they lie ahead, so that nobody has to be removed for it yet.
    ends = today + timedelta(days=60 + number % 300) if contractor else None
    login = f"{ascii_name(given)}.{ascii_name(family)}"
    return Employee(
        id=str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        number=f"{number:06}",
        user_name=login,
        given_name=given,
        family_name=family,
        emails=(f"{login}@{DOMAIN}",),
        department=department,
        title=rng.choice(TITLES[department]),
        worker_type="Contractor" if contractor else "Employee",
        status=PersonStatus.PENDING if days < 0 else PersonStatus.ACTIVE,
        hired_on=today - timedelta(days=days),
        termination=None if ends is None else ends.isoformat(),
        departed_at=None if ends is None else _end_of(ends),
    )


def _settled(people: Iterable[Employee], department: str, today: date) -> list[Employee]:
    """The active people of a department who have been there for long."""
    since = today - timedelta(days=_SETTLED_AFTER_DAYS)
    return [
        person
        for person in people
        if person.department == department
        and person.hired_on < since
        and person.status is PersonStatus.ACTIVE
    ]


def _turnover(
    rng: random.Random, people: tuple[Employee, ...], department: str, as_of: datetime
) -> list[Employee]:
    """Decide who of a department left, is on leave, or has given notice."""
    today = as_of.astimezone(ZoneInfo(TIMEZONE)).date()
    endings = _endings(department, as_of)
    on_leave, notice = _ON_LEAVE.get(department, 0), _NOTICE_GIVEN.get(department, 0)
    chosen = rng.sample(_settled(people, department, today), len(endings) + on_leave + notice)
    gone = sorted(chosen[: len(endings)], key=lambda person: person.number)
    away = chosen[len(endings) :][:on_leave]
    going = chosen[len(endings) + on_leave :]
    last_day = today + timedelta(days=rng.randint(7, 25))
    return [
        *(
            replace(person, status=PersonStatus.TERMINATED, termination=text, departed_at=instant)
            for person, (text, instant) in zip(gone, endings, strict=True)
        ),
        *(replace(person, status=PersonStatus.ON_LEAVE) for person in away),
        *(
            replace(person, termination=last_day.isoformat(), departed_at=_end_of(last_day))
            for person in going
        ),
    ]


def _endings(department: str, as_of: datetime) -> list[tuple[str | None, datetime | None]]:
    """The ends of employment in a department: as the HRIS writes them, and as instants."""
    today = as_of.astimezone(ZoneInfo(TIMEZONE)).date()
    instants = [as_of - ago for ago in _TODAY_LEFT.get(department, ())]
    days = [today - timedelta(days=ago) for ago in _DAYS_SINCE_LEAVING.get(department, ())]
    return [
        *((_instant_text(instant), instant) for instant in instants),
        *((day.isoformat(), _end_of(day)) for day in days),
        *((None, None) for _ in range(_DAY_UNKNOWN.get(department, 0))),
    ]


def _instant_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _end_of(day: date) -> datetime:
    """The midnight that ends a day where the company is, as a UTC instant."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(TIMEZONE))
    return midnight.astimezone(UTC)
