"""From a configured source to its collector, and from all collectors to their readings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from collectors.base import Collector, Recorder
from collectors.profile import Profile, load_profile
from scanner.config import ACCOUNT_ATTRIBUTES, PERSON_ATTRIBUTES, Source
from scanner.errors import ConfigError
from scanner.model import ProgressListener, Reading, Role


def build_collector(
    name: str, source: Source, zone: ZoneInfo, folder: Path, *, offline: bool = False
) -> Collector:
    """Make the collector of one source; what the source leaves out comes from its type's profile.

    Secrets are fetched here (files relative to ``folder``), except where ``offline``: then the
    collector is good for ``records`` only. Raises ConfigError before any request is sent.
    """
    # Imported late: --help and reports from a run folder need no HTTP library.
    from collectors.scim.collector import ScimCollector, ScimSource  # noqa: PLC0415 - see above
    from collectors.scim.resource import interpretation  # noqa: PLC0415 - see above
    from collectors.target import target_of  # noqa: PLC0415 - see above

    try:
        profile = load_profile(source.type)
        how = interpretation(
            name,
            source.role,
            _attributes(source, profile),
            zone,
            source.active_values,
            source.status_values,
        )
        pace = profile.requests_per_minute
        target = target_of(name, source, folder, requests_per_minute=pace, offline=offline)
    except ConfigError as error:
        raise ConfigError(f"sources.{name}: {error.message}", error.hint) from None
    except ValueError as error:
        raise ConfigError(f"sources.{name}.attributes: {error}") from None
    return ScimCollector(
        ScimSource(
            type=source.type,
            target=target,
            how=how,
            users_path=source.users_path or profile.users_path,
            groups_path=source.groups_path or profile.groups_path,
            page_size=source.page_size or profile.page_size,
            canaries=source.canaries,
            allow_empty=source.allow_empty,
        )
    )


def _attributes(source: Source, profile: Profile) -> dict[str, str]:
    """The profile's places that exist for this role, overridden by the source's own."""
    known = PERSON_ATTRIBUTES if source.role is Role.HRIS else ACCOUNT_ATTRIBUTES
    places = {name: path for name, path in profile.attributes.items() if name in known}
    return places | source.attributes


def read_all(
    collectors: Mapping[str, Collector],
    recorder_for: Callable[[str], Recorder],
    listener: ProgressListener,
) -> tuple[Reading, ...]:
    """Read all sources at the same time and give their readings in the order of ``collectors``.

    What servers do never raises; what a recorder raises (a full disk) ends the reading of all.
    """

    async def all_at_once() -> list[Reading]:
        return await asyncio.gather(
            *(one.read(recorder_for(name), listener) for name, one in collectors.items())
        )

    return tuple(asyncio.run(all_at_once()))
