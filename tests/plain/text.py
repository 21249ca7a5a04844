"""How two values are compared, spelled out letter by letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

import idna

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BLANK = " \t\n\r\f\v"


def plain_key(value: str | None) -> str | None:
    """A value without outer ASCII blanks, ASCII letters lowered; None where nothing is left."""
    if value is None or any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        return None
    letters = list(value)
    while letters and letters[0] in _BLANK:
        letters.pop(0)
    while letters and letters[-1] in _BLANK:
        letters.pop()
    return "".join(chr(ord(one) + 32) if one in _UPPER else one for one in letters) or None


def plain_address(value: str | None, aliases: Mapping[str, str]) -> str | None:
    """An address with its domain in A-label form and the alias put in; None without an ``@``."""
    found = plain_key(value)
    if found is None or "@" not in found:
        return None
    at = found.rindex("@")
    domain = _punycode(found[at + 1 :])
    return found[:at] + "@" + aliases.get(domain, domain)


def plain_addresses(values: Iterable[str | None], aliases: Mapping[str, str]) -> set[str]:
    """The addresses among some values."""
    return {one for value in values if (one := plain_address(value, aliases)) is not None}


def _punycode(domain: str) -> str:
    if domain.isascii():
        return domain
    if any(dot in domain for dot in "。．｡"):
        return domain
    try:
        return idna.encode(domain).decode()
    except UnicodeError:
        return domain


def plain_words(name: str | None, user: str | None, emails: Iterable[str]) -> set[str]:
    """The words by which a name is compared; none without a word in the display name."""
    shown = _latin_words(name or "")
    if not shown:
        return set()
    more = [(user or "").split("@")[0]]
    for email in emails:
        parts = email.split("@")
        more.append("@".join(parts[:-1]) or email)
    return shown.union(*map(_latin_words, more))


def _latin_words(text: str) -> set[str]:
    bare = [one for one in unicodedata.normalize("NFKD", text) if unicodedata.combining(one) == 0]
    return set(re.findall("[a-z][a-z]+", "".join(bare).casefold()))


def fits(pattern: str, value: str | None) -> bool:
    """Whether a key fits a pattern with ``*`` (any text) and ``?`` (one character)."""
    if value is None:
        return False
    parts = {"*": ".*", "?": "."}
    expression = "".join(parts.get(one, re.escape(one)) for one in plain_key(pattern) or "")
    return re.fullmatch(expression, value, re.DOTALL) is not None
