"""Is a run folder whole and unaltered. The folder is treated as made by an adversary.

What holding means: every byte is what was sealed, as far as whoever changed it did not also
rebuild the manifest, the sums and the whole chain. Against that, compare ``head`` with a copy
that was deposited elsewhere.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scanner.errors import EvidenceError, IntegrityError
from scanner.evidence.chain import CHAIN, FIRST, RUN, ChainCheck, Event, check_chain, run_number
from scanner.evidence.checkpoint import CHECKPOINTS, read_checkpoints
from scanner.evidence.disk import digest_file, list_folder, printable, read_file
from scanner.evidence.manifest import (
    MANIFEST,
    SUMS,
    FileEntry,
    Manifest,
    parse_manifest,
    sums_bytes,
)
from scanner.evidence.response import RESPONSE, decode_response
from scanner.model import Verdict

REVIEW = "review/"
SEPARATE = ("remediation/", REVIEW)
"""What is written below a run after it was sealed; it is bound to the run by its own digests."""

_MOST_MANIFEST_BYTES = 1 << 28
_LEVEL = (
    "checked by digests and the chain, without a signature: whoever can write here could rebuild "
    "all of it, so compare the head with a copy kept elsewhere"
)


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of checking one run: it is verified where ``problems`` is empty.

    Each problem begins with the name of the file it is about. ``notes`` do not count against
    this run. ``run_verdict`` is None where the manifest cannot be read, and for a snapshot, which
    concludes nothing; ``head`` is the digest of the chain's last line (64 zeros for none).
    """

    run: str
    files_checked: int
    bytes_checked: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    run_verdict: Verdict | None
    head: str


def verify(run_folder: Path) -> Verification:
    """Check every file of a run against its manifest, and the manifest against the chain.

    The chain is ``chain.jsonl`` beside the run folder. Nothing is written and no link is followed.
    Raises EvidenceError where ``run_folder`` is not a folder that can be listed.
    """
    folder = run_folder.absolute().parent.resolve() / run_folder.absolute().name
    present, others = _list(folder)
    manifest, digest, problems = _read_manifest(folder)
    problems += [f"{printable(path)}: is not a regular file" for path in others]
    checked: list[FileEntry] = []
    if manifest is not None:
        checked = [file for file in manifest.files if file.path in present]
        problems += _check_names(manifest, present, others)
        problems += _check_sums(folder, manifest, digest)
        problems += [problem for file in checked for problem in _check_file(folder, file)]
    chain, chain_problems = _read_chain(folder)
    problems += chain_problems
    problems += _check_run(folder.name, chain, manifest, digest)
    problems += _check_kept(folder, chain, manifest)
    return Verification(
        run=folder.name,
        files_checked=len(checked),
        bytes_checked=sum(file.size for file in checked),
        problems=tuple(problems),
        notes=(*chain.notes, *_absent_runs(folder, chain), _LEVEL),
        run_verdict=manifest.verdict if manifest else None,
        head=chain.head,
    )


def _list(folder: Path) -> tuple[set[str], set[str]]:
    if folder.is_symlink():
        raise EvidenceError(f"{folder} is a symbolic link", "name the run folder itself")
    try:
        files, _, others = list_folder(folder)
    except OSError as error:
        raise EvidenceError(
            f"{folder} cannot be read: {error.strerror}", "name a folder such as runs/000001-…"
        ) from None
    sealed = {path for path in files if not path.startswith(SEPARATE)}
    return sealed, set(others)


def _read_manifest(folder: Path) -> tuple[Manifest | None, str, list[str]]:
    """Give the manifest, the digest of its bytes, and what stands in the way of reading it."""
    try:
        content = read_file(folder, MANIFEST, _MOST_MANIFEST_BYTES)
    except OSError as error:
        return None, "", [f"{MANIFEST}: {_reason(error)}"]
    digest = hashlib.sha256(content).hexdigest()
    try:
        return parse_manifest(content), digest, []
    except ValueError as error:
        return None, digest, [f"{MANIFEST}: {error}"]


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "is missing"
    return f"cannot be read: {error.strerror}"


def _check_names(manifest: Manifest, present: set[str], others: set[str]) -> Iterator[str]:
    """Compare the names in the manifest with those on disk and those the sources refer to."""
    listed = {file.path for file in manifest.files}
    for path in sorted(listed - present - others):
        yield f"{path}: is missing"
    for path in sorted(present - listed - {MANIFEST, SUMS}):
        yield f"{printable(path)}: is not in the manifest"
    for path in sorted(set(manifest.responses) - listed):
        yield f"{MANIFEST}: a source refers to {printable(path)}, which is not in the run"


