"""Promises of collectors.scim.discovery: a hint, and never a condition."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.scim.discovery import Capabilities
from collectors.scim.message import Dialect
from scanner.model import State
from tests.fakes.recorder import MemoryRecorder
from tests.fakes.scim_reading import make_collector, run, users
from tests.fakes.scim_server import Fault, serving


@pytest.mark.parametrize(
    ("config", "asked"),
    [
        ({"filter": {"maxResults": 4}}, 4),
        ({"FILTER": {"maxresults": 4}, "pagination": {"maxPageSize": 3}}, 3),
        ({"filter": {"maxResults": 400}}, 10),
        ({"filter": {"maxResults": 0}, "pagination": {"maxPageSize": True}}, 10),
        ({"filter": {"maxResults": "4"}, "pagination": []}, 10),
        ({}, 10),
    ],
)
def test_a_smaller_page_is_asked_for_where_the_server_says_so(
    config: dict[str, Any], asked: int
) -> None:
    """The page size becomes that of the server where it is smaller, and nothing else matters."""
    with serving(users(5), [], config=config) as server:
        reading, _ = run(make_collector(server.url, discovery=True), MemoryRecorder())
        pages = [one.path for one in server.ledger if "/Users" in one.path]
    assert reading.state is State.COMPLETE
    assert all(f"count={asked}" in one for one in pages)
    assert not reading.users.deviations


def test_cursors_are_used_at_once_where_nothing_else_is_offered() -> None:
    """A server that says it pages by cursor only is not asked for an index first."""
    config = {"pagination": {"cursor": True, "index": False}}
    with serving(users(25), [], Fault.CURSOR_ONLY, config=config) as server:
        reading, _ = run(make_collector(server.url, discovery=True), MemoryRecorder())
        assert not any("startIndex" in one.path for one in server.ledger)
    assert reading.state is State.COMPLETE


@pytest.mark.parametrize(
    ("claims", "largest", "by_cursor", "told"),
    [
        (Capabilities(), 5, False, []),
        (Capabilities(index=True, cursor=True, patch=True, largest_page=5), 5, False, []),
        (Capabilities(patch=False), 0, False, ["no PATCH"]),
        (Capabilities(index=False), 5, False, ["does not page by index, and does"]),
        (Capabilities(index=False), 5, True, []),
        (Capabilities(index=False, cursor=False), 0, False, []),
        (Capabilities(cursor=False), 5, True, ["does not page by cursor, and does"]),
        (Capabilities(largest_page=4), 5, False, ["at most 4, and sent one of 5"]),
        (Capabilities(largest_page=1, deviation="amiss"), 2, False, ["amiss", "at most 1"]),
    ],
)
def test_what_a_server_claims_is_compared_with_what_was_seen(
    claims: Capabilities, largest: int, by_cursor: bool, told: list[str]
) -> None:
    """A claim that behaviour contradicts is told, and one that nothing contradicts is not."""
    found = claims.deviations(largest, by_cursor=by_cursor)
    assert len(found) == len(told)
    assert all(words in one for words, one in zip(told, found, strict=True))


def test_a_claim_of_cursors_that_is_not_so_loses_nobody() -> None:
    """A server that only says it pages by cursor is read by index, once that shows."""
    config = {"pagination": {"cursor": True, "index": False}}
    with serving(users(25), [], config=config) as server:
        reading, records = run(make_collector(server.url, discovery=True), MemoryRecorder())
    assert (reading.state, len(records.accounts)) == (State.COMPLETE, 25)
    assert any("does not page by index, and does" in one for one in reading.users.deviations)


def test_a_claim_of_cursors_over_a_broken_list_stays_incomplete() -> None:
    """Where neither way reaches the total, the reading says what the chain of cursors met."""
    config = {"pagination": {"cursor": True, "index": False}}
    with serving(users(25), [], Fault.LYING_TOTAL, config=config) as server:
        reading, _ = run(make_collector(server.url, discovery=True), MemoryRecorder())
    assert reading.state is State.INCOMPLETE
    assert reading.users.reasons


@pytest.mark.parametrize(
    ("config", "words"), [(None, "could not be read (http.status)"), ([], "is no object")]
)
def test_a_server_without_configuration_is_read_all_the_same(config: Any, words: str) -> None:  # noqa: ANN401 - any JSON
    """Whatever is wrong with the configuration is a deviation and no more."""
    with serving(users(5), [], config=config) as server:
        reading, _ = run(make_collector(server.url, discovery=True), MemoryRecorder())
    assert reading.state is State.COMPLETE
    assert any(words in one for one in reading.users.deviations)


def test_other_bytes_are_a_deviation() -> None:
    """A web page in place of the configuration is a deviation of a source that cannot be read."""
    with serving(users(5), [], Fault.HTML_PAGE) as server:
        reading, _ = run(make_collector(server.url, discovery=True), MemoryRecorder())
    assert any("is not JSON" in one for one in reading.users.deviations)


def test_the_older_protocol_has_its_own_place() -> None:
    """SCIM 1.1 is asked at /ServiceProviderConfigs, 2.0 at /ServiceProviderConfig."""
    with serving(users(5), [], Fault.SCIM_1, config={}) as server:
        collector = make_collector(server.url, discovery=True, dialect=Dialect("1.1"))
        assert run(collector, MemoryRecorder())[0].state is State.COMPLETE
        assert server.ledger[0].path.endswith("/ServiceProviderConfigs")


def test_without_the_setting_nothing_is_asked() -> None:
    """Discovery costs a request only where it is switched on."""
    with serving(users(5), [], config={}) as server:
        run(make_collector(server.url), MemoryRecorder())
        assert not any("ServiceProviderConfig" in one.path for one in server.ledger)
