"""Who is active right now: the list once more over real sockets, with the proof of an audit."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collectors.base import Census
from collectors.change import build_deactivator
from collectors.manual import ManualDeactivator
from scanner.config import Source
from tests.fakes.scim_server import Fault, ScimServer, serving, user

PEOPLE = 230


def taken(scim: ScimServer, most: int = 20_000, **settings: object) -> Census:
    source = Source.model_validate({"type": "scim", "url": scim.url, **settings})
    wiki = build_deactivator("wiki", source, ZoneInfo("UTC"), Path())
    try:
        return wiki.census(most)
    finally:
        wiki.close()


def people(count: int = PEOPLE) -> list[dict[str, object]]:
    return [user(one, active=one % 10 != 0) for one in range(1, count + 1)]


@pytest.mark.parametrize("faults", [(), (Fault.CURSOR_ONLY,)], ids=["index", "cursor"])
def test_active_and_inactive_are_told_from_the_whole_list(faults: tuple[Fault, ...]) -> None:
    """Every page is read, and nothing but GET is sent."""
    with serving(people(), [], *faults) as scim:
        found = taken(scim)
        assert found.error is None
        assert set(found.active or ()) == {f"u{one}" for one in range(1, PEOPLE + 1) if one % 10}
        assert set(found.inactive or ()) == {f"u{one}" for one in range(10, PEOPLE + 1, 10)}
        assert {one.method for one in scim.ledger} == {"GET"}


@pytest.mark.parametrize(
    ("faults", "requests"),
    [((), 1), ((Fault.CURSOR_ONLY,), 3)],  # without a total the second page shows it
    ids=["index", "cursor"],
)
def test_a_longer_list_is_left_as_soon_as_it_shows(
    faults: tuple[Fault, ...], requests: int
) -> None:
    """Whoever may not take the time is told so after the first pages."""
    with serving(people(), [], *faults) as scim:
        assert taken(scim, 100) == Census(None, None, "count.too_many")
        assert sum("/Users" in one.path for one in scim.ledger) == requests


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.ABSENT_ACTIVE, "record.active_unknown"),
        (Fault.HTML_PAGE, "read.media_type"),
        (Fault.ALWAYS_500, "http.status"),
        (Fault.UNAUTHORIZED, "auth.rejected"),
    ],
)
def test_a_list_that_is_not_proved_counts_nobody(fault: Fault, code: str) -> None:
    """No figure is made of it, and the reason is told."""
    with serving(people(12), [], fault) as scim:
        found = taken(scim)
        assert (found.active, found.inactive) == (None, None)
        assert found.error == code


def test_what_an_audit_expects_of_the_figures_is_left_out() -> None:
    """Canaries that are gone, nobody at all, a round number: that is what is counted for."""
    with serving([]) as scim:
        assert taken(scim, canaries=["u1"]).active == frozenset()
    with serving(people(100)) as scim:
        assert len(taken(scim, expected_size=150).active or ()) == 90


def test_an_app_that_is_changed_by_hand_cannot_be_counted() -> None:
    """There is nothing to ask."""
    assert ManualDeactivator().census(9).error == "read.manual"
