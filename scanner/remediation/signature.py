"""Signatures of files by ``ssh-keygen -Y``: keys people have, agents and hardware keys included.

Two names for one key are one key: ``ssh-keygen`` says that a signature is good for both. Whoever
asks for two people therefore compares fingerprints.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scanner.errors import ConfigError, RefusedError

PLAN_NAMESPACE = "ghostscan-plan"
APPROVAL_NAMESPACE = "ghostscan-approval"
SIGNATURE = ".sig"
SECONDS = 300.0

_GOOD = re.compile(r'^Good "[^"]*" signature .*with [A-Z0-9-]+ key (SHA256:[A-Za-z0-9+/]{43})\s*$')
_FINGERPRINT = re.compile(r"\b(SHA256:[A-Za-z0-9+/]{43})\b")


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature it is: the key's fingerprint and the names it is allowed to sign under."""

    fingerprint: str
    names: tuple[str, ...]


class Signatures(Protocol):
    """Makes and checks detached signatures over bytes, each within one namespace."""

    def sign(self, content: bytes, key: Path, namespace: str) -> bytes:
        """Sign with a private key file, or a public one whose private part an agent holds.

        Raises ConfigError where that does not work.
        """

    def fingerprint(self, content: bytes, signature: bytes, namespace: str) -> str:
        """Check a signature and give its key's fingerprint, whoever that is.

        Raises RefusedError where the signature is not of these bytes and this namespace.
        """

    def signer(self, content: bytes, signature: bytes, namespace: str, allowed: Path) -> Signer:
        """Check a signature of somebody in the file of allowed signers.

        Raises RefusedError where it is not theirs, not of these bytes and namespace, or not valid
        at this time.
        """


class SshSignatures:
    """OpenSSH's own program; it asks for a passphrase or a touch on the terminal by itself."""

    def sign(self, content: bytes, key: Path, namespace: str) -> bytes:
        """Sign from standard input; nothing is written to the disk."""
        done = _run(["-Y", "sign", "-q", "-n", namespace, "-f", str(key)], content, prompt=True)
        if done.returncode != 0 or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
            raise ConfigError(
                f"ssh-keygen could not sign with {key}: {_told(done)}",
                "name a private key, or a public key whose private part the agent holds",
            )
        return done.stdout

    def fingerprint(self, content: bytes, signature: bytes, namespace: str) -> str:
        """Check the signature alone."""
        with _held(signature) as path:
            done = _run(["-Y", "check-novalidate", "-n", namespace, "-s", path], content)
        return _good(done)

    def signer(self, content: bytes, signature: bytes, namespace: str, allowed: Path) -> Signer:
        """Check the signature for every name its key has among the allowed signers."""
        with _held(signature) as path:
            found = _run(["-Y", "find-principals", "-s", path, "-f", str(allowed)], b"")
            names = tuple(dict.fromkeys(found.stdout.decode("utf-8", "replace").splitlines()))
            if found.returncode != 0 or not names:
                raise RefusedError(
                    f"the signature is of a key that {allowed} does not name",
                    "add the approver's key to the file of allowed signers, then plan again",
                )
            good = {}
            for name in names:
                done = _run(
                    ["-Y", "verify", "-f", str(allowed), "-I", name, "-n", namespace, "-s", path],
                    content,
                )
                if done.returncode == 0:
                    good[name] = _good(done)
        if not good:
            raise RefusedError(
                f"the signature is not valid for {', '.join(names)}",
                "the file may have changed after it was signed, or the key's time or namespace "
                "is over",
            )
        return Signer(next(iter(good.values())), tuple(good))


def key_fingerprint(key: Path) -> str:
    """Give the fingerprint of a key file; raises ConfigError where it is none."""
    done = _run(["-l", "-E", "sha256", "-f", str(key)], b"")
    found = _FINGERPRINT.search(done.stdout.decode("utf-8", "replace"))
    if done.returncode != 0 or found is None:
        raise ConfigError(f"{key} is not a key that ssh-keygen can read", "name a key file")
    return found[1]


@contextmanager
def _held(signature: bytes) -> Iterator[str]:
    """Put a signature where ssh-keygen can read it."""
    with tempfile.NamedTemporaryFile(prefix="ghostscan-", suffix=SIGNATURE) as file:
        file.write(signature)
        file.flush()
        yield file.name


def _good(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    found = _GOOD.match(lines[0]) if done.returncode == 0 and len(lines) == 1 else None
    if found is None:
        raise RefusedError(
            "a signature is not one of exactly these bytes",
            "the file may have changed after it was signed; sign it again",
        )
    return found[1]


def _told(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    return lines[-1].rstrip("\r") if lines else "no reason given"


def _run(
    arguments: list[str], content: bytes, *, prompt: bool = False
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - a fixed program, arguments are never a shell's
            ["ssh-keygen", *arguments],  # noqa: S607 - OpenSSH stands where the system has it
            input=content,
            capture_output=True,
            check=False,
            timeout=SECONDS if prompt else 60.0,
        )
    except FileNotFoundError:
        raise ConfigError(
            "ssh-keygen is not installed", "approvals are signed and checked with OpenSSH"
        ) from None
    except subprocess.TimeoutExpired:
        raise ConfigError("ssh-keygen did not answer", "is a key waiting for a touch?") from None
