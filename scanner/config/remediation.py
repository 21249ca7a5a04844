"""``[remediation]``: how much may be changed at once, and who must agree to it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, field_validator

from scanner.config.limit import parse_limit
from scanner.config.strict import Strict


class Thresholds(Strict):
    """Where the guards stop a whole plan; of a number and a percentage the stricter applies.

    A percentage of a small population never goes below ``at_least``. Every breach means that
    nothing is written in any app.
    """

    accounts_per_app: int = Field(default=10, ge=0)
    accounts_per_app_percent: int = Field(default=5, ge=0, le=100)
    people: int = Field(default=25, ge=0)
    people_percent: int = Field(default=5, ge=0, le=100)
    at_least: int = Field(default=2, ge=0)
    memberships_per_app: int = Field(default=20, ge=0)
    memberships_per_app_percent: int = Field(default=5, ge=0, le=100)
    headcount_drop: int = Field(default=3, ge=0)
    headcount_drop_percent: int = Field(default=5, ge=0, le=100)
    departed_jump: int = Field(default=5, ge=0)
    departed_jump_percent: int = Field(default=5, ge=0, le=100)
    users_drop: int = Field(default=3, ge=0)
    users_drop_percent: int = Field(default=10, ge=0, le=100)
    unowned_percent: int = Field(default=30, ge=0, le=100)
    first_headcount_percent: int = Field(default=2, ge=0, le=100)


class Remediation(Strict):
    """Approval, expiry and limits of a plan; paths are relative to the configuration file.

    ``allowed_signers`` is a file of ssh-keygen(1), section ALLOWED SIGNERS: who may approve.
    ``automation_keys`` are fingerprints (``SHA256:…``) that never count as a person. A plan of at
    most ``typed_up_to`` actions may be approved by typing; above that a second key must sign.
    ``break_glass_keys`` are fingerprints that may approve an undo alone, also of their own making.
    ``operators`` are further user names and addresses of whoever makes plans here: a plan in which
    one of them appears is refused.
    """

    allowed_signers: Path | None = None
    automation_keys: tuple[str, ...] = ()
    break_glass_keys: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    typed_up_to: int = Field(default=3, ge=0, le=25)
    plan_valid: str = "24h"
    run_valid: str = "24h"
    read_back_within: str = "1m"
    remembered_days: int = Field(default=30, ge=0, le=3650)
    thresholds: Thresholds = Thresholds()

    @field_validator("plan_valid", "run_valid", "read_back_within")
    @classmethod
    def _a_duration(cls, value: str) -> str:
        limit = parse_limit(value)
        if limit.business_days or not timedelta(0) < limit.duration <= timedelta(days=7):
            raise ValueError('use minutes, hours or days up to a week: "30m", "24h", "2d"')
        return value

    @field_validator("automation_keys", "break_glass_keys")
    @classmethod
    def _fingerprints(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(one.startswith("SHA256:") for one in value):
            raise ValueError('give fingerprints such as "SHA256:…" (ssh-keygen -lf KEY)')
        return value

    @property
    def plan_lasts(self) -> timedelta:
        """How long a plan may be applied after it was made."""
        return parse_limit(self.plan_valid).duration

    @property
    def run_lasts(self) -> timedelta:
        """How old a run may be when it is planned from."""
        return parse_limit(self.run_valid).duration

    @property
    def read_back_deadline(self) -> timedelta:
        """How long a change is waited for after it was asked for."""
        return parse_limit(self.read_back_within).duration
