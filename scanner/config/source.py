"""One system to read: where it is, how to ask it, and what its answers mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from scanner.config.auth import Auth, Mtls
from scanner.config.export import SUFFIXES, Export, MembershipFile
from scanner.config.strict import Strict, nearest
from scanner.config.url import base_url, proxy_url
from scanner.model import Role

PERSON_ATTRIBUTES = frozenset({
    "person_id", "employee_number", "user_name", "emails", "display_name", "status", "worker_type",
    "department", "title", "manager_id", "location", "hired_at", "departed_at", "recorded_at",
    "external_id", "active", "timezone",
})  # fmt: skip
ACCOUNT_ATTRIBUTES = frozenset({
    "account_id", "user_name", "external_id", "employee_number", "emails", "display_name", "active",
    "account_type", "privileged", "created_at", "modified_at", "last_activity_at", "version",
})  # fmt: skip

NonEmpty = Annotated[str, Field(min_length=1)]
BaseUrl = Annotated[str, AfterValidator(base_url)]


def _auth_or_none(value: object) -> object:
    return {"none": True} if value == "none" else value


class StateValues(Strict):
    """Vendor spellings of an account's state where it is not a JSON boolean, case-sensitive."""

    active: tuple[str, ...] = ()
    inactive: tuple[str, ...] = ()


class StatusValues(Strict):
    """Vendor spellings of an employment status, case-sensitive.

    A spelling that is listed nowhere leaves the HRIS incomplete: it could be a departure.
    ``unknown`` lists those that are known to say nothing; such a person is never departed.
    """

    active: tuple[str, ...] = ("active",)
    on_leave: tuple[str, ...] = ("on_leave",)
    pending: tuple[str, ...] = ("pending",)
    terminated: tuple[str, ...] = ("terminated",)
    unknown: tuple[str, ...] = ()


Excuse = Literal[
    "start_index_echo", "string_numbers", "list_schemas", "round_member_count", "no_count"
]
"""What a source may be excused for, by name; the proof repeats it.

Departures from RFC 7644, and ``no_count``: nothing shows that a file goes on to its true end.
"""

FILE = "file"
FILE_SETTINGS = frozenset({
    "role", "type", "path", "memberships", "export", "attributes", "active_values", "status_values",
    "canaries", "allow_empty", "excuses", "expected_size", "max_drop_percent",
    "acknowledge_drop_to", "acknowledge_terminated_to", "min_domain_percent",
    "privileged_groups", "privileged_accounts",
})  # fmt: skip
_ONLY_FILES = frozenset({"path", "memberships", "export"})


class Source(Strict):
    """One system to read. A setting left out takes the value of the type's profile.

    ``privileged_groups`` (ids or display names) and ``privileged_accounts`` (user names, or whole
    ids) may hold ``*`` and ``?``, in any letter case.
    """

    role: Role = Role.APP
    type: str
    url: BaseUrl | Literal[""] = ""  # empty: the one address of the type
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
    proxy: Annotated[str, AfterValidator(proxy_url)] | None = None
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
    acknowledge_terminated_to: int | None = Field(default=None, ge=0)
    min_domain_percent: int = Field(default=5, ge=0, le=100)
    members: Literal["auto", "inline", "per_group", "from_users", "hidden"] | None = None
    detail_limit: int = Field(default=2_000, ge=0, le=100_000)
    discovery: bool | None = None
    deactivate: tuple[str, ...] | None = Field(default=None, min_length=1)
    max_concurrency: int | None = Field(default=None, ge=1, le=16)
    allow_empty: bool = False
    path: Path | None = None  # of a file, relative to the configuration
    memberships: MembershipFile | None = None
    export: Export = Export()
    privileged_groups: tuple[NonEmpty, ...] = ()
    privileged_accounts: tuple[NonEmpty, ...] = ()

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
        if self.proxy is not None and self.url.startswith("http://"):
            raise ValueError("a proxy is used for https:// only")
        return self

    @property
    def identity(self) -> Mtls | None:
        """The client certificate, in whichever of the two ways it was given."""
        if self.client_certificate is None or self.client_key is None:
            return self.auth.mtls
        return Mtls(certificate=self.client_certificate, key=self.client_key)

    @model_validator(mode="after")
    def _file_or_server(self) -> Source:
        if self.type != FILE:
            for name in sorted(_ONLY_FILES & self.model_fields_set):
                raise ValueError(f'{name} is a setting of type = "file" only')
            return self
        for name in sorted(self.model_fields_set - FILE_SETTINGS):
            raise ValueError(f"{name} means nothing for a file")
        if self.path is None:
            raise ValueError("path is missing: a file needs one")
        for path in (self.path, self.memberships and self.memberships.path):
            if path and self.export.format is None and path.suffix.lower() not in SUFFIXES:
                known = ", ".join(SUFFIXES)
                raise ValueError(f"{path.name} does not end in {known}; set export.format")
        return self

    @model_validator(mode="after")
    def _known_attributes(self) -> Source:
        known = PERSON_ATTRIBUTES if self.role is Role.HRIS else ACCOUNT_ATTRIBUTES
        for name in self.attributes:
            if name not in known:
                raise ValueError(f"attributes.{name} is not a field{nearest(name, known)}")
        return self
