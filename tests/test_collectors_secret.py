"""Promises of collectors.secret."""

from __future__ import annotations

import base64
import copy
import json
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import secret as module
from collectors.secret import (
    NO_CREDENTIALS,
    Redactor,
    Secret,
    forget_all,
    redact,
    remember,
    resolve,
    resolve_auth,
)
from scanner.config import Auth, Basic, Header
from scanner.errors import ConfigError

VALUE = "s3cr3t-value/with+signs=="


def test_a_secret_shows_nothing() -> None:
    """However a secret is turned into text, the text is ***, and it cannot be copied away."""
    one = Secret(VALUE)
    assert {repr(one), str(one), f"{one}", f"{one:>40}", "%s" % one} == {"***"}  # noqa: UP031
    assert one.reveal() == VALUE
    with pytest.raises(TypeError):
        pickle.dumps(one)
    with pytest.raises(TypeError):
        copy.copy(one)


def private_file(folder: Path, content: bytes, mode: int = 0o600) -> str:
    path = folder / "token"
    path.write_bytes(content)
    path.chmod(mode)
    return "file:token"


@pytest.mark.parametrize("content", [b"abc", b"abc\n", b"abc\r\n"])
def test_a_private_file_gives_its_token(tmp_path: Path, content: bytes) -> None:
    """A file is read relative to the folder, and one newline at its end is dropped."""
    assert resolve(private_file(tmp_path, content), tmp_path).reveal() == "abc"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_file_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    """Any permission for group or others refuses the file."""
    with pytest.raises(ConfigError, match="read by others"):
        resolve(private_file(tmp_path, b"abc", mode), tmp_path)


def test_only_a_regular_file_of_ours_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links, pipes, folders, absent files and files of other users are refused."""
    reference = private_file(tmp_path, b"abc")
    (tmp_path / "link").symlink_to("token")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name in ("link", "absent"):
        with pytest.raises(ConfigError, match=f"file:{name} cannot be opened"):
            resolve(f"file:{name}", tmp_path)
    for name in ("pipe", "folder"):
        with pytest.raises(ConfigError, match="not a regular file"):
            resolve(f"file:{name}", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(ConfigError, match="another user"):
        resolve(reference, tmp_path)


def test_an_environment_variable_gives_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """env: reads the variable, and says so where it is not set."""
    monkeypatch.setenv("A_TOKEN", VALUE)
    assert resolve("env:A_TOKEN", Path()).reveal() == VALUE
    monkeypatch.delenv("A_TOKEN")
    with pytest.raises(ConfigError, match="env:A_TOKEN"):
        resolve("env:A_TOKEN", Path())


@pytest.mark.parametrize(
    "value",
    ["", "with blank", " lead", "trail ", "two\nlines", "two\n\n", "tab\t", "ümlaut", "x" * 4097],
)
def test_what_cannot_be_a_token_is_refused_unseen(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """A value with blanks, controls, other letters or absurd length is refused, never quoted."""
    monkeypatch.setenv("A_TOKEN", value)
    with pytest.raises(ConfigError) as caught:
        resolve("env:A_TOKEN", Path())
    assert not value or value not in f"{caught.value.message} {caught.value.hint}"


def test_an_unknown_scheme_is_refused_unseen() -> None:
    """A literal in place of a reference is refused without being repeated."""
    with pytest.raises(ConfigError) as caught:
        resolve("hunter2-literal", Path())
    assert "hunter2" not in str(caught.value)


def test_a_command_gives_what_it_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """command: runs without a shell, in the folder, with nothing but PATH and HOME."""
    monkeypatch.setenv("NOT_FOR_CHILDREN", "1")
    script = "import os;print('|'.join(sorted(os.environ)+[os.getcwd()]))"
    told = resolve(f'command:{sys.executable} -I -c "{script}"', tmp_path).reveal().split("|")
    assert told[-1] == str(tmp_path)
    assert set(told[:-1]) <= {"PATH", "HOME", "LC_CTYPE"}
    assert resolve("command:echo $HOME;id", tmp_path).reveal() == "$HOME;id"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sh -c 'echo oops-secret >&2; exit 3'", "status 3"),
        ("sh -c 'head -c 70000 /dev/zero'", "more than 64 KiB"),
        ("printf '\\377'", "UTF-8"),
        ("/no/such/program", "cannot be started"),
        ("'unbalanced", "quotation"),
        ("''", "cannot be started"),
    ],
)
def test_a_failing_command_is_told_without_its_output(
    tmp_path: Path, line: str, words: str
) -> None:
    """A command that fails, floods or does not exist is an error that shows none of its output."""
    with pytest.raises(ConfigError, match=words) as caught:
        resolve(f"command:{line}", tmp_path)
    assert "oops-secret" not in caught.value.message.removeprefix(f"command:{line}")


@pytest.mark.parametrize("line", ["sleep 30", "sh -c 'exec >&-; sleep 30'"])
def test_a_command_that_does_not_end_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """A command past its time is killed, whether or not it has closed its output."""
    monkeypatch.setattr(module, "COMMAND_SECONDS", 0.05)
    with pytest.raises(ConfigError, match="did not end"):
        resolve(f"command:{line}", tmp_path)


class _KeyringError(Exception):
    pass


class _Backend:
    """A keyring that keeps one secret."""


class PlaintextKeyring:
    """A keyring by a name that gives it away."""


class _Chain:
    def __init__(self, *backends: object) -> None:
        self.backends = backends


def fake_keyring(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    """Put a keyring library with one backend in place."""
    errors = ModuleType("keyring.errors")
    vars(errors)["KeyringError"] = _KeyringError
    library = ModuleType("keyring")

    def get_password(service: str, name: str) -> str | None:
        if service == "locked":
            raise _KeyringError(VALUE)
        return VALUE if (service, name) == ("ghostscan", "slack") else None

    vars(library).update(get_keyring=lambda: backend, get_password=get_password)
    monkeypatch.setitem(sys.modules, "keyring", library)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)


def test_a_keyring_gives_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """keyring:service/user asks the system's keyring; absent, locked and malformed are errors."""
    fake_keyring(monkeypatch, _Chain(_Backend()))
    assert resolve("keyring:ghostscan/slack", Path()).reveal() == VALUE
    for reference, words in (
        ("keyring:ghostscan/other", "not in the keyring"),
        ("keyring:locked/slack", "refused"),
        ("keyring:slack", "service/user"),
    ):
        with pytest.raises(ConfigError, match=words) as caught:
            resolve(reference, Path())
        assert VALUE not in str(caught.value)


