"""How to add an app.

If it speaks SCIM, write a profile: one TOML file in ``collectors/profiles`` that says what differs
from RFC 7644 (paths, page size, limits, attribute places). No code.

If it speaks another protocol, write one file with a class that fulfils :class:`Collector` and name
it in ``collectors/registry.py``. A collector reads in two separate steps:

1. ``read`` talks to the server and hands every response to the :class:`Recorder` before anything
   is parsed. It decides nothing but what to ask next and whether the answer is proved whole.
2. ``records`` turns recorded responses into people, accounts, groups and memberships. It needs no
   network, so any report can be rebuilt from a run folder.

A collector holds a client that can send nothing but GET. Changing an app is another power: a class
that fulfils :class:`Deactivator`, which only ``scanner.remediation`` is given. At that seam
functions are plain, one request leaves at a time, and nothing is sent that is not in a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from scanner.model import Account, PersonStatus, ProgressListener, Reading, Records


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back, as it is recorded; never holds a secret.

    ``url`` is the full URL; ``status`` is None and ``error`` is set where no whole response came.
    ``headers`` are the kept response headers in the order received, names in lower case.
    ``body`` is as received after removing the transfer framing and, where a server compressed it
    unasked, the compression (the kept header ``content-encoding`` tells): our own secrets can only
    be found and masked in plain bytes. ``received_at`` is in UTC.
    """

    purpose: str
    method: str
    url: str
    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: bytes
    sent_at: datetime
    received_at: datetime
    attempt: int = 1
    error: str | None = None


class Recorder(Protocol):
    """Keeps every exchange of one source, in order, before anything is parsed."""

    def record(self, exchange: Exchange) -> str:
        """Store one exchange and return its path inside the run folder."""


