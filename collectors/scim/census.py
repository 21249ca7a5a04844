"""Who is active in one SCIM service right now: its list of users once more, with the same proof."""

from __future__ import annotations

from dataclasses import replace

from collectors.base import Census
from collectors.http import Timing
from collectors.scim.collector import read_users
from collectors.scim.request import Asks
from collectors.scim.size import UNKNOWN_SIZE
from collectors.scim.source import ScimSource
from scanner.errors import SourceError
from scanner.model import Progress

TOO_MANY = "count.too_many"


async def take_census(source: ScimSource, wire: Asks, most: int, timing: Timing) -> Census:
    """List the users of ``source`` and tell the active from the others; never raises.

    What an audit expects of the figures is left out: that canaries are gone, that the list is empty
    or much shorter than it was, is what somebody counts for. Where the list does not say who is
    active, nobody is read by id: that would take as many requests as there are users.
    """
    plain = replace(source, canaries=(), allow_empty=True, size=UNKNOWN_SIZE, detail_limit=0)

    def refuse_many(progress: Progress) -> None:
        if max(progress.received, progress.total or 0) > most:
            raise SourceError(progress.source, TOO_MANY, f"more than {most} accounts")

    walk, users = await read_users(plain, wire, refuse_many, timing.now())
    # Whether a list of just this length may have been cut was settled by the audit.
    if walk.refused or not all(one.held for one in users.proof if one.name != "size"):
        return Census(None, None, next((one.code for one in users.reasons), "read.incomplete"))
    gone = {one.id: one.gone for one in walk.glances() if one.id is not None}
    return Census(
        active=frozenset(one for one, is_gone in gone.items() if not is_gone),
        inactive=frozenset(one for one, is_gone in gone.items() if is_gone),
    )
