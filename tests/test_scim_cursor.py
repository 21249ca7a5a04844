"""Promises of collectors.scim.cursor: chains of RFC 9865 against a server on a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from scim2_models import Meta, Pagination, User
from scim2_server.applications.wsgi import WSGIApplication
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.utils import load_default_provider

from scanner.model import Reading, Role, State
from tests.fakes.recorder import MemoryRecorder
from tests.fakes.scim_reading import codes, make_collector, run, users
from tests.fakes.scim_server import Fault, group, serving

GROUPS = [group(1, ["u1", "u2"])]


def point(reading: Reading, name: str) -> str:
    return next(one.detail for one in reading.users.proof if one.name == name)


@pytest.mark.parametrize("count", [1, 10, 25])
@pytest.mark.parametrize("fault", [Fault.CURSOR_ONLY, Fault.CURSOR_UNASKED])
def test_a_server_of_cursors_is_read_whole(count: int, fault: Fault) -> None:
    """A chain of cursors is COMPLETE without any total, with every user once."""
    with serving(users(count), GROUPS, fault) as server:
        reading, records = run(make_collector(server.url, paging="cursor"), MemoryRecorder())
    assert reading.state is reading.groups.state is State.COMPLETE
    assert [one.account_id for one in records.accounts] == [one["id"] for one in users(count)]
    assert len(records.memberships) == 2
    assert "none on the last page" in point(reading, "cursor_chain")


@pytest.mark.parametrize(
    ("count", "fault"),
    [(1, Fault.CURSOR_ONLY), (25, Fault.CURSOR_ONLY), (25, Fault.CURSOR_UNASKED)],
)
def test_a_server_of_cursors_is_found_out(count: int, fault: Fault) -> None:
    """A server that refuses startIndex, or answers with a cursor, is read by cursor untold."""
    with serving(users(count), GROUPS, fault) as server:
        reading, records = run(make_collector(server.url), MemoryRecorder())
    assert reading.state is reading.groups.state is State.COMPLETE
    assert (len(records.accounts), len(records.memberships)) == (count, 2)


def test_a_list_without_total_is_not_taken_for_a_chain() -> None:
    """One page without total and without cursor may be the first of many: it is not believed."""
    with serving(users(10), [], Fault.CURSOR_UNASKED) as server:
        reading, _ = run(make_collector(server.url), MemoryRecorder())
    assert (reading.state, codes(reading)) == (State.NOT_READ, ["read.not_list_response"])


def test_a_chain_keeps_its_count_and_starts_without_index() -> None:
    """Every request of a chain has the same count, and none mixes startIndex with a cursor."""
    with serving(users(25), [], Fault.CURSOR_ONLY) as server:
        run(make_collector(server.url, paging="cursor"), MemoryRecorder())
        asked = [one.path for one in server.ledger if "Users" in one.path]
    assert [one.partition("cursor=")[2] for one in asked] == ["", "c%2B%3D%2F10", "c%2B%3D%2F20"]
    assert all("count=10" in one and "startIndex" not in one for one in asked)


def test_the_second_pass_goes_straight_to_the_cursor() -> None:
    """An HRIS is read by cursor twice, and startIndex is tried only once."""
    with serving(users(25), [], Fault.CURSOR_ONLY) as server:
        collector = make_collector(server.url, role=Role.HRIS, passes=2)
        reading, records = run(collector, MemoryRecorder())
        assert sum("startIndex" in one.path for one in server.ledger) == 1
    assert (reading.state, len(records.people), reading.requests) == (State.COMPLETE, 25, 7)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.CURSOR_LOOPS, "read.cursor_repeated"),
        (Fault.CURSOR_EMPTY, "read.cursor"),
        (Fault.CURSOR_NUMBER, "read.cursor"),
        (Fault.CURSOR_LAPSES, "read.cursor_expired"),
        (Fault.CURSOR_BREAKS, "http.status"),
        (Fault.DIES_ON_PAGE_2, "read.interrupted"),
    ],
)
def test_a_broken_chain_is_incomplete_with_its_reason(fault: Fault, code: str) -> None:
    """A chain that does not end as RFC 9865 says is INCOMPLETE, and keeps what came."""
    with serving(users(35), [], fault, Fault.CURSOR_ONLY) as server:
        reading, records = run(make_collector(server.url, paging="cursor"), MemoryRecorder())
    assert (reading.state, codes(reading)) == (State.INCOMPLETE, [code])
    assert len(records.accounts) == reading.users.received > 0
    assert point(reading, "cursor_chain") == "not reached"


def test_a_chain_that_lapsed_once_begins_again() -> None:
    """A cursor given up in the middle costs a new chain; the records are each there once."""
    with serving(users(35), [], Fault.CURSOR_LAPSES_ONCE) as server:
        reading, records = run(make_collector(server.url, paging="cursor"), MemoryRecorder())
    assert (reading.state, len(records.accounts)) == (State.COMPLETE, 35)
    assert any("begun again: 1 times" in one for one in reading.users.deviations)


def test_a_chain_longer_than_the_bound_ends() -> None:
    """A chain is followed no further than the bound on pages."""
    with serving(users(35), [], Fault.CURSOR_ONLY) as server:
        collector = make_collector(server.url, paging="cursor", max_pages=2)
        reading, _ = run(collector, MemoryRecorder())
    assert codes(reading) == ["read.too_many_pages"]
    assert reading.users.received == 20


def test_index_alone_never_becomes_a_chain() -> None:
    """With paging = "index" a server of cursors is told apart and not read by cursor."""
    with serving(users(25), [], Fault.CURSOR_UNASKED) as server:
        reading, _ = run(make_collector(server.url, paging="index"), MemoryRecorder())
        assert not any("cursor" in one.path for one in server.ledger)
    assert reading.state is State.NOT_READ
    assert 'paging = "cursor"' in reading.users.reasons[0].hint


@pytest.mark.parametrize("fault", [Fault.NO_GROUPS, Fault.GROUPS_FORBIDDEN])
def test_groups_refused_by_a_server_of_cursors_are_not_offered(fault: Fault) -> None:
    """A list that is refused is NOT_READ, also where pages would come by cursor."""
    with serving(users(3), GROUPS, fault, Fault.CURSOR_ONLY) as server:
        reading, _ = run(make_collector(server.url, paging="cursor"), MemoryRecorder())
    assert (reading.state, reading.groups.state) == (State.COMPLETE, State.NOT_READ)


def test_a_server_that_refuses_both_ways_is_told_by_the_first_refusal() -> None:
    """Where neither index nor cursor is taken, the reason is that of the index."""
    with serving(users(3), []) as server:
        collector = make_collector(f"{server.url}/elsewhere", paging="auto")
        reading, _ = run(collector, MemoryRecorder())
    assert codes(reading) == ["http.status"]


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""


@contextmanager
def scim2_server(*, index: bool) -> Iterator[str]:
    """Run the scim2-server package on loopback with 25 users, paging by cursor."""
    pytest.importorskip("scim2_server.cursor", exc_type=ImportError)
    provider = load_default_provider()
    assert provider.config is not None
    methods = Pagination.DefaultPaginationMethod
    provider.config.pagination = Pagination(
        cursor=True,
        index=index,
        default_pagination_method=methods.index if index else methods.cursor,
    )
    storage, service = InMemoryStorage(), ScimService(provider, secret="s" * 32)
    now = datetime.now(UTC)
    storage.resources = [
        User(
            id=f"u{one}",
            user_name=f"user{one}",
            active=one > 1,
            meta=Meta(resource_type="User", created=now, last_modified=now, version='W/"1"'),
        )
        for one in range(25)
    ]
    application = WSGIApplication(storage, provider, service)
    with make_server("127.0.0.1", 0, application, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v2"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("discovery", [False, True])
@pytest.mark.parametrize(
    ("index", "paging", "by_cursor"),
    [(True, "auto", False), (True, "cursor", True), (False, "auto", True), (False, "cursor", True)],
)
def test_a_server_of_other_hands_is_read_by_cursor(
    index: bool, paging: str, by_cursor: bool, discovery: bool
) -> None:
    """A public SCIM server is COMPLETE by the way of paging it offers, told or found out."""
    with scim2_server(index=index) as url:
        collector = make_collector(url, paging=paging, discovery=discovery)
        reading, records = run(collector, MemoryRecorder())
    assert reading.state is reading.groups.state is State.COMPLETE
    assert {one.user_name for one in records.accounts} == {f"user{one}" for one in range(25)}
    assert ("cursor_chain" in [one.name for one in reading.users.proof]) == by_cursor
