"""How fast, in which batches, and when an app is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectors.base import Traits
from scanner.remediation.outcome import Outcome
from scanner.remediation.plan import Action

ERRORS = frozenset({
    Outcome.STILL_ACTIVE, Outcome.NOT_ATTEMPTED, Outcome.NEEDS_REVIEW, Outcome.FORBIDDEN,
    Outcome.UNSUPPORTED,
})  # fmt: skip
MOST_ERRORS = 3
MOST_OF_ONE_KIND = {Outcome.STILL_ACTIVE: 2, Outcome.FORBIDDEN: 2}


@dataclass(frozen=True, slots=True)
class Clock:
    """What time is to an apply: the present instant in UTC, and waiting some seconds."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]


class Pace:
    """One write at a time, no faster than the vendor takes them."""

    def __init__(self, traits: Traits, clock: Clock) -> None:
        self._between = timedelta(seconds=60 / traits.writes_per_minute)
        self._clock = clock
        self._next_at: datetime | None = None

    def wait(self) -> None:
        """Wait until the next write may leave; what is read after that is not old when it does."""
        now = self._clock.now()
        if self._next_at is not None and now < self._next_at:
            self._clock.sleep((self._next_at - now).total_seconds())

    def note(self) -> None:
        """Count a write that leaves now."""
        self._next_at = self._clock.now() + self._between


class Circuit:
    """Opens when an app does not do what is asked; ``open`` then says why, else it is empty."""

    def __init__(self, traits: Traits) -> None:
        self.open = ""
        self._traits = traits
        self._row: list[Outcome] = []

    def note(self, outcome: Outcome, detail: str) -> None:
        """Count how one action ended."""
        self._row = [*self._row, outcome] if outcome in ERRORS else []
        if detail.startswith("http.401"):
            self.open = "the credentials are not accepted any more"
        elif outcome is Outcome.GONE_AFTER and not self._traits.deletes_user:
            self.open = "it removed an account that was to be deactivated"
        elif len(self._row) >= MOST_ERRORS:
            self.open = f"{len(self._row)} actions in a row failed"
        elif self._same() >= MOST_OF_ONE_KIND.get(outcome, MOST_ERRORS):
            self.open = f"{self._same()} actions in a row ended {outcome}"

    def _same(self) -> int:
        """How many at the end of the row are of one kind."""
        count = 0
        for one in reversed(self._row):
            if one is not self._row[-1]:
                break
            count += 1
        return count


def schedule(
    actions: Sequence[Action], batches: Sequence[int]
) -> Iterator[tuple[str, tuple[Action, ...]]]:
    """Give the batches in the order in which they are done: every app's first action first.

    Each is followed by a look around. The order is the same in a dry run and in the execution.
    """
    waiting: dict[str, list[Action]] = {}
    for action in actions:
        waiting.setdefault(action.app, []).append(action)
    number = 0
    while waiting:
        size = batches[min(number, len(batches) - 1)]
        for app in list(waiting):
            yield app, tuple(waiting[app][:size])
            waiting[app] = waiting[app][size:]
            if not waiting[app]:
                del waiting[app]
        number += 1
