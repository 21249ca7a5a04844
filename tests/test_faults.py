"""Every fault of reading in faults.toml, injected into real sockets, each with its oracle."""

from __future__ import annotations

import base64
import functools
import json
import os
import random
import re
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import quote

import pytest

from collectors import registry
from collectors.scim import glance, records
from collectors.scim.resource import read_account
from scanner.model import PersonStatus, Population, Reading, Reason, State, Verdict
from tests.conftest import CANARY, leaked, watch
from tests.fakes.fault_case import CASES, DATA, OPEN, Case
from tests.fakes.fault_company import make_app, make_people
from tests.fakes.fault_server import Planted
from tests.fakes.fault_setting import Surroundings
from tests.fakes.fault_wire import Authority
from tests.fakes.fault_world import (
    Seen,
    World,
    audit,
    build,
    comparable,
    golden,
    make_world,
    read,
    start,
)
from tests.fakes.recorder import START

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
TOKENS = {
    "people": watch(f"{CANARY}-people-Xw41/k+0"),
    "app": watch(f"{CANARY}-app-9Lm2_r~7="),
}
DEPARTED = {"p4", "p9"}
SEED = 20261101
SECONDS = 20
MOST_REQUESTS = 120
MOST_BYTES = 64 * 1024 * 1024
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
WITHHELD = frozenset({"collection_incomplete"})


def _parameters() -> list[Any]:
    return [
        pytest.param(
            case,
            id=case.name,
            marks=_marks(case),
        )
        for case in CASES
    ]


def _marks(case: Case) -> list[pytest.MarkDecorator]:
    reason = OPEN.get(case.name) or OPEN.get(case.id)
    if reason is None:
        return []
    return [pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason)]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for source, token in TOKENS.items():
        monkeypatch.setenv(f"{source.upper()}_TOKEN", token)


def _in_base64(text: str) -> bytes:
    return base64.b64encode(text.encode())


def _in_base64_for_urls(text: str) -> bytes:
    return base64.urlsafe_b64encode(text.encode())


def _in_url(text: str) -> bytes:
    return quote(text, safe="").encode()


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fail where something takes longer, whatever it is doing."""

    def too_long(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"it did not end within {seconds} seconds")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("case", _parameters())
def test_fault(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    """A fault is recovered exactly, or told; nobody is lost, cleared or departed by it."""
    more = case.given.get("config", {})
    limit = case.seconds or SECONDS
    with ExitStack() as stack:
        world = stack.enter_context(make_world(tmp_path, case.accounts))
        world.roomy = bool(case.roomy)
        around = Surroundings(world, case, monkeypatch, stack, authority)
        if case.setting is not None:
            getattr(around, case.setting)()
        start(world)
        for user in world.app.truth["Users"] if case.without else ():
            for name in case.without:
                user.pop(name, None)
        before = _truth(world)
        stack.enter_context(within(limit))
        monkeypatch.setattr(registry, "build_collector", functools.partial(build, world))
        planted = case.planted()
        if case.earlier:
            assert audit(world, more).readings["app"].state is State.COMPLETE
            for server in (world.people, world.app):
                server.ledger.clear()
        world.server(case.attacked).planted = planted
        looked_at = _count_looks(monkeypatch)
        started, peak = time.monotonic(), _megabytes()
        seen = (
            audit(world, more)
            if case.whole or case.earlier
            else read(world, more, judged=case.accounts is None)
        )
        assert case.work or time.monotonic() - started < limit
        assert _megabytes() - peak < (case.megabytes or 1000)
        after = _truth(world)
    calm = []
    if case.compare != "count":
        config = json.dumps(more if case.setting != "export" else {})
        calm.append(golden(config, case.accounts, before if case.without else None))
    if after != before:
        calm.append(golden(json.dumps(more), case.accounts, after))
    check_reached(case, world, planted)
    check_invariants(case, world, seen)
    check_figures(case, world, seen)
    check_work(case, world, seen, sum(looked_at.values()))
    check_class(case, world, seen, calm)


def _count_looks(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the accounts that are read from their JSON, for the proof and for the tables."""
    counted: Counter[str] = Counter()

    def counting(place: str) -> Callable[..., Any]:
        def read_and_count(*given: Any) -> Any:  # noqa: ANN401 - as the function it stands before
            counted[place] += 1
            return read_account(*given)

        return read_and_count

    for module in (glance, records):
        monkeypatch.setattr(module, "read_account", counting(module.__name__))
    return counted


