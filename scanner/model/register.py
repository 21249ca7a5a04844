"""What people decided and wrote down: accepted findings, non-human accounts, who is protected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Waiver:
    """One finding that is accepted until the end of ``expires_on`` in the organization's zone.

    ``finding`` is its id; where it is None, ``kind``, ``app``, ``account``, ``person`` and
    ``group`` (ids; None: the finding has none) say exactly the same. ``line`` is where the waiver
    stands in its file, from 1.
    """

    line: int
    app: str
    finding: str | None
    kind: str | None
    account: str | None
    person: str | None
    group: str | None
    owner: str
    reason: str
    approver: str
    approved_on: date
    expires_on: date


@dataclass(frozen=True, slots=True)
class NonHuman:
    """A service, shared, bot, break_glass, room or test account, and the person who answers for it.

    ``account`` is its id or user name; ``owner`` an id or e-mail address of the HRIS, None where
    nobody is named; ``review_by`` the last day on which its entry is good without a review.
    """

    line: int
    app: str
    account: str
    type: str
    owner: str | None
    purpose: str
    review_by: date | None


@dataclass(frozen=True, slots=True)
class ManualLink:
    """An account (id or user name) and the person (id or e-mail address) it was said to be of."""

    line: int
    app: str
    account: str
    person: str


@dataclass(frozen=True, slots=True)
class Protected:
    """Accounts that are never deactivated: ids, user names or e-mail addresses.

    ``groups`` are ids of groups whose direct members are protected too. ``app`` is None where
    they are protected in every app.
    """

    line: int
    app: str | None
    accounts: tuple[str, ...]
    reason: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovedGroup:
    """Who was in one group of one app when somebody approved it; ``members`` are account ids.

    ``run`` is the run whose evidence was approved, ``approved_at`` an instant (UTC).
    """

    app: str
    group: str
    display_name: str | None
    members: tuple[str, ...]
    run: str
    approver: str
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """One register as it was read: its name in ``[registers]``, its path as written there.

    ``path_in_run`` is where its exact bytes stand in the run folder; ``entries`` counts them.
    """

    name: str
    path: str
    path_in_run: str
    sha256: str
    entries: int


@dataclass(frozen=True, slots=True)
class Registers:
    """Everything the registers say; ``contents`` are the exact bytes, by ``path_in_run``."""

    waivers: tuple[Waiver, ...] = ()
    nonhuman: tuple[NonHuman, ...] = ()
    links: tuple[ManualLink, ...] = ()
    protected: tuple[Protected, ...] = ()
    baseline: tuple[ApprovedGroup, ...] = ()
    files: tuple[RegisterFile, ...] = ()
    contents: tuple[tuple[str, bytes], ...] = ()

    def protection(self, app: str, names: Iterable[str]) -> tuple[str, ...]:
        """Say why an account of ``app`` is never deactivated; empty where nothing protects it.

        ``names`` are its id, user name, e-mail addresses. Letter case and outer blanks do not
        matter and one match is enough: a mistake must protect too much, never too little. Every
        registered non-human account is protected as well.
        """
        wanted = {_folded(name) for name in names}
        reasons = [
            one.reason
            for one in self.protected
            if one.app in {None, app} and wanted & {_folded(name) for name in one.accounts}
        ]
        reasons += [
            f"registered as {one.type}: {one.purpose}"
            for one in self.nonhuman
            if one.app == app and _folded(one.account) in wanted
        ]
        return tuple(dict.fromkeys(reasons))


NO_REGISTERS = Registers()
"""Nothing was decided."""


def _folded(name: str) -> str:
    return name.strip().casefold()
