"""The registers as people write them: one array of tables each, checked entry by entry."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from scanner.config.strict import Strict

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Text that says something."""


class WaiverEntry(Strict):
    """``[[waivers]]``: one finding, by its id or by everything the id is made of."""

    app: Words
    finding: str | None = Field(default=None, pattern=r"^[0-9a-f]{16}$")
    kind: Words | None = None
    account: Words | None = None
    person: Words | None = None
    group: Words | None = None
    owner: Words
    reason: Words
    approver: Words
    approved_on: date
    expires_on: date

    @model_validator(mode="after")
    def _names_one_finding(self) -> WaiverEntry:
        parts = (self.kind, self.account, self.person, self.group)
        if self.finding is not None and any(part is not None for part in parts):
            raise ValueError("give either finding, or kind with account, person and group")
        if self.finding is None and self.kind is None:
            raise ValueError(
                "name the finding: finding = its id, or kind with the account, person and group "
                "that it has"
            )
        return self

    @model_validator(mode="after")
    def _somebody_else_approves(self) -> WaiverEntry:
        if self.owner.casefold() == self.approver.casefold():
            raise ValueError("owner and approver are the same; somebody else has to approve")
        if self.expires_on < self.approved_on:
            raise ValueError("expires_on is before approved_on")
        return self


class AccountEntry(Strict):
    """``[[accounts]]``: an account that is no person's (``type``), or whose it is (``person``)."""

    app: Words
    account: Words
    type: Literal["service", "shared", "bot", "break_glass", "room", "test"] | None = None
    owner: Words | None = None
    purpose: Words | None = None
    review_by: date | None = None
    person: Words | None = None

    @model_validator(mode="after")
    def _nonhuman_or_linked(self) -> AccountEntry:
        if (self.type is None) == (self.person is None):
            raise ValueError("give either type (no person's account) or person (whose it is)")
        if self.person is not None and (self.owner or self.purpose or self.review_by):
            raise ValueError("owner, purpose and review_by go with type, not with person")
        if self.type is not None and self.purpose is None:
            raise ValueError("purpose is missing; say what the account is for")
        return self


class ProtectedEntry(Strict):
    """``[[protected]]``: never deactivated; without ``app``, in no app.

    ``groups`` are ids of groups whose direct members are protected.
    """

    app: Words | None = None
    accounts: tuple[Words, ...] = Field(default=(), min_length=1)
    groups: tuple[Words, ...] = Field(default=(), min_length=1)
    reason: Words

    @model_validator(mode="after")
    def _names_somebody(self) -> ProtectedEntry:
        if not self.accounts and not self.groups:
            raise ValueError("names nobody; give accounts or groups")
        return self


class WaiverFile(Strict):
    """``waivers.toml``."""

    waivers: tuple[WaiverEntry, ...] = ()


class AccountFile(Strict):
    """``accounts.toml``."""

    accounts: tuple[AccountEntry, ...] = ()


class ProtectedFile(Strict):
    """``protected.toml``."""

    protected: tuple[ProtectedEntry, ...] = ()
