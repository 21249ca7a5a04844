"""A plan is applied, or taken back."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.config import LoadedConfig
from scanner.errors import GhostscanError, RefusedError
from scanner.workflow.location import locate
from scanner.workflow.log import remove_log, write_log
from scanner.workflow.remediation import (
    allowed_signers,
    heading_of,
    operator,
    planned_apps,
    surroundings,
    write_plan,
)

if TYPE_CHECKING:
    from collectors.base import Deactivator, Witness
    from scanner.remediation.apply import Result, Session, Step
    from scanner.remediation.approval import Agreement
    from scanner.remediation.basis import Basis
    from scanner.remediation.folder import PlanFolder
    from scanner.remediation.pace import Clock
    from scanner.remediation.plan import Action, GuardResult, Plan


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A dry run: what would be sent, in order, and why it would be refused, if it would.

    ``actions`` are those that are approved, or all of them where nothing is.
    """

    plan: Plan
    actions: tuple[Action, ...]
    guards: tuple[GuardResult, ...]
    refused: GhostscanError | None


def rehearse(loaded: LoadedConfig, plan_path: Path, clock: Clock) -> Rehearsal:
    """Check everything that an execution would check, and send nothing.

    Raises IntegrityError where run, plan or journal are damaged.
    """
    from scanner.remediation.disk import SystemDisk
    from scanner.remediation.folder import folder_of, read_plan
    from scanner.remediation.pace import schedule

    loaded, folder = locate(loaded), folder_of(plan_path)
    plan = read_plan(SystemDisk(), folder)
    refused: GhostscanError | None = None
    actions = plan.sendable()
    with _deactivators(loaded, plan, offline=True) as deactivators:
        guards = _checked(loaded, folder, plan, deactivators, clock)[1]
        try:
            _refuse(plan, guards, clock)
            actions = _agreement(loaded, folder, plan, clock)[0].actions
        except RefusedError as error:
            refused = error
    ordered = [one for _, batch in schedule(actions, plan.batches) for one in batch]
    return Rehearsal(plan, tuple(ordered), guards, refused)


def approved_plan(
    loaded: LoadedConfig, plan_path: Path, clock: Clock
) -> tuple[Plan, Agreement, str]:
    """Check everything as an execution would, and give plan, approval and the approval's digest.

    Raises RefusedError where anything stands in the way, IntegrityError for damage.
    """
    from scanner.remediation.disk import SystemDisk
    from scanner.remediation.folder import folder_of, read_plan

    folder = folder_of(plan_path)
    plan = read_plan(SystemDisk(), folder)
    with _deactivators(loaded, plan, offline=True) as deactivators:
        _, guards = _checked(loaded, folder, plan, deactivators, clock)
        _refuse(plan, guards, clock)
    return plan, *_agreement(loaded, folder, plan, clock)


def execute(
    loaded: LoadedConfig,
    plan_path: Path,
    clock: Clock,
    *,
    listener: Callable[[Step], None],
    stop: Callable[[], bool],
    take_over: bool = False,
    unlock: str | None = None,
) -> Result:
    """Apply what is approved of a plan, or go on where an earlier execution ended.

    Raises RefusedError where anything stands in the way (nothing was sent), IntegrityError where
    run, plan or journal are damaged, UnrecordedError where the journal cannot be written.
    """
    from scanner.remediation.apply import execute as execute_session
    from scanner.remediation.disk import SystemDisk
    from scanner.remediation.folder import folder_of, read_plan
    from scanner.remediation.lock import applying, this_process

    loaded, folder = locate(loaded), folder_of(plan_path)
    plan = read_plan(SystemDisk(), folder)
    runs = folder.run_folder.parent
    with (
        applying(runs, this_process(operator(), clock.now()), unlock),
        _deactivators(loaded, plan) as deactivators,
        _witnesses(loaded) as witness,
    ):
        resuming = _was_begun(folder)
        basis, guards = _checked(loaded, folder, plan, deactivators, clock)
        _refuse(plan, guards, clock, resuming=resuming)
        session = _session(
            loaded,
            folder,
            plan,
            basis,
            deactivators,
            witness,
            clock,
            listener,
            stop,
            take_over=take_over,
        )
        remove_log(folder)
        try:
            return execute_session(session)
        finally:
            with suppress(GhostscanError):  # the journal is the record; verify makes a log again
                write_log(folder)


def undo(
    loaded: LoadedConfig,
    journal: Path,
    clock: Clock,
    *,
    only: tuple[str, ...] = (),
    key: Path | None = None,
) -> tuple[Plan, Path | None]:
    """Plan ``active=true`` for what a journal confirms as ours; give the plan and where it is.

    The path is None where there is nothing to take back. Raises IntegrityError where the journal
    is damaged, RefusedError where it is of an undo.
    """
    from scanner.remediation.disk import SystemDisk
    from scanner.remediation.folder import folder_of, fresh_undo, read_journal, read_plan
    from scanner.remediation.replay import replay
    from scanner.remediation.undo import draft_undo

    loaded, folder, disk = locate(loaded), folder_of(journal), SystemDisk()
    plan, content = read_plan(disk, folder), read_journal(disk, folder)
    drafted = draft_undo(
        plan,
        replay(content.records),
        content.head,
        planned_apps(loaded, {part.name for part in plan.apps}),
        heading_of(loaded, key, None),
        clock.now(),
        loaded.config.remediation.plan_lasts,
        only,
    )
    if not drafted.actions:
        return drafted, None
    place = fresh_undo(folder)
    write_plan(place, drafted, key)
    return drafted, place.plan


