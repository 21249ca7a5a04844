"""The tables of a run as Parquet files, of the size and content that an audit speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from scanner.model import AccountRef, App, Audit, Finding, PersonRef, PersonStatus, Role

_INSTANT = pa.timestamp("us", tz="UTC")
_POINTER: dict[str, pa.DataType] = {"response": pa.string(), "response_index": pa.int64()}
_PEOPLE: dict[str, pa.DataType] = {
    **dict.fromkeys(("source", "person_id", "employee_number", "external_id"), pa.string()),
    "user_name": pa.string(),
    "emails": pa.list_(pa.string()),
    **dict.fromkeys(
        ("display_name", "status", "worker_type", "department", "title", "manager_id", "location"),
        pa.string(),
    ),
    **dict.fromkeys(("hired_at", "departed_at", "recorded_at", "removal_due_at"), _INSTANT),
    "person_id_key": pa.string(),
    **_POINTER,
}
_ACCOUNTS: dict[str, pa.DataType] = {
    **dict.fromkeys(
        ("source", "account_id", "user_name", "external_id", "employee_number"), pa.string()
    ),
    "emails": pa.list_(pa.string()),
    "display_name": pa.string(),
    "active": pa.bool_(),
    "account_type": pa.string(),
    "privileged": pa.bool_(),
    **dict.fromkeys(("created_at", "modified_at", "last_activity_at"), _INSTANT),
    "version": pa.string(),
    "user_name_key": pa.string(),
    **_POINTER,
}
_LINKS = dict.fromkeys(
    ("source", "account_id", "situation", "person_source", "person_id", "matched_by"), pa.string()
)
_HIRED = datetime(2019, 4, 1, 7, 30, tzinfo=UTC)

Row = dict[str, Any]


def write_tables(folder: Path, audit: Audit) -> Path:
    """Write the tables that ``audit`` was made from below ``folder``; return their folder."""
    people = [one.source for one in audit.sources if one.role is Role.HRIS]
    for source in people:
        write_people(folder, source, _people(audit, source, audit.people // len(people)))
    links = []
    for app in audit.apps:
        accounts = _accounts(audit, app)
        write_accounts(folder, app.name, accounts)
        links += _links(audit, app, accounts)
    write_links(folder, links)
    return folder / "tables"


def write_people(folder: Path, source: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one table of people; fields left out of a row are null."""
    _write(folder / "tables" / "people" / f"{source}.parquet", _PEOPLE, rows, source)


def write_accounts(folder: Path, source: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one table of accounts; fields left out of a row are null."""
    _write(folder / "tables" / "accounts" / f"{source}.parquet", _ACCOUNTS, rows, source)


def write_links(folder: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the outcome of correlation."""
    _write(folder / "correlation" / "situations.parquet", _LINKS, rows, "")


def _write(
    path: Path, columns: Mapping[str, pa.DataType], rows: Iterable[Mapping[str, Any]], source: str
) -> None:
    filled = [
        {"source": source, "response": f"responses/{source}/000001-users.gz",
         "response_index": index, **row}
        for index, row in enumerate(rows)
    ]  # fmt: skip
    schema = pa.schema(list(columns.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = [{name: _storable(row.get(name)) for name in columns} for row in filled]
    pq.write_table(pa.Table.from_pylist(kept, schema=schema), path)


def _storable(value: object) -> object:
    """Parquet text is UTF-8, so a lone surrogate stands in it as its escape."""
    if isinstance(value, list):
        return [_storable(one) for one in value]
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


def _people(audit: Audit, source: str, count: int) -> list[Row]:
    named = {
        one.person.id: _person_row(one.person)
        for one in audit.findings
        if one.person and one.person.source == source
    }
    others = [
        {
            "person_id": f"{number:06}",
            "employee_number": f"{number:06}",
            "display_name": f"Person {number}",
            "emails": [f"p{number}@example.com"],
            "status": "active",
            "department": ("Engineering", "Finance", "Support")[number % 3],
            "hired_at": _HIRED,
        }
        for number in range(1, count - len(named) + 1)
    ]
    return [*named.values(), *others]


def _person_row(person: PersonRef) -> Row:
    return {
        "person_id": person.id,
        "employee_number": person.id,
        "display_name": person.display_name,
        "emails": [f"{person.id}@example.com"],
        "status": person.status.value,
        "worker_type": "employee",
        "department": "Finance",
        "hired_at": _HIRED,
        "departed_at": person.departed_at,
        "removal_due_at": person.departed_at,
        "recorded_at": person.departed_at if person.status is PersonStatus.TERMINATED else None,
    }


def _accounts(audit: Audit, app: App) -> list[Row]:
    named = {
        one.account.id: _account_row(one.account)
        for one in audit.findings
        if one.account and one.app == app.name
    }
    left = app.active - sum(row["active"] is True for row in named.values())
    others = [
        {
            "account_id": f"{number:05}",
            "user_name": f"user{number}",
            "emails": [f"user{number}@example.com"],
            "display_name": f"User {number}",
            "active": True if number <= left else (False, None)[number % 2],
            "created_at": _HIRED,
        }
        for number in range(1, app.accounts - len(named) + 1)
    ]
    return [*named.values(), *others]


def _account_row(account: AccountRef) -> Row:
    return {
        "account_id": account.id,
        "user_name": account.user_name,
        "emails": [account.email],
        "display_name": account.display_name,
        "active": account.active,
        "privileged": account.id == "90211",
        "created_at": _HIRED,
        "last_activity_at": datetime(2026, 10, 20, 7, 14, 2, tzinfo=UTC),
    }


def _links(audit: Audit, app: App, accounts: list[Row]) -> list[Row]:
    """Situations in the numbers of the app: findings first, others as they come."""
    found = {one.account.id: one for one in audit.findings if one.account and one.app == app.name}
    wanted = {"linked": app.linked, "unmatched": app.unmatched, "disputed": app.disputed}
    rows = []
    for account in sorted(accounts, key=lambda row: row["account_id"] not in found):
        situation = _situation(found.get(account["account_id"]), wanted)
        if situation is None:
            continue
        wanted[situation] -= 1
        rows.append(
            _link(app.name, account["account_id"], situation, found.get(account["account_id"]))
        )
    return rows


def _situation(finding: Finding | None, wanted: Mapping[str, int]) -> str | None:
    if finding is not None:
        preferred = {"orphan_account": "unmatched", "ambiguous_identity": "disputed"}
        choice = preferred.get(finding.kind, "linked")
        if wanted[choice]:
            return choice
    return next((name for name, left in wanted.items() if left), None)


def _link(source: str, account_id: str, situation: str, finding: Finding | None) -> Row:
    person = finding.person if finding else None
    linked = situation == "linked"
    return {
        "source": source,
        "account_id": account_id,
        "situation": situation,
        "person_source": (person.source if person else "people") if linked else None,
        "person_id": (person.id if person else "000001") if linked else None,
        "matched_by": (finding.matched_by if finding else None) or "employee_number"
        if linked
        else None,
    }
