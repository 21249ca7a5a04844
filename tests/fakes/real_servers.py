"""Starting SCIM servers that nobody here wrote, as ``tests/servers/servers.toml`` lists them."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from tests.conftest import watch

FOLDER = Path(__file__).parent.parent / "servers"
TOKEN = watch("real-server-token-6f1d")
PATIENCE_SECONDS = 60

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True)
class Server:
    """One entry of servers.toml, which says what each field means."""

    name: str
    version: str
    runs_in: str
    program: tuple[str, ...]
    base: str
    modes: tuple[str, ...]
    reads: str
    deactivate: tuple[str, ...]
    remove_member: tuple[str, ...]
    remove_refused: tuple[str, ...] = ()
    remove_empties: tuple[str, ...] = ()
    variant: str = ""
    extension: bool = True
    members: str = "post"
    settings: str = ""
    notes: str = ""

    @property
    def title(self) -> str:
        """Name, version and variant, as people call it."""
        return " ".join(filter(None, (self.name, self.version, self.variant)))

    @property
    def is_whole(self) -> bool:
        """Whether its users can be proved read."""
        return self.reads == "whole"


@dataclass(frozen=True)
class RunningServer:
    """One process; ``url`` is the SCIM base URL."""

    server: Server
    url: str
    process: subprocess.Popen[str]

    def send(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send one request and give the status and the JSON that came, None where none did."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                status, text = refused.code, refused.read()
        return status, json.loads(text) if text.startswith((b"{", b"[")) else None

    def post(self, path: str, resource: dict[str, Any]) -> str:
        """Create one resource and give the id that the server gave it."""
        status, created = self.send("POST", path, resource)
        assert status == 201, f"{self.server.title} refused {resource}: {status} {created}"
        identifier: str = created["id"]
        return identifier

    def patch(self, path: str, *operations: dict[str, Any]) -> int:
        """Send a PatchOp (RFC 7644 section 3.5.2) and give the status."""
        body = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return self.send("PATCH", path, body)[0]

    def add_user(self, name: str, /, *, active: bool = True, **attributes: Any) -> str:  # noqa: ANN401
        """Create a user; ``number`` and ``department`` go to the enterprise extension."""
        return self.post("/Users", user(name, active=active, **attributes))

    def add_group(self, name: str, members: list[str]) -> str:
        """Create a group with members by user id, in the way the server takes them."""
        values = [{"value": one, "$ref": f"{self.url}/Users/{one}"} for one in members]
        group = {"schemas": [GROUP], "displayName": name}
        if self.server.members == "post":
            return self.post("/Groups", {**group, "members": values})
        identifier = self.post("/Groups", group)
        if values:
            operation = {"op": "add", "path": "members", "value": values}
            assert self.patch(f"/Groups/{identifier}", operation) < 300
        return identifier

    def kill(self) -> None:
        """End the process at once, in the middle of whatever it does."""
        self.process.kill()
        self.process.wait()


def user(name: str, /, *, active: bool = True, **attributes: object) -> dict[str, Any]:
    """Build a SCIM User; ``number`` and ``department`` go to the enterprise extension."""
    number, department = attributes.pop("number", None), attributes.pop("department", None)
    extension = {"employeeNumber": number, "department": department}
    resource = {"schemas": [USER], "userName": name, "active": active, **attributes}
    if any(extension.values()):
        resource["schemas"] = [USER, ENTERPRISE]
        resource[ENTERPRISE] = {key: value for key, value in extension.items() if value}
    return resource


def known_servers() -> tuple[Server, ...]:
    """Give all entries of servers.toml in their order."""
    entries = tomllib.loads((FOLDER / "servers.toml").read_text(encoding="utf-8"))["server"]
    return TypeAdapter(tuple[Server, ...]).validate_python(entries)


def interpreter(server: Server) -> Path | None:
    """Give the program that runs a server's starter, None where it is not installed."""
    if server.runs_in == "project":
        return Path(sys.executable)
    if server.runs_in == "node":
        found = shutil.which("node")
        return Path(found) if found and (FOLDER / "node_modules").is_dir() else None
    python = FOLDER / ".venv" / server.runs_in / "bin" / "python"
    return python if python.exists() else None


def why_not(server: Server) -> str | None:
    """Say why a server cannot be started on this machine, or None."""
    if interpreter(server) is not None:
        return None
    if server.runs_in == "node" and shutil.which("node") is None:
        return f"{server.title} needs Node.js: install node and npm, then run make servers"
    return f"{server.title} is not installed: run make servers"


@contextmanager
def running(server: Server, mode: str = "index") -> Iterator[RunningServer]:
    """Run one server on a free port of loopback, empty, in a process of its own."""
    program = interpreter(server)
    assert program is not None, why_not(server)
    process = subprocess.Popen(
        [program, *server.program, *([mode] if mode != "index" else [])],
        cwd=FOLDER,
        env={"PATH": os.environ.get("PATH", ""), "SCIM_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        port = _port_of(process)
        yield RunningServer(server, f"http://127.0.0.1:{port}{server.base}", process)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _port_of(process: subprocess.Popen[str]) -> int:
    """Wait for the line with the port; fail where the process ends first, or in a minute."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE_SECONDS)
    line = process.stdout.readline() if ready else ""
    assert line.strip().isdigit(), f"the server did not start: {process.args!r}"
    return int(line)
