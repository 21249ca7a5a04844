"""What an earlier run sealed and a new one continues, copied into the new run folder.

A run folder stands alone: whoever re-performs it needs no other. Each run seals what all runs so
far saw, so that the next one reads the newest and never the whole history.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanner.evidence import disk
from scanner.evidence.chain import Link
from scanner.evidence.history import FINDINGS, checked, damaged, ends
from scanner.evidence.manifest import MANIFEST
from scanner.evidence.store import MOST_FILE_BYTES, RunFolder
from scanner.model import State

CARRIED = ("accounts", "people", "moves")
"""What every run seals as ``tables/observed/<name>.parquet`` of what all runs so far saw."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A finished run: its folder, the digests of its files, and the state of groups by source."""

    folder: Path
    digests: Mapping[str, str]
    groups: Mapping[str, str]


def adopt_earlier(runs_directory: Path, run: RunFolder) -> None:
    """Copy what earlier runs of ``runs_directory`` saw into ``run``; nothing on a first run.

    ``tables/earlier/<accounts|people|moves>.parquet`` is what the newest finished run had sealed as
    ``tables/observed/``. ``tables/earlier/memberships/<source>.parquet`` are the memberships of
    the newest finished audit that read all groups of the source; a run that only collected does
    not count, so that a change between two audits is not lost to the day before.
    Raises IntegrityError naming the file that is missing or is not what was sealed, EvidenceError
    where a copy cannot be written.
    """
    finished = ends(runs_directory)
    if not finished:
        return
    newest = _sealed(runs_directory, finished[-1])
    for name in CARRIED:
        for path in _parts(newest, f"tables/observed/{name}.parquet"):
            _copy(newest, path, run, path.replace("/observed/", "/earlier/", 1))
    audit = _newest_audit(runs_directory, finished)
    if audit is not None:
        for source, state in audit.groups.items():
            copy = f"tables/earlier/memberships/{source}.parquet"
            read = f"tables/memberships/{source}.parquet"
            _copy(audit, read if state == State.COMPLETE else copy, run, copy)


def _newest_audit(runs_directory: Path, finished: list[Link]) -> _Sealed | None:
    sealed = (_sealed(runs_directory, end) for end in reversed(finished))
    return next((one for one in sealed if FINDINGS in one.digests), None)


def _sealed(runs_directory: Path, end: Link) -> _Sealed:
    folder = runs_directory / end.run
    content = checked(folder, MANIFEST, end.manifest_sha256)
    try:
        manifest: dict[str, Any] = json.loads(content)
        return _Sealed(
            folder,
            {file["path"]: file["sha256"] for file in manifest["files"]},
            {source["name"]: source["groups"]["state"] for source in manifest["sources"]},
        )
    except (ValueError, KeyError, TypeError):
        raise damaged(folder / MANIFEST, "does not list its files and sources") from None


def _parts(sealed: _Sealed, path: str) -> list[str]:
    """The files of what may be one file or a folder of parts."""
    return sorted(one for one in sealed.digests if one == path or one.startswith(f"{path}/"))


def _copy(sealed: _Sealed, path: str, run: RunFolder, target: str) -> None:
    """Copy one file that the run may have, and compare what was copied with what was sealed."""
    if path not in sealed.digests:
        return
    digest = hashlib.sha256()
    destination = run.path(target)
    try:
        with destination.open("xb") as file:
            for chunk in disk.read_chunks(sealed.folder, path, MOST_FILE_BYTES):
                digest.update(chunk)
                file.write(chunk)
    except OSError as error:
        raise damaged(sealed.folder / path, f"cannot be copied: {error.strerror}") from None
    if digest.hexdigest() != sealed.digests[path]:
        raise damaged(sealed.folder / path, "is not what was sealed")
