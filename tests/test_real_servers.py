"""Whole audits against SCIM servers nobody here wrote, in processes of their own, over sockets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner import workflow
from scanner.config import load_config
from scanner.model import Progress, State, Verdict
from tests.fakes import seeded_company
from tests.fakes.real_servers import (
    FOLDER,
    GROUP,
    TOKEN,
    RunningServer,
    Server,
    known_servers,
    running,
    user,
    why_not,
)
from tests.fakes.scim_server import CORE_1, Fault, serving

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
SERVERS = known_servers()
HONEST = SERVERS[0]
MODES = [(server, mode) for server in SERVERS for mode in server.modes]
GHOSTSCAN = Path(sys.executable).with_name("ghostscan")

Note = Callable[[str, object], None]
"""What pytest gives a test to say something of itself; conftest prints it as a table."""


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAL_TOKEN", TOKEN)


def must_run(server: Server) -> None:
    """Skip where the server is not installed, saying what to do."""
    missing = why_not(server)
    if missing:
        pytest.skip(missing)


def source(name: str, url: str, *more: str) -> str:
    """Write one source's table of the configuration."""
    lines = (f"[sources.{name}]", 'type = "scim"', f'url = "{url}"')
    return "\n".join((*lines, 'auth = { bearer = "env:REAL_TOKEN" }', *filter(None, more), ""))


@dataclass(frozen=True)
class Audited:
    """What ``ghostscan audit --json`` said, and the findings it wrote."""

    exit_code: int
    said: dict[str, Any]
    findings: list[dict[str, Any]]

    @property
    def app(self) -> dict[str, Any]:
        """The line of the source named app."""
        found: dict[str, Any] = next(one for one in self.said["sources"] if one["name"] == "app")
        return found

    def told(self) -> set[seeded_company.Finding]:
        """Give the findings as the seeded company names them."""
        return {
            (
                one["kind"],
                one["account"] and one["account"]["user_name"],
                one["group"] and one["group"]["display_name"],
                one.get("direction"),
            )
            for one in self.findings
        }


def audited(folder: Path, *parts: str) -> Audited:
    """Run the real command in a process of its own over a configuration of these parts."""
    path = folder / "ghostscan.toml"
    path.write_text("\n".join(parts), encoding="utf-8")
    ran = subprocess.run(
        [GHOSTSCAN, "audit", "--json", "--config", path],
        capture_output=True,
        text=True,
        env={**os.environ, "REAL_TOKEN": TOKEN},
        timeout=120,
        check=False,
    )
    assert ran.returncode in (0, 10, 20), ran.stderr
    said = json.loads(ran.stdout)
    written = json.loads((folder / said["run"] / "findings.json").read_text(encoding="utf-8"))
    return Audited(ran.returncode, said, written["findings"])


def seed(people: RunningServer, app: RunningServer) -> None:
    """Fill the HRIS and the app of the seeded company, side by side."""
    with ThreadPoolExecutor(2) as both:
        for done in (both.submit(_seed_people, people), both.submit(_seed_app, app)):
            done.result()


def _seed_people(people: RunningServer) -> None:
    for one in seeded_company.people():
        more = one.resource(extension=people.server.extension)
        people.add_user(one.user_name, active=one.active, **more)


def _seed_app(app: RunningServer) -> None:
    ids = {
        one.user_name: app.add_user(
            one.user_name, active=one.active, **one.resource(extension=app.server.extension)
        )
        for one in seeded_company.accounts()
    }
    for name, members in seeded_company.groups().items():
        app.add_group(name, [ids[member] for member in members])


def sources(people: str, app: str, *settings: str) -> tuple[str, ...]:
    """Write a whole configuration: both sources in several pages, and the rule for eng."""
    paged = f"page_size = {seeded_company.PAGE_SIZE}"
    return (
        source("people", people, 'role = "hris"', paged, *settings),
        source("app", app, paged, *settings),
        seeded_company.rule(),
    )


def note_row(note: Note, title: str, mode: str, result: Audited, remark: str) -> None:
    """Say what stands in the table that is printed at the end."""
    seeded = seeded_company.seeded_findings()
    state, received = result.app["state"], result.app["users_received"]
    found = f"{len(result.told() & seeded)} of {len(seeded)}"
    if state != "COMPLETE":
        found = "withheld"
    note("server", (title, mode, str(received), state, found, remark))


