"""Nested groups: who is in a group through another one, and by which shortest way.

RFC 7643 section 4.2 lets a group be a member of a group and forbids no cycle. Everything here is
iterative and sees each group once per group it is expanded into, so that cycles, diamonds and deep
chains end.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.errors import EvidenceError
from scanner.model import Membership, Pointer
from scanner.reconcile.keys import text

MOST_INDIRECT = 50_000_000
"""Indirect memberships of one source; more are an error, for no machine would hold them."""


@dataclass(frozen=True, slots=True)
class Held:
    """A user in a group through others; ``via`` are the nested groups, outermost first."""

    source: str
    group_id: str
    member_id: str
    pointer: Pointer
    via: tuple[str, ...]


def indirect_memberships(
    memberships: Sequence[Membership], most: int = MOST_INDIRECT
) -> Iterator[Held]:
    """Give the memberships that users have through nested groups, by group, nearest first.

    A user who is a direct member of a group is not given as an indirect one. Of several ways the
    shortest is taken, among equals the first by the ids of its groups. ``pointer`` is where the
    innermost group shows the user. Ids that are no group's are members without members; a group
    in itself adds nothing. Raises EvidenceError where there would be more than ``most``.
    """
    children: defaultdict[str, set[str]] = defaultdict(set)
    for one in memberships:
        if one.member_type == "Group" and one.member_id != one.group_id:
            children[one.group_id].add(one.member_id)
    ordered = {group: sorted(nested) for group, nested in children.items()}
    users = _users_of(memberships, set(children).union(*children.values()))
    given = 0
    for group in sorted(ordered):
        for held in _indirect(group, ordered, users):
            given += 1
            if given > most:
                raise EvidenceError(
                    f"{held.source}: its nested groups make more than {most:,} memberships",
                    'leave its groups out: members = "hidden"',
                )
            yield held


def via_text(via: Sequence[str]) -> str | None:
    """Return the way of an indirect membership as JSON, which no id can be mistaken in.

    Ids stand in it as they stand in the tables; None is for a direct membership.
    """
    ids = [text(one) for one in via]
    return json.dumps(ids, ensure_ascii=False, separators=(",", ":")) if ids else None


def via_groups(via: str | None) -> tuple[str, ...]:
    """Return the groups that :func:`via_text` wrote."""
    return tuple(json.loads(via)) if via else ()


def _users_of(
    memberships: Sequence[Membership], groups: set[str]
) -> Mapping[str, list[Membership]]:
    users: defaultdict[str, list[Membership]] = defaultdict(list)
    for one in memberships if groups else ():
        if one.group_id in groups and one.member_type == "User":
            users[one.group_id].append(one)
    return users


def _indirect(
    group: str, children: Mapping[str, Sequence[str]], users: Mapping[str, Sequence[Membership]]
) -> Iterator[Held]:
    known = {one.member_id for one in users.get(group, ())}
    for nested, way in _ways(group, children):
        for one in users.get(nested, ()):
            if one.member_id not in known:
                known.add(one.member_id)
                yield Held(one.source, group, one.member_id, one.pointer, way)


def _ways(
    group: str, children: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give every group nested in ``group`` once, nearest first, with the shortest way to it."""
    reached = {group}
    level: list[tuple[str, tuple[str, ...]]] = [(group, ())]
    while level:
        below: list[tuple[str, tuple[str, ...]]] = []
        for outer, way in level:
            for inner in children.get(outer, ()):
                if inner not in reached:
                    reached.add(inner)
                    below.append((inner, (*way, inner)))
        yield from below
        level = below
