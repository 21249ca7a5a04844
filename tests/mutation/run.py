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
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from scanner.reconcile import catalogue
from tests.mutation.journal import Journal
from tests.mutation.query import Mutant, mutants
from tests.mutation.trial import Trial, companies

HERE = Path(__file__).parent
RECONCILE = Path(catalogue.__file__).parent
SEEDS = 60


def every_mutant(only: str | None = None) -> list[Mutant]:
    """The mutants of every query, or of the queries of one file or folder."""
    found: list[Mutant] = []
    for path in sorted(RECONCILE.glob("*/*.sql")):
        name = path.relative_to(RECONCILE).as_posix()
        if only is None or name.startswith(only):
            found += mutants(name, path.read_text(encoding="utf-8"))
    return found


def explained() -> Mapping[str, str]:
    """Why each known survivor could not be noticed, by its id."""
    text = (HERE / "survivors.toml").read_text(encoding="utf-8")
    return {one["id"]: one["reason"] for one in tomllib.loads(text).get("survivor", [])}


def main() -> int:
    """Try the mutants; 1 where one survives without an explanation."""
    options = _options()
    chosen = every_mutant(options.only)
    made = len(chosen)
    if options.sample and options.sample < made:
        chosen = Random(options.seed).sample(chosen, options.sample)  # noqa: S311 - a sample
    _say(f"queries: {len(chosen)} of {made} mutants, seed {options.seed}")
    with Journal(options.journal) as journal:
        left = _try(chosen, companies(options.companies), journal)
    return 1 if _tell(chosen, left) else 0


def _try(chosen: Sequence[Mutant], names: Sequence[str], journal: Journal) -> list[Mutant]:
    """Try the mutants on one company after the other; return those that none noticed."""
    left = [one for one in chosen if journal.told(one.id, one.sql) is None]
    _say(f"{len(chosen) - len(left)} were noticed before")
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
        _say(f"{company}: {len(before) - len(left)} noticed, {len(left)} left, "
             f"{time.monotonic() - started:.0f} s")  # fmt: skip
    return left


def _tell(chosen: Sequence[Mutant], left: Sequence[Mutant]) -> int:
    """Tell the survivors, and count those that nothing explains."""
    reasons = explained()
    for mutant in left:
        reason = reasons.get(mutant.id, "NOT EXPLAINED")
        _say(f"survived scanner/reconcile/{mutant.file}:{mutant.line}: {mutant.change}")
        _say(f"  {reason}; id = {mutant.id!r}")
    unexplained = sum(one.id not in reasons for one in left)
    _say(f"{len(chosen) - len(left)} killed, {len(left)} survived, "
         f"of these {unexplained} not explained")  # fmt: skip
    return unexplained


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.mutation.run")
    parser.add_argument("--sample", type=int, default=0, help="so many at random, 0 for all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--only", help="a folder or file below scanner/reconcile")
    parser.add_argument("--companies", type=int, default=SEEDS, help="how many seeds to judge")
    parser.add_argument("--journal", type=Path, help="what was killed before and is killed again")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
