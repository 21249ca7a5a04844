"""One action: read, note the intent, send once, read back, and say how it ended."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectors.base import Deactivator, Observation, Operation, Reply, Request, Witness
from scanner.evidence.canonical import canonical_json, instant_text
from scanner.model import PersonStatus
from scanner.remediation.journal import Journal, Kind
from scanner.remediation.outcome import (
    Judgement,
    Next,
    Outcome,
    after,
    also_changed,
    before,
    identity_of,
    in_effect,
    is_unchanged,
    left_open,
    would_keep,
)
from scanner.remediation.pace import Clock, Pace
from scanner.remediation.plan import Action, plain
from scanner.remediation.protected import Identity, Protection

MOST_SENDS = 3
FIRST_WAIT_SECONDS = 2.0
AGAIN_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Bench:
    """What the actions of one app need.

    ``deletes``: deactivating deletes the account here, and that loss was accepted. ``witness``
    gives what can read a person of an HRIS again. ``elsewhere`` says why an action must not be
    done because of another plan, ``own_account`` which account the credentials are of, where known.
    """

    deactivator: Deactivator
    journal: Journal
    protection: Protection
    witness: Callable[[str], Witness | None]
    elsewhere: Callable[[Action], str | None]
    clock: Clock
    pace: Pace
    deadline: timedelta
    expires_at: datetime
    own_account: Callable[[], str | None] = lambda: None
    deletes: bool = False

    def may_delete(self, action: Action) -> bool:
        """Whether it is as approved that the account of an action is gone afterwards."""
        return self.deletes and action.operation is Operation.DEACTIVATE


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the journal already has of an action: how often it was sent, and in which form last."""

    sends: int = 0
    form: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class _Sent:
    """One request, what was read around it, and how long reading back took."""

    start: Observation
    end: Observation
    reply: Reply
    waited: int


def perform(action: Action, bench: Bench, earlier: Earlier) -> Outcome:
    """Do one action to its end and write its outcome down; see :class:`Outcome`.

    Raises UnrecordedError where the journal cannot be written; then nothing is sent any more.
    """
    sends, place = earlier.sends, _place(action, earlier.form)
    last: _Sent | None = None
    while True:
        bench.pace.wait()
        start = bench.deactivator.observe(action.target.id, action.group_id)
        objection = next(_objections(action, bench, start, last, sends, place), None)
        if objection is not None:
            waited = last.waited if last is not None else 0
            return _close(action, bench, objection, start, start, waited)
        last = _send(action, bench, start, action.requests[place], sends + 1)
        sends += 1
        deletes = bench.may_delete(action)
        judged = after(action.operation, last.start, last.end, last.reply, deletes=deletes)
        if isinstance(judged.ruling, Outcome):
            return _close(action, bench, judged, start, last.end, last.waited)
        if judged.ruling is Next.NEXT_FORM:
            place, sends = place + 1, 0
            if place == len(action.requests):
                accepted = last.reply.status in range(200, 300)
                ending = Outcome.STILL_ACTIVE if accepted else Outcome.UNSUPPORTED
                judged = Judgement(ending, judged.detail)
                return _close(action, bench, judged, start, last.end, last.waited)
        elif sends < MOST_SENDS:
            bench.clock.sleep(float(last.reply.retry_after or AGAIN_WAIT_SECONDS * sends))


def classify(action: Action, bench: Bench, earlier: Earlier) -> Outcome | None:
    """Find out by reading alone how an action ended of which only the intent is on record.

    Gives None where nothing of it took effect and nobody changed the account: it may be sent.
    """
    seen, waited = _read_back(action, bench, final=False)
    deletes = bench.may_delete(action)
    judged = left_open(action.operation, earlier.version, seen, deletes=deletes)
    if judged.ruling is Next.SEND_AGAIN:
        return None
    return _close(action, bench, judged, None, seen, waited)


def _place(action: Action, form: str | None) -> int:
    """Where in the plan's list of requests an action stands."""
    forms = [request.form for request in action.requests]
    return forms.index(form) if form in forms else 0


def _objections(
    action: Action, bench: Bench, start: Observation, last: _Sent | None, sends: int, place: int
) -> Iterator[Judgement]:
    """Every reason why nothing may be sent now; each send is judged like the first."""
    judged = before(action, start)
    if judged is not None:
        yield judged if last is None else _late(action, bench, start, judged)
    gives_back = action.operation is Operation.REACTIVATE
    if not gives_back and bench.protection.reason(_identity(action, start)) is not None:
        yield Judgement(Outcome.PROTECTED, "protected")
    if action.operation is Operation.DEACTIVATE and bench.own_account() == action.target.id:
        yield Judgement(Outcome.PROTECTED, "own_account")
    if last is not None and is_unchanged(last.end, start) is False:
        yield Judgement(Outcome.CONFLICT, "changed_meanwhile")
    if sends >= MOST_SENDS:
        yield Judgement(Outcome.STILL_ACTIVE, "sent_often_enough")
    if action.requests[place].needs_version and start.version != action.observed.version:
        yield Judgement(Outcome.STALE, "version_differs")
    if not would_keep(action.requests[place], start):
        yield Judgement(Outcome.STALE, "attributes_differ")
    if bench.clock.now() > bench.expires_at:
        ending = Outcome.NOT_ATTEMPTED if last is None else Outcome.STILL_ACTIVE
        yield Judgement(ending, "plan_expired")
    taken = bench.elsewhere(action)
    if taken is not None:
        yield Judgement(Outcome.STALE, taken)
    yield from _employed(action, bench)


