"""The keys of correlation as data, and the SQL that compares them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LINK = "link"
"""The key of a manual link from the register of accounts; it beats every other key."""

_KEYS = Path(__file__).parent / "correlate" / "keys.toml"
_COLUMNS = {"text": "{}_key", "word": "{}_key", "address": "{}_address"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: the fields of accounts and people that it compares, and what it may conclude.

    ``priority`` counts the names of keys from 1, the most trusted first; two keys of one name have
    the same. ``words`` is how the key is called in a sentence. What ``folding``, ``strength`` and
    ``issued`` mean stands at the top of ``keys.toml``.
    """

    name: str
    priority: int
    words: str
    account: tuple[str, ...]
    person: tuple[str, ...]
    folding: str
    strength: str
    issued: bool


@cache
def load_keys() -> tuple[Key, ...]:
    """Return the keys in the order of trust."""
    entries = tomllib.loads(_KEYS.read_text(encoding="utf-8"))["key"]
    names = list(dict.fromkeys(entry["name"] for entry in entries))
    return tuple(_key(entry, names.index(entry["name"]) + 1) for entry in entries)


def key_words() -> dict[str, str]:
    """Return what every key is called in a sentence, the most trusted first."""
    return {LINK: "manual link", **{key.name: key.words for key in load_keys()}}


def key_queries() -> dict[str, str]:
    """Return the SQL of the three views that depend on the keys.

    ``keys`` has one row per rule, which is a name of a key with a strength, the most trusted first:
    ``rule, key, priority, strength``. ``account_keys`` has what accounts can be named by:
    ``source, account_id, rule, weak, issued, key_value``. ``person_keys`` has what people are
    named by: ``person_source, person_id, key, rule, key_value``.
    """
    rows = [
        f"SELECT {rule} AS rule, '{name}' AS key, {priority} AS priority, '{strength}' AS strength"
        for (name, strength), (rule, priority) in _rules().items()
    ]
    accounts = [_of_accounts(key, field) for key in load_keys() for field in key.account]
    people = [_of_people(key, field) for key in load_keys() for field in key.person]
    return {
        "keys": "\nUNION ALL\n".join(rows) + "\n",
        "account_keys": "\nUNION ALL\n".join(accounts) + "\n",
        # Two fields of one person may hold the same value.
        "person_keys": "\nUNION\n".join(people) + "\n",
    }


def _rules() -> dict[tuple[str, str], tuple[int, int]]:
    """Number the names of keys with their strengths; the first is the manual link."""
    named = {(key.name, key.strength): key.priority for key in load_keys()}
    every = {(LINK, "strong"): 0, **named}
    return {one: (rule, priority) for rule, (one, priority) in enumerate(every.items())}


def _rule(key: Key) -> int:
    return _rules()[key.name, key.strength][0]


def _key(entry: dict[str, Any], priority: int) -> Key:
    fields = entry | {"account": tuple(entry["account"]), "person": tuple(entry["person"])}
    return Key(priority=priority, **fields)


def _of_accounts(key: Key, field: str) -> str:
    value, condition = _value(key, field)
    return (
        f"SELECT source, account_id, {_rule(key)} AS rule,\n"
        f"  {str(key.strength == 'weak').upper()} AS weak, {str(key.issued).upper()} AS issued,\n"
        f"  {value} AS key_value\nFROM accounts{condition}"
    )


def _of_people(key: Key, field: str) -> str:
    value, condition = _value(key, field)
    return (
        f"SELECT source AS person_source, person_id, '{key.name}' AS key,\n"
        f"  {_rule(key)} AS rule, {value} AS key_value\nFROM people{condition}"
    )


def _value(key: Key, field: str) -> tuple[str, str]:
    """The column that holds a field as the key folds it, and the condition on its rows."""
    if field == "emails":
        return "explode(email_keys)", ""
    column = _COLUMNS[key.folding].format(field)
    plain = f" AND {column} NOT LIKE '%@%'" if key.folding == "word" else ""
    return column, f"\nWHERE {column} IS NOT NULL{plain}"
