"""Promises of collectors.scim.glance: what is odd about a User is read, and named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.scim.glance import look_at_group, look_at_user
from collectors.scim.resource import Interpretation, interpretation
from scanner.config import StateValues, StatusValues
from scanner.model import Role
from tests.fakes.scim_server import group, user

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
HOW = interpretation("app", Role.APP, {}, ZoneInfo("UTC"), StateValues(), StatusValues())
PEOPLE = interpretation("hr", Role.HRIS, {}, ZoneInfo("UTC"), StateValues(), StatusValues())


def notes(**attributes: Any) -> tuple[str, ...]:  # noqa: ANN401 - any attribute
    return look_at_user(user(1, **attributes), HOW, (), NOW).notes


@pytest.mark.parametrize(
    ("attributes", "note"),
    [
        ({"id": 7}, "id is a number, not a string"),
        ({"id": "a/b"}, "id has characters that an address must escape"),
        ({"id": "a?b"}, "id has characters that an address must escape"),
        ({"id": "a b"}, "id has characters that an address must escape"),
        ({"id": "a\nb"}, "id has characters that an address must escape"),
        ({"id": ".."}, "id is a step in a path"),
        ({"userName": None}, "userName is missing"),
        ({"emails": "a@b.example"}, "emails is not a list of objects"),
        ({"emails": {"value": "a@b.example"}}, "emails is not a list of objects"),
        ({"emails": ["a@b.example"]}, "emails is not a list of objects"),
        (
            {"emails": [{"value": "a", "primary": True}, {"value": "b", "primary": True}]},
            "more than one e-mail is primary",
        ),
        ({"name": ["Ana"]}, "name is not an object"),
        ({"name": 7}, "name is not an object"),
        ({"name": {"formatted": {"text": "Ana"}}}, "name holds more than texts"),
        ({"meta": {"created": "2031-01-01T00:00:00Z"}}, "created_at lies in the future"),
        (
            {"meta": {"lastModified": "2025-01-01T00:00:00"}},
            "modified_at has no zone, taken as the organization's",
        ),
    ],
)
def test_each_oddity_has_its_note(attributes: dict[str, Any], note: str) -> None:
    """Every shape that is tolerated is named, by itself."""
    assert notes(**attributes) == (note,)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"id": "2819c223-7f76-453a-919d-413861904646"},
        {"id": "a.b..c"},
        {"emails": None},
        {"emails": []},
        {"emails": [{"value": "a", "primary": True}, {"value": "b"}]},
        {"name": None},
        {"name": {"formatted": "Ana Ruiz", "middleName": None}},
        {"meta": {"created": "2026-11-02T09:00:00Z"}},
    ],
)
def test_what_the_rfc_allows_is_not_noted(attributes: dict[str, Any]) -> None:
    """Nothing that RFC 7643 allows is called odd."""
    assert notes(**attributes) == ()


def test_a_person_without_dates_is_looked_at_all_the_same() -> None:
    """Of people the times of change are not known and not looked at."""
    meta = {"created": "2031-01-01T00:00:00Z"}
    assert look_at_user(user(1, meta=meta), PEOPLE, (), NOW).notes == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "primary", "type", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


ATTRIBUTES = ("id", "userName", "emails", "name", "active", "meta", "groups", "schemas")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(ATTRIBUTES, JSON)))
def test_no_json_breaks_the_look(resource: dict[str, Any]) -> None:
    """Whatever stands in the attributes of a User, looking at it gives a glance."""
    for how in (HOW, PEOPLE):
        assert isinstance(look_at_user(resource, how, ("ana",), NOW).notes, tuple)


@pytest.mark.parametrize("how", [HOW, PEOPLE])
def test_only_what_is_concluded_from_makes_a_record_another(how: Interpretation) -> None:
    """Versions, times and the order of addresses may differ between two looks; a state may not."""
    addresses = [{"value": "a@b.example"}, {"value": "c@d.example"}]
    first = user(1, emails=addresses, meta={"version": "1", "lastModified": "2026-01-01"})
    again = user(1, emails=addresses[::-1], meta={"version": "2", "lastModified": "2026-01-02"})
    assert look_at_user(first, how, (), NOW).mark == look_at_user(again, how, (), NOW).mark
    other = {**again, "active": False}
    assert look_at_user(first, how, (), NOW).mark != look_at_user(other, how, (), NOW).mark


def test_the_order_of_members_makes_no_other_group() -> None:
    """Members are a set; a group is another only where it has other members."""
    one, same, other = group(1, ["u1", "u2"]), group(1, ["u2", "u1"]), group(1, ["u1"])
    assert look_at_group(one).mark == look_at_group(same).mark != look_at_group(other).mark
