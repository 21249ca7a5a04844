"""What the fictitious company is made of: employees, logins, teams, apps, and what was planted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from scanner.model import PersonStatus

DOMAIN = "halden.example"
TIMEZONE = "Europe/Oslo"


@dataclass(frozen=True, slots=True)
class Employee:
    """One person as the company's HRIS knows them; ``id`` is the identifier the HRIS serves.

    ``termination`` is the text the HRIS serves (a date, or an instant), ``departed_at`` the UTC
    instant it means: a date ends at midnight in :data:`TIMEZONE`. Both may lie in the future. A
    terminated person without them left on a day nobody wrote down.
    """

    id: str
    number: str
    user_name: str
    given_name: str
    family_name: str
    emails: tuple[str, ...]
    department: str
    title: str
    worker_type: str
    status: PersonStatus
    hired_on: date
    termination: str | None = None
    departed_at: datetime | None = None

    @property
    def display_name(self) -> str:
        """Given name, then family name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def email(self) -> str:
        """The person's own work e-mail address."""
        return self.emails[0]

    def has_departed(self, as_of: datetime) -> bool:
        """Tell whether the person was gone at ``as_of``; an unknown date counts as gone."""
        if self.status is not PersonStatus.TERMINATED:
            return False
        return self.departed_at is None or self.departed_at <= as_of


@dataclass(frozen=True, slots=True)
class Login:
    """One account of an app, as the app serves it."""

    id: str
    user_name: str
    display_name: str
    active: bool
    created_at: datetime
    modified_at: datetime
    external_id: str | None = None
    employee_number: str | None = None
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Team:
    """One group of an app, with the ids of its member logins."""

    id: str
    display_name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AppSite:
    """Everything one app serves, and how its server behaves.

    ``page_limit`` is the most records a page holds. ``overstated_by`` is by how much the server
    overstates its number of users. Without ``has_groups`` the server knows no groups.
    """

    name: str
    logins: tuple[Login, ...]
    teams: tuple[Team, ...]
    page_limit: int = 200
    has_groups: bool = True
    overstated_by: int = 0


class Expected(NamedTuple):
    """A finding in comparable form; what does not apply is None."""

    kind: str
    app: str
    user_name: str | None = None
    employee_number: str | None = None
    group: str | None = None
    direction: str | None = None
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class Planted:
    """One thing put into the company for an audit to find.

    ``matched_by`` is the key that ties the login to the person (None: no single person is named).
    """

    finding: Expected
    matched_by: str | None = None
