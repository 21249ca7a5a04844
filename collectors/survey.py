"""One look at each source before an audit: is it there, does it let us in, what does it show?

A handful of requests per source, all GET: its ServiceProviderConfig, one page of users, one page
of groups, and one user or group by id where the list says too little. Nothing is written anywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from collectors.base import Collector
from collectors.domain import Domains, Overlap, check_domains, known_domains, overlap
from collectors.file.collector import FileCollector
from collectors.file.look import look_at_files
from collectors.http import SYSTEM_TIMING, Timing
from collectors.look import Look
from collectors.registry import build_collector
from collectors.scim.collector import ScimCollector
from scanner.config import Source
from scanner.model import PageSurvey, Reason, Role, SignIn, Survey


def survey_all(
    sources: Mapping[str, Source],
    zone: ZoneInfo,
    folder: Path,
    *,
    groups_needed: frozenset[str] = frozenset(),
    domain_aliases: Mapping[str, str] = MappingProxyType({}),
    timing: Timing = SYSTEM_TIMING,
) -> tuple[Survey, ...]:
    """Look at all ``sources`` at the same time; the result is in their order.

    ``groups_needed`` names the sources whose groups an entitlement depends on, ``domain_aliases``
    the domains whose addresses belong to the same people as another's. Raises ConfigError
    before the first request; whatever a server or the network does becomes part of the result.
    """
    built = {name: build_collector(name, source, zone, folder) for name, source in sources.items()}

    async def all_at_once() -> list[tuple[Survey, Domains]]:
        return await asyncio.gather(
            *(
                _look(collector, name, sources[name], name in groups_needed, timing)
                for name, collector in built.items()
            )
        )

    return _compared(sources, asyncio.run(all_at_once()), domain_aliases)


async def _look(
    collector: Collector, name: str, source: Source, groups_needed: bool, timing: Timing
) -> tuple[Survey, Domains]:
    """Look at one source; give what its first page shows and the mail domains of its users.

    Never raises for what the source does.
    """
    if isinstance(collector, FileCollector):
        return await look_at_files(collector, groups_needed)
    if not isinstance(collector, ScimCollector):
        return _not_scim(name, source), ()
    scim = collector._source  # noqa: SLF001 - exactly what an audit would ask, and how
    look = Look(scim, source, groups_needed, timing)
    try:
        await look.at_everything()
    finally:
        await look.inquiry.aclose()
    return look.result(), look.domains


def _compared(
    sources: Mapping[str, Source],
    seen: Sequence[tuple[Survey, Domains]],
    aliases: Mapping[str, str],
) -> tuple[Survey, ...]:
    """Hold the mail domains of each app's page against those of the HRIS, as an audit will."""
    people = [one for survey, domains in seen if survey.role is Role.HRIS for one in domains]
    known = known_domains(people, aliases)
    if known is None:
        return tuple(survey for survey, _ in seen)
    return tuple(
        survey
        if survey.role is Role.HRIS
        else _with_domains(survey, overlap(domains, known), sources[survey.source])
        for survey, domains in seen
    )


def _with_domains(survey: Survey, found: Overlap, source: Source) -> Survey:
    checked = check_domains(found, source.min_domain_percent)
    reasons = () if checked is None else checked.reasons
    notes = (replace(one, message=f"on the first page, {one.message}") for one in reasons)
    return replace(survey, notes=(*survey.notes, *notes))


def _not_scim(name: str, source: Source) -> Survey:
    message = f"sources of type {source.type} cannot be looked at one page at a time"
    reason = Reason("check.unsupported", message, "ghostscan audit reads it and says how it went")
    page = PageSurvey(0, failure=reason)
    return Survey(
        name, source.role, source.type, source.url, reachable=False, sign_in=SignIn.UNKNOWN,
        users=page, groups=page, lacking=(reason,),
    )  # fmt: skip
