"""From what may be planned to a plan: every request built, every guard evaluated."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from collectors.base import Change, Deactivator, Operation
from scanner.evidence.canonical import instant_text
from scanner.model import Account
from scanner.remediation.basis import Basis, recorded_resource
from scanner.remediation.guard import Surroundings, evaluate, named
from scanner.remediation.plan import (
    FORMAT,
    Action,
    AppPart,
    LeftOut,
    Observed,
    Plan,
    Planner,
    Sentinel,
    Target,
    Why,
    action_id,
    identity_digest,
)
from scanner.remediation.proposal import Proposal

RANDOM_SENTINELS = 5


@dataclass(frozen=True, slots=True)
class PlannedApp:
    """What can change one app. ``credential`` is the name of a reference, never what it holds."""

    deactivator: Deactivator
    forms: tuple[str, ...]
    credential: str


@dataclass(frozen=True, slots=True)
class Heading:
    """Whose plan it is and what else it is bound to."""

    planner: Planner
    config_sha256: str
    allowed_signers_sha256: str | None = None
    decisions_sha256: str | None = None
    nonce: str = ""


def draft_plan(
    basis: Basis,
    proposals: Sequence[Proposal],
    left_out: Sequence[LeftOut],
    apps: Mapping[str, PlannedApp],
    around: Surroundings,
    heading: Heading,
) -> Plan:
    """Build the plan of ``proposals`` and evaluate every guard on it; sends nothing.

    A plan in which a guard is not ``ok`` must not be written. ``heading.nonce`` is made here where
    it is empty. Raises ConfigError for a form that an app does not know.
    """
    nonce = heading.nonce or secrets.token_hex(16)
    actions = tuple(_action(basis, one, apps[one.suspect.app], nonce) for one in proposals)
    parts = tuple(
        _part(basis, name, apps[name], actions, around.canaries.get(name, ()), nonce)
        for name in sorted({action.app for action in actions})
    )
    return Plan(
        format=FORMAT,
        tool=f"ghostscan {version('ghostscan')}",
        created_at=instant_text(around.now),
        not_after=instant_text(around.now + around.settings.plan_lasts),
        created_by=heading.planner,
        nonce=nonce,
        run=basis.run,
        manifest_sha256=basis.manifest_sha256,
        chain_head=basis.chain_head,
        config_sha256=heading.config_sha256,
        protected_sha256=around.protection.sha256,
        allowed_signers_sha256=heading.allowed_signers_sha256,
        decisions_sha256=heading.decisions_sha256,
        undoes=None,
        switches=around.switches,
        apps=parts,
        guards=evaluate(basis, actions, around),
        actions=actions,
        left_out=tuple(left_out),
    )


def _action(basis: Basis, one: Proposal, app: PlannedApp, nonce: str) -> Action:
    suspect, account = one.suspect, one.account
    whole = "put" in app.forms  # the only form that sends an account back as it was read
    resource = recorded_resource(basis.folder, account.pointer) if whole else None
    group = suspect.group_id if one.operation is Operation.REMOVE_MEMBER else None
    change = Change(one.operation, account, group, resource)
    return Action(
        action_id=action_id(nonce, suspect.app, account.account_id, one.operation, group),
        app=suspect.app,
        operation=one.operation,
        target=target_of(account),
        group_id=group,
        group_name=suspect.group_name if group is not None else None,
        why=_why(one),
        observed=_observed(basis, account),
        requests=app.deactivator.requests(change, app.forms),
    )


def target_of(account: Account) -> Target:
    """Give what an account must still be when something is sent for it."""
    return Target(
        account.account_id,
        account.user_name,
        account.external_id,
        account.emails,
        account.display_name,
    )


def _why(one: Proposal) -> Why:
    owner, decision = one.owner, one.decision
    return Why(
        finding=one.suspect.id,
        kind=one.suspect.kind,
        person_source=owner.source if owner else None,
        person_id=owner.person_id if owner else None,
        status=owner.status if owner else None,
        departed_at=_text(owner.departed_at) if owner else None,
        matched_by=one.suspect.matched_by,
        reviewer=decision.reviewer if decision else None,
        decided_at=decision.decided_at if decision else None,
    )


def _observed(basis: Basis, account: Account) -> Observed:
    started_at = basis.sources[account.source].started_at or basis.ended_at
    return Observed(
        active=account.active,
        privileged=account.privileged,
        version=account.version,
        modified_at=_text(account.modified_at),
        read_at=instant_text(started_at),
        identity_sha256=identity_digest(account.user_name, account.external_id, account.emails),
    )


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)


def _part(
    basis: Basis,
    name: str,
    app: PlannedApp,
    actions: Sequence[Action],
    canaries: Sequence[str],
    nonce: str,
) -> AppPart:
    touched = {action.target.id for action in actions if action.app == name}
    touched |= {one.account_id for one in basis.suspects if one.app == name}
    return AppPart(
        name=name,
        origin=app.deactivator.origin,
        credential=app.credential,
        forms=app.forms,
        traits=app.deactivator.traits,
        sentinels=_sentinels(basis, name, touched, canaries, nonce),
    )


def _sentinels(
    basis: Basis, name: str, touched: set[str], canaries: Sequence[str], nonce: str
) -> tuple[Sentinel, ...]:
    """Active accounts that nothing is planned for: the canaries, and a few picked at random."""
    staying = [
        account
        for (app, _), account in sorted(basis.accounts.items())
        if app == name and account.active and account.account_id not in touched
    ]
    kept = {
        one.account_id
        for one in staying
        if named(one.account_id, one.user_name, one.external_id, *one.emails) & named(*canaries)
    }
    others = [one.account_id for one in staying if one.account_id not in kept]
    # The nonce makes the choice unpredictable beforehand and repeatable afterwards.
    chance = random.Random(f"{nonce} {name}")  # noqa: S311 - a sample, not a secret
    picked = chance.sample(others, min(RANDOM_SENTINELS, len(others)))
    return tuple(Sentinel(one, canary=one in kept) for one in (*sorted(kept), *sorted(picked)))
