"""What the plain reconciler is given: every run of a company, with all that each of them read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from scanner.config import Config
from scanner.model import (
    NO_REGISTERS,
    Account,
    AccountEvent,
    Group,
    Membership,
    Person,
    Reading,
    Records,
    Registers,
    Role,
    State,
)

Place = tuple[str, str]
"""A source and an id in it."""


@dataclass(frozen=True)
class Run:
    """One run: what it read of each source, and how whole. A run that is no audit only collects."""

    name: str
    at: datetime
    audit: bool
    readings: Sequence[Reading]
    records: Mapping[str, Records]
    events: Sequence[AccountEvent] = ()

    def complete(self, source: str) -> bool:
        """Whether all users of a source were read."""
        return any(one.source == source and one.state is State.COMPLETE for one in self.readings)

    def groups_complete(self, source: str) -> bool:
        """Whether all groups of a source were read."""
        return any(
            one.source == source and one.groups.state is State.COMPLETE for one in self.readings
        )

    def reading(self, source: str) -> Reading:
        """The reading of one source."""
        return next(one for one in self.readings if one.source == source)

    def concluded(self, config: Config) -> set[str]:
        """The apps about whose accounts something can be said: they and every HRIS are whole."""
        hris = [name for name, one in config.sources.items() if one.role is Role.HRIS]
        if not all(map(self.complete, hris)):
            return set()
        return {name for name in config.sources if name not in hris and self.complete(name)}

    @property
    def people(self) -> dict[Place, Person]:
        """Every record of every HRIS."""
        return {
            (one.source, one.person_id): one
            for held in self.records.values()
            for one in held.people
        }

    @property
    def accounts(self) -> dict[Place, Account]:
        """Every account of every app."""
        return {
            (one.source, one.account_id): one
            for held in self.records.values()
            for one in held.accounts
        }

    @property
    def groups(self) -> dict[Place, Group]:
        """Every group of every app."""
        return {
            (one.source, one.group_id): one for held in self.records.values() for one in held.groups
        }

    @property
    def memberships(self) -> list[Membership]:
        """Every direct membership."""
        return [one for held in self.records.values() for one in held.memberships]


@dataclass(frozen=True)
class History:
    """A company and all its runs, oldest first; the newest one is an audit."""

    config: Config
    runs: Sequence[Run]
    registers: Registers = field(default=NO_REGISTERS)
