"""A finding, or its absence, explained: for a person in a terminal of 80 columns, and programs.

What servers sent is shown with every control character visible, and is never read as markup.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from reports.text import canonical_json, instant, visible
from scanner.model import Exhibit, Explanation, KeyTried, Spell

_MOST_LINES = 40
_HOUR = 3600
_DAY = 24
_GAP = 2
_REMOVED = frozenset({"late_deprovisioning", "timeliness_indeterminate"})


def explanation_json(explanation: Explanation) -> str:
    """Return the explanation as one line of canonical JSON; instants are RFC 3339."""
    return canonical_json(_plain(asdict(explanation))).decode()


def show_explanation(explanation: Explanation, console: Console) -> None:
    """Print why the finding was made, or none, part by part, each with what it rests on."""
    if explanation.finding is None:
        _show_none(explanation, console)
    else:
        _show_finding(explanation, explanation.finding, console)
    _show_account(explanation, console)
    _show_keys(explanation, console)
    _show_people(explanation, console)
    _show_policy(explanation, console)
    for ground in explanation.grounds:
        _head(console, ground.title)
        _fields(console, ground.facts)
    _show_evidence(explanation, console)
    _show_query(explanation, console)
    _show_checks(explanation, console)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _line(
    console: Console, text: str, indent: int = 2, style: str = "", hang: int | None = None
) -> None:
    """Print text from column ``indent`` on; what does not fit goes on at ``hang``."""
    shown, hang = Text(visible(text, 2000), style=style), indent if hang is None else hang
    first, *rest = shown.wrap(console, max(console.width - indent, 1)) or [Text()]
    _print(console, indent, first)
    if rest:
        left = Text(shown.plain[len(first.plain) :].lstrip(), style=style)
        for line in left.wrap(console, max(console.width - hang, 1)):
            _print(console, hang, line)


def _print(console: Console, indent: int, line: Text) -> None:
    line.rstrip()
    console.print(Text(" " * indent) + line, soft_wrap=True)


def _head(console: Console, text: str) -> None:
    console.print()
    _line(console, text, 0, "bold")


def _fields(console: Console, fields: Iterable[tuple[str, str]], indent: int = 2) -> None:
    """Print what is known, each behind its label, all from the same column on."""
    told = [(visible(label, 80), value) for label, value in fields]
    width = min(max((len(label) for label, _ in told), default=0), console.width // 3)
    for label, value in told:
        apart = " " * (max(width - len(label), 0) + _GAP)
        _line(console, f"{label}{apart}{value}", indent, hang=indent + width + _GAP)


def _code(console: Console, line: str, indent: int = 4) -> None:
    """Print a line of SQL or of a record; what does not fit goes on further in."""
    inner = len(line) - len(line.lstrip())
    _line(console, line, indent, hang=indent + min(inner, console.width // 4) + 4)


def _show_none(one: Explanation, console: Console) -> None:
    _head(console, one.title)
    _line(console, one.meaning)
    _fields(console, [("run", _judged(one))])


def _judged(one: Explanation) -> str:
    return f"{one.run}, judged as of {_here(one.as_of, one.timezone)}"


def _show_finding(one: Explanation, finding: Mapping[str, object], console: Console) -> None:
    _head(console, f"{finding['kind']}: {one.title}")
    _line(console, str(finding["detail"]))
    _line(console, one.meaning)
    controls = ", ".join(map(str, _list(finding.get("controls"))))
    fields = [
        ("id", str(finding["id"])),
        ("severity", str(finding["severity"])),
        ("app", str(finding["app"] or "none, it is about the audit itself")),
        *_about(finding),
        ("status", f"{finding['status']}, first seen in {finding['first_seen']}"),
        ("audit before", one.previous_audit or "none"),
        ("run", _judged(one)),
        ("controls", controls),
        ("what to do", one.remedy),
    ]
    waiver = finding.get("waiver")
    if isinstance(waiver, dict):
        accepted = (
            f"until the end of {waiver['expires_on']} (owner {waiver['owner']}, approver "
            f"{waiver['approver']}): {waiver['reason']}"
        )
        fields.insert(-3, ("accepted", accepted))
    _fields(console, fields)


def _about(finding: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Name the account, person and group of a finding, each with its id."""
    for label in ("account", "person", "group"):
        named = finding.get(label)
        if isinstance(named, dict):
            name = named.get("user_name") or named.get("display_name")
            yield label, f"{name} ({named['id']})" if name else str(named["id"])


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
    nobody = "nobody in the HRIS has it" if one.situation else "nobody read from the HRIS has it"
    for number, key in enumerate(one.keys, start=1):
        _show_key(number, key, nobody, console)
    _show_suggestions(one, console)
    if one.situation:
        cause = f" ({one.problem.replace('_', ' ')})" if one.problem else ""
        _line(console, f"Situation: {one.situation}{cause}.", style="bold")
    else:
        _line(console, "Situation: nothing is concluded about the account.", style="bold")


