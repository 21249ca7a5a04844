"""What ``findings.json`` of a run says was open before it, and what it leaves open."""

from __future__ import annotations

from typing import Any

from scanner.evidence.chain import RUN, run_started_at
from scanner.model import Before, Severity, Standing

Document = dict[str, Any]
"""A parsed ``findings.json``; other forms raise KeyError, TypeError, ValueError, AttributeError."""


def left_open(document: Document, run: str) -> dict[str, Standing]:
    """Give by id what ``run`` found, and what it left open because it could not conclude."""
    rows = [*document["findings"], *document.get("movement", {}).get("not_concluded", ())]
    return {row["id"]: _standing(row, run) for row in rows}


def open_before(document: Document) -> Before:
    """Give what the run knew of earlier audits, as far as it matters to what it found."""
    run, movement = document["run"], document.get("movement") or {}
    persisting = [row for row in document["findings"] if row["status"] == "persisting"]
    rows = [*persisting, *movement.get("resolved", ()), *movement.get("not_concluded", ())]
    audit = movement.get("previous_audit")
    return Before(
        audit=audit,
        audited_at=audit and run_started_at(audit),
        opening={row["id"]: _standing(row, run) for row in rows},
        first_seen={
            row["id"]: row["first_seen"]
            for row in document["findings"]
            if row["status"] in {"persisting", "reopened"}
        },
    )


def _standing(row: Document, run: str) -> Standing:
    return Standing(
        id=row["id"],
        kind=row["kind"],
        severity=Severity(row["severity"]),
        app=row["app"],
        group_id=row["group"]["id"] if row["group"] else None,
        first_seen=_earlier(row.get("first_seen"), run),
        subject=row["subject"] if "subject" in row else _subject(row),
    )


def _subject(row: Document) -> str:
    """Say in short what a finding is about: the person, the account, the group."""
    account, person, group = row["account"], row["person"], row["group"]
    names = (
        person and (person["display_name"] or person["id"]),
        account and (account["user_name"] or account["id"]),
        group and (group["display_name"] or group["id"]),
    )
    return " · ".join(name for name in names if name)


def _earlier(recorded: Any, run: str) -> str:  # noqa: ANN401  # any JSON value may stand there
    """Trust an earlier run that the finding names: that run may have been kept elsewhere."""
    if isinstance(recorded, str) and RUN.fullmatch(recorded) and recorded < run:
        return recorded
    return run
