"""The completeness proof: from the pages of a walk to a population that is COMPLETE or not.

Every point must hold. A point that does not hold is named with figures, and gives a reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from collectors.scim.resource import (
    ACTIVE_UNKNOWN,
    DEPARTURE_UNREADABLE,
    ID_MISSING,
    MEMBER_UNREADABLE,
    STATUS_UNKNOWN,
    WRONG_TYPE,
)
from collectors.scim.walk import Glance, Walk
from scanner.model import Population, ProofPoint, Reason, Resource, State

ROUND_SIZES = frozenset({20, 25, 50, 100, 200, 500, 1000})

_ORIGIN_CODES = frozenset({"read.redirect", "read.origin"})
_MESSAGE_CODES = frozenset({
    "read.not_json", "read.not_list_response", "read.scim_error",
})  # fmt: skip

_PROBLEMS = {
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

    ``canaries`` must each be answered to by a record; an empty list is refused unless
    ``may_be_empty``; with ``needs_members`` at least one group must show a member.
    """

    canaries: tuple[str, ...] = ()
    may_be_empty: bool = False
    needs_members: bool = False


@dataclass(frozen=True, slots=True)
class _Checked:
    point: ProofPoint
    reasons: tuple[Reason, ...] = ()


def prove(walk: Walk, expected: Expectation) -> Population:
    """Judge one walk; COMPLETE only if every point of the proof held.

    NOT_READ means that not one page was received and understood. ``responses`` are the pages that
    brought records; what the server does differently from RFC 7644 without harm is a deviation.
    """
    checks = (
        *_transport(walk),
        _constant_total(walk),
        _unique_ids(walk),
        _ids_equal_total(walk),
        _probe(walk),
        _not_empty(walk, expected),
        _canaries(walk, expected),
        _understood(walk, expected),
    )
    complete = all(check.point.held for check in checks)
    state = State.COMPLETE if complete else State.INCOMPLETE
    failure = () if walk.failure is None else (walk.failure,)
    return Population(
        state=state if walk.pages else State.NOT_READ,
        reported=walk.pages[-1].total if walk.pages else None,
        received=len(walk.distinct_ids()),
        reasons=failure + tuple(reason for check in checks for reason in check.reasons),
        proof=tuple(check.point for check in checks),
        responses=tuple(page.response for page in walk.fresh_pages()),
        deviations=_deviations(walk),
    )


def _transport(walk: Walk) -> tuple[_Checked, ...]:
    """The points a failure of the walk itself breaks."""
    code = walk.failure.code if walk.failure else ""
    broken = "status_and_media_type" if code else ""
    if code in _ORIGIN_CODES:
        broken = "no_redirect_same_origin"
    elif code in _MESSAGE_CODES:
        broken = "list_response"
    pages = f"{len(walk.pages)} answers"
    names = ("no_redirect_same_origin", "status_and_media_type", "list_response")
    return tuple(
        _Checked(ProofPoint(name, name != broken, code if name == broken else pages))
        for name in names
    )


def _constant_total(walk: Walk) -> _Checked:
    totals = list(dict.fromkeys(page.total for page in walk.pages))
    text = ", ".join(map(str, totals[:5])) or "none"
    if len(totals) <= 1:
        return _Checked(ProofPoint("constant_total", bool(totals), f"total {text}"))
    return _failed(
        "constant_total",
        f"totals {text}",
        "read.total_changed",
        f"the total of {walk.resource} changed during the read ({text})",
        "records came or went while they were read; run again at a quieter time",
    )


def _unique_ids(walk: Walk) -> _Checked:
    ids = [glance.id for glance in walk.glances() if glance.id is not None]
    repeated = [one for one, count in Counter(ids).items() if count > 1]
    if not repeated:
        return _Checked(ProofPoint("unique_ids", held=True, detail=f"{len(ids)} ids"))
    return _failed(
        "unique_ids",
        f"{len(repeated)} ids more than once",
        "read.duplicate_id",
        f"{len(repeated)} ids of {walk.resource} came more than once, first {repeated[0]}",
        "the server's order is not stable, so others may be missing; run again, or ask the vendor",
    )


def _ids_equal_total(walk: Walk) -> _Checked:
    ids = len(walk.distinct_ids())
    total = walk.pages[-1].total if walk.pages else None
    detail = f"{ids} ids, total {total}"
    if total == ids or walk.failure is not None:
        return _Checked(ProofPoint("ids_equal_total", total == ids, detail))
    if total is not None and total > ids:
        hint = "records are hidden from this token, or the server's paging loses some"
    else:
        hint = "the total cannot be relied on; ask the vendor what it counts"
    return _failed(
        "ids_equal_total",
        detail,
        "read.total_contradicts",
        f"the server reports {total} {walk.resource} but listed {ids}",
        hint,
    )


