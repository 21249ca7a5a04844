"""How completely the sources behind a finding were read, as the manifest of the run has it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from scanner.model import Ground, Role, State

_STATES = {State.COMPLETE: "complete", State.INCOMPLETE: "not complete", State.NOT_READ: "not read"}


def readings_of(
    manifest: Mapping[str, Any], app: str, others: Collection[str]
) -> tuple[Ground, ...]:
    """Say of ``app``, of every HRIS and of ``others`` what was read, and why that is all of it."""
    wanted = [
        one
        for one in manifest["sources"]
        if one["name"] in {app, *others} or one["role"] == Role.HRIS
    ]
    facts = tuple(fact for one in wanted for fact in _source(one))
    title = "How completely it was read (the proof in full: manifest.json)"
    return (Ground(title, facts),) if facts else ()


def _source(source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _population(source["name"], source["users"])
    if source["role"] != Role.HRIS:
        yield from _population(f"{source['name']}, groups", source["groups"])


def _population(label: str, population: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    held = [one for one in population["proof"] if one["held"]]
    reported = population["reported"]
    announced = "no total told" if reported is None else f"{reported:,} told"
    counts = f"{announced}, {population['received']:,} received"
    checks = f"{len(held)} of {len(population['proof'])} checks held"
    files = population["responses"]
    where = f" in {_range(files)}" if files else ""
    yield label, f"{_STATES[State(population['state'])]}: {counts}{where}; {checks}"
    for one in population["proof"]:
        if not one["held"]:
            yield "", f"did not hold: {one['name'].replace('_', ' ')} ({one['detail']})"
    if population["state"] != State.COMPLETE:
        for reason in population["reasons"]:
            hint = f"; next: {reason['hint']}" if reason["hint"] else ""
            yield "", f"why: {reason['message']}{hint}"


def _range(files: Collection[str]) -> str:
    first, *_, last = (*files, *files)
    return first if len(files) == 1 else f"{len(files)} responses, {first} to {last}"
