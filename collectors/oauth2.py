"""OAuth 2.0 for programs (RFC 6749 sections 4.4 and 6): one token, renewed before it ends.

This is the one place of an audit that sends a POST. It has a transport of its own, which can send
nothing but POST and nowhere but to the one token URL of the configuration; the client that reads
the audited server stays GET-only, and neither can do the other's work. Nothing of a token exchange
is recorded: it consists of secrets.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error

from collectors.failure import TransferError
from collectors.framing import PlainBody, coding, framing_fault
from collectors.secret import Credentials, Secret, credentials_of, remember, resolve
from scanner.config import OAuth2
from scanner.errors import GhostscanError

MAX_TOKEN_BYTES = 64 * 1024
MARGIN_SECONDS = 60.0
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,16384}")
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is asked for with; ``in_form`` sends the client's secret in the form.

    A ``refresh_token`` that the service replaces is replaced in memory only: where a service
    allows each to be used once, client credentials are the better choice.
    """

    token_url: str
    client_id: str
    client_secret: Secret
    scope: str | None = None
    refresh_token: Secret | None = None
    in_form: bool = False


def resolve_grant(settings: OAuth2, folder: Path) -> Grant:
    """Fetch the secrets of ``auth.oauth2``; raises ConfigError naming the reference at fault."""
    refresh = settings.refresh_token
    return Grant(
        token_url=settings.token_url,
        client_id=settings.client_id,
        client_secret=resolve(settings.client_secret, folder),
        scope=settings.scope,
        refresh_token=resolve(refresh, folder) if refresh is not None else None,
        in_form=settings.client_auth == "post",
    )


class TokenTransport(httpx.AsyncBaseTransport):
    """Lets a POST to one URL through and raises on everything else."""

    def __init__(self, inner: httpx.AsyncBaseTransport, token_url: str) -> None:
        self._inner = inner
        self._url = httpx.URL(token_url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a POST to the token URL on; raise GhostscanError for anything else."""
        if request.method != "POST" or request.url != self._url:
            raise GhostscanError("only a POST to token_url may be sent here")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class TokenKeeper:
    """Holds the token of one source and renews it a minute before it ends, or when told to.

    ``issued`` is told the secrets of each new token before it is used. ``number`` counts the
    tokens so far: that of the present one.
    """

    def __init__(
        self,
        grant: Grant,
        network: httpx.AsyncBaseTransport,
        monotonic: Callable[[], float],
        issued: Callable[..., None] = remember,
    ) -> None:
        self._grant = grant
        self._transport = TokenTransport(network, grant.token_url)
        self._monotonic = monotonic
        self._issued = issued
        self._refresh_token = grant.refresh_token
        self.number = 0
        self._current: Credentials | None = None
        self._renew_at: float | None = None
        self._lock = asyncio.Lock()

    async def credentials(self) -> Credentials:
        """Give the header to send now; asks for a new token where there is none or it ends soon.

        Raises TransferError: ``auth.token`` where the service refuses, ``auth.token.answer`` where
        its answer is no usable token, ``auth.token.service`` where it cannot be asked.
        """
        async with self._lock:
            due = self._renew_at is not None and self._monotonic() >= self._renew_at
            if self._current is None or due:
                self._current = await self._ask()
                self.number += 1
            return self._current

    def forget(self, number: int) -> None:
        """Drop the token with this number, unless a newer one has taken its place already."""
        if number == self.number:
            self._current = None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _ask(self) -> Credentials:
        asked_at = self._monotonic()
        try:
            response = await self._transport.handle_async_request(self._request())
            try:
                body = await _body(response)
            finally:
                await response.aclose()
        except TransferError as error:
            told = error.code.startswith("auth.")
            raise TransferError(error.code if told else "auth.token.service") from None
        except (httpx.HTTPError, OSError):
            raise TransferError("auth.token.service") from None
        return self._read(body, asked_at)

    def _request(self) -> httpx.Request:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        if not self._grant.in_form:
            headers["Authorization"] = f"Basic {self._basic().reveal()}"
        return httpx.Request(
            "POST", self._grant.token_url, headers=headers, content=self._form().encode()
        )

    def _basic(self) -> Secret:
        """RFC 6749 section 2.3.1: both parts form-encoded before they are joined."""
        secret = self._grant.client_secret.reveal()
        pair = f"{quote_plus(self._grant.client_id)}:{quote_plus(secret)}"
        basic = Secret(base64.b64encode(pair.encode()).decode())
        self._issued(basic)
        return basic

    def _form(self) -> str:
        client = BackendApplicationClient(self._grant.client_id)
        scope = self._grant.scope
        in_form = self._grant.in_form
        who: dict[str, Any] = {}
        if in_form:
            who = {"client_secret": self._grant.client_secret.reveal()}
        if self._refresh_token is None:
            return str(client.prepare_request_body(scope=scope, include_client_id=in_form, **who))
        if in_form:
            who["client_id"] = self._grant.client_id
        token = self._refresh_token.reveal()
        return str(client.prepare_refresh_body(refresh_token=token, scope=scope, **who))

    def _read(self, body: bytes, asked_at: float) -> Credentials:
        """Take an access token response (RFC 6749 section 5.1) for what it is, or refuse it."""
        try:
            answer = BackendApplicationClient("").parse_request_body_response(body.decode())
            kind = str(answer.get("token_type", "Bearer")).lower()
            token, lifetime = answer["access_token"], answer.get("expires_in")
            granted = set(answer.get("scope") or ())
        except OAuth2Error:
            raise TransferError("auth.token") from None
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            raise TransferError("auth.token.answer") from None
        wanted = set((self._grant.scope or "").split())
        if kind != "bearer" or not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
            raise TransferError("auth.token.answer")
        if granted and not wanted <= granted:
            raise TransferError("auth.token.scope")
        self._keep_refresh_token(answer.get("refresh_token"))
        seconds = lifetime if isinstance(lifetime, int) else None
        self._renew_at = None if seconds is None else asked_at + _useful(seconds)
        secret = Secret(token)
        self._issued(secret)
        return credentials_of("Authorization", f"Bearer {token}", secret)

    def _keep_refresh_token(self, replaced: object) -> None:
        if self._refresh_token is not None and isinstance(replaced, str) and replaced:
            self._refresh_token = Secret(replaced)
            self._issued(self._refresh_token)


def _useful(lifetime: int) -> float:
    """The seconds a token is used: until a minute before its end, at least half its life."""
    return max(lifetime - MARGIN_SECONDS, lifetime / 2)


async def _body(response: httpx.Response) -> bytes:
    """Give the body of a 200 answer in JSON; raises TransferError for any other."""
    status = response.status_code
    if status in _PASSING:
        raise TransferError("auth.token.service")
    if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise TransferError("auth.token")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    plain = coding(response.headers) in ("", "identity")
    whole = framing_fault(response.headers) is None
    if status != HTTPStatus.OK or kind != "application/json" or not plain or not whole:
        raise TransferError("auth.token.answer")
    body = PlainBody(MAX_TOKEN_BYTES)
    async for piece in response.aiter_raw():
        body.feed(piece)
    return body.finish()
