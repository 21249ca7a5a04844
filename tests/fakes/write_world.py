"""An app on a real socket that takes writes in every wrong way, and time that passes on demand.

The commands are the real ones; what is made up is the server's behaviour and the clock.
"""

from __future__ import annotations

import copy
import io
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from pydantic import BaseModel, ConfigDict

from scanner.cli.program import run
from scanner.remediation.journal import parse_journal
from scanner.remediation.pace import Clock
from scanner.remediation.plan import parse_plan
from tests.fakes.scim_server import ERROR, ScimServer, serving, touch, user

LEAVERS = ("u1", "u2", "u3")
PEOPLE = 60
CANARY = "u20"


Effect = Literal[
    "done", "none", "delete", "rename", "retitle", "other", "unwatched", "joiner", "all",
]  # fmt: skip


class Strict(BaseModel):
    """A table of write_faults.toml; a misspelt key fails the test run."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Strict):
    """What the server does with one write.

    ``other`` hits the canary, ``unwatched`` an account that nobody reads by its id, and with
    ``joiner`` an account is created meanwhile. ``effect`` comes after ``after`` seconds where that
    is set; ``then_active`` seconds later the
    account is active again. ``status`` 0 closes the connection without an answer.
    """

    effect: Effect = "done"
    after: int | None = None
    then_active: int | None = None
    status: int = 200
    body: str = "resource"
    headers: dict[str, str] = {}
    interrupt: bool = False
    expire: bool = False


class Expected(Strict):
    """What must come of it. ``sent`` is the number of writes by account, 1 where left out."""

    exit: int = 0
    outcomes: dict[str, str] = {}
    detail: str = ""
    sent: dict[str, int] = {}
    forms: tuple[str, ...] = ()
    stopped: bool = False
    waited: int = 0
    slept: int = 0


class Case(Strict):
    """One fault; ``steps`` are those of u1's writes in order, or of everybody's.

    Where they are used up the last one repeats, and where there are none the server is honest.
    ``before`` is what happens to u1 between approval and apply; ``phase`` tells whether the fault
    is in the apply or in the undo of an honest one; ``again``: what a second apply must come to.
    """

    id: str
    title: str
    name: str = ""
    app: Literal["wiki", "plain"] = "wiki"
    forms: tuple[str, ...] = ("patch-path",)
    steps: tuple[Step, ...] = ()
    everybody: bool = False
    from_account: str = "u1"
    before: dict[str, Any] = {}
    protect: bool = False
    phase: Literal["apply", "undo"] = "apply"
    expect: Expected
    again: Expected | None = None


@dataclass
class Time:
    """A clock that stands still until somebody sleeps; what is due happens then."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    due: list[tuple[datetime, Any]] = field(default_factory=list)
    slept: float = 0

    def sleep(self, seconds: float) -> None:
        """Let time pass, and everything happen that was to happen meanwhile."""
        self.now += timedelta(seconds=seconds)
        self.slept += seconds
        ripe = [one for one in self.due if one[0] <= self.now]
        self.due = [one for one in self.due if one[0] > self.now]
        for _, happen in ripe:
            happen()

    def later(self, seconds: float, happen: Any) -> None:  # noqa: ANN401 - any function
        """Let something happen when so much time has passed."""
        self.due.append((self.now + timedelta(seconds=seconds), happen))


@dataclass
class World:
    """The company, audited once. ``plans`` keeps what was approved, by app and forms."""

    folder: Path
    hris: ScimServer
    apps: dict[str, ScimServer]
    run: Path
    plans: dict[tuple[str, tuple[str, ...]], Path] = field(default_factory=dict)
    users: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    left: int = len(LEAVERS)
    type: str = "scim"

    @property
    def remediation(self) -> Path:
        """The folder of the plan."""
        return self.run / "remediation"

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.folder / "ghostscan.toml"

    def settings(self, forms: tuple[str, ...]) -> None:
        """Write the configuration in which both apps are asked in these forms."""
        self.config.write_text(settings(self.hris, self.apps, forms, self.type), encoding="utf-8")
        (self.folder / "protected.toml").write_text(
            '[[protected]]\naccounts = ["break-glass@example.com"]\nreason = "break glass"\n'
        )


def settings(
    hris: ScimServer, apps: dict[str, ScimServer], forms: tuple[str, ...], app_type: str
) -> str:
    """Write the configuration of the company."""
    listed = json.dumps(list(forms))
    tables = [
        f'[sources.{name}]\ntype = "{app_type}"\nurl = "{app.url}"\nauth = "none"\n'
        f'canaries = ["{CANARY}"]\ndeactivate = {listed}\n'
        for name, app in apps.items()
    ]
    return f"""[organization]
name = "Test Corp"
[registers]
protected = "protected.toml"
[remediation]
typed_up_to = 25
[remediation.thresholds]
at_least = 25
accounts_per_app = 25
[sources.people]
role = "hris"
type = "scim"
url = "{hris.url}"
auth = "none"
{"".join(tables)}"""


@contextmanager
def audited_world(
    folder: Path, names: Sequence[str] = (), app_type: str = "scim"
) -> Iterator[World]:
    """Sixty people, three of whom left; accounts of ``wiki`` have versions, of ``plain`` none.

    With ``names`` as many left as there are names, and these are the user names of their accounts.
    """
    left = len(names) or len(LEAVERS)
    people = [user(one, active=one > left) for one in range(1, PEOPLE + 1)]
    meta = {"resourceType": "User", "version": 'W/"1"'}
    wiki = [user(one, meta=meta, title="Analyst") for one in range(1, PEOPLE + 1)]
    plain = [user(one) for one in range(1, PEOPLE + 1)]
    for account, name in zip(wiki, names, strict=False):
        account["userName"] = account["displayName"] = name
    with serving(people) as hris, serving(wiki) as first, serving(plain) as second:
        world = World(
            folder, hris, {"wiki": first, "plain": second}, folder, left=left, type=app_type
        )
        world.settings(("patch-path",))
        assert run(["audit", "-q", "--config", str(world.config)]) == 10
        world.run = next(one for one in (folder / "runs").iterdir() if one.name.startswith("0"))
        world.users = {name: copy.deepcopy(app.users) for name, app in world.apps.items()}
        yield world


