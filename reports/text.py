"""Text that can be shown: what servers say, made visible, inert and the same every time."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime

LONGEST = 500
CUT_MARK = "… [cut]"

# Fillers and blanks that show nothing although Unicode does not call them format characters.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_PLAIN_WIDE_SPACE = "\u3000"  # ordinary in Japanese and Chinese names, and it shows
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zs", "Zl", "Zp"})
# Variation selectors, and code points kept for invisible characters or for no character at all.
_HIDDEN_RANGES = (
    ("\u180b", "\u180f"),
    ("\ufdd0", "\ufdef"),
    ("\ufe00", "\ufe0f"),
    ("\ufff0", "\ufff8"),
    ("\ufffe", "\uffff"),
    ("\U000e0000", "\U000e0fff"),
)
_FORMULA = re.compile(r"[=+\-@\t\r\n\x00|%＝＋－＠｜％﹢﹣﹦﹪﹫−]")


def visible(text: str, longest: int = LONGEST) -> str:
    r"""Return ``text`` on one line with every invisible character as a visible escape.

    Controls, line and paragraph separators, bidirectional and zero-width characters, variation
    selectors, fillers, unusual spaces, lone surrogates and private use become ``\xNN``, ``\uNNNN``
    or ``\UNNNNNNNN``. Of text longer than ``longest`` characters the start is kept, and a mark
    says that it was cut. The result can always be encoded as UTF-8.
    """
    shown = "".join(_escape(char) if _is_hidden(char) else char for char in text[:longest])
    return shown if len(text) <= longest else shown + CUT_MARK


def _is_hidden(char: str) -> bool:
    if " " <= char <= "~" or char == _PLAIN_WIDE_SPACE:
        return False
    return (
        unicodedata.category(char) in _HIDDEN_CATEGORIES
        or char in _BLANK
        or any(first <= char <= last for first, last in _HIDDEN_RANGES)
    )


def _escape(char: str) -> str:
    if char <= "\xff":
        return f"\\x{ord(char):02x}"
    return f"\\u{ord(char):04x}" if char <= "\uffff" else f"\\U{ord(char):08x}"


def spreadsheet_safe(text: str) -> str:
    """Return ``text`` so that no spreadsheet reads it as a formula: an apostrophe goes in front.

    Looked for at the start and behind leading blanks or invisible characters: ``= + - @ | %``,
    their full-width and small forms, TAB, CR, LF and NUL. Text without them is returned unchanged.
    """
    for char in text:
        if _FORMULA.match(char):
            return "'" + text
        if not (char.isspace() or _is_hidden(char)):
            return text
    return text


def instant(moment: datetime) -> str:
    """Return an aware datetime as UTC in RFC 3339 form, to the second: 2026-11-01T09:00:00Z.

    Raises ValueError for a datetime without a time zone, which is not an instant.
    """
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone is not an instant")
    return f"{moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()}Z"


def canonical_json(value: object) -> bytes:
    """Return ``value`` as canonical JSON: keys sorted, UTF-8, no blanks, one newline at the end.

    Only null, booleans, integers, strings, lists, tuples and objects with string keys are
    accepted; anything else, a float above all, raises TypeError. A lone surrogate, which UTF-8
    cannot hold, becomes a visible escape.
    """
    text = json.dumps(_checked(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _checked(value: object) -> object:
    if isinstance(value, str):
        return _encodable(value)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, list | tuple):
        return [_checked(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {_encodable(key): _checked(item) for key, item in value.items()}
    raise TypeError(f"canonical JSON has no place for {type(value).__name__}")


def _encodable(text: str) -> str:
    if text.isascii():  # most texts are: looking at each character takes far longer
        return text
    return "".join(_escape(char) if "\ud800" <= char <= "\udfff" else char for char in text)
