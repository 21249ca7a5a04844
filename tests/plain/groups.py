"""Who is in which group, directly or through others, and who should be."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.config import Config, Entitlement
from tests.plain.company import History, Place, Run
from tests.plain.text import fits, plain_key

Way = tuple[str, ...]
"""The nested groups through which somebody is a member, outermost first; empty for directly."""


def members_of(run: Run) -> dict[Place, dict[str, Way]]:
    """The users of every group, and the shortest way in which each is a member."""
    users: defaultdict[Place, set[str]] = defaultdict(set)
    inner: defaultdict[Place, set[str]] = defaultdict(set)
    for one in run.memberships:
        (users if one.member_type == "User" else inner)[one.source, one.group_id].add(one.member_id)
    found: dict[Place, dict[str, Way]] = {}
    for source, group in {*users, *inner}:
        ways: dict[str, Way] = dict.fromkeys(users.get((source, group), ()), ())
        for nested, way in _nested(source, group, inner).items():
            for user in users.get((source, nested), ()):
                if user not in ways or (len(way), way) < (len(ways[user]), ways[user]):
                    ways[user] = way
        found[source, group] = ways
    return found


def _nested(source: str, group: str, inner: Mapping[Place, set[str]]) -> dict[str, Way]:
    """Every group within a group, and the shortest way to it, the first one among equals."""
    reached: dict[str, Way] = {group: ()}
    level = reached
    while level:
        below: dict[str, Way] = {}
        for outer, way in level.items():
            for nested in inner.get((source, outer), ()):
                if nested not in reached:
                    longer = (*way, nested)
                    below[nested] = min(below.get(nested, longer), longer)
        reached = reached | below
        level = below
    return {nested: way for nested, way in reached.items() if nested != group}


def via_text(way: Way) -> str | None:
    """A way as the findings write it."""
    return json.dumps(list(way), ensure_ascii=False, separators=(",", ":")) if way else None


@dataclass
class Governed:
    """What the entitlements of one group of one app ask for, added up."""

    bases: set[str] = field(default_factory=set)
    rules: list[Mapping[str, tuple[str, ...]]] = field(default_factory=list)
    models: list[Place] = field(default_factory=list)


@dataclass(frozen=True)
class Governance:
    """The groups that rules and mirrors govern, and those whose members were approved.

    ``withheld`` are groups, as they are named, of which nothing is concluded; ``named`` all that
    anything names.
    """

    governed: Mapping[Place, Governed]
    approved: Mapping[Place, frozenset[str]]
    withheld: frozenset[Place]
    named: frozenset[Place]


def governance(history: History, run: Run) -> Governance:
    """Find the groups that entitlements and the approved baseline name.

    What an entitlement asks for that is not clear may be asked for in every group it may mean, so
    that of these, too, nothing is concluded.
    """
    governed: defaultdict[Place, Governed] = defaultdict(Governed)
    withheld: set[Place] = set()
    named: set[Place] = set()
    doubtful: set[Place] = set()
    for one in history.config.entitlements:
        meant = set(_called(run, one.app, one.group))
        named |= meant
        if not _clear(run, one):
            withheld.add((one.app, one.group))
            doubtful |= meant
    for one in history.config.entitlements:
        mine, model = _found(run, one.app, one.group), _model(run, one)
        if mine is None or mine in doubtful:
            withheld.add((one.app, one.group))
            continue
        group = governed[mine]
        group.bases.add("rule" if one.mirrors is None else "mirror")
        if one.people is not None:
            group.rules.append(one.people)
        if model is not None:
            group.models.append(model)
    approved: dict[Place, frozenset[str]] = {}
    for each in history.registers.baseline:
        place = (each.app, each.group)
        named.add(place)
        whole = run.complete(each.app) and run.groups_complete(each.app)
        if place in run.groups and whole and place not in doubtful:
            approved[place] = frozenset(each.members)
        else:
            withheld.add(place)
    return Governance(dict(governed), approved, frozenset(withheld), frozenset(named))


def _clear(run: Run, entitlement: Entitlement) -> bool:
    if _found(run, entitlement.app, entitlement.group) is None:
        return False
    return entitlement.mirrors is None or _model(run, entitlement) is not None


def _model(run: Run, entitlement: Entitlement) -> Place | None:
    if entitlement.mirrors is None:
        return None
    source, _, group = entitlement.mirrors.partition(":")
    return _found(run, source, group)


def _found(run: Run, source: str, named: str) -> Place | None:
    """The one group with this id or name, where the source is whole enough to say so."""
    found = _called(run, source, named)
    whole = run.complete(source) and run.groups_complete(source)
    return found[0] if whole and len(found) == 1 else None


def _called(run: Run, source: str, named: str) -> list[Place]:
    wanted = plain_key(named)
    return [
        place
        for place, one in run.groups.items()
        if place[0] == source
        and wanted is not None
        and wanted in {plain_key(one.group_id), plain_key(one.display_name)}
    ]


def privileged_groups(run: Run, config: Config) -> set[Place]:
    """The groups whose id or name fits a pattern of the configuration."""
    return {
        place
        for place, one in run.groups.items()
        for pattern in config.sources[place[0]].privileged_groups
        if fits(pattern, plain_key(one.group_id)) or fits(pattern, plain_key(one.display_name))
    }
