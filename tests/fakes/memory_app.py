"""An app in memory that can be changed, misbehaves when told to, and writes everything down."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from collectors.base import Census, Change, Observation, Operation, Reply, Request, Traits
from tests.fakes.memory_disk import Failpoints


class Trick(StrEnum):
    """What the server does with the next write."""

    HONEST = "does what is asked"
    NO_CONTENT = "does it and answers 204"
    LOST_ANSWER = "does it, and the answer is lost"
    LOST_REQUEST = "never sees it"
    LATE = "does it later, after the connection broke"
    SLOW = "does it after a while, and says 202 now"
    ERROR_DONE = "does it and answers 500"
    ERROR = "answers 500"
    FAKE = "answers 200 and does nothing"
    THROTTLED = "answers 429"
    FORBIDDEN = "answers 403"
    UNAUTHORIZED = "answers 401"
    CONFLICT = "answers 409"
    REFUSED = "answers 400 invalidPath"
    NOT_IMPLEMENTED = "answers 501"
    REDIRECT = "answers 302"
    DELETES = "deletes the account"
    OBFUSCATES = "does it and replaces the names"
    WRONG_ONE = "does it to another account"
    EVERYONE = "does it to all accounts"
    ANOTHER = "does it, and to another account as well"


@dataclass
class Held:
    """One account as it truly is.

    ``by`` says who changed it last: ``nobody``, ``human``, ``tool`` where it was asked for it, or
    ``beside`` and the plan under which the tool asked for another one.
    """

    id: str
    user_name: str
    active: bool = True
    version: int = 1
    by: str = "nobody"
    privileged: bool | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Event:
    """One thing that happened, in order: ``read``, ``write`` or ``human``, and what was seen.

    ``under`` is the id of the plan that was being applied.
    """

    what: str
    account: str
    active: bool | None = None
    request: Request | None = None
    took_effect: bool = False
    under: str = ""


@dataclass
class MemoryApp:
    """Fulfils Deactivator. ``tricks`` are used up one by one, then it is honest.

    ``shows_version``: reads give a version; ``enforces``: an old one is refused with 412.
    ``before_step`` is called before every read and write; tests let people act there. Without
    ``lists`` its accounts can be read by their ids only. ``own`` is the account of the credentials.
    """

    name: str
    points: Failpoints
    now: Callable[[], datetime]
    accounts: dict[str, Held] = field(default_factory=dict)
    shows_version: bool = True
    enforces: bool = False
    traits: Traits = field(default_factory=lambda: Traits("deactivates", "yes"))
    tricks: list[Trick] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    pending: list[tuple[int, str, bool]] = field(default_factory=list)
    before_step: Callable[[str, str], None] = lambda *_: None
    reads_fail: int = 0
    lists: bool = True
    own: str | None = None
    under: str = ""

    @property
    def origin(self) -> str:
        return f"https://{self.name}.example"

    def requests(self, change: Change, forms: Sequence[str]) -> tuple[Request, ...]:
        value = change.operation is Operation.REACTIVATE
        path = f"/scim/v2/Users/{change.account.account_id}"
        return tuple(
            Request(form, "PATCH", path, (("Content-Type", "application/scim+json"),),
                    json.dumps({"form": form, "active": value}))
            for form in forms
            if form != "manual"
        )  # fmt: skip

    def observe(
        self,
        account_id: str,
        group_id: str | None = None,  # noqa: ARG002 - there are no groups here
    ) -> Observation:
        self.points.reach(f"observe {account_id}", may_fail=False)
        self.before_step("read", account_id)
        self._advance()
        if self.reads_fail:
            self.reads_fail -= 1
            return Observation(found=None, error="read.timeout")
        held = self.accounts.get(account_id)
        self.events.append(Event("read", account_id, held.active if held else None))
        if held is None:
            return Observation(found=False, status=404)
        return Observation(
            found=True,
            active=held.active,
            user_name=held.user_name,
            external_id=f"e-{account_id}",
            emails=(f"{held.user_name}@example.com",),
            privileged=held.privileged,
            version=f'W/"{held.version}"' if self.shows_version else None,
            status=200,
        )

    def own_account(self) -> str | None:
        return self.own

    def census(self, most: int) -> Census:
        self.points.reach(f"census {self.name}", may_fail=False)
        self.before_step("census", "")
        self._advance()
        if self.reads_fail or not self.lists:
            self.reads_fail = max(0, self.reads_fail - 1)
            return Census(None, None, "read.timeout")
        if len(self.accounts) > most:
            return Census(None, None, "count.too_many")
        self.events.append(Event("census", "", under=self.under))
        active = frozenset(one.id for one in self.accounts.values() if one.active)
        return Census(active, frozenset(self.accounts) - active)

    def send(self, request: Request, if_match: str | None) -> Reply:
        account_id = request.path.rpartition("/")[2]
        self.points.reach(f"send {account_id}", may_fail=False)
        self.before_step("write", account_id)
        self._advance()
        trick = self.tricks.pop(0) if self.tricks else Trick.HONEST
        wanted = bool(json.loads(request.body)["active"])
        held = self.accounts.get(account_id)
        stale = (
            self.enforces and if_match is not None and held is not None
            and if_match != f'W/"{held.version}"'
        )  # fmt: skip
        if trick is Trick.LOST_REQUEST:
            self.events.append(Event("write", account_id, request=request, under=self.under))
            reply = Reply(None, error="write.timeout")
        elif held is None or stale:
            self.events.append(Event("write", account_id, request=request, under=self.under))
            reply = Reply(412 if stale else 404)
        else:
            reply = self._play(trick, held, request, wanted)
        self.points.reach(f"answer {account_id}", may_fail=False)
        return reply

    def _play(self, trick: Trick, held: Held, request: Request, wanted: bool) -> Reply:
        does = trick in {
            Trick.HONEST, Trick.NO_CONTENT, Trick.LOST_ANSWER, Trick.ERROR_DONE, Trick.OBFUSCATES,
            Trick.ANOTHER,
        }  # fmt: skip
        effect = does and held.active is not wanted
        self.events.append(Event("write", held.id, None, request, effect, self.under))
        if does:
            self._set(held, wanted)
        if trick is Trick.OBFUSCATES:
            held.user_name = f"gone-{held.id}"
        if trick is Trick.DELETES:
            del self.accounts[held.id]
        if trick in (Trick.LATE, Trick.SLOW):
            self.pending.append((len(self.events) + (6 if trick is Trick.LATE else 2), held.id,
                                 wanted))  # fmt: skip
        if trick in (Trick.WRONG_ONE, Trick.ANOTHER, Trick.EVERYONE):
            others = [one for one in self.accounts.values() if one is not held]
            for one in others if trick is Trick.EVERYONE else self._hit(others, wanted):
                self._set(one, wanted, by=f"beside {self.under}")
        if trick is Trick.EVERYONE:
            self._set(held, wanted)
        statuses = {
            Trick.NO_CONTENT: 204, Trick.SLOW: 202, Trick.ERROR_DONE: 500, Trick.ERROR: 500,
            Trick.FORBIDDEN: 403, Trick.UNAUTHORIZED: 401, Trick.CONFLICT: 409,
            Trick.REFUSED: 400, Trick.NOT_IMPLEMENTED: 501, Trick.REDIRECT: 302,
        }  # fmt: skip
        if trick is Trick.THROTTLED:
            return Reply(429, retry_after=7)
        if trick in (Trick.LOST_ANSWER, Trick.LATE):
            return Reply(None, error="write.interrupted")
        return Reply(statuses.get(trick, 200))

    def _hit(self, others: Sequence[Held], wanted: bool) -> Sequence[Held]:
        """One account that is not as it was asked for, one that nobody reads if there is any."""
        read = {one.account for one in self.events}
        hittable = [one for one in others if one.active is not wanted]
        return sorted(hittable, key=lambda one: one.id in read)[:1]

    @staticmethod
    def _set(held: Held, active: bool, by: str = "tool") -> None:
        if held.active is not active:
            held.active, held.version, held.by = active, held.version + 1, by

    def _advance(self) -> None:
        """Let what was asked earlier take effect when its time has come."""
        due = [one for one in self.pending if one[0] <= len(self.events)]
        self.pending = [one for one in self.pending if one not in due]
        for _, account_id, wanted in due:
            held = self.accounts.get(account_id)
            if held is not None:
                self._set(held, wanted)

    def human(self, account_id: str, **changes: object) -> None:
        """Let an administrator change an account."""
        held = self.accounts.get(account_id)
        if held is None:
            return
        self.events.append(Event("human", account_id, held.active))
        changed = replace(held, **changes)  # type: ignore[arg-type]  # names of Held's fields
        changed.version, changed.by = held.version + 1, "human"
        self.accounts[account_id] = changed

    def writes(self) -> list[Event]:
        return [one for one in self.events if one.what == "write"]

    def close(self) -> None:
        """Nothing is open."""
