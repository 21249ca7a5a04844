"""Promises of collectors.tls and collectors.target: trust, client certificates, proxies."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.failure import code_of
from collectors.http import Wire
from collectors.secret import Secret
from collectors.target import target_of
from collectors.tls import context_of, public_context
from scanner.config import Source
from scanner.errors import ConfigError, SourceError
from tests.conftest import CANARY
from tests.fakes.authority import Authority
from tests.fakes.recorder import MemoryRecorder, StillTime
from tests.fakes.wire_server import WireServer, answer, answering

BODY = b'{"Resources": []}'
PASSWORD = f"{CANARY}-key-password"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def make(**settings: Any) -> Source:  # noqa: ANN401 - as free as the file
    return Source.model_validate({"type": "scim", **settings})


def read(server: WireServer, folder: Path, **settings: Any) -> tuple[bytes, Wire, MemoryRecorder]:  # noqa: ANN401 - as free as the file
    """Read one answer with the settings of a source."""
    recorder = MemoryRecorder()
    source = make(**{"url": f"{server.origin}/scim/v2", "timeout_seconds": 5, **settings})
    wire = Wire(target_of("app", source, folder), recorder, StillTime().timing)

    async def once() -> bytes:
        try:
            return (await wire.get("/Users", {}, "users")).exchange.body
        finally:
            await wire.aclose()

    return asyncio.run(once()), wire, recorder


def refusal(server: WireServer, folder: Path, **settings: Any) -> SourceError:  # noqa: ANN401 - as free as the file
    """Read from a server that must be refused; give the error."""
    with pytest.raises(SourceError) as caught:
        read(server, folder, **settings)
    return caught.value


def test_a_private_authority_is_trusted_by_its_bundle(authority: Authority) -> None:
    """With ca_bundle, relative to the configuration, a server of an own authority is read."""
    context = authority.server(*authority.issue("good"))
    with answering([answer(BODY)] * 2, context=context) as server:
        body, wire, _ = read(server, authority.folder, ca_bundle="root.pem")
    assert (body, wire.deviations()) == (BODY, ())


def test_a_certificate_may_name_an_address(authority: Authority) -> None:
    """An address in url is compared with the addresses in the certificate."""
    context = authority.server(*authority.issue("address", "127.0.0.1"))
    with answering([answer(BODY)], context=context) as server:
        url = f"https://127.0.0.1:{server.port}/scim/v2"
        assert read(server, authority.folder, ca_bundle="root.pem", url=url)[0] == BODY


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ({"days": -1}, "has expired"),
        ({"days": 90}, "not yet valid"),
        ({"host": "other.example"}, "another host name"),
        ({"self_signed": True}, "authority that is not trusted"),
    ],
)
def test_a_wrong_certificate_is_refused_in_clear_words(
    authority: Authority, kind: dict[str, Any], words: str
) -> None:
    """Expired, early, of another host, self-signed: read.tls, what is wrong, and no way around."""
    context = authority.server(*authority.issue("wrong", **kind))
    with answering([answer(BODY)], context=context) as server:
        error = refusal(server, authority.folder, ca_bundle="root.pem")
    assert error.code == "read.tls"
    assert words in error.message
    assert "cannot be switched off" in error.hint
    assert server.heard == []


def test_only_the_bundle_is_trusted(authority: Authority, tmp_path: Path) -> None:
    """Another authority's bundle, or none, does not do."""
    Authority(tmp_path, "another authority")
    context = authority.server(*authority.issue("good"))
    with answering([answer(BODY)], context=context) as server:
        for settings in ({}, {"ca_bundle": "root.pem"}):
            error = refusal(server, tmp_path, **settings)
            assert (error.code, "ca_bundle" in error.hint) == ("read.tls", True)


def test_old_tls_is_refused(authority: Authority) -> None:
    """A server that ends at TLS 1.1 is not spoken with."""
    context = authority.server(*authority.issue("good"), old=True)
    with answering([answer(BODY)], context=context) as server:
        error = refusal(server, authority.folder, ca_bundle="root.pem")
    assert error.code == "read.tls"
    assert "TLS 1.2" in error.message
    assert context_of(authority.folder).minimum_version is ssl.TLSVersion.TLSv1_2


