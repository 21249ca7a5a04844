"""What ``check`` says of each source: a table, sentences for an administrator, or JSON.

What servers say is shown with every control character visible, and is never read as markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.text import visible
from reports.words import ROLES
from scanner.model import Ability, PageSurvey, Reason, Role, SignIn, Survey

FIELDS: Mapping[str, str] = {
    "user_name": "user name",
    "emails": "e-mail",
    "employee_number": "employee number",
    "external_id": "external id",
    "hired_at": "hire date",
    "departed_at": "departure date (of those who left)",
    "created_at": "time created",
    "modified_at": "time modified",
    "last_activity_at": "last login",
}
"""What a field is called in front of people."""

_WHO: Mapping[str, str] = {"inactive": "Inactive", "departed": "Left"}
_CONSEQUENCES: Mapping[str, str] = {"last_activity_at": "dormant accounts cannot be found"}

_SIGN_INS: Mapping[SignIn, str] = {
    SignIn.ACCEPTED: "accepted",
    SignIn.REFUSED: "refused",
    SignIn.FORBIDDEN: "no right",
    SignIn.NOT_CONFIGURED: "none set",
    SignIn.UNKNOWN: "not known",
}
_SIGN_IN_SENTENCES: Mapping[SignIn, str] = {
    SignIn.REFUSED: "401: the token was refused",
    SignIn.FORBIDDEN: "403: the token is known, but may not read users",
}
_LABEL_WIDTH = 10


def show_surveys(surveys: Sequence[Survey], console: Console) -> None:
    """Print a table of all sources, what was found of each, and what to do next.

    The table fits 80 columns. Colour only repeats what the words say.
    """
    console.print()
    console.print(_table(surveys))
    for survey in surveys:
        _show_one(survey, console)
    console.print()
    console.print(_conclusion(surveys), soft_wrap=False)


def surveys_json(surveys: Sequence[Survey], exit_code: int) -> str:
    """Give one JSON document: ``sources`` in order and ``exit_code``; times in milliseconds."""
    document = {"sources": [_document(one) for one in surveys], "exit_code": exit_code}
    return json.dumps(document, sort_keys=True)


def _table(surveys: Sequence[Survey]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("Source", overflow="fold", min_width=6, max_width=20)
    for heading in ("Answers", "Sign-in"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Users", justify="right", no_wrap=True)
    table.add_column("Inactive", no_wrap=True)
    table.add_column("Groups", justify="right", no_wrap=True)
    table.add_column("Full read", justify="right", no_wrap=True)
    table.add_column("Ready", no_wrap=True)
    for survey in surveys:
        table.add_row(*_cells(survey))
    return table


def _cells(survey: Survey) -> tuple[Text, ...]:
    return (
        Text(visible(survey.source, 60)),
        Text("yes" if survey.reachable else "no"),
        Text(_SIGN_INS[survey.sign_in]),
        Text(_count(survey.users)),
        Text(_inactive(survey)),
        Text(_count(survey.groups)),
        Text("-" if survey.users.failure else duration(survey.full_read_milliseconds)),
        Text("yes", "green") if survey.usable else Text("NO", "bold red"),
    )


def _count(page: PageSurvey) -> str:
    return "-" if page.reported is None else f"{page.reported:,}"


def _inactive(survey: Survey) -> str:
    if survey.users.failure is not None:
        return "-"
    name = "departed" if survey.role is Role.HRIS else "inactive"
    return "seen" if _seen(survey.users, name) else "not seen"


def _seen(page: PageSurvey, name: str) -> int:
    return next((one.seen for one in page.abilities if one.name == name), 0)


def _show_one(survey: Survey, console: Console) -> None:
    console.print()
    head = f"{visible(survey.source, 60)}: {ROLES[survey.role]}, type {visible(survey.type, 40)}"
    console.print(Text(head, "bold"))
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=_LABEL_WIDTH, no_wrap=True)
    grid.add_column(overflow="fold")
    for label, sentence in _lines(survey):
        style = "bold red" if label.isupper() else ""
        grid.add_row(Text(label, style), Text(visible(sentence)))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _lines(survey: Survey) -> Iterator[tuple[str, str]]:
    """Every line about one source: its label and one sentence."""
    yield "Address", survey.url
    if survey.sign_in in _SIGN_IN_SENTENCES:
        yield "Sign-in", _SIGN_IN_SENTENCES[survey.sign_in]
    if survey.users.failure is None:
        yield "Users", _page(survey.users)
        yield from _field_lines(survey.users)
        yield from _group_lines(survey)
        if survey.users.asked:  # a file was read to its end already
            yield "Full read", _full_read(survey)
    for quirk in survey.quirks:
        yield "Quirk", quirk
    yield from _reason_lines(survey)


def _reason_lines(survey: Survey) -> Iterator[tuple[str, str]]:
    for reason in survey.notes:
        if reason != survey.groups.failure:  # that is said of the groups
            yield from _reason("Note", reason)
    for reason in survey.lacking:
        yield from _reason("FAILED" if reason == survey.users.failure else "LACKS", reason)


def _reason(label: str, reason: Reason) -> Iterator[tuple[str, str]]:
    yield label, reason.message
    if reason.hint:
        yield "", f"Next: {reason.hint}"


def _page(page: PageSurvey) -> str:
    if not page.asked:
        return f"{page.given:,} read in {duration(page.milliseconds)}"
    return (
        f"{_count(page)} reported; asked for {page.asked:,} a page, given {page.given:,} "
        f"in {duration(page.milliseconds)}"
    )


def _field_lines(page: PageSurvey) -> Iterator[tuple[str, str]]:
    """Who is listed, then which fields stand on all, on some and on no record of the page."""
    if not page.given:
        return
    fields = []
    for one in page.abilities:
        if one.name in _WHO:
            yield _WHO[one.name], _seen_or_not(one, f"users{_where(page)}")
        elif one.name in FIELDS and one.of:
            fields.append(one)
    lines = (
        ("on all: ", [_field(one) for one in fields if one.seen == one.of]),
        ("on some: ", [f"{_field(one)} ({_figures(one)})" for one in fields if _is_partial(one)]),
        ("on none: ", [_absent(one) for one in fields if not one.seen]),
    )
    label = "Fields"
    for where, names in lines:
        if names:
            yield label, where + ", ".join(names)
            label = ""


def _group_lines(survey: Survey) -> Iterator[tuple[str, str]]:
    page = survey.groups
    if page.failure is not None:
        if page.failure.code not in {reason.code for reason in survey.lacking}:
            yield "Groups", page.failure.message
        return
    yield "Groups", _page(page)
    members = next((one for one in page.abilities if one.name == "members"), None)
    if members is None or not members.of:
        return
    if _seen(page, "members_by_id"):
        yield "Members", "not in the list of groups, but shown where a group is read by its id"
    elif _seen(page, "members_by_user"):
        yield "Members", "not shown with groups, but users name the groups they are in"
    else:
        yield "Members", _seen_or_not(members, f"groups{_where(page)}")


def _where(page: PageSurvey) -> str:
    return " on the first page" if page.asked else ""


def _seen_or_not(ability: Ability, where: str) -> str:
    if not ability.seen:
        return f"not seen on any of {ability.of:,} {where}"
    return f"seen on {_figures(ability)} {where}"


def _figures(ability: Ability) -> str:
    return f"{ability.seen:,} of {ability.of:,}"


def _is_partial(ability: Ability) -> bool:
    return 0 < ability.seen < ability.of


def _field(ability: Ability) -> str:
    return FIELDS[ability.name]


def _absent(ability: Ability) -> str:
    consequence = _CONSEQUENCES.get(ability.name)
    return _field(ability) + (f" ({consequence})" if consequence else "")


def _full_read(survey: Survey) -> str:
    pace = survey.requests_per_minute
    if survey.full_read_requests is None:
        return "length not known: the server gives no total"
    limit = f", at no more than {pace:,} requests a minute" if pace else ""
    return (
        f"about {survey.full_read_requests:,} requests, "
        f"{duration(survey.full_read_milliseconds)}{limit}"
    )


def duration(milliseconds: int | None) -> str:
    """Give a length of time as people say it: ``under 0.1 s``, ``0.4 s``, ``6 s``, ``3 min``."""
    if milliseconds is None:
        return "not known"
    if milliseconds < 100:  # noqa: PLR2004 - below it the figure would be noise
        return "under 0.1 s"
    if milliseconds < 950:  # noqa: PLR2004 - rounds to less than one second
        return f"{milliseconds / 1000:.1f} s"
    seconds = round(milliseconds / 1000)
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"  # noqa: PLR2004 - two minutes


def _conclusion(surveys: Sequence[Survey]) -> Text:
    lacking = [survey.source for survey in surveys if not survey.usable]
    if not lacking:
        return Text(
            "Ready for an audit, as far as one page can tell; only a full read proves a list whole."
            " Next: ghostscan audit"
        )
    names = visible(", ".join(lacking))
    return Text(
        f"{len(lacking)} of {len(surveys)} sources are not ready for an audit: {names}. "
        "Remove what FAILED and LACKS say above, then check again.",
        "bold",
    )


def _document(survey: Survey) -> dict[str, object]:
    return {
        "name": survey.source,
        "role": survey.role,
        "type": survey.type,
        "url": survey.url,
        "reachable": survey.reachable,
        "sign_in": survey.sign_in,
        "usable": survey.usable,
        "users": _page_document(survey.users),
        "groups": _page_document(survey.groups),
        "lacking": [_reason_document(one) for one in survey.lacking],
        "notes": [_reason_document(one) for one in survey.notes],
        "quirks": list(survey.quirks),
        "requests": survey.requests,
        "requests_per_minute": survey.requests_per_minute,
        "full_read": {
            "requests": survey.full_read_requests,
            "milliseconds": survey.full_read_milliseconds,
        },
    }


def _page_document(page: PageSurvey) -> dict[str, object]:
    return {
        "status": page.status,
        "reported": page.reported,
        "asked": page.asked,
        "given": page.given,
        "milliseconds": page.milliseconds,
        "shows": {one.name: {"seen": one.seen, "of": one.of} for one in page.abilities},
        "failure": _reason_document(page.failure) if page.failure else None,
    }


def _reason_document(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "message": reason.message, "hint": reason.hint}
