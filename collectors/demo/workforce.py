"""The people of the fictitious company, as its HRIS knows them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
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

_UNKNOWN = None
_DEPARTURES: dict[str, tuple[timedelta | None, ...]] = {
    "Engineering": tuple(
        timedelta(days=days) for days in (41, 19, 8, 96, 150, 230, 12, 67, 33, 120, 280, 5)
    ),
    "Sales": (
        timedelta(days=330),
        timedelta(hours=11),
        *(timedelta(days=days) for days in (26, 75, 60, 140, 210, 9)),
    ),
    "Support": (timedelta(hours=5), *(timedelta(days=days) for days in (22, 48, 110, 175))),
    "Marketing": tuple(timedelta(days=days) for days in (26, 88, 14, 190)),
    "IT": tuple(timedelta(days=days) for days in (37, 160)),
    "Finance": (_UNKNOWN, timedelta(days=130)),
    "People": tuple(timedelta(days=days) for days in (71, 245)),
}
"""How long before the audit the leavers of each department left, in the order of the cast."""

_ON_LEAVE = {"Sales": 2, "Support": 2, "People": 1, "Finance": 1}
_NOTICE_GIVEN = {"Engineering": 2, "Marketing": 1, "Legal": 1}
_NOT_STARTED = 3
_CONTRACTOR_SHARE = 0.12
_LONGEST_SERVICE_DAYS = 3300
_LEAVERS_SERVED_DAYS = 500


def make_workforce(rng: random.Random, as_of: datetime) -> tuple[Employee, ...]:
    """Make the people in the order of their employee numbers, which is that of their hiring."""
    today = as_of.astimezone(ZoneInfo(TIMEZONE)).date()
    people = _hire(rng, today)
    for department, lengths in _DEPARTURES.items():
        veterans = _choices(rng, people, department, served_since=today)
        for person, length in zip(veterans, lengths, strict=False):
            people[person.number] = _terminated(person, length, as_of)
    _send_on_leave(rng, people)
    _give_notice(rng, people, today)
    _share_an_email(rng, people)
    return tuple(people.values())


def leavers(people: tuple[Employee, ...], department: str) -> list[Employee]:
    """The departed of a department in the order of the cast: that of ``_DEPARTURES``."""
    departed = {
        person.title: person
        for person in people
        if person.department == department and person.status is PersonStatus.TERMINATED
    }
    return list(departed.values())
