"""Finished runs and their differences, in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.text import visible
from reports.words import SENTENCES, STATES
from scanner.model import Difference, RunEntry, Severity, SourceFigures, Standing

_MARKS = {
    Severity.CRITICAL: ("█", "bold red"),
    Severity.HIGH: ("▓", "red"),
    Severity.MEDIUM: ("▒", "yellow"),
    Severity.LOW: ("░", "cyan"),
    Severity.INFO: ("·", "dim"),
}
"""How findings of a severity are drawn; the shape tells it, the colour only repeats it."""
_WIDEST = 48
_MOST_LISTED = 20


def show_history(entries: Sequence[RunEntry], console: Console) -> None:
    """Print every run, oldest first, runs of snapshots in one line, then a chart of the audits."""
    if not entries:
        _line(console, "No run has finished yet. Start one: ghostscan audit")
        return
    console.print(_runs(entries))
    audits = [one for one in entries if one.verdict is not None]
    if audits:
        console.print()
        _line(console, "Findings over time", "bold")
        for text in _chart(audits):
            console.print(text)


def show_difference(difference: Difference, console: Console) -> None:
    """Print what came, went and stayed between two audits, and what was read otherwise."""
    before, after = difference.earlier, difference.later
    _line(console, f"From {visible(before.run)} to {visible(after.run)}", "bold")
    counts = (len(difference.new), len(difference.resolved) + len(difference.not_concluded))
    _line(
        console,
        f"{before.findings:,} findings + {counts[0]:,} new - {counts[1]:,} no longer found = "
        f"{after.findings:,} findings",
    )
    for title, standings in (
        ("New", difference.new),
        ("Resolved", difference.resolved),
        ("Not concluded this time", difference.not_concluded),
    ):
        _show_standings(title, standings, console)
    _show_changes(difference, console)
    _line(console, f"Persisting: {len(difference.persisting):,}")


def _runs(entries: Sequence[RunEntry]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("Run", no_wrap=True)
    table.add_column("Started (UTC)", no_wrap=True)
    for heading in ("Found", "New", "Again", "Gone", "Open"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Outcome", overflow="fold")
    for snapshots, group in groupby(entries, key=lambda one: one.verdict is None):
        rows = list(group)
        for cells in [_snapshots(rows)] if snapshots else map(_audit, rows):
            table.add_row(*(Text(cell) for cell in cells))
    return table


def _audit(entry: RunEntry) -> list[str]:
    moved = dict(entry.movement)
    counts = ("new", "reopened", "resolved", "closing")
    outcome = SENTENCES[entry.verdict] if entry.verdict else ""
    return [
        _number(entry),
        f"{entry.started_at:%Y-%m-%d %H:%M}",
        f"{entry.findings:,}",
        *(f"{moved[name]:,}" if name in moved else "-" for name in counts),
        outcome,
    ]


def _snapshots(entries: Sequence[RunEntry]) -> list[str]:
    first, last = entries[0], entries[-1]
    what = "snapshot" if first is last else f"{len(entries):,} snapshots to {_number(last)}"
    return [_number(first), f"{first.started_at:%Y-%m-%d %H:%M}", *["-"] * 5, what]


def _number(entry: RunEntry) -> str:
    return visible(entry.run.partition("-")[0])


def _chart(audits: Sequence[RunEntry]) -> Iterator[Text]:
    """Draw one bar per audit, a segment per severity, and say what the segments are."""
    most = max(one.findings for one in audits)
    for entry in audits:
        bar = Text(f"{_number(entry)}  {entry.started_at:%Y-%m-%d}  ")
        for severity, count in entry.severities:
            mark, style = _MARKS[severity]
            bar.append(mark * _length(count, most), style)
        bar.append(f" {entry.findings:,}")
        yield bar
    legend = Text("        ")
    for severity, (mark, style) in _MARKS.items():
        legend.append(f"  {mark} ", style)
        legend.append(severity.value)
    yield legend


def _length(count: int, most: int) -> int:
    """Return a length in proportion; what is not nothing is at least one mark."""
    room = _WIDEST - len(Severity)
    return 0 if count == 0 else max(1, count * min(room, most) // most)


def _show_standings(title: str, standings: Sequence[Standing], console: Console) -> None:
    if not standings:
        return
    _line(console, f"{title}: {len(standings):,}", "bold")
    for one in standings[:_MOST_LISTED]:
        about = " · ".join(visible(text, 40) for text in (one.app, one.subject) if text)
        _line(console, f"{one.severity.value:<8} {visible(one.kind)}  {about}", indent=2)
    if len(standings) > _MOST_LISTED:
        _line(console, f"and {len(standings) - _MOST_LISTED:,} more: see --json", indent=2)


def _show_changes(difference: Difference, console: Console) -> None:
    for before, now in difference.changed:
        words = f"{before.severity.value} before, {now.severity.value} now"
        _line(console, f"{visible(now.kind)} {visible(now.app)} {visible(now.subject)}: {words}")
    for then, now_read in difference.sources:
        name = then.name if then else now_read.name if now_read else ""
        _line(console, f"{visible(name)}: {_read_otherwise(then, now_read)}")


def _read_otherwise(then: SourceFigures | None, now: SourceFigures | None) -> str:
    """Say what of one source differs, and nothing of what does not."""
    if then is None or now is None:
        return "not in the earlier run" if then is None else "not in the later run"
    pairs = (
        ("users", STATES[then.state], STATES[now.state]),
        ("users", f"{then.users:,}", f"{now.users:,}"),
        ("groups", STATES[then.groups_state], STATES[now.groups_state]),
        ("groups", f"{then.groups:,}", f"{now.groups:,}"),
    )
    return "; ".join(f"{what} {old}, now {new}" for what, old, new in pairs if old != new)


def _line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))
