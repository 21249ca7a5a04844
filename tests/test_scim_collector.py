"""Promises of collectors.scim.collector against a server on a real socket."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from scim2_server.applications.wsgi import WSGIApplication
from scim2_server.memory import InMemoryStorage
from scim2_server.utils import load_default_provider

from collectors.base import Exchange
from collectors.scim.attribute import ENTERPRISE, ENTERPRISE_1
from collectors.scim.message import Dialect
from collectors.scim.size import Size
from collectors.secret import Credentials, resolve_auth
from scanner.config import Auth, StateValues
from scanner.errors import EvidenceError
from scanner.model import Pointer, Progress, Reading, Records, Resource, Role, State
from tests.conftest import watch
from tests.fakes.recorder import MemoryRecorder, StillTime
from tests.fakes.scim_reading import codes, group_codes, make_collector, run, users
from tests.fakes.scim_server import Fault, ScimServer, group, serving, user

TOKEN = watch("correct-horse-battery/staple+1=")


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> Credentials:
    monkeypatch.setenv("APP_TOKEN", TOKEN)
    return resolve_auth(Auth(bearer="env:APP_TOKEN"), Path())


def broken_points(reading: Reading) -> list[str]:
    return [point.name for point in reading.users.proof if not point.held]


GROUPS = [group(1, ["u1", "u2"]), group(2, ["u3"]), group(3, [])]


@pytest.mark.parametrize("count", [1, 9, 10, 11, 25])
@pytest.mark.parametrize("max_page", [3, 1000])
def test_every_record_is_read_exactly_once(count: int, max_page: int) -> None:
    """An honest server of any size and page limit is COMPLETE, with each user once, in order."""
    groups = GROUPS if count > 3 else [group(1, ["u1"])]
    with serving(users(count), groups, max_page=max_page) as server:
        reading, records = run(make_collector(server.url), MemoryRecorder())
    assert reading.state is reading.groups.state is State.COMPLETE
    assert (reading.users.reported, reading.users.received) == (count, count)
    assert [account.account_id for account in records.accounts] == [
        one["id"] for one in users(count)
    ]
    assert [account.active for account in records.accounts] == [
        one["active"] for one in users(count)
    ]
    assert [(one.group_id, one.member_id) for one in records.memberships] == [
        (one["id"], member["value"]) for one in groups for member in one["members"]
    ]
    assert reading.memberships_received == len(records.memberships)
    assert all(point.held for point in reading.users.proof)
    assert not reading.users.reasons


def test_pointers_lead_to_the_record() -> None:
    """A record's pointer names the response and the place in which it stands."""
    recorder = MemoryRecorder()
    with serving(users(23)) as server:
        _, records = run(make_collector(server.url), recorder)
    last = records.accounts[-1]
    assert last.pointer.index == 4
    exchange = recorder.open(last.pointer.response)
    assert "startIndex=19" in exchange.url
    assert b'"u23"' in exchange.body


def test_an_hris_gives_people_and_is_not_asked_for_groups() -> None:
    """Of an HRIS users become people, inactive ones terminated, and Groups are not asked for."""
    with serving(users(3), GROUPS) as server:
        reading, records = run(make_collector(server.url, role=Role.HRIS), MemoryRecorder())
        assert not [asked for asked in server.ledger if "Groups" in asked.path]
    assert [(one.person_id, one.status.value) for one in records.people] == [
        ("u1", "active"), ("u2", "active"), ("u3", "terminated"),
    ]  # fmt: skip
    assert records.accounts == ()
    assert reading.groups.state is State.NOT_READ
    assert group_codes(reading) == ["groups.not_needed"]


INCOMPLETE = [
    (Fault.LYING_TOTAL, "read.total_contradicts", "ids_equal_total"),
    (Fault.TOTAL_IS_PAGE, "read.total_changed", "constant_total"),
    (Fault.CHANGING_TOTAL, "read.total_changed", "constant_total"),
    (Fault.DUPLICATE, "read.duplicate_id", "unique_ids"),
    (Fault.ENDLESS_PAGE_1, "read.probe", "probe_past_end"),
    (Fault.DIES_ON_PAGE_2, "read.interrupted", "status_and_media_type"),
    (Fault.ABSENT_ACTIVE, "record.active_unknown", "records_understood"),
]

