"""What a remediation did, as a page and a workbook, made from its ``log.json`` alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reports.archive import workbook_at
from reports.cell import Look, Value, cell_text
from reports.looks import look_words
from reports.page import STYLE, page_environment, style_digest
from reports.plan import EFFECTS, GOOD, whom, why_words
from reports.sheet import Column, DataSheet, Stamp, write_sheet
from reports.text import visible

PAGE, WORKBOOK = "log.html", "log.xlsx"
Document = Mapping[str, Any]

_STATES = {True: "active", False: "inactive", None: "not told"}
_LOOKS = {"census": "list before", "count": "list again", "check": "picked accounts"}
_WORDS = {
    None: "not approved or not yet done",
    "BY_HAND": "a task for a person",
    "DELETED": "DELETED: as was accepted; it cannot be undone",
    "REVERTED": "REVERTED: it came back",
}


def render_log_page(log: Document) -> bytes:
    """Return ``log.html`` as UTF-8: the same log always gives the same bytes.

    Whatever a server sent is escaped and visible; the page runs no script at all.
    """
    environment = page_environment()
    page = _page(log)
    style = environment.get_template(STYLE).render(page=page)
    template = environment.get_template("remediation.html.j2")
    return template.render(page=page, style_digest=style_digest(style)).encode()


def write_log_workbook(log: Document, target: Path) -> None:
    """Write ``log.xlsx``: a row for each action, and on a second sheet one for each look around.

    The same log gives the same bytes.

    Instants are spreadsheet dates in UTC; what was read is stored as text that nothing evaluates.
    Raises EvidenceError where it cannot be written.
    """
    begun = log["begun"]
    as_of = _instant(begun["at"]) if begun else datetime(2000, 1, 1, tzinfo=UTC)
    with workbook_at(target) as book:
        book.properties.created = book.properties.modified = as_of.replace(
            microsecond=0, tzinfo=None
        )
        book.properties.creator = cell_text("ghostscan")
        book.properties.title = f"{_title(log)} of run {log['run']}"
        stamp = Stamp(_title(log), as_of, log["run"])
        write_sheet(book, _sheet(log), stamp)
        write_sheet(book, _looks(log), stamp)


def _title(log: Document) -> str:
    return "Remediation log" if log["undoes"] is None else "Log of an undo"


def _page(log: Document) -> dict[str, Any]:
    begun, counts = log["begun"], Counter(row["outcome"] for row in log["actions"])
    done = sum(count for outcome, count in counts.items() if outcome in GOOD)
    key = f", key {begun['approver_key']}" if begun and begun["approver_key"] else ", typed"
    return {
        "title": _title(log),
        "run": visible(log["run"]),
        "run_mark": re.sub(r"[^0-9A-Za-z-]", "", log["run"]),
        "sentence": f"{done} of {len(log['actions'])} actions are confirmed",
        "planner": visible(log["planner"]["name"]),
        "approver": visible(begun["approver"]) + key if begun else "nobody yet",
        "executor": _executor(begun) if begun else "nobody yet",
        "begun": _second(begun["at"]) if begun else "not begun",
        "ended": _second(log["ended_at"]) or "not ended: it can go on",
        "stopped": visible(log["stopped"]),
        "rows": [_row(one) for one in log["actions"]],
        "apps": [_app(one) for one in log["apps"]],
        "looks": [_look(one) for one in log["looks"]],
        "plan_id": log["plan_id"],
        "journal_head": log["journal_head"],
        "manifest": log["manifest_sha256"],
    }


def _app(app: Document) -> dict[str, str]:
    return {
        "name": visible(app["name"]),
        "effect": visible(app["effect"], 400),
        "dangers": ", ".join(EFFECTS[one] for one in app["destructive"]),
    }


def _effect(log: Document, action: Document) -> str:
    """Say what the change does at this vendor, the dangers first."""
    app = next(one for one in log["apps"] if one["name"] == action["app"])
    told = _app(app)
    return f"DANGER: {told['dangers']}. {told['effect']}" if told["dangers"] else told["effect"]


def _look(look: Document) -> dict[str, str]:
    return {"at": look["at"], "app": visible(look["app"]), "seen": look_words(look)}


def _executor(begun: Document) -> str:
    return visible(f"{begun['user']} on {begun['host']}, {begun['tool']}")


def _row(action: Document) -> dict[str, Any]:
    checked = action["rechecked"]
    return {
        "account": whom(action),
        "account_id": visible(action["target"]["id"]),
        "app": visible(action["app"]),
        "why": why_words(action["why"]),
        "before": _state(action, action["before"]),
        "requests": [_request(one) for one in action["requests"]],
        "after": _state(action, action["after"]),
        "outcome": _WORDS.get(action["outcome"], action["outcome"]),
        "mark": "mark-clean" if action["outcome"] in GOOD else "mark-findings",
        "detail": visible(action["detail"]),
        "ended": _second(action["ended_at"]),
        "rechecked": _rechecked(checked) if checked else "",
        "residual": visible(action["residual_access"]),
    }


def _state(action: Document, seen: Document | None) -> str:
    """Say how an account stood in words; what was not read is said so."""
    if seen is None:
        return "not read"
    if not seen["found"]:
        return "no such account"
    if action["operation"] == "remove_member":
        return {True: "member", False: "no member", None: "not told"}[seen["member"]]
    return _STATES[seen["active"]]


def _second(at: str | None) -> str | None:
    """Give an instant to the second; the log itself has it exactly."""
    return None if at is None else f"{at.removesuffix('Z').partition('.')[0]}Z"


def _rechecked(checked: Document) -> str:
    return f"read again {_second(checked['at'])}: {_held(checked['held'])}"


def _held(held: bool | None) -> str:
    return {True: "it holds", False: "it was taken back", None: "it could not be read"}[held]


def _request(sent: Document) -> str:
    answer = sent["answer"]
    came = "no answer on record"
    if answer is not None:
        came = str(answer["status"] or visible(answer["error"] or "no answer"))
    asked = f"{sent['method']} {visible(sent['path'], 200)} ({sent['form']})"
    return f"{_second(sent['at'])} {asked}: {came}"


def _instant(text: str | None) -> Any:  # noqa: ANN401 - None stays None
    return None if text is None else datetime.fromisoformat(text)


def _last(action: Document, *names: str) -> Value:
    """Give a value of the last request of an action, None where none was sent."""
    found: Any = action["requests"][-1] if action["requests"] else None
    for name in names:
        found = None if found is None else found[name]
    return found if found is None or isinstance(found, int) else str(found)


def _sheet(log: Document) -> DataSheet[Document]:
    begun: Document = log["begun"] or {}
    columns: Sequence[Column[Document]] = (
        Column("app", lambda one: one["app"]),
        Column("account", whom),
        Column("account_id", lambda one: one["target"]["id"]),
        Column("operation", lambda one: one["operation"]),
        Column("why", lambda one: why_words(one["why"]), Look.LONG),
        Column("approver", lambda _: begun.get("approver")),
        Column("approver_key", lambda _: begun.get("approver_key"), Look.LONG),
        Column("executor", lambda _: begun.get("user")),
        Column("state_before", lambda one: _state(one, one["before"])),
        Column("request_at", lambda one: _instant(_text(_last(one, "at"))), Look.INSTANT),
        Column("request_form", lambda one: _last(one, "form")),
        Column("request_method", lambda one: _last(one, "method")),
        Column("request_path", lambda one: _last(one, "path"), Look.LONG),
        Column("request_body", lambda one: _last(one, "body"), Look.LONG),
        Column("request_sha256", lambda one: _last(one, "request_sha256"), Look.LONG),
        Column("requests_sent", lambda one: len(one["requests"]), Look.NUMBER),
        Column("answer_status", lambda one: _last(one, "answer", "status"), Look.NUMBER),
        Column("answer_sha256", lambda one: _last(one, "answer", "body_sha256"), Look.LONG),
        Column("state_after", lambda one: _state(one, one["after"])),
        Column("read_back_at", lambda one: _instant(one["ended_at"]), Look.INSTANT),
        Column("waited_seconds", lambda one: one["waited_seconds"], Look.NUMBER),
        Column("outcome", lambda one: _WORDS.get(one["outcome"], one["outcome"]), Look.JUDGED),
        Column("detail", lambda one: one["detail"] or None, Look.LONG),
        Column("can_be_undone", lambda one: "yes" if one["undoable"] else "no"),
        Column("effect", lambda one: _effect(log, one), Look.LONG),
        Column("access_left", lambda one: one["residual_access"], Look.LONG),
        Column("action_id", lambda one: one["action_id"], Look.LONG),
        Column("finding", lambda one: one["why"]["finding"]),
    )
    return DataSheet(
        name="Remediation log",
        title=_title(log),
        statement=f"Source: journal.jsonl, last line {log['journal_head']}",
        columns=tuple(columns),
        rows=log["actions"],
        frozen=2,
        empty="No rows: the plan holds no action",
        warning="Only active was read back: sessions, tokens and keys were not verified.",
    )


def _looks(log: Document) -> DataSheet[Document]:
    def number(name: str) -> Column[Document]:
        return Column(name, lambda one: one.get(name), Look.NUMBER)

    columns: Sequence[Column[Document]] = (
        Column("app", lambda one: one["app"]),
        Column("at", lambda one: _instant(one["at"]), Look.INSTANT),
        Column("look", lambda one: _LOOKS[one["kind"]]),
        number("looked_at"),
        Column("active_before", lambda one: one.get("before"), Look.NUMBER),
        Column("active_now", lambda one: one.get("now", one.get("active")), Look.NUMBER),
        number("confirmed"),
        number("appeared"),
        Column("seen", look_words, Look.LONG),
    )
    return DataSheet(
        name="Looks around",
        title=_title(log),
        statement=f"Source: journal.jsonl, last line {log['journal_head']}",
        columns=tuple(columns),
        rows=log["looks"],
        frozen=1,
        empty="No rows: nothing was begun",
        warning="Who changed an account that nothing was sent for, the app does not tell.",
    )


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
