"""The result for programs: canonical, complete, and safe to open."""

from __future__ import annotations

import csv
import io
import json
import os
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.machine import COLUMNS, findings_csv, findings_json, in_order, summary_json
from reports.text import (
    CUT_MARK,
    LONGEST,
    canonical_json,
    instant,
    spreadsheet_safe,
    visible,
)
from scanner.model import Audit, Severity
from tests.fakes.audit import sample_audit

GOLDEN = Path(__file__).parent / "golden" / "findings.json"
ANY_TEXT = st.text(alphabet=st.characters(), max_size=60)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


def _with_detail(text: str) -> Audit:
    audit = sample_audit()
    return replace(audit, findings=(replace(audit.findings[0], detail=text),))


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@given(ANY_TEXT)
def test_visible_text_has_nothing_hidden_and_can_be_encoded(text: str) -> None:
    """Whatever comes in, what is shown can be seen, is on one line and is valid UTF-8."""
    shown = visible(text)
    hidden = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"}
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert all(char in " \u3000" or unicodedata.category(char) not in hidden for char in shown)
    assert visible(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\nb\tc", "a\\x0d\\x0ab\\x09c"),
        ("\u200b\ufeff\u2066", "\\u200b\\ufeff\\u2066"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("x\u00a0y", "x\\xa0y"),
        ("山田\u3000太郎 Jörg 😀", "山田\u3000太郎 Jörg 😀"),
    ],
)
def test_visible_escapes_what_hides_and_keeps_what_shows(text: str, shown: str) -> None:
    """Invisible characters become escapes; letters of every script stay."""
    assert visible(text) == shown


def test_long_text_is_cut_with_a_mark() -> None:
    """Text is never shortened silently."""
    assert visible("x" * LONGEST) == "x" * LONGEST
    assert visible("x" * (LONGEST + 1)) == "x" * LONGEST + CUT_MARK
    assert visible("abc", 2) == "ab" + CUT_MARK


@pytest.mark.parametrize(
    "text",
    [
        *(lead + "1" for lead in "=+-@|%＝＋－＠\t\r\n\x00"),
        "  =1",
        "\u200b=1",
        "\ufeff \u00a0+1",
        "=HYPERLINK(0)",
    ],
)
def test_formulas_get_an_apostrophe(text: str) -> None:
    """A cell that a spreadsheet could run starts with an apostrophe and is otherwise unchanged."""
    assert spreadsheet_safe(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Ana", "a=1", "  ", "1-2", "'=1", "Jörg"])
def test_ordinary_cells_are_left_alone(text: str) -> None:
    """Text that cannot be a formula is returned as it is."""
    assert spreadsheet_safe(text) == text


def test_instants_are_utc_and_never_naive() -> None:
    """An instant is printed in UTC to the second; a datetime without a zone is refused."""
    berlin = timezone(timedelta(hours=1))
    assert instant(datetime(2026, 11, 1, 10, 0, 0, 999, berlin)) == "2026-11-01T09:00:00Z"
    assert instant(datetime(2026, 11, 1, 9, tzinfo=UTC)) == "2026-11-01T09:00:00Z"
    with pytest.raises(ValueError, match="time zone"):
        instant(datetime(2026, 11, 1, 9))  # noqa: DTZ001  a naive one is the point


@given(JSON_VALUES)
def test_canonical_json_means_the_same_and_is_always_the_same(value: object) -> None:
    """Canonical JSON reads back as what was written, and writing that again changes no byte."""
    content = canonical_json(value)
    assert json.loads(content) == value
    assert canonical_json(json.loads(content)) == content
    assert content.endswith(b"\n")
    assert content.count(b"\n") == 1


@given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=2))
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: dict[str, int]) -> None:
    """Two equal objects have equal bytes, in whatever order they were filled."""
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


@pytest.mark.parametrize(
    "value", [1.0, {"a": [0.5]}, float("nan"), {1: "a"}, b"x", datetime(2026, 1, 1, tzinfo=UTC)]
)
def test_canonical_json_refuses_what_has_no_canonical_form(value: object) -> None:
    """Floats, keys that are not strings and unknown types raise TypeError."""
    with pytest.raises(TypeError):
        canonical_json(value)


def test_canonical_json_holds_a_lone_surrogate_as_an_escape() -> None:
    """Text that UTF-8 cannot hold is kept visible, in keys and in values."""
    assert json.loads(canonical_json({"\ud800": "\udfff"})) == {"\\ud800": "\\udfff"}


