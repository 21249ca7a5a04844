"""A plan for people, made from the file's own JSON, and how its actions ended.

Names from servers are shown with every control character visible, and are never read as markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.looks import look_words
from reports.text import visible

Document = Mapping[str, Any]

_OPERATIONS = {
    "deactivate": "deactivate",
    "reactivate": "reactivate",
    "remove_member": "remove from group",
}
EFFECTS = {
    "irreversible": "cannot be undone",
    "removes_membership": "removes memberships",
    "deletes_user": "deletes the user",
    "deprovisions_everywhere": "removes the person from every app behind it",
}
_REVERSIBLE = {"yes": "Can be undone.", "no": "Cannot be undone.", "depends": "May be undone."}
_KNOWN = ("licence", "sessions", "tokens")
GOOD = frozenset({
    "CONFIRMED", "CONFIRMED_RECOVERED", "ALREADY_INACTIVE", "ALREADY_ACTIVE", "ALREADY_REMOVED",
    "DELETED",
})  # fmt: skip


def show_plan(plan: Document, plan_id: str, console: Console, *, requests: bool = False) -> None:
    """Print a plan: what it would change, why, what that does, and every guard's arithmetic.

    With ``requests`` every request is printed as it would be sent, one line for each form.
    """
    console.print()
    _heading(plan, plan_id, console)
    if plan["actions"]:
        console.print(_actions(plan))
    _show_effects(plan["apps"], console)
    if requests:
        _show_requests(plan, console)
    _show_guards(plan["guards"], console)
    _show_left_out(plan["left_out"], console)


def _line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))


def _heading(plan: Document, plan_id: str, console: Console) -> None:
    counts = Counter(action["app"] for action in plan["actions"])
    told = ", ".join(f"{visible(app, 60)} {count}" for app, count in sorted(counts.items()))
    _line(console, f"{len(plan['actions'])} actions ({told or 'nothing to do'})", "bold")
    _line(console, f"plan {plan_id[:8]}, valid until {plan['not_after']}, of run {plan['run']}")
    if plan["decisions_sha256"] is not None:
        _line(console, f"by the reviewers' decisions with SHA-256 {plan['decisions_sha256'][:16]}…")
    console.print()


def _actions(plan: Document) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("Action", no_wrap=True)
    table.add_column("App", overflow="fold", max_width=14)
    table.add_column("Account", overflow="fold", max_width=30)
    table.add_column("Why", overflow="fold")
    for action in plan["actions"]:
        table.add_row(
            Text(action["action_id"][:8]),
            Text(visible(action["app"], 60)),
            Text(whom(action)),
            Text(f"{_operation(action)}: {why_words(action['why'])}"),
        )
    return table


def whom(action: Document) -> str:
    """Say in a few words whom an action is about."""
    target = action["target"]
    named = target["user_name"] or next(iter(target["emails"]), None) or target["id"]
    return visible(named, 60)


def _operation(action: Document) -> str:
    said = _OPERATIONS[action["operation"]]
    if action["group_id"] is not None:
        said = f"{said} {visible(action['group_name'] or action['group_id'], 60)}"
    return said if action["requests"] else f"{said} by hand"


def why_words(why: Document) -> str:
    """Say in a few words what an action rests on."""
    shown = _standing_words(why)
    if why["reviewer"] is None:
        return shown
    when = f" on {why['decided_at'][:10]}" if why["decided_at"] else ""
    return f"{shown}, decided by {visible(why['reviewer'], 60)}{when}"


def _standing_words(why: Document) -> str:
    if why["person_id"] is None:
        return visible(why["kind"], 60)
    since = f" since {why['departed_at'][:10]}" if why["departed_at"] else ""
    matched = f", matched by {why['matched_by']}" if why["matched_by"] else ""
    return f"{why['status']}{since}{visible(matched, 60)}"


def _show_effects(parts: Sequence[Document], console: Console) -> None:
    """Danger is shown, not implied; apps in which the same happens are named together."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for part in parts:
        alike.setdefault(_effect(part), []).append(f"{part['name']} ({part['origin']})")
    for (effect, dangers, how), apps in alike.items():
        console.print()
        _line(console, visible(", ".join(apps), 1000), "bold")
        _line(console, visible(effect), indent=2)
        if dangers:
            _line(console, f"DANGER: {dangers}", "bold red", indent=2)
        _line(console, how, indent=2)
    if parts:
        console.print()
        said = "Sessions, tokens and API keys may live on: SCIM does not show them."
        _line(console, said, "dim")


