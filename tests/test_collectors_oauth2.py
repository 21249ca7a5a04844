"""Promises of collectors.oauth2: tokens asked for, renewed in time, shown to nobody."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.failure import TransferError
from collectors.http import Wire
from collectors.network import NetworkTransport
from collectors.oauth2 import Grant, TokenKeeper, TokenTransport, resolve_grant
from collectors.secret import Secret, redact
from collectors.target import target_of
from scanner.config import OAuth2, Source
from scanner.errors import ConfigError, GhostscanError, SourceError
from tests.conftest import CANARY
from tests.fakes.recorder import MemoryRecorder, StillTime
from tests.fakes.wire_server import Answer, WireServer, answer, answering

SECRET = f"{CANARY}-client/secret+1=="
REFRESH = f"{CANARY}-refresh"
BODY = b'{"Resources": []}'
PAGE = answer(BODY)
REJECTED = answer(b"", status="401 Unauthorized")


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", SECRET)
    monkeypatch.setenv("A_REFRESH", REFRESH)


def token(number: int) -> str:
    return f"{CANARY}-access-{number}"


def grants(*lifetimes: int | None, **more: object) -> list[Answer]:
    """Token answers, each on a connection of its own, numbered from 1."""
    bodies = []
    for number, lifetime in enumerate(lifetimes, 1):
        body = {"access_token": token(number), "token_type": "Bearer", **more}
        if lifetime is not None:
            body["expires_in"] = lifetime
        bodies.append(answer(json.dumps(body).encode()))
    return list(bodies)


def read(
    service: WireServer, api: WireServer, steps: Sequence[float] = (0.0,), **oauth2: Any  # noqa: ANN401 - as free as the file
) -> tuple[list[bytes], Wire, MemoryRecorder]:  # fmt: skip
    """Read one page after each wait in ``steps``, signed in with the settings given."""
    recorder, time = MemoryRecorder(), StillTime()
    settings = {"client_id": "audit & co", "client_secret": "env:A_SECRET", **oauth2}
    settings.setdefault("token_url", f"{service.origin}/token")
    source = Source.model_validate(
        {
            "type": "scim", "url": f"{api.origin}/scim/v2", "timeout_seconds": 5,
            "auth": {"oauth2": settings},
        }
    )  # fmt: skip
    wire = Wire(target_of("app", source, Path()), recorder, time.timing)

    async def pages() -> list[bytes]:
        bodies = []
        try:
            for seconds in steps:
                time.seconds += seconds
                bodies.append((await wire.get("/Users", {}, "users")).exchange.body)
        finally:
            await wire.aclose()
        return bodies

    return asyncio.run(pages()), wire, recorder


def shown(api: WireServer) -> list[str | None]:
    """The tokens the server was shown, in order."""
    return [one.header("authorization") for one in api.heard]


def test_a_token_is_asked_for_once_and_shown_with_every_request() -> None:
    """Client credentials in a Basic header, both parts form-encoded; one token for many pages."""
    with answering(grants(3600)) as service, answering([PAGE] * 3) as api:
        bodies, wire, recorder = read(service, api, steps=[0, 1, 2], scope="users.read groups.read")
    assert bodies == [BODY] * 3
    assert shown(api) == [f"Bearer {token(1)}"] * 3
    (asked,) = service.heard
    assert asked.head.startswith("POST /token HTTP/1.1\r\n")
    assert parse_qs(asked.body) == {
        "grant_type": ["client_credentials"], "scope": ["users.read groups.read"],
    }  # fmt: skip
    pair = base64.b64decode((asked.header("authorization") or "").removeprefix("Basic "))
    assert (
        pair.decode()
        == f"audit+%26+co:{SECRET.replace('/', '%2F').replace('+', '%2B')}".replace("=", "%3D")
    )
    assert (wire.requests, len(recorder.exchanges)) == (3, 3)
    assert {one.method for one in recorder.exchanges} == {"GET"}


def test_the_secret_may_go_into_the_form() -> None:
    """With client_auth = "post" the client shows who it is in the form, and sends no header."""
    with answering(grants(3600)) as service, answering([PAGE]) as api:
        read(service, api, client_auth="post")
    (asked,) = service.heard
    assert asked.header("authorization") is None
    assert parse_qs(asked.body) == {
        "grant_type": ["client_credentials"], "client_id": ["audit & co"],
        "client_secret": [SECRET],
    }  # fmt: skip


def test_a_token_is_renewed_before_it_ends() -> None:
    """In a long read a new token is asked for a minute before the old one ends."""
    with answering(*[[one] for one in grants(600, 600)]) as service, answering([PAGE] * 4) as api:
        read(service, api, steps=[0, 539, 1, 100])
    assert shown(api) == [f"Bearer {token(n)}" for n in (1, 1, 2, 2)]


def test_a_short_token_is_used_for_half_its_life() -> None:
    """A token that lives less than two minutes is not asked for anew with every request."""
    with answering(*[[one] for one in grants(60, 60)]) as service, answering([PAGE] * 3) as api:
        read(service, api, steps=[0, 29, 1])
    assert shown(api) == [f"Bearer {token(n)}" for n in (1, 1, 2)]


def test_a_token_without_an_end_is_kept() -> None:
    """Where the service states no lifetime, the token is used until it is rejected."""
    with answering(grants(None)) as service, answering([PAGE] * 2) as api:
        read(service, api, steps=[0, 1_000_000])
    assert len(service.heard) == 1


def test_a_token_that_ends_in_the_middle_is_renewed_once() -> None:
    """A 401 after pages were read asks for one new token; a second 401 ends the read."""
    answers = [[one] for one in grants(3600, 3600)]
    with answering(*answers) as service, answering([PAGE, REJECTED, PAGE]) as api:
        bodies, wire, recorder = read(service, api, steps=[0, 0])
    assert bodies == [BODY] * 2
    assert shown(api) == [f"Bearer {token(n)}" for n in (1, 1, 2)]
    assert [one.status for one in recorder.exchanges] == [200, 401, 200]
    assert wire.retries == 1
    with (
        answering(*answers) as service,
        answering([PAGE, REJECTED, REJECTED]) as api,
        pytest.raises(SourceError) as caught,
    ):
        read(service, api, steps=[0, 0])
    assert (caught.value.code, len(api.heard), len(service.heard)) == ("auth.rejected", 3, 2)


def test_a_token_that_was_never_good_is_not_asked_for_again() -> None:
    """A 401 to the first request ends the read: no storm of tokens."""
    with (
        answering(grants(3600)) as service,
        answering([REJECTED]) as api,
        pytest.raises(SourceError) as caught,
    ):
        read(service, api)
    assert (caught.value.code, len(service.heard), len(api.heard)) == ("auth.rejected", 1, 1)


def test_a_refresh_token_is_exchanged_and_replaced() -> None:
    """With refresh_token that grant is used, and a replaced refresh token the next time."""
    replaced = f"{CANARY}-replaced"
    answers = [[one] for one in grants(600, 600, refresh_token=replaced)]
    with answering(*answers) as service, answering([PAGE] * 2) as api:
        read(service, api, steps=[0, 590], refresh_token="env:A_REFRESH", client_auth="post")
    forms = [parse_qs(one.body) for one in service.heard]
    assert [form["grant_type"] for form in forms] == [["refresh_token"]] * 2
    assert [form["refresh_token"] for form in forms] == [[REFRESH], [replaced]]
    assert [form["client_secret"] for form in forms] == [[SECRET]] * 2
    assert redact(f"<{replaced}>") == "<***>"
    with answering(grants(600)) as service, answering([PAGE]) as api:
        read(service, api, refresh_token="env:A_REFRESH")
    assert "client_secret" not in parse_qs(service.heard[0].body)


def said(content: object, *headers: str, status: str = "200 OK") -> bytes:
    return answer(json.dumps(content).encode(), *headers, status=status)


GOOD = {"access_token": "abc", "token_type": "bearer"}
REFUSALS: dict[str, tuple[bytes, str]] = {
    "wrong_secret": (said({"error": "invalid_client"}, status="401 No"), "auth.token"),
    "wrong_grant": (said({"error": "invalid_grant"}, status="400 No"), "auth.token"),
    "error_200": (said({"error": "invalid_scope", "error_description": SECRET}), "auth.token"),
    "no_token": (said({"token_type": "bearer"}), "auth.token"),
    "other_type": (said(GOOD | {"token_type": "mac"}), "auth.token"),
    "token_number": (said(GOOD | {"access_token": 7}), "auth.token"),
    "token_lines": (said(GOOD | {"access_token": "a\r\nX: b"}), "auth.token"),
    "token_empty": (said(GOOD | {"access_token": ""}), "auth.token"),
    "less_scope": (said(GOOD | {"scope": "users.read"}), "auth.token"),
    "a_list": (said([1]), "auth.token"),
    "deep": (answer(b"[" * 50_000), "auth.token"),
    "latin": (answer(b"\xff"), "auth.token"),
    "page": (answer(b"<html>").replace(b"application/json", b"text/html"), "auth.token"),
    "large": (answer(b" " * 70_000), "auth.token"),
    "packed": (said(GOOD, "Content-Encoding: gzip"), "auth.token"),
    "no_end": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}", "auth.token"),
    "redirect": (answer(b"", "Location: /other", status="307 There"), "auth.token"),
    "created": (said(GOOD, status="201 Created"), "auth.token"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_no_token_is_told_without_its_text(name: str) -> None:
    """An answer that is no bearer token of the scope asked for ends the read, unquoted."""
    content, code = REFUSALS[name]
    with (
        answering([content]) as service,
        answering([PAGE]) as api,
        pytest.raises(SourceError) as caught,
    ):
        read(service, api, scope="users.read groups.read")
    assert (caught.value.code, api.heard) == (code, [])
    assert caught.value.hint
    assert CANARY not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    "trouble", [said({}, status="503 Later"), said({}, status="429 Slow"), b""]
)
def test_a_token_service_in_trouble_is_asked_again(trouble: bytes) -> None:
    """Trouble that may pass is waited out like that of any server; trouble that stays is told."""
    good = grants(3600)
    with answering([trouble], [trouble], good) as service, answering([PAGE]) as api:
        bodies, wire, recorder = read(service, api)
    assert (bodies, wire.retries) == ([BODY], 2)
    assert [one.error for one in recorder.exchanges] == ["auth.token.service"] * 2 + [None]
    with answering([trouble]) as service, answering([PAGE]) as api:
        with pytest.raises(SourceError) as caught:
            read(service, api)
        assert (caught.value.code, len(service.heard), api.heard) == ("auth.token", 4, [])


def test_a_redirect_of_the_token_service_is_not_followed() -> None:
    """The client's secret goes to token_url and nowhere else."""
    with answering([PAGE]) as other:
        redirect = answer(b"", f"Location: {other.origin}/token", status="307 There")
        with (
            answering([redirect]) as service,
            answering([PAGE]) as api,
            pytest.raises(SourceError),
        ):
            read(service, api, client_auth="post")
    assert (other.opened, len(service.heard)) == (0, 1)


