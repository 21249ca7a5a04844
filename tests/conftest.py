"""What holds for the whole suite: no test leaks a secret, and the table of faults is counted."""

from __future__ import annotations

import base64
import functools
import gzip
import os
import re
import tomllib
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import coverage
import pytest

CANARY = "gs-canary-5tq8vZ"
"""A test's secret holds this text, or is made known with :func:`watch`."""

FAULTS = Path(__file__).parent / "faults.toml"
REMEDIATION_FAULTS = Path(__file__).parent / "remediation_faults.toml"
WRITE_FAULTS = Path(__file__).parent / "write_faults.toml"

_watched: set[str] = {CANARY}


def watch(token: str) -> str:
    """Give ``token`` back; from now on no test may leave it in a file, on a stream or in a log."""
    _watched.add(token)
    return token


def leaked(content: bytes) -> bool:
    """Tell whether a watched secret stands in ``content``: as it is, in base64, URL-encoded."""
    return any(form in content for token in _watched for form in _spellings(token))


@functools.cache
def _spellings(token: str) -> frozenset[bytes]:
    """Every way a secret may be written, also in the middle of something encoded in base64."""
    return frozenset(_spelled(token))


def _spelled(token: str) -> Iterator[bytes]:
    yield token.encode()
    yield quote(token, safe="").encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + token.encode())
        core = encoded[(0, 2, 3)[shift] : -4]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")


def _contents(path: Path) -> Iterator[bytes]:
    """Give a file as it stands and as it unpacks."""
    raw = path.read_bytes()
    yield raw
    if raw.startswith(b"\x1f\x8b"):
        try:
            yield gzip.decompress(raw)
        except (OSError, EOFError):
            return  # a test damaged it on purpose
    elif path.suffix == ".xlsx" and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())


@pytest.fixture(autouse=True, scope="session")
def _no_wait_for_the_disk() -> Iterator[None]:
    """No test cuts the power, so none waits until the disk has what was written.

    Tests of what happens where fsync(2) fails or the process ends there put their own in its place.
    """

    def look(descriptor: int) -> None:
        os.fstat(descriptor)  # a closed one is an error still

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", look)
        yield


