"""Companies of any size in which every finding is planted, so that it is known from the start.

A case plants a few people and accounts with keys of their own, and says what has to be found of
them. Three runs see the company: an audit, a snapshot four weeks later, and the audit that is
judged, three days after that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

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

FIRST = datetime(2026, 10, 1, 6, 0, tzinfo=UTC)
SNAPSHOT = datetime(2026, 10, 29, 6, 0, tzinfo=UTC)
AS_OF = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
TIMES = (FIRST, SNAPSHOT, AS_OF)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TAKES = timedelta(minutes=10)
GONE = PersonStatus.TERMINATED
LONG_AGO = FIRST - 30 * DAY
ALL, EARLY, LATE = (0, 1, 2), (0, 1), (2,)
HRIS = {"role": "hris", "type": "scim", "url": "https://hr.example.com"}
APP = {"type": "scim", "url": "https://app.example.com"}
SETTINGS: dict[str, Any] = {
    "organization": {"timezone": "Europe/Berlin"},
    "policy": {
        "deprovision_within": "24h",
        "dormant_after": "90d",
        "inactive_memberships": True,
        "run_every": "week",
    },
    "correlation": {"domain_aliases": {"old.example": "corp.example"}},
    "sources": {
        "people": HRIS,
        "contractors": HRIS,
        "okta": {**APP, "role": "idp"},
        "slack": {**APP, "privileged_groups": ["*-admins"], "privileged_accounts": ["root-*"]},
        "github": APP,
        "zoom": APP,
    },
    "entitlements": [
        {"app": "slack", "group": "Engineering", "people": {"department": ["Engineering"]}},
        {"app": "slack", "group": "prod-admins", "people": {"title": ["Operator"]}},
        {"app": "github", "group": "dev", "mirrors": "okta:dev"},
        {"app": "github", "group": "renamed long ago", "people": {"department": ["Sales"]}},
    ],
}
GROUPS = {
    "slack": ("eng", "prod-admins", "finance", "club", "legacy", "outer", "inner"),
    "github": ("dev",),
    "okta": ("dev",),
}


@dataclass(frozen=True, order=True)
class Expected:
    """What has to be found: ``variant`` is the problem, the direction, or nothing."""

    kind: str
    app: str
    account: str = ""
    person: str = ""
    group: str = ""
    variant: str = ""
    severity: str = ""
    status: str = "new"
    waived: bool = False


@dataclass
class Plant:
    """Collects what the cases plant, run by run, and what they expect."""

    people: list[tuple[tuple[int, ...], Person]] = field(default_factory=list)
    accounts: list[tuple[tuple[int, ...], Account]] = field(default_factory=list)
    members: list[tuple[str, str, str]] = field(default_factory=list)
    approved: set[str] = field(default_factory=set)
    events: list[AccountEvent] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)
    nonhuman: list[NonHuman] = field(default_factory=list)
    links: list[ManualLink] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    number: int = 0

    def person(self, runs: tuple[int, ...] = ALL, **fields: Any) -> Person:  # noqa: ANN401 - fields
        """Plant a new person with a number, a name and an address nobody else has."""
        self.number += 1
        mail, source = f"p{self.number}@corp.example", fields.pop("source", "people")
        known: dict[str, Any] = {
            "status": PersonStatus.ACTIVE,
            "employee_number": f"{self.number:06}",
            "emails": (mail,),
            "user_name": mail,
            "display_name": _name(self.number),
            "department": "Sales",
        }
        person_id = fields.pop("person_id", f"p{self.number:06}")
        pointer = Pointer(f"responses/{source}/users-1.json", self.number)
        made = Person(source, person_id, pointer, **{**known, **fields})
        self.people.append((runs, made))
        return made

    def again(self, one: Person, runs: tuple[int, ...], **fields: Any) -> Person:  # noqa: ANN401
        """Plant the same person as later runs see it, or a second record of the same person."""
        other = replace(one, **fields)
        self.people.append((runs, other))
        return other

    def leaver(self, at: datetime | None, **fields: Any) -> Person:  # noqa: ANN401 - fields
        """Plant somebody who is at work when the first audit looks, and leaves."""
        runs = tuple(run for run in ALL if at is not None and TIMES[run] < at)
        one = self.person(runs, **fields)
        self.again(one, tuple(run for run in ALL if run not in runs), status=GONE, departed_at=at)
        return one

    def account(
        self,
        owner: Person | None,
        runs: tuple[int, ...] = ALL,
        *,
        app: str = "slack",
        **fields: Any,  # noqa: ANN401 - fields
    ) -> Account:
        """Plant an account with its owner's number, name and address, or nobody's."""
        self.number += owner is None
        known: dict[str, Any] = {"active": True, "user_name": f"user-{self.number}"}
        if owner is not None:
            known["employee_number"] = owner.employee_number
            known["emails"] = owner.emails
            known["display_name"] = owner.display_name
        pointer = Pointer(f"responses/{app}/users-1.json", self.number)
        account_id = fields.pop("account_id", f"U{self.number:06}{len(self.accounts) % 7}")
        made = Account(app, account_id, pointer, **{**known, **fields})
        self.accounts.append((runs, made))
        return made

    def seen(self, one: Account, runs: tuple[int, ...], **fields: Any) -> None:  # noqa: ANN401
        """Plant the same account as other runs see it."""
        self.accounts.append((runs, replace(one, **fields)))

    def join(self, one: Account, *groups: str) -> None:
        """Let an account be a direct member of groups of its app."""
        self.members += [(one.source, group, one.account_id) for group in groups]

    def expect(
        self,
        kind: str,
        account: Account | None,
        person: Person | None = None,
        severity: str = "",
        **more: Any,  # noqa: ANN401 - fields of Expected
    ) -> Expected:
        """Say what has to be found."""
        app = account.source if account else person.source if person else ""
        made = Expected(
            kind,
            app,
            account.account_id if account else "",
            person.person_id if person else "",
            severity=severity or SEVERITIES[kind],
            **more,
        )
        self.expected.append(made)
        return made

    def waive(self, one: Expected, approved: date, expires: date, *, by_id: bool = True) -> None:
        """Accept a finding by its id, or by all that the id is made of."""
        identity = plain_id(one.kind, one.app, one.account, one.person, one.group)
        parts = (one.kind, one.account, one.person, one.group)
        kind, account, person, group = (None if by_id else part or None for part in parts)
        self.waivers.append(
            Waiver(
                line=10 * len(self.waivers) + 1,
                app=one.app,
                finding=identity if by_id else None,
                kind=kind,
                account=account,
                person=person,
                group=group,
                owner="ana",
                reason="until the audit is over",
                approver="bo",
                approved_on=approved,
                expires_on=expires,
            )
        )


SEVERITIES = {
    "reactivated": "critical", "used_after_departure": "critical", "ghost_active": "high",
    "orphan_account": "high", "engagement_expired": "high", "collection_incomplete": "high",
    "leaver_membership": "medium", "group_drift": "medium", "unowned_nonhuman": "medium",
    "waiver_expired": "medium", "late_deprovisioning": "medium", "missed_run": "medium",
    "dormant_account": "low", "ambiguous_identity": "low", "timeliness_indeterminate": "low",
    "hr_data_quality": "low", "ghost_pending": "info",
}  # fmt: skip
"""What the catalogue promises for each kind, spelled out."""

Case = Callable[[Plant], None]


def golden(people: int) -> tuple[History, list[Expected]]:
    """Plant cases, one after the other and again from the first, until there are enough people."""
    plant = Plant()
    small = people < len(CASES)
    cases = SMALL if small else CASES
    planted, turns, places = 0, 0, set[tuple[str, str]]()
    while len(places) < people:
        cases[turns % len(cases)](plant)
        places |= {(one.source, one.person_id) for _, one in plant.people[planted:]}
        planted, turns = len(plant.people), turns + 1
    return _history(plant), sorted([*plant.expected, *_always()])


def _always() -> Iterator[Expected]:
    """What is found in every golden company: a source cut short, a group renamed, weeks missed."""
    unread = {"severity": "high", "status": "persisting"}
    yield Expected("collection_incomplete", "zoom", **unread)  # type: ignore[arg-type] # fields
    yield Expected("collection_incomplete", "github", group="renamed long ago", **unread)  # type: ignore[arg-type] # fields
    yield Expected("missed_run", "", variant="2026-W41,2026-W42,2026-W43", severity="medium")


def _history(plant: Plant) -> History:
    config = Config.model_validate(SETTINGS)
    approved = ApprovedGroup(
        "slack", "finance", "Finance", tuple(sorted(plant.approved)), "000001", "bo", FIRST
    )
    registers = Registers(
        waivers=tuple(plant.waivers),
        nonhuman=tuple(plant.nonhuman),
        links=tuple(plant.links),
        baseline=(approved,),
    )
    return History(config, [_run(plant, config, number) for number in ALL], registers)


def _run(plant: Plant, config: Config, number: int) -> Run:
    at = TIMES[number]
    held: defaultdict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for runs, person in plant.people:
        if number in runs:
            held[person.source]["people"].append(person)
    for runs, account in plant.accounts:
        if number in runs:
            held[account.source]["accounts"].append(account)
    for app, groups in GROUPS.items():
        pointer = Pointer(f"responses/{app}/groups-1.json", 0)
        names = {"eng": " ENGINEERING"}
        held[app]["groups"] += [
            Group(app, one, pointer, names.get(one, one.title())) for one in groups
        ]
        nested = [("inner", "outer"), ("outer", "inner"), ("inner", "inner")]
        held[app]["memberships"] += [
            *(Membership(app, g, a, "User", pointer) for s, g, a in plant.members if s == app),
            *(Membership(app, o, i, "Group", pointer) for i, o in nested if app == "slack"),
        ]
    records = {
        name: Records(**{kind: tuple(rows) for kind, rows in held[name].items()})
        for name in config.sources
    }
    readings = [
        Reading(
            source=name,
            role=source.role,
            type="scim",
            url="https://one.example.com",
            users=_population(name, len(records[name].people) + len(records[name].accounts)),
            groups=_population(name, len(records[name].groups)),
            started_at=at,
            ended_at=at + TAKES,
        )
        for name, source in config.sources.items()
    ]
    name = f"{number + 1:06}-{at:%Y%m%dT%H%M%SZ}"
    return Run(name, at, number != 1, readings, records, plant.events)


def _population(source: str, received: int) -> Population:
    if source == "zoom":
        cut = (Reason("read.cut", "The list was cut short."),)
        return Population(State.INCOMPLETE, received=received, reasons=cut)
    return Population(State.COMPLETE, received=received)


def _name(number: int) -> str:
    """Two words that no other number has."""
    letters = ""
    while number:
        number, rest = divmod(number, 20)
        letters += "bcdfghjklmnpqrstvwxz"[rest]
    return f"A{letters} O{letters}"


def _settled(plant: Plant) -> None:
    """Nothing is wrong: an engineer in the group of engineers, by address alone."""
    one = plant.person(department="Engineering")
    account = plant.account(one, employee_number=None, emails=(one.emails[0].upper(),))
    plant.join(account, "eng")


def _ghost(plant: Plant) -> None:
    """Left three days ago, and both accounts are active."""
    one = plant.leaver(AS_OF - 3 * DAY)
    plant.expect("ghost_active", plant.account(one), one)
    plant.expect("ghost_active", plant.account(one, app="github", privileged=True), one, "critical")


def _orphan(plant: Plant) -> None:
    """Nobody's account."""
    plant.expect("orphan_account", plant.account(None), status="persisting")


