"""What went wrong with one exchange, as a stable code and in words for an administrator.

No text of an exception is ever shown: the libraries put header values and whole URLs into it.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import httpx

from collectors.base import Recorded
from scanner.errors import SourceError

LONGEST_QUOTE = 200

_EXCEPTIONS: tuple[tuple[type[BaseException], str], ...] = (
    (httpx.TimeoutException, "read.timeout"),
    (TimeoutError, "read.timeout"),
    (httpx.ProxyError, "read.proxy"),
    (httpx.ConnectError, "read.connect"),
    (httpx.DecodingError, "read.encoding"),
    (httpx.NetworkError, "read.interrupted"),
    (httpx.RemoteProtocolError, "read.interrupted"),
    (OSError, "read.interrupted"),
)

# OpenSSL's numbers for what is wrong with a certificate (X509_V_ERR_*).
_CERTIFICATES = {
    9: "read.tls.expired",  # not yet valid
    10: "read.tls.expired",
    18: "read.tls.issuer",  # self-signed
    19: "read.tls.issuer",
    20: "read.tls.issuer",
    21: "read.tls.issuer",
    62: "read.tls.name",
    64: "read.tls.name",
}
_OLD_TLS = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "VERSION_TOO_LOW")
_WANTS_CERTIFICATE = ("CERTIFICATE_REQUIRED", "ALERT_HANDSHAKE_FAILURE", "ALERT_UNKNOWN_CA",
                      "ALERT_BAD_CERTIFICATE", "ALERT_ACCESS_DENIED")  # fmt: skip

_NO_SKIPPING = "checking cannot be switched off"

_WORDS: dict[str, tuple[str, str]] = {
    "auth.token": (
        "the token service refused to give a token for {origin}",
        "check client_id, client_secret, refresh_token and scope in auth.oauth2",
    ),
    "auth.token.answer": (
        "what the token service answered is no token for {origin}",
        "check token_url in auth.oauth2",
    ),
    "auth.token.scope": (
        "the token for {origin} allows less than the scope that was asked for",
        "grant this client the scope in auth.oauth2, or ask for less",
    ),
    "auth.token.service": (
        "the token service could not be asked for a token for {origin}",
        "check token_url in auth.oauth2; if it is right, try again later",
    ),
    "read.address": (
        "{origin} leads to an address that is not public",
        "if the server does stand in your own network, set internal = true in this source",
    ),
    "read.cached": (
        "the answer of {origin} is old: a cache gave it, or a clock is wrong",
        "let the proxy before the server pass these requests through, or set max_age_seconds",
    ),
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
        "{origin} compressed its answer, though not asked to, and not as one whole gzip stream",
        "let the server or the proxy before it send answers as they are",
    ),
    "read.framing": (
        "the answer of {origin} has no certain end (no Content-Length, not chunked, or both)",
        "without it a cut answer looks whole; ask the vendor or the proxy's owner to send it",
    ),
    "read.framing.lengths": (
        "the answer of {origin} states its length more than once, or not as a number",
        "a proxy that does not keep to HTTP probably stands between; ask its owner",
    ),
    "read.framing.surplus": (
        "{origin} sent more bytes than its answer was said to have",
        "the answer may be cut or not belong to the request; ask the vendor or the proxy's owner",
    ),
    "read.interrupted": (
        "the connection to {origin} broke before the whole answer came",
        "try again; if it stays, lower page_size",
    ),
    "read.protocol": (
        "what {origin} sent is not an HTTP/1.1 answer",
        "is url right, and does it lead to a web service?",
    ),
    "read.protocol.interim": (
        "{origin} sent interim answers instead of an answer",
        "ask the vendor or the proxy's owner",
    ),
    "read.proxy": (
        "the proxy does not let the connection to {origin} through",
        "check proxy in this source; a proxy that wants a password is not supported",
    ),
    "read.timeout": (
        "{origin} did not answer in time",
        "raise timeout_seconds or lower page_size",
    ),
    "read.tls": (
        "no trusted TLS connection to {origin}: its certificate or protocol is not acceptable",
        f"the certificate must be valid for this host name; {_NO_SKIPPING}",
    ),
    "read.tls.client": (
        "{origin} refused the TLS connection: it wants a client certificate it trusts",
        "check auth.mtls of this source",
    ),
    "read.tls.expired": (
        "the certificate of {origin} has expired or is not yet valid",
        f"the server's owner must renew it; is this machine's clock right? {_NO_SKIPPING}",
    ),
    "read.tls.issuer": (
        "the certificate of {origin} comes from an authority that is not trusted",
        f"for an authority of your own, name its certificate in ca_bundle; {_NO_SKIPPING}",
    ),
    "read.tls.name": (
        "the certificate of {origin} belongs to another host name",
        f"use the name that stands in the certificate; {_NO_SKIPPING}",
    ),
    "read.tls.none": (
        "{origin} does not speak TLS",
        "is the port in url right? A server without TLS is not read",
    ),
    "read.tls.version": (
        "{origin} offers no TLS 1.2 or later",
        "the server's owner must allow TLS 1.2 or 1.3; older versions are not safe",
    ),
    "read.too_large": ("{origin} sent an answer above the size limit", "lower page_size"),
    "read.too_large.headers": (
        "the headers of the answer of {origin} are above the size limit",
        "is url right, and does it lead to a web service?",
    ),
}


class TransferError(httpx.TransportError):
    """A request came to nothing; ``code`` is a reason code this module has words for."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def code_of(error: BaseException) -> str:
    """Give the reason code of an exception raised while a request was under way.

    The first two parts are the reason (``read.tls``); a third, where there is one, chooses words
    that say more of it (``read.tls.expired``).
    """
    if isinstance(error, TransferError):
        return error.code
    causes = tuple(_chain(error))
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls is not None:
        return _tls_code(tls)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "read.dns"
    return next((code for kind, code in _EXCEPTIONS if isinstance(error, kind)), "read.client")


