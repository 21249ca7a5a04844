"""What is put into the fictitious company for an audit to find, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from collectors.demo.apps import (
    OVERSTATED,
    AppDraft,
    identify,
    new_id,
    new_login,
    reactivated,
)
from collectors.demo.population import DOMAIN, Employee, Expected, Login, Planted
from collectors.demo.site import PEOPLE
from collectors.demo.workforce import SHARED_EMAIL, leavers
from scanner.model import PersonStatus


class _Leaver(NamedTuple):
    """A leaver by department and place in the cast, an app, and the groups they are still in."""

    app: str
    department: str
    place: int
    groups: tuple[str, ...] = ()


_GHOSTS = (
    _Leaver("idp", "Engineering", 0, ("all-staff", "eng")),
    _Leaver("code", "Engineering", 0, ("eng", "release-managers")),
    _Leaver("chat", "Engineering", 0, ("eng-all",)),
    _Leaver("code", "Engineering", 1, ("eng",)),
    _Leaver("chat", "Support", 2, ("announcements",)),
    _Leaver("video", "Finance", 1),  # left on a day nobody wrote down
    _Leaver("video", "Marketing", 0),
    _Leaver("crm", "Sales", 1, ("sales",)),  # left eleven months ago
    _Leaver("crm", "Sales", 2),
    _Leaver("wiki", "Engineering", 3, ("space-admins",)),
    _Leaver("wiki", "People", 0),
    _Leaver("design", "Marketing", 1, ("designers",)),
    _Leaver("tickets", "Support", 1, ("agents",)),
    _Leaver("tickets", "Engineering", 2),
    _Leaver("tickets", "IT", 0),
)
_LEFT_TODAY = (
    _Leaver("crm", "Sales", 0, ("sales",)),
    _Leaver("wiki", "Support", 0),
)
_ONLY_DEACTIVATED = (
    _Leaver("chat", "Engineering", 4, ("announcements",)),
    _Leaver("wiki", "Engineering", 1, ("editors",)),
    _Leaver("crm", "Sales", 3, ("sales",)),
)


class _Stranger(NamedTuple):
    app: str
    user_name: str
    display_name: str
    email: str | None = None
    active: bool = True


_STRANGERS = (
    _Stranger("idp", "svc-backup", "Backup Service"),
    _Stranger("chat", "lena-brightline", "Lena Holt (agency)", "lena.holt@brightline.example"),
    _Stranger("chat", "qa-test-02", "QA Test 02"),
    _Stranger(
        "chat", "marc-brightline", "Marc Roth (agency)", "marc@brightline.example", active=False
    ),
    _Stranger("code", "deploy-bot", "Deploy Bot"),
    _Stranger("video", f"meeting-room-3@{DOMAIN}", "Meeting Room 3"),
    _Stranger("crm", f"integration@{DOMAIN}", "CRM Integration", f"integration@{DOMAIN}"),
    _Stranger("wiki", "brightline-agency", "Brightline Agency"),
    _Stranger("wiki", "import-2019", "Import 2019", active=False),
    _Stranger("design", "studio-nordlys", "Studio Nordlys", "studio@nordlys.example"),
    _Stranger(
        "design", "studio-old", "Previous Studio", "hello@previous-studio.example", active=False
    ),
)


def plant(
    rng: random.Random,
    drafts: dict[str, AppDraft],
    people: tuple[Employee, ...],
    as_of: datetime,
) -> tuple[Planted, ...]:
    """Put every planted thing into ``drafts``; return what an audit can say of them.

    An app that overstates its number of users cannot be judged: what is planted there comes back
    as one ``collection_incomplete``.
    """
    planted = [
        *_plant_ghosts(rng, drafts, people, as_of),
        *_plant_memberships(drafts, people),
        *_plant_strangers(rng, drafts, as_of),
        *_plant_ambiguities(rng, drafts, people, as_of),
        *_plant_drift(rng, drafts, people),
        *_flawed_records(people),
    ]
    return (
        *(item for item in planted if item.finding.app not in OVERSTATED),
        *(Planted(Expected("collection_incomplete", app)) for app in OVERSTATED),
    )


def _plant_ghosts(
    rng: random.Random,
    drafts: dict[str, AppDraft],
    people: tuple[Employee, ...],
    as_of: datetime,
) -> list[Planted]:
    """Accounts nobody removed; one who left today is still within the time allowed."""
    planted = []
    for ghost in (*_GHOSTS, *_LEFT_TODAY):
        person = leavers(people, ghost.department)[ghost.place]
        login = reactivated(new_login(rng, ghost.app, person, as_of))
        drafts[ghost.app].remove(person.number)
        drafts[ghost.app].logins[person.number] = login
        _join(drafts[ghost.app], login, ghost.groups)
        due = ghost not in _LEFT_TODAY
        kind = "ghost_active" if due else "ghost_pending"
        planted.append(_about(kind, ghost.app, person))
        planted += _memberships(ghost, person) if due else []
    return planted


def _plant_memberships(drafts: dict[str, AppDraft], people: tuple[Employee, ...]) -> list[Planted]:
    """Accounts that were switched off, and left in their groups."""
    planted = []
    for leaver in _ONLY_DEACTIVATED:
        person = leavers(people, leaver.department)[leaver.place]
        draft = drafts[leaver.app]
        _join(draft, draft.logins[person.number], leaver.groups)
        planted += _memberships(leaver, person)
    return planted


def _join(draft: AppDraft, login: Login, groups: Iterable[str]) -> None:
    for group in groups:
        draft.members[group].add(login.id)


def _about(
    kind: str,
    app: str,
    person: Employee,
    group: str | None = None,
    direction: str | None = None,
    basis: str | None = None,
) -> Planted:
    keys = identify(app, person)
    finding = Expected(kind, app, keys.user_name, person.number, group, direction, basis)
    return Planted(finding, keys.matched_by)


def _memberships(leaver: _Leaver, person: Employee) -> list[Planted]:
    return [_about("leaver_membership", leaver.app, person, group) for group in leaver.groups]


def _plant_strangers(
    rng: random.Random, drafts: dict[str, AppDraft], as_of: datetime
) -> list[Planted]:
    """Accounts that belong to nobody the HRIS knows; those switched off are no finding."""
    for stranger in _STRANGERS:
        emails = () if stranger.email is None else (stranger.email,)
        login = _stranger(rng, stranger, emails, as_of)
        drafts[stranger.app].strangers.append(login)
    return [
        Planted(Expected("orphan_account", stranger.app, stranger.user_name))
        for stranger in _STRANGERS
        if stranger.active
    ]


def _stranger(
    rng: random.Random, stranger: _Stranger, emails: tuple[str, ...], as_of: datetime
) -> Login:
    created = (as_of - timedelta(days=rng.randint(300, 1500))).replace(microsecond=0)
    return Login(
        id=new_id(rng),
        user_name=stranger.user_name,
        display_name=stranger.display_name,
        active=stranger.active,
        created_at=created,
        modified_at=created + timedelta(days=rng.randint(0, 250)),
        emails=emails,
    )


def _plant_ambiguities(
    rng: random.Random,
    drafts: dict[str, AppDraft],
    people: tuple[Employee, ...],
    as_of: datetime,
) -> list[Planted]:
    """Accounts whose keys name two people, or too little: a shared address, a licence handed on."""
    desk = _Stranger("design", "front-desk", "Front Desk")
    shared = _stranger(rng, desk, (SHARED_EMAIL,), as_of)
    before = leavers(people, "Sales")[4]
    after = rng.choice(_at_work(people, "Sales"))
    handed_on = replace(reactivated(new_login(rng, "crm", after, as_of)), external_id=before.id)
    for person in (before, after):
        drafts["crm"].remove(person.number)
    drafts["design"].strangers.append(shared)
    drafts["crm"].strangers.append(handed_on)
    return [
        Planted(Expected("ambiguous_identity", "design", shared.user_name)),
        Planted(Expected("ambiguous_identity", "crm", handed_on.user_name)),
        _plant_weak_key(rng, drafts["wiki"], leavers(people, "Marketing")[2], as_of),
    ]


def _plant_weak_key(
    rng: random.Random, draft: AppDraft, person: Employee, as_of: datetime
) -> Planted:
    """A leaver's account that only its user name leads to: too little to say whose it is."""
    login = replace(reactivated(new_login(rng, draft.name, person, as_of)), emails=())
    draft.remove(person.number)
    draft.logins[person.number] = login
    return Planted(Expected("ambiguous_identity", draft.name, login.user_name))


