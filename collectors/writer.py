"""The one place a write leaves from: once, to the pinned base, on a connection of its own.

It shares nothing with the client that reads. Nothing is tried again, no redirect is followed, and
whatever happens is part of what is returned: whether the write took effect, only reading tells.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from datetime import UTC, datetime

import httpx

from collectors.base import Reply, Request
from collectors.failure import TransferError, code_of
from collectors.freshness import http_date
from collectors.http import Target
from collectors.network import NetworkTransport
from collectors.oauth2 import TokenKeeper
from collectors.pinned import PinnedTransport, WriteTransport
from collectors.secret import Credentials, remember

MAX_ANSWER_BYTES = 1 << 20
LONGEST_WAIT_SECONDS = 300
_REQUEST_IDS = ("x-request-id", "x-github-request-id", "x-okta-request-id", "request-id")


class Writer:
    """Sends single writes to one source; only the remediation is given one."""

    def __init__(
        self,
        target: Target,
        network: httpx.AsyncBaseTransport | None = None,
        token_network: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._target = target
        self._keeper: TokenKeeper | None = None
        if target.grant is not None:
            remember(target.grant.client_secret)
            self._keeper = TokenKeeper(
                target.grant, token_network or NetworkTransport(target.token_route), time.monotonic
            )
        self._transport = WriteTransport(
            PinnedTransport(
                network or NetworkTransport(target.route),
                target.source,
                target.base_url,
                self._credentials,
            )
        )

    async def _credentials(self) -> Credentials:
        if self._keeper is not None:
            return await self._keeper.credentials()
        return self._target.credentials

    async def send(self, request: Request, if_match: str | None) -> Reply:
        """Send ``request`` once, all within the source's time, and say what came back."""
        url = httpx.URL(self._target.base_url).join(request.path)
        headers = [*request.headers, ("Accept-Encoding", "identity"), ("Connection", "close")]
        if if_match is not None:
            headers.append(("If-Match", if_match))
        message = httpx.Request(request.method, url, headers=headers, content=request.body.encode())
        try:
            async with asyncio.timeout(self._target.timeout_seconds):
                response = await self._transport.handle_async_request(message)
                try:
                    return _reply(response, await _some_of(response))
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            return Reply(None, error=code_of(error).replace("read.", "write.", 1))

    async def aclose(self) -> None:
        """Close what is open."""
        await self._transport.aclose()
        if self._keeper is not None:
            await self._keeper.aclose()


async def _some_of(response: httpx.Response) -> bytes:
    """The body as far as it came: the status has been given, and the body proves nothing."""
    content = b""
    try:
        async for piece in response.aiter_raw():
            content += piece
            if len(content) > MAX_ANSWER_BYTES:
                break
    except TransferError:
        pass
    return content


def _reply(response: httpx.Response, body: bytes) -> Reply:
    headers = response.headers
    return Reply(
        status=response.status_code,
        retry_after=_seconds(headers.get("retry-after")),
        scim_type=_scim_type(body),
        request_id=next((headers[name][:200] for name in _REQUEST_IDS if name in headers), None),
        body_sha256=hashlib.sha256(body).hexdigest(),
    )


def _seconds(text: str | None) -> int | None:
    """Read Retry-After in both of its forms (RFC 9110 section 10.2.3), at most five minutes."""
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return min(int(text.strip()[:6]), LONGEST_WAIT_SECONDS)
    at = http_date(text)
    if at is None:
        return None
    return min(max(int((at - datetime.now(UTC)).total_seconds()), 0), LONGEST_WAIT_SECONDS)


def _scim_type(body: bytes) -> str | None:
    """The keyword of a SCIM error (RFC 7644 section 3.12); vendors' own words are dropped."""
    try:
        found = json.loads(body).get("scimType")
    except (ValueError, AttributeError, RecursionError):
        return None
    plain = isinstance(found, str) and found.isascii() and found.isalnum()
    return str(found)[:40] if plain else None
