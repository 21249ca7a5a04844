"""How a source is authenticated; secrets only by reference."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from scanner.config.strict import Strict
from scanner.config.url import whole_url

SECRET_SCHEMES = ("env:", "file:", "keyring:", "command:")


def _secret_reference(value: str) -> str:
    if not value.startswith(SECRET_SCHEMES) or value in SECRET_SCHEMES:
        raise ValueError(
            "a secret must be a reference: env:NAME, file:PATH, keyring:service/user or "
            "command:ARGV; the value itself may not stand in this file"
        )
    return value


SecretReference = Annotated[str, AfterValidator(_secret_reference)]
"""``env:NAME``, ``file:PATH``, ``keyring:service/user`` or ``command:ARGV``; never a value."""


class Basic(Strict):
    """HTTP Basic authentication (RFC 7617)."""

    user: str
    password: SecretReference


class Header(Strict):
    """A secret sent in a header of the vendor's own naming."""

    name: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    value: SecretReference


class OAuth2(Strict):
    """OAuth 2.0 client credentials (RFC 6749 section 4.4), or a refresh token (section 6).

    ``client_auth`` says how the client shows who it is (section 2.3.1): in a Basic header or in
    the form.
    """

    token_url: Annotated[str, AfterValidator(whole_url)]
    client_id: str = Field(pattern=r"^[\x20-\x7e]+$")
    client_secret: SecretReference
    scope: str | None = Field(default=None, pattern=r"^[!#-\[\]-~]+( [!#-\[\]-~]+)*$")
    refresh_token: SecretReference | None = None
    client_auth: Literal["basic", "post"] = "basic"


class Mtls(Strict):
    """A client certificate: two PEM files; ``key`` may also be a secret reference."""

    certificate: Path
    key: str = Field(min_length=1)
    password: SecretReference | None = None


class Auth(Strict):
    """How a source is authenticated: at most one way; none of them means no authentication.

    ``mtls`` works in the layer below and may stand beside any of the others.
    """

    bearer: SecretReference | None = None
    basic: Basic | None = None
    header: Header | None = None
    oauth2: OAuth2 | None = None
    mtls: Mtls | None = None
    none: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Auth:
        ways = [self.bearer, self.basic, self.header, self.oauth2, self.none or None]
        if sum(way is not None for way in ways) > 1:
            raise ValueError("give one of bearer, basic, header, oauth2 or none")
        return self
