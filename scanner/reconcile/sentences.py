"""One plain sentence, with figures, for every finding and for everything that was withheld."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scanner.config import Entitlement
from scanner.model import NonHuman, Reading, Reason, State, Waiver
from scanner.reconcile.correlation import LINK, key_words
from scanner.reconcile.facts import Facts, Hit, Place
from scanner.reconcile.keys import key
from scanner.reconcile.nesting import via_groups
from scanner.reconcile.parquet import Row
from scanner.reconcile.quality import flaws

KEY_WORDS = key_words()
"""The correlation keys in order of priority, and how they are called in a sentence."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What sentences need: the rows hit, the readings, and the entitlements in words.

    ``people`` is the number of people every account was compared with. ``expected`` says who is
    expected in a group, by app and group id. ``withheld`` holds the reasons why an entitlement
    could not be concluded, by app and group as it is named in the configuration. ``nonhuman``
    holds, by app and key of the account named, what is registered of it. ``dormant_after`` is the
    time without use that the policy names. ``waivers`` holds, by app, account id and group id, the
    waivers and the kind of finding each names.
    """

    facts: Facts
    readings: Mapping[str, Reading]
    people: int
    expected: Mapping[Place, str]
    withheld: Mapping[Place, Sequence[Reason]]
    nonhuman: Mapping[tuple[str, str | None], Sequence[NonHuman]]
    dormant_after: str
    waivers: Mapping[tuple[str, str | None, str | None], Sequence[tuple[Waiver, str | None]]]


def tell(hit: Hit, telling: Telling) -> str:
    """Return the detail of one finding."""
    return _TELLERS[hit.kind](hit, telling)


def instant(moment: datetime) -> str:
    """Return an instant as ``2026-10-02T22:00:00Z``, with a fraction only where it has one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def expectation(entitlement: Entitlement) -> str:
    """Return in words who is expected, so that it can follow "the people"."""
    if entitlement.mirrors is not None:
        return f"in {entitlement.mirrors}"
    conditions = (entitlement.people or {}).items()
    return "whose " + " and ".join(
        f"{field} is {' or '.join(values)}" for field, values in conditions
    )


def withheld_group(app: str, group: str, problem: str, source: str, named: str) -> Reason:
    """Return why the membership of one group of an entitlement is not concluded."""
    causes = {
        "entitlement.groups_incomplete": (
            f"the users and groups of {source} were not all read",
            f"read the reasons given for {source}",
        ),
        "entitlement.group_absent": (
            f"{source} has no group with the id or name {named}",
            "correct the name in [[entitlements]], or let the token see the group",
        ),
        "entitlement.group_ambiguous": (
            f"{source} has more than one group with the id or name {named}",
            "name the group by its id in [[entitlements]]",
        ),
    }
    cause, hint = causes[problem]
    return Reason(problem, f"Who is in {group} of {app} is not concluded: {cause}.", hint)


def unread(reading: Reading) -> str:
    """Return that a source was not read, or not completely, and why."""
    how = "was not read" if reading.state is State.NOT_READ else "was not read completely"
    why = " ".join(reason.message for reason in reading.users.reasons)
    return (
        f"{reading.source} {how}: {why.removesuffix('.')}." if why else f"{reading.source} {how}."
    )


def _departure(hit: Hit, telling: Telling) -> str:
    person = _person(hit, telling)
    departed_at, days = person["departed_at"], hit.days_since_departure
    if departed_at is None or days is None:
        lacks = "without a departure date" if departed_at is None else "with contradictory dates"
        return f"{_name(person)} is terminated in {hit.person_source}, {lacks},"
    ago = {0: "less than a day", 1: "1 day"}.get(days, f"{days} days")
    recorded_at = person["recorded_at"]
    late = recorded_at is not None and recorded_at > departed_at
    recorded = f", recorded only at {instant(recorded_at)}" if late else ""
    return f"{_name(person)} left {ago} ago ({instant(departed_at)}{recorded})"


def _ghost_active(hit: Hit, telling: Telling) -> str:
    return f"{_departure(hit, telling)} and the account is still active."


def _ghost_pending(hit: Hit, telling: Telling) -> str:
    due = instant(_person(hit, telling)["removal_due_at"])
    left = _departure(hit, telling)
    return f"{left} and the account is still active; the policy allows until {due}."


def _orphan_account(hit: Hit, telling: Telling) -> str:
    account = _account(hit, telling)
    columns = {"email": "email_keys"}
    keys = [
        words
        for key, words in KEY_WORDS.items()
        if key != LINK and account[columns.get(key, f"{key}_key")]
    ]
    if not keys:
        return f"Nothing in this active account could name any of {_people(telling.people)}."
    shown = " or ".join((", ".join(keys[:-1]), keys[-1])) if keys[:-1] else keys[-1]
    return f"Of {_people(telling.people)}, none has the {shown} of this active account."


def _leaver_membership(hit: Hit, telling: Telling) -> str:
    active = _account(hit, telling)["active"]
    state = {True: "active", False: "inactive", None: "(state not known)"}[active]
    account = f"the {state} account" if active is not None else f"the account {state}"
    group = f"{_group(hit, telling)}{_through(hit, telling)}"
    return f"{_departure(hit, telling)} and {account} is still a member of {group}."


