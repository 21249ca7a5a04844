"""Promises of collectors.scim.detail: records read by id where the list says too little."""

from __future__ import annotations

import pytest

from scanner.model import Role, State
from tests.fakes.recorder import MemoryRecorder
from tests.fakes.scim_reading import codes, group_codes, make_collector, run, users
from tests.fakes.scim_server import Fault, group, serving, user

GROUPS = [group(1, ["u1", "u2"]), group(2, []), group(3, ["u3"])]


@pytest.mark.parametrize("role", [Role.APP, Role.HRIS])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_states_are_read_by_id_where_the_list_leaves_them_out(role: Role, concurrency: int) -> None:
    """Users whose list omits active get it from their own record, and the reading says so."""
    with serving(users(13), [], Fault.ACTIVE_BY_ID) as server:
        collector = make_collector(server.url, role=role, max_concurrency=concurrency)
        reading, records = run(collector, MemoryRecorder())
    assert reading.state is State.COMPLETE
    assert any("13 users were read by id" in one for one in reading.users.deviations)
    assert len(reading.users.responses) == 2 + 13
    found = [one.active for one in records.accounts] or [
        one.status.value == "active" for one in records.people
    ]
    assert found == [one["active"] for one in users(13)]


def test_pointers_lead_to_the_answer_by_id() -> None:
    """A record read by id points to the answer in which its state stands."""
    recorder = MemoryRecorder()
    with serving(users(3), [], Fault.ACTIVE_BY_ID) as server:
        _, records = run(make_collector(server.url), recorder)
    pointer = records.accounts[2].pointer
    assert recorder.open(pointer.response).url.endswith("/Users/u3")
    assert pointer.index == 0


@pytest.mark.parametrize("odd", ["a/b", "a?b", "a#b", "ä ö", "%2e"])
def test_an_id_is_one_segment_of_the_path(odd: str) -> None:
    """Whatever an id holds, it is asked for percent-encoded as one segment."""
    with serving([user(1, id=odd)], [], Fault.ACTIVE_BY_ID) as server:
        reading, records = run(make_collector(server.url), MemoryRecorder())
    assert reading.state is State.COMPLETE
    assert [one.account_id for one in records.accounts] == [odd]


def test_an_id_of_dots_is_not_asked_for() -> None:
    """An id that would lead out of the base URL stops the reading by id; nothing is sent."""
    with serving([user(1), user(2, id="..")], [], Fault.ACTIVE_BY_ID) as server:
        reading, _ = run(make_collector(server.url), MemoryRecorder())
        assert not any(".." in one.path or "%2E" in one.path for one in server.ledger)
    assert "read.origin" in codes(reading)


def test_more_users_than_the_limit_are_not_read_by_id() -> None:
    """Above detail_limit nothing is asked by id, and the reading says why it is INCOMPLETE."""
    with serving(users(13), [], Fault.ACTIVE_BY_ID) as server:
        reading, _ = run(make_collector(server.url, detail_limit=12), MemoryRecorder())
        assert not any("/Users/" in one.path for one in server.ledger)
    assert codes(reading) == ["record.active_unknown"]
    assert any("detail_limit" in one for one in reading.users.deviations)


@pytest.mark.parametrize("fault", [Fault.ABSENT_ACTIVE, Fault.WRONG_BY_ID])
def test_records_that_say_no_more_are_asked_for_once(fault: Fault) -> None:
    """Where the first record by id does not help, no other is asked for."""
    with serving(users(13), [], fault) as server:
        reading, _ = run(make_collector(server.url), MemoryRecorder())
        assert sum("/Users/" in one.path for one in server.ledger) == 1
    assert codes(reading) == ["record.active_unknown"]


def test_a_record_that_cannot_be_read_by_id_leaves_the_source_incomplete() -> None:
    """A failure in the middle of reading by id is the reason, and what came is kept."""
    with serving(users(13), [], Fault.BREAKS_BY_ID) as server:
        reading, records = run(make_collector(server.url), MemoryRecorder())
    assert codes(reading) == ["http.status", "record.active_unknown"]
    assert len(records.accounts) == 13


def test_one_user_with_a_state_keeps_all_from_being_read_by_id() -> None:
    """Only a list that leaves active out of every record is read by id."""
    quiet = {key: value for key, value in user(2).items() if key != "active"}
    with serving([user(1), quiet]) as server:
        reading, _ = run(make_collector(server.url), MemoryRecorder())
        assert not any("/Users/" in one.path for one in server.ledger)
    assert codes(reading) == ["record.active_unknown"]


def test_an_account_known_by_another_attribute_is_not_asked_for() -> None:
    """Where account_id is not the SCIM id, no path is made of it."""
    with serving(users(3), [], Fault.ACTIVE_BY_ID) as server:
        collector = make_collector(server.url, attributes={"account_id": "userName"})
        run(collector, MemoryRecorder())
        assert not any("/Users/" in one.path for one in server.ledger)


@pytest.mark.parametrize("members", ["auto", "per_group"])
def test_members_are_read_by_id_where_the_list_leaves_them_out(members: str) -> None:
    """Groups whose list omits members get them from their own record."""
    with serving(users(3), GROUPS, Fault.MEMBERS_BY_ID) as server:
        reading, records = run(make_collector(server.url, members=members), MemoryRecorder())
    assert reading.groups.state is State.COMPLETE
    assert any("3 groups were read by id" in one for one in reading.groups.deviations)
    assert [(one.group_id, one.member_id) for one in records.memberships] == [
        ("g1", "u1"), ("g1", "u2"), ("g3", "u3"),
    ]  # fmt: skip
    assert reading.memberships_received == 3
    assert len(records.groups) == 3


def test_members_by_id_are_read_only_where_they_may_help() -> None:
    """Inline members, and more than 500 groups, keep groups from being read by id."""
    with serving(users(3), GROUPS) as server:
        run(make_collector(server.url), MemoryRecorder())
        assert not any("/Groups/" in one.path for one in server.ledger)
    crowd = [group(number, ["u1"]) for number in range(501)]
    with serving(users(3), crowd, Fault.MEMBERS_BY_ID) as server:
        reading, _ = run(make_collector(server.url, page_size=1000), MemoryRecorder())
        assert not any("/Groups/" in one.path for one in server.ledger)
    assert group_codes(reading) == ["groups.members_not_observable"]


def test_a_group_that_cannot_be_read_by_id_leaves_groups_incomplete() -> None:
    """The first failure by id is the reason where groups are to be read by id."""
    with serving(users(3), GROUPS, Fault.BREAKS_BY_ID) as server:
        reading, _ = run(make_collector(server.url, members="per_group"), MemoryRecorder())
    assert group_codes(reading)[0] == "http.status"
