"""What a list must show beyond its own figures: size, canaries, records that can be used."""

from __future__ import annotations

from dataclasses import dataclass

from collectors.scim.point import Checked, failed, held
from collectors.scim.resource import (
    ACTIVE_UNKNOWN,
    DEPARTURE_UNREADABLE,
    ID_MISSING,
    ID_TOO_LONG,
    MEMBER_UNREADABLE,
    STATUS_UNKNOWN,
    WRONG_TYPE,
)
from collectors.scim.size import SERVER, UNKNOWN_SIZE, Size, Wording, check_size
from collectors.scim.walk import Glance, Walk
from scanner.model import ProofPoint, Reason, Resource

CANARY_DEPARTED = "read.canary_departed"
ROUND_MEMBER_COUNTS = frozenset({100, 200, 500, 1000})

_PROBLEMS = {
    ID_TOO_LONG: ("have an id of more than 1024 characters", "such a record is not kept"),
    ID_MISSING: ("have no id", "without an id a record cannot be told from others"),
    ACTIVE_UNKNOWN: (
        "do not say in a known way whether they are active",
        "name the server's spellings in active_values, or the right place in attributes.active",
    ),
    STATUS_UNKNOWN: (
        "have no employment status, or one that is not in status_values",
        "add its spelling to status_values, where unknown is a list too; or fix attributes.status",
    ),
    DEPARTURE_UNREADABLE: (
        "have a departure that is not an RFC 3339 date or time",
        "without it a future departure looks like a past one; correct attributes.departed_at",
    ),
    WRONG_TYPE: ("are of another resource type", "check users_path and groups_path"),
    MEMBER_UNREADABLE: ("have a member without an id", "such a membership cannot be followed"),
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a list must show beyond its own figures.

    ``canaries`` must each be answered to by a record, with ``canaries_stay`` by one that is neither
    inactive nor terminated; an empty list is refused unless
    ``may_be_empty``; with ``needs_members`` at least one group must show a member, and no group
    may show exactly ``members_cap``. ``passes`` is how many walks in a row must agree;
    ``unreliable`` says that totals are not relied on; ``excuses`` names departures put up with.
    """

    canaries: tuple[str, ...] = ()
    canaries_stay: bool = False
    may_be_empty: bool = False
    needs_members: bool = False
    size: Size = UNKNOWN_SIZE
    members_cap: int | None = None
    passes: int = 1
    unreliable: bool = False
    excuses: frozenset[str] = frozenset()
    wording: Wording = SERVER


def check_content(walk: Walk, expected: Expectation) -> tuple[Checked, ...]:
    """Check what the records of a walk are, where :mod:`collectors.scim.proof` counts them."""
    return (
        _not_empty(walk, expected),
        check_size(walk, expected.size, expected.wording),
        _canaries(walk, expected),
        _understood(walk, expected),
    )


def _not_empty(walk: Walk, expected: Expectation) -> Checked:
    count = len(walk.distinct_ids())
    if count or expected.may_be_empty or walk.failure is not None:
        shown = bool(count) or expected.may_be_empty
        return Checked(ProofPoint("not_empty", shown, f"{count} ids"))
    return failed(
        "not_empty",
        "0 ids",
        "read.empty",
        f"{expected.wording.giver} lists no {walk.resource} at all",
        f"{expected.wording.doubt} if it is really empty, set allow_empty = true",
    )


def _canaries(walk: Walk, expected: Expectation) -> Checked:
    if not expected.canaries:
        return held("canaries", "none configured")
    found = frozenset[str]().union(*(glance.canaries for glance in walk.glances()))
    missing = [canary for canary in expected.canaries if canary not in found]
    if not missing:
        return _departed_canaries(walk, expected)
    return failed(
        "canaries",
        f"{len(missing)} of {len(expected.canaries)} missing",
        "read.canary_missing",
        f"not among the {walk.resource} although they must be: {', '.join(missing)}",
        f"{expected.wording.doubt} if they are really gone, correct canaries",
    )


def _departed_canaries(walk: Walk, expected: Expectation) -> Checked:
    """A canary that is gone tells of a status read the wrong way round."""
    staying = [glance.canaries for glance in walk.glances() if not glance.gone]
    found = frozenset[str]().union(*staying) if expected.canaries_stay else expected.canaries
    departed = [canary for canary in expected.canaries if canary not in found]
    if not departed:
        return held("canaries", f"all {len(expected.canaries)} present")
    return failed(
        "canaries",
        f"{len(departed)} of {len(expected.canaries)} terminated",
        CANARY_DEPARTED,
        f"terminated although they are canaries: {', '.join(departed)}",
        "is the status read from the right place? if they really left, correct canaries",
    )


def _understood(walk: Walk, expected: Expectation) -> Checked:
    glances = list(walk.glances())
    reasons = [
        _problem(code, walk.resource, [glance for glance in glances if code in glance.problems])
        for code in sorted({code for glance in glances for code in glance.problems})
    ]
    if expected.needs_members and glances and not any(glance.members for glance in glances):
        reasons.append(NO_MEMBERS)
    reasons += _cut_groups(walk.resource, glances, expected)
    odd = sum(bool(glance.problems) for glance in glances)
    detail = f"{len(glances) - odd} of {len(glances)} records understood"
    return Checked(ProofPoint("records_understood", not reasons, detail), tuple(reasons))


NO_MEMBERS = Reason(
    "groups.members_not_observable",
    "there are groups, but the server shows no member of any of them",
    'does the token see members? where users name their groups, set members = "from_users"',
)


def _cut_groups(resource: Resource, glances: list[Glance], expected: Expectation) -> list[Reason]:
    """Groups of exactly so many members that the server may have left the others out."""
    if resource is not Resource.GROUPS:
        return []
    caps = set() if "round_member_count" in expected.excuses else set(ROUND_MEMBER_COUNTS)
    caps |= {expected.members_cap} if expected.members_cap else set()
    cut = [glance for glance in glances if len(glance.members) in caps]
    if not cut:
        return []
    message = (
        f"{len(cut)} groups show exactly as many members as a server may cut off at "
        f"(first: id {cut[0].id} with {len(cut[0].members)})"
    )
    hint = (
        "compare with the app's own pages; if all members are there, "
        'set excuses = ["round_member_count"]'
    )
    return [Reason("groups.members_truncated", message, hint)]


def _problem(code: str, resource: Resource, glances: list[Glance]) -> Reason:
    what, hint = _PROBLEMS[code]
    first = next((glance.id for glance in glances if glance.id is not None), None)
    named = f" (first: id {first})" if first is not None else ""
    return Reason(code, f"{len(glances)} {resource} {what}{named}", hint)
