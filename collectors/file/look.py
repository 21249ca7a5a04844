"""Looking at the files of one source before an audit: they are read whole, and kept nowhere."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from collectors.base import Exchange
from collectors.domain import Domains, mail_domains
from collectors.file.collector import FileCollector
from collectors.sighting import account_abilities, person_abilities
from scanner.model import (
    Ability,
    PageSurvey,
    Population,
    Progress,
    Reading,
    Reason,
    Records,
    Role,
    SignIn,
    State,
    Survey,
)


@dataclass(slots=True)
class _Memory:
    """Keeps the files of one look until it is over."""

    exchanges: dict[str, Exchange] = field(default_factory=dict)

    def record(self, exchange: Exchange) -> str:
        path = str(len(self.exchanges))
        self.exchanges[path] = exchange
        return path


async def look_at_files(collector: FileCollector, groups_needed: bool) -> tuple[Survey, Domains]:
    """Say what the files of a source show, and what of it an audit would not accept.

    The mail domains of its users come with it. A page of a file is all of it, and nothing is asked
    for: ``asked`` is 0.
    """
    memory = _Memory()
    reading = await collector.read(memory, _ignore)
    records = collector.records(reading, memory.exchanges.__getitem__)
    milliseconds = _took(reading)
    users = _page(reading.users, _abilities(reading, records), milliseconds)
    members = len({one.group_id for one in records.memberships})
    groups = _page(reading.groups, (Ability("members", members, len(records.groups)),), 0)
    lacking, notes = reading.users.reasons, reading.groups.reasons
    if groups_needed:
        lacking, notes = lacking + notes, ()
    domains = [*map(mail_domains, records.people), *map(mail_domains, records.accounts)]
    survey = Survey(
        source=reading.source,
        role=reading.role,
        type=reading.type,
        url=reading.url,
        reachable=reading.users.state is not State.NOT_READ,
        sign_in=SignIn.NOT_CONFIGURED,
        users=users,
        groups=groups,
        lacking=lacking,
        notes=() if reading.role is Role.HRIS else notes,
        quirks=reading.users.deviations + reading.groups.deviations,
        requests=reading.requests,
        full_read_requests=reading.requests,
        full_read_milliseconds=milliseconds,
    )
    return survey, domains


def _ignore(progress: Progress) -> None:
    """A look is over before anybody could follow it."""


def _took(reading: Reading) -> int:
    began, ended = reading.started_at, reading.ended_at
    return math.ceil((ended - began).total_seconds() * 1000) if began and ended else 0


def _page(population: Population, abilities: tuple[Ability, ...], milliseconds: int) -> PageSurvey:
    read = population.state is not State.NOT_READ
    return PageSurvey(
        asked=0,
        given=population.received,
        reported=population.received if read else None,
        milliseconds=milliseconds,
        requests=len(population.responses),
        abilities=abilities if read else (),
        failure=None if read else _first(population.reasons),
    )


def _first(reasons: tuple[Reason, ...]) -> Reason | None:
    return reasons[0] if reasons else None


def _abilities(reading: Reading, records: Records) -> tuple[Ability, ...]:
    count = reading.users.received
    if reading.role is Role.HRIS:
        return person_abilities(records.people, count)
    return account_abilities(records.accounts, count)
