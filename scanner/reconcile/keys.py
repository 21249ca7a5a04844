"""Correlation keys: normalised once, here, so that every engine compares plain bytes.

Only what cannot merge two people is done: ASCII letters are lowered and ASCII blanks are trimmed.
``İ``, ``ß``, the Kelvin sign, full-width letters and no-break spaces stay as they were written.
"""

from __future__ import annotations

import string
from collections.abc import Iterable

_BLANKS = " \t\n\r\f\v"
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def text(value: str | None) -> str | None:
    """Return ``value`` as it can be stored in UTF-8; a lone surrogate becomes its escape."""
    if value is None or value.isascii():
        return value
    return value.encode(errors="backslashreplace").decode()


def key(value: str | None) -> str | None:
    """Return the form in which ``value`` is compared; None where there is nothing to compare.

    A value with a lone surrogate is no text and is compared with nothing.
    """
    if value is None or text(value) != value:
        return None
    trimmed = value.strip(_BLANKS)
    return (trimmed.lower() if trimmed.isascii() else trimmed.translate(_LOWER)) or None


def keys(values: Iterable[str]) -> list[str]:
    """Return the distinct keys of ``values`` in their order, without the empty ones."""
    return list(dict.fromkeys(found for found in map(key, values) if found is not None))
