"""The completeness proof: from the pages of a walk to a population that is COMPLETE or not.

Every point must hold. A point that does not hold is named with figures, and gives a reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from http import HTTPStatus

from collectors.scim.expectation import Expectation, check_content
from collectors.scim.point import Checked, failed, held, unreached
from collectors.scim.size import size_notes
from collectors.scim.walk import Glance, Walk
from scanner.model import Population, ProofPoint, Reason, Resource, State

ENOUGH_USERS = 10
ROUND_SIZES = frozenset({20, 25, 50, 100, 200, 500, 1000})

_ORIGIN_CODES = frozenset({"read.redirect", "read.origin"})
_CURSOR_CODES = frozenset({"read.cursor", "read.cursor_repeated", "read.cursor_expired"})
_MESSAGE_CODES = frozenset({
    "read.not_json", "read.not_list_response", "read.not_resource", "read.scim_error",
    "read.detail_differs",
})  # fmt: skip


def prove(walk: Walk, expected: Expectation) -> Population:
    """Judge one walk; COMPLETE only if every point of the proof held.

    NOT_READ means that not one page was received and understood. ``responses`` are the pages that
    brought records, then the records that were read by id; what the server does differently from
    RFC 7644 without harm is a deviation.
    """
    checks = (
        *_transport(walk),
        _constant_total(walk, expected),
        _unique_ids(walk),
        _ids_equal_total(walk, expected),
        *((_cursor_chain(walk),) if walk.by_cursor else _index_points(walk, expected)),
        *((_second_pass(walk),) if expected.passes > 1 else ()),
        *check_content(walk, expected),
    )
    complete = all(check.point.held for check in checks)
    state = State.COMPLETE if complete else State.INCOMPLETE
    failure = () if walk.failure is None else (walk.failure,)
    reasons = failure + tuple(reason for check in checks for reason in check.reasons)
    return Population(
        state=state if walk.pages else State.NOT_READ,
        reported=walk.total(),
        received=len(walk.distinct_ids()),
        reasons=_each_code_once(reasons),
        proof=tuple(_shown(check.point, walk) for check in checks),
        responses=walk.responses(),
        deviations=_deviations(walk) + size_notes(walk, expected.size),
    )


def _shown(point: ProofPoint, walk: Walk) -> ProofPoint:
    """Where nothing was received nothing held, not even what an empty list would satisfy."""
    if walk.pages or not point.held:
        return point
    return ProofPoint(point.name, held=False, detail="not reached")


def _each_code_once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    first: dict[str, Reason] = {}
    for reason in reasons:
        first.setdefault(reason.code, reason)
    return tuple(first.values())


def _transport(walk: Walk) -> tuple[Checked, ...]:
    """The points a failure of the walk itself breaks."""
    code = walk.failure.code if walk.failure else ""
    broken = "status_and_media_type" if code else ""
    if code in _ORIGIN_CODES:
        broken = "no_redirect_same_origin"
    elif code in _MESSAGE_CODES:
        broken = "list_response"
    elif code in _CURSOR_CODES:
        broken = "cursor_chain"
    pages = f"{len(walk.pages) + len(walk.detail_responses)} answers"
    names = ("no_redirect_same_origin", "status_and_media_type", "list_response")
    return tuple(
        Checked(ProofPoint(name, name != broken, code if name == broken else pages))
        for name in names
    )


def _constant_total(walk: Walk, expected: Expectation) -> Checked:
    totals = walk.totals()
    text = ", ".join(map(str, totals[:5])) or "none"
    if expected.unreliable:
        return held("constant_total", f"total {text}, by the settings not relied on")
    if walk.by_cursor and walk.pages and not totals:
        return held("constant_total", "no total given, as a chain of cursors may")
    if len(totals) <= 1:
        return Checked(ProofPoint("constant_total", bool(totals), f"total {text}"))
    return failed(
        "constant_total",
        f"totals {text}",
        "read.total_changed",
        f"the total of {walk.resource} changed during the read ({text})"
        + (f", in each of {walk.passes} passes" if walk.passes > 1 else ""),
        "records came or went while they were read; run again at a quieter time",
    )


def _unique_ids(walk: Walk) -> Checked:
    repeated = walk.repeated_ids()
    differing = walk.contradicted_ids()
    if differing and not repeated:
        return failed(
            "unique_ids",
            f"{len(differing)} ids with different content",
            "read.contradictory",
            f"{len(differing)} of the {walk.resource} were sent twice with different content, "
            f"first id {differing[0]}",
            "they changed while they were read, or the server is at odds with itself; run again",
        )
    if not repeated:
        return held("unique_ids", f"{len(walk.distinct_ids())} ids")
    return failed(
        "unique_ids",
        f"{len(repeated)} ids more than once",
        "read.duplicate_id",
        f"{len(repeated)} ids of {walk.resource} came more than once, first {repeated[0]}",
        "the server's order is not stable, so others may be missing; run again, or ask the vendor",
    )


def _ids_equal_total(walk: Walk, expected: Expectation) -> Checked:
    ids = len(walk.distinct_ids())
    total = walk.total()
    if expected.unreliable:
        return held("ids_equal_total", f"{ids} ids, total {total} by the settings not relied on")
    if total is None and walk.by_cursor and walk.pages:
        return held("ids_equal_total", f"{ids} ids, no total given")
    detail = f"{ids} ids, total {total}"
    if total == ids or walk.failure is not None:
        return Checked(ProofPoint("ids_equal_total", total == ids, detail))
    return failed(
        "ids_equal_total",
        detail,
        "read.total_contradicts",
        f"the server reports {total} {walk.resource} but listed {ids}",
        _contradiction_hint(total, ids),
    )


def _contradiction_hint(total: int | None, ids: int) -> str:
    if total is not None and total > ids:
        return "records are hidden from this token, or the server's paging loses some"
    return 'ask the vendor what the total counts; if it is known to be wrong, total = "unreliable"'


def _index_points(walk: Walk, expected: Expectation) -> tuple[Checked, ...]:
    return _start_index_echo(walk, expected), _probe(walk, expected), _overlap(walk)


def _start_index_echo(walk: Walk, expected: Expectation) -> Checked:
    """A server that says it sent another page than was asked for may have done so."""
    wrong = walk.wrong_echoes
    if not wrong:
        return held("start_index_echo", "no page says it starts elsewhere")
    if "start_index_echo" in expected.excuses:
        return held("start_index_echo", f"{wrong} pages say another startIndex, excused")
    return failed(
        "start_index_echo",
        f"{wrong} pages say another startIndex",
        "read.start_index",
        f"{wrong} pages of {walk.resource} say they start elsewhere than was asked for",
        'if the server is known to misstate startIndex, set excuses = ["start_index_echo"]',
    )


def _cursor_chain(walk: Walk) -> Checked:
    """Did the chain end with a page without nextCursor (RFC 9865)?"""
    if walk.failure is not None or not walk.pages:
        return unreached("cursor_chain")
    return held("cursor_chain", f"{len(walk.pages)} pages, each cursor new, none on the last page")


def _probe(walk: Walk, expected: Expectation) -> Checked:
    """Did a request past the end show that nothing follows?"""
    if walk.failure is not None:
        return unreached("probe_past_end")
    if walk.past_end is not None:
        return held("probe_past_end", f"status {walk.past_end} past the end")
    last = walk.pages[-1] if walk.pages else None
    if last is None or not last.glances:
        return Checked(ProofPoint("probe_past_end", last is not None, "an empty list past the end"))
    pages = len(walk.fresh_pages())
    if (pages == 1) if expected.unreliable else last.total != len(walk.distinct_ids()):
        return failed(
            "probe_past_end",
            "known records past the end",
            "read.probe",
            f"asked for more {walk.resource}, the server sent some it had sent before",
            "it seems to ignore startIndex; set page_size as high as the server allows",
        )
    return _possible_cap(walk, expected)


def _possible_cap(walk: Walk, expected: Expectation) -> Checked:
    """A server that ignores paging and stops at a round number may be hiding the rest."""
    size = len(walk.pages[0].glances)
    suspicious = size in ROUND_SIZES and size < walk.page_size and size != expected.size.expected
    if len(walk.fresh_pages()) == 1 and suspicious:
        return failed(
            "probe_past_end",
            f"one page of {size}, repeated past the end",
            "read.possible_cap",
            f"the server sent exactly {size} {walk.resource} whatever was asked for",
            f"this may be a fixed limit; if there are really so many, set expected_size = {size}",
        )
    return held("probe_past_end", "only known records past the end, and all are there")


def _overlap(walk: Walk) -> Checked:
    """Did each page begin with the last record of the one before, or two passes agree?"""
    if not walk.boundaries:
        return held("overlap", "no boundary between pages")
    loose = walk.moved + walk.bare
    if not loose:
        return held("overlap", f"the last record came again at {walk.boundaries} boundaries")
    detail = f"{loose} of {walk.boundaries} boundaries not shown by the last record"
    if walk.confirmed:
        return held("overlap", f"{detail}; instead two passes brought the same ids")
    if walk.failure is not None:
        return unreached("overlap")
    return _unstable("overlap", detail, walk)


def _second_pass(walk: Walk) -> Checked:
    if walk.failure is not None:
        return unreached("second_pass")
    if walk.confirmed:
        detail = f"passes {walk.passes - 1} and {walk.passes} brought the same ids"
        return held("second_pass", detail)
    return _unstable("second_pass", f"{walk.passes} passes, the last two differ", walk)


def _unstable(name: str, detail: str, walk: Walk) -> Checked:
    return failed(
        name,
        detail,
        "read.unstable",
        f"the list of {walk.resource} did not hold still in {walk.passes} passes",
        "records came, went or moved while they were read; run again at a quieter time",
    )


def _deviations(walk: Walk) -> tuple[str, ...]:
    notes = list(walk.deviations)
    if walk.past_end is not None:
        notes.append(f"a request past the end is answered with {walk.past_end}, not an empty list")
    elif len(walk.pages) > 1 and walk.pages[-1].glances and not walk.by_cursor:
        notes.append("a request past the end is answered with records sent before")
    return (*notes, *_crowd_notes(walk), *_tolerated(walk.glances()))


def _crowd_notes(walk: Walk) -> list[str]:
    """What is odd about the users taken together."""
    if walk.resource is not Resource.USERS:
        return []
    glances = list(walk.glances())
    notes = []
    if len(glances) >= ENOUGH_USERS and not any(glance.gone for glance in glances):
        notes.append("not one inactive or departed user is listed; the server may leave them out")
    ids = Counter(one.casefold() for one in walk.distinct_ids())
    alike = sum(count > 1 for count in ids.values())
    if alike:
        notes.append(f"{alike} ids are told apart by upper and lower case only")
    names = dict.fromkeys((one.id, one.user_name) for one in glances if one.user_name is not None)
    shared = sum(count > 1 for count in Counter(name for _, name in names).values())
    if shared:
        notes.append(f"{shared} user names are those of more than one user")
    return notes


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
