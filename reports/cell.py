"""One cell: a value and a look become typed, inert spreadsheet content.

Nothing that was read from a source can become a formula, a link or an error value, whatever it
looks like: text is stored as text, marked as text and shown exactly.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side

from reports.text import instant, visible

LONGEST = 32_767
KEPT = 4_000
INSTANT_FORMAT = 'yyyy-mm-dd"T"hh:mm:ss"Z"'
REVIEW_COLOUR = "FFE699"

# A spreadsheet keeps 15 digits of a number; longer ones must stay text to stay true.
_LARGEST_NUMBER = 10**15
# Excel and LibreOffice disagree on dates before this one.
_FIRST_DAY = datetime(1900, 3, 1, tzinfo=UTC)
_ESCAPE_LOOKALIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


class Look(StrEnum):
    """How a cell is shown; ``JUDGED`` takes its fill from the word that stands in it."""

    TEXT = "text"
    LONG = "long"
    NUMBER = "number"
    FIGURE = "figure"
    INSTANT = "instant"
    JUDGED = "judged"
    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"
    SEVERE = "severe"
    TITLE = "title"
    SECTION = "section"
    NOTE = "note"
    WARNING = "warning"
    LABEL = "label"
    HEADING = "heading"
    REVIEW_HEADING = "review heading"
    REVIEW = "review"
    REVIEW_DAY = "review day"


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of our own making, without the leading ``=``; never holds data of a source."""

    text: str


Value = str | int | datetime | Formula | None
"""What a cell can hold; an aware datetime is an instant, ``None`` leaves the cell blank."""

_FILLS = {
    Look.GOOD: "E2EFDA",
    Look.CAUTION: "FFF2CC",
    Look.BAD: "FCE4D6",
    Look.SEVERE: "F8CBAD",
    Look.HEADING: "D9E2EC",
    Look.LABEL: "EEF2F6",
    Look.REVIEW_HEADING: REVIEW_COLOUR,
    Look.REVIEW: "FFFBEB",
    Look.REVIEW_DAY: "FFFBEB",
}
_FONTS = {
    Look.TITLE: Font(name="Calibri", size=16, bold=True),
    Look.SECTION: Font(name="Calibri", size=13, bold=True),
    Look.NOTE: Font(name="Calibri", size=10, color="404040"),
    Look.WARNING: Font(name="Calibri", size=10, bold=True),
    Look.HEADING: Font(name="Calibri", size=10, bold=True),
    Look.LABEL: Font(name="Calibri", size=10, bold=True),
    Look.REVIEW_HEADING: Font(name="Calibri", size=10, bold=True),
    Look.SEVERE: Font(name="Calibri", size=10, bold=True),
}
_BODY = Font(name="Calibri", size=10)
_FORMATS = {
    Look.NUMBER: "#,##0",
    Look.FIGURE: "#,##0",
    Look.INSTANT: INSTANT_FORMAT,
    Look.REVIEW_DAY: "yyyy-mm-dd",
}
WRAPPED = frozenset({
    Look.LONG, Look.HEADING, Look.REVIEW_HEADING, Look.REVIEW, Look.LABEL, Look.JUDGED,
    Look.GOOD, Look.CAUTION, Look.BAD, Look.SEVERE,
})  # fmt: skip
_OPEN = frozenset({Look.REVIEW, Look.REVIEW_DAY})
_UNFRAMED = frozenset({Look.TITLE, Look.SECTION, Look.NOTE, Look.WARNING})
_LINE = Side(style="thin", color="C9D1D9")
_FRAME = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)

