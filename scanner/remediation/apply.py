"""A whole plan: batch by batch, with a look around after each, resumable at any point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from collectors.base import Deactivator, Operation, Witness
from scanner.errors import RefusedError
from scanner.remediation.approval import Agreement
from scanner.remediation.attempt import Bench, Earlier, classify, perform
from scanner.remediation.journal import Journal, Kind
from scanner.remediation.outcome import DONE, GOOD, Outcome, in_effect
from scanner.remediation.pace import Circuit, Clock, Pace, schedule
from scanner.remediation.plan import Action, Plan
from scanner.remediation.protected import Protection
from scanner.remediation.replay import Ended, Standing, replay
from scanner.remediation.watch import Watch, looks

CONFIRMED, UNCONFIRMED, INTERRUPTED = 0, 40, 130
SETTLING_SECONDS = 5.0
"""How long an app is left alone before everything that was confirmed is read once more."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step for a live display: who is being dealt with, how the last one ended, who is next."""

    app: str
    done: int
    total: int
    action: Action
    outcome: Outcome | None = None
    next: Action | None = None


@dataclass(frozen=True, slots=True)
class Executor:
    """Who applies a plan, and with what: the same person, host and version must go on with it."""

    user: str
    host: str
    tool: str


@dataclass(frozen=True, slots=True)
class Session:
    """Everything an execution needs. ``stop`` is asked between actions, and ends it in good order.

    ``witness`` gives what can read a person of an HRIS again, None where nothing can.
    ``elsewhere`` says why an action must not be done because of another plan.
    """

    plan: Plan
    agreement: Agreement
    approval_sha256: str
    deactivators: Mapping[str, Deactivator]
    witness: Callable[[str], Witness | None]
    elsewhere: Callable[[Action], str | None]
    protection: Protection
    journal: Journal
    clock: Clock
    executor: Executor
    deadline: timedelta
    listener: Callable[[Step], None]
    stop: Callable[[], bool]
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """How one approved action stands; ``outcome`` is None where it is still to be done."""

    action: Action
    outcome: Outcome | None
    detail: str


@dataclass(frozen=True, slots=True)
class Result:
    """What an execution came to; ``stopped`` says why everything was stopped, if it was.

    ``looks`` are those around the changes, see :func:`watch.looks`.
    """

    rows: tuple[Row, ...]
    interrupted: bool
    stopped: str
    torn: int
    looks: tuple[dict[str, Any], ...] = ()

    @property
    def exit_code(self) -> int:
        """0 all confirmed and nobody else touched, 40 otherwise, 130 interrupted."""
        if self.interrupted:
            return INTERRUPTED
        confirmed = all(row.outcome in GOOD for row in self.rows) and not self.stopped
        return CONFIRMED if confirmed else UNCONFIRMED


def execute(session: Session) -> Result:
    """Apply the approved actions of a plan, or go on where an earlier execution ended.

    Raises RefusedError where the journal is of another plan, approval or host, or closed;
    UnrecordedError where the journal cannot be written.
    """
    work = _Work(session)
    work.begin()
    work.classify_open()
    work.do_batches()
    return work.finish()


