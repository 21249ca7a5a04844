"""What one page shows: told from any data without falling over, and never more than is there."""

from __future__ import annotations

from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.estimate import paced, requests_needed
from collectors.oddity import PageSize
from collectors.scim.expectation import Expectation
from collectors.scim.message import ListPage
from collectors.scim.resource import Interpretation, interpretation
from collectors.scim.size import Size
from collectors.sighting import Sight, look_at_groups, look_at_users
from scanner.config import StateValues, StatusValues
from scanner.model import Role
from tests.fakes.scim_server import group, user

SIZE = PageSize(100)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
names = st.sampled_from([
    "id", "userName", "active", "emails", "externalId", "groups", "members", "meta", "displayName",
])  # fmt: skip
resources = st.lists(st.dictionaries(names, json_values, max_size=6), max_size=4)


def how(
    role: Role = Role.APP, states: StateValues | None = None, **attributes: str
) -> Interpretation:
    zone = ZoneInfo("UTC")
    return interpretation("app", role, attributes, zone, states or StateValues(), StatusValues())


def page(*records: dict[str, Any], total: int | None = None) -> ListPage:
    return ListPage(len(records) if total is None else total, records)


def lacks(sight: Sight) -> list[str]:
    return [one.code for one in sight.lacking]


@given(resources, st.none() | st.integers(0, 9), json_values, json_values)
def test_no_page_is_too_odd(
    records: list[dict[str, Any]], total: int | None, start: object, items: object
) -> None:
    """Whatever stands in a page, it is looked at, and counts stay within what came."""
    odd = ListPage(total, tuple(records), start, items)
    for role in Role:
        sight = look_at_users(odd, SIZE, how(role), "unknown")
        assert all(0 <= one.seen <= one.of <= len(records) for one in sight.abilities)
        assert all(one.message for one in (*sight.lacking, *sight.notes))
    sight = look_at_groups(odd, SIZE)
    assert all(0 <= one.seen <= one.of <= len(records) for one in sight.abilities)


@pytest.mark.parametrize(
    ("listed", "code"),
    [("yes", []), ("unknown", ["inactive.not_seen"]), ("no", ["inactive.hidden"])],
)
def test_what_is_known_of_a_vendor_counts(
    listed: Literal["yes", "no", "unknown"], code: list[str]
) -> None:
    """A page without inactive users is remarked on unless the vendor is known to list them."""
    sight = look_at_users(page(user(1), user(2)), SIZE, how(), listed)
    assert [one.code for one in sight.notes] == code
    one_inactive = look_at_users(page(user(1), user(2, active=False)), SIZE, how(), listed)
    assert one_inactive.notes == ()


def test_the_remark_says_whether_everybody_was_looked_at() -> None:
    """On a whole list the words are stronger than on its first page."""
    whole = look_at_users(page(user(1)), SIZE, how(), "unknown").notes[0]
    part = look_at_users(page(user(1), total=9), SIZE, how(), "unknown").notes[0]
    assert "all 1 users" in whole.message
    assert "first page" in part.message


def test_active_in_other_spellings_is_shown_with_an_example() -> None:
    """Text instead of a boolean is a quirk, and a lack only where it is not understood."""
    texts = page({**user(1), "active": "Enabled"}, {**user(2), "active": "Disabled"})
    unknown = look_at_users(texts, SIZE, how(), "yes")
    assert lacks(unknown) == ["record.active_unknown"]
    assert unknown.silent
    assert 'active is not true or false on 2 of 2 users, such as "Enabled"' in unknown.quirks
    states = StateValues(active=("Enabled",), inactive=("Disabled",))
    known = look_at_users(texts, SIZE, how(states=states), "yes")
    assert (lacks(known), known.seen("inactive"), known.silent) == ([], 1, False)
    number = look_at_users(page({**user(1), "active": 1}), SIZE, how(), "yes")
    assert number.quirks == ("active is not true or false on 1 of 1 users, such as 1",)