def _rehired(plant: Plant) -> None:
    """Two records of one person: employment beats the departure."""
    one = plant.leaver(LONG_AGO)
    back = f"{one.person_id}b"
    plant.again(one, ALL, person_id=back, status=PersonStatus.ACTIVE, emails=(), user_name=None)
    plant.account(one)


def _missing(plant: Plant) -> None:
    """An engineer who is not among the engineers; on leave, or without a working account: none."""
    one = plant.person(department="Engineering")
    account = plant.account(one)
    plant.expect("group_drift", account, one, group="eng", variant="missing", status="persisting")
    plant.account(plant.person(department="Engineering", status=PersonStatus.ON_LEAVE))
    plant.account(plant.person(department="Engineering"), active=False)
    plant.account(plant.person(department="engineering"))


def _unexpected(plant: Plant) -> None:
    """In the engineers' group and in the operators' without being either."""
    one = plant.person()
    account = plant.account(one)
    plant.join(account, "eng", "prod-admins")
    for group, severity in (("eng", "medium"), ("prod-admins", "high")):
        plant.expect(
            "group_drift", account, one, severity,
            group=group, variant="unexpected", status="persisting",
        )  # fmt: skip


def _mirrored(plant: Plant) -> None:
    """In okta's group and not in the app's, and the other way round."""
    one, other = plant.person(), plant.person()
    plant.join(plant.account(one, app="okta"), "dev")
    account = plant.account(one, app="github")
    plant.expect("group_drift", account, one, group="dev", variant="missing", status="persisting")
    account = plant.account(other, app="github")
    plant.join(account, "dev")
    plant.expect(
        "group_drift", account, other, group="dev", variant="unexpected", status="persisting"
    )


