"""What a source is, and how much of it was read and proved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
class Headcount:
    """The people of an HRIS: those whose status is terminated, and all others."""

    employed: int
    terminated: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a source showed in its last COMPLETE run; ``headcount`` is None where it has none."""

    received: int
    headcount: Headcount | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """How far a number moved since the last COMPLETE run, against how far it may.

    ``name`` is ``hris.terminated`` (people more) or ``hris.drop`` (people fewer); ``measured`` is
    by how many, ``allowed`` the most that passes, ``before`` and ``now`` the two numbers.
    ``acknowledged`` tells that the settings of the source name the number as right.
    """

    name: str
    measured: int
    allowed: int
    before: int
    now: int
    acknowledged: bool = False

    @property
    def breached(self) -> bool:
        """Whether nothing may be removed on the word of this run."""
        return self.measured > self.allowed and not self.acknowledged


@dataclass(frozen=True, slots=True)
class Reading:
    """What one run knows of one source: who was asked, when, and how whole the answer is.

    ``read_in`` names the interrupted run that this one continues and that did the reading; None
    where this run did it itself.
    ``headcount`` and ``guards`` are those of a COMPLETE HRIS.
    """

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
    read_in: str | None = None
    headcount: Headcount | None = None
    guards: tuple[Guard, ...] = ()

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
