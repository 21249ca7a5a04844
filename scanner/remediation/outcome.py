"""What one action came to, judged from what was read before and after; nothing else is evidence.

An answer with status 200 says that a server took a request, not that anything changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from collectors.base import Observation, Operation, Reply, Request
from scanner.evidence.canonical import parse_instant
from scanner.remediation.plan import Action, identity_digest

THROTTLED = frozenset({429, 503})
NOT_SUPPORTED = frozenset({400, 404, 405, 415, 422, 428, 501})
STATE_UNKNOWN = "state_unknown"
_ATTRIBUTE = re.compile(r"[A-Za-z0-9_.:$-]{1,120}")
CHANGED_MEANWHILE = frozenset({409, 412})


class Outcome(StrEnum):
    """How an action ended; each is terminal under its plan.

    ``DELETED``: deactivating deletes the account in this app, that loss was accepted by the app's
    name, and the account is gone. Where it was not to be expected, that is ``GONE_AFTER``.
    """

    CONFIRMED = "CONFIRMED"
    CONFIRMED_RECOVERED = "CONFIRMED_RECOVERED"
    ALREADY_INACTIVE = "ALREADY_INACTIVE"
    ALREADY_ACTIVE = "ALREADY_ACTIVE"
    ALREADY_REMOVED = "ALREADY_REMOVED"
    STILL_ACTIVE = "STILL_ACTIVE"
    REVERTED = "REVERTED"
    CONFLICT = "CONFLICT"
    STALE = "STALE"
    PROTECTED = "PROTECTED"
    GONE = "GONE"
    GONE_AFTER = "GONE_AFTER"
    DELETED = "DELETED"
    FORBIDDEN = "FORBIDDEN"
    UNSUPPORTED = "UNSUPPORTED"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    NOT_ATTEMPTED = "NOT_ATTEMPTED"


OURS = frozenset({Outcome.CONFIRMED, Outcome.CONFIRMED_RECOVERED})
"""Outcomes in which we asked and the change was read back: these, and no others, can be undone."""

DONE = OURS | {Outcome.DELETED}
"""Outcomes in which we asked and what was meant to come of it was read back."""

GOOD = DONE | {Outcome.ALREADY_INACTIVE, Outcome.ALREADY_ACTIVE, Outcome.ALREADY_REMOVED}
"""Outcomes after which the app is as it was meant to be."""

ALREADY = {
    Operation.DEACTIVATE: Outcome.ALREADY_INACTIVE,
    Operation.REACTIVATE: Outcome.ALREADY_ACTIVE,
    Operation.REMOVE_MEMBER: Outcome.ALREADY_REMOVED,
}


class Next(StrEnum):
    """What may follow a request that did not end its action."""

    SEND_AGAIN = "send_again"
    NEXT_FORM = "next_form"


@dataclass(frozen=True, slots=True)
class Judgement:
    """An outcome or what may follow, and a stable code that says why."""

    ruling: Outcome | Next
    detail: str = ""


def in_effect(operation: Operation, seen: Observation) -> bool | None:
    """Tell whether an account is as the operation wants it; None where the app does not say."""
    if operation is Operation.REMOVE_MEMBER:
        return None if seen.member is None else not seen.member
    if seen.active is None:
        return None
    return seen.active is (operation is Operation.REACTIVATE)


def before(action: Action, seen: Observation) -> Judgement | None:
    """Judge the account right before something would be sent; None where it may be."""
    unclear = _unclear(action.operation, seen, Outcome.NOT_ATTEMPTED, Outcome.GONE)
    if unclear is not None and unclear.detail != STATE_UNKNOWN:
        return unclear
    if not is_same_account(action, seen):
        return Judgement(Outcome.STALE, "identity_differs")
    if unclear is None and in_effect(action.operation, seen):
        return Judgement(ALREADY[action.operation])
    return unclear or _foreign(action, seen)


def _foreign(action: Action, seen: Observation) -> Judgement | None:
    """Judge an account that somebody else may have had their hands on; None where not."""
    if action.operation is Operation.REACTIVATE:
        changed = _changed_since(action, seen)
        return Judgement(Outcome.STALE, "changed_since") if changed else None
    if seen.privileged and not action.observed.privileged:
        return Judgement(Outcome.PROTECTED, "became_privileged")
    return None


def _changed_since(action: Action, seen: Observation) -> bool:
    """Tell whether somebody touched an account after we did; then it is not ours to take back."""
    planned = action.observed
    at = parse_instant(planned.modified_at) if planned.modified_at else None
    then = Observation(found=True, version=planned.version, modified_at=at)
    return is_unchanged(then, seen) is False


def _unclear(
    operation: Operation, seen: Observation, unread: Outcome, gone: Outcome
) -> Judgement | None:
    """Judge a reading that does not show the state of the account; None where it does."""
    if seen.found is None:
        return Judgement(unread, seen.error or "read.failed")
    if not seen.found:
        return Judgement(gone)
    if in_effect(operation, seen) is None:
        return Judgement(Outcome.NEEDS_REVIEW, STATE_UNKNOWN)
    return None


def is_same_account(action: Action, seen: Observation) -> bool:
    """Tell whether the names an account had when it was planned are still its own."""
    return identity_of(seen) == action.observed.identity_sha256


def identity_of(seen: Observation) -> str:
    """Give the digest of the names an account has now."""
    return identity_digest(seen.user_name, seen.external_id, seen.emails)


def is_unchanged(earlier: Observation, later: Observation) -> bool | None:
    """Tell whether nobody changed the account in between; None where the app shows no version."""
    if earlier.version is not None and later.version is not None:
        return earlier.version == later.version
    if earlier.modified_at is not None and later.modified_at is not None:
        return earlier.modified_at == later.modified_at
    return None


def would_keep(request: Request, seen: Observation) -> bool:
    """Tell whether a request leaves everything else as it is.

    A form that sends the whole resource sets back what was changed since it was read, and drops
    what was not shown then.
    """
    return not request.attributes or request.attributes == seen.attributes


def also_changed(start: Observation | None, end: Observation) -> str:
    """Name what changed beside ``active``, as ``also_changed:emails,userName``; else empty."""
    if start is None or not (start.attributes and end.attributes):
        return ""
    names = sorted({name for name, _ in set(start.attributes) ^ set(end.attributes)})
    return f"also_changed:{','.join(map(_plain_name, names))}" if names else ""


def _plain_name(name: str) -> str:
    """The names are the server's; what is no attribute name (RFC 7643 section 2.1) is not shown."""
    return name if _ATTRIBUTE.fullmatch(name) else "?"


