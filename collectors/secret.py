"""Secrets: fetched by reference, shown to nobody, and kept out of everything that is stored.

A reference is ``env:NAME``, ``file:PATH``, ``keyring:service/user`` or ``command:ARGV``. Errors
name the reference, never what it holds.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import re
import select
import shlex
import signal
import stat
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import IO, NoReturn, cast
from urllib.parse import quote

from scanner.config import Auth
from scanner.errors import ConfigError

MASK = "***"
MAX_CHARACTERS = 4096
MAX_BYTES = 64 * 1024
COMMAND_SECONDS = 60.0
SHORTEST_REDACTED = (
    6  # a shorter secret occurs in ordinary data; replacing it would falsify records
)

_TOKEN = re.compile(r"[!-~]+")
_HEADER_VALUE = re.compile(r"[!-~]+(?: [!-~]+)*")
_PASSWORD = re.compile(r"[^\x00-\x1f\x7f]+")
_OWN_HEADERS = frozenset({
    "accept", "accept-encoding", "cache-control", "connection", "content-length", "cookie", "host",
    "te", "transfer-encoding", "upgrade", "user-agent",
})  # fmt: skip


class Secret:
    """A value that shows itself only through :meth:`reveal`; it cannot be pickled or copied."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the value itself; call it only where it is put on the wire or looked for."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The header that authenticates a source; ``parts`` are all the secrets it is made of.

    ``header`` is empty where nothing is sent.
    """

    header: str
    value: Secret
    parts: tuple[Secret, ...]


NO_CREDENTIALS = Credentials("", Secret(""), ())


def resolve_auth(auth: Auth, folder: Path) -> Credentials:
    """Fetch what ``auth`` refers to and form the header (RFC 6750 bearer, RFC 7617 basic).

    Relative files start at ``folder``. Raises ConfigError naming the reference at fault.
    """
    if auth.bearer is not None:
        token = resolve(auth.bearer, folder)
        return credentials_of("Authorization", f"Bearer {token.reveal()}", token)
    if auth.basic is not None:
        return _basic(auth.basic.user, auth.basic.password, folder)
    if auth.header is not None:
        if auth.header.name.lower() in _OWN_HEADERS:
            raise ConfigError(f"auth.header: {auth.header.name} is set by ghostscan itself")
        value = resolve(auth.header.value, folder, _HEADER_VALUE)
        return credentials_of(auth.header.name, value.reveal(), value)
    return NO_CREDENTIALS


def _basic(user: str, reference: str, folder: Path) -> Credentials:
    if ":" in user or _PASSWORD.fullmatch(user) is None:
        raise ConfigError("auth.basic: a user name may hold no colon and no control character")
    password = resolve(reference, folder, _PASSWORD)
    pair = Secret(base64.b64encode(f"{user}:{password.reveal()}".encode()).decode())
    remember(pair)
    return credentials_of("Authorization", f"Basic {pair.reveal()}", pair, password)


def credentials_of(header: str, value: str, *parts: Secret) -> Credentials:
    """Give the credentials that send ``value`` in ``header``; ``parts`` are the secrets in it."""
    return Credentials(header, Secret(value), (Secret(value), *parts))


def resolve(
    reference: str, folder: Path, form: re.Pattern[str] = _TOKEN, longest: int = MAX_CHARACTERS
) -> Secret:
    """Fetch the secret ``reference`` names; one newline at its end is removed.

    By default it must be a token: 1 to 4096 printable ASCII characters without blanks. Relative
    files start at ``folder``. From here on :func:`redact` knows it. Raises ConfigError that names
    the reference and never the value.
    """
    scheme, _, rest = reference.partition(":")
    if scheme == "env":
        value = _from_environment(reference, rest)
    elif scheme == "file":
        value = _decoded(reference, _from_file(reference, folder / rest))
    elif scheme == "keyring":
        value = _from_keyring(reference, rest)
    elif scheme == "command":
        value = _decoded(reference, _from_command(reference, rest, folder))
    else:
        raise ConfigError(
            "a secret must be env:NAME, file:PATH, keyring:service/user or command:ARGV"
        )
    value = value.removesuffix("\n").removesuffix("\r")
    if len(value) > longest or form.fullmatch(value) is None:
        raise ConfigError(
            f"{reference} is empty, too long, or holds a blank or a character that cannot be sent",
            "store the token alone, without quotes and without the word Bearer",
        )
    secret = Secret(value)
    remember(secret)
    return secret


def _decoded(reference: str, content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{reference} gives more than {MAX_BYTES // 1024} KiB")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{reference} does not give UTF-8 text") from None


def _from_environment(reference: str, name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise ConfigError(f"{reference}: the environment variable is not set", f"export {name}=…")
    return value


def _from_file(reference: str, path: Path) -> bytes:
    """Read a private regular file; what is checked is the very file that is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError(
            f"{reference} cannot be opened: {error.strerror}",
            "it must be a regular file of yours; symbolic links are not followed",
        ) from None
    try:
        _demand_private(reference, path, os.fstat(descriptor))
        return os.read(descriptor, MAX_BYTES + 1)
    finally:
        os.close(descriptor)


