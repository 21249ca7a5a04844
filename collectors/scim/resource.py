"""Raw SCIM resources (RFC 7643) made people, accounts, groups and memberships.

Nothing here fails on odd data: what cannot be used becomes None and is noted, or is named as a
problem where the audit would depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from collectors.scim.attribute import (
    ENTERPRISE,
    ENTERPRISE_1,
    AttributePath,
    is_present,
    last_segment,
    member,
    parse_path,
    values,
)
from collectors.scim.instant import has_zone, known_zone, parse_instant
from collectors.scim.shape import is_group, shape_notes
from scanner.config import StateValues, StatusValues
from scanner.model import Account, Group, Membership, Person, PersonStatus, Pointer, Role

_SHARED = {
    "user_name": "userName",
    "external_id": "externalId",
    "employee_number": f"{ENTERPRISE}:employeeNumber",
    "emails": "emails.value",
    "display_name": "displayName",
    "active": "active",
}
PERSON_PATHS = {
    **_SHARED,
    "person_id": "id",
    "worker_type": "userType",
    "department": f"{ENTERPRISE}:department",
    "title": "title",
    "manager_id": f"{ENTERPRISE}:manager.value",
    "timezone": "timezone",
}
ACCOUNT_PATHS = {
    **_SHARED,
    "account_id": "id",
    "created_at": "meta.created",
    "modified_at": "meta.lastModified",
    "version": "meta.version",
}

# SCIM 1.1 has the enterprise attributes under another name, and names the manager differently.
ENTERPRISE_1_PATHS = {
    "employee_number": f"{ENTERPRISE_1}:employeeNumber",
    "department": f"{ENTERPRISE_1}:department",
    "manager_id": f"{ENTERPRISE_1}:manager.managerId",
}

ID_MISSING = "record.id_missing"
ACTIVE_UNKNOWN = "record.active_unknown"
ID_TOO_LONG = "record.id_too_long"
STATUS_UNKNOWN = "record.status_unknown"
DEPARTURE_UNREADABLE = "record.departure_unreadable"
WRONG_TYPE = "record.wrong_type"
MEMBER_UNREADABLE = "record.member_unreadable"

LONGEST_ID = 1024

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # C0, DEL and C1

_FORMATTED = parse_path("name.formatted")
_GIVEN = parse_path("name.givenName")
_FAMILY = parse_path("name.familyName")
_RESOURCE_TYPE = parse_path("meta.resourceType")
_ID = parse_path("id")
_GROUP_NAME = parse_path("displayName")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Interpretation:
    """How one source's resources are read: attribute places, spellings, the organization's zone."""

    source: str
    role: Role
    paths: Mapping[str, AttributePath]
    zone: ZoneInfo
    states: StateValues
    statuses: StatusValues


def interpretation(
    source: str,
    role: Role,
    attributes: Mapping[str, str],
    zone: ZoneInfo,
    states: StateValues,
    statuses: StatusValues,
    version: str = "2.0",
) -> Interpretation:
    """Lay ``attributes`` (field = path) over the places of RFC 7643 or, by version, of SCIM 1.1.

    Raises ValueError for a path that is none.
    """
    places = PERSON_PATHS if role is Role.HRIS else ACCOUNT_PATHS
    if version == "1.1":
        places = places | {
            name: ENTERPRISE_1_PATHS.get(name, path) for name, path in places.items()
        }
    paths = {name: parse_path(text) for name, text in (places | dict(attributes)).items()}
    return Interpretation(source, role, paths, zone, states, statuses)


@dataclass(frozen=True, slots=True)
class Reported(Generic[T]):
    """A record, or None where it has no id, with what was tolerated and what not understood."""

    record: T | None
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def read_person(
    resource: Mapping[str, object], pointer: Pointer, how: Interpretation
) -> Reported[Person]:
    """Read one User of an HRIS; without mapped status, ``active`` false is a terminated person."""
    fields = _Fields(resource, how)
    timezone = fields.local_zone()
    status = fields.status()
    person_id = fields.identifier("person_id")
    person = None if person_id is None else Person(
        source=how.source,
        person_id=person_id,
        pointer=pointer,
        status=status,
        external_id=fields.key("external_id"),
        employee_number=fields.key("employee_number"),
        user_name=fields.text("user_name"),
        emails=fields.emails(),
        display_name=fields.display_name(),
        worker_type=fields.text("worker_type"),
        department=fields.text("department"),
        title=fields.text("title"),
        manager_id=fields.key("manager_id"),
        location=fields.text("location"),
        hired_at=fields.instant("hired_at"),
        departed_at=fields.instant("departed_at", ends=True),
        recorded_at=fields.instant("recorded_at"),
        timezone=timezone,
    )  # fmt: skip
    return fields.reported(person, person_id, "group")


def read_account(
    resource: Mapping[str, object], pointer: Pointer, how: Interpretation
) -> Reported[Account]:
    """Read one User of an app; ``active`` is None where it is absent or in an unknown spelling."""
    fields = _Fields(resource, how)
    active = fields.active()
    account_id = fields.identifier("account_id")
    account = None if account_id is None else Account(
        source=how.source,
        account_id=account_id,
        pointer=pointer,
        active=active,
        user_name=fields.text("user_name"),
        external_id=fields.key("external_id"),
        employee_number=fields.key("employee_number"),
        emails=fields.emails(),
        display_name=fields.display_name(),
        account_type=fields.text("account_type"),
        privileged=fields.privileged(),
        created_at=fields.instant("created_at"),
        modified_at=fields.instant("modified_at"),
        last_activity_at=fields.instant("last_activity_at"),
        version=fields.text("version"),
    )  # fmt: skip
    return fields.reported(account, account_id, "group")


def read_group(resource: Mapping[str, object], pointer: Pointer, source: str) -> Reported[Group]:
    """Read one Group (RFC 7643 section 4.2) without its members."""
    group_id = _key(values(resource, _ID))
    problems = _type_problems(resource, "user")
    if group_id is None:
        return Reported(None, problems=(ID_MISSING, *problems))
    unreadable = any(_member(one) is None for one in _members(resource))
    return Reported(
        Group(source, group_id, pointer, _text(values(resource, _GROUP_NAME))),
        problems=(*problems, MEMBER_UNREADABLE) if unreadable else problems,
    )


def read_memberships(resource: Mapping[str, object], group: Group) -> tuple[Membership, ...]:
    """Read the direct members of a group, each once; members without any id are left out."""
    found = dict.fromkeys(filter(None, map(_member, _members(resource))))
    return tuple(
        Membership(group.source, group.group_id, member_id, kind, group.pointer)
        for member_id, kind in found
    )


def read_user_groups(
    resource: Mapping[str, object], user_id: str, pointer: Pointer, source: str
) -> tuple[Membership, ...]:
    """Read the groups a User says it is a direct member of (RFC 7643 section 4.1.2), each once."""
    direct = (_key((_group_value(one),)) for one in _many(resource, "groups") if _is_direct(one))
    ids = dict.fromkeys(one for one in direct if one is not None)
    return tuple(Membership(source, one, user_id, "User", pointer) for one in ids)


def _group_value(one: object) -> object:
    if not isinstance(one, dict):
        return one
    return member(one, "value") or last_segment(member(one, "$ref"))


def _is_direct(one: object) -> bool:
    kind = member(one, "type") if isinstance(one, dict) else None
    return not (isinstance(kind, str) and kind.lower() == "indirect")


def _members(resource: Mapping[str, object]) -> list[object]:
    return _many(resource, "members")


def _many(resource: Mapping[str, object], name: str) -> list[object]:
    """The values of a multi-valued attribute, nulls left out; one alone may stand without list."""
    found = member(resource, name)
    if isinstance(found, list):
        return [one for one in found if one is not None]
    return [] if found is None else [found]


def _member(one: object) -> tuple[str, str] | None:
    """Id and type of one member, or None where it names nobody."""
    if not isinstance(one, dict):
        plain = _key((one,))
        return None if plain is None else (plain, "User")
    reference = member(one, "$ref")
    member_id = _key((member(one, "value"),)) or last_segment(reference)
    if member_id is None:
        return None
    kind = member(one, "type")
    if isinstance(kind, str) and kind.lower() in ("user", "group"):
        return visible(member_id), kind.capitalize()
    nested = isinstance(reference, str) and "/groups/" in reference.lower()
    return visible(member_id), "Group" if nested else "User"


@dataclass(slots=True)
class _Fields:
    """One resource being read; collects notes and problems on the way."""

    resource: Mapping[str, object]
    how: Interpretation
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    zone: ZoneInfo | None = None

    def reported(self, record: T | None, record_id: str | None, other: str) -> Reported[T]:
        missing = (ID_MISSING,) if record_id is None and ID_TOO_LONG not in self.problems else ()
        problems = (*missing, *_type_problems(self.resource, other), *self.problems)
        return Reported(record, (*shape_notes(self.resource), *self.notes), problems)

    def values(self, name: str) -> tuple[object, ...]:
        path = self.how.paths.get(name)
        return () if path is None else values(self.resource, path)

    def key(self, name: str) -> str | None:
        return _key(self.values(name))

    def identifier(self, name: str) -> str | None:
        found = self.key(name)
        if found is not None and len(found) > LONGEST_ID:
            self.problems.append(ID_TOO_LONG)
            return None
        return found

    def text(self, name: str) -> str | None:
        return _text(self.values(name))

    def emails(self) -> tuple[str, ...]:
        texts = (_text((value,)) for value in self.values("emails"))
        return tuple(dict.fromkeys(text for text in texts if text is not None))

    def display_name(self) -> str | None:
        shown = self.text("display_name") or _text(values(self.resource, _FORMATTED))
        if shown is not None:
            return shown
        parts = (_text(values(self.resource, path)) for path in (_GIVEN, _FAMILY))
        return " ".join(filter(None, parts)) or None

    def local_zone(self) -> str | None:
        """The zone a person works in; dates and times of this record are read in it."""
        named = self.text("timezone")
        self.zone = known_zone(named) if named is not None else None
        if named is not None and self.zone is None:
            self.notes.append("timezone is not an IANA time zone, the organization's is taken")
        return named

    def instant(self, name: str, *, ends: bool = False) -> datetime | None:
        found = next(iter(self.values(name)), None)
        if found is None or found == "":
            return None
        try:
            if isinstance(found, str):
                instant = parse_instant(found, self.zone or self.how.zone, ends=ends)
                if self.zone is None and not has_zone(found):
                    self.notes.append(f"{name} has no zone, taken as the organization's")
                return instant
        except ValueError:
            pass
        if name == "departed_at":  # a leaver of next month must not be taken for one of today
            self.problems.append(DEPARTURE_UNREADABLE)
        else:
            self.notes.append(f"{name} is not an RFC 3339 date or time")
        return None

    def active(self) -> bool | None:
        found = next(iter(self.values("active")), None)
        state = found if isinstance(found, bool) else _listed(found, self.how.states)
        if state is None:
            self.problems.append(ACTIVE_UNKNOWN)
        return state

    def status(self) -> PersonStatus:
        if "status" not in self.how.paths:
            active = self.active()
            if active is None:
                return PersonStatus.UNKNOWN
            return PersonStatus.ACTIVE if active else PersonStatus.TERMINATED
        text = self.text("status")
        for status in PersonStatus:
            if text is not None and text in getattr(self.how.statuses, status, ()):
                return status
        self.problems.append(STATUS_UNKNOWN)
        return PersonStatus.UNKNOWN

    def privileged(self) -> bool | None:
        """A boolean as it is; of a path with a filter, whether anything passed the filter."""
        path = self.how.paths.get("privileged")
        found = next(iter(self.values("privileged")), None)
        if isinstance(found, bool):
            return found
        if path is None or path.by is None or not is_present(self.resource, path):
            return None
        return found is not None


def _listed(value: object, states: StateValues) -> bool | None:
    """The state an app's own spelling stands for, where the configuration says so."""
    text = str(value) if isinstance(value, str | int) else None
    if text in states.active:
        return True
    return False if text in states.inactive else None


def _type_problems(resource: Mapping[str, object], other: str) -> tuple[str, ...]:
    kind = _text(values(resource, _RESOURCE_TYPE))
    told = kind.lower() if kind is not None else "group" if is_group(resource) else None
    return (WRONG_TYPE,) if told == other else ()


def _key(found: tuple[object, ...]) -> str | None:
    """An identifier: text, or a whole number as some servers send it."""
    first = found[0] if found else None
    if isinstance(first, int) and not isinstance(first, bool):
        return str(first)
    return _text(found)


def _text(found: tuple[object, ...]) -> str | None:
    first = found[0] if found else None
    return visible(first) if isinstance(first, str) and first.strip() else None


def visible(text: str) -> str:
    """Give text that any file can hold: control characters and lone surrogates become escapes."""
    shown = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return shown.encode("utf-8", "backslashreplace").decode()
