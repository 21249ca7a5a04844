"""The sheet of sources: how complete and accurate each one's reading was, point by point."""

from __future__ import annotations

from collections.abc import Callable

from reports.cell import Look, Value
from reports.fields import joined, of
from reports.sheet import Column, DataSheet
from scanner.model import Audit, Population, ProofPoint, Reading

NAME = "IPE"


def source_sheet(audit: Audit) -> DataSheet[Reading]:
    """Return the sheet with one row per source and one column per point of its proof."""
    return DataSheet(
        name=NAME,
        title="IPE: completeness and accuracy of every source",
        statement="Source: manifest.json of this run, and the responses it lists",
        columns=(*_READING, *_proof_columns(audit), *_REVIEW),
        rows=audit.sources,
        frozen=1,
        empty="No rows: the configuration names no source",
    )


def _difference(population: Population) -> Value:
    if population.reported is None:
        return None
    return population.reported - population.received


def _reasons(reading: Reading) -> Value:
    parts = (("users", reading.users), ("groups", reading.groups))
    said = [
        f"{name}: {reason.message} ({reason.code})"
        for name, population in parts
        for reason in population.reasons
    ]
    return "; ".join(said) or None


def _deviations(reading: Reading) -> Value:
    return "; ".join((*reading.users.deviations, *reading.groups.deviations)) or None


def _proof_columns(audit: Audit) -> tuple[Column[Reading], ...]:
    """One column per point that any source was held to, in the order in which they appear."""
    names = dict.fromkeys(
        (resource, point.name)
        for resource in ("users", "groups")
        for reading in audit.sources
        for point in _proof(reading, resource)
    )
    return tuple(
        Column(f"{resource}_{name}", _outcome(resource, name), Look.JUDGED)
        for resource, name in names
    )


def _proof(reading: Reading, resource: str) -> tuple[ProofPoint, ...]:
    return (reading.users if resource == "users" else reading.groups).proof


def _outcome(resource: str, name: str) -> Callable[[Reading], Value]:
    def read(reading: Reading) -> Value:
        for point in _proof(reading, resource):
            if point.name == name:
                return "held" if point.held else f"NOT HELD: {point.detail}"
        return "not applicable"

    return read


_READING: tuple[Column[Reading], ...] = (
    Column("source", of("source")),
    Column("role", of("role")),
    Column("type", of("type")),
    Column("url", of("url")),
    Column("state", of("state"), Look.JUDGED),
    Column("groups_state", of("groups.state"), Look.JUDGED),
    Column("users_reported", of("users.reported"), Look.NUMBER),
    Column("users_received", of("users.received"), Look.NUMBER),
    Column("users_delta", lambda reading: _difference(reading.users), Look.NUMBER),
    Column("groups_reported", of("groups.reported"), Look.NUMBER),
    Column("groups_received", of("groups.received"), Look.NUMBER),
    Column("groups_delta", lambda reading: _difference(reading.groups), Look.NUMBER),
    Column("memberships", of("memberships_received"), Look.NUMBER),
    Column("requests", of("requests"), Look.NUMBER),
    Column("retries", of("retries"), Look.NUMBER),
    Column("bytes", of("bytes_received"), Look.NUMBER),
    Column("started_utc", of("started_at"), Look.INSTANT),
    Column("ended_utc", of("ended_at"), Look.INSTANT),
    Column("read_in_run", of("read_in")),
    Column("reasons", _reasons, Look.LONG),
    Column("deviations", _deviations, Look.LONG),
    Column("response_files", joined("users.responses"), Look.LONG),
)
_REVIEW: tuple[Column[Reading], ...] = (
    Column("console_count", None, Look.REVIEW),
    Column("console_count_by", None, Look.REVIEW),
    Column("console_count_date", None, Look.REVIEW_DAY),
    Column("console_evidence_ref", None, Look.REVIEW),
    Column("comment", None, Look.REVIEW),
)
