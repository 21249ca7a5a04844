"""The forms in which a SCIM service can be asked for a change, by the names used in settings.

Which of them a service understands differs: RFC 7644 section 3.5.2 allows ``path`` and no path,
an older client of Microsoft Entra sends text for booleans, SCIM 1.1 sends a part of the resource,
and where PATCH is missing only PUT is left. ``vendor:NAME`` is a call that a profile describes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from collectors.base import Change, Operation

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
CORE_1 = "urn:scim:schemas:core:1.0"
SCIM_JSON = "application/scim+json"
JSON = "application/json"
READ_ONLY = frozenset({"id", "meta", "groups"})
"""What a client cannot set (RFC 7643 sections 3.1 and 4.1.2): a PUT leaves it out."""

Digests = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that a vendor documents beside SCIM, below the base URL.

    ``path`` holds ``{id}`` where the account's id goes; the bodies are JSON text, sent as they
    are, ``reactivate`` None where the vendor has no way back.
    """

    method: str
    path: str
    deactivate: str
    reactivate: str | None
    media_type: str


@dataclass(frozen=True, slots=True)
class Said:
    """How one form says a change.

    ``path`` is that of a vendor's call below the base URL, None for the account or group itself.
    ``attributes`` are those that the body repeats, see :func:`digests`; empty where it does not
    send the whole resource.
    """

    method: str
    body: str
    media_type: str = SCIM_JSON
    path: str | None = None
    attributes: Digests = ()


Form = Callable[[Change], Said | None]
"""Says a change; None where this form cannot."""


def forms_known(calls: Mapping[str, Call]) -> dict[str, Form]:
    """Give every form by its name, with those of a vendor's own calls."""
    return _FORMS | {f"vendor:{name}": _calling(call) for name, call in calls.items()}


def digests(resource: Mapping[str, Any]) -> Digests:
    """Give the SHA-256 of each attribute's value, sorted by name; the order in arrays is none."""
    return tuple((name, _digest(value)) for name, value in sorted(resource.items()))


def kept(found: Digests) -> Digests:
    """Give those attributes that a deactivation must leave as they are."""
    return tuple(one for one in found if one[0] not in READ_ONLY | {"active"})


def _digest(value: object) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()


def _canonical(value: object) -> str:
    if isinstance(value, dict):
        inner = ",".join(f"{json.dumps(k)}:{_canonical(v)}" for k, v in sorted(value.items()))
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{','.join(sorted(_canonical(one) for one in value))}]"
    return json.dumps(value)


def _by_path(change: Change) -> Said:
    if change.operation is Operation.REMOVE_MEMBER:
        escaped = json.dumps(change.account.account_id, ensure_ascii=False)
        return _patch({"op": "remove", "path": f"members[value eq {escaped}]"})
    return _patch({"op": "replace", "path": "active", "value": _wanted(change)})


def _by_value(change: Change) -> Said | None:
    if change.operation is Operation.REMOVE_MEMBER:
        return None  # some servers take the value form as all members
    return _patch({"op": "replace", "value": {"active": _wanted(change)}})


def _as_entra(change: Change) -> Said | None:
    if change.operation is Operation.REMOVE_MEMBER:
        return None
    return _patch({"op": "Replace", "path": "active", "value": str(_wanted(change))})


def _as_scim_1(change: Change) -> Said:
    """SCIM Protocol 1.1 section 3.3.2: the part of the resource that changes."""
    if change.operation is Operation.REMOVE_MEMBER:
        members = [{"value": change.account.account_id, "operation": "delete"}]
        return Said("PATCH", _text({"schemas": [CORE_1], "members": members}), JSON)
    return Said("PATCH", _text({"schemas": [CORE_1], "active": _wanted(change)}), JSON)


def _as_put(change: Change) -> Said | None:
    """The whole resource as it was read (RFC 7644 section 3.5.1), and only with its version.

    Without a version nothing tells that the resource is still the one that was read.
    """
    if change.operation is Operation.REMOVE_MEMBER or change.resource is None:
        return None
    if change.account.version is None:
        return None
    read = json.loads(change.resource)
    body = {name: value for name, value in read.items() if name not in READ_ONLY}
    return Said("PUT", _text(body | {"active": _wanted(change)}), attributes=kept(digests(read)))


def _calling(call: Call) -> Form:
    def say(change: Change) -> Said | None:
        gives_back = change.operation is Operation.REACTIVATE
        body = call.reactivate if gives_back else call.deactivate
        if change.operation is Operation.REMOVE_MEMBER or body is None:
            return None
        place = call.path.replace("{id}", quote(change.account.account_id, safe=""))
        return Said(call.method, body, call.media_type, place)

    return say


def _patch(operation: dict[str, object]) -> Said:
    return Said("PATCH", _text({"schemas": [PATCH_OP], "Operations": [operation]}))


def _text(message: object) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _wanted(change: Change) -> bool:
    return change.operation is Operation.REACTIVATE


_FORMS: dict[str, Form] = {
    "patch-path": _by_path,
    "patch-nopath": _by_value,
    "patch-entra": _as_entra,
    "patch-1.1": _as_scim_1,
    "put": _as_put,
}
