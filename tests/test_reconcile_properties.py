"""Invariants of reconciling, over many small companies whose keys collide on purpose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model import Account, Person, PersonStatus, Records, State
from scanner.reconcile.facts import Place
from scanner.reconcile.judge import Conclusions
from scanner.reconcile.parquet import Row, read_rows
from tests.fakes.company import AS_OF, SETTINGS, Company, account, group, person

TWO_HRIS = {
    **SETTINGS,
    "sources": {
        **SETTINGS["sources"],
        "contractors": {"role": "hris", "type": "scim", "url": "https://vendor.example.com"},
    },
}
ENTITLEMENTS = (
    {"app": "slack", "group": "g1", "people": {"department": ["Eng"]}},
    {"app": "slack", "group": "G2", "mirrors": "okta:G1"},
)
PRIORITY = ("employee_number", "external_id", "email", "user_name")
ONE_RUN = settings(max_examples=25, deadline=None)
TWO_RUNS = settings(max_examples=15, deadline=None)
MANY_RUNS = settings(max_examples=40, deadline=None)

NUMBERS = st.sampled_from([None, "", "1", "2", " 2", "3"])
WORDS = st.sampled_from([None, " ", "ana", "ANA", "bo", "a@x.org", "B@x.org", "1", "\u212a@x.org"])
EMAILS = st.lists(
    st.sampled_from(["", "a@x.org", "A@X.org ", "b@x.org", "k@x.org", "ana"]), max_size=2
).map(tuple)
NAMES = st.sampled_from([None, None, "Ana Ruiz", "Bo Ruiz", "Cy"])
DEPARTURES = st.sampled_from(
    [None, *(AS_OF + timedelta(hours=hours) for hours in (-48, -24, -1, 1))]
)
PEOPLE = st.builds(
    person,
    st.sampled_from(["1", "2", "p3", "P3", "4", "5"]),
    source=st.sampled_from(["people", "people", "contractors"]),
    status=st.sampled_from(PersonStatus),
    departed_at=DEPARTURES,
    employee_number=NUMBERS,
    external_id=NUMBERS,
    user_name=WORDS,
    emails=EMAILS,
    display_name=NAMES,
    hired_at=st.sampled_from([None, None, AS_OF - timedelta(hours=36), AS_OF + timedelta(hours=9)]),
    department=st.sampled_from([None, "Eng", "eng"]),
)
ACCOUNTS = st.builds(
    account,
    st.sampled_from(["U1", "U2", "U3", "u3", "U4", "U5"]),
    source=st.sampled_from(["slack", "slack", "okta"]),
    active=st.sampled_from([True, True, False, None]),
    employee_number=NUMBERS,
    external_id=NUMBERS,
    user_name=WORDS,
    emails=EMAILS,
    display_name=NAMES,
)
GROUPS = st.builds(
    lambda name, source, members: group(name, *members, source=source),
    st.sampled_from(["G1", "G2"]),
    st.sampled_from(["slack", "okta"]),
    st.lists(st.sampled_from(["U1", "U2", "U3", "u3", "gone"]), unique=True),
)


@st.composite
def companies(draw: st.DrawFn, *, states: bool = False) -> Company:
    """A company of at most eight people and accounts, with unique ids, as a server has them."""
    people = draw(st.lists(PEOPLE, max_size=8, unique_by=lambda one: (one.source, one.person_id)))
    accounts = draw(
        st.lists(ACCOUNTS, max_size=8, unique_by=lambda one: (one.source, one.account_id))
    )
    groups = draw(
        st.lists(
            GROUPS, max_size=3, unique_by=lambda one: (one.groups[0].source, one.groups[0].group_id)
        )
    )
    state = st.sampled_from([State.COMPLETE, State.COMPLETE, State.INCOMPLETE])
    names = st.fixed_dictionaries(dict.fromkeys(TWO_HRIS["sources"], state))
    return Company(
        [*people, *accounts, *groups],
        settings=TWO_HRIS,
        entitlements=ENTITLEMENTS,
        users=draw(names) if states else {},
        groups=draw(names) if states else {},
    )


def conclude(company: Company) -> tuple[Conclusions, Sequence[Row]]:
    """Judge a company in a folder of its own; return the conclusions and the situations."""
    with TemporaryDirectory() as folder:
        conclusions = company.conclude(Path(folder))
        return conclusions, read_rows(Path(folder) / "correlation" / "situations.parquet")


def accounts_of(company: Company) -> list[Account]:
    """The accounts of a company."""
    return [one for one in company.records if isinstance(one, Account)]


def people_of(company: Company) -> list[Person]:
    """The people of a company."""
    return [one for one in company.records if isinstance(one, Person)]


def assert_withheld(company: Company, conclusions: Conclusions) -> None:
    """Nothing is said of an account unless its app and every HRIS are complete."""
    for finding in conclusions.findings:
        if finding.kind == "collection_incomplete":
            assert (finding.account, finding.person) == (None, None)
            continue
        if finding.kind == "hr_data_quality":
            assert company.users[finding.app] is State.COMPLETE
            continue
        needed = ("people", "contractors", finding.app)
        assert all(company.users[name] is State.COMPLETE for name in needed)
        if finding.group is not None:
            assert company.groups[finding.app] is State.COMPLETE


@ONE_RUN
@given(companies(states=True))
def test_every_account_of_a_complete_app_is_in_exactly_one_situation(company: Company) -> None:
    """Situations partition the accounts of complete apps, counts add up, the rest is withheld."""
    conclusions, situations = conclude(company)
    hris_complete = all(company.users[name] is State.COMPLETE for name in ("people", "contractors"))
    concluded = {
        name
        for name in ("okta", "slack")
        if hris_complete and company.users[name] is State.COMPLETE
    }
    expected = [
        (one.source, one.account_id) for one in accounts_of(company) if one.source in concluded
    ]
    assert Counter((row["source"], row["account_id"]) for row in situations) == Counter(expected)
    for app in conclusions.apps:
        received = sum(one.source == app.name for one in accounts_of(company))
        assert app.accounts == received
        assert app.linked + app.unmatched + app.disputed == (
            received if app.name in concluded else 0
        )
    assert sum(count for _, count in conclusions.match_counts) == sum(
        app.linked for app in conclusions.apps
    )
    assert_withheld(company, conclusions)


@TWO_RUNS
@given(companies(states=True), st.randoms(use_true_random=False))
def test_the_order_of_what_was_received_changes_nothing(company: Company, random: Random) -> None:
    """Shuffled responses give equal conclusions, and so does running twice."""
    shuffled = list(company.records)
    random.shuffle(shuffled)
    first, _ = conclude(company)
    again, _ = conclude(replace(company, records=shuffled))
    assert first == again
    identities = [finding.id for finding in first.findings]
    assert len(set(identities)) == len(identities)


@TWO_RUNS
@given(companies(), PEOPLE)
def test_another_active_record_never_adds_a_departed_finding(
    company: Company, employed: Person
) -> None:
    """A rehire or second employment can only take departed findings away (as disputes)."""
    employed = replace(employed, person_id="new", status=PersonStatus.ACTIVE)
    before, _ = conclude(company)
    after, _ = conclude(replace(company, records=[*company.records, employed]))
    departed = ("ghost_active", "ghost_pending", "leaver_membership")
    ids_before = {one.id for one in before.findings if one.kind in departed}
    ids_after = {one.id for one in after.findings if one.kind in departed}
    assert ids_after <= ids_before


def plain_key(value: str | None) -> str | None:
    """A key, spelled out letter by letter."""
    trimmed = (value or "").strip(" \t\n\r\f\v")
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in trimmed) or None


def plain_addresses(values: Iterable[str | None]) -> set[str]:
    """The values that are addresses, as keys."""
    return {found for value in values if (found := plain_key(value)) and "@" in found}


def plain_words(name: str | None, user: str | None, emails: Iterable[str]) -> set[str]:
    """The words by which a name is compared; none without a display name."""
    if not name:
        return set()
    texts = [name, (user or "").split("@")[0], *(email.split("@")[0] for email in emails)]
    return {word for text in texts for word in re.findall("[a-z][a-z]+", text.lower())}


def same_person(one: Person, other: Person) -> bool:
    """Whether two records share two of number, address and name."""
    numbers = {plain_key(one.employee_number)} & {plain_key(other.employee_number)} - {None}
    names = {plain_key(one.display_name)} & {plain_key(other.display_name)} - {None}
    mine, theirs = (plain_addresses([*each.emails, each.user_name]) for each in (one, other))
    return [bool(numbers), bool(names), bool(mine & theirs)].count(True) > 1


def plain_identities(people: list[Person]) -> list[list[Person]]:
    """The records of each person: whoever hangs together."""
    groups: list[list[Person]] = []
    for one in people:
        kin = [group for group in groups if any(same_person(one, other) for other in group)]
        groups = [group for group in groups if group not in kin]
        groups.append([one, *(other for group in kin for other in group)])
    return groups


def plain_departure(one: Person) -> datetime | None:
    """The end of the present spell, where the record says it."""
    again = one.hired_at and one.departed_at and one.departed_at < one.hired_at <= AS_OF
    return None if again else one.departed_at


def plain_left(one: Person) -> bool:
    """Whether one record, by itself, says that somebody is gone."""
    left = plain_departure(one)
    return one.status is PersonStatus.TERMINATED and (left is None or left <= AS_OF)


def plain_governor(records: list[Person]) -> Person:
    """The record that decides: employment before its end, an unknown end before a known one."""
    order = (PersonStatus.ACTIVE, PersonStatus.ON_LEAVE, None, PersonStatus.PENDING)
    far, early = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)

    def rank(one: Person) -> tuple[int, timedelta, timedelta, str, str]:
        left = plain_departure(one)
        if plain_left(one):
            standing = 9 if left else 8
        elif one.status is PersonStatus.TERMINATED:
            standing = order.index(None)
        else:
            standing = order.index(one.status) if one.status in order else 7
        age = (far - (left or early), far - (one.hired_at or early))
        return standing, *age, one.source, one.person_id

    return min(records, key=rank)


def plain_pairs(one: Account, other: Person) -> set[tuple[str, str]]:
    """Which keys of an account name a person, and how strongly, one pair after the other."""
    theirs = plain_addresses([*other.emails, other.user_name])
    ids = {plain_key(v) for v in (other.person_id, other.external_id, other.employee_number)}
    words = {plain_key(other.user_name)} - {*theirs}
    mine: dict[tuple[str, str], tuple[set[str | None], set[str | None]]] = {
        ("employee_number", "issued"): (
            {plain_key(one.employee_number)},
            {plain_key(other.employee_number)},
        ),
        ("external_id", "issued"): ({plain_key(one.external_id)}, ids),
        ("email", "strong"): ({*plain_addresses(one.emails)}, {*theirs}),
        ("user_name", "strong"): ({*plain_addresses([one.user_name])}, {*theirs}),
        ("user_name", "weak"): ({plain_key(one.user_name)}, words),
    }
    return {key for key, (left, right) in mine.items() if (left & right) - {None}}


def plain_situation(one: Account, company: Company) -> tuple[str, Person | None, str | None]:
    """What an account is, worked out by comparing it with every person."""
    named = [
        (records, keys)
        for records in plain_identities(people_of(company))
        if (keys := {key for other in records for key in plain_pairs(one, other)})
    ]
    if len(named) != 1:
        return ("disputed" if named else "unmatched"), None, None
    records, keys = named[0]
    strengths = {strength for _, strength in keys}
    gone = plain_left(plain_governor(records))
    others = [
        mine
        for mine in accounts_of(company)
        if mine.source == one.source
        and mine is not one
        and any(plain_pairs(mine, other) for other in records)
    ]
    if strengths == {"weak"} and (gone or others):
        return "disputed", None, None
    if strengths == {"issued"} and gone:
        mine = plain_words(one.display_name, one.user_name, one.emails)
        theirs = {
            word
            for other in records
            for word in plain_words(other.display_name, other.user_name, other.emails)
        }
        if mine and theirs and not mine & theirs:
            return "disputed", None, None
    found = {key for key, _ in keys}
    return "linked", plain_governor(records), next(key for key in PRIORITY if key in found)


def plain_kind(one: Account, situation: str, owner: Person | None) -> str | None:
    """The account finding, if any, by the plain reading of the rules; removal is due in 24 h."""
    if one.active is not True:
        return None
    if owner is None:
        return {"unmatched": "orphan_account", "disputed": "ambiguous_identity"}[situation]
    left = plain_departure(owner)
    if not plain_left(owner):
        return None
    overdue = left is None or left + timedelta(hours=24) <= AS_OF
    return "ghost_active" if overdue else "ghost_pending"


def plain_drift(company: Company) -> set[tuple[str, Place, str]]:
    """Who is unexpected in or missing from the two governed groups: group, person, direction."""
    owners = {
        (one.source, one.account_id): plain_situation(one, company)[1]
        for one in accounts_of(company)
    }
    groups = [one for one in company.records if isinstance(one, Records)]
    members = {
        (one.groups[0].source, one.groups[0].group_id): [
            owner for row in one.memberships if (owner := owners.get((row.source, row.member_id)))
        ]
        for one in groups
    }
    engineers = [one for one in people_of(company) if one.department == "Eng"]
    expected = {"G1": engineers, "G2": members.get(("okta", "G1"))}
    drift: set[tuple[str, Place, str]] = set()
    for name, people in expected.items():
        inside = members.get(("slack", name))
        if people is None or inside is None:
            continue
        drift |= {
            (name, (one.source, one.person_id), "unexpected") for one in inside if one not in people
        }
        drift |= {
            (name, (one.source, one.person_id), "missing")
            for one in people
            if one not in inside and one.status is PersonStatus.ACTIVE
            and any(
                owners[mine.source, mine.account_id] == one
                for mine in accounts_of(company)
                if mine.source == "slack" and mine.active is True
            )
        }  # fmt: skip
    departed = {
        (one.source, one.person_id)
        for records in plain_identities(people_of(company))
        if plain_left(plain_governor(records))
        for one in records
    }
    return {row for row in drift if row[1] not in departed}


@MANY_RUNS
@given(companies())
def test_a_plain_second_implementation_agrees(company: Company) -> None:
    """Correlation, account rules and drift agree with loops over every pair of records."""
    conclusions, situations = conclude(company)
    expected_rows, expected_findings = set(), set()
    for one in accounts_of(company):
        situation, owner, key = plain_situation(one, company)
        source, person_id = (owner.source, owner.person_id) if owner else (None, None)
        expected_rows.add((one.source, one.account_id, situation, source, person_id, key))
        kind = plain_kind(one, situation, owner)
        if kind is not None:
            expected_findings.add((kind, one.source, one.account_id, person_id, key))
    columns = ("source", "account_id", "situation", "person_source", "person_id", "matched_by")
    assert {tuple(row[name] for name in columns) for row in situations} == expected_rows
    found = {
        (one.kind, one.app, one.account.id, one.person and one.person.id, one.matched_by)
        for one in conclusions.findings
        if one.account and one.group is None
    }
    assert found == expected_findings
    drifted = {
        (one.group.id, (one.person.source, one.person.id), one.group.direction)
        for one in conclusions.findings
        if one.kind == "group_drift" and one.group and one.person
    }
    assert drifted == plain_drift(company)
