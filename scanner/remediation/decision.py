"""A reviewer's decisions: what makes an orphan, or a match by one fact, plannable at all.

``ghostscan/decisions/1`` is JSON. Whoever writes it by hand needs ``format``, ``run`` and
``decisions`` with ``finding``, ``decision``, ``reviewer`` and ``decided_at``; a review that was
imported says more, so that each decision leads to the workbook it was made in, and that to the run.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scanner.errors import UsageError
from scanner.evidence.canonical import canonical_json, parse_instant
from scanner.model import Answer, Choice

FORMAT: Final = "ghostscan/decisions/1"
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Decision(BaseModel):
    """What one reviewer decided about one finding of one run, by the finding's id.

    ``workbook_sha256`` is the workbook in which it was decided, None where it was written by hand.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    finding: str = Field(pattern=r"^[0-9a-f]{16}$")
    decision: Choice
    reviewer: str = Field(min_length=1)
    decided_at: str
    reason: str = ""
    ticket: str = ""
    workbook_sha256: Digest | None = None

    @property
    def answer(self) -> Answer:
        """What the reviewer said, without the workbook in which they did."""
        return Answer(
            self.finding, self.decision, self.reviewer, self.decided_at, self.reason, self.ticket
        )


class DecisionFile(BaseModel):
    """The whole file. Digests are SHA-256 in hexadecimal, instants RFC 3339 in UTC.

    What has a default is there where the file was made by an import: ``previous`` is the digest of
    the import before, ``questions_sha256`` that of what was asked, ``undecided`` the findings that
    need a decision and have none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["ghostscan/decisions/1"]
    run: str
    decisions: tuple[Decision, ...]
    manifest_sha256: Digest | None = None
    previous: Digest | None = None
    workbook_sha256: Digest | None = None
    questions_sha256: Digest | None = None
    apps: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    imported_at: str | None = None
    imported_by: str | None = None
    tool: str | None = None

    @property
    def content(self) -> bytes:
        """The bytes of the file, as an import writes it."""
        return canonical_json(self.model_dump(mode="json"))


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions about one run by finding, and the digest of the file (None without one)."""

    by_finding: dict[str, Decision]
    sha256: str | None = None


UNDECIDED = Decisions({})


def load_decisions(path: Path, run: str) -> Decisions:
    """Read ``ghostscan/decisions/1`` about ``run``; UsageError says what is wrong with it."""
    try:
        content = path.read_bytes()
        found = parse_decisions(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    if found.run != run:
        raise UsageError(f"{path} is about run {found.run}, not {run}", "review this run")
    return decisions_of(found, content)


def decisions_of(found: DecisionFile, content: bytes) -> Decisions:
    """Give the decisions of a file, and the digest of its bytes."""
    by_finding = {one.finding: one for one in found.decisions}
    return Decisions(by_finding, hashlib.sha256(content).hexdigest())


def parse_decisions(content: bytes) -> DecisionFile:
    """Read a decisions file that nobody vouches for; ValueError says what is wrong with it."""
    try:
        found = DecisionFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{place}: {first['msg']}") from None
    for one in found.decisions:
        try:
            parse_instant(one.decided_at)
        except ValueError as error:
            raise ValueError(f"decided_at: {error}") from None
    if len({one.finding for one in found.decisions}) != len(found.decisions):
        raise ValueError("decides about one finding twice")
    return found
