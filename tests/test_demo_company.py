"""The fictitious company: made from a seed, and everything to be found in it is planted."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.demo.apps import APPS
from collectors.demo.company import Company, make_company
from collectors.demo.names import FAMILY_NAMES, GIVEN_NAMES, ascii_name
from collectors.demo.population import TIMEZONE, AppSite, Employee, Expected, Login
from collectors.demo.workforce import HEADCOUNT, SHARED_EMAIL
from scanner.model import PersonStatus

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
AS_OF = datetime(2026, 11, 1, 9, tzinfo=UTC)
ALLOWED = timedelta(hours=24)
KEYS = ("employee_number", "external_id", "email", "user_name")

companies = st.builds(
    make_company,
    st.integers(min_value=0, max_value=2**32),
    st.datetimes(
        min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2030, 12, 31),  # noqa: DTZ001 - the same
        timezones=st.just(UTC),
    ),
)


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(7, AS_OF)


def person_keys(person: Employee) -> dict[str, set[str]]:
    """Return what names a person, by the kind of key an account may hold."""
    emails = set(person.emails)
    logins = {person.user_name}
    return {
        "employee_number": {person.number},
        "external_id": {person.id, person.number},
        "email": emails | {login for login in logins if "@" in login},
        "user_name": emails | logins,
    }


def login_keys(login: Login) -> dict[str, set[str]]:
    """Return what a login says of its owner, in lower case."""
    found = {
        "employee_number": (login.employee_number,),
        "external_id": (login.external_id,),
        "email": login.emails,
        "user_name": (login.user_name,),
    }
    return {key: {value.lower() for value in values if value} for key, values in found.items()}


class Owners:
    """Finds the people the keys of a login name, by looking at every key of every person."""

    def __init__(self, company: Company) -> None:
        self.named: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.people = {person.number: person for person in company.people}
        for person in company.people:
            for key, values in person_keys(person).items():
                for value in values:
                    self.named[key, value.lower()].add(person.number)

    def by_key(self, login: Login) -> dict[str, set[str]]:
        """Return the numbers of the people each key of a login names."""
        return {
            key: set().union(*(self.named.get((key, value), set()) for value in values))
            for key, values in login_keys(login).items()
        }

    def of(self, login: Login) -> list[Employee]:
        """Return everybody any key of a login names."""
        numbers = set().union(*self.by_key(login).values())
        return [self.people[number] for number in numbers]

    def linked(self, app: AppSite) -> dict[str, Employee]:
        """Return the owner of every login of an app that has exactly one, by the login's id."""
        owners = {login.id: self.of(login) for login in app.logins}
        return {login_id: found[0] for login_id, found in owners.items() if len(found) == 1}


def judge(company: Company) -> Iterator[Expected]:
    """Find what there is to find by the plain rules, knowing nothing of what was planted."""
    owners = Owners(company)
    for app in company.apps:
        if app.overstated_by:
            yield Expected("collection_incomplete", app.name)
        else:
            yield from judge_logins(company, app, owners)
            yield from judge_members(company, app, owners)
    for person in company.people:
        shared = any(set(person.emails) & set(p.emails) for p in company.people if p != person)
        undated = person.status is PersonStatus.TERMINATED and person.departed_at is None
        open_ended = person.worker_type == "Contractor" and person.departed_at is None
        if shared or undated or (open_ended and person.status is not PersonStatus.TERMINATED):
            yield Expected("hr_data_quality", "people", None, person.number)
    engineers = {p.number for p in company.people if p.department == "Engineering"}
    yield from judge_drift(company, owners, "code", "eng", "rule", engineers)
    idp = company.app("idp")
    mirrored = {owners.linked(idp)[login_id].number for login_id in members(idp, "eng")}
    yield from judge_drift(company, owners, "chat", "eng-all", "mirror", mirrored)


def judge_logins(company: Company, app: AppSite, owners: Owners) -> Iterator[Expected]:
    for login in app.logins:
        found = owners.of(login)
        if not login.active:
            continue
        named = {key for key, people in owners.by_key(login).items() if people}
        weak = named == {"user_name"} and "@" not in login.user_name
        if len(found) > 1 or (weak and found and found[0].has_departed(company.as_of)):
            yield Expected("ambiguous_identity", app.name, login.user_name)
        elif not found:
            yield Expected("orphan_account", app.name, login.user_name)
        elif found[0].has_departed(company.as_of):
            kind = "ghost_active" if past_due(found[0], company.as_of) else "ghost_pending"
            yield Expected(kind, app.name, login.user_name, found[0].number)


