"""``ghostscan.toml``: what a person writes, checked before anything is done.

Unknown keys are errors that name the key and the nearest valid one. Secrets are references
(``env:NAME``, ``file:PATH``, ``keyring:service/user``, ``command:ARGV``); a literal is refused.
"""

from __future__ import annotations

import difflib
import hashlib
import ipaddress
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from scanner.errors import ConfigError
from scanner.model import Role

SECRET_SCHEMES = ("env:", "file:", "keyring:", "command:")

PERSON_ATTRIBUTES = frozenset({
    "person_id", "employee_number", "user_name", "emails", "display_name", "status", "worker_type",
    "department", "title", "manager_id", "location", "hired_at", "departed_at", "recorded_at",
    "external_id", "active",
})  # fmt: skip
ACCOUNT_ATTRIBUTES = frozenset({
    "account_id", "user_name", "external_id", "employee_number", "emails", "display_name", "active",
    "account_type", "privileged", "created_at", "modified_at", "last_activity_at", "version",
})  # fmt: skip
RULE_FIELDS = frozenset({
    "person_id", "employee_number", "user_name", "status", "worker_type", "department", "title",
    "manager_id", "location",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class RemovalLimit:
    """The time the policy allows between departure and removal; exactly one part is used.

    ``business_days`` counts Monday to Friday in the organization's time zone.
    """

    text: str
    duration: timedelta = timedelta(0)
    business_days: int = 0


_LIMIT = re.compile(r"(?P<count>\d{1,5})\s*(?P<unit>m|h|d|business days?)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def parse_limit(text: str) -> RemovalLimit:
    """Read ``4h``, ``30m``, ``90d``, ``3 business days`` or ``immediate``, or raise ValueError."""
    if text.strip().lower() == "immediate":
        return RemovalLimit(text)
    found = _LIMIT.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError('use "immediate", "4h", "24h", "90d" or "3 business days"')
    count = int(found["count"])
    if found["unit"].startswith("business"):
        return RemovalLimit(text, business_days=count)
    return RemovalLimit(text, duration=count * _UNITS[found["unit"]])


def _secret_reference(value: str) -> str:
    if not value.startswith(SECRET_SCHEMES) or value in SECRET_SCHEMES:
        raise ValueError(
            "a secret must be a reference: env:NAME, file:PATH, keyring:service/user or "
            "command:ARGV; the value itself may not stand in this file"
        )
    return value


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address literal can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _base_url(value: str) -> str:
    return _whole_url(value).rstrip("/")


def _whole_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("must be an https:// URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password; use auth")
    if parts.query or parts.fragment or "?" in value or "#" in value:
        raise ValueError("must not contain a query or a fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must be https:// (http:// is accepted only for this machine)")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("has a port that is not a number from 0 to 65535") from None
    return value


def _proxy_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError('must be of the form "http://host:port"')
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password; such proxies are not supported")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("has a port that is not a number from 0 to 65535") from None
    return value.rstrip("/")


SecretReference = Annotated[str, AfterValidator(_secret_reference)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Basic(_Strict):
    """HTTP Basic authentication (RFC 7617)."""

    user: str
    password: SecretReference


class Header(_Strict):
    """A secret sent in a header of the vendor's own naming."""

    name: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    value: SecretReference


class OAuth2(_Strict):
    """OAuth 2.0 client credentials (RFC 6749 section 4.4), or a refresh token (section 6).

    ``client_auth`` says how the client shows who it is (section 2.3.1): in a Basic header or in
    the form.
    """

    token_url: Annotated[str, AfterValidator(_whole_url)]
    client_id: str = Field(pattern=r"^[\x20-\x7e]+$")
    client_secret: SecretReference
    scope: str | None = Field(default=None, pattern=r"^[!#-\[\]-~]+( [!#-\[\]-~]+)*$")
    refresh_token: SecretReference | None = None
    client_auth: Literal["basic", "post"] = "basic"


class Mtls(_Strict):
    """A client certificate: two PEM files; ``key`` may also be a secret reference."""

    certificate: Path
    key: str = Field(min_length=1)
    password: SecretReference | None = None


class Auth(_Strict):
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


def _auth_or_none(value: object) -> object:
    return {"none": True} if value == "none" else value


class StateValues(_Strict):
    """Vendor spellings of an account's state where it is not a JSON boolean, case-sensitive."""

    active: tuple[str, ...] = ()
    inactive: tuple[str, ...] = ()


class StatusValues(_Strict):
    """Vendor spellings of an employment status, case-sensitive.

    A spelling that is listed nowhere leaves the HRIS incomplete: it could be a departure.
    ``unknown`` lists those that are known to say nothing; such a person is never departed.
    """

    active: tuple[str, ...] = ("active",)
    on_leave: tuple[str, ...] = ("on_leave",)
    pending: tuple[str, ...] = ("pending",)
    terminated: tuple[str, ...] = ("terminated",)
    unknown: tuple[str, ...] = ()


Excuse = Literal["start_index_echo", "string_numbers", "list_schemas", "round_member_count"]
"""Departures from RFC 7644 that a source may be excused for, by name; the proof repeats them."""


class Source(_Strict):
    """One system to read. A setting left out takes the value of the type's profile."""

    role: Role = Role.APP
    type: str
    url: BaseUrl
    auth: Annotated[Auth, BeforeValidator(_auth_or_none)] = Auth()
    canaries: tuple[str, ...] = ()
    attributes: dict[str, str] = Field(default_factory=dict)
    active_values: StateValues = StateValues()
    status_values: StatusValues = StatusValues()
    users_path: str | None = Field(default=None, pattern=r"^/[A-Za-z0-9._~/-]*$")
    groups_path: str | None = Field(default=None, pattern=r"^/[A-Za-z0-9._~/-]*$")
    page_size: int | None = Field(default=None, ge=1, le=10_000)
    requests_per_minute: int | None = Field(default=None, ge=1)
    timeout_seconds: float = Field(default=60, gt=0, le=600)
    max_age_seconds: int = Field(default=0, ge=0, le=86_400)
    internal: bool = False
    proxy: Annotated[str, AfterValidator(_proxy_url)] | None = None
    ca_bundle: Path | None = None
    client_certificate: Path | None = None
    client_key: str | None = Field(default=None, min_length=1)
    scim: Literal["2.0", "1.1"] | None = None
    paging: Literal["auto", "index", "cursor"] | None = None
    overlap: bool = True
    passes: Literal[1, 2] | None = None
    total: Literal["exact", "unreliable"] | None = None
    excuses: tuple[Excuse, ...] = ()
    expected_size: int | None = Field(default=None, ge=1)
    max_drop_percent: int = Field(default=30, ge=0, le=100)
    acknowledge_drop_to: int | None = Field(default=None, ge=0)
    members: Literal["auto", "inline", "per_group", "from_users", "hidden"] | None = None
    detail_limit: int = Field(default=2_000, ge=0, le=100_000)
    discovery: bool | None = None
    max_concurrency: int | None = Field(default=None, ge=1, le=16)
    allow_empty: bool = False

    @field_validator("users_path", "groups_path")
    @classmethod
    def _stays_below_the_base(cls, value: str | None) -> str | None:
        if value is not None and ".." in value.split("/"):
            raise ValueError("must not contain ..")
        return value

    @model_validator(mode="after")
    def _one_identity(self) -> Source:
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("client_certificate and client_key belong together")
        if self.client_key is not None and self.auth.mtls is not None:
            raise ValueError("give either auth.mtls or client_certificate and client_key")
        return self

    @model_validator(mode="after")
    def _proxy_only_for_tls(self) -> Source:
        if self.proxy is not None and not self.url.startswith("https://"):
            raise ValueError("a proxy is used for https:// only")
        return self

    @property
    def identity(self) -> Mtls | None:
        """The client certificate, in whichever of the two ways it was given."""
        if self.client_certificate is None or self.client_key is None:
            return self.auth.mtls
        return Mtls(certificate=self.client_certificate, key=self.client_key)

    @model_validator(mode="after")
    def _known_attributes(self) -> Source:
        known = PERSON_ATTRIBUTES if self.role is Role.HRIS else ACCOUNT_ATTRIBUTES
        for name in self.attributes:
            if name not in known:
                raise ValueError(f"attributes.{name} is not a field{_nearest(name, known)}")
        return self


class Organization(_Strict):
    """Whose accounts are audited, and where a departure date ends."""

    name: str = "(organization not named)"
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            near = _nearest(value, available_timezones())
            raise ValueError(f"is not an IANA time zone{near}")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which a departure date ends at midnight."""
        return ZoneInfo(self.timezone)


class PolicySettings(_Strict):
    """The company's own rule; without one, removal is expected at once and the report says so."""

    deprovision_within: str = "immediate"
    reference: str = ""
    dormant_after: str | None = None

    @field_validator("deprovision_within", "dormant_after")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None:
            parse_limit(value)
        return value

    @property
    def limit(self) -> RemovalLimit:
        """The parsed form of ``deprovision_within``."""
        return parse_limit(self.deprovision_within)


class Runs(_Strict):
    """Where run folders are kept; relative to the configuration file."""

    directory: Path = Path("runs")


class Entitlement(_Strict):
    """Who should be in a group of an app: by rule over people, or as a group of another source."""

    app: str
    group: str = Field(min_length=1)
    people: dict[str, tuple[str, ...]] | None = None
    mirrors: str | None = Field(default=None, pattern=r"^[^:]+:.+$")

    @model_validator(mode="after")
    def _one_basis(self) -> Entitlement:
        if (self.people is None) == (self.mirrors is None):
            raise ValueError('give either people = {…} or mirrors = "source:group"')
        for name, values in (self.people or {}).items():
            if name not in RULE_FIELDS:
                raise ValueError(
                    f"people.{name} is not a person field{_nearest(name, RULE_FIELDS)}"
                )
            if not values:
                raise ValueError(f"people.{name} lists no value")
        if self.people is not None and not self.people:
            raise ValueError("people names no field; an empty rule would expect everybody")
        return self


SOURCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


class Config(_Strict):
    """The whole file. ``sources`` keeps the order in which they were written."""

    organization: Organization = Organization()
    policy: PolicySettings = PolicySettings()
    runs: Runs = Runs()
    sources: dict[str, Source]
    entitlements: tuple[Entitlement, ...] = ()

    @model_validator(mode="after")
    def _sources_make_sense(self) -> Config:
        for name in self.sources:
            if SOURCE_NAME.fullmatch(name) is None:
                raise ValueError(f"source name {name!r}: use letters, digits, - and _")
        if len({name.lower() for name in self.sources}) != len(self.sources):
            raise ValueError("two source names differ only in case")
        if not any(source.role is Role.HRIS for source in self.sources.values()):
            raise ValueError('no source has role = "hris"; only an HRIS can say who has departed')
        if all(source.role is Role.HRIS for source in self.sources.values()):
            raise ValueError("no app to audit: every source is an hris")
        return self

    @model_validator(mode="after")
    def _entitlements_name_sources(self) -> Config:
        apps = {name for name, source in self.sources.items() if source.role is not Role.HRIS}
        for entitlement in self.entitlements:
            named = [entitlement.app]
            if entitlement.mirrors is not None:
                named.append(entitlement.mirrors.partition(":")[0])
            for name in named:
                if name not in apps:
                    raise ValueError(
                        f"entitlements: no app is named {name!r}{_nearest(name, apps)}"
                    )
        return self


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A valid configuration, the folder relative paths start from, and the digest of its bytes."""

    config: Config
    folder: Path
    sha256: str

    @property
    def runs_directory(self) -> Path:
        """Where run folders are kept, as an absolute path."""
        return (self.folder / self.config.runs.directory).absolute()


def load_config(path: Path) -> LoadedConfig:
    """Read and check ``path``; ConfigError names the key at fault and the nearest valid one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"{path} does not exist", "write one with: ghostscan init, or name one with --config"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    config = parse_config(content, path)
    return LoadedConfig(config, path.absolute().parent, hashlib.sha256(content).hexdigest())


def parse_config(content: bytes, path: Path) -> Config:
    """Check the bytes of a configuration file; ``path`` is only for messages."""
    try:
        data = tomllib.loads(content.decode())
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    if "registers" in data:
        raise ConfigError(
            f"{path}: registers are not read by this version, and ignoring them would mislead",
            "remove the [registers] table",
        )
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_explain(error)}", "see: ghostscan init") from None


def _explain(error: ValidationError) -> str:
    """One line per mistake: the key as it stands in the file, and what is wrong with it."""
    return "; ".join(_explain_one(item) for item in error.errors(include_url=False))


def _explain_one(item: ErrorDetails) -> str:
    key = ".".join(str(part) for part in item["loc"]) or "the file"
    if item["type"] == "extra_forbidden":
        return f"unknown key {key}{_nearest(str(item['loc'][-1]), _siblings(item['loc']))}"
    if item["type"] == "missing":
        return f"{key} is missing"
    return f"{key}: {item['msg'].removeprefix('Value error, ')}"


def _siblings(location: tuple[int | str, ...]) -> set[str]:
    """The keys that are valid where an unknown one was found."""
    model: type[BaseModel] | None = Config
    for part in location[:-1]:
        if model is not None and part in model.model_fields:
            model = _model_within(model.model_fields[str(part)].annotation)
    return set(model.model_fields) if model is not None else set()


def _model_within(annotation: object) -> type[BaseModel] | None:
    """The configuration model inside ``X``, ``X | None``, ``dict[str, X]`` or ``tuple[X, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [_model_within(inner) for inner in getattr(annotation, "__args__", ())]
    return next((model for model in found if model is not None), None)


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""