NOT_READ = [
    (Fault.TOTAL_AS_STRING, "read.not_list_response", "list_response"),
    (Fault.HTML_PAGE, "read.media_type", "status_and_media_type"),
    (Fault.REDIRECT, "read.redirect", "no_redirect_same_origin"),
    (Fault.TRUNCATED, "read.interrupted", "status_and_media_type"),
    (Fault.CLOSE_DELIMITED, "read.framing", "status_and_media_type"),
    (Fault.ALWAYS_429, "http.rate_limited", "status_and_media_type"),
    (Fault.ALWAYS_500, "http.status", "status_and_media_type"),
    (Fault.UNAUTHORIZED, "auth.rejected", "status_and_media_type"),
    (Fault.GZIP, "read.encoding", "status_and_media_type"),
    (Fault.SCIM_ERROR_200, "read.scim_error", "list_response"),
]


@pytest.mark.parametrize(("fault", "code", "point"), INCOMPLETE)
def test_a_fault_in_the_list_is_incomplete_with_its_reason(
    fault: Fault, code: str, point: str
) -> None:
    """A misbehaviour of the list makes it INCOMPLETE, names why, and keeps what came."""
    with serving(users(25), [], fault) as server:
        reading, records = run(make_collector(server.url), MemoryRecorder())
    assert reading.state is State.INCOMPLETE
    assert code in codes(reading)
    assert point in broken_points(reading)
    assert len(records.accounts) == reading.users.received > 0


@pytest.mark.parametrize(("fault", "code", "point"), NOT_READ)
def test_an_unusable_first_answer_is_not_read_with_its_reason(
    fault: Fault, code: str, point: str
) -> None:
    """Where not one page can be used the source is NOT_READ, names why, and holds no record."""
    recorder = MemoryRecorder()
    with serving(users(25), GROUPS, fault) as server:
        reading, records = run(make_collector(server.url), recorder)
    assert reading.state is State.NOT_READ
    assert codes(reading) == [code]
    assert reading.users.reasons[0].message
    assert point in broken_points(reading)
    assert records == Records()
    assert group_codes(reading) == ["groups.users_not_read"]
    assert len(recorder.exchanges) == reading.requests


def test_an_endless_answer_ends_at_the_deadline() -> None:
    """A server that never finishes its answer costs one deadline and is told as a timeout."""
    with serving(users(5), [], Fault.SLOW) as server:
        reading, _ = run(make_collector(server.url, timeout=0.2), MemoryRecorder())
    assert codes(reading) == ["read.timeout"]
    assert reading.requests == 1


@pytest.mark.parametrize("fault", [Fault.DIES_ONCE, Fault.RETRY_AFTER_ONCE, Fault.CHUNKED])
def test_a_recovered_fault_leaves_no_trace_in_the_records(fault: Fault) -> None:
    """A fault that passes gives the same records as no fault, and only the retries tell."""
    with serving(users(25), GROUPS) as server:
        _, golden = run(make_collector(server.url), MemoryRecorder())
    time = StillTime()
    with serving(users(25), GROUPS, fault) as server:
        reading, records = run(make_collector(server.url, time=time), MemoryRecorder())
    assert reading.state is State.COMPLETE
    assert _bare(records) == _bare(golden)
    assert reading.retries == len(time.slept) == (fault is not Fault.CHUNKED)
    if fault is Fault.RETRY_AFTER_ONCE:
        assert time.slept == [7.0]


def _bare(records: Records) -> list[object]:
    """Records without their place: a retry moves the number of a response."""
    first = Pointer("", 0)
    return [
        *(replace(one, pointer=first) for one in records.accounts),
        *(replace(one, pointer=first) for one in records.groups),
        *(replace(one, pointer=first) for one in records.memberships),
    ]


@pytest.mark.parametrize("fault", [Fault.PAST_END_404, Fault.IGNORES_PAGING])
def test_harmless_ways_to_end_a_list_are_noted(fault: Fault) -> None:
    """A list whose end is answered oddly is COMPLETE where all is there, with a deviation."""
    with serving(users(25), [], fault) as server:
        reading, records = run(make_collector(server.url, page_size=25), MemoryRecorder())
    assert reading.state is State.COMPLETE
    assert len(records.accounts) == 25
    assert any("past the end" in one for one in reading.users.deviations)


