"""Which URLs may stand in the configuration: https, or http to this machine alone."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address literal can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def base_url(value: str) -> str:
    """Return the base URL of a source without a trailing slash; ValueError where it is unsafe."""
    return whole_url(value).rstrip("/")


def whole_url(value: str) -> str:
    """Return a URL to ask exactly as written; ValueError where it is unsafe."""
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("must be an https:// URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password; use auth")
    if parts.query or parts.fragment or "?" in value or "#" in value:
        raise ValueError("must not contain a query or a fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must be https:// (http:// is accepted only for this machine)")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("has a port that is not a number from 0 to 65535") from None
    return value


def proxy_url(value: str) -> str:
    """Return the address of a proxy; ValueError unless it is a plain ``http://host:port``."""
    parts = urlsplit(value)
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError('must be of the form "http://host:port"')
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password; such proxies are not supported")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("has a port that is not a number from 0 to 65535") from None
    return value.rstrip("/")
