"""One record cut out of a response, and the shell command that cuts it out again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_LISTS = ("Resources", "resources")
_MEMBERS = "members"
_NO_TEXT = "no text a terminal could show; unpack the file to see the record"
_LIKE = {"value", "id"}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The text of a record, None where there is none; what it leaves out; what shows it by hand.

    ``filter`` follows a pipe that gives the body.
    """

    text: str | None
    note: str = ""
    filter: str = ""


def cut_out(body: bytes, index: int, member: Collection[str] = ()) -> Excerpt:
    """Cut the record at ``index`` (from 0) out of a body: a SCIM list, a JSON list, JSON or lines.

    Of a record with members only the one with a name in ``member`` is shown, if there are any.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        row = f"; in a workbook it is row {index + 2} of the sheet" if _is_archive(body) else ""
        return Excerpt(None, f"{_NO_TEXT}{row}")
    try:
        found = json.loads(text)
    except ValueError:
        return _of_lines(text, index)
    where = ""
    if isinstance(found, dict):
        where = next((f".{name}" for name in _LISTS if name in found), "")
        found = found[where[1:]] if where else [found]
        path = f"{where}[{index}]" if where else "."
    else:
        path = f".[{index}]"
    if not isinstance(found, list) or not 0 <= index < len(found):
        return Excerpt(None, "the file has no such record any more")
    return _of_record(found[index], path, member)


def _is_archive(body: bytes) -> bool:
    return body.startswith(b"PK")


def _of_record(record: object, path: str, member: Collection[str]) -> Excerpt:
    members = record.get(_MEMBERS) if isinstance(record, dict) else None
    if not member or not isinstance(record, dict) or not isinstance(members, list):
        return Excerpt(_written(record), filter=f"jq {shlex.quote(path)}")
    inner = f"{path.removesuffix('.')}.{_MEMBERS}"
    at = next((n for n, one in enumerate(members) if _names(one) & set(member)), None)
    about = {name: value for name, value in record.items() if name != _MEMBERS}
    if at is None:
        note = f"none of its {len(members)} members, left out here, is {' or '.join(member)}"
        wanted = json.dumps(list(member), ensure_ascii=False)
        shown = f"[{inner}[] | (.value? // .)] | map(select(IN({wanted}[])))"
        return Excerpt(_written(about), note, f"jq -c {shlex.quote(shown)}   # []: not among them")
    note = f"member {at} (from 0) of {len(members)}; the others are left out here"
    return Excerpt(
        _written({**about, _MEMBERS: [members[at]]}), note, f"jq {shlex.quote(f'{inner}[{at}]')}"
    )


def _names(one: object) -> set[str]:
    named = (
        [value for name, value in one.items() if name.lower() in _LIKE]
        if isinstance(one, dict)
        else [one]
    )
    return {value for value in named if isinstance(value, str)}


def _of_lines(text: str, index: int) -> Excerpt:
    """One object of NDJSON, or one row below the heading of a delimited file (RFC 4180)."""
    records = list(_records(text))
    objects = text.lstrip().startswith("{")
    wanted = index if objects else index + 1
    if not 0 <= wanted < len(records):
        return Excerpt(None, "the file has no such record any more")
    (first, last), record = records[wanted]
    if objects:
        return Excerpt(record, f"line {first} of the body", f"sed -n {first}p")
    heading = records[0][1]
    note = f"the heading, and line {first} of the body"
    return Excerpt(f"{heading}\n{record}", note, f"sed -n '1p;{first},{last}p'")


def _records(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Give the first and last line number of each record, and its text; quotes span lines."""
    pending: list[str] = []
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        pending.append(line.removesuffix("\r"))
        if "\n".join(pending).count('"') % 2 == 0:
            yield (number - len(pending) + 1, number), "\n".join(pending)
            pending.clear()


def _written(record: object) -> str:
    return json.dumps(record, ensure_ascii=False, indent=2)