def _show_key(number: int, key: KeyTried, nobody: str, console: Console) -> None:
    weak = ", weak" if key.strength == "weak" else ""
    values = ", ".join(key.values) if key.values else "the account has none"
    _line(console, f"{number}. {key.words}{weak}: {values}")
    if key.values and not key.named:
        _line(console, nobody, 5)
    for named in key.named:
        name = f"{named.display_name}, " if named.display_name else ""
        mark = "+" if named.taken else "-"
        _line(console, f"{mark} {name}{named.person_id} in {named.source}", 5)
        _line(console, named.why, 7)


def _show_suggestions(one: Explanation, console: Console) -> None:
    """Show whom the account may belong to; nothing was concluded from it."""
    suggestions = _list((one.finding or {}).get("suggestions"))
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
    _head(console, "The people concerned, as the HRIS has them")
    several = {spell.identity for spell in one.spells}
    for spell in one.spells:
        _show_spell(spell, one, console)
    if len(several) > 1:
        _show_created(one, console)


def _show_spell(spell: Spell, one: Explanation, console: Console) -> None:
    name = f"{spell.display_name}, " if spell.display_name else ""
    role = "this record decides" if spell.governs else "another record of the person decides"
    _line(console, f"{name}{spell.person_id} in {spell.source}: {spell.status}; {role}")
    zone = spell.timezone or one.timezone
    shown = [
        ("employee number", spell.employee_number),
        ("addresses", ", ".join(spell.emails) or None),
        ("worker type", spell.worker_type),
        ("department", spell.department),
        ("title", spell.title),
        ("location", spell.location),
        ("hired", _when(spell.hired_at, zone)),
        ("departed", _departed(spell, zone, one.departures.get(spell.source))),
        ("recorded", _recorded(spell, zone)),
        ("removal due", _when(spell.due_at, zone, ends=True)),
        ("time zone", _zone(spell, zone) if spell.departed_at else None),
        ("concluded", "departed" if spell.departed else "not departed"),
    ]
    _fields(console, [(label, value) for label, value in shown if value is not None], 4)


def _zone(spell: Spell, zone: str) -> str:
    return zone if spell.timezone else f"{zone} (the organization's)"


def _when(moment: datetime | None, zone: str, *, ends: bool = False) -> str | None:
    return None if moment is None else _here(moment, zone, ends=ends)