def test_wrong_page_figures_are_told() -> None:
    """A wrong startIndex counts unless excused by name; a wrong itemsPerPage is only noted."""
    excused = Dialect(excuses=frozenset({"start_index_echo"}))
    with serving(users(25), [], Fault.WRONG_ECHO) as server:
        strict, _ = run(make_collector(server.url), MemoryRecorder())
        reading, _ = run(make_collector(server.url, dialect=excused), MemoryRecorder())
    assert (codes(strict), broken_points(strict)) == (["read.start_index"], ["start_index_echo"])
    assert reading.state is State.COMPLETE
    assert [one.partition(" ")[0] for one in reading.users.deviations] == ["itemsPerPage"]


def test_a_round_number_from_a_server_without_paging_may_be_a_limit() -> None:
    """Exactly 50 users, again and again, though 100 were asked for, are not taken for all."""
    with serving(users(50), [], Fault.IGNORES_PAGING) as server:
        reading, _ = run(make_collector(server.url, page_size=100), MemoryRecorder())
    assert codes(reading) == ["read.possible_cap"]
    assert reading.state is State.INCOMPLETE


@pytest.mark.parametrize(
    ("count", "settings", "settled"),
    [
        (50, {"page_size": 100}, False),
        (100, {"page_size": 50}, False),
        (50, {"page_size": 30}, True),
        (49, {"page_size": 100}, True),
        (50, {"page_size": 100, "size": Size(expected=50)}, True),
    ],
)
def test_a_round_number_of_users_is_a_possible_cap_until_something_settles_it(
    count: int, settings: dict[str, Any], settled: bool
) -> None:
    """Exactly 50 users and an empty list after them are not COMPLETE by themselves."""
    with serving(users(count)) as server:
        reading, _ = run(make_collector(server.url, **settings), MemoryRecorder())
    assert (reading.state is State.COMPLETE) is settled
    assert codes(reading) == ([] if settled else ["read.possible_cap"])


def test_an_empty_source_is_refused_unless_allowed() -> None:
    """No users at all is INCOMPLETE, and COMPLETE only where allow_empty says so."""
    with serving([], GROUPS) as server:
        refused, _ = run(make_collector(server.url), MemoryRecorder())
        allowed, _ = run(make_collector(server.url, allow_empty=True), MemoryRecorder())
    assert codes(refused) == ["read.empty"]
    assert allowed.state is State.COMPLETE


@pytest.mark.parametrize("canary", ["u7", "E7", "USER7", "User7@Example.com", "n7"])
def test_a_canary_is_found_by_any_of_its_names(canary: str) -> None:
    """A canary matches id, external id, number, user name or e-mail in any ASCII case."""
    numbered = {**user(7), ENTERPRISE: {"employeeNumber": "N7"}}
    with serving([*users(6), numbered]) as server:
        reading, _ = run(make_collector(server.url, canaries=(canary,)), MemoryRecorder())
    assert reading.state is State.COMPLETE


def test_a_missing_canary_is_named() -> None:
    """A canary that does not appear makes the source INCOMPLETE and is named."""
    with serving(users(6)) as server:
        reading, _ = run(make_collector(server.url, canaries=("u1", "boss")), MemoryRecorder())
    assert codes(reading) == ["read.canary_missing"]
    assert "boss" in reading.users.reasons[0].message
    assert "u1" not in reading.users.reasons[0].message


@pytest.mark.parametrize(
    ("fault", "code"),
    [(Fault.NO_GROUPS, "groups.unsupported"), (Fault.GROUPS_FORBIDDEN, "groups.forbidden")],
)
def test_groups_that_are_not_offered_leave_users_whole(fault: Fault, code: str) -> None:
    """A server without groups is NOT_READ for groups, says why, and COMPLETE for users."""
    with serving(users(3), GROUPS, fault) as server:
        reading, _ = run(make_collector(server.url), MemoryRecorder())
    assert reading.state is State.COMPLETE
    assert reading.groups.state is State.NOT_READ
    assert group_codes(reading) == [code]


def test_a_type_without_groups_is_not_asked() -> None:
    """Where the profile knows of no groups, none are asked for."""
    with serving(users(3), GROUPS) as server:
        reading, _ = run(make_collector(server.url, groups_path=None), MemoryRecorder())
        assert len(server.ledger) == 2
    assert group_codes(reading) == ["groups.unsupported"]


