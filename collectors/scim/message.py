"""SCIM messages: the list response (RFC 7644 section 3.4.2, SCIM 1.1) and the single resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from collectors.base import Recorded
from collectors.failure import failure_of, header, quoted
from collectors.scim.attribute import member
from collectors.scim.strict import parse_json
from scanner.errors import SourceError

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
CORE_1 = "urn:scim:schemas:core:1."
MEDIA_TYPES = frozenset({"application/scim+json", "application/json"})
CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})
LONGEST_NUMBER = 18

_BASE_URL_HINT = "the URL is probably not the SCIM base URL, or a login or proxy stands before it"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a server writes its messages.

    ``version`` is ``2.0`` or ``1.1``; ``excuses`` names departures that are put up with;
    ``total_optional`` says that a list may come without totalResults.
    """

    version: str = "2.0"
    excuses: frozenset[str] = frozenset()
    total_optional: bool = False


SCIM_2 = Dialect()


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list: the server's total and the records as they stand.

    ``total`` is None where a page by cursor gave none (RFC 9865). ``start_index`` and
    ``items_per_page`` are what the server says of itself, unchecked, but numbers that came as text
    are numbers. ``next_cursor`` is None where the member is absent or null.
    """

    total: int | None
    resources: tuple[dict[str, Any], ...]
    start_index: object = None
    items_per_page: object = None
    next_cursor: object = None


class _NoListError(Exception):
    """Valid JSON that is not a ListResponse; the text says why."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint or "is url the base URL of a SCIM service?"


def parse_list(source: str, exchange: Recorded, dialect: Dialect = SCIM_2) -> ListPage:
    """Read a recorded answer as a ListResponse.

    Raises SourceError with ``read.media_type``, ``read.not_json``, ``read.scim_error`` or
    ``read.not_list_response``, or with the failure of the exchange itself.
    """
    return _as_list(source, exchange.url, _content(source, exchange, dialect), dialect)


def parse_resource(source: str, exchange: Recorded, dialect: Dialect = SCIM_2) -> dict[str, Any]:
    """Read a recorded answer as one resource (RFC 7644 section 3.4.1).

    Raises SourceError as :func:`parse_list` does, ``read.not_resource`` for other JSON.
    """
    return _as_resource(source, _content(source, exchange, dialect))


def parse_recorded(
    source: str, exchange: Recorded, dialect: Dialect = SCIM_2
) -> tuple[bool, tuple[dict[str, Any], ...]]:
    """Give whether a recorded answer is one resource read by its id, and the resources in it."""
    content = _content(source, exchange, dialect)
    if isinstance(content, dict) and not _is_list(content):
        return True, (_as_resource(source, content),)
    return False, _as_list(source, exchange.url, content, dialect).resources


def _as_list(source: str, url: str, content: object, dialect: Dialect) -> ListPage:
    by_cursor = "cursor" in parse_qs(urlsplit(url).query, keep_blank_values=True)
    try:
        return _list_page(source, content, dialect, by_cursor=by_cursor)
    except _NoListError as error:
        raise SourceError(
            source, "read.not_list_response", f"the answer is not a SCIM list: {error}", error.hint
        ) from None


def _as_resource(source: str, content: object) -> dict[str, Any]:
    if isinstance(content, dict):
        _refuse_errors(source, content)
        if member(content, "id") is not None and not _is_list(content):
            return content
    raise SourceError(source, "read.not_resource", "the answer is not one SCIM resource with an id")


def _is_list(content: dict[str, Any]) -> bool:
    return any(member(content, name) is not None for name in ("totalResults", "Resources"))


def _content(source: str, exchange: Recorded, dialect: Dialect) -> object:
    failure = failure_of(source, exchange)
    if failure is not None:
        raise failure
    _check_media_type(source, exchange, dialect)
    try:
        return parse_json(exchange.body)
    except ValueError as error:
        raise SourceError(
            source, "read.not_json", f"the answer is not valid JSON: {error}", _BASE_URL_HINT
        ) from None