def test_nothing_of_a_token_exchange_is_kept() -> None:
    """Neither secrets nor tokens stand in what is recorded, also where the server echoes them."""
    echo = answer(json.dumps({"seen": token(1), "id": SECRET}).encode(), f"ETag: {token(1)}")
    with answering(grants(3600)) as service, answering([echo]) as api:
        bodies, wire, recorder = read(service, api)
    assert bodies == [b'{"seen": "***", "id": "***"}']
    assert wire.deviations() == ("1 answers held our own credentials",)
    assert CANARY not in recorder.everything()
    assert "/token" not in recorder.everything()
    assert redact(f"{token(1)} {SECRET}") == "*** ***"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_only_post_reaches_the_token_service(method: str) -> None:
    """The transport of tokens lets nothing but POST through."""
    inner = httpx.MockTransport(lambda _: httpx.Response(200))
    transport = TokenTransport(inner, "https://id.example/token")
    with pytest.raises(GhostscanError):
        asyncio.run(
            transport.handle_async_request(httpx.Request(method, "https://id.example/token"))
        )


@given(st.text(alphabet="tokenTOKEN/.?#@:%2e\\", max_size=12))
def test_only_the_one_url_is_asked(tail: str) -> None:
    """A POST to any other URL than token_url raises before the network is reached."""
    reached: list[httpx.URL] = []

    def take(request: httpx.Request) -> httpx.Response:
        reached.append(request.url)
        return httpx.Response(200)

    transport = TokenTransport(httpx.MockTransport(take), "https://id.example/token")
    try:
        request = httpx.Request("POST", f"https://id.example/{tail}")
    except httpx.InvalidURL:
        return
    try:
        asyncio.run(transport.handle_async_request(request))
    except GhostscanError:
        assert reached == []
    else:
        assert [str(url) for url in reached] == ["https://id.example/token"]


