"""Promises of collectors.scim.proof and collectors.scim.walk."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.scim.expectation import Expectation
from collectors.scim.proof import not_offered, prove
from collectors.scim.size import COMMON_LIMITS, Size
from collectors.scim.walk import Glance, Page, Walk
from scanner.model import Population, Reason, Resource, State

POINTS = [
    "no_redirect_same_origin", "status_and_media_type", "list_response", "constant_total",
    "unique_ids", "ids_equal_total", "start_index_echo", "probe_past_end", "overlap", "not_empty",
    "size", "canaries", "records_understood",
]  # fmt: skip


def page(number: int, total: int | None, *ids: str | None) -> Page:
    return Page(f"responses/{number}", total, tuple(Glance(one, gone=True) for one in ids))


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
    shown = Page("responses/1", 2, (Glance("g", members=("u",)), Glance("h")))
    told = prove(walk(shown, page(2, 2)), Expectation(needs_members=True))
    assert told.state is State.COMPLETE


LOOSE = Walk(Resource.USERS, WHOLE, boundaries=2, moved=1, bare=1)


def test_a_boundary_is_held_by_the_last_record_or_by_a_second_pass() -> None:
    """A record that moved makes a list unstable, unless two passes brought the same ids."""
    told = prove(LOOSE, Expectation())
    assert (codes(told), broken(told)) == (["read.unstable"], ["overlap"])
    assert prove(replace(LOOSE, moved=0, bare=0), Expectation()).state is State.COMPLETE
    assert prove(replace(LOOSE, confirmed=True, passes=2), Expectation()).state is State.COMPLETE


def test_two_passes_must_agree_where_they_are_asked_for() -> None:
    """Without agreement of two passes there is one reason, and a failure is reason enough."""
    told = prove(LOOSE, Expectation(passes=2))
    assert (codes(told), broken(told)) == (["read.unstable"], ["overlap", "second_pass"])
    agreed = prove(replace(LOOSE, confirmed=True, passes=2), Expectation(passes=2))
    assert agreed.state is State.COMPLETE
    assert "passes 1 and 2" in next(one.detail for one in agreed.proof if "pass" in one.name)
    failed = prove(replace(LOOSE, failure=Reason("read.timeout", "late")), Expectation(passes=2))
    assert codes(failed) == ["read.timeout"]


def test_a_wrong_start_index_counts_unless_excused() -> None:
    """A page said to start elsewhere is INCOMPLETE; the proof names the excuse that lets it be."""
    wrong = replace(walk(*WHOLE), wrong_echoes=2)
    assert codes(prove(wrong, Expectation())) == ["read.start_index"]
    told = prove(wrong, Expectation(excuses=frozenset({"start_index_echo"})))
    assert told.state is State.COMPLETE
    assert "excused" in next(one.detail for one in told.proof if one.name == "start_index_echo")


def test_an_unreliable_total_needs_two_exhaustive_passes() -> None:
    """Where totals are not relied on two equal passes prove the list, and the proof says so."""
    pages = (page(1, 2, "a", "b"), page(2, 7, "c"), page(3, 2))
    twice = replace(walk(*pages), confirmed=True, passes=2)
    told = prove(twice, Expectation(unreliable=True, passes=2))
    assert told.state is State.COMPLETE
    assert sum("not relied on" in one.detail for one in told.proof) == 2
    once = prove(walk(*pages), Expectation(unreliable=True, passes=2))
    assert codes(once) == ["read.unstable"]
    again = (page(1, 2, "a", "b"), page(2, 2, "a", "b"))
    stuck = replace(walk(*again), confirmed=True, passes=2)
    assert codes(prove(stuck, Expectation(unreliable=True, passes=2))) == ["read.probe"]


def of(count: int, **size: int) -> Population:
    ids = [str(one) for one in range(count)]
    return prove(walk(page(1, count, *ids), page(2, count)), Expectation(size=Size(**size)))


@pytest.mark.parametrize(
    ("count", "size", "code"),
    [
        (70, {"previous": 100}, None),
        (69, {"previous": 100}, "read.dropped"),
        (99, {"previous": 100, "max_drop_percent": 0}, "read.dropped"),
        (69, {"previous": 100, "acknowledged": 69}, None),
        (68, {"previous": 100, "acknowledged": 69}, "read.dropped"),
        (1, {"previous": 10}, None),
        (1, {"previous": 11}, "read.dropped"),
        (300, {"previous": 100}, None),
        (9, {"expected": 10}, "read.fewer_than_expected"),
        (11, {"expected": 10}, None),
        (50, {"cap": 50}, "read.cap_reached"),
        (49, {"cap": 50}, None),
        (50, {"cap": 50, "expected": 50}, None),
    ],
)
def test_the_size_must_fit_what_is_known(
    count: int, size: dict[str, int], code: str | None
) -> None:
    """A list below what was stated or read before, or at a known limit, is INCOMPLETE."""
    told = of(count, **size)
    assert codes(told) == ([code] if code else [])
    if code:
        assert str(count) in told.reasons[0].message
        assert told.reasons[0].hint


@pytest.mark.parametrize(
    ("count", "size", "noted"),
    [
        (50, {"cap": 60}, "exactly 50"),
        (50, {"expected": 50}, None),
        (51, {}, None),
        (36, {"previous": 12}, "it was 12"),
        (35, {"previous": 12}, None),
        (9, {"previous": 3}, None),
    ],
)
def test_an_odd_number_of_users_is_noted(
    count: int, size: dict[str, int], noted: str | None
) -> None:
    """A number at which servers stop, or a list three times as long, is noted and no more."""
    told = of(count, **size)
    assert told.state is State.COMPLETE
    assert [noted in one for one in told.deviations] == [True] if noted else not told.deviations


@pytest.mark.parametrize("count", sorted(COMMON_LIMITS))
@pytest.mark.parametrize(
    ("more", "settled"),
    [
        ({}, False),
        ({"expected": 1}, False),
        ({"expected": 0}, True),
        ({"previous": -1}, False),
        ({"previous": 0}, False),
        ({"previous": 1}, True),
        ({"cap": 1}, True),
    ],
)
def test_a_round_number_is_a_possible_cap_until_something_settles_it(
    count: int, more: dict[str, int], settled: bool
) -> None:
    """A stated size, a cap known to be elsewhere or a longer list before settle a round number.

    ``previous`` and ``cap`` are told from the count; ``expected`` 1 is one fewer than came.
    """
    size = {name: count + (-by if name == "expected" else by) for name, by in more.items()}
    told = of(count, **size)
    assert (told.state is State.COMPLETE) is settled
    assert codes(told) == ([] if settled else ["read.possible_cap"])
    if not settled:
        assert f"expected_size = {count}" in told.reasons[0].hint


def test_a_round_number_of_groups_has_no_stated_size() -> None:
    """Fifty groups on one page are a possible cap too; only the page size is offered for it."""
    ids = tuple(Glance(str(one), members=("u",)) for one in range(50))
    seen = Walk(Resource.GROUPS, (Page("responses/1", 50, ids), page(2, 50)), page_size=100)
    told = prove(seen, Expectation(may_be_empty=True))
    assert codes(told) == ["read.possible_cap"]
    assert "page_size" in told.reasons[0].hint
    assert "expected_size" not in told.reasons[0].hint


@pytest.mark.parametrize(("length", "settled"), [(25, False), (30, True), (50, False)])
def test_pages_that_do_not_add_up_to_a_round_number_settle_it(length: int, settled: bool) -> None:
    """Several pages of 30 cannot end at 100 because a page or a number of pages was cut."""
    names = [str(one) for one in range(100)]
    parts = [names[at : at + length] for at in range(0, 100, length)]
    pages = [page(number, 100, *part) for number, part in enumerate(parts, 1)]
    told = prove(replace(walk(*pages, page(9, 100)), boundaries=0), Expectation())
    assert (told.state is State.COMPLETE) is settled
    assert any("exactly 100" in one for one in told.deviations)


def test_after_a_failure_the_size_says_nothing() -> None:
    """A read that broke off is not also called a drop."""
    cut = walk(WHOLE[0], failure="read.timeout")
    told = prove(cut, Expectation(size=Size(previous=100)))
    assert codes(told) == ["read.timeout"]
    assert "size" in broken(told)


def test_a_stated_size_answers_a_possible_cap() -> None:
    """A round number from a server without paging is believed where the source states it."""
    ids = [str(one) for one in range(20)]
    pages = walk(page(1, 20, *ids), page(2, 20, *ids))
    told = prove(pages, Expectation(size=Size(expected=20)))
    assert told.state is State.COMPLETE
    assert codes(prove(pages, Expectation(size=Size(expected=19)))) == ["read.possible_cap"]


def test_a_chain_of_cursors_needs_no_total() -> None:
    """A chain that ended is COMPLETE without total, and with one only if that is right."""
    ended = (page(1, None, "a", "b"), page(2, None, "c"))
    chain = Walk(Resource.USERS, ended, by_cursor=True)
    told = prove(chain, Expectation())
    assert (told.state, told.reported, told.deviations) == (State.COMPLETE, None, ())
    assert "cursor_chain" in [one.name for one in told.proof]
    counted = replace(chain, pages=(page(1, 4, "a", "b"), page(2, None, "c")))
    assert codes(prove(counted, Expectation())) == ["read.total_contradicts"]
    cut = replace(chain, failure=Reason("read.cursor_repeated", "again"))
    told = prove(cut, Expectation())
    assert (codes(told), broken(told)) == (["read.cursor_repeated"], ["cursor_chain"])


def test_a_canary_that_left_is_told() -> None:
    """Where canaries are to stay, a terminated one is INCOMPLETE: the status may be inverted."""
    gone = Page("responses/1", 1, (Glance("a", canaries=frozenset({"ana"}), gone=True),))
    seen = walk(gone, page(2, 1))
    assert prove(seen, Expectation(("ana",))).state is State.COMPLETE
    told = prove(seen, Expectation(("ana",), canaries_stay=True))
    assert (codes(told), broken(told)) == (["read.canary_departed"], ["canaries"])


def test_a_crowd_without_leavers_and_names_twice_are_noted() -> None:
    """Users taken together are noted where none is gone, or ids or names are hardly apart."""
    glances = tuple(Glance(one, user_name=name) for one, name in zip(
        ("a", "A", *map(str, range(8))), ("ana", "ana", None, *map(str, range(7))), strict=True
    ))  # fmt: skip
    told = prove(walk(Page("responses/1", 10, glances), page(2, 10)), Expectation())
    assert told.state is State.COMPLETE
    assert told.deviations == (
        "not one inactive or departed user is listed; the server may leave them out",
        "1 ids are told apart by upper and lower case only",
        "1 user names are those of more than one user",
    )
    groups = Walk(Resource.GROUPS, (Page("responses/1", 10, glances), page(2, 10)))
    assert prove(groups, Expectation()).deviations == ()


def test_one_id_with_two_contents_is_contradictory() -> None:
    """An id read again on purpose must come with the content it had."""
    first = Page("responses/1", 2, (Glance("a", mark=1), Glance("b", mark=2)))
    again = Page("responses/2", 2, (Glance("b", mark=3),), anchored=True)
    told = prove(walk(first, again, page(3, 2)), Expectation())
    assert (codes(told), broken(told)) == (["read.contradictory"], ["unique_ids"])


@pytest.mark.parametrize(("members", "cap"), [(100, None), (500, None), (77, 77)])
def test_groups_cut_at_a_limit_are_not_believed(members: int, cap: int | None) -> None:
    """A group of exactly a limit's size may be cut off; an excuse lifts only the round numbers."""
    shown = Page("responses/1", 1, (Glance("g", members=tuple(map(str, range(members)))),))
    told = prove(Walk(Resource.GROUPS, (shown, page(2, 1))), Expectation(members_cap=cap))
    assert codes(told) == ["groups.members_truncated"]
    excused = Expectation(members_cap=cap, excuses=frozenset({"round_member_count"}))
    told = prove(Walk(Resource.GROUPS, (shown, page(2, 1))), excused)
    assert codes(told) == (["groups.members_truncated"] if cap else [])


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
