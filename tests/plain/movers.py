"""Who works elsewhere than in the audit before, and what they kept from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scanner.model import Person
from tests.plain.company import Place
from tests.plain.groups import Way, members_of
from tests.plain.seen import Judged

Move = tuple[str, str, str]
"""The field that changed, what it is now, and what it was before."""
Membership = tuple[Place, Place]
"""A group and an account in it."""


@dataclass(frozen=True)
class Kept:
    """A membership kept from before a move: whose, and which field was what before."""

    person: Place
    field: str
    former: str


def still_moved(
    known: Mapping[Membership, Kept], moves: Mapping[Place, Move], people: Mapping[Place, Person]
) -> dict[Membership, Move]:
    """What earlier runs found kept, of people who neither came back nor moved on."""
    found: dict[Membership, Move] = {}
    for place, kept in known.items():
        now = getattr(people.get(kept.person), kept.field, None)
        if kept.person not in moves and now is not None and now != kept.former:
            found[place] = (kept.field, now, kept.former)
    return found


def moved(past: Sequence[Judged]) -> dict[Place, Move]:
    """Whose department, or else title, is another one than the newest audit before read."""
    earlier: dict[Place, Person] = {}
    for one in past[:-1]:
        for place, person in one.run.people.items():
            if one.run.complete(place[0]) and (one.run.audit or place not in earlier):
                earlier[place] = person
    found: dict[Place, Move] = {}
    for place, now in past[-1].run.people.items():
        before = earlier.get(place)
        for field in ("department", "title"):
            old, new = getattr(before, field, None), getattr(now, field)
            if old is not None and new is not None and old != new:
                found.setdefault(place, (field, new, old))
    return found


def held_before(past: Sequence[Judged], source: str) -> Mapping[Place, Mapping[str, Way]]:
    """The members of the groups of a source in the newest audit before that read them all."""
    for one in reversed(past[:-1]):
        if one.run.audit and one.run.groups_complete(source):
            return members_of(one.run)
    return {}
