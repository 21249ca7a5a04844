"""Hits become findings: stable ids, references as they were read, canonical order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from scanner.model import (
    AccountRef,
    Before,
    Candidate,
    Finding,
    GroupRef,
    PersonRef,
    PersonStatus,
    Pointer,
    Rule,
    Timeliness,
)
from scanner.reconcile.catalogue import raised, severity_rank
from scanner.reconcile.facts import Facts, Hit
from scanner.reconcile.identifier import finding_id
from scanner.reconcile.movement import status_of
from scanner.reconcile.nesting import via_groups
from scanner.reconcile.parquet import Row
from scanner.reconcile.sentences import Telling, tell

__all__ = ["build_findings", "finding_id", "hit_id"]


def build_findings(
    hits: Sequence[Hit],
    rules: Sequence[Rule],
    telling: Telling,
    run: str,
    before: Before,
) -> tuple[Finding, ...]:
    """Return one finding per hit, sorted by severity, kind, app, account, person and group id.

    Each has its status against ``before`` and names the first run that found it.
    """
    by_kind = {rule.kind: rule for rule in rules}
    found = [_finding(hit, by_kind[hit.kind], telling, run, before) for hit in hits]
    return tuple(sorted(found, key=_canonical_order))


def hit_id(hit: Hit) -> str:
    """Return the id of the finding that ``hit`` becomes."""
    return finding_id(hit.kind, hit.app, hit.account_id, hit.person_id, hit.group_id)


def _finding(hit: Hit, rule: Rule, telling: Telling, run: str, before: Before) -> Finding:
    facts = telling.facts
    place = (hit.app, hit.account_id or "")
    identity = hit_id(hit)
    return Finding(
        id=identity,
        kind=hit.kind,
        severity=raised(rule.severity) if hit.privileged else rule.severity,
        app=hit.app,
        detail=tell(hit, telling),
        controls=rule.controls,
        account=_account_ref(hit.account_id, facts.accounts.get(place)),
        person=_person_ref(hit, facts),
        group=_group_ref(hit, facts),
        matched_by=facts.matched_by.get(place),
        candidates=tuple(_candidate(row) for row in facts.candidates.get(place, ())),
        days_since_departure=hit.days_since_departure,
        status=status_of(identity, before),
        first_seen=before.first_seen.get(identity, run),
        evidence=_evidence(hit, facts),
        problem=hit.problem,
        via=via_groups(hit.via),
        flags=("privileged",) if hit.privileged else (),
        timeliness=_timeliness(hit),
    )


def _account_ref(account_id: str | None, row: Row | None) -> AccountRef | None:
    """Refer to an account as it was read, or to one that is named and was not found."""
    if account_id is None:
        return None
    if row is None:
        return AccountRef(account_id, None, None, None, active=None)
    return AccountRef(
        id=row["account_id"],
        user_name=row["user_name"],
        email=next(iter(row["emails"]), None),
        display_name=row["display_name"],
        active=row["active"],
    )


def _person_ref(hit: Hit, facts: Facts) -> PersonRef | None:
    if hit.person_source is None or hit.person_id is None:
        return None
    row = facts.people[hit.person_source, hit.person_id]
    departed_at = row["departed_at"]
    return PersonRef(
        id=row["person_id"],
        display_name=row["display_name"],
        status=PersonStatus(row["status"]),
        departed_at=None if departed_at is None else departed_at.astimezone(UTC),
        source=hit.person_source,
    )


def _group_ref(hit: Hit, facts: Facts) -> GroupRef | None:
    if hit.group_id is None:
        return None
    row = facts.groups.get((hit.app, hit.group_id), {})
    return GroupRef(hit.group_id, row.get("display_name"), hit.direction, hit.basis)


def _timeliness(hit: Hit) -> Timeliness | None:
    if hit.earliest_at is None and hit.latest_at is None:
        return None
    return Timeliness(
        basis=hit.basis,
        earliest_at=hit.earliest_at and hit.earliest_at.astimezone(UTC),
        latest_at=hit.latest_at and hit.latest_at.astimezone(UTC),
        hours_over_min=hit.hours_over_min,
        hours_over_max=hit.hours_over_max,
    )


def _candidate(row: Row) -> Candidate:
    return Candidate(row["key"], row["key_value"], row["person_id"], row["taken"])


def _evidence(hit: Hit, facts: Facts) -> Pointer | None:
    """Point to the response that shows it: the group's for a membership, else the account's.

    A finding about a person alone is shown by the person's record. What is gone is in no response
    of this run.
    """
    row = facts.groups.get((hit.app, hit.group_id or "")) or facts.accounts.get(
        (hit.app, hit.account_id or "")
    )
    if hit.account_id is None and hit.group_id is None:
        row = facts.people.get((hit.person_source or "", hit.person_id or ""))
    if row is None or row["response"] is None:
        return None
    return Pointer(row["response"], row["response_index"])


def _canonical_order(finding: Finding) -> tuple[int, str, str, str, str, str]:
    return (
        severity_rank(finding.severity),
        finding.kind,
        finding.app,
        finding.account.id if finding.account else "",
        finding.person.id if finding.person else "",
        finding.group.id if finding.group else "",
    )
