"""What earlier runs had found. A damaged earlier run is an error: it would change the answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scanner.errors import IntegrityError
from scanner.evidence.chain import CHAIN, Event, Link, read_chain, run_started_at
from scanner.evidence.closed import CLOSED, read_closed
from scanner.evidence.disk import read_file
from scanner.evidence.manifest import MANIFEST, Manifest, parse_manifest
from scanner.evidence.standing import left_open
from scanner.model import Before, Earlier, Headcount, Standing, State

FINDINGS = "findings.json"
_MOST_BYTES = 1 << 32


def previous_run(runs_directory: Path) -> str | None:
    """Give the name of the newest finished run, or None where there is none.

    Raises IntegrityError where the chain is damaged.
    """
    finished = ends(runs_directory)
    return finished[-1].run if finished else None


def before(runs_directory: Path) -> Before:
    """Tell what the finished audits found: what the newest left open, and when each was first seen.

    Open is what it found and what it could not conclude about. What is open no more is read from
    the list that the audit sealed, or without one from the audits before it. Each file is checked
    against its manifest, and that against the chain. A run that only collected has no findings.
    Raises IntegrityError naming the file that is missing or damaged.
    """
    audit, rows = "", dict[str, Standing]()
    earliest: dict[str, str] = {}
    for end in reversed(ends(runs_directory)):
        known = _known(runs_directory / end.run, end)
        if known is None:
            continue
        found, closed = known
        if not audit:
            audit, rows = end.run, found
        seen = {row.id: row.first_seen for row in found.values()}
        for identity, run in {**(closed or {}), **seen}.items():
            earliest[identity] = min(run, earliest.get(identity, run))
        if closed is not None:
            break
    return Before(audit, run_started_at(audit), rows, earliest) if audit else Before()


def last_received(runs_directory: Path) -> dict[str, int]:
    """Map every source to the number of users received when it was last COMPLETE.

    Raises as :func:`last_complete` does.
    """
    return {name: one.received for name, one in last_complete(runs_directory).items()}


def last_complete(runs_directory: Path) -> dict[str, Earlier]:
    """Map every source to what it showed when it was last COMPLETE.

    Each manifest is checked against the chain. Raises IntegrityError naming the file that is
    missing or damaged.
    """
    earlier: dict[str, Earlier] = {}
    for end in reversed(ends(runs_directory)):
        folder = runs_directory / end.run
        content = checked(folder, MANIFEST, end.manifest_sha256)
        try:
            for source in json.loads(content)["sources"]:
                if source["state"] == State.COMPLETE:
                    earlier.setdefault(source["name"], _earlier_showing(source))
        except (ValueError, KeyError, TypeError):
            raise damaged(folder / MANIFEST, "does not list its sources") from None
    return earlier


def _earlier_showing(source: dict[str, Any]) -> Earlier:
    found = source.get("headcount")
    counted = None if found is None else Headcount(found["employed"], found["terminated"])
    return Earlier(int(source["users"]["received"]), counted)


def ends(runs_directory: Path) -> list[Link]:
    """List the END lines of the finished runs, oldest first; IntegrityError for a bad chain."""
    chain = read_chain(runs_directory / CHAIN)
    return [link for link in chain.links if link.event is Event.END]


def _known(folder: Path, end: Link) -> tuple[dict[str, Standing], Mapping[str, str] | None] | None:
    """Read by id what one run left open, and the first run of what it knew as closed.

    None where it has no findings; the latter is None where it sealed no such list.
    """
    manifest = _manifest(folder, end)
    recorded = {file.path: file.sha256 for file in manifest.files}
    if FINDINGS not in recorded:
        return None
    content = checked(folder, FINDINGS, recorded[FINDINGS])
    try:
        found = left_open(json.loads(content), end.run)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged(folder / FINDINGS, "is not a list of findings") from None
    if CLOSED not in recorded:
        return found, None
    try:
        return found, read_closed(checked(folder, CLOSED, recorded[CLOSED]))
    except ValueError as error:
        raise damaged(folder / CLOSED, str(error)) from None


def _manifest(folder: Path, end: Link) -> Manifest:
    content = checked(folder, MANIFEST, end.manifest_sha256)
    try:
        return parse_manifest(content)
    except ValueError as error:
        raise damaged(folder / MANIFEST, str(error)) from None


def checked(folder: Path, path: str, sha256: str | None) -> bytes:
    """Read a sealed file; IntegrityError where it is missing or is not what was sealed."""
    try:
        content = read_file(folder, path, _MOST_BYTES)
    except OSError as error:
        raise damaged(folder / path, f"cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise damaged(folder / path, "is not what was sealed")
    return content


def damaged(path: Path, problem: str) -> IntegrityError:
    """Make the error that names a file of an earlier run and what is wrong with it."""
    return IntegrityError(f"{path}: {problem}", f"see: ghostscan verify {path.parent}")


def sealed_before(runs_directory: Path, run: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give folder and manifest of the runs that finished before ``run``, the newest first.

    A folder that is kept elsewhere is passed over. Raises IntegrityError for one that is damaged.
    """
    for end in reversed(ends(runs_directory)):
        folder = runs_directory / end.run
        if end.run < run and folder.is_dir():
            content = checked(folder, MANIFEST, end.manifest_sha256)
            try:
                parse_manifest(content)
            except ValueError as error:
                raise damaged(folder / MANIFEST, str(error)) from None
            yield folder, json.loads(content)


def read_sealed(folder: Path, manifest: dict[str, Any], path: str) -> bytes:
    """Read a file of a run as it was sealed; IntegrityError where it is not that any more."""
    recorded = {file["path"]: file["sha256"] for file in manifest["files"]}
    return checked(folder, path, recorded.get(path))
