"""How to add an app.

If it speaks SCIM, write a profile: one TOML file in ``collectors/profiles`` that says what differs
from RFC 7644 (paths, page size, limits, attribute places). No code.

If it speaks another protocol, write one file with a class that fulfils :class:`Collector` and name
it in ``collectors/registry.py``. A collector reads in two separate steps:

1. ``read`` talks to the server and hands every response to the :class:`Recorder` before anything
   is parsed. It decides nothing but what to ask next and whether the answer is proved whole.
2. ``records`` turns recorded responses into people, accounts, groups and memberships. It needs no
   network, so any report can be rebuilt from a run folder.

A collector holds a client that can send nothing but GET.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from scanner.model import ProgressListener, Reading, Records


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
