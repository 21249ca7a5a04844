"""The keys of correlation as data, and the SQL that compares them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LINK = "link"
"""The key of a manual link from the register of accounts; it beats every other key."""

_KEYS = Path(__file__).parent / "correlate" / "keys.toml"
_SEVERAL = {"emails": "email_keys"}
"""The fields that hold several values, and the column that lists them."""
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


def key_labels() -> set[str]:
    """Return the texts of the columns ``key`` and ``strength``."""
    return {text for name_and_strength in _rules() for text in name_and_strength}


def key_queries() -> dict[str, str]:
    """Return the SQL of the three views that depend on the keys.

    ``keys`` has one row per rule, which is a name of a key with a strength, the most trusted first:
    ``rule, key, priority, strength``. ``account_keys`` has what accounts can be named by:
    ``source, account_id, rule, weak, issued, key_value``, the last Null where there is none.
    ``person_keys`` has what people are named by: ``person_source, person_id, rule, key_value``.
    """
    rows = [
        f"SELECT {rule} AS rule, '{name}' AS key, {priority} AS priority, '{strength}' AS strength"
        for (name, strength), (rule, priority) in _rules().items()
    ]
    fields = [(key, field) for key in load_keys() for field in key.account]
    several = [_of_several(key, field) for key, field in fields if field in _SEVERAL]
    single = _of_single([(key, field) for key, field in fields if field not in _SEVERAL])
    people = [_of_people(key, field) for key in load_keys() for field in key.person]
    return {
        "keys": "\nUNION ALL\n".join(rows) + "\n",
        "account_keys": "\nUNION ALL\n".join([single, *several]) + "\n",
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


def _of_single(fields: Sequence[tuple[Key, str]]) -> str:
    """Take each account once per field, so that its file is read once for all of them."""
    places = list(enumerate(fields, start=1))
    claims = [f"  SELECT {place} AS place, {_claim(key)}" for place, (key, _) in places]
    values = [f"    WHEN {place} THEN {_only_words(*named)}" for place, named in places]
    return "\n".join([
        "SELECT a.source, a.account_id, k.rule, k.weak, k.issued,",
        "  CASE k.place", *values, "  END AS key_value",
        "FROM accounts AS a", "CROSS JOIN (", "\n  UNION ALL\n".join(claims), ") AS k",
    ])  # fmt: skip


def _of_several(key: Key, field: str) -> str:
    claim = f"SELECT source, account_id, {_claim(key)}"
    return f"{claim},\n  explode({_column(key, field)}) AS key_value\nFROM accounts"


def _claim(key: Key) -> str:
    """What a key of an account says, whatever its value is."""
    weak, issued = str(key.strength == "weak").upper(), str(key.issued).upper()
    return f"{_rule(key)} AS rule, {weak} AS weak, {issued} AS issued"


def _of_people(key: Key, field: str) -> str:
    column = _column(key, field)
    several = field in _SEVERAL
    condition = "" if several else f"\nWHERE {_only_words(key, field)} IS NOT NULL"
    return (
        f"SELECT source AS person_source, person_id, {_rule(key)} AS rule,\n"
        f"  {f'explode({column})' if several else column} AS key_value\n"
        f"FROM people{condition}"
    )


def _column(key: Key, field: str) -> str:
    """The column of people and accounts that holds a field as the key folds it."""
    return _SEVERAL.get(field) or _COLUMNS[key.folding].format(field)


def _only_words(key: Key, field: str) -> str:
    """The value of the column, or Null where it is an address and the key is for words."""
    column = _column(key, field)
    plain = f"CASE WHEN {column} NOT LIKE '%@%' THEN {column} END"
    return plain if key.folding == "word" else column