@pytest.mark.parametrize(
    ("server", "mode"),
    [(server, mode) for server, mode in MODES if server.is_whole],
    ids=lambda one: one if isinstance(one, str) else one.title.replace(" ", "_"),
)
def test_a_fault_free_server_is_read_whole(
    server: Server, mode: str, tmp_path: Path, record_property: Note
) -> None:
    """Every account is read over several pages, and the findings are exactly those seeded."""
    must_run(server)
    with running(server, mode) as people, running(server, mode) as app:
        seed(people, app)
        parts = sources(people.url, app.url, server.settings, f'paging = "{mode}"')
        result = audited(tmp_path, *parts)
    note_row(record_property, server.title, mode, result, server.settings)
    assert [one["state"] for one in result.said["sources"]] == ["COMPLETE"] * 2
    assert result.app["groups_state"] == "COMPLETE"
    assert result.app["users_received"] == len(seeded_company.accounts())
    assert result.told() == seeded_company.seeded_findings()
    assert len(result.findings) == len(seeded_company.seeded_findings())
    assert result.exit_code == 10


@pytest.mark.parametrize(
    ("server", "mode"),
    [(server, mode) for server, mode in MODES if not server.is_whole],
    ids=lambda one: one if isinstance(one, str) else one.title.replace(" ", "_"),
)
def test_a_half_implemented_server_is_never_taken_for_whole(
    server: Server, mode: str, tmp_path: Path, record_property: Note
) -> None:
    """Its users are not COMPLETE for the reason the data file names, and nothing is concluded.

    The HRIS beside it is whole, so it is the app alone that is not to be trusted.
    """
    must_run(server)
    with running(HONEST) as people, running(server, mode) as app:
        seed(people, app)
        result = audited(tmp_path, *sources(people.url, app.url, f'paging = "{mode}"'))
    note_row(record_property, server.title, mode, result, server.reads)
    assert result.app["state"] in ("INCOMPLETE", "NOT_READ")
    assert server.reads in [one["code"] for one in result.app["reasons"]]
    assert {one["kind"] for one in result.findings} == {"collection_incomplete"}
    assert (result.said["verdict"], result.exit_code) == ("incomplete", 20)


def test_the_older_protocol_is_read_whole(tmp_path: Path, record_property: Note) -> None:
    """SCIM 1.1, which no package offers, gives the same findings from a server of the tests."""
    with (
        serving(_old(seeded_company.people()), [], Fault.SCIM_1) as people,
        serving(_old(seeded_company.accounts()), _old_groups(), Fault.SCIM_1) as app,
    ):
        result = audited(tmp_path, *sources(people.url, app.url, 'scim = "1.1"'))
    note_row(record_property, "the tests' own server", "1.1", result, "SCIM 1.1, no package has it")
    assert result.said["sources"][1]["groups_state"] == "COMPLETE"
    assert result.told() == seeded_company.seeded_findings()
    assert result.exit_code == 10


def _old(everybody: tuple[seeded_company.Somebody, ...]) -> list[dict[str, Any]]:
    return [
        user(one.user_name, active=one.active, **one.resource(extension=False))
        | {"schemas": [CORE_1], "id": f"id-{one.user_name}"}
        for one in everybody
    ]


def _old_groups() -> list[dict[str, Any]]:
    return [
        {
            "schemas": [CORE_1],
            "id": f"id-{name}",
            "displayName": name,
            "members": [{"value": f"id-{member}"} for member in members],
        }
        for name, members in seeded_company.groups().items()
    ]