def test_requests_at_the_same_time_ask_for_one_token() -> None:
    """However many requests wait for a token, the service is asked once."""
    with answering(grants(3600)) as service:
        grant = Grant(f"{service.origin}/token", "audit", Secret(SECRET))

        async def ask() -> set[str]:
            keeper = TokenKeeper(grant, NetworkTransport(), lambda: 0.0)
            found = await asyncio.gather(*(keeper.credentials() for _ in range(5)))
            await keeper.aclose()
            return {one.value.reveal() for one in found}

        assert asyncio.run(ask()) == {f"Bearer {token(1)}"}
    assert len(service.heard) == 1


def test_a_newer_token_is_not_dropped_for_an_older_ones_sake() -> None:
    """Where several requests were shown the same ended token, only one new token is asked for."""
    answers = [[one] for one in grants(3600, 3600)]
    with answering(*answers) as service:
        grant = Grant(f"{service.origin}/token", "audit", Secret(SECRET))

        async def ask() -> list[str]:
            keeper = TokenKeeper(grant, NetworkTransport(), lambda: 0.0)
            found = []
            for _ in range(3):
                found.append((await keeper.credentials()).value.reveal())
                keeper.forget(1)
            return found

        assert asyncio.run(ask()) == [f"Bearer {token(n)}" for n in (1, 2, 2)]


