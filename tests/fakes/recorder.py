"""A recorder in memory, and a clock that only moves when somebody sleeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from collectors.base import Exchange
from collectors.http import Timing

START = datetime(2026, 11, 1, 9, tzinfo=UTC)


@dataclass
class MemoryRecorder:
    """Keeps exchanges in the order they were recorded."""

    exchanges: list[Exchange] = field(default_factory=list)

    def record(self, exchange: Exchange) -> str:
        """Keep one exchange and give it a path."""
        self.exchanges.append(exchange)
        return f"responses/{len(self.exchanges):04}"

    def open(self, response: str) -> Exchange:
        """Give back an exchange by its path."""
        return self.exchanges[int(response.rpartition("/")[2]) - 1]

    def everything(self) -> str:
        """Give all that would be stored, as one text."""
        return repr(self.exchanges)


@dataclass
class StillTime:
    """Time that stands still except while sleeping; ``slept`` lists every wait in seconds."""

    slept: list[float] = field(default_factory=list)
    seconds: float = 0.0
    chance: float = 0.5

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.seconds += seconds

    @property
    def timing(self) -> Timing:
        """The same time in the form a client takes."""
        return Timing(
            now=lambda: START + timedelta(seconds=self.seconds),
            monotonic=lambda: self.seconds,
            sleep=self.sleep,
            random=lambda: self.chance,
        )
