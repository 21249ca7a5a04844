"""What a person sees in the terminal when memberships were approved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.text import visible


def show_approval(
    groups: Sequence[tuple[str, str, int]],
    left_out: Sequence[str],
    *,
    path: Path,
    sha256: str,
    console: Console,
) -> None:
    """Print the approved groups (app, name, members), the apps left out, and where it stands."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for heading in ("App", "Group"):
        table.add_column(heading, overflow="fold")
    table.add_column("Members", justify="right", no_wrap=True)
    for app, name, members in groups:
        table.add_row(Text(visible(app)), Text(visible(name)), Text(f"{members:,}"))
    console.print(table)
    for app in left_out:
        console.print(Text(f"{visible(app)}: left out, its groups were not read completely"))
    for label, value in (
        ("Written", str(path)),
        ("SHA-256", sha256),
        ("Next", f'name it in the configuration: [registers] baseline = "{path.name}"'),
    ):
        console.print(Text(f"{label:<9} {visible(value)}"), soft_wrap=True)
