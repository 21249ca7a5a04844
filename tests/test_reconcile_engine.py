"""The embedded engine: seven verbs, three functions, confined to the run folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import EvidenceError
from scanner.reconcile.engine import WRITERS, DuckDBEngine, Engine
from scanner.reconcile.parquet import INSTANT, TEXTS, Row, always, maybe, read_rows, write_rows

PAIRS = pa.schema([always("since", INSTANT), always("until", INSTANT)])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOR_HOURS = "SELECT SUM(a.i * b.i) AS n FROM range(10000000) AS a(i), range(10000000) AS b(i)"
INSTANTS = st.timedeltas(timedelta(days=-30_000), timedelta(days=90_000)).map(EPOCH.__add__)


def as_engine(folder: Path, *, holds_all: bool = False) -> DuckDBEngine:
    """The engine, which type checkers accept where any engine is asked for."""
    engine = DuckDBEngine(folder, holds_all=holds_all)
    accepted: Engine = engine
    assert accepted is engine
    return engine


def test_a_list_becomes_one_row_per_element(tmp_path: Path) -> None:
    """``explode`` gives a row per element and none for an empty list; files add up in one view."""
    schema = pa.schema([always("names", TEXTS)])
    write_rows(tmp_path / "1.parquet", {"names": [["b", "a"], []]}, schema)
    write_rows(tmp_path / "2.parquet", {"names": [["c"]]}, schema)
    with as_engine(tmp_path) as engine:
        engine.view("lists", [tmp_path / "1.parquet", tmp_path / "2.parquet"])
        engine.define("elements", "SELECT explode(names) AS name FROM lists")
        engine.write("elements", tmp_path / "out" / "elements.parquet")
    rows = read_rows(tmp_path / "out" / "elements.parquet")
    assert [row["name"] for row in rows] == ["a", "b", "c"]


@settings(max_examples=25, deadline=None)
@given(since=INSTANTS, until=INSTANTS)
def test_whole_days_are_complete_days(
    tmp_path_factory: pytest.TempPathFactory, since: datetime, until: datetime
) -> None:
    """``whole_days`` counts the 24-hour days that have passed, exact to the microsecond."""
    first, last = sorted((since, until))
    folder = tmp_path_factory.mktemp("days")
    write_rows(folder / "pairs.parquet", {"since": [first], "until": [last]}, PAIRS)
    with as_engine(folder) as engine:
        engine.view("pairs", [folder / "pairs.parquet"])
        engine.define("ages", "SELECT whole_days(since, until) AS age FROM pairs")
        engine.write("ages", folder / "ages.parquet")
    assert read_rows(folder / "ages.parquet")[0]["age"] == (last - first) // timedelta(days=1)


@pytest.mark.parametrize("name", ["it's", "[1]*?", 'a "b"', "x=1"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    """Paths are data: quotes and wildcards in a folder name change nothing, held or not."""
    folder, schema = tmp_path / name, pa.schema([always("names", TEXTS)])
    write_rows(folder / "a=2" / "in.parquet", {"names": [["a"]]}, schema)
    write_rows(tmp_path / "1zz" / "a=2" / "in.parquet", {"names": [["another"]]}, schema)
    for holds_all in (False, True):
        with as_engine(folder, holds_all=holds_all) as engine:
            engine.view("lists", [folder / "a=2" / "in.parquet"])
            engine.write("lists", folder / "out.parquet")
        assert read_rows(folder / "out.parquet") == [{"names": ["a"]}]


def test_nothing_outside_the_folder_can_be_touched(tmp_path: Path) -> None:
    """Neither a view nor a query reaches a file beyond the run folder, nor can that be undone."""
    outside = tmp_path / "outside.parquet"
    write_rows(outside, {"names": [["a"]]}, pa.schema([always("names", TEXTS)]))
    with as_engine(tmp_path / "run") as engine:
        with pytest.raises(EvidenceError, match="table lists cannot be read"):
            engine.view("lists", [outside])
        with pytest.raises(duckdb.Error, match="disabled by configuration"):
            engine.define("leak", "SELECT * FROM read_text('/etc/hostname')")
        with pytest.raises(duckdb.Error, match="locked"):
            engine._connection.execute("SET enable_external_access = true")
        engine.define("one", "SELECT 1 AS number")
        with pytest.raises(EvidenceError, match="cannot be written"):
            engine.write("one", tmp_path / "elsewhere.parquet")


def test_a_missing_table_is_an_error_of_the_evidence(tmp_path: Path) -> None:
    """A file that is not there is named instead of read as empty."""
    with as_engine(tmp_path) as engine, pytest.raises(EvidenceError, match=r"absent\.parquet"):
        engine.view("people", [tmp_path / "absent.parquet"])


def test_results_have_one_order_whatever_the_threads(tmp_path: Path) -> None:
    """Rows are written sorted, so that equal results are equal bytes."""
    numbers = [(number * 7919) % 200_000 for number in range(200_000)]
    schema = pa.schema([always("number", pa.int64())])
    for name, order in (("one", numbers), ("two", numbers[::-1])):
        write_rows(tmp_path / f"{name}.parquet", {"number": order}, schema)
        with as_engine(tmp_path) as engine:
            engine.view("numbers", [tmp_path / f"{name}.parquet"])
            engine.write("numbers", tmp_path / f"{name}-sorted.parquet")
    written = (tmp_path / "one-sorted.parquet").read_bytes()
    assert written == (tmp_path / "two-sorted.parquet").read_bytes()
    assert pq.read_table(tmp_path / "one-sorted.parquet")["number"].to_pylist() == sorted(numbers)


@pytest.mark.parametrize("held", [False, True])
def test_what_had_no_rows_is_read_again_when_it_has_some(tmp_path: Path, *, held: bool) -> None:
    """Leaving out what is empty lasts no longer than the emptiness."""
    schema = pa.schema([always("names", TEXTS)])
    write_rows(tmp_path / "none.parquet", {"names": []}, schema)
    write_rows(tmp_path / "one.parquet", {"names": [["a"]]}, schema)
    found = []
    with as_engine(tmp_path) as engine:
        for number, name in enumerate(("none", "one", "none")):
            engine.view("lists", [tmp_path / f"{name}.parquet"])
            (engine.hold if held else engine.define)("chosen", "SELECT names FROM lists")
            engine.define(
                "joined", "SELECT c.names FROM chosen AS c JOIN lists AS l ON l.names = c.names"
            )
            engine.write("joined", tmp_path / f"{number}-out.parquet")
            found.append(len(read_rows(tmp_path / f"{number}-out.parquet")))
    assert found == [0, 1, 0]


def test_what_is_held_is_computed_once(tmp_path: Path) -> None:
    """Held rows stay when what they came from changes, until the name is defined again."""
    schema = pa.schema([always("names", TEXTS)])
    for number, names in enumerate((["a"], ["b"])):
        write_rows(tmp_path / f"{number}.parquet", {"names": [names]}, schema)
    with as_engine(tmp_path) as engine:
        found: list[Row] = []
        for number in (0, 1):
            engine.view("lists", [tmp_path / f"{number}.parquet"])
            engine.hold("held", "SELECT names FROM lists")
            engine.view("lists", [tmp_path / "1.parquet"])
            engine.write("held", tmp_path / f"{number}-out.parquet")
            found += read_rows(tmp_path / f"{number}-out.parquet")
    assert found == [{"names": ["a"]}, {"names": ["b"]}]


def test_what_is_written_aside_is_what_is_written(tmp_path: Path) -> None:
    """Results written beside other work are the same bytes, in UTC, once it is settled."""
    query = "SELECT i, strftime(to_timestamp(i), '%H') AS hour FROM range(1000) AS r(i)"
    names = [f"hours{number}" for number in range(5)]
    with as_engine(tmp_path) as engine:
        for name in names:
            engine.define(name, query)
            engine.write_aside(name, tmp_path / "aside" / f"{name}.parquet")
        engine.settle()
        found = {(tmp_path / "aside" / f"{name}.parquet").read_bytes() for name in names}
        engine.write(names[0], tmp_path / "once.parquet")
    assert found == {(tmp_path / "once.parquet").read_bytes()}
    assert read_rows(tmp_path / "once.parquet")[0] == {"i": 0, "hour": "00"}


def test_what_is_written_aside_is_what_it_was_then(tmp_path: Path) -> None:
    """A name may be replaced as soon as its writing is asked for, however many writings wait."""
    with as_engine(tmp_path) as engine:
        for number in range(3 * WRITERS):
            engine.hold("rows", f"SELECT {number} AS n, i FROM range(50000) AS r(i)")  # noqa: S608 - a number
            engine.define("chosen", f"SELECT n, i + {number} AS i FROM rows")  # noqa: S608 - a number
            engine.write_aside("chosen", tmp_path / "out" / f"{number:02}.parquet")
        engine.settle()
    for number, path in enumerate(sorted((tmp_path / "out").iterdir())):
        table = pq.read_table(path)
        assert table["n"].unique().to_pylist() == [number]
        assert table["i"].to_pylist() == list(range(number, number + 50_000))
    assert number + 1 == 3 * WRITERS


def test_labels_are_texts(tmp_path: Path) -> None:
    """A column of labels is sorted, compared, joined and written as the texts that it holds."""
    names = ["b", "ä", "B", "10", "9", None, "it's", "z", "Z", "é", "e\u0301", "ﬀ", "𝒶", "9"]
    schema = pa.schema([maybe("name"), maybe("other")])
    write_rows(tmp_path / "in.parquet", {"name": names, "other": names[::-1]}, schema)
    texts = "SELECT name, other, name || '!' AS loud FROM rows WHERE name <> 'z' OR name IS NULL"
    joined = "SELECT a.name, b.other FROM rows AS a JOIN rows AS b ON b.other = a.name"
    with as_engine(tmp_path) as engine:
        engine.know({name for name in names if name})
        for labels in ((), ("name",), ("name", "other")):
            engine.view("rows", [tmp_path / "in.parquet"], labels)
            engine.define("texts", texts)
            engine.hold("joined", joined, [one for one in labels if one == "other"])
            for name in ("texts", "joined"):
                engine.write(name, tmp_path / f"{name}-{len(labels)}.parquet")
    for name in ("texts", "joined"):
        plain, *labelled = (pq.read_table(tmp_path / f"{name}-{n}.parquet") for n in range(3))
        assert plain.num_rows > len(names) - 2
        assert all(table.equals(plain) for table in labelled)


def test_a_text_that_is_no_label_is_refused(tmp_path: Path) -> None:
    """A table that names a source nobody knows ends the run; its rows are not taken as null."""
    write_rows(tmp_path / "in.parquet", {"name": ["known", "other"]}, pa.schema([maybe("name")]))
    with as_engine(tmp_path) as engine:
        engine.know(["known"])
        engine.view("rows", [tmp_path / "in.parquet"], ["name"])
        with pytest.raises(EvidenceError, match="held cannot be computed"):
            engine.hold("held", "SELECT name FROM rows")
        with pytest.raises(EvidenceError, match="cannot be written"):
            engine.write("rows", tmp_path / "out.parquet")


def test_what_failed_aside_is_told_before_more_is_done(tmp_path: Path) -> None:
    """A run that has failed ends soon: the next writings that are asked for tell it."""

    def write_on() -> None:
        for number in range(3 * WRITERS):
            engine.write_aside("one", tmp_path / "run" / f"{number}.parquet")

    with as_engine(tmp_path / "run") as engine:
        engine.define("one", "SELECT 1 AS number")
        engine.write_aside("one", tmp_path / "elsewhere.parquet")
        with pytest.raises(EvidenceError, match="elsewhere"):
            write_on()


def test_what_could_not_be_written_aside_is_told(tmp_path: Path) -> None:
    """What goes wrong aside is raised by ``settle``, once."""
    with as_engine(tmp_path / "run") as engine:
        engine.define("one", "SELECT 1 AS number")
        engine.write_aside("one", tmp_path / "elsewhere.parquet")
        with pytest.raises(EvidenceError, match="cannot be written"):
            engine.settle()
        engine.settle()


def test_an_engine_that_is_left_stops_what_it_writes_aside(tmp_path: Path) -> None:
    """An error ends the work that nobody will wait for: this result would take hours."""

    def begin_and_fail() -> None:
        with as_engine(tmp_path) as engine:
            engine.define("long", FOR_HOURS)
            for number in range(WRITERS):
                engine.write_aside("long", tmp_path / f"{number}.parquet")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin_and_fail()
    assert not list(tmp_path.glob("*.parquet"))


def test_one_result_that_cannot_be_written_stops_the_others(tmp_path: Path) -> None:
    """Nothing waits for the rest of a run that has failed: this result would take hours."""

    def settle_and_fail() -> None:
        with as_engine(tmp_path / "run") as engine:
            engine.define("one", "SELECT 1 AS number")
            engine.define("long", FOR_HOURS)
            engine.write_aside("one", tmp_path / "elsewhere.parquet")
            engine.write_aside("long", tmp_path / "run" / "long.parquet")
            engine.settle()

    with pytest.raises(EvidenceError, match="elsewhere"):
        settle_and_fail()
    assert not list(tmp_path.rglob("*.parquet"))
