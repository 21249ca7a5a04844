"""``approval.json``: who agreed to which actions of exactly one plan.

A second person signs it with a key of their own; a small plan may be approved by typing instead,
which is recorded as what it is: self-asserted. Names prove nothing, so keys are compared.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from scanner.config import Remediation
from scanner.errors import IntegrityError, RefusedError, UsageError
from scanner.evidence.canonical import (
    canonical_json,
    instant_text,
    parse_canonical,
    parse_instant,
)
from scanner.remediation.guard import targets_of
from scanner.remediation.plan import STRICT, Action, Plan, plain
from scanner.remediation.signature import (
    APPROVAL_NAMESPACE,
    PLAN_NAMESPACE,
    Signatures,
    Signer,
)

FORMAT: Final = "ghostscan/approval/1"
APPROVAL = "approval.json"
ALL: Final = "all"
PREFIX = 8
"""How many digits of the plan id somebody types."""


class Level(StrEnum):
    """How an approval was given."""

    SIGNED = "signed-by-second-person"
    TYPED = "typed"


@dataclass(frozen=True, slots=True)
class Approval:
    """The whole file. ``actions`` is ``all`` or the ids that are approved; ``count`` says how many.

    ``accepted`` names the apps whose destructive effects were accepted; ``name`` is what the
    approver calls themselves, and proves nothing.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    format: Literal["ghostscan/approval/1"]
    plan_id: str
    level: Level
    name: str
    approved_at: str
    not_after: str
    actions: Literal["all"] | tuple[str, ...]
    count: int
    accepted: tuple[str, ...]

    @property
    def content(self) -> bytes:
        """The bytes of ``approval.json``, which are what is signed."""
        return canonical_json(plain(self))

    def of(self, plan: Plan) -> tuple[Action, ...]:
        """Give the approved actions of ``plan`` that send something, in the order of the plan."""
        return tuple(
            one for one in plan.sendable() if self.actions == ALL or one.action_id in self.actions
        )


_APPROVAL = TypeAdapter(Approval)


def parse_approval(content: bytes) -> Approval:
    """Read an approval that nobody vouches for; raise ValueError unless it is one."""
    parse_canonical(content)
    try:
        approval = _APPROVAL.validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"is not an approval of the form {FORMAT}: {first['msg']}") from None
    parse_instant(approval.not_after)
    parse_instant(approval.approved_at)
    if approval.content != content:
        raise ValueError(f"holds what is not of the form {FORMAT}")
    return approval


def state_approval(
    plan: Plan,
    *,
    level: Level,
    name: str,
    now: datetime,
    only: Sequence[str] = (),
    accepted: Sequence[str] = (),
) -> Approval:
    """Write down an agreement to ``plan``, or to those of its actions that ``only`` names.

    ``only`` are ids or unambiguous beginnings of ids. Raises UsageError for one that names no
    action, RefusedError where the plan has expired or an app with a destructive effect is not
    among ``accepted``.
    """
    if now > plan.expires_at:
        raise RefusedError(f"the plan expired at {plan.not_after}", "plan again")
    chosen = tuple(sorted({_named(plan, start) for start in only}))
    approval = Approval(
        format=FORMAT,
        plan_id=plan.plan_id,
        level=level,
        name=name,
        approved_at=instant_text(now),
        not_after=plan.not_after,
        actions=chosen or ALL,
        count=len(chosen) if chosen else len(plan.sendable()),
        accepted=tuple(sorted(set(accepted))),
    )
    _check_accepted(plan, approval)
    return approval


def _named(plan: Plan, start: str) -> str:
    found = [one.action_id for one in plan.sendable() if start and one.action_id.startswith(start)]
    if len(found) != 1:
        what = "no action" if not found else f"{len(found)} actions"
        raise UsageError(f"--only {start}: {what} of this plan", "give more of the action's id")
    return found[0]


def _check_accepted(plan: Plan, approval: Approval) -> None:
    """What cannot simply be taken back must have been accepted for the app by name."""
    if plan.undoes is not None:
        return
    for app in sorted({action.app for action in approval.of(plan)}):
        effects = plan.app(app).traits.destructive
        if effects and app not in approval.accepted:
            raise RefusedError(
                f"{app}: {', '.join(effects)}: {plan.app(app).traits.effect}",
                f"whoever approves must accept that: --accept-loss {app}",
            )


def may_be_typed(plan: Plan, settings: Remediation, count: int) -> bool:
    """Tell whether a plan is small and plain enough to be approved without a second key.

    A threshold that was passed by an acknowledgement always needs a signature.
    """
    acknowledged = any(guard.acknowledged is not None for guard in plan.guards)
    return count <= settings.typed_up_to and not acknowledged


