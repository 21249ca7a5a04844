"""One finding explained: for a person in a terminal of 80 columns, and for programs.

What servers sent is shown with every control character visible, and is never read as markup.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.text import canonical_json, instant, visible
from scanner.model import Exhibit, Explanation, KeyTried, Spell

_MOST_LINES = 40
_HOUR = 3600
_DAY = 24


def explanation_json(explanation: Explanation) -> str:
    """Return the explanation as one line of canonical JSON; instants are RFC 3339."""
    return canonical_json(_plain(asdict(explanation))).decode()


def show_explanation(explanation: Explanation, console: Console) -> None:
    """Print why the finding was made, part by part, each with what it rests on."""
    _show_finding(explanation, console)
    _show_account(explanation, console)
    _show_keys(explanation, console)
    _show_people(explanation, console)
    _show_policy(explanation, console)
    _show_evidence(explanation, console)
    _show_query(explanation, console)
    _show_checks(explanation, console)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _line(console: Console, text: str, indent: int = 2, style: str = "") -> None:
    shown = Text(visible(text, 2000), style=style)
    console.print(Padding(shown, (0, 0, 0, indent), expand=False))


def _head(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _fields(console: Console, fields: Iterable[tuple[str, str]]) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in fields:
        table.add_row(Text(name), Text(visible(value, 2000)))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _show_finding(one: Explanation, console: Console) -> None:
    finding = one.finding
    _head(console, f"{finding['kind']}: {one.title}")
    _line(console, str(finding["detail"]))
    _line(console, one.meaning)
    status = f"{finding['status']}, first seen in {finding['first_seen']}"
    controls = ", ".join(map(str, _list(finding.get("controls"))))
    _fields(
        console,
        [
            ("id", str(finding["id"])),
            ("severity", str(finding["severity"])),
            ("app", str(finding["app"])),
            ("status", status),
            ("run", f"{one.run}, judged as of {instant(one.as_of)}"),
            ("controls", controls),
        ],
    )


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _show_account(one: Explanation, console: Console) -> None:
    if one.account:
        _head(console, "The account as it was read")
        _fields(console, one.account.items())


def _show_keys(one: Explanation, console: Console) -> None:
    if not one.keys:
        return
    _head(console, "Whose it is: keys in the order of trust, all of them tried")
    for number, key in enumerate(one.keys, start=1):
        _show_key(number, key, console)
    _show_suggestions(one, console)
    if one.situation:
        cause = f" ({one.problem.replace('_', ' ')})" if one.problem else ""
        _line(console, f"Situation: {one.situation}{cause}.", style="bold")


def _show_key(number: int, key: KeyTried, console: Console) -> None:
    weak = ", weak" if key.strength == "weak" else ""
    values = ", ".join(key.values) if key.values else "the account has none"
    _line(console, f"{number}. {key.words}{weak}: {values}")
    if key.values and not key.named:
        _line(console, "nobody in the HRIS has it", 5)
    for named in key.named:
        name = f"{named.display_name}, " if named.display_name else ""
        mark = "+" if named.taken else "-"
        _line(console, f"{mark} {name}{named.person_id} in {named.source}", 5)
        _line(console, named.why, 7)


def _show_suggestions(one: Explanation, console: Console) -> None:
    """Show whom the account may belong to; nothing was concluded from it."""
    suggestions = _list(one.finding.get("suggestions"))
    if suggestions:
        _line(console, "Perhaps, as a hint only (100 is most alike):")
    for hint in suggestions:
        if isinstance(hint, dict):
            name = f"{hint['display_name']}, " if hint["display_name"] else ""
            whom = f"{name}{hint['person_id']} in {hint['source']}"
            _line(console, f"? {whom}: {hint['why']} ({hint['score']})", 5)


def _show_people(one: Explanation, console: Console) -> None:
    if not one.spells:
        return
    _head(console, "The people concerned, as the HRIS has them (instants in UTC)")
    several = {spell.identity for spell in one.spells}
    for spell in one.spells:
        _show_spell(spell, one, console)
    if len(several) > 1:
        _show_created(one, console)


def _show_spell(spell: Spell, one: Explanation, console: Console) -> None:
    name = f"{spell.display_name}, " if spell.display_name else ""
    role = "governs" if spell.governs else "another record of the same person decides"
    _line(console, f"{name}{spell.person_id} in {spell.source}: {spell.status}; {role}")
    zone = spell.timezone or f"{one.timezone} (the organization's)"
    shown = [
        ("employee number", spell.employee_number),
        ("addresses", ", ".join(spell.emails) or None),
        ("hired", _when(spell.hired_at)),
        ("departed", _when(spell.departed_at) or _undated(spell)),
        ("recorded", _recorded(spell)),
        ("due", _when(spell.due_at)),
        ("time zone", zone if spell.departed_at else None),
        ("concluded", "departed" if spell.departed else "not departed"),
    ]
    for label, value in shown:
        if value is not None:
            _line(console, f"{label.ljust(15)}  {value}", 4)


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def _undated(spell: Spell) -> str | None:
    return "on a day the HRIS does not say" if spell.departed else None


def _recorded(spell: Spell) -> str | None:
    if spell.recorded_at is None:
        return None
    late = spell.departed_at is not None and spell.recorded_at > spell.departed_at
    return instant(spell.recorded_at) + (", after the departure (back-dated)" if late else "")


def _show_created(one: Explanation, console: Console) -> None:
    """Say which of several people had not been hired when the account was made."""
    created = one.account.get("created_at")
    if created is None:
        return
    made = datetime.fromisoformat(created)
    for spell in one.spells:
        if spell.hired_at is not None and made < spell.hired_at:
            who = spell.display_name or spell.person_id
            _line(console, f"The account was created {created}, before {who} was hired.")


def _show_policy(one: Explanation, console: Console) -> None:
    governing = [spell for spell in one.spells if spell.governs and spell.departed]
    if len({spell.identity for spell in one.spells}) != 1 or not governing:
        return
    _head(console, "The policy")
    reference = f" ({one.reference})" if one.reference else ""
    _line(console, f"Access is removed: {one.limit} after departure{reference}.")
    (spell,) = governing
    if spell.departed_at is None or spell.due_at is None:
        _line(console, "Without a departure date nothing can show that there is time left.")
        return
    _line(console, f"departed   {instant(spell.departed_at)}", 4)
    _line(console, f"+ {one.limit} = due {instant(spell.due_at)}", 4)
    _line(console, f"judged at  {instant(one.as_of)}: {_margin(one.as_of - spell.due_at)}", 4)


def _margin(past: timedelta) -> str:
    hours = abs(int(past.total_seconds())) // _HOUR
    length = f"{hours // _DAY} days {hours % _DAY} hours" if hours >= _DAY else f"{hours} hours"
    return f"{length} past due" if past >= timedelta(0) else f"{length} left"


def _show_evidence(one: Explanation, console: Console) -> None:
    if not one.exhibits:
        return
    _head(console, "The evidence: records as the servers sent them")
    for exhibit in one.exhibits:
        _line(console, exhibit.about, style="underline")
        _line(console, f"record {exhibit.index} (from 0) of {exhibit.response}", 4)
        _line(console, f"{exhibit.url}, received {instant(exhibit.received_at)}", 4)
        _show_excerpt(exhibit, console)


def _show_excerpt(exhibit: Exhibit, console: Console) -> None:
    if exhibit.excerpt is None:
        _line(console, "not a JSON list; open the file to see the record", 4)
        return
    lines = exhibit.excerpt.splitlines()
    for line in lines[:_MOST_LINES]:
        _line(console, line, 4)
    if len(lines) > _MOST_LINES:
        _line(console, f"… {len(lines) - _MOST_LINES} more lines", 4)


def _show_query(one: Explanation, console: Console) -> None:
    _head(console, f"The rule that found it: {one.query_file}")
    for line in one.query.splitlines():
        _line(console, line, 4)


def _show_checks(one: Explanation, console: Console) -> None:
    _head(console, "To check it by hand")
    _command(console, f"cd {shlex.quote(one.folder)}")
    _command(console, "sha256sum -c --strict --quiet SHA256SUMS")
    for exhibit in one.exhibits:
        path = shlex.quote(exhibit.response)
        show = f"gzip -dc {path} | tail -n +2"
        if exhibit.excerpt is not None:
            show += f" | jq '(.Resources? // .)[{exhibit.index}]'"
        _command(console, show)
    _command(console, f"ghostscan verify {shlex.quote(one.folder)}")


def _command(console: Console, text: str) -> None:
    """Print a command on one line, however long, so that it can be copied whole."""
    console.print(Text(f"  {visible(text, 2000)}"), soft_wrap=True)
