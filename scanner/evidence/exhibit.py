"""A finding of a sealed run, and the records it rests on, as the servers sent them."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from scanner.errors import EvidenceError, IntegrityError, UsageError
from scanner.evidence.canonical import instant_text
from scanner.evidence.chain import CHAIN
from scanner.evidence.disk import read_file
from scanner.evidence.excerpt import cut_out
from scanner.evidence.history import FINDINGS
from scanner.evidence.manifest import MANIFEST
from scanner.evidence.response import read_response
from scanner.model import Exhibit, Wanted

_MOST_BYTES = 1 << 32
_SHORTEST = 4
_MOST = 10
_EXAMPLE = "814269529d4b51f4"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What ``manifest.json`` and ``findings.json`` of one run say."""

    folder: Path
    manifest: Mapping[str, Any]
    manifest_sha256: str
    findings: tuple[Mapping[str, Any], ...]
    previous_audit: str | None

    def sha256(self, path: str) -> str:
        """Return the digest the manifest has for one file; empty for one it does not list."""
        listed = {file["path"]: file["sha256"] for file in self.manifest["files"]}
        return str(listed.get(path, ""))

    @property
    def chained(self) -> bool:
        """Whether the chain of runs stands beside the folder."""
        return (self.folder.resolve().parent / CHAIN).is_file()


def open_sealed(folder: Path) -> Sealed:
    """Read the manifest and the findings of a run.

    Raises EvidenceError where the folder is none of an audit, IntegrityError where a file is
    damaged.
    """
    manifest, findings = _document(folder, MANIFEST), _document(folder, FINDINGS)
    try:
        digest = hashlib.sha256(_content(folder, MANIFEST)).hexdigest()
        before = findings["movement"].get("previous_audit")
        return Sealed(folder, manifest, digest, tuple(findings["findings"]), before)
    except (KeyError, TypeError, AttributeError):
        raise IntegrityError(
            f"{folder / FINDINGS}: is not a list of findings", f"see: ghostscan verify {folder}"
        ) from None


def find_findings(sealed: Sealed, named: str) -> tuple[Mapping[str, Any], ...]:
    """Return the finding with the id ``named``, or every one about what is named so.

    What a finding is about is named by the id, the user name or the e-mail address of an account,
    or by the id of a person, each also behind its app or HRIS and a slash.
    """
    wanted = named.strip().lower()
    return tuple(one for one in sealed.findings if wanted == one["id"] or wanted in _names(one))


def find_beginning(sealed: Sealed, named: str) -> Mapping[str, Any]:
    """Return the one finding whose id begins with ``named``.

    Raises UsageError where there is no such finding, or more than one, or fewer than four digits
    are given.
    """
    wanted, run = named.strip().lower(), sealed.folder.name
    hint = (
        f"ids look like {_EXAMPLE} (findings.csv has them), APP/ACCOUNT or HRIS/PERSON; give at "
        "least four digits of a finding's, or name another run with --run"
    )
    if len(wanted) < _SHORTEST:
        raise UsageError(f"{named}: too short for an id, and nothing in {run} is called so", hint)
    found = [one for one in sealed.findings if str(one["id"]).startswith(wanted)]
    if not found:
        said = f"{named}: no finding of {run} has this id, and no account or person is called so"
        raise UsageError(said, hint)
    if len(found) > 1:
        raise several(named, found, "begin so")
    return found[0]


def several(named: str, found: Sequence[Mapping[str, Any]], how: str) -> UsageError:
    """Say that more than one finding is meant, and which; ``how`` they come to be."""
    ids = "; ".join(f"{one['id']} {one['kind']} {one['app']}" for one in found[:_MOST])
    return UsageError(f"{named}: {len(found)} findings {how}", f"among them: {ids}")


def _names(finding: Mapping[str, Any]) -> set[str]:
    """What the account and the person of a finding are called."""
    account, person = finding["account"] or {}, finding["person"] or {}
    of_account = [account.get(one) for one in ("id", "user_name", "email")]
    names = [(finding["app"], one) for one in of_account]
    names.append((person.get("source"), person.get("id")))
    known = [(source, str(name).lower()) for source, name in names if name]
    return {name for _, name in known} | {f"{source}/{name}".lower() for source, name in known}


def read_exhibit(sealed: Sealed, wanted: Wanted) -> Exhibit:
    """Read one record back from the response it came in; IntegrityError where that is damaged."""
    file, index = wanted.pointer.response, wanted.pointer.index
    response = read_response(sealed.folder, file)
    found = cut_out(response.body, index, wanted.member)
    unpack = f"gzip -dc {shlex.quote(file)} | tail -n +2"
    return Exhibit(
        about=wanted.about,
        file=file,
        place=f"record {index} (from 0) of {file}",
        origin=f"{response.url}, received {instant_text(response.received_at)}",
        sha256=sealed.sha256(file),
        excerpt=found.text,
        command=f"{unpack} | {found.filter}"
        if found.filter
        else f"{unpack} > /tmp/{_name(response.url)}",
        note=found.note,
    )


def _name(url: str) -> str:
    """A name for a file that only another program can show: the one it had, or ``body``."""
    return shlex.quote(PurePosixPath(urlsplit(url).path).name or "body")


def read_entry(sealed: Sealed, register: str, line: int) -> Exhibit | None:
    """Show the entry of a register that begins on ``line`` (from 1), as the run kept it.

    None where the run kept no such register. Raises IntegrityError where it cannot be read.
    """
    kept = [one for one in sealed.manifest.get("registers", ()) if one["name"] == register]
    if not kept:
        return None
    file, path = kept[0]["path_in_run"], kept[0]["path"]
    try:
        lines = read_file(sealed.folder, file, _MOST_BYTES).decode().split("\n")
    except (OSError, UnicodeDecodeError):
        raise IntegrityError(
            f"{file}: cannot be read", f"see: ghostscan verify {sealed.folder}"
        ) from None
    last = next((n for n in range(line, len(lines)) if lines[n].startswith("[[")), len(lines))
    entry = "\n".join(lines[line - 1 : last]).rstrip()
    last = line + entry.count("\n")
    return Exhibit(
        about=f"the entry in the register of {register}",
        file=file,
        place=f"lines {line} to {last} of {file}",
        origin=f"{path}, as it stood when the run began",
        sha256=sealed.sha256(file),
        excerpt=entry,
        command=f"sed -n {line},{last}p {shlex.quote(file)}",
    )


def _document(folder: Path, name: str) -> Any:  # noqa: ANN401 - any JSON value may stand there
    try:
        return json.loads(_content(folder, name))
    except ValueError:
        raise IntegrityError(
            f"{folder / name}: is not JSON", f"see: ghostscan verify {folder}"
        ) from None


def _content(folder: Path, name: str) -> bytes:
    try:
        return read_file(folder, name, _MOST_BYTES)
    except OSError as error:
        raise EvidenceError(
            f"{folder / name} cannot be read: {error.strerror}", "name the run folder of an audit"
        ) from None
