"""The sheets of findings, as data: which kind stands where, and what each column holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.cell import Look, Value
from reports.concluded import accounts_concluded, memberships_concluded, withheld_groups
from reports.fields import joined, of, worded
from reports.machine import hint, in_order
from reports.populations import Populations, Record
from reports.sheet import Column, DataSheet
from scanner.model import Audit, Candidate, Finding, Policy

DECISIONS = (
    "Revoke", "Keep - justified", "Keep - exception", "Already removed", "Not our account",
    "False match", "Investigate",
)  # fmt: skip

GHOSTS, ORPHANS, DRIFT, OTHER = "Ghost accounts", "Orphan accounts", "Group drift", "Other findings"

_SHEET_OF_KIND = {
    "ghost_active": GHOSTS,
    "ghost_pending": GHOSTS,
    "privileged_ghost": GHOSTS,
    "reactivated": GHOSTS,
    "used_after_departure": GHOSTS,
    "engagement_expired": GHOSTS,
    "orphan_account": ORPHANS,
    "unowned_nonhuman": ORPHANS,
    "group_drift": DRIFT,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A finding with what the tables say of its account and its person (``None``: nothing)."""

    finding: Finding
    policy: Policy
    account: Record | None
    person: Record | None


def finding_sheets(audit: Audit, populations: Populations) -> list[DataSheet[Subject]]:
    """Return the four sheets on which every finding of the run stands exactly once."""
    subjects = _subjects(audit, populations)
    return [
        _finding_sheet(audit, name, columns, subjects)
        for name, columns in (
            (GHOSTS, _GHOST_COLUMNS),
            (ORPHANS, _ORPHAN_COLUMNS),
            (DRIFT, _DRIFT_COLUMNS),
            (OTHER, _OTHER_COLUMNS),
        )
    ]


def _subjects(audit: Audit, populations: Populations) -> list[Subject]:
    people = {(one.source, one.person_id): one for one in populations.people}
    accounts = {(one.source, one.account_id): one for one in populations.accounts}
    return [
        Subject(
            finding,
            audit.policy,
            finding.account and accounts.get((finding.app, finding.account.id)),
            finding.person and people.get((finding.person.source, finding.person.id)),
        )
        for finding in in_order(audit.findings)
    ]


_TITLES = {
    GHOSTS: "Ghost accounts: active although the person has departed",
    ORPHANS: "Orphan accounts: active, and no current person owns them",
    DRIFT: "Group drift: memberships that differ from what was expected",
    OTHER: "Other findings: everything that stands on no other sheet",
}


def _finding_sheet(
    audit: Audit, name: str, columns: tuple[Column[Subject], ...], subjects: Sequence[Subject]
) -> DataSheet[Subject]:
    rows = [one for one in subjects if _SHEET_OF_KIND.get(one.finding.kind, OTHER) == name]
    left_out = _not_concluded(audit, name)
    return DataSheet(
        name=name,
        title=_TITLES[name],
        statement=f"Source: findings.json of this run ({_kinds(audit, name)})",
        columns=(*columns, *_REVIEW),
        rows=rows,
        frozen=3,
        empty=" · ".join(part for part in (_empty(audit, name), left_out) if part),
        warning=left_out,
    )


def _kinds(audit: Audit, name: str) -> str:
    kinds = [rule.kind for rule in audit.rules if _SHEET_OF_KIND.get(rule.kind, OTHER) == name]
    return "kinds tested: " + (", ".join(kinds) or "none")


def _empty(audit: Audit, name: str) -> str:
    apps = memberships_concluded(audit) if name == DRIFT else accounts_concluded(audit)
    if not apps:
        return "No rows: nothing could be tested"
    names = ", ".join(app.name for app in apps)
    if name != DRIFT:
        return (
            f"No rows: population {sum(app.accounts for app in apps)} tested, 0 findings ({names})"
        )
    read = sum(one.memberships_received for one in audit.sources if one.source in names.split(", "))
    return (
        f"No rows: population {read} memberships read, those of groups with an entitlement in the "
        f"configuration tested, 0 findings ({names})"
    )


def _not_concluded(audit: Audit, name: str) -> str:
    judged = {app.name for app in accounts_concluded(audit)}
    accounts = [app.name for app in audit.apps if app.name not in judged]
    judged_groups = {app.name for app in memberships_concluded(audit)}
    groups = [app.name for app in audit.apps if app.name in judged - judged_groups]
    said = [f"NOT CONCLUDED: {', '.join(accounts)}"] if accounts else []
    if groups and name in {DRIFT, OTHER}:
        said.append(f"memberships NOT CONCLUDED: {', '.join(groups)}")
    if name == DRIFT and (part := withheld_groups(audit)):
        named = ", ".join(f"{many} of {app}" for app, many in part.items())
        said.append(f"who belongs NOT CONCLUDED: {named}")
    return " · ".join([*said, "reasons: sheet Cover"]) if said else ""


def _candidates(subject: Subject) -> Value:
    return "; ".join(_candidate(one) for one in subject.finding.candidates) or None


