"""``plan.json``: what would be sent, to the byte, and what that rests on.

Canonical JSON; ``plan_id`` is the SHA-256 of the file. Whoever approves sees the requests
themselves, and nothing that is not in the file is ever sent. It holds no secret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from collectors.base import Operation, Request, Traits
from scanner.evidence.canonical import canonical_json, parse_canonical, parse_instant

FORMAT: Final = "ghostscan/plan/1"
PLAN = "plan.json"
FOLDER = "remediation"
MOST_BYTES = 1 << 26
MANUAL = "manual"

STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Target:
    """The account as it was read: whoever it is later must be the same."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: str
    user_name: str | None
    external_id: str | None
    emails: tuple[str, ...]
    display_name: str | None


@dataclass(frozen=True, slots=True)
class Why:
    """The positive evidence for an action; instants are RFC 3339.

    ``person_id`` and what follows it are None where a reviewer's decision is the evidence.
    ``reviewer`` and ``decided_at`` are None where the finding stands by itself.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    finding: str
    kind: str
    person_source: str | None = None
    person_id: str | None = None
    status: str | None = None
    departed_at: str | None = None
    matched_by: str | None = None
    reviewer: str | None = None
    decided_at: str | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """The state on which the action rests, and when it was read (RFC 3339).

    ``identity_sha256`` is :func:`identity_digest` of the names the account had then.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    active: bool | None
    privileged: bool | None
    version: str | None
    modified_at: str | None
    read_at: str
    identity_sha256: str


@dataclass(frozen=True, slots=True)
class Action:
    """One change to one account; without any request it is a task for a person."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    action_id: str
    app: str
    operation: Operation
    target: Target
    group_id: str | None
    group_name: str | None
    why: Why
    observed: Observed
    requests: tuple[Request, ...]

    @property
    def label(self) -> str:
        """Whom it is about, in a few words for people."""
        named = self.target.user_name or next(iter(self.target.emails), None)
        return f"{named} ({self.target.id})" if named else self.target.id


@dataclass(frozen=True, slots=True)
class Sentinel:
    """An account that must not change while others do: a canary, or one picked at random."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: str
    canary: bool


@dataclass(frozen=True, slots=True)
class AppPart:
    """What a plan holds of one app: the one place it may send to, and what it does there."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    origin: str
    credential: str
    forms: tuple[str, ...]
    traits: Traits
    sentinels: tuple[Sentinel, ...]


@dataclass(frozen=True, slots=True)
class GuardResult:
    """One guard's arithmetic. ``app`` is empty where it is about all of them.

    ``acknowledged`` is the written reason why a breach with exactly this value was accepted.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    app: str
    value: int
    limit: int
    ok: bool
    detail: str
    acknowledged: str | None = None

    @property
    def key(self) -> str:
        """How the guard is named on the command line."""
        return f"{self.name}:{self.app}" if self.app else self.name


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A finding that was not planned, and why, as a stable code and in words."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    finding: str
    app: str
    account: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Planner:
    """Who made the plan; ``fingerprint`` is that of the key which signed it, None without one."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class Switches:
    """What was asked for beyond the default; the same are used when guards are evaluated again."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    memberships: bool = False
    privileged: tuple[str, ...] = ()
    expected_headcount: int | None = None
    acknowledged: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole file. Digests are SHA-256 in hexadecimal, instants RFC 3339 in UTC.

    ``batches`` are how many actions of an app are done before the next look around; the last one
    repeats. ``undoes`` is the digest of the journal that an undo plan takes back.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    format: Literal["ghostscan/plan/1"]
    tool: str
    created_at: str
    not_after: str
    created_by: Planner
    nonce: str
    run: str
    manifest_sha256: str
    chain_head: str
    config_sha256: str
    protected_sha256: str
    allowed_signers_sha256: str | None
    decisions_sha256: str | None
    undoes: str | None
    switches: Switches
    apps: tuple[AppPart, ...]
    guards: tuple[GuardResult, ...]
    actions: tuple[Action, ...]
    left_out: tuple[LeftOut, ...]
    batches: tuple[int, ...] = (1, 5, 20)

    @property
    def content(self) -> bytes:
        """The bytes of ``plan.json``."""
        return canonical_json(plain(self))

    @property
    def plan_id(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def expires_at(self) -> datetime:
        """The instant after which nothing of it is sent."""
        return parse_instant(self.not_after)

    def app(self, name: str) -> AppPart:
        """Give the part about one app; KeyError where it has none."""
        return next(part for part in self.apps if part.name == name)

    def sendable(self) -> tuple[Action, ...]:
        """The actions that send something; the others are tasks for a person."""
        return tuple(action for action in self.actions if action.requests)


_PLAN = TypeAdapter(Plan)


def parse_plan(content: bytes) -> Plan:
    """Read a plan that nobody vouches for; raise ValueError unless it is one, in every byte."""
    parse_canonical(content)
    try:
        plan = _PLAN.validate_json(content)
        instants = [plan.created_at, plan.not_after, *(a.observed.read_at for a in plan.actions)]
        for text in instants:
            parse_instant(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"is not a plan of the form {FORMAT}: {place}: {first['msg']}") from None
    if plan.content != content:
        raise ValueError(f"holds what is not of the form {FORMAT}")
    _refuse_contradictions(plan)
    return plan


def _refuse_contradictions(plan: Plan) -> None:
    """A file can have the form of a plan and still not be one."""
    names = [part.name for part in plan.apps]
    ids = [action.action_id for action in plan.actions]
    if len(set(names)) != len(names) or len(set(ids)) != len(ids):
        raise ValueError("names an app or an action twice")
    if not {action.app for action in plan.actions} <= set(names):
        raise ValueError("has an action in an app that it does not describe")
    if not plan.batches or min(plan.batches) < 1:
        raise ValueError("has no batches")
    for action in plan.actions:
        operation, target, group = action.operation, action.target.id, action.group_id
        if action.action_id != action_id(plan.nonce, action.app, target, operation, group):
            raise ValueError(f"action {action.action_id[:12]} is not about what its id says")


def action_id(
    nonce: str, app: str, account_id: str, operation: Operation, group_id: str | None
) -> str:
    """Name one action: the SHA-256 over what it is about, different in every plan."""
    parts = canonical_json([nonce, app, account_id, operation.value, group_id])
    return hashlib.sha256(parts).hexdigest()


def identity_digest(user_name: str | None, external_id: str | None, emails: Collection[str]) -> str:
    """Give one digest of the names by which an account is known; another one is another account."""
    parts = canonical_json([user_name, external_id, sorted(set(emails))])
    return hashlib.sha256(parts).hexdigest()


def plain(value: Any) -> Any:  # noqa: ANN401 - any frozen dataclass of this package
    """Turn dataclasses into what canonical JSON can hold."""
    return asdict(value)