def _baseline(plant: Plant) -> None:
    """One whom nobody approved, one whom somebody approved and who is gone from the group."""
    kept, new, gone = plant.person(), plant.person(), plant.person()
    account = plant.account(kept)
    plant.join(account, "finance")
    plant.approved.add(account.account_id)
    for one, variant in ((new, "unexpected"), (gone, "missing")):
        account = plant.account(one)
        plant.expect(
            "group_drift", account, one, group="finance", variant=variant, status="persisting"
        )
        if variant == "unexpected":
            plant.join(account, "finance")
        else:
            plant.approved.add(account.account_id)


def _moved(plant: Plant) -> None:
    """Another department since the first audit, and still in the old one's group."""
    one = plant.person(EARLY, department="Support")
    plant.again(one, LATE, department="Legal")
    account = plant.account(one)
    plant.join(account, "legacy")
    plant.expect("group_drift", account, one, group="legacy", variant="mover")
    colleague = plant.person(EARLY, department="Support")
    plant.again(colleague, LATE, department="Design")
    designer = plant.person(department="Design")
    for each in (colleague, designer):
        plant.join(plant.account(each), "club")


def _switched_off(plant: Plant) -> None:
    """A current person's inactive account in a group that nothing governs."""
    one = plant.person()
    account = plant.account(one, active=False)
    plant.join(account, "club")
    plant.expect(
        "group_drift", account, one,
        group="club", variant="inactive_account", status="persisting",
    )  # fmt: skip


