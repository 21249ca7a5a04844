"""Asking an HRIS once more about one person, right before something is done because they left."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import httpx

from collectors.base import Employment, Exchange
from collectors.http import SYSTEM_TIMING, Target, Timing, Wire
from collectors.scim.message import SCIM_2, Dialect, parse_resource
from collectors.scim.resource import Interpretation, read_person
from scanner.errors import SourceError
from scanner.model import Pointer


class _Unrecorded:
    """The answer is told in the journal, not kept as a response."""

    def record(self, exchange: Exchange) -> str:
        """Keep nothing."""
        return exchange.purpose


class ScimWitness:
    """Fulfils :class:`collectors.base.Witness` for an HRIS that speaks SCIM."""

    def __init__(
        self,
        target: Target,
        how: Interpretation,
        *,
        users_path: str = "/Users",
        dialect: Dialect = SCIM_2,
        timing: Timing = SYSTEM_TIMING,
        network: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._target = target
        self._how = how
        self._users_path = users_path
        self._dialect = dialect
        self._timing = timing
        self._network = network
        self._runner = asyncio.Runner()
        self._wire: Wire | None = None

    def look(self, person_id: str) -> Employment:
        """Read one person by id."""
        try:
            return self._runner.run(self._look(person_id))
        except SourceError as error:
            return Employment(found=None, error=error.code)

    async def _look(self, person_id: str) -> Employment:
        if self._wire is None:
            self._wire = Wire(self._target, _Unrecorded(), self._timing, self._network)
        place = f"{self._users_path}/{quote(person_id, safe='')}"
        accept = frozenset({200, 404, 410})
        exchange = (await self._wire.get(place, {}, "before a change", accept)).exchange
        if exchange.status in (404, 410):
            return Employment(found=False)
        resource = parse_resource(self._how.source, exchange, self._dialect)
        read = read_person(resource, Pointer("", 0), self._how)
        person = read.record
        if person is None or person.person_id != person_id or read.problems:
            return Employment(found=None, error="read.detail_differs")
        return Employment(found=True, status=person.status, departed_at=person.departed_at)

    def close(self) -> None:
        """Close the connections."""
        if self._wire is not None:
            self._runner.run(self._wire.aclose())
            self._wire = None
        self._runner.close()
