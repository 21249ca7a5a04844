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
class Reading:
    """What one run knows of one source: who was asked, when, and how whole the answer is.

    ``read_in`` names the interrupted run that this one continues and that did the reading; None
    where this run did it itself.
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
