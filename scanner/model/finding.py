"""What a rule is, and what it concluded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scanner.model.record import PersonStatus, Pointer
from scanner.model.register import Waiver


class Situation(StrEnum):
    """Outcome of correlating one account to the people of the HRIS."""

    LINKED = "linked"
    UNMATCHED = "unmatched"
    DISPUTED = "disputed"


class Severity(StrEnum):
    """Severity of a finding, most severe first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Rule:
    """One finding kind of the catalogue, with the exact query that finds it.

    ``controls`` are ``FRAMEWORK:id`` strings in the order of the crosswalk; ``query`` is SQL.
    """

    kind: str
    title: str
    meaning: str
    severity: Severity
    remedy: str
    controls: tuple[str, ...]
    query: str


@dataclass(frozen=True, slots=True)
class AccountRef:
    """The account a finding is about, as it was read."""

    id: str
    user_name: str | None
    email: str | None
    display_name: str | None
    active: bool | None


@dataclass(frozen=True, slots=True)
class PersonRef:
    """The person a finding is about, as the HRIS reports them."""

    id: str
    display_name: str | None
    status: PersonStatus
    departed_at: datetime | None
    source: str = ""


@dataclass(frozen=True, slots=True)
class GroupRef:
    """The group a finding is about; the last two are set for ``group_drift`` only.

    ``direction`` is ``unexpected`` or ``missing``; ``basis`` is ``rule``, ``mirror`` or
    ``baseline``, and None where no entitlement governs the group.
    """

    id: str
    display_name: str | None
    direction: str | None = None
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person one key of an account named; ``taken`` is False where it was rejected."""

    key: str
    value: str
    person_id: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Timeliness:
    """When something happened, as far as it is known, and how far past the policy's limit.

    It lies between ``earliest_at`` and ``latest_at`` (None: nothing bounds it on that side).
    ``basis`` says what bounds it: ``event``, ``observation`` by readings, or ``modified``.
    ``hours_over_min`` and ``hours_over_max`` are whole hours past the limit, rounded outwards;
    None where there is no limit to compare with.
    """

    basis: str | None
    earliest_at: datetime | None
    latest_at: datetime | None
    hours_over_min: int | None = None
    hours_over_max: int | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A person an account may belong to: a hint that concludes nothing.

    ``score`` is 0 to 100 and compares suggestions with each other only; ``why`` says in words what
    is alike.
    """

    person_id: str
    source: str
    display_name: str | None
    score: int
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One conclusion about one account, person, group or source.

    ``id`` is the first 16 hex digits of SHA-256 over kind, source, account id, person id and
    group id, so that the same finding keeps its id from run to run. ``problem`` holds the codes of
    a kind that has variants, sorted and separated by commas. ``flags`` says what raised the
    severity (``privileged``). ``via`` are the ids of the nested groups, outermost first, through
    which a membership is held. ``waiver`` is the acceptance in force; the finding stays one.
    ``status`` is ``new``, ``persisting``, or ``reopened`` where it was known and was not open
    before this run. ``suggestions`` are hints to the owner of an orphan account, the best first.
    """

    id: str
    kind: str
    severity: Severity
    app: str
    detail: str
    controls: tuple[str, ...]
    account: AccountRef | None = None
    person: PersonRef | None = None
    group: GroupRef | None = None
    matched_by: str | None = None
    candidates: tuple[Candidate, ...] = ()
    days_since_departure: int | None = None
    status: str = "new"
    first_seen: str = ""
    evidence: Pointer | None = None
    problem: str | None = None
    flags: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    waiver: Waiver | None = None
    timeliness: Timeliness | None = None
    suggestions: tuple[Suggestion, ...] = ()
