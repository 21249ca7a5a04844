"""A finding as the plain reconciler makes it: everything that can be compared."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

SEVERITY = {
    "reactivated": "critical",
    "used_after_departure": "critical",
    "ghost_active": "high",
    "orphan_account": "high",
    "collection_incomplete": "high",
    "engagement_expired": "high",
    "leaver_membership": "medium",
    "group_drift": "medium",
    "unowned_nonhuman": "medium",
    "waiver_expired": "medium",
    "late_deprovisioning": "medium",
    "missed_run": "medium",
    "remediation_failed": "high",
    "dormant_account": "low",
    "ambiguous_identity": "low",
    "timeliness_indeterminate": "low",
    "hr_data_quality": "low",
    "ghost_pending": "info",
}
_RAISED = {"critical": "critical", "high": "critical", "medium": "high", "low": "medium"}


@dataclass(frozen=True, kw_only=True)
class PlainFinding:
    """One finding; what it does not have is None."""

    kind: str
    app: str
    account: str | None = None
    person_source: str | None = None
    person: str | None = None
    group: str | None = None
    direction: str | None = None
    basis: str | None = None
    days: int | None = None
    problem: str | None = None
    earliest_at: datetime | None = None
    latest_at: datetime | None = None
    hours_over_min: int | None = None
    hours_over_max: int | None = None
    via: str | None = None
    privileged: bool = False
    waived: bool = False
    matched_by: str | None = None
    status: str = "new"
    first_seen: str = ""

    @property
    def severity(self) -> str:
        """That of the kind, one level higher where privilege is involved."""
        return _RAISED[SEVERITY[self.kind]] if self.privileged else SEVERITY[self.kind]

    @property
    def id(self) -> str:
        """What keeps the finding the same from run to run."""
        return plain_id(self.kind, self.app, self.account, self.person, self.group)


def plain_id(*parts: str | None) -> str:
    """The first 16 hex digits of SHA-256 over the JSON array of the parts."""
    listed = "[" + ",".join(json.dumps(one or "", ensure_ascii=False) for one in parts) + "]"
    return hashlib.sha256(listed.encode()).hexdigest()[:16]
