"""What the tables of a run say of one account and of the people its keys led to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scanner.model import KeyTried, Named, Pointer, Role, Spell, Wanted
from scanner.reconcile.correlation import LINK, Key, load_keys
from scanner.reconcile.facts import Place
from scanner.reconcile.parquet import Row, find_rows, read_rows
from scanner.reconcile.queries import result_path
from scanner.reconcile.sentences import instant
from scanner.reconcile.tables import table_path

_SHOWN = (
    "user_name", "external_id", "employee_number", "emails", "display_name", "active",
    "account_type", "privileged", "created_at", "modified_at", "last_activity_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Correlated:
    """The account as it was read, its situation, the keys tried, the people, and where it stands.

    ``pointers`` lead to the evidence of the account and of each person, by what they are about.
    """

    account: Mapping[str, str]
    situation: str | None
    problem: str | None
    keys: tuple[KeyTried, ...]
    spells: tuple[Spell, ...]
    pointers: tuple[Wanted, ...]


def read_correlation(
    folder: Path, app: str, account_id: str | None, people: Iterable[Place]
) -> Correlated:
    """Read back how an account was correlated, and the records of everybody concerned.

    ``people`` are those that the finding itself names. Raises EvidenceError where a table of the
    run is missing.
    """
    account = _one(table_path(folder, "accounts", app), "account_id", account_id)
    situation = _of(folder, "situations", app, account_id)
    candidates = (
        _of(folder, "candidates", app, account_id)
        if situation
        else list(_named_by(folder, account))
    )
    concerned = {(row["person_source"], row["person_id"]) for row in candidates} | set(people)
    records = _records(folder, concerned)
    verdict = situation[0] if situation else {}
    problem = verdict.get("problem") if situation else _NOT_CONCLUDED
    return Correlated(
        account=_shown(account),
        situation=verdict.get("situation"),
        problem=verdict.get("problem"),
        keys=_keys(account, candidates, records, problem) if account else (),
        spells=tuple(_spell(row, standing) for row, standing in records.values()),
        pointers=tuple(_pointers(account, records)),
    )


def _one(path: Path, column: str, value: str | None) -> Row:
    if value is None or not path.exists():
        return {}
    return next(iter(read_rows(path, (column, [value]))), {})


def _of(folder: Path, name: str, app: str, account_id: str | None) -> list[Row]:
    if account_id is None:
        return []
    rows = read_rows(result_path(folder, name), ("account_id", [account_id]))
    return [row for row in rows if row["source"] == app]


def _named_by(folder: Path, account: Row) -> Iterator[Row]:
    """Find whom the keys of an account name where the run concluded nothing, and kept none."""
    every = read_rows(folder / "tables/sources.parquet") if account else ()
    for key in load_keys():
        values = _values(account, key.account, key.folding) if account else ()
        for one in every if values else ():
            path = table_path(folder, "people", one["source"])
            if one["role"] == Role.HRIS and path.exists():
                yield from _holders(path, key, values)


def _holders(path: Path, key: Key, values: Sequence[str]) -> Iterator[Row]:
    """Yield a candidate for each value that a person of the table has in a field of the key."""
    columns = {_column(field, key.folding) for field in key.person}
    for row in find_rows(path, columns - {"person_id"}, values, ("source", "person_id")):
        for value in _values(row, key.person, key.folding):
            if value in values:
                yield {
                    "key": key.name, "strength": key.strength, "key_value": value,
                    "person_source": row["source"], "person_id": row["person_id"], "taken": False,
                }  # fmt: skip


def _records(folder: Path, concerned: Iterable[Place]) -> dict[Place, tuple[Row, Row]]:
    """Read the records of everybody concerned, each with what was concluded of the person."""
    path = result_path(folder, "people_as_of")
    ids = {person_id for _, person_id in concerned}
    rows = read_rows(path, ("person_id", ids))
    identities = {row["identity"] for row in rows if (row["source"], row["person_id"]) in concerned}
    found: dict[Place, tuple[Row, Row]] = {}
    for standing in sorted(
        read_rows(path, ("identity", identities)),
        key=lambda row: (row["identity"], row["source"], row["person_id"]),
    ):
        source, person_id = standing["source"], standing["person_id"]
        record = _one(table_path(folder, "people", source), "person_id", person_id)
        found[source, person_id] = (record, standing)
    return found


def _shown(account: Row) -> dict[str, str]:
    return {name: _text(account[name]) for name in _SHOWN if account.get(name) not in (None, [])}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(value)
    return instant(value) if isinstance(value, datetime) else str(value)


def _keys(
    account: Row,
    candidates: Sequence[Row],
    records: Mapping[Place, tuple[Row, Row]],
    problem: str | None,
) -> tuple[KeyTried, ...]:
    links = [row for row in candidates if row["key"] == LINK]
    decided = _LINKED if links and problem is None else _TAKEN
    tried = [
        KeyTried(
            key.name, _words(key), key.strength, values, _named(rows, records, problem, decided)
        )
        for key in load_keys()
        for values in [_values(account, key.account, key.folding)]
        for rows in [[row for row in candidates if _is_of(row, key)]]
        if values or rows or key.strength == "strong"
    ]
    if links:
        named = tuple(dict.fromkeys(row["key_value"] for row in links))
        by_hand = _named(links, records, problem, decided)
        tried.insert(0, KeyTried(LINK, "manual link", "strong", named, by_hand))
    return tuple(tried)


def _words(key: Key) -> str:
    """What a key is called, and of which values only it is one."""
    alone = "emails" not in key.account and key.folding != "text"
    kind = "an address" if key.folding == "address" else "no address"
    return f"{key.words} that is {kind}" if alone else key.words


def _is_of(row: Row, key: Key) -> bool:
    return (row["key"], row["strength"]) == (key.name, key.strength)


def _values(row: Row, fields: Iterable[str], folding: str) -> tuple[str, ...]:
    """The values of an account or a person that a key compares, as they are compared."""
    found: list[str | None] = []
    for field in fields:
        value = row[_column(field, folding)]
        if isinstance(value, list):
            found += value
        elif folding != "word" or "@" not in (value or ""):
            found.append(value)
    return tuple(dict.fromkeys(value for value in found if value is not None))


def _column(field: str, folding: str) -> str:
    """The column that holds a field as a key folds it."""
    if field == "emails":
        return "email_keys"
    return f"{field}_address" if folding == "address" else f"{field}_key"


def _named(
    rows: Iterable[Row],
    records: Mapping[Place, tuple[Row, Row]],
    problem: str | None,
    decided: str,
) -> tuple[Named, ...]:
    places = sorted((row["person_source"], row["person_id"], row["key_value"]) for row in rows)
    taken = {(row["person_source"], row["person_id"]) for row in rows if row["taken"]}
    return tuple(
        Named(
            source=source,
            person_id=person_id,
            display_name=record.get("display_name"),
            value=value,
            taken=(source, person_id) in taken,
            why=_why(standing, problem, decided, taken=(source, person_id) in taken),
        )
        for source, person_id, value in dict.fromkeys(places)
        for record, standing in [records.get((source, person_id), ({}, {}))]
    )


def _why(standing: Row, problem: str | None, decided: str, *, taken: bool) -> str:
    if taken:
        governing = (standing.get("governing_source"), standing.get("governing_id"))
        if governing != (standing.get("source"), standing.get("person_id")):
            return f"taken: the same person as {governing[1]} in {governing[0]}, which decides"
        return decided
    return _REFUSED.get(problem or "", "refused: a manual link says otherwise")


_NOT_CONCLUDED = "not_concluded"
_TAKEN = "taken: every key that names anybody names this person"
_LINKED = "taken: a manual link of the register says so, and it beats every key"
_REFUSED = {
    "several_people": "refused: the keys name more than one person, and nobody guesses",
    "weak_key": "refused: this person has left, and a weak key alone does not conclude that",
    "weak_key_shared": "refused: the key is weak, and another account of the app leads here too",
    "name_contradicts": (
        "refused: this person has left, the number may have been given out twice, and the names "
        "have no word in common"
    ),
    _NOT_CONCLUDED: "neither taken nor refused: nothing is concluded about the account",
    "link_unknown": "refused: the register links the account to somebody no HRIS has",
}


def _spell(row: Row, standing: Row) -> Spell:
    here = (standing["source"], standing["person_id"])
    return Spell(
        source=standing["source"],
        person_id=standing["person_id"],
        identity=standing["identity"],
        display_name=row.get("display_name"),
        employee_number=row.get("employee_number"),
        emails=tuple(row.get("emails") or ()),
        status=standing["status"],
        hired_at=row.get("hired_at"),
        departed_at=row.get("departed_at"),
        recorded_at=row.get("recorded_at"),
        timezone=row.get("timezone"),
        due_at=row.get("removal_due_at"),
        governs=here == (standing["governing_source"], standing["governing_id"]),
        departed=standing["departed"],
        worker_type=row.get("worker_type"),
        department=row.get("department"),
        title=row.get("title"),
        location=row.get("location"),
    )


def _pointers(account: Row, records: Mapping[Place, tuple[Row, Row]]) -> Iterable[Wanted]:
    if account:
        yield wanted(f"account {account['account_id']} of {account['source']}", account)
    for (source, person_id), (row, _) in records.items():
        if row:
            yield wanted(f"record {person_id} of {source}", row)


def wanted(about: str, row: Row, member: tuple[str, ...] = ()) -> Wanted:
    """Ask for the record that a row of a table was read from."""
    return Wanted(about, Pointer(row["response"], row["response_index"]), member)
