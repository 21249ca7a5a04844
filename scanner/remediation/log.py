"""``log.json``: what a remediation did, account by account, as an auditor asks for it.

Made from the plan and the journal alone, so that anybody can make it again and compare: the same
two files give the same bytes. It concludes nothing that the journal does not say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from collectors.base import Traits
from scanner.evidence.canonical import canonical_json
from scanner.remediation.journal import Kind, Record
from scanner.remediation.outcome import OURS, Outcome
from scanner.remediation.plan import Action, Plan, plain
from scanner.remediation.replay import replay
from scanner.remediation.watch import looks

FORMAT = "ghostscan/remediation-log/1"
LOG = "log.json"
_ANSWER = ("status", "error", "scim_type", "request_id", "body_sha256")


def remediation_log(plan: Plan, records: Sequence[Record], head: str) -> dict[str, Any]:
    """Give the log of a plan; ``head`` is the last hash of the journal.

    ``actions`` holds every action of the plan in its order: whom it is about and why, the state
    read before and after, each request with its digest and answer, the outcome as it stands now,
    and what SCIM cannot show of the access that is left. ``apps`` says what deactivating does in
    each, as in the plan, with what of it cannot simply be taken back. ``looks`` are those around
    the changes, see :func:`watch.looks`. Instants are RFC 3339 in UTC.
    """
    standing = replay(records)
    begin = standing.begin
    by_action: dict[str, list[Record]] = {}
    for record in records:
        by_action.setdefault(record.fields.get("action_id", ""), []).append(record)
    return {
        "format": FORMAT,
        "run": plan.run,
        "plan_id": plan.plan_id,
        "undoes": plan.undoes,
        "manifest_sha256": plan.manifest_sha256,
        "journal_head": head,
        "planner": plain(plan.created_by),
        "begun": None if begin is None else {"at": begin.at, **begin.fields},
        "ended_at": records[-1].at if standing.closed else None,
        "stopped": standing.stopped,
        "apps": [
            {
                "name": one.name,
                "origin": one.origin,
                "effect": one.traits.effect,
                "destructive": list(one.traits.destructive),
            }
            for one in plan.apps
        ],
        "looks": list(looks(records)),
        "actions": [
            _entry(plan, one, by_action.get(one.action_id, []), standing.outcome(one.action_id))
            for one in plan.actions
        ],
    }


def log_content(plan: Plan, records: Sequence[Record], head: str) -> bytes:
    """Give the bytes of ``log.json``."""
    return canonical_json(remediation_log(plan, records, head))


def _entry(
    plan: Plan, action: Action, records: Sequence[Record], outcome: Outcome | None
) -> dict[str, Any]:
    ended = next((one for one in records if one.kind is Kind.OUTCOME), None)
    checked = next((one for one in reversed(records) if one.kind is Kind.RECHECK), None)
    return {
        "action_id": action.action_id,
        "app": action.app,
        "operation": action.operation.value,
        "target": plain(action.target),
        "group_id": action.group_id,
        "group_name": action.group_name,
        "why": plain(action.why),
        "observed": plain(action.observed),
        "before": ended["before"] if ended else None,
        "requests": _requests(action, records),
        "after": ended["after"] if ended else None,
        "outcome": outcome or (None if action.requests else "BY_HAND"),
        "detail": ended["detail"] if ended else "",
        "ended_at": ended.at if ended else None,
        "waited_seconds": ended["waited_seconds"] if ended else None,
        "rechecked": None if checked is None else {"at": checked.at, "held": checked["held"]},
        "undoable": outcome in OURS and plan.app(action.app).traits.reversible != "no",
        "residual_access": residual_access(plan.app(action.app).traits),
    }


def _requests(action: Action, records: Sequence[Record]) -> list[dict[str, Any]]:
    """Each request that may have left, with its answer where one is on record."""
    planned = {one.form: one for one in action.requests}
    sent: list[dict[str, Any]] = []
    for record in records:
        if record.kind is Kind.INTENT:
            request = planned[record["form"]]
            sent.append({
                "at": record.at,
                "form": request.form,
                "method": request.method,
                "path": request.path,
                "body": request.body,
                "if_match": record["if_match"],
                "request_sha256": record["request_sha256"],
                "answer": None,
            })  # fmt: skip
        elif record.kind is Kind.RESPONSE and sent:
            sent[-1]["answer"] = _answer(record.at, record.fields)
    return sent


def _answer(at: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"at": at, **{name: fields[name] for name in _ANSWER}}


def residual_access(traits: Traits) -> str:
    """Say what may be left of the access: only ``active`` was read, nothing else is known."""
    told = {"sessions": traits.sessions, "tokens and keys": traits.tokens}
    ends = [name for name, one in told.items() if one == "end"]
    left = [name for name, one in told.items() if one != "end"]
    parts = [f"the vendor says that {' and '.join(ends)} end"] if ends else []
    if left:
        parts.append(f"{' and '.join(left)} are not part of SCIM and may live on")
    return "; ".join((*parts, "none of it was verified"))
