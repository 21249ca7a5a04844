"""The same findings and evidence by hand in DuckDB: people once, then some apps at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import duckdb

from tests.bench.estate import AS_OF, HRIS, READ_FROM, READ_UNTIL, RUN, Size

APPS_AT_ONCE = 9
EVIDENCE = ("candidates", "situations", "observed_accounts")
WORDS = (
    "employee_number", "external_id", "email", "user_name", "strong", "weak",
    "active", "inactive", "unknown", RUN, *HRIS,
)  # fmt: skip
"""What columns of few different texts hold, besides the names of apps."""

_SQL = Path(__file__).with_name("by_hand.sql")


def find(folder: Path, size: Size, out: Path) -> None:
    """Write the findings of ``folder/tables`` below ``out``, one file for some apps."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    connection.execute("SET preserve_insertion_order = false; SET parquet_metadata_cache = true")
    labels = ", ".join(f"'{one}'" for one in sorted({*WORDS, *size.app_names}))
    connection.execute(f"CREATE TYPE label AS ENUM ({labels})")
    (out / "evidence").mkdir()
    parts = _parts()
    _run(connection, parts["people"], now=AS_OF, people=_files(folder, "people", HRIS))
    names = size.app_names
    for first in range(0, len(names), APPS_AT_ONCE):
        some = names[first : first + APPS_AT_ONCE]
        kinds = ("accounts", "groups", "memberships")
        files = {kind: _files(folder, kind, some) for kind in kinds}
        _run(connection, parts["accounts"], **files)
        if first == 0:
            _run(connection, parts["everybody"], **files)
        _run(connection, parts["findings"], now=AS_OF, **files)
        written = {name: str(out / "evidence" / f"{name}-{first:03}.parquet") for name in EVIDENCE}
        written["found"] = str(out / f"{first:03}.parquet")
        times = {"since": READ_FROM, "until": READ_UNTIL, "run": RUN}
        _run(connection, parts["evidence"], **times, **written)
    connection.close()


def _parts() -> dict[str, str]:
    """The parts of the SQL by name."""
    names_and_texts = re.split(r"-- part: (\w+)\n", _SQL.read_text(encoding="utf-8"))[1:]
    return dict(zip(names_and_texts[::2], names_and_texts[1::2], strict=True))


def _run(connection: duckdb.DuckDBPyConnection, text: str, **values: object) -> None:
    for statement in text.split(";"):
        if statement.strip():
            named = set(re.findall(r"\$(\w+)", statement))
            connection.execute(statement, {name: values[name] for name in named})


def _files(folder: Path, kind: str, sources: Iterable[str]) -> list[str]:
    return [str(folder / "tables" / kind / f"{source}.parquet") for source in sources]
