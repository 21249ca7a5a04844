"""Judges a company: goes through every account, group and register, and says what is wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from scanner.config import parse_limit
from scanner.model import Account, NonHuman, Person, PersonStatus, Role, State, Waiver
from tests.plain.calendar import missed_periods
from tests.plain.company import History, Place
from tests.plain.finding import PlainFinding, plain_id
from tests.plain.groups import (
    Governance,
    Way,
    governance,
    members_of,
    privileged_groups,
    via_text,
)
from tests.plain.movers import Kept, Membership, Move, held_before, moved, still_moved
from tests.plain.owners import Owner, owners_of
from tests.plain.people import Somebody, days_since, due, people_of
from tests.plain.quality import external, flaws
from tests.plain.seen import Judged, Removal, Trace, employment, removal, switched_on, traces
from tests.plain.text import fits, plain_address, plain_key

NO_WAIVER = ("collection_incomplete", "waiver_expired")
ABOUT_THE_AUDIT = ("collection_incomplete", "missed_run")


@dataclass(frozen=True)
class Answer:
    """Everything the plain reconciler says of one audit.

    ``counts`` are, by app: accounts, active, linked, unmatched, disputed, findings, waived.
    ``movement`` are opening, new, reopened, persisting, resolved, not concluded.
    """

    findings: tuple[PlainFinding, ...]
    owners: Mapping[Place, Owner]
    counts: Mapping[str, tuple[int, ...]]
    timeliness: Mapping[str, Mapping[str, int]]
    verdicts: Mapping[str, str]
    verdict: str
    people: int
    departed: int | None
    movement: tuple[int, ...]


def judge(history: History) -> Answer:
    """Judge every audit of a history, oldest first, and give what the newest one says."""
    past: list[Judged] = []
    opening: dict[str, PlainFinding] = {}
    first: dict[str, str] = {}
    kept: dict[Membership, Kept] = {}
    audited_at: datetime | None = None
    answer: Answer | None = None
    for run in history.runs:
        people = people_of(run, history.config)
        past.append(Judged(run, people, owners_of(history, run, people)))
        case = Case(history, past, audited_at, kept)
        kept = case.kept_after()
        if not run.audit:
            continue
        answer = case.answer(opening, first)
        found = {one.id for one in answer.findings}
        withheld = [one for one in opening.values() if one.id not in found and not case.told(one)]
        opening = {one.id: one for one in (*answer.findings, *withheld)}
        first |= {one.id: one.first_seen for one in answer.findings}
        audited_at = run.at
    assert answer is not None
    return answer


class Case:
    """One audit with everything that is known when it is judged."""

    def __init__(
        self,
        history: History,
        past: list[Judged],
        audited_at: datetime | None,
        known: Mapping[Membership, Kept],
    ) -> None:
        """Look at the newest of ``past``.

        The audit before it was at ``audited_at``; ``known`` are the memberships found kept so far.
        """
        self.history, self.past, self.audited_at = history, past, audited_at
        self.known = known
        self.config, self.run = history.config, past[-1].run
        self.people, self.owners = past[-1].people, past[-1].owners
        self.accounts = self.run.accounts
        self.concluded = self.run.concluded(self.config)
        self.members: Mapping[Place, Mapping[str, Way]] = members_of(self.run)
        self.governance: Governance = governance(history, self.run)
        self.approved = {(one.app, one.group): one.members for one in history.registers.baseline}
        self.high_groups = privileged_groups(self.run, self.config)
        self.high = self._privileged_accounts()
        self.registered = self._registered()
        self.traces: Mapping[Place, Trace] = traces(past, history)
        self.again = self._switched_on()
        self.removals = self._removals()
        self.kept = self._kept()

    def answer(self, opening: Mapping[str, PlainFinding], first: Mapping[str, str]) -> Answer:
        """Collect the findings, mark what is accepted and what is new, and count."""
        found = [*self._found()]
        found += self._waivers(found)
        marked = [
            replace(
                one,
                waived=self._is_waived(one),
                matched_by=self._matched_by(one),
                status=_status(one, opening, first),
                first_seen=first.get(one.id, self.run.name),
            )
            for one in found
        ]
        verdicts = {app: self._verdict(app, marked) for app in self._apps()}
        return Answer(
            findings=tuple(sorted(marked, key=lambda one: one.id)),
            owners=self.owners,
            counts={app: self._counts(app, marked) for app in self._apps()},
            timeliness=self._timeliness(),
            verdicts=verdicts,
            verdict=self._overall(verdicts, marked),
            people=len(self.people),
            departed=self._departed(),
            movement=self._movement(marked, opening),
        )

    def told(self, open_finding: PlainFinding) -> bool:
        """Whether this audit could have found an open finding again."""
        if open_finding.kind in ABOUT_THE_AUDIT:
            return True
        app = open_finding.app
        if not self._hris_complete() or not self.run.complete(app):
            return False
        if open_finding.group is None:
            return True
        return self.run.groups_complete(app) and not self._is_withheld(open_finding)

    def _is_withheld(self, finding: PlainFinding) -> bool:
        named = [group for app, group in self.governance.withheld if app == finding.app]
        group = self.run.groups.get((finding.app, finding.group or ""))
        names = {plain_key(finding.group)}
        names |= {plain_key(group.display_name)} if group else set()
        return any(plain_key(one) in names for one in named)

    def _apps(self) -> list[str]:
        return [name for name, one in self.config.sources.items() if one.role is not Role.HRIS]

    def _hris_complete(self) -> bool:
        hris = [name for name, one in self.config.sources.items() if one.role is Role.HRIS]
        return all(map(self.run.complete, hris))

    def _found(self) -> Iterator[PlainFinding]:
        for place, account in self.accounts.items():
            owner = self.owners.get(place)
            if owner is not None:
                yield from self._of_account(place, account, owner)
        yield from self._leavers_in_groups()
        yield from self._drift()
        yield from self._off_baseline()
        yield from self._movers()
        yield from self._inactive_members()
        yield from self._flawed_records()
        yield from self._unread()
        yield from self._nonhuman()
        yield from self._late()
        yield from self._missed()

    def _of_account(self, place: Place, account: Account, owner: Owner) -> Iterator[PlainFinding]:
        app, high = place[0], place in self.high
        if owner.somebody is not None:
            yield from self._of_owned(place, account, owner.somebody)
        elif account.active is True and owner.situation == "disputed":
            yield PlainFinding(
                kind="ambiguous_identity", app=app, account=place[1], problem=owner.problem
            )
        elif account.active is True and place not in self.registered:
            yield PlainFinding(kind="orphan_account", app=app, account=place[1], privileged=high)

    def _of_owned(
        self, place: Place, account: Account, somebody: Somebody
    ) -> Iterator[PlainFinding]:
        high = place in self.high
        if somebody.departed:
            yield from self._of_departed(place, account, somebody)
        elif account.active is True:
            if self._dormant(account) and place not in self.registered:
                yield self._about("dormant_account", place, somebody, days=None, privileged=high)
            if self._engagement_over(somebody):
                yield self._about("engagement_expired", place, somebody, privileged=high)

    def _of_departed(
        self, place: Place, account: Account, somebody: Somebody
    ) -> Iterator[PlainFinding]:
        left = somebody.departed_at or employment(somebody.place, self.past).first_terminated_at
        used = account.last_activity_at
        if used is not None and left is not None and used > left:
            yield self._about(
                "used_after_departure", place, somebody, earliest_at=used, latest_at=used
            )
        if account.active is not True:
            return
        if place in self.again:
            basis, off, on = self.again[place]
            yield self._about(
                "reactivated", place, somebody, basis=basis, earliest_at=off, latest_at=on
            )
        elif self._overdue(somebody):
            yield self._about("ghost_active", place, somebody, privileged=place in self.high)
        else:
            yield self._about("ghost_pending", place, somebody)

    def _about(
        self,
        kind: str,
        place: Place,
        somebody: Somebody,
        **more: object,
    ) -> PlainFinding:
        days = days_since(somebody.departed_at, self.run.at)
        source, person = somebody.place
        known = {"days": days, "person_source": source, "person": person}
        fields: dict[str, object] = known | more
        return PlainFinding(kind=kind, app=place[0], account=place[1], **fields)  # type: ignore[arg-type] # fields by name

    def _overdue(self, somebody: Somebody) -> bool:
        """Without a departure date nothing shows that there is time left."""
        until = due(somebody.departed_at, self.config.policy.limit, self.config.organization.zone)
        return until is None or until <= self.run.at

    def _dormant(self, account: Account) -> bool:
        after = self.config.policy.dormant_after
        if after is None or account.last_activity_at is None:
            return False
        return account.last_activity_at <= self.run.at - parse_limit(after).duration

    def _engagement_over(self, somebody: Somebody) -> bool:
        one: Person = somebody.governing
        return (
            one.status in {PersonStatus.ACTIVE, PersonStatus.ON_LEAVE}
            and external(one, self.config)
            and somebody.departed_at is not None
            and somebody.departed_at <= self.run.at
            and self._overdue(somebody)
        )

    def _leavers_in_groups(self) -> Iterator[PlainFinding]:
        for (app, group), members in self.members.items():
            if not self.run.groups_complete(app):
                continue
            for user, way in members.items():
                owner = self.owners.get((app, user))
                somebody = owner.somebody if owner else None
                if somebody and somebody.departed and self._overdue(somebody):
                    yield self._about(
                        "leaver_membership",
                        (app, user),
                        somebody,
                        group=group,
                        via=via_text(way),
                        privileged=(app, group) in self.high_groups,
                    )

    def _drift(self) -> Iterator[PlainFinding]:
        for place, governed in self.governance.governed.items():
            expected: defaultdict[Place, set[str]] = defaultdict(set)
            for rule in governed.rules:
                for person in self._matching(rule):
                    expected[person].add("rule")
            for model in governed.models:
                for _, somebody, _ in self._owned_members(model):
                    expected[somebody.place].add("mirror")
            yield from self._unexpected(place, governed.bases, expected)
            yield from self._missing(place, expected)

    def _unexpected(
        self, place: Place, bases: set[str], expected: Mapping[Place, set[str]]
    ) -> Iterator[PlainFinding]:
        for user, somebody, way in self._owned_members(place):
            approved = user in self.approved.get(place, ())
            if not (somebody.departed or approved or somebody.place in expected):
                yield self._about(
                    "group_drift",
                    (place[0], user),
                    somebody,
                    days=None,
                    group=place[1],
                    direction="unexpected",
                    basis=min(bases),
                    via=via_text(way),
                    privileged=place in self.high_groups,
                )

    def _missing(self, place: Place, expected: Mapping[Place, set[str]]) -> Iterator[PlainFinding]:
        inside = {
            somebody.place for _, somebody, _ in self._owned_members(place) if not somebody.departed
        }
        for person, bases in expected.items():
            usable = self._usable(place[0], person)
            if person not in inside and usable:
                yield self._about(
                    "group_drift",
                    (place[0], min(usable)),
                    self.people[person],
                    days=None,
                    group=place[1],
                    direction="missing",
                    basis=min(bases),
                )

    def _off_baseline(self) -> Iterator[PlainFinding]:
        """Groups that only a baseline governs: every account counts, also nobody's."""
        for place, approved in self.governance.approved.items():
            if place in self.governance.governed or place[0] not in self.concluded:
                continue
            members = self.members.get(place, {})
            for user, way in members.items():
                if (place[0], user) in self.accounts and user not in approved:
                    yield from self._off(place, user, "unexpected", way)
            for user in approved - set(members):
                account = self.accounts.get((place[0], user))
                if account is not None and account.active is True:
                    yield from self._off(place, user, "missing", ())

    def _off(self, place: Place, user: str, direction: str, way: Way) -> Iterator[PlainFinding]:
        somebody = self.owners[place[0], user].somebody
        if somebody is None or not somebody.departed:
            yield PlainFinding(
                kind="group_drift",
                app=place[0],
                account=user,
                group=place[1],
                person_source=somebody.place[0] if somebody else None,
                person=somebody.place[1] if somebody else None,
                direction=direction,
                basis="baseline",
                via=via_text(way),
                privileged=direction == "unexpected" and place in self.high_groups,
            )

    def _free_memberships(self) -> Iterator[tuple[Place, Place, Somebody, Way]]:
        """Current people's memberships in groups of which no entitlement and no baseline speaks."""
        for group in self.members:
            if group in self.governance.named or not self.run.groups_complete(group[0]):
                continue
            for user, somebody, way in self._owned_members(group):
                if not somebody.departed:
                    yield group, (group[0], user), somebody, way

    def _kept(self) -> dict[Membership, tuple[Somebody, Way, Move]]:
        """Memberships from before a move, new or known, that nobody else of the new work has."""
        moves = moved(self.past)
        before = {app: held_before(self.past, app) for app in self._apps()}
        earlier = still_moved(self.known, moves, self.run.people)
        held: dict[Membership, tuple[Somebody, Way, Move]] = {}
        for group, place, somebody, way in self._free_memberships():
            if self.accounts[place].active is not True:
                continue
            had = place[1] in before[group[0]].get(group, ())
            move = moves.get(somebody.place) if had else None
            move = move or earlier.get((group, place))
            if move is not None:
                held[group, place] = somebody, way, move
        return {
            (group, place): found
            for (group, place), found in held.items()
            if not any(
                not other.departed
                and other.place not in moves
                and getattr(other.governing, found[2][0]) == found[2][1]
                and not any(
                    g == group and o.place == other.place for (g, _), (o, _, _) in held.items()
                )
                for _, other, _ in self._owned_members(group)
            )
        }

    def kept_after(self) -> dict[Membership, Kept]:
        """What is known of kept memberships when this run is over."""
        withheld = {
            key: kept
            for key, kept in self.known.items()
            if key[0][0] not in self.concluded or not self.run.groups_complete(key[0][0])
        }
        found = {
            key: Kept(somebody.place, field, former)
            for key, (somebody, _, (field, _, former)) in self.kept.items()
        }
        return withheld | found

    def _movers(self) -> Iterator[PlainFinding]:
        for (group, place), (somebody, way, _) in self.kept.items():
            yield self._free(group, place, somebody, way, "mover")

    def _inactive_members(self) -> Iterator[PlainFinding]:
        if not self.config.policy.inactive_memberships:
            return
        for group, place, somebody, way in self._free_memberships():
            at_work = somebody.governing.status is PersonStatus.ACTIVE
            if at_work and self.accounts[place].active is False:
                yield self._free(group, place, somebody, way, "inactive_account")

    def _free(
        self, group: Place, place: Place, somebody: Somebody, way: Way, problem: str
    ) -> PlainFinding:
        return self._about(
            "group_drift",
            place,
            somebody,
            days=None,
            group=group[1],
            direction="unexpected",
            problem=problem,
            via=via_text(way),
            privileged=group in self.high_groups,
        )

    def _flawed_records(self) -> Iterator[PlainFinding]:
        for (source, person), wrong in flaws(self.past, self.config).items():
            yield PlainFinding(
                kind="hr_data_quality",
                app=source,
                person_source=source,
                person=person,
                problem=",".join(sorted(wrong)),
            )

    def _usable(self, app: str, person: Place) -> list[str]:
        """The active accounts of a person who is at work."""
        return [
            account
            for (source, account), owner in self.owners.items()
            if source == app
            and owner.somebody is not None
            and owner.somebody.place == person
            and owner.somebody.governing.status is PersonStatus.ACTIVE
            and self.accounts[source, account].active is True
        ]

    def _owned_members(self, group: Place) -> Iterator[tuple[str, Somebody, Way]]:
        for user, way in self.members.get(group, {}).items():
            owner = self.owners.get((group[0], user))
            if owner is not None and owner.somebody is not None:
                yield user, owner.somebody, way

    def _matching(self, rule: Mapping[str, tuple[str, ...]]) -> Iterator[Place]:
        for place, one in self.run.people.items():
            if all(str(getattr(one, name) or "") in values for name, values in rule.items()):
                yield place

    def _unread(self) -> Iterator[PlainFinding]:
        for name in self.config.sources:
            if not self.run.complete(name):
                yield PlainFinding(kind="collection_incomplete", app=name)
        for app, group in self.governance.withheld:
            if self.run.complete(app):
                yield PlainFinding(kind="collection_incomplete", app=app, group=group)

    def _registered(self) -> dict[Place, list[NonHuman]]:
        found: defaultdict[Place, list[NonHuman]] = defaultdict(list)
        for entry in self.history.registers.nonhuman:
            for place in self._entry_places(entry):
                found[place].append(entry)
        return dict(found)

    def _entry_places(self, entry: NonHuman) -> list[Place]:
        """An id names one account for good; a user name is taken for one only where no id is."""
        if (entry.app, entry.account) in self.accounts:
            return [(entry.app, entry.account)]
        wanted = plain_key(entry.account)
        return [
            place
            for place, one in self.accounts.items()
            if place[0] == entry.app and wanted and plain_key(one.user_name) == wanted
        ]

    def _nonhuman(self) -> Iterator[PlainFinding]:
        problems: defaultdict[Place, set[str]] = defaultdict(set)
        for entry in self.history.registers.nonhuman:
            if entry.app not in self.concluded:
                continue
            places = self._entry_places(entry)
            wrong = self._wrong_with(entry)
            if not places:
                problems[entry.app, entry.account] |= {"absent", *wrong}
            for place in places:
                active = self.accounts[place].active
                if active is True or entry.type == "break_glass":
                    off = entry.type == "break_glass" and active is False
                    problems[place] |= {*wrong, *(["inactive"] if off else [])}
        for (app, account), found in problems.items():
            if found:
                yield PlainFinding(
                    kind="unowned_nonhuman",
                    app=app,
                    account=account,
                    problem=",".join(sorted(found)),
                    privileged=(app, account) in self.high,
                )

    def _wrong_with(self, entry: NonHuman) -> set[str]:
        wrong: set[str] = set()
        if entry.review_by is not None and self._midnight_after(entry.review_by) <= self.run.at:
            wrong.add("review_overdue")
        if entry.owner is None:
            return wrong | {"no_owner"}
        aliases = self.config.correlation.domain_aliases
        wanted = plain_address(entry.owner, aliases) or plain_key(entry.owner)
        owners = [
            self.people[place]
            for place, one in self.run.people.items()
            if wanted in self._names_of(one)
        ]
        if not owners:
            return wrong | {"owner_unknown"}
        return wrong if any(not one.departed for one in owners) else wrong | {"owner_departed"}

    def _names_of(self, one: Person) -> set[str | None]:
        aliases = self.config.correlation.domain_aliases
        ids = {plain_key(v) for v in (one.person_id, one.external_id, one.employee_number)}
        mails = {plain_address(value, aliases) for value in (*one.emails, one.user_name)}
        return (ids | mails) - {None}

    def _privileged_accounts(self) -> set[Place]:
        found = {
            (group[0], user) for group in self.high_groups for user in self.members.get(group, ())
        }
        for place, one in self.accounts.items():
            patterns = self.config.sources[place[0]].privileged_accounts
            if one.privileged is True or any(
                pattern == one.account_id or fits(pattern, plain_key(one.user_name))
                for pattern in patterns
            ):
                found.add(place)
        # A member that is no account here has no rights.
        return found & self.accounts.keys()

    def _switched_on(self) -> dict[Place, tuple[str, datetime | None, datetime | None]]:
        return {
            place: how
            for place, owner in self.owners.items()
            if owner.somebody is not None
            and owner.somebody.departed
            and self.accounts[place].active is True
            and (how := switched_on(place, self.traces[place], owner.somebody, self.past))
        }

    def _removals(self) -> dict[Place, tuple[Somebody, Removal]]:
        """The removals that this audit is the first to judge."""
        oldest = self.run.at - self.config.policy.window
        found: dict[Place, tuple[Somebody, Removal]] = {}
        for place, trace in self.traces.items():
            somebody = self.people.get(trace.person) if trace.person else None
            if trace.judged_in != self.run.name or somebody is None or not somebody.departed:
                continue
            if somebody.departed_at is None or somebody.departed_at >= oldest:
                judged = removal(place, trace, somebody, self.past, self.history)
                found[place] = (somebody, judged)
        return found

    def _late(self) -> Iterator[PlainFinding]:
        kinds = {"late": "late_deprovisioning", "indeterminate": "timeliness_indeterminate"}
        for place, (somebody, judged) in self.removals.items():
            unseen = judged.earliest_at is None and self._was_off_before_anybody_looked(place)
            if judged.verdict in kinds and not (judged.verdict == "indeterminate" and unseen):
                person = self.traces[place].person
                assert person is not None
                yield self._about(
                    kinds[judged.verdict],
                    place,
                    somebody,
                    person_source=person[0],
                    person=person[1],
                    basis=judged.basis,
                    earliest_at=judged.earliest_at,
                    latest_at=judged.latest_at,
                    hours_over_min=judged.hours_over_min,
                    hours_over_max=judged.hours_over_max,
                )

    def _was_off_before_anybody_looked(self, place: Place) -> bool:
        """Whether the first reading that saw anything of the app saw this account too."""
        starts = [
            trace.sightings[0].started_at
            for other, trace in self.traces.items()
            if other[0] == place[0]
        ]
        return self.traces[place].sightings[0].started_at == min(starts)

    def _missed(self) -> Iterator[PlainFinding]:
        every = self.config.policy.run_every
        if every is None or self.audited_at is None:
            return
        zone = self.config.organization.zone
        missed = missed_periods(self.audited_at, self.run.at, every.value, zone)
        if missed:
            yield PlainFinding(
                kind="missed_run",
                app="",
                problem=",".join(name for name, _, _ in missed),
                earliest_at=missed[0][1],
                latest_at=missed[-1][2],
            )

    def _waivers(self, found: list[PlainFinding]) -> list[PlainFinding]:
        """Waivers that do not hold, or that nothing needs."""
        by_id = {(one.app, one.id): one for one in found}
        problems: defaultdict[tuple[str, str | None, str | None], set[str]] = defaultdict(set)
        for waiver in self.history.registers.waivers:
            named = by_id.get((waiver.app, _waived_id(waiver)))
            account = (named.account if named else None) or waiver.account
            group = (named.group if named else None) or waiver.group
            problems[waiver.app, account, group] |= self._wrong_with_waiver(waiver, named)
        return [
            PlainFinding(
                kind="waiver_expired",
                app=app,
                account=account,
                group=group,
                problem=",".join(sorted(wrong)),
            )
            for (app, account, group), wrong in problems.items()
            if wrong
        ]

    def _wrong_with_waiver(self, waiver: Waiver, named: PlainFinding | None) -> set[str]:
        wrong: set[str] = set()
        if self._midnight_after(waiver.expires_on) <= self.run.at:
            wrong.add("expired")
        if self._midnight(waiver.approved_on) > self.run.at:
            wrong.add("not_in_force")
        if named is not None and named.kind == "collection_incomplete":
            wrong.add("not_waivable")
        if named is None and self._could_be_found(waiver):
            wrong.add("unused")
        return wrong

    def _could_be_found(self, waiver: Waiver) -> bool:
        if self.config.sources[waiver.app].role is Role.HRIS:
            return self.run.complete(waiver.app)
        if waiver.app not in self.concluded:
            return False
        without_group = waiver.kind is not None and waiver.group is None
        return without_group or self.run.groups_complete(waiver.app)

    def _is_waived(self, finding: PlainFinding) -> bool:
        return finding.kind not in NO_WAIVER and any(
            waiver.app == finding.app
            and _waived_id(waiver) == finding.id
            and self._midnight(waiver.approved_on) <= self.run.at
            and self.run.at < self._midnight_after(waiver.expires_on)
            for waiver in self.history.registers.waivers
        )

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.config.organization.zone).astimezone(UTC)

    def _midnight_after(self, day: date) -> datetime:
        return self._midnight(day + timedelta(days=1))

    def _matched_by(self, finding: PlainFinding) -> str | None:
        owner = self.owners.get((finding.app, finding.account or ""))
        return owner.matched_by if owner else None

    def _counts(self, app: str, found: list[PlainFinding]) -> tuple[int, ...]:
        mine = [one for place, one in self.accounts.items() if place[0] == app]
        situations = Counter(
            owner.situation for place, owner in self.owners.items() if place[0] == app
        )
        own = [one for one in found if one.app == app]
        return (
            len(mine),
            sum(one.active is True for one in mine),
            *(situations[name] for name in ("linked", "unmatched", "disputed")),
            len(own),
            sum(one.waived for one in own),
        )

    def _timeliness(self) -> dict[str, dict[str, int]]:
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for place, (_, judged) in self.removals.items():
            counts[place[0]][judged.verdict] += 1
        for place, owner in self.owners.items():
            somebody = owner.somebody
            if somebody and somebody.departed and self.accounts[place].active is True:
                state = "still_active" if self._overdue(somebody) else "pending"
                counts[place[0]][state] += 1
        return {app: dict(found) for app, found in counts.items()}

    def _verdict(self, app: str, found: list[PlainFinding]) -> str:
        withheld = any(source == app for source, _ in self.governance.withheld)
        if not self._hris_complete() or not self.run.complete(app) or withheld:
            return "incomplete"
        return "findings" if any(one.app == app for one in found) else "clean"

    def _overall(self, verdicts: Mapping[str, str], found: list[PlainFinding]) -> str:
        unread = any(one.state is not State.COMPLETE for one in self.run.readings)
        if unread or "incomplete" in verdicts.values():
            return "incomplete"
        return "findings" if found else "clean"

    def _departed(self) -> int | None:
        if not self._hris_complete():
            return None
        return sum(somebody.departed for somebody in self.people.values())

    def _movement(
        self, found: list[PlainFinding], opening: Mapping[str, PlainFinding]
    ) -> tuple[int, ...]:
        status = Counter(one.status for one in found)
        gone = [one for key, one in opening.items() if key not in {each.id for each in found}]
        resolved = sum(map(self.told, gone))
        return (
            len(opening),
            status["new"],
            status["reopened"],
            status["persisting"],
            resolved,
            len(gone) - resolved,
        )


def _status(
    finding: PlainFinding, opening: Mapping[str, PlainFinding], first: Mapping[str, str]
) -> str:
    if finding.id in opening:
        return "persisting"
    return "reopened" if finding.id in first else "new"


def _waived_id(waiver: Waiver) -> str:
    if waiver.finding is not None:
        return waiver.finding
    return plain_id(waiver.kind, waiver.app, waiver.account, waiver.person, waiver.group)