def test_the_environment_changes_nothing(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Authorities, key logs and proxies named by variables are not followed."""
    context = authority.server(*authority.issue("good"))
    log = tmp_path / "keys"
    with answering([answer(BODY)]) as proxy, answering([answer(BODY)], context=context) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.root))
        monkeypatch.setenv("SSLKEYLOGFILE", str(log))
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.origin)
        public_context.cache_clear()
        assert refusal(server, authority.folder).code == "read.tls"
        assert read(server, authority.folder, ca_bundle="root.pem")[0] == BODY
    public_context.cache_clear()
    assert (proxy.opened, log.exists()) == (0, False)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ca_bundle": "absent.pem"}, "absent.pem cannot be read"),
        ({"ca_bundle": "garbage.pem"}, "garbage.pem holds no certificate"),
        ({"ca_bundle": "empty.pem"}, "empty.pem holds no certificate"),
        ({"ca_bundle": "binary.pem"}, "binary.pem holds no certificate"),
        ({"client_certificate": "absent.pem", "client_key": "a.key"}, "absent.pem does not exist"),
        ({"client_certificate": "a.pem", "client_key": "absent.key"}, "absent.key cannot be open"),
        ({"client_certificate": "a.pem", "client_key": "b.key"}, "not a certificate and its key"),
        ({"client_certificate": "a.pem", "client_key": "open.key"}, "read by others"),
        ({"client_certificate": "a.pem", "client_key": "a.pem"}, "read by others"),
        (
            {"client_certificate": "a.pem", "client_key": "locked.key"},
            "not a certificate and its key",
        ),
        ({"client_certificate": "a.key", "client_key": "a.key"}, "not a certificate and its key"),
        ({"auth": {"mtls": {"certificate": "a.pem", "key": "env:NOT_SET"}}}, "NOT_SET"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    authority: Authority, settings: dict[str, Any], words: str
) -> None:
    """A file that is absent, no PEM, not private or does not fit is a configuration error."""
    for name in "ab":
        authority.issue(name)
    (authority.folder / "garbage.pem").write_text("-----BEGIN CERTIFICATE-----\nnone\n")
    (authority.folder / "empty.pem").write_text("")
    (authority.folder / "binary.pem").write_bytes(b"\xff\xfe")
    (authority.folder / "open.key").write_bytes((authority.folder / "a.key").read_bytes())
    (authority.folder / "open.key").chmod(0o644)
    (authority.folder / "a.pem").chmod(0o644)
    authority.issue("locked", password=PASSWORD)
    with pytest.raises(ConfigError, match=words) as caught:
        target_of("app", make(url="https://app.example.com", **settings), authority.folder)
    assert "PRIVATE" not in f"{caught.value.message} {caught.value.hint}"


def test_offline_no_file_is_opened() -> None:
    """A target for recorded answers only needs neither certificates nor secrets."""
    source = make(
        url="https://app.example.com", ca_bundle="absent.pem", auth={"bearer": "env:NOT_SET"}
    )
    target = target_of("app", source, Path("/nowhere"), offline=True)
    assert (target.route.context, target.grant, target.credentials.header) == (None, None, "")


def demanding(authority: Authority) -> ssl.SSLContext:
    """Give a server that wants a client certificate of the authority."""
    context = authority.server(*authority.issue("server"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.root)
    return context


IDENTITIES: list[dict[str, Any]] = [
    {"client_certificate": "client.pem", "client_key": "client.key"},
    {"client_certificate": "client.pem", "client_key": "file:client.key"},
    {"auth": {"mtls": {"certificate": "client.pem", "key": "client.key"}}},
    {"auth": {"mtls": {"certificate": "client.pem", "key": "env:A_KEY"}, "bearer": "env:A_TOKEN"}},
    {"auth": {"mtls": {"certificate": "locked.pem", "key": "locked.key",
                       "password": "env:A_PASSWORD"}}},
]  # fmt: skip


@pytest.mark.parametrize("identity", IDENTITIES)
def test_a_client_certificate_is_shown(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, identity: dict[str, Any]
) -> None:
    """In either form, from a file or a reference, encrypted or not, alone or beside a token."""
    _, key = authority.issue("client")
    authority.issue("locked", password=PASSWORD)
    monkeypatch.setenv("A_KEY", key.read_text())
    monkeypatch.setenv("A_TOKEN", f"{CANARY}-beside")
    monkeypatch.setenv("A_PASSWORD", PASSWORD)
    with answering([answer(BODY)], context=demanding(authority)) as server:
        body, _, recorder = read(server, authority.folder, ca_bundle="root.pem", **identity)
        assert body == BODY
        assert (server.heard[0].header("authorization") is not None) == (
            "bearer" in identity.get("auth", {})
        )
        refused = refusal(server, authority.folder, ca_bundle="root.pem")
    assert refused.code == "read.tls"
    assert "client certificate" in refused.message
    assert "PRIVATE KEY" not in recorder.everything()
    assert "PRIVATE KEY" not in repr(Secret(key.read_text()))


def test_no_descriptor_is_left_open(authority: Authority) -> None:
    """Loading a key, well or not, leaves no descriptor behind."""
    authority.issue("a")
    authority.issue("b")
    before = len(list(Path("/dev/fd").iterdir()))
    for key in ("a.key", "b.key"):
        with suppress(ConfigError):
            source = make(url="https://a.example", client_certificate="a.pem", client_key=key)
            target_of("app", source, authority.folder)
    assert len(list(Path("/dev/fd").iterdir())) == before


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "auth",
    [{"bearer": "env:A_TOKEN"}, {"header": {"name": "X-Api-Key", "value": "env:A_TOKEN"}}],
)
def test_no_redirect_leads_out_of_tls(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, status: int, auth: dict[str, Any]
) -> None:
    """A redirect from https to http is not followed, and no credential leaves in the open."""
    monkeypatch.setenv("A_TOKEN", f"{CANARY}-downgraded")
    context = authority.server(*authority.issue("good"))
    with answering([answer(BODY)]) as plain:
        redirect = answer(b"", f"Location: {plain.origin}/scim/v2/Users", status=f"{status} Moved")
        with answering([redirect] * 3, context=context) as server:
            error = refusal(server, authority.folder, ca_bundle="root.pem", auth=auth)
    assert (error.code, len(server.heard)) == ("read.redirect", 1)
    assert (plain.opened, plain.heard) == (0, [])


def tunnel(port: int) -> Callable[[socket.socket], None]:
    """A proxy's answer to CONNECT: a way through to a port of this machine, both ways."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def through(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as far:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=carry, args=(far, connection))
            back.start()
            carry(connection, far)
            back.join()

    return through


def test_a_proxy_carries_what_it_cannot_read(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy hears CONNECT and no header of ours; TLS is verified with the server behind it."""
    monkeypatch.setenv("A_TOKEN", f"{CANARY}-proxied")
    context = authority.server(*authority.issue("inside", "inside.example"))
    with (
        answering([answer(BODY)] * 2, context=context) as server,
        answering([tunnel(server.port)]) as proxy,
    ):
        body, wire, _ = read(
            server,
            authority.folder,
            url=f"https://inside.example:{server.port}/scim/v2",
            proxy=f"http://127.0.0.1:{proxy.port}/",
            ca_bundle="root.pem",
            auth={"bearer": "env:A_TOKEN"},
        )
    assert body == BODY
    assert wire.deviations() == (f"read through the proxy http://127.0.0.1:{proxy.port}",)
    assert proxy.heard[0].head == (
        f"CONNECT inside.example:{server.port} HTTP/1.1\r\nHost: inside.example:{server.port}"
    )
    assert server.heard[0].header("authorization") == f"Bearer {CANARY}-proxied"


def test_behind_a_proxy_certificates_are_checked_too(authority: Authority) -> None:
    """A proxy that answers with a certificate of its own is refused like any other server."""
    context = authority.server(*authority.issue("other", "other.example"))
    with (
        answering([answer(BODY)], context=context) as server,
        answering([tunnel(server.port)]) as proxy,
    ):
        error = refusal(
            server,
            authority.folder,
            url=f"https://inside.example:{server.port}/scim/v2",
            proxy=proxy.origin,
            ca_bundle="root.pem",
        )
    assert error.code == "read.tls"
    assert "another host name" in error.message
    assert server.heard == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (answer(b"", "Proxy-Authenticate: Basic realm=p", status="407 Sign in"), "read.proxy"),
        (answer(b"<html>", status="403 Forbidden"), "read.proxy"),
        (answer(b"", status="201 Created"), "read.proxy"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>Blocked</html>", "read.proxy"),
        (b"", "read.interrupted"),
    ],
)
def test_a_proxy_that_does_not_let_through_is_named(said: bytes, code: str) -> None:
    """A proxy that wants a password, refuses, or answers itself gets no request of ours."""
    with answering([said]) as proxy:
        error = refusal(
            proxy, Path(), url="https://[2001:db8::1]/scim/v2", proxy=proxy.origin, internal=True
        )
    assert error.code == code
    assert {one.head.splitlines()[0] for one in proxy.heard} == {
        "CONNECT [2001:db8::1]:443 HTTP/1.1"
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"proxy": "http://user:word@proxy.example:3128"},
        {"proxy": "https://proxy.example"},
        {"proxy": "http://proxy.example/path"},
        {"proxy": "http://proxy.example:99999"},
        {"proxy": "proxy.example:3128"},
        {"proxy": "http://proxy.example", "url": "http://127.0.0.1/scim"},
        {"client_certificate": "a.pem"},
        {"client_key": "a.key"},
        {"client_certificate": "a.pem", "client_key": "a.key",
         "auth": {"mtls": {"certificate": "a.pem", "key": "a.key"}}},
        {"auth": {"bearer": "env:A", "oauth2": {"token_url": "https://a.example/token",
                                                "client_id": "a", "client_secret": "env:B"}}},
        {"verify": False},
        {"max_age_seconds": -1},
    ],
)  # fmt: skip
def test_settings_that_contradict_are_refused(settings: dict[str, Any]) -> None:
    """A proxy with a password, half an identity, two ways to sign in, or a way around TLS."""
    with pytest.raises(ValidationError):
        make(**{"url": "https://app.example.com/scim/v2", **settings})


@pytest.mark.parametrize("same_host", [True, False])
def test_a_token_service_elsewhere_is_trusted_like_any_other(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, *, same_host: bool
) -> None:
    """The bundle and the client certificate are for the host of url; others need public trust."""
    authority.issue("client")
    monkeypatch.setenv("A_SECRET", f"{CANARY}-elsewhere")
    host = "app.example.com" if same_host else "id.example.com"
    oauth2 = {
        "token_url": f"https://{host}:8443/token",
        "client_id": "audit",
        "client_secret": "env:A_SECRET",
    }
    source = make(
        url="https://app.example.com/scim",
        ca_bundle="root.pem",
        client_certificate="client.pem",
        client_key="client.key",
        internal=True,
        proxy="http://proxy.example:3128",
        auth={"oauth2": oauth2},
    )
    target = target_of("app", source, authority.folder)
    assert target.route.context is not None
    assert target.token_route.context is (target.route.context if same_host else None)
    assert (target.token_route.internal, target.token_route.proxy) == (True, source.proxy)


def test_what_openssl_says_is_told_apart() -> None:
    """Errors of OpenSSL become the reason they stand for; a cut connection may pass by itself."""
    alert = ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] required")
    alert.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    assert code_of(alert) == "read.tls.client"
    plain = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
    plain.reason = "WRONG_VERSION_NUMBER"
    assert code_of(plain) == "read.tls.none"
    assert code_of(ssl.SSLEOFError()) == "read.interrupted"
    assert code_of(ssl.SSLError()) == "read.tls"
    assert code_of(ssl.SSLCertVerificationError()) == "read.tls"
