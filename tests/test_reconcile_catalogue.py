"""The catalogue: every kind has words, controls and one portable query."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scanner.model import Rule, Severity
from scanner.reconcile import catalogue
from scanner.reconcile.catalogue import load_rules, severity_rank
from scanner.reconcile.correlation import key_queries
from scanner.reconcile.observation import OBSERVED
from scanner.reconcile.queries import QUERIES
from tests.fakes.company import Company, person

HOME = Path(catalogue.__file__).parent
FILES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(HOME.glob("*/*.sql"))}
TEXTS = FILES | key_queries()
"""Every query by its name: those of files, and those made from the keys."""
FRAMEWORKS = {"SOC2", "ISO27001", "NIST800-53", "NIST-CSF", "PCI", "HIPAA", "CIS", "HITRUST"}
SOX = {"COBIT", "PCAOB"}
"""Where a finding helps with access to programs and data, or with what evidence is worth."""
SEVERITIES = {
    "ghost_active": Severity.HIGH,
    "orphan_account": Severity.HIGH,
    "collection_incomplete": Severity.HIGH,
    "engagement_expired": Severity.HIGH,
    "leaver_membership": Severity.MEDIUM,
    "unowned_nonhuman": Severity.MEDIUM,
    "waiver_expired": Severity.MEDIUM,
    "dormant_account": Severity.LOW,
    "group_drift": Severity.MEDIUM,
    "ambiguous_identity": Severity.LOW,
    "hr_data_quality": Severity.LOW,
    "ghost_pending": Severity.INFO,
    "reactivated": Severity.CRITICAL,
    "used_after_departure": Severity.CRITICAL,
    "late_deprovisioning": Severity.MEDIUM,
    "missed_run": Severity.MEDIUM,
    "remediation_failed": Severity.HIGH,
    "timeliness_indeterminate": Severity.LOW,
}
DIALECT = (
    r"::", r"\bQUALIFY\b", r"\bEXCLUDE\b", r"\bREPLACE\b", r"\bFILTER\b", r"\bVARCHAR\b", r"->",
    r"\bunnest\b", r"\blist_\w+", r"\bstruct_\w+", r"\bepoch\w*", r"\bread_\w+", r"\bILIKE\b",
    r"\bGROUP BY ALL\b", r"\bORDER BY ALL\b", r"\bUSING SAMPLE\b", r"\bPIVOT\b", r"\bPOSITIONAL\b",
    r"\bASOF\b", r"\bDISTINCT ON\b", r"\bmax_by\b", r"\barg_max\b", r"\bCOLUMNS\s*\(", r"\{", r"\[",
    r'"', r"//", r"\^", r"`", r"\bLIMIT\b", r"\bnow\b", r"\bCURRENT_", r"\brandom\b", r";",
)  # fmt: skip
"""What only one engine understands, what would make a result depend on the moment, and quoting."""


def statement(text: str) -> str:
    """The SQL of a query without its comments."""
    return re.sub(r"--[^\n]*", "", text)


def test_every_kind_has_a_query_and_every_query_a_kind() -> None:
    """The catalogue and the folder of rules name the same kinds."""
    kinds = {rule.kind for rule in load_rules()}
    assert kinds == {path.stem for path in (HOME / "rules").glob("*")} == set(SEVERITIES)


def test_rules_come_most_severe_first_with_their_severity() -> None:
    """The order is that of severity, and each kind has the severity that was decided for it."""
    rules = load_rules()
    assert {rule.kind: rule.severity for rule in rules} == SEVERITIES
    ranks = [severity_rank(rule.severity) for rule in rules]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.kind)
def test_every_kind_has_words_and_controls_of_every_framework(rule: Rule) -> None:
    """Title, meaning and remedy are whole single lines; controls are distinct FRAMEWORK:id."""
    assert rule.title
    for words in (rule.meaning, rule.remedy):
        assert words == words.strip()
        assert words.endswith(".")
        assert "\n" not in words
        assert "  " not in words
    assert {control.partition(":")[0] for control in rule.controls} - SOX == FRAMEWORKS
    assert all(control.partition(":")[2] for control in rule.controls)
    assert len(set(rule.controls)) == len(rule.controls)


def test_every_query_that_runs_is_a_file_and_every_file_runs() -> None:
    """No SQL file is left over, and none is missing."""
    ran = {*QUERIES, *SEVERITIES}
    assert ran == set(TEXTS)
    assert len(ran) == len(list(HOME.glob("*/*.sql"))) + len(key_queries())


@pytest.mark.parametrize("name", TEXTS)
def test_a_query_is_one_short_select_that_any_engine_reads(name: str) -> None:
    """A query starts with SELECT, has no second statement, and uses no word of one engine."""
    text = TEXTS[name]
    assert text.startswith("SELECT")
    assert text.endswith("\n")
    # What carries every column of earlier runs forward, and what is made, is long and plain.
    assert len(text.splitlines()) <= (60 if name in {*OBSERVED, *key_queries()} else 30)
    assert all(len(line) <= 100 for line in text.splitlines())
    found = [word for word in DIALECT if re.search(word, statement(text), re.IGNORECASE)]
    assert found == []


def test_the_exact_text_that_ran_is_kept(tmp_path: Path) -> None:
    """Every query stands in the run folder, byte for byte, and rules carry the same text."""
    conclusions = Company([person("1")]).conclude(tmp_path)
    kept = {path.name: path.read_bytes() for path in (tmp_path / "queries").iterdir()}
    assert kept == {f"{name}.sql": text.encode() for name, text in TEXTS.items()}
    assert all(kept[f"{rule.kind}.sql"].decode() == rule.query for rule in conclusions.rules)
