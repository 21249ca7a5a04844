"""A few questions to one source, asked as an audit asks them but with less patience."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from collectors.base import Exchange
from collectors.failure import failure_of
from collectors.http import ONLY_OK, SYSTEM_TIMING, Answer, Target, Timing, Wire
from scanner.errors import SourceError

PATIENCE_SECONDS = 30.0


@dataclass
class _Memory:
    """Keeps the exchanges of one inquiry and forgets them with it."""

    exchanges: list[Exchange] = field(default_factory=list)

    def record(self, exchange: Exchange) -> str:
        self.exchanges.append(exchange)
        return ""


class Inquiry:
    """A read-only connection to one source that stores nothing; to be closed after use."""

    def __init__(self, target: Target, timing: Timing = SYSTEM_TIMING) -> None:
        self.failure: SourceError | None = None
        self._source = target.source
        self._memory = _Memory()
        # A handful of requests needs no pacing.
        self._wire = Wire(replace(target, requests_per_minute=None), self._memory, timing)

    @property
    def requests(self) -> int:
        """How many requests were sent, tries included."""
        return self._wire.requests

    @property
    def status(self) -> int | None:
        """The status of the latest answer, None where none came."""
        return self._memory.exchanges[-1].status if self._memory.exchanges else None

    @property
    def answered(self) -> bool:
        """Whether the server ever answered anything."""
        return any(one.status is not None for one in self._memory.exchanges)

    def deviations(self) -> tuple[str, ...]:
        """Give what was odd about the answers as such."""
        return self._wire.deviations()

    async def get(
        self,
        path: str,
        params: Mapping[str, str],
        purpose: str,
        accept: frozenset[int] = ONLY_OK,
    ) -> Answer:
        """GET ``path`` below the base URL with tries and waits, for 30 seconds at most.

        Raises SourceError where no whole answer came or its status is not in ``accept``; the
        latest one stays in ``failure``.
        """
        before = len(self._memory.exchanges)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._wire.get(path, params, purpose, accept)
        except TimeoutError:
            self.failure = self._too_slow(before)
        except SourceError as error:
            self.failure = error
        raise self.failure

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    def _too_slow(self, before: int) -> SourceError:
        """What the last try came to, or that there was no answer at all."""
        tried = self._memory.exchanges[before:]
        failure = failure_of(self._source, tried[-1]) if tried else None
        return failure or SourceError(
            self._source,
            "read.timeout",
            f"no answer within {PATIENCE_SECONDS:.0f} seconds",
            "an audit waits for timeout_seconds; is the server always this slow?",
        )
