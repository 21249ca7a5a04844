"""The accounts and the people of a run that can be meant by a name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from scanner.model import Role, Subject
from scanner.reconcile.keys import address, key
from scanner.reconcile.parquet import find_rows, read_rows
from scanner.reconcile.queries import result_path
from scanner.reconcile.tables import table_path

_NAMES = {
    "account": ("account_id", "user_name_key", "emails", "email_keys"),
    "person": (
        "person_id", "person_id_key", "employee_number_key", "user_name_key", "emails",
        "email_keys",
    ),
}  # fmt: skip
_SEEN = {
    "account": ("account_id", "user_name"),
    "person": ("person_id", "employee_number"),
}


def find_subjects(folder: Path, named: str) -> tuple[Subject, ...]:
    """Return the accounts and people called ``named``, in order: of this run, or known before it.

    An account is called by its id, user name or e-mail address, a person by id, employee number,
    user name or e-mail address; ``SOURCE/NAME`` means those of one source only. Raises
    EvidenceError where a table of the run is missing.
    """
    roles = {row["source"]: row["role"] for row in read_rows(folder / "tables/sources.parquet")}
    source, _, name = named.partition("/")
    of_one = bool(name) and source in roles
    searched = {source: roles[source]} if of_one else roles
    values = _forms(name if of_one else named)
    found = [
        one
        for place, role in searched.items()
        for one in _of_source(folder, place, "person" if role == Role.HRIS else "account", values)
    ]
    return tuple(sorted(set(found), key=lambda one: (one.type, one.source, one.id)))


def _forms(named: str) -> set[str]:
    """The name as it is given and as keys are compared."""
    forms = (named, key(named), address(named, {}))
    return {form for form in forms if form is not None}


def _of_source(folder: Path, source: str, kind: str, values: Collection[str]) -> Iterator[Subject]:
    path = table_path(folder, "people" if kind == "person" else "accounts", source)
    for row in find_rows(path, _NAMES[kind], values) if path.exists() else ():
        yield Subject(kind, source, row[f"{kind}_id"])
    seen = result_path(folder, "observed_people" if kind == "person" else "observed_accounts")
    for row in find_rows(seen, _SEEN[kind], values, ("source", "gone_at")):
        if row["source"] == source and row["gone_at"] is not None:
            yield Subject(kind, source, row[f"{kind}_id"])