def _megabytes() -> float:
    """The most memory this process has ever held; the system counts in kilobytes or bytes."""
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _truth(world: World) -> str | None:
    if len(world.app.truth["Users"]) > 1000:
        return None
    return json.dumps([world.people.truth, world.app.truth])


def check_reached(case: Case, world: World, planted: list[Planted]) -> None:
    """A fault that never struck proves nothing."""
    assert all(one.hits for one in planted), "the fault was never reached"
    if case.reached is not None:
        targets = [entry.asked.target for entry in world.server(case.attacked).ledger]
        found = any(re.search(case.reached, target) for target in targets)
        assert found, f"{case.reached} was never asked for"


def check_invariants(case: Case, world: World, seen: Seen) -> None:
    """What holds for every fault whatever its class."""
    check_ledgers(world)
    assert not leaked(seen.said.encode("utf-8", "backslashreplace"))
    for token in TOKENS.values():
        windows = {token[at : at + 12] for at in range(len(CANARY), len(token) - 11)}
        assert not any(window in seen.said for window in windows)
    most = 512 * 1024 * 1024 if case.roomy else MOST_BYTES
    assert world.app.sent + world.people.sent < most
    for name, reading in seen.readings.items():
        if reading.state is State.COMPLETE:
            found = seen.records[name]
            used = len(found.people) + len(found.accounts)
            assert used == reading.users.received
            assert reading.users.reported == used or reading.url.startswith("file:")
    if seen.verdict is not None:
        check_verdicts(seen)
    assert departed(seen) <= DEPARTED | set(case.departed or ())


def check_ledgers(world: World) -> None:
    """Tokens go to their own origin only; nothing but GET leaves; no cookie is kept."""
    assert not world.evil.ledger
    for source, token in TOKENS.items():
        ledger = world.server(source).ledger
        for entry in ledger:
            assert entry.asked.method == "GET"
            assert entry.asked.header("authorization") == f"Bearer {token}"
            assert not entry.asked.header("cookie")
            assert not entry.asked.header("proxy-authorization")


def check_verdicts(seen: Seen) -> None:
    """No app is anything but incomplete, and nobody counts as departed, unless all is COMPLETE."""
    states = {name: reading.state for name, reading in seen.readings.items()}
    assert (seen.departed is None) == (states["people"] is not State.COMPLETE)
    if set(states.values()) != {State.COMPLETE}:
        assert seen.verdict is Verdict.INCOMPLETE
        assert seen.apps["app"] is Verdict.INCOMPLETE
        assert {one[0] for one in seen.findings} <= WITHHELD


def departed(seen: Seen) -> set[str]:
    """The people who are taken to have left, in the records and in the findings."""
    ghosts = {str(one[3]) for one in seen.findings if str(one[0]).startswith("ghost")}
    if "people" not in seen.records:
        return ghosts
    return ghosts | {
        one.person_id
        for one in seen.records["people"].people
        if one.status is PersonStatus.TERMINATED
        and (one.departed_at is None or one.departed_at <= START)
    }


def check_figures(case: Case, world: World, seen: Seen) -> None:
    """What the data file says in numbers and words."""
    asked = len(world.server(case.attacked).ledger)
    assert asked <= (case.requests or MOST_REQUESTS)
    if case.slept is not None:
        least, most = case.slept
        assert least <= max(world.time.slept) <= most
    if case.says is not None:
        reading = seen.readings.get(case.attacked)
        said = _words(reading) if reading else seen.said
        assert re.search(case.says, said), said


def check_work(case: Case, world: World, seen: Seen, looked_at: int) -> None:
    """Where the data file bounds the work, that it was done and stayed within the bound."""
    if case.work is None:
        return
    reading = seen.readings[case.attacked]
    assert reading.requests == len(world.server(case.attacked).ledger) <= case.work["requests"]
    assert 2 * reading.users.received <= looked_at <= case.work["records"]
    assert 0 < reading.bytes_received <= case.work["bytes"]


def _words(reading: Reading) -> str:
    reasons = (*reading.users.reasons, *reading.groups.reasons)
    deviations = (*reading.users.deviations, *reading.groups.deviations)
    return " ".join((*(f"{one.message} {one.hint}" for one in reasons), *deviations))


