"""What a journal says has happened: the one source of what is left to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from scanner.errors import IntegrityError
from scanner.remediation.attempt import Earlier
from scanner.remediation.journal import Kind, Record
from scanner.remediation.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Ended:
    """How one action ended, with the reading that shows it; see the OUTCOME record."""

    outcome: Outcome
    detail: str
    at: str
    after: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an apply stands.

    ``begin`` is the BEGIN record, None in a new journal. ``intents`` are the actions of which
    something may have been sent; those that are not in ``ended`` are open. ``reverted`` came back
    after they were confirmed. ``stopped`` says why everything was stopped. ``closed`` tells that
    there is nothing left to do under this plan.
    """

    begin: Record | None = None
    intents: Mapping[str, Earlier] = field(default_factory=dict)
    ended: Mapping[str, Ended] = field(default_factory=dict)
    reverted: frozenset[str] = frozenset()
    stopped: str = ""
    closed: bool = False

    def outcome(self, action_id: str) -> Outcome | None:
        """Give how an action stands now: a later look can take a confirmation back."""
        if action_id in self.reverted:
            return Outcome.REVERTED
        return self.ended[action_id].outcome if action_id in self.ended else None


def replay(records: Iterable[Record], standing: Standing | None = None) -> Standing:
    """Follow a journal from its beginning, or from where ``standing`` left it.

    Raises IntegrityError where the records cannot have been written by an apply: a second BEGIN,
    an outcome twice, an intent after the outcome, anything after END.
    """
    standing = standing or Standing()
    for record in records:
        if standing.closed or (record.kind is Kind.BEGIN) == (standing.begin is not None):
            raise IntegrityError("the journal's records are not in an order an apply writes")
        standing = _STEPS.get(record.kind, _unchanged)(standing, record)
    return standing


def _begin(standing: Standing, record: Record) -> Standing:
    return replace(standing, begin=record)


def _intent(standing: Standing, record: Record) -> Standing:
    action = record["action_id"]
    if action in standing.ended:
        raise IntegrityError("the journal has an intent after the outcome of the same action")
    earlier = standing.intents.get(action, Earlier())
    sends = earlier.sends + 1 if earlier.form == record["form"] else 1
    now = Earlier(sends, record["form"], record["version"])
    return replace(standing, intents={**standing.intents, action: now})


def _outcome(standing: Standing, record: Record) -> Standing:
    action = record["action_id"]
    if action in standing.ended:
        raise IntegrityError("the journal has two outcomes of one action")
    found = Ended(Outcome(record["outcome"]), record["detail"], record.at, record["after"])
    return replace(standing, ended={**standing.ended, action: found})


def _recheck(standing: Standing, record: Record) -> Standing:
    if record["held"] is not False:
        return standing
    return replace(standing, reverted=standing.reverted | {record["action_id"]})


def _stop(standing: Standing, record: Record) -> Standing:
    reasons = [one for one in (standing.stopped, record["reason"]) if one]
    return replace(standing, stopped="; ".join(reasons))


def _end(standing: Standing, _: Record) -> Standing:
    return replace(standing, closed=True)


def _unchanged(standing: Standing, _: Record) -> Standing:
    return standing


_STEPS = {
    Kind.BEGIN: _begin,
    Kind.INTENT: _intent,
    Kind.OUTCOME: _outcome,
    Kind.RECHECK: _recheck,
    Kind.STOP: _stop,
    Kind.END: _end,
}
