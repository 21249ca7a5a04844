"""Strict JSON (RFC 8259): what a lenient reader would guess at is refused."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 64
MAX_TEXT = 4 * 1024 * 1024
MAX_ITEMS = 1_000_000
MAX_NAMES = 200_000


def parse_json(body: bytes) -> object:
    """Read one JSON value strictly (RFC 8259); raises ValueError saying what is wrong.

    UTF-8 with or without a byte order mark; no member twice in one object (also not in another
    case, since SCIM names have none), no NaN, no infinity, at most 64 levels, at most a million
    items in one list, 200,000 names in one object and 4 MiB in one text.
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
    # Whatever is too large needs a body at least that large, so most answers skip the search.
    _check_depth(content, sizes=len(body) > MAX_ITEMS)
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


def _check_depth(content: object, *, sizes: bool) -> None:
    level = [content]
    for _ in range(MAX_DEPTH):
        if sizes:
            _check_sizes(level)
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise ValueError(f"it nests deeper than {MAX_DEPTH} levels")


def _check_sizes(containers: list[object]) -> None:
    for one in containers:
        if isinstance(one, list) and len(one) > MAX_ITEMS:
            raise ValueError(f"a list holds more than {MAX_ITEMS} items")
        if isinstance(one, dict) and len(one) > MAX_NAMES:
            raise ValueError(f"an object holds more than {MAX_NAMES} names")
        values = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        if any(isinstance(value, str) and len(value) > MAX_TEXT for value in values):
            raise ValueError(f"a text is longer than {MAX_TEXT} characters")


def _inside(value: object) -> list[object]:
    """The containers directly within a container."""
    if isinstance(value, dict):
        return [inner for inner in value.values() if isinstance(inner, dict | list)]
    if isinstance(value, list):
        return [inner for inner in value if isinstance(inner, dict | list)]
    return []
