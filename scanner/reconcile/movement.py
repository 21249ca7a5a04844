"""Balances the findings of two audits, so that none appears or disappears unaccounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from scanner.model import Before, Finding, Movement, Reading, Role, Standing, State
from scanner.model.movement import Balance
from scanner.reconcile.catalogue import severity_rank

ALWAYS_CONCLUDED = frozenset({"collection_incomplete", "missed_run"})
"""Kinds that say how the audit itself went, whatever was read."""


def status_of(identity: str, before: Before) -> str:
    """Return ``persisting``, ``reopened`` (known, but not open before) or ``new``."""
    if identity in before.opening:
        return "persisting"
    return "reopened" if identity in before.first_seen else "new"


def balance(
    findings: Sequence[Finding], before: Before, concluded: Callable[[Standing], bool]
) -> Movement:
    """Account for every finding that was open or is found; ``concluded`` says which could be."""
    found = {one.id for one in findings}
    missing = [one for one in before.opening.values() if one.id not in found]
    resolved = [one for one in missing if concluded(one)]
    withheld = [one for one in missing if not concluded(one)]
    apps = sorted({one.app for one in findings} | {one.app for one in before.opening.values()})
    found_as = Counter((one.app, one.status) for one in findings)
    standing = [_by_app(ones) for ones in (before.opening.values(), resolved, withheld)]
    counts = [_balance(app, found_as, *standing) for app in apps]
    return Movement(
        audit=before.audit,
        total=_total(counts),
        apps=tuple(counts),
        resolved=tuple(sorted(resolved, key=_order)),
        not_concluded=tuple(sorted(withheld, key=_order)),
    )


def concluded_in(
    readings: Sequence[Reading], withheld: Collection[tuple[str, str]]
) -> Callable[[Standing], bool]:
    """Return whether a run over ``readings`` could have found one finding again.

    It has to have read the source COMPLETE and every HRIS, and for a finding about a group also
    the groups of the source; the group (app and id) must not be among ``withheld``.
    """
    by_name = {reading.source: reading for reading in readings}
    unread_hris = any(
        reading.role is Role.HRIS and reading.state is not State.COMPLETE for reading in readings
    )

    def concluded(standing: Standing) -> bool:
        if standing.kind in ALWAYS_CONCLUDED:
            return True
        reading = by_name.get(standing.app)
        if unread_hris or reading is None or reading.state is not State.COMPLETE:
            return False
        if standing.group_id is None:
            return True
        place = (standing.app, standing.group_id)
        return reading.groups.state is State.COMPLETE and place not in withheld

    return concluded


def _by_app(standing: Iterable[Standing]) -> Counter[str]:
    return Counter(one.app for one in standing)


def _balance(
    app: str,
    found_as: Counter[tuple[str, str]],
    opening: Counter[str],
    resolved: Counter[str],
    withheld: Counter[str],
) -> Balance:
    return Balance(
        app=app,
        opening=opening[app],
        new=found_as[app, "new"],
        reopened=found_as[app, "reopened"],
        persisting=found_as[app, "persisting"],
        resolved=resolved[app],
        not_concluded=withheld[app],
    )


def _total(counts: Sequence[Balance]) -> Balance:
    names = ("opening", "new", "reopened", "persisting", "resolved", "not_concluded")
    return Balance("", **{name: sum(getattr(one, name) for one in counts) for name in names})


def _order(standing: Standing) -> tuple[int, str, str, str, str]:
    rank = severity_rank(standing.severity)
    return rank, standing.kind, standing.app, standing.subject, standing.id
