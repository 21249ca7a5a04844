"""What a person sees in the terminal when a command has ended.

Names and messages of servers are shown with every control character visible, and are never read
as markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.movement import movement_sentence, timeliness_sentence
from reports.section import waived_words
from reports.standing import OpenPoint, open_points, unread
from reports.text import visible
from reports.view import policy_sentence, population_line
from reports.words import ROLES, SENTENCES, STATES
from scanner.model import App, Audit, Reading, Snapshot, State, Verdict

GHOSTS = frozenset({"ghost_active", "reactivated", "used_after_departure", "engagement_expired"})
ORPHANS = frozenset({"orphan_account", "unowned_nonhuman"})
GROUPS = frozenset({"leaver_membership", "group_drift"})
_STYLES = {Verdict.CLEAN: "green", Verdict.FINDINGS: "yellow", Verdict.INCOMPLETE: "bold"}
_NEXT = {
    Verdict.CLEAN: "keep the run folder; it is the evidence",
    Verdict.FINDINGS: "open the page; each kind of finding names its remedy",
    Verdict.INCOMPLETE: "remove the causes named above, then run the audit again",
}


def show_summary(audit: Audit, folder: Path, console: Console, *, verbose: bool = False) -> None:
    """Print the result of a run: apps, counts by kind, what stays open, files, next steps.

    The table of apps fits 80 columns; ``folder`` is the run folder; ``verbose`` adds the proof of
    every source, point by point.
    """
    console.print()
    _line(console, SENTENCES[audit.verdict], _STYLES[audit.verdict])
    _line(console, f"{population_line(audit)}.")
    _line(console, f"Policy: {policy_sentence(audit)}.")
    _show_continued(audit, console)
    console.print()
    console.print(_apps(audit))
    _show_counts(audit, console)
    _show_movement(audit, console)
    _show_open_points(audit, console)
    if verbose:
        _show_proofs(audit.sources, console)
    _show_files(audit, folder, console)


def _line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    """Print text that may come from a server: no markup, no highlighting, no emoji codes."""
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))


def _apps(audit: Audit) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("App", overflow="fold", min_width=8, max_width=24)
    table.add_column("Read", no_wrap=True)
    for heading in ("Accounts", "Ghost", "Orphan", "Group", "Other"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    states = {reading.source: reading.state for reading in audit.sources}
    kinds = Counter((finding.app, finding.kind) for finding in audit.findings)
    for app in audit.apps:
        table.add_row(*_app_cells(app, states.get(app.name), kinds))
    return table


def _app_cells(app: App, state: State | None, kinds: Counter[tuple[str, str]]) -> list[Text]:
    own = {kind: count for (name, kind), count in kinds.items() if name == app.name}
    named = [
        sum(count for kind, count in own.items() if kind in group)
        for group in (GHOSTS, ORPHANS, GROUPS)
    ]
    return [
        Text(visible(app.name, 60)),
        Text(STATES[state] if state else "-"),
        Text(f"{app.accounts:,}"),
        *(Text(f"{count:,}") for count in (*named, sum(own.values()) - sum(named))),
        Text(SENTENCES[app.verdict], style=_STYLES[app.verdict]),
    ]


def _show_continued(audit: Audit, console: Console) -> None:
    """Name what an interrupted run had read, if this one went on with it."""
    for run in dict.fromkeys(one.read_in for one in audit.sources if one.read_in is not None):
        names = ", ".join(visible(one.source) for one in audit.sources if one.read_in == run)
        _line(console, f"Read by run {visible(run)}, which was interrupted: {names}.")


def _show_counts(audit: Audit, console: Console) -> None:
    counts = Counter(finding.kind for finding in audit.findings)
    titles = {rule.kind: rule.title for rule in audit.rules}
    console.print()
    if not counts:
        _line(console, "No findings.")
        return
    _line(console, "Findings", "bold")
    order = {rule.kind: rank for rank, rule in enumerate(audit.rules)}
    for kind in sorted(counts, key=lambda kind: (order.get(kind, len(order)), kind)):
        waived = waived_words(one for one in audit.findings if one.kind == kind)
        _line(console, f"{counts[kind]:>7,}  {visible(titles.get(kind, kind))}{waived}")


def _show_movement(audit: Audit, console: Console) -> None:
    console.print()
    _line(console, movement_sentence(audit.movement))
    removed = timeliness_sentence(audit)
    if removed:
        _line(console, removed)


def _show_open_points(audit: Audit, console: Console) -> None:
    _show_points(open_points(audit), console)


def _show_points(points: Sequence[OpenPoint], console: Console) -> None:
    if not points:
        return
    console.print()
    _line(console, "Could not be concluded", "bold")
    for point in points:
        _line(console, f"{point.source}: {'; '.join(point.what)}", indent=2)
        for reason in point.reasons:
            _line(console, reason.message, indent=4)
            if reason.hint:
                _line(console, f"Next: {reason.hint}", "dim", indent=4)


def _show_files(audit: Audit, folder: Path, console: Console) -> None:
    """Paths are never wrapped, so that they can be copied."""
    console.print()
    for label, value in (
        ("Page", str(folder / "report.html")),
        ("Workbook", str(folder / "evidence.xlsx")),
        ("Check", f"ghostscan verify {folder}"),
        ("Next", _NEXT[audit.verdict]),
    ):
        console.print(Text(f"{label:<9} {visible(value)}"), soft_wrap=True)


def _show_proofs(sources: Sequence[Reading], console: Console) -> None:
    console.print()
    _line(console, "Proof of completeness", "bold")
    for reading in sources:
        for name, population in (("users", reading.users), ("groups", reading.groups)):
            _line(console, f"{reading.source} {name}: {STATES[population.state]}", indent=2)
            for point in population.proof:
                word = "held" if point.held else "NOT HELD"
                _line(console, f"{point.name}: {word} ({visible(point.detail)})", indent=4)


def show_verification(
    run: str,
    problems: Sequence[str],
    notes: Sequence[str],
    *,
    files: int,
    head: str,
    console: Console,
) -> None:
    """Print whether the evidence of a run is whole: every problem by its file, then the notes.

    ``head`` is the digest of the chain's last line, to be compared with a copy kept elsewhere.
    """
    if problems:
        _line(console, f"{visible(run)}: NOT verified, {len(problems):,} problems", "bold")
    else:
        _line(console, f"{visible(run)}: verified, {files:,} files are what was recorded", "green")
    for problem in problems:
        _line(console, visible(problem), indent=2)
    for note in notes:
        _line(console, f"note: {visible(note)}", indent=2)
    _line(console, f"head: {visible(head)}", indent=2)


def show_snapshot(snapshot: Snapshot, asked: Sequence[str], folder: Path, console: Console) -> None:
    """Print what a snapshot read of the sources it was ``asked`` for, and what it could not."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("Source", overflow="fold", min_width=8, max_width=24)
    table.add_column("Role", no_wrap=True)
    for heading in ("Users", "Groups", "Memberships"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Read", no_wrap=True)
    readings = [reading for reading in snapshot.sources if reading.source in asked]
    for reading in readings:
        counts = (reading.users.received, reading.groups.received, reading.memberships_received)
        table.add_row(
            Text(visible(reading.source, 60)),
            Text(ROLES[reading.role]),
            *(Text(f"{count:,}") for count in counts),
            Text(STATES[reading.state]),
        )
    console.print()
    console.print(table)
    _show_points(unread(readings), console)
    console.print()
    for label, value in (("Run", str(folder)), ("Check", f"ghostscan verify {folder}")):
        console.print(Text(f"{label:<9} {visible(value)}"), soft_wrap=True)


def show_demo_note(console: Console) -> None:
    """Print what the demonstration was, and how to go on to a company of one's own."""
    console.print()
    for line in (
        "This company is made up: it served itself on this machine and is gone now.",
        "One app lied about its total on purpose, so a real audit would end with exit code 20.",
        "Your own: ghostscan init, fill in the URLs and secrets, ghostscan audit",
    ):
        _line(console, line)
