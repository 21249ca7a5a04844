"""The wrong versions of queries that ``make mutation`` tries."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.reconcile.catalogue import read_query
from tests.mutation.functions import ROOT, _survivor, selection
from tests.mutation.journal import Journal
from tests.mutation.moment import moments
from tests.mutation.query import RECONCILE, every_mutant, mutants
from tests.mutation.run import sample
from tests.mutation.survivors import Survivor, explained, tell
from tests.mutation.trial import Trial, fails_a_test, judged_otherwise, made

pytestmark = pytest.mark.no_cover  # other tests follow every line of what these run often
QUERY = """\
SELECT DISTINCT COALESCE(a.x, b.y) AS x, MIN(a.n) AS n
FROM a
LEFT JOIN b ON b.id = a.id AND b.kind = 'User'
WHERE a.used = TRUE
  AND (a.since <= b.since OR b.since IS NULL)
GROUP BY x
"""
"""Made up, with one of everything that is changed."""


def test_operators_constants_joins_orders_and_conditions_are_changed() -> None:
    """One change at a time, each still a query, each with the line on which it stands."""
    made = {one.change: one for one in mutants("made/up.sql", QUERY)}
    for change, line, sql in (
        ("a.since <= b.since: becomes LT", 5, "a.since < b.since"),
        ("a.used = TRUE: dropped", 4, "WHERE TRUE AND"),
        ("b.since IS NULL: dropped", 5, "OR FALSE"),
        ("b.since IS NULL: negated", 5, "NOT b.since IS NULL"),
        ("MIN(a.n): becomes MAX", 1, "MAX(a.n)"),
        ("'User': another text", 3, "'mutated'"),
        ("COALESCE(a.x, b.y): swapped", 1, "COALESCE(b.y, a.x)"),
        ("DISTINCT: dropped", 1, "SELECT COALESCE"),
    ):
        assert sql in made[change].sql, change
        assert made[change].line == line, change
    assert any("becomes INNER JOIN" in change for change in made)
    assert len({one.sql for one in made.values()}) == len(made)


def test_the_same_change_has_the_same_id_wherever_the_query_moves() -> None:
    """An explanation of a survivor stays with it when lines are added above."""
    before = {one.id: one.line for one in mutants("made/up.sql", QUERY)}
    after = {one.id: one.line for one in mutants("made/up.sql", f"\n{QUERY}")}
    assert after == {name: line + 1 for name, line in before.items()}


def test_a_sample_stays_when_other_mutants_come_and_go() -> None:
    """Whether a mutant is drawn is a matter of its name and the seed alone."""
    every = [f"mutant {number}" for number in range(100)]
    drawn = sample(every, str, 10, 0)
    assert len(set(drawn)) == 10
    assert sample([one for one in every[::-1] if one in drawn or "3" in one], str, 10, 0) == drawn
    assert sample(every, str, 10, 1) != drawn


def test_every_explained_survivor_is_still_a_mutant() -> None:
    """An explanation of what is no longer there is taken out."""
    made = {one.id for one in every_mutant()}
    for name, reason in explained().items():
        file, _, change = name.partition(": ")
        if file.endswith(".sql"):
            assert name in made
        else:
            source = (RECONCILE / f"{file.partition('.')[0]}.py").read_text(encoding="utf-8")
            assert change.partition(" -> ")[0] in " ".join(source.split())
        assert len(reason.split()) > 4


def test_a_wrong_query_is_noticed_and_the_same_query_in_other_words_is_not(tmp_path: Path) -> None:
    """What differs in a rule's rows is noticed, as is what does not run; what does not differ, not.

    A difference is followed through the queries behind it, into what a later run reads.
    """
    trial = Trial("seed 18", tmp_path)
    file = "rules/orphan_account.sql"
    one = mutants(file, read_query("orphan_account"))[0]
    assert trial.noticed_by(replace(one, sql=f"{read_query('orphan_account')}\nLIMIT 999")) is None
    for wrong in (f"{read_query('orphan_account')}\nLIMIT 0", "SELECT nothing FROM nowhere"):
        assert trial.noticed_by(replace(one, sql=wrong)) == "seed 18, run 2"
    seen = next(
        one
        for one in every_mutant("observe/observed_accounts.sql")
        if one.id.endswith("n.sighting = 'active': becomes NEQ")
    )
    assert trial.noticed_by(seen) is not None


def test_an_audit_is_made_again_with_a_wrong_query_in_its_place(tmp_path: Path) -> None:
    """Where words alone could differ, the reconciler itself is asked."""
    (moment,) = moments("seed 15", made("seed 15"), tmp_path)
    right = mutants("rules/ghost_active.sql", read_query("ghost_active"))[0]
    assert not judged_otherwise(moment, replace(right, sql=read_query("ghost_active")))
    assert judged_otherwise(moment, replace(right, sql="SELECT nothing FROM nowhere"))
    assert read_query("ghost_active") != "SELECT nothing FROM nowhere"


def test_a_wrong_query_is_in_place_while_tests_run() -> None:
    """The test of a list of failures names the first one; without a mutant nothing fails."""
    right = mutants("rules/missed_run.sql", read_query("missed_run"))[0]
    tests = ["tests/test_reconcile_rules.py::test_a_departure_in_the_future_is_not_a_departure"]
    assert fails_a_test(replace(right, sql=read_query("missed_run")), tests) is None
    failed = fails_a_test(replace(right, sql="SELECT nothing FROM nowhere"), tests)
    assert failed is not None
    assert tests[0] in failed


def test_a_journal_goes_on_from_where_it_was_cut_off(tmp_path: Path) -> None:
    """What was noticed is not tried again, unless its text is another one; half a line is none."""
    path = tmp_path / "kept" / "queries.ndjson"
    with Journal(path) as journal:
        journal.tell("one", "SELECT 1", "golden")
        journal.tell("two", "SELECT 2", "seed 7")
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    with Journal(path) as journal:
        assert journal.told("one", "SELECT 1") == "golden"
        assert journal.told("one", "SELECT 3") is None
        assert journal.told("two", "SELECT 2") is None
    with Journal(None) as nowhere:
        nowhere.tell("one", "SELECT 1", "golden")
        assert nowhere.told("one", "SELECT 1") is None


def test_every_module_names_tests_that_are_there() -> None:
    """Which tests may notice a wrong function is said of every module with functions of its own."""
    modules = {path.stem for path in RECONCILE.glob("*.py")}
    # A cluster takes minutes to start; the other two have nothing to change.
    assert modules - selection().keys() == {"__init__", "spark"}
    queries = selection("queries")
    assert {path.parent.name for path in RECONCILE.glob("*/*.sql")} == queries.keys()
    tests = {one for named in (*selection().values(), *queries.values()) for one in named}
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    asked = subprocess.run([*collect, *sorted(tests)], cwd=ROOT, capture_output=True, check=False)
    assert asked.returncode == 0, asked.stdout.decode()[-2000:]


def test_a_surviving_function_is_named_by_what_changed_in_it() -> None:
    """Wherever the lines move, and however many mutants come before, the explanation stays."""
    diff = """\
# scanner.reconcile.waived.xǁWaivedǁof__mutmut_7: survived
--- scanner/reconcile/waived.py
+++ scanner/reconcile/waived.py
@@ -1,3 +1,3 @@
 def of(one):
-    return one + 1
+    return one + 2
"""
    survivor = _survivor("waived", "scanner.reconcile.waived.xǁWaivedǁof__mutmut_7", diff)
    assert survivor.id == "waived.Waived.of: return one + 1 -> return one + 2"
    assert survivor.place == "scanner/reconcile/waived.py, Waived.of"


def test_survivors_that_nothing_explains_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """They are what `make mutation` fails on."""
    assert tell(3, [Survivor("nobody knows why", "somewhere.sql:7")]) == 1
    assert "2 killed, 1 survived, of these 1 not explained" in capsys.readouterr().out