def check_class(case: Case, world: World, seen: Seen, calm: list[Seen]) -> None:
    """At least one of the fault's classes is met."""
    failures = []
    for name in case.classes:
        try:
            _ORACLES[name](case, world, seen, calm)
        except AssertionError as failure:
            failures.append(f"{name}: {failure}")
        else:
            return
    raise AssertionError("\n".join(failures))


def recovered(case: Case, world: World, seen: Seen, calm: list[Seen]) -> None:
    """COMPLETE, and the same as without the fault."""
    assert seen.error is None, seen.said
    for name, reading in seen.readings.items():
        assert reading.state is State.COMPLETE, (name, reading.users.reasons)
        assert not reading.users.reasons
    if case.compare == "count":
        assert seen.readings["app"].users.received == case.accounts
    elif case.compare == "withdrawn":
        changed = {one for one in seen.findings if one[3] in case.given["with"]["which"]}
        assert not {one for one in changed if str(one[0]).startswith(("ghost", "leaver"))}
    elif case.compare == "findings":
        assert seen.findings == calm[0].findings
    else:
        assert any(_same(case, seen, one) for one in calm), "other records than without the fault"


def _same(case: Case, seen: Seen, calm: Seen) -> bool:
    ignore = tuple(case.ignore or ())
    return calm.findings == seen.findings and all(
        comparable(seen.records[name], ignore) == comparable(calm.records[name], ignore)
        for name in ("people", "app")
    )


def incomplete(case: Case, world: World, seen: Seen, calm: list[Seen]) -> None:
    """Told with a reason; the other source is untouched; nothing is concluded."""
    assert seen.error is None, seen.said
    population = _population(case, seen)
    assert population.state is not State.COMPLETE
    wanted = tuple(case.reasons)
    codes = [reason.code for reason in population.reasons]
    assert any(code.startswith(wanted) for code in codes), codes
    other = "app" if case.attacked == "people" else "people"
    assert seen.readings[other].state is State.COMPLETE
    assert comparable(seen.records[other]) == comparable(calm[0].records[other])
    if seen.verdict is None:
        return
    assert seen.apps["app"] is Verdict.INCOMPLETE
    kinds = {one[0] for one in seen.findings}
    if case.population == "groups":
        assert seen.readings["app"].state is State.COMPLETE
        assert seen.records["app"].accounts
        assert not kinds & {"group_drift", "leaver_membership"}
    else:
        assert kinds <= WITHHELD


def _population(case: Case, seen: Seen) -> Population:
    reading = seen.readings[case.attacked]
    return reading.groups if case.population == "groups" else reading.users


def refused(case: Case, world: World, seen: Seen, calm: list[Seen]) -> None:
    """Nothing was asked of the source at all."""
    assert not world.server(case.attacked).ledger
    if case.setting == "resolves":
        unwanted = set(case.given["how"]["app"])
        assert not unwanted & set(world.dialled) - {"127.0.0.1"}
        assert not world.app.connections
    if seen.error is None:
        incomplete(case, world, seen, calm)


def neutralised(case: Case, world: World, seen: Seen, calm: list[Seen]) -> None:
    """The same records as for a plain value, and nothing that acts in what is shown."""
    recovered(case, world, seen, calm)
    assert seen.readings["app"].retries == 0
    if seen.folder is not None:
        shown = [one for one in seen.folder.iterdir() if one.suffix in (".html", ".json", ".csv")]
        live = [one.name for one in shown if CONTROLS.search(one.read_text(encoding="utf-8"))]
        assert not live, f"control characters in {', '.join(live)}"


def flagged(case: Case, world: World, seen: Seen, calm: list[Seen]) -> None:
    """Everybody else is kept, and the oddity is told."""
    assert seen.error is None, seen.said
    if not case.changes_truth:
        missing = _ids(calm[0], case.attacked) - _ids(seen, case.attacked)
        assert missing <= set(case.given["with"].get("which", ())), missing
    population, before = _population(case, seen), _population(case, calm[0])
    told: list[str | Reason] = [*population.reasons, *population.deviations]
    new = {one[0] for one in seen.findings - calm[0].findings}
    in_report = seen.folder and case.shows and case.shows in (
        seen.folder / "report.html"
    ).read_text(encoding="utf-8")  # fmt: skip
    assert (
        [one for one in told if one not in (*before.reasons, *before.deviations)]
        or new & {"ambiguous_identity", "hr_data_quality"}
        or in_report
    ), "kept, but nothing is said of it"


