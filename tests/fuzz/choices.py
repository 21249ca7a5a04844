"""Bytes as a row of choices, so that a fuzzer that changes a byte changes one decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Takes bytes from the front; where they have run out, every choice is the first option."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def pick(self, options: Sequence[T]) -> T:
        """Choose one option by the next byte."""
        number = self._rest[0] if self._rest else 0
        self._rest = self._rest[1:]
        return options[number % len(options)]

    def line(self) -> str:
        """Take what stands up to the next line feed, each byte one character."""
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("latin-1")

    def rest(self) -> bytes:
        """Take all that is left."""
        rest, self._rest = self._rest, b""
        return rest
