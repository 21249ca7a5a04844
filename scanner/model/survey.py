"""What one look at a source showed, before any audit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scanner.model.source import Reason, Role


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