def test_findings_json_is_the_golden_one() -> None:
    """The sample's findings.json is byte for byte the one that was agreed.

    GHOSTSCAN_WRITE_GOLDEN=1 writes it anew.
    """
    content = findings_json(sample_audit())
    if os.environ.get("GHOSTSCAN_WRITE_GOLDEN") == "1":
        GOLDEN.write_bytes(content)
    assert content == GOLDEN.read_bytes()


def test_findings_json_has_the_agreed_shape() -> None:
    """Schema, keys and types are those programs rely on."""
    document = json.loads(findings_json(sample_audit()))
    assert set(document) == {
        "schema", "run", "as_of", "verdict", "sources", "apps", "findings", "movement",
    }  # fmt: skip
    assert document["schema"] == "ghostscan/findings/1"
    assert document["as_of"] == "2026-11-01T09:00:00Z"
    zoom = next(one for one in document["sources"] if one["name"] == "zoom")
    assert zoom["state"] == "INCOMPLETE"
    assert zoom["reasons"][0].keys() == {"code", "message"}
    assert [point["held"] for point in zoom["proof"]] == [True, False, False, True]
    finding = next(one for one in document["findings"] if one["kind"] == "group_drift")
    assert finding["person"].keys() == {"id", "display_name", "status", "departed_at"}
    assert finding["group"].keys() == {"id", "display_name"}
    assert {finding["direction"], finding["basis"]} <= {"missing", "mirror", "unexpected", "rule"}
    collection = next(one for one in document["findings"] if one["kind"] == "collection_incomplete")
    assert collection["account"] is collection["person"] is collection["group"] is None
    assert collection["direction"] is collection["basis"] is collection["evidence"] is None


def test_order_does_not_depend_on_the_order_of_judging() -> None:
    """The same findings in another order give the same bytes, most severe first."""
    audit = sample_audit()
    turned = replace(audit, findings=audit.findings[::-1])
    assert findings_json(turned) == findings_json(audit)
    assert findings_csv(turned) == findings_csv(audit)
    ranks = [list(Severity).index(finding.severity) for finding in in_order(audit.findings)]
    assert ranks == sorted(ranks)


def test_csv_has_the_rows_of_the_json() -> None:
    """Every finding is one CSV row, in the order and with the values of the JSON."""
    audit = sample_audit()
    content = findings_csv(audit)
    assert content.startswith(b'\xef\xbb\xbf"id"')
    assert content.count(b"\r\n") == len(audit.findings) + 1
    rows = _rows(content)
    document = json.loads(findings_json(audit))["findings"]
    assert [row["id"] for row in rows] == [finding["id"] for finding in document]
    assert tuple(rows[0]) == COLUMNS
    for row, finding in zip(rows, document, strict=True):
        assert row["detail"] == finding["detail"]
        assert row["account_id"] == (finding["account"] or {"id": ""})["id"]
        assert row["person_departed_at"] == ((finding["person"] or {}).get("departed_at") or "")
        assert row["controls"] == "; ".join(finding["controls"])
    disputed = next(row for row in rows if row["kind"] == "ambiguous_identity")
    assert disputed["candidates"].startswith("work_email=j.smith@example.com -> 0604 (rejected); ")


@given(ANY_TEXT)
def test_csv_survives_any_text(text: str) -> None:
    """Whatever a server sends stays in its own cell, visible and not a formula."""
    row = _rows(findings_csv(_with_detail(text)))
    assert len(row) == 1
    assert row[0]["detail"] == spreadsheet_safe(visible(text))


def test_csv_says_unknown_where_activity_is_not_known() -> None:
    """An account whose state was not sent is neither active nor inactive."""
    audit = sample_audit()
    first = audit.findings[0]
    assert first.account is not None
    unknown = replace(first, account=replace(first.account, active=None))
    row = _rows(findings_csv(replace(audit, findings=(unknown,))))[0]
    assert row["account_active"] == "unknown"


def test_summary_counts_the_findings() -> None:
    """The summary's counts are the numbers of findings of each kind, and add up."""
    audit = sample_audit()
    folder = Path("runs") / audit.run
    summary = json.loads(summary_json(audit, folder, 20))
    document = json.loads(findings_json(audit))
    assert set(summary) == {"run", "verdict", "exit_code", "sources", "apps", "counts"}
    assert summary["run"] == str(folder)
    assert summary["exit_code"] == 20
    assert summary["verdict"] == "incomplete"
    assert sum(summary["counts"].values()) == len(audit.findings)
    assert summary["counts"]["orphan_account"] == 7
    assert summary["sources"] == document["sources"]
    assert summary["apps"] == document["apps"]
