"""Findings that earlier audits had and that are open no more, sealed by each audit for the next.

With them the newest audit alone tells when everything was first seen, however long the history.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from scanner.evidence.canonical import canonical_json
from scanner.model import Audit, Before

CLOSED = "tables/observed/closed_findings.json"
"""Where they stand in a run folder: ``{"schema": ..., "first_seen": {id: run}}``."""

SCHEMA = "ghostscan/closed/1"


def closed_findings(audit: Audit, before: Before) -> bytes:
    """Give the file of ``audit``: by id the first run of what it neither found nor left open."""
    still = {one.id for one in audit.findings}
    if audit.movement is not None:
        still |= {one.id for one in audit.movement.not_concluded}
    closed = {key: run for key, run in before.first_seen.items() if key not in still}
    return canonical_json({"schema": SCHEMA, "first_seen": closed})


def read_closed(content: bytes) -> Mapping[str, str]:
    """Read what :func:`closed_findings` wrote; ValueError where it is not that."""
    document = json.loads(content)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError("is not a list of closed findings")
    first_seen = document.get("first_seen")
    if not isinstance(first_seen, dict) or not all(isinstance(r, str) for r in first_seen.values()):
        raise ValueError("is not a list of closed findings")
    return first_seen
