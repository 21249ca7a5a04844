"""What a server says of itself in its service provider configuration (RFC 7643 section 5).

It is a hint and never a condition: many servers have none, and some say what is not so. What the
reading saw otherwise is told.
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
    """What a server claims, None where it does not say, and what was amiss with the answer.

    ``largest_page`` is the most records it says a page holds; ``index``, ``cursor`` and ``patch``
    are whether it says it supports them.
    """

    largest_page: int | None = None
    index: bool | None = None
    cursor: bool | None = None
    patch: bool | None = None
    deviation: str | None = None

    @property
    def max_page(self) -> int | None:
        """The page size worth asking for; pages of one record would show nothing of each other."""
        return self.largest_page if self.largest_page != 1 else None

    @property
    def only_cursor(self) -> bool:
        """Whether it claims to page by cursor and not by index."""
        return self.cursor is True and self.index is False

    def deviations(self, largest: int, *, by_cursor: bool) -> tuple[str, ...]:
        """Say in what the claims differ from what was seen, and what is not relied on.

        ``largest`` is the number of records on the largest page that came, 0 where none did.
        """
        told = [] if self.deviation is None else [self.deviation]
        if self.patch is False:
            told.append("the server says that it has no PATCH; this is taken as a hint only")
        if largest and self.index is False and not by_cursor:
            told.append("the server says that it does not page by index, and does")
        if largest and self.cursor is False and by_cursor:
            told.append("the server says that it does not page by cursor, and does")
        if self.largest_page is not None and largest > self.largest_page:
            told.append(
                f"the server says that a page holds at most {self.largest_page}, "
                f"and sent one of {largest}"
            )
        return tuple(told)


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
        largest_page=min((size for size in sizes if size > 0), default=None),
        index=_flag(pagination, "index"),
        cursor=_flag(pagination, "cursor"),
        patch=_flag(_object(content, "patch"), "supported"),
    )


def _flag(content: Mapping[str, object], name: str) -> bool | None:
    found = member(content, name)
    return found if isinstance(found, bool) else None


def _object(content: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = member(content, name)
    return found if isinstance(found, dict) else {}
