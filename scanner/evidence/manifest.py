"""``manifest.json`` and ``SHA256SUMS``: what a run was made of, and the digest of every file.

The manifest answers what an examiner asks of a report made by a program: from which systems, by
whom, when, under which configuration and versions, how completeness was shown, and which bytes.
"""

from __future__ import annotations

import hashlib
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

from scanner.config import Config
from scanner.evidence.canonical import canonical_json, instant_text, parse_canonical, plain
from scanner.evidence.disk import is_safe_path
from scanner.model import Audit, Reading, Snapshot, Tool, Verdict

SCHEMA = "ghostscan/manifest/1"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
_PACKAGES = ("duckdb", "httpx", "openpyxl", "pandas", "pyarrow", "pydantic")
_KEYS = frozenset({
    "apps", "as_of", "chain_head", "config_sha256", "configuration", "counts", "ended_at", "files",
    "host", "operator", "organization", "policy", "previous_run", "registers", "run", "schema",
    "sources", "started_at", "timezone", "tool", "verdict",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a run: its POSIX path inside the folder, size in bytes, and SHA-256 (hex)."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What checking needs of a manifest.

    ``chain_head`` is the digest of the run's START line; ``responses`` are the files named by the
    readings of the sources; ``ended_at`` is RFC 3339. ``verdict`` is None for a snapshot, which
    concludes nothing. ``read_in`` names, by source, the interrupted run that read it where this run
    did not.
    """

    run: str
    chain_head: str
    verdict: Verdict | None
    ended_at: str
    files: tuple[FileEntry, ...]
    responses: tuple[str, ...]
    read_in: Mapping[str, str]


def build_manifest(
    result: Audit | Snapshot,
    *,
    config: Config,
    config_sha256: str,
    chain_head: str,
    ended_at: datetime,
    files: Sequence[FileEntry],
) -> dict[str, object]:
    """Give the manifest of a run as canonical JSON can hold it.

    ``config`` is the effective configuration, which holds references to secrets only; a float in
    it becomes an integer or its decimal text. ``host`` is the SHA-256 of the host's name. A
    snapshot has no apps, no counts but that of the users received, and null for a verdict.
    """
    return {
        "apps": plain(result.apps) if isinstance(result, Audit) else [],
        "as_of": instant_text(result.as_of),
        "chain_head": chain_head,
        "config_sha256": config_sha256,
        "configuration": plain(config.model_dump(mode="json")),
        "counts": _counts(result),
        "ended_at": instant_text(ended_at),
        "files": [
            {"bytes": file.size, "path": file.path, "sha256": file.sha256}
            for file in sorted(files, key=lambda file: file.path)
        ],
        "host": hashlib.sha256(platform.node().encode("utf-8", "surrogateescape")).hexdigest(),
        "operator": result.operator,
        "organization": result.organization,
        "policy": plain(result.policy),
        "previous_run": result.previous_run,
        "registers": plain(result.registers) if isinstance(result, Audit) else [],
        "run": result.run,
        "schema": SCHEMA,
        "sources": [_source(reading) for reading in result.sources],
        "started_at": instant_text(result.started_at),
        "timezone": result.timezone,
        "tool": _tool(result.tool),
        "verdict": result.verdict if isinstance(result, Audit) else None,
    }


def manifest_bytes(manifest: Mapping[str, object]) -> bytes:
    """Give the content of ``manifest.json``."""
    return canonical_json(dict(manifest))


def sums_bytes(files: Iterable[FileEntry], manifest_sha256: str) -> bytes:
    """Give the content of ``SHA256SUMS``: every file but itself, in byte order of the paths."""
    digests = {file.path: file.sha256 for file in files} | {MANIFEST: manifest_sha256}
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode("ascii")


def parse_manifest(content: bytes) -> Manifest:
    """Read a manifest that nobody vouches for; raise ValueError unless it is one, in every byte."""
    value = parse_canonical(content)
    if not isinstance(value, dict) or value.keys() != _KEYS or value["schema"] != SCHEMA:
        raise ValueError(f"is not a manifest of the form {SCHEMA}")
    try:
        manifest = Manifest(
            run=_text(value["run"]),
            chain_head=_text(value["chain_head"]),
            verdict=None if value["verdict"] is None else Verdict(value["verdict"]),
            ended_at=_text(value["ended_at"]),
            files=tuple(_file(entry) for entry in value["files"]),
            responses=tuple(_responses(value["sources"])),
            read_in={
                _text(one["name"]): _text(one["read_in"])
                for one in value["sources"]
                if one.get("read_in") is not None
            },
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"is not a manifest of the form {SCHEMA}: {error}") from None
    paths = [file.path for file in manifest.files]
    if paths != sorted(set(paths)) or {MANIFEST, SUMS} & set(paths):
        raise ValueError("lists its files out of order, twice, or itself")
    return manifest


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _file(entry: dict[str, Any]) -> FileEntry:
    file = FileEntry(entry["path"], entry["bytes"], entry["sha256"])
    if not is_safe_path(file.path) or type(file.size) is not int:
        raise ValueError(f"names a file outside the run folder: {file.path!a}")
    return file


def _responses(sources: list[dict[str, Any]]) -> list[str]:
    populations = [source[name] for source in sources for name in ("users", "groups")]
    return [_text(path) for population in populations for path in population["responses"]]


def _source(reading: Reading) -> dict[str, object]:
    fields = cast("dict[str, object]", plain(reading))
    fields["name"] = fields.pop("source")
    return fields | {"state": reading.state}


def _counts(result: Audit | Snapshot) -> dict[str, object]:
    received = {"users_received": sum(reading.users.received for reading in result.sources)}
    if isinstance(result, Snapshot):
        return dict(received)
    return received | {
        "departed": result.departed,
        "findings": len(result.findings),
        "findings_by_kind": dict(Counter(finding.kind for finding in result.findings)),
        "people": result.people,
    }


def _tool(tool: Tool) -> dict[str, object]:
    packages = {name: _installed(name) for name in _PACKAGES}
    return cast("dict[str, object]", plain(tool)) | {"packages": packages}


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