def test_a_broken_transport_is_trouble_of_the_service() -> None:
    """Whatever the network below raises is told as the service's trouble, without its text."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError(SECRET, request=request)

    grant = Grant("https://id.example/token", "audit", Secret(SECRET))
    keeper = TokenKeeper(grant, httpx.MockTransport(fail), lambda: 0.0)
    with pytest.raises(TransferError) as caught:
        asyncio.run(keeper.credentials())
    assert caught.value.code == "auth.token.service"
    assert CANARY not in str(caught.value)


def test_secrets_of_a_grant_are_references(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both secrets are fetched by reference, and one that is absent is named."""
    settings = OAuth2(
        token_url="https://id.example/token/",
        client_id="audit",
        client_secret="env:A_SECRET",
        refresh_token="env:A_REFRESH",
    )
    grant = resolve_grant(settings, Path())
    assert (grant.client_secret.reveal(), grant.in_form) == (SECRET, False)
    assert grant.refresh_token is not None
    assert (grant.token_url, CANARY in repr(grant)) == ("https://id.example/token/", False)
    monkeypatch.delenv("A_REFRESH")
    with pytest.raises(ConfigError, match="env:A_REFRESH"):
        resolve_grant(settings, Path())
    for url in ("http://id.example/token", "https://u:p@id.example/", "https://id.example/#x"):
        with pytest.raises(ValueError, match="token_url"):
            OAuth2(token_url=url, client_id="audit", client_secret="env:A_SECRET")
