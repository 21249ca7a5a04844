"""What an audit found is planned and approved."""

from __future__ import annotations

import getpass
import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.config import Auth, LoadedConfig, load_registers
from scanner.errors import ConfigError, RefusedError
from scanner.workflow.location import locate

if TYPE_CHECKING:
    from scanner.remediation.approval import Approval
    from scanner.remediation.basis import Basis
    from scanner.remediation.draft import Heading, PlannedApp
    from scanner.remediation.folder import PlanFolder
    from scanner.remediation.guard import Surroundings
    from scanner.remediation.plan import Plan, Switches


@dataclass(frozen=True, slots=True)
class PlanOrder:
    """What a plan is asked to hold beyond the default.

    ``acknowledged`` is by guard, with the exact value that was measured; ``reason`` is why.
    ``decisions`` is a file to go by instead of the newest review of the run.
    """

    memberships: bool = False
    privileged: tuple[str, ...] = ()
    expected_headcount: int | None = None
    acknowledged: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    only: tuple[str, ...] = ()
    decisions: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and where it was written; None where nothing was: it is empty, or a guard fails."""

    plan: Plan
    path: Path | None


def plan(loaded: LoadedConfig, run: Path, order: PlanOrder, now: datetime) -> Planned:
    """Propose deactivations for the findings of a run as a plan file; sends nothing.

    Raises IntegrityError where the run is damaged, RefusedError where its plan was applied
    already, ConfigError or UsageError for what is wrong in the settings or options.
    """
    from scanner.remediation.basis import read_basis
    from scanner.remediation.decision import load_decisions
    from scanner.remediation.draft import draft_plan
    from scanner.remediation.guard import breaches
    from scanner.remediation.proposal import propose
    from scanner.remediation.review import newest_decisions

    loaded = locate(loaded)
    basis = read_basis(run)
    folder = _fresh_folder(basis)
    if order.decisions is not None:
        decisions = load_decisions(order.decisions, basis.run)
    else:
        decisions = newest_decisions(basis.folder)
    around = surroundings(loaded, basis, _switches(order), now)
    proposals, left_out = propose(basis, around.protection, decisions, around.switches)
    chosen = [one for one in proposals if not order.only or one.suspect.app in order.only]
    apps = planned_apps(loaded, {one.suspect.app for one in chosen})
    heading = heading_of(loaded, order.key, decisions.sha256)
    drafted = draft_plan(basis, chosen, left_out, apps, around, heading)
    if not drafted.actions or breaches(drafted.guards):
        return Planned(drafted, None)
    write_plan(folder, drafted, order.key)
    return Planned(drafted, folder.plan)


def approve(
    loaded: LoadedConfig,
    plan_path: Path,
    *,
    name: str,
    now: datetime,
    key: Path | None = None,
    typed: tuple[str, str] | None = None,
    only: Sequence[str] = (),
    accepted: Sequence[str] = (),
) -> Approval:
    """Write down that a plan is approved: signed with ``key``, or by what was ``typed``.

    Raises RefusedError where the plan cannot be approved so or by this person.
    """
    from scanner.remediation.approval import (
        ApprovalFiles,
        Level,
        check_approval,
        check_typed,
        may_be_typed,
        state_approval,
    )
    from scanner.remediation.disk import SystemDisk
    from scanner.remediation.folder import folder_of, read_approval_files, read_plan
    from scanner.remediation.signature import APPROVAL_NAMESPACE, SshSignatures

    folder, disk, signatures = folder_of(plan_path), SystemDisk(), SshSignatures()
    found = read_plan(disk, folder)
    level = Level.TYPED if key is None else Level.SIGNED
    approval = state_approval(found, level=level, name=name, now=now, only=only, accepted=accepted)
    settings = loaded.config.remediation
    signature = None
    if key is not None:
        signature = signatures.sign(approval.content, key, APPROVAL_NAMESPACE)
    elif not may_be_typed(found, settings, approval.count):
        raise RefusedError(
            f"{approval.count} actions need the signature of a second person",
            "run: ghostscan approve PLAN --key KEY",
        )
    else:
        check_typed(found, approval, *(typed or ("", "")))
    planned = read_approval_files(disk, folder).plan_signature
    files = ApprovalFiles(approval.content, signature, planned)
    allowed = allowed_signers(loaded, found)
    check_approval(found, files, signatures, settings, allowed, now)
    _write_approval(folder, approval, signature)
    return approval


def read_plan_file(plan_path: Path) -> Plan:
    """Read a plan as it stands, to be shown."""
    from scanner.remediation.disk import SystemDisk
    from scanner.remediation.folder import folder_of, read_plan

    return read_plan(SystemDisk(), folder_of(plan_path))


def operator() -> str:
    """Name whoever runs this, as the system knows them."""
    with suppress(OSError, KeyError):  # a container may run under a user id without a name
        return getpass.getuser()
    return f"uid {os.getuid()}"


def surroundings(
    loaded: LoadedConfig, basis: Basis, switches: Switches, now: datetime
) -> Surroundings:
    """Give what the guards need beside the run, from the settings as they are now."""
    from scanner.remediation.guard import Surroundings
    from scanner.remediation.protected import Protection

    settings = loaded.config.remediation
    return Surroundings(
        settings=settings,
        switches=switches,
        protection=Protection(load_registers(loaded), basis.members),
        canaries={name: source.canaries for name, source in loaded.config.sources.items()},
        operators=(operator(), basis.operator, *settings.operators),
        now=now,
    )


def allowed_signers(loaded: LoadedConfig, found: Plan) -> Path | None:
    """Give the file of allowed signers; RefusedError where it is not the one of the plan."""
    named = loaded.config.remediation.allowed_signers
    path = None if named is None else loaded.folder / named
    if _sha256(path) != found.allowed_signers_sha256:
        raise RefusedError(
            "the file of allowed signers changed after the plan was made", "plan again"
        )
    return path


def _sha256(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}", "see allowed_signers in [remediation]"
        ) from None


def _fresh_folder(basis: Basis) -> PlanFolder:
    from scanner.remediation.folder import PlanFolder
    from scanner.remediation.plan import FOLDER

    folder = PlanFolder(basis.folder / FOLDER)
    if os.path.lexists(folder.journal):
        raise RefusedError(
            f"the plan of run {basis.run} was applied already",
            "audit again: what is left is found again; or take it back: ghostscan undo",
        )
    return folder


def _switches(order: PlanOrder) -> Switches:
    from scanner.errors import UsageError
    from scanner.remediation.plan import Switches

    if order.acknowledged and not order.reason.strip():
        raise UsageError("an acknowledgement needs a reason", "give it with --reason TEXT")
    given = sorted((name, value, order.reason) for name, value in order.acknowledged.items())
    return Switches(order.memberships, order.privileged, order.expected_headcount, tuple(given))


def planned_apps(
    loaded: LoadedConfig, names: set[str], *, offline: bool = True
) -> dict[str, PlannedApp]:
    """Give what can change each named app; where ``offline`` it can build requests, send none."""
    from collectors.change import build_deactivator, forms_of
    from scanner.remediation.draft import PlannedApp

    config, apps = loaded.config, {}
    for name in names:
        source = config.sources.get(name)
        if source is None:
            raise ConfigError(f"sources.{name} is missing", "the run knows an app of this name")
        zone = config.organization.zone
        deactivator = build_deactivator(name, source, zone, loaded.folder, offline=offline)
        apps[name] = PlannedApp(deactivator, forms_of(source), _credential(source.auth))
    return apps


def _credential(auth: Auth) -> str:
    """Name the reference that authenticates, never what it holds."""
    if auth.bearer is not None:
        return f"bearer {auth.bearer}"
    if auth.basic is not None:
        return f"basic {auth.basic.password}"
    if auth.header is not None:
        return f"header {auth.header.value}"
    if auth.oauth2 is not None:
        return f"oauth2 {auth.oauth2.client_secret}"
    return "none"


def heading_of(loaded: LoadedConfig, key: Path | None, decisions: str | None) -> Heading:
    """Say whose plan it is, and which settings and files it is bound to."""
    from scanner.remediation.draft import Heading
    from scanner.remediation.plan import Planner
    from scanner.remediation.signature import key_fingerprint

    named = loaded.config.remediation.allowed_signers
    return Heading(
        planner=Planner(operator(), key_fingerprint(key) if key is not None else None),
        config_sha256=loaded.sha256,
        allowed_signers_sha256=_sha256(None if named is None else loaded.folder / named),
        decisions_sha256=decisions,
    )


def write_plan(folder: PlanFolder, drafted: Plan, key: Path | None) -> None:
    """Write the plan and the planner's signature; what approved an earlier one is removed."""
    from scanner.remediation.disk import SystemDisk, write_new
    from scanner.remediation.signature import PLAN_NAMESPACE, SshSignatures

    disk = SystemDisk()
    signed = None if key is None else SshSignatures().sign(drafted.content, key, PLAN_NAMESPACE)
    for path in (folder.approval_signature, folder.approval, folder.plan_signature):
        path.unlink(missing_ok=True)
    write_new(disk, folder.plan, drafted.content)
    if signed is not None:
        write_new(disk, folder.plan_signature, signed)


def _write_approval(folder: PlanFolder, approval: Approval, signature: bytes | None) -> None:
    from scanner.remediation.disk import SystemDisk, write_new

    disk = SystemDisk()
    folder.approval_signature.unlink(missing_ok=True)
    if signature is not None:
        write_new(disk, folder.approval_signature, signature)
    write_new(disk, folder.approval, approval.content)
