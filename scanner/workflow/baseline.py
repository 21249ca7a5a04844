"""Approve who is in which group, as a run proved it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.config import approve, baseline_bytes, parse_baseline
from scanner.config.strict import nearest
from scanner.errors import ConfigError, EvidenceError, UsageError
from scanner.model import ApprovedGroup, Reading, Role, State

if TYPE_CHECKING:
    from scanner.evidence.reopen import Reopened


@dataclass(frozen=True, slots=True)
class Approved:
    """What was approved now, and the file that holds it with what was approved before."""

    path: Path
    sha256: str
    run: str
    groups: tuple[ApprovedGroup, ...]
    left_out: tuple[str, ...]


def approve_baseline(
    folder: Path,
    path: Path,
    *,
    approver: str,
    at: datetime,
    app: str | None = None,
    group: str | None = None,
) -> Approved:
    """Write to ``path`` that the members of groups in a run are approved as they were read.

    Without ``app`` every app whose groups were COMPLETE is approved, with ``group`` (id or display
    name) one of its groups alone; what ``path`` approves of other groups stays. ``left_out`` are
    apps whose groups were not COMPLETE. Raises UsageError where there is nothing to approve,
    IntegrityError where the run is not what was sealed, EvidenceError where ``path`` cannot be
    written.
    """
    from scanner.evidence.reopen import reopen

    if not approver.strip():
        raise UsageError("--approver is empty", "name the person who approves")
    run = reopen(folder)
    chosen = _chosen(run.readings, app)
    whole = [one.source for one in chosen if _whole(one)]
    groups = [row for one in whole for row in _groups(run, one, group, approver.strip(), at)]
    if not groups:
        raise UsageError(*_nothing(chosen, whole, group))
    replaced = frozenset(whole) if group is None else frozenset[str]()
    content = baseline_bytes(approve(_before(path), groups, replaced))
    _write(path, content)
    left_out = tuple(one.source for one in chosen if one.source not in whole)
    return Approved(path, hashlib.sha256(content).hexdigest(), run.run, tuple(groups), left_out)


def _chosen(readings: Sequence[Reading], app: str | None) -> list[Reading]:
    apps = [one for one in readings if one.role is not Role.HRIS]
    names = {one.source for one in apps}
    if app is not None and app not in names:
        raise UsageError(
            f"--app {app}: no app has this name{nearest(app, names)}",
            f"apps of the run: {', '.join(sorted(names))}",
        )
    return [one for one in apps if app in {None, one.source}]


def _whole(reading: Reading) -> bool:
    return reading.users.state is State.COMPLETE and reading.groups.state is State.COMPLETE


def _nothing(
    chosen: Sequence[Reading], whole: Collection[str], group: str | None
) -> tuple[str, str]:
    if group is not None and whole:
        return f"--group {group}: no group has this id or name", "see the groups in the workbook"
    names = ", ".join(one.source for one in chosen)
    return (
        f"nothing to approve: no groups of {names} were read completely",
        "what was not proved complete cannot be approved; see the report of the run",
    )


def _groups(
    run: Reopened, app: str, named: str | None, approver: str, at: datetime
) -> list[ApprovedGroup]:
    from scanner.reconcile.baseline import members_by_group

    return [
        ApprovedGroup(app, group_id, display_name, members, run.run, approver, at)
        for group_id, display_name, members in members_by_group(run.folder, app)
        if named is None or named in {group_id, display_name}
    ]


def _before(path: Path) -> tuple[ApprovedGroup, ...]:
    try:
        return parse_baseline(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}", "remove it, or name another: --output") from None


def _write(path: Path, content: bytes) -> None:
    """Replace ``path`` in one step: it is whole at every moment."""
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    except OSError as error:
        raise EvidenceError(
            f"{path} cannot be written: {error.strerror}", "name another: --output"
        ) from None