def approved(world: World, app: str, forms: tuple[str, ...]) -> None:
    """Put an approved plan for one app into the run; it is made once and copied afterwards."""
    world.settings(forms)
    shutil.rmtree(world.remediation, ignore_errors=True)
    kept = world.plans.get((app, forms))
    if kept is not None:
        shutil.copytree(kept, world.remediation)
        return
    headcount = str(PEOPLE - world.left)
    where = ["--config", str(world.config), "-q"]
    plan = ["plan", str(world.run), "--app", app, "--expect-headcount", headcount]
    assert run([*plan, *where]) == 0
    approve_typed(world.remediation / "plan.json", world.config)
    kept = world.folder / f"kept-{len(world.plans)}"
    shutil.copytree(world.remediation, kept)
    world.plans[app, forms] = kept


def approve_typed(plan: Path, config: Path = Path("ghostscan.toml")) -> None:
    """Approve a plan by typing what only somebody who read it can type."""
    found = parse_plan(plan.read_bytes())
    typed = f"{found.plan_id[:8]}\n{len(found.sendable())}\n"
    with patch.object(sys, "stdin", io.StringIO(typed)):
        assert run(["approve", str(plan), "--config", str(config), "-q"]) == 0


@contextmanager
def clock(time: Time) -> Iterator[None]:
    """Let the commands live in made-up time."""
    made = Clock(now=lambda: time.now, sleep=time.sleep)
    with patch("scanner.cli.execution.system_clock", lambda: made):
        yield


class Misbehaviour:
    """Answers the writes of one app as a case says; counts them by account."""

    def __init__(self, case: Case, server: ScimServer, time: Time, interrupt: Any) -> None:  # noqa: ANN401
        self.case, self.server, self.time, self.interrupt = case, server, time, interrupt
        self.count: Counter[str] = Counter()

    def __call__(self, handler: Any, found: dict[str, Any], message: dict[str, Any]) -> None:  # noqa: ANN401
        """Take one write."""
        step = self._step(found["id"])
        self.count[found["id"]] += 1
        self._effect(handler, step, found, message)
        if step.interrupt:
            self.interrupt()
        if step.expire:
            self.time.sleep(7 * 24 * 3600)
        self._answer(handler, step, found)

    def _step(self, account: str) -> Step:
        steps, case = self.case.steps, self.case
        if not steps or (account < case.from_account if case.everybody else account != "u1"):
            return Step()
        return steps[min(self.count[account], len(steps) - 1)]

    def _effect(
        self,
        handler: Any,  # noqa: ANN401 - the server's own
        step: Step,
        found: dict[str, Any],
        message: dict[str, Any],
    ) -> None:
        def happen() -> None:
            self._change(handler, step, found, message)

        if step.after is None:
            happen()
        else:
            self.time.later(step.after, happen)
        if step.then_active is not None:
            self.time.later(step.then_active, lambda: self._flip(found))

    def _flip(self, found: dict[str, Any]) -> None:
        found["active"] = not found["active"]
        touch(found)

    def _change(
        self,
        handler: Any,  # noqa: ANN401 - the server's own
        step: Step,
        found: dict[str, Any],
        message: dict[str, Any],
    ) -> None:
        if step.effect == "delete":
            self.server.users.remove(found)
        elif step.effect != "none":
            handler.change(found, message)
        if step.effect == "rename":
            found.update(userName="0a1b_x", emails=[{"value": "0a1b@hidden.example"}])
        elif step.effect == "retitle":
            found["title"] = "Disabled"
        elif step.effect == "joiner":
            self.server.users.append(user(PEOPLE + 1))
        elif step.effect in ("other", "unwatched", "all"):
            for one in self.server.users:
                one["active"] = one["active"] and one["id"] not in self._hit(step)

    def _hit(self, step: Step) -> set[str]:
        """Whom a write hits beside the one it was for."""
        everybody = {one["id"] for one in self.server.users}
        if step.effect == "all":
            return everybody
        read = {asked.path.rpartition("/")[2] for asked in self.server.ledger}
        return {CANARY} if step.effect == "other" else {max(everybody - read - {*LEAVERS})}

    def _answer(self, handler: Any, step: Step, found: dict[str, Any]) -> None:  # noqa: ANN401
        if step.status == 0:
            handler.close_connection = True
            return
        body: dict[str, Any] | None = found
        if step.body == "echo":
            body = {**found, "active": False}
        elif step.body == "empty":
            body = None
        elif step.body != "resource":
            body = {"schemas": [ERROR], "status": str(step.status), "scimType": step.body}
        content = b"" if body is None else json.dumps(body).encode()
        sized = {} if step.status == 204 else {"Content-Length": str(len(content))}
        handler.send_response(step.status)
        for name, value in {
            "Content-Type": "application/scim+json",
            **sized,
            **step.headers,
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)


def intents(journal: Path) -> Counter[str]:
    """Count, by account, the writes that a journal announces."""
    records = parse_journal(journal.read_bytes()).records
    return Counter(one["account"] for one in records if one.kind == "INTENT")