def _check_media_type(source: str, exchange: Recorded, dialect: Dialect) -> None:
    given = header(exchange, "content-type") or ""
    kind, *parameters = (part.strip().lower() for part in given.split(";"))
    charset = next(
        (part[len("charset=") :].strip('"') for part in parameters if part.startswith("charset=")),
        "",
    )
    known = MEDIA_TYPES | ({"text/json"} if dialect.version == "1.1" else set())
    if kind in known and charset in CHARSETS:
        return
    if "html" in kind:
        message = "a web page came instead of JSON; the URL is probably not the SCIM base URL"
    else:
        message = f"the answer is {quoted(given) or 'of no stated type'}, not application/scim+json"
    raise SourceError(source, "read.media_type", message, _BASE_URL_HINT)


def _list_page(source: str, content: object, dialect: Dialect, *, by_cursor: bool) -> ListPage:
    if not isinstance(content, dict):
        raise _NoListError(f"it is {_kind(content)}, not an object")
    _refuse_errors(source, content)
    _check_schemas(_schemas(content), dialect)
    cursor = member(content, "nextCursor")
    by_cursor = by_cursor or cursor is not None
    total = _total(member(content, "totalResults"), dialect, optional=by_cursor)
    return ListPage(
        total,
        _resources(member(content, "Resources"), total),
        _number(member(content, "startIndex"), dialect),
        _number(member(content, "itemsPerPage"), dialect),
        cursor,
    )


def _refuse_errors(source: str, content: dict[str, Any]) -> None:
    """Raise where a body is an error: RFC 7644 section 3.12, or ``Errors`` of SCIM 1.1."""
    detail = member(content, "detail")
    if ERROR.lower() not in _schemas(content):
        found = member(content, "Errors")
        first = found[0] if isinstance(found, list) and found else found
        if not first:
            return
        detail = member(first, "description") if isinstance(first, dict) else None
    said = quoted(detail) if isinstance(detail, str) else "no detail given"
    raise SourceError(source, "read.scim_error", f"200 was answered with an error: {said}")


def _schemas(content: dict[str, Any]) -> frozenset[str]:
    found = member(content, "schemas")
    return (
        frozenset(one.lower() for one in found if isinstance(one, str))
        if isinstance(found, list)
        else frozenset()
    )


def _check_schemas(schemas: frozenset[str], dialect: Dialect) -> None:
    new = LIST_RESPONSE.lower() in schemas
    old = any(one.startswith(CORE_1) for one in schemas)
    if dialect.version == "1.1":
        if new:
            raise _NoListError("it is SCIM 2.0, not SCIM 1.1", 'set scim = "2.0" for this source')
        new, old = old, False
    if new or (not old and "list_schemas" in dialect.excuses):
        return
    if old:
        hint = 'set scim = "1.1" for this source, or give the address of its SCIM 2.0 service'
        raise _NoListError("it is SCIM 1.1, not SCIM 2.0", hint)
    raise _NoListError(
        "schemas does not name ListResponse",
        'is url the base URL of a SCIM service? if it is, set excuses = ["list_schemas"]',
    )


def _total(value: object, dialect: Dialect, *, optional: bool) -> int | None:
    if value is None and (optional or dialect.total_optional):
        return None
    number = _number(value, dialect)
    if isinstance(number, bool) or not isinstance(number, int):
        hint = 'set excuses = ["string_numbers"] for this source' if _digits(value) else ""
        raise _NoListError(f"totalResults is {_kind(value)}, not an integer", hint)
    if number < 0:
        raise _NoListError("totalResults is negative")
    return number


def _number(value: object, dialect: Dialect) -> object:
    """A whole number, also where SCIM 1.1 or an excused server writes it as text."""
    lenient = dialect.version == "1.1" or "string_numbers" in dialect.excuses
    return int(str(value)) if lenient and _digits(value) else value


def _digits(value: object) -> bool:
    if not isinstance(value, str) or len(value) > LONGEST_NUMBER:
        return False
    return value.isascii() and value.isdigit()


def _resources(value: object, total: int | None) -> tuple[dict[str, Any], ...]:
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
