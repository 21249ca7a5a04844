"""How fast and how large the rules are, against the same findings made by hand.

Compared is one run over the same Parquet files, each way in a process of its own, in turn: the
first audit of a company whose sources are all complete. Every way has to find the same rows of the
kinds in COMPARED, which are those that hold accounts and memberships against people, in all their
columns. Every way also writes the same rows of EVIDENCE, sorted: whom every account belongs to,
every key that led to somebody and what was last seen of it; a finding that nobody can follow is
none. The others may know the company: which groups are governed, and that records with one number
and one name are one person. ghostscan takes nothing for granted, and bounds every removal in time
besides.
Measured are CPU time (user and system), wall time and the peak of memory (ru_maxrss)
of each process.

    python tests/bench/reconcile.py --accounts 2000000 --rounds 2
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import ParamSpec, TypeVar

import duckdb

from scanner.reconcile.catalogue import load_rules
from scanner.reconcile.engine import DuckDBEngine
from scanner.reconcile.parquet import count_rows
from scanner.reconcile.queries import result_path, run_queries
from tests.bench.estate import Size, draw

P = ParamSpec("P")
R = TypeVar("R")
COMPARED = (
    "ghost_active", "ghost_pending", "orphan_account", "ambiguous_identity", "dormant_account",
    "engagement_expired", "used_after_departure", "leaver_membership", "group_drift",
)  # fmt: skip
EVIDENCE = ("candidates", "situations", "observed_accounts")
INTERNAL = frozenset({"person_number"})
"""What only ghostscan's evidence has: its own number of a person, beside the person's id."""
OURS, BY_HAND, PANDAS = "ghostscan", "by_hand", "with_pandas"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took: seconds of CPU and of the clock, and the peak of memory in MiB."""

    cpu: float
    wall: float
    memory: float


def ghostscan(folder: Path, size: Size, out: Path, memory: str | None = None) -> None:
    """Run the queries and rules of ghostscan, and write the rows to compare below ``out``."""
    rules = [rule for rule in load_rules() if rule.kind in COMPARED]
    with DuckDBEngine(folder, memory) as engine:
        run_queries(engine, folder, size.sources, rules)
    for rule in rules:
        (out / f"{rule.kind}.parquet").symlink_to(result_path(folder, rule.kind))
    (out / "evidence").mkdir()
    for name in EVIDENCE:
        (out / "evidence" / f"{name}.parquet").symlink_to(result_path(folder, name))


def ways() -> Mapping[str, Callable[[Path, Size, Path], None]]:
    """Every way that is installed, ghostscan first."""
    names = [BY_HAND, PANDAS, *(["with_polars"] if find_spec("polars") else [])]
    found = {name: import_module(f"tests.bench.{name}").find for name in names}
    return {OURS: ghostscan, **found}


def differences(own: Path, other: Path) -> list[str]:
    """Name the kinds of findings and the evidence of which ``other`` has not the rows of ``own``.

    ``own`` is what ghostscan wrote; all its columns but the INTERNAL ones are compared.
    """
    every = _files(other)
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET enable_progress_bar = false")
        # How a value is spelled is compared, so that a whole number is one in any type.
        found = [
            kind for kind in COMPARED
            if _differ(connection, _files(own / f"{kind}.parquet"), every, f"kind = '{kind}'")
        ]  # fmt: skip
        return found + [
            name for name in EVIDENCE
            if _differ(connection, _files(own / f"evidence/{name}.parquet"),
                       sorted(map(str, other.glob(f"evidence/{name}*.parquet"))), "TRUE")
        ]  # fmt: skip


def count_findings(own: Path) -> int:
    """Count the findings that ghostscan wrote below ``own``."""
    return sum(
        count_rows(Path(one)) for kind in COMPARED for one in _files(own / f"{kind}.parquet")
    )


