"""Finished runs and their differences, for programs."""

from __future__ import annotations

from collections.abc import Sequence

from reports.machine import standing_document
from reports.text import canonical_json, instant
from scanner.model import Difference, RunEntry, SourceFigures


def history_json(entries: Sequence[RunEntry]) -> str:
    """Return every run, oldest first: ``{"runs": […]}``; canonical, with a newline left out.

    ``kind`` is ``audit`` or ``snapshot``; a snapshot has a null verdict and no counts.
    """
    return canonical_json({"runs": [_entry(one) for one in entries]}).decode().rstrip("\n")


def difference_json(difference: Difference) -> str:
    """Return what is different in the later of two audits, as canonical JSON."""
    document = {
        "earlier": _entry(difference.earlier),
        "later": _entry(difference.later),
        "new": [standing_document(one) for one in difference.new],
        "resolved": [standing_document(one) for one in difference.resolved],
        "not_concluded": [standing_document(one) for one in difference.not_concluded],
        "persisting": [standing_document(one) for one in difference.persisting],
        "changed": [
            {"id": now.id, "severity": {"earlier": before.severity, "later": now.severity}}
            for before, now in difference.changed
        ],
        "sources": [
            {"earlier": before and _figures(before), "later": now and _figures(now)}
            for before, now in difference.sources
        ],
    }
    return canonical_json(document).decode().rstrip("\n")


def _entry(entry: RunEntry) -> dict[str, object]:
    return {
        "run": entry.run,
        "kind": "snapshot" if entry.verdict is None else "audit",
        "started_at": instant(entry.started_at),
        "verdict": entry.verdict,
        "sources": [_figures(one) for one in entry.sources],
        "findings": {severity.value: count for severity, count in entry.severities},
        "movement": dict(entry.movement),
    }


def _figures(figures: SourceFigures) -> dict[str, object]:
    return {
        "name": figures.name,
        "state": figures.state,
        "groups_state": figures.groups_state,
        "users": figures.users,
        "groups": figures.groups,
    }
