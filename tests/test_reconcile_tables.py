"""The Parquet tables: explicit columns, private files, the same bytes for the same records."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scanner.errors import EvidenceError
from scanner.reconcile.parquet import (
    always,
    distinct_texts,
    maybe,
    read_batches,
    read_rows,
    write_rows,
)
from scanner.reconcile.tables import ACCOUNTS, GROUPS, KINDS, MEMBERSHIPS, PEOPLE, table_path
from tests.fakes.company import LEFT, Company, account, group, leaver, person

SCHEMAS = {"people": PEOPLE, "accounts": ACCOUNTS, "groups": GROUPS, "memberships": MEMBERSHIPS}
SMALL = (
    leaver("P1", emails=("Ana@Example.com", " "), employee_number=" 7 ", external_id=""),
    account("U1", emails=("Ana@Example.com",), active=None, user_name="\ud800"),
    group("G1", "U1", name=" Eng "),
)


def test_every_source_has_every_table_under_its_schema(tmp_path: Path) -> None:
    """Four files per source exist with the documented columns, empty where nothing was read."""
    Company(SMALL).tabulate(tmp_path)
    for kind in KINDS:
        for source in ("people", "okta", "slack"):
            assert pq.read_schema(table_path(tmp_path, kind, source)).equals(SCHEMAS[kind])
    assert pq.read_table(table_path(tmp_path, "accounts", "okta")).num_rows == 0


def test_a_person_is_kept_as_sent_beside_its_keys(tmp_path: Path) -> None:
    """People keep what was sent; keys are normalised, empty ones null; due is 24h later."""
    Company(SMALL).tabulate(tmp_path)
    (row,) = read_rows(table_path(tmp_path, "people", "people"))
    assert row["emails"] == ["Ana@Example.com", " "]
    assert row["email_keys"] == ["ana@example.com"]
    assert (row["employee_number"], row["employee_number_key"]) == (" 7 ", "7")
    assert (row["external_id"], row["external_id_key"]) == ("", None)
    assert (row["person_id"], row["person_id_key"]) == ("P1", "p1")
    assert row["status"] == "terminated"
    assert row["departed_at"] == LEFT
    assert row["removal_due_at"] == datetime(2026, 10, 3, 22, 0, tzinfo=UTC)
    assert (row["response"], row["response_index"]) == ("responses/people/users-1.json", 2)


def test_an_unknown_state_stays_unknown(tmp_path: Path) -> None:
    """An account whose state was not sent is null in the table, neither true nor false."""
    Company(SMALL).tabulate(tmp_path)
    (row,) = read_rows(table_path(tmp_path, "accounts", "slack"))
    assert row["active"] is None
    assert (row["user_name"], row["user_name_key"]) == ("\\ud800", None)


def test_groups_have_both_keys_and_members_their_type(tmp_path: Path) -> None:
    """A group can be named by id or display name; a membership says what the member is."""
    Company(SMALL).tabulate(tmp_path)
    (named,) = read_rows(table_path(tmp_path, "groups", "slack"))
    assert (named["group_id_key"], named["display_name_key"]) == ("g1", "eng")
    (member,) = read_rows(table_path(tmp_path, "memberships", "slack"))
    assert (member["group_id"], member["member_id"], member["member_type"]) == ("G1", "U1", "User")


def test_equal_records_give_equal_bytes(tmp_path: Path) -> None:
    """Writing the same records twice gives the same files."""
    for name in ("one", "two"):
        Company(SMALL).tabulate(tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.p*"))
    assert len(files) == 12
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_whole_run_leaves_nothing_for_others_to_read(tmp_path: Path) -> None:
    """Every file is 0600 and every folder 0700, and nothing temporary is left."""
    Company((*SMALL, person("P2"))).conclude(tmp_path / "run")
    for path in (tmp_path / "run").rglob("*"):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path
    kept = {path.name for path in (tmp_path / "run").iterdir()}
    assert kept == {"tables", "correlation", "queries"}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Reading what is not there says which file."""
    with pytest.raises(EvidenceError, match=r"absent\.parquet is missing"):
        read_rows(tmp_path / "absent.parquet")


def test_rows_in_batches_have_the_columns_that_are_asked_for(tmp_path: Path) -> None:
    """Of each row no more is held than is asked for; what is no Parquet file is told."""
    schema = pa.schema([always("name"), maybe("other")])
    write_rows(tmp_path / "rows.parquet", {"name": ["b", "a"], "other": ["x", None]}, schema)
    assert list(read_batches(tmp_path / "rows.parquet", ["name"])) == [{"name": "b"}, {"name": "a"}]
    with pytest.raises(EvidenceError, match="missing"):
        list(read_batches(tmp_path / "none.parquet", ["name"]))
    (tmp_path / "odd.parquet").write_text("odd")
    with pytest.raises(EvidenceError, match="Parquet"):
        list(read_batches(tmp_path / "odd.parquet", ["name"]))


def test_the_texts_of_some_columns_are_told_once_each(tmp_path: Path) -> None:
    """Null is no text; a folder of parts is read as one; what is no Parquet file is told."""
    schema = pa.schema([maybe("source"), maybe("run"), maybe("other")])
    rows: dict[str, list[str | None]] = {
        "source": ["b", "a", None],
        "run": ["1", None, "1"],
        "other": ["x", "y", "z"],
    }
    write_rows(tmp_path / "parts" / "1.parquet", rows, schema)
    write_rows(tmp_path / "parts" / "2.parquet", {key: ["c"] for key in rows}, schema)
    assert distinct_texts(tmp_path / "parts" / "1.parquet", ["source", "run"]) == {"a", "b", "1"}
    assert distinct_texts(tmp_path / "parts", ["source"]) == {"a", "b", "c"}
    with pytest.raises(EvidenceError, match="missing"):
        distinct_texts(tmp_path / "none.parquet", ["source"])
    (tmp_path / "odd.parquet").write_text("odd")
    with pytest.raises(EvidenceError, match="Parquet"):
        distinct_texts(tmp_path / "odd.parquet", ["source"])


def test_a_file_that_is_not_parquet_is_named(tmp_path: Path) -> None:
    """Reading damaged bytes is an error of the evidence, not a traceback."""
    (tmp_path / "bad.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(EvidenceError, match=r"bad\.parquet cannot be read as Parquet"):
        read_rows(tmp_path / "bad.parquet")


def test_a_table_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Writing where a folder stands is an error of the evidence."""
    (tmp_path / "taken.parquet").mkdir()
    with pytest.raises(EvidenceError, match=r"taken\.parquet cannot be written"):
        write_rows(tmp_path / "taken.parquet", {"a": []}, pa.schema([always("a")]))
