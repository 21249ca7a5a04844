"""Promises of collectors.registry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collectors.base import Collector, OpenResponse, Recorder
from collectors.registry import build_collector, read_all
from collectors.scim.attribute import ENTERPRISE_1, parse_path
from collectors.scim.collector import ScimCollector
from collectors.scim.message import Dialect
from collectors.scim.size import Size
from collectors.scim.source import ScimSource
from scanner.config import Source
from scanner.errors import ConfigError, EvidenceError
from scanner.model import ProgressListener, Reading, Records, State
from tests.fakes.recorder import MemoryRecorder
from tests.fakes.scim_server import Fault, group, serving, user

UTC_ZONE = ZoneInfo("UTC")
URL = "https://app.example.com/scim/v2"


def built(**source: object) -> ScimSource:
    collector = build_collector("app", make(**source), UTC_ZONE, Path())
    assert isinstance(collector, ScimCollector)
    return collector._source


def make(**source: object) -> Source:
    return Source.model_validate({"type": "scim", "url": URL, **source})


def test_a_profile_fills_what_a_source_leaves_out() -> None:
    """Page size, pace, paths and attributes come from the profile of the type."""
    source = built(type="slack")
    assert (source.page_size, source.target.requests_per_minute) == (1000, 500)
    assert (source.users_path, source.groups_path) == ("/Users", "/Groups")
    guest = "urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User:type"
    assert source.how.paths["account_type"] == parse_path(guest)
    assert built(type="slack", role="hris").how.paths.get("account_type") is None


def test_a_source_overrides_its_profile() -> None:
    """What stands in the source's own table wins over the profile."""
    source = built(
        type="slack",
        page_size=7,
        requests_per_minute=9,
        users_path="/People",
        groups_path="/Teams",
        attributes={"account_type": "userType"},
        canaries=("ana",),
        timeout_seconds=3,
    )
    assert (source.page_size, source.target.requests_per_minute) == (7, 9)
    assert (source.users_path, source.groups_path) == ("/People", "/Teams")
    assert source.how.paths["account_type"] == parse_path("userType")
    assert (source.canaries, source.target.timeout_seconds) == (("ana",), 3)


def test_the_protocol_settings_reach_the_reader() -> None:
    """Every setting about how a list is read is handed on, and the profile fills what is left."""
    plain, person = built(), built(role="hris")
    assert (plain.paging, plain.overlap, plain.passes, person.passes) == ("auto", True, 1, 2)
    assert (plain.members, plain.max_concurrency, plain.discovery) == ("auto", 1, False)
    source = built(
        scim="1.1",
        paging="cursor",
        overlap=False,
        passes=2,
        total="unreliable",
        excuses=["start_index_echo"],
        expected_size=7,
        max_drop_percent=5,
        acknowledge_drop_to=3,
        members="hidden",
        detail_limit=9,
        discovery=True,
        max_concurrency=4,
    )
    assert source.dialect == Dialect("1.1", frozenset({"start_index_echo"}), total_optional=True)
    assert source.how.paths["employee_number"].extension == ENTERPRISE_1
    assert source.size == Size(expected=7, max_drop_percent=5, acknowledged=3)
    assert (source.paging, source.overlap, source.passes) == ("cursor", False, 2)
    assert (source.members, source.detail_limit, source.discovery) == ("hidden", 9, True)
    assert source.max_concurrency == 4


def test_the_size_of_the_last_complete_run_is_handed_on() -> None:
    """A source's own figure of the last COMPLETE run becomes what it is measured against."""
    for previous, expected in (({"app": 40, "other": 7}, 40), ({"other": 7}, None), (None, None)):
        collector = build_collector("app", make(), UTC_ZONE, Path(), previous=previous)
        assert isinstance(collector, ScimCollector)
        assert collector._source.size.previous == expected


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"type": "slak"}, "sources.app: .*did you mean slack"),
        ({"auth": {"bearer": "env:NOT_SET_ANYWHERE"}}, "sources.app: env:NOT_SET_ANYWHERE"),
        ({"attributes": {"active": "a b c"}}, "sources.app.attributes: 'a b c'"),
    ],
)
def test_a_wrong_source_is_told_before_any_request(source: dict[str, Any], words: str) -> None:
    """A type, secret or path that cannot be used is a ConfigError naming the source."""
    with pytest.raises(ConfigError, match=words):
        build_collector("app", make(**source), UTC_ZONE, Path())


def test_offline_no_secret_is_fetched() -> None:
    """A collector for recorded answers only can be built where its secret is not at hand."""
    source = make(auth={"bearer": "env:NOT_SET_ANYWHERE"})
    collector = build_collector("app", source, UTC_ZONE, Path(), offline=True)
    assert isinstance(collector, ScimCollector)


def test_all_sources_are_read_each_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings come in the order given; one source's trouble does not touch another."""
    monkeypatch.setenv("GOOD_TOKEN", "good-token-value")
    recorders = {name: MemoryRecorder() for name in ("bad", "good", "hr")}
    with (
        serving([], [], Fault.UNAUTHORIZED) as bad,
        serving([user(1), user(2)], [group(1, ["u1"])]) as good,
    ):
        sources = {
            "bad": make(url=bad.url),
            "good": make(url=good.url, auth={"bearer": "env:GOOD_TOKEN"}),
            "hr": make(url=good.url, role="hris"),
        }
        collectors = {
            name: build_collector(name, source, UTC_ZONE, Path())
            for name, source in sources.items()
        }
        readings = read_all(collectors, recorders.__getitem__, lambda _: None)
        tokens = {asked.headers.get("Authorization") for asked in bad.ledger}
    assert [one.source for one in readings] == ["bad", "good", "hr"]
    assert [one.state for one in readings] == [State.NOT_READ, State.COMPLETE, State.COMPLETE]
    assert tokens == {None}
    assert all(recorder.exchanges for recorder in recorders.values())
    people = collectors["hr"].records(readings[2], recorders["hr"].open).people
    assert [one.person_id for one in people] == ["u1", "u2"]


class _Broken:
    """A collector whose recorder cannot write."""

    async def read(
        self,
        recorder: Recorder,  # noqa: ARG002 - the protocol's names
        listener: ProgressListener,  # noqa: ARG002 - the protocol's names
    ) -> Reading:
        raise EvidenceError("no space left")

    def records(
        self,
        reading: Reading,  # noqa: ARG002 - the protocol's names
        open_response: OpenResponse,  # noqa: ARG002 - the protocol's names
    ) -> Records:
        return Records()


def test_a_recorder_that_cannot_write_ends_everything() -> None:
    """An error that is no source's fault ends the reading of all and reaches the caller."""
    broken: Collector = _Broken()
    with pytest.raises(EvidenceError):
        read_all({"a": broken}, lambda _: MemoryRecorder(), lambda _: None)


def test_importing_the_package_is_cheap() -> None:
    """Neither the package nor its registry loads the HTTP library until a collector is built."""
    code = "import sys, collectors, collectors.registry; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
