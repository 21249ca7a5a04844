"""Companies in which everything that could be taken for something else has its name or its time.

Two HRIS give their own people the same ids, three apps their own accounts and groups; a group has
the id of an account, an account the name of another one, a department that of a title. Whatever
happens happens at the instant of something else: of a reading, of an audit, of a limit. Keys are in
order, so that most accounts have an owner. The same seed always gives the same company.
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
from tests.plain.finding import plain_id
from tests.plain.judge import judge

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HRIS, APPS = ("people", "contractors"), ("chat", "code", "okta")
PEOPLE = tuple(str(number) for number in range(1, 25))
ACCOUNTS = tuple(f"U{number}" for number in range(1, 31))
GROUPS = ("U1", "U2", "g1", "g2", "g3")
WORDS = ("A", "B", "C", "Contractor", None)
"""Values of whatever field of a person."""
FIELDS = ("department", "title", "location", "worker_type", "manager_id")
CUT = (Reason("read.cut", "The list was cut short."),)
POINTER = Pointer("responses/any/1.json", 0)
AUDITS = tuple(datetime(2026, 10, day, tzinfo=UTC) for day in (1, 3, 4, 6, 7))
"""The runs of every company: at midnight, when a day of a register ends as well."""
NEWEST, WINDOW, DORMANT = AUDITS[-1], 5, 30
STARTS, ENDS = ([at - hours * HOUR for at in AUDITS] for hours in (2, 1))
INSTANTS = (
    *AUDITS, *STARTS, *ENDS, NEWEST - DAY, NEWEST - WINDOW * DAY, NEWEST - DORMANT * DAY,
    NEWEST + DAY, STARTS[-1] - DAY, ENDS[-1] - DAY, ENDS[-1] - DAY - HOUR / 2,
)  # fmt: skip
EMPLOYED = (PersonStatus.ACTIVE, PersonStatus.ACTIVE, PersonStatus.ACTIVE, PersonStatus.ON_LEAVE)
LEFT = PersonStatus.TERMINATED

Chosen = TypeVar("Chosen")


def tangled(seed: int) -> History:
    """Make the company of one seed."""
    return _Maker(Random(seed)).history()  # noqa: S311 - nothing secret


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.people = self._people()
        self.accounts = [self._account(app, place) for app in APPS for place in ACCOUNTS]
        self.groups = [
            Group(app, one, POINTER, self._maybe((*GROUPS, "Eng"), 0.4))
            for app in APPS
            for one in GROUPS
        ]
        self.members = [
            Membership(app, group, one, kind, POINTER)
            for app in APPS
            for group in GROUPS
            for kind, ids, chance in (("User", ACCOUNTS, 0.15), ("Group", GROUPS, 0.15))
            for one in ids
            if random.random() < chance
        ]

    def history(self) -> History:
        config, runs = Config.model_validate(self._settings()), []
        whole = self.random.random() < 0.7
        for number in range(len(AUDITS)):
            runs.append(self._run(config, number, whole=whole))
            self._time_passes()
        history = History(config, tuple(runs), self._registers())
        waivers = tuple(self._waivers(history))
        return replace(history, registers=replace(history.registers, waivers=waivers))

    def _maybe(self, values: Sequence[Chosen], chance: float = 0.5) -> Chosen | None:
        return self.random.choice(values) if self.random.random() < chance else None

    def _people(self) -> list[Person]:
        made = [self._person(source, one) for source in HRIS for one in PEOPLE]
        for place, one in enumerate(made[1:], start=1):
            other = self.random.choice(made[:place])
            if self.random.random() < 0.08:  # a second record of the same person
                shared = ("employee_number", "display_name", "emails")[self.random.randint(0, 1) :]
                made[place] = replace(one, **{name: getattr(other, name) for name in shared})
            elif self.random.random() < 0.05:  # an address given to somebody else
                made[place] = replace(one, emails=(*one.emails, *other.emails))
        return made

    def _person(self, source: str, person_id: str) -> Person:
        name = f"{source[0]}{person_id}"
        return Person(
            source,
            person_id,
            POINTER,
            self.random.choice((*EMPLOYED, LEFT, LEFT, *PersonStatus)),
            employee_number=f"n{name}",
            user_name=self.random.choice((f"{name}@x.example", name, "A", None)),
            emails=(f"{name}@x.example",),
            display_name=self.random.choice(
                (f"Ana{name} Ruiz{name}", f"Ana{name} Ruiz{name}", None)
            ),
            hired_at=self._maybe(INSTANTS, 0.3),
            departed_at=self._maybe(INSTANTS, 0.6),
            recorded_at=self._maybe(INSTANTS, 0.2),
            **{field: self.random.choice(WORDS) for field in FIELDS},
        )

    def _account(self, app: str, account_id: str) -> Account:
        owner = self.random.choice(self.people)
        keys: dict[str, Any] = self.random.choice((
            {"employee_number": owner.employee_number},
            {"employee_number": owner.employee_number},
            {"emails": owner.emails},
            {"emails": owner.emails, "employee_number": owner.employee_number},
            {"user_name": owner.user_name},
            {"external_id": owner.employee_number},
            {},
        ))  # fmt: skip
        names = (owner.display_name, self.random.choice(self.people).display_name, None)
        return Account(
            app,
            account_id,
            POINTER,
            **{"user_name": self.random.choice((*ACCOUNTS, f"root-{app}")), **keys},
            active=self.random.choice((True, True, True, False, None)),
            display_name=self.random.choice(names),
            privileged=self._maybe((True, False), 0.2),
            modified_at=self._maybe(INSTANTS),
            last_activity_at=self._maybe(INSTANTS),
        )

    def _settings(self) -> dict[str, Any]:
        url = {"type": "scim", "url": "https://one.example.com"}
        sources: dict[str, Any] = {name: {**url, "role": "hris"} for name in HRIS}
        for app in APPS:
            sources[app] = {
                **url,
                "privileged_groups": self._maybe((["u1"], ["g?"], ["eng"]), 0.3) or [],
                "privileged_accounts": self._maybe((["U1"], ["root-*"], ["u2"]), 0.3) or [],
            }
        policy = {
            "deprovision_within": self.random.choice(("24h", "1h", "immediate")),
            "timeliness_window": f"{WINDOW}d",
            "dormant_after": f"{DORMANT}d",
            "inactive_memberships": self.random.random() < 0.7,
        }
        wanted = [self._entitlement() for _ in range(self.random.randint(2, 7))]
        return {
            "organization": {"timezone": "UTC"},
            "policy": policy,
            "sources": sources,
            "entitlements": wanted,
        }

    def _entitlement(self) -> dict[str, Any]:
        names = (*GROUPS, "Eng", "gone")
        place = {"app": self.random.choice(APPS), "group": self.random.choice(names)}
        if self.random.random() < 0.4:
            return {**place, "mirrors": f"{self.random.choice(APPS)}:{self.random.choice(names)}"}
        fields = self.random.sample((*FIELDS, "user_name"), self.random.choice((1, 1, 2, 3)))
        return {**place, "people": {one: self._some(("A", "B", "C"), 1) for one in fields}}

    def _some(self, values: Sequence[str], least: int = 0) -> list[str]:
        return self.random.sample(values, self.random.randint(least, len(values)))

    def _run(self, config: Config, number: int, *, whole: bool) -> Run:
        readings, records = [], {}
        for name, source in config.sources.items():
            users, groups = (
                State.COMPLETE if whole or self.random.random() < 0.9 else State.INCOMPLETE
                for _ in range(2)
            )
            records[name] = Records(
                people=tuple(self._part(name, self.people, users)),
                accounts=tuple(self._part(name, self.accounts, users)),
                groups=tuple(self._part(name, self.groups, groups)),
                memberships=tuple(self._part(name, self.members, groups)),
            )
            readings.append(
                Reading(
                    source=name,
                    role=source.role,
                    type="scim",
                    url="https://one.example.com",
                    users=_population(
                        users, len(records[name].people) + len(records[name].accounts)
                    ),
                    groups=_population(groups, len(records[name].groups)),
                    started_at=STARTS[number],
                    ended_at=ENDS[number],
                )
            )
        audit = number + 1 == len(AUDITS) or self.random.random() < 0.7
        name = f"{number + 1:06}-{AUDITS[number]:%Y%m%dT%H%M%SZ}"
        return Run(name, AUDITS[number], audit, readings, records, tuple(self._events()))

    def _part(self, source: str, records: Sequence[Chosen], state: State) -> list[Chosen]:
        """What a source shows; of what was not read whole, a part."""
        share = 1.0 if state is State.COMPLETE else 0.5
        return [
            one for one in records if one.source == source and self.random.random() < share  # type: ignore[attr-defined] # any record has a source
        ]  # fmt: skip

    def _events(self) -> Iterator[AccountEvent]:
        for one in self.accounts:
            for _ in range(self.random.choice((0, 0, 0, 1, 2))):
                kind, at = self.random.choice(tuple(EventKind)), self.random.choice(INSTANTS)
                yield AccountEvent(one.source, one.account_id, None, kind, at, POINTER)

    def _time_passes(self) -> None:
        """People leave, come back and move; accounts are switched off and on, and deleted."""
        self.people = [self._later(one) for one in self.people if self.random.random() > 0.03]
        self.accounts = [self._touched(one) for one in self.accounts if self.random.random() > 0.05]
        self.members = [one for one in self.members if self.random.random() > 0.05]

    def _later(self, one: Person) -> Person:
        if self.random.random() < 0.2:
            status = LEFT if one.status is not LEFT else self.random.choice((*PersonStatus,))
            return replace(one, status=status, departed_at=self._maybe(INSTANTS, 0.7))
        if self.random.random() < 0.15:
            word = self.random.choice(WORDS)
            if self.random.random() < 0.5:
                return replace(one, department=word)
            return replace(one, title=word)
        return one

    def _touched(self, one: Account) -> Account:
        if self.random.random() < 0.25:
            active = self.random.choice((True, False, None)) if one.active is False else False
            return replace(one, active=active, modified_at=self._maybe(INSTANTS, 0.7))
        return one

    def _registers(self) -> Registers:
        nonhuman, links = list[NonHuman](), list[ManualLink]()
        named = [(app, one) for app in APPS for one in (*ACCOUNTS, f"root-{app}", "absent")]
        for line, (app, name) in enumerate(self.random.sample(named, 15), start=1):
            if self.random.random() < 0.6:
                nonhuman.append(self._nonhuman(line, app, name))
            else:
                links.append(ManualLink(line, app, name, self._somebody()))
        return Registers(
            nonhuman=tuple(nonhuman),
            links=tuple(links),
            baseline=tuple(
                ApprovedGroup(app, one, one, tuple(self._some(ACCOUNTS)), "000001", "bo", NEWEST)
                for app in APPS
                for one in GROUPS
                if self.random.random() < 0.2
            ),
        )

    def _nonhuman(self, line: int, app: str, name: str) -> NonHuman:
        kind = self.random.choice(("service", "break_glass"))
        owner = self._maybe((self._somebody(),), 0.8)
        return NonHuman(line, app, name, kind, owner, "works", self._maybe(_DATES))

    def _somebody(self) -> str:
        one = self.random.choice(self.people)
        return self.random.choice((one.person_id, *one.emails, f"n{one.person_id}", "nobody"))

    def _waivers(self, history: History) -> Iterator[Waiver]:
        found = [one for one in judge(history).findings if one.app in {*APPS, *HRIS}]
        for line, one in enumerate(self.random.sample(found, min(len(found), 15)), start=1):
            whole, group = self.random.random() < 0.6, self._maybe((one.group,), 0.9)
            approved, expires = sorted(self.random.choice(_DATES) for _ in range(2))
            yield Waiver(
                line=line,
                app=one.app,
                finding=None
                if whole
                else plain_id(one.kind, one.app, one.account, one.person, group),
                kind=one.kind if whole else None,
                account=one.account if whole else None,
                person=one.person if whole else None,
                group=group if whole else None,
                owner="ana",
                reason="known",
                approver="bo",
                approved_on=approved,
                expires_on=expires,
            )


_DATES = tuple((NEWEST + days * DAY).date() for days in (-2, -1, 0, 1))


def _population(state: State, received: int) -> Population:
    return Population(state, received=received, reasons=() if state is State.COMPLETE else CUT)
