"""Correlation keys: normalised once, here, so that every engine compares plain bytes.

Only what cannot merge two people is done: ASCII letters are lowered and ASCII blanks are trimmed.
``İ``, ``ß``, the Kelvin sign, full-width letters and no-break spaces stay as they were written.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping

from scanner.config import a_label

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


def address(value: str | None, aliases: Mapping[str, str]) -> str | None:
    """Return the form in which an e-mail address is compared; None for what has no ``@``.

    The domain is in A-label form (RFC 5891), so that its Unicode and its punycode spelling are
    equal, and is replaced by what ``aliases`` (A-label domain to A-label domain) has for it.
    The local part is treated as any key. A domain that is none stays as it is written.
    """
    found = key(value)
    if found is None or "@" not in found:
        return None
    local, _, domain = found.rpartition("@")
    domain = a_label(domain)
    return f"{local}@{aliases.get(domain, domain)}"


def addresses(values: Iterable[str], aliases: Mapping[str, str]) -> list[str]:
    """Return the distinct addresses of ``values`` in their order, without what is none."""
    found = (address(value, aliases) for value in values)
    return list(dict.fromkeys(one for one in found if one is not None))
