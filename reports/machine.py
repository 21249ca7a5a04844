"""The result for programs: findings as canonical JSON, as CSV, and the summary of a run."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

from reports.text import canonical_json, instant, spreadsheet_safe, visible
from scanner.model import (
    AccountRef,
    App,
    Audit,
    Balance,
    Finding,
    GroupRef,
    Movement,
    PersonRef,
    Pointer,
    ProofPoint,
    Reading,
    Reason,
    Severity,
    Snapshot,
    Standing,
    Suggestion,
    Timeliness,
    Waiver,
)

SCHEMA = "ghostscan/findings/1"
LONGEST_CELL = 3000  # ten escapes of three thousand characters still fit a spreadsheet's cell
COLUMNS = (
    "id", "kind", "severity", "app",
    "account_id", "account_user_name", "account_email", "account_display_name", "account_active",
    "person_id", "person_display_name", "person_status", "person_departed_at",
    "group_id", "group_display_name", "direction", "basis",
    "matched_by", "candidates", "days_since_departure",
    "earliest_at", "latest_at", "hours_over_min", "hours_over_max", "detail",
    "status", "first_seen", "controls", "evidence_response", "evidence_index",
    "problem", "flags", "via", "waiver_owner", "waiver_approver", "waiver_expires_on",
    "suggestions",
)  # fmt: skip
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


def findings_json(audit: Audit) -> bytes:
    """Return ``findings.json``: schema ``ghostscan/findings/1`` as canonical JSON.

    Findings stand most severe first, then by kind, app and what they are about. Values are
    exactly as read, except that a lone surrogate becomes a visible escape.
    """
    whole = canonical_json({
        "schema": SCHEMA,
        "run": audit.run,
        "as_of": instant(audit.as_of),
        "verdict": audit.verdict,
        "sources": [_source(reading) for reading in audit.sources],
        "apps": [_app(app) for app in audit.apps],
        "findings": [],
        "movement": movement_document(audit.movement),
    })  # fmt: skip
    # One finding at a time: all of them as objects take several times the memory of the text. No
    # string can hold the mark, for in a string a quote is escaped.
    head, mark, tail = whole.partition(b'"findings":[]')
    found = b",".join(canonical_json(_finding(one)).rstrip() for one in in_order(audit.findings))
    return b"".join((head, mark[:-1], found, mark[-1:], tail))


def findings_csv(audit: Audit) -> bytes:
    """Return ``findings.csv``: a heading and one row per finding of ``findings.json``.

    UTF-8 with byte order mark, CRLF, every field quoted (RFC 4180). Invisible characters are
    escapes, and what a spreadsheet could take for a formula has an apostrophe in front; the
    JSON holds the exact values. Columns: ``COLUMNS``.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for finding in in_order(audit.findings):
        writer.writerow([spreadsheet_safe(visible(cell, LONGEST_CELL)) for cell in _row(finding)])
    return text.getvalue().encode("utf-8-sig")


def summary_json(audit: Audit, folder: Path, exit_code: int) -> str:
    """Return the one JSON document a run prints: where it is, its verdict, and the counts.

    ``sources`` and ``apps`` are those of ``findings.json``; ``counts`` has the number of
    findings of every kind that has any.
    """
    document = {
        "run": str(folder),
        "verdict": audit.verdict,
        "exit_code": exit_code,
        "sources": [_source(reading) for reading in audit.sources],
        "apps": [_app(app) for app in audit.apps],
        "counts": dict(Counter(finding.kind for finding in audit.findings)),
    }
    return canonical_json(document).decode()


def snapshot_json(snapshot: Snapshot, folder: Path, exit_code: int) -> str:
    """Return the one JSON document a snapshot prints; ``sources`` is as in ``findings.json``."""
    document = {
        "run": str(folder),
        "exit_code": exit_code,
        "sources": [_source(reading) for reading in snapshot.sources],
    }
    return canonical_json(document).decode()


def in_order(findings: tuple[Finding, ...]) -> list[Finding]:
    """Return findings most severe first, then by kind, app, account, person, group and id."""
    return sorted(findings, key=_order)


