"""Oddities of a User that are told and do no harm."""

from typing import Any

import pytest

from collectors.scim.instant import has_zone
from collectors.scim.shape import is_group, shape_notes

PLAIN: dict[str, Any] = {"id": "2819c223", "userName": "ana", "emails": [{"value": "a@x.example"}]}
CORE = "urn:ietf:params:scim:schemas:core:2.0"


@pytest.mark.parametrize(
    "more", [{}, {"emails": None}, {"emails": []}, {"name": {"formatted": "A"}}]
)
def test_a_plain_user_is_not_remarked_upon(more: dict[str, Any]) -> None:
    """What RFC 7643 allows is not odd: null, an empty list and absence are the same."""
    assert shape_notes(PLAIN | more) == ()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"id": 7}, "id is a number"),
        ({"id": "x" * 300}, "id is longer than 256"),
        ({"id": "a/7"}, "id has characters"),
        ({"id": "a7?x=1"}, "id has characters"),
        ({"id": ".."}, "id is a step"),
        ({"userName": None}, "userName is missing"),
        ({"userName": " "}, "userName is missing"),
        ({"name": ["Ana"]}, "name is not an object"),
        ({"name": 7}, "name is not an object"),
        ({"name": {"formatted": {"text": "Ana"}}}, "name holds more"),
        ({"emails": "a@x.example"}, "emails is not a list"),
        ({"emails": {"value": "a@x.example"}}, "emails is not a list"),
        ({"emails": ["a@x.example"]}, "emails is not a list"),
        ({"emails": [{"primary": True}, {"primary": True}]}, "more than one e-mail"),
    ],
)
def test_each_oddity_is_told_in_one_line(more: dict[str, Any], says: str) -> None:
    """One oddity gives one note, in words."""
    (note,) = shape_notes(PLAIN | more)
    assert note.startswith(says)


@pytest.mark.parametrize(
    ("schemas", "group"),
    [
        ([f"{CORE}:Group"], True),
        ([f"{CORE}:group".upper()], True),
        ([f"{CORE}:User"], False),
        ([f"{CORE}:User", f"{CORE}:Group"], False),
        ([], False),
        (None, False),
        ([7], False),
    ],
)
def test_a_group_is_known_by_its_schemas(schemas: object, group: bool) -> None:
    """Schemas decide where no resource type is told; two types at once decide nothing."""
    assert is_group({"schemas": schemas}) is group


@pytest.mark.parametrize(
    ("text", "zoned"),
    [
        ("2026-10-02", True),
        ("2026-10-02T22:00:00Z", True),
        ("2026-10-02t22:00:00+02:00", True),
        ("2026-10-02T22:00:00", False),
    ],
)
def test_a_time_without_a_zone_is_told_apart(text: str, zoned: bool) -> None:
    """A bare date is a day of the calendar; a time of day needs a zone."""
    assert has_zone(text) is zoned