def _differ(
    connection: duckdb.DuckDBPyConnection, own: list[str], other: list[str], where: str
) -> bool:
    names = connection.execute("SELECT * FROM read_parquet($own) LIMIT 0", {"own": own}).description
    columns = ", ".join(f"CAST({one[0]} AS VARCHAR)" for one in names if one[0] not in INTERNAL)
    ours = f"SELECT {columns} FROM read_parquet($own)"  # noqa: S608 - names of ours
    theirs = f"SELECT {columns} FROM read_parquet($other) WHERE {where}"  # noqa: S608 - the same
    both = f"({ours} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {ours})"
    return bool(
        connection.execute(f"FROM ({both}) LIMIT 1", {"own": own, "other": other}).fetchall()
    )


def _files(place: Path) -> list[str]:
    """The Parquet file, or those of a folder."""
    return sorted(map(str, place.glob("*.parquet"))) if place.is_dir() else [str(place)]


def measured(way: str, folder: Path, size: Size, out: Path) -> Taken:
    """Run one way in a process of its own."""
    out.mkdir()
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(way, folder, size, out, sender))
    process.start()
    sender.close()
    taken: Taken = receiver.recv()
    process.join()
    return taken


def _measure(way: str, folder: Path, size: Size, out: Path, sender: object) -> None:
    find = ghostscan if way == OURS else import_module(f"tests.bench.{way}").find
    begun = time.perf_counter()
    find(folder, size, out)
    wall = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    taken = Taken(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)
    sender.send(taken)  # type: ignore[attr-defined]  # a Connection, which has no type of its own


def _apart(work: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
    """Do work in a process of its own: a peak of memory is handed on to every later child."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(work, *given, **named).result()


def compare(size: Size, seed: int, rounds: int, names: Sequence[str]) -> dict[str, Taken]:
    """Measure every way ``rounds`` times in turn, and keep the best of each; all must agree."""
    best: dict[str, Taken] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "run"
        _apart(draw, folder, size, seed, history=False)
        for number in range(rounds):
            for name in names:
                taken = measured(name, folder, size, Path(place) / f"{name}{number}")
                _say(f"  {name:12} CPU {taken.cpu:8.1f} s  wall {taken.wall:8.1f} s"
                     f"  memory {taken.memory:7.0f} MiB")  # fmt: skip
                best[name] = min(best.get(name, taken), taken, key=lambda one: one.cpu)
        ours, *others = (Path(place) / f"{name}0" for name in names)
        found = {one.name: _apart(differences, ours, one) for one in others}
        wrong = {name: kinds for name, kinds in found.items() if kinds}
        if wrong:
            raise SystemExit(f"other rows than {names[0]}: {wrong}")
        _say(f"  {count_findings(ours):,} findings, the same from each")
    return best


def main() -> None:
    """Compare at one size, then let ghostscan grow."""
    options = _options()
    size = Size(options.accounts, options.accounts // 10, options.accounts * 5)
    _say(f"seed {options.seed}, DuckDB {duckdb.__version__}, Python {sys.version.split()[0]}")
    names = list(ways())
    if "with_polars" not in names:
        _say("polars is left out: it is not installed (pip install 'ghostscan[bench]')")
    _say(f"{size.accounts:,} accounts, {size.people:,} people, {size.memberships:,} memberships")
    best = compare(size, options.seed, options.rounds, names)
    for name in names[1:]:
        other, own = best[name], best[OURS]
        _say(f"ghostscan / {name}: CPU {own.cpu / other.cpu:.2f}, wall {own.wall / other.wall:.2f},"
             f" memory {own.memory / other.memory:.2f}")  # fmt: skip
    for factor in options.growth:
        grown = size.times(factor)
        _say(f"{grown.accounts:,} accounts")
        taken = compare(grown, options.seed, 1, [OURS])[OURS]
        _say(f"  CPU for each account: {taken.cpu / grown.accounts * 1e6:.1f} microseconds")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--growth", type=float, nargs="*", default=[0.1, 5])
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
