"""Small wrong versions of one SQL query: another operator, constant or join, a test dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp

from scanner.reconcile import catalogue

DIALECT = "duckdb"
RECONCILE = Path(catalogue.__file__).parent


@dataclass(frozen=True)
class Mutant:
    """One wrong version of ``file``; ``id`` stays the same while the query around it changes."""

    id: str
    file: str
    line: int
    change: str
    sql: str


Change = tuple[str, exp.Expr | None]
"""What is done, and what stands there instead; None takes the node away."""

_OPPOSITE: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
    exp.And: exp.Or,
    exp.Or: exp.And,
    exp.Min: exp.Max,
    exp.Max: exp.Min,
}


def every_mutant(only: str | None = None) -> list[Mutant]:
    """The mutants of every query, or of the queries of one file or folder."""
    found: list[Mutant] = []
    for path in sorted(RECONCILE.glob("*/*.sql")):
        name = path.relative_to(RECONCILE).as_posix()
        if only is None or name.startswith(only):
            found += mutants(name, path.read_text(encoding="utf-8"))
    return found


def mutants(file: str, sql: str) -> list[Mutant]:
    """Make every mutant of one query, in the order of the text."""
    whole = sqlglot.parse_one(sql, dialect=DIALECT)
    seen: Counter[str] = Counter()
    made = []
    for place, node in enumerate(whole.walk()):
        for what, instead in _changes(node):
            text = _replaced(whole, place, instead)
            if text is None:
                continue
            name = f"{file}: {_shown(node)}: {what}"
            seen[name] += 1
            identity = name if seen[name] == 1 else f"{name} ({seen[name]})"
            made.append(Mutant(identity, file, _line(node), f"{_shown(node)}: {what}", text))
    return made


def _replaced(whole: exp.Expr, place: int, instead: exp.Expr | None) -> str | None:
    copy = whole.copy()
    target = next(node for number, node in enumerate(copy.walk()) if number == place)
    if instead is None:
        target.pop()
    else:
        target.replace(instead.copy())
    text = copy.sql(dialect=DIALECT)
    return None if text == whole.sql(dialect=DIALECT) else text


def _shown(node: exp.Expr) -> str:
    text = " ".join(node.sql(dialect=DIALECT, comments=False).split())
    return text if len(text) <= 70 else f"{text[:67]}..."


def _line(node: exp.Expr) -> int:
    """The first line that anything within the node, or else around it, is known to stand on."""
    around: exp.Expr | None = node
    while around is not None:
        lines = [int(one.meta["line"]) for one in around.walk() if "line" in one.meta]
        if lines:
            return min(lines)
        around = around.parent
    return 1


def _changes(node: exp.Expr) -> Iterator[Change]:
    """Give every change; none may touch the node itself, for it is still part of the query."""
    for rule in _RULES:
        yield from rule(node)


def _operators(node: exp.Expr) -> Iterator[Change]:
    other = _OPPOSITE.get(type(node))
    if other is not None:
        yield f"becomes {other.__name__.upper()}", other(**node.copy().args)


def _conditions(node: exp.Expr) -> Iterator[Change]:
    """Each condition of a WHERE, HAVING or ON holds always; each disjunct never."""
    parent = node.parent
    if isinstance(node, exp.And):
        return
    if isinstance(parent, exp.And) or (
        isinstance(parent, exp.Where | exp.Having) and not isinstance(node, exp.Or)
    ):
        yield "dropped", exp.true()
    elif isinstance(parent, exp.Or):
        yield "dropped", exp.false()


def _negations(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node, exp.Not):
        yield "not negated", node.this
    elif isinstance(node, exp.Is) and not isinstance(node.parent, exp.Not):
        yield "negated", exp.Not(this=node.copy())


def _constants(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node.parent, exp.Select):
        return  # SELECT 1 of an EXISTS says nothing
    if isinstance(node, exp.Boolean):
        # A comparison with a boolean is turned round as a whole already.
        if not isinstance(node.parent, exp.EQ):
            yield "flipped", exp.Boolean(this=not node.this)
    elif isinstance(node, exp.Literal) and node.is_string:
        yield "another text", exp.Literal.string("mutated")
    elif isinstance(node, exp.Literal):
        yield "one more", exp.Literal.number(int(node.this) + 1)


def _joins(node: exp.Expr) -> Iterator[Change]:
    if not isinstance(node, exp.Join) or node.kind == "CROSS" or not node.args.get("on"):
        return
    side = {"": "LEFT", "LEFT": "", "FULL": "LEFT"}[node.side]
    other = node.copy()
    other.set("side", side or None)
    other.set("kind", None)
    yield f"becomes {side or 'INNER'} JOIN", other


def _orders(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node, exp.Coalesce) and len(node.expressions) == 1:
        first, last = node.this.copy(), node.expressions[0].copy()
        yield "swapped", exp.Coalesce(this=last, expressions=[first])
    elif isinstance(node, exp.Ordered):
        other = node.copy()
        other.set("desc", not node.args.get("desc"))
        yield "other direction", other


def _duplicates(node: exp.Expr) -> Iterator[Change]:
    if isinstance(node, exp.Distinct):
        yield "dropped", None
    elif isinstance(node, exp.Union) and node.args.get("distinct"):
        other = node.copy()
        other.set("distinct", None)
        yield "becomes UNION ALL", other


def _branches(node: exp.Expr) -> Iterator[Change]:
    """A CASE loses one of its branches, a UNION one of its sides."""
    if isinstance(node, exp.If) and isinstance(node.parent, exp.Case):
        if len(node.parent.args["ifs"]) > 1:
            yield "branch dropped", None
    elif isinstance(node, exp.Union):
        yield "without its first side", node.expression
        yield "without its last side", node.this


_RULES: tuple[Callable[[exp.Expr], Iterator[Change]], ...] = (
    _operators, _conditions, _negations, _constants, _joins, _orders, _duplicates, _branches,
)  # fmt: skip