def _pending(plant: Plant) -> None:
    """Left ten hours ago; at the very end of the time allowed it is over."""
    one = plant.leaver(AS_OF - 10 * HOUR)
    plant.expect("ghost_pending", plant.account(one), one)
    other = plant.leaver(AS_OF - DAY)
    plant.expect("ghost_active", plant.account(other), other)
    last = plant.leaver(AS_OF)
    plant.expect("ghost_pending", plant.account(last), last)


def _undated(plant: Plant) -> None:
    """Terminated without a date."""
    one = plant.leaver(None)
    plant.expect("ghost_active", plant.account(one), one, status="persisting")
    plant.expect("hr_data_quality", None, one, variant="departure_missing", status="persisting")


def _not_departed(plant: Plant) -> None:
    """A departure to come, a status nobody knows, somebody on leave, somebody who begins."""
    later = plant.person(status=GONE, departed_at=AS_OF + 5 * DAY)
    odd = plant.person(status=PersonStatus.UNKNOWN)
    for one in (later, odd, plant.person(status=PersonStatus.ON_LEAVE)):
        plant.account(one)
    plant.account(plant.person(status=PersonStatus.PENDING, hired_at=AS_OF + 9 * DAY))
    plant.expect("hr_data_quality", None, odd, variant="status_unknown", status="persisting")


def _state_unknown(plant: Plant) -> None:
    """An account whose state is not told is neither active nor inactive."""
    plant.account(plant.leaver(AS_OF - 3 * DAY), active=None)
    plant.account(None, active=None)
    plant.account(plant.leaver(AS_OF - 3 * DAY), active=False)


