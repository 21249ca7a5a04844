"""Nested groups: every way in is found, the shortest is told, and nothing runs forever."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import EvidenceError
from scanner.model import Account, Group, Membership, Person, Pointer, Records
from scanner.reconcile.keys import text
from scanner.reconcile.nesting import indirect_memberships, via_groups, via_text
from scanner.reconcile.parquet import read_rows
from scanner.reconcile.tables import MEMBERSHIPS, membership_columns, table_path
from tests.fakes.company import LEFT, Company, account, group, leaver, person

Record = Person | Account | Records


def member(outer: str, inner: str, kind: str = "Group") -> Membership:
    """One line of a group's members."""
    return Membership("slack", outer, inner, kind, Pointer(f"responses/{outer}.gz", 0))


def user(outer: str, inner: str) -> Membership:
    """A user who is a direct member."""
    return member(outer, inner, "User")


def indirect(*memberships: Membership) -> dict[tuple[str, str], tuple[str, ...]]:
    """The indirect memberships: group and user to the way."""
    held = list(indirect_memberships(memberships))
    assert len({(one.group_id, one.member_id) for one in held}) == len(held)
    return {(one.group_id, one.member_id): one.via for one in held}


def test_direct_members_come_first_as_they_were_read() -> None:
    """Nothing that was read is changed, left out or moved; what follows points to its proof."""
    read = [user("b", "2"), member("b", "a"), user("a", "1"), user("a", "1")]
    columns = membership_columns(read)
    assert columns["group_id"] == ["b", "b", "a", "a", "b"]
    assert columns["member_id"] == ["2", "a", "1", "1", "1"]
    assert columns["member_type"] == ["User", "Group", "User", "User", "User"]
    assert columns["via"] == [None, None, None, None, '["a"]']
    assert columns["response"][-1] == "responses/a.gz"


def test_cycles_and_groups_in_themselves_end() -> None:
    """Each group of a cycle has the users of the others, and nobody twice."""
    cycle = [member("a", "b"), member("b", "c"), member("c", "a"), member("a", "a")]
    assert indirect(*cycle, user("b", "1"), user("a", "2")) == {
        ("a", "1"): ("b",),
        ("c", "1"): ("a", "b"),
        ("b", "2"): ("c", "a"),
        ("c", "2"): ("a",),
    }


def test_of_a_diamond_the_shortest_way_is_told_then_the_first_by_id() -> None:
    """The answer does not depend on the order of reading."""
    diamond = [
        member("top", "right"),
        member("top", "left"),
        member("left", "low"),
        member("right", "low"),
        user("low", "1"),
    ]
    expected = {
        ("top", "1"): ("left", "low"),
        ("left", "1"): ("low",),
        ("right", "1"): ("low",),
    }
    assert indirect(*diamond) == indirect(*reversed(diamond)) == expected
    assert indirect(*diamond, member("top", "low"))["top", "1"] == ("low",)


def test_a_direct_member_is_not_told_twice() -> None:
    """Who is in the group itself needs no way in."""
    assert indirect(member("a", "b"), user("b", "1"), user("a", "1")) == {}


def test_unknown_ids_hold_nobody() -> None:
    """A member that is no group of the source leads nowhere."""
    assert indirect(member("a", "gone"), user("a", "1")) == {}


def test_a_chain_of_a_thousand_groups_is_walked() -> None:
    """Depth costs no stack."""
    chain = [member(f"g{depth:04}", f"g{depth + 1:04}") for depth in range(1000)]
    found = indirect(*chain, user("g1000", "1"))
    assert len(found) == 1000
    assert found["g0000", "1"] == tuple(f"g{depth:04}" for depth in range(1, 1001))


def test_what_no_machine_could_hold_is_an_error() -> None:
    """The limit names the source and the setting that leaves its groups out."""
    chain = [member("a", "b"), member("b", "c"), user("c", "1"), user("c", "2")]
    assert len(list(indirect_memberships(chain, most=4))) == 4
    with pytest.raises(EvidenceError, match="slack: its nested groups make more than 3") as caught:
        list(indirect_memberships(chain, most=3))
    assert "hidden" in caught.value.hint


@given(st.lists(st.text('"[],\\ >é\ud800', min_size=1, max_size=4), max_size=4))
def test_a_way_survives_being_written(way: list[str]) -> None:
    """Whatever an id holds, the groups come back."""
    written = via_text(way)
    assert via_groups(written) == tuple(text(one) for one in way)
    assert (written is None) is (not way)


