"""What finished runs came to, and how two of them differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scanner.model.finding import Severity
from scanner.model.movement import Standing
from scanner.model.result import Verdict
from scanner.model.source import State


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """How one source was read in one run: state of users and groups, and how many of each."""

    name: str
    state: State
    groups_state: State
    users: int
    groups: int


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One finished run. ``verdict`` is None for a snapshot, which found nothing and says so.

    ``severities`` counts the findings by severity, most severe first, ``movement`` gives the
    counts of ``findings.json``: opening, new, reopened, persisting, resolved, not_concluded,
    closing.
    """

    run: str
    started_at: datetime
    verdict: Verdict | None
    sources: tuple[SourceFigures, ...]
    severities: tuple[tuple[Severity, int], ...] = ()
    movement: tuple[tuple[str, int], ...] = ()

    @property
    def findings(self) -> int:
        """How many findings the run has."""
        return sum(count for _, count in self.severities)


@dataclass(frozen=True, slots=True)
class Difference:
    """What is different in the later of two audits.

    ``resolved`` were found in the earlier one and not in the later; ``not_concluded`` too, but the
    later one could not say. ``changed`` are found in both with another severity. ``sources`` pairs
    the figures of every source that was read otherwise, None where a run did not have it.
    """

    earlier: RunEntry
    later: RunEntry
    new: tuple[Standing, ...]
    resolved: tuple[Standing, ...]
    not_concluded: tuple[Standing, ...]
    persisting: tuple[Standing, ...]
    changed: tuple[tuple[Standing, Standing], ...]
    sources: tuple[tuple[SourceFigures | None, SourceFigures | None], ...]
