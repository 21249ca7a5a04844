"""Promises of collectors.scim.resource."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.scim.attribute import ENTERPRISE
from collectors.scim.resource import (
    Interpretation,
    interpretation,
    read_account,
    read_group,
    read_memberships,
    read_person,
    read_user_groups,
    visible,
)
from scanner.config import StateValues, StatusValues
from scanner.model import Account, Group, Person, PersonStatus, Pointer, Role

HERE = Pointer("responses/0001", 3)
USER: dict[str, object] = {"id": "1", "userName": "ana", "active": True}
HR = "urn:example:hr:2.0:User"
USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"


def how(role: Role = Role.APP, **attributes: str) -> Interpretation:
    states = StateValues(active=("enabled", "1"), inactive=("disabled", "0"))
    return interpretation(
        "src",
        role,
        attributes,
        ZoneInfo("Europe/Berlin"),
        states,
        StatusValues(on_leave=("LOA",), unknown=("Sabbatical?",)),
    )


def account(resource: dict[str, Any], **attributes: str) -> Account:
    record = read_account({"id": "1", **resource}, HERE, how(Role.APP, **attributes)).record
    assert record is not None
    return record


def person(resource: dict[str, Any], **attributes: str) -> Person:
    record = read_person({"id": "1", **resource}, HERE, how(Role.HRIS, **attributes)).record
    assert record is not None
    return record


def test_a_user_of_an_app_becomes_an_account() -> None:
    """Every field of an account comes from its place in RFC 7643."""
    resource = {
        "externalId": "e1",
        "userName": "ana",
        "displayName": "Ana Ruiz",
        "emails": [{"value": "ana@example.com"}, {"value": ""}, {"value": "ana@example.com"}],
        "active": False,
        ENTERPRISE: {"employeeNumber": 1042},
        "meta": {"created": "2024-01-01T00:00:00Z", "lastModified": "2024-02-01", "version": "W/1"},
    }
    assert account(resource) == Account(
        source="src",
        account_id="1",
        pointer=HERE,
        active=False,
        user_name="ana",
        external_id="e1",
        employee_number="1042",
        emails=("ana@example.com",),
        display_name="Ana Ruiz",
        created_at=datetime(2024, 1, 1, tzinfo=UTC),
        modified_at=datetime(2024, 1, 31, 23, tzinfo=UTC),
        version="W/1",
    )


def test_a_user_of_an_hris_becomes_a_person() -> None:
    """Every field of a person comes from RFC 7643 or from where the source maps it."""
    resource = {
        "userName": "ana",
        "active": True,
        "title": "Buyer",
        "userType": "Contractor",
        "name": {"givenName": "Ana", "familyName": "Ruiz"},
        ENTERPRISE: {"employeeNumber": "1042", "department": "Sales", "manager": {"value": "m1"}},
        HR: {"terminationDate": "2026-10-02", "hireDate": "2020-03-01", "seat": "Berlin"},
    }
    told = person(
        resource,
        departed_at=f"{HR}:terminationDate",
        hired_at=f"{HR}:hireDate",
        location=f"{HR}:seat",
    )
    assert told == Person(
        source="src",
        person_id="1",
        pointer=HERE,
        status=PersonStatus.ACTIVE,
        employee_number="1042",
        user_name="ana",
        display_name="Ana Ruiz",
        worker_type="Contractor",
        department="Sales",
        title="Buyer",
        manager_id="m1",
        location="Berlin",
        hired_at=datetime(2020, 2, 29, 23, tzinfo=UTC),
        departed_at=datetime(2026, 10, 2, 22, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True), (False, False), ("enabled", True), ("disabled", False), (1, True), (0, False),
        ("true", None), ("False", None), (None, None), ("", None), ([], None), ({}, None),
        (2, None), (1.0, None), ("ENABLED", None), ([True], True),
    ],
)  # fmt: skip
def test_active_is_known_or_unknown_never_guessed(value: object, expected: bool | None) -> None:
    """Booleans and the configured spellings count; all else is unknown and a problem."""
    told = read_account({"id": "1", "active": value}, HERE, how())
    assert told.record is not None
    assert told.record.active is expected
    assert told.problems == (() if expected is not None else ("record.active_unknown",))
    hris = read_person({"id": "1", "active": value}, HERE, how(Role.HRIS))
    assert hris.problems == told.problems
    assert hris.record is not None
    assert (hris.record.status is PersonStatus.UNKNOWN) == (expected is None)


@pytest.mark.parametrize(
    ("text", "status", "unlisted"),
    [
        ("active", PersonStatus.ACTIVE, False),
        ("LOA", PersonStatus.ON_LEAVE, False),
        ("terminated", PersonStatus.TERMINATED, False),
        ("Sabbatical?", PersonStatus.UNKNOWN, False),
        ("unknown", PersonStatus.UNKNOWN, True),
        ("Gone", PersonStatus.UNKNOWN, True),
        (None, PersonStatus.UNKNOWN, True),
    ],
)
def test_a_mapped_status_follows_its_spellings(
    text: str | None, status: PersonStatus, unlisted: bool
) -> None:
    """A mapped status wins over active; an unlisted spelling could be a departure: a problem."""
    told = read_person(
        {"id": "1", "userName": "a", HR: {"state": text}},
        HERE,
        how(Role.HRIS, status=f"{HR}:state"),
    )
    assert told.record is not None
    assert told.record.status is status
    assert told.notes == ()
    assert told.problems == (("record.status_unknown",) if unlisted else ())


@pytest.mark.parametrize("sent", ["soon", 1790000000, ["2026"], {"value": "soon"}, True])
def test_an_unreadable_departure_is_a_problem(sent: object) -> None:
    """A departure that cannot be read could lie in the future; any other date is only noted."""
    where = how(Role.HRIS, departed_at=f"{HR}:end", hired_at=f"{HR}:end")
    told = read_person(USER | {HR: {"end": sent}}, HERE, where)
    assert told.record is not None
    assert told.record.departed_at is None
    assert told.notes == ("hired_at is not an RFC 3339 date or time",)
    assert told.problems == ("record.departure_unreadable",)
    for empty in (None, ""):
        quiet = read_person(USER | {HR: {"end": empty}}, HERE, where)
        assert (quiet.notes, quiet.problems) == ((), ())


@pytest.mark.parametrize(
    "emails",
    ["a@x.example", {"value": "a@x.example"}, ["a@x.example", None, 7], [{"value": "a@x.example"}]],
)
def test_every_shape_of_emails_is_read(emails: object) -> None:
    """A list, one object, one string and lists of strings give the same addresses."""
    assert account({"emails": emails}).emails == ("a@x.example",)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"displayName": "D", "name": {"formatted": "F"}}, "D"),
        ({"displayName": "", "name": {"formatted": "F", "givenName": "G"}}, "F"),
        ({"name": {"givenName": "G", "familyName": "H"}}, "G H"),
        ({"name": {"familyName": "H"}}, "H"),
        ({"name": []}, None),
        ({}, None),
    ],
)
def test_a_name_is_taken_where_it_is_found(resource: dict[str, Any], expected: str | None) -> None:
    """The displayName comes first, then name.formatted, then given and family name."""
    assert account(resource).display_name == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("1", "1"),
        (7, "7"),
        (0, "0"),
        ("", None),
        (" ", None),
        (True, None),
        (1.5, None),
        ([], None),
    ],
)
def test_an_id_is_text_or_a_whole_number(sent: object, expected: str | None) -> None:
    """Whole numbers become text; anything else is no id, and the record is a problem."""
    told = read_account({"id": sent, "active": True}, HERE, how())
    assert (told.record and told.record.account_id) == expected
    assert ("record.id_missing" in told.problems) == (expected is None)
    hris = read_person({"id": sent, "active": True}, HERE, how(Role.HRIS))
    assert (hris.record is None) == (expected is None)
    crowd = read_group({"id": sent}, HERE, "src")
    assert (crowd.record is None) == (expected is None)


def test_only_ids_may_be_numbers() -> None:
    """A number where text belongs is not taken for text."""
    assert account({"userName": 7, "displayName": 8}).user_name is None


def test_text_no_file_can_hold_is_made_visible() -> None:
    """Lone surrogates and NUL become escapes that can be seen and written."""
    told = account({"displayName": "a\ud800b\0c", "userName": "ü"})
    assert told.display_name == "a\\ud800b\\x00c"
    assert told.user_name == "ü"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"roles": [{"value": "owner"}]}, True),
        ({"roles": [{"value": "user"}]}, False),
        ({"roles": []}, None),
        ({}, None),
    ],
)
def test_a_privilege_may_be_one_of_many_roles(
    resource: dict[str, Any], expected: bool | None
) -> None:
    """With a filter, privileged is whether a role passes it, and unknown where none are sent."""
    assert account(resource, privileged='roles[value eq "owner"].value').privileged is expected


def test_a_privilege_may_be_a_boolean() -> None:
    """Without a filter only a JSON boolean is a privilege; unmapped it is unknown."""
    assert account({"isAdmin": True}, privileged="isAdmin").privileged is True
    assert account({"isAdmin": "yes"}, privileged="isAdmin").privileged is None
    assert account({"isAdmin": True}).privileged is None


def test_a_group_among_users_is_a_problem() -> None:
    """A record that says it is of the other type is not passed off as understood."""
    meta = {"meta": {"resourceType": "Group"}}
    assert read_account({"id": "1", "active": True, **meta}, HERE, how()).problems == (
        "record.wrong_type",
    )
    assert read_group({"id": "1", "meta": {"resourceType": "User"}}, HERE, "s").problems == (
        "record.wrong_type",
    )


def test_members_are_read_in_every_shape() -> None:
    """Members by value, by reference, as plain text and nested are found, each once."""
    resource = {
        "id": "g",
        "displayName": "Team",
        "members": [
            {"value": "u1"},
            {"value": "u1", "type": "user"},
            {"value": 2, "type": "User"},
            {"$ref": "https://h/v2/Users/u%203"},
            {"value": "g2", "$ref": "https://h/v2/Groups/g2"},
            {"value": "g3", "type": "GROUP"},
            "u4",
            None,
        ],
    }
    group = read_group(resource, HERE, "src").record
    assert group == Group("src", "g", HERE, "Team")
    assert [(one.member_id, one.member_type) for one in read_memberships(resource, group)] == [
        ("u1", "User"), ("2", "User"), ("u 3", "User"), ("g2", "Group"), ("g3", "Group"),
        ("u4", "User"),
    ]  # fmt: skip


@pytest.mark.parametrize("members", [{"value": "u1"}, [{"value": "u1"}, {"display": "?"}, True]])
def test_one_member_may_stand_alone_and_nobody_is_a_problem(members: object) -> None:
    """A single object is one member; a member that names nobody makes the group a problem."""
    resource = {"id": "g", "members": members}
    told = read_group(resource, HERE, "src")
    assert told.record is not None
    assert [one.member_id for one in read_memberships(resource, told.record)] == ["u1"]
    assert bool(told.problems) == isinstance(members, list)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
NAMES = st.sampled_from([
    "id", "ID", "active", "emails", "name", "meta", "members", "roles", ENTERPRISE, "displayName",
])  # fmt: skip


@given(st.dictionaries(NAMES, JSON))
def test_no_resource_breaks_the_reading(resource: dict[str, Any]) -> None:
    """Whatever an object holds, reading it ends in records that can be written as UTF-8."""
    told = read_account(resource, HERE, how(privileged='roles[value eq "x"].value'))
    hris = read_person(resource, HERE, how(Role.HRIS, departed_at="meta.created"))
    group = read_group(resource, HERE, "src").record
    members = () if group is None else read_memberships(resource, group)
    assert (told.record is None) == ("record.id_missing" in told.problems)
    assert json.dumps(repr((told, hris, group, members)), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ana\x1b[31m", "Ana\\x1b[31m"),
        ("a\0b", "a\\x00b"),
        ("tab\there", "tab\\x09here"),
        ("\x85", "\\x85"),
        ("\ud800", "\\ud800"),
        ("Zoë 名", "Zoë 名"),
    ],
)
def test_controls_become_visible(text: str, shown: str) -> None:
    """Controls and lone surrogates become escapes, and every other character stays."""
    assert visible(text) == shown


def test_an_id_beyond_sense_is_a_problem_and_not_kept() -> None:
    """An id of more than 1024 characters is named as such, and the record is not kept."""
    told = read_account({"id": "x" * 1025, "active": True}, HERE, how())
    assert (told.record, told.problems) == (None, ("record.id_too_long",))
    assert read_account({"id": "x" * 1024, "active": True}, HERE, how()).record is not None


@pytest.mark.parametrize(
    ("resource", "wrong"),
    [
        ({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"]}, True),
        ({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]}, False),
        ({"schemas": [USER_URN, "urn:ietf:params:scim:schemas:core:2.0:Group"]}, False),
        ({"schemas": ["urn:scim:schemas:core:1.0"]}, False),
        ({"schemas": "urn:x"}, False),
        (
            {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                "meta": {"resourceType": "User"},
            },
            False,
        ),
    ],
)
def test_the_schemas_tell_the_type_where_meta_does_not(
    resource: dict[str, object], wrong: bool
) -> None:
    """A User that by its schemas is nothing but a Group is of the wrong type."""
    told = read_account({"id": "1", "active": True, **resource}, HERE, how())
    assert told.problems == (("record.wrong_type",) if wrong else ())


def test_the_groups_of_a_user_are_the_direct_ones() -> None:
    """Each direct group is read once, by value, by reference or as a bare text."""
    groups = [
        {"value": "g1", "type": "direct"}, {"value": "g1"}, {"$ref": "../Groups/g%202"}, "g3",
        {"value": "g4", "type": "Indirect"}, {"display": "nameless"}, None,
    ]  # fmt: skip
    found = read_user_groups({"groups": groups}, "u1", HERE, "src")
    assert [(one.group_id, one.member_id, one.member_type) for one in found] == [
        ("g1", "u1", "User"), ("g 2", "u1", "User"), ("g3", "u1", "User"),
    ]  # fmt: skip
    assert read_user_groups({}, "u1", HERE, "src") == ()


def test_a_day_ends_where_the_person_works() -> None:
    """Dates of a record are read in its own time zone (RFC 7643 section 4.1.1)."""
    ended = {
        zone: person({"timezone": zone, HR: {"end": "2026-10-02"}}, departed_at=f"{HR}:end")
        for zone in ("Asia/Tokyo", "America/Los_Angeles")
    }
    assert ended["Asia/Tokyo"].timezone == "Asia/Tokyo"
    assert ended["Asia/Tokyo"].departed_at == datetime(2026, 10, 2, 15, tzinfo=UTC)
    assert ended["America/Los_Angeles"].departed_at == datetime(2026, 10, 3, 7, tzinfo=UTC)


def test_a_zone_that_is_none_is_noted_and_the_organization_s_taken() -> None:
    """An unknown zone is kept as it was sent, and does not move a departure."""
    resource = {"id": "1", "timezone": "Mars/Phobos", HR: {"end": "2026-10-02"}}
    told = read_person(resource, HERE, how(Role.HRIS, departed_at=f"{HR}:end"))
    assert told.record is not None
    assert told.record.timezone == "Mars/Phobos"
    assert told.record.departed_at == datetime(2026, 10, 2, 22, tzinfo=UTC)
    assert "timezone is not an IANA time zone, the organization's is taken" in told.notes
