"""Engines that run the SQL: seven verbs are all an engine needs.

The SQL text is the same for every engine. What engines spell differently is kept to three
functions that each engine defines: ``explode(list)``, one row per element, and ``whole_days(from,
to)`` and ``whole_hours(from, to)``, the complete days and hours from an instant to a later one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Protocol, Self

import duckdb

from scanner.config import EMBEDDED, Config
from scanner.errors import ConfigError, EvidenceError
from scanner.reconcile.batch import BATCH_ROWS
from scanner.reconcile.parquet import count_rows, part_paths, private_folder


class Engine(Protocol):
    """Runs SQL over Parquet files; views live as long as the engine.

    ``batch_rows`` is how many accounts and memberships it takes at once. One that ``holds_all``
    takes everything at once, and computes what is defined then and there: nothing changes by what
    is defined later, and no result need be read back from its file.
    """

    batch_rows: int
    holds_all: bool

    def know(self, labels: Iterable[str]) -> None:
        """Learn the few texts that a column of labels may hold; to be told before such a column."""

    def view(self, name: str, paths: Sequence[Path], labels: Sequence[str] = ()) -> None:
        """Make the rows of Parquet files readable under ``name``, replacing what had the name.

        The columns ``labels`` hold no text but those that are known; an engine may count on it.
        """

    def define(self, name: str, sql: str, labels: Sequence[str] = ()) -> None:
        """Make the result of one SELECT readable under ``name``, as ``view`` does with files."""

    def hold(self, name: str, sql: str, labels: Sequence[str] = ()) -> None:
        """Do what ``define`` does, but compute the rows once and hold them."""

    def write(self, name: str, path: Path) -> None:
        """Write the rows of ``name`` to one Parquet file, sorted by all columns from the left."""

    def write_aside(self, name: str, path: Path) -> None:
        """Do what ``write`` does while other work goes on; the file is there after ``settle``.

        What is written is what ``name`` means now, whatever is replaced meanwhile. Waits while too
        much is under way, and raises what went wrong with an earlier one.
        """

    def settle(self) -> None:
        """Return when all that was written aside is there; raise what went wrong with it."""


def open_engine(folder: Path, config: Config, rows: int) -> AbstractContextManager[Engine]:
    """Return the engine that the configuration names, open on the run folder ``folder``.

    ``rows`` is how many people, accounts and memberships there are in the tables. Raises
    ConfigError where a cluster or what is needed to reach it is missing.
    """
    if config.engine == EMBEDDED:
        return DuckDBEngine(folder, config.engine_memory, holds_all=rows <= HELD_ROWS)
    require_engine(config)
    from scanner.reconcile.spark import SparkEngine  # noqa: PLC0415 - needs the extra

    return SparkEngine(folder, config.engine, config.engine_storage)


def require_engine(config: Config) -> None:
    """Raise ConfigError where what the engine needs is not installed."""
    if config.engine != EMBEDDED and find_spec("pyspark") is None:
        raise ConfigError(
            f"engine = {config.engine}: Spark is not installed",
            "install it with: pip install 'ghostscan[spark]'",
        )


_FUNCTIONS = (
    "CREATE MACRO explode(elements) AS unnest(elements)",
    # Microseconds are whole numbers; dividing seconds as floats could lose the last one.
    "CREATE MACRO whole_days(since, until) AS (epoch_us(until) - epoch_us(since)) // 86400000000",
    "CREATE MACRO whole_hours(since, until) AS (epoch_us(until) - epoch_us(since)) // 3600000000",
)
HELD_ROWS = 25_000
"""With no more rows, to plan a query again takes longer than to compute it and hold the result."""
_NOTHING = "FALSE"
"""The condition of what has no rows: joins with it are left out before anything is read."""
_WILD = re.compile(r"[*?\[]")
_READ = "read_parquet([{files}], hive_partitioning = false)"
_LOAD = f"CREATE OR REPLACE TABLE {{name}} AS FROM {_READ}"
_VIEW = f"CREATE OR REPLACE VIEW {{name}} AS {{select}} FROM {_READ} WHERE {{condition}}"
_WRITE = (
    "COPY (SELECT * FROM {name} ORDER BY ALL) TO ? (FORMAT parquet, COMPRESSION zstd, "
    # Ids differ in every row: to collect their values first is work for nothing.
    "COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000)"
)
WRITERS = 2
"""How many results are written beside other work; each keeps in memory what it reads."""
_INSTANT = "FROM instant"
"""Any read of a table makes a transaction see everything as it is then (snapshot isolation)."""
INTERRUPT_SECONDS = 0.05
"""How long what is interrupted may take before it is interrupted again."""


class DuckDBEngine:
    """The embedded engine: in memory, UTC, and able to touch nothing but ``folder``.

    It loads no extension and reaches no network; what does not fit in memory is spilled into
    ``folder/spill``, which is gone when the engine is closed. Use it as a context manager.
    Raises EvidenceError where a file is missing or is not Parquet.
    """

    def __init__(self, folder: Path, memory: str | None = None, *, holds_all: bool = False) -> None:
        """Open the engine on the run folder ``folder``; ``memory`` is a limit such as ``1GiB``.

        With ``holds_all`` every name is a table, else a view, of files or of what is held.
        """
        self.holds_all = holds_all
        self.batch_rows = sys.maxsize if holds_all else BATCH_ROWS
        inside = folder.absolute()
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "temp_directory": str(inside / "spill"),
            },
        )
        # Results are sorted when they are written; keeping an order before that costs memory.
        self._connection.execute("SET preserve_insertion_order = false")
        # No file changes once it is written, and each is read by many queries.
        self._connection.execute("SET parquet_metadata_cache = true")
        if memory is not None:
            self._connection.execute("SET memory_limit = ?", [memory])
        # A name is allowed or not as it is spelled, and then once more as what it means.
        spelled = sorted({str(inside), _literal(inside)})
        self._connection.execute("SET allowed_directories = ?", [spelled])
        self._connection.execute("SET enable_external_access = false")
        for function in _FUNCTIONS:
            self._connection.execute(function)
        self._connection.execute("CREATE TABLE instant (nothing INTEGER)")
        self._aside = [self._connection.cursor() for _ in range(WRITERS)]
        for session in (self._connection, *self._aside):
            session.execute("SET TimeZone = 'UTC'")
            # It would draw on stdout, among the results.
            session.execute("SET enable_progress_bar = false")
        self._connection.execute("SET lock_configuration = true")
        self._defined: dict[str, str] = {}
        self._free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        for session in self._aside:
            self._free.put(session)
        self._writers = ThreadPoolExecutor(WRITERS, "writer")
        self._writing: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._stop_writing()
        self._writers.shutdown()
        for session in (*self._aside, self._connection):
            session.close()

    def know(self, labels: Iterable[str]) -> None:
        """Learn the few texts that a column of labels may hold.

        Such a column is sorted and joined as small numbers, which are in the order of the texts.
        """
        if not self.holds_all:
            listed = ", ".join(_quoted(label) for label in sorted(labels))
            self._connection.execute(f"CREATE TYPE label AS ENUM ({listed})")

    def view(self, name: str, paths: Sequence[Path], labels: Sequence[str] = ()) -> None:
        """Make the rows of Parquet files readable under ``name``, replacing what had the name."""
        files = [file.absolute() for path in paths for file in part_paths(path)]
        listed = ", ".join(_quoted(_literal(file)) for file in files)
        try:
            if self.holds_all:
                self._connection.execute(_LOAD.format(name=name, files=listed))
            else:
                condition = "TRUE" if any(map(count_rows, files)) else _NOTHING
                view = _VIEW.format(
                    name=name, select=_select(labels), files=listed, condition=condition
                )
                self._connection.execute(view)
        except duckdb.Error as error:
            raise EvidenceError(f"table {name} cannot be read: {error}") from None
        self._defined.pop(name, None)

    def define(self, name: str, sql: str, labels: Sequence[str] = ()) -> None:
        """Make the result of one SELECT readable under ``name``, replacing what had the name."""
        if self.holds_all:
            self.hold(name, sql)
        elif self._defined.get(name) != sql:
            self._connection.execute(f"CREATE OR REPLACE VIEW {name} AS {_labelled(sql, labels)}")
            self._defined[name] = sql

    def hold(self, name: str, sql: str, labels: Sequence[str] = ()) -> None:
        """Do what ``define`` does, but compute the rows now and hold them."""
        place = name if self.holds_all else f"held_{name}"
        sql = sql if self.holds_all else _labelled(sql, labels)
        try:
            made = self._connection.execute(f"CREATE OR REPLACE TABLE {place} AS {sql}").fetchone()
        except duckdb.ConversionException as error:
            raise EvidenceError(f"{name} cannot be computed: {error}") from None
        if not self.holds_all:
            condition = _NOTHING if made == (0,) else "TRUE"
            self.define(name, f"FROM held_{name} WHERE {condition}")

    def write(self, name: str, path: Path) -> None:
        """Write the rows of ``name`` to one Parquet file, sorted by all columns from the left."""
        _write(self._connection, name, path)

    def write_aside(self, name: str, path: Path) -> None:
        """Do what ``write`` does, of what ``name`` means now, while other work goes on."""
        self._raise_failed()
        session = self._free.get()
        session.begin()
        session.execute(_INSTANT)
        self._writing.append(self._writers.submit(self._write_aside, session, name, path))

    def settle(self) -> None:
        """Return when all that was written aside is there; raise EvidenceError where it is not."""
        wait(self._writing, return_when=FIRST_EXCEPTION)
        self._raise_failed()

    def _raise_failed(self) -> None:
        ended = [one for one in self._writing if one.done()]
        self._writing = [one for one in self._writing if one not in ended]
        for one in ended:
            one.result()

    def _stop_writing(self) -> None:
        waiting = {one for one in self._writing if not one.cancel()}
        while waiting:
            # One that has not begun yet is not interrupted, so that it is told again.
            for session in self._aside:
                session.interrupt()
            waiting = wait(waiting, INTERRUPT_SECONDS).not_done

    def _write_aside(self, session: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
        try:
            _write(session, name, path)
        finally:
            session.rollback()
            self._free.put(session)


def _literal(path: Path) -> str:
    """Spell a path so that no letter in it stands for others."""
    return _WILD.sub(r"[\g<0>]", str(path))


def _select(labels: Sequence[str]) -> str:
    """Begin a SELECT of all columns, with those of ``labels`` as labels."""
    replaced = ", ".join(f"CAST({one} AS label) AS {one}" for one in labels)
    return f"SELECT * REPLACE ({replaced})" if labels else "SELECT *"


def _labelled(sql: str, labels: Sequence[str]) -> str:
    return f"{_select(labels)} FROM ({sql})" if labels else sql


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _write(session: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    try:
        private_folder(path.parent)
        session.execute(_WRITE.format(name=name), [str(path.absolute())])
        path.chmod(0o600)
    except (OSError, duckdb.Error) as error:
        raise EvidenceError(f"{path} cannot be written: {error}") from None
