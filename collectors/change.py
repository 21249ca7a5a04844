"""From a configured source to what can change it, or ask it again; only remediation comes here."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from collectors.base import Deactivator, Traits, Witness
from collectors.manual import MANUAL, ManualDeactivator
from collectors.profile import Profile, VendorCall, load_profile
from collectors.registry import build_collector
from collectors.scim.collector import ScimCollector
from collectors.scim.deactivate import ScimDeactivator
from collectors.scim.form import Call
from collectors.scim.witness import ScimWitness
from scanner.config import Source
from scanner.config.source import FILE
from scanner.errors import ConfigError


def build_deactivator(
    name: str, source: Source, zone: ZoneInfo, folder: Path, *, offline: bool = False
) -> Deactivator:
    """Make what can change one app; only the remediation asks for it.

    Where ``offline`` it can build requests and send none. What is read from files can only be
    changed by hand. Raises ConfigError as
    :func:`build_collector` does.
    """
    collector = build_collector(name, source, zone, folder, offline=offline)
    if not isinstance(collector, ScimCollector):
        return ManualDeactivator()
    profile = load_profile(source.type)
    scim = collector.source
    _refuse_other_type(name, profile, scim.target.base_url)
    return ScimDeactivator(
        scim,
        _traits(profile),
        calls={one.name: _call(one) for one in profile.deactivation.calls},
    )


def build_witness(name: str, source: Source, zone: ZoneInfo, folder: Path) -> Witness | None:
    """Make what can read one person of an HRIS again, or None where that cannot be done."""
    collector = build_collector(name, source, zone, folder)
    if not isinstance(collector, ScimCollector):
        return None
    scim = collector.source
    return ScimWitness(scim.target, scim.how, users_path=scim.users_path, dialect=scim.dialect)


def traits_of(type_: str) -> Traits:
    """Say what deactivating does in an app of this type; ConfigError where there is no such."""
    return ManualDeactivator.traits if type_ == FILE else _traits(load_profile(type_))


def places_of(source: Source) -> tuple[str, str]:
    """Give the paths, of the source's origin, below which its users and its groups stand."""
    profile = load_profile(source.type)
    base = urlsplit(source.url or profile.url or "").path.rstrip("/")
    users = source.users_path or profile.users_path
    groups = source.groups_path or profile.groups_path or ""
    return f"{base}{users}/", f"{base}{groups}/"


def forms_of(source: Source) -> tuple[str, ...]:
    """Give the forms in which a change may be asked of a source, in order."""
    if source.type == FILE:
        return (MANUAL,)
    profile = load_profile(source.type)
    if source.deactivate:
        return source.deactivate
    spoken_otherwise = source.scim == "1.1" and profile.scim == "2.0"
    return ("patch-1.1",) if spoken_otherwise else profile.deactivation.forms


def _refuse_other_type(name: str, profile: Profile, url: str) -> None:
    """What deactivating does would be told wrongly."""
    for other in profile.other_types:
        if other.path in urlsplit(url).path:
            raise ConfigError(
                f"sources.{name}: deactivating means something else at this address",
                f'set type = "{other.type}"',
            )


def _call(stated: VendorCall) -> Call:
    bodies = [None if one is None else _text(one) for one in (stated.deactivate, stated.reactivate)]
    return Call(stated.method, stated.path, bodies[0] or "", bodies[1], stated.media_type)


def _text(body: object) -> str:
    return json.dumps(body, separators=(",", ":"))


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
        licence=stated.licence,
        sessions=stated.sessions,
        tokens=stated.tokens,
    )
