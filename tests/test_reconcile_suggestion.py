"""Hints for orphans: ranked, bounded, the same every time, and never part of a conclusion."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.errors import EvidenceError
from scanner.model import Finding
from scanner.reconcile import suggestion
from scanner.reconcile.lookalike import skeleton
from scanner.reconcile.names import name_keys
from scanner.reconcile.suggestion import with_suggestions
from tests.fakes.company import Company, account, leaver, person


def hints(folder: Path, stranger: Any, *people: Any) -> list[tuple[str, int, str]]:  # noqa: ANN401 - records
    """The suggestions for one orphan: person, score, why."""
    (orphan,) = Company([*people, stranger]).findings(folder, "orphan_account")
    assert (orphan.person, orphan.matched_by, orphan.candidates) == (None, None, ())
    return [(one.person_id, one.score, one.why) for one in orphan.suggestions]


def test_the_most_alike_comes_first(tmp_path: Path) -> None:
    """People are ranked by name; who shares nothing is not named."""
    people = [
        person("P1", display_name="Ana Ruizz"),
        leaver("P2", display_name="Ruiz Ana"),
        person("P3", display_name="Bo Berg"),
        person("P4", display_name="Ana Xu"),
    ]
    found = hints(tmp_path, account("U", display_name="Ana Ruiz"), *people)
    assert [who for who, _, _ in found][:2] == ["P2", "P1"]
    assert found[0] == ("P2", 100, "similar name")
    assert "P3" not in [who for who, _, _ in found]


def test_a_user_name_made_of_a_name_is_recognised(tmp_path: Path) -> None:
    """Initial and family name without any other trace lead to the person."""
    found = hints(tmp_path, account("U", user_name="aruiz2"), person("P", display_name="Ana Ruiz"))
    assert found == [("P", 100, "user name or address like the name")]


def test_no_more_than_three_are_named_in_a_stable_order(tmp_path: Path) -> None:
    """Equals are ordered by their ids, whatever the order of the table."""
    people = [person(f"P{number}", display_name="Ana Ruiz") for number in range(9)]
    random.Random(7).shuffle(people)  # noqa: S311 - an order, not a secret
    found = hints(tmp_path, account("U", display_name="Ana Ruiz"), *people)
    assert [who for who, _, _ in found] == ["P0", "P1", "P2"]


def test_nobody_alike_is_nobody_named(tmp_path: Path) -> None:
    """A robot has no namesake, and an account without any name has no hints."""
    assert hints(tmp_path / "1", account("U", user_name="ci-bot"), person("P")) == []
    assert hints(tmp_path / "2", account("U"), person("P", display_name="Ana Ruiz")) == []


def test_words_that_many_share_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word of too many people is no lead; a rarer one still is."""
    monkeypatch.setattr(suggestion, "MOST_NAMESAKES", 2)
    people = [person(f"P{number}", display_name=f"Ana N{number}x") for number in range(4)]
    assert hints(tmp_path / "1", account("U", display_name="Ana"), *people) == []
    rare = person("P9", display_name="Ana Ruiz")
    found = hints(tmp_path / "2", account("U", display_name="Ana Ruiz"), *people, rare)
    assert [who for who, _, _ in found] == ["P9"]


def test_only_so_many_accounts_have_hints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound, an orphan is still found and has no suggestions."""
    monkeypatch.setattr(suggestion, "MOST_ACCOUNTS", 1)
    records = [account(f"U{number}", display_name="Ana Ruiz") for number in range(2)]
    company = Company([person("P", display_name="Ana Ruiz"), *records])
    first, second = company.findings(tmp_path, "orphan_account")
    assert (len(first.suggestions), len(second.suggestions)) == (1, 0)


def test_a_look_alike_is_told_in_the_detail(tmp_path: Path) -> None:
    """The sentence names both spellings and the person, and the account stays nobody's."""
    (orphan,) = Company(
        [
            leaver("P", display_name="Ana Ruiz", emails=("ana@x.org",)),
            account("U", emails=("\u0430na@x.org",)),
        ]
    ).findings(tmp_path, "orphan_account")
    assert orphan.detail.endswith("\u0430na@x.org looks like ana@x.org of Ana Ruiz.")
    assert orphan.suggestions[0].why == "\u0430na@x.org looks like ana@x.org, and is not the same"


def test_a_missing_table_is_an_evidence_error(tmp_path: Path) -> None:
    """Hints need the table of people, and say so where it is missing or is none."""
    (orphan,) = Company([account("U", display_name="Ana")]).findings(tmp_path, "orphan_account")
    row: dict[str, Any] = {"display_name": "Ana", "user_name": None, "emails": []}
    found: list[Finding] = [orphan]
    with pytest.raises(EvidenceError, match="is missing"):
        with_suggestions(found, {("slack", "U"): row}, [tmp_path / "none.parquet"])
    (tmp_path / "bad.parquet").write_bytes(b"nothing")
    with pytest.raises(EvidenceError, match="as Parquet"):
        with_suggestions(found, {("slack", "U"): row}, [tmp_path / "bad.parquet"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u0430na@x.org", "ana@x.org"),
        ("m\u0131ke@x.org", "mike@x.org"),
        ("\u0130van@x.org", "ivan@x.org"),
        ("ana\uff20x.org", "ana@x.org"),
        ("an\u200ba@x.org", "ana@x.org"),
        ("jose\u0301", "jos\u00e9"),
        ("\u00a0ana", "ANA"),
    ],
)
def test_look_alikes_share_a_skeleton(one: str, other: str) -> None:
    """What a reader would take for the other looks the same."""
    assert one != other
    assert skeleton(one) == skeleton(other)


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_looks_like_itself(text: str) -> None:
    """Plain text is only lowered: rn is no m, and 1 is no l."""
    assert skeleton(text) == text.lower()


def test_words_of_a_name_are_those_that_can_be_compared() -> None:
    """Accents and letter case go; a name without Latin letters cannot be compared."""
    assert name_keys("Jos\u00e9 RUIZ", "jr@x", ("j.ruiz@x",)) == ["jose", "jr", "ruiz"]
    assert name_keys("\u9673\u5049", "chen", ()) == []
    assert name_keys(None, "chen", ()) == []
