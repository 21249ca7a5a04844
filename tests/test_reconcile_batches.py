"""Apps in batches: the same evidence and findings, whatever is judged together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scanner.errors import EvidenceError
from scanner.reconcile.batch import Batch, divide
from scanner.reconcile.catalogue import load_rules
from scanner.reconcile.engine import DuckDBEngine
from scanner.reconcile.parquet import (
    always,
    join_rows,
    keep_parts,
    part_paths,
    read_rows,
    write_rows,
)
from scanner.reconcile.queries import run_queries
from tests.bench.estate import Size, draw

SIZE = Size(accounts=3_000, people=500, memberships=15_000, apps=6)
SEED = 41


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estate")
    draw(folder, SIZE, SEED)
    return folder


def judged(drawn: Path, folder: Path, batch_rows: int | None = None) -> dict[str, list[bytes]]:
    """Every result as rows, after judging a copy of the tables in batches, or all held."""
    shutil.copytree(drawn / "tables", folder / "tables")
    with DuckDBEngine(folder, holds_all=batch_rows is None) as engine:
        engine.batch_rows = batch_rows or engine.batch_rows
        run_queries(engine, folder, SIZE.sources, load_rules())
    files = [*(folder / "correlation").glob("*"), *(folder / "tables" / "observed").glob("*")]
    return {file.name: [repr(row).encode() for row in read_rows(file)] for file in files}


def test_batches_change_no_result(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """App by app gives the rows, in the order, that all apps at once give; mirrors cross apps.

    So does holding every result. Large results stay in parts, small ones become one file.
    """
    monkeypatch.setattr("scanner.reconcile.queries.PART_ROWS", 100)
    whole = judged(drawn, tmp_path / "whole", 10**9)
    by_app = judged(drawn, tmp_path / "by_app", 1)
    assert by_app == whole
    assert judged(drawn, tmp_path / "held") == whole
    drift = b"".join(whole["group_drift.parquet"])
    assert b"'mirror'" in drift
    assert b"'mover'" in drift
    for kind in ("ghost_active", "orphan_account", "leaver_membership", "late_deprovisioning"):
        assert whole[f"{kind}.parquet"], kind
    assert not list((tmp_path / "by_app" / "spill").rglob("*.parquet"))
    results = tmp_path / "by_app" / "correlation"
    assert len(part_paths(results / "situations.parquet")) > len(SIZE.app_names)
    assert (results / "app_counts.parquet").is_file()


def test_what_is_no_source_any_more_stays_known(drawn: Path, tmp_path: Path) -> None:
    """Accounts of an app, and people of an HRIS, that are configured no more are kept as seen."""
    shutil.copytree(drawn / "tables", tmp_path / "drawn" / "tables")
    known = {}
    for kind, former in (("accounts", {"person_source": "former_hris"}), ("people", {})):
        path = tmp_path / "drawn" / "tables" / "earlier" / f"{kind}.parquet"
        rows = pq.read_table(path)
        old = {"source": "retired", "first_seen_run": "000000-older", **former}
        gone = [row | old for row in rows.slice(0, 3).to_pylist()]
        pq.write_table(pa.concat_tables([rows, pa.Table.from_pylist(gone, rows.schema)]), path)
        known[kind] = [row for row in read_rows(path) if row["source"] == "retired"]
    whole = judged(tmp_path / "drawn", tmp_path / "whole", 10**9)
    assert judged(tmp_path / "drawn", tmp_path / "by_app", 1) == whole
    assert judged(tmp_path / "drawn", tmp_path / "held") == whole
    for kind, as_seen in known.items():
        kept = [row for row in whole[f"{kind}.parquet"] if b"'retired'" in row]
        assert kept == [repr(row).encode() for row in as_seen]


def test_batches_hold_every_name_once(drawn: Path) -> None:
    """Batches follow each other by name; what an earlier run knew and nobody has now is in one."""
    batches = divide(drawn, SIZE.sources, 6_000)
    names = [name for batch in batches for name in batch.sources]
    assert names == sorted(SIZE.sources)
    assert 1 < len(batches) < len(names)
    for name in (*names, "0", "app99", "zzz"):
        held = [one for one in batches if (one.after or "") < name <= (one.until or "~")]
        assert len(held) == 1
    assert divide(drawn, SIZE.sources, 10**9) == [Batch(tuple(sorted(SIZE.sources)))]


def test_a_batch_may_be_exactly_full(tmp_path: Path) -> None:
    """As many rows as a batch may have are one batch; one row fewer allowed makes two."""
    schema = pa.schema([always("name")])
    for source in ("a", "b"):
        for kind in ("people", "accounts", "memberships"):
            write_rows(tmp_path / f"tables/{kind}/{source}.parquet", {"name": ["x"]}, schema)
    assert [one.sources for one in divide(tmp_path, ("b", "a"), 4)] == [("a", "b")]
    assert [one.sources for one in divide(tmp_path, ("b", "a"), 3)] == [("a",), ("b",)]


def test_batches_grow_with_the_people_that_each_of_them_reads(
    drawn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With so many times more people, a batch may have as many times more rows."""
    usual = divide(drawn, SIZE.sources, 6_000)
    monkeypatch.setattr("scanner.reconcile.batch.BATCH_PEOPLE", 250)
    assert divide(drawn, SIZE.sources, 3_000) == usual
    monkeypatch.setattr("scanner.reconcile.batch.BATCH_PEOPLE", 10_000)
    assert divide(drawn, SIZE.sources, 6_000) == usual


def test_an_app_larger_than_a_batch_is_one_of_its_own(drawn: Path) -> None:
    """Nothing is left out where a single app has more rows than a batch may have."""
    batches = divide(drawn, SIZE.sources, 1)
    assert [one.sources for one in batches if one.sources[0].startswith("app")] == [
        (name,) for name in SIZE.app_names
    ]


def test_parts_stay_in_their_order_and_replace_what_had_the_name(tmp_path: Path) -> None:
    """Rows are read part after part; what was there before, file or folder, is gone."""
    schema = pa.schema([always("name")])
    whole = tmp_path / "out" / "whole.parquet"
    write_rows(whole, {"name": ["old"]}, schema)
    for names in (["b", "c", "a"], ["e", "d"]):
        parts = [tmp_path / "parts" / name for name in names]
        for part in parts:
            write_rows(part, {"name": [part.name]}, schema)
        keep_parts(parts, whole)
        assert [row["name"] for row in read_rows(whole)] == names
        assert [row["name"] for row in read_rows(whole, ("name", names[1:]))] == names[1:]
    with pytest.raises(EvidenceError, match="cannot be written"):
        keep_parts(parts, whole)


def test_parts_become_one_file_in_their_order(tmp_path: Path) -> None:
    """Parts are moved, not copied; one that cannot be read is an error of the evidence."""
    schema = pa.schema([always("name")])
    parts = [tmp_path / "parts" / name for name in ("1", "2", "3")]
    for part, names in zip(parts, (["b"], [], ["a", "c"]), strict=True):
        write_rows(part, {"name": names}, schema)
    whole = tmp_path / "out" / "whole.parquet"
    join_rows(parts, whole)
    assert [row["name"] for row in read_rows(whole)] == ["b", "a", "c"]
    assert whole.stat().st_mode & 0o777 == 0o600
    assert not any(part.exists() for part in parts)
    before = whole.read_bytes()
    join_rows([whole], whole)
    assert whole.read_bytes() == before
    assert pq.read_schema(whole).names == ["name"]
    with pytest.raises(EvidenceError, match="cannot be written"):
        join_rows(parts, tmp_path / "out" / "again.parquet")
