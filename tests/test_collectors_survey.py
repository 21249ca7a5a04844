"""One look at a source: what it finds, what it asks, and that it never falls over."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collectors import inquiry
from collectors import survey as survey_module
from collectors.base import Collector
from collectors.http import SYSTEM_TIMING
from collectors.registry import build_collector
from collectors.survey import survey_all
from scanner.config import Source
from scanner.errors import ConfigError
from scanner.model import Ability, PageSurvey, SignIn, Survey
from tests.conftest import watch
from tests.fakes.answers import Given, answering, listed
from tests.fakes.recorder import MemoryRecorder, StillTime
from tests.fakes.scim_server import Fault, group, serving, user

UTC_ZONE = ZoneInfo("UTC")
TOKEN = watch("survey-token-5f21aa")
USERS = [user(number, active=number % 5 != 0) for number in range(1, 251)]
GROUPS = [group(1, ["u1", "u2"]), group(2, ["u3"])]


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SURVEY_TOKEN", TOKEN)


def make(url: str, **settings: object) -> Source:
    plain = {"type": "scim", "url": url, "auth": {"bearer": "env:SURVEY_TOKEN"}}
    return Source.model_validate({**plain, **settings})


def look(url: str, *, needed: bool = False, **settings: object) -> Survey:
    """Look at one source while time stands still."""
    sources = {"app": make(url, **settings)}
    names = frozenset(sources) if needed else frozenset[str]()
    (found,) = survey_all(sources, UTC_ZONE, Path(), groups_needed=names, timing=StillTime().timing)
    return found


def look_at(answers: dict[str, Given], *, needed: bool = False, **settings: object) -> Survey:
    with answering(answers) as server:
        return look(server.url, needed=needed, **settings)


def seen(page: PageSurvey) -> dict[str, tuple[int, int]]:
    return {one.name: (one.seen, one.of) for one in page.abilities}


def codes(found: Survey) -> tuple[list[str], list[str]]:
    """What it lacks, and what it remarks."""
    return [one.code for one in found.lacking], [one.code for one in found.notes]


def person(number: int, **more: object) -> dict[str, Any]:
    return user(number, active=number > 1, **more)


def test_a_good_app_shows_what_it_can() -> None:
    """Figures, abilities, sign-in and the estimate are those of the first pages."""
    with serving(USERS, GROUPS) as server:
        found = look(server.url)
    assert (found.reachable, found.sign_in, found.usable) == (True, SignIn.ACCEPTED, True)
    users, groups = found.users, found.groups
    assert (users.asked, users.given, users.reported, users.status) == (100, 100, 250, 200)
    assert (groups.given, groups.reported) == (2, 2)
    shown = seen(users)
    assert shown["inactive"] == (20, 100)
    assert shown["emails"] == shown["external_id"] == shown["created_at"] == (100, 100)
    assert shown["employee_number"] == shown["last_activity_at"] == (0, 100)
    assert seen(groups) == {"members": (2, 2)}
    assert (found.full_read_requests, found.full_read_milliseconds) == (6, 0)
    assert (codes(found), found.quirks) == (([], []), ())


def test_a_look_is_three_requests_and_nothing_but_get() -> None:
    """One request each for the configuration, users and groups, with the configured page size."""
    with serving(USERS, GROUPS) as server:
        found = look(server.url, page_size=7)
        asked = [(one.method, one.path.removeprefix("/scim/v2")) for one in server.ledger]
    assert asked == [
        ("GET", "/ServiceProviderConfig"),
        ("GET", "/Users?startIndex=1&count=7"),
        ("GET", "/Groups?startIndex=1&count=7"),
    ]
    assert found.requests == 3


def test_the_configuration_of_a_server_is_not_asked_for_where_that_is_switched_off() -> None:
    """``discovery = false`` holds for a look as well."""
    with serving(USERS, GROUPS) as server:
        look(server.url, discovery=False)
        assert not any("ServiceProviderConfig" in one.path for one in server.ledger)


def test_an_hris_shows_who_has_left_and_is_not_asked_for_groups() -> None:
    """People who left and their departure dates are counted; groups are no lack."""
    place = "urn:example:2.0:User"
    left = person(1, **{place: {"end": "2026-10-01"}})
    answers: dict[str, Given] = {"/Users": listed(left, person(2))}
    with answering(answers) as server:
        found = look(server.url, role="hris", attributes={"departed_at": f"{place}:end"})
        assert "/Groups" not in server.ledger
    shown = seen(found.users)
    assert (shown["departed"], shown["departed_at"]) == ((1, 2), (1, 1))
    assert found.groups.failure is not None
    assert (found.groups.failure.code, codes(found)) == ("groups.not_needed", ([], []))


def test_an_hris_without_leavers_or_dates_is_remarked_on() -> None:
    """Nobody who has left, and no date for those who have: the audit would say less."""
    everybody: dict[str, Given] = {"/Users": listed(person(2), person(3))}
    leavers: dict[str, Given] = {"/Users": listed(person(1))}
    mapped = {"departed_at": "left"}
    assert codes(look_at(everybody, role="hris"))[1] == ["departed.not_seen", "departed.undated"]
    assert codes(look_at(everybody, role="hris", attributes=mapped))[1] == ["departed.not_seen"]
    assert codes(look_at(leavers, role="hris", attributes=mapped))[1] == ["departed.undated"]


@pytest.mark.parametrize(
    ("fault", "lack", "sign_in"),
    [
        (Fault.UNAUTHORIZED, "auth.rejected", SignIn.REFUSED),
        (Fault.HTML_PAGE, "read.media_type", SignIn.UNKNOWN),
        (Fault.REDIRECT, "read.redirect", SignIn.UNKNOWN),
        (Fault.TOTAL_AS_STRING, "read.not_list_response", SignIn.UNKNOWN),
        (Fault.SCIM_ERROR_200, "read.scim_error", SignIn.UNKNOWN),
        (Fault.ALWAYS_500, "http.status", SignIn.UNKNOWN),
        (Fault.TRUNCATED, "read.interrupted", SignIn.UNKNOWN),
        (Fault.ABSENT_ACTIVE, "record.active_unknown", SignIn.ACCEPTED),
    ],
)
def test_a_source_that_cannot_be_read_says_why(fault: Fault, lack: str, sign_in: SignIn) -> None:
    """It is reachable, but lacks something, with the reason an audit would give."""
    with serving(USERS, GROUPS, fault) as server:
        found = look(server.url)
    assert (found.reachable, found.usable, found.sign_in) == (True, False, sign_in)
    assert codes(found)[0] == [lack]


def test_a_server_that_is_not_there_is_asked_once() -> None:
    """Unreachable is said after the tries of one request; nothing more is asked."""
    found = look("http://127.0.0.1:9/scim")
    assert (found.reachable, found.sign_in) == (False, SignIn.UNKNOWN)
    assert codes(found) == (["read.connect"], [])
    assert found.requests == 4
    assert found.groups.failure is not None
    assert found.groups.failure.code == "groups.users_not_read"


def test_a_forbidden_list_and_no_credentials_are_told_apart() -> None:
    """403 is a token without the right; without any auth nothing is said of a token."""
    assert look_at({"/Users": 403}).sign_in is SignIn.FORBIDDEN
    assert look_at({"/Users": 403}, auth="none").sign_in is SignIn.NOT_CONFIGURED


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.NO_GROUPS, "groups.unsupported"),
        (Fault.GROUPS_FORBIDDEN, "groups.forbidden"),
        (Fault.MEMBERS_HIDDEN, "groups.members_not_observable"),
    ],
)
def test_groups_that_cannot_be_seen_are_a_lack_only_where_they_are_needed(
    fault: Fault, code: str
) -> None:
    """Without an entitlement it is a remark; with one, the audit would lack it."""
    with serving(USERS, GROUPS, fault) as server:
        assert codes(look(server.url)) == ([], [code])
        needed = look(server.url, needed=True)
    assert codes(needed) == ([code], [])
    assert needed.lacking[0].hint


def test_a_broken_list_of_groups_leaves_users_as_they_are() -> None:
    """Users stay readable; the failure of groups is told with its status."""
    found = look_at({"/Users": listed(person(1)), "/Groups": 405})
    assert (found.usable, found.groups.status, found.users.given) == (True, 405, 1)
    assert codes(found)[1] == ["http.status"]


def test_members_are_looked_for_in_one_group_by_its_id() -> None:
    """A list without members is no lack where a group read by id has them; it costs requests."""
    bare = {name: value for name, value in group(1, []).items() if name != "members"}
    answers: dict[str, Given] = {
        "/Users": listed(person(1)),
        "/Groups": listed(bare, total=40),
        "/Groups/g1": group(1, ["u1"]),
    }
    found = look_at(answers, needed=True)
    assert (codes(found)[0], seen(found.groups)["members_by_id"]) == ([], (1, 1))
    assert found.groups.requests == 41 + 40
    hidden = look_at(answers, needed=True, members="hidden")
    assert codes(hidden)[0] == ["groups.members_not_observable"]


def test_members_may_come_from_the_users() -> None:
    """Users that name their groups do where groups name nobody."""
    answers: dict[str, Given] = {
        "/Users": listed(person(1, groups=[{"value": "g1"}])),
        "/Groups": listed(group(1, [])),
    }
    for way in ("auto", "from_users"):
        found = look_at(answers, needed=True, members=way)
        assert (codes(found)[0], seen(found.groups)["members_by_user"]) == ([], (1, 1))
    assert codes(look_at(answers, needed=True, members="per_group"))[0] != []


def test_active_may_be_shown_by_id_only() -> None:
    """A list that leaves active out is no lack where one user read by id has it."""
    silent = {name: value for name, value in person(2).items() if name != "active"}
    answers: dict[str, Given] = {"/Users": listed(silent), "/Users/u2": person(2)}
    found = look_at(answers)
    assert found.usable
    assert any("by its id" in quirk for quirk in found.quirks)
    assert found.users.requests == 2 + 1
    assert not look_at(answers, detail_limit=0).usable
    assert not look_at({"/Users": listed(silent), "/Users/u2": silent}).usable
    unnamed = {**silent, "id": 7}
    assert not look_at({"/Users": listed(unnamed)}).usable


def test_quirks_are_named_and_harmless() -> None:
    """Wrong page figures, an unpaged list and a suspicious total are said, and stay no lack."""
    said = {}
    for fault in (Fault.WRONG_ECHO, Fault.IGNORES_PAGING, Fault.TOTAL_IS_PAGE, Fault.ECHO_TOKEN):
        with serving(USERS, GROUPS, fault) as server:
            found = look(server.url)
        assert found.usable or fault is Fault.TOTAL_IS_PAGE
        said[fault] = " / ".join(found.quirks)
        assert TOKEN not in repr(found)
    assert "startIndex came back as 2" in said[Fault.WRONG_ECHO]
    assert "itemsPerPage says 101" in said[Fault.WRONG_ECHO]
    assert "does not page" in said[Fault.IGNORES_PAGING]
    assert "exactly the page size" in said[Fault.TOTAL_IS_PAGE]
    assert "credentials" in said[Fault.ECHO_TOKEN]


@pytest.mark.parametrize(
    ("count", "settings", "lacking"),
    [
        (100, {}, ["read.possible_cap"]),
        (100, {"page_size": 50}, ["read.possible_cap"]),
        (100, {"page_size": 30}, []),
        (100, {"expected_size": 100}, []),
        (99, {}, []),
    ],
)
def test_a_round_total_is_told_as_the_audit_will_tell_it(
    count: int, settings: dict[str, Any], lacking: list[str]
) -> None:
    """A possible cap is lacking from the first page on, unless the audit's pages settle it."""
    with serving(USERS[:count], GROUPS) as server:
        found = look(server.url, **settings)
    assert codes(found)[0] == lacking