_JUDGEMENTS = {
    "critical": Look.SEVERE,
    "high": Look.BAD,
    "medium": Look.CAUTION,
    "No deviations noted": Look.GOOD,
    "Deviations noted": Look.BAD,
    "Unable to conclude": Look.CAUTION,
    "COMPLETE": Look.GOOD,
    "INCOMPLETE": Look.BAD,
    "NOT_READ": Look.CAUTION,
    "OK": Look.GOOD,
    "DIFFERENCE": Look.SEVERE,
    "not concluded": Look.CAUTION,
    "CONFIRMED": Look.GOOD,
    "CONFIRMED_RECOVERED": Look.GOOD,
    "ALREADY_INACTIVE": Look.GOOD,
    "ALREADY_ACTIVE": Look.GOOD,
    "ALREADY_REMOVED": Look.GOOD,
    "DELETED": Look.GOOD,
    "STILL_ACTIVE": Look.BAD,
    "REVERTED: it came back": Look.BAD,
    "GONE_AFTER": Look.BAD,
    "NEEDS_REVIEW": Look.BAD,
    "CONFLICT": Look.CAUTION,
    "FORBIDDEN": Look.CAUTION,
    "UNSUPPORTED": Look.CAUTION,
}


def look_for(value: Value, look: Look) -> Look:
    """Return the look a value really takes: its judgement's fill, and text never as a number."""
    if look is Look.JUDGED:
        if isinstance(value, str) and value.startswith("NOT HELD"):
            return Look.BAD
        return _JUDGEMENTS.get(str(value), Look.TEXT)
    if isinstance(value, str) and look in {Look.NUMBER, Look.INSTANT}:
        return Look.TEXT
    return look


def dress(cell: Cell, look: Look) -> None:
    """Give a cell the font, fill, frame, alignment and number format of a look."""
    cell.font = _FONTS.get(look, _BODY)
    if look in _FILLS:
        cell.fill = PatternFill("solid", start_color=_FILLS[look])
    if look not in _UNFRAMED:
        cell.border = _FRAME
    to_right = look is Look.NUMBER
    cell.alignment = Alignment(
        horizontal="right" if to_right else "left",
        vertical="top",
        wrap_text=look in WRAPPED,
        indent=1 if to_right else 0,
    )
    # It takes effect in a sheet that is protected.
    cell.protection = Protection(locked=look not in _OPEN)
    cell.number_format = _FORMATS.get(look, "@")
    # The mark keeps text from turning into a formula when somebody edits the cell.
    cell.quotePrefix = look not in _FORMATS


def fill_in(cell: Cell, value: Value) -> None:
    """Store a value in a cell with its exact type.

    Text becomes a string whatever it looks like; an aware datetime becomes a spreadsheet date in
    UTC, to the second; what a spreadsheet cannot hold as a number or date becomes text.
    """
    shown = _storable(value)
    if isinstance(shown, Formula):
        cell.value = f"={shown.text}"
        return
    cell.value = shown
    if isinstance(shown, str):
        cell.data_type = "s"


def _storable(value: Value) -> str | int | datetime | Formula | None:
    if isinstance(value, str):
        return cell_text(value)
    if isinstance(value, datetime):
        if value < _FIRST_DAY:
            return instant(value)
        return value.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    if isinstance(value, int) and abs(value) >= _LARGEST_NUMBER:
        return str(value)
    return value


def cell_text(text: str) -> str:
    """Return text as it is stored in a cell so that a spreadsheet program shows exactly it.

    Invisible and unencodable characters become visible escapes. ``_x0041_``, which programs would
    decode, is written as ``_x005F_x0041_`` (ECMA-376 part 1, 22.9.2.19). Text a cell cannot hold
    is cut after 4,000 characters with its length and the SHA-256 of its UTF-8 form.
    """
    plain = str(text)
    # No escape is longer than ten characters, so nothing is cut here.
    easy = plain.isascii() and plain.isprintable()
    shown = plain if easy else visible(plain, longest=10 * len(plain))
    stored = _spell_out(shown)
    if len(stored.encode("utf-16-le")) // 2 <= LONGEST:
        return stored
    digest = hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{_spell_out(shown[:KEPT])}… [cut: {len(plain)} characters, SHA-256 {digest}]"


def _spell_out(text: str) -> str:
    return _ESCAPE_LOOKALIKE.sub("_x005F_", text) if "_x" in text else text
