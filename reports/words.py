"""The fixed words of every report: verdicts, states, what is meant and what is not proved."""

from __future__ import annotations

from types import MappingProxyType

from scanner.model import Role, State, Verdict

SENTENCES = MappingProxyType(
    {
        Verdict.CLEAN: "No deviations noted",
        Verdict.FINDINGS: "Deviations noted",
        Verdict.INCOMPLETE: "Unable to conclude",
    }
)
"""What a verdict is called in front of people; nothing is ever scored or called passed."""

EXPLANATIONS = MappingProxyType(
    {
        Verdict.CLEAN: (
            "Every source was proved complete, and no query of the catalogue returned a deviation."
        ),
        Verdict.FINDINGS: (
            "Every source a conclusion needs was proved complete. The deviations are listed below, "
            "each with the evidence it rests on."
        ),
        Verdict.INCOMPLETE: (
            "At least one source was not proved complete, so nothing is concluded about what it "
            "holds. Findings of the sources that were proved complete are still listed."
        ),
    }
)

ROLES = MappingProxyType({Role.HRIS: "HRIS", Role.IDP: "identity provider", Role.APP: "app"})

STATES = MappingProxyType(
    {
        State.COMPLETE: "complete",
        State.INCOMPLETE: "incomplete",
        State.NOT_READ: "not read",
    }
)

GROUP_KINDS = frozenset({"leaver_membership", "group_drift"})
"""Finding kinds that need the groups of an app as well as its accounts."""

ENTITLED_KINDS = frozenset({"group_drift"})
"""Those of them that need to know who is expected in a group as well."""

RECORD_KINDS = frozenset({"hr_data_quality"})
"""Finding kinds about the HRIS alone."""

RUN_KINDS = frozenset({"collection_incomplete", "missed_run", "waiver_expired"})
"""Finding kinds about the audit itself, concluded whatever could be read."""

HISTORY_KINDS = frozenset({"reactivated"})
"""Finding kinds that compare with an earlier run."""

SCOPES = MappingProxyType(
    {
        "group_drift": (
            "Compared for groups that an entitlement or the approved baseline names; in others, "
            "only for people whose department or title changed since the audit before."
        ),
        "dormant_account": "Only for accounts whose app reports when they were last used.",
        "used_after_departure": "Only for accounts whose app reports when they were last used.",
        "reactivated": "Compared with earlier runs of the same configuration.",
    }
)

DIRECTIONS = MappingProxyType(
    {
        "unexpected": "member, not expected",
        "missing": "expected, not a member",
    }
)

METHOD = (
    (
        "Each source was asked over HTTP with requests that can only read (GET), or is an export "
        "that was read from a file. Every response and every file was stored as received before "
        "anything was taken from it."
    ),
    (
        "A population counts as complete only where every point of its proof held. Completeness is "
        "never assumed, and nothing is concluded from a population without it."
    ),
    (
        "Accounts were correlated with the people of the HRIS by the keys listed below, in that "
        "order. What each account was linked by stands next to every finding."
    ),
    (
        "Each kind of finding is one query over four tables: people, accounts, groups and "
        "memberships. The query is printed with its result and can be run again from the run "
        "folder without a network."
    ),
)

LIMITS = (
    (
        "Sessions, tokens and API keys were not examined. An inactive account can leave some of "
        "them in use."
    ),
    (
        "Only accounts that a source's interface shows were examined. Some vendors leave out "
        "guests, suspended accounts, or accounts that do not sign in through single sign-on."
    ),
    (
        "One run sees one moment. When an account was removed is known only where the source says "
        "so, or as closely as earlier runs bound it."
    ),
    "Who has left is taken from the HRIS. A departure recorded late or not at all is not seen.",
    "Systems that are not listed under sources were not examined.",
    (
        "A finding supports the evaluation of a control. It does not by itself mean that the "
        "control failed."
    ),
)
