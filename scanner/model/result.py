"""The result of a whole run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from scanner.model.finding import Finding, Rule
from scanner.model.movement import Movement
from scanner.model.register import RegisterFile
from scanner.model.source import Reading, Reason


class Verdict(StrEnum):
    """What can be said of an app or of a run; ``incomplete`` wins over ``findings``."""

    CLEAN = "clean"
    FINDINGS = "findings"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class App:
    """What can be said of one app or identity provider.

    The three situation counts are zero where nothing was concluded (see ``verdict``);
    ``not_concluded`` says what was withheld and why. ``waived`` counts the findings that are
    accepted; they are among ``findings``. ``timeliness`` counts, in this order, the accounts of
    departed people that were removed ``within`` the limit, ``late``, or at a time that leaves it
    ``indeterminate``, those judged before left out, and those that are ``pending`` (still active,
    not yet due) or ``still_active``.
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
    waived: int = 0
    timeliness: tuple[tuple[str, int], ...] = ()


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

    ``departed`` is None where an HRIS is not COMPLETE: nothing is concluded about departure then.
    ``departures`` names, by HRIS, the attribute a departure date was read from. ``registers`` are
    the files of people's decisions that were applied.
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
    departed: int | None = 0
    previous_run: str | None = None
    match_counts: tuple[tuple[str, int], ...] = field(default=())
    departures: tuple[tuple[str, str], ...] = ()
    registers: tuple[RegisterFile, ...] = ()
    movement: Movement | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a run holds that only collected: who was asked what, and how whole the answers are."""

    run: str
    organization: str
    timezone: str
    as_of: datetime
    started_at: datetime
    operator: str
    tool: Tool
    policy: Policy
    sources: tuple[Reading, ...]
    previous_run: str | None = None