def _demand_private(reference: str, path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ConfigError(f"{reference} is not a regular file")
    if found.st_uid != os.geteuid():
        raise ConfigError(f"{reference} belongs to another user", "copy it and own it")
    if found.st_mode & 0o077:
        raise ConfigError(f"{reference} can be read by others", f"chmod 600 {path.name}")


def _from_keyring(reference: str, place: str) -> str:
    service, _, user = place.rpartition("/")
    if not service or not user:
        raise ConfigError(f"{reference}: write keyring:service/user")
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
    except ImportError:
        raise ConfigError(
            f"{reference} needs the keyring library", "install it with: ghostscan[keyring]"
        ) from None
    _demand_safe_backend(reference, keyring.get_keyring())
    try:
        value = keyring.get_password(service, user)
    except errors.KeyringError:
        raise ConfigError(f"{reference}: the keyring refused", "is it unlocked?") from None
    if value is None:
        raise ConfigError(f"{reference} is not in the keyring", f"keyring set {service} {user}")
    return str(value)


def _demand_safe_backend(reference: str, backend: object) -> None:
    for one in (backend, *getattr(backend, "backends", ())):
        kind = type(one)
        if kind.__module__.endswith((".null", ".fail")) or "plaintext" in kind.__name__.lower():
            raise ConfigError(
                f"{reference}: the keyring in use keeps no secret ({kind.__name__})",
                "choose a keyring of the operating system, or use file: or command:",
            )


def _from_command(reference: str, line: str, folder: Path) -> bytes:
    """Run the administrator's own command without a shell and give what it prints."""
    try:
        arguments = shlex.split(line)
    except ValueError as error:
        raise ConfigError(f"{reference}: {error}") from None
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    try:
        process = subprocess.Popen(  # noqa: S603 - the administrator's own words, and no shell
            arguments,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError, IndexError):
        raise ConfigError(f"{reference}: the command cannot be started") from None
    return _output(reference, process)


def _output(reference: str, process: subprocess.Popen[bytes]) -> bytes:
    deadline = time.monotonic() + COMMAND_SECONDS
    content = b""
    with process:
        try:
            for chunk in _chunks(process, deadline):
                content += chunk
                if len(content) > MAX_BYTES:
                    break
            else:
                process.wait(max(deadline - time.monotonic(), 0))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise ConfigError(
                f"{reference}: the command did not end within {COMMAND_SECONDS:g} seconds"
            ) from None
        finally:
            _stop(process)
    if process.returncode and len(content) <= MAX_BYTES:
        raise ConfigError(
            f"{reference}: the command ended with status {process.returncode}",
            "run it yourself to see what it says",
        )
    return content


def _chunks(process: subprocess.Popen[bytes], deadline: float) -> Iterator[bytes]:
    """Give what a process prints until it closes its output; raise TimeoutError at the deadline."""
    descriptor = cast("IO[bytes]", process.stdout).fileno()
    while True:
        ready, _, _ = select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            raise TimeoutError
        chunk = os.read(descriptor, MAX_BYTES)
        if not chunk:
            return
        yield chunk


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a command that still runs, with everything it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


class Redactor:
    """Replaces live secrets by ``***`` in whatever is about to be stored or shown.

    Knows each secret as it is, in base64, URL-encoded, and escaped for JSON and HTML. Secrets
    shorter than six characters are left alone: they occur in ordinary data.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._known: set[str] = set()
        self.learn(secrets)

    def learn(self, secrets: Iterable[Secret]) -> None:
        """Replace further secrets from now on."""
        self._known |= {form for secret in secrets for form in _forms(secret.reveal())}
        ordered = sorted(self._known, key=lambda form: (-len(form), form))
        text = "|".join(re.escape(form) for form in ordered) or r"(?!)"
        self._text = re.compile(text)
        self._data = re.compile(text.encode())

    def text(self, text: str) -> str:
        """Give ``text`` with every live secret replaced."""
        return self._text.sub(MASK, text)

    def data(self, data: bytes) -> bytes:
        """Give ``data`` with every live secret replaced."""
        return self._data.sub(MASK.encode(), data)


def _forms(value: str) -> set[str]:
    """Every spelling in which a server may give a secret back."""
    if len(value) < SHORTEST_REDACTED:
        return set()
    raw = value.encode()
    encoded = {
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }
    escaped = json.dumps(value)[1:-1]
    web = {quote(value, safe=""), quote(value), escape(value)}
    return {value, escaped, escaped.replace("/", "\\/")} | encoded | web


class _Known:
    """The secrets of this process, and the redactor that was made of them last."""

    def __init__(self) -> None:
        self.values: set[str] = set()
        self.redactor: Redactor | None = None


_KNOWN = _Known()


def remember(*secrets: Secret) -> None:
    """Let :func:`redact` know secrets for as long as the process lives."""
    _KNOWN.values.update(secret.reveal() for secret in secrets)
    _KNOWN.redactor = None


def forget_all() -> None:
    """Let :func:`redact` know nothing; for a process that goes on to other work."""
    _KNOWN.values.clear()
    _KNOWN.redactor = None


def redact(text: str) -> str:
    """Give ``text`` with every secret this process has fetched so far replaced by ``***``.

    The last door before a terminal or a log: messages of ours hold no secret, but texts of
    libraries, tracebacks and servers may.
    """
    if _KNOWN.redactor is None:
        _KNOWN.redactor = Redactor(map(Secret, _KNOWN.values))
    return _KNOWN.redactor.text(text)