@pytest.mark.parametrize("server", SERVERS, ids=lambda one: one.title.replace(" ", "_"))
def test_servers_do_with_writes_what_the_data_file_says(server: Server) -> None:
    """Each form of deactivating works and can be undone; each way to take a member out is known."""
    must_run(server)
    with running(server) as app:
        ids = [
            app.add_user(one.user_name, **one.resource(extension=False))
            for one in seeded_company.accounts()[:3]
        ]
        for form in ("path", "no_path", "put"):
            for wanted in (False, True):
                _set_active(app, ids[0], form, wanted=wanted)
                _, read_back = app.send("GET", f"/Users/{ids[0]}")
                assert (read_back["active"] is wanted) == (form in server.deactivate)
        outcomes: dict[str, set[str]] = {}
        for form in ("filter", "value"):
            outcomes.setdefault(_remove_one_of_three(app, ids, form), set()).add(form)
    assert outcomes.get("removed", set()) == set(server.remove_member)
    assert outcomes.get("refused", set()) == set(server.remove_refused)
    assert outcomes.get("emptied", set()) == set(server.remove_empties)


def _set_active(app: RunningServer, identifier: str, form: str, *, wanted: bool) -> None:
    path = f"/Users/{identifier}"
    if form == "path":
        app.patch(path, {"op": "replace", "path": "active", "value": wanted})
    elif form == "no_path":
        app.patch(path, {"op": "replace", "value": {"active": wanted}})
    else:
        _, found = app.send("GET", path)
        kept = {key: value for key, value in found.items() if key not in ("id", "meta", "groups")}
        app.send("PUT", path, {**kept, "active": wanted})


def _remove_one_of_three(app: RunningServer, ids: list[str], form: str) -> str:
    """Take the first member out of a new group; say removed, refused, emptied or nothing."""
    path = f"/Groups/{app.add_group(f'group-{form}', ids)}"
    before = _members(app, path)
    assert len(before) == 3
    operation: dict[str, Any] = {"op": "remove", "path": f'members[value eq "{before[0]}"]'}
    if form == "value":
        operation = {"op": "remove", "path": "members", "value": [{"value": before[0]}]}
    status = app.patch(path, operation)
    left = _members(app, path)
    if status >= 400:
        return "refused" if left == before else "damaged"
    kinds = {0: "emptied", 2: "removed", 3: "nothing"}
    return kinds[len(left)] if before[0] not in left or len(left) == 3 else "another"


def _members(app: RunningServer, path: str) -> list[str]:
    return [one["value"] for one in app.send("GET", path)[1].get("members") or []]


def test_every_version_is_pinned() -> None:
    """A version in the table stands in a requirements, constraints or lock file too."""
    pins = {
        "project": (FOLDER / "../../constraints.txt").read_text("utf-8"),
        "current": (FOLDER / "requirements-current.txt").read_text("utf-8"),
        "older": (FOLDER / "requirements-older.txt").read_text("utf-8"),
    }
    modules = json.loads((FOLDER / "package-lock.json").read_text("utf-8"))["packages"]
    for server in SERVERS:
        if server.runs_in == "node":
            assert modules[f"node_modules/{server.name}"]["version"] == server.version
        else:
            assert f"\n{server.name}=={server.version}\n" in pins[server.runs_in]
    assert not any("://" in pin for pin in pins.values())
    assert not any("resolved" in one for one in modules.values())


def emails(*addresses: str) -> list[dict[str, str]]:
    return [{"value": address} for address in addresses]


@pytest.fixture
def servers() -> Iterator[tuple[RunningServer, RunningServer]]:
    """An HRIS and an app, empty, each in its own process."""
    with running(HONEST) as people, running(HONEST) as wiki:
        yield people, wiki


def write_config(folder: Path, people: RunningServer, wiki: RunningServer, more: str = "") -> Path:
    """Write the ten lines of a first configuration."""
    path = folder / "ghostscan.toml"
    parts = (source("people", people.url, 'role = "hris"'), source("wiki", wiki.url), more)
    path.write_text("\n".join(parts), encoding="utf-8")
    return path


def seed_people(people: RunningServer) -> None:
    """Four people: two left, two are here; Ana has an employee number with a leading zero."""
    for resource in (
        user("ana", active=False, number="0042", displayName="Ana Ruiz"),
        user("bo", emails=emails("bo@corp.example"), department="Sales"),
        user("cy", emails=emails("cy@corp.example"), department="Engineering", number="77"),
        user("dee", active=False, emails=emails("dee@corp.example", "d.old@corp.example")),
    ):
        people.post("/Users", resource)


