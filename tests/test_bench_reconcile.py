"""The benchmark of the rules compares like with like; how fast is not asserted here."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    """ghostscan, DuckDB by hand and plain pandas agree on every row of 20,000 accounts."""
    ways = {"ours": reconcile.ghostscan, "by_hand": by_hand.find, "pandas": with_pandas.find}
    found = {}
    for name, find in ways.items():
        (tmp_path / name).mkdir()
        find(folder, SIZE, tmp_path / name)
        found[name] = reconcile.rows(tmp_path / name)
    assert found["by_hand"] == found["ours"]
    assert found["pandas"] == found["ours"]
    kinds = {row[0] for row in found["ours"]}
    assert kinds >= {*reconcile.COMPARED} - {"ghost_pending"}
    assert len(found["ours"]) > 1_000


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
