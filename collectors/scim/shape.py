"""What is odd about the shape of a User that can be read all the same (RFC 7643 section 4.1).

A server that is odd in one place is often wrong in another, so each oddity is told once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from collectors.scim.attribute import member

LONGEST_ID = 256
_UNRESERVED = re.compile(r"[A-Za-z0-9._~@-]+")  # RFC 3986 section 2.3, and the @ of addresses
_USER = re.compile(r"urn:ietf:params:scim:schemas:core:2\.0:user", re.IGNORECASE)
_GROUP = re.compile(r"urn:ietf:params:scim:schemas:core:2\.0:group", re.IGNORECASE)


def shape_notes(resource: Mapping[str, object]) -> tuple[str, ...]:
    """Name what differs from RFC 7643 in a User, in a fixed order; nothing for a plain one."""
    return (
        *_id_notes(member(resource, "id")),
        *_name_notes(resource),
        *_email_notes(member(resource, "emails")),
    )


def is_group(resource: Mapping[str, object]) -> bool:
    """Tell whether a resource says by its schemas alone that it is a Group and no User."""
    schemas = member(resource, "schemas")
    named = [one for one in schemas if isinstance(one, str)] if isinstance(schemas, list) else []
    return any(map(_GROUP.fullmatch, named)) and not any(map(_USER.fullmatch, named))


def _id_notes(found: object) -> Iterator[str]:
    if isinstance(found, int):
        yield "id is a number, not a string"
    elif not isinstance(found, str) or not found:
        return
    elif len(found) > LONGEST_ID:
        yield f"id is longer than {LONGEST_ID} characters"
    elif found in (".", ".."):
        yield "id is a step in a path"
    elif not _UNRESERVED.fullmatch(found):
        yield "id has characters that an address must escape"


def _name_notes(resource: Mapping[str, object]) -> Iterator[str]:
    user_name, name = member(resource, "userName"), member(resource, "name")
    if not isinstance(user_name, str) or not user_name.strip():
        yield "userName is missing"
    if name is not None and not isinstance(name, dict):
        yield "name is not an object"
    if isinstance(name, dict) and any(isinstance(part, dict | list) for part in name.values()):
        yield "name holds more than texts"


def _email_notes(found: object) -> Iterator[str]:
    if found is None:
        return
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        yield "emails is not a list of objects"
        return
    if sum(member(one, "primary") is True for one in found) > 1:
        yield "more than one e-mail is primary"