def test_groups_without_a_single_member_are_not_believed() -> None:
    """Groups that show no member at all, in an app with users, are INCOMPLETE."""
    with serving(users(3), GROUPS, Fault.MEMBERS_HIDDEN) as server:
        reading, _ = run(make_collector(server.url), MemoryRecorder())
    assert reading.groups.state is State.INCOMPLETE
    assert group_codes(reading) == ["groups.members_not_observable"]


def test_no_groups_at_all_is_complete() -> None:
    """An app with no group is COMPLETE for groups."""
    with serving(users(3)) as server:
        reading, _ = run(make_collector(server.url), MemoryRecorder())
    assert reading.groups.state is State.COMPLETE


def test_groups_are_attempted_when_users_are_incomplete() -> None:
    """A flaw in the users does not keep the groups from being read."""
    with serving(users(3), GROUPS, Fault.ABSENT_ACTIVE) as server:
        reading, records = run(make_collector(server.url), MemoryRecorder())
    assert (reading.state, reading.groups.state) == (State.INCOMPLETE, State.COMPLETE)
    assert len(records.groups) == 3


def test_records_without_id_are_counted_not_kept() -> None:
    """A user or group without id is named in a reason and left out of the records."""
    nameless = {key: value for key, value in user(9).items() if key != "id"}
    crowd = {key: value for key, value in group(9, ["u1"]).items() if key != "id"}
    with serving([user(1), nameless], [*GROUPS, crowd]) as server:
        reading, records = run(make_collector(server.url), MemoryRecorder())
        hris, people = run(make_collector(server.url, role=Role.HRIS), MemoryRecorder())
    assert "record.id_missing" in codes(reading)
    assert "record.id_missing" in group_codes(reading)
    assert "record.id_missing" in codes(hris)
    assert [one.account_id for one in records.accounts] == ["u1"]
    assert [one.person_id for one in people.people] == ["u1"]
    assert [one.group_id for one in records.groups] == ["g1", "g2", "g3"]


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("role", [Role.APP, Role.HRIS])
def test_the_ledger_holds_only_get_and_the_token_stays_home(
    fault: Fault, role: Role, credentials: Credentials
) -> None:
    """Whatever a server does: only GET, token to it alone and nowhere in what is stored."""
    recorder = MemoryRecorder()
    with (
        serving(users(2)) as elsewhere,
        serving(users(25), GROUPS, fault, redirect_to=elsewhere.url) as server,
    ):
        timeout = 0.2 if fault is Fault.SLOW else 10
        collector = make_collector(server.url, role=role, credentials=credentials, timeout=timeout)
        reading, records = run(collector, recorder)
        ledger, other = server.ledger, elsewhere.ledger
    assert other == []
    assert {asked.method for asked in ledger} == {"GET"}
    assert {asked.headers["Authorization"] for asked in ledger} == {f"Bearer {TOKEN}"}
    assert not any(TOKEN in asked.path for asked in ledger)
    shown = recorder.everything() + repr(reading) + repr(records)
    assert TOKEN not in shown
    assert len(recorder.exchanges) == reading.requests == len(ledger)


def test_an_echoed_token_is_masked_and_noted(credentials: Credentials) -> None:
    """A server that repeats the token is read, the token is masked, and the reading says so."""
    recorder = MemoryRecorder()
    with serving(users(3), [], Fault.ECHO_TOKEN) as server:
        reading, records = run(make_collector(server.url, credentials=credentials), recorder)
    assert reading.state is State.COMPLETE
    assert len(records.accounts) == 3
    assert b'"debug": "***"' in recorder.exchanges[0].body
    assert any("credentials" in one for one in reading.users.deviations)


def test_progress_tells_each_page_and_the_end() -> None:
    """The listener hears of every page and, last for each list, of its state."""
    seen: list[Progress] = []
    with serving(users(12), GROUPS) as server:
        run(make_collector(server.url), MemoryRecorder(), seen)
    told = [(one.phase, one.received, one.total, one.state) for one in seen]
    assert told == [
        ("users", 10, 12, None),
        ("users", 12, 12, None),
        ("users", 12, 12, None),
        ("users", 12, 12, State.COMPLETE),
        ("groups", 3, 3, None),
        ("groups", 3, 3, None),
        ("groups", 3, 3, State.COMPLETE),
    ]


