"""Why a finding was made, or none: everything a run folder holds about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from scanner.model.record import Pointer


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
    worker_type: str | None = None
    department: str | None = None
    title: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A record that a finding rests on, to be shown; ``about`` says what it is.

    ``member`` holds the names (id, user name) of an account whose place among the members of a
    group is shown instead of all of them; empty where the record is shown whole.
    """

    about: str
    pointer: Pointer
    member: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """Something else a finding rests on: a heading, and what is known, each with its label."""

    title: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Something a finding rests on, as it was received: the file of the run, and its own text.

    ``place`` says where in the file it stands and ``origin`` where the file is from. ``excerpt`` is
    None where the file is no text; ``note`` says what the excerpt leaves out. ``command`` shows the
    same by hand, in the run folder; ``sha256`` is that of the file as the manifest has it.
    """

    about: str
    file: str
    place: str
    origin: str
    sha256: str
    excerpt: str | None
    command: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What can be explained though no finding is about it, or several are.

    ``type`` is ``account`` or ``person``, ``source`` the app or the HRIS, ``id`` unique within it.
    """

    type: str
    source: str
    id: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A finding, or an account or person with none or several, and all that led to it.

    ``finding`` is its object in ``findings.json``; without one it is None and ``subject`` says whom
    it is about, ``title`` how many findings are, ``meaning`` what was concluded, and ``query`` is
    the SQL that concluded it.
    ``previous_audit`` is the run that its status compares with, None for a first one.
    ``account`` holds what was read of the account, by field, empty without one; ``situation`` and
    ``problem`` are the outcome of correlation. ``limit`` and ``reference`` are the policy,
    ``timezone`` the organization's; ``holidays`` says which days are no business days, empty where
    the policy counts none. ``departures`` names, by HRIS, the attribute a departure date
    was read from. ``query`` is the SQL that found it and ``query_file`` where it stands in
    ``folder``. ``manifest_sha256`` is what the chain has to say of the run; ``chained`` is whether
    the chain stands beside the folder.
    """

    folder: str
    run: str
    as_of: datetime
    previous_audit: str | None
    finding: Mapping[str, object] | None
    subject: Subject | None
    title: str
    meaning: str
    remedy: str
    account: Mapping[str, str]
    situation: str | None
    problem: str | None
    keys: tuple[KeyTried, ...]
    spells: tuple[Spell, ...]
    limit: str
    reference: str
    timezone: str
    holidays: str
    departures: Mapping[str, str]
    grounds: tuple[Ground, ...]
    exhibits: tuple[Exhibit, ...]
    query_file: str
    query: str
    manifest_sha256: str
    chained: bool
