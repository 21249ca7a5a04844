"""A company whose people change departments and titles from audit to audit and keep their groups.

Two HRIS use the same ids for different people, and two apps those of accounts and groups; what is a
department here is a title there. The same seed always gives the same company.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from scanner.config import Config
from scanner.model import (
    Account,
    Group,
    Membership,
    Person,
    PersonStatus,
    Pointer,
    Population,
    Reading,
    Records,
    State,
)
from tests.plain.company import History, Run

START = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
PEOPLE, AUDITS = 7, 4
GROUPS = ("g1", "g2", "g3")
DEPARTMENTS = ("Sales", "Legal", "Press", None)
TITLES = ("Sales", "Legal", "Head", None)
HRIS = ("people", "contractors")
POINTER = Pointer("responses/any/1.json", 0)
SETTINGS = {
    "policy": {"inactive_memberships": True},
    "sources": {
        "people": {"role": "hris", "type": "scim", "url": "https://hr.example.com"},
        "contractors": {"role": "hris", "type": "scim", "url": "https://hr.example.com"},
        "chat": {"type": "scim", "url": "https://chat.example.com"},
        "code": {"type": "scim", "url": "https://code.example.com"},
    },
}


def moving(seed: int) -> History:
    """Make the company of one seed."""
    random = Random(seed)  # noqa: S311 - nothing secret
    people = [_person(number, random) for number in range(PEOPLE)]
    owners = {app: random.sample(range(PEOPLE), PEOPLE) for app in ("chat", "code")}
    members = {
        (app, group, number)
        for app in owners
        for group in GROUPS
        for number in range(PEOPLE)
        if random.random() < 0.35
    }
    config, runs = Config.model_validate(SETTINGS), []
    for number in range(1, AUDITS + 1):
        runs.append(_run(number, people, owners, members, random))
        people = [_moved(one, random) for one in people]
        members = {one for one in sorted(members) if random.random() > 0.05}
    return History(config, runs)


def _person(number: int, random: Random) -> Person:
    return Person(
        HRIS[number % 2],
        f"p{number // 2}",
        POINTER,
        PersonStatus.ACTIVE,
        employee_number=f"{number}",
        department=random.choice(DEPARTMENTS),
        title=random.choice(TITLES),
    )


def _moved(one: Person, random: Random) -> Person:
    if random.random() < 0.3:
        one = replace(one, department=random.choice(DEPARTMENTS))
    if random.random() < 0.3:
        one = replace(one, title=random.choice(TITLES))
    left = random.random() < 0.04
    return replace(one, status=PersonStatus.TERMINATED) if left else one


def _run(
    number: int,
    people: list[Person],
    owners: dict[str, list[int]],
    members: set[tuple[str, str, int]],
    random: Random,
) -> Run:
    at = START + timedelta(days=number)
    records = {
        source: Records(people=tuple(one for one in people if one.source == source))
        for source in HRIS
    }
    for app, owned in owners.items():
        records[app] = Records(
            accounts=tuple(
                Account(
                    app, f"U{place}", POINTER, active=random.random() < 0.9,
                    employee_number=f"{owner}",
                )
                for place, owner in enumerate(owned)
            ),
            groups=tuple(Group(app, group, POINTER, group) for group in GROUPS),
            memberships=tuple(
                Membership(app, group, f"U{place}", "User", POINTER)
                for source, group, place in sorted(members)
                if source == app
            ),
        )  # fmt: skip
    readings = []
    for name, source in Config.model_validate(SETTINGS).sources.items():
        held = records[name]
        unread = name not in HRIS and random.random() < 0.12
        state = State.INCOMPLETE if unread else State.COMPLETE
        users = Population(State.COMPLETE, received=len(held.people) + len(held.accounts))
        groups = Population(state, received=len(held.groups))
        readings.append(
            Reading(
                name, source.role, "scim", source.url, users, groups, started_at=at, ended_at=at
            )
        )
    return Run(
        f"{number:06}-{at:%Y%m%dT%H%M%SZ}", at, audit=True, readings=readings, records=records
    )
