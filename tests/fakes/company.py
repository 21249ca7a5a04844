"""Small hand-made companies: a few people, accounts and groups, judged by the real rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanner.config import Config, parse_registers
from scanner.model import (
    Account,
    Before,
    Finding,
    Group,
    Membership,
    Person,
    PersonStatus,
    Pointer,
    Population,
    Reading,
    Reason,
    Records,
    Role,
    State,
)
from scanner.reconcile.judge import Conclusions, reconcile
from scanner.reconcile.tables import write_tables

AS_OF = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
LEFT = datetime(2026, 10, 2, 22, 0, tzinfo=UTC)
RUN = "000001-20261101T090000Z"

SETTINGS: dict[str, Any] = {
    "policy": {"deprovision_within": "24h"},
    "sources": {
        "people": {"role": "hris", "type": "scim", "url": "https://hr.example.com"},
        "okta": {"role": "idp", "type": "okta", "url": "https://okta.example.com"},
        "slack": {"type": "slack", "url": "https://slack.example.com"},
    },
}
"""One HRIS ``people``, one identity provider ``okta``, one app ``slack``; removal within 24 h."""


def person(
    person_id: str,
    source: str = "people",
    **attributes: Any,  # noqa: ANN401 - any field of Person
) -> Person:
    """Make a person, active unless said otherwise, with nothing but what is given."""
    pointer = Pointer(f"responses/{source}/users-1.json", len(person_id))
    return Person(
        source=source,
        person_id=person_id,
        pointer=pointer,
        **{"status": PersonStatus.ACTIVE, **attributes},
    )


def leaver(
    person_id: str,
    departed_at: datetime | None = LEFT,
    **attributes: Any,  # noqa: ANN401 - any field of Person
) -> Person:
    """Make a terminated person."""
    return person(person_id, status=PersonStatus.TERMINATED, departed_at=departed_at, **attributes)


def account(
    account_id: str,
    source: str = "slack",
    **attributes: Any,  # noqa: ANN401 - any field of Account
) -> Account:
    """Make an account, active unless said otherwise, with nothing but what is given."""
    pointer = Pointer(f"responses/{source}/users-1.json", len(account_id))
    return Account(
        source=source, account_id=account_id, pointer=pointer, **{"active": True, **attributes}
    )


def group(group_id: str, *members: str, source: str = "slack", name: str | None = None) -> Records:
    """Make a group with direct members of type User."""
    pointer = Pointer(f"responses/{source}/groups-1.json", len(group_id))
    return Records(
        groups=(Group(source, group_id, pointer, name),),
        memberships=tuple(
            Membership(source, group_id, member, "User", pointer) for member in members
        ),
    )


def reading(
    source: str,
    role: Role,
    users: State = State.COMPLETE,
    groups: State = State.COMPLETE,
    received: int = 0,
) -> Reading:
    """Make a reading; what is not COMPLETE has a reason that says ``<what> were cut short.``."""
    return Reading(
        source=source,
        role=role,
        type="scim",
        url=f"https://{source}.example.com",
        users=_population(users, "Users", received),
        groups=_population(groups, "Groups"),
    )


def _population(state: State, what: str, received: int = 0) -> Population:
    cut = Reason("read.cut", f"{what} were cut short.", "ask again")
    reasons = () if state is State.COMPLETE else (cut,)
    return Population(state, received=received, reasons=reasons)


@dataclass
class Company:
    """People, accounts and groups of some sources, and how completely each was read."""

    records: Iterable[Person | Account | Records]
    settings: Mapping[str, Any] = field(default_factory=lambda: SETTINGS)
    entitlements: Iterable[Mapping[str, Any]] = ()
    users: Mapping[str, State] = field(default_factory=dict)
    groups: Mapping[str, State] = field(default_factory=dict)
    as_of: datetime = AS_OF
    before: Before = field(default_factory=Before)
    registers: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        """The configuration these settings and entitlements make."""
        return Config.model_validate({**self.settings, "entitlements": list(self.entitlements)})

    @property
    def readings(self) -> list[Reading]:
        """One reading per source, COMPLETE unless said otherwise."""
        everything = list(self.records)
        return [
            reading(
                name,
                source.role,
                self.users.get(name, State.COMPLETE),
                self.groups.get(name, State.COMPLETE),
                len(held.people) + len(held.accounts),
            )
            for name, source in self.config.sources.items()
            for held in [records_of(name, everything)]
        ]

    def tabulate(self, folder: Path) -> None:
        """Write the four tables of every source."""
        config, everything = self.config, list(self.records)
        records = {name: records_of(name, everything) for name in config.sources}
        aliases = config.correlation.domain_aliases
        write_tables(folder, records, config.policy.limit, config.organization.zone, aliases)

    def conclude(self, folder: Path) -> Conclusions:
        """Write the tables and judge them."""
        self.tabulate(folder)
        config = self.config
        texts = {name: text.encode() for name, text in self.registers.items()}
        return reconcile(
            folder,
            config,
            self.readings,
            RUN,
            self.as_of,
            self.before,
            parse_registers(texts, config),
        )

    def findings(self, folder: Path, kind: str) -> list[Finding]:
        """Return the findings of one kind, in canonical order."""
        return [one for one in self.conclude(folder).findings if one.kind == kind]


def records_of(source: str, everything: Iterable[Person | Account | Records]) -> Records:
    """Collect what belongs to one source, in the order given."""
    kept = [one for one in everything if not isinstance(one, Records)]
    groups = [one for one in everything if isinstance(one, Records)]
    return Records(
        people=tuple(one for one in kept if isinstance(one, Person) and one.source == source),
        accounts=tuple(one for one in kept if isinstance(one, Account) and one.source == source),
        groups=tuple(row for one in groups for row in one.groups if row.source == source),
        memberships=tuple(row for one in groups for row in one.memberships if row.source == source),
    )