EDGES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20)
USERS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), max_size=12)


@settings(deadline=None)
@given(EDGES, USERS, st.randoms(use_true_random=False))
def test_expansion_is_a_plain_graph_search(
    edges: list[tuple[int, int]], users: list[tuple[int, int]], shuffle: object
) -> None:
    """Every user reachable over group edges, by the shortest way, the first by id among equals."""
    read = [member(f"g{outer}", f"g{inner}") for outer, inner in edges]
    read += [user(f"g{outer}", f"u{inner}") for outer, inner in users]
    found = indirect(*read)
    shuffle.shuffle(read)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    assert indirect(*read) == found
    links = set(edges)
    direct: defaultdict[int, set[int]] = defaultdict(set)
    for outer, inner in users:
        direct[outer].add(inner)
    expected: dict[tuple[str, str], tuple[int, ...]] = {}
    for start in range(7):
        best: dict[int, tuple[int, ...]] = {start: ()}
        level = [start]
        while level:
            ways = [(*best[outer], inner) for outer in level for inner in range(7)
                    if (outer, inner) in links and inner not in best]  # fmt: skip
            level = sorted({way[-1] for way in ways})
            best |= {inner: min(way for way in ways if way[-1] == inner) for inner in level}
        for one in range(4):
            ways = [way for there, way in best.items() if one in direct[there]]
            shortest = min(ways, key=lambda way: (len(way), way), default=())
            if shortest:
                expected[f"g{start}", f"u{one}"] = shortest
    assert {place: tuple(int(one[1:]) for one in way) for place, way in found.items()} == expected


def nested(outer: str, *inner: str, name: str) -> Records:
    """A group whose members are groups."""
    pointer = Pointer("responses/slack/groups-1.json", 9)
    return Records(
        groups=(Group("slack", outer, pointer, name),),
        memberships=tuple(Membership("slack", outer, one, "Group", pointer) for one in inner),
    )


def test_a_leaver_is_found_in_the_group_around_the_group(tmp_path: Path) -> None:
    """The finding names the way, and its evidence is the group that it is about."""
    records: list[Record] = [
        leaver("1042", LEFT, emails=("ana@example.com",), display_name="Ana Ruiz"),
        account("U1", emails=("ana@example.com",), active=False),
        group("G1", "U1", name="backend"),
        nested("G2", "G1", name="engineering"),
    ]
    company = Company(records)
    found = {
        one.group.id: one
        for one in company.findings(tmp_path, "leaver_membership")
        if one.group is not None
    }
    assert found["G1"].via == ()
    assert found["G2"].via == ("G1",)
    assert found["G2"].detail.endswith(
        "the inactive account is still a member of engineering through backend."
    )
    assert [row["via"] for row in read_rows(table_path(tmp_path, "memberships", "slack"))] == [
        None,
        None,
        '["G1"]',
    ]


def test_members_of_nested_groups_count_where_a_rule_expects_people(tmp_path: Path) -> None:
    """Who is in the nested group is in the group: not missing, and unexpected with its way."""
    records: list[Record] = [
        person("1", emails=("a@x.org",), department="Engineering"),
        person("2", emails=("b@x.org",), department="Sales", display_name="Bo"),
        account("U1", emails=("a@x.org",)),
        account("U2", emails=("b@x.org",)),
        group("G1", "U1", "U2", name="backend"),
        nested("G2", "G1", name="engineering"),
    ]
    rule = {"app": "slack", "group": "engineering", "people": {"department": ["Engineering"]}}
    (drift,) = Company(records, entitlements=[rule]).findings(tmp_path, "group_drift")
    assert (drift.via, drift.group and drift.group.direction) == (("G1",), "unexpected")
    assert drift.detail == (
        "Bo is a member of engineering through backend, which is for the people whose department "
        "is Engineering."
    )


def test_the_table_is_written_whatever_ids_hold() -> None:
    """A lone surrogate in the way becomes its escape, as in every other column."""
    odd = [member("a", "\ud800"), user("\ud800", "1")]
    columns = membership_columns([*odd, replace(odd[1], member_id="2")])
    assert set(columns) == set(MEMBERSHIPS.names)
    assert columns["via"][-1] == '["\\\\ud800"]'
