"""Guards on a whole plan, before the first write: one breach and nothing is written in any app.

Planning, the dry run and the execution evaluate the same guards with the same code. A threshold
can be passed only by naming the guard with exactly the value that was measured, with a reason that
a second person signs; what is a matter of fact cannot be passed at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from collectors.base import Operation
from scanner.config import Remediation, Thresholds
from scanner.errors import UsageError
from scanner.model import Role, State
from scanner.remediation.basis import AppFacts, Basis
from scanner.remediation.plan import Action, GuardResult, Switches
from scanner.remediation.protected import Identity, Protection

THRESHOLDS = frozenset({
    "accounts", "people", "memberships", "headcount_drop", "departed_jump", "users_drop",
    "unowned_share",
})  # fmt: skip
"""Guards that can be acknowledged; the others state facts."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What guards need beside the run and the actions.

    ``canaries`` are those configured for each source; ``operators`` the names and addresses of
    whoever plans or applies; ``now`` is aware.
    """

    settings: Remediation
    switches: Switches
    protection: Protection
    canaries: Mapping[str, tuple[str, ...]]
    operators: tuple[str, ...]
    now: datetime


def evaluate(
    basis: Basis, actions: Sequence[Action], around: Surroundings
) -> tuple[GuardResult, ...]:
    """Give the arithmetic of every guard, in a fixed order.

    Raises UsageError for an acknowledgement that names no threshold.
    """
    found = [
        *_run_guards(basis, around),
        *_source_guards(basis, actions),
        *_history_guards(basis, actions, around),
        *_amount_guards(basis, actions, around.settings.thresholds),
        *_person_guards(basis, actions, around),
    ]
    given = {key: (value, reason) for key, value, reason in around.switches.acknowledged}
    unknown = set(given) - {one.key for one in found if one.name in THRESHOLDS}
    if unknown:
        raise UsageError(
            f"{min(unknown)} is not a guard that can be acknowledged here",
            f"known: {', '.join(sorted(one.key for one in found if one.name in THRESHOLDS))}",
        )
    return tuple(_acknowledged(one, given) for one in found)


def _acknowledged(one: GuardResult, given: Mapping[str, tuple[int, str]]) -> GuardResult:
    value, reason = given.get(one.key, (None, ""))
    if one.ok or value != one.value:
        return one
    return replace(one, ok=True, acknowledged=reason)


def breaches(results: Iterable[GuardResult]) -> tuple[GuardResult, ...]:
    """Give the guards that stand in the way."""
    return tuple(one for one in results if not one.ok)


def _at_most(name: str, app: str, value: int, limit: int, detail: str) -> GuardResult:
    return GuardResult(name, app, value, limit, value <= limit, detail)


def stricter(number: int, percent: int, whole: int, at_least: int) -> int:
    """Give the stricter of a number and a percentage; the percentage never below ``at_least``."""
    return min(number, max(whole * percent // 100, at_least))


def laxer(number: int, percent: int, whole: int) -> int:
    """Give the larger of a number and a percentage, as drops of small populations need it."""
    return max(number, whole * percent // 100)


def _run_guards(basis: Basis, around: Surroundings) -> Iterator[GuardResult]:
    age = int((around.now - basis.ended_at).total_seconds() // 60)
    limit = int(around.settings.run_lasts.total_seconds() // 60)
    detail = f"the run ended {age} minutes ago; at most {limit}"
    # A run from the future means that a clock is wrong, and then no age can be trusted.
    yield GuardResult("run_age", "", age, limit, 0 <= age <= limit, detail)
    detail = "no later run" if basis.newest else "a later run knows more; plan from that one"
    yield _at_most("run_superseded", "", int(not basis.newest), 0, detail)


def _source_guards(basis: Basis, actions: Sequence[Action]) -> Iterator[GuardResult]:
    hris = {name: one for name, one in basis.sources.items() if one.role is Role.HRIS}
    for name, one in hris.items():
        incomplete = int(one.state is not State.COMPLETE)
        yield _at_most("hris_incomplete", name, incomplete, 0, f"{name} is {one.state}")
        moved = int(not one.passes_agreed)
        detail = "two passes agreed" if one.passes_agreed else "two passes did not agree"
        yield _at_most("hris_unsteady", name, moved, 0, detail)
        yield _at_most("hris_empty", name, int(one.users == 0), 0, f"{one.users} people")
    for app in _apps(actions):
        facts = basis.sources.get(app)
        state = facts.state if facts else State.NOT_READ
        yield _at_most("app_incomplete", app, int(state is not State.COMPLETE), 0, f"is {state}")
        users = facts.users if facts else 0
        yield _at_most("app_empty", app, int(users == 0), 0, f"{users} accounts")


def _history_guards(
    basis: Basis, actions: Sequence[Action], around: Surroundings
) -> Iterator[GuardResult]:
    limits, count = around.settings.thresholds, basis.headcount
    if count.before is None or count.newly_departed is None or count.dropped is None:
        yield _first_headcount(count.now, around)
    else:
        limit = laxer(limits.headcount_drop, limits.headcount_drop_percent, count.before)
        detail = f"{count.before} employed before, {count.now} now"
        if count.dropped > max(count.before - count.now, 0):
            detail += f"; {count.dropped} fewer in those HRIS that shrank"
        yield _at_most("headcount_drop", "", count.dropped, limit, detail)
        limit = laxer(limits.departed_jump, limits.departed_jump_percent, count.before)
        detail = f"{count.newly_departed} newly departed of {count.before}"
        yield _at_most("departed_jump", "", count.newly_departed, limit, detail)
    for app in _apps(actions):
        before, now = basis.apps[app].previous_users, basis.sources[app].users
        if before is not None:
            limit = laxer(limits.users_drop, limits.users_drop_percent, before)
            detail = f"{before} accounts before, {now} now"
            yield _at_most("users_drop", app, before - now, limit, detail)


def _first_headcount(now: int, around: Surroundings) -> GuardResult:
    """Without an earlier run, only somebody who knows the company can say what is plausible."""
    expected = around.switches.expected_headcount
    if expected is None:
        detail = (
            f"{now} employed, and no earlier run to compare with; ask HR for the headcount and "
            "give it with --expect-headcount"
        )
        return GuardResult("first_headcount", "", 1, 0, ok=False, detail=detail)
    limit = expected * around.settings.thresholds.first_headcount_percent // 100
    detail = f"{now} employed, {expected} expected"
    return _at_most("first_headcount", "", abs(now - expected), limit, detail)


def _amount_guards(
    basis: Basis, actions: Sequence[Action], limits: Thresholds
) -> Iterator[GuardResult]:
    accounts = Counter(a.app for a in actions if a.operation is Operation.DEACTIVATE)
    removals = Counter(a.app for a in actions if a.operation is Operation.REMOVE_MEMBER)
    for app in _apps(actions):
        facts = basis.apps[app]
        if accounts[app]:
            limit = stricter(
                limits.accounts_per_app,
                limits.accounts_per_app_percent,
                facts.active,
                limits.at_least,
            )
            detail = f"{accounts[app]} of {facts.active} active accounts"
            yield _at_most("accounts", app, accounts[app], limit, detail)
        if removals[app]:
            held = sum(len(ids) for place, ids in basis.members.items() if place[0] == app)
            limit = stricter(
                limits.memberships_per_app,
                limits.memberships_per_app_percent,
                held,
                limits.at_least,
            )
            detail = f"{removals[app]} of {held} memberships"
            yield _at_most("memberships", app, removals[app], limit, detail)
        yield _unowned(app, facts, limits)
    people = {_person(action) for action in actions}
    headcount = basis.headcount.now
    limit = stricter(limits.people, limits.people_percent, headcount, limits.at_least)
    yield _at_most("people", "", len(people), limit, f"{len(people)} people, {headcount} employed")


def _unowned(app: str, facts: AppFacts, limits: Thresholds) -> GuardResult:
    """If most accounts look dead, suspect whoever looked."""
    share = -(-facts.unowned * 100 // facts.active) if facts.active else 0
    detail = f"{facts.unowned} of {facts.active} active accounts departed or without a person"
    return _at_most("unowned_share", app, share, limits.unowned_percent, detail)


def _person(action: Action) -> tuple[str, str]:
    """Whom an action concerns; an account without a known person counts as one of its own."""
    why = action.why
    if why.person_source is not None and why.person_id is not None:
        return why.person_source, why.person_id
    return action.app, action.target.id


def _person_guards(
    basis: Basis, actions: Sequence[Action], around: Surroundings
) -> Iterator[GuardResult]:
    listed = around.protection.listed
    detail = f"{listed} entries" if listed else "the list of protected accounts is missing or empty"
    yield GuardResult("protected_list", "", listed, 1, listed > 0, detail)
    hit = [action for action in actions if around.protection.reason(identity(action))]
    yield _at_most("protected", "", len(hit), 0, _names(hit))
    canaries = [action for action in actions if _is_canary(action, around.canaries)]
    yield _at_most("canaries", "", len(canaries), 0, _names(canaries))
    own = _operators(basis, actions, around.operators)
    yield _at_most(
        "operator", "", len(own), 0, ", ".join(own) or "neither planned for nor departed"
    )
    for app in _apps(actions):
        yield from _admin_guards(app, basis.apps[app], actions, around.switches)


def identity(action: Action) -> Identity:
    """Give what the list of protected accounts is matched with."""
    target = action.target
    return Identity(action.app, target.id, target.user_name, target.emails, target.display_name)


def _is_canary(action: Action, canaries: Mapping[str, tuple[str, ...]]) -> bool:
    target, why = action.target, action.why
    shown = (target.user_name, target.external_id, *target.emails)
    own, person = named(target.id, *shown), named(why.person_id, *shown)
    given = named(*canaries.get(action.app, ()))
    at_hris = named(*canaries.get(why.person_source or "", ()))
    return bool(own & given or person & at_hris)


def named(*names: str | None) -> frozenset[str]:
    """Give names in one letter case: a canary or a person is meant in any."""
    return frozenset(name.casefold() for name in names if name)


def targets_of(actions: Iterable[Action], people: Collection[str]) -> list[Action]:
    """Give the actions on accounts that go by a name of ``people``, or by one before an ``@``."""
    own = named(*people)
    return [one for one in actions if _called(one.target.user_name, one.target.emails) & own]


def _called(user_name: str | None, emails: Iterable[str]) -> frozenset[str]:
    whole = named(user_name, *emails)
    return whole | {text.partition("@")[0] for text in whole}


def _operators(basis: Basis, actions: Sequence[Action], operators: tuple[str, ...]) -> list[str]:
    """Name the operator's own accounts, planned for or departed: then the data is wrong."""
    own = named(*operators)
    found = {f"{one.app}:{one.target.id}" for one in targets_of(actions, operators)}
    for (app, account_id), owner in basis.owners.items():
        account = basis.accounts.get((app, account_id))
        if not owner.departed or account is None:
            continue
        if own & _called(account.user_name, account.emails):
            found.add(f"{app}:{account_id}")
    return sorted(found)


def _admin_guards(
    app: str, facts: AppFacts, actions: Sequence[Action], switches: Switches
) -> Iterator[GuardResult]:
    own = [a for a in actions if a.app == app and a.operation is Operation.DEACTIVATE]
    unnamed = [
        a
        for a in own
        if a.observed.privileged and f"{app}:{a.target.id}" not in switches.privileged
    ]
    yield _at_most("privileged", app, len(unnamed), 0, _names(unnamed))
    if facts.admins is None:
        yield GuardResult("last_admin", app, 0, 0, ok=True, detail="the app does not tell admins")
        return
    left = len(facts.admins - {action.target.id for action in own})
    lost = int(left == 0 and bool(facts.admins))
    yield _at_most("last_admin", app, lost, 0, f"{left} of {len(facts.admins)} admins would stay")


def _apps(actions: Sequence[Action]) -> list[str]:
    return sorted({action.app for action in actions})


def _names(actions: Sequence[Action]) -> str:
    return ", ".join(f"{action.app}: {action.label}" for action in actions) or "none"
