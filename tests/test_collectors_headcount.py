"""Promises of collectors.headcount: a sudden change of an HRIS is measured, told, acknowledged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.headcount import count_people, guard_note, guards_of
from scanner.config import Source
from scanner.model import Earlier, Guard, Headcount, PersonStatus
from tests.fakes.company import person

HRIS = {"role": "hris", "type": "scim", "url": "https://hr.example/scim"}


def guards(before: tuple[int, int], now: tuple[int, int], **settings: object) -> dict[str, Guard]:
    """Compare employed and terminated before and now."""
    source = Source.model_validate({**HRIS, **settings})
    earlier = Earlier(sum(before), Headcount(*before))
    return {one.name: one for one in guards_of(Headcount(*now), earlier, source)}


def breached(*counts: tuple[int, int], **settings: Any) -> list[str]:  # noqa: ANN401 - settings
    return [name for name, one in guards(counts[0], counts[1], **settings).items() if one.breached]


def test_only_the_status_terminated_counts_as_left() -> None:
    """Every other status, unknown too, may go on being employed."""
    people = [person(status.value, status=status) for status in PersonStatus]
    assert count_people(people) == Headcount(employed=len(people) - 1, terminated=1)


@pytest.mark.parametrize(
    ("before", "now", "names"),
    [
        ((10, 2), (5, 7), []),  # five more have left: allowed however small the company
        ((10, 2), (4, 8), ["hris.terminated"]),
        ((200, 9), (190, 19), []),  # 5 per cent of 200
        ((200, 9), (189, 20), ["hris.terminated"]),
        ((10, 2), (7, 2), []),
        ((10, 2), (6, 2), ["hris.drop"]),
        ((200, 9), (190, 9), []),
        ((200, 9), (189, 9), ["hris.drop"]),
        ((100, 9), (80, 18), ["hris.terminated", "hris.drop"]),
        ((100, 9), (100, 0), []),  # old leavers were cleared away
        ((100, 9), (150, 9), []),
    ],
)
def test_each_guard_measures_its_own_change(
    before: tuple[int, int], now: tuple[int, int], names: list[str]
) -> None:
    """Those who left are no drop, and a drop is nobody who left; limits are exact."""
    assert breached(before, now) == names


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ["hris.terminated", "hris.drop"]),
        ({"acknowledge_terminated_to": 18}, ["hris.drop"]),
        ({"acknowledge_terminated_to": 17}, ["hris.terminated", "hris.drop"]),
        ({"acknowledge_drop_to": 98}, ["hris.terminated"]),
        ({"acknowledge_drop_to": 99}, ["hris.terminated", "hris.drop"]),
        ({"acknowledge_terminated_to": 18, "acknowledge_drop_to": 98}, []),
    ],
)
def test_a_change_is_acknowledged_by_its_number(settings: dict[str, int], names: list[str]) -> None:
    """The number that is there now acknowledges; one that it goes beyond does not."""
    assert breached((100, 9), (80, 18), **settings) == names


def test_a_note_names_both_numbers_and_the_setting_that_acknowledges_them() -> None:
    """What is told is what has to be written into the settings, as it stands."""
    found = guards((100, 9), (80, 18))
    left, fewer = (guard_note(found[name], 98) or "" for name in ("hris.terminated", "hris.drop"))
    assert "18 people are terminated, in the last complete run it was 9" in left
    assert "acknowledge_terminated_to = 18" in left
    assert "80 people are employed, in the last complete run it was 100" in fewer
    assert "acknowledge_drop_to = 98" in fewer
    found = guards((100, 9), (80, 18), acknowledge_terminated_to=18)
    assert "acknowledged" in (guard_note(found["hris.terminated"], 98) or "")
    assert guard_note(guards((100, 9), (100, 9))["hris.drop"], 109) is None


def test_without_an_earlier_headcount_nothing_is_measured() -> None:
    """A first run, or one after runs that did not count, has no guard to breach."""
    source = Source.model_validate(HRIS)
    assert guards_of(Headcount(1, 99), None, source) == ()
    assert guards_of(Headcount(1, 99), Earlier(100), source) == ()


COUNT = st.integers(0, 2000)


@given(COUNT, COUNT, COUNT, COUNT)
def test_the_settings_a_note_asks_for_are_enough(
    employed: int, terminated: int, now_employed: int, now_terminated: int
) -> None:
    """Writing both numbers as told clears every guard, whatever happened."""
    now = (now_employed, now_terminated)
    settings = {
        "acknowledge_terminated_to": now_terminated,
        "acknowledge_drop_to": sum(now),
    }
    assert breached((employed, terminated), now, **settings) == []
