"""One account or person as the rules look at it, read from the tables of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scanner.model import Role, State
from scanner.reconcile.facts import Place
from scanner.reconcile.observation import observed_path
from scanner.reconcile.parquet import Row, read_rows
from scanner.reconcile.queries import result_path
from scanner.reconcile.tables import table_path


@dataclass(frozen=True, slots=True)
class Case:
    """One account as the rules look at it, by the tables of a run; a row without columns is none.

    ``account`` is as it was read, ``seen`` what runs saw of it, ``situation`` the outcome of
    correlation, ``owner`` what was concluded of the person it is linked to and ``person`` that
    record, ``removal`` how its removal was judged. ``registered`` holds its entries as non-human,
    ``withheld`` why nothing is concluded about its app.
    """

    folder: Path
    place: Place
    account: Row
    seen: Row
    situation: Row
    owner: Row
    person: Row
    removal: Row
    registered: tuple[Row, ...]
    withheld: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """What the owner is called."""
        return str(self.person.get("display_name") or self.owner.get("person_id"))

    @property
    def state(self) -> str:
        """What can be said of whether the account can be used."""
        if not self.account:
            return "gone"
        return {True: "active", False: "not active", None: "not said to be active or not"}[
            self.account["active"]
        ]


def read_case(folder: Path, place: Place) -> Case:
    """Read what a run knows of one account; EvidenceError where a table is missing."""
    app, _ = place
    accounts = table_path(folder, "accounts", app)
    account = _one(accounts, place) if accounts.exists() else {}
    seen = _one(observed_path(folder, "observed_accounts"), place)
    situation = _one(result_path(folder, "situations"), place)
    person = situation or seen
    owned_by = (person.get("person_source"), person.get("person_id"))
    owner, record = read_person(folder, owned_by)
    return Case(
        folder=folder,
        place=place,
        account=account,
        seen=seen,
        situation=situation,
        owner=owner,
        person=record,
        removal=_one(result_path(folder, "removals"), place, "app"),
        registered=_registered(folder, place),
        withheld=tuple(withheld(folder, app)),
    )


def read_person(folder: Path, place: tuple[str | None, str | None]) -> tuple[Row, Row]:
    """Read what was concluded of a person, and the record; rows without columns for nobody."""
    source, person_id = place
    if source is None or person_id is None:
        return {}, {}
    wanted, path = (source, person_id), table_path(folder, "people", source)
    standing = _one(result_path(folder, "people_as_of"), wanted, name="person_id")
    return standing, _one(path, wanted, name="person_id") if path.exists() else {}


def withheld(folder: Path, app: str) -> Iterator[tuple[str, str]]:
    """Say of each source that keeps the accounts of an app from being concluded about, why."""
    for row in read_rows(folder / "tables/sources.parquet"):
        if row["state"] != State.COMPLETE and (row["source"] == app or row["role"] == Role.HRIS):
            how = "not read" if row["state"] == State.NOT_READ else "not completely read"
            why = "; ".join(row["reason_messages"] or ())
            yield row["source"], f"{how}: {why}" if why else how


def _one(path: Path, place: Place, column: str = "source", name: str = "account_id") -> Row:
    source, id_ = place
    rows = read_rows(path, (name, [id_]))
    return next((row for row in rows if row[column] == source), {})


def _registered(folder: Path, place: Place) -> tuple[Row, ...]:
    app, account_id = place
    rows = read_rows(result_path(folder, "registered_accounts"), ("account_id", [account_id]))
    lines = {row["line"] for row in rows if row["app"] == app}
    every = read_rows(folder / "tables/nonhuman.parquet", ("app", [app])) if lines else ()
    return tuple(row for row in every if row["line"] in lines)