def judge_members(company: Company, app: AppSite, owners: Owners) -> Iterator[Expected]:
    linked = owners.linked(app)
    names = {login.id: login.user_name for login in app.logins}
    for team in app.teams:
        for login_id in team.members:
            person = linked.get(login_id)
            if person and person.has_departed(company.as_of) and past_due(person, company.as_of):
                yield Expected(
                    "leaver_membership",
                    app.name,
                    names[login_id],
                    person.number,
                    team.display_name,
                )


def judge_drift(
    company: Company, owners: Owners, name: str, group: str, basis: str, expected: set[str]
) -> Iterator[Expected]:
    app = company.app(name)
    logins = {login.id: login for login in app.logins}
    inside = members(app, group)
    for login_id, person in owners.linked(app).items():
        login = logins[login_id]
        if person.has_departed(company.as_of):
            continue
        wanted = person.number in expected
        at_work = person.status is PersonStatus.ACTIVE and login.active
        if login_id in inside and not wanted:
            direction = "unexpected"
        elif wanted and at_work and login_id not in inside:
            direction = "missing"
        else:
            continue
        yield Expected("group_drift", name, login.user_name, person.number, group, direction, basis)


def members(app: AppSite, group: str) -> set[str]:
    return next(set(team.members) for team in app.teams if team.display_name == group)


def past_due(person: Employee, as_of: datetime) -> bool:
    return person.departed_at is None or person.departed_at + ALLOWED <= as_of


@settings(deadline=None, max_examples=10)
@given(company=companies)
def test_what_was_planted_is_all_there_is(company: Company) -> None:
    """Judging every login and membership from scratch finds exactly what was planted."""
    found = list(judge(company))
    assert len(found) == len(set(found))
    assert set(found) == company.expected_findings()


@settings(deadline=None, max_examples=10)
@given(company=companies)
def test_every_kind_is_planted_as_often_for_every_seed(company: Company) -> None:
    """Names and numbers change with the seed; how much there is to find does not."""
    counts = Counter(item.finding.kind for item in company.planted)
    assert counts == {
        "ghost_active": 12,
        "ghost_pending": 2,
        "orphan_account": 8,
        "leaver_membership": 13,
        "group_drift": 6,
        "ambiguous_identity": 3,
        "collection_incomplete": 1,
        "hr_data_quality": 3,
    }


@settings(deadline=None, max_examples=10)
@given(company=companies)
def test_no_two_people_share_a_key_by_accident(company: Company) -> None:
    """Only the e-mail address planted as shared names two people."""
    shared = {key for key, people in Owners(company).named.items() if len(people) > 1}
    assert shared == {("email", SHARED_EMAIL), ("user_name", SHARED_EMAIL)}


@settings(deadline=None, max_examples=10)
@given(company=companies)
def test_an_app_serves_no_id_and_no_user_name_twice(company: Company) -> None:
    """Ids and user names are unique within each app, as RFC 7643 section 4.1.1 asks."""
    for app in company.apps:
        ids = [login.id for login in app.logins]
        names = [login.user_name.lower() for login in app.logins]
        assert len(set(ids)) == len(ids)
        assert len(set(names)) == len(names)
        assert {member for team in app.teams for member in team.members} <= set(ids)


@settings(deadline=None, max_examples=10)
@given(company=companies)
def test_nothing_is_dated_after_the_audit(company: Company) -> None:
    """No login was created or changed after the instant the company stands at."""
    for app in company.apps:
        for login in app.logins:
            assert login.created_at <= login.modified_at <= company.as_of


def test_the_same_seed_makes_the_same_company() -> None:
    """Seed and instant decide everything, down to the last identifier."""
    assert make_company(7, AS_OF) == make_company(7, AS_OF)
    assert make_company(7, AS_OF) != make_company(8, AS_OF)


def test_the_zone_of_the_instant_does_not_matter() -> None:
    """The same instant written in another zone makes the same company, to the second."""
    elsewhere = AS_OF.astimezone(ZoneInfo("Asia/Tokyo")).replace(microsecond=999)
    assert make_company(7, elsewhere) == make_company(7, AS_OF)