def check_typed(plan: Plan, approval: Approval, prefix: str, count: str) -> None:
    """Check what somebody typed: the beginning of the plan id, and the exact count.

    Raises RefusedError for anything else.
    """
    wanted = (plan.plan_id[:PREFIX], str(approval.count))
    if (prefix.strip().lower(), count.strip()) != wanted:
        raise RefusedError(
            "what was typed is not the plan's id and the number of its actions",
            "read both from the plan, not from memory",
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """An approval that holds: what may be sent, on whose word, and with which key."""

    approval: Approval
    actions: tuple[Action, ...]
    signer: Signer | None


def check_approval(
    plan: Plan,
    files: ApprovalFiles,
    signatures: Signatures,
    settings: Remediation,
    allowed: Path | None,
    now: datetime,
) -> Agreement:
    """Give what is approved of ``plan``, by whoever may approve it.

    Raises RefusedError where nothing is, IntegrityError where the approval is damaged.
    """
    approval = _own_approval(plan, files)
    if now < parse_instant(approval.approved_at):
        raise RefusedError("the approval is from the future", "correct the clock")
    _check_accepted(plan, approval)
    actions = approval.of(plan)
    if approval.count != len(actions) or not actions:
        raise RefusedError("the approval does not fit the plan's actions", "approve again")
    if approval.level is Level.TYPED:
        if not may_be_typed(plan, settings, len(actions)):
            raise RefusedError(
                f"{len(actions)} actions need the signature of a second person",
                "run: ghostscan approve PLAN --key KEY",
            )
        _refuse_own(actions, (approval.name,))
        return Agreement(approval, actions, None)
    signer = check_signer(plan, approval, files, signatures, settings, allowed)
    if plan.undoes is None or signer.fingerprint not in settings.break_glass_keys:
        _refuse_own(actions, (approval.name, *signer.names))
    return Agreement(approval, actions, signer)


def _refuse_own(actions: Collection[Action], names: Collection[str]) -> None:
    """Nobody decides on their own account, neither that it ends nor that it comes back."""
    own = targets_of(actions, names)
    if own:
        raise RefusedError(
            f"the approver's own account is in the plan: {own[0].app}: {own[0].label}",
            "somebody else must approve it, or approve without it: --only ACTION",
        )


@dataclass(frozen=True, slots=True)
class ApprovalFiles:
    """The bytes an approval consists of; None where a file is not there."""

    approval: bytes | None
    signature: bytes | None
    plan_signature: bytes | None


def _own_approval(plan: Plan, files: ApprovalFiles) -> Approval:
    if files.approval is None:
        raise RefusedError("the plan is not approved", "run: ghostscan approve PLAN")
    try:
        approval = parse_approval(files.approval)
    except ValueError as error:
        raise IntegrityError(f"{APPROVAL} {error}", "approve the plan again") from None
    if approval.plan_id != plan.plan_id:
        raise RefusedError("the approval is of another plan", "approve this one")
    if approval.not_after > plan.not_after:
        raise RefusedError("the approval says it outlives the plan", "approve again")
    return approval


def check_signer(
    plan: Plan,
    approval: Approval,
    files: ApprovalFiles,
    signatures: Signatures,
    settings: Remediation,
    allowed: Path | None,
) -> Signer:
    """Give who signed the approval, once it is shown that this is not who made the plan.

    Raises RefusedError otherwise.
    """
    if allowed is None:
        raise RefusedError(
            "nobody is allowed to sign", "set allowed_signers in [remediation], then plan again"
        )
    if files.signature is None:
        raise RefusedError("the approval is not signed", "run: ghostscan approve PLAN --key KEY")
    signer = signatures.signer(approval.content, files.signature, APPROVAL_NAMESPACE, allowed)
    if signer.fingerprint in settings.automation_keys:
        raise RefusedError("the approval is signed by a machine's key", "a person must approve")
    if plan.undoes is not None and signer.fingerprint in settings.break_glass_keys:
        return signer
    planner = _planner_key(plan, files, signatures)
    if signer.fingerprint == planner or plan.created_by.name in signer.names:
        raise RefusedError(
            "the approval is signed by whoever made the plan, under whatever name",
            "somebody else must approve it with a key of their own",
        )
    _refuse_second_key(plan, files, signatures, signer.names, allowed)
    return signer


def _planner_key(plan: Plan, files: ApprovalFiles, signatures: Signatures) -> str:
    """Give the fingerprint of the key the plan was signed with; without one nobody is second."""
    if plan.created_by.fingerprint is None or files.plan_signature is None:
        raise RefusedError(
            "the plan is not signed, so nothing shows that the approver is somebody else",
            "plan again with --key KEY, or approve a small plan by typing",
        )
    found = signatures.fingerprint(plan.content, files.plan_signature, PLAN_NAMESPACE)
    if found != plan.created_by.fingerprint:
        raise RefusedError("the plan is signed with another key than it says", "plan again")
    return found


def _refuse_second_key(
    plan: Plan,
    files: ApprovalFiles,
    signatures: Signatures,
    names: Collection[str],
    allowed: Path,
) -> None:
    """Refuse two keys of one person, as far as the file of allowed signers knows them."""
    if files.plan_signature is None:
        return
    try:
        planner = signatures.signer(plan.content, files.plan_signature, PLAN_NAMESPACE, allowed)
    except RefusedError:
        return  # whoever may not approve has no name there
    if set(planner.names) & set(names):
        raise RefusedError(
            "the approval is signed by another key of whoever made the plan",
            "somebody else must approve it",
        )