def _group_drift(hit: Hit, telling: Telling) -> str:
    name, group = _holder(hit, telling), _group(hit, telling)
    through = _through(hit, telling)
    if hit.problem == "mover":
        return (
            f"{name} has another department or title than before and is still a "
            f"member of {group}{through}, where nobody else of the new one is."
        )
    if hit.problem == "inactive_account":
        return f"The account of {name} is inactive and still a member of {group}{through}."
    expected = telling.expected[hit.app, hit.group_id or ""]
    if hit.direction == "unexpected":
        return f"{name} is a member of {group}{through}, which is for the people {expected}."
    return f"{name} is not a member of {group}, which is for the people {expected}."


def _holder(hit: Hit, telling: Telling) -> str:
    """Name the person, or the account where it is nobody's."""
    if hit.person_id is not None:
        return _name(_person(hit, telling))
    account = _account(hit, telling)
    return f"The account {account['user_name'] or account['account_id']}"


def _ambiguous_identity(hit: Hit, telling: Telling) -> str:
    rows = telling.facts.candidates[hit.app, hit.account_id or ""]
    keys_of: dict[Place, list[str]] = {}
    for row in rows:
        words = keys_of.setdefault((row["person_source"], row["person_id"]), [])
        if KEY_WORDS[row["key"]] not in words:
            words.append(KEY_WORDS[row["key"]])
    named = "; ".join(
        f"{person} in {source} by {' and '.join(words)}"
        for (source, person), words in keys_of.items()
    )
    return _DOUBTS[hit.problem or ""].format(count=len(keys_of), named=named)


_DOUBTS = {
    "link_unknown": "The register links this active account to somebody whom no HRIS has.",
    "several_people": "The keys of this active account name {count} people: {named}.",
    "weak_key": (
        "This active account leads to somebody who has left only by a weak key ({named}); "
        "nothing else confirms it."
    ),
    "weak_key_shared": (
        "This active account leads to a person only by a weak key ({named}), and another account "
        "of the app leads there as well."
    ),
    "name_contradicts": (
        "This active account leads to somebody who has left ({named}), but has another name, and "
        "such a key can be given out twice."
    ),
}
"""What is doubtful, by the problem of the situation."""


def _collection_incomplete(hit: Hit, telling: Telling) -> str:
    if hit.group_id is None:
        return unread(telling.readings[hit.app])
    reasons = telling.withheld[hit.app, hit.group_id]
    return " ".join(dict.fromkeys(reason.message for reason in reasons))


def _person(hit: Hit, telling: Telling) -> Row:
    return telling.facts.people[hit.person_source or "", hit.person_id or ""]


def _account(hit: Hit, telling: Telling) -> Row:
    return telling.facts.accounts[hit.app, hit.account_id or ""]


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _name(person: Row) -> str:
    return str(person["display_name"] or f"Person {person['person_id']}")


def _group(hit: Hit, telling: Telling) -> str:
    group = telling.facts.groups.get((hit.app, hit.group_id or ""), {})
    return str(group.get("display_name") or hit.group_id)


def _through(hit: Hit, telling: Telling) -> str:
    """Say by way of which nested groups a membership is held, if by any."""
    names = [
        str(telling.facts.groups.get((hit.app, one), {}).get("display_name") or one)
        for one in via_groups(hit.via)
    ]
    return f" through {' > '.join(names)}" if names else ""


def _engagement_expired(hit: Hit, telling: Telling) -> str:
    person, days = _person(hit, telling), hit.days_since_departure
    ago = {0: "less than a day", 1: "1 day"}.get(days or 0, f"{days} days")
    rows = telling.facts.candidates.get((hit.app, hit.account_id or ""), ())
    weak = not any(row["taken"] and row["strength"] == "strong" for row in rows)
    doubt = " Only a weak key leads there: first confirm whose the account is." if weak else ""
    return (
        f"The engagement of {_name(person)} ({person['worker_type']}) ended {ago} ago "
        f"({instant(person['departed_at'])}); {hit.person_source} still calls the person "
        f"{person['status']} and the account is active.{doubt}"
    )


def _dormant_account(hit: Hit, telling: Telling) -> str:
    last = _account(hit, telling)["last_activity_at"]
    name = _name(_person(hit, telling))
    return (
        f"The account of {name} was last used at {instant(last)}; "
        f"the policy asks about accounts unused for {telling.dormant_after}."
    )


def _unowned_nonhuman(hit: Hit, telling: Telling) -> str:
    account = telling.facts.accounts.get((hit.app, hit.account_id or ""), {})
    names = dict.fromkeys(map(key, (hit.account_id, account.get("user_name"))))
    named = (one for name in names if name for one in telling.nonhuman.get((hit.app, name), ()))
    entries = sorted(named, key=lambda one: one.line)
    problems = (hit.problem or "").split(",")
    said = "; ".join(_entry_problem(problem, entries) for problem in problems)
    where = " and ".join(f"line {one.line} ({one.type}: {one.purpose})" for one in entries)
    return f"Registered in the accounts register on {where}: {said}."


