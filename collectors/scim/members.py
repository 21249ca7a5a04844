"""Memberships as the groups list them, held against the users and what these say themselves."""

from __future__ import annotations

from collectors.scim.walk import Walk
from scanner.model import Reason


def missing_members(groups: Walk, users: Walk) -> Reason | None:
    """Give a reason where users name groups that do not list them, or None.

    A member of a nested group counts as listed by the outer one too; circles of groups are walked
    once (RFC 7643 section 4.2). Servers that do not tell the groups of a user prove nothing.
    """
    listed = _everybody(groups)
    contradicting = [
        (user.id, group)
        for user in users.glances()
        for group in user.groups
        if group in listed and user.id not in listed[group]
    ]
    if not contradicting:
        return None
    user_id, group_id = contradicting[0]
    return Reason(
        "groups.members_truncated",
        f"{len(contradicting)} users name a group that does not list them "
        f"(first: user {user_id}, group {group_id})",
        'the server cuts lists of members short; members = "per_group" or "from_users" may help',
    )


def member_notes(groups: Walk, users: Walk) -> tuple[str, ...]:
    """Describe what of the memberships is odd but harms nothing: nested groups, unknown members."""
    notes = []
    nested = sum(len(glance.nested) for glance in groups.glances())
    if nested:
        notes.append(f"{nested} members of groups are groups; they are listed, not expanded")
    known = groups.distinct_ids() | users.distinct_ids()
    unknown = [one for glance in groups.glances() for one in glance.members if one not in known]
    if unknown:
        notes.append(
            f"{len(unknown)} members of groups are no listed user or group (first: id {unknown[0]})"
        )
    return tuple(notes)


def _everybody(groups: Walk) -> dict[str, set[str]]:
    """Everybody in each group, directly or through groups within it."""
    direct = {one.id: one for one in groups.glances() if one.id is not None}
    everybody = {}
    for group_id in direct:
        found: set[str] = set()
        waiting, visited = [group_id], {group_id}
        while waiting:
            glance = direct[waiting.pop()]
            found |= set(glance.members)
            inner = {one for one in glance.nested if one in direct} - visited
            visited |= inner
            waiting += inner
        everybody[group_id] = found
    return everybody
