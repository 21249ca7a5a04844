"""From the bytes of a text file to its lines, and to what its last line says."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from collectors.file.table import Draft, Layout, Trailer, refuse, trailer_pattern
from collectors.scim.instant import parse_instant

_UTC = ZoneInfo("UTC")


def read_lines(content: bytes, layout: Layout, draft: Draft) -> list[str]:
    """Give the lines of ``content`` without their line feeds; a carriage return stays.

    Takes the trailer off where one is expected, and notes in ``draft`` what it says and whether
    the last line has no end. Raises SourceError for what is no text, and for a missing trailer.
    """
    text = _text(content, layout)
    if "\0" in text:
        raise refuse(layout, "file.nul", f"line {_line(text, text.index(chr(0)))} holds a NUL byte")
    lines = text.split("\n")
    draft.cut = bool(lines[-1])
    if not draft.cut:
        lines.pop()
    if layout.trailer is not None:
        draft.trailer = _trailer(layout, layout.trailer, lines)
    return lines


def _text(content: bytes, layout: Layout) -> str:
    encoding = "utf-8-sig" if layout.encoding.lower() in ("utf-8", "utf8") else layout.encoding
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refuse(
            layout,
            "file.encoding",
            f"line {line} is not {layout.encoding}, at byte {error.start + 1} of the file",
            "name the encoding in export.encoding, such as utf-16 or cp1252",
        ) from None


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _trailer(layout: Layout, template: str, lines: list[str]) -> Trailer:
    last = lines.pop().strip() if lines else ""
    found = trailer_pattern(template).fullmatch(last)
    if found is None:
        raise refuse(
            layout,
            "file.trailer_missing",
            f"line {len(lines) + 1}, the last one, is not the trailer {template!r}",
            "the file is cut, or the exporter writes another trailer; correct export.trailer",
        )
    return Trailer(int(found["count"]), _exported_at(layout, found.groupdict()))


def _exported_at(layout: Layout, found: dict[str, str]) -> datetime | None:
    if "exported_at" not in found:
        return None
    try:
        return parse_instant(found["exported_at"], _UTC)
    except ValueError:
        raise refuse(
            layout, "file.trailer_unreadable", "the time in the trailer is not an RFC 3339 time"
        ) from None