def _hints(subject: Subject) -> Value:
    return "; ".join(hint(one) for one in subject.finding.suggestions) or None


def _candidate(one: Candidate) -> str:
    return f"{one.key} {one.value} names {one.person_id} ({'taken' if one.taken else 'not taken'})"


def _expires_on(subject: Subject) -> Value:
    waiver = subject.finding.waiver
    return None if waiver is None else waiver.expires_on.isoformat()


def _subject_type(subject: Subject) -> str:
    named = ("group", "account", "person")
    return next((name for name in named if getattr(subject.finding, name)), "source")


_WHAT = (
    Column("finding_id", of("finding.id")),
    Column("severity", of("finding.severity"), Look.JUDGED),
    Column("app", of("finding.app")),
    Column("kind", of("finding.kind")),
)
_ACCOUNT = (
    Column("account_id", of("finding.account.id")),
    Column("user_name", of("finding.account.user_name")),
    Column("email", of("finding.account.email")),
    Column("account_name", of("finding.account.display_name")),
)
_ACTIVE = Column("account_state", worded("finding.account.active", "Active", "Inactive"))
_PERSON = (
    Column("person_id", of("finding.person.id")),
    Column("person_name", of("finding.person.display_name")),
    Column("person_status", of("finding.person.status")),
)
_GROUP = (
    Column("group_id", of("finding.group.id")),
    Column("group_name", of("finding.group.display_name")),
)
_DEPARTED = Column("departed_at_utc", of("finding.person.departed_at"), Look.INSTANT)
_DAYS = Column("days_since_departure", of("finding.days_since_departure"), Look.NUMBER)
_PRIVILEGED = Column("privileged", worded("account.privileged"))
_LAST_USED = Column("last_activity_utc", of("account.last_activity_at"), Look.INSTANT)
_MATCHED = Column("matched_by", of("finding.matched_by"))
_DETAIL = Column("detail", of("finding.detail"), Look.LONG)
_CANDIDATES = Column("candidates", _candidates, Look.LONG)
_HINTS = Column("perhaps", _hints, Look.LONG)
_WHENCE = (
    Column("status", of("finding.status")),
    Column("flags", joined("finding.flags")),
    Column("problem", of("finding.problem")),
    Column("via_groups", joined("finding.via")),
    Column("waiver_owner", of("finding.waiver.owner")),
    Column("waiver_approver", of("finding.waiver.approver")),
    Column("waiver_expires_on", _expires_on),
    Column("waiver_reason", of("finding.waiver.reason"), Look.LONG),
    Column("first_seen_run", of("finding.first_seen")),
    Column("controls", joined("finding.controls"), Look.LONG),
    Column("evidence_file", of("finding.evidence.response")),
    Column("evidence_index", of("finding.evidence.index"), Look.NUMBER),
)
_REVIEW: tuple[Column[Subject], ...] = (
    Column("decision", None, Look.REVIEW, DECISIONS),
    Column("reviewer", None, Look.REVIEW),
    Column("review_date", None, Look.REVIEW_DAY),
    Column("ticket", None, Look.REVIEW),
    Column("comment", None, Look.REVIEW),
)

_GHOST_COLUMNS = (
    *_WHAT,
    *_ACCOUNT,
    _ACTIVE,
    _PRIVILEGED,
    _LAST_USED,
    *_PERSON,
    Column("worker_type", of("person.worker_type")),
    _DEPARTED,
    Column("hr_recorded_at_utc", of("person.recorded_at"), Look.INSTANT),
    Column("removal_due_at_utc", of("person.removal_due_at"), Look.INSTANT),
    _DAYS,
    Column("policy_limit", of("policy.limit")),
    Column("policy_reference", of("policy.reference")),
    _MATCHED,
    _DETAIL,
    *_WHENCE,
)
_ORPHAN_COLUMNS = (
    *_WHAT,
    *_ACCOUNT,
    _ACTIVE,
    Column("account_type", of("account.account_type")),
    Column("external_id", of("account.external_id")),
    Column("employee_number", of("account.employee_number")),
    _PRIVILEGED,
    Column("created_at_utc", of("account.created_at"), Look.INSTANT),
    _LAST_USED,
    _DETAIL,
    _CANDIDATES,
    _HINTS,
    *_PERSON,
    *_WHENCE,
)
_DRIFT_COLUMNS = (
    *_WHAT,
    *_GROUP,
    Column("direction", of("finding.group.direction")),
    Column("basis", of("finding.group.basis")),
    *_ACCOUNT,
    *_PERSON,
    Column("department", of("person.department")),
    _MATCHED,
    _DETAIL,
    *_WHENCE,
)
_OTHER_COLUMNS = (
    *_WHAT,
    Column("subject_type", _subject_type),
    _DETAIL,
    *_ACCOUNT,
    *_PERSON,
    _DEPARTED,
    _DAYS,
    *_GROUP,
    _MATCHED,
    _CANDIDATES,
    *_WHENCE,
)
