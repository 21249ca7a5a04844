"""A small company on loopback that is audited, and what remediating it needs beside the servers."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanner.cli.program import run
from tests.fakes.scim_server import Fault, ScimServer, group, serving, user

LEAVERS = (1, 2, 3)
PEOPLE = 60


@dataclass
class Site:
    """The servers, the folder with the configuration, and the run that was made of them."""

    hris: ScimServer
    app: ScimServer
    folder: Path
    run: Path

    @property
    def plan(self) -> Path:
        return self.run / "remediation" / "plan.json"

    @property
    def journal(self) -> Path:
        return self.run / "remediation" / "journal.jsonl"

    def active(self) -> list[str]:
        """The accounts that are active on the server, of those who left."""
        return [one["id"] for one in self.app.users if one["active"] and self.left(one["id"])]

    @staticmethod
    def left(account_id: str) -> bool:
        return account_id in {f"u{number}" for number in LEAVERS}

    def writes(self) -> list[tuple[str, str, str]]:
        """Method, path and body of everything but GET that any server got."""
        return [
            (one.method, one.path, one.body)
            for one in (*self.hris.ledger, *self.app.ledger)
            if one.method != "GET"
        ]


def make_keys(folder: Path) -> None:
    """Three keys: the planner's, the approver's, and one of a stranger."""
    for name in ("alice", "bob", "mallory"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name]
        subprocess.run(command, check=True)
    public = {name: (folder / f"{name}.pub").read_text().rsplit(" ", 1)[0] for name in
              ("alice", "bob")}  # fmt: skip
    lines = [
        f'bob namespaces="ghostscan-approval" {public["bob"]}',
        f"alice {public['alice']}",
        f"alice-again {public['alice']}",
    ]
    (folder / "allowed_signers").write_text("\n".join(lines) + "\n")


def write_settings(folder: Path, hris: str, app: str, more: str = "") -> None:
    """The configuration of the small company, with a list of protected accounts."""
    (folder / "protected.toml").write_text(
        '[[protected]]\naccounts = ["break-glass@example.com"]\nreason = "break glass"\n'
    )
    (folder / "ghostscan.toml").write_text(
        f"""[organization]
name = "Test Corp"
[registers]
protected = "protected.toml"
[remediation]
allowed_signers = "allowed_signers"
{more}
[remediation.thresholds]
at_least = 3
[sources.people]
role = "hris"
type = "scim"
url = "{hris}"
auth = "none"
[sources.wiki]
type = "scim"
url = "{app}"
auth = "none"
"""
    )


@contextmanager
def audited(
    folder: Path,
    *faults: Fault,
    more: str = "",
    others: Sequence[dict[str, Any]] = (),
    **attributes: Any,  # noqa: ANN401 - any attribute of a user
) -> Iterator[Site]:
    """Sixty people of whom three left with their accounts active, audited once.

    ``others`` are accounts beside theirs.
    """
    people = [user(one, active=one not in LEAVERS) for one in range(1, PEOPLE + 1)]
    accounts = [*(user(one, **attributes) for one in range(1, PEOPLE + 1)), *others]
    groups = [group(1, ["u1", "u2", "u9"])]
    make_keys(folder)
    with serving(people) as hris, serving(accounts, groups, *faults) as app:
        write_settings(folder, hris.url, app.url, more)
        assert run(["audit", "-q", "--config", str(folder / "ghostscan.toml")]) == 10
        found = next(one for one in (folder / "runs").iterdir() if one.name.startswith("0"))
        yield Site(hris, app, folder, found)


@contextmanager
def reset(site: Site) -> Iterator[Site]:
    """Use a site and leave servers, settings and folders as they were."""
    users = [copy.deepcopy(one.users) for one in (site.hris, site.app)]
    groups = copy.deepcopy(site.app.groups)
    kept = {path: path.read_bytes() for path in site.run.rglob("*") if path.is_file()}
    others = set((site.folder / "runs").iterdir())
    chain = (site.folder / "runs" / "chain.jsonl").read_bytes()
    made = site.run
    try:
        yield site
    finally:
        site.run = made
        for after in ("remediation", "review"):
            shutil.rmtree(site.run / after, ignore_errors=True)
        for path, content in kept.items():
            path.write_bytes(content)
        for path in set((site.folder / "runs").iterdir()) - others:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        (site.folder / "runs" / "chain.jsonl").write_bytes(chain)
        site.hris.users, site.app.users = users
        site.app.groups = groups
        for server in (site.hris, site.app):
            server.ledger.clear()
            server.write_hook = None


HEADCOUNT = str(PEOPLE - len(LEAVERS))


def plan_it(site: Site, *more: str) -> int:
    """Plan for the whole company, signed by Alice."""
    return run([
        "plan", str(site.run), "--expect-headcount", HEADCOUNT, "--key", "alice", *more,
    ])  # fmt: skip


def approve_it(plan: Path, *more: str, key: str = "bob") -> int:
    """Approve with somebody's key."""
    return run(["approve", str(plan), "--key", key, "--name", key, "-q", *more])


def read_json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found