def _order(finding: Finding) -> tuple[int, str, str, str, str, str, str]:
    account, person, group = (
        one.id if one else "" for one in (finding.account, finding.person, finding.group)
    )
    rank = _RANK[finding.severity]
    return rank, finding.kind, finding.app, account, person, group, finding.id


def _source(reading: Reading) -> dict[str, object]:
    return {
        "name": reading.source,
        "role": reading.role,
        "type": reading.type,
        "state": reading.state,
        "reasons": _reasons(reading.users.reasons),
        "proof": _proof(reading.users.proof),
        "users_reported": reading.users.reported,
        "users_received": reading.users.received,
        "groups_state": reading.groups.state,
        "groups_reasons": _reasons(reading.groups.reasons),
        "groups_proof": _proof(reading.groups.proof),
        "groups_reported": reading.groups.reported,
        "groups_received": reading.groups.received,
        "memberships_received": reading.memberships_received,
        "requests": reading.requests,
        "retries": reading.retries,
    }


def _reasons(reasons: tuple[Reason, ...]) -> list[dict[str, object]]:
    return [{"code": reason.code, "message": reason.message} for reason in reasons]


def _proof(points: tuple[ProofPoint, ...]) -> list[dict[str, object]]:
    return [{"name": one.name, "held": one.held, "detail": one.detail} for one in points]


def _app(app: App) -> dict[str, object]:
    return {
        "name": app.name,
        "verdict": app.verdict,
        "accounts": app.accounts,
        "active": app.active,
        "situations": {
            "linked": app.linked,
            "unmatched": app.unmatched,
            "disputed": app.disputed,
        },
        "findings": app.findings,
        "waived": app.waived,
        "not_concluded": _reasons(app.not_concluded),
        "timeliness": dict(app.timeliness),
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.id,
        "kind": finding.kind,
        "severity": finding.severity,
        "app": finding.app,
        "account": _account(finding.account),
        "person": _person(finding.person),
        "group": _group(finding.group),
        "direction": finding.group.direction if finding.group else None,
        "basis": finding.group.basis if finding.group else None,
        "matched_by": finding.matched_by,
        "suggestions": [
            {
                "person_id": one.person_id,
                "source": one.source,
                "display_name": one.display_name,
                "score": one.score,
                "why": one.why,
            }
            for one in finding.suggestions
        ],
        "candidates": [
            {"key": one.key, "value": one.value, "person_id": one.person_id, "taken": one.taken}
            for one in finding.candidates
        ],
        "days_since_departure": finding.days_since_departure,
        "detail": finding.detail,
        "status": finding.status,
        "first_seen": finding.first_seen,
        "controls": finding.controls,
        "evidence": _pointer(finding.evidence),
        "problem": finding.problem,
        "flags": finding.flags,
        "via": finding.via,
        "waiver": _waiver(finding.waiver),
        "timeliness": _timeliness(finding.timeliness),
    }


def _waiver(waiver: Waiver | None) -> dict[str, object] | None:
    if waiver is None:
        return None
    return {
        "owner": waiver.owner,
        "reason": waiver.reason,
        "approver": waiver.approver,
        "approved_on": waiver.approved_on.isoformat(),
        "expires_on": waiver.expires_on.isoformat(),
        "line": waiver.line,
    }


def movement_document(movement: Movement | None) -> dict[str, object]:
    """Return what became of the findings of the audit before, as ``findings.json`` holds it."""
    if movement is None:
        return {}
    return {
        "previous_audit": movement.audit,
        **_balance(movement.total),
        "apps": [{"name": one.app, **_balance(one)} for one in movement.apps],
        "resolved": [standing_document(one) for one in movement.resolved],
        "not_concluded": [standing_document(one) for one in movement.not_concluded],
    }


def _balance(balance: Balance) -> dict[str, object]:
    return {
        "counts": {
            "opening": balance.opening,
            "new": balance.new,
            "reopened": balance.reopened,
            "persisting": balance.persisting,
            "resolved": balance.resolved,
            "not_concluded": balance.not_concluded,
            "closing": balance.closing,
        }
    }