def _flawed_records(people: Iterable[Employee]) -> list[Planted]:
    """Records the HRIS should have better: a day nobody wrote down, an address of two people."""
    return [
        Planted(Expected("hr_data_quality", PEOPLE, None, person.number))
        for person in people
        if SHARED_EMAIL in person.emails
        or (person.status is PersonStatus.TERMINATED and person.termination is None)
    ]


def _at_work(people: Iterable[Employee], *departments: str) -> list[Employee]:
    return [
        person
        for person in people
        if person.department in departments and person.status is PersonStatus.ACTIVE
    ]


def _plant_drift(
    rng: random.Random, drafts: dict[str, AppDraft], people: tuple[Employee, ...]
) -> list[Planted]:
    """Groups that hold people they should not, and lack people they should hold."""
    engineers = _at_work(people, "Engineering")
    movers = [
        person
        for person in _at_work(people, "IT", "Support")
        if person.number in drafts["code"].logins
    ]
    guests = _at_work(people, "Marketing")
    return [
        *_drift(drafts["code"], "eng", "rule", rng.sample(movers, 2), rng.sample(engineers, 1)),
        *_drift(
            drafts["chat"], "eng-all", "mirror", rng.sample(guests, 1), rng.sample(engineers, 2)
        ),
    ]


def _drift(
    draft: AppDraft,
    group: str,
    basis: str,
    unexpected: Iterable[Employee],
    missing: Iterable[Employee],
) -> list[Planted]:
    members = draft.members[group]
    members |= {draft.logins[person.number].id for person in unexpected}
    members -= {draft.logins[person.number].id for person in missing}
    return [
        *(
            _about("group_drift", draft.name, person, group, "unexpected", basis)
            for person in unexpected
        ),
        *(_about("group_drift", draft.name, person, group, "missing", basis) for person in missing),
    ]