class Recorded(Protocol):
    """What is needed of a recorded exchange to judge and parse it."""

    @property
    def url(self) -> str:
        """The full URL that was asked."""

    @property
    def status(self) -> int | None:
        """The HTTP status, or None where no whole response came."""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The kept response headers, names in lower case."""

    @property
    def body(self) -> bytes:
        """The body as it was received."""

    @property
    def attempt(self) -> int:
        """Which attempt at this request it was, from 1."""

    @property
    def error(self) -> str | None:
        """The reason code where no whole response came."""


OpenResponse = Callable[[str], Recorded]
"""Gives back a recorded exchange by its path inside the run folder."""


class Collector(Protocol):
    """Reads one source."""

    async def read(self, recorder: Recorder, listener: ProgressListener) -> Reading:
        """Read users and groups, record every exchange, and prove (or not) that it was all.

        Never raises for what a server or network does: that becomes a reason of the reading.
        """

    def records(self, reading: Reading, open_response: OpenResponse) -> Records:
        """Parse the recorded responses of ``reading``; no network, the same result every time."""


class Operation(StrEnum):
    """What can be planned for one account; each but ``remove_member`` sets ``active``."""

    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    REMOVE_MEMBER = "remove_member"


@dataclass(frozen=True, slots=True)
class Change:
    """One change to one account; ``group_id`` is set for ``remove_member`` only.

    ``resource`` is the account's own JSON as it was recorded (RFC 7643), for the forms that send
    the whole of it back; None where it is not at hand.
    """

    operation: Operation
    account: Account
    group_id: str | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One write exactly as it will be sent: these bytes stand in the plan and are approved.

    ``form`` names the way of saying it (``patch-path``, ``put``, ...), ``path`` begins with ``/``
    and is that of the pinned origin, query included. ``headers`` hold no credentials and no
    ``If-Match``; ``body`` is empty where none is sent. ``needs_version`` marks a form that may be
    sent only with the version the account had when the plan was made. ``attributes`` are those that
    a form repeats which sends the whole resource, as in :class:`Observation`: it may be sent only
    while the account has exactly these, since it would set back or drop any other.
    """

    form: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str
    needs_version: bool = False
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """One account as its app reports it at one instant, by its id.

    ``found`` is False only where the app said that there is no such account (404, 410); None means
    that nothing is known, and ``error`` says why. ``active`` and ``member`` are None where the app
    did not say; ``member`` is set only where a group was asked for. ``version`` is an entity tag
    that may be sent back as ``If-Match``; ``status`` is the HTTP status. ``attributes`` are the
    names of everything the account has that a deactivation must leave alone, sorted, each with the
    SHA-256 of its value: what else changed shows by comparing them.
    """

    found: bool | None
    active: bool | None = None
    member: bool | None = None
    user_name: str | None = None
    external_id: str | None = None
    emails: tuple[str, ...] = ()
    privileged: bool | None = None
    version: str | None = None
    modified_at: datetime | None = None
    status: int | None = None
    error: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Census:
    """Which accounts of an app are active, as one reading of its whole list shows them.

    ``active`` and ``inactive`` are ids; both are None where the list could not be proved whole, and
    ``error`` is then a stable reason code. Accounts that a server does not list once they are
    inactive are in neither.
    """

    active: frozenset[str] | None
    inactive: frozenset[str] | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one write. It is no evidence of the change: only reading back is.

    ``status`` is None and ``error`` a stable reason code where no whole answer came; whether the
    write took effect is then not known. ``retry_after`` is in seconds. ``request_id`` is the
    server's own, ``body_sha256`` the digest of the answer's body in hexadecimal.
    """

    status: int | None
    error: str | None = None
    retry_after: int | None = None
    scim_type: str | None = None
    request_id: str | None = None
    body_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Traits:
    """What deactivating an account does at this vendor, and how fast it may be asked for.

    Each but ``reversible`` is True where it is known to happen. ``effect`` says it in one or two
    sentences for the person who approves. ``version_enforced``: a write with an old version is
    refused (``If-Match``, RFC 7644 section 3.14), so that a change by a human cannot be overridden.
    ``licence``, ``sessions`` and ``tokens`` say what becomes of the paid seat, of open sessions and
    of personal tokens and keys.
    """

    effect: str
    reversible: Literal["yes", "no", "depends"]
    removes_membership: bool = False
    deletes_user: bool = False
    deprovisions_everywhere: bool = False
    version_enforced: bool = False
    writes_per_minute: int = 60
    licence: Literal["kept", "freed", "unknown"] = "unknown"
    sessions: Literal["end", "survive", "unknown"] = "unknown"
    tokens: Literal["end", "survive", "unknown"] = "unknown"

    @property
    def destructive(self) -> tuple[str, ...]:
        """Name what cannot simply be taken back; each app with any needs an acknowledgement."""
        named = {
            "irreversible": self.reversible == "no",
            "removes_membership": self.removes_membership,
            "deletes_user": self.deletes_user,
            "deprovisions_everywhere": self.deprovisions_everywhere,
        }
        return tuple(name for name, holds in named.items() if holds)


class Deactivator(Protocol):
    """Changes one app, one request at a time; whoever holds it decides what is sent.

    What a server or network does never raises: it is part of what is returned.
    """

    @property
    def origin(self) -> str:
        """Scheme, host and port of the one place this can send to, as in ``https://a.example``."""

    @property
    def traits(self) -> Traits:
        """What deactivating does here."""

    def requests(self, change: Change, forms: Sequence[str]) -> tuple[Request, ...]:
        """Build one request for each of ``forms``, in order; pure, and sends nothing.

        A form that cannot express the change is left out; ``manual`` always is. Raises ConfigError
        for a form this app does not know.
        """

    def observe(self, account_id: str, group_id: str | None = None) -> Observation:
        """Read one account by its id, never from a cache; tried again as any GET may be.

        With ``group_id`` tell also whether it is a direct member of that group.
        """

    def own_account(self) -> str | None:
        """Give the id of the account that the credentials are of; None where the app does not say.

        Reads once what RFC 7644 section 3.11 calls ``/Me``.
        """

    def census(self, most: int) -> Census:
        """List all accounts as an audit does, and prove it; of more than ``most`` give none.

        A list that is longer is left after its first page, with the error ``count.too_many``.
        """

    def send(self, request: Request, if_match: str | None) -> Reply:
        """Send exactly this write, once: never again, never somewhere else, whatever is answered.

        ``if_match`` is the version the account must still have, or None to send no condition.
        """

    def close(self) -> None:
        """Close the connections; nothing can be sent afterwards."""


@dataclass(frozen=True, slots=True)
class Employment:
    """One person as the HRIS reports them now; ``found`` is as in :class:`Observation`."""

    found: bool | None
    status: PersonStatus | None = None
    departed_at: datetime | None = None
    error: str | None = None


class Witness(Protocol):
    """Reads one person of an HRIS again, right before something is done because they left."""

    def look(self, person_id: str) -> Employment:
        """Read one person by id; what a server does never raises."""

    def close(self) -> None:
        """Close the connections."""
