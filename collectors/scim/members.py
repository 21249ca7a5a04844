"""Memberships as the groups list them, held against the users and what these say themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from collectors.scim.walk import Walk
from scanner.model import Account, Membership, Reason


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


def unknown_members(groups: Walk, users: Walk) -> Reason | None:
    """Give a reason where most members of groups are nobody that was read, or None.

    A few such members are leftovers of deleted users. Most of them mean that the server names its
    members in a way that cannot be followed, and nothing may be concluded from who seems absent.
    """
    members = [one for glance in groups.glances() for one in glance.members]
    unknown = _strangers(members, groups, users)
    if len(unknown) * 2 <= len(members):
        return None
    return Reason(
        "groups.members_unknown",
        f"{len(unknown)} of {len(members)} members of groups are no listed user or group "
        f"(first: {unknown[0]})",
        'members = "from_users" may help where users name their groups; else set it to "hidden"',
    )


def member_notes(groups: Walk, users: Walk) -> tuple[str, ...]:
    """Describe what of the memberships is odd but harms nothing: nested groups, unknown members."""
    notes = []
    nested = sum(len(glance.nested) for glance in groups.glances())
    if nested:
        notes.append(f"{nested} members of groups are groups; who is in them counts as a member")
    members = [one for glance in groups.glances() for one in glance.members]
    known = groups.distinct_ids() | users.distinct_ids()
    unknown = _strangers(members, groups, users)
    by_name = sum(one not in known for one in members) - len(unknown)
    if by_name:
        notes.append(f"{by_name} members of groups are named by user name instead of id")
    if unknown:
        notes.append(
            f"{len(unknown)} members of groups are no listed user or group (first: id {unknown[0]})"
        )
    return tuple(notes)


def resolve_members(
    memberships: Iterable[Membership], accounts: Collection[Account]
) -> tuple[Membership, ...]:
    """Give memberships whose members are ids, also where a server named them by user name.

    Only a value that is no id at all and the user name of exactly one account is replaced
    (RFC 7643 section 4.2 asks for the id). Each membership stands once, in the order given.
    """
    ids = {account.account_id for account in accounts}
    names = Counter(name for name in map(_name, accounts) if name is not None)
    by_name = {name: one for one in accounts if (name := _name(one)) is not None}

    def resolved(one: Membership) -> Membership:
        name = _lowered(one.member_id)
        if one.member_id in ids or one.member_type != "User" or names[name] != 1:
            return one
        return replace(one, member_id=by_name[name].account_id)

    return tuple(dict.fromkeys(map(resolved, memberships)))


def _name(account: Account) -> bytes | None:
    return None if account.user_name is None else _lowered(account.user_name)


def _lowered(name: str) -> bytes:
    """Only ASCII letters lose their case: other foldings could take one user for another."""
    return name.encode(errors="surrogatepass").lower()


def _strangers(members: Iterable[str], groups: Walk, users: Walk) -> list[str]:
    """The members that are neither the id of a user or group nor the user name of one user."""
    known = groups.distinct_ids() | users.distinct_ids()
    names = Counter(one.user_name for one in users.glances() if one.user_name is not None)
    return [one for one in members if one not in known and names[one.casefold()] != 1]


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