def _left_behind(plant: Plant) -> None:
    """Off long before the departure, and still in a group, and through it in another one."""
    one = plant.leaver(AS_OF - 3 * DAY)
    account = plant.account(one, active=False)
    plant.join(account, "inner", "prod-admins")
    for group, severity in (("inner", "medium"), ("outer", "medium"), ("prod-admins", "high")):
        plant.expect("leaver_membership", account, one, severity, group=group)


def _nonhuman(plant: Plant) -> None:
    """Registered accounts, well kept and not."""
    owner, gone = plant.person(), plant.leaver(AS_OF - 2 * DAY)
    entries: list[tuple[str | None, str, date | None, bool, str]] = [
        (owner.person_id, "service", date(2027, 1, 1), True, ""),
        (owner.emails[0], "service", date(2026, 10, 31), True, "review_overdue"),
        (owner.emails[0], "shared", date(2026, 11, 1), True, ""),
        (None, "bot", None, True, "no_owner"),
        (gone.person_id, "service", None, True, "owner_departed"),
        ("nobody@corp.example", "room", None, True, "owner_unknown"),
        (None, "service", None, False, ""),
        (owner.person_id, "break_glass", None, False, "inactive"),
    ]
    early = {"no_owner", "owner_unknown", "inactive"}
    for named, kind, review, active, problem in entries:
        account = plant.account(None, active=active)
        name = account.user_name or ""
        line = 10 * len(plant.nonhuman) + 1
        plant.nonhuman.append(NonHuman(line, "slack", name, kind, named, "works", review))
        if problem:
            status = "persisting" if problem in early else "new"
            plant.expect("unowned_nonhuman", account, variant=problem, status=status)
    absent = f"absent-{plant.number}"
    line = 10 * len(plant.nonhuman) + 1
    plant.nonhuman.append(
        NonHuman(line, "slack", absent, "test", owner.person_id, "is no more", None)
    )
    plant.expected.append(
        Expected(
            "unowned_nonhuman", "slack", absent,
            variant="absent", severity="medium", status="persisting",
        )
    )  # fmt: skip


def _disputed(plant: Plant) -> None:
    """Keys of two people; a weak key to a leaver; a number given out again; an address as well."""
    ana, bo = plant.person(), plant.person()
    both = plant.account(ana, emails=bo.emails)
    plant.expect("ambiguous_identity", both, variant="several_people", status="persisting")
    gone = plant.leaver(AS_OF - 3 * DAY, user_name=f"word{plant.number}")
    weak = plant.account(gone, user_name=gone.user_name, employee_number=None, emails=())
    plant.expect("ambiguous_identity", weak, variant="weak_key")
    last = plant.leaver(AS_OF - 3 * DAY)
    recycled = plant.account(last, emails=(), display_name=_name(plant.number + 5_000_000))
    plant.expect("ambiguous_identity", recycled, variant="name_contradicts")
    left = plant.leaver(LONG_AGO)
    newcomer = plant.person(emails=left.emails, user_name=None)
    shared = plant.account(newcomer, employee_number=None)
    plant.expect("ambiguous_identity", shared, variant="several_people", status="persisting")
    for one in (left, newcomer):
        plant.expect("hr_data_quality", None, one, variant="shared_key", status="persisting")


def _one_person(plant: Plant) -> None:
    """A contractor who was hired, and a spell that ended before the present one began."""
    one = plant.person(source="contractors", status=GONE, departed_at=LONG_AGO)
    hired = plant.again(one, ALL, source="people", status=PersonStatus.ACTIVE, departed_at=None)
    assert hired.person_id == one.person_id
    plant.account(one, employee_number=None)
    back = plant.person(departed_at=LONG_AGO, hired_at=LONG_AGO + DAY)
    plant.account(back)


