"""A whole remediation in memory: apps, people, a disk, keys, a clock; and the laws it must keep.

The laws are checked at the very moment a write reaches a server and after every command, against
what truly happened, never against what the program says of itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path

from collectors.base import Employment, Reply, Request
from scanner.config import Remediation, Thresholds
from scanner.errors import GhostscanError
from scanner.model import (
    Account,
    PersonStatus,
    Pointer,
    Protected,
    Registers,
    Role,
    State,
)
from scanner.remediation.apply import Executor, Result, Session, execute
from scanner.remediation.approval import (
    Approval,
    ApprovalFiles,
    Level,
    check_approval,
    state_approval,
)
from scanner.remediation.basis import AppFacts, Basis, Headcount, Owner, SourceFacts, Suspect
from scanner.remediation.decision import UNDECIDED
from scanner.remediation.draft import Heading, PlannedApp, draft_plan
from scanner.remediation.elsewhere import Elsewhere
from scanner.remediation.guard import Surroundings, breaches
from scanner.remediation.journal import Journal, JournalContent, Kind, Record, parse_journal
from scanner.remediation.outcome import OURS, Outcome
from scanner.remediation.pace import Clock
from scanner.remediation.plan import Action, Plan, Planner, Switches, parse_plan
from scanner.remediation.proposal import propose
from scanner.remediation.protected import Identity, Protection
from scanner.remediation.readiness import guard_again
from scanner.remediation.replay import Standing, replay
from scanner.remediation.signature import APPROVAL_NAMESPACE, PLAN_NAMESPACE
from scanner.remediation.undo import draft_undo
from scanner.remediation.watch import MOST_NAMED
from tests.fakes.memory_app import Event, Held, MemoryApp
from tests.fakes.memory_disk import Failpoints, Killed, MemoryDisk
from tests.fakes.memory_keys import MemoryKeys

START = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
ALLOWED = {"SHA256:bob": ("bob",), "SHA256:alice": ("carol",)}  # her key, another name


class LawBroken(AssertionError):  # noqa: N818 - it is what the tests look for
    """One of the invariants of a remediation does not hold."""


def law(name: str, holds: bool, told: object = "") -> None:
    if not holds:
        raise LawBroken(f"{name}: {told}")


@lru_cache(maxsize=256)
def parsed(content: bytes) -> JournalContent:
    """Read a journal; the laws look at the same bytes again and again."""
    return parse_journal(content)


@dataclass
class Papers:
    """One plan with its approval, and where its journal stands."""

    plan: Plan
    journal: Path
    plan_signature: bytes
    approval: Approval | None = None
    signature: bytes | None = None
    signer: str = ""
    original: Papers | None = None

    @cached_property
    def plan_id(self) -> str:
        """The plan's own id, which takes long to make."""
        return self.plan.plan_id