def test_a_keyring_that_keeps_nothing_safe_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Null, failing and plaintext keyrings are refused, also inside a chain."""
    null = type("Keyring", (), {"__module__": "keyring.backends.null"})()
    fail = type("Keyring", (), {"__module__": "keyring.backends.fail"})()
    for backend in (null, fail, PlaintextKeyring(), _Chain(_Backend(), PlaintextKeyring())):
        fake_keyring(monkeypatch, backend)
        with pytest.raises(ConfigError, match="keeps no secret"):
            resolve("keyring:ghostscan/slack", Path())


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the keyring library is not installed the error names the extra to install."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError) as caught:
        resolve("keyring:ghostscan/slack", Path())
    assert "ghostscan[keyring]" in caught.value.hint


def test_each_way_of_authenticating_gives_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bearer, Basic, a named header and none give exactly the header they stand for."""
    monkeypatch.setenv("A_TOKEN", VALUE)
    monkeypatch.setenv("A_PASSWORD", "pass phrase ü")
    monkeypatch.setenv("A_HEADER", "Token token=abc")
    bearer = resolve_auth(Auth(bearer="env:A_TOKEN"), Path())
    assert (bearer.header, bearer.value.reveal()) == ("Authorization", f"Bearer {VALUE}")
    basic = resolve_auth(Auth(basic=Basic(user="ana", password="env:A_PASSWORD")), Path())
    pair = base64.b64encode("ana:pass phrase ü".encode()).decode()
    assert (basic.header, basic.value.reveal()) == ("Authorization", f"Basic {pair}")
    named = resolve_auth(Auth(header=Header(name="X-Key", value="env:A_HEADER")), Path())
    assert (named.header, named.value.reveal()) == ("X-Key", "Token token=abc")
    assert resolve_auth(Auth(none=True), Path()) is NO_CREDENTIALS
    assert VALUE not in repr(bearer)


def test_credentials_that_would_break_a_request_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A colon in a Basic user and a header of the client's own are configuration errors."""
    monkeypatch.setenv("A_TOKEN", VALUE)
    with pytest.raises(ConfigError, match="colon"):
        resolve_auth(Auth(basic=Basic(user="a:b", password="env:A_TOKEN")), Path())
    with pytest.raises(ConfigError, match="Host"):
        resolve_auth(Auth(header=Header(name="Host", value="env:A_TOKEN")), Path())


TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=60)


@given(TOKENS, st.text(max_size=20), st.text(max_size=20))
def test_no_spelling_of_a_secret_survives(token: str, before: str, after: str) -> None:
    """Raw, base64, URL-encoded and JSON-escaped, a secret is replaced in text and in bytes."""
    redactor = Redactor([Secret(token)])
    encoded = base64.b64encode(token.encode()).decode()
    for form in (token, encoded, quote(token, safe=""), json.dumps(token)[1:-1]):
        text = f"{before}{form}{after}"
        assert "***" in redactor.text(text)
        assert form not in redactor.text(text) or form in "***"
        assert redactor.data(text.encode()) == redactor.text(text).encode()


def test_ordinary_data_is_left_alone() -> None:
    """Without secrets, or with one too short to be told from data, nothing is replaced."""
    for redactor in (Redactor([]), Redactor([Secret("ana")])):
        assert redactor.data(b'{"userName": "ana"}') == b'{"userName": "ana"}'


@pytest.fixture
def _nothing_known() -> Iterator[None]:
    """Start and end with a process that has fetched no secret."""
    forget_all()
    yield
    forget_all()


@pytest.mark.usefixtures("_nothing_known")
def test_every_fetched_secret_is_known_to_the_last_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was resolved, in whichever form it is sent, redact replaces it in any text."""
    text = f"error: {VALUE} {quote(VALUE, safe='')} "
    assert redact(text) == text
    monkeypatch.setenv("A_TOKEN", VALUE)
    monkeypatch.setenv("A_PASSWORD", "pass phrase ü")
    resolve("env:A_TOKEN", Path())
    basic = resolve_auth(Auth(basic=Basic(user="ana", password="env:A_PASSWORD")), Path())
    assert VALUE not in redact(text)
    assert redact(f"<{basic.value.reveal()}>") == "<Basic ***>"
    assert redact("a pass phrase ü, in words") == "a ***, in words"
    remember(Secret("another-one"))
    assert redact("another-one") == "***"
    forget_all()
    assert redact(text) == text


def test_a_redactor_learns() -> None:
    """A secret that comes to be known later is replaced from then on, beside the earlier ones."""
    redactor = Redactor([Secret("first-secret")])
    assert redactor.text("first-secret second-secret") == "*** second-secret"
    redactor.learn([Secret("second-secret")])
    assert redactor.text("first-secret second-secret") == "*** ***"
    assert redactor.data(b"second-secret") == b"***"