def _alike(plant: Plant) -> None:
    """Look-alikes of a leaver's address are nobody's; its other spellings are the leaver's."""
    one = plant.leaver(AS_OF - 3 * DAY, emails=(f"mike{plant.number}@münchen.example",))
    mail = one.emails[0]
    odd = (
        mail.replace("i", "\u0131"), mail.replace("e", "\u0435"), mail.replace("@", "＠"),
        f"\u00a0{mail}", mail.replace("k", "\u212a"), mail.replace("e", "e\u0301", 1),
        mail.replace("@", "+x@"), mail.replace("m", "\u200bm", 1),
    )  # fmt: skip
    for spelt in odd:
        account = plant.account(None, emails=(spelt,))
        plant.expect("orphan_account", account, status="persisting")
    for spelt in (
        f" {mail.upper().replace('Ü', 'ü')}\t",
        mail.replace("münchen", "xn--mnchen-3ya"),
    ):
        account = plant.account(one, employee_number=None, emails=(spelt,))
        plant.expect("ghost_active", account, one)
    other = plant.leaver(AS_OF - 3 * DAY)
    alias = other.emails[0].replace("corp", "old")
    account = plant.account(other, employee_number=None, emails=(alias,))
    plant.expect("ghost_active", account, other)


def _outside(plant: Plant) -> None:
    """A contract that is over, one without an end, and one that goes on."""
    over = plant.person(source="contractors", worker_type="Contractor", departed_at=AS_OF - 5 * DAY)
    plant.expect("engagement_expired", plant.account(over), over)
    endless = plant.person(source="contractors", worker_type=" VENDOR ")
    plant.account(endless)
    plant.expect(
        "hr_data_quality", None, endless, variant="contractor_open_ended", status="persisting"
    )
    runs_on = AS_OF + 50 * DAY
    plant.account(plant.person(source="contractors", worker_type="temp", departed_at=runs_on))


def _unused(plant: Plant) -> None:
    """Last used exactly as long ago as the policy asks about, and a second less."""
    one, other = plant.person(), plant.person()
    dormant = plant.account(one, last_activity_at=AS_OF - 90 * DAY)
    plant.expect("dormant_account", dormant, one)
    plant.account(other, last_activity_at=AS_OF - 90 * DAY + timedelta(seconds=1))


def _used_after(plant: Plant) -> None:
    """Used by nobody knows whom after the departure, and off by now."""
    one, other = plant.leaver(LONG_AGO), plant.leaver(LONG_AGO)
    used = plant.account(one, active=False, last_activity_at=AS_OF - 2 * DAY)
    plant.expect("used_after_departure", used, one, status="persisting")
    plant.account(other, active=False, last_activity_at=LONG_AGO)


def _switched_on(plant: Plant) -> None:
    """Off in the first audit and in the snapshot, on again now."""
    one = plant.leaver(LONG_AGO)
    account = plant.account(one, EARLY, active=False)
    plant.seen(account, LATE, active=True)
    plant.expect("reactivated", account, one)


def _in_time(plant: Plant) -> None:
    """Removed too late, nobody knows when, in time by an event, and gone too late."""
    late, unclear = plant.leaver(FIRST + 2 * DAY), plant.leaver(SNAPSHOT + DAY)
    proved, deleted = plant.leaver(SNAPSHOT + DAY), plant.leaver(FIRST + 2 * DAY)
    account = plant.account(late, EARLY)
    plant.seen(account, LATE, active=False)
    plant.expect("late_deprovisioning", account, late)
    account = plant.account(unclear, EARLY)
    plant.seen(account, LATE, active=False)
    plant.expect("timeliness_indeterminate", account, unclear)
    account = plant.account(proved, EARLY)
    plant.seen(account, LATE, active=False)
    pointer = Pointer("responses/slack/audit.csv", plant.number)
    at = SNAPSHOT + DAY + HOUR
    plant.events.append(
        AccountEvent("slack", account.account_id, None, EventKind.DEACTIVATED, at, pointer)
    )
    plant.expect("late_deprovisioning", plant.account(deleted, EARLY), deleted)


def _vanished(plant: Plant) -> None:
    """In the HRIS until the snapshot and not any more: absent, not departed."""
    one = plant.person(EARLY)
    plant.expect("orphan_account", plant.account(one))
    plant.expect("hr_data_quality", None, one, variant="missing_now")


