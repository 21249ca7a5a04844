"""Where the fictitious company can be reached while it serves itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TOKEN_VARIABLE = "GHOSTSCAN_DEMO_TOKEN"  # noqa: S105 - the variable's name; the token is made anew
PEOPLE = "people"
HR_SCHEMA = "urn:halden:hr:2.0:User"


@dataclass(frozen=True, slots=True)
class DemoSite:
    """The base URL of every source by its name, all on loopback, and the one bearer token.

    ``people`` is the HRIS. The token opens every source until the site closes.
    """

    urls: Mapping[str, str]
    token: str = field(repr=False)