def test_four_hundred_people_and_eight_apps(company: Company) -> None:
    """The company has 400 people, 35 of them terminated, and about 2,000 accounts in 8 apps."""
    assert len(company.people) == sum(HEADCOUNT.values()) == 400
    assert Counter(person.status for person in company.people) == {
        PersonStatus.ACTIVE: 356,
        PersonStatus.TERMINATED: 35,
        PersonStatus.ON_LEAVE: 6,
        PersonStatus.PENDING: 3,
    }
    assert tuple(app.name for app in company.apps) == APPS
    assert 1900 < sum(len(app.logins) for app in company.apps) < 2300


def test_matched_by_is_the_first_key_that_names_the_person(company: Company) -> None:
    """What is planted says by which key, in the order of trust, the login leads to the person."""
    owners = Owners(company)
    about_people = [item for item in company.planted if item.matched_by is not None]
    assert {item.matched_by for item in about_people} == set(KEYS)
    for item in about_people:
        logins = company.app(item.finding.app).logins
        login = next(login for login in logins if login.user_name == item.finding.user_name)
        named = owners.by_key(login)
        assert next(key for key in KEYS if named[key]) == item.matched_by
        assert named[item.matched_by] == {item.finding.employee_number}


def test_apps_hold_leavers_that_were_removed_in_time(company: Company) -> None:
    """Most leavers have inactive accounts, switched off within a day of leaving."""
    owners = Owners(company)
    for app in company.apps:
        linked = owners.linked(app)
        removed = [
            (login, linked[login.id])
            for login in app.logins
            if login.id in linked
            and linked[login.id].has_departed(company.as_of)
            and not login.active
        ]
        assert removed
        for login, person in removed:
            assert person.departed_at is not None
            assert person.departed_at <= login.modified_at <= person.departed_at + ALLOWED


def test_a_departure_date_ends_at_local_midnight(company: Company) -> None:
    """A date the HRIS serves means the midnight that ends it in the company's time zone."""
    dated = [
        p for p in company.people if p.termination and p.departed_at and p.termination[10:] == ""
    ]
    staff = [person for person in dated if person.worker_type == "Employee"]
    assert len(dated) > len(staff) > 25
    for person in dated:
        assert person.departed_at is not None
        assert person.termination is not None
        local = person.departed_at.astimezone(ZoneInfo(TIMEZONE))
        assert (local.hour, local.minute) == (0, 0)
        assert local.date() == date.fromisoformat(person.termination) + timedelta(days=1)


def test_those_who_left_today_have_an_exact_instant(company: Company) -> None:
    """A leaver of the last hours is served with the instant itself, in UTC."""
    exact = {person.termination: person.departed_at for person in company.people}
    assert exact["2026-10-31T22:00:00Z"] == datetime(2026, 10, 31, 22, tzinfo=UTC)
    assert exact["2026-11-01T04:00:00Z"] == datetime(2026, 11, 1, 4, tzinfo=UTC)


def test_one_leaver_left_long_ago_and_one_on_an_unknown_day(company: Company) -> None:
    """Ghosts include one gone for more than 300 days and one without a departure date."""
    ghosts = {
        item.finding.employee_number
        for item in company.planted
        if item.finding.kind == "ghost_active"
    }
    departures = [person.departed_at for person in company.people if person.number in ghosts]
    assert departures.count(None) == 1
    assert any(at and at < AS_OF - timedelta(days=300) for at in departures)


def test_employee_numbers_keep_their_leading_zeros(company: Company) -> None:
    """Employee numbers are six digits and begin with a zero, as text must keep it."""
    numbers = [person.number for person in company.people]
    assert all(len(number) == 6 and number[0] == "0" and number.isdigit() for number in numbers)
    assert numbers == sorted(numbers)


def test_people_and_apps_are_found_by_name(company: Company) -> None:
    """A person's id leads to the employee number and an app's name to the app."""
    person = company.people[17]
    assert company.employee_number(person.id) == person.number
    assert company.app("wiki").name == "wiki"
    with pytest.raises(KeyError):
        company.app("payroll")


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("Sørensen", "sorensen"), ("O'Brien", "obrien"), ("Wójcik", "wojcik"), ("Yılmaz", "yilmaz")],
)
def test_names_are_spelled_in_ascii(name: str, spelled: str) -> None:
    """Letters with marks lose the marks, and apostrophes go."""
    assert ascii_name(name) == spelled


def test_every_name_has_an_ascii_spelling_of_its_own() -> None:
    """No two given names and no two family names are spelled alike in a login."""
    for names in (GIVEN_NAMES, FAMILY_NAMES):
        spelled = {ascii_name(name) for name in names}
        assert len(spelled) == len(names)
        assert all(name.isalpha() and name.isascii() for name in spelled)
