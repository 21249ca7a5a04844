"""The benchmark of the rules compares like with like; how fast is not asserted here."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scanner.reconcile.parquet import count_rows
from tests.bench import by_hand, reconcile, with_pandas
from tests.bench.estate import Size, draw

SIZE = Size(accounts=20_000, people=2_000, memberships=100_000, apps=10)
SEED = 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    print(f"seed {SEED}")  # noqa: T201 - shown where a test fails
    folder = tmp_path_factory.mktemp("bench") / "run"
    draw(folder, SIZE, SEED, history=False)
    return folder


def test_every_way_finds_the_same(folder: Path, tmp_path: Path) -> None:
    """ghostscan, DuckDB by hand and plain pandas agree on every column of 20,000 accounts."""
    ways = {"ours": reconcile.ghostscan, "by_hand": by_hand.find, "pandas": with_pandas.find}
    for name, find in ways.items():
        (tmp_path / name).mkdir()
        find(folder, SIZE, tmp_path / name)
    assert reconcile.differences(tmp_path / "ours", tmp_path / "by_hand") == []
    assert reconcile.differences(tmp_path / "ours", tmp_path / "pandas") == []
    rare = tmp_path / "ours" / "ghost_pending.parquet"
    kinds = [path for path in (tmp_path / "ours").glob("*.parquet") if path != rare]
    assert all(count_rows(path) > 0 for path in kinds)
    assert reconcile.count_findings(tmp_path / "ours") > 1_000


@pytest.mark.parametrize("name", ["000", "evidence/candidates-000"])
def test_one_other_row_is_noticed(folder: Path, tmp_path: Path, name: str) -> None:
    """A way that lacks one row, or has one twice, is told by the name of what it lacks."""
    for way, find in (("ours", reconcile.ghostscan), ("other", by_hand.find)):
        (tmp_path / way).mkdir()
        find(folder, SIZE, tmp_path / way)
    path = tmp_path / "other" / f"{name}.parquet"
    rows = pq.read_table(path)
    first = rows.slice(0, 1)
    for changed in (rows.slice(1), pa.concat_tables([rows, first])):
        pq.write_table(changed, path)
        lacking = first.column("kind")[0].as_py() if "kind" in rows.column_names else "candidates"
        assert reconcile.differences(tmp_path / "ours", tmp_path / "other") == [lacking]


def test_equal_seeds_draw_equal_companies(tmp_path: Path) -> None:
    """A run of the benchmark can be repeated from the seed that it prints."""
    small = Size(accounts=200, people=50, memberships=1_000, apps=2)
    for name, seed in (("one", SEED), ("two", SEED), ("other", SEED + 1)):
        draw(tmp_path / name, small, seed)
    accounts = [
        (tmp_path / name / "tables/accounts/app01.parquet").read_bytes()
        for name in ("one", "two", "other")
    ]
    assert accounts[0] == accounts[1]
    assert accounts[0] != accounts[2]
