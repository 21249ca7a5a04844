"""What earlier runs had found. A damaged earlier run is an error: it would change the answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scanner.errors import IntegrityError
from scanner.evidence.chain import CHAIN, Event, Link, read_chain, run_started_at
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

    Open is what it found and what it could not conclude about. Each ``findings.json`` is checked
    against its manifest, and that against the chain. A run without one (collected only) has no
    findings. Raises IntegrityError naming the file that is missing or damaged.
    """
    audit, rows = "", {}
    earliest: dict[str, str] = {}
    for end in ends(runs_directory):
        found = _findings(runs_directory / end.run, end)
        if found is None:
            continue
        audit, rows = end.run, found
        for row in found.values():
            if row.id not in earliest or row.first_seen < earliest[row.id]:
                earliest[row.id] = row.first_seen
    if not audit:
        return Before()
    return Before(audit, run_started_at(audit), rows, earliest)


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


def _findings(folder: Path, end: Link) -> dict[str, Standing] | None:
    """Read by id what one run left open, or None where it has no findings."""
    manifest = _manifest(folder, end)
    recorded = {file.path: file.sha256 for file in manifest.files}
    if FINDINGS not in recorded:
        return None
    content = checked(folder, FINDINGS, recorded[FINDINGS])
    try:
        return left_open(json.loads(content), end.run)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged(folder / FINDINGS, "is not a list of findings") from None


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
