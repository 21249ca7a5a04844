"""Promises of collectors.scim.proof and collectors.scim.walk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.scim.proof import Expectation, not_offered, prove
from collectors.scim.walk import Glance, Page, Walk
from scanner.model import Population, Reason, Resource, State

POINTS = [
    "no_redirect_same_origin", "status_and_media_type", "list_response", "constant_total",
    "unique_ids", "ids_equal_total", "probe_past_end", "not_empty", "canaries",
    "records_understood",
]  # fmt: skip


def page(number: int, total: int, *ids: str | None) -> Page:
    return Page(f"responses/{number}", total, tuple(Glance(one) for one in ids))


def walk(*pages: Page, failure: str = "", past_end: int | None = None, asked: int = 100) -> Walk:
    reason = Reason(failure, "it failed") if failure else None
    return Walk(Resource.USERS, pages, reason, past_end=past_end, page_size=asked)


def broken(population: Population) -> list[str]:
    return [point.name for point in population.proof if not point.held]


def codes(population: Population) -> list[str]:
    return [reason.code for reason in population.reasons]


WHOLE = (page(1, 3, "a", "b"), page(2, 3, "c"), page(3, 3))


def test_a_whole_walk_is_complete_point_by_point() -> None:
    """A walk with nothing amiss holds every point, and the probe is no part of the population."""
    told = prove(walk(*WHOLE), Expectation())
    assert told.state is State.COMPLETE
    assert [point.name for point in told.proof] == POINTS
    assert all(point.held and point.detail for point in told.proof)
    assert (told.reported, told.received, told.reasons) == (3, 3, ())
    assert told.responses == ("responses/1", "responses/2")
    assert told.deviations == ()


CASES = [
    (walk(*WHOLE[:2], failure="read.timeout"),
     ["read.timeout"], ["status_and_media_type", "probe_past_end"]),
    (walk(WHOLE[0], failure="read.not_json"),
     ["read.not_json"], ["list_response", "ids_equal_total", "probe_past_end"]),
    (walk(*WHOLE[:2], failure="read.redirect"),
     ["read.redirect"], ["no_redirect_same_origin", "probe_past_end"]),
    (walk(page(1, 4, "a", "b"), page(2, 3, "c"), page(3, 3)),
     ["read.total_changed"], ["constant_total"]),
    (walk(page(1, 3, "a", "b"), page(2, 3, "b", "c"), page(3, 3)),
     ["read.duplicate_id"], ["unique_ids"]),
    (walk(page(1, 4, "a", "b"), page(2, 4, "c"), page(3, 4)),
     ["read.total_contradicts"], ["ids_equal_total"]),
    (walk(page(1, 1, "a", "b"), page(2, 1)),
     ["read.total_contradicts"], ["ids_equal_total"]),
    (walk(page(1, 9, "a", "b"), page(2, 9, "a", "b")),
     ["read.total_contradicts", "read.probe"], ["ids_equal_total", "probe_past_end"]),
    (walk(page(1, 0)), ["read.empty"], ["not_empty"]),
    (walk(page(1, 20, *map(str, range(20))), page(2, 20, *map(str, range(20)))),
     ["read.possible_cap"], ["probe_past_end"]),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "expected_codes", "expected_points"), CASES)
def test_each_flaw_breaks_its_point_and_gives_its_reason(
    seen: Walk, expected_codes: list[str], expected_points: list[str]
) -> None:
    """Every flaw of a walk makes it INCOMPLETE, by the point and the reason of that flaw."""
    told = prove(seen, Expectation())
    assert told.state is State.INCOMPLETE
    assert codes(told) == expected_codes
    assert broken(told) == expected_points
    assert all(reason.message for reason in told.reasons)


def test_known_records_past_the_end_are_tolerated_where_all_is_there() -> None:
    """Repeating known records past the end is a deviation, unless it may hide a fixed limit."""
    ids = [str(one) for one in range(20)]
    pages = (page(1, 20, *ids), page(2, 20, *ids))
    for told in (
        prove(walk(*pages, asked=20), Expectation()),
        prove(walk(page(1, 3, "a", "b", "c"), page(2, 3, "a")), Expectation()),
        prove(walk(page(1, 20, *ids), past_end=404), Expectation()),
    ):
        assert told.state is State.COMPLETE
        assert len(told.deviations) == 1


def test_nothing_received_is_not_read() -> None:
    """A walk that failed before its first page is NOT_READ with the failure as its only reason."""
    told = prove(walk(failure="read.dns"), Expectation(canaries=("a",)))
    assert told.state is State.NOT_READ
    assert codes(told)[0] == "read.dns"
    assert (told.reported, told.received, told.responses) == (None, 0, ())


def test_an_empty_list_may_be_expected() -> None:
    """An empty list is COMPLETE where it may be empty."""
    told = prove(walk(page(1, 0)), Expectation(may_be_empty=True, needs_members=True))
    assert told.state is State.COMPLETE


def test_canaries_must_all_answer() -> None:
    """Canaries that no record answers to are named; those that are found are not."""
    found = Page("responses/1", 1, (Glance("a", canaries=frozenset({"ana"})),))
    assert prove(walk(found, page(2, 1)), Expectation(("ana",))).state is State.COMPLETE
    told = prove(walk(found, page(2, 1)), Expectation(("ana", "bob")))
    assert (codes(told), broken(told)) == (["read.canary_missing"], ["canaries"])
    assert "bob" in told.reasons[0].message


def test_problems_are_counted_with_the_first_of_them() -> None:
    """Records not understood are counted, and the first that has an id is named."""
    glances = (
        Glance(None, ("record.id_missing", "record.active_unknown")),
        Glance("b", ("record.active_unknown",), notes=("odd",)),
        Glance("c", notes=("odd", "strange")),
    )
    told = prove(walk(Page("responses/1", 2, glances), page(2, 2)), Expectation())
    assert codes(told) == ["record.active_unknown", "record.id_missing"]
    assert broken(told) == ["records_understood"]
    assert "2 users" in told.reasons[0].message
    assert "id b" in told.reasons[0].message
    assert "id" not in told.reasons[1].message.partition("have no id")[2]
    assert told.deviations == ("odd: 2 records (first: id b)", "strange: 1 records (first: id c)")


def test_groups_must_show_a_member() -> None:
    """Where members are needed, groups without any are INCOMPLETE, and one member is enough."""
    hidden = walk(page(1, 2, "g", "h"), page(2, 2))
    told = prove(hidden, Expectation(needs_members=True))
    assert codes(told) == ["groups.members_not_observable"]
    shown = Page("responses/1", 2, (Glance("g", members=1), Glance("h")))
    told = prove(walk(shown, page(2, 2)), Expectation(needs_members=True))
    assert told.state is State.COMPLETE


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "groups.forbidden"), (404, "groups.unsupported"), (501, "groups.unsupported")],
)
def test_a_refusal_is_no_failure(status: int, code: str) -> None:
    """A server that refuses a list at once leaves it NOT_READ with a reason of its own."""
    told = not_offered(Walk(Resource.GROUPS, refused=status))
    assert told is not None
    assert (told.state, codes(told)) == (State.NOT_READ, [code])
    assert not_offered(walk(*WHOLE)) is None


IDS = st.sampled_from(["a", "b", "c", "d", None])


@given(st.lists(st.tuples(st.integers(0, 5), st.lists(IDS, max_size=4)), max_size=5), st.booleans())
def test_complete_is_earned(pages: list[tuple[int, list[str | None]]], failed: bool) -> None:
    """COMPLETE implies a constant total that equals the distinct ids, none twice, no failure."""
    seen = walk(
        *(page(number, total, *ids) for number, (total, ids) in enumerate(pages)),
        failure="read.timeout" if failed else "",
    )
    told = prove(seen, Expectation())
    fresh = [glance.id for one in seen.fresh_pages() for glance in one.glances]
    if told.state is State.COMPLETE:
        assert not failed
        assert {total for total, _ in pages} == {told.received}
        assert sorted(filter(None, fresh)) == sorted(seen.distinct_ids())
    assert (told.state is State.COMPLETE) == (bool(seen.pages) and not told.reasons)
