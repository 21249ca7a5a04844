"""The wrong versions of queries that ``make mutation`` tries."""

from __future__ import annotations

from tests.mutation.query import mutants
from tests.mutation.run import every_mutant, explained

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


def test_every_explained_survivor_is_still_a_mutant() -> None:
    """An explanation of what is no longer there is taken out."""
    for name, reason in explained().items():
        file = name.partition(":")[0]
        assert name in {one.id for one in every_mutant(file)}
        assert len(reason.split()) > 4