class _Work:
    """An execution under way."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.actions = session.agreement.actions
        self.interrupted = False
        self._standing, self._followed = Standing(), 0
        plan, clock = session.plan, session.clock
        traits = {part.name: part.traits for part in plan.apps}
        self.circuits = {app: Circuit(one) for app, one in traits.items()}
        self.watches = {
            part.name: Watch(
                part.name,
                part.sentinels,
                session.deactivators[part.name],
                session.journal,
                clock,
            )
            for part in plan.apps
        }
        self.benches = {
            app: Bench(
                deactivator=session.deactivators[app],
                journal=session.journal,
                protection=session.protection,
                witness=session.witness,
                elsewhere=session.elsewhere,
                clock=clock,
                pace=Pace(one, clock),
                deadline=session.deadline,
                expires_at=plan.expires_at,
                own_account=cache(session.deactivators[app].own_account),
                deletes=one.deletes_user and app in session.agreement.approval.accepted,
            )
            for app, one in traits.items()
        }

    @property
    def standing(self) -> Standing:
        records = self.session.journal.records
        self._standing = replay(records[self._followed :], self._standing)
        self._followed = len(records)
        return self._standing

    def begin(self) -> None:
        """Open the journal's account of this plan, or check that it is an account of it."""
        session, standing = self.session, self.standing
        if standing.begin is None:
            if session.clock.now() > session.plan.expires_at:
                raise RefusedError(f"the plan expired at {session.plan.not_after}", "plan again")
            session.journal.write(Kind.BEGIN, **_identity(session), count=len(self.actions))
            return
        check_resumable(session, standing)
        session.journal.write(Kind.RESUME, **_person(session), torn=session.journal.torn)

    def classify_open(self) -> None:
        """Find out by reading how the actions ended whose outcome was not written down."""
        for action in self.actions:
            earlier = self.standing.intents.get(action.action_id)
            if earlier is None or action.action_id in self.standing.ended:
                continue
            self._tell(action, None)
            outcome = classify(action, self.benches[action.app], earlier)
            if outcome is not None:
                self._note(action)

    def do_batches(self) -> None:
        """Do what is left, every app's first action first, and look around after each batch."""
        ended = self.standing.ended
        left = [action for action in self.actions if action.action_id not in ended]
        for app, batch in schedule(left, self.session.plan.batches):
            if self.interrupted or self.standing.stopped:
                return
            if not self.circuits[app].open:
                self._do_batch(app, batch)

    def _do_batch(self, app: str, batch: Sequence[Action]) -> None:
        circuit, sent = self.circuits[app], False
        self._watch(app)
        for action in batch:
            if self.standing.stopped:
                return
            if circuit.open or self.session.stop():
                self.interrupted = self.interrupted or not circuit.open
                break
            self._tell(action, None)
            earlier = self.standing.intents.get(action.action_id, Earlier())
            perform(action, self.benches[app], earlier)
            sent = sent or action.action_id in self.standing.intents
            self._note(action)
        if sent:
            last = self.interrupted or bool(circuit.open) or not self._left(app)
            self.watches[app].look(self._ours(app), last=last)
            self._heed(app)

    def _left(self, app: str) -> bool:
        ended = self.standing.ended
        return any(one.app == app and one.action_id not in ended for one in self.actions)

    def _watch(self, app: str) -> None:
        """See how the app is, and whose credentials these are, before anything is sent to it."""
        if self.session.plan.undoes is None:
            self.benches[app].own_account()
        self.watches[app].begin(self._ours(app))
        self._heed(app)

    def _heed(self, app: str) -> None:
        """What nobody planned to change must be as it was; otherwise everything stops."""
        watch = self.watches[app]
        if watch.alarm and watch.alarm not in self.standing.stopped:
            self.session.journal.write(Kind.STOP, reason=watch.alarm)
        elif watch.blind:
            self.circuits[app].open = self.circuits[app].open or watch.blind

    def _ours(self, app: str) -> dict[str, bool | None]:
        """The accounts that something was sent for, with the state that is confirmed of them."""
        standing, found = self.standing, dict[str, bool | None]()
        for action in self.actions:
            sent = action.action_id in standing.intents
            if action.app == app and sent and action.operation is not Operation.REMOVE_MEMBER:
                settled = standing.outcome(action.action_id) in GOOD
                wanted = action.operation is Operation.REACTIVATE
                found[action.target.id] = wanted if settled else None
        return found

    def _note(self, action: Action) -> None:
        ended = self.standing.ended[action.action_id]
        self.circuits[action.app].note(ended.outcome, ended.detail)
        self._tell(action, ended.outcome)

    def _tell(self, action: Action, outcome: Outcome | None) -> None:
        ended = self.standing.ended
        left = [one for one in self.actions if one.action_id not in ended and one is not action]
        done = len(self.actions) - len(left) - (outcome is None)
        after = left[0] if left else None
        self.session.listener(Step(action.app, done, len(self.actions), action, outcome, after))

    def finish(self) -> Result:
        """Look at what was confirmed once more, name what was not attempted, close the journal."""
        if not self.interrupted:
            self._look_at_the_rest()
            self._recheck()
            self._give_up_rest()
            self.session.journal.write(Kind.END)
        standing = self.standing
        rows = tuple(
            Row(one, standing.outcome(one.action_id), _detail(standing.ended.get(one.action_id)))
            for one in self.actions
        )
        journal = self.session.journal
        seen = looks(journal.records)
        return Result(rows, self.interrupted, standing.stopped, journal.torn, seen)

    def _look_at_the_rest(self) -> None:
        """An execution that ended after its last request left the look around it to this one.

        Also where another app has stopped everything: looking changes nothing, and whoever was hit
        has to be named.
        """
        for app, watch in self.watches.items():
            if watch.is_owing and not watch.alarm:
                self._watch(app)
                if watch.is_owing and not watch.alarm:
                    watch.look(self._ours(app), last=True)
                    self._heed(app)

    def _recheck(self) -> None:
        """Something that provisions the app may have taken our change back meanwhile."""
        standing = self.standing
        if any(one.outcome in DONE for one in standing.ended.values()):
            self.session.clock.sleep(SETTLING_SECONDS)
        for action in self.actions:
            ended = standing.ended.get(action.action_id)
            if ended is None or ended.outcome not in DONE:
                continue
            deactivator = self.session.deactivators[action.app]
            seen = deactivator.observe(action.target.id, action.group_id)
            held = in_effect(action.operation, seen) if seen.found else None
            if ended.outcome is Outcome.DELETED and seen.found is False:
                held = True
            self.session.journal.write(Kind.RECHECK, action_id=action.action_id, held=held)

    def _give_up_rest(self) -> None:
        standing = self.standing
        for action in self.actions:
            if action.action_id not in standing.ended:
                reason = standing.stopped or self.circuits[action.app].open
                self.session.journal.write(
                    Kind.OUTCOME,
                    action_id=action.action_id,
                    app=action.app,
                    account=action.target.id,
                    outcome=Outcome.NOT_ATTEMPTED,
                    detail=reason,
                    before=None,
                    after=None,
                    waited_seconds=0,
                )


