"""What ``check`` prints: fits, says it in words, and obeys nothing a server sends."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from reports.survey import duration, show_surveys, surveys_json
from scanner.model import Ability, PageSurvey, Reason, Role, SignIn, Survey

HOSTILE = "[bold]x[/bold]\x1b]52;c;QQ==\x07\x9b31m\u202e:smile:\r\n{0}"
USERS = PageSurvey(
    100, 100, 2_412, 240, 26, 200,
    (
        Ability("inactive", 12, 100),
        Ability("user_name", 100, 100),
        Ability("emails", 96, 100),
        Ability("last_activity_at", 0, 100),
        Ability("groups", 3, 100),
    ),
)  # fmt: skip
GROUPS = PageSurvey(100, 40, 40, 80, 2, 200, (Ability("members", 38, 40),))
GOOD = Survey(
    source="slack", role=Role.APP, type="slack", url="https://api.example.com/scim",
    reachable=True, sign_in=SignIn.ACCEPTED, users=USERS, groups=GROUPS,
    quirks=("itemsPerPage says 101 on a page of 100",), requests=3,
    full_read_requests=28, full_read_milliseconds=6_400, requests_per_minute=500,
)  # fmt: skip
REFUSED = Reason("auth.rejected", "/Users was answered with 401", "store a new token")
BAD = replace(
    GOOD,
    source="zoom",
    sign_in=SignIn.REFUSED,
    users=PageSurvey(100, status=401, failure=REFUSED),
    groups=PageSurvey(100, failure=Reason("groups.users_not_read", "not asked for")),
    lacking=(REFUSED,),
    quirks=(),
)
NO_GROUPS = Reason("groups.unsupported", "no groups (404); group conclusions will not be drawn")


def shown(*surveys: Survey, width: int = 80, color: bool = False) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
    )
    show_surveys(surveys, console)
    return out.getvalue()


def flat(text: str) -> str:
    return " ".join(text.split())


def hostile() -> Survey:
    reason = Reason("x", HOSTILE, HOSTILE)
    return replace(
        GOOD,
        source=HOSTILE,
        type=HOSTILE,
        url=HOSTILE,
        quirks=(HOSTILE,),
        notes=(reason,),
        lacking=(reason,),
    )


@pytest.mark.parametrize(
    "survey",
    [
        GOOD,
        BAD,
        hostile(),
        replace(GOOD, source="n" * 63, users=replace(USERS, reported=12_345_678)),
    ],
)
def test_everything_fits_eighty_columns(survey: Survey) -> None:
    """No line is wider than the narrowest terminal."""
    assert max(map(len, shown(survey).splitlines())) <= 80


def test_a_good_source_is_told_in_words() -> None:
    """Figures, what is shown and what is not, the estimate, and that nothing is proved yet."""
    said = flat(shown(GOOD))
    for words in (
        "slack yes accepted 2,412 seen 40 6 s yes",
        "slack: app, type slack",
        "2,412 reported; asked for 100 a page, given 100 in 0.2 s",
        "Inactive seen on 12 of 100 users on the first page",
        "on all: user name",
        "on some: e-mail (96 of 100)",
        "on none: last login (dormant accounts cannot be found)",
        "Members seen on 38 of 40 groups on the first page",
        "about 28 requests, 6 s, at no more than 500 requests a minute",
        "Quirk itemsPerPage says 101 on a page of 100",
        "Ready for an audit, as far as one page can tell",
    ):
        assert words in said


def test_a_source_that_cannot_be_read_is_named_with_the_next_step() -> None:
    """The refusal, the reason, what to do, and which sources are not ready."""
    said = flat(shown(GOOD, BAD))
    for words in (
        "zoom yes refused - - - - NO",
        "Sign-in 401: the token was refused",
        "FAILED /Users was answered with 401 Next: store a new token",
        "1 of 2 sources are not ready for an audit: zoom.",
    ):
        assert words in said


def test_groups_that_are_missing_are_said_once() -> None:
    """As a remark under Groups; as a lack only where an entitlement needs them."""
    page = PageSurvey(100, status=404, failure=NO_GROUPS)
    assert shown(replace(GOOD, groups=page, notes=(NO_GROUPS,))).count("404") == 1
    lacking = shown(replace(GOOD, groups=page, lacking=(NO_GROUPS,)))
    assert lacking.count("404") == 1
    assert "LACKS" in lacking


@pytest.mark.parametrize(
    ("abilities", "words"),
    [
        ((Ability("members", 0, 40),), "Members not seen on any of 40 groups"),
        ((Ability("members", 0, 40), Ability("members_by_id", 1, 1)), "a group is read by its id"),
        ((Ability("members", 0, 40), Ability("members_by_user", 1, 1)), "users name the groups"),
    ],
)
def test_where_members_are_found_is_said(abilities: tuple[Ability, ...], words: str) -> None:
    """In the list, in a group by its id, with the users, or nowhere."""
    assert words in flat(shown(replace(GOOD, groups=replace(GROUPS, abilities=abilities))))


def test_an_empty_list_has_no_fields_and_no_members() -> None:
    """Where nothing came there is nothing to say of records."""
    empty = PageSurvey(100, 0, 0, 10, 1, 200, (Ability("members", 0, 0),))
    said = shown(replace(GOOD, users=empty, groups=empty))
    assert "Fields" not in said
    assert "Members" not in said


def test_an_hris_is_told_by_who_has_left() -> None:
    """Departed people take the place of inactive users; dates count only those who left."""
    users = replace(USERS, abilities=(Ability("departed", 0, 100), Ability("departed_at", 0, 0)))
    said = flat(shown(replace(GOOD, role=Role.HRIS, users=users)))
    assert "Left not seen on any of 100 users" in said
    assert "departure date" not in said
    assert "not seen 40" in said


def test_an_unknown_length_is_said_to_be_unknown() -> None:
    """Without a total there is no estimate."""
    unknown = replace(GOOD, full_read_requests=None, full_read_milliseconds=None)
    said = flat(shown(unknown))
    assert "length not known: the server gives no total" in said
    assert " not known yes" in said


def test_colour_is_never_alone() -> None:
    """Without escape codes the text is the same."""
    colored = shown(GOOD, BAD, color=True)
    assert "\x1b[" in colored
    plain = Console(file=io.StringIO(), width=80).render_str(colored).plain
    for word in ("NO", "FAILED", "yes"):
        assert word in plain
        assert word in shown(GOOD, BAD)


def test_a_server_cannot_write_to_the_terminal() -> None:
    """Controls, markup and emoji codes of a server are shown as they are written."""
    said = shown(hostile(), width=400)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "[bold]x[/bold]" in said
    assert ":smile:" in said


def test_json_is_one_document_with_every_figure() -> None:
    """The sources in order, with what they show and lack, and the exit code."""
    document = json.loads(surveys_json([GOOD, BAD], 20))
    assert document["exit_code"] == 20
    good, bad = document["sources"]
    assert (good["name"], good["usable"], good["users"]["shows"]["inactive"]) == (
        "slack",
        True,
        {"seen": 12, "of": 100},
    )
    assert good["full_read"] == {"requests": 28, "milliseconds": 6_400}
    assert (bad["sign_in"], bad["users"]["failure"]["code"]) == ("refused", "auth.rejected")
    assert bad["lacking"] == [
        {"code": REFUSED.code, "message": REFUSED.message, "hint": REFUSED.hint}
    ]


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, "not known"),
        (0, "under 0.1 s"),
        (99, "under 0.1 s"),
        (100, "0.1 s"),
        (949, "0.9 s"),
        (950, "1 s"),
        (119_400, "119 s"),
        (120_000, "2 min"),
    ],
)
def test_durations_read_as_people_say_them(milliseconds: int | None, words: str) -> None:
    """Tenths below a second, then seconds, then minutes."""
    assert duration(milliseconds) == words