def test_a_page_limit_of_the_server_is_told_once() -> None:
    """Where the server states its limit, the short page needs no second remark."""
    with serving(USERS, GROUPS, max_page=50) as server:
        (quirk,) = look(server.url).quirks
    assert "50 came where a page of 100 was asked for" in quirk
    pages: dict[str, Given] = {
        "/ServiceProviderConfig": {"filter": {"maxResults": 1}},
        "/Users": listed(person(1), total=2),
    }
    assert look_at(pages).quirks == (
        "the server says that a page holds at most 1; page_size is 100",
    )


@pytest.mark.parametrize(
    ("page", "lack"),
    [
        (listed(person(1), person(2), total=1), "read.total_contradicts"),
        (listed(total=9), "read.total_contradicts"),
        (listed(person(1), person(1)), "read.duplicate_id"),
        (listed(), "read.empty"),
    ],
)
def test_one_page_can_disprove_a_list(page: dict[str, Any], lack: str) -> None:
    """A contradiction on the first page is a lack at once."""
    assert codes(look_at({"/Users": page}))[0] == [lack]


def test_a_list_that_may_be_empty_is_no_lack() -> None:
    """``allow_empty`` is believed."""
    assert look_at({"/Users": listed()}, allow_empty=True).usable


def test_a_source_by_cursor_is_asked_by_cursor() -> None:
    """By setting, by what the server says of itself, and where it wants no index."""
    by_cursor: dict[str, Given] = {"/Users?cursor": listed(person(1), total=3), "/Users": 400}
    cases: list[tuple[dict[str, Given], dict[str, Any]]] = [
        (by_cursor, {"paging": "cursor"}),
        (by_cursor, {"paging": "auto"}),
        (
            {
                **by_cursor,
                "/ServiceProviderConfig": {"pagination": {"cursor": True, "index": False}},
            },
            {},
        ),
    ]
    for answers, settings in cases:
        found = look_at(answers, **settings)
        assert (found.usable, found.users.given, found.users.requests) == (True, 1, 3)
    assert codes(look_at(by_cursor, paging="index"))[0] == ["http.status"]


