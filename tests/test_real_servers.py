"""Whole audits against SCIM servers nobody here wrote, in processes of their own, over sockets."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner import workflow
from scanner.config import load_config
from scanner.model import Progress, State, Verdict
from tests.conftest import watch

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
TOKEN = watch("real-server-token-6f1d")
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Server:
    """One running process of the scim2-server package."""

    url: str
    process: subprocess.Popen[bytes]

    def post(self, endpoint: str, resource: dict[str, Any]) -> str:
        """Create one resource and return the id the server gave it."""
        request = urllib.request.Request(
            f"{self.url}{endpoint}",
            json.dumps(resource).encode(),
            {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            identifier: str = json.load(response)["id"]
        return identifier


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    """Ask until the server answers anything at all; fail if the process ends or 30 s pass."""
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/ServiceProviderConfig", timeout=1).close()
        except urllib.error.HTTPError as answered:
            answered.close()
            return
        except OSError:
            continue
        return
    pytest.fail("the SCIM server did not start")


@contextmanager
def scim2_server() -> Iterator[Server]:
    """Run one server of the scim2-server package in a process of its own."""
    port = free_port()
    program = Path(sys.executable).with_name("scim2-server")
    process = subprocess.Popen(
        [program, "--port", str(port), "--bearer-token", TOKEN],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}/v2"
        wait_until_it_answers(url, process)
        yield Server(url, process)
    finally:
        process.kill()
        process.wait()


def user(name: str, *, active: bool = True, **attributes: object) -> dict[str, Any]:
    """Build a SCIM User; ``number`` and ``department`` go to the enterprise extension."""
    number, department = attributes.pop("number", None), attributes.pop("department", None)
    extension = {"employeeNumber": number, "department": department}
    resource = {"schemas": [USER], "userName": name, "active": active, **attributes}
    if any(extension.values()):
        resource["schemas"] = [USER, ENTERPRISE]
        resource[ENTERPRISE] = {key: value for key, value in extension.items() if value}
    return resource


def emails(*addresses: str) -> list[dict[str, str]]:
    return [{"value": address} for address in addresses]


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Server]]:
    """An HRIS and an app, empty, each in its own process."""
    monkeypatch.setenv("REAL_TOKEN", TOKEN)
    with scim2_server() as people, scim2_server() as wiki:
        yield people, wiki


def write_config(folder: Path, people: Server, wiki: Server, more: str = "") -> Path:
    """Write the ten lines of a first configuration."""
    path = folder / "ghostscan.toml"
    path.write_text(
        f"""[sources.people]
role = "hris"
type = "scim"
url = "{people.url}"
auth = {{ bearer = "env:REAL_TOKEN" }}

[sources.wiki]
type = "scim"
url = "{wiki.url}"
auth = {{ bearer = "env:REAL_TOKEN" }}
{more}"""
    )
    return path


def seed_people(people: Server) -> None:
    """Four people: two left, two are here; Ana has an employee number with a leading zero."""
    for resource in (
        user("ana", active=False, number="0042", displayName="Ana Ruiz"),
        user("bo", emails=emails("bo@corp.example"), department="Sales"),
        user("cy", emails=emails("cy@corp.example"), department="Engineering", number="77"),
        user("dee", active=False, emails=emails("dee@corp.example", "d.old@corp.example")),
    ):
        people.post("/Users", resource)


def seed_wiki(wiki: Server) -> None:
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
    servers: tuple[Server, Server], tmp_path: Path
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


def test_a_clean_pair_is_clean(servers: tuple[Server, Server], tmp_path: Path) -> None:
    """A verdict of clean is reachable, and only with both sources proved."""
    people, wiki = servers
    seed_people(people)
    wiki.post("/Users", user("bo@corp.example"))
    path = write_config(tmp_path, people, wiki)
    outcome = workflow.audit(load_config(path), clock=lambda: NOW, listener=lambda _: None)
    assert (outcome.audit.verdict, outcome.exit_code) == (Verdict.CLEAN, 0)


def test_a_server_killed_in_the_middle_of_the_read_spoils_only_itself(
    servers: tuple[Server, Server], tmp_path: Path
) -> None:
    """The killed source is INCOMPLETE with its reason; the other's findings stand; exit 20."""
    people, wiki = servers
    seed_people(people)
    seed_wiki(wiki)
    with scim2_server() as doomed:
        for number in range(30):
            doomed.post("/Users", user(f"user-{number}"))
        more = f"""
[sources.doomed]
type = "scim"
url = "{doomed.url}"
auth = {{ bearer = "env:REAL_TOKEN" }}
page_size = 5
"""
        path = write_config(tmp_path, people, wiki, more)

        def kill_after_two_pages(progress: Progress) -> None:
            if progress.source == "doomed" and progress.received >= 10:
                doomed.process.kill()
                doomed.process.wait()

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
