"""From a configured source to what can change it, or ask it again; only remediation comes here."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from collectors.base import Deactivator, Traits, Witness
from collectors.profile import Profile, load_profile
from collectors.registry import build_collector
from collectors.scim.collector import ScimCollector
from collectors.scim.deactivate import ScimDeactivator
from collectors.scim.witness import ScimWitness
from scanner.config import Source
from scanner.errors import ConfigError


def build_deactivator(
    name: str, source: Source, zone: ZoneInfo, folder: Path, *, offline: bool = False
) -> Deactivator:
    """Make what can change one app; only the remediation asks for it.

    Where ``offline`` it can build requests and send none. Raises ConfigError as
    :func:`build_collector` does.
    """
    profile = load_profile(source.type)
    collector = build_collector(name, source, zone, folder, offline=offline)
    if not isinstance(collector, ScimCollector):
        raise ConfigError(
            f"sources.{name}: nothing can be changed in a source of type {source.type!r}",
            'set deactivate = ["manual"] for this source; its actions become tasks for a person',
        )
    scim = collector.source
    return ScimDeactivator(
        scim.target,
        scim.how,
        _traits(profile),
        users_path=scim.users_path,
        groups_path=scim.groups_path,
        dialect=scim.dialect,
    )


def build_witness(name: str, source: Source, zone: ZoneInfo, folder: Path) -> Witness | None:
    """Make what can read one person of an HRIS again, or None where that cannot be done."""
    collector = build_collector(name, source, zone, folder)
    if not isinstance(collector, ScimCollector):
        return None
    scim = collector.source
    return ScimWitness(scim.target, scim.how, users_path=scim.users_path, dialect=scim.dialect)


def forms_of(source: Source) -> tuple[str, ...]:
    """Give the forms in which a change may be asked of a source, in order."""
    return source.deactivate or load_profile(source.type).deactivation.forms


def _traits(profile: Profile) -> Traits:
    stated = profile.deactivation
    return Traits(
        effect=stated.effect,
        reversible=stated.reversible,
        removes_membership=stated.removes_membership,
        deletes_user=stated.deletes_user,
        deprovisions_everywhere=stated.deprovisions_everywhere,
        version_enforced=stated.version_enforced,
        writes_per_minute=stated.writes_per_minute,
    )
