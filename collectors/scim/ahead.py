"""Requests sent before their turn, so that several are under way at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from collectors.http import Answer
from scanner.errors import SourceError

Get = Callable[[int], Coroutine[Any, Any, Answer]]


class Ahead:
    """Pages under way by the index they start at, at most ``limit`` at once.

    Every request that was sent is waited for, so that every answer is recorded.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tasks: dict[int, asyncio.Task[Answer]] = {}

    def send(self, start: int, get: Get) -> None:
        """Send for a page, unless that was done before or enough are under way."""
        under_way = sum(not task.done() for task in self._tasks.values())
        if start not in self._tasks and under_way < self._limit:
            self._tasks[start] = asyncio.ensure_future(get(start))

    def take(self, start: int, get: Get) -> Awaitable[Answer]:
        """Give the answer of a page, sending for it now where that was not done before."""
        return self._tasks.pop(start, None) or get(start)

    async def aclose(self) -> None:
        """Wait for what nobody took; raises what is no fault of the server."""
        if not self._tasks:
            return
        answers = await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, SourceError):
                raise answer
