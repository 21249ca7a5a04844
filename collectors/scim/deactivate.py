"""Changing one SCIM service (RFC 7644 section 3.5.2): how a change is said, sent and read back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import quote, unquote, urlsplit

import httpx

from collectors.base import (
    Census,
    Change,
    Exchange,
    Observation,
    Operation,
    Reply,
    Request,
    Traits,
)
from collectors.failure import header
from collectors.http import SYSTEM_TIMING, Answer, Timing, Wire
from collectors.scim.census import take_census
from collectors.scim.form import Call, Said, digests, forms_known, kept
from collectors.scim.message import parse_resource
from collectors.scim.resource import read_account, read_group, read_memberships
from collectors.scim.source import ScimSource
from collectors.writer import Writer
from scanner.errors import ConfigError, SourceError
from scanner.model import Pointer

FOUND_OR_NOT = frozenset({200, 404, 410})
REDIRECTS = frozenset({301, 302, 307, 308})
ANY_ANSWER = frozenset(range(200, 600)) - {429, 503}
"""An app without ``/Me`` may say so in any way; only what asks to come again is asked again."""

MANUAL = "manual"
_NO_CALLS: Mapping[str, Call] = MappingProxyType({})
_NOWHERE = Pointer("", 0)


class _Unrecorded:
    """Reads around a change are told in the journal, not kept as responses."""

    def record(self, exchange: Exchange) -> str:
        """Keep nothing."""
        return exchange.purpose


class ScimDeactivator:
    """Fulfils :class:`collectors.base.Deactivator` for one SCIM service.

    ``calls`` are the vendor's own calls by name, asked for as the form ``vendor:NAME``.
    """

    def __init__(
        self,
        source: ScimSource,
        traits: Traits,
        *,
        calls: Mapping[str, Call] = _NO_CALLS,
        timing: Timing = SYSTEM_TIMING,
        network: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.traits = traits
        self._source = source
        self._target = source.target
        self._how = source.how
        self._users_path = source.users_path
        self._groups_path = source.groups_path
        self._dialect = source.dialect
        self._forms = forms_known(calls)
        self._timing = timing
        self._network = network
        self._runner = asyncio.Runner()
        self._open: tuple[Wire, Writer] | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port of the service."""
        parts = urlsplit(self._target.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    def requests(self, change: Change, forms: Sequence[str]) -> tuple[Request, ...]:
        """Build the requests of the forms that can express ``change``."""
        unknown = set(forms) - {*self._forms, MANUAL}
        if unknown:
            raise ConfigError(
                f"sources.{self._target.source}.deactivate: no form is named {min(unknown)!r}",
                f"known: {', '.join((*self._forms, MANUAL))}",
            )
        said = [(form, self._forms[form](change)) for form in forms if form != MANUAL]
        return tuple(self._request(form, change, one) for form, one in said if one is not None)

    def _request(self, form: str, change: Change, said: Said) -> Request:
        path = self._path(change) if said.path is None else f"{self._base}{said.path}"
        headers = (("Accept", said.media_type), ("Content-Type", said.media_type))
        return Request(
            form,
            said.method,
            path,
            headers,
            said.body,
            needs_version=bool(said.attributes),
            attributes=said.attributes,
        )

    @property
    def _base(self) -> str:
        return urlsplit(self._target.base_url).path.rstrip("/")

    def _path(self, change: Change) -> str:
        if change.operation is Operation.REMOVE_MEMBER:
            return f"{self._base}{self._groups_path}/{quote(change.group_id or '', safe='')}"
        return f"{self._base}{self._users_path}/{quote(change.account.account_id, safe='')}"

    def observe(self, account_id: str, group_id: str | None = None) -> Observation:
        """Read the account by its id, and its group where one is given."""
        return self._runner.run(self._observe(account_id, group_id))

    def own_account(self) -> str | None:
        """Ask who the credentials are of."""
        return self._runner.run(self._own_account())

    def census(self, most: int) -> Census:
        """List all accounts."""
        return self._runner.run(take_census(self._source, self._opened()[0], most, self._timing))

    def send(self, request: Request, if_match: str | None) -> Reply:
        """Send one write, once."""
        return self._runner.run(self._send(request, if_match))

    async def _send(self, request: Request, if_match: str | None) -> Reply:
        return await self._opened()[1].send(request, if_match)

    def close(self) -> None:
        """Close the connections."""
        if self._open is not None:
            wire, writer = self._open
            self._runner.run(wire.aclose())
            self._runner.run(writer.aclose())
            self._open = None
        self._runner.close()

    def _opened(self) -> tuple[Wire, Writer]:
        if self._open is None:
            wire = Wire(self._target, _Unrecorded(), self._timing, self._network)
            self._open = (wire, Writer(self._target, self._network))
        return self._open

    async def _observe(self, account_id: str, group_id: str | None) -> Observation:
        try:
            found = self._account(account_id, await self._get(self._users_path, account_id))
            if group_id is not None and found.found:
                answer = await self._get(self._groups_path or "", group_id)
                found = replace(found, member=self._member(account_id, group_id, answer))
        except SourceError as error:
            return Observation(found=None, error=error.code)
        return found

    async def _get(self, path: str, wanted: str) -> Answer:
        place = f"{path}/{quote(wanted, safe='')}"
        return await self._opened()[0].get(place, {}, "around a change", FOUND_OR_NOT)

    async def _own_account(self) -> str | None:
        """Read ``/Me``; whatever else is answered than an account, nothing is known."""
        try:
            answer = await self._opened()[0].get("/Me", {}, "own account", ANY_ANSWER)
            if answer.exchange.status != HTTPStatus.OK:
                return _pointed_at(answer.exchange)
            resource = parse_resource(self._how.source, answer.exchange, self._dialect)
        except SourceError:
            return None
        account = read_account(resource, _NOWHERE, self._how).record
        return None if account is None else account.account_id

    def _account(self, account_id: str, answer: Answer) -> Observation:
        exchange = answer.exchange
        if exchange.status in (404, 410):
            return _not_found(exchange)
        resource = parse_resource(self._how.source, exchange, self._dialect)
        account = read_account(resource, _NOWHERE, self._how).record
        if account is None or account.account_id != account_id:
            return Observation(found=None, status=200, error="read.detail_differs")
        return Observation(
            found=True,
            active=account.active,
            user_name=account.user_name,
            external_id=account.external_id,
            emails=account.emails,
            privileged=account.privileged,
            version=_version(account.version, header(exchange, "etag")),
            modified_at=account.modified_at,
            status=exchange.status,
            attributes=kept(digests(resource)),
        )

    def _member(self, account_id: str, group_id: str, answer: Answer) -> bool | None:
        if answer.exchange.status in (404, 410):  # a group that is gone has no members
            return None if _not_found(answer.exchange).found is None else False
        resource = parse_resource(self._how.source, answer.exchange, self._dialect)
        group = read_group(resource, _NOWHERE, self._how.source).record
        if group is None or group.group_id != group_id:
            return None
        return any(one.member_id == account_id for one in read_memberships(resource, group))


def _pointed_at(exchange: Exchange) -> str | None:
    """Give the id at the end of a redirect; it is not followed (RFC 7644 section 3.11)."""
    place = header(exchange, "location")
    if exchange.status not in REDIRECTS or not place:
        return None
    return unquote(urlsplit(place).path.rpartition("/")[2]) or None


def _not_found(exchange: Exchange) -> Observation:
    """A proxy's page that something is not there says nothing about an account."""
    html = "html" in (header(exchange, "content-type") or "").lower()
    if html:
        return Observation(found=None, status=exchange.status, error="read.media_type")
    return Observation(found=False, status=exchange.status)


def _version(version: str | None, etag: str | None) -> str | None:
    """A version that can be relied on: an entity tag alone may only be a digest of the answer."""
    return version if etag is None or etag == version else None
