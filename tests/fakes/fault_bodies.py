"""Faults of SCIM lists, of JSON, of records, and of what an HRIS says."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from tests.fakes import fault_wire
from tests.fakes.fault_server import (
    ENTERPRISE,
    Injector,
    Record,
    Script,
    Turn,
    error_body,
    honest,
    message,
)


def change(turn: Turn, *, put: Record | None = None, drop: Sequence[str] = ()) -> Script:
    """Put members into the list message, or leave some out; ``@page`` is the size of the page."""
    page = deepcopy(turn.page())
    values = {"@page": len(page["Resources"]), "@less": page["totalResults"] - 1,
              "@more": page["totalResults"] + 1, "@null": None,
              "@text": str(page["totalResults"]), "@float": float(page["totalResults"]),
              "@huge": 10**30, "@nan": float("nan"), "@megabytes": "c" * 10_000_000}  # fmt: skip
    for name, value in (put or {}).items():
        page[name] = values.get(value, value) if isinstance(value, str) else value
    return [message({name: value for name, value in page.items() if name not in drop})]


def splice(turn: Turn, *, find: str, put: str, count: int = 1) -> Script:
    """Replace text in the body as it goes out; in ``put``, ``@digits`` and the like are long."""
    long = {"@digits": "7" * 5000, "@deep": "[" * 100_000 + "]" * 100_000,
            "@text": '"' + "s" * 50_000_000 + '"',
            "@keys": "{" + ",".join(f'"k{n}":1' for n in range(1_100_000)) + "}" if "@keys" in put
            else "", "@list": "[" + "1," * 1_100_000 + "1]" if "@list" in put else "",
            "@many": ",".join(f'"m{n}":1' for n in range(10**5)) if "@many" in put
            else ""}  # fmt: skip
    for name, text in long.items():
        put = put.replace(name, text)
    body = json.dumps(turn.page())
    return [message(body.replace(find, put, count).encode("utf-8", "surrogatepass"))]


def raw(turn: Turn, *, find: str, put: Sequence[int]) -> Script:
    """Replace text in the body by bytes that are no text."""
    body = json.dumps(turn.page()).encode()
    return [message(body.replace(find.encode(), bytes(put), 1))]


def wrapped(turn: Turn, *, before: str = "", after: str = "", charset: str = "utf-8") -> Script:
    """Put something around the body, or write it in another character set."""
    body = (before + json.dumps(turn.page()) + after).encode(charset)
    label = f"; charset={charset}" if charset != "utf-8" else ""
    return [message(body, media=f"application/scim+json{label}")]


def record(
    turn: Turn, *, put: Record | None = None, drop: Sequence[str] = (), which: Sequence[str] = ()
) -> Script:
    """Put attributes into records of a page or leave some out, in the records named or in all."""
    asked = turn.asked.path.strip("/").partition("/")[2]
    found = [one for one in turn.records if one["id"] == asked]
    page = deepcopy(found[0] if found else turn.page())
    for one in [page] if found else page["Resources"]:
        if not which or one["id"] in which:
            one.update(_expanded(put or {}))
            for name in drop:
                one.pop(name, None)
    return [message(page)]


def _expanded(put: Mapping[str, Any]) -> Record:
    """Give what TOML cannot say: ``@null``, and a text of a megabyte."""
    special = {"@null": None, "@megabyte": "i" * 1_000_000}
    return {
        name: special.get(value, value) if isinstance(value, str) else deepcopy(value)
        for name, value in put.items()
    }


def rename(turn: Turn, *, names: Mapping[str, str]) -> Script:
    """Spell member names in another way."""
    body = json.dumps(turn.page())
    for old, new in names.items():
        body = body.replace(f'"{old}":', f'"{new}":')
    return [message(body.encode())]


def replaced(turn: Turn, *, by: Any, at: int = 1) -> Script:  # noqa: ANN401 - any JSON value
    """Put something else in the place of one record of the page; ``@null`` is null."""
    page = deepcopy(turn.page())
    page["Resources"][at] = None if by == "@null" else by
    return [message(page)]


def repeated(turn: Turn, *, extra: bool) -> Script:
    """Send the first record of the list again, inactive now, beside or in place of another."""
    page = deepcopy(turn.page())
    twin = {**turn.records[0], "active": False}
    if extra:
        page["Resources"].insert(1, twin)
    else:
        page["Resources"][1] = twin
    return [message(page)]


def window(
    turn: Turn,
    *,
    shift: int = 0,
    later_only: bool = False,
    start: int | None = None,
    count: int | None = None,
    hide: Sequence[str] = (),
    cap: int | None = None,
    tells_cap: bool = False,
    flip: bool = False,
) -> Script:
    """Take another window of the list than the one asked for, or of a list cut short.

    ``hide`` drops records after paging; ``cap`` ends the list early, and ``tells_cap`` gives that
    as the total; ``flip`` inverts ``active`` where nothing new can be asked for.
    """
    moved = turn.start + (shift if turn.rank > 1 or not later_only else 0)
    begins = max(moved if start is None else start, 1)
    size = turn.count if count is None else count
    records = turn.records[:cap]
    page = deepcopy(replace(turn, start=begins, count=size).page(records))
    page["Resources"] = [one for one in page["Resources"] if one["id"] not in hide]
    page["itemsPerPage"] = len(page["Resources"])
    page["totalResults"] = len(records) if tells_cap else len(turn.records)
    for one in page["Resources"] if flip and turn.past_end else ():
        one["active"] = not one["active"]
    return [message(page)]


def shuffled(turn: Turn, *, seed: int) -> Script:
    """Order the list anew for every page."""
    order = list(turn.records)
    random.Random(seed + len(turn.server.ledger)).shuffle(order)  # noqa: S311 - not a secret
    return [message(turn.page(order))]


def mutate(turn: Turn, *, do: Sequence[str]) -> Script:
    """Change the true list, then answer honestly: what a busy day does between two pages."""
    users = turn.records
    for step in do:
        verb, _, name = step.partition(" ")
        place = next((at for at, one in enumerate(users) if one["id"] == name), len(users))
        if verb == "delete":
            del users[place]
        elif verb == "create":
            users.append({**deepcopy(users[-1]), "id": name, "userName": f"new-{name}"})
        elif verb == "triple":
            copies = [(one, mark) for mark in "xy" for one in tuple(users)]
            users += [{**one, "id": one["id"] + mark, "groups": []} for one, mark in copies]
        elif verb == "first":
            users.insert(0, users.pop(place))
        else:
            users.append(users.pop(place))
    return honest(turn)


def only(turn: Turn, *, where: Mapping[str, Any], limit: int | None = None) -> Script:
    """Show only the records with these attributes, all figures consistent with that."""
    found = [
        one for one in turn.records if all(one.get(name) == value for name, value in where.items())
    ]
    return [message(turn.page(found[:limit]))]


def inverted(turn: Turn) -> Script:
    """Say of everybody the opposite of what is true."""
    page = deepcopy(turn.page())
    for one in page["Resources"]:
        one["active"] = not one["active"]
    return [message(page)]


def foreign(turn: Turn) -> Script:
    """Answer with the accounts of another company, as many of them, all consistent."""
    text = json.dumps(turn.page()).replace("corp.example", "sandbox.example")
    page = json.loads(text.replace('"login', '"trial').replace('"id": "a', '"id": "s'))
    for one in page["Resources"]:
        one.pop(ENTERPRISE, None)
        one.pop("groups", None)
    return [message(page)]


def old_version(turn: Turn) -> Script:
    """Answer in SCIM 1.1."""
    page = deepcopy(turn.page()) | {"schemas": ["urn:scim:schemas:core:1.0"]}
    for one in page["Resources"]:
        one["schemas"] = ["urn:scim:schemas:core:1.0"]
    return [message(page)]


def expired(turn: Turn, *, kind: str) -> Script:
    """Refuse a cursor (RFC 9865 section 2.1)."""
    return [message(error_body(400, "the cursor is no longer good", scimType=kind), 400)]


def next_cursor(turn: Turn, *, value: Any = None, drop: bool = False) -> Script:  # noqa: ANN401 - any JSON value
    """Give another cursor than the right one, or none."""
    page = deepcopy(turn.page())
    if drop:
        page.pop("nextCursor", None)
    elif "nextCursor" in page:
        page["nextCursor"] = {"@megabytes": "c" * 10_000_000}.get(value, value)
    return [message(page)]


def provider_config(
    turn: Turn, *, claims: Mapping[str, Any], has_cursors: bool = True, has_index: bool = True
) -> Script:
    """Claim in ServiceProviderConfig what is not so; without ``has_cursors`` these are ignored."""
    if "ServiceProviderConfig" in turn.asked.path:
        return [message(dict(claims))]
    if not has_cursors and "cursor" in turn.asked.query:
        page = turn.page()
        page.pop("nextCursor", None)
        return [message(page)]
    if not has_index and "startIndex" in turn.asked.query and turn.rank:
        return [message(error_body(400, "use a cursor"), 400)]
    return honest(turn)


def bare(turn: Turn, *, gone: str | None = None) -> Script:
    """Leave ``active`` out of lists and show it by id; ``gone`` has left since the list."""
    name = turn.asked.path.strip("/").partition("/")[2]
    if name and name == gone:
        return [message(error_body(404, "no such user"), 404)]
    return honest(turn) if name else record(turn, drop=["active"])


_INJECTORS: tuple[Callable[..., Script], ...] = (
    change, splice, raw, wrapped, record, rename, replaced, repeated, window, shuffled, mutate,
    only, inverted, foreign, old_version, expired, next_cursor, provider_config, bare,
    fault_wire.cut, fault_wire.close_delimited, fault_wire.drip, fault_wire.bytewise,
    fault_wire.endless, fault_wire.goodbye, fault_wire.misplaced, fault_wire.answer,
    fault_wire.linked, fault_wire.packed, fault_wire.stacked, fault_wire.two_lengths,
    fault_wire.surplus,
)  # fmt: skip
INJECTORS = {injector.__name__: injector for injector in _INJECTORS}


def injector(name: str, parameters: Mapping[str, Any]) -> Injector:
    """Give the injector called ``name`` with its parameters filled in."""
    chosen = INJECTORS[name]
    return lambda turn: chosen(turn, **parameters)
