"""Parquet files of a run folder: written once with an explicit schema, private, read by column."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute
from pyarrow.compute import field

from scanner.errors import EvidenceError

Row = Mapping[str, Any]
"""One row of a table: column name to value; instants are aware, in UTC."""

TEXT = pa.string()
TEXTS = pa.list_(pa.string())
INSTANT = pa.timestamp("us", tz="UTC")
Column: TypeAlias = "pa.Field[Any]"


def write_rows(path: Path, columns: Mapping[str, Sequence[Any]], schema: pa.Schema) -> None:
    """Write ``columns`` under ``schema`` to ``path``, readable by the owner only.

    The same columns give the same bytes. Raises EvidenceError if the file cannot be written.
    """
    arrays = [pa.array(columns[column.name], type=column.type) for column in schema]
    table = pa.Table.from_arrays(arrays, schema=schema)
    try:
        private_folder(path.parent)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            pq.write_table(table, file, compression="zstd")
    except OSError as error:
        raise EvidenceError(f"{path} cannot be written: {error.strerror}") from None


def part_paths(path: Path) -> list[Path]:
    """Return the files that hold the rows of ``path``, in order: itself, or those in its folder."""
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def join_rows(parts: Sequence[Path], path: Path) -> None:
    """Move the rows of ``parts``, which have one schema, into ``path``, part after part.

    No more than one row group is in memory. A part that is ``path`` itself stays as it is.
    Raises EvidenceError if a file cannot be read or written.
    """
    if list(parts) == [path]:
        return
    try:
        private_folder(path.parent)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            _copy_rows(parts, file)
        for part in parts:
            part.unlink()
    except (OSError, pa.ArrowException) as error:
        raise EvidenceError(f"{path} cannot be written: {error}") from None


def keep_parts(parts: Sequence[Path], path: Path) -> None:
    """Make ``path`` a folder that holds ``parts`` in their order, replacing what had the name.

    Raises EvidenceError if a file cannot be moved.
    """
    try:
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        private_folder(path)
        for number, part in enumerate(parts):
            part.rename(path / f"{number:06}.parquet")
    except OSError as error:
        raise EvidenceError(f"{path} cannot be written: {error.strerror}") from None


def _copy_rows(parts: Sequence[Path], file: BinaryIO) -> None:
    # A part without a null may say that it can have none.
    schema = pa.schema([one.with_nullable(nullable=True) for one in pq.read_schema(parts[0])])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for part in parts:
            with pq.ParquetFile(part) as rows:
                for group in range(rows.num_row_groups):
                    writer.write_table(rows.read_row_group(group).cast(schema))


def read_rows(path: Path, only: tuple[str, Collection[str]] | None = None) -> Sequence[Row]:
    """Read the rows of ``path``, or of its parts, in file order.

    ``only`` is a column and the values it may have; other rows are left out.
    Raises EvidenceError if the file is missing or is not Parquet.
    """
    chosen = None if only is None else field(only[0]).isin(pa.array(sorted(only[1]), pa.string()))
    try:
        table = pq.read_table(part_paths(path), filters=chosen, partitioning=None)
    except FileNotFoundError:
        raise EvidenceError(f"{path} is missing from the run folder") from None
    except (OSError, pa.ArrowException) as error:
        raise EvidenceError(f"{path} cannot be read as Parquet: {error}") from None
    return table.to_pylist()


def read_batches(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of ``path`` in file order, holding only some of them and ``columns`` of each.

    Raises EvidenceError if the file is missing or is not Parquet.
    """
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=list(columns)):
                yield from batch.to_pylist()
    except FileNotFoundError:
        raise EvidenceError(f"{path} is missing from the run folder") from None
    except (OSError, pa.ArrowException) as error:
        raise EvidenceError(f"{path} cannot be read as Parquet: {error}") from None


def find_rows(
    path: Path, columns: Collection[str], values: Collection[str], shown: Collection[str] = ()
) -> Iterator[Row]:
    """Yield the rows with one of ``values`` in any of ``columns``, texts or lists of texts.

    A row has the ``columns`` and those of ``shown``. Raises EvidenceError if a file is missing or
    is not Parquet.
    """
    wanted = pa.array(sorted(values), pa.string())
    for part in part_paths(path):
        try:
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(columns=[*columns, *shown]):
                    yield from batch.filter(_any_in(batch, columns, wanted)).to_pylist()
        except FileNotFoundError:
            raise EvidenceError(f"{part} is missing from the run folder") from None
        except (OSError, pa.ArrowException) as error:
            raise EvidenceError(f"{part} cannot be read as Parquet: {error}") from None


def _any_in(batch: pa.RecordBatch, columns: Collection[str], wanted: pa.Array[Any]) -> Any:  # noqa: ANN401 - an array of booleans
    """Say of every row whether a column holds a wanted value."""
    places: list[int | None] = []
    for column in (batch.column(name) for name in columns):
        if pa.types.is_list(column.type):
            found = compute.is_in(compute.list_flatten(column), wanted)
            places += compute.list_parent_indices(column).filter(found).to_pylist()
        else:
            places += compute.indices_nonzero(compute.is_in(column, wanted)).to_pylist()
    return compute.is_in(pa.array(range(batch.num_rows)), pa.array(places, pa.int64()))


def distinct_texts(path: Path, columns: Sequence[str]) -> set[str]:
    """Return every text in the text columns ``columns`` of ``path``, or of its parts.

    Raises EvidenceError if a file is missing or is not Parquet.
    """
    texts: set[str | None] = set()
    try:
        for part in part_paths(path):
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(columns=list(columns)):
                    texts.update(*(column.unique().to_pylist() for column in batch.columns))
    except FileNotFoundError:
        raise EvidenceError(f"{path} is missing from the run folder") from None
    except (OSError, pa.ArrowException) as error:
        raise EvidenceError(f"{path} cannot be read as Parquet: {error}") from None
    return {text for text in texts if text is not None}


def count_rows(path: Path) -> int:
    """Count the rows of ``path``; raises EvidenceError if it is missing or is not Parquet."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except FileNotFoundError:
        raise EvidenceError(f"{path} is missing from the run folder") from None
    except (OSError, pa.ArrowException) as error:
        raise EvidenceError(f"{path} cannot be read as Parquet: {error}") from None


def private_folder(path: Path) -> None:
    """Create ``path`` and what is missing above it, open to the owner only."""
    if path.is_dir():
        return
    for folder in (*reversed(path.parents), path):
        folder.mkdir(mode=0o700, exist_ok=True)


def always(name: str, kind: pa.DataType = TEXT) -> Column:
    """Return a column that has a value in every row."""
    return pa.field(name, kind, nullable=False)


def maybe(name: str, kind: pa.DataType = TEXT) -> Column:
    """Return a column that is null where nothing was sent."""
    return pa.field(name, kind)
