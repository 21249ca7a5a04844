"""What a text looks like (UTS 39): for hints to a person, never to match anything.

Two texts with one skeleton may be taken for each other by a reader; they are not the same.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from confusable_homoglyphs.confusables import (  # type: ignore[import-untyped]  # has no types
    confusables_data,
)

from scanner.reconcile.names import plain_letters


def skeleton(text: str) -> str:
    """Return the form that look-alikes share: ASCII where a letter resembles an ASCII letter.

    Characters that show nothing are left out; case, accents and compatibility forms are folded.
    ASCII text is only lowered.
    """
    if text.isascii():
        return text.lower()
    seen = "".join(_prototypes().get(c, c) for c in text if not _is_invisible(c))
    return plain_letters(seen).strip()


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf"}


@cache
def _prototypes() -> dict[str, str]:
    """The least ASCII text that every confusable letter beyond ASCII can be taken for."""
    found = {}
    for char, others in confusables_data.items():
        ascii_forms = [one["c"] for one in others if one["c"].isascii()]
        if not char.isascii() and ascii_forms:
            letters = [form for form in ascii_forms if form.isalpha()]
            found[char] = min(letters or ascii_forms, key=lambda form: (len(form), form.lower()))
    return found
