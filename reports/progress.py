"""The progress of a reading: live on a terminal, plain lines in a log, or nothing.

Names of sources are shown with every control character visible, and are never read as markup.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from reports.text import visible
from reports.words import STATES
from scanner.model import Progress, State

Clock = Callable[[], float]
"""Seconds that only grow, such as ``time.monotonic``."""

_PLAIN_STEP = 5000


@dataclass(frozen=True, slots=True)
class _Reading:
    """The latest step of one source, and when its phase began."""

    step: Progress
    began: float
    now: float

    @property
    def rate(self) -> int:
        """Records per second since the phase began; zero while no time has passed."""
        passed = self.now - self.began
        return int(self.step.received / passed) if passed > 0 else 0

    @property
    def amount(self) -> str:
        """How many of how many."""
        of = "" if self.step.total is None else f" of {self.step.total:,}"
        return f"{self.step.received:,}{of}"

    @property
    def word(self) -> str:
        """What the source is doing, or how its reading ended."""
        return STATES[self.step.state] if self.step.state else "reading"


def _next(before: _Reading | None, step: Progress, now: float) -> _Reading:
    same = before is not None and before.step.phase == step.phase
    return _Reading(step, before.began if before is not None and same else now, now)


class LiveProgress:
    """A live display of every source being read; a progress listener and a context manager.

    ``console`` should write to standard error; ``clock`` gives growing seconds.
    """

    def __init__(self, console: Console, clock: Clock) -> None:
        self._clock = clock
        self._readings: dict[str, dict[str, _Reading]] = {}
        self._live = Live(
            console=console, get_renderable=self._table, refresh_per_second=8, redirect_stdout=False
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Draw the last state and leave it standing."""
        self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Take the latest step of one source."""
        phases = self._readings.setdefault(progress.source, {})
        before = phases.get(progress.phase)
        phases[progress.phase] = _next(before, progress, self._clock())

    def _table(self) -> Table:
        """One row a source; a phase that has ended keeps its state beside the next one."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        table.add_column(overflow="fold", max_width=24)
        for _ in range(max((len(phases) for phases in self._readings.values()), default=0)):
            table.add_column(justify="right", no_wrap=True)
            table.add_column(no_wrap=True)
        for source, phases in list(self._readings.items()):
            cells = [cell for reading in list(phases.values()) for cell in _cells(reading)]
            table.add_row(Text(visible(source, 60)), *cells)
        return table


def _cells(reading: _Reading) -> tuple[Text, Text]:
    """What was read of a phase, and how it stands; a rate only while it is being read."""
    step = reading.step
    amount = Text(f"{visible(step.phase, 16)} {reading.amount}")
    if step.state is None:
        rate = f" {reading.rate:,}/s" if reading.rate else ""
        return amount, Text(f"{reading.word}{rate}", style=_state_style(None))
    return amount, Text(reading.word, style=_state_style(step.state))


def _state_style(state: State | None) -> str:
    if state is None:
        return "dim"
    return "green" if state is State.COMPLETE else "bold yellow"


class PlainProgress:
    """Progress as plain lines, for logs and pipes; a progress listener and a context manager.

    One line when a source begins a phase and when its state is known, and one every few thousand
    records between; no control sequences.
    """

    def __init__(self, stream: IO[str], clock: Clock) -> None:
        self._stream = stream
        self._clock = clock
        self._readings: dict[str, _Reading] = {}
        self._written: dict[str, int] = {}

    def __enter__(self) -> Self:
        """Nothing is written before the first step."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is left to write."""

    def __call__(self, progress: Progress) -> None:
        """Write the step if it says enough."""
        before = self._readings.get(progress.source)
        reading = _next(before, progress, self._clock())
        self._readings[progress.source] = reading
        if before is None or before.step.phase != progress.phase:
            self._write(reading)
            return
        ends = progress.state is not None and (before is None or before.step.state is None)
        far = progress.received - self._written[progress.source] >= _PLAIN_STEP
        if ends or far:
            self._write(reading)

    def _write(self, reading: _Reading) -> None:
        step = reading.step
        self._written[step.source] = step.received
        rate = f", {reading.rate:,}/s" if reading.rate else ""
        line = f"{visible(step.source)}: {visible(step.phase)} {reading.amount}{rate}"
        self._stream.write(f"{line}, {reading.word}\n")
        self._stream.flush()


class SilentProgress:
    """No progress at all, for ``--quiet`` and ``--json``."""

    def __enter__(self) -> Self:
        """Nothing is shown."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing was shown."""

    def __call__(self, progress: Progress) -> None:
        """Show nothing."""


def progress_display(
    console: Console, clock: Clock, *, quiet: bool
) -> LiveProgress | PlainProgress | SilentProgress:
    """Return the display that suits ``console`` (standard error): live, plain lines or none."""
    if quiet:
        return SilentProgress()
    if console.is_terminal:
        return LiveProgress(console, clock)
    return PlainProgress(console.file, clock)
