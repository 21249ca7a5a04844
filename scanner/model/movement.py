"""What became of findings from one audit to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from scanner.model.finding import Severity


@dataclass(frozen=True, slots=True)
class Standing:
    """A finding as an earlier audit left it open; ``subject`` says in short what it is about."""

    id: str
    kind: str
    severity: Severity
    app: str
    group_id: str | None
    first_seen: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier audits found.

    ``audit`` is the newest one and ``audited_at`` its start (UTC), ``opening`` what it left open,
    by id, and ``first_seen`` names the first run of everything ever found.
    """

    audit: str | None = None
    audited_at: datetime | None = None
    opening: Mapping[str, Standing] = field(default_factory=dict)
    first_seen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Balance:
    """How many findings of one app there were, came, went, and are.

    ``opening + new + reopened - resolved == closing``, where closing counts what is found now and
    what was not concluded this time.
    """

    app: str
    opening: int = 0
    new: int = 0
    reopened: int = 0
    persisting: int = 0
    resolved: int = 0
    not_concluded: int = 0

    @property
    def closing(self) -> int:
        """What is open at the end of this audit."""
        return self.opening + self.new + self.reopened - self.resolved


@dataclass(frozen=True, slots=True)
class Movement:
    """From the audit before (None: this is the first) to this one, in total and by app.

    ``resolved`` were open and are not found any more. ``not_concluded`` were open, and what they
    are about was not read completely this time: they stay open, and nothing is said of them.
    """

    audit: str | None
    total: Balance
    apps: tuple[Balance, ...]
    resolved: tuple[Standing, ...]
    not_concluded: tuple[Standing, ...]
