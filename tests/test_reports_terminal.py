"""The terminal: fits, tells the truth in words, and obeys nothing a server sends."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from rich.console import Console

from reports.progress import LiveProgress, PlainProgress, SilentProgress, progress_display
from reports.terminal import show_demo_note, show_summary, show_verification
from scanner.model import Audit, Progress, Reason, State
from tests.fakes.audit import clean_audit, sample_audit

FOLDER = Path("runs/000007-20261101T090000Z")
HOSTILE = "[bold]x[/bold]\x1b]52;c;QQ==\x07\x9b31m\u202e:smile:\r\n{0}"


def _shown(audit: Audit, *, width: int = 80, color: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=color, color_system=None)
    show_summary(audit, FOLDER, console)
    return out.getvalue()


def _ticks() -> Iterator[float]:
    return (float(second) for second in count())


def _hostile() -> Audit:
    audit = sample_audit()
    name = f"zoom{HOSTILE}"
    return replace(
        audit,
        apps=tuple(replace(app, name=name) for app in audit.apps),
        sources=tuple(
            replace(
                one,
                source=name,
                users=replace(
                    one.users,
                    state=State.INCOMPLETE,
                    reasons=(Reason("x", HOSTILE, HOSTILE),),
                ),
            )
            for one in audit.sources
        ),
        findings=tuple(replace(one, kind=HOSTILE) for one in audit.findings),
        policy=replace(audit.policy, reference=HOSTILE),
    )


@pytest.mark.parametrize("audit", [sample_audit(), clean_audit(), _hostile()])
def test_the_summary_fits_eighty_columns(audit: Audit) -> None:
    """No line is wider than the narrowest terminal."""
    assert max(len(line) for line in _shown(audit).splitlines()) <= 80


def test_the_summary_says_the_verdict_and_the_counts() -> None:
    """Verdict, apps, counts by kind, open points, files and the next step are all in words."""
    said = _shown(sample_audit())
    for words in (
        "Unable to conclude",
        "completeness proven for 5",
        "slack     complete         812      2       4      2      3  Deviations noted",
        "zoom      incomplete       400      0       0      0      1  Unable to conclude",
        "      7  Active account without a person",
        "zoom: accounts: incomplete",
        "Next: Run again when no bulk change",
        f"{FOLDER}/report.html",
        f"{FOLDER}/evidence.xlsx",
        f"ghostscan verify {FOLDER}",
        "remove the causes named above",
    ):
        assert words in said


def test_every_finding_of_an_app_is_counted_once() -> None:
    """The four columns of an app add up to its findings."""
    audit = sample_audit()
    lines = _shown(audit).splitlines()
    for app in audit.apps:
        (line,) = (line.split() for line in lines if line.startswith(f"{app.name} "))
        own = sum(finding.app == app.name for finding in audit.findings)
        assert sum(int(number) for number in line[3:7]) == own


def test_a_clean_run_says_there_are_no_findings() -> None:
    """Nothing found and nothing open is said in words."""
    said = _shown(clean_audit())
    assert "No deviations noted" in said
    assert "No findings." in said
    assert "Could not be concluded" not in said


def test_an_app_without_a_reading_shows_a_dash() -> None:
    """A state that is not known is not made up."""
    said = _shown(replace(sample_audit(), sources=()))
    assert "slack     -" in said


@pytest.mark.parametrize("color", [True, False])
def test_nothing_a_server_sends_reaches_the_terminal_raw(color: bool) -> None:
    """Control sequences, markup, emoji codes and bidirectional marks are shown, not obeyed."""
    said = _shown(_hostile(), width=200, color=color)
    assert "[bold]x[/bold]\\x1b]52;c;QQ==\\x07\\x9b31m\\u202e:smile:\\x0d\\x0a{0}" in said
    assert not set(said) & set("\x07\x9b\u202e\r")
    assert "\x1b]" not in said


def test_plain_progress_is_a_few_plain_lines() -> None:
    """A line at the start, every five thousand records and at the end; rates from the clock."""
    stream = io.StringIO()
    ticks = _ticks()
    with PlainProgress(stream, lambda: next(ticks)) as progress:
        for received in range(0, 12_000, 1000):
            progress(Progress("slack", "users", received, 11_500))
        progress(Progress("slack", "users", 11_500, 11_500, State.COMPLETE))
        progress(Progress("slack", "users", 11_500, 11_500, State.COMPLETE))
        progress(Progress("slack", "groups", 0, None))
        progress(Progress("evil\x1b[2J\n", "users", 0, None, State.NOT_READ))
    assert stream.getvalue().splitlines() == [
        "slack: users 0 of 11,500, reading",
        "slack: users 5,000 of 11,500, 1,000/s, reading",
        "slack: users 10,000 of 11,500, 1,000/s, reading",
        "slack: users 11,500 of 11,500, 958/s, complete",
        "slack: groups 0, reading",
        "evil\\x1b[2J\\x0a: users 0, not read",
    ]


def test_live_progress_shows_every_source_in_words() -> None:
    """The display names source, phase, amount, rate and state, and keeps the last picture."""
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system=None)
    seconds = iter([0.0, 2.0, 2.0, 3.0, 4.0])
    with LiveProgress(console, lambda: next(seconds)) as progress:
        progress(Progress("slack", "users", 0, None))
        progress(Progress("slack", "users", 400, 812))
        progress(Progress("zoom\x1b[2J[red]", "users", 12, 412, State.INCOMPLETE))
        progress(Progress("okta", "users", 9, 9, State.COMPLETE))
        progress(Progress("zoom\x1b[2J[red]", "groups", 3, 3, State.COMPLETE))
    last = out.getvalue()
    zoom = next(line for line in last.splitlines() if "zoom" in line)
    assert zoom.index("incomplete") < zoom.index("groups 3 of 3") < zoom.rindex("complete")
    assert "slack" in last
    assert "400 of 812" in last
    assert "200/s" in last
    assert "reading" in last
    assert "zoom\\x1b[2J[red]" in last
    assert "incomplete" in last
    assert "9 of 9" in last


def test_the_display_suits_where_it_is_shown() -> None:
    """Quiet shows nothing, a terminal is drawn on, anything else gets plain lines."""
    out = io.StringIO()
    plain = Console(file=out)
    drawn = Console(file=out, force_terminal=True)
    assert isinstance(progress_display(plain, lambda: 0.0, quiet=False), PlainProgress)
    assert isinstance(progress_display(drawn, lambda: 0.0, quiet=False), LiveProgress)
    with progress_display(drawn, lambda: 0.0, quiet=True) as silent:
        silent(Progress("slack", "users", 1, 2))
    assert isinstance(silent, SilentProgress)
    assert out.getvalue() == ""


def test_the_proof_is_shown_point_by_point_on_request() -> None:
    """``--verbose`` names each point of each source and whether it held."""
    short, long = io.StringIO(), io.StringIO()
    for stream, verbose in ((short, False), (long, True)):
        show_summary(
            sample_audit(), Path("runs/1"), Console(file=stream, width=80), verbose=verbose
        )
    assert "NOT HELD" in long.getvalue()
    assert "NOT HELD" not in short.getvalue()


def test_a_verification_names_every_problem() -> None:
    """Whole evidence is one line; a problem is never only a count; data cannot draw."""
    stream = io.StringIO()
    console = Console(file=stream, width=80)
    show_verification("000001-x", (), ("keep a copy",), files=3, head="ab12", console=console)
    show_verification(
        "000001-x", ("a\x1b[2Jb: altered",), (), files=3, head="ab12", console=console
    )
    text = stream.getvalue()
    assert "verified, 3 files" in text
    assert "head: ab12" in text
    assert "NOT verified, 1 problem" in text
    assert "altered" in text
    assert "\x1b" not in text


def test_the_demo_note_says_what_to_do_next() -> None:
    """After the demo a user knows that it was made up, and the way to their own company."""
    stream = io.StringIO()
    show_demo_note(Console(file=stream, width=80))
    assert "made up" in stream.getvalue()
    assert "ghostscan init" in stream.getvalue()
