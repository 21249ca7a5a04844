"""Invariants of reconciling, over many small companies whose keys collide on purpose."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model import Account, Person, PersonStatus, State
from scanner.reconcile.judge import Conclusions
from scanner.reconcile.parquet import Row, read_rows
from tests.fakes.company import AS_OF, SETTINGS, Company, account, group, person

pytestmark = pytest.mark.no_cover  # other tests follow every line of what these run often
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
SOAK = bool(os.environ.get("GHOSTSCAN_SOAK"))
ONE_RUN = settings(max_examples=500 if SOAK else 14, deadline=None)
TWO_RUNS = settings(max_examples=250 if SOAK else 8, deadline=None)

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
