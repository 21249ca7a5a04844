"""The log of a remediation beside its journal: written after an apply, compared by verify."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scanner.remediation.folder import PlanFolder


def remove_log(folder: PlanFolder) -> None:
    """Remove what an earlier apply wrote: it would not say what follows."""
    for name in log_names():
        (folder.path / name).unlink(missing_ok=True)


def write_log(folder: PlanFolder) -> tuple[Path, Path]:
    """Write ``log.json``, ``log.html`` and ``log.xlsx`` of a journal; give page and workbook.

    Raises EvidenceError where they cannot be written; plan and journal are not touched.
    """
    from scanner.remediation.disk import SystemDisk, write_new

    for name, content in _contents(folder).items():
        write_new(SystemDisk(), folder.path / name, content)
    from reports.remediation import PAGE, WORKBOOK

    return folder.path / PAGE, folder.path / WORKBOOK


def check_log(run_folder: Path) -> Iterator[str]:
    """Make every log of a run again and name the files that are not what the journal says."""
    from scanner.errors import GhostscanError
    from scanner.remediation.folder import PlanFolder
    from scanner.remediation.plan import FOLDER

    for found in sorted((run_folder / FOLDER).rglob("log.json")):
        folder = PlanFolder(found.parent)
        try:
            expected = _contents(folder)
        except (GhostscanError, KeyError, ValueError):
            continue  # plan or journal are damaged, and that is said already
        for name, content in expected.items():
            path = folder.path / name
            if not path.is_file() or _digest(path.read_bytes()) != _digest(content):
                place = path.relative_to(run_folder).as_posix()
                yield f"{place}: is not what plan and journal say"


def log_names() -> tuple[str, str, str]:
    """Give the names of the files of a log."""
    from reports.remediation import PAGE, WORKBOOK
    from scanner.remediation.log import LOG

    return LOG, PAGE, WORKBOOK


def _contents(folder: PlanFolder) -> dict[str, bytes]:
    from reports.remediation import render_log_page, write_log_workbook
    from scanner.remediation.disk import SystemDisk
    from scanner.remediation.folder import read_journal, read_plan
    from scanner.remediation.log import log_content

    disk = SystemDisk()
    plan, journal = read_plan(disk, folder), read_journal(disk, folder)
    content = log_content(plan, journal.records, journal.head)
    log = json.loads(content)
    with tempfile.TemporaryDirectory() as made:
        workbook = Path(made) / "log.xlsx"
        write_log_workbook(log, workbook)
        names = log_names()
        return dict(zip(names, (content, render_log_page(log), workbook.read_bytes()), strict=True))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