def _probe(walk: Walk) -> _Checked:
    """Did a request past the end show that nothing follows?"""
    if walk.failure is not None:
        return _Checked(ProofPoint("probe_past_end", held=False, detail="not reached"))
    if walk.past_end is not None:
        detail = f"status {walk.past_end} past the end"
        return _Checked(ProofPoint("probe_past_end", held=True, detail=detail))
    last = walk.pages[-1] if walk.pages else None
    if last is None or not last.glances:
        return _Checked(
            ProofPoint("probe_past_end", last is not None, "an empty list past the end")
        )
    if last.total != len(walk.distinct_ids()):
        return _failed(
            "probe_past_end",
            "known records past the end",
            "read.probe",
            f"asked for more {walk.resource}, the server sent some it had sent before",
            "it seems to ignore startIndex; set page_size as high as the server allows",
        )
    return _possible_cap(walk)


def _possible_cap(walk: Walk) -> _Checked:
    """A server that ignores paging and stops at a round number may be hiding the rest."""
    size = len(walk.pages[0].glances)
    if len(walk.fresh_pages()) == 1 and size in ROUND_SIZES and size < walk.page_size:
        return _failed(
            "probe_past_end",
            f"one page of {size}, repeated past the end",
            "read.possible_cap",
            f"the server sent exactly {size} {walk.resource} whatever was asked for",
            "this may be a fixed limit of the server; ask the vendor",
        )
    detail = "only known records past the end, and all are there"
    return _Checked(ProofPoint("probe_past_end", held=True, detail=detail))


def _not_empty(walk: Walk, expected: Expectation) -> _Checked:
    count = len(walk.distinct_ids())
    if count or expected.may_be_empty or walk.failure is not None:
        held = bool(count) or expected.may_be_empty
        return _Checked(ProofPoint("not_empty", held, f"{count} ids"))
    return _failed(
        "not_empty",
        "0 ids",
        "read.empty",
        f"the server lists no {walk.resource} at all",
        "does the token see everybody? if it is really empty, set allow_empty = true",
    )


def _canaries(walk: Walk, expected: Expectation) -> _Checked:
    if not expected.canaries:
        return _Checked(ProofPoint("canaries", held=True, detail="none configured"))
    found = frozenset[str]().union(*(glance.canaries for glance in walk.glances()))
    missing = [canary for canary in expected.canaries if canary not in found]
    if not missing:
        detail = f"all {len(expected.canaries)} present"
        return _Checked(ProofPoint("canaries", held=True, detail=detail))
    return _failed(
        "canaries",
        f"{len(missing)} of {len(expected.canaries)} missing",
        "read.canary_missing",
        f"not among the {walk.resource} although they must be: {', '.join(missing)}",
        "the token may see only a part; if they are really gone, correct canaries",
    )


def _understood(walk: Walk, expected: Expectation) -> _Checked:
    glances = list(walk.glances())
    reasons = [
        _problem(code, walk.resource, [glance for glance in glances if code in glance.problems])
        for code in sorted({code for glance in glances for code in glance.problems})
    ]
    if expected.needs_members and glances and not any(glance.members for glance in glances):
        reasons.append(_NO_MEMBERS)
    odd = sum(bool(glance.problems) for glance in glances)
    detail = f"{len(glances) - odd} of {len(glances)} records understood"
    return _Checked(ProofPoint("records_understood", not reasons, detail), tuple(reasons))


_NO_MEMBERS = Reason(
    "groups.members_not_observable",
    "there are groups, but the server shows no member of any of them",
    "memberships cannot be audited from here; does the token see members?",
)


def _problem(code: str, resource: Resource, glances: list[Glance]) -> Reason:
    what, hint = _PROBLEMS[code]
    first = next((glance.id for glance in glances if glance.id is not None), None)
    named = f" (first: id {first})" if first is not None else ""
    return Reason(code, f"{len(glances)} {resource} {what}{named}", hint)


def _failed(name: str, detail: str, code: str, message: str, hint: str) -> _Checked:
    return _Checked(ProofPoint(name, held=False, detail=detail), (Reason(code, message, hint),))


def _deviations(walk: Walk) -> tuple[str, ...]:
    notes = list(walk.deviations)
    if walk.past_end is not None:
        notes.append(f"a request past the end is answered with {walk.past_end}, not an empty list")
    elif len(walk.pages) > 1 and walk.pages[-1].glances:
        notes.append("a request past the end is answered with records sent before")
    return (*notes, *_tolerated(walk.glances()))


def _tolerated(glances: Iterable[Glance]) -> list[str]:
    """One line for each kind of oddity, with how many records show it and the first of them."""
    first: dict[str, str | None] = {}
    count: Counter[str] = Counter()
    for glance in glances:
        for note in glance.notes:
            first.setdefault(note, glance.id)
            count[note] += 1
    return [f"{note}: {count[note]} records (first: id {first[note]})" for note in first]


def not_offered(walk: Walk) -> Population | None:
    """Give the state of groups a server refused at once, or None where it did not refuse."""
    if walk.refused is None:
        return None
    if walk.refused == HTTPStatus.FORBIDDEN:
        reason = Reason(
            "groups.forbidden",
            "the token may not read groups (403)",
            "give it read access to groups, or leave memberships out of this audit",
        )
    else:
        reason = Reason(
            "groups.unsupported", f"the server offers no groups ({walk.refused})", "nothing to do"
        )
    return not_read(reason)


def not_read(reason: Reason) -> Population:
    """Give a population that was not read, for one reason."""
    return Population(State.NOT_READ, reasons=(reason,))
