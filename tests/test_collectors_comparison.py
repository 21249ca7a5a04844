"""Promises of collectors.comparison: what the sources say of each other, and of what was before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from collectors.comparison import compare
from scanner.config import Source
from scanner.model import (
    Earlier,
    Headcount,
    PersonStatus,
    Population,
    Reading,
    Records,
    Role,
    State,
)
from tests.fakes.company import account, person

TABLES: dict[str, dict[str, Any]] = {
    "people": {"role": "hris", "type": "scim", "url": "https://hr.example/scim"},
    "slack": {"type": "slack", "url": "https://app.example/scim"},
}


def records(domain: str, people: int = 12) -> dict[str, Records]:
    """Twelve people of the company, and an app with addresses of ``domain``."""
    return {
        "people": Records(
            people=tuple(
                person(str(one), emails=(f"p{one}@corp.example",)) for one in range(people)
            )
        ),
        "slack": Records(
            accounts=tuple(account(f"U{one}", emails=(f"p{one}@{domain}",)) for one in range(12))
        ),
    }


def compared(
    found: Mapping[str, Records],
    states: tuple[State, State] = (State.COMPLETE, State.COMPLETE),
    earlier: Mapping[str, Earlier] | None = None,
    **slack: Any,  # noqa: ANN401 - any setting of a source
) -> dict[str, Reading]:
    sources = {
        "people": Source.model_validate(TABLES["people"]),
        "slack": Source.model_validate({**TABLES["slack"], **slack}),
    }
    readings = [
        Reading(name, one.role, one.type, one.url, Population(state), Population(State.NOT_READ))
        for (name, one), state in zip(sources.items(), states, strict=True)
    ]
    return {one.source: one for one in compare(sources, readings, found, earlier or {}, {})}


def test_an_app_of_other_domains_is_incomplete_and_says_so() -> None:
    """Its proof gets a point that did not hold; the HRIS is as before."""
    found = compared(records("sandbox.example"))
    slack = found["slack"].users
    assert (slack.state, [one.code for one in slack.reasons]) == (
        State.INCOMPLETE,
        ["read.foreign_domains"],
    )
    assert [(one.name, one.held) for one in slack.proof] == [("mail_domains", False)]
    assert found["people"].state is State.COMPLETE


def test_an_app_of_the_same_domains_gets_a_point_that_held() -> None:
    """What was compared is shown, with its figures."""
    (point,) = compared(records("corp.example"))["slack"].users.proof
    assert (point.held, point.detail[:8]) == (True, "12 of 12")


@pytest.mark.parametrize(
    ("states", "people", "settings"),
    [
        ((State.INCOMPLETE, State.COMPLETE), 12, {}),
        ((State.COMPLETE, State.INCOMPLETE), 12, {}),
        ((State.COMPLETE, State.NOT_READ), 12, {}),
        ((State.COMPLETE, State.COMPLETE), 9, {}),
        ((State.COMPLETE, State.COMPLETE), 12, {"min_domain_percent": 0}),
    ],
)
def test_where_domains_cannot_be_compared_nothing_changes(
    states: tuple[State, State], people: int, settings: dict[str, Any]
) -> None:
    """Without two whole readings, enough addresses, or the wish, an app stays as it was."""
    found = compared(records("sandbox.example", people), states, **settings)
    assert (found["slack"].state, found["slack"].users.proof) == (states[1], ())


def test_a_complete_hris_gets_its_headcount_and_its_guards() -> None:
    """A jump of the terminated is stored with the reading and told; COMPLETE it stays."""
    left = tuple(person(str(one), status=PersonStatus.TERMINATED) for one in range(8))
    found = {"people": Records(people=left), "slack": Records()}
    before = {"people": Earlier(8, Headcount(6, 2))}
    people = compared(found, earlier=before)["people"]
    assert (people.state, people.headcount) == (State.COMPLETE, Headcount(0, 8))
    assert [one.name for one in people.guards if one.breached] == ["hris.terminated"]
    assert any("acknowledge_terminated_to = 8" in one for one in people.users.deviations)
    whole = compared(found)["people"]
    assert (whole.headcount, whole.guards, whole.users.deviations) == (Headcount(0, 8), (), ())


@pytest.mark.parametrize("domain", ["corp.example", "sandbox.example"])
def test_comparing_again_changes_nothing(domain: str) -> None:
    """A run that is taken up again, or gone over again, tells nothing twice."""
    found = records(domain)
    before = {"people": Earlier(50, Headcount(50, 0))}
    sources = {name: Source.model_validate(table) for name, table in TABLES.items()}
    once = tuple(compared(found, earlier=before).values())
    assert any(one.name == "hris.drop" and one.breached for one in once[0].guards)
    assert compare(sources, once, found, before, {}) == once


def test_an_incomplete_hris_has_no_headcount() -> None:
    """What was not read whole is no measure for the next run."""
    people = compared(records("corp.example"), (State.INCOMPLETE, State.COMPLETE))["people"]
    assert (people.role, people.headcount, people.guards) == (Role.HRIS, None, ())