def _entry_problem(problem: str, entries: Sequence[NonHuman]) -> str:
    owners = " or ".join(dict.fromkeys(one.owner for one in entries if one.owner))
    reviews = " or ".join(dict.fromkeys(f"{one.review_by}" for one in entries if one.review_by))
    return {
        "absent": "no account has this id or user name",
        "inactive": "this break-glass account is not active and could not be used",
        "no_owner": "nobody is named as its owner",
        "owner_departed": f"its owner {owners} has departed",
        "owner_unknown": f"its owner {owners} is nobody the HRIS knows",
        "review_overdue": f"it was to be reviewed by {reviews}",
    }[problem]


def _waiver_expired(hit: Hit, telling: Telling) -> str:
    words = {
        "expired": "Expired",
        "not_in_force": "Approved for a later day",
        "not_waivable": "Of a kind that cannot be waived",
        "unused": "Not needed",
    }
    problems = " and ".join(words[problem] for problem in (hit.problem or "").split(","))
    waivers = telling.waivers[hit.app, hit.account_id, hit.group_id]
    return f"{problems}: {' '.join(_waiver(waiver, kind) for waiver, kind in waivers)}"


def _waiver(waiver: Waiver, kind: str | None) -> str:
    names = "no finding of this run" if kind is None else f"a finding of kind {kind}"
    return (
        f"The waiver on line {waiver.line} of the register (owner {waiver.owner}, approver "
        f"{waiver.approver}, from {waiver.approved_on} to {waiver.expires_on}) names {names}."
    )


def _late_deprovisioning(hit: Hit, telling: Telling) -> str:
    over = _hours(hit.hours_over_min, hit.hours_over_max)
    return (
        f"{_departure(hit, telling)} and the account was removed {_when(hit)}, {over} past the "
        "time the policy allows."
    )


def _timeliness_indeterminate(hit: Hit, telling: Telling) -> str:
    removed = f"{_departure(hit, telling)} and the account was removed {_when(hit)}"
    if hit.hours_over_max is None:
        return f"{removed}; nothing shows whether that was in time."
    return (
        f"{removed}; that can be in time or up to {_hours(None, hit.hours_over_max)} past the time "
        "the policy allows."
    )


def _reactivated(hit: Hit, telling: Telling) -> str:
    return f"{_departure(hit, telling)} and the account, once off, was switched on {_when(hit)}."


def _used_after_departure(hit: Hit, telling: Telling) -> str:
    return f"{_departure(hit, telling)} and the account was last used {_when(hit)}."


def _remediation_failed(hit: Hit, telling: Telling) -> str:
    said = _ENDINGS[hit.problem or ""]
    at = "" if hit.earliest_at is None else f" at {instant(hit.earliest_at)}"
    return (
        f"{_departure(hit, telling)} and the account is active although a deactivation {said}{at}."
    )


_ENDINGS = {
    "came_back": "was confirmed",
    "still_active": "was sent without effect",
    "not_known": "was sent, with an end nobody knows,",
    "changed_meanwhile": "met somebody else's change",
    "forbidden": "was forbidden by the app",
    "unsupported": "was not understood by the app",
}


def _missed_run(hit: Hit, _: Telling) -> str:
    return f"No audit ran in {str(hit.problem).replace(',', ', ')}."


def _when(hit: Hit) -> str:
    """Say when it happened, as closely as it is known."""
    if hit.latest_at is None:
        return "at a time that is not known"
    if hit.earliest_at is None:
        return f"some time before {instant(hit.latest_at)}"
    if hit.earliest_at == hit.latest_at:
        return f"at {instant(hit.latest_at)}"
    return f"between {instant(hit.earliest_at)} and {instant(hit.latest_at)}"


def _hours(least: int | None, most: int | None) -> str:
    unit = "hour" if most == 1 else "hours"
    return f"{most} {unit}" if least in {None, most} else f"{least} to {most} {unit}"


def _hr_data_quality(hit: Hit, telling: Telling) -> str:
    person = _person(hit, telling)
    return f"{_name(person)}: {flaws(person, hit.problem or '', instant)}"


_TELLERS: Mapping[str, Callable[[Hit, Telling], str]] = {
    "engagement_expired": _engagement_expired,
    "dormant_account": _dormant_account,
    "unowned_nonhuman": _unowned_nonhuman,
    "waiver_expired": _waiver_expired,
    "hr_data_quality": _hr_data_quality,
    "ghost_active": _ghost_active,
    "ghost_pending": _ghost_pending,
    "orphan_account": _orphan_account,
    "leaver_membership": _leaver_membership,
    "group_drift": _group_drift,
    "ambiguous_identity": _ambiguous_identity,
    "collection_incomplete": _collection_incomplete,
    "late_deprovisioning": _late_deprovisioning,
    "timeliness_indeterminate": _timeliness_indeterminate,
    "reactivated": _reactivated,
    "used_after_departure": _used_after_departure,
    "missed_run": _missed_run,
    "remediation_failed": _remediation_failed,
}