def standing_document(standing: Standing) -> dict[str, object]:
    """Return a finding of an earlier audit in short."""
    return {
        "id": standing.id,
        "kind": standing.kind,
        "severity": standing.severity,
        "app": standing.app,
        "group": None if standing.group_id is None else {"id": standing.group_id},
        "first_seen": standing.first_seen,
        "subject": standing.subject,
    }


def _timeliness(timeliness: Timeliness | None) -> dict[str, object] | None:
    if timeliness is None:
        return None
    return {
        "basis": timeliness.basis,
        "earliest_at": timeliness.earliest_at and instant(timeliness.earliest_at),
        "latest_at": timeliness.latest_at and instant(timeliness.latest_at),
        "hours_over_min": timeliness.hours_over_min,
        "hours_over_max": timeliness.hours_over_max,
    }


def _account(account: AccountRef | None) -> dict[str, object] | None:
    if account is None:
        return None
    return {
        "id": account.id,
        "user_name": account.user_name,
        "email": account.email,
        "display_name": account.display_name,
        "active": account.active,
    }


def _person(person: PersonRef | None) -> dict[str, object] | None:
    if person is None:
        return None
    return {
        "id": person.id,
        "display_name": person.display_name,
        "status": person.status,
        "departed_at": instant(person.departed_at) if person.departed_at else None,
    }


def _group(group: GroupRef | None) -> dict[str, object] | None:
    return None if group is None else {"id": group.id, "display_name": group.display_name}


def _pointer(pointer: Pointer | None) -> dict[str, object] | None:
    return None if pointer is None else {"response": pointer.response, "index": pointer.index}


def _row(finding: Finding) -> list[str]:
    """The cells of one finding in the order of ``COLUMNS``; not known is an empty cell."""
    days, evidence = finding.days_since_departure, finding.evidence
    candidates = (
        f"{one.key}={one.value} -> {one.person_id} ({'taken' if one.taken else 'rejected'})"
        for one in finding.candidates
    )
    return [
        *(finding.id, finding.kind, finding.severity, finding.app),
        *_account_cells(finding.account),
        *_person_cells(finding.person),
        *_group_cells(finding.group),
        *(finding.matched_by or "", "; ".join(candidates), "" if days is None else str(days)),
        *_timeliness_cells(finding.timeliness),
        *(finding.detail, finding.status, finding.first_seen, "; ".join(finding.controls)),
        *((evidence.response, str(evidence.index)) if evidence else ("", "")),
        *(
            finding.problem or "",
            "; ".join(finding.flags),
            " > ".join(finding.via),
            *_waiver_cells(finding.waiver),
            "; ".join(hint(one) for one in finding.suggestions),
        ),
    ]


def hint(suggestion: Suggestion) -> str:
    """Say whom an account may belong to, and that nothing was concluded from it."""
    one = suggestion
    return f"perhaps {one.person_id} in {one.source}: {one.why} ({one.score}; a hint only)"


def _waiver_cells(waiver: Waiver | None) -> list[str]:
    if waiver is None:
        return [""] * 3
    return [waiver.owner, waiver.approver, waiver.expires_on.isoformat()]


def _timeliness_cells(timeliness: Timeliness | None) -> list[str]:
    if timeliness is None:
        return [""] * 4
    instants = (timeliness.earliest_at, timeliness.latest_at)
    hours = (timeliness.hours_over_min, timeliness.hours_over_max)
    return [
        *(instant(moment) if moment else "" for moment in instants),
        *("" if count is None else str(count) for count in hours),
    ]


def _account_cells(account: AccountRef | None) -> list[str]:
    if account is None:
        return [""] * 5
    active = "unknown" if account.active is None else str(account.active).lower()
    named = (account.user_name, account.email, account.display_name)
    return [account.id, *(name or "" for name in named), active]


def _person_cells(person: PersonRef | None) -> list[str]:
    if person is None:
        return [""] * 4
    departed = instant(person.departed_at) if person.departed_at else ""
    return [person.id, person.display_name or "", person.status, departed]


def _group_cells(group: GroupRef | None) -> list[str]:
    if group is None:
        return [""] * 4
    return [group.id, group.display_name or "", group.direction or "", group.basis or ""]