def after(
    operation: Operation,
    start: Observation,
    end: Observation,
    reply: Reply,
    *,
    deletes: bool = False,
) -> Judgement:
    """Judge one request by the last reading after it; ``start`` is the reading before it.

    ``deletes``: that the account is gone is what was approved.

    Something may be sent again only where it is shown that nobody changed the account since, or
    where the server itself says that it refused the request unseen.
    """
    unclear = _unclear(operation, end, Outcome.NEEDS_REVIEW, Outcome.GONE_AFTER)
    if unclear is not None:
        return _deleted(reply) if deletes and end.found is False else unclear
    if in_effect(operation, end):
        return _done(operation, reply)
    return _not_done(reply, is_unchanged(start, end))


def _deleted(reply: Reply) -> Judgement:
    """Judge an account that is gone as was approved; a refused request did not delete it."""
    if reply.status is not None and reply.status in range(400, 500):
        return Judgement(Outcome.GONE_AFTER, _said(reply))
    accepted = reply.status is not None and reply.status in range(200, 300)
    return Judgement(Outcome.DELETED, "" if accepted else _said(reply))


def _done(operation: Operation, reply: Reply) -> Judgement:
    if reply.status is not None and reply.status in range(200, 300):
        return Judgement(Outcome.CONFIRMED)
    if reply.status == 412:  # noqa: PLR2004 - the server refused ours, so somebody else did it
        return Judgement(ALREADY[operation], "by_another_hand")
    return Judgement(Outcome.CONFIRMED_RECOVERED, _said(reply))


def _not_done(reply: Reply, unchanged: bool | None) -> Judgement:
    """Judge a request that did not take effect."""
    status = reply.status
    ruling: Outcome | Next
    if status in CHANGED_MEANWHILE:
        ruling = Outcome.CONFLICT
    elif status in (401, 403):
        ruling = Outcome.FORBIDDEN
    elif status == 429 or (status == 503 and reply.retry_after is not None):  # noqa: PLR2004 - unseen
        ruling = Outcome.CONFLICT if unchanged is False else Next.SEND_AGAIN
    elif status in NOT_SUPPORTED:
        ruling = Outcome.CONFLICT if unchanged is False else Next.NEXT_FORM
    elif status is not None and status in range(200, 300):
        ruling = Next.NEXT_FORM if unchanged else Outcome.STILL_ACTIVE
    else:
        ruling = _unanswered(status, unchanged)
    return Judgement(ruling, _said(reply))


def _unanswered(status: int | None, unchanged: bool | None) -> Outcome | Next:
    """Judge a request of which nothing tells whether the server took it."""
    if unchanged is None:
        return Outcome.NEEDS_REVIEW
    if not unchanged:
        return Outcome.CONFLICT
    if status is not None and status < 500:  # noqa: PLR2004 - a redirect or refusal stays one
        return Outcome.STILL_ACTIVE
    return Next.SEND_AGAIN


def _said(reply: Reply) -> str:
    if reply.status is None:
        return reply.error or "write.no_answer"
    return f"http.{reply.status}" + (f".{reply.scim_type}" if reply.scim_type else "")


def left_open(
    operation: Operation, start_version: str | None, seen: Observation, *, deletes: bool = False
) -> Judgement:
    """Judge an action of which only the intent is on record: the process died around its request.

    ``start_version`` is that of the intent; ``deletes`` as in :func:`after`. Without a version
    nothing shows whether a human has taken our change back, so nothing is sent on a guess.
    """
    unclear = _unclear(operation, seen, Outcome.NEEDS_REVIEW, Outcome.GONE_AFTER)
    if unclear is not None and deletes and seen.found is False:
        return Judgement(Outcome.DELETED, "resumed")
    if unclear is not None:
        return unclear
    if in_effect(operation, seen):
        return Judgement(Outcome.CONFIRMED_RECOVERED, "resumed")
    if start_version is None or seen.version is None:
        return Judgement(Outcome.NEEDS_REVIEW, "resumed_without_version")
    if start_version != seen.version:
        return Judgement(Outcome.CONFLICT, "resumed_and_changed")
    return Judgement(Next.SEND_AGAIN, "resumed")
