"""Companies made up from a seed, full of what makes reconciling hard, over several runs.

Keys are taken from small pools, so that they collide: rehires, two records of one person, numbers
and addresses given out twice, look-alikes, unknown states, cycles of groups, waivers, sources that
were not read whole. The same seed always gives the same company.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from scanner.config import Config
from scanner.model import (
    Account,
    AccountEvent,
    ApprovedGroup,
    EventKind,
    Group,
    ManualLink,
    Membership,
    NonHuman,
    Person,
    PersonStatus,
    Pointer,
    Population,
    Reading,
    Reason,
    Records,
    Registers,
    State,
    Waiver,
)
from tests.plain.company import History, Run
from tests.plain.finding import SEVERITY, PlainFinding, plain_id
from tests.plain.judge import judge

START = datetime(2026, 10, 28, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TAKES = timedelta(minutes=10)
APPS = ("okta", "slack", "github")
NAMES = (
    "Ana Ruiz", "ana ruiz", "Bo Li", "Cy Núñez", "Cy Nu\u0301n\u0303ez", "\u0410na Ruiz",
    "Dee Dee", "İlay Kaya", "山田 太郎", "Straße Weiß", "Ｆｕｌｌ Width",
)  # fmt: skip
LOCALS = ("ana", "bo", "cy", "dee", "ilay", "ana+x", "m\u0131ke", "mike", "\u0430na")
DOMAINS = ("x.example", "old.example", "münchen.example", "xn--mnchen-3ya.example")
WORDS = ("ana", "bo", "cy", "root", "svc-ci", "dee", "1", "2")
NUMBERS = ("1", "2", "3", "4", "5", "6", "7", "P1", "p2")
DEPARTMENTS = ("Eng", "eng", "Sales", None)
HOURS = (-24 * 400, -24 * 40, -24 * 12, -75, -48, -25, -24, -23, -4, -1, 0, 1, 30, 24 * 20)
"""From the newest run to a departure; some of them are the very instant of a limit."""
RECENT = (-75, -48, -25, -24, -23, -9, -4, -1, 0)

Chosen = TypeVar("Chosen")
Subject = tuple[str, str, str | None, str | None, str | None]
"""Kind, app, account, person and group of a finding."""


def generate(seed: int) -> History:
    """Make the company of one seed."""
    return _Maker(Random(seed)).history()  # noqa: S311 - nothing secret


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.last = START + HOUR * random.choice((0, 7, 24 * 4, 24 * 9))
        self.calm = random.random() < 0.7
        self.hris = ("people", "contractors")[: random.randint(1, 2)]
        self.apps = APPS[: random.randint(1, 3)]
        self.people = self._people()
        self.accounts = self._accounts()
        self.groups, self.members = self._groups()

    def history(self) -> History:
        config = Config.model_validate(self._settings())
        count = self.random.choice((1, 2, 3, 3, 4))
        steps = sorted(self.random.sample(range(1, 24 * 9), count - 1), reverse=True)
        times = [*(self.last - HOUR * step for step in steps), self.last]
        runs = []
        for number, at in enumerate(times, start=1):
            audit = at == self.last or self.random.random() < 0.6
            runs.append(self._run(config, number, at, audit=audit))
            self._time_passes()
        history = History(config, tuple(runs), self._registers())
        waivers = tuple(self._waivers(judge(history).findings))
        return replace(history, registers=replace(history.registers, waivers=waivers))

    def _maybe(self, values: Sequence[Chosen], chance: float = 0.6) -> Chosen | None:
        return self.random.choice(values) if self.random.random() < chance else None

    def _mail(self) -> str:
        mail = f"{self.random.choice(LOCALS)}@{self.random.choice(DOMAINS)}"
        spelt = (mail, mail, mail.upper(), f" {mail}", f"{mail}\t", mail.replace("@", "＠"))
        return self.random.choice((*spelt, f"\u00a0{mail}", "", "nobody"))

    def _mails(self) -> tuple[str, ...]:
        return tuple(self._mail() for _ in range(self.random.choice((0, 1, 1, 2))))

    def _login(self) -> str | None:
        return self._maybe((self._mail(), self.random.choice(WORDS), " BO ", ""), 0.7)

    def _people(self) -> list[Person]:
        made: dict[tuple[str, str], Person] = {}
        for _ in range(self.random.randint(1, 9)):
            one = self._orderly(len(made)) if self.calm else self._person()
            if self.random.random() < 0.12:
                one = self._outsider(one)
            made.setdefault((one.source, one.person_id), one)
            if self.random.random() < (0.1 if self.calm else 0.35):
                twin = self._twin(one)
                made.setdefault((twin.source, twin.person_id), twin)
        if self.random.random() < 0.08:
            made |= {(one.source, one.person_id): one for one in self._chain()}
        for one in list(made.values()):
            other = replace(self._person(), source=self.hris[-1], person_id=one.person_id)
            if self.random.random() < 0.2:
                made.setdefault((other.source, other.person_id), other)
        return list(made.values())

    def _person(self) -> Person:
        source, person_id = self.random.choice(self.hris), self.random.choice(("10", *NUMBERS))
        departed = self._maybe(HOURS, 0.65)
        hired = self._maybe((-24 * 500, -24 * 11, -60, -30, 2), 0.4)
        return Person(
            source=source,
            person_id=person_id,
            pointer=Pointer(f"responses/{source}/users-1.json", 0),
            status=self.random.choice((*PersonStatus, *[PersonStatus.TERMINATED] * 3)),
            external_id=self._maybe(NUMBERS, 0.2),
            employee_number=self._maybe((*NUMBERS, "", " 1 "), 0.7),
            user_name=self._login(),
            emails=self._mails(),
            display_name=self._maybe(NAMES, 0.85),
            worker_type=self._maybe(("Employee", "Contractor", " vendor"), 0.5),
            department=self.random.choice(DEPARTMENTS),
            title=self._maybe(("Clerk", "Lead"), 0.5),
            manager_id=self._maybe(NUMBERS, 0.3),
            hired_at=None if hired is None else self.last + HOUR * hired,
            departed_at=None if departed is None else self.last + HOUR * departed,
            recorded_at=self._maybe([self.last + HOUR * one for one in HOURS], 0.2),
        )

    def _orderly(self, place: int) -> Person:
        """Somebody with keys that nobody else was given."""
        name = f"{('Ana', 'Bo', 'Cy', 'Dee')[place % 4]} N{'abcdefghijklmnopqrst'[place]}o"
        statuses = (PersonStatus.ACTIVE, PersonStatus.ACTIVE, PersonStatus.TERMINATED)
        return replace(
            self._person(),
            person_id=f"e{place}",
            status=self.random.choice((*statuses, PersonStatus.TERMINATED, *PersonStatus)),
            external_id=None,
            employee_number=f"{100 + place}",
            user_name=self.random.choice((f"user{place}", f"user{place}@x.example")),
            emails=(f"user{place}@x.example",),
            display_name=name,
        )

    def _outsider(self, one: Person) -> Person:
        """Somebody whose engagement may be over although the HRIS says active."""
        over = self.last + HOUR * self.random.choice(HOURS)
        status = self.random.choice((PersonStatus.ACTIVE, PersonStatus.ON_LEAVE))
        return replace(one, status=status, worker_type="CONTRACTOR", departed_at=over)

    def _twin(self, one: Person) -> Person:
        """The same person again (rehire, contractor hired), or somebody given what was theirs."""
        other = replace(
            self._person(), source=self.random.choice(self.hris), person_id=self._other_id()
        )
        fields = ("employee_number", "display_name", "emails", "user_name")
        shared = self.random.sample(fields, self.random.randint(1, 3))
        return replace(other, **{name: getattr(one, name) for name in shared})

    def _other_id(self) -> str:
        return f"{self.random.choice(NUMBERS)}{self.random.choice(('', 'b'))}"

    def _chain(self) -> list[Person]:
        """Records that hang together link by link, over more steps than one can follow."""
        return [
            replace(
                self._person(),
                source=self.hris[0],
                person_id=f"c{place}",
                employee_number="chained",
                emails=(f"m{place}@x.example", f"m{place + 1}@x.example"),
                display_name=None,
                user_name=None,
            )
            for place in range(self.random.randint(4, 9))
        ]

    def _accounts(self) -> list[Account]:
        made: dict[tuple[str, str], Account] = {}
        for one in self.people:
            for _ in range(self.random.choice((0, 1, 1, 2))):
                account = self._account(one)
                made.setdefault((account.source, account.account_id), account)
        for _ in range(self.random.randint(0, 3)):
            account = self._account(self.random.choice(self.people))
            stranger = replace(account, user_name=self._login(), emails=(), employee_number=None)
            made.setdefault((account.source, account.account_id), stranger)
        for _, account_id in list(made):
            # An id names an account of its own in each app.
            other = replace(self._account(self.random.choice(self.people)), account_id=account_id)
            if self.random.random() < 0.3:
                made.setdefault((other.source, account_id), other)
        return list(made.values())

    def _account(self, owner: Person) -> Account:
        if not self.calm or self.random.random() < 0.15:
            return self._odd_account(owner)
        ids = (owner.person_id, owner.employee_number)
        return replace(
            self._odd_account(owner),
            account_id=f"U{self.random.randint(1, 40)}",
            user_name=owner.user_name,
            external_id=self._maybe(ids, 0.35),
            employee_number=self._maybe((owner.employee_number,), 0.5),
            emails=owner.emails if self.random.random() < 0.7 else (),
            display_name=self._maybe((owner.display_name, "Somebody Else"), 0.8),
        )

    def _odd_account(self, owner: Person) -> Account:
        source = self.random.choice(self.apps)
        used = self._maybe((*HOURS, -24 * 31, -24 * 30), 0.5)
        changed = self._maybe((*HOURS, -10, -3), 0.5)
        ids = (owner.person_id, owner.employee_number, owner.external_id, *NUMBERS)
        return Account(
            source=source,
            account_id=f"{self.random.choice('Uu')}{self.random.randint(1, 9)}",
            pointer=Pointer(f"responses/{source}/users-1.json", 0),
            active=self.random.choice((True, True, True, False, None)),
            user_name=self._maybe((owner.user_name, *owner.emails, self._login()), 0.8),
            external_id=self._maybe(ids, 0.35),
            employee_number=self._maybe((owner.employee_number, *NUMBERS[:2]), 0.45),
            emails=owner.emails if self.random.random() < 0.6 else self._mails(),
            display_name=self._maybe((owner.display_name, owner.display_name, *NAMES), 0.7),
            privileged=self._maybe((True, False), 0.3),
            modified_at=None if changed is None else self.last + HOUR * changed,
            last_activity_at=None if used is None else self.last + HOUR * used,
        )

    def _groups(self) -> tuple[list[Group], list[Membership]]:
        """Up to five groups an app, nested in each other and in themselves."""
        groups: list[Group] = []
        members: list[Membership] = []
        for source in self.apps:
            pointer = Pointer(f"responses/{source}/groups-1.json", 0)
            users = [one.account_id for one in self.accounts if one.source == source]
            ids = [f"g{number}" for number in range(self.random.randint(0, 5))]
            for one in ids:
                name = self._maybe(("Engineers", "engineers ", "Admins", "Sales", "All"), 0.8)
                groups.append(Group(source, one, pointer, name))
                held = {"User": self._some([*users, "nobody"], 4), "Group": self._some(ids, 2)}
                members += [
                    Membership(source, one, inner, kind, pointer)
                    for kind, inside in held.items()
                    for inner in inside
                ]
        return groups, members

    def _some(self, values: list[str], most: int) -> list[str]:
        return self.random.sample(values, self.random.randint(0, min(most, len(values))))

    def _settings(self) -> dict[str, Any]:
        hris = {"role": "hris", "type": "scim", "url": "https://hr.example.com"}
        app = {"type": "scim", "url": "https://app.example.com"}
        sources: dict[str, Any] = {name: dict(hris) for name in self.hris}
        for name in self.apps:
            patterns = self._maybe((["admin*"], ["G1"], ["?ng*", "*"]), 0.4) or []
            roots = self._maybe((["root", "svc-*"], ["U1"], ["u?"]), 0.3) or []
            sources[name] = {**app, "privileged_groups": patterns, "privileged_accounts": roots}
        limits = ("24h", "24h", "immediate", "4h", "2 business days")
        policy: dict[str, Any] = {
            "deprovision_within": self.random.choice(limits),
            "timeliness_window": self.random.choice(("365d", "11d")),
        }
        policy |= {"dormant_after": "30d"} if self.random.random() < 0.5 else {}
        policy |= {"inactive_memberships": True} if self.random.random() < 0.4 else {}
        if (every := self._maybe(("day", "week", "month"), 0.4)) is not None:
            policy["run_every"] = every
        aliases = {"old.example": "x.example"} if self.random.random() < 0.5 else {}
        zones = ("UTC", "Europe/Berlin", "Pacific/Auckland")
        return {
            "organization": {"timezone": self.random.choice(zones)},
            "policy": policy,
            "sources": sources,
            "entitlements": [self._entitlement() for _ in range(self.random.randint(0, 3))],
            "correlation": {"domain_aliases": aliases},
        }

    def _entitlement(self) -> dict[str, Any]:
        names = ("g0", "G1", "g2", "Engineers", "Sales", "gone")
        place = {"app": self.random.choice(self.apps), "group": self.random.choice(names)}
        if self.random.random() < 0.4:
            return {**place, "mirrors": f"{self.random.choice(self.apps)}:{names[0]}"}
        rule: dict[str, Any] = {"department": ["Eng", "eng"][: self.random.randint(1, 2)]}
        rule |= {"title": ["Clerk"]} if self.random.random() < 0.3 else {}
        return {**place, "people": rule}

    def _registers(self) -> Registers:
        lines = iter(range(1, 99))
        entries: dict[tuple[str, str], NonHuman | ManualLink] = {}
        for one in self.random.sample(self.accounts, min(len(self.accounts), 4)):
            if self.random.random() < 0.3:
                entries[one.source, one.account_id] = self._nonhuman(next(lines), one)
            elif self.random.random() < 0.3 and one.user_name and one.user_name.strip():
                link = ManualLink(next(lines), one.source, one.user_name, self._somebody())
                entries[one.source, one.user_name] = link
        if self.random.random() < 0.2:
            absent = NonHuman(next(lines), self.apps[0], "absent", "bot", None, "none", None)
            entries[self.apps[0], "absent"] = absent
        return Registers(
            nonhuman=tuple(one for one in entries.values() if isinstance(one, NonHuman)),
            links=tuple(one for one in entries.values() if isinstance(one, ManualLink)),
            baseline=tuple(self._approved()),
        )

    def _approved(self) -> Iterator[ApprovedGroup]:
        for one in self.groups:
            if self.random.random() < 0.2:
                users = [a.account_id for a in self.accounts if a.source == one.source]
                members = tuple(self._some(users, len(users)))
                place = self.random.choice((one.group_id, one.group_id, "renamed"))
                yield ApprovedGroup(
                    one.source, place, one.display_name, members, "000001", "bo", START
                )

    def _nonhuman(self, line: int, one: Account) -> NonHuman:
        kinds = ("service", "shared", "break_glass", "bot")
        review = self._maybe((-9, -1, 0, 30), 0.6)
        return NonHuman(
            line=line,
            app=one.source,
            account=self.random.choice((one.account_id, one.user_name or one.account_id)),
            type=self.random.choice(kinds),
            owner=self._maybe((self._somebody(),), 0.8),
            purpose="works at night",
            review_by=None if review is None else (self.last + timedelta(days=review)).date(),
        )

    def _somebody(self) -> str:
        one = self.random.choice(self.people)
        return self.random.choice((one.person_id, *one.emails, "nobody at all")) or "nobody"

    def _waivers(self, found: Sequence[PlainFinding]) -> list[Waiver]:
        made: dict[str, Waiver] = {}
        for line in range(1, self.random.choice((0, 1, 2, 5)) + 1):
            kind, app, account, person, group = self._subject(found)
            approved, expires = self.random.choice((-30, -1, 0, 1)), self.random.choice((-1, 0, 20))
            identity = plain_id(kind, app, account, person, group)
            whole = self.random.random() < 0.6
            made[identity] = Waiver(
                line=line,
                app=app,
                finding=None if whole else identity,
                kind=kind if whole else None,
                account=account if whole else None,
                person=person if whole else None,
                group=group if whole else None,
                owner="ana",
                reason="known",
                approver="bo",
                approved_on=(self.last + timedelta(days=approved)).date(),
                expires_on=(self.last + timedelta(days=max(approved, expires))).date(),
            )
        return list(made.values())

    def _subject(self, found: Sequence[PlainFinding]) -> Subject:
        """Something that was found, or that might have been."""
        waivable = [it for it in found if it.app in self.apps]
        if waivable and self.random.random() < 0.3:
            known = self.random.choice(waivable)
            return known.kind, known.app, known.account, known.person, known.group
        if self.random.random() < 0.3:
            return "collection_incomplete", self.random.choice(self.apps), None, None, None
        accounts = self.accounts or [self._account(self.people[0])]
        one, person = self.random.choice(accounts), self.random.choice(self.people).person_id
        kind = self.random.choice([name for name in SEVERITY if name != "collection_incomplete"])
        nobody = {"orphan_account", "ambiguous_identity", "unowned_nonhuman"}
        group = "g0" if kind in {"leaver_membership", "group_drift"} else None
        return kind, one.source, one.account_id, None if kind in nobody else person, group

    def _run(self, config: Config, number: int, at: datetime, *, audit: bool) -> Run:
        whole = self.random.random() < 0.85
        readings, records = [], {}
        for name, source in config.sources.items():
            users, groups = (self._state(whole=whole) for _ in range(2))
            held = self._held(name, users, groups)
            count = len(held.people) + len(held.accounts)
            timed = self.random.random() < 0.9
            readings.append(
                Reading(
                    source=name,
                    role=source.role,
                    type="scim",
                    url="https://one.example.com",
                    users=_population(users, count),
                    groups=_population(groups, len(held.groups)),
                    started_at=at - HOUR if timed else None,
                    ended_at=at - HOUR + TAKES if timed else None,
                )
            )
            records[name] = held
        return Run(f"{number:06}-{at:%Y%m%dT%H%M%SZ}", at, audit, readings, records, self._events())

    def _state(self, *, whole: bool) -> State:
        if whole:
            return State.COMPLETE
        return self.random.choice(
            (State.COMPLETE, State.COMPLETE, State.INCOMPLETE, State.NOT_READ)
        )

    def _held(self, source: str, users: State, groups: State) -> Records:
        """What a source showed; of what was not read whole, a part."""
        share = {State.COMPLETE: 1.0, State.INCOMPLETE: 0.5, State.NOT_READ: 0.0}
        people = [one for one in self.people if one.source == source]
        accounts = [one for one in self.accounts if one.source == source]
        mine = [one for one in self.groups if one.source == source]
        members = [one for one in self.members if one.source == source]
        return Records(
            people=tuple(self._part(people, share[users])),
            accounts=tuple(self._part(accounts, share[users])),
            groups=tuple(self._part(mine, share[groups])),
            memberships=tuple(self._part(members, share[groups])),
        )

    def _part(self, records: list[Chosen], share: float) -> list[Chosen]:
        kept = records[: round(len(records) * share)]
        self.random.shuffle(kept)
        return kept

    def _events(self) -> list[AccountEvent]:
        pointer = Pointer("responses/events/audit.csv", 0)
        return [
            AccountEvent(
                one.source,
                one.account_id,
                None,
                self.random.choice(tuple(EventKind)),
                self.last + HOUR * self.random.choice((-200, -100, -50, -26, -24, -20, -2)),
                pointer,
            )
            for one in self.accounts
            for _ in range(self.random.choice((0, 0, 0, 1, 2)))
        ]

    def _time_passes(self) -> None:
        """People leave, come back and move; accounts are switched off and on, and deleted."""
        self.people = [self._later(one) for one in self.people if self.random.random() > 0.04]
        self.accounts = [self._touched(one) for one in self.accounts if self.random.random() > 0.08]
        self.members = [one for one in self.members if self.random.random() > 0.1]
        self.people = self.people or [self._person()]

    def _later(self, one: Person) -> Person:
        if self.random.random() < 0.3:
            departed = self._maybe(RECENT, 0.7)
            terminated = [PersonStatus.TERMINATED] * 4
            return replace(
                one,
                status=self.random.choice((*terminated, *PersonStatus)),
                departed_at=None if departed is None else self.last + HOUR * departed,
            )
        if self.random.random() < 0.2:
            return replace(one, department=self.random.choice(DEPARTMENTS), title="Lead")
        return one

    def _touched(self, one: Account) -> Account:
        if one.active is False and self.random.random() < 0.5:
            return replace(one, active=True)
        if self.random.random() < 0.35:
            times = [self.last + HOUR * hours for hours in (-150, -120, -99, -75, -49, -30, -9, -2)]
            changed = self._maybe(times, 0.9)
            active = self.random.choice((True, False, False, False, None))
            return replace(one, active=active, modified_at=changed)
        return one


def _population(state: State, received: int) -> Population:
    cut = (Reason("read.cut", "The list was cut short."),)
    return Population(state, received=received, reasons=() if state is State.COMPLETE else cut)
