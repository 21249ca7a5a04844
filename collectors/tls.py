"""TLS 1.2 or later, always verified; nothing is taken from the environment.

``ssl.create_default_context`` is not used: it would write session keys to a file the environment
names.
"""

from __future__ import annotations

import functools
import os
import re
import ssl
from pathlib import Path

import certifi

from collectors.secret import Secret, resolve
from scanner.config import SECRET_SCHEMES, Mtls
from scanner.errors import ConfigError

MAX_BUNDLE_BYTES = 4 * 1024 * 1024
MAX_KEY_BYTES = 16 * 1024
_PEM_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s[!-~\s]+-----END [A-Z ]+-----\s*")


@functools.cache
def public_context() -> ssl.SSLContext:
    """Give the context that trusts the public authorities; shared, since loading it is slow."""
    context = _strict()
    context.load_verify_locations(cafile=certifi.where())
    return context


def context_of(
    folder: Path, ca_bundle: Path | None = None, identity: Mtls | None = None
) -> ssl.SSLContext:
    """Make the context of one source; relative paths start at ``folder``.

    With ``ca_bundle`` (PEM) only the authorities in it are trusted, without it the public ones;
    ``identity`` is the client certificate to show. Raises ConfigError naming the file at fault.
    """
    context = _strict()
    if ca_bundle is None:
        context.load_verify_locations(cafile=certifi.where())
    else:
        _trust_bundle(context, folder / ca_bundle)
    if identity is not None:
        _show_identity(context, folder, identity)
    return context


def _strict() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies the chain and the host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _trust_bundle(context: ssl.SSLContext, path: Path) -> None:
    try:
        with path.open("rb") as file:
            bundle = file.read(MAX_BUNDLE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"ca_bundle: {path} cannot be read: {error.strerror}") from None
    try:
        context.load_verify_locations(cadata=bundle.decode("ascii"))
    except (ssl.SSLError, ValueError):
        raise ConfigError(
            f"ca_bundle: {path} holds no certificate in PEM form", "it begins with -----BEGIN"
        ) from None


def _show_identity(context: ssl.SSLContext, folder: Path, identity: Mtls) -> None:
    """Load the certificate and its key; an encrypted key never asks on the terminal."""
    reference = identity.key
    if not reference.startswith(SECRET_SCHEMES):
        reference = f"file:{reference}"
    key = resolve(reference, folder, _PEM_KEY, MAX_KEY_BYTES)
    password = Secret("")
    if identity.password is not None:
        password = resolve(identity.password, folder)
    certificate = folder / identity.certificate
    if not certificate.is_file():
        raise ConfigError(f"auth.mtls: {certificate} does not exist")
    try:
        _load(context, certificate, key, password)
    except (ssl.SSLError, OSError, ValueError):
        raise ConfigError(
            f"auth.mtls: {certificate} and {reference} are not a certificate and its key",
            "both must be PEM; if the key is encrypted, give its password",
        ) from None


def _load(context: ssl.SSLContext, certificate: Path, key: Secret, password: Secret) -> None:
    """Hand the key over through a pipe: OpenSSL reads files only, and it may not touch a disk."""
    reading, writing = os.pipe()
    try:
        try:
            os.write(writing, key.reveal().encode() + b"\n")
        finally:
            os.close(writing)
        context.load_cert_chain(certificate, f"/dev/fd/{reading}", password.reveal)
    finally:
        os.close(reading)
