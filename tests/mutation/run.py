"""Tries wrong versions of the reconciler's queries; fails where one is not noticed.

``python -m tests.mutation.run [--sample N] [--seed S] [--only rules/ghost_active.sql]``. Every
mutant judges the golden company and companies made up from seeds; what it says has to differ from
what was planted or from what the plain second implementation says. A mutant that nothing notices
has to stand in ``survivors.toml``, with the reason why nobody could notice it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from unittest import mock

import duckdb

from scanner.errors import GhostscanError
from scanner.reconcile import catalogue, queries
from tests.fakes.generated_company import generate
from tests.fakes.golden_company import golden
from tests.fakes.reconciled import Past, differences, reconcile_newest, reconcile_past
from tests.mutation.query import Mutant, mutants
from tests.plain.company import History
from tests.plain.judge import Answer, judge

HERE = Path(__file__).parent
RECONCILE = Path(catalogue.__file__).parent
GOLDEN_PEOPLE = 80
"""Enough for one of each case."""
SEEDS = 60


@dataclass(frozen=True)
class Example:
    """A company and what is right about it."""

    history: History
    right: Answer
    past: Past | None = None
    """Of the company that is tried first: its earlier runs, by the queries as they are."""


def examples() -> list[Example]:
    """The golden company, then companies from seeds, those with the most to find first."""
    histories = [golden(GOLDEN_PEOPLE)[0], *(generate(seed) for seed in range(SEEDS))]
    every = [Example(one, judge(one)) for one in histories]
    return sorted(every, key=lambda one: -len(one.right.findings))


def every_mutant(only: str | None = None) -> list[Mutant]:
    """The mutants of every query, or of the queries of one file or folder."""
    found: list[Mutant] = []
    for path in sorted(RECONCILE.glob("*/*.sql")):
        name = path.relative_to(RECONCILE).as_posix()
        if only is None or name.startswith(only):
            found += mutants(name, path.read_text(encoding="utf-8"))
    return found


def noticed(mutant: Mutant, first: Example, known: Sequence[Example]) -> bool:
    """Whether any of the companies is judged otherwise, or no longer at all.

    Most mutants show in the newest run of ``first`` alone, which is quicker than all its runs.
    """
    with _in_place(mutant):
        return any(_is_wrong(one) for one in (first, *known))


def _is_wrong(one: Example) -> bool:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        try:
            past = one.past or reconcile_past(one.history, folder)
            return bool(differences(reconcile_newest(one.history, folder, past), one.right))
        except (GhostscanError, duckdb.Error, LookupError, TypeError, ValueError):
            return True


@contextmanager
def _in_place(mutant: Mutant) -> Iterator[None]:
    """Let the reconciler read the mutant instead of its file."""
    read = catalogue.read_query

    def read_mutant(name: str) -> str:
        return mutant.sql if mutant.file.endswith(f"/{name}.sql") else read(name)

    with (
        mock.patch.object(catalogue, "read_query", read_mutant),
        mock.patch.object(queries, "read_query", read_mutant),
    ):
        yield


def explained() -> Mapping[str, str]:
    """Why each known survivor could not be noticed, by its id."""
    text = (HERE / "survivors.toml").read_text(encoding="utf-8")
    return {one["id"]: one["reason"] for one in tomllib.loads(text).get("survivor", [])}


def main() -> int:
    """Try the mutants; 1 where one survives without an explanation."""
    options = _options()
    known = examples()
    chosen = every_mutant(options.only)
    if options.sample and options.sample < len(chosen):
        chosen = Random(options.seed).sample(chosen, options.sample)  # noqa: S311 - a sample
    _say(f"seed {options.seed}: {len(chosen)} mutants, {len(known)} companies")
    with tempfile.TemporaryDirectory() as folder:
        past = reconcile_past(known[0].history, Path(folder))
        first = replace(known[0], past=past)
        unexplained = _try(chosen, first, known[: options.companies])
    return 1 if unexplained else 0


def _try(chosen: Sequence[Mutant], first: Example, known: Sequence[Example]) -> int:
    """Try every mutant, tell the survivors, and count those that nothing explains."""
    reasons = explained()
    started, killed, unexplained = time.monotonic(), 0, 0
    for number, mutant in enumerate(chosen, start=1):
        if number % 25 == 0:
            _say(f"after {number} of {len(chosen)}, {time.monotonic() - started:.0f} s")
        if noticed(mutant, first, known):
            killed += 1
            continue
        reason = reasons.get(mutant.id)
        unexplained += reason is None
        where = f"scanner/reconcile/{mutant.file}:{mutant.line}"
        _say(f"survived {where}: {mutant.change}")
        _say(f"  {reason or 'NOT EXPLAINED'}; id = {mutant.id!r}")
    survived = len(chosen) - killed
    _say(f"{killed} killed, {survived} survived, of these {unexplained} not explained")
    return unexplained


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.mutation.run")
    parser.add_argument("--sample", type=int, default=0, help="so many at random, 0 for all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--only", help="a folder or file below scanner/reconcile")
    parser.add_argument("--companies", type=int, default=SEEDS + 1, help="how many to judge")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
