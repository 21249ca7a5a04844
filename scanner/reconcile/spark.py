"""The engine for estates beyond one machine: the same SQL on a Spark cluster.

It needs the extra ``ghostscan[spark]`` and a Java runtime. The settings below make Spark read the
SQL as the embedded engine does: ANSI rules, quoted identifiers, UTC, microseconds
(spark.apache.org/docs/latest/sql-ref-ansi-compliance.html).
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scanner.errors import ConfigError, EvidenceError
from scanner.reconcile.parquet import private_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
_FUNCTIONS = tuple(
    f"CREATE OR REPLACE TEMPORARY FUNCTION {name}(since TIMESTAMP, until TIMESTAMP) "
    f"RETURNS BIGINT RETURN (unix_micros(until) - unix_micros(since)) DIV {microseconds}"
    for name, microseconds in (("whole_days", 86_400_000_000), ("whole_hours", 3_600_000_000))
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class SparkEngine:
    """Runs the SQL on the cluster at ``master`` over the Parquet files of ``folder``.

    ``storage`` is a URL below which all workers read and write (``s3a://bucket/prefix``,
    ``hdfs://...``): the tables are copied there and the results back, and what was copied is
    removed when the engine is closed. Without it every worker has to see ``folder`` under its own
    path. Use it as a context manager. Raises ConfigError where Spark or its cluster cannot be had,
    EvidenceError where a file is missing or is not Parquet.
    """

    batch_rows = sys.maxsize
    """All apps at once: dividing the work is what a cluster does."""
    holds_all = False
    """Workers hold what is read often, and nothing besides."""

    def __init__(self, folder: Path, master: str, storage: str | None = None) -> None:
        """Open a session on the cluster; ``master`` is ``spark://host:port``."""
        self._folder = folder.absolute()
        self._spill = self._folder / "spill"
        self._base = f"{storage.rstrip('/')}/{self._folder.name}" if storage else None
        self._session = _open_session(master, self._spill)
        for function in _FUNCTIONS:
            self._session.sql(function)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._spill, ignore_errors=True)
        if self._base is not None:
            recursive = True
            self._files(self._base).delete(self._path(self._base), recursive)
        self._session.stop()

    def know(self, labels: Iterable[str]) -> None:
        """Return; Spark keeps a text as it is."""

    def view(self, name: str, paths: Sequence[Path], labels: Sequence[str] = ()) -> None:  # noqa: ARG002 - labels are texts
        """Make the rows of Parquet files readable under ``name``, replacing what had the name."""
        from pyspark.errors import PySparkException  # noqa: PLC0415 - needs the extra

        urls = [self._share(path.absolute()) for path in paths]
        try:
            self._session.read.parquet(*urls).createOrReplaceTempView(name)
        except PySparkException as error:
            raise EvidenceError(f"table {name} cannot be read: {_first_line(error)}") from None

    def define(self, name: str, sql: str, labels: Sequence[str] = ()) -> None:  # noqa: ARG002 - labels are texts
        """Make the result of one SELECT readable under ``name``, replacing what had the name."""
        self._session.sql(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {sql}")

    def hold(self, name: str, sql: str, labels: Sequence[str] = ()) -> None:  # noqa: ARG002 - labels are texts
        """Do what ``define`` does; what is first read is held on the workers from then on."""
        self._session.sql(sql).persist().createOrReplaceTempView(name)

    def write(self, name: str, path: Path) -> None:
        """Write the rows of ``name`` to one Parquet file, sorted by all columns from the left."""
        from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]  # noqa: PLC0415 - needs the extra, which ships no types
        from pyspark.errors import PySparkException  # noqa: PLC0415 - needs the extra

        rows = self._session.table(name).coalesce(1)
        written = f"{self._base or self._spill.as_uri()}/results/{name}"
        try:
            private_folder(path.parent)
            # Nulls last, as the embedded engine sorts them.
            order = [rows[column].asc_nulls_last() for column in rows.columns]
            rows.sortWithinPartitions(*order).write.mode("overwrite").parquet(written)
            self._fetch(written, path.absolute())
        except (OSError, PySparkException, Py4JJavaError) as error:
            raise EvidenceError(f"{path} cannot be written: {_first_line(error)}") from None

    def write_aside(self, name: str, path: Path) -> None:
        """Write at once; a job of Spark takes every worker."""
        self.write(name, path)

    def settle(self) -> None:
        """Return; everything is written."""

    def _share(self, path: Path) -> str:
        """Return the URL under which the workers read ``path``; copies it where they cannot."""
        if self._base is None:
            return path.as_uri()
        url = f"{self._base}/{path.relative_to(self._folder).as_posix()}"
        source = self._path(path.as_uri())
        delete_source, overwrite = False, True
        self._files(url).copyFromLocalFile(delete_source, overwrite, source, self._path(url))
        return url

    def _fetch(self, written: str, path: Path) -> None:
        """Bring the one file that Spark wrote to ``path``, readable by the owner only."""
        files = self._files(written)
        part = next(
            status.getPath()
            for status in files.listStatus(self._path(written))
            if status.getPath().getName().endswith(".parquet")
        )
        beside = path.with_name(f".{path.name}.fetched")
        delete_source, without_checksum_file = False, True
        target = self._path(beside.as_uri())
        files.copyToLocalFile(delete_source, part, target, without_checksum_file)
        beside.chmod(0o600)
        beside.replace(path)

    def _files(self, url: str) -> Any:  # noqa: ANN401 - an object of the Java process
        context: Any = self._session.sparkContext
        return self._path(url).getFileSystem(context._jsc.hadoopConfiguration())  # noqa: SLF001 - the only way to Hadoop's file systems

    def _path(self, url: str) -> Any:  # noqa: ANN401 - an object of the Java process
        context: Any = self._session.sparkContext
        return context._jvm.org.apache.hadoop.fs.Path(url)  # noqa: SLF001 - the same


def _open_session(master: str, spill: Path) -> SparkSession:
    from pyspark.sql import SparkSession  # noqa: PLC0415 - needs the extra

    builder = SparkSession.builder.master(master).appName("ghostscan")
    # Else Spark makes a folder for tables wherever the command was given.
    warehouse = {"spark.sql.warehouse.dir": (spill / "warehouse").as_uri()}
    for name, value in {**_SETTINGS, **warehouse, **_address(master)}.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as error:  # noqa: BLE001 - Java's failures have no common type here
        raise ConfigError(
            f"engine = {master}: no session could be opened ({_first_line(error)})",
            "is the master running, and is Java installed?",
        ) from None


def _address(master: str) -> dict[str, str]:
    """Let a cluster on this machine call back on loopback only."""
    if urlsplit(master).hostname not in _LOOPBACK:
        return {}
    return {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
