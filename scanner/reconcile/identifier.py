"""What makes a finding the same finding from run to run."""

from __future__ import annotations

import hashlib
import json


def finding_id(
    kind: str, app: str, account_id: str | None, person_id: str | None, group_id: str | None
) -> str:
    """Return the id that a finding keeps from run to run.

    It is the first 16 hex digits of SHA-256 over the JSON array of the arguments, ``""`` for none.
    """
    parts = [kind, app, account_id or "", person_id or "", group_id or ""]
    canonical = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
