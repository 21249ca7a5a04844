"""Why one finding was made: everything a run folder holds about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Named:
    """A record of an HRIS that one key led to, and why it was taken or refused."""

    source: str
    person_id: str
    display_name: str | None
    value: str
    taken: bool
    why: str


@dataclass(frozen=True, slots=True)
class KeyTried:
    """One key of the account, in the order of trust: what was compared, and whom it named.

    ``strength`` is ``strong`` or ``weak``; ``values`` are as they were compared.
    """

    key: str
    words: str
    strength: str
    values: tuple[str, ...]
    named: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Spell:
    """One HRIS record of a person the finding is about or a key led to; instants are UTC.

    ``governs`` is whether this record decides for the person; ``departed`` what was concluded of
    the person as of the run; ``identity`` is equal for the records of one person. ``due_at`` is
    until when the policy lets access stand.
    """

    source: str
    person_id: str
    identity: str
    display_name: str | None
    employee_number: str | None
    emails: tuple[str, ...]
    status: str
    hired_at: datetime | None
    departed_at: datetime | None
    recorded_at: datetime | None
    timezone: str | None
    due_at: datetime | None
    governs: bool
    departed: bool


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A record as the server sent it: the response file, the index in it, and its own text.

    ``excerpt`` is JSON, indented, or None where the response is no JSON list; ``sha256`` is that of
    the file as the manifest has it.
    """

    about: str
    response: str
    index: int
    url: str
    received_at: datetime
    sha256: str
    excerpt: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One finding with all that led to it; ``finding`` is its object in ``findings.json``.

    ``account`` holds what was read of the account, by field, empty without one; ``situation`` and
    ``problem`` are the outcome of correlation. ``limit`` and ``reference`` are the policy,
    ``timezone`` the organization's. ``query`` is the SQL that found it and ``query_file`` where it
    stands in ``folder``.
    """

    folder: str
    run: str
    as_of: datetime
    finding: Mapping[str, object]
    title: str
    meaning: str
    account: Mapping[str, str]
    situation: str | None
    problem: str | None
    keys: tuple[KeyTried, ...]
    spells: tuple[Spell, ...]
    limit: str
    reference: str
    timezone: str
    exhibits: tuple[Exhibit, ...]
    query_file: str
    query: str
