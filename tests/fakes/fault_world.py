"""The world of one fault: its servers, its configuration, and what a run made of them."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from collectors import registry
from collectors.base import Collector, Exchange
from collectors.comparison import compare
from collectors.file.collector import FileCollector
from collectors.scim.collector import ScimCollector
from scanner import workflow
from scanner.config import LoadedConfig, load_config
from scanner.errors import GhostscanError, UsageError
from scanner.evidence.response import read_response
from scanner.model import Before, Finding, Pointer, Reading, Records, Verdict
from scanner.reconcile.judge import reconcile
from scanner.reconcile.tables import write_tables
from tests.fakes.fault_company import make_app, make_people, make_plain
from tests.fakes.fault_server import FaultServer, running
from tests.fakes.recorder import START, MemoryRecorder, StillTime

BODY_CAP = 4 * 1024 * 1024
RUN = "000001-20261101T090000Z"


@dataclass
class World:
    """The servers of one test, its folder, and what lies around them."""

    people: FaultServer
    app: FaultServer
    evil: FaultServer
    folder: Path
    time: StillTime = field(default_factory=StillTime)
    urls: dict[str, str] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    trusted: Path | None = None
    dialled: list[str] = field(default_factory=list)
    opens: list[FaultServer] = field(default_factory=list)
    collectors: dict[str, Collector] = field(default_factory=dict)
    roomy: bool = False

    def server(self, source: str) -> FaultServer:
        """The server of a source."""
        return self.people if source == "people" else self.app


@dataclass
class Seen:
    """What one run of the reader came to; ``error`` is set where it refused to begin."""

    error: GhostscanError | None = None
    readings: dict[str, Reading] = field(default_factory=dict)
    records: dict[str, Records] = field(default_factory=dict)
    verdict: Verdict | None = None
    departed: int | None = None
    apps: dict[str, Verdict] = field(default_factory=dict)
    findings: frozenset[tuple[str | None, ...]] = frozenset()
    said: str = ""
    folder: Path | None = None


@contextmanager
def make_world(folder: Path, accounts: int | None = None) -> Iterator[World]:
    """Start a company: an HRIS, an app, and a server that must never hear of either."""
    app = make_app()
    if accounts is not None:
        app = {"Users": [make_plain(number) for number in range(1, accounts + 1)], "Groups": []}
    evil = FaultServer({"Users": [make_plain(1)], "Groups": []})
    world = World(FaultServer(make_people()), FaultServer(app), evil, folder)
    world.app.evil_port = world.people.evil_port = evil.port
    with running(world.people, world.app, evil):
        yield world


def start(world: World) -> None:
    """Open every server that was not told otherwise."""
    for server in (world.people, world.app, world.evil):
        if server not in world.opens:
            server.unlock()


def write_config(world: World, more: Mapping[str, dict[str, Any]]) -> Path:
    """Write ghostscan.toml for this world; ``more`` is laid over it by table."""
    tables: dict[str, dict[str, Any]] = {"organization": {"timezone": "Europe/Berlin"}}
    tables["organization"] |= more.get("organization", {})
    for source, role in (("people", "hris"), ("app", "app")):
        usual = {
            "role": role,
            "type": "scim",
            "url": world.urls.get(source, world.server(source).url),
            "auth": {"bearer": f"env:{source.upper()}_TOKEN"},
            "page_size": 5,
            "timeout_seconds": 5,
            **more.get(source, {}),
        }
        if source == "app" and world.trusted is not None:
            usual["ca_bundle"] = str(world.trusted)
        tables[f"sources.{source}"] = world.sources.get(source, usual)
    lines = [
        line
        for table, values in tables.items()
        for line in (f"[{table}]", *(f"{key} = {_toml(one)}" for key, one in values.items()))
    ]
    if world.app.truth["Groups"]:
        rule = (
            '[[entitlements]]\napp = "app"\ngroup = "g1"\npeople = {department = ["Engineering"]}'
        )
        lines.append(rule)
    path = world.folder / "ghostscan.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)


_BUILD = registry.build_collector


def build(world: World, name: str, *given: Any, **more: Any) -> Collector:  # noqa: ANN401 - as the registry's own
    """Build a collector as the registry does, and give it a time that passes by itself."""
    collector = _BUILD(name, *given, **more)
    world.collectors[name] = collector
    if isinstance(collector, ScimCollector):
        collector._timing = replace(world.time.timing, sleep=functools.partial(_sleep, world))
        if not world.roomy:
            target = replace(collector._source.target, max_body_bytes=BODY_CAP)
            collector._source = replace(collector._source, target=target, max_pages=100)
    if isinstance(collector, FileCollector):
        collector._now = world.time.timing.now
    return collector


async def _sleep(world: World, seconds: float) -> None:
    """Pass the time; whoever waits for the first retry to open, opens."""
    await world.time.sleep(seconds)
    for server in world.opens:
        server.unlock()


def read(world: World, more: Mapping[str, dict[str, Any]], *, judged: bool = True) -> Seen:
    """Read both sources through the registry, parse what was recorded, and judge it."""
    try:
        loaded = load_config(write_config(world, more))
        zone, folder = loaded.config.organization.zone, loaded.folder
        collectors = {
            name: build(world, name, source, zone, folder)
            for name, source in loaded.config.sources.items()
        }
    except UsageError as error:
        return Seen(error, said=f"{error.message} {error.hint}")
    recorders = {name: MemoryRecorder() for name in collectors}
    progress: list[object] = []
    readings = registry.read_all(collectors, recorders.__getitem__, progress.append)
    seen = Seen(readings={one.source: one for one in readings})
    for name, collector in collectors.items():
        seen.records[name] = collector.records(seen.readings[name], recorders[name].open)
    readings = compare(loaded.config.sources, readings, seen.records, {}, {})
    seen.readings = {one.source: one for one in readings}
    if judged:
        key = repr((
            [(one.source, one.users.state, one.groups.state) for one in readings],
            {name: comparable(one) for name, one in seen.records.items()}, more,
        ))  # fmt: skip
        seen.verdict, seen.departed, seen.apps, seen.findings = _judged(
            key, _Judging(loaded, readings, seen)
        )
    seen.said = repr((readings, progress)) + _recorded(recorders)
    return seen


def _recorded(recorders: Mapping[str, MemoryRecorder]) -> str:
    exchanges: list[Exchange] = [one for each in recorders.values() for one in each.exchanges]
    return "".join(
        repr((one.url, one.headers, one.error, one.purpose)) + one.body.decode("latin-1")
        for one in exchanges
    )


@dataclass(frozen=True)
class _Judging:
    """What is to be judged; equal for the cache, which looks at the key alone."""

    loaded: LoadedConfig
    readings: tuple[Reading, ...]
    seen: Seen

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Judging)

    def __hash__(self) -> int:
        return 0


@functools.cache
def _judged(
    key: str, what: _Judging
) -> tuple[Verdict, int | None, dict[str, Verdict], frozenset[tuple[str | None, ...]]]:
    """Reconcile in a folder of its own; the same states and records are judged once."""
    config = what.loaded.config
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(folder, what.seen.records, config.policy.limit, config.organization.zone)
        found = reconcile(folder, config, what.readings, RUN, START, Before())
    apps = {app.name: app.verdict for app in found.apps}
    return found.verdict, found.departed, apps, _named(found.findings)


def _named(findings: Iterable[Finding]) -> frozenset[tuple[str | None, ...]]:
    return frozenset(
        (
            one.kind,
            one.app,
            one.account.id if one.account else None,
            one.person.id if one.person else None,
            one.group.id if one.group else None,
        )
        for one in findings
    )


def audit(world: World, more: Mapping[str, dict[str, Any]]) -> Seen:
    """Run a whole audit into a run folder and read its result and its evidence back."""
    clock = world.time.timing.now
    try:
        loaded = load_config(write_config(world, more))
        outcome = workflow.audit(loaded, clock=clock, listener=lambda _: None)
    except UsageError as error:
        return Seen(error, said=f"{error.message} {error.hint}")
    result, folder = outcome.audit, outcome.folder
    seen = Seen(
        readings={one.source: one for one in result.sources},
        verdict=result.verdict,
        departed=result.departed,
        apps={one.name: one.verdict for one in result.apps},
        findings=_named(result.findings),
        folder=folder,
    )
    for name, reading in seen.readings.items():
        opened = functools.partial(read_response, folder)
        seen.records[name] = world.collectors[name].records(reading, opened)
    seen.said = repr((result.sources, result.findings))
    assert workflow.verify(folder).problems == ()
    return seen


def comparable(records: Records, ignore: tuple[str, ...] = ()) -> Records:
    """Records without their place in the evidence, and without some fields."""
    nowhere: dict[str, Any] = {"pointer": Pointer("", 0)}
    lists = {
        name: tuple(
            replace(one, **nowhere, **{key: None for key in ignore if hasattr(one, key)})
            for one in getattr(records, name)
        )
        for name in ("people", "accounts", "groups", "memberships")
    }
    return Records(**lists)


@functools.cache
def golden(config: str, accounts: int | None, truth: str | None = None) -> Seen:
    """Read the same company without any fault; ``truth`` is another state of its servers."""
    judged = accounts is None
    with tempfile.TemporaryDirectory() as name, make_world(Path(name), accounts) as world:
        if truth is not None:
            world.people.truth, world.app.truth = json.loads(truth)
        world.roomy = not judged
        start(world)
        return read(world, json.loads(config), judged=judged)
