"""What went wrong with one exchange, as a stable code and in words for an administrator.

No text of an exception is ever shown: the libraries put header values and whole URLs into it.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from collectors.base import Recorded
from scanner.errors import SourceError

LONGEST_QUOTE = 200

_EXCEPTIONS: tuple[tuple[type[BaseException], str], ...] = (
    (httpx.TimeoutException, "read.timeout"),
    (TimeoutError, "read.timeout"),
    (httpx.ProxyError, "read.connect"),
    (httpx.ConnectError, "read.connect"),
    (httpx.DecodingError, "read.encoding"),
    (httpx.NetworkError, "read.interrupted"),
    (httpx.RemoteProtocolError, "read.interrupted"),
    (OSError, "read.interrupted"),
)

_WORDS: dict[str, tuple[str, str]] = {
    "read.client": (
        "the request to {origin} could not be formed",
        "check url and auth of this source: neither may hold blanks or control characters",
    ),
    "read.connect": (
        "no connection to {origin} could be made",
        "is the address right, is the server up, does a firewall stand between?",
    ),
    "read.dns": ("the name of {origin} does not resolve", "check the host name in url"),
    "read.encoding": (
        "{origin} sent a compressed answer although none was asked for",
        "let the server or the proxy before it send answers as they are",
    ),
    "read.framing": (
        "the answer of {origin} has no certain end (no Content-Length, not chunked, or both)",
        "without it a cut answer looks whole; ask the vendor or the proxy's owner to send it",
    ),
    "read.interrupted": (
        "the connection to {origin} broke before the whole answer came",
        "try again; if it stays, lower page_size",
    ),
    "read.timeout": (
        "{origin} did not answer in time",
        "raise timeout_seconds or lower page_size",
    ),
    "read.tls": (
        "no trusted TLS connection to {origin}: its certificate or protocol is not acceptable",
        "the certificate must be valid for this host name; checking cannot be switched off",
    ),
    "read.too_large": ("{origin} sent an answer above the size limit", "lower page_size"),
}


def code_of(error: BaseException) -> str:
    """Give the reason code of an exception raised while a request was under way."""
    causes = tuple(_chain(error))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "read.tls"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "read.dns"
    return next((code for kind, code in _EXCEPTIONS if isinstance(error, kind)), "read.client")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def failure_of(source: str, exchange: Recorded) -> SourceError | None:
    """Give the error an exchange amounts to, or None where a whole 200 answer came."""
    if exchange.error is not None:
        message, hint = _WORDS[exchange.error]
        origin = _origin(exchange.url)
        tried = f" (attempt {exchange.attempt})" if exchange.attempt > 1 else ""
        return SourceError(source, exchange.error, message.format(origin=origin) + tried, hint)
    status = exchange.status or 0
    if status == HTTPStatus.OK:
        return None
    if status in range(300, 400):
        return _redirect(source, exchange)
    if is_throttled(exchange):
        return _throttled(source, exchange)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _rejected(source, exchange)
    return SourceError(source, "http.status", _answered(exchange), _status_hint(status))


def _redirect(source: str, exchange: Recorded) -> SourceError:
    target = quoted(header(exchange, "location") or "nowhere")
    return SourceError(
        source,
        "read.redirect",
        f"{_answered(exchange)}: a redirect, which is never followed",
        f"if it is the right address, put it into url: {target}",
    )


def _rejected(source: str, exchange: Recorded) -> SourceError:
    if exchange.status == HTTPStatus.UNAUTHORIZED:
        hint = "the token is wrong, expired or revoked; store a new one where auth points"
    else:
        hint = "the token is known but lacks a permission; give it read access to users and groups"
    return SourceError(source, "auth.rejected", _answered(exchange), hint)


def _throttled(source: str, exchange: Recorded) -> SourceError:
    wait = header(exchange, "retry-after")
    asked = f" and asked to wait: {quoted(wait)}" if wait else ""
    return SourceError(
        source, "http.rate_limited", _answered(exchange) + asked, "set requests_per_minute lower"
    )


def _status_hint(status: int) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return "is url the SCIM base URL, without /Users at its end?"
    if status == HTTPStatus.BAD_REQUEST:
        return "if the server limits the page size, set page_size lower"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "the server failed; try again later"
    return "only a plain 200 answer is taken"


def _answered(exchange: Recorded) -> str:
    status = exchange.status or 0
    names = {item.value: item.phrase for item in HTTPStatus}
    name = f" ({names[status]})" if status in names else ""
    tries = f" {exchange.attempt} times, at last" if exchange.attempt > 1 else ""
    detail = _detail(exchange.body)
    path = quoted(urlsplit(exchange.url).path)
    return f"{path} was answered{tries} with {status}{name}" + (f": {detail}" if detail else "")


def _detail(body: bytes) -> str:
    """What the server says of its error (RFC 7644 section 3.12), or nothing."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    found = content.get("detail") if isinstance(content, dict) else None
    return quoted(found) if isinstance(found, str) else ""


def quoted(text: str) -> str:
    """Give foreign text fit for one line: controls escaped, cut after 200 characters."""
    cut = text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…"
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in cut
    )


def is_throttled(exchange: Recorded) -> bool:
    """Tell whether a status means "too many requests": 429, or 403 as some vendors spell it."""
    if exchange.status == HTTPStatus.FORBIDDEN:
        spent = header(exchange, "x-ratelimit-remaining") == "0"
        return spent or header(exchange, "retry-after") is not None
    return exchange.status == HTTPStatus.TOO_MANY_REQUESTS


def header(exchange: Recorded, name: str) -> str | None:
    """Give the first kept header called ``name`` (lower case), or None."""
    return next((value for key, value in exchange.headers if key == name), None)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
