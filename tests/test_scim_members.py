"""Promises of collectors.scim.members and of where memberships are found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.scim.members import member_notes, missing_members
from collectors.scim.walk import Glance, Page, Walk
from scanner.model import Resource, State
from tests.fakes.recorder import MemoryRecorder
from tests.fakes.scim_reading import group_codes, make_collector, run, users
from tests.fakes.scim_server import Fault, group, serving, user

GROUPS = [group(1, ["u1", "u2"]), group(2, ["u3"]), group(3, [])]


def naming(number: int, *groups: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - attributes
    return user(number, groups=[{"value": one, "type": "direct"} for one in groups], **more)


NAMING = [naming(1, "g1"), naming(2, "g1"), naming(3, "g2")]


def test_memberships_may_come_from_the_users() -> None:
    """With members = "from_users" the groups each user names are the memberships."""
    named = [*NAMING[:2], {**naming(3, "g2"), "groups": ["g2", {"$ref": "/v2/Groups/g1"}, None]}]
    named[0]["groups"].append({"value": "g3", "type": "indirect"})
    recorder = MemoryRecorder()
    with serving(named, GROUPS, Fault.MEMBERS_HIDDEN) as server:
        reading, records = run(make_collector(server.url, members="from_users"), recorder)
        assert not any("/Groups/" in one.path for one in server.ledger)
    assert reading.groups.state is State.COMPLETE
    assert [(one.group_id, one.member_id) for one in records.memberships] == [
        ("g1", "u1"), ("g1", "u2"), ("g2", "u3"), ("g1", "u3"),
    ]  # fmt: skip
    assert reading.memberships_received == 4
    assert b'"u1"' in recorder.open(records.memberships[0].pointer.response).body


def test_memberships_from_incomplete_users_are_incomplete() -> None:
    """Memberships taken from users are no more whole than the users are."""
    with serving(NAMING, GROUPS, Fault.LYING_TOTAL) as server:
        reading, _ = run(make_collector(server.url, members="from_users"), MemoryRecorder())
    assert "groups.users_incomplete" in group_codes(reading)


@pytest.mark.parametrize("members", ["from_users", "hidden", "inline", "auto"])
def test_memberships_nobody_shows_are_not_observable(members: str) -> None:
    """Where memberships are nowhere to be seen, groups are INCOMPLETE and say so."""
    with serving(users(3), GROUPS, Fault.MEMBERS_HIDDEN) as server:
        reading, _ = run(make_collector(server.url, members=members), MemoryRecorder())
    assert reading.groups.state is State.INCOMPLETE
    assert group_codes(reading) == ["groups.members_not_observable"]


def test_members_a_user_knows_of_must_be_listed() -> None:
    """A group that leaves out a user who names it is INCOMPLETE; one that agrees is not."""
    cut = [group(1, ["u1"]), *GROUPS[1:]]
    with serving(NAMING, cut) as server:
        reading, _ = run(make_collector(server.url), MemoryRecorder())
    assert group_codes(reading) == ["groups.members_truncated"]
    assert "user u2, group g1" in reading.groups.reasons[0].message
    with serving(NAMING, GROUPS) as server:
        reading, _ = run(make_collector(server.url), MemoryRecorder())
    assert reading.groups.state is State.COMPLETE


def walk(resource: Resource, *glances: Glance) -> Walk:
    return Walk(resource, (Page("responses/1", len(glances), glances),))


def test_members_of_inner_groups_belong_to_the_outer_ones() -> None:
    """Circles of groups are walked once, and everybody in them is in each of them."""
    groups = walk(
        Resource.GROUPS,
        Glance("g1", members=("g2",), nested=("g2",)),
        Glance("g2", members=("g3", "u2"), nested=("g3",)),
        Glance("g3", members=("g1", "g3", "g9", "u3"), nested=("g1", "g3", "g9")),
    )
    named = [Glance("u2", groups=("g1", "g3")), Glance("u3", groups=("g2", "other"))]
    people = walk(Resource.USERS, *named)
    assert missing_members(groups, people) is None
    assert member_notes(groups, people) == (
        "5 members of groups are groups; who is in them counts as a member",
        "1 members of groups are no listed user or group (first: id g9)",
    )
    assert missing_members(groups, walk(Resource.USERS, Glance("u4", groups=("g3",)))) is not None


IDS = st.sampled_from(["g1", "g2", "g3", "g4"])


@given(st.dictionaries(IDS, st.lists(IDS, max_size=4), max_size=4), IDS, IDS)
def test_reaching_is_what_counts(inside: dict[str, list[str]], home: str, named: str) -> None:
    """A user's group is contradicted exactly if it is listed and does not reach their home."""
    glances = [
        Glance(one, members=(*inner, *(("u",) if one == home else ())), nested=tuple(inner))
        for one, inner in inside.items()
    ]
    reached, size = {named} & set(inside), -1
    while len(reached) != size:
        size = len(reached)
        reached |= {inner for one in reached for inner in inside[one]} & set(inside)
    contradicted = named in inside and home not in reached
    told = missing_members(
        walk(Resource.GROUPS, *glances), walk(Resource.USERS, Glance("u", groups=(named,)))
    )
    assert (told is not None) == contradicted


def test_members_named_by_user_name_are_found() -> None:
    """A server that names members by user name gives the same memberships, with a note."""
    listed = users(4)
    named = [group(1, [listed[0]["userName"].upper(), "u2"]), group(2, [listed[2]["userName"]])]
    with serving(listed, named) as server:
        reading, records = run(make_collector(server.url, members="inline"), MemoryRecorder())
    assert reading.groups.state is State.COMPLETE
    assert {(one.group_id, one.member_id) for one in records.memberships} == {
        ("g1", "u1"), ("g1", "u2"), ("g2", "u3"),
    }  # fmt: skip
    assert "2 members of groups are named by user name instead of id" in reading.groups.deviations


def test_members_nobody_can_be_found_for_are_not_observable() -> None:
    """Where most members are nobody that was read, nothing is concluded from who seems absent."""
    strangers = [group(1, ["cn=ana,o=example", "cn=bo,o=example"]), group(2, ["u1"])]
    with serving(users(3), strangers) as server:
        reading, _ = run(make_collector(server.url, members="inline"), MemoryRecorder())
    assert reading.groups.state is State.INCOMPLETE
    assert group_codes(reading) == ["groups.members_unknown"]


def test_a_leftover_of_a_deleted_user_is_only_noted() -> None:
    """One member that was deleted among others that are known harms nothing."""
    with serving(users(3), [group(1, ["u1", "u2", "gone"])]) as server:
        reading, _ = run(make_collector(server.url, members="inline"), MemoryRecorder())
    assert reading.groups.state is State.COMPLETE
    assert any(
        "no listed user or group (first: id gone)" in one for one in reading.groups.deviations
    )


def test_a_user_name_two_accounts_share_names_nobody() -> None:
    """A member is never taken for one of two users of the same name."""
    twins = [{**one, "userName": "twin"} for one in users(2)]
    with serving(twins, [group(1, ["twin", "twin"])]) as server:
        reading, _ = run(make_collector(server.url, members="inline"), MemoryRecorder())
    assert group_codes(reading) == ["groups.members_unknown"]
