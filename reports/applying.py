"""The progress of an apply: live on a terminal, plain lines in a log, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from reports.plan import GOOD
from reports.text import visible

LAST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Move:
    """One step: who is being dealt with, how it ended (None: under way), and who is next."""

    app: str
    account: str
    done: int
    total: int
    outcome: str | None = None
    next: str | None = None


class Display(Protocol):
    """Takes every step of an apply."""

    def __call__(self, move: Move) -> None:
        """Show one step."""


class LiveDisplay:
    """Counts, the last actions with their outcomes, the present one and the next."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._ended: list[Move] = []
        self._now: Move | None = None

    def __call__(self, move: Move) -> None:
        """Take the latest step."""
        self._now = move
        if move.outcome is not None:
            self._counts[move.outcome] += 1
            self._ended = [*self._ended, move][-LAST_SHOWN:]

    def __rich__(self) -> Group:
        """Draw it; each line fits on one."""
        return Group(*(Text(line, overflow="ellipsis", no_wrap=True) for line in self._lines()))

    def _lines(self) -> Iterator[str]:
        for move in self._ended:
            mark = "ok" if move.outcome in GOOD else "!!"
            yield f"  {mark}  {_place(move)}  {move.outcome}"
        if self._now is None:
            return
        if self._now.outcome is None:
            yield f"  ..  {_place(self._now)}  read, sent, read back"
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self._counts.items()))
        yield f"{self._now.done} of {self._now.total} done  {counts}"
        if self._now.next is not None:
            yield f"next: {visible(self._now.next, 120)}   (Ctrl-C stops after the present action)"


def _place(move: Move) -> str:
    return f"{visible(move.app, 40)}: {visible(move.account, 120)}"


@contextmanager
def applying_display(console: Console, *, quiet: bool) -> Iterator[Display]:
    """Give the display that suits ``console`` (standard error)."""
    if quiet:
        yield lambda _: None
    elif console.is_terminal:
        shown = LiveDisplay()
        with Live(shown, console=console, refresh_per_second=8, redirect_stdout=False):
            yield shown
    else:
        yield lambda move: _write_line(console, move)


def _write_line(console: Console, move: Move) -> None:
    """One line when an action has ended; no control sequences."""
    if move.outcome is not None:
        line = f"{move.done} of {move.total}  {_place(move)}  {move.outcome}\n"
        console.file.write(line)
        console.file.flush()