def test_a_status_takes_the_place_of_active() -> None:
    """Where a status is mapped its values count, and active is not missed."""
    record = {name: value for name, value in user(1).items() if name != "active"}
    mapped = how(Role.HRIS, status="userType")
    odd = look_at_users(page({**record, "userType": "Gone fishing"}), SIZE, mapped, "yes")
    assert lacks(odd) == ["record.status_unknown"]
    good = look_at_users(page({**record, "userType": "terminated"}), SIZE, mapped, "yes")
    assert (lacks(good), good.seen("departed"), good.quirks) == ([], 1, ())


def test_records_without_any_key_cannot_be_matched() -> None:
    """With no user name, e-mail, number or external id nobody is matched: a lack."""
    sight = look_at_users(page({"id": "1", "active": True}), SIZE, how(), "yes")
    assert lacks(sight) == ["match.no_key"]


def test_a_whole_list_is_held_against_what_is_expected_of_it() -> None:
    """A missing canary or too few users is a lack where the page is all there is, not before."""
    for expected, code in (
        (Expectation(canaries=("e1", "ana")), "read.canary_missing"),
        (Expectation(size=Size(expected=3)), "read.fewer_than_expected"),
    ):
        whole = look_at_users(page(user(1), user(2)), SIZE, how(), "yes", expected)
        assert lacks(whole) == [code]
        part = look_at_users(page(user(1), user(2), total=9), SIZE, how(), "yes", expected)
        assert lacks(part) == []


def test_groups_cut_at_a_round_number_lack_something() -> None:
    """Exactly a hundred members may be a limit of the server, as in an audit."""
    cut = group(1, [f"u{number}" for number in range(100)])
    assert lacks(look_at_groups(page(cut), SIZE)) == ["groups.members_truncated"]


def test_unreadable_times_are_counted() -> None:
    """A time that cannot be read is one quirk with its number, not one per record."""
    bad: dict[str, Any] = {"meta": {"created": "yesterday"}}
    sight = look_at_users(page(user(1, **bad), user(2, **bad)), SIZE, how(), "yes")
    assert sight.quirks == ("created_at is not an RFC 3339 date or time (2 on this page)",)


def test_groups_with_unusable_members_lack_something() -> None:
    """A member nobody can follow is named; a group without an id as well."""
    odd = {**group(1, []), "members": [{"display": "Ana"}]}
    assert lacks(look_at_groups(page(odd, {"displayName": "x"}), SIZE)) == [
        "record.id_missing",
        "record.member_unreadable",
    ]


@pytest.mark.parametrize(
    ("total", "given_", "overlap", "by_cursor", "passes", "expected"),
    [
        (None, 5, True, False, 1, None),
        (0, 0, True, False, 1, 1),
        (0, 0, True, False, 2, 2),
        (250, 100, False, False, 1, 4),
        (250, 100, False, True, 1, 3),
        (250, 100, True, True, 2, 6),
        (3, 1, True, False, 1, 4),
    ],
)
def test_the_number_of_requests(
    total: int | None,
    given_: int,
    overlap: bool,
    by_cursor: bool,
    passes: int,
    expected: int | None,
) -> None:
    """Pages, one request past the end by index, and all of it once per pass."""
    found = requests_needed(total, given_, overlap=overlap, by_cursor=by_cursor, passes=passes)
    assert found == expected


@given(st.integers(0, 500), st.integers(0, 10_000), st.none() | st.integers(1, 600))
def test_a_pace_never_makes_a_reading_quicker(
    requests: int, milliseconds: int, per_minute: int | None
) -> None:
    """The estimate is at least the time of the requests, and whole minutes where a pace binds."""
    took = paced(requests, milliseconds, per_minute)
    assert took >= milliseconds
    if per_minute is not None and requests:
        assert took >= (requests - 1) // per_minute * 60_000
