"""The vocabulary: what a source, a person, an account, a reading and a finding are.

Everything here is frozen and already validated. Instants are aware datetimes in UTC.
``None`` always means "not known" or "not sent", never "no" and never "empty".
Terms follow RFC 7643, RFC 7644 and the usage of identity governance (linked, unmatched,
disputed).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a source is to the audit; only an ``hris`` says who has departed."""

    HRIS = "hris"
    IDP = "idp"
    APP = "app"


class State(StrEnum):
    """How much of a population was read; COMPLETE is earned by a proof, never a default."""

    COMPLETE = "COMPLETE"
    INCOMPLETE = "INCOMPLETE"
    NOT_READ = "NOT_READ"


class Verdict(StrEnum):
    """What can be said of an app or of a run; ``incomplete`` wins over ``findings``."""

    CLEAN = "clean"
    FINDINGS = "findings"
    INCOMPLETE = "incomplete"


class PersonStatus(StrEnum):
    """Employment status as the HRIS reports it; ``unknown`` is never departed."""

    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    PENDING = "pending"
    TERMINATED = "terminated"
    UNKNOWN = "unknown"


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


class Resource(StrEnum):
    """The two populations a source holds."""

    USERS = "users"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something could not be concluded.

    ``code`` is stable and dotted (``read.total_contradicts``); ``message`` is one sentence for
    people; ``hint`` says what to do next.
    """

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ProofPoint:
    """One condition of the completeness proof: its name, whether it held, and the figures."""

    name: str
    held: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a record stands in the evidence: response file in the run folder, index in it."""

    response: str
    index: int


@dataclass(frozen=True, slots=True)
class Person:
    """One record of an HRIS (RFC 7643 User with the enterprise extension)."""

    source: str
    person_id: str
    pointer: Pointer
    status: PersonStatus
    external_id: str | None = None
    employee_number: str | None = None
    user_name: str | None = None
    emails: tuple[str, ...] = ()
    display_name: str | None = None
    worker_type: str | None = None
    department: str | None = None
    title: str | None = None
    manager_id: str | None = None
    location: str | None = None
    hired_at: datetime | None = None
    departed_at: datetime | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One login record of an app or identity provider; ``active`` is true, false or unknown."""

    source: str
    account_id: str
    pointer: Pointer
    active: bool | None
    user_name: str | None = None
    external_id: str | None = None
    employee_number: str | None = None
    emails: tuple[str, ...] = ()
    display_name: str | None = None
    account_type: str | None = None
    privileged: bool | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    last_activity_at: datetime | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One group of an app (RFC 7643 section 4.2)."""

    source: str
    group_id: str
    pointer: Pointer
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """One direct member of a group; ``member_type`` is ``User`` or ``Group`` (nested)."""

    source: str
    group_id: str
    member_id: str
    member_type: str
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Records:
    """Everything one source's responses hold, parsed; the order is that of the responses."""

    people: tuple[Person, ...] = ()
    accounts: tuple[Account, ...] = ()
    groups: tuple[Group, ...] = ()
    memberships: tuple[Membership, ...] = ()


@dataclass(frozen=True, slots=True)
class Population:
    """The reading of one list (users or groups) of one source, with its proof.

    ``reported`` is the server's own total (``None``: it gave none); ``received`` counts distinct
    records; ``responses`` names, in order, the response files that make up the population;
    ``deviations`` are departures from the RFC that did not harm completeness.
    """

    state: State
    reported: int | None = None
    received: int = 0
    reasons: tuple[Reason, ...] = ()
    proof: tuple[ProofPoint, ...] = ()
    responses: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one run knows of one source: who was asked, when, and how whole the answer is."""

    source: str
    role: Role
    type: str
    url: str
    users: Population
    groups: Population
    memberships_received: int = 0
    requests: int = 0
    retries: int = 0
    bytes_received: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def state(self) -> State:
        """The state of the source is that of its users; groups have a state of their own."""
        return self.users.state


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a source's reading, for a live display; ``total`` is None while unknown."""

    source: str
    phase: str
    received: int
    total: int | None
    state: State | None = None


ProgressListener = Callable[[Progress], None]


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

    ``direction`` is ``unexpected`` or ``missing``; ``basis`` is ``rule`` or ``mirror``.
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
class Finding:
    """One conclusion about one account, person, group or source.

    ``id`` is the first 16 hex digits of SHA-256 over kind, source, account id, person id and
    group id, so that the same finding keeps its id from run to run.
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


@dataclass(frozen=True, slots=True)
class App:
    """What can be said of one app or identity provider.

    The three situation counts are zero where nothing was concluded (see ``verdict``);
    ``not_concluded`` says what was withheld and why.
    """

    name: str
    verdict: Verdict
    accounts: int
    active: int
    linked: int
    unmatched: int
    disputed: int
    findings: int
    not_concluded: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """The company's own rule, as printed on every verdict; ``limit`` is its time to remove."""

    limit: str
    reference: str
    stated: bool


@dataclass(frozen=True, slots=True)
class Tool:
    """What made the evidence."""

    name: str
    version: str
    python: str
    platform: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The whole result of one run: the only thing reports are made from, beside the tables.

    ``departures`` names, by HRIS, the attribute a departure date was read from.
    """

    run: str
    organization: str
    timezone: str
    as_of: datetime
    started_at: datetime
    operator: str
    tool: Tool
    policy: Policy
    verdict: Verdict
    sources: tuple[Reading, ...]
    apps: tuple[App, ...]
    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...]
    people: int = 0
    departed: int = 0
    previous_run: str | None = None
    match_counts: tuple[tuple[str, int], ...] = field(default=())
    departures: tuple[tuple[str, str], ...] = ()


class SignIn(StrEnum):
    """What a source did with the credentials it was sent."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    FORBIDDEN = "forbidden"
    NOT_CONFIGURED = "not_configured"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ability:
    """How many of the records looked at showed one thing.

    ``name`` is a canonical field or another thing to be seen: ``inactive`` and ``departed`` users,
    ``groups`` that users name, ``members`` of groups, ``members_by_id`` and ``members_by_user``
    where the list of groups has none.
    """

    name: str
    seen: int
    of: int


@dataclass(frozen=True, slots=True)
class PageSurvey:
    """One real page of one list; where ``failure`` is set no page came and nothing else is known.

    ``asked`` is the page size asked for, ``given`` the records that came, ``reported`` the server's
    total, ``milliseconds`` how long it took, ``requests`` how many a full read needs. What the
    server does not tell is None.
    """

    asked: int
    given: int = 0
    reported: int | None = None
    milliseconds: int = 0
    requests: int | None = 0
    status: int | None = None
    abilities: tuple[Ability, ...] = ()
    failure: Reason | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What one look at one source showed, before any audit.

    ``lacking`` is what an audit needs and would not get; ``notes`` are remarks with a consequence;
    ``quirks`` are harmless departures from RFC 7644. The estimate of a full read is None where the
    server gives no total.
    """

    source: str
    role: Role
    type: str
    url: str
    reachable: bool
    sign_in: SignIn
    users: PageSurvey
    groups: PageSurvey
    lacking: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    quirks: tuple[str, ...] = ()
    requests: int = 0
    full_read_requests: int | None = 0
    full_read_milliseconds: int | None = 0
    requests_per_minute: int | None = None

    @property
    def usable(self) -> bool:
        """Whether an audit would get everything it needs, as far as one look can tell."""
        return not self.lacking
