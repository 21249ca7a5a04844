"""Reads finished runs to be listed and compared; each is checked against the chain."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from scanner.errors import UsageError
from scanner.evidence.canonical import parse_instant
from scanner.evidence.chain import Link, run_number
from scanner.evidence.history import FINDINGS, checked, damaged, ends
from scanner.evidence.manifest import MANIFEST
from scanner.evidence.standing import left_open
from scanner.model import Difference, RunEntry, Severity, SourceFigures, Standing, State, Verdict


def read_chronicle(runs_directory: Path) -> tuple[RunEntry, ...]:
    """List every finished run, oldest first.

    Raises IntegrityError naming the file that is missing or is not what was sealed.
    """
    return tuple(_read(runs_directory, end)[0] for end in ends(runs_directory))


def compare(runs_directory: Path, earlier: str, later: str) -> Difference:
    """Say what is different in the later of two audits, which may be named in any order.

    A run is named by its name, its number, or the path of its folder. Raises UsageError where
    there is no such run or it is a snapshot, IntegrityError where a file is not what was sealed.
    """
    finished = ends(runs_directory)
    found = sorted((_named(finished, text) for text in (earlier, later)), key=lambda end: end.seq)
    (before, then, _), (after, now, withheld) = (_audit(runs_directory, end) for end in found)
    gone = [one for identity, one in then.items() if identity not in now]
    return Difference(
        earlier=before,
        later=after,
        new=tuple(one for identity, one in now.items() if identity not in then),
        resolved=tuple(one for one in gone if one.id not in withheld),
        not_concluded=tuple(one for one in gone if one.id in withheld),
        persisting=tuple(one for identity, one in now.items() if identity in then),
        changed=tuple(
            (then[identity], one)
            for identity, one in now.items()
            if identity in then and then[identity].severity is not one.severity
        ),
        sources=_changed_sources(before, after),
    )


def _named(finished: list[Link], text: str) -> Link:
    name = Path(text).name
    for end in finished:
        if end.run == name or (name.isdecimal() and run_number(end.run) == int(name)):
            return end
    known = f"the newest is {finished[-1].run}" if finished else "no run has finished yet"
    raise UsageError(f"{text}: no finished run has this name or number", known)


def _audit(runs_directory: Path, end: Link) -> tuple[RunEntry, dict[str, Standing], frozenset[str]]:
    """Read an audit: the entry, what it found, and the ids it could not conclude about."""
    entry, document = _read(runs_directory, end)
    if document is None:
        raise UsageError(f"{end.run} is a snapshot: it concluded nothing", "name an audit")
    open_now = left_open(document, end.run)
    found = {row["id"]: open_now[row["id"]] for row in document["findings"]}
    return entry, found, frozenset(open_now.keys() - found.keys())


def _read(runs_directory: Path, end: Link) -> tuple[RunEntry, dict[str, Any] | None]:
    folder = runs_directory / end.run
    content = checked(folder, MANIFEST, end.manifest_sha256)
    try:
        manifest: dict[str, Any] = json.loads(content)
        digests = {file["path"]: file["sha256"] for file in manifest["files"]}
        if FINDINGS not in digests:
            return _entry(manifest, {}), None
        document = json.loads(checked(folder, FINDINGS, digests[FINDINGS]))
        return _entry(manifest, document), document
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged(folder / MANIFEST, "or its findings.json cannot be understood") from None


def _entry(manifest: dict[str, Any], document: dict[str, Any]) -> RunEntry:
    severities = Counter(Severity(row["severity"]) for row in document.get("findings", ()))
    verdict = manifest["verdict"]
    return RunEntry(
        run=manifest["run"],
        started_at=parse_instant(manifest["started_at"]),
        verdict=None if verdict is None else Verdict(verdict),
        sources=tuple(_figures(source) for source in manifest["sources"]),
        severities=tuple((severity, severities[severity]) for severity in Severity),
        movement=tuple((document.get("movement") or {}).get("counts", {}).items()),
    )


def _figures(source: dict[str, Any]) -> SourceFigures:
    return SourceFigures(
        name=source["name"],
        state=State(source["state"]),
        groups_state=State(source["groups"]["state"]),
        users=source["users"]["received"],
        groups=source["groups"]["received"],
    )


def _changed_sources(
    before: RunEntry, after: RunEntry
) -> tuple[tuple[SourceFigures | None, SourceFigures | None], ...]:
    then = {one.name: one for one in before.sources}
    now = {one.name: one for one in after.sources}
    pairs = ((then.get(name), now.get(name)) for name in {**now, **then})
    return tuple(pair for pair in pairs if pair[0] != pair[1])
