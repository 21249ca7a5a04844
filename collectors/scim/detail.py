"""Reading records one by one by their id (RFC 7644 section 3.4.1) where the list says too little.

The id goes into the path percent-encoded as one segment; what a server calls a record's location
is never followed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from collectors.http import Answer
from collectors.scim.message import Dialect, parse_resource
from collectors.scim.request import Asks
from collectors.scim.walk import Glance, Look, Walk
from scanner.errors import SourceError
from scanner.model import Reason, Resource


@dataclass(frozen=True, slots=True)
class DetailRequest:
    """Records of one list to be read by id; ``path`` is that of the list."""

    source: str
    resource: Resource
    path: str
    dialect: Dialect
    concurrency: int = 1


async def with_details(
    wire: Asks, request: DetailRequest, walk: Walk, ids: Sequence[str], look: Look
) -> Walk:
    """Read each of ``ids`` and give the walk in which these records are seen as read by id.

    Never raises for what the server does: the first failure ends the reading, is the failure of
    the walk, and what came before it is kept. A walk that failed before is given as it is.
    """
    if walk.failure is not None:
        return walk
    details: dict[str, Glance] = dict(walk.details)
    responses = list(walk.detail_responses)
    for first in range(0, len(ids), request.concurrency):
        batch = ids[first : first + request.concurrency]
        try:
            for answer, wanted in zip(await _answers(wire, request, batch), batch, strict=True):
                details[wanted] = _looked_at(request, answer, wanted, look)
                responses.append(answer.response)
        except SourceError as error:
            walk = replace(walk, failure=Reason(error.code, error.message, error.hint))
            break
    return replace(walk, details=details, detail_responses=tuple(responses))


async def _answers(wire: Asks, request: DetailRequest, ids: Sequence[str]) -> list[Answer]:
    """Ask for several records at once; raises for the first that failed, when all have ended."""
    found = await asyncio.gather(*(_get(wire, request, one) for one in ids), return_exceptions=True)
    answers = []
    for one in found:
        if isinstance(one, BaseException):
            raise one
        answers.append(one)
    return answers


async def _get(wire: Asks, request: DetailRequest, wanted: str) -> Answer:
    path = f"{request.path}/{quote(wanted, safe='')}"
    return await wire.get(path, {}, f"{request.resource} by id")


def _looked_at(request: DetailRequest, answer: Answer, wanted: str, look: Look) -> Glance:
    glance = look(parse_resource(request.source, answer.exchange, request.dialect))
    if glance.id != wanted:
        raise SourceError(
            request.source,
            "read.detail_differs",
            f"asked for {request.resource} with one id, the server sent another record",
            "the server's answers by id cannot be used; ask the vendor",
        )
    return glance
