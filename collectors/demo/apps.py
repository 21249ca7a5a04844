"""The apps of the fictitious company as they should be: right accounts, right groups."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from collectors.demo.names import ascii_name
from collectors.demo.population import AppSite, Employee, Login, Team
from scanner.model import PersonStatus

APPS = ("idp", "chat", "code", "video", "crm", "wiki", "tickets", "design")
WITHOUT_GROUPS = "video"
OVERSTATED = {"tickets": 7}
_PAGE_LIMITS = {"chat": 100, "code": 50}
_DELETED_AFTER = timedelta(days=200)

_EVERYBODY = 1.0
_USERS: dict[str, dict[str, float]] = {
    "code": {"Engineering": 1, "IT": 0.6, "Support": 0.3},
    "crm": {"Sales": 1, "Marketing": 0.5, "Support": 0.4, "Finance": 0.2},
    "tickets": {"Support": 1, "IT": 1, "Engineering": 0.5},
    "design": {"Marketing": 1, "Engineering": 0.15, "Sales": 0.1},
}
"""The share of each department that uses an app; an app not listed is used by everybody."""


class _TeamRule(NamedTuple):
    app: str
    name: str
    department: str | None = None
    at_most: int | None = None


_TEAM_RULES = (
    _TeamRule("idp", "all-staff"),
    _TeamRule("idp", "eng", "Engineering"),
    _TeamRule("idp", "sales", "Sales"),
    _TeamRule("idp", "it-admins", "IT", 8),
    _TeamRule("chat", "announcements", None, 40),
    _TeamRule("chat", "eng-all", "Engineering"),
    _TeamRule("code", "eng", "Engineering"),
    _TeamRule("code", "release-managers", "Engineering", 6),
    _TeamRule("crm", "sales", "Sales"),
    _TeamRule("crm", "crm-admins", "Sales", 3),
    _TeamRule("wiki", "editors", None, 60),
    _TeamRule("wiki", "space-admins", None, 5),
    _TeamRule("tickets", "agents", "Support"),
    _TeamRule("design", "designers", "Marketing"),
)


class Identity(NamedTuple):
    """How an app knows a person, and the key by which that leads back to them."""

    matched_by: str
    user_name: str
    external_id: str | None = None
    employee_number: str | None = None
    emails: tuple[str, ...] = ()


@dataclass(slots=True)
class AppDraft:
    """An app while it is being made: logins by employee number, others, and members by group."""

    name: str
    logins: dict[str, Login] = field(default_factory=dict)
    strangers: list[Login] = field(default_factory=list)
    members: dict[str, set[str]] = field(default_factory=dict)

    def remove(self, number: str) -> None:
        """Take away a person's login and its memberships, if there is one."""
        login = self.logins.pop(number, None)
        if login is not None:
            for members in self.members.values():
                members.discard(login.id)


def identify(app: str, person: Employee) -> Identity:
    """Give the keys under which an app holds a person; no two apps do it alike."""
    return _IDENTITIES[app](person)


def draft_app(
    rng: random.Random, name: str, people: Iterable[Employee], as_of: datetime
) -> AppDraft:
    """Make an app in which every leaver was removed in time and every group is right."""
    draft = AppDraft(name)
    for person in people:
        if _uses(rng, name, person) and not _was_deleted(person, as_of):
            draft.logins[person.number] = new_login(rng, name, person, as_of)
    rules = [rule for rule in _TEAM_RULES if rule.app == name]
    for rule in rules:
        entitled = [
            draft.logins[person.number].id
            for person in people
            if person.number in draft.logins
            and draft.logins[person.number].active
            and rule.department in (None, person.department)
        ]
        size = len(entitled) if rule.at_most is None else rule.at_most
        draft.members[rule.name] = set(rng.sample(entitled, size))
    return draft


