"""Promises of collectors.scim.form and collectors.change: how a change is said, to the byte."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Change, Observation, Operation, Request
from collectors.change import build_deactivator, forms_of
from collectors.profile import known_types, load_profile
from collectors.scim.form import digests, forms_known, kept
from scanner.config import Source
from scanner.errors import ConfigError
from scanner.model import Account, Pointer
from scanner.remediation.outcome import also_changed, would_keep
from tests.fakes.scim_server import user

ACCOUNT = Account(
    source="app", account_id='a/"b', pointer=Pointer("r", 0), active=True, version='W/"1"'
)
RESOURCE = {**user(1), "title": "Analyst", "groups": [{"value": "g1"}], "x": None}
CHANGE = Change(Operation.DEACTIVATE, ACCOUNT, resource=json.dumps(RESOURCE))


def requests(change: Change, *forms: str, **settings: Any) -> tuple[Request, ...]:  # noqa: ANN401
    """Build the requests of a source that is asked offline."""
    given_ = {"type": "scim", "url": "https://app.example.com/scim/v2", **settings}
    source = Source.model_validate(given_)
    built = build_deactivator("app", source, ZoneInfo("UTC"), Path(), offline=True)
    try:
        return built.requests(change, forms or forms_of(source))
    finally:
        built.close()


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("patch-path", {"op": "replace", "path": "active", "value": False}),
        ("patch-nopath", {"op": "replace", "value": {"active": False}}),
        ("patch-entra", {"op": "Replace", "path": "active", "value": "False"}),
    ],
)
def test_each_patch_form_is_one_operation_on_active(form: str, body: object) -> None:
    """RFC 7644 section 3.5.2: schemas, and Operations with its capital O; the id is escaped."""
    (request,) = requests(CHANGE, form)
    assert request.path == "/scim/v2/Users/a%2F%22b"
    assert (request.method, request.needs_version) == ("PATCH", False)
    assert json.loads(request.body) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [body],
    }


def test_scim_1_1_sends_a_part_of_the_resource() -> None:
    """A source of SCIM 1.1 is asked so without a further setting, members included."""
    (request,) = requests(CHANGE, scim="1.1")
    assert request.form == "patch-1.1"
    assert json.loads(request.body) == {"schemas": ["urn:scim:schemas:core:1.0"], "active": False}
    assert ("Content-Type", "application/json") in request.headers
    (removal,) = requests(Change(Operation.REMOVE_MEMBER, ACCOUNT, "g1"), scim="1.1")
    assert removal.path == "/scim/v2/Groups/g1"
    member = {"value": 'a/"b', "operation": "delete"}
    assert json.loads(removal.body)["members"] == [member]


def test_put_sends_everything_that_was_read_but_what_the_server_owns() -> None:
    """Not one attribute is lost: all but id, meta and groups stand in the body, unchanged."""
    (request,) = requests(CHANGE, "put")
    expected = {k: v for k, v in RESOURCE.items() if k not in ("id", "meta", "groups")}
    assert json.loads(request.body) == expected | {"active": False}
    assert (request.method, request.needs_version) == ("PUT", True)


def test_put_is_not_offered_where_nothing_shows_that_the_account_is_still_the_same() -> None:
    """Without a version or the recorded resource, and for members, there is no PUT."""
    without = replace(CHANGE, account=replace(ACCOUNT, version=None))
    assert requests(without, "put") == ()
    assert requests(replace(CHANGE, resource=None), "put") == ()
    assert requests(Change(Operation.REMOVE_MEMBER, ACCOUNT, "g1"), "put", "patch-nopath") == ()


def test_put_is_sent_only_to_what_its_body_repeats() -> None:
    """An attribute that was added, changed or only hidden in the list stops it."""
    (request,) = requests(CHANGE, "put")
    same = {**RESOURCE, "emails": list(reversed(RESOURCE["emails"])), "meta": {}, "active": None}
    for resource, sent in (
        (same, True),
        ({**RESOURCE, "nickName": "x"}, False),
        ({**RESOURCE, "title": "Lead"}, False),
    ):
        seen = Observation(found=True, attributes=kept(digests(resource)))
        assert would_keep(request, seen) is sent


def test_what_changed_beside_active_is_named() -> None:
    """The names of attributes, never their values; a name that is none is not repeated."""
    before = Observation(found=True, attributes=kept(digests(RESOURCE)))
    hostile = {**RESOURCE, "title": "-", "userName": "gone", "\x1b]0;\n": 1}
    after = Observation(found=True, attributes=kept(digests(hostile)))
    assert also_changed(before, after) == "also_changed:?,title,userName"
    assert also_changed(before, before) == also_changed(None, after) == ""


@given(st.permutations(["a", "b", "c"]), st.permutations(["x", "y"]))
def test_the_order_of_values_is_no_change(names: list[str], emails: list[str]) -> None:
    """Multi-valued attributes have no order (RFC 7643 section 2.4), and members of JSON none."""
    one = digests({"emails": [{"value": mail, "n": 1} for mail in "xy"], "abc": ["a", "b", "c"]})
    two = {"abc": names, "emails": [{"n": 1, "value": mail} for mail in emails]}
    assert digests(two) == one


def test_a_vendors_call_is_data() -> None:
    """GitLab takes text for booleans and has no way back in a group: both stand in its profile."""
    url = "https://gitlab.example.com/api/scim/v2/application"
    (request,) = requests(CHANGE, type="gitlab", url=url)
    assert request.form == "vendor:active-text"
    assert request.path == "/api/scim/v2/application/Users/a%2F%22b"
    assert json.loads(request.body)["Operations"] == [
        {"op": "replace", "path": "active", "value": "false"}
    ]
    back = replace(CHANGE, operation=Operation.REACTIVATE)
    assert '"true"' in requests(back, type="gitlab", url=url)[0].body
    group = "https://gitlab.com/api/scim/v2/groups/example"
    assert requests(back, type="gitlab-group", url=group) == ()


def test_an_unknown_form_names_the_known_ones() -> None:
    """A form of another vendor is as unknown as a misspelt one; manual is always known."""
    with pytest.raises(ConfigError, match="'vendor:active-text'") as caught:
        requests(CHANGE, "patch-path", "vendor:active-text")
    assert "put, manual" in caught.value.hint
    assert requests(CHANGE, "manual") == ()


@pytest.mark.parametrize("name", ["github", "github-org", "gitlab", "gitlab-group"])
def test_another_meaning_at_the_same_vendor_is_refused(name: str) -> None:
    """The danger in a plan would be another one: the address tells which type is meant."""
    other = load_profile(name).other_types[0]
    with pytest.raises(ConfigError) as caught:
        requests(CHANGE, type=name, url=f"https://example.com{other.path}x")
    assert other.type in caught.value.hint
    assert load_profile(other.type).deactivation != load_profile(name).deactivation


@pytest.mark.parametrize("name", known_types())
def test_the_forms_of_every_profile_can_be_said(name: str) -> None:
    """Each form exists, and whatever deletes says that there is no way back."""
    url, stated = load_profile(name).url_example, load_profile(name).deactivation
    for form in stated.forms:
        assert form == "manual" or requests(CHANGE, form, type=name, url=url)
    assert not stated.deletes_user or stated.reversible == "no"
    assert set(forms_known({})) >= {form for form in stated.forms if form.startswith("p")}