def test_a_cursor_that_was_not_asked_for_is_a_quirk() -> None:
    """A server that pages by cursor on its own says so in its first page."""
    found = look_at({"/Users": listed(person(1), total=2, nextCursor="x")})
    assert "pages by cursor, although an index was asked for" in found.quirks
    assert found.users.requests == 2


def test_without_a_total_there_is_no_estimate() -> None:
    """A chain of cursors without a total has no known length."""
    page = {name: value for name, value in listed(person(1)).items() if name != "totalResults"}
    found = look_at({"/Users?cursor": page}, paging="cursor")
    assert (found.usable, found.users.reported) == (True, None)
    assert (found.full_read_requests, found.full_read_milliseconds) == (None, None)


@pytest.mark.parametrize("settings", [{}, {"passes": 2}, {"overlap": False}])
@pytest.mark.parametrize("count", [1, 99, 100, 101, 199, 250])
def test_the_estimate_is_what_a_reading_takes(count: int, settings: dict[str, Any]) -> None:
    """Of an honest server the number of requests is exactly that of a full reading."""
    with serving(USERS[:count], GROUPS) as server:
        found = look(server.url, **settings)
        collector = build_collector("app", make(server.url, **settings), UTC_ZONE, Path())
        reading = asyncio.run(collector.read(MemoryRecorder(), lambda _: None))
    assert found.full_read_requests == reading.requests


