"""What two spellings of a name have in common; used to doubt a match, never to make one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[a-z]{2,}")


def name_keys(display_name: str | None, user_name: str | None, emails: Iterable[str]) -> list[str]:
    """Return the words by which a name can be compared, sorted, each once.

    They are the runs of two or more Latin letters, without accents and in lower case, of the
    display name, the user name and the local parts of addresses. There are none where the display
    name has no such word: then nothing can be said about the name.
    """
    shown = words(display_name)
    if not shown:
        return []
    local_parts = (one.rpartition("@")[0] or one for one in emails)
    user = (user_name or "").partition("@")[0]
    return sorted(shown.union(words(user), *map(words, local_parts)))


def words(text: str | None) -> set[str]:
    """Return the words of one text as :func:`name_keys` has them."""
    return set(_WORD.findall(plain_letters(text))) if text else set()


def plain_letters(text: str) -> str:
    """Return ``text`` in lower case, compatibility forms and accents taken off (NFKD)."""
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text)
    return "".join(c for c in spread if not unicodedata.combining(c)).casefold()