def _tls_code(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATES.get(getattr(error, "verify_code", 0), "read.tls")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "read.interrupted"
    reason = getattr(error, "reason", None) or ""
    if reason == "WRONG_VERSION_NUMBER":  # the first byte was not one of TLS
        return "read.tls.none"
    if any(word in reason for word in _OLD_TLS):
        return "read.tls.version"
    return "read.tls.client" if any(word in reason for word in _WANTS_CERTIFICATE) else "read.tls"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def failure_of(source: str, exchange: Recorded) -> SourceError | None:
    """Give the error an exchange amounts to, or None where a whole 200 answer came."""
    if exchange.error is not None:
        return failure_by_code(source, exchange, exchange.error)
    status = exchange.status or 0
    if status == HTTPStatus.OK:
        return None
    if status in range(300, 400) and status != HTTPStatus.NOT_MODIFIED:
        return _redirect(source, exchange)
    if is_throttled(exchange):
        return _throttled(source, exchange)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _rejected(source, exchange)
    return SourceError(source, "http.status", _answered(exchange), _status_hint(status))


def failure_by_code(source: str, exchange: Recorded, code: str) -> SourceError:
    """Give the error a reason code stands for; its own code has the first two parts."""
    message, hint = _WORDS[code]
    tried = f" (attempt {exchange.attempt})" if exchange.attempt > 1 else ""
    tried = _place(exchange.url) + tried
    reason = ".".join(code.split(".")[:2])
    return SourceError(source, reason, message.format(origin=_origin(exchange.url)) + tried, hint)


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
    return f"{path}{_place(exchange.url)} was answered{tries} with {status}{name}" + (
        f": {detail}" if detail else ""
    )


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


def _place(url: str) -> str:
    """Where in a list a request stood: those of its parameters that are plain numbers."""
    numbers = [f"{name}={value}" for name, value in parse_qsl(urlsplit(url).query)
               if value.isascii() and value.isdigit()]  # fmt: skip
    return f" ({', '.join(numbers)[:LONGEST_QUOTE]})" if numbers else ""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
