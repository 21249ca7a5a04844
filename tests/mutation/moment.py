"""What every query of the reconciler read and gave, in every run of made-up companies."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest import mock

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from scanner.config import Config
from scanner.reconcile import judge as judging
from scanner.reconcile.engine import DuckDBEngine, Engine
from scanner.reconcile.judge import Conclusions
from tests.fakes.reconciled import Past, advance
from tests.mutation.query import DIALECT
from tests.plain.company import History

Table = pa.Table


@dataclass(frozen=True)
class Step:
    """One query as it was run: what it read, by name, and what it gave, sorted by all columns."""

    sql: str
    read: Mapping[str, Table]
    gave: Table


@dataclass(frozen=True)
class Moment:
    """One run of one company: the past it began with and its queries in the order of running."""

    company: str
    history: History
    number: int
    past: Past = field(repr=False)
    steps: Mapping[str, Step] = field(repr=False)
    concluded: Conclusions | None = field(repr=False)
    """None of a run that is no audit."""

    @property
    def name(self) -> str:
        """The company and the run, as one reads it."""
        return f"{self.company}, run {self.number + 1}"


def moments(company: str, history: History, folder: Path) -> list[Moment]:
    """Run every run of a history below ``folder`` and remember what its queries did."""
    made: list[Moment] = []
    past = Past()
    for number, run in enumerate(history.runs):
        steps: dict[str, Step] = {}
        with mock.patch.object(judging, "open_engine", _opener(steps)):
            after, concluded = advance(history, run, folder, past)
        made.append(Moment(company, history, number, past, steps, concluded))
        past = after
    return made


def _opener(steps: dict[str, Step]) -> Any:  # noqa: ANN401 - a function
    def open_recorder(folder: Path, config: Config, _: int) -> AbstractContextManager[Engine]:
        return Recorder(DuckDBEngine(folder, config.engine_memory, holds_all=True), steps)

    return open_recorder


class Recorder:
    """The embedded engine, telling ``steps`` of every query that it is given."""

    def __init__(self, engine: DuckDBEngine, steps: dict[str, Step]) -> None:
        """Begin with nothing readable."""
        self._engine, self._steps = engine, steps
        self._tables: dict[str, Table] = {}
        self.batch_rows, self.holds_all = engine.batch_rows, engine.holds_all

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._engine.__exit__(kind, error, trace)

    def know(self, labels: Iterable[str]) -> None:
        """Return; what is remembered are texts."""

    def view(self, name: str, paths: Sequence[Path], labels: Sequence[str] = ()) -> None:  # noqa: ARG002 - labels are texts
        """Make files readable."""
        self._engine.view(name, paths)
        self._tables.pop(name, None)

    def define(self, name: str, sql: str, labels: Sequence[str] = ()) -> None:  # noqa: ARG002 - labels are texts
        """Run a query at once, and remember what it read and gave."""
        read = {table: self._rows(table) for table in tables_of(sql)}
        self._engine.hold(name, sql)
        self._tables.pop(name, None)
        # A batch narrows what it reads to its own rows under the same name.
        if f"every_{name}" not in read:
            self._steps[name] = Step(sql, read, self._rows(name))

    def hold(self, name: str, sql: str, labels: Sequence[str] = ()) -> None:  # noqa: ARG002 - labels are texts
        """Do what ``define`` does; everything is held."""
        self.define(name, sql)

    def write(self, name: str, path: Path) -> None:
        """Write rows to a file."""
        self._engine.write(name, path)

    def write_aside(self, name: str, path: Path) -> None:
        """Write rows to a file, at once."""
        self._engine.write(name, path)

    def settle(self) -> None:
        """Everything is written already."""

    def _rows(self, name: str) -> Table:
        if name not in self._tables:
            self._tables[name] = sorted_rows(self._engine._connection, f"FROM {name}")
        return self._tables[name]


def sorted_rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Table:
    """What a query gives, sorted by all columns."""
    with warnings.catch_warnings():
        # What it says is that other ways are quicker; on a few rows none is.
        warnings.simplefilter("ignore")
        rows = connection.execute(f"FROM ({sql}) ORDER BY ALL").to_arrow_table()
    assert rows is not None
    return rows


@cache
def tables_of(sql: str) -> frozenset[str]:
    """The names of everything that a query reads."""
    whole = sqlglot.parse_one(sql, dialect=DIALECT)
    made = {one.alias for one in whole.find_all(exp.CTE)}
    return frozenset(one.name for one in whole.find_all(exp.Table)) - made
