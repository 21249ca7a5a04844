"""From the settings of a source to where its requests go and what authenticates them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from collectors.http import Target
from collectors.network import Route
from collectors.oauth2 import Grant, resolve_grant
from collectors.rate import IETF, RateHeaders
from collectors.secret import NO_CREDENTIALS, resolve_auth
from collectors.tls import context_of
from scanner.config import Source


def target_of(
    name: str,
    source: Source,
    folder: Path,
    *,
    requests_per_minute: int | None = None,
    rate: RateHeaders = IETF,
    offline: bool = False,
) -> Target:
    """Give the target of one source, with its secrets and certificates (relative to ``folder``).

    Where ``offline``, nothing is fetched and the target is of no use for requests. Raises
    ConfigError naming the reference or file at fault.
    """
    route = Route() if offline else _route(source, folder)
    grant = None if offline else _grant(source, folder)
    return Target(
        source=name,
        base_url=source.url,
        credentials=NO_CREDENTIALS if offline else resolve_auth(source.auth, folder),
        timeout_seconds=source.timeout_seconds,
        requests_per_minute=source.requests_per_minute or requests_per_minute,
        max_age_seconds=source.max_age_seconds,
        route=route,
        grant=grant,
        token_route=_token_route(route, source, grant),
        rate=rate,
    )


def _route(source: Source, folder: Path) -> Route:
    own = source.ca_bundle is not None or source.identity is not None
    context = context_of(folder, source.ca_bundle, source.identity) if own else None
    return Route(context=context, internal=source.internal, proxy=source.proxy)


def _token_route(route: Route, source: Source, grant: Grant | None) -> Route:
    """The source's own trust and certificate are for its own host; others need the public one."""
    if grant is not None and urlsplit(grant.token_url).hostname == urlsplit(source.url).hostname:
        return route
    return replace(route, context=None)


def _grant(source: Source, folder: Path) -> Grant | None:
    return resolve_grant(source.auth.oauth2, folder) if source.auth.oauth2 is not None else None
