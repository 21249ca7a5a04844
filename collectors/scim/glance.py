"""Looking at one record: what of it the proof needs, and nothing that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from collectors.scim.attribute import is_present
from collectors.scim.resource import (
    Interpretation,
    Reported,
    read_account,
    read_group,
    read_memberships,
    read_person,
    read_user_groups,
)
from collectors.scim.walk import Glance
from scanner.model import Account, Person, PersonStatus, Pointer, Role

CLOCK_DIFFERENCE = timedelta(days=1)

_NOWHERE = Pointer("", 0)


def look_at_user(
    resource: Mapping[str, object],
    how: Interpretation,
    canaries: tuple[str, ...],
    now: datetime | None = None,
) -> Glance:
    """Look at one User as ``how`` says, at ``now``; a canary matches in any ASCII case.

    Without ``now`` times are not compared with the present.
    """
    user: Reported[Person] | Reported[Account]
    if how.role is Role.HRIS:
        user = read_person(resource, _NOWHERE, how)
    else:
        user = read_account(resource, _NOWHERE, how)
    named = read_user_groups(resource, "", _NOWHERE, "")
    return Glance(
        _id(user.record),
        user.problems,
        (*user.notes, *_future(user.record, now)),
        _matched(user.record, canaries),
        groups=tuple(one.group_id for one in named),
        lacks_active=not is_present(resource, how.paths["active"]),
        gone=_is_gone(user.record),
        mark=_mark(user.record),
        user_name=_user_name(user.record),
    )


def look_at_group(resource: Mapping[str, object]) -> Glance:
    """Look at one Group and at who its direct members are."""
    group = read_group(resource, _NOWHERE, "")
    if group.record is None:
        return Glance(None, group.problems)
    members = read_memberships(resource, group.record)
    return Glance(
        group.record.group_id,
        group.problems,
        members=tuple(one.member_id for one in members),
        nested=tuple(one.member_id for one in members if one.member_type == "Group"),
        mark=hash((group.record, frozenset(members))),
    )


def _mark(record: Person | Account | None) -> int:
    """Differs where what is concluded from differs; versions and times may change at every look."""
    if record is None:
        return 0
    same = (record.user_name, record.external_id, record.employee_number, frozenset(record.emails))
    if isinstance(record, Person):
        own: tuple[object, ...] = (record.status, record.departed_at, record.worker_type)
        return hash((same, own, record.department))
    return hash((same, record.active, record.account_type, record.privileged))


def _future(record: Person | Account | None, now: datetime | None) -> tuple[str, ...]:
    """Times of an account that have not come yet; of a person later dates are in order."""
    if not isinstance(record, Account) or now is None:
        return ()
    times = {
        "created_at": record.created_at,
        "modified_at": record.modified_at,
        "last_activity_at": record.last_activity_at,
    }
    end = now + CLOCK_DIFFERENCE
    late = (name for name, instant in times.items() if instant is not None and instant > end)
    return tuple(f"{name} lies in the future" for name in late)


def _user_name(record: Person | Account | None) -> str | None:
    return None if record is None or record.user_name is None else record.user_name.casefold()


def _is_gone(record: Person | Account | None) -> bool:
    if isinstance(record, Person):
        return record.status is PersonStatus.TERMINATED
    return record is not None and record.active is False


def _id(record: Person | Account | None) -> str | None:
    if record is None:
        return None
    return record.person_id if isinstance(record, Person) else record.account_id


def _matched(record: Person | Account | None, canaries: tuple[str, ...]) -> frozenset[str]:
    """The canaries a record answers to: by id, number, name or address, in any ASCII case."""
    if record is None or not canaries:
        return frozenset()
    keys = (
        _id(record),
        record.external_id,
        record.employee_number,
        record.user_name,
        *record.emails,
    )
    known = {_folded(key) for key in keys if key is not None}
    return frozenset(canary for canary in canaries if _folded(canary) in known)


def _folded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").lower()