def _ids(seen: Seen, source: str) -> set[str]:
    records = seen.records[source]
    return {one.person_id for one in records.people} | {one.account_id for one in records.accounts}


PASSING = [
    case for case in CASES if case.attacked == "app" and case.times == 1 and case.classes == ["R"]
]
OTHERS = [
    case
    for case in CASES
    if case.inject
    and case.attacked == "app"
    and not (case.setting or case.roomy or case.accounts or case.earlier or case.population)
    and not {case.name, case.id} & OPEN.keys()
]


@pytest.mark.parametrize("part", range(4))
def test_pairs_of_a_passing_fault_and_any_other(tmp_path: Path, part: int) -> None:
    """A fault that passes and another one together never clear, lose or depart anybody.

    A sample of all pairs, drawn with a printed seed; FAULT_PAIRS asks for more of them.
    """
    pairs = [(one, other) for one in PASSING for other in OTHERS if one.id != other.id]
    wanted = min(int(os.environ.get("FAULT_PAIRS", "40")), len(pairs))
    print(f"seed {SEED}: {wanted} of {len(pairs)} pairs")  # noqa: T201 - shown where it fails
    chance = random.Random(SEED)  # noqa: S311 - a sample, not a secret
    for one, other in chance.sample(pairs, wanted)[part::4]:
        check_pair(one, other, tmp_path)


def check_pair(one: Case, other: Case, folder: Path) -> None:
    """Run two faults at once; where the app comes out COMPLETE nothing is missing from it."""
    more = other.given.get("config", {})
    with make_world(folder) as world, within(SECONDS):
        start(world)
        truths = {_truth(world)}
        world.app.planted = [*one.planted(), *other.planted()]
        seen = read(world, more)
        truths.add(_truth(world))
    both = all(planted.hits for planted in world.app.planted)
    check_invariants(other, world, seen)
    if seen.readings["app"].state is not State.COMPLETE:
        assert seen.readings["app"].users.reasons, (one.name, other.name)
        return
    assert not (both and other.classes == ["I"]), (one.name, other.name)
    if "F" not in other.classes:
        calm = [golden(json.dumps(more), None, truth) for truth in truths]
        assert any(_same(other, seen, each) for each in calm), (one.name, other.name)


def test_without_a_fault_the_company_is_read_as_it_is() -> None:
    """What every fault is measured against is the truth itself, and the findings that follow."""
    seen = golden("{}", None)
    truth = {"people": make_people()["Users"], "app": make_app()["Users"]}
    for name, users in truth.items():
        assert seen.readings[name].state is State.COMPLETE
        assert _ids(seen, name) == {one["id"] for one in users}
    active = {one.account_id: one.active for one in seen.records["app"].accounts}
    assert active == {one["id"]: one["active"] for one in truth["app"]}
    assert departed(seen) == DEPARTED
    assert len(seen.records["app"].memberships) == 5
    assert {one[:4] for one in seen.findings if one[4] is None} == {
        ("ghost_active", "app", "a4", "p4"),
        ("ghost_active", "app", "a21", "p9"),
        ("orphan_account", "app", "a22", None),
        ("orphan_account", "app", "a23", None),
    }


def test_every_fault_has_its_row() -> None:
    """The data file holds each fault once, numbered without a gap, and opens only what it holds."""
    for letter, count in {"N": 29, "H": 35, "P": 36, "J": 20, "R": 16}.items():
        found = [one["id"] for one in DATA["fault"] if one["id"].startswith(letter)]
        assert found == [f"{letter}{number:02}" for number in range(1, count + 1)]
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert OPEN.keys() <= {*names, *(case.id for case in CASES)}


@pytest.mark.parametrize("before", ["", "x", "xy"])
@pytest.mark.parametrize("form", [str.encode, _in_base64, _in_url, _in_base64_for_urls])
def test_a_leak_is_found_in_every_spelling(form: Callable[[str], bytes], before: str) -> None:
    """The canary of the suite sees a token as it is, URL-encoded, and anywhere inside base64."""
    token = TOKENS["people"]
    assert leaked(b"log: " + form(f"{before}{token} and more"))
    assert not leaked(b"log: " + form(f"{before}{token[::-1]} and more"))


_ORACLES = {
    "R": recovered,
    "I": incomplete,
    "X": refused,
    "N": neutralised,
    "F": flagged,
}
