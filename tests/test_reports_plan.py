"""What people see of a plan and of its execution: dangers, arithmetic, outcomes, no surprises."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from collectors.base import Traits
from reports.applying import Move, applying_display
from reports.looks import look_words
from reports.plan import show_outcomes, show_plan
from scanner.remediation.plan import GuardResult, LeftOut, Plan
from tests.fakes.memory_world import World


def printed(show: Any, *given: Any, terminal: bool = False, **more: Any) -> str:  # noqa: ANN401
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=terminal, color_system=None)
    show(*given, console, **more)
    return stream.getvalue()


def plan() -> Plan:
    papers = World({"1"}, {"5", "6"}, app_names=("chat",)).plan()
    assert papers is not None
    return papers.plan


def document(found: Plan) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(found.content)
    return parsed


def shown(found: Plan, **more: bool) -> str:
    return printed(show_plan, document(found), found.plan_id, **more)


def test_whom_and_why_and_until_when() -> None:
    """The account, the evidence, the plan's id and its end are all there, within 80 columns."""
    found = plan()
    text = shown(found)
    for words in ("user-1", "terminated since 2026-10-23", "external_id", found.plan_id[:8]):
        assert words in text
    assert "All" in text
    assert max(map(len, text.splitlines())) <= 80


def test_requests_are_shown_to_the_byte() -> None:
    """Before an approval and in a dry run, each request stands on a line of its own."""
    found = plan()
    request = found.actions[0].requests[0]
    assert f"PATCH https://chat.example{request.path} {request.body}" in shown(found, requests=True)


def test_danger_is_named() -> None:
    """What deactivating destroys is said in words, next to the app."""
    found = plan()
    traits = Traits("Deletes the user.", "no", True, True, True)  # noqa: FBT003 - all of them
    text = shown(replace(found, apps=(replace(found.apps[0], traits=traits),)))
    assert "DANGER: cannot be undone, removes memberships, deletes the user" in text
    assert "Deletes the user." in text


def test_guards_that_fail_or_were_passed_show_their_arithmetic() -> None:
    """A breach says that nothing is written; an acknowledgement says why it was given."""
    found = plan()
    bad = GuardResult("accounts", "chat", 11, 10, ok=False, detail="11 of 400")
    passed = GuardResult("people", "", 26, 25, ok=True, detail="x", acknowledged="lay-off")
    text = shown(replace(found, guards=(bad, passed)))
    assert "NOT HELD  accounts:chat = 11, at most 10 (11 of 400)" in text
    assert "acknowledged  people = 26, at most 25 (x): lay-off" in text
    assert "Nothing is written in any app" in text


def test_what_is_left_out_and_what_is_manual_is_told() -> None:
    """Reviewed orphans, group removals and tasks for a person read as what they are."""
    found = plan()
    first = found.actions[0]
    why = replace(first.why, person_source=None, person_id=None, reviewer="dora")
    orphan = replace(first, why=why, requests=())
    nobody = replace(first, why=replace(why, reviewer=None), group_id="g", group_name=None)
    left = LeftOut("f" * 16, "chat", "a-9", "protected", "it is protected; manual action needed")
    text = shown(replace(found, actions=(orphan, nobody), left_out=(left,)))
    assert "deactivate by hand: ghost_active, decided by dora" in text.replace("\n", " ")
    assert "it is protected; manual action needed (chat)" in text
    empty = shown(replace(found, actions=(), apps=(), guards=()))
    assert "0 actions (nothing to do)" in empty


def test_hostile_names_are_only_shown() -> None:
    """Markup, escapes and line breaks in an account's name are visible text."""
    found = plan()
    target = replace(found.actions[0].target, user_name="[bold]x\x1b[31m\nfake line")
    text = shown(replace(found, actions=(replace(found.actions[0], target=target),)))
    assert "\x1b" not in text
    assert "[bold]x" in text.replace("\n", "")