@dataclass
class World:
    """Everything there is. ``employed`` and ``left`` are person ids; an account is ``a-<id>``."""

    left: set[str]
    employed: set[str]
    version: bool = True
    enforces: bool = False
    forms: tuple[str, ...] = ("patch-path",)
    thresholds: Thresholds = field(default_factory=lambda: Thresholds(at_least=50))
    now: datetime = START
    runs: int = 0
    papers: list[Papers] = field(default_factory=list)
    protected: set[str] = field(default_factory=lambda: {"break-glass"})
    app_names: tuple[str, ...] = ("chat", "wiki")
    executor: Executor = field(default_factory=lambda: Executor("alice", "here", "ghostscan"))
    take_over: bool = False

    def __post_init__(self) -> None:
        self.points = Failpoints()
        self.disk = MemoryDisk(self.points)
        self.keys = MemoryKeys(dict(ALLOWED))
        self.current: tuple[Papers, str] | None = None
        self.apps = {name: self._app(name) for name in self.app_names}

    def _app(self, name: str) -> MemoryApp:
        people = sorted(self.left | self.employed)
        held = {f"a-{one}": Held(f"a-{one}", f"user-{one}") for one in people}
        app = _Watched(
            name,
            self.points,
            lambda: self.now,
            held,
            shows_version=self.version,
            enforces=self.enforces,
        )
        app.world = self
        return app

    # What a run would say.

    def basis(self) -> Basis:
        people = self.left | self.employed
        accounts = {
            (app.name, held.id): self._account(app.name, held)
            for app in self.apps.values()
            for held in app.accounts.values()
        }
        owners = {
            place: Owner("hr", place[1][2:], self._status(place[1][2:]), place[1][2:] in self.left,
                         START - timedelta(days=9))
            for place in accounts
            if place[1][2:] in people
        }  # fmt: skip
        suspects = tuple(
            self._suspect(*place)
            for place, owner in sorted(owners.items())
            if owner.departed and accounts[place].active
        )
        users = {"hr": len(people)} | {name: len(app.accounts) for name, app in self.apps.items()}
        return Basis(
            folder=Path("/runs") / f"{self.runs:06}",
            run=f"{self.runs:06}",
            manifest_sha256=f"m{self.runs}",
            chain_head=f"c{self.runs}",
            config_sha256="config",
            operator="alice",
            as_of=self.now,
            ended_at=self.now,
            newest=True,
            sources={
                name: SourceFacts(
                    Role.HRIS if name == "hr" else Role.APP, State.COMPLETE, State.NOT_READ, count,
                    passes_agreed=True, started_at=self.now,
                )
                for name, count in users.items()
            },
            apps={
                name: AppFacts(
                    sum(held.active for held in app.accounts.values()), 0, None, None
                )
                for name, app in self.apps.items()
            },
            headcount=Headcount(len(self.employed), len(self.employed), 0, 0),
            suspects=suspects,
            accounts=accounts,
            owners=owners,
        )  # fmt: skip

    def _status(self, person: str) -> str:
        return "terminated" if person in self.left else "active"

    @staticmethod
    def _account(app: str, held: Held) -> Account:
        return Account(
            app, held.id, Pointer("x", 0), held.active, held.user_name, f"e-{held.id}",
            emails=(f"{held.user_name}@example.com",), privileged=held.privileged,
            version=f'W/"{held.version}"',
        )  # fmt: skip

    @staticmethod
    def _suspect(app: str, account_id: str) -> Suspect:
        digest = hashlib.sha256(f"{app} {account_id}".encode()).hexdigest()[:16]
        keys = (("external_id", account_id), ("email", account_id))
        return Suspect(digest, "ghost_active", app, account_id, None, None, "external_id", keys,
                       waived=False)  # fmt: skip

    # What people do.

    def around(self) -> Surroundings:
        entry = Protected(1, None, tuple(sorted(self.protected)), "protected")
        return Surroundings(
            settings=Remediation(thresholds=self.thresholds, typed_up_to=0),
            switches=Switches(),
            protection=Protection(Registers(protected=(entry,))),
            canaries={},
            operators=("alice",),
            now=self.now,
        )

    def plan(self) -> Papers | None:
        """Audit anew and plan; None where nothing may be planned."""
        self.runs += 1
        basis, around = self.basis(), self.around()
        proposals, left_out = propose(basis, around.protection, UNDECIDED, around.switches)
        apps = {name: PlannedApp(app, self.forms, "env:X") for name, app in self.apps.items()}
        heading = Heading(Planner("alice", "SHA256:alice"), "config", nonce=f"{self.runs:032}")
        drafted = draft_plan(basis, proposals, left_out, apps, around, heading)
        if not drafted.actions or breaches(drafted.guards):
            return None
        return self._filed(drafted, None)

    def _filed(self, drafted: Plan, original: Papers | None) -> Papers:
        law("a plan reads back as it was written", parse_plan(drafted.content) == drafted)
        signed = self.keys.sign(drafted.content, Path("alice"), PLAN_NAMESPACE)
        journal = Path("/runs") / f"{self.runs:06}" / f"{len(self.papers)}" / "journal.jsonl"
        papers = Papers(drafted, journal, signed, original=original)
        self.papers.append(papers)
        return papers

    def approve(self, papers: Papers, key: str, only: tuple[str, ...] = ()) -> None:
        """Approve with somebody's key, whoever that is."""
        papers.approval = state_approval(
            papers.plan, level=Level.SIGNED, name=key, now=self.now, only=only,
            accepted=self.app_names,
        )  # fmt: skip
        papers.signature = self.keys.sign(papers.approval.content, Path(key), APPROVAL_NAMESPACE)
        papers.signer = f"SHA256:{key}"

    def undo(self, papers: Papers) -> Papers | None:
        """Plan to take back what a journal confirms."""
        content = parsed(self.disk.holds(papers.journal) or b"")
        apps = {name: PlannedApp(app, self.forms, "env:X") for name, app in self.apps.items()}
        self.runs += 1
        heading = Heading(Planner("alice", "SHA256:alice"), "config", nonce=f"{self.runs:032}")
        drafted = draft_undo(
            papers.plan, replay(content.records), content.head, apps, heading, self.now,
            timedelta(hours=24),
        )  # fmt: skip
        return self._filed(drafted, papers) if drafted.actions else None

    def take_back(self) -> None:
        """Administrators activate again whatever the tool deactivated."""
        for app in self.apps.values():
            for held in list(app.accounts.values()):
                if held.by == "tool" and not held.active:
                    app.human(held.id, active=True)

    # What the program does.

    def apply(self, papers: Papers, stop_after: int | None = None) -> Result | str:
        """Apply once; give the result, or how it ended without one. Every law is checked."""
        before = {name: len(app.writes()) for name, app in self.apps.items()}
        self.current = (papers, papers.signer)
        for app in self.apps.values():
            app.under = papers.plan_id
        try:
            result: Result | str = execute(self._session(papers, stop_after))
        except Killed as killed:
            result = f"killed at {killed}"
        except GhostscanError as error:
            result = f"{type(error).__name__}: {error}"
            if error.exit_code == 30:
                after = {name: len(app.writes()) for name, app in self.apps.items()}
                law("refused means that nothing was sent", before == after, error)
        finally:
            self.current = None
        self._check_journal(papers)
        if isinstance(result, Result) and not result.interrupted:
            self._check_finished(papers)
        return result

    def _session(self, papers: Papers, stop_after: int | None) -> Session:
        files = ApprovalFiles(
            papers.approval.content if papers.approval else None,
            papers.signature,
            papers.plan_signature,
        )
        around = self.around()
        begun = bool(parsed(self.disk.holds(papers.journal) or b"").records)
        if not begun and papers.plan.undoes is None:
            self._guard(papers, around)
        agreement = check_approval(
            papers.plan, files, self.keys, around.settings, Path("allowed"), self.now
        )
        ended: list[object] = []
        return Session(
            plan=papers.plan,
            agreement=agreement,
            approval_sha256=hashlib.sha256(files.approval or b"").hexdigest(),
            deactivators=self.apps,
            witness=lambda _: self,
            elsewhere=self._elsewhere(papers).reason,
            protection=around.protection,
            journal=Journal.open(self.disk, papers.journal, lambda: self.now),
            clock=Clock(lambda: self.now, self._sleep),
            executor=self.executor,
            take_over=self.take_over,
            deadline=timedelta(seconds=60),
            listener=lambda step: ended.append(step) if step.outcome else None,
            stop=lambda: stop_after is not None and len(ended) >= stop_after,
        )

    def _guard(self, papers: Papers, around: Surroundings) -> None:
        from scanner.remediation.readiness import refuse_breaches  # noqa: PLC0415 - only here

        refuse_breaches(guard_again(papers.plan, self.basis(), around))

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def look(self, person_id: str) -> Employment:
        """What the HRIS says of one person now."""
        if person_id in self.left:
            return Employment(
                found=True, status=PersonStatus.TERMINATED, departed_at=START - timedelta(days=9)
            )
        return Employment(found=person_id in self.employed, status=PersonStatus.ACTIVE)

    def close(self) -> None:
        """Nothing is open."""

    def _elsewhere(self, papers: Papers) -> Elsewhere:
        touched: dict[tuple[str, str], tuple[datetime, str]] = {}
        for other in self.papers:
            if other is papers:
                continue
            for record in parsed(self.disk.holds(other.journal) or b"").records:
                done = record.fields.get("outcome") != "NOT_ATTEMPTED"
                if record.kind in (Kind.INTENT, Kind.OUTCOME) and done:
                    at = datetime.fromisoformat(record.at)
                    place = (record["app"], record["account"])
                    touched[place] = max(touched.get(place, (at, "")), (at, other.plan_id))
        return Elsewhere(touched)

    # The laws.

    def check_write(self, app: MemoryApp, event: Event) -> None:
        """Judge a write at the moment it arrived."""
        law("I-20 nobody writes but an apply", self.current is not None)
        papers, signer = self.current or (self.papers[0], "")
        plan, approval = papers.plan, papers.approval
        action = next(
            (one for one in plan.actions
             if one.app == app.name and event.request in one.requests),
            None,
        )  # fmt: skip
        law("I-20 every write is in the plan", action is not None, event)
        if action is None or approval is None:
            law("I-21 no write without an approval", approval is not None)
            return
        approved = approval.actions == "all" or action.action_id in approval.actions
        law("I-21 every write is approved", approved, action.label)
        law("I-21 a second person approved", signer == "SHA256:bob", signer)
        law("I-21 no write after the plan expired", self.now <= plan.expires_at)
        if plan.undoes is None:
            one = Identity(app.name, event.account, action.target.user_name)
            reason = self.around().protection.reason(one)
            law("I-22 no write to a protected account", reason is None, reason)
            law("I-22 no write to the own account", event.account != app.own, event)
        self._check_write_ahead(papers, action, app)
        self._check_before_write(app, event, action)

    def _check_write_ahead(self, papers: Papers, action: Action, app: MemoryApp) -> None:
        records = parsed(self.disk.durable(papers.journal)).records
        own = [one for one in records if one.fields.get("action_id") == action.action_id]
        intents = sum(one.kind is Kind.INTENT for one in own)
        sent = sum(
            one.request in action.requests and one.under == papers.plan_id for one in app.writes()
        )
        law("I-24 the intent was on the disk before", intents >= sent, (intents, sent))
        outcomes = [one for one in own if one.kind is Kind.OUTCOME]
        law("I-25 no write after the outcome", not outcomes, action.label)

    def _check_before_write(self, app: MemoryApp, event: Event, action: Action) -> None:
        """The last reading before a write must have shown that it was due."""
        history = [one for one in app.events[:-1] if one.account == event.account]
        reads = [place for place, one in enumerate(history) if one.what == "read"]
        law("a write follows a reading", bool(reads), event)
        undo = (self.current or (self.papers[0], ""))[0].original is not None
        last = history[reads[-1]]
        law("I-26 nothing is asked for that was seen done", last.active is not undo, last)
        if undo or not event.took_effect:
            return
        own = [one.what == "write" and one.took_effect and one.under == app.under
               and one.request in action.requests for one in history]  # fmt: skip
        first = own.index(True) if True in own else len(own)
        seen = history[first : reads[-1]]
        back = [one for one in seen if one.what == "human" and one.active is False]
        law("I-28 what a human took back stays so", not back, event)

    def _check_journal(self, papers: Papers) -> None:
        content = self.disk.holds(papers.journal)
        if content is None:
            return
        records = parsed(content).records
        outcomes = [one["action_id"] for one in records if one.kind is Kind.OUTCOME]
        law("I-25 one outcome for each action", len(set(outcomes)) == len(outcomes))
        for record in records:
            if record.kind is Kind.OUTCOME and record["outcome"] == Outcome.CONFIRMED:
                self._check_confirmed(papers, record)
            if record.kind is Kind.OUTCOME and record["outcome"] == Outcome.DELETED:
                self._check_deleted(record)

    def _check_confirmed(self, papers: Papers, record: Record) -> None:
        """A confirmation needs a reading after the write that showed it."""
        app = self.apps[record["app"]]
        wanted = papers.original is not None
        own = [one for one in app.events if one.account == record["account"]]
        action = next(
            (one for one in papers.plan.actions if one.action_id == record["action_id"]), None
        )
        if action is None:
            return  # the journal was put here, and is of another plan
        plan_id = papers.plan_id
        writes = [
            p
            for p, one in enumerate(own)
            if one.under == plan_id and one.request in action.requests
        ]
        law("I-27 confirmed means sent", bool(writes), record)
        read = any(one.what == "read" and one.active is wanted for one in own[writes[-1] :])
        law("I-27 confirmed means read back", read, record)

    def _check_deleted(self, record: Record) -> None:
        """Gone is what was accepted only where deactivating is known to delete."""
        app = self.apps[record["app"]]
        law("deleted is said where it was accepted", app.traits.deletes_user, record)
        own = [one for one in app.events if one.account == record["account"]]
        last = max((p for p, one in enumerate(own) if one.what == "write"), default=len(own))
        gone = any(one.what == "read" and one.active is None for one in own[last:])
        law("deleted means sent, and then read to be gone", gone, record)

    def _check_finished(self, papers: Papers) -> None:
        records = parsed(self.disk.holds(papers.journal) or b"").records
        standing = replay(records)
        for action in papers.approval.of(papers.plan) if papers.approval else ():
            known = standing.outcome(action.action_id) is not None
            law("I-26 every action is classified", known, action.label)
        for app in self.apps.values():
            self._check_blast(papers, app, records, standing)

    def _check_blast(
        self, papers: Papers, app: MemoryApp, records: Sequence[Record], standing: Standing
    ) -> None:
        """Whoever else was hit stops everything, or it is on record that nobody could count."""
        own = [one for one in records if one.fields.get("app") == app.name]
        ours = {one["account"] for one in own if one.kind is Kind.INTENT}
        ours |= self._changed_by_two(app, papers.plan_id)
        hit = [one.id for one in app.accounts.values()
               if one.by == f"beside {papers.plan_id}" and one.id not in ours]  # fmt: skip
        looks = [one for one in own if one.kind in (Kind.CENSUS, Kind.COUNT)]
        uncounted = any(one["error"] for one in looks)
        changed = {one for look in own for one in look.fields.get("changed", ())}
        few = len(changed) <= MOST_NAMED
        told = changed.issuperset(hit) and (not few or all(one in standing.stopped for one in hit))
        stopped = bool(standing.stopped)
        law("W23 who was hit beside stops it all", not hit or uncounted or stopped, hit)
        law("W23 who was hit beside is named", not stopped or uncounted or told, hit)

    @staticmethod
    def _changed_by_two(app: MemoryApp, plan_id: str) -> set[str]:
        """Accounts that a human changed after the first list: changed back, they show in none."""
        lists = [p for p, one in enumerate(app.events)
                 if one.what == "census" and one.under == plan_id]  # fmt: skip
        since = app.events[lists[0] :] if lists else []
        return {one.account for one in since if one.what == "human"}

    def confirmed(self, papers: Papers) -> bool:
        """Whether a journal confirms anything as ours."""
        standing = replay(parsed(self.disk.holds(papers.journal) or b"").records)
        return any(standing.outcome(one) in OURS for one in standing.ended)


class _Watched(MemoryApp):
    """An app that lets the world judge every write that arrives."""

    world: World

    def send(self, request: Request, if_match: str | None) -> Reply:
        seen = len(self.events)
        try:
            return super().send(request, if_match)
        finally:
            for event in [one for one in self.events[seen:] if one.what == "write"]:
                self.world.check_write(self, event)
