"""Promises of collectors.scim.attribute."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.scim.attribute import (
    ENTERPRISE,
    is_present,
    last_segment,
    member,
    parse_path,
    values,
)

RESOURCE: dict[str, Any] = {
    "userName": "ana",
    "NAME": {"GivenName": "Ana"},
    "emails": [
        {"type": "work", "value": "ana@example.com", "primary": True},
        {"type": "Home", "value": "ana@home.example", "primary": "false"},
        "plain@example.com",
        None,
    ],
    "roles": {"value": "admin"},
    "nothing": None,
    ENTERPRISE.upper(): {"department": "Sales", "manager": {"value": 7}},
    "urn:example:hr:2.0:User": {"terminationDate": "2026-10-02"},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("userName", ("ana",)),
        ("USERNAME", ("ana",)),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName", ("ana",)),
        ("name.givenName", ("Ana",)),
        ("name.familyName", ()),
        ("emails.value", ("ana@example.com", "ana@home.example", "plain@example.com")),
        ("emails", ("ana@example.com", "ana@home.example", "plain@example.com")),
        ('emails[type eq "work"].value', ("ana@example.com",)),
        ('emails[type EQ "HOME"]', ("ana@home.example",)),
        ("emails[primary eq true].value", ("ana@example.com",)),
        ("emails[primary eq false].value", ("ana@home.example",)),
        ("emails.type", ("work", "Home")),
        ("roles", ("admin",)),
        ("roles.value", ("admin",)),
        ("nothing", ()),
        ("absent.value", ()),
        (f"{ENTERPRISE}:department", ("Sales",)),
        (f"{ENTERPRISE}:manager.value", (7,)),
        ("urn:example:hr:2.0:user:TERMINATIONDATE", ("2026-10-02",)),
        ("urn:example:other:User:department", ()),
    ],
)
def test_a_path_names_its_values(path: str, expected: tuple[object, ...]) -> None:
    """Each notation finds what RFC 7644 section 3.5.2 says, in any case of names and URNs."""
    assert values(RESOURCE, parse_path(path)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "a.b.c", "a b", "emails[type]", 'emails[type co "x"]', "emails[type eq work]",
        'emails[type eq "x"', "urn:", "urn:x:", "1abc", "a:b", 'emails[type eq "\\x"]', "emails.",
    ],
)  # fmt: skip
def test_nonsense_is_refused(text: str) -> None:
    """What is no path is a ValueError when it is parsed, long before anything is read."""
    with pytest.raises(ValueError, match=r"not a SCIM attribute path|not a JSON string"):
        parse_path(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(
    st.dictionaries(st.sampled_from(["emails", "Name", ENTERPRISE, "urn:x"]), JSON),
    st.sampled_from(["emails.value", 'emails[type eq "work"].value', f"{ENTERPRISE}:a.b", "name"]),
)
def test_no_shape_of_data_breaks_a_look_up(resource: dict[str, Any], path: str) -> None:
    """Whatever a server puts where a value belongs, a look-up answers and gives no null."""
    parsed = parse_path(path)
    found = values(resource, parsed)
    assert None not in found
    assert is_present(resource, parsed) or not found


def test_members_are_found_in_any_case() -> None:
    """A member's exact spelling comes first, then any other case, then None."""
    assert member({"id": 1}, "id") == 1
    assert member({"ID": 1}, "id") == 1
    assert member({"other": 1}, "id") is None


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("https://h/v2/Users/a%2Fb", "a/b"),
        ("../Users/7/", "7"),
        ("7", "7"),
        ("", None),
        (7, None),
        (None, None),
    ],
)
def test_a_reference_ends_in_an_id(reference: object, expected: str | None) -> None:
    """The id of a $ref is its last segment, decoded; what is no text has none."""
    assert last_segment(reference) == expected
