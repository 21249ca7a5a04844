"""A finding of a sealed run, and the records it rests on, as the servers sent them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanner.errors import EvidenceError, IntegrityError, UsageError
from scanner.evidence.disk import read_file
from scanner.evidence.history import FINDINGS
from scanner.evidence.manifest import MANIFEST
from scanner.evidence.response import read_response
from scanner.model import Exhibit, Pointer

_MOST_BYTES = 1 << 32
_SHORTEST = 4
_LISTS = ("Resources", "resources")


@dataclass(frozen=True, slots=True)
class Sealed:
    """What ``manifest.json`` and ``findings.json`` of one run say."""

    folder: Path
    manifest: Mapping[str, Any]
    findings: tuple[Mapping[str, Any], ...]

    def sha256(self, path: str) -> str:
        """Return the digest the manifest has for one file; empty for one it does not list."""
        listed = {file["path"]: file["sha256"] for file in self.manifest["files"]}
        return str(listed.get(path, ""))


def open_sealed(folder: Path) -> Sealed:
    """Read the manifest and the findings of a run.

    Raises EvidenceError where the folder is none of an audit, IntegrityError where a file is
    damaged.
    """
    manifest, findings = _document(folder, MANIFEST), _document(folder, FINDINGS)
    try:
        return Sealed(folder, manifest, tuple(findings["findings"]))
    except (KeyError, TypeError):
        raise IntegrityError(
            f"{folder / FINDINGS}: is not a list of findings", f"see: ghostscan verify {folder}"
        ) from None


def find_finding(sealed: Sealed, identity: str) -> Mapping[str, Any]:
    """Return the one finding whose id begins with ``identity``.

    Raises UsageError where there is none, or more than one, or fewer than four digits are given.
    """
    wanted = identity.strip().lower()
    run = sealed.folder.name
    if len(wanted) < _SHORTEST:
        raise UsageError(f"{identity}: too short for an id", "give at least four of its digits")
    found = [one for one in sealed.findings if str(one["id"]).startswith(wanted)]
    if not found:
        hint = f"the ids stand in {run}/findings.csv; name another run with --run"
        raise UsageError(f"{identity}: no finding of {run} has this id", hint)
    if len(found) > 1:
        ids = ", ".join(str(one["id"]) for one in found[:5])
        raise UsageError(f"{identity}: {len(found)} findings begin so", f"among them: {ids}")
    return found[0]


def read_exhibit(sealed: Sealed, about: str, pointer: Pointer) -> Exhibit:
    """Read one record back from the response it came in; IntegrityError where that is damaged."""
    response = read_response(sealed.folder, pointer.response)
    return Exhibit(
        about=about,
        response=pointer.response,
        index=pointer.index,
        url=response.url,
        received_at=response.received_at,
        sha256=sealed.sha256(pointer.response),
        excerpt=_excerpt(response.body, pointer.index),
    )


def _excerpt(body: bytes, index: int) -> str | None:
    """The record at ``index`` of a SCIM list, of a JSON list or of JSON lines; else None."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    if isinstance(found, dict):
        found = next((found[name] for name in _LISTS if name in found), [found])
    if not isinstance(found, list) or not 0 <= index < len(found):
        return None
    return json.dumps(found[index], ensure_ascii=False, indent=2)


def _document(folder: Path, name: str) -> Any:  # noqa: ANN401 - any JSON value may stand there
    try:
        return json.loads(read_file(folder, name, _MOST_BYTES))
    except OSError as error:
        raise EvidenceError(
            f"{folder / name} cannot be read: {error.strerror}", "name the run folder of an audit"
        ) from None
    except ValueError:
        raise IntegrityError(
            f"{folder / name}: is not JSON", f"see: ghostscan verify {folder}"
        ) from None
