"""Attribute paths (RFC 7644 section 3.5.2) and how they are looked up in a resource.

::

    path = [urn ":"] name ["[" name "eq" value "]"] ["." name]

Names and URNs are compared without regard to case (RFC 7643 section 2.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ENTERPRISE_1 = "urn:scim:schemas:extension:enterprise:1.0"

_CORE = re.compile(
    r"urn:ietf:params:scim:schemas:core:2\.0:(?:user|group)|urn:scim:schemas:core:1\.0"
)
_NAME = r"[A-Za-z$][A-Za-z0-9$_-]*"
_PATH = re.compile(
    rf"(?:(?P<urn>urn:[^\[\]\"\s]+):)?(?P<name>{_NAME})"
    rf"(?:\[\s*(?P<by>{_NAME})\s+eq\s+(?P<value>\"(?:[^\"\\]|\\.)*\"|true|false|-?\d+)\s*\])?"
    rf"(?:\.(?P<part>{_NAME}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AttributePath:
    """A parsed path: extension URN or None, attribute, the filter's name and value, sub-attribute.

    Names are in lower case; ``equals`` is the filter's value as lower-case text.
    """

    extension: str | None
    name: str
    by: str | None = None
    equals: str | None = None
    part: str | None = None


def parse_path(text: str) -> AttributePath:
    """Read a path such as ``userName``, ``name.givenName`` or ``emails[type eq "work"].value``.

    Raises ValueError where ``text`` is nothing of the kind; of filters only ``eq`` is understood.
    """
    found = _PATH.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f'{text!r} is not a SCIM attribute path such as emails[type eq "work"].value'
        )
    urn, name, by, value, part = (group and group.lower() for group in found.groups())
    if urn is not None and _CORE.fullmatch(urn):
        urn = None
    if value is not None and value.startswith('"'):
        try:
            value = str(json.loads(value))
        except ValueError:
            raise ValueError(f"{text!r}: the quoted value is not a JSON string") from None
    return AttributePath(urn, str(name), by, value, part)


def values(resource: Mapping[str, object], path: AttributePath) -> tuple[object, ...]:
    """Give every value ``path`` names in ``resource``, in order; nulls are left out.

    A complex value of which no sub-attribute is named stands for its ``value`` (RFC 7643 section
    2.4), and a simple one may stand where a complex one with ``value`` is expected.
    """
    found = (_part(element, path) for element in _elements(resource, path) if _fits(element, path))
    return tuple(value for value in found if value is not None)


def is_present(resource: Mapping[str, object], path: AttributePath) -> bool:
    """Tell whether the attribute itself was sent, whatever its filter lets through."""
    return bool(_elements(resource, path))


def member(resource: Mapping[str, object], name: str) -> object:
    """Give the member called ``name`` in any spelling of case, or None."""
    if name in resource:
        return resource[name]
    folded = name.lower()
    return next((value for key, value in resource.items() if key.lower() == folded), None)


def _elements(resource: Mapping[str, object], path: AttributePath) -> list[object]:
    holder: object = resource if path.extension is None else member(resource, path.extension)
    found = member(holder, path.name) if isinstance(holder, dict) else None
    if isinstance(found, list):
        return found
    return [] if found is None else [found]


def _fits(element: object, path: AttributePath) -> bool:
    if path.by is None:
        return True
    value = member(element, path.by) if isinstance(element, dict) else None
    return value is not None and str(value).lower() == path.equals


def _part(element: object, path: AttributePath) -> object:
    if isinstance(element, dict):
        return member(element, path.part or "value")
    return element if path.part in (None, "value") else None


def last_segment(reference: object) -> str | None:
    """Give the id at the end of a ``$ref``, or None; the reference itself is never followed."""
    if not isinstance(reference, str):
        return None
    return unquote(reference.rstrip("/").rpartition("/")[2]) or None
