"""The sheets of whole populations, as data: every person and every account that was received."""

from __future__ import annotations

from reports.cell import Look
from reports.fields import joined, of, worded
from reports.populations import Populations, Record
from reports.sheet import Column, DataSheet
from scanner.model import Audit, Role

PEOPLE, ACCOUNTS = "HRIS population", "App accounts"


def population_sheets(audit: Audit, populations: Populations) -> list[DataSheet[Record]]:
    """Return the sheets of all people and of all accounts that were received."""
    return [
        DataSheet(
            name=PEOPLE,
            title="HRIS population: every person received",
            statement=f"Source: tables/people ({_states(audit, hris=True)})",
            columns=_PEOPLE_COLUMNS,
            rows=populations.people,
            frozen=2,
            empty=f"No rows: no person was received ({_states(audit, hris=True)})",
        ),
        DataSheet(
            name=ACCOUNTS,
            title="App accounts: every account received, with the person it was linked to",
            statement=f"Source: tables/accounts ({_states(audit, hris=False)})",
            columns=_ACCOUNT_COLUMNS,
            rows=populations.accounts,
            frozen=2,
            empty=f"No rows: no account was received ({_states(audit, hris=False)})",
        ),
    ]


def _states(audit: Audit, *, hris: bool) -> str:
    return ", ".join(
        f"{one.source} {one.state}" for one in audit.sources if (one.role is Role.HRIS) is hris
    )


_EVIDENCE = (
    Column("evidence_file", of("response")),
    Column("evidence_index", of("response_index"), Look.NUMBER),
)
_PEOPLE_COLUMNS: tuple[Column[Record], ...] = (
    Column("source", of("source")),
    Column("person_id", of("person_id")),
    Column("employee_number", of("employee_number")),
    Column("external_id", of("external_id")),
    Column("user_name", of("user_name")),
    Column("emails", joined("emails")),
    Column("display_name", of("display_name")),
    Column("status", of("status")),
    Column("worker_type", of("worker_type")),
    Column("department", of("department")),
    Column("title", of("title")),
    Column("manager_id", of("manager_id")),
    Column("location", of("location")),
    Column("hired_at_utc", of("hired_at"), Look.INSTANT),
    Column("departed_at_utc", of("departed_at"), Look.INSTANT),
    Column("removal_due_at_utc", of("removal_due_at"), Look.INSTANT),
    Column("hr_recorded_at_utc", of("recorded_at"), Look.INSTANT),
    Column("accounts_linked", of("accounts_linked"), Look.NUMBER),
    Column("accounts_active", of("accounts_active"), Look.NUMBER),
    *_EVIDENCE,
)
_ACCOUNT_COLUMNS: tuple[Column[Record], ...] = (
    Column("app", of("source")),
    Column("account_id", of("account_id")),
    Column("user_name", of("user_name")),
    Column("emails", joined("emails")),
    Column("external_id", of("external_id")),
    Column("employee_number", of("employee_number")),
    Column("display_name", of("display_name")),
    Column("account_type", of("account_type")),
    Column("account_state", worded("active", "Active", "Inactive")),
    Column("privileged", worded("privileged")),
    Column("created_at_utc", of("created_at"), Look.INSTANT),
    Column("modified_at_utc", of("modified_at"), Look.INSTANT),
    Column("last_activity_utc", of("last_activity_at"), Look.INSTANT),
    Column("situation", lambda row: row.situation or "not concluded", Look.JUDGED),
    Column("matched_by", of("matched_by")),
    Column("person_source", of("person_source")),
    Column("person_id", of("person_id")),
    Column("person_status", of("person_status")),
    Column("person_departed_at_utc", of("person_departed_at"), Look.INSTANT),
    Column("finding_kinds", of("finding_kinds")),
    Column("version", of("version")),
    *_EVIDENCE,
)