@pytest.fixture(autouse=True)
def _leak_canary(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test that has a folder, look for watched secrets in everything below it."""
    folder: Path | None = None
    if "tmp_path" in request.fixturenames:
        folder = request.getfixturevalue("tmp_path")
    yield
    if folder is None:
        return
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert not any(map(leaked, _contents(path))), f"a secret stands in {path}"


def pytest_configure(config: pytest.Config) -> None:
    """Let one coverage measure a worker: that of its process and the one of its options end here.

    They would lie below the one that is begun next, and go on where ``no_cover`` pauses that one.
    """
    while hasattr(config, "workerinput") and (begun := coverage.Coverage.current()) is not None:
        begun.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:  # noqa: ANN401 - pluggy's own
    """Fail a test that printed or logged a watched secret."""
    report = yield
    for title, text in report.sections:
        if report.outcome == "passed" and leaked(text.encode("utf-8", "replace")):
            report.outcome = "failed"
            report.longrepr = f"a secret stands in the {title}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was read of real servers and which faults were met, as the tests really went."""
    _print_servers(terminalreporter)
    _print_faults(terminalreporter)
    _print_identity(terminalreporter)
    _print_write_faults(terminalreporter)
    _print_remediation_faults(terminalreporter)


def _print_servers(reporter: pytest.TerminalReporter) -> None:
    """Print a line for each real server that was read, and whether its test passed."""
    rows = [
        (*value, outcome)
        for outcome in ("passed", "failed")
        for report in reporter.stats.get(outcome, ())
        for name, value in getattr(report, "user_properties", ())
        if name == "server" and report.when == "call"
    ]
    if not rows:
        return
    rows.sort(key=lambda row: (row[3] != "COMPLETE", row))
    titles = ("server", "paging", "users", "state", "seeded found", "reason", "test")
    widths = [max(len(row[column]) for row in (titles, *rows)) for column in range(len(titles))]
    reporter.section("SCIM servers read")
    for row in (titles, *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        reporter.write_line(line.rstrip())
    whole = sum(row[3] == "COMPLETE" and row[-1] == "passed" for row in rows)
    reporter.write_line(f"read whole: {whole}, said not to be whole: {len(rows) - whole}")


def _print_identity(reporter: pytest.TerminalReporter) -> None:
    """Print how many faults of identity were met, of those that were tried."""
    outcomes = {
        value: outcome
        for outcome in ("passed", "failed")
        for report in reporter.stats.get(outcome, ())
        for name, value in getattr(report, "user_properties", ())
        if name == "identity" and report.when == "call"
    }
    if outcomes:
        met = sum(outcome == "passed" for outcome in outcomes.values())
        reporter.write_line(f"identity faults: {met} of {len(outcomes)}")


def _print_faults(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many faults of the data file were met."""
    outcomes = _fault_outcomes(terminalreporter)
    if not outcomes:
        return
    data = tomllib.loads(FAULTS.read_text(encoding="utf-8"))
    terminalreporter.section("faults")
    sums = [0, 0]
    for letter, title in data["groups"].items():
        ids = [fault["id"] for fault in data["fault"] if fault["id"].startswith(letter)]
        met = [one for one in ids if outcomes[one] == {"passed"}]
        rest = [one for one in ids if one not in met]
        said = f"  open: {', '.join(rest)}" if rest else ""
        terminalreporter.write_line(f"{letter}  {title:<20} {len(met):>3} of {len(ids):<3}{said}")
        sums = [sums[0] + len(met), sums[1] + len(ids)]
    terminalreporter.write_line(f"faults: {sums[0]} of {sums[1]}")


def _print_write_faults(reporter: pytest.TerminalReporter) -> None:
    """Print how many faults of writing were met, each with all its variants."""
    outcomes = _fault_outcomes(reporter, "test_write_fault")
    if not outcomes:
        return
    data = tomllib.loads(WRITE_FAULTS.read_text(encoding="utf-8"))["fault"]
    ids = sorted({fault["id"] for fault in data})
    met = [one for one in ids if outcomes[one] == {"passed"}]
    rest = [one for one in ids if one not in met]
    said = f"  open: {', '.join(rest)}" if rest else ""
    reporter.section("write faults")
    reporter.write_line(f"write faults: {len(met)} of {len(ids)}{said}")


def _print_remediation_faults(reporter: pytest.TerminalReporter) -> None:
    """Print how many faults around an apply were met, each with all its variants."""
    outcomes = _fault_outcomes(reporter, "test_remediation_fault")
    if not outcomes:
        return
    data = tomllib.loads(REMEDIATION_FAULTS.read_text(encoding="utf-8"))
    ids = [fault["id"] for fault in (*data["fault"], *data.get("open", []))]
    met = [one for one in ids if outcomes[one] == {"passed"}]
    rest = [one for one in ids if one not in met]
    said = f"  open: {', '.join(rest)}" if rest else ""
    reporter.write_line(f"remediation faults: {len(met)} of {len(ids)}{said}")


def _fault_outcomes(
    reporter: pytest.TerminalReporter, test: str = "test_fault"
) -> defaultdict[str, set[str]]:
    """By fault, the outcomes of all its variants; ``xfailed`` is an open one."""
    outcomes: defaultdict[str, set[str]] = defaultdict(set)
    for outcome in ("passed", "failed", "error", "xfailed", "xpassed", "skipped"):
        for report in reporter.stats.get(outcome, ()):
            found = re.search(rf"::{test}\[([A-Z]\d\d)", getattr(report, "nodeid", ""))
            if found:
                outcomes[found[1]].add(outcome)
    return outcomes
