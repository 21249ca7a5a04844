"""Taking back what is confirmed to be ours, as a plan of its own that needs its own approval."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from collectors.base import Change, Operation
from scanner.errors import RefusedError, UsageError
from scanner.evidence.canonical import instant_text
from scanner.model import Account, Pointer
from scanner.remediation.draft import Heading, PlannedApp
from scanner.remediation.outcome import OURS, Outcome
from scanner.remediation.plan import Action, AppPart, LeftOut, Observed, Plan, action_id
from scanner.remediation.replay import Ended, Standing

_WORDS = {
    "not_confirmed": "it is not confirmed that we changed it",
    "deleted": "the app deleted the account, as was accepted; invite the person again",
    "not_offered": "a membership is not given back by itself; add the person to the group",
    "not_asked": "it was not named",
}


def draft_undo(
    plan: Plan,
    standing: Standing,
    journal_head: str,
    apps: Mapping[str, PlannedApp],
    heading: Heading,
    now: datetime,
    lasts: timedelta,
    only: tuple[str, ...] = (),
) -> Plan:
    """Plan ``active=true`` for every account whose deactivation is confirmed to be ours.

    ``only`` are account ids or the beginnings of action ids. What is not still inactive and
    unchanged when it is applied is left alone. Raises RefusedError for an undo of an undo.
    """
    if plan.undoes is not None:
        raise RefusedError("this is the journal of an undo", "audit again, then plan anew")
    nonce = heading.nonce or secrets.token_hex(16)
    actions, left_out = [], []
    for action in plan.actions:
        code = _objection(action, standing, only)
        if code is not None:
            left_out.append(_left_out(action, code))
            continue
        ended = standing.ended[action.action_id]
        actions.append(_action(action, ended, apps[action.app], nonce))
    _refuse_unknown(plan, only)
    used = {action.app for action in actions}
    return replace(
        plan,
        created_at=instant_text(now),
        not_after=instant_text(now + lasts),
        created_by=heading.planner,
        config_sha256=heading.config_sha256,
        nonce=nonce,
        allowed_signers_sha256=heading.allowed_signers_sha256,
        decisions_sha256=None,
        undoes=journal_head,
        apps=tuple(_part(part, apps[part.name]) for part in plan.apps if part.name in used),
        guards=(),
        actions=tuple(actions),
        left_out=tuple(left_out),
    )


def _objection(action: Action, standing: Standing, only: tuple[str, ...]) -> str | None:
    if only and not any(_is_named(action, one) for one in only):
        return "not_asked"
    outcome = standing.outcome(action.action_id)
    if outcome not in OURS:
        return "deleted" if outcome is Outcome.DELETED else "not_confirmed"
    return "not_offered" if action.operation is Operation.REMOVE_MEMBER else None


def _is_named(action: Action, one: str) -> bool:
    return one == action.target.id or (bool(one) and action.action_id.startswith(one))


def _refuse_unknown(plan: Plan, only: tuple[str, ...]) -> None:
    for one in only:
        if not any(_is_named(action, one) for action in plan.actions):
            raise UsageError(f"--only {one}: no account or action of this plan")


def _action(action: Action, ended: Ended, app: PlannedApp, nonce: str) -> Action:
    target = action.target
    account = Account(
        source=action.app,
        account_id=target.id,
        pointer=Pointer("", 0),
        active=False,
        user_name=target.user_name,
        external_id=target.external_id,
        emails=target.emails,
        display_name=target.display_name,
    )
    forms = [form for form in app.forms if form != "put"]  # its body would be the old resource
    change = Change(Operation.REACTIVATE, account)
    return replace(
        action,
        action_id=action_id(nonce, action.app, target.id, Operation.REACTIVATE, None),
        operation=Operation.REACTIVATE,
        observed=_observed(action, ended),
        requests=app.deactivator.requests(change, forms),
    )


def _observed(action: Action, ended: Ended) -> Observed:
    """The state right after we changed it: whoever touched it since has the last word."""
    after = ended.after or {}
    return Observed(
        active=False,
        privileged=action.observed.privileged,
        version=_text(after.get("version")),
        modified_at=_text(after.get("modified_at")),
        read_at=ended.at,
        identity_sha256=_text(after.get("identity_sha256")) or action.observed.identity_sha256,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _part(part: AppPart, app: PlannedApp) -> AppPart:
    return replace(part, origin=app.deactivator.origin, forms=app.forms, credential=app.credential)


def _left_out(action: Action, code: str) -> LeftOut:
    return LeftOut(action.why.finding, action.app, action.target.id, code, _WORDS[code])
