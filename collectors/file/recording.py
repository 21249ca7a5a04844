"""How a file that was read is recorded, and what a digest beside it tells."""

from __future__ import annotations

from datetime import datetime

from collectors.base import Exchange
from collectors.file.source import ExportFile
from collectors.file.take import SIDECAR, Taken, listed_sha256, take


def exchange_of(
    purpose: str, shown: str, taken: Taken, began_at: datetime, ended_at: datetime
) -> Exchange:
    """Give what is recorded of a file: its bytes, and when it was last changed."""
    modified = "" if taken.modified_at is None else taken.modified_at.isoformat()
    return Exchange(
        purpose=purpose,
        method="READ",
        url=f"file:{shown}",
        status=None,
        headers=(("last-modified", modified),),
        body=taken.content,
        sent_at=began_at,
        received_at=ended_at,
        error=taken.failure.code if taken.failure else None,
    )


def take_sidecar(file: ExportFile) -> tuple[Taken, str | None]:
    """Read the ``.sha256`` file beside an export, and give the digest it tells of it.

    The digest is None where there is no such file, and empty where it tells none, so that it
    agrees with nothing.
    """
    taken = take(file.path.with_name(file.path.name + SIDECAR), sidecar_name(file))
    if taken.modified_at is None:
        absent = taken.failure is not None and taken.failure.code == "file.missing"
        return taken, None if absent else ""
    return taken, listed_sha256(taken.content, file.path.name) or ""


def sidecar_name(file: ExportFile) -> str:
    """Give what the file that tells the SHA-256 of another is called in front of people."""
    return f"{file.shown}{SIDECAR}"


def stated_digests(file: ExportFile, beside: str | None) -> tuple[tuple[str, str], ...]:
    """Give every SHA-256 somebody tells of a file, with who does."""
    stated = (("export.sha256", file.sha256.lower()),) if file.sha256 else ()
    return stated if beside is None else (*stated, (sidecar_name(file), beside))