def new_login(rng: random.Random, app: str, person: Employee, as_of: datetime) -> Login:
    """Make the login a person should have: active while they work, removed soon after."""
    keys = identify(app, person)
    gone = person.has_departed(as_of)
    created = datetime.combine(person.hired_on, time(7), UTC) + _up_to(rng, timedelta(days=3))
    until = person.departed_at if gone and person.departed_at else as_of
    modified = created + _up_to(rng, until - created)
    if gone:
        modified = min(until + _up_to(rng, timedelta(hours=20)), as_of)
    return Login(
        id=new_id(rng),
        user_name=keys.user_name,
        display_name=person.display_name,
        # People on leave keep their accounts, except the one that costs a licence per seat.
        active=not gone and not (person.status is PersonStatus.ON_LEAVE and app == WITHOUT_GROUPS),
        created_at=created.replace(microsecond=0),
        modified_at=modified.replace(microsecond=0),
        external_id=keys.external_id,
        employee_number=keys.employee_number,
        emails=keys.emails,
    )


def new_id(rng: random.Random) -> str:
    """Make an identifier as apps do: opaque, and the same for the same seed."""
    return f"{rng.getrandbits(80):020x}"


def finish_app(rng: random.Random, draft: AppDraft) -> AppSite:
    """Freeze a draft; logins are in the order of their ids, as the server lists them."""
    logins = [*draft.logins.values(), *draft.strangers]
    return AppSite(
        name=draft.name,
        logins=tuple(sorted(logins, key=lambda login: login.id)),
        teams=tuple(
            Team(new_id(rng), name, tuple(sorted(members)))
            for name, members in draft.members.items()
        ),
        page_limit=_PAGE_LIMITS.get(draft.name, 200),
        has_groups=draft.name != WITHOUT_GROUPS,
        overstated_by=OVERSTATED.get(draft.name, 0),
    )


def reactivated(login: Login) -> Login:
    """The same login as if nobody had ever removed it."""
    return replace(login, active=True, modified_at=login.created_at)


def _uses(rng: random.Random, app: str, person: Employee) -> bool:
    if person.status is PersonStatus.PENDING:
        return False
    share = _EVERYBODY if app not in _USERS else _USERS[app].get(person.department, 0)
    return rng.random() < share


def _was_deleted(person: Employee, as_of: datetime) -> bool:
    """Accounts of those who left long ago, or on an unknown day, are gone altogether."""
    if not person.has_departed(as_of):
        return False
    return person.departed_at is None or person.departed_at + _DELETED_AFTER < as_of


def _up_to(rng: random.Random, length: timedelta) -> timedelta:
    return length * rng.random()


def _handle(person: Employee) -> str:
    """A login name that resembles nobody's HRIS user name (which has a dot)."""
    return (
        f"{ascii_name(person.given_name)}-{ascii_name(person.family_name)[0]}{int(person.number)}"
    )


def _idp(person: Employee) -> Identity:
    return Identity(
        "employee_number",
        person.email,
        employee_number=person.number,
        emails=(person.email,),
    )


def _chat(person: Employee) -> Identity:
    return Identity("email", _handle(person), emails=(person.email,))


def _code(person: Employee) -> Identity:
    return Identity("external_id", _handle(person), external_id=person.number)


def _video(person: Employee) -> Identity:
    """The user name is the e-mail address, in the capitals somebody once typed."""
    return Identity("user_name", person.email.title())


def _crm(person: Employee) -> Identity:
    return Identity("external_id", person.email, external_id=person.id, emails=(person.email,))


def _wiki(person: Employee) -> Identity:
    return Identity("email", person.user_name, emails=(person.email,))


def _tickets(person: Employee) -> Identity:
    return Identity("email", person.email, emails=(person.email,))


def _design(person: Employee) -> Identity:
    """Two imports, two habits: half carry the employee number, half only an e-mail address."""
    if int(person.number) % 2:
        return Identity("employee_number", _handle(person), employee_number=person.number)
    return Identity("email", _handle(person), emails=(person.email,))


_IDENTITIES: dict[str, Callable[[Employee], Identity]] = {
    "idp": _idp,
    "chat": _chat,
    "code": _code,
    "video": _video,
    "crm": _crm,
    "wiki": _wiki,
    "tickets": _tickets,
    "design": _design,
}
