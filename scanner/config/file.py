"""The whole ``ghostscan.toml``, read and checked before anything is done."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, ValidationError, field_validator, model_validator

from scanner.config.calendar import Holidays
from scanner.config.correlation import Correlation
from scanner.config.engine import EMBEDDED, EngineName, Memory, StorageUrl
from scanner.config.events import EventFile
from scanner.config.explain import explain
from scanner.config.limit import RemovalLimit, parse_limit
from scanner.config.period import Period
from scanner.config.remediation import Remediation
from scanner.config.source import Source
from scanner.config.strict import Strict, nearest
from scanner.errors import ConfigError
from scanner.model import Role

RULE_FIELDS = frozenset({
    "person_id", "employee_number", "user_name", "status", "worker_type", "department", "title",
    "manager_id", "location",
})  # fmt: skip


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


class Organization(Strict):
    """Whose accounts are audited, and where a departure date ends."""

    name: str = "(organization not named)"
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in _zones():
            near = nearest(value, _zones())
            raise ValueError(f"is not an IANA time zone{near}")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which a departure date ends at midnight."""
        return ZoneInfo(self.timezone)


class PolicySettings(Strict):
    """The company's own rule; without one, removal is expected at once and the report says so.

    ``external_worker_types`` are the HRIS's words, in any letter case, for people whose engagement
    ends by a date of its own. Without ``dormant_after`` nothing is said about unused accounts.
    ``holidays`` are no business days. ``run_every`` is how often an audit is to run: at least once
    in each calendar day, ISO week, month or quarter of the organization's zone.
    ``timeliness_window`` is how long after a departure it is still asked whether removal was in
    time.
    ``inactive_memberships`` asks for the groups in which current people's inactive accounts are.
    """

    deprovision_within: str = "immediate"
    reference: str = ""
    dormant_after: str | None = None
    inactive_memberships: bool = False
    external_worker_types: tuple[str, ...] = (
        "contractor", "contingent", "contingent worker", "consultant", "vendor", "supplier",
        "freelancer", "temporary", "temp", "agency", "external", "partner",
    )  # fmt: skip
    holidays: Holidays = Holidays()
    run_every: Period | None = None
    timeliness_window: str = "365d"

    @field_validator("timeliness_window")
    @classmethod
    def _a_duration(cls, value: str) -> str:
        if not parse_limit(value).duration:
            raise ValueError('use a duration such as "365d"')
        return value

    @field_validator("deprovision_within")
    @classmethod
    def _readable(cls, value: str) -> str:
        parse_limit(value)
        return value

    @field_validator("dormant_after")
    @classmethod
    def _time_without_use(cls, value: str | None) -> str | None:
        if value is not None and not parse_limit(value).duration:
            raise ValueError('use a time such as "45d" or "90d"')
        return value

    @property
    def limit(self) -> RemovalLimit:
        """The parsed form of ``deprovision_within``."""
        return replace(parse_limit(self.deprovision_within), holidays=self.holidays)

    @property
    def window(self) -> timedelta:
        """The parsed form of ``timeliness_window``."""
        return parse_limit(self.timeliness_window).duration


class Runs(Strict):
    """Where run folders are kept, relative to the file; how long a dead run can be continued."""

    directory: Path = Path("runs")
    resume_within: str = "24h"

    @field_validator("resume_within")
    @classmethod
    def _a_duration(cls, value: str) -> str:
        if not parse_limit(value).duration:
            raise ValueError('use a time such as "12h" or "2d"')
        return value

    @property
    def resumable(self) -> timedelta:
        """The parsed form of ``resume_within``."""
        return parse_limit(self.resume_within).duration


class RegisterSettings(Strict):
    """The files in which people's decisions stand; relative to the configuration file.

    ``longest_waiver_days`` is how long a finding may be accepted at once.
    """

    waivers: Path | None = None
    accounts: Path | None = None
    protected: Path | None = None
    baseline: Path | None = None
    longest_waiver_days: int = Field(default=366, ge=1, le=3_660)


class Entitlement(Strict):
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
                raise ValueError(f"people.{name} is not a person field{nearest(name, RULE_FIELDS)}")
            if not values:
                raise ValueError(f"people.{name} lists no value")
        if self.people is not None and not self.people:
            raise ValueError("people names no field; an empty rule would expect everybody")
        return self


SOURCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


class Config(Strict):
    """The whole file. ``sources`` keeps the order in which they were written."""

    engine: EngineName = EMBEDDED
    engine_memory: Memory | None = None
    engine_storage: StorageUrl | None = None
    organization: Organization = Organization()
    policy: PolicySettings = PolicySettings()
    runs: Runs = Runs()
    sources: dict[str, Source]
    entitlements: tuple[Entitlement, ...] = ()
    registers: RegisterSettings = RegisterSettings()
    correlation: Correlation = Correlation()
    events: tuple[EventFile, ...] = ()
    remediation: Remediation = Remediation()

    @model_validator(mode="after")
    def _engine_makes_sense(self) -> Config:
        if self.engine_memory is not None and self.engine != EMBEDDED:
            raise ValueError("engine_memory is for the embedded engine; a cluster has its own")
        if self.engine_storage is not None and self.engine == EMBEDDED:
            raise ValueError('engine_storage goes with engine = "spark://…"')
        return self

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
                    raise ValueError(f"entitlements: no app is named {name!r}{nearest(name, apps)}")
        return self

    @model_validator(mode="after")
    def _events_name_apps(self) -> Config:
        apps = {name for name, source in self.sources.items() if source.role is not Role.HRIS}
        for name in (one.source for one in self.events):
            if name not in apps:
                raise ValueError(f"events: no app is named {name!r}{nearest(name, apps)}")
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
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        mistakes = [explain(item, Config) for item in error.errors(include_url=False)]
        raise ConfigError(f"{path}: {'; '.join(mistakes)}", "see: ghostscan init") from None
