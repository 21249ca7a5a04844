"""What a person sees in the terminal when a review goes out and comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.text import visible
from scanner.model import Flaw


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import came to; ``counts`` is by app and decision, ``undecided`` who still need one.

    ``path`` and ``sha256`` are None where the run has no review.
    """

    run: str
    path: Path | None
    sha256: str | None
    workbook_sha256: str
    new: int
    earlier: int
    counts: Mapping[str, Mapping[str, int]]
    undecided: int


def show_export(path: Path, *, rows: int, needed: int, decided: int, console: Console) -> None:
    """Print where the reviewer's copy is, how much is asked, and what to do with it."""
    _line(console, f"To decide about: {rows:,} · {_needing(needed)}", "bold")
    if decided:
        _line(console, f"Decided already, as the workbook shows: {decided:,}")
    console.print()
    _labelled(
        console,
        ("Workbook", str(path)),
        ("Next", "fill in the yellow cells, marked REVIEWER INPUT, then:"),
        ("", f"ghostscan review import {path}"),
    )


def show_flaws(file: Path, flaws: Sequence[Flaw], console: Console) -> None:
    """Print everything that is wrong in a workbook, with where it stands."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("Sheet", overflow="fold", max_width=12)
    table.add_column("Row", justify="right", no_wrap=True)
    table.add_column("Column", overflow="fold", max_width=18)
    table.add_column("What is wrong", overflow="fold")
    for flaw in flaws:
        table.add_row(
            Text(visible(flaw.sheet, 40)),
            Text(str(flaw.row or "")),
            Text(visible(flaw.column, 40)),
            Text(visible(flaw.problem)),
        )
    console.print(table)
    console.print()
    _line(console, f"error: {file} was not imported: mistakes: {len(flaws):,}", "bold")
    _line(console, "hint: correct them in the workbook and import it again")


def show_import(summary: Summary, console: Console) -> None:
    """Print the decisions of a run by app, how many are still needed, and where they stand."""
    if summary.counts:
        console.print(_table(summary.counts))
        console.print()
    said = f"{summary.new:,} new or changed" if summary.new else "Nothing new"
    _line(console, f"{said}, {summary.earlier:,} from earlier reviews", "bold")
    if summary.undecided:
        _line(console, _needing(summary.undecided, "still "), "bold yellow")
    else:
        _line(console, "Every finding that needs a decision has one.", "green")
    console.print()
    if summary.path is not None and summary.sha256 is not None:
        _labelled(
            console,
            ("Decisions", str(summary.path)),
            ("SHA-256", summary.sha256),
            *[("Workbook", f"kept beside it, SHA-256 {summary.workbook_sha256}")]
            * bool(summary.new),
            ("Next", f"ghostscan plan {summary.path.parent.parent.parent}"),
        )


def _needing(count: int, still: str = "") -> str:
    said = "finding {}needs a decision" if count == 1 else "findings {}need a decision"
    return f"{count:,} {said.format(still)}"


def _table(counts: Mapping[str, Mapping[str, int]]) -> Table:
    names = list(next(iter(counts.values())))
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_edge=False,
        show_footer=True,
    )
    table.add_column("App", "Total", overflow="fold")
    for name in names:
        total = sum(one[name] for one in counts.values())
        heading = name.capitalize()
        table.add_column(heading, f"{total:,}", justify="right", no_wrap=True)
    for app, found in counts.items():
        table.add_row(Text(visible(app, 60)), *[f"{found[name]:,}" for name in names])
    return table


def _labelled(console: Console, *lines: tuple[str, str]) -> None:
    for label, value in lines:
        console.print(Text(f"{label:<10} {visible(value)}"), soft_wrap=True)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style))
