"""What was seen around the changes to an app, in words: who stayed, and how the count fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.text import visible

Document = Mapping[str, Any]

MOST_NAMED = 10
_REASONS = {
    "count.too_many": "the list is too long to be read around each change",
    "count.list_differs": "its list contradicts what the accounts say of themselves",
}


def look_words(look: Document) -> str:
    """Say one look of a log in a sentence: ``kind`` is ``census``, ``count`` or ``check``."""
    words = {"census": _census, "count": _count, "check": _check}
    return words[look["kind"]](look)


def _census(look: Document) -> str:
    return _uncounted(look["error"]) if look["active"] is None else f"{look['active']} active"


def _check(look: Document) -> str:
    if look["changed"]:
        return f"no longer as they were: {_named(look['changed'])}"
    return f"{look['looked_at']} picked accounts are as they were"


def _count(look: Document) -> str:
    if look["now"] is None:
        return _uncounted(look["error"])
    parts = [_explained(look)]
    told = {
        "unconfirmed": "changed without being confirmed",
        "came_back": "back as before",
        "changed": "changed although nothing was sent for them",
    }
    parts += [f"{words}: {_named(look[name])}" for name, words in told.items() if look[name]]
    return "; ".join(parts)


def _explained(look: Document) -> str:
    confirmed = look["confirmed"]
    why = f"{confirmed} confirmed" if confirmed >= 0 else f"{-confirmed} given back"
    new = f", {look['appeared']} new" if look["appeared"] else ""
    return f"{look['before']} active before, {look['now']} now: {why}{new}"


def _uncounted(error: str) -> str:
    return f"how many are active could not be counted: {_REASONS.get(error, visible(error))}"


def _named(ids: Sequence[str]) -> str:
    more = len(ids) - MOST_NAMED
    shown = ", ".join(visible(one, 60) for one in ids[:MOST_NAMED])
    return shown + (f" and {more} more" if more > 0 else "")
