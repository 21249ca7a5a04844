"""Accepted findings: they stay findings, with the waiver beside them, and nothing else changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from scanner.config import UNWAIVABLE
from scanner.model import Finding, Registers, Rule, Waiver
from scanner.reconcile.decisions import begins, ends, waived_id
from scanner.reconcile.facts import read_hits
from scanner.reconcile.findings import hit_id
from scanner.reconcile.parquet import always, maybe, read_rows, write_rows
from scanner.reconcile.queries import LATE, result_path

FOUND = pa.schema([
    always("line", pa.int64()),  # of the waiver
    always("finding"),
    always("kind"),
    maybe("account_id"),
    maybe("group_id"),
])  # fmt: skip

WaivedPlace = tuple[str, str | None, str | None]
"""App, account id, group id."""


@dataclass(frozen=True, slots=True)
class Waived:
    """The waivers by app and by the id of the one finding that each accepts."""

    waivers: Mapping[tuple[str, str], Waiver]
    zone: ZoneInfo

    @classmethod
    def of(cls, registers: Registers, zone: ZoneInfo) -> Waived:
        """Index the waivers; ``zone`` is where their days begin and end."""
        return cls({(one.app, waived_id(one)): one for one in registers.waivers}, zone)

    def write_found(self, folder: Path, rules: Sequence[Rule]) -> None:
        """Write ``correlation/waived_findings.parquet``: what of ``rules`` a waiver names."""
        judged = [rule for rule in rules if rule.kind not in LATE]
        named = {
            waiver.line: hit
            for hit in (read_hits(folder, judged) if self.waivers else ())
            for waiver in [self.waivers.get((hit.app, hit_id(hit)))]
            if waiver is not None
        }
        found = [(line, hit) for line, hit in sorted(named.items(), key=lambda one: one[0])]
        columns: dict[str, list[Any]] = {
            "line": [line for line, _ in found],
            "finding": [hit_id(hit) for _, hit in found],
            "kind": [hit.kind for _, hit in found],
            "account_id": [hit.account_id for _, hit in found],
            "group_id": [hit.group_id for _, hit in found],
        }
        write_rows(result_path(folder, "waived_findings"), columns, FOUND)

    def told(self, folder: Path) -> Mapping[WaivedPlace, Sequence[tuple[Waiver, str | None]]]:
        """Return every waiver by what it is about, with the kind of the finding it names, if any.

        Reads what ``write_found`` wrote.
        """
        found = {row["line"]: row for row in read_rows(result_path(folder, "waived_findings"))}
        places: defaultdict[WaivedPlace, list[tuple[Waiver, str | None]]] = defaultdict(list)
        for waiver in self.waivers.values():
            row = found.get(waiver.line, {})
            account = row.get("account_id") or waiver.account
            place = (waiver.app, account, row.get("group_id") or waiver.group)
            places[place].append((waiver, row.get("kind")))
        return places

    def mark(self, findings: Sequence[Finding], as_of: datetime) -> tuple[Finding, ...]:
        """Return ``findings`` in their order, each with the waiver that is in force for it.

        A waiver holds from the beginning of ``approved_on`` to the end of ``expires_on``.
        """
        return tuple(
            finding if waiver is None else replace(finding, waiver=waiver)
            for finding in findings
            for waiver in [self._in_force(finding, as_of)]
        )

    def _in_force(self, finding: Finding, as_of: datetime) -> Waiver | None:
        waiver = self.waivers.get((finding.app, finding.id))
        if waiver is None or finding.kind in UNWAIVABLE:
            return None
        since, until = begins(waiver.approved_on, self.zone), ends(waiver.expires_on, self.zone)
        return waiver if since <= as_of < until else None