def test_a_list_without_end_is_bounded() -> None:
    """A list longer than the bound on pages ends there and is INCOMPLETE."""
    with serving(users(25)) as server:
        reading, _ = run(make_collector(server.url, max_pages=2), MemoryRecorder())
        assert len([asked for asked in server.ledger if "Users" in asked.path]) == 2
    assert codes(reading) == ["read.too_many_pages"]
    assert reading.state is State.INCOMPLETE


OLD_USERS = [
    {
        "id": "W7QK2M01A",
        "userName": "ines.okafor",
        "active": True,
        "name": {"givenName": "Ines", "familyName": "Okafor"},
        "emails": [{"value": "ines.okafor@northwind.example", "primary": True}],
        ENTERPRISE_1: {
            "employeeNumber": "40117",
            "department": "Finance",
            "manager": {"managerId": "W7QK2M009"},
        },
    },
    {"id": "W7QK2M02B", "userName": "tomas.lind", "active": False, "emails": []},
]


def test_the_older_protocol_is_read_whole() -> None:
    """SCIM 1.1 is COMPLETE for accounts and groups, and its own places are read."""
    with serving(OLD_USERS, [group(1, ["W7QK2M01A"])], Fault.SCIM_1, max_page=1) as server:
        collector = make_collector(server.url, version="1.1", dialect=Dialect("1.1"))
        reading, records = run(collector, MemoryRecorder())
        hris = make_collector(
            server.url, role=Role.HRIS, version="1.1", dialect=Dialect("1.1"), passes=2
        )
        _, people = run(hris, MemoryRecorder())
    assert reading.state is reading.groups.state is State.COMPLETE
    assert [(one.user_name, one.active, one.employee_number) for one in records.accounts] == [
        ("ines.okafor", True, "40117"), ("tomas.lind", False, None),
    ]  # fmt: skip
    ines = people.people[0]
    assert (ines.manager_id, ines.department) == ("W7QK2M009", "Finance")
    assert len(records.memberships) == 1


def test_the_older_protocol_is_told_apart() -> None:
    """A SCIM 1.1 answer to a SCIM 2.0 request is not taken, and the setting is named."""
    with serving(OLD_USERS, [], Fault.SCIM_1) as server:
        reading, _ = run(make_collector(server.url), MemoryRecorder())
    assert codes(reading) == ["read.not_list_response"]
    assert 'scim = "1.1"' in reading.users.reasons[0].hint


def test_a_server_of_single_records_is_read_in_two_passes() -> None:
    """Where no page can begin with a known record, two equal passes stand in for that."""
    with serving(users(4), GROUPS, max_page=1) as server:
        reading, records = run(make_collector(server.url), MemoryRecorder())
    assert (reading.state, len(records.accounts)) == (State.COMPLETE, 4)
    overlap = next(one for one in reading.users.proof if one.name == "overlap")
    assert "two passes" in overlap.detail


def test_without_overlap_two_passes_are_made() -> None:
    """Where overlap is off a second pass is made, since nothing else shows that no record moved."""
    with serving(users(25)) as server:
        reading, _ = run(make_collector(server.url, overlap=False), MemoryRecorder())
        asked = [one.path.partition("startIndex=")[2][:2] for one in server.ledger][:8]
    assert reading.state is State.COMPLETE
    assert asked == ["1&", "11", "21", "26"] * 2


def test_an_hris_is_read_twice_and_must_agree() -> None:
    """With two passes both are recorded, the second is the population, and the proof says so."""
    recorder = MemoryRecorder()
    with serving(users(25)) as server:
        reading, records = run(make_collector(server.url, role=Role.HRIS, passes=2), recorder)
    assert (reading.state, reading.requests, len(records.people)) == (State.COMPLETE, 8, 25)
    assert reading.users.responses == ("responses/0005", "responses/0006", "responses/0007")
    assert recorder.exchanges[4].purpose == "users from 1, pass 2"
    assert reading.users.proof[-5].name == "second_pass"


