"""How an export is written, where a source is a file and no server."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, field_validator

from scanner.config.limit import parse_limit
from scanner.config.strict import Strict, nearest

Format = Literal["csv", "ndjson", "json", "xlsx"]

SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".xlsx": "xlsx",
}
"""What a file is taken for by its name, unless ``format`` says otherwise."""

MEMBERSHIP_ATTRIBUTES = frozenset({"group_id", "group_name", "account_id", "user_name"})

_DIRECTIVE = re.compile(r"%(.?)")
_DIRECTIVES = frozenset("dmYbBHIpMSfzj%")


class Export(Strict):
    """How a file was written, and what its exporter says of it.

    ``trailer`` is the last line as the exporter writes it, with ``{count}`` where the number of
    records stands and, optionally, ``{exported_at}`` where an RFC 3339 time does. ``sha256`` is
    that of the file of users; beside it, a ``.sha256`` file next to each export is always heeded.
    ``date_format`` is that of strptime; without one, dates are RFC 3339.
    """

    format: Format | None = None
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    encoding: str = "utf-8"
    date_format: str | None = None
    sheet: str | None = None
    trailer: str | None = None
    exported_at: AwareDatetime | None = None
    max_age: str = "7d"
    sha256: str | None = Field(default=None, pattern=r"^[0-9A-Fa-f]{64}$")

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError:
            raise ValueError(
                "is not a known text encoding such as utf-8, utf-16 or cp1252"
            ) from None
        return value

    @field_validator("date_format")
    @classmethod
    def _one_reading(cls, value: str | None) -> str | None:
        """Refuse a format in which one date could be read in two ways."""
        found = _DIRECTIVE.findall(value or "%Y-%m-%d")
        month = {"m", "b", "B"} & set(found)
        if "Y" not in found or not ("j" in found or ("d" in found and month)):
            raise ValueError("must name day, month and the year in four digits, as %d.%m.%Y does")
        if not set(found) <= _DIRECTIVES:
            raise ValueError("may hold %d %m %Y %b %B %j %H %I %p %M %S %f %z")
        return value

    @field_validator("trailer")
    @classmethod
    def _counts(cls, value: str | None) -> str | None:
        if value is not None and value.count("{count}") != 1:
            raise ValueError('must say where the number of records stands: "# rows: {count}"')
        return value

    @field_validator("max_age")
    @classmethod
    def _plain_length(cls, value: str) -> str:
        if not parse_limit(value).duration:
            raise ValueError('must be a length of time such as "7d" or "36h"')
        return value

    @property
    def freshness(self) -> timedelta:
        """How old an export may be."""
        return parse_limit(self.max_age).duration


class MembershipFile(Strict):
    """The file of an app's memberships: one row for each member of each group.

    A member is named by ``account_id`` or by ``user_name``; a group without members has a row
    without either. ``attributes`` maps these and ``group_id`` and ``group_name`` to columns.
    """

    path: Path
    attributes: dict[str, str] = Field(default_factory=dict)

    @field_validator("attributes")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if name not in MEMBERSHIP_ATTRIBUTES:
                raise ValueError(f"{name} is not a field{nearest(name, MEMBERSHIP_ATTRIBUTES)}")
        return value
