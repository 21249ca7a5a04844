"""The one form in which JSON is written in evidence, so that equal content has equal bytes.

UTF-8, keys sorted by code point, no white space, one newline at the end, no floating-point
numbers (their text depends on the program that writes them). It differs from RFC 8785 in the
order of keys outside the Basic Multilingual Plane and in the final newline.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any


def canonical_json(value: object) -> bytes:
    """Write ``value`` (dict with str keys, list, tuple, str, int, bool, None) as canonical bytes.

    Raises TypeError for anything else, floats first of all.
    """
    _refuse_unwritable(value)
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    # A lone surrogate has no UTF-8 form; its backslash form is at the same time its JSON escape.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _refuse_unwritable(value: object) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a key must be text, not {type(key).__name__}")
            _refuse_unwritable(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_unwritable(inner)
    elif value is not None and not isinstance(value, str | int):
        raise TypeError(f"canonical JSON cannot hold a {type(value).__name__}")


def parse_canonical(content: bytes) -> Any:  # noqa: ANN401  # JSON is what the reader finds in it
    """Read canonical JSON; raise ValueError for any other bytes, duplicate keys included."""
    try:
        value = json.loads(content)
        whole = canonical_json(value) == content
    except (TypeError, RecursionError) as error:
        raise ValueError(f"is not canonical JSON: {error}") from None
    except ValueError:
        raise ValueError("is not JSON") from None
    if not whole:
        raise ValueError("is not in canonical form")
    return value


def plain(value: object) -> object:
    """Turn dataclasses into objects, instants into text, and floats into what has one spelling."""
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else repr(value)
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


def instant_text(instant: datetime) -> str:
    """Write an aware datetime as RFC 3339 in UTC, with microseconds only where there are some.

    Raises ValueError for a datetime without a zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """Read what :func:`instant_text` wrote; raise ValueError for any other spelling."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None or instant_text(instant) != text:
        raise ValueError(f"{text!r} is not an instant in UTC")
    return instant
