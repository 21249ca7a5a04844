"""What the responses of a source hold: people, accounts, groups and memberships."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PersonStatus(StrEnum):
    """Employment status as the HRIS reports it; ``unknown`` is never departed."""

    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    PENDING = "pending"
    TERMINATED = "terminated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a record stands in the evidence: response file in the run folder, index in it."""

    response: str
    index: int


@dataclass(frozen=True, slots=True)
class Person:
    """One record of an HRIS (RFC 7643 User with the enterprise extension).

    ``timezone`` is where the person works (RFC 7643 section 4.1.1), as the HRIS wrote it.
    """

    source: str
    person_id: str
    pointer: Pointer
    status: PersonStatus
    external_id: str | None = None
    employee_number: str | None = None
    user_name: str | None = None
    emails: tuple[str, ...] = ()
    display_name: str | None = None
    worker_type: str | None = None
    department: str | None = None
    title: str | None = None
    manager_id: str | None = None
    location: str | None = None
    hired_at: datetime | None = None
    departed_at: datetime | None = None
    recorded_at: datetime | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One login record of an app or identity provider; ``active`` is true, false or unknown."""

    source: str
    account_id: str
    pointer: Pointer
    active: bool | None
    user_name: str | None = None
    external_id: str | None = None
    employee_number: str | None = None
    emails: tuple[str, ...] = ()
    display_name: str | None = None
    account_type: str | None = None
    privileged: bool | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    last_activity_at: datetime | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One group of an app (RFC 7643 section 4.2)."""

    source: str
    group_id: str
    pointer: Pointer
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """One direct member of a group; ``member_type`` is ``User`` or ``Group`` (nested)."""

    source: str
    group_id: str
    member_id: str
    member_type: str
    pointer: Pointer


class EventKind(StrEnum):
    """What an audit event says happened to an account."""

    CREATED = "created"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """One imported audit event about an account of ``source``, named by its id or user name."""

    source: str
    account_id: str | None
    user_name: str | None
    event: EventKind
    occurred_at: datetime
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Records:
    """Everything one source's responses hold, parsed; the order is that of the responses."""

    people: tuple[Person, ...] = ()
    accounts: tuple[Account, ...] = ()
    groups: tuple[Group, ...] = ()
    memberships: tuple[Membership, ...] = ()