class _Moving:
    """Users of whom one leaves before each second pass, as long as ``often`` lasts."""

    def __init__(self, scim: ScimServer, often: int) -> None:
        self.scim = scim
        self.often = often

    def __call__(self, progress: Progress) -> None:
        if self.often and progress.received == progress.total and progress.state is None:
            self.often -= 1
            self.scim.users.pop()


@pytest.mark.parametrize(("often", "state"), [(1, State.COMPLETE), (9, State.INCOMPLETE)])
def test_passes_that_differ_are_repeated_to_a_bound(often: int, state: State) -> None:
    """A list that changes between passes is read up to three times, then it is unstable."""
    with serving(users(9)) as server:
        collector = make_collector(server.url, role=Role.HRIS, passes=2)
        listener = _Moving(server, often)
        reading = asyncio.run(collector.read(MemoryRecorder(), listener))
        pages = sum("startIndex=1&" in one.path for one in server.ledger)
    assert (reading.state, pages) == (state, 3)
    assert ("read.unstable" in codes(reading)) == (state is State.INCOMPLETE)


def test_a_failure_in_a_later_pass_keeps_the_earlier_one() -> None:
    """Where the second pass fails, the first one's records stand, and the source is INCOMPLETE."""
    recorder = MemoryRecorder()
    with serving(users(9)) as server:
        heard: list[Progress] = []

        def close_door_after_probe(progress: Progress) -> None:
            heard.append(progress)
            if len(heard) == 2:
                server.faults = frozenset({Fault.HTML_PAGE})

        collector = make_collector(server.url, role=Role.HRIS, passes=2)
        reading = asyncio.run(collector.read(recorder, close_door_after_probe))
        records = collector.records(reading, recorder.open)
    assert (reading.state, codes(reading)) == (State.INCOMPLETE, ["read.media_type"])
    assert len(records.people) == 9


def test_an_unreliable_total_is_read_to_the_end_twice() -> None:
    """A total that counts the page only is no obstacle where the source says it is unreliable."""
    dialect = Dialect(total_optional=True)
    for fault in (Fault.TOTAL_IS_PAGE, Fault.LYING_TOTAL):
        with serving(users(25), GROUPS, fault, Fault.PAST_END_404) as server:
            reading, records = run(make_collector(server.url, dialect=dialect), MemoryRecorder())
        assert (reading.state, len(records.accounts)) == (State.COMPLETE, 25)
        assert any("not relied on" in one.detail for one in reading.users.proof)


@pytest.mark.parametrize("count", [1, 10, 11, 95])
@pytest.mark.parametrize("max_page", [7, 1000])
def test_pages_at_once_give_what_pages_in_turn_give(count: int, max_page: int) -> None:
    """With several requests under way the records are the same, in the same order."""
    with serving(users(count), max_page=max_page) as server:
        reading, records = run(make_collector(server.url, max_concurrency=4), MemoryRecorder())
        most = server.most_at_once
    assert reading.state is State.COMPLETE
    assert [one.account_id for one in records.accounts] == [one["id"] for one in users(count)]
    assert most <= 4
    assert reading.requests == len(server.ledger)


@pytest.mark.parametrize("fault", [Fault.DIES_ON_PAGE_2, Fault.DUPLICATE, Fault.ENDLESS_PAGE_1])
def test_a_fault_among_pages_at_once_is_found(fault: Fault) -> None:
    """Requests sent ahead are all recorded, and a fault in one of them is not lost."""
    recorder = MemoryRecorder()
    with serving(users(95), [], fault) as server:
        reading, _ = run(make_collector(server.url, max_concurrency=4), recorder)
        asked = len(server.ledger)
    assert reading.state is State.INCOMPLETE
    assert len(recorder.exchanges) == reading.requests == asked


def test_a_full_disk_under_requests_sent_ahead_reaches_the_caller() -> None:
    """What the recorder raises is raised, also where nobody waited for that request."""

    class FillingDisk(MemoryRecorder):
        def record(self, exchange: Exchange) -> str:
            if "startIndex=28" in exchange.url:
                raise EvidenceError("no space left")
            return super().record(exchange)

    with serving(users(95), [], Fault.DUPLICATE) as server, pytest.raises(EvidenceError):
        run(make_collector(server.url, max_concurrency=4), FillingDisk())