def test_the_pace_of_a_source_counts_for_the_estimate_and_not_for_the_look() -> None:
    """One request a minute makes a full read long; the look itself does not wait."""
    with serving(USERS, GROUPS) as server:
        found = look(server.url, requests_per_minute=1)
    assert (found.full_read_requests, found.full_read_milliseconds) == (6, 5 * 60_000)
    assert found.requests_per_minute == 1


@pytest.mark.parametrize(
    ("fault", "code"), [(Fault.SLOW, "read.timeout"), (Fault.ALWAYS_429, "http.rate_limited")]
)
def test_patience_ends(fault: Fault, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that keeps us waiting is given up, with the reason of the last try if any."""
    monkeypatch.setattr(inquiry, "PATIENCE_SECONDS", 0.3)
    with serving(USERS, GROUPS, fault) as server:
        sources = {"app": make(server.url)}
        (found,) = survey_all(sources, UTC_ZONE, Path(), timing=SYSTEM_TIMING)
    assert codes(found)[0] == [code]


def test_sources_keep_their_order() -> None:
    """The result is in the order of the configuration, whoever answers first."""
    with serving(USERS, GROUPS) as server:
        sources = {
            name: make(url)
            for name, url in (("b", "http://127.0.0.1:9/x"), ("a", server.url), ("c", server.url))
        }
        found = survey_all(sources, UTC_ZONE, Path(), timing=StillTime().timing)
    assert [(one.source, one.reachable) for one in found] == [
        ("b", False),
        ("a", True),
        ("c", True),
    ]


def test_a_missing_secret_is_an_error_before_any_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """ConfigError names the source; no server hears of it."""
    monkeypatch.delenv("SURVEY_TOKEN")
    with serving(USERS) as server:
        with pytest.raises(ConfigError, match=r"sources\.app"):
            look(server.url)
        assert server.ledger == []


def test_a_source_of_another_protocol_is_said_to_be_out_of_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What cannot be looked at one page at a time is no error, and says what to do."""

    class Other:
        """Stands for a collector of another protocol."""

    other: Any = Other()
    source = make("https://files.example.com")
    monkeypatch.setattr(survey_module, "build_collector", lambda *_: other)
    (found,) = survey_all({"app": source}, UTC_ZONE, Path())
    assert codes(found)[0] == ["check.unsupported"]
    assert not found.usable


def test_a_type_without_groups_is_not_asked_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The profile's word is enough."""
    real = build_collector

    def without_groups(*given: Any) -> Collector:  # noqa: ANN401 - the registry's own
        collector: Any = real(*given)
        source = collector._source
        object.__setattr__(source, "groups_path", None)
        return collector  # type: ignore[no-any-return]  # Any stands for what it is

    monkeypatch.setattr(survey_module, "build_collector", without_groups)
    with serving(USERS, GROUPS) as server:
        found = look(server.url)
        assert not any("Groups" in one.path for one in server.ledger)
    assert codes(found) == ([], ["groups.unsupported"])


@pytest.mark.parametrize(
    ("domain", "settings", "aliases", "notes"),
    [
        ("sandbox.example", {}, {}, ["read.foreign_domains"]),
        ("sandbox.example", {"min_domain_percent": 0}, {}, []),
        ("sandbox.example", {}, {"sandbox.example": "corp.example"}, []),
        ("corp.example", {}, {}, []),
    ],
)
def test_foreign_domains_are_remarked_on_as_far_as_one_page_shows(
    domain: str, settings: dict[str, Any], aliases: dict[str, str], notes: list[str]
) -> None:
    """An app's page is held against the page of the HRIS, by the same aliases as an audit's."""
    people = [person(one, emails=[{"value": f"p{one}@corp.example"}]) for one in range(12)]
    accounts = [user(one, active=one > 1, emails=[{"value": f"u{one}@{domain}"}])
                for one in range(12)]  # fmt: skip
    mapped = {"attributes": {"departed_at": "meta.created"}}
    with serving(people, []) as hris, serving(accounts, GROUPS) as app:
        sources = {
            "people": make(hris.url, role="hris", **mapped),
            "app": make(app.url, **settings),
        }
        zone, timing = UTC_ZONE, StillTime().timing
        every = survey_all(sources, zone, Path(), domain_aliases=aliases, timing=timing)
        found = {one.source: one for one in every}
    assert codes(found["app"]) == ([], notes)
    assert all("on the first page" in one.message for one in found["app"].notes)
    assert codes(found["people"]) == ([], [])


def test_abilities_are_counts() -> None:
    """An ability never shows more than was looked at."""
    with serving(USERS, GROUPS) as server:
        found = look(server.url)
    for one in (*found.users.abilities, *found.groups.abilities):
        assert isinstance(one, Ability)
        assert 0 <= one.seen <= one.of