def _detail(ended: Ended | None) -> str:
    return ended.detail if ended is not None else ""


def _identity(session: Session) -> dict[str, object]:
    signer = session.agreement.signer
    return {
        **_person(session),
        "plan_id": session.plan.plan_id,
        "approval_sha256": session.approval_sha256,
        "level": session.agreement.approval.level,
        "approver": signer.names[0] if signer else session.agreement.approval.name,
        "approver_key": signer.fingerprint if signer else None,
    }


def _person(session: Session) -> dict[str, object]:
    executor = session.executor
    return {"user": executor.user, "host": executor.host, "tool": executor.tool}


def check_resumable(session: Session, standing: Standing) -> None:
    """Raise RefusedError unless this journal may be gone on with, by this person, here."""
    begin = standing.begin
    if begin is None:
        return
    if standing.closed:
        raise RefusedError("this plan was applied already", "audit again, then plan anew")
    if begin["plan_id"] != session.plan.plan_id:
        raise RefusedError("the journal is of another plan", "restore the plan it was begun with")
    if begin["approval_sha256"] != session.approval_sha256:
        raise RefusedError(
            "the approval is not the one it was begun with", "restore the earlier approval"
        )
    own = _person(session)
    others = [name for name in own if begin[name] != own[name]]
    if others and not session.take_over:
        told = ", ".join(f"{name} {begin[name]}" for name in others)
        raise RefusedError(
            f"it was begun elsewhere: {told}",
            "if that one has ended for certain, run again with --take-over",
        )
