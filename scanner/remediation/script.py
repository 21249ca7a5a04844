"""An approved plan as data for the standalone script, one app at a time.

Lines of ``name value``, read by ``templates/remediate.sh.j2``: a heading, then for each action what
the account must still be (``is PATH VALUE``), what is wanted, and its requests to the byte. Every
value is one line without control characters, so nothing in it can become a line, let alone a
command.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import quote

from collectors.base import Operation, Request
from scanner.config import Source
from scanner.errors import ConfigError, RefusedError
from scanner.remediation.approval import Agreement
from scanner.remediation.plan import Action, AppPart, Plan

FORMAT = "ghostscan/script/1"
READ_BY_SCRIPT = ("account_id", "user_name", "external_id", "emails", "active", "version")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class AppData:
    """The data of one app. ``left_out`` are actions that only ``ghostscan apply`` can do."""

    app: str
    content: bytes
    actions: int
    left_out: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """The paths, of the app's origin, below which users and groups stand; each ends with ``/``."""

    users: str
    groups: str


def script_data(
    plan: Plan,
    agreement: Agreement,
    approval_sha256: str,
    app: str,
    source: Source,
    places: Places,
) -> AppData:
    """Write the data for the approved actions of one app.

    Raises RefusedError for an undo, ConfigError where the source's settings say where a state or a
    name stands: the script knows the attributes of RFC 7643 only.
    """
    if plan.undoes is not None:
        raise RefusedError("an undo is not offered as a script", "use: ghostscan apply")
    _refuse_own_reading(app, source)
    part = plan.app(app)
    own = [one for one in agreement.actions if one.app == app]
    told = [(one, _sendable(one)) for one in own]
    lines = [*_heading(plan, agreement, approval_sha256, part)]
    lines += [f"watch {places.users}{quote(one.id, safe='')}" for one in part.sentinels]
    for action, requests in told:
        if requests:
            lines += _action(action, requests, places)
    content = "".join(f"{_one_line(line)}\n" for line in lines).encode()
    left_out = tuple(one for one, requests in told if not requests)
    return AppData(app, content, len(own) - len(left_out), left_out)


def _refuse_own_reading(app: str, source: Source) -> None:
    own = sorted(set(READ_BY_SCRIPT) & set(source.attributes))
    own += ["active_values"] if source.active_values.active or source.active_values.inactive else []
    if own:
        raise ConfigError(
            f"sources.{app}: a script cannot read what {own[0]} says", "use: ghostscan apply"
        )


def _sendable(action: Action) -> tuple[Request, ...]:
    """Leave out the forms that need more of the account than a script compares."""
    return tuple(one for one in action.requests if not one.needs_version)


def _heading(
    plan: Plan, agreement: Agreement, approval_sha256: str, part: AppPart
) -> Iterator[str]:
    signer = agreement.signer
    yield f"format {FORMAT}"
    yield f"plan {plan.plan_id}"
    yield f"run {plan.run}"
    yield f"approval {approval_sha256}"
    yield f"approver {signer.names[0] if signer else agreement.approval.name}"
    yield f"expires {plan.expires_at.astimezone(UTC):%Y%m%d%H%M%S}"
    yield f"app {part.name}"
    yield f"origin {part.origin}"
    yield f"conditional {_yes(part.traits.version_enforced)}"
    yield f"deletes {_yes(part.traits.deletes_user)}"
    yield f"between {math.ceil(60 / part.traits.writes_per_minute)}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _action(action: Action, requests: Sequence[Request], places: Places) -> Iterator[str]:
    target = action.target
    yield f"action {action.action_id}"
    yield f"label {_CONTROL.sub('?', action.label)}"
    yield f"account {places.users}{quote(target.id, safe='')}"
    yield f"is /id {target.id}"
    yield from (f"is /username {one}" for one in (target.user_name,) if one)
    yield from (f"is /externalid {one}" for one in (target.external_id,) if one)
    yield from (f"is /emails/*/value {one}" for one in target.emails)
    if action.group_id is not None:
        yield f"group {places.groups}{quote(action.group_id, safe='')}"
    yield f"wanted {'true' if action.operation is Operation.REACTIVATE else 'false'}"
    for request in requests:
        yield f"send {request.method} {request.form} {request.path}"
        yield f"type {dict(request.headers).get('Content-Type', 'application/scim+json')}"
        yield f"body {request.body}"
    yield "end"


def _one_line(line: str) -> str:
    if _CONTROL.search(line):
        raise RefusedError("a value of the plan holds a control character", "use: ghostscan apply")
    return line
