"""From a configured source to its collector, and from all collectors to their readings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from collectors.base import Collector, Recorder
from collectors.profile import Profile, load_profile
from scanner.config import ACCOUNT_ATTRIBUTES, FILE, PERSON_ATTRIBUTES, Source
from scanner.errors import ConfigError
from scanner.model import ProgressListener, Reading, Role

if TYPE_CHECKING:
    from collectors.http import Target
    from collectors.rate import RateHeaders
    from collectors.scim.message import Dialect
    from collectors.scim.resource import Interpretation
    from collectors.scim.size import Size
    from collectors.scim.source import ScimSource


def build_collector(
    name: str,
    source: Source,
    zone: ZoneInfo,
    folder: Path,
    *,
    offline: bool = False,
    previous: Mapping[str, int] | None = None,
) -> Collector:
    """Make the collector of one source; what the source leaves out comes from its type's profile.

    Secrets are fetched here (files relative to ``folder``), except where ``offline``: then the
    collector is good for ``records`` only. ``previous`` gives, by name of source, the number of
    users received in the last COMPLETE run; a sudden drop from it is refused. Raises ConfigError
    before any request is sent.
    """
    if source.type == FILE:
        return _file_collector(name, source, zone, folder, (previous or {}).get(name))
    # Imported late: --help and reports from a run folder need no HTTP library.
    from collectors.scim.collector import ScimCollector  # noqa: PLC0415 - see above
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
            source.scim or profile.scim,
        )
        pace, rate = profile.requests_per_minute, _rate(profile)
        target = target_of(
            name, source, folder, requests_per_minute=pace, rate=rate, offline=offline
        )
    except ConfigError as error:
        raise ConfigError(f"sources.{name}: {error.message}", error.hint) from None
    except ValueError as error:
        raise ConfigError(f"sources.{name}.attributes: {error}") from None
    return ScimCollector(_scim_source(source, profile, target, how, (previous or {}).get(name)))


def _rate(profile: Profile) -> RateHeaders:
    """Where the vendor tells its rate limit: as its profile says, or as the IETF draft does."""
    from collectors.rate import IETF, RateHeaders  # noqa: PLC0415 - as in build_collector

    told = profile.rate
    return IETF if told is None else RateHeaders(told.remaining, told.reset, told.form)


def _file_collector(
    name: str, source: Source, zone: ZoneInfo, folder: Path, previous: int | None
) -> Collector:
    from collectors.file.build import file_source  # noqa: PLC0415 - as in build_collector
    from collectors.file.collector import FileCollector  # noqa: PLC0415 - as in build_collector

    return FileCollector(file_source(name, source, zone, folder, previous))


def _scim_source(
    source: Source,
    profile: Profile,
    target: Target,
    how: Interpretation,
    previous: int | None,
) -> ScimSource:
    """The source's own settings, and the profile's where it has none."""
    from collectors.scim.source import ScimSource  # noqa: PLC0415 - as in build_collector

    passes = 2 if source.role is Role.HRIS else 1
    return ScimSource(
        type=source.type,
        target=target,
        how=how,
        users_path=source.users_path or profile.users_path,
        groups_path=source.groups_path or profile.groups_path,
        page_size=source.page_size or profile.page_size,
        canaries=source.canaries,
        allow_empty=source.allow_empty,
        dialect=_dialect(source, profile),
        paging=source.paging or profile.paging,
        overlap=source.overlap,
        passes=source.passes or passes,
        max_concurrency=source.max_concurrency or profile.max_concurrency,
        size=_size(source, profile, previous),
        members=source.members or profile.members,
        members_cap=profile.members_cap,
        detail_limit=source.detail_limit,
        discovery=profile.discovery if source.discovery is None else source.discovery,
    )


def _dialect(source: Source, profile: Profile) -> Dialect:
    from collectors.scim.message import Dialect  # noqa: PLC0415 - as in build_collector

    return Dialect(
        version=source.scim or profile.scim,
        excuses=frozenset(source.excuses) | frozenset(profile.excuses),
        total_optional=(source.total or profile.total) == "unreliable",
    )


def _size(source: Source, profile: Profile, previous: int | None) -> Size:
    from collectors.scim.size import Size  # noqa: PLC0415 - as in build_collector

    return Size(
        expected=source.expected_size,
        cap=profile.list_cap,
        previous=previous,
        max_drop_percent=source.max_drop_percent,
        acknowledged=source.acknowledge_drop_to,
    )


def _attributes(source: Source, profile: Profile) -> dict[str, str]:
    """The profile's places that exist for this role, overridden by the source's own."""
    known = PERSON_ATTRIBUTES if source.role is Role.HRIS else ACCOUNT_ATTRIBUTES
    places = {name: path for name, path in profile.attributes.items() if name in known}
    return places | source.attributes


def departure_place(source: Source) -> str:
    """Name the attribute or column the departure dates of an HRIS come from; empty where none."""
    if source.type == FILE:
        return source.attributes.get("departed_at", "departed_at")
    return _attributes(source, load_profile(source.type)).get("departed_at", "")


def read_all(
    collectors: Mapping[str, Collector],
    recorder_for: Callable[[str], Recorder],
    listener: ProgressListener,
    done: Callable[[Reading], None] = lambda _: None,
) -> tuple[Reading, ...]:
    """Read all sources at the same time and give their readings in the order of ``collectors``.

    ``done`` is called with each as soon as it is there, in another thread: it may take its time.
    What servers do never raises; what a recorder or ``done`` raises (a full disk) ends the reading
    of all.
    """

    async def one(name: str) -> Reading:
        reading = await collectors[name].read(recorder_for(name), listener)
        await asyncio.to_thread(done, reading)
        return reading

    async def all_at_once() -> list[Reading]:
        return await asyncio.gather(*map(one, collectors))

    return tuple(asyncio.run(all_at_once()))