def _checked(
    loaded: LoadedConfig,
    folder: PlanFolder,
    plan: Plan,
    deactivators: Mapping[str, Deactivator],
    clock: Clock,
) -> tuple[Basis, tuple[GuardResult, ...]]:
    """Verify the run, compare it and the settings with the plan, and evaluate every guard."""
    from scanner.remediation.basis import read_basis
    from scanner.remediation.readiness import check_bound, guard_again

    basis = read_basis(folder.run_folder)
    check_bound(plan, basis, loaded.sha256, deactivators)
    around = surroundings(loaded, basis, plan.switches, clock.now())
    return basis, guard_again(plan, basis, around)


def _refuse(
    plan: Plan, guards: tuple[GuardResult, ...], clock: Clock, *, resuming: bool = False
) -> None:
    """Refuse an expired plan and a failed guard; what was begun may grow old, but never unsafe.

    Of an expired plan that was begun nothing more is sent: its open actions are only read.
    """
    from scanner.remediation.readiness import refuse_breaches, without_age

    if clock.now() > plan.expires_at and not resuming:
        raise RefusedError(f"the plan expired at {plan.not_after}", "plan again")
    refuse_breaches(without_age(guards) if resuming else guards)


def _was_begun(folder: PlanFolder) -> bool:
    from scanner.remediation.disk import SystemDisk
    from scanner.remediation.folder import optional, read_journal

    disk = SystemDisk()
    return optional(disk, folder.journal) is not None and bool(read_journal(disk, folder).records)


def _agreement(
    loaded: LoadedConfig, folder: PlanFolder, plan: Plan, clock: Clock
) -> tuple[Agreement, str]:
    """Give what is approved, and the digest of the approval."""
    from scanner.remediation.approval import check_approval
    from scanner.remediation.disk import SystemDisk
    from scanner.remediation.folder import read_approval_files
    from scanner.remediation.signature import SshSignatures

    files = read_approval_files(SystemDisk(), folder)
    agreement = check_approval(
        plan,
        files,
        SshSignatures(),
        loaded.config.remediation,
        allowed_signers(loaded, plan),
        clock.now(),
    )
    return agreement, hashlib.sha256(files.approval or b"").hexdigest()


def _session(
    loaded: LoadedConfig,
    folder: PlanFolder,
    plan: Plan,
    basis: Basis,
    deactivators: Mapping[str, Deactivator],
    witness: Callable[[str], Witness | None],
    clock: Clock,
    listener: Callable[[Step], None],
    stop: Callable[[], bool],
    *,
    take_over: bool,
) -> Session:
    from scanner.remediation.apply import Executor, Session
    from scanner.remediation.disk import SystemDisk
    from scanner.remediation.elsewhere import other_plans
    from scanner.remediation.journal import Journal

    agreement, approval_sha256 = _agreement(loaded, folder, plan, clock)
    disk, settings = SystemDisk(), loaded.config.remediation
    others = other_plans(
        disk,
        folder.run_folder.parent,
        folder.journal,
        clock.now(),
        timedelta(days=settings.remembered_days),
    )
    return Session(
        plan=plan,
        agreement=agreement,
        approval_sha256=approval_sha256,
        deactivators=deactivators,
        witness=witness,
        elsewhere=others.reason,
        protection=surroundings(loaded, basis, plan.switches, clock.now()).protection,
        journal=Journal.open(disk, folder.journal, clock.now),
        clock=clock,
        executor=Executor(operator(), platform.node(), f"ghostscan {version('ghostscan')}"),
        deadline=settings.read_back_deadline,
        listener=listener,
        stop=stop,
        take_over=take_over,
    )


@contextmanager
def _deactivators(
    loaded: LoadedConfig, plan: Plan, *, offline: bool = False
) -> Iterator[dict[str, Deactivator]]:
    apps = planned_apps(loaded, {part.name for part in plan.apps}, offline=offline)
    with ExitStack() as stack:
        for app in apps.values():
            stack.callback(app.deactivator.close)
        yield {name: app.deactivator for name, app in apps.items()}


@contextmanager
def _witnesses(loaded: LoadedConfig) -> Iterator[Callable[[str], Witness | None]]:
    """Give what reads people of each HRIS again, made when it is first asked for."""
    from collectors.change import build_witness

    config, made = loaded.config, dict[str, "Witness | None"]()
    with ExitStack() as stack:

        def witness(name: str) -> Witness | None:
            if name not in made:
                source = config.sources[name]
                made[name] = build_witness(name, source, config.organization.zone, loaded.folder)
                if (found := made[name]) is not None:
                    stack.callback(found.close)
            return made[name]

        yield witness