def test_records_past_the_end_must_be_those_sent_before() -> None:
    """A record that is sent twice with different content leaves the source INCOMPLETE."""
    with serving(users(9), [], Fault.IGNORES_PAGING) as server:

        def flip(_: Progress) -> None:
            server.users[0] = {**server.users[0], "active": not server.users[0]["active"]}

        reading = asyncio.run(make_collector(server.url).read(MemoryRecorder(), flip))
    assert codes(reading) == ["read.contradictory"]


def test_other_spellings_of_active_need_the_configuration() -> None:
    """An app's own spelling of active counts only where active_values lists it."""
    spelled = [{**user(1), "active": "True"}, {**user(2), "active": "False"}]
    states = StateValues(active=("True",), inactive=("False",))
    with serving(spelled) as server:
        strict, _ = run(make_collector(server.url), MemoryRecorder())
        told, records = run(make_collector(server.url, states=states), MemoryRecorder())
    assert codes(strict) == ["record.active_unknown"]
    assert "u1" in strict.users.reasons[0].message
    assert "active_values" in strict.users.reasons[0].hint
    assert told.state is State.COMPLETE
    assert [one.active for one in records.accounts] == [True, False]


def test_a_full_disk_is_not_a_fault_of_the_source() -> None:
    """What the recorder raises goes to the caller and is never taken for the server's doing."""

    class FullDisk(MemoryRecorder):
        def record(self, exchange: Exchange) -> str:  # noqa: ARG002 - the protocol's name
            raise EvidenceError("no space left")

    with serving(users(3)) as server, pytest.raises(EvidenceError, match="no space left"):
        run(make_collector(server.url), FullDisk())


def test_nobody_at_the_address() -> None:
    """A server that is not there is tried four times and then NOT_READ with read.connect."""
    with serving([]) as server:
        url = server.url
    time = StillTime()
    reading, _ = run(make_collector(url, time=time), MemoryRecorder())
    assert codes(reading) == ["read.connect"]
    assert (reading.requests, reading.retries) == (4, 3)
    assert time.slept == [0.75, 1.5, 3.0]


def test_patch_of_the_fake_server_changes_what_is_read() -> None:
    """The fake server's PATCH of active is seen by the next read, so it can stand for an app."""
    with serving(users(2)) as server:
        for number, expected in ((1, 200), (9, 404)):
            request = urllib.request.Request(
                f"{server.url}/Users/u{number}",
                data=b'{"Operations": [{"op": "replace", "path": "active", "value": false}]}',
                method="PATCH",
            )
            assert _status(request) == expected
        _, records = run(make_collector(server.url), MemoryRecorder())
    assert [one.active for one in records.accounts] == [False, True]


def _status(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""


@contextmanager
def scim2_server(resources: list[dict[str, Any]], members: int) -> Iterator[str]:
    """Run the scim2-server package on loopback with some users and one group."""
    provider = load_default_provider()
    application = WSGIApplication(InMemoryStorage(), provider)
    with make_server("127.0.0.1", 0, application, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/v2"
        try:
            ids = [_create(f"{url}/Users", one) for one in resources]
            crowd = {**group(1, ids[:members]), "id": None}
            _create(f"{url}/Groups", crowd)
            yield url
        finally:
            server.shutdown()
            thread.join()


def _create(url: str, resource: dict[str, Any]) -> str:
    body = json.dumps({key: value for key, value in resource.items() if key not in ("id", "meta")})
    request = urllib.request.Request(
        url, data=body.encode(), headers={"Content-Type": "application/scim+json"}, method="POST"
    )
    with urllib.request.urlopen(request) as response:
        return str(json.load(response)["id"])


def test_a_server_of_other_hands_is_read_whole() -> None:
    """A public SCIM server behind HTTP/1.0 is COMPLETE, with every user and membership."""
    seen: list[Progress] = []
    with scim2_server(users(23), members=5) as url:
        reading, records = run(make_collector(url), MemoryRecorder(), seen)
    assert reading.state is reading.groups.state is State.COMPLETE
    assert {one.user_name for one in records.accounts} == {one["userName"] for one in users(23)}
    assert sum(bool(one.active) for one in records.accounts) == 16
    assert all(one.created_at is not None for one in records.accounts)
    assert len(records.memberships) == reading.memberships_received == 5
    assert {one.phase for one in seen} == set(Resource)