def _here(moment: datetime, zone: str, *, ends: bool = False) -> str:
    """An instant in UTC, and what clocks show then; at midnight a day begins, or one ``ends``."""
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except (ValueError, OSError, OverflowError):
        return instant(moment)
    if ends and (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"{instant(moment)} (the end of {_day_before(local)} in {zone})"
    return f"{instant(moment)} ({local:%Y-%m-%d %H:%M} in {zone})"


def _day_before(local: datetime) -> str:
    return (local.date() - timedelta(days=1)).isoformat()


def _departed(spell: Spell, zone: str, attribute: str | None) -> str | None:
    if spell.departed_at is None:
        return "on a day the HRIS does not say" if spell.departed else None
    read = f", read from {attribute}" if attribute else ""
    return f"{_here(spell.departed_at, zone, ends=True)}{read}"


def _recorded(spell: Spell, zone: str) -> str | None:
    if spell.recorded_at is None:
        return None
    late = spell.departed_at is not None and spell.recorded_at > spell.departed_at
    back = ", after the departure (back-dated)" if late else ""
    return f"{_here(spell.recorded_at, zone)}{back}"


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
    told = [
        ("departed", instant(spell.departed_at)),
        (f"+ {one.limit}", f"= due {instant(spell.due_at)}"),
    ]
    if one.holidays:
        told.insert(1, ("left out", one.holidays))
    if one.finding is not None and one.finding["kind"] not in _REMOVED:
        told.append(("judged at", f"{instant(one.as_of)}: {_margin(one.as_of - spell.due_at)}"))
    _fields(console, told, 4)


def _margin(past: timedelta) -> str:
    hours = abs(int(past.total_seconds())) // _HOUR
    days = f"{_counted(hours // _DAY, 'day')} " if hours >= _DAY else ""
    length = f"{days}{_counted(hours % _DAY, 'hour')}"
    return f"{length} past due" if past >= timedelta(0) else f"{length} left"


def _counted(count: int, unit: str) -> str:
    return f"1 {unit}" if count == 1 else f"{count} {unit}s"


def _show_evidence(one: Explanation, console: Console) -> None:
    if not one.exhibits:
        return
    _head(console, "The evidence: records as they were received")
    for exhibit in one.exhibits:
        _line(console, exhibit.about, style="underline")
        _line(console, exhibit.place, 4)
        _line(console, exhibit.origin, 4)
        _line(console, f"sha256 {exhibit.sha256 or 'not listed in the manifest'}", 4)
        if exhibit.note:
            _line(console, exhibit.note, 4)
        _show_excerpt(exhibit, console)


def _show_excerpt(exhibit: Exhibit, console: Console) -> None:
    lines = (exhibit.excerpt or "").splitlines()
    for line in lines[:_MOST_LINES]:
        _code(console, line, 6)
    if len(lines) > _MOST_LINES:
        _line(console, f"… {len(lines) - _MOST_LINES} more lines", 6)


def _show_query(one: Explanation, console: Console) -> None:
    what = "query that concluded it" if one.finding is None else "rule that found it"
    _head(console, f"The {what}: {one.query_file}")
    for line in one.query.splitlines():
        _code(console, line)


def _show_checks(one: Explanation, console: Console) -> None:
    _head(console, "To check it by hand")
    _line(console, "The files are what was sealed (nothing is printed where all are):")
    _command(console, f"cd {shlex.quote(one.folder)}")
    _command(console, "sha256sum -c --strict --quiet SHA256SUMS")
    if one.exhibits:
        _line(
            console,
            "The records are what was received; the first line of a response says how it was "
            "asked for, the rest is the body, byte for byte:",
        )
    for exhibit in one.exhibits:
        _command(console, exhibit.command)
    if one.finding is not None and one.finding["kind"] == "collection_incomplete":
        _line(console, "Each request to the source, and how it was answered:")
        place = shlex.quote(f"responses/{one.finding['app']}")
        _command(console, f'for f in {place}/*; do gzip -dc "$f" | head -n 1; done')
    _show_chain(one, console)


def _show_chain(one: Explanation, console: Console) -> None:
    if one.chained:
        _line(console, "The run is one of the chain of runs, and none was taken out:")
        _command(console, "ghostscan verify .")
        return
    _line(
        console,
        "The run is one of the chain of runs: chain.jsonl is not beside this folder, so ask for "
        "it. The END line of this run in it has to name this digest:",
    )
    _command(console, f"sha256sum manifest.json   # {one.manifest_sha256}")


def _command(console: Console, text: str) -> None:
    """Print a command on one line, however long, so that it can be copied whole."""
    console.print(Text(f"  {visible(text, 2000)}"), soft_wrap=True)
