"""Tries wrong versions of the reconciler's queries and functions; fails where one is not noticed.

``python -m tests.mutation.run queries|functions [--sample N] [--seed S] [--only NAME]``. A wrong
query judges the golden company and companies made up from seeds: what it says has to differ from
what was planted or from what the plain second implementation says. A wrong function has to fail a
test. What nothing notices has to stand in ``survivors.toml``, with the reason why nobody could.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from tests.mutation import functions, query
from tests.mutation.journal import Journal
from tests.mutation.survivors import Survivor, say, tell
from tests.mutation.trial import Trial, companies, fails_a_test

SEEDS = 60
Any = TypeVar("Any")


def main() -> int:
    """Try the mutants; 1 where one survives without an explanation."""
    options = _options()
    with Journal(options.journal) as journal:
        unexplained = _HALVES[options.half](options, journal)
    return 1 if unexplained else 0


def _queries(options: argparse.Namespace, journal: Journal) -> int:
    chosen = _chosen("queries", query.every_mutant(options.only), attrgetter("id"), options)
    left = _try(chosen, companies(options.companies), journal)
    left = [one for one in left if not _fails(one, journal)]
    return tell(len(chosen), [
        Survivor(one.id, f"scanner/reconcile/{one.file}:{one.line}: {one.change}") for one in left
    ])  # fmt: skip


def _fails(mutant: query.Mutant, journal: Journal) -> bool:
    """Whether a test of its own kind notices what no company did."""
    by = fails_a_test(mutant, functions.selection("queries")[mutant.file.partition("/")[0]])
    if by is not None:
        journal.tell(mutant.id, mutant.sql, by)
    return by is not None


def _functions(options: argparse.Namespace, journal: Journal) -> int:
    chosen = _chosen("functions", functions.every_mutant(options.only), attrgetter("name"), options)
    return tell(len(chosen), functions.attempt(chosen, journal))


_HALVES = {"queries": _queries, "functions": _functions}


def _chosen(
    what: str, made: list[Any], name: Callable[[Any], str], options: argparse.Namespace
) -> list[Any]:
    """Draw a sample where one is asked for, and say so.

    Whether a mutant is drawn depends on its name and the seed, so that a change of one query or
    function leaves the mutants of the others in the sample or out of it.
    """
    chosen = made
    if options.sample and options.sample < len(made):
        chosen = sample(made, name, options.sample, options.seed)
    say(f"{what}: {len(chosen)} of {len(made)} mutants, seed {options.seed}")
    return chosen


def sample(made: list[Any], name: Callable[[Any], str], count: int, seed: int) -> list[Any]:
    """Draw ``count`` of the mutants by their names."""
    return sorted(made, key=lambda one: sha256(f"{seed} {name(one)}".encode()).digest())[:count]


def _try(
    chosen: Sequence[query.Mutant], names: Sequence[str], journal: Journal
) -> list[query.Mutant]:
    """Try the mutants on one company after the other; return those that none noticed."""
    left = [one for one in chosen if journal.told(one.id, one.sql) is None]
    started = time.monotonic()
    for company in names if left else ():
        with tempfile.TemporaryDirectory() as folder:
            trial, before = Trial(company, Path(folder)), left
            left = []
            for mutant in before:
                by = trial.noticed_by(mutant)
                if by is None:
                    left.append(mutant)
                else:
                    journal.tell(mutant.id, mutant.sql, by)
        say(f"{company}: {len(before) - len(left)} noticed, {len(left)} left, "
            f"{time.monotonic() - started:.0f} s")  # fmt: skip
    return left


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.mutation.run")
    parser.add_argument("half", choices=sorted(_HALVES))
    parser.add_argument("--sample", type=int, default=0, help="so many at random, 0 for all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--only", help="a folder or file of queries, or a module of functions")
    parser.add_argument("--companies", type=int, default=SEEDS, help="how many seeds to judge")
    parser.add_argument("--journal", type=Path, help="what was noticed before is not tried again")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
