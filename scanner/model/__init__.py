"""The vocabulary: what a source, a person, an account, a reading and a finding are.

Everything here is frozen and already validated. Instants are aware datetimes in UTC.
``None`` always means "not known" or "not sent", never "no" and never "empty".
Terms follow RFC 7643, RFC 7644 and the usage of identity governance (linked, unmatched,
disputed).
"""

from scanner.model.finding import (
    AccountRef,
    Candidate,
    Finding,
    GroupRef,
    PersonRef,
    Rule,
    Severity,
    Situation,
)
from scanner.model.record import (
    Account,
    AccountEvent,
    EventKind,
    Group,
    Membership,
    Person,
    PersonStatus,
    Pointer,
    Records,
)
from scanner.model.register import (
    NO_REGISTERS,
    ManualLink,
    NonHuman,
    Protected,
    RegisterFile,
    Registers,
    Waiver,
)
from scanner.model.result import App, Audit, Policy, Snapshot, Tool, Verdict
from scanner.model.source import (
    Earlier,
    Guard,
    Headcount,
    Population,
    Progress,
    ProgressListener,
    ProofPoint,
    Reading,
    Reason,
    Resource,
    Role,
    State,
)
from scanner.model.survey import Ability, PageSurvey, SignIn, Survey

__all__ = [
    "NO_REGISTERS",
    "Ability",
    "Account",
    "AccountEvent",
    "AccountRef",
    "App",
    "Audit",
    "Candidate",
    "Earlier",
    "EventKind",
    "Finding",
    "Group",
    "GroupRef",
    "Guard",
    "Headcount",
    "ManualLink",
    "Membership",
    "NonHuman",
    "PageSurvey",
    "Person",
    "PersonRef",
    "PersonStatus",
    "Pointer",
    "Policy",
    "Population",
    "Progress",
    "ProgressListener",
    "ProofPoint",
    "Protected",
    "Reading",
    "Reason",
    "Records",
    "RegisterFile",
    "Registers",
    "Resource",
    "Role",
    "Rule",
    "Severity",
    "SignIn",
    "Situation",
    "Snapshot",
    "State",
    "Survey",
    "Tool",
    "Verdict",
    "Waiver",
]
