"""An approved plan becomes a script for owners without ghostscan."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.config import LoadedConfig
from scanner.errors import EvidenceError, RefusedError
from scanner.workflow.execution import approved_plan
from scanner.workflow.location import locate

if TYPE_CHECKING:
    from scanner.remediation.pace import Clock

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


@dataclass(frozen=True, slots=True)
class Scripted:
    """The script of one app; ``left_out`` are the accounts that only ``apply`` can do."""

    app: str
    path: Path
    actions: int
    left_out: tuple[str, ...]


def script(
    loaded: LoadedConfig,
    plan_path: Path,
    clock: Clock,
    only: tuple[str, ...],
    directory: Path | None,
) -> tuple[Scripted, ...]:
    """Write ``remediate.sh`` and its data for each app of an approved plan; sends nothing.

    Everything is checked that an execution checks. Raises RefusedError where that refuses, or where
    the plan was begun by ``apply``.
    """
    from collectors.change import places_of
    from reports.script import DATA, SCRIPT, render_script
    from scanner.remediation.folder import folder_of
    from scanner.remediation.script import Places, script_data

    loaded, folder = locate(loaded), folder_of(plan_path)
    if os.path.lexists(folder.journal):
        raise RefusedError("the plan was begun with apply", "go on with: ghostscan apply")
    plan, agreement, approval_sha256 = approved_plan(loaded, plan_path, clock)
    settings, written = loaded.config.remediation, []
    apps = sorted({one.app for one in agreement.actions})
    for number, app in enumerate(apps, start=1):
        if only and app not in only:
            continue
        source = loaded.config.sources[app]
        data = script_data(
            plan, agreement, approval_sha256, app, source, Places(*places_of(source))
        )
        name = app if _SAFE.fullmatch(app) else f"app-{number}"
        place = (directory or Path("script")) / name
        seconds = int(settings.read_back_deadline.total_seconds())
        _write(place / DATA, data.content)
        _write(place / SCRIPT, render_script(data.content, seconds))
        labels = tuple(one.label for one in data.left_out)
        written.append(Scripted(app, place / SCRIPT, data.actions, labels))
    return tuple(written)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "wb") as file:
            file.write(content)
    except OSError as error:
        raise EvidenceError(f"{path} cannot be written: {error.strerror}") from None
