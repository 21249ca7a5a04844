"""What a sealed run was made of, read back so that it can be judged and shown again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from scanner.config import FILE, Config, Source
from scanner.config.registers import parse_registers
from scanner.errors import IntegrityError, UsageError
from scanner.evidence.canonical import parse_instant, plain
from scanner.evidence.disk import read_file
from scanner.evidence.history import FINDINGS
from scanner.evidence.manifest import MANIFEST
from scanner.evidence.standing import open_before
from scanner.evidence.verify import verify
from scanner.model import Before, Policy, Reading, Registers, Tool

_MOST_BYTES = 1 << 32


@dataclass(frozen=True, slots=True)
class Reopened:
    """An audit as it was sealed: what it was asked, what it read, and its findings as bytes.

    ``before`` is what it knew of earlier audits.
    """

    run: str
    folder: Path
    config: Config
    readings: tuple[Reading, ...]
    as_of: datetime
    started_at: datetime
    operator: str
    tool: Tool
    policy: Policy
    registers: Registers
    previous_run: str | None
    findings: bytes
    before: Before


_READINGS = TypeAdapter(tuple[Reading, ...])


def reopen(folder: Path) -> Reopened:
    """Read a finished audit, after checking that it is what was sealed.

    Raises IntegrityError where it is not, UsageError for a snapshot, which concluded nothing, and
    EvidenceError where ``folder`` is no folder.
    """
    found = verify(folder)
    if found.problems:
        raise IntegrityError(
            f"{found.run} is not verified: {found.problems[0]}", f"see: ghostscan verify {folder}"
        )
    if found.run_verdict is None:
        raise UsageError(f"{found.run} is a snapshot: it concluded nothing", "name an audit")
    try:
        manifest: dict[str, Any] = json.loads(read_file(folder, MANIFEST, _MOST_BYTES))
        findings = read_file(folder, FINDINGS, _MOST_BYTES)
        return _reopened(folder, manifest, findings)
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        what = "another version made it" if isinstance(error, ValidationError) else str(error)
        raise UsageError(f"{folder} cannot be read: {what}") from None


def _reopened(folder: Path, manifest: dict[str, Any], findings: bytes) -> Reopened:
    run = manifest["run"]
    config = _config(manifest["configuration"], [one["name"] for one in manifest["sources"]])
    registers = {
        one["name"]: read_file(folder, one["path_in_run"], _MOST_BYTES)
        for one in manifest["registers"]
    }
    tool = {key: value for key, value in manifest["tool"].items() if key != "packages"}
    return Reopened(
        run=run,
        folder=folder,
        config=config,
        readings=_READINGS.validate_python([_reading(one) for one in manifest["sources"]]),
        as_of=parse_instant(manifest["as_of"]),
        started_at=parse_instant(manifest["started_at"]),
        operator=manifest["operator"],
        tool=Tool(**tool),
        policy=Policy(**manifest["policy"]),
        registers=parse_registers(registers, config),
        previous_run=manifest["previous_run"],
        findings=findings,
        before=open_before(json.loads(findings)),
    )


def _config(effective: dict[str, Any], order: Sequence[str]) -> Config:
    """Read the effective configuration; what is as by default counts as not written.

    ``order`` is that of the sources in the file, which canonical JSON does not keep.
    """
    written = effective["sources"]
    defaults = {
        name: plain(to_jsonable_python(field.get_default(call_default_factory=True)))
        for name, field in Source.model_fields.items()
        if not field.is_required()
    }
    sources = {
        name: {key: value for key, value in one.items() if value != defaults.get(key, ...)}
        for name, one in ((name, _as_written(written[name])) for name in order)
    }
    return Config.model_validate(effective | {"sources": sources})


def _as_written(source: dict[str, Any]) -> dict[str, Any]:
    """Leave out the address of a file: it is made of its path, and nobody may set it."""
    return source | {"url": ""} if source["type"] == FILE else source


def _reading(source: dict[str, Any]) -> dict[str, Any]:
    fields = {key: value for key, value in source.items() if key not in ("name", "state")}
    return fields | {"source": source["name"]}