def _contradicted(plant: Plant) -> None:
    """Recorded late, departed before being hired, departed and employed."""
    late = plant.person(status=GONE, departed_at=LONG_AGO, recorded_at=LONG_AGO + 5 * DAY)
    early = plant.person(status=GONE, departed_at=LONG_AGO, hired_at=LONG_AGO + DAY)
    both = plant.person(departed_at=LONG_AGO)
    for one, variant in (
        (late, "backdated_departure"), (early, "departed_before_hired"),
        (both, "departed_but_employed"),
    ):  # fmt: skip
        plant.expect("hr_data_quality", None, one, variant=variant, status="persisting")


def _waived(plant: Plant) -> None:
    """Accepted, accepted until yesterday, accepted from tomorrow on, and accepted for nothing."""
    today = AS_OF.date()
    for approved, expires, problem in ((-9, 9, ""), (-9, -1, "expired"), (1, 9, "not_in_force")):
        one = plant.leaver(AS_OF - 3 * DAY)
        account = plant.account(one)
        found = plant.expect("ghost_active", account, one, waived=not problem)
        plant.waive(found, today + approved * DAY, today + expires * DAY)
        if problem:
            plant.expect("waiver_expired", account, variant=problem)
    fine = plant.account(plant.person())
    found = Expected("orphan_account", "slack", fine.account_id)
    plant.waive(found, today - 9 * DAY, today + 9 * DAY, by_id=False)
    plant.expect("waiver_expired", fine, variant="unused", status="persisting")


def _linked(plant: Plant) -> None:
    """Accounts that only the register says whose they are."""
    one, gone = plant.person(), plant.leaver(AS_OF - 3 * DAY)
    for owner in (one, gone):
        account = plant.account(None)
        line = 10 * len(plant.links) + 5
        plant.links.append(ManualLink(line, "slack", account.account_id, owner.person_id))
        if owner is gone:
            plant.expect("ghost_active", account, owner)
    # An address says who of two of one id, against the number that the account has.
    named = plant.leaver(AS_OF - 3 * DAY)
    plant.person(source="contractors", person_id=named.person_id)
    account = plant.account(one)
    plant.links.append(
        ManualLink(10 * len(plant.links) + 5, "slack", account.account_id, named.emails[0])
    )
    plant.expect("ghost_active", account, named)
    plant.account(one, app="github", account_id=account.account_id)
    for person, problem in (("nobody", "link_unknown"), (named.person_id, "several_people")):
        account = plant.account(None)
        line = 10 * len(plant.links) + 5
        plant.links.append(ManualLink(line, "slack", account.account_id, person))
        plant.expect("ambiguous_identity", account, variant=problem, status="persisting")


def _same_ids(plant: Plant) -> None:
    """One id of two people and of two accounts: what is found of the one is not of the other."""
    one = plant.leaver(AS_OF - 3 * DAY)
    other = plant.person(source="contractors", person_id=one.person_id)
    account = plant.account(one)
    plant.expect("ghost_active", account, one)
    plant.account(other, app="github", account_id=account.account_id)


def _entangled(plant: Plant) -> None:
    """Records that hang together over too many steps: nobody is called departed."""
    first = plant.number + 1
    chain = [
        plant.person(
            status=GONE,
            departed_at=LONG_AGO,
            employee_number=f"chain{first}",
            emails=tuple(f"chain{first}-{at}@corp.example" for at in (place, place + 1)),
            user_name=None,
            display_name=None,
        )
        for place in range(7)
    ]
    for one in chain:
        plant.expect(
            "hr_data_quality", None, one,
            variant="records_entangled,shared_key", status="persisting",
        )  # fmt: skip
    account = plant.account(chain[0], employee_number=None, emails=chain[0].emails[:1])
    assert account.active


SMALL: tuple[Case, ...] = (_settled, _ghost, _orphan, _rehired, _unexpected, _pending)
CASES: tuple[Case, ...] = (
    _settled, _ghost, _orphan, _rehired, _missing, _unexpected, _mirrored, _baseline, _moved,
    _switched_off, _pending, _undated, _not_departed, _state_unknown, _left_behind, _nonhuman,
    _disputed, _one_person, _alike, _outside, _unused, _used_after, _switched_on, _in_time,
    _vanished, _contradicted, _waived, _linked, _same_ids, _entangled,
)  # fmt: skip
