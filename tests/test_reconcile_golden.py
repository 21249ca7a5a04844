"""Companies in which every finding was planted: exactly those are found, at any size."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from scanner.reconcile.catalogue import load_rules
from scanner.reconcile.engine import HELD_ROWS
from tests.fakes.golden_company import Expected, golden
from tests.fakes.reconciled import Reconciled, as_plain, findings_document, reconcile_all

GOLDEN = Path(__file__).parent / "golden"
SIZES = (5, 400)


def found_in(real: Reconciled) -> list[Expected]:
    """What was found, in the words of what was planted."""
    findings = map(as_plain, real.conclusions.findings)
    return sorted(
        Expected(
            one.kind,
            one.app,
            one.account or "",
            one.person or "",
            one.group or "",
            one.problem or one.direction or "",
            one.severity,
            one.status,
            one.waived,
        )
        for one in findings
    )


@pytest.mark.parametrize("held_rows", [HELD_ROWS, 0], ids=["held", "views"])
@pytest.mark.parametrize("size", SIZES)
def test_exactly_what_was_planted_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, held_rows: int
) -> None:
    """Every planted finding and no other, byte for byte (UPDATE_GOLDEN=1 rewrites).

    Judged as small companies are, whose results are all held, and as large ones are.
    """
    monkeypatch.setattr("scanner.reconcile.engine.HELD_ROWS", held_rows)
    history, planted = golden(size)
    real = reconcile_all(history, tmp_path)
    assert found_in(real) == planted
    document, path = findings_document(real, history), GOLDEN / f"company-{size}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_bytes(document)
    assert document == path.read_bytes()


@pytest.mark.skipif(
    not os.environ.get("GHOSTSCAN_SOAK"), reason="20,000 people take a minute: make soak"
)
def test_exactly_what_was_planted_is_found_among_twenty_thousand_people(tmp_path: Path) -> None:
    """The same cases, hundreds of times over."""
    history, planted = golden(20_000)
    assert len(history.runs[-1].people) > 19_000
    assert found_in(reconcile_all(history, tmp_path)) == planted


def test_the_golden_company_has_every_kind() -> None:
    """Each kind of the catalogue is planted more than once, unless it is about the audit."""
    _, planted = golden(400)
    kinds = Counter(one.kind for one in planted)
    rare = {"collection_incomplete", "missed_run"}
    # What came of a remediation is judged from its journal, which these companies have not.
    absent = [rule.kind for rule in load_rules() if kinds[rule.kind] == 0]
    assert absent == ["remediation_failed"]
    assert [kind for kind, count in kinds.items() if count < 2 and kind not in rare] == []