def _check_sums(folder: Path, manifest: Manifest, digest: str) -> Iterator[str]:
    expected = sums_bytes(manifest.files, digest)
    try:
        if read_file(folder, SUMS, len(expected)) != expected:
            yield f"{SUMS}: does not say what {MANIFEST} says"
    except OSError as error:
        yield f"{SUMS}: {_reason(error)}"


def _check_file(folder: Path, file: FileEntry) -> Iterator[str]:
    try:
        size, digest = digest_file(folder, file.path, file.size)
        if size != file.size:
            yield f"{file.path}: has {size} bytes, not the {file.size} that were sealed"
        elif digest != file.sha256:
            yield f"{file.path}: does not have the SHA-256 that was sealed"
        elif file.path.endswith(RESPONSE):
            decode_response(read_file(folder, file.path, file.size))
    except OSError as error:
        yield f"{file.path}: {_reason(error)}"
    except ValueError as error:
        yield f"{file.path}: {error}"


def _read_chain(folder: Path) -> tuple[ChainCheck, list[str]]:
    """Check the chain beside the run folder as a whole, and that no run folder is beyond it."""
    path = folder.parent / CHAIN
    try:
        chain = check_chain(path)
        names = sorted(entry.name for entry in folder.parent.iterdir())
    except (EvidenceError, OSError) as error:
        return ChainCheck((), FIRST, (), ()), [f"{CHAIN}: {error}"]
    if not chain.links and not chain.problems:
        return chain, [f"{CHAIN}: is missing or empty"]
    problems = [f"{CHAIN}: {problem}" for problem in chain.problems]
    problems += [
        f"{CHAIN}: does not know run {name}; lines were removed"
        for name in names
        if RUN.fullmatch(name) and run_number(name) > chain.last_number
    ]
    return chain, problems


def _check_run(run: str, chain: ChainCheck, manifest: Manifest | None, digest: str) -> list[str]:
    """Bind the manifest to the START and END lines of the run that the folder is named after."""
    lines = {link.event: link for link in chain.links if link.run == run}
    problems = [
        f"{CHAIN}: run {printable(run)} has no {event}"
        for event in (Event.START, Event.END)
        if event not in lines
    ]
    end, start = lines.get(Event.END), lines.get(Event.START)
    if end and end.manifest_sha256 != digest:
        problems.append(f"{MANIFEST}: does not have the SHA-256 that {CHAIN} recorded at the end")
    if manifest is None:
        return problems
    if manifest.run != run:
        problems.append(f"{MANIFEST}: is of run {manifest.run!a}, not of {printable(run)}")
    if start and manifest.chain_head != start.digest:
        problems.append(f"{CHAIN}: the START of {run} is not the line that {MANIFEST} names")
    if end and manifest.ended_at != end.at:
        problems.append(f"{CHAIN}: the END of {run} has another time than {MANIFEST}")
    return problems


def _check_kept(folder: Path, chain: ChainCheck, manifest: Manifest | None) -> Iterator[str]:
    """Bind what was not read again to what the run that read it had put down, and to the chain."""
    start = next(
        (one for one in chain.links if one.run == folder.name and one.event is Event.START), None
    )
    if manifest is None or start is None:
        return
    if start.continues is None:
        for source, run in manifest.read_in.items():
            yield f"{MANIFEST}: {source!a} is said to be read by {run!a}, which was not continued"
        return
    try:
        left = read_checkpoints(folder)
    except (OSError, IntegrityError) as error:
        yield f"{CHECKPOINTS}: {error}"
        return
    if start.checkpoint_sha256 not in left.digests:
        yield f"{CHECKPOINTS}: does not hold the line that the START of {folder.name} names"
    kept = {one.reading.source: one for one in left.proved if one.run != folder.name}
    if manifest.read_in != {source: one.run for source, one in kept.items()}:
        yield f"{MANIFEST}: names other sources as read before than {CHECKPOINTS}"
    sealed = set(manifest.files)
    for one in kept.values():
        for file in one.files:
            if file not in sealed:
                yield f"{file.path}: is not as {CHECKPOINTS} recorded it"


def _absent_runs(folder: Path, chain: ChainCheck) -> Iterable[str]:
    """Name the finished runs that are not here; they may be kept elsewhere."""
    for link in chain.links:
        if link.event is Event.END and not (folder.parent / link.run).is_dir():
            yield f"run {link.run} ended, but its folder is not here"
