"""Whether a wrong version of a query is noticed, by the cheapest example that can notice it.

A mutant is run alone first, over what its query read in each run of each company; where its rows
differ, so are the queries behind it, in that run and in those after it. The rows of a rule are what
is found, and those of some other queries are compared with the second implementation row by row:
where such a row is another one, the mutant is noticed. A few more results are read by Python, to
word a finding; where only those differ, the audit is made again with the mutant in place. What
differs in none of these cannot change what is concluded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from threading import Timer
from unittest import mock

import duckdb

from scanner.reconcile import catalogue, queries
from scanner.reconcile.engine import _FUNCTIONS as FUNCTIONS
from scanner.reconcile.observation import OBSERVED
from tests.fakes.doubled_company import doubled
from tests.fakes.generated_company import generate
from tests.fakes.golden_company import golden
from tests.fakes.moving_company import moving
from tests.fakes.reconciled import advance, differences, reconciled
from tests.fakes.tangled_company import tangled
from tests.mutation.moment import Moment, Step, Table, moments, sorted_rows
from tests.mutation.query import Mutant
from tests.plain.company import History
from tests.plain.judge import judge

GOLDEN = "golden"
GOLDEN_PEOPLE = 80
"""Enough for one of each case."""
SECONDS = 20.0
"""After so long a query is taken for one that never ends."""
COMPARED = frozenset({"situations", "app_counts", "people_counts", "timeliness_counts"})
"""What the second implementation says too, besides the findings."""
ROOT = Path(__file__).parents[2]
VARIABLE = "GHOSTSCAN_MUTANT"
READ = frozenset({"entitlement_groups", "named_groups", "withheld_groups"})
"""What Python reads besides, and whose meaning the second implementation knows."""
WORDED = frozenset({"candidates", "match_counts", "observed_accounts", "observed_people"})
"""What shows only in the words of a finding: those of the golden company stand in a file."""
EARLIER = {name: name.replace("observed", "earlier") for name in OBSERVED}
"""What a run observed, and what the next one calls it."""


_OPENING = (
    *FUNCTIONS,
    "SET TimeZone = 'UTC'",
    # To plan a query on a few rows takes longer than to run it as it is written.
    "PRAGMA disable_optimizer",
)


class Trial:
    """The runs of one company, as they go with the queries as they are."""

    def __init__(self, company: str, folder: Path) -> None:
        """Run the company below ``folder``."""
        self._moments = moments(company, made(company), folder / company)
        self._connection = duckdb.connect(":memory:")
        for statement in _OPENING:
            self._connection.execute(statement)
        for moment in self._moments:
            self._load(moment)
        # A rule that finds something twice is wrong as well.
        self._kinds = frozenset(rule.kind for rule in catalogue.load_rules())
        self._compared = COMPARED | self._kinds
        self._read = READ | WORDED if company == GOLDEN else READ

    def _load(self, moment: Moment) -> None:
        """Hold what was read in a run as tables of a schema of its own."""
        self._connection.execute(f"CREATE SCHEMA {_schema(moment)}")
        read = {name: table for step in moment.steps.values() for name, table in step.read.items()}
        for name, table in read.items():
            self._connection.register("given", table)
            self._connection.execute(f"CREATE TABLE {_schema(moment)}.{name} AS FROM given")
        self._connection.unregister("given")

    def noticed_by(self, mutant: Mutant) -> str | None:
        """Name the run that goes otherwise with ``mutant``; None where none does."""
        doubtful = []
        for moment in reversed(self._moments):
            try:
                reached = self._reached(moment, mutant)
            except duckdb.Error:
                return moment.name
            if reached & self._compared:
                return moment.name
            if moment.concluded is not None and reached & self._read:
                doubtful.append(moment)
        return next((one.name for one in doubtful if judged_otherwise(one, mutant)), None)

    def _reached(self, moment: Moment, mutant: Mutant) -> frozenset[str]:
        """Name the results that differ in this run, or are compared in a later one and differ."""
        reached: frozenset[str] = frozenset()
        other: dict[str, Table] = {}
        for later in self._moments[moment.number :]:
            other = self._differing(later, mutant, other)
            reached |= other.keys() if later is moment else other.keys() & self._compared
            if reached & self._compared:
                break
            other = {
                EARLIER[name]: other[name]
                for name in other.keys() & EARLIER.keys()
                if _other_rows(other[name], later.steps[name].gave)
            }
            if not other:
                break
        return reached

    def _differing(
        self, moment: Moment, mutant: Mutant, earlier: Mapping[str, Table]
    ) -> dict[str, Table]:
        """Run the mutant and what is behind it; give the results that are other ones.

        The first of those that are compared ends it.
        """
        other = dict(earlier)
        name = Path(mutant.file).stem
        for query, step in moment.steps.items():
            if query != name and not step.read.keys() & other.keys():
                continue
            rows = self._rows(moment, step, mutant.sql if query == name else step.sql, other)
            if _same(rows, step.gave):
                continue
            if query not in self._compared:
                other[query] = rows
            elif query in self._kinds or _other_rows(rows, step.gave):
                return {query: rows}
        return {query: rows for query, rows in other.items() if query in moment.steps}

    def _rows(self, moment: Moment, step: Step, sql: str, other: Mapping[str, Table]) -> Table:
        changed = step.read.keys() & other.keys()
        for name in changed:
            self._connection.register(name, other[name])
        stop = Timer(SECONDS, self._connection.interrupt)
        stop.start()
        try:
            self._connection.execute(f"USE {_schema(moment)}")
            return sorted_rows(self._connection, sql)
        finally:
            stop.cancel()
            for name in changed:
                self._connection.unregister(name)


def _schema(moment: Moment) -> str:
    return f"run_{moment.number}"


def companies(seeds: int) -> list[str]:
    """Name the golden company and those of so many seeds, the ones with most to find first.

    A fifth of these stand beside themselves as well, and as many are companies of people who move,
    and as many are tangled ones.
    """
    numbers = sorted(range(seeds), key=lambda seed: -len(judge(generate(seed)).findings))
    twice = [f"doubled {seed}" for seed in numbers[: seeds // 5]]
    moved = [f"moving {seed}" for seed in range(seeds // 5)]
    mixed = [f"tangled {seed}" for seed in range(seeds // 5)]
    return [GOLDEN, *twice, *moved, *mixed, *(f"seed {seed}" for seed in numbers)]


def made(company: str) -> History:
    """Make the company of a name."""
    if company == GOLDEN:
        return golden(GOLDEN_PEOPLE)[0]
    kind, seed = company.split()
    return _KINDS[kind](int(seed))


_KINDS: Mapping[str, Callable[[int], History]] = {
    "seed": generate,
    "doubled": lambda seed: doubled(generate(seed)),
    "moving": moving,
    "tangled": tangled,
}


def judged_otherwise(moment: Moment, mutant: Mutant) -> bool:
    """Whether this audit, made again, says something wrong or nothing at all any more.

    Of the golden company every word is right that was said before.
    """
    run = moment.history.runs[moment.number]
    known = replace(moment.history, runs=moment.history.runs[: moment.number + 1])
    with in_place(mutant), tempfile.TemporaryDirectory() as folder:
        try:
            _, concluded = advance(known, run, Path(folder), moment.past)
            if moment.company == GOLDEN:
                return concluded != moment.concluded
            assert concluded is not None
            real = reconciled(Path(folder) / run.name, concluded, moment.past)
            return bool(differences(real, judge(known)))
        except Exception:  # noqa: BLE001 - in whatever way it ends, no answer is a wrong answer
            return True


def _same(one: Table, other: Table) -> bool:
    """Whether two sorted results have the same rows, of whatever types."""
    if one.num_rows != other.num_rows:
        return False
    return bool(one.equals(other)) or one.to_pylist() == other.to_pylist()


def _other_rows(one: Table, other: Table) -> bool:
    """Whether one of two results has a row that the other has not, however often."""
    return set(map(repr, one.to_pylist())) != set(map(repr, other.to_pylist()))


def fails_a_test(mutant: Mutant, tests: Sequence[str]) -> str | None:
    """Run ``tests`` with the mutant in place until one fails; return its name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant.json"
        path.write_text(json.dumps(asdict(mutant)), encoding="utf-8")
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
             "-p", "tests.mutation.plugin", *tests],
            env=os.environ | {VARIABLE: str(path)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
    failed = [line for line in ended.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0] if failed else None


@contextmanager
def in_place(mutant: Mutant) -> Iterator[None]:
    """Let the reconciler read the mutant instead of its file."""
    read = catalogue.read_query

    def read_mutant(name: str) -> str:
        return mutant.sql if mutant.file.endswith(f"/{name}.sql") else read(name)

    with (
        mock.patch.object(catalogue, "read_query", read_mutant),
        mock.patch.object(queries, "read_query", read_mutant),
    ):
        yield
