"""The catalogue of finding kinds: words and controls from TOML, the query from its SQL file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from scanner.model import Rule, Severity

_HERE = Path(__file__).parent
_SEVERITIES = tuple(Severity)


def load_rules() -> tuple[Rule, ...]:
    """Return every finding kind, most severe first, then in the order of the catalogue.

    ``query`` is the exact text of ``rules/<kind>.sql``.
    """
    catalogue = tomllib.loads((_HERE / "catalogue.toml").read_text(encoding="utf-8"))
    rules = [_rule(kind, entry) for kind, entry in catalogue.items()]
    return tuple(sorted(rules, key=lambda rule: severity_rank(rule.severity)))


def severity_rank(severity: Severity) -> int:
    """Return 0 for the most severe, rising as severity falls."""
    return _SEVERITIES.index(severity)


def raised(severity: Severity) -> Severity:
    """Return the next more severe level; the most severe stays."""
    return _SEVERITIES[max(severity_rank(severity) - 1, 0)]


def read_query(name: str) -> str:
    """Return the text of one query, in whichever folder its file stands."""
    (path,) = _HERE.glob(f"*/{name}.sql")
    return path.read_text(encoding="utf-8")


def _rule(kind: str, entry: dict[str, Any]) -> Rule:
    return Rule(
        kind=kind,
        title=entry["title"],
        meaning=entry["meaning"],
        severity=Severity(entry["severity"]),
        remedy=entry["remedy"],
        controls=tuple(entry["controls"]),
        query=read_query(kind),
    )
