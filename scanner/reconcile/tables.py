"""The four tables of a run, one Parquet file per source and kind.

``people``, ``accounts``, ``groups`` and ``memberships`` hold what the responses said, as it was
said, beside the normalised ``*_key`` columns that correlation compares. Null means "not sent".
Instants are UTC with microseconds. ``response`` and ``response_index`` say where in the evidence
a row came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from scanner.config import RemovalLimit
from scanner.model import Account, Group, Membership, Person, Pointer, Records
from scanner.reconcile.keys import address, addresses, key, text
from scanner.reconcile.lifecycle import removal_due_at
from scanner.reconcile.names import name_keys
from scanner.reconcile.nesting import indirect_memberships, via_text
from scanner.reconcile.parquet import INSTANT, TEXTS, always, maybe, write_rows

KINDS = ("people", "accounts", "groups", "memberships")
"""The folders below ``tables/``; each holds one file per source."""

POINTER = [
    always("response"),  # file in the run folder
    always("response_index", pa.int64()),  # position in that response, from 0
]

PEOPLE = pa.schema([
    always("source"),  # the HRIS that holds the record
    always("person_id"),  # unique within the source
    maybe("employee_number"),
    maybe("external_id"),
    maybe("user_name"),
    maybe("emails", TEXTS),  # in the order sent
    maybe("display_name"),
    always("status"),  # active|on_leave|pending|terminated|unknown
    maybe("worker_type"),
    maybe("department"),
    maybe("title"),
    maybe("manager_id"),
    maybe("location"),
    maybe("hired_at", INSTANT),
    maybe("departed_at", INSTANT),
    maybe("recorded_at", INSTANT),  # when the HRIS learned of it
    maybe("timezone"),  # where the person works, as sent
    maybe("removal_due_at", INSTANT),  # departed_at plus the time the policy allows
    maybe("person_id_key"),
    maybe("employee_number_key"),
    maybe("external_id_key"),
    maybe("user_name_key"),
    maybe("user_name_address"),  # null where the user name has no @
    maybe("email_keys", TEXTS),
    maybe("worker_type_key"),
    maybe("display_name_key"),
    maybe("name_keys", TEXTS),  # words of the name; null where it has none to compare
    *POINTER,
])  # fmt: skip

ACCOUNTS = pa.schema([
    always("source"),  # the app or identity provider
    always("account_id"),  # unique within the source
    maybe("user_name"),
    maybe("external_id"),
    maybe("employee_number"),
    maybe("emails", TEXTS),  # in the order sent
    maybe("display_name"),
    maybe("active", pa.bool_()),  # null: the server did not say
    maybe("account_type"),
    maybe("privileged", pa.bool_()),
    maybe("created_at", INSTANT),
    maybe("modified_at", INSTANT),
    maybe("last_activity_at", INSTANT),
    maybe("version"),  # the server's entity tag
    maybe("employee_number_key"),
    maybe("external_id_key"),
    maybe("user_name_key"),
    maybe("user_name_address"),  # null where the user name has no @
    maybe("email_keys", TEXTS),
    maybe("display_name_key"),
    maybe("name_keys", TEXTS),  # words of the name; null where it has none to compare
    *POINTER,
])  # fmt: skip

GROUPS = pa.schema([
    always("source"),
    always("group_id"),  # unique within the source
    maybe("display_name"),
    maybe("group_id_key"),  # an entitlement may name a group by either key
    maybe("display_name_key"),
    *POINTER,
])  # fmt: skip

MEMBERSHIPS = pa.schema([
    always("source"),
    always("group_id"),
    always("member_id"),  # an account_id, or a group_id if nested
    always("member_type"),  # User|Group
    maybe("via"),  # null: direct; else the ids of the nested groups, outermost first, as JSON
    *POINTER,
])  # fmt: skip

Columns = dict[str, list[Any]]
NO_ALIASES: Mapping[str, str] = MappingProxyType({})


def write_tables(
    folder: Path,
    records: Mapping[str, Records],
    limit: RemovalLimit,
    zone: ZoneInfo,
    aliases: Mapping[str, str] = NO_ALIASES,
) -> None:
    """Write ``tables/<kind>/<source>.parquet`` below ``folder`` for every source and kind.

    A kind of which a source has no record is an empty file, so that reading never depends on
    what was found. ``limit`` and ``zone`` give ``removal_due_at``, ``aliases`` (domain to domain,
    in A-label form) the keys of addresses. Rows keep the order of the records; equal records
    give equal bytes; files are private (0600).
    Raises EvidenceError if a file cannot be written.
    """
    for source, found in records.items():
        tables = (
            ("people", PEOPLE, people_columns(found.people, limit, zone, aliases)),
            ("accounts", ACCOUNTS, account_columns(found.accounts, aliases)),
            ("groups", GROUPS, group_columns(found.groups)),
            ("memberships", MEMBERSHIPS, membership_columns(found.memberships)),
        )
        for kind, schema, columns in tables:
            write_rows(table_path(folder, kind, source), columns, schema)


def table_path(folder: Path, kind: str, source: str) -> Path:
    """Return where the table of one kind and source stands in the run folder."""
    return folder / "tables" / kind / f"{source}.parquet"


def people_columns(
    people: Sequence[Person],
    limit: RemovalLimit,
    zone: ZoneInfo,
    aliases: Mapping[str, str] = NO_ALIASES,
) -> Columns:
    """Return the columns of PEOPLE, one entry per person, in order."""
    plain = (
        "person_id", "employee_number", "external_id", "user_name", "display_name", "worker_type",
        "department", "title", "manager_id", "location", "timezone",
    )  # fmt: skip
    return {
        **_texts(people, ("source", *plain)),
        **_values(people, ("hired_at", "departed_at", "recorded_at")),
        **_keys(
            people,
            (
                "person_id",
                "employee_number",
                "external_id",
                "user_name",
                "worker_type",
                "display_name",
            ),
        ),
        **_names(people, aliases),
        **_pointers([person.pointer for person in people]),
        "status": [person.status.value for person in people],
        "removal_due_at": [removal_due_at(one.departed_at, limit, zone) for one in people],
    }


def account_columns(
    accounts: Sequence[Account], aliases: Mapping[str, str] = NO_ALIASES
) -> Columns:
    """Return the columns of ACCOUNTS, one entry per account, in order."""
    plain = (
        "account_id", "user_name", "external_id", "employee_number", "display_name",
        "account_type", "version",
    )  # fmt: skip
    instants = ("created_at", "modified_at", "last_activity_at")
    return {
        **_texts(accounts, ("source", *plain)),
        **_values(accounts, ("active", "privileged", *instants)),
        **_keys(accounts, ("employee_number", "external_id", "user_name", "display_name")),
        **_names(accounts, aliases),
        **_pointers([account.pointer for account in accounts]),
    }


def group_columns(groups: Sequence[Group]) -> Columns:
    """Return the columns of GROUPS, one entry per group, in order."""
    return {
        **_texts(groups, ("source", "group_id", "display_name")),
        **_keys(groups, ("group_id", "display_name")),
        **_pointers([group.pointer for group in groups]),
    }


def membership_columns(memberships: Sequence[Membership]) -> Columns:
    """Return the columns of MEMBERSHIPS: the direct members in order, then the indirect ones."""
    names = ("source", "group_id", "member_id")
    direct = {
        **_texts(memberships, (*names, "member_type")),
        **_pointers([one.pointer for one in memberships]),
    }
    held = list(indirect_memberships(memberships))
    indirect: Columns = {
        **_texts(held, names),
        **_pointers([one.pointer for one in held]),
        "member_type": ["User"] * len(held),
    }
    via: list[str | None] = [None] * len(memberships)
    via += [via_text(one.via) for one in held]
    for name, column in direct.items():
        column.extend(indirect[name])  # in place: there may be tens of millions
    return direct | {"via": via}


def _values(records: Sequence[object], names: Sequence[str]) -> Columns:
    return {name: [getattr(record, name) for record in records] for name in names}


def _texts(records: Sequence[object], names: Sequence[str]) -> Columns:
    return {name: [text(getattr(record, name)) for record in records] for name in names}


def _keys(records: Sequence[object], names: Sequence[str]) -> Columns:
    return {f"{name}_key": [key(getattr(record, name)) for record in records] for name in names}


def _names(records: Sequence[Person] | Sequence[Account], aliases: Mapping[str, str]) -> Columns:
    """The columns of addresses and of the words that names are compared by."""
    return {
        "emails": [[text(email) for email in one.emails] for one in records],
        "email_keys": [addresses(one.emails, aliases) for one in records],
        "user_name_address": [address(one.user_name, aliases) for one in records],
        "name_keys": [
            name_keys(one.display_name, one.user_name, one.emails) or None for one in records
        ],
    }


def _pointers(pointers: Sequence[Pointer]) -> Columns:
    return {
        "response": [pointer.response for pointer in pointers],
        "response_index": [pointer.index for pointer in pointers],
    }
