"""Strict JSON and the SCIM list response (RFC 7644 section 3.4.2)."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from collectors.base import Recorded
from collectors.failure import failure_of, header, quoted
from collectors.scim.attribute import member
from scanner.errors import SourceError

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
MEDIA_TYPES = frozenset({"application/scim+json", "application/json"})
CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})
MAX_DEPTH = 64

_BASE_URL_HINT = "the URL is probably not the SCIM base URL, or a login or proxy stands before it"


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list: the server's total and the records as they stand.

    ``start_index`` and ``items_per_page`` are what the server says of itself, unchecked.
    """

    total: int
    resources: tuple[dict[str, Any], ...]
    start_index: object = None
    items_per_page: object = None


class _NoListError(Exception):
    """Valid JSON that is not a ListResponse; the text says why."""


def parse_list(source: str, exchange: Recorded) -> ListPage:
    """Read a recorded answer as a ListResponse.

    Raises SourceError with ``read.media_type``, ``read.cached``, ``read.not_json``,
    ``read.scim_error`` or ``read.not_list_response``, or with the failure of the exchange itself.
    """
    failure = failure_of(source, exchange)
    if failure is not None:
        raise failure
    _check_media_type(source, exchange)
    _check_freshness(source, exchange)
    try:
        content = parse_json(exchange.body)
    except ValueError as error:
        raise SourceError(
            source, "read.not_json", f"the answer is not valid JSON: {error}", _BASE_URL_HINT
        ) from None
    try:
        return _list_page(source, content)
    except _NoListError as error:
        raise SourceError(
            source,
            "read.not_list_response",
            f"the answer is not a SCIM list: {error}",
            "is url the base URL of a SCIM 2.0 service?",
        ) from None


def _check_media_type(source: str, exchange: Recorded) -> None:
    given = header(exchange, "content-type") or ""
    kind, *parameters = (part.strip().lower() for part in given.split(";"))
    charset = next(
        (part[len("charset=") :].strip('"') for part in parameters if part.startswith("charset=")),
        "",
    )
    if kind in MEDIA_TYPES and charset in CHARSETS:
        return
    if "html" in kind:
        message = "a web page came instead of JSON; the URL is probably not the SCIM base URL"
    else:
        message = f"the answer is {quoted(given) or 'of no stated type'}, not application/scim+json"
    raise SourceError(source, "read.media_type", message, _BASE_URL_HINT)


def _check_freshness(source: str, exchange: Recorded) -> None:
    age = (header(exchange, "age") or "").strip()
    if age.isdigit() and int(age[:12]) > 0:
        raise SourceError(
            source,
            "read.cached",
            f"the answer came from a cache and is {age[:12]} seconds old",
            "let the proxy before the server pass these requests through",
        )


def parse_json(body: bytes) -> object:
    """Read one JSON value strictly (RFC 8259); raises ValueError saying what is wrong.

    UTF-8 with or without a byte order mark; no member twice in one object (also not in another
    case, since SCIM names have none), no NaN, no infinity, at most 64 levels.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if text.lstrip()[:1] == "<":
        raise ValueError("a web page or XML came instead of JSON")
    try:
        content: object = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise ValueError(f"it nests deeper than {MAX_DEPTH} levels") from None
    _check_depth(content)
    return content


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name.lower() for name, _ in pairs}) != len(pairs):
        raise ValueError("an object names the same member twice")
    return dict(pairs)


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _check_depth(content: object) -> None:
    level = [content]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise ValueError(f"it nests deeper than {MAX_DEPTH} levels")


def _inside(value: object) -> list[object]:
    """The containers directly within a container."""
    if isinstance(value, dict):
        return [inner for inner in value.values() if isinstance(inner, dict | list)]
    if isinstance(value, list):
        return [inner for inner in value if isinstance(inner, dict | list)]
    return []


def _list_page(source: str, content: object) -> ListPage:
    if not isinstance(content, dict):
        raise _NoListError(f"it is {_kind(content)}, not an object")
    schemas = _schemas(content)
    if ERROR.lower() in schemas:
        detail = member(content, "detail")
        said = quoted(detail) if isinstance(detail, str) else "no detail given"
        raise SourceError(source, "read.scim_error", f"200 was answered with an error: {said}")
    if LIST_RESPONSE.lower() not in schemas:
        raise _NoListError(_other_schema(schemas))
    total = _total(member(content, "totalResults"))
    resources = _resources(member(content, "Resources"), total)
    return ListPage(
        total, resources, member(content, "startIndex"), member(content, "itemsPerPage")
    )


def _schemas(content: dict[str, Any]) -> frozenset[str]:
    found = member(content, "schemas")
    return (
        frozenset(one.lower() for one in found if isinstance(one, str))
        if isinstance(found, list)
        else frozenset()
    )


def _other_schema(schemas: frozenset[str]) -> str:
    if any(one.startswith("urn:scim:schemas:core:1") for one in schemas):
        return "it is SCIM 1.1; this source must be read at its SCIM 2.0 address"
    return "schemas does not name ListResponse"


def _total(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _NoListError(f"totalResults is {_kind(value)}, not an integer")
    if value < 0:
        raise _NoListError("totalResults is negative")
    return value


def _resources(value: object, total: int) -> tuple[dict[str, Any], ...]:
    if value is None and total == 0:
        return ()
    if not isinstance(value, list):
        raise _NoListError(f"Resources is {_kind(value)}, not a list, and totalResults is {total}")
    for one in value:
        if not isinstance(one, dict):
            raise _NoListError(f"Resources holds {_kind(one)}")
    return tuple(value)


def _kind(value: object) -> str:
    if value is None:
        return "absent or null"
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return names.get(type(value), "a number")