def seed_wiki(wiki: RunningServer) -> None:
    """Accounts that are a ghost, fine, an orphan, disabled, and of two minds; one group."""
    ids = {
        resource["userName"]: wiki.post("/Users", resource)
        for resource in (
            user("a.ruiz", number="0042"),
            user("bo@corp.example"),
            user("cyrus", emails=emails("CY@Corp.example")),
            user("agency-1", emails=emails("hello@agency.example")),
            user("dee-old", active=False, emails=emails("d.old@corp.example")),
            user("mixed", emails=emails("bo@corp.example"), number="77"),
        )
    }
    members = [{"value": ids[name]} for name in ("bo@corp.example", "dee-old")]
    wiki.post("/Groups", {"schemas": [GROUP], "displayName": "eng", "members": members})


ENTITLEMENT = """
[[entitlements]]
app = "wiki"
group = "eng"
people = { department = ["Engineering"] }
"""


def test_two_real_servers_give_exactly_what_was_seeded(
    servers: tuple[RunningServer, RunningServer], tmp_path: Path
) -> None:
    """Every seeded ghost, orphan, residual membership, drift and dispute, and nothing else."""
    people, wiki = servers
    seed_people(people)
    seed_wiki(wiki)
    path = write_config(tmp_path, people, wiki, ENTITLEMENT)
    outcome = workflow.audit(load_config(path), clock=lambda: NOW, listener=lambda _: None)
    found = {
        (
            finding.kind,
            finding.account.user_name if finding.account else None,
            finding.matched_by,
            finding.group.direction if finding.group else None,
        )
        for finding in outcome.audit.findings
    }
    assert found == {
        ("ghost_active", "a.ruiz", "employee_number", None),
        ("orphan_account", "agency-1", None, None),
        ("ambiguous_identity", "mixed", None, None),
        ("leaver_membership", "dee-old", "email", None),
        ("group_drift", "bo@corp.example", "user_name", "unexpected"),
        ("group_drift", "cyrus", "email", "missing"),
    }
    assert len(outcome.audit.findings) == 6
    assert outcome.exit_code == 10
    assert [source.state for source in outcome.audit.sources] == [State.COMPLETE] * 2


def test_a_clean_pair_is_clean(
    servers: tuple[RunningServer, RunningServer], tmp_path: Path
) -> None:
    """A verdict of clean is reachable, and only with both sources proved."""
    people, wiki = servers
    seed_people(people)
    wiki.post("/Users", user("bo@corp.example"))
    path = write_config(tmp_path, people, wiki)
    outcome = workflow.audit(load_config(path), clock=lambda: NOW, listener=lambda _: None)
    assert (outcome.audit.verdict, outcome.exit_code) == (Verdict.CLEAN, 0)


def test_a_server_killed_in_the_middle_of_the_read_spoils_only_itself(
    servers: tuple[RunningServer, RunningServer], tmp_path: Path
) -> None:
    """The killed source is INCOMPLETE with its reason; the other's findings stand; exit 20."""
    people, wiki = servers
    seed_people(people)
    seed_wiki(wiki)
    with running(HONEST) as doomed:
        for number in range(30):
            doomed.post("/Users", user(f"user-{number}"))
        more = source("doomed", doomed.url, "page_size = 5")
        path = write_config(tmp_path, people, wiki, more)

        def kill_after_two_pages(progress: Progress) -> None:
            if progress.source == "doomed" and progress.received >= 10:
                doomed.kill()

        outcome = workflow.audit(
            load_config(path), clock=lambda: NOW, listener=kill_after_two_pages
        )
    broken = outcome.audit.sources[2]
    assert (outcome.exit_code, broken.state) == (20, State.INCOMPLETE)
    assert broken.users.reasons[0].code in {"read.connect", "read.interrupted"}
    assert 10 <= broken.users.received < 30
    kinds = {finding.kind for finding in outcome.audit.findings if finding.app == "wiki"}
    assert {"ghost_active", "orphan_account", "leaver_membership"} <= kinds
    assert [f.kind for f in outcome.audit.findings if f.app == "doomed"] == [
        "collection_incomplete"
    ]
    assert workflow.verify(outcome.folder).problems == ()
    assert not list((tmp_path / "runs").glob(".*partial"))
