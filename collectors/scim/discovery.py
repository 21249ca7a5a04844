"""What a server says of itself in its service provider configuration (RFC 7643 section 5).

It is a hint and never a condition: many servers have none, and some say what is not so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.scim.attribute import member
from collectors.scim.message import Dialect
from collectors.scim.request import Asks
from collectors.scim.strict import parse_json
from scanner.errors import SourceError

_PATHS = {"2.0": "/ServiceProviderConfig", "1.1": "/ServiceProviderConfigs"}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The largest page a server gives, whether it pages by cursor only, and what was amiss."""

    max_page: int | None = None
    only_cursor: bool = False
    deviation: str | None = None


async def discover(wire: Asks, dialect: Dialect) -> Capabilities:
    """Ask a server what it can do; whatever goes wrong is a deviation and nothing more."""
    path = _PATHS[dialect.version]
    try:
        answer = await wire.get(path, {}, "discovery")
        content = parse_json(answer.exchange.body)
    except SourceError as error:
        return Capabilities(deviation=f"{path} could not be read ({error.code})")
    except ValueError:
        return Capabilities(deviation=f"{path} is not JSON")
    if not isinstance(content, dict):
        return Capabilities(deviation=f"{path} is no object")
    return _read(content)


def _read(content: Mapping[str, object]) -> Capabilities:
    filters, pagination = _object(content, "filter"), _object(content, "pagination")
    limits = (member(filters, "maxResults"), member(pagination, "maxPageSize"))
    sizes = [one for one in limits if isinstance(one, int) and not isinstance(one, bool)]
    return Capabilities(
        max_page=min((size for size in sizes if size > 0), default=None),
        only_cursor=member(pagination, "cursor") is True and member(pagination, "index") is False,
    )


def _object(content: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = member(content, name)
    return found if isinstance(found, dict) else {}