ROWS = [
    {"app": "chat", "account": "ana", "outcome": "CONFIRMED", "detail": ""},
    {"app": "chat", "account": "bo", "outcome": "STILL_ACTIVE", "detail": "http.200"},
]

COUNTED = {
    "app": "chat", "kind": "count", "before": 60, "now": 57, "confirmed": 3, "appeared": 0,
    "unconfirmed": [], "came_back": [], "changed": [], "error": "",
}  # fmt: skip
LOOKS: list[dict[str, Any]] = [
    {"app": "chat", "kind": "census", "active": 60, "inactive": 2, "error": None},
    {"app": "chat", "kind": "check", "looked_at": 6, "changed": []},
    COUNTED,
    {"app": "wiki", "kind": "census", "active": None, "inactive": None, "error": "read.manual"},
]


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (LOOKS[0], "60 active"),
        (LOOKS[1], "6 picked accounts are as they were"),
        (LOOKS[1] | {"changed": ["u2"]}, "no longer as they were: u2"),
        (COUNTED, "60 active before, 57 now: 3 confirmed"),
        (
            COUNTED | {"now": 63, "confirmed": -2, "appeared": 1},
            "60 active before, 63 now: 2 given back, 1 new",
        ),
        (
            COUNTED | {"unconfirmed": ["u4"], "came_back": ["u5"], "changed": ["u6\n", "u7"]},
            (
                "60 active before, 57 now: 3 confirmed; changed without being confirmed: u4; "
                "back as before: u5; changed although nothing was sent for them: u6\\x0a, u7"
            ),
        ),
        (
            COUNTED | {"changed": [f"u{one}" for one in range(12)]},
            (
                "60 active before, 57 now: 3 confirmed; changed although nothing was sent for "
                "them: u0, u1, u2, u3, u4, u5, u6, u7, u8, u9 and 2 more"
            ),
        ),
        (
            COUNTED | {"now": None, "error": "count.list_differs"},
            (
                "how many are active could not be counted: "
                "its list contradicts what the accounts say of themselves"
            ),
        ),
        (LOOKS[3], "how many are active could not be counted: read.manual"),
    ],
)
def test_a_look_around_is_one_sentence(look: dict[str, Any], words: str) -> None:
    """Figures first, then whoever stands out, by id; what could not be counted is said so."""
    assert look_words(look) == words


def test_outcomes_are_a_table_with_a_sum() -> None:
    """Every action has a row; the counts stand below; nothing due is said."""
    text = printed(show_outcomes, ROWS, LOOKS)
    assert "STILL_ACTIVE" in text
    assert "http.200" in text
    assert "1 CONFIRMED, 1 STILL_ACTIVE" in text
    assert "chat: 60 active before, 57 now: 3 confirmed" in text
    assert "wiki: how many are active could not be counted: read.manual" in text
    assert text.count("chat:") == 1
    assert "nothing was due" in printed(show_outcomes, [], [])


def moves(console: Console, *, quiet: bool = False) -> None:
    with applying_display(console, quiet=quiet) as display:
        display(Move("chat", "ana", 0, 2, None, "chat: bo"))
        display(Move("chat", "ana", 1, 2, "CONFIRMED", "chat: bo"))
        display(Move("chat", "b\x1bo", 1, 2, None))
        display(Move("chat", "b\x1bo", 2, 2, "STILL_ACTIVE"))


def test_an_apply_is_followed_live() -> None:
    """On a terminal: the last actions with their outcomes, the counts, and what is next."""
    text = printed(moves, terminal=True)
    assert "CONFIRMED" in text
    assert "2 of 2 done" in text
    assert "\x1bo" not in text


def test_an_apply_is_followed_in_a_log() -> None:
    """In a pipe one line for each action that ended, and nothing where it is to be quiet."""
    assert printed(moves).splitlines() == [
        "1 of 2  chat: ana  CONFIRMED",
        "2 of 2  chat: b\\x1bo  STILL_ACTIVE",
    ]
    assert printed(lambda console: moves(console, quiet=True)) == ""
