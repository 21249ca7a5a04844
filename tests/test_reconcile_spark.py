"""The same SQL on a real Spark cluster: the same findings, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from collectors.demo.company import make_company
from collectors.demo.configuration import configuration, protected_accounts
from collectors.demo.server import serve
from collectors.demo.site import TOKEN_VARIABLE
from scanner import workflow
from scanner.cli.audit import DEMO_SEED
from scanner.config import load_config
from scanner.errors import ConfigError, EvidenceError
from scanner.reconcile import engine as engines
from scanner.reconcile.engine import DuckDBEngine, Engine
from scanner.reconcile.parquet import INSTANT, TEXT, TEXTS, always, maybe, read_rows, write_rows
from scanner.reconcile.spark import SparkEngine
from tests.conftest import watch
from tests.fakes.golden_company import golden
from tests.fakes.reconciled import findings_document, reconcile_all
from tests.fakes.spark_cluster import cluster, missing
from tests.test_reconcile_golden import GOLDEN, SIZES, found_in

AS_OF = datetime(2026, 11, 1, 9, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LACKING = missing()
HARD = pa.schema([
    always("name"), maybe("names", TEXTS), maybe("since", INSTANT), maybe("until", INSTANT),
    maybe("text", TEXT),
])  # fmt: skip

pytestmark = pytest.mark.skipif(LACKING is not None, reason=str(LACKING))


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a master with two workers."""
    with cluster(tmp_path_factory.mktemp("cluster")) as url:
        yield url


@pytest.mark.skipif(
    not os.environ.get("GHOSTSCAN_SOAK"),
    reason="the golden company of five holds every kind; the demo's is in make soak",
)
def test_both_engines_give_the_same_evidence(
    master: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo company, audited on each engine, gives identical findings.json and findings.csv."""
    company = make_company(DEMO_SEED, AS_OF)
    with serve(company) as site:
        monkeypatch.setenv(TOKEN_VARIABLE, watch(site.token))
        text = configuration(company, site)
        folders = []
        for name, lines in {
            "embedded": 'engine_memory = "1GiB"\n',
            "cluster": f'engine = "{master}"\nengine_storage = "{(tmp_path / "s").as_uri()}"\n',
        }.items():
            (tmp_path / name).mkdir()
            path = tmp_path / name / "ghostscan.toml"
            path.write_text(lines + text)
            path.with_name("protected.toml").write_text(protected_accounts())
            outcome = workflow.audit(
                load_config(path), clock=lambda: AS_OF, listener=lambda _: None
            )
            folders.append(outcome.folder)
    for file in ("findings.json", "findings.csv"):
        embedded, on_cluster = ((folder / file).read_bytes() for folder in folders)
        assert embedded == on_cluster
        assert len(embedded) > 10_000
    assert list((tmp_path / "s").iterdir()) == []


def test_both_engines_agree_on_what_sql_dialects_differ_in(master: str, tmp_path: Path) -> None:
    """Nulls, order, instants before 1970, empty lists and odd letters mean the same to both."""
    rows = [
        ("b", ["x", "y"], EPOCH - timedelta(days=1, microseconds=1), EPOCH, "İ"),
        ("a", [], EPOCH, EPOCH - timedelta(hours=36), "\u212a"),
        ("B", None, None, EPOCH, None),
        ("ä", ["z"], EPOCH, datetime(9999, 12, 31, tzinfo=UTC), "k"),
    ]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(HARD.names)}
    write_rows(tmp_path / "hard.parquet", columns, HARD)
    queries = {
        "days": "SELECT name, since, whole_days(since, until) AS days, text FROM hard",
        "elements": "SELECT name, explode(names) AS element FROM hard",
        "joined": (
            "SELECT a.name, b.text FROM hard AS a FULL JOIN hard AS b ON a.text = b.text "
            "AND a.since <= b.until"
        ),
    }

    def results(engine: Engine, folder: Path) -> list[object]:
        engine.view("hard", [tmp_path / "hard.parquet"])
        for name, sql in queries.items():
            engine.define(name, sql)
            engine.write(name, folder / f"{name}.parquet")
        return [read_rows(folder / f"{name}.parquet") for name in queries]

    with DuckDBEngine(tmp_path) as embedded:
        expected = results(embedded, tmp_path / "embedded")
    with SparkEngine(tmp_path, master) as spark:
        assert results(spark, tmp_path / "cluster") == expected
        # Spark makes a folder for tables that it never uses here; elsewhere it would stay.
        assert (tmp_path / "spill" / "warehouse").is_dir()
        private = (tmp_path / "cluster" / "days.parquet").stat().st_mode & 0o777
        assert private == 0o600
        with pytest.raises(EvidenceError, match="table gone cannot be read"):
            spark.view("gone", [tmp_path / "gone.parquet"])
        blocked = tmp_path / "blocked"
        blocked.write_text("a file where a folder is needed")
        with pytest.raises(EvidenceError, match="cannot be written"):
            spark.write("days", blocked / "days.parquet")
    assert not (tmp_path / "spill").exists()


def test_a_cluster_that_cannot_be_reached_is_a_mistake_in_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with the engine is told as such, with what to do next."""
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    with pytest.raises(ConfigError, match="no session could be opened") as caught:
        SparkEngine(tmp_path, "nonsense://127.0.0.1")
    assert "master running" in caught.value.hint


def test_an_engine_that_is_not_installed_is_told_before_the_first_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra, a configuration that asks for Spark is refused at once."""
    monkeypatch.setattr(engines, "find_spec", lambda _: None)
    path = tmp_path / "ghostscan.toml"
    path.write_text(
        'engine = "spark://127.0.0.1:7077"\n'
        '[sources.people]\nrole = "hris"\ntype = "scim"\nurl = "http://127.0.0.1:1/"\n'
        '[sources.app]\ntype = "scim"\nurl = "http://127.0.0.1:1/"\n'
    )
    with pytest.raises(ConfigError, match="Spark is not installed") as caught:
        workflow.audit(load_config(path), clock=lambda: AS_OF, listener=lambda _: None)
    assert "ghostscan[spark]" in caught.value.hint
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("size", SIZES if os.environ.get("GHOSTSCAN_SOAK") else SIZES[:1])
def test_golden_companies_are_judged_alike_on_a_cluster(
    master: str, tmp_path: Path, size: int
) -> None:
    """Every kind and every trap: findings.json is the golden file of the embedded engine."""
    history, _ = golden(size)
    real = reconcile_all(history, tmp_path, engine=master)
    assert findings_document(real, history) == (GOLDEN / f"company-{size}.json").read_bytes()


@pytest.mark.skipif(
    not os.environ.get("GHOSTSCAN_SOAK"), reason="20,000 people take minutes: make soak"
)
def test_twenty_thousand_people_are_judged_alike_on_a_cluster(master: str, tmp_path: Path) -> None:
    """Exactly what was planted, hundreds of times over."""
    history, planted = golden(20_000)
    assert found_in(reconcile_all(history, tmp_path, engine=master)) == planted
