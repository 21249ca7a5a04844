"""From a row of a file to a resource, so that files and servers are understood by one reader."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from collectors.file.table import Row, Table, folded
from collectors.scim.attribute import AttributePath
from collectors.scim.resource import Interpretation
from scanner.config import StateValues, StatusValues
from scanner.model import Role

Resource = dict[str, object]

_SCIM_NAMES = {
    "person_id": "id", "account_id": "id", "user_name": "userName", "external_id": "externalId",
    "emails": "emails", "active": "active", "display_name": "displayName",
}  # fmt: skip
_INSTANTS = frozenset({
    "hired_at", "departed_at", "recorded_at", "created_at", "modified_at", "last_activity_at",
})  # fmt: skip
_FLAGS = frozenset({"active", "privileged"})
_SPELLINGS = {"true": True, "false": False}
_BETWEEN_ADDRESSES = re.compile(r"[;,\s]+")
_TIME_OF_DAY = re.compile(r"%[HI]")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds which field, and how what stands in it is understood.

    ``named`` are the fields whose column the settings name; any other field is taken from a column
    of its own name, where there is one.
    """

    source: str
    role: Role
    fields: Mapping[str, str]
    named: frozenset[str]
    zone: ZoneInfo
    states: StateValues
    statuses: StatusValues
    date_format: str | None = None

    @property
    def key(self) -> str:
        """The field that tells records apart."""
        return "person_id" if self.role is Role.HRIS else "account_id"

    def missing(self, table: Table) -> tuple[str, ...]:
        """Give the columns that must be there and are not: the id's, and what the settings name."""
        needed = [name for name in self.fields if name in self.named or name == self.key]
        return tuple(self.fields[name] for name in needed if not table.has(self.fields[name]))

    def used(self, table: Table) -> dict[str, str]:
        """Give the fields a table has, each with its column as :class:`Row` spells it."""
        return {name: folded(column) for name, column in self.fields.items() if table.has(column)}

    def interpretation(self, table: Table) -> Interpretation:
        """Give how the resources of a table are read; a status is read only where it has one."""
        always = {"active", self.key}
        paths = {name: _path(name) for name in always | self.used(table).keys()}
        return Interpretation(self.source, self.role, paths, self.zone, self.states, self.statuses)


def columns_of(known: frozenset[str], attributes: Mapping[str, str]) -> dict[str, str]:
    """Give the column of every known field, in a fixed order: the settings' own, or its name."""
    return {name: attributes.get(name, name) for name in sorted(known)}


def resource_of(row: Row, used: Mapping[str, str], columns: Columns) -> Resource:
    """Give the resource (RFC 7643) a row stands for; a cell of blanks is as good as empty."""
    resource: Resource = {}
    for name, column in used.items():
        value = _value(name, row.cells.get(column), columns.date_format)
        if value is not None:
            resource[_SCIM_NAMES.get(name, name)] = value
    return resource


def _path(name: str) -> AttributePath:
    return AttributePath(
        None, _SCIM_NAMES.get(name, name).lower(), part="value" if name == "emails" else None
    )


def _value(name: str, cell: object, date_format: str | None) -> object:
    if name == "emails":
        return [{"value": one} for one in _addresses(cell)]
    if name in _FLAGS and isinstance(cell, bool):
        return cell
    text = as_text(cell)
    if text is None:
        return None
    if name in _FLAGS:  # a text file has no other way to say so
        return _SPELLINGS.get(text.strip().lower(), text)
    return _instant(text, date_format) if name in _INSTANTS else text


def as_text(cell: object) -> str | None:
    """Give what a cell holds as text, or None where it holds nothing but blanks."""
    if cell is None:
        return None
    text = cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
    return text if text.strip() else None


def _addresses(cell: object) -> list[str]:
    cells = cell if isinstance(cell, list) else [cell]
    texts = [text for text in map(as_text, cells) if text is not None]
    return [one for text in texts for one in _BETWEEN_ADDRESSES.split(text) if one]


def _instant(text: str, date_format: str | None) -> str:
    """Write a date of the source's one form as RFC 3339; any other stays what cannot be read."""
    if date_format is None:
        return text
    try:
        found = datetime.strptime(text.strip(), date_format)  # noqa: DTZ007 - the reader adds the zone
    except ValueError:
        return f"{text} is not of the form {date_format}"
    return found.isoformat() if _TIME_OF_DAY.search(date_format) else found.date().isoformat()
