"""``ghostscan.toml``: what a person writes, checked before anything is done.

Unknown keys are errors that name the key and the nearest valid one. Secrets are references
(``env:NAME``, ``file:PATH``, ``keyring:service/user``, ``command:ARGV``); a literal is refused.
"""

from scanner.config.auth import SECRET_SCHEMES, Auth, Basic, Header, Mtls, OAuth2
from scanner.config.baseline import approve, approved_words, baseline_bytes, parse_baseline
from scanner.config.correlation import Correlation, a_label
from scanner.config.engine import EMBEDDED
from scanner.config.events import EVENT_ATTRIBUTES, EventFile
from scanner.config.export import (
    MEMBERSHIP_ATTRIBUTES,
    SUFFIXES,
    Export,
    Format,
    MembershipFile,
)
from scanner.config.file import (
    SOURCE_NAME,
    Config,
    Entitlement,
    LoadedConfig,
    RegisterSettings,
    load_config,
    parse_config,
)
from scanner.config.limit import RemovalLimit, parse_limit
from scanner.config.registers import UNWAIVABLE, load_registers, parse_registers
from scanner.config.remediation import Remediation, Thresholds
from scanner.config.source import (
    ACCOUNT_ATTRIBUTES,
    FILE,
    PERSON_ATTRIBUTES,
    Excuse,
    Source,
    StateValues,
    StatusValues,
)
from scanner.config.url import is_loopback

__all__ = [
    "ACCOUNT_ATTRIBUTES",
    "EMBEDDED",
    "EVENT_ATTRIBUTES",
    "FILE",
    "MEMBERSHIP_ATTRIBUTES",
    "PERSON_ATTRIBUTES",
    "SECRET_SCHEMES",
    "SOURCE_NAME",
    "SUFFIXES",
    "UNWAIVABLE",
    "Auth",
    "Basic",
    "Config",
    "Correlation",
    "Entitlement",
    "EventFile",
    "Excuse",
    "Export",
    "Format",
    "Header",
    "LoadedConfig",
    "MembershipFile",
    "Mtls",
    "OAuth2",
    "RegisterSettings",
    "Remediation",
    "RemovalLimit",
    "Source",
    "StateValues",
    "StatusValues",
    "Thresholds",
    "a_label",
    "approve",
    "approved_words",
    "baseline_bytes",
    "is_loopback",
    "load_config",
    "load_registers",
    "parse_baseline",
    "parse_config",
    "parse_limit",
    "parse_registers",
]
