"""A reviewer's decisions: what makes an orphan, or a match by one fact, plannable at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scanner.errors import UsageError
from scanner.evidence.canonical import parse_instant


class Decision(BaseModel):
    """What one reviewer decided about one finding of one run, by the finding's id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    finding: str = Field(pattern=r"^[0-9a-f]{16}$")
    decision: Literal["deactivate", "keep"]
    reviewer: str = Field(min_length=1)
    decided_at: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["ghostscan/decisions/1"]
    run: str
    decisions: tuple[Decision, ...]


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
        found = _File.model_validate_json(content)
        for one in found.decisions:
            parse_instant(one.decided_at)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: {place}: {first['msg']}") from None
    except ValueError as error:
        raise UsageError(f"{path}: decided_at: {error}") from None
    if found.run != run:
        raise UsageError(f"{path} is about run {found.run}, not {run}", "review this run")
    by_finding = {one.finding: one for one in found.decisions}
    if len(by_finding) != len(found.decisions):
        raise UsageError(f"{path} decides about one finding twice")
    return Decisions(by_finding, hashlib.sha256(content).hexdigest())