def _late(action: Action, bench: Bench, start: Observation, judged: Judgement) -> Judgement:
    """Judge an account of which it shows only before the next request what the last one did."""
    if judged.ruling is Outcome.GONE:
        gone = Outcome.DELETED if bench.may_delete(action) else Outcome.GONE_AFTER
        return Judgement(gone, "late")
    recovered = bool(in_effect(action.operation, start))
    return Judgement(Outcome.CONFIRMED_RECOVERED, "late") if recovered else judged


def _identity(action: Action, seen: Observation) -> Identity:
    """Everything the account is called, now and when it was planned."""
    target = action.target
    names = (seen.user_name, *seen.emails, target.user_name, *target.emails)
    shown = tuple(name for name in names if name)
    return Identity(action.app, target.id, seen.user_name, shown, target.display_name)


def _employed(action: Action, bench: Bench) -> Iterator[Judgement]:
    """Ask the HRIS once more: a termination can be taken back after the plan was made."""
    why = action.why
    by_hris = why.reviewer is None and why.person_source is not None and why.person_id is not None
    if action.operation is Operation.REACTIVATE or not by_hris:
        return
    witness = bench.witness(why.person_source or "")
    if witness is None:
        return
    now = witness.look(why.person_id or "")
    future = now.departed_at is not None and now.departed_at > bench.clock.now()
    if now.found is None:
        yield Judgement(Outcome.NOT_ATTEMPTED, f"hris.{now.error or 'read.failed'}")
    elif not now.found or now.status is not PersonStatus.TERMINATED or future:
        yield Judgement(Outcome.STALE, "hris_does_not_say_departed")


def _send(
    action: Action, bench: Bench, start: Observation, request: Request, attempt: int
) -> _Sent:
    """Note the intent, send once, note the answer, read back."""
    bench.pace.note()
    enforced = bench.deactivator.traits.version_enforced or request.needs_version
    if_match = start.version if enforced else None
    bench.journal.write(
        Kind.INTENT,
        **_about(action),
        attempt=attempt,
        form=request.form,
        if_match=if_match,
        version=start.version,
        request_sha256=request_digest(request),
    )
    reply = bench.deactivator.send(request, if_match)
    bench.journal.write(Kind.RESPONSE, action_id=action.action_id, **plain(reply))
    final = reply.status is not None and reply.status in range(400, 500)
    end, waited = _read_back(action, bench, final=final or reply.retry_after is not None)
    return _Sent(start, end, reply, waited)


def _read_back(action: Action, bench: Bench, *, final: bool) -> tuple[Observation, int]:
    """Read until the change shows or the deadline is over; once only where ``final``."""
    waited, wait = 0.0, FIRST_WAIT_SECONDS
    most = bench.deadline.total_seconds()
    while True:
        seen = bench.deactivator.observe(action.target.id, action.group_id)
        settled = seen.found is False or bool(seen.found and in_effect(action.operation, seen))
        if settled or waited >= most or (final and seen.found is not None):
            return seen, int(waited)
        wait = min(wait, most - waited)
        bench.clock.sleep(wait)
        waited, wait = waited + wait, wait * 2


def _close(
    action: Action,
    bench: Bench,
    judged: Judgement,
    start: Observation | None,
    end: Observation,
    waited: int,
) -> Outcome:
    """Write the outcome down, with what taking it back would need."""
    outcome = Outcome(judged.ruling)
    bench.journal.write(
        Kind.OUTCOME,
        **_about(action),
        outcome=outcome,
        detail=" ".join(filter(None, (judged.detail, also_changed(start, end)))),
        before=_state(start),
        after=_state(end),
        waited_seconds=waited,
    )
    return outcome


def _about(action: Action) -> dict[str, str]:
    return {"action_id": action.action_id, "app": action.app, "account": action.target.id}


def _state(seen: Observation | None) -> dict[str, object] | None:
    """What is kept of a reading: states, version and a digest of names, no names."""
    if seen is None or not seen.found:
        return None if seen is None or seen.found is None else {"found": False}
    return {
        "found": True,
        "active": seen.active,
        "member": seen.member,
        "version": seen.version,
        "modified_at": instant_text(seen.modified_at) if seen.modified_at else None,
        "identity_sha256": identity_of(seen),
    }


def request_digest(request: Request) -> str:
    """Give the SHA-256 of one request as it stands in the plan, in hexadecimal."""
    return hashlib.sha256(canonical_json(plain(request))).hexdigest()
