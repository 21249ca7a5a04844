"""A company beside itself: every source once more, with the same ids and none of the same people.

An id means something in its own source only. Beside each HRIS and app stands another one, in which
every id belongs to somebody else and no key is one of the first company; what is said of an id in
one source, about one of its groups, or by its register, must never reach the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from scanner.model import Account, Person, Reading, Records, Registers
from tests.plain.company import History, Run

SECOND = "2"
"""What is put behind the name of a source."""
Held = TypeVar("Held", Person, Account)


def doubled(history: History) -> History:
    """The company and its other self, read by the same runs."""
    config, registers = history.config, history.registers
    others = {f"{name}{SECOND}": one for name, one in config.sources.items()}
    entitlements = [
        one.model_copy(update={
            "app": f"{one.app}{SECOND}",
            "mirrors": one.mirrors and one.mirrors.replace(":", f"{SECOND}:", 1),
        })
        for one in config.entitlements
    ]  # fmt: skip
    people, accounts = _turned(history, "people"), _turned(history, "accounts")
    return History(
        config.model_copy(update={
            "sources": {**config.sources, **others},
            "entitlements": [*config.entitlements, *entitlements],
        }),
        [_run(run, people, accounts) for run in history.runs],
        replace(
            registers,
            nonhuman=(*registers.nonhuman, *_other_app(registers, "nonhuman")),
            baseline=(*registers.baseline, *_other_app(registers, "baseline")),
        ),
    )  # fmt: skip


def _turned(history: History, kind: str) -> Mapping[str, str]:
    """For each id the one whose attributes it has in the other source."""
    ids = sorted({
        place[1] for run in history.runs for place in getattr(run, kind)
    })  # fmt: skip
    return dict(zip(ids, [*ids[1:], *ids[:1]], strict=True))


def _run(run: Run, people: Mapping[str, str], accounts: Mapping[str, str]) -> Run:
    records = {
        f"{name}{SECOND}": Records(
            people=tuple(_others(held.people, "person_id", people)),
            accounts=tuple(_others(held.accounts, "account_id", accounts)),
            groups=tuple(map(_second, held.groups)),
            memberships=tuple(map(_second, held.memberships)),
        )
        for name, held in run.records.items()
    }
    return replace(
        run,
        records={**run.records, **records},
        readings=[*run.readings, *(_reading(one, records) for one in run.readings)],
        events=[*run.events, *map(_second, run.events)],
    )


def _reading(one: Reading, records: Mapping[str, Records]) -> Reading:
    held = records[f"{one.source}{SECOND}"]
    received = len(held.people) + len(held.accounts)
    other: Reading = _second(one)
    return replace(other, users=replace(one.users, received=received))


def _others(rows: Sequence[Held], name: str, turned: Mapping[str, str]) -> list[Held]:
    """The records of a source under the ids of others, with keys of their own."""
    by_id = {getattr(one, name): one for one in rows}
    return [
        _second(_renamed(by_id[turned[known]], **{name: known}))
        for known in by_id
        if turned[known] in by_id
    ]


def _renamed(one: Held, **identity: Any) -> Held:  # noqa: ANN401 - the id
    keys: dict[str, Any] = {
        key: value and f"z{value.strip()}"
        for key in ("employee_number", "external_id", "user_name", "display_name")
        if (value := getattr(one, key)) is not None
    }
    return replace(one, **identity, **keys, emails=tuple(f"z{mail.strip()}" for mail in one.emails))


def _second(one: Any) -> Any:  # noqa: ANN401 - any record that names a source
    return replace(one, source=f"{one.source}{SECOND}")


def _other_app(registers: Registers, name: str) -> list[Any]:
    """The entries of a register once more, about the other app and on lines of their own."""
    return [
        replace(
            one,
            app=f"{one.app}{SECOND}",
            **({"line": one.line + 1000} if hasattr(one, "line") else {}),
        )
        for one in getattr(registers, name)
    ]
