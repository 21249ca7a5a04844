"""``manifest.json`` and ``SHA256SUMS``: what a run was made of, and the digest of every file.

The manifest answers what an examiner asks of a report made by a program: from which systems, by
whom, when, under which configuration and versions, how completeness was shown, and which bytes.
"""

from __future__ import annotations

import hashlib
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

from scanner.config import Config
from scanner.evidence.canonical import canonical_json, instant_text, parse_canonical
from scanner.evidence.disk import is_safe_path
from scanner.model import Audit, Reading, Tool, Verdict

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
    readings of the sources; ``ended_at`` is RFC 3339.
    """

    run: str
    chain_head: str
    verdict: Verdict
    ended_at: str
    files: tuple[FileEntry, ...]
    responses: tuple[str, ...]


def build_manifest(
    audit: Audit,
    *,
    config: Config,
    config_sha256: str,
    chain_head: str,
    ended_at: datetime,
    files: Sequence[FileEntry],
) -> dict[str, object]:
    """Give the manifest of a run as canonical JSON can hold it.

    ``config`` is the effective configuration, which holds references to secrets only; a float in
    it becomes an integer or its decimal text. ``host`` is the SHA-256 of the host's name.
    """
    return {
        "apps": _plain(audit.apps),
        "as_of": instant_text(audit.as_of),
        "chain_head": chain_head,
        "config_sha256": config_sha256,
        "configuration": _plain(config.model_dump(mode="json")),
        "counts": _counts(audit),
        "ended_at": instant_text(ended_at),
        "files": [
            {"bytes": file.size, "path": file.path, "sha256": file.sha256}
            for file in sorted(files, key=lambda file: file.path)
        ],
        "host": hashlib.sha256(platform.node().encode("utf-8", "surrogateescape")).hexdigest(),
        "operator": audit.operator,
        "organization": audit.organization,
        "policy": _plain(audit.policy),
        "previous_run": audit.previous_run,
        "registers": [_plain(one) for one in audit.registers],
        "run": audit.run,
        "schema": SCHEMA,
        "sources": [_source(reading) for reading in audit.sources],
        "started_at": instant_text(audit.started_at),
        "timezone": audit.timezone,
        "tool": _tool(audit.tool),
        "verdict": audit.verdict,
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
            verdict=Verdict(value["verdict"]),
            ended_at=_text(value["ended_at"]),
            files=tuple(_file(entry) for entry in value["files"]),
            responses=tuple(_responses(value["sources"])),
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
    plain = cast("dict[str, object]", _plain(reading))
    plain["name"] = plain.pop("source")
    return plain | {"state": reading.state}


def _counts(audit: Audit) -> dict[str, object]:
    return {
        "departed": audit.departed,
        "findings": len(audit.findings),
        "findings_by_kind": dict(Counter(finding.kind for finding in audit.findings)),
        "people": audit.people,
        "users_received": sum(reading.users.received for reading in audit.sources),
    }


def _tool(tool: Tool) -> dict[str, object]:
    packages = {name: _installed(name) for name in _PACKAGES}
    return cast("dict[str, object]", _plain(tool)) | {"packages": packages}


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _plain(value: object) -> object:
    """Turn dataclasses into objects, instants into text, and floats into what has one spelling."""
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else repr(value)
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