def _effect(part: Document) -> tuple[str, str, str]:
    traits = part["traits"]
    dangers = _dangers(traits)
    known = [f"{name}: {traits[name]}" for name in _KNOWN if traits[name] != "unknown"]
    how = "; ".join((f"reversible: {traits['reversible']}", *known, f"asked as {_forms(part)}"))
    return traits["effect"], dangers, how


def _dangers(traits: Document) -> str:
    named = {**traits, "irreversible": traits["reversible"] == "no"}
    return ", ".join(words for name, words in EFFECTS.items() if named.get(name))


def consequences(traits: Document) -> str:
    """Say in a few sentences what deactivating does in an app, for somebody who has to decide."""
    dangers = _dangers(traits)
    said = f" DANGER: {dangers}." if dangers else ""
    return f"{traits['effect']} {_REVERSIBLE[traits['reversible']]}{said}"


def _forms(part: Document) -> str:
    return ", then ".join(visible(form, 40) for form in part["forms"]) or "a task for a person"


def _show_requests(plan: Document, console: Console) -> None:
    """Requests are never wrapped, so that they can be compared."""
    console.print()
    origins = {part["name"]: part["origin"] for part in plan["apps"]}
    for action in plan["actions"]:
        for request in action["requests"]:
            place = f"{origins[action['app']]}{request['path']}"
            text = f"{request['method']} {place} {request['body']}"
            console.print(Text(visible(text, 10_000)), soft_wrap=True)


def _show_guards(guards: Sequence[Document], console: Console) -> None:
    console.print()
    bad = [guard for guard in guards if not guard["ok"]]
    passed = [guard for guard in guards if guard["acknowledged"] is not None]
    if not bad and not passed:
        if guards:
            _line(console, f"All {len(guards)} guards hold.", "green")
        return
    for guard in passed:
        _line(console, f"acknowledged  {_arithmetic(guard)}: {visible(guard['acknowledged'])}")
    for guard in bad:
        _line(console, f"NOT HELD  {_arithmetic(guard)}", "bold")
    if bad:
        _line(console, "Nothing is written in any app while one guard does not hold.")


def _arithmetic(guard: Document) -> str:
    name = f"{guard['name']}:{guard['app']}" if guard["app"] else guard["name"]
    relation = "at least" if guard["name"] == "protected_list" else "at most"
    figures = f"{guard['value']}, {relation} {guard['limit']}"
    return f"{visible(name, 80)} = {figures} ({visible(guard['detail'])})"


def _show_left_out(left_out: Sequence[Document], console: Console) -> None:
    if not left_out:
        return
    console.print()
    _line(console, "Not planned", "bold")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True, min_width=5)
    table.add_column(overflow="fold")
    for (code, reason), count in Counter((o["code"], o["reason"]) for o in left_out).most_common():
        apps = sorted({visible(one["app"], 40) for one in left_out if one["code"] == code})
        table.add_row(f"{count:,}", Text(f"{visible(reason)} ({', '.join(apps)})"))
    console.print(table)


def show_outcomes(rows: Sequence[Document], looks: Sequence[Document], console: Console) -> None:
    """Print how every action ended: ``app``, ``account``, ``outcome``, ``detail`` of each row.

    Of the ``looks`` around the changes (see :func:`look_words`) the last count of each app is told.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("App", overflow="fold", max_width=14)
    table.add_column("Account", overflow="fold", max_width=30)
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Detail", overflow="fold")
    for row in rows:
        style = "green" if row["outcome"] in GOOD else "bold yellow"
        table.add_row(
            Text(visible(row["app"], 60)),
            Text(visible(row["account"], 60)),
            Text(row["outcome"], style=style),
            Text(visible(row["detail"] or "")),
        )
    console.print()
    console.print(table)
    counts = Counter(row["outcome"] for row in rows)
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    _line(console, told or "nothing was due")
    counted = {one["app"]: one for one in looks if one["kind"] != "check"}
    for app, look in counted.items():
        _line(console, f"{visible(app, 60)}: {look_words(look)}")
