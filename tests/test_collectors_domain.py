"""Promises of collectors.domain: another tenant is told by its mail domains, and only by many."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.domain import check_domains, known_domains, mail_domains, overlap
from tests.fakes.company import account, person

CORP = frozenset({"corp.example"})


def domains(*names: str) -> list[frozenset[str]]:
    """One user for each name; an empty name is a user without an address."""
    return [frozenset(filter(None, [name])) for name in names]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"emails": ("ana@Corp.Example", "a@b.example")}, {"corp.example", "b.example"}),
        ({"user_name": "ana@corp.example."}, {"corp.example"}),
        ({"user_name": "ana", "emails": ()}, set()),
        ({"emails": ("no address", "ana@")}, set()),
        ({"emails": ("ana@bücher.example",)}, {"xn--bcher-kva.example"}),
        ({"emails": (f"ana@{'x' * 70}.example",)}, {f"{'x' * 70}.example"}),
    ],
)
def test_domains_are_read_from_addresses_and_user_names(
    given: dict[str, Any], found: set[str]
) -> None:
    """Case, a closing dot and Unicode make no other domain; what is no address has none."""
    assert mail_domains(account("U1", **given)) == found
    assert mail_domains(person("1", **given)) == found


def test_an_hris_without_addresses_knows_no_domains() -> None:
    """Nine addresses are too few to call anybody foreign, ten are enough."""
    few = domains(*["corp.example"] * 9, *[""] * 20)
    assert known_domains(few) is None
    assert known_domains([*few, *domains("b.example")]) == frozenset({"corp.example", "b.example"})


def test_an_alias_of_a_known_domain_is_known() -> None:
    """Whichever of the two the HRIS has; an alias of a domain nobody has is not."""
    people = domains(*["corp.example"] * 10)
    aliases = {"old.example": "corp.example", "corp.example": "new.example", "a.test": "b.test"}
    assert known_domains(people, aliases) == frozenset(
        {"corp.example", "old.example", "new.example"}
    )


@pytest.mark.parametrize(
    ("name", "shared"),
    [
        ("corp.example", 1),
        ("mail.corp.example", 1),
        ("example", 1),
        ("notcorp.example", 0),
        ("sandbox.example", 0),
    ],
)
def test_subdomains_are_of_the_company(name: str, shared: int) -> None:
    """A domain below or above a known one is known; one that merely ends alike is not."""
    found = overlap(domains(name, ""), CORP)
    assert (found.addressed, found.shared) == (1, shared)
    assert found.foreign == (() if shared else (name,))


@pytest.mark.parametrize(
    ("own", "foreign", "percent", "held"),
    [
        (1, 19, 5, True),
        (1, 20, 5, False),
        (0, 10, 5, False),
        (0, 9, 5, None),
        (0, 50, 0, None),
        (49, 51, 50, False),
        (50, 50, 50, True),
    ],
)
def test_too_few_accounts_of_a_known_domain_are_foreign(
    own: int, foreign: int, percent: int, held: bool | None
) -> None:
    """The share is compared exactly; few addresses, or 0 per cent, say nothing."""
    names = ["corp.example"] * own + ["sandbox.example"] * foreign
    checked = check_domains(overlap(domains(*names), CORP), percent)
    assert (None if checked is None else checked.point.held) is held
    if checked is not None and not held:
        (reason,) = checked.reasons
        assert reason.code == "read.foreign_domains"
        assert "sandbox.example" in reason.message
        assert "min_domain_percent = 0" in reason.hint
