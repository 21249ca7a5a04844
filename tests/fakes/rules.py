"""A catalogue of finding kinds for made-up runs; the queries are only to be looked at."""

from __future__ import annotations

from scanner.model import Rule, Severity

_CATALOGUE = (
    (
        "ghost_active",
        "Active account of a departed person",
        (
            "The HRIS says the person has left, the time the policy allows is over, and the "
            "account can still sign in."
        ),
        "high",
        "Deactivate the account, and find out why offboarding missed it.",
        ("SOC2:CC6.2", "SOC2:CC6.3", "ISO27001:A.5.18", "NIST800-53:PS-4", "PCI:8.2.5"),
    ),
    (
        "reactivated",
        "Account switched on again after departure",
        (
            "The account was inactive in an earlier run and is active now, although the person is "
            "still departed."
        ),
        "critical",
        "Deactivate the account and ask who switched it on, and why.",
        ("SOC2:CC6.2", "SOC2:CC7.2", "ISO27001:A.8.15", "NIST800-53:AC-2(4)"),
    ),
    (
        "used_after_departure",
        "Account used after departure",
        "The app reports activity later than the moment the person left.",
        "critical",
        "Treat as a possible incident: deactivate, keep the logs, evaluate.",
        ("SOC2:CC7.2", "SOC2:CC7.3", "ISO27001:A.5.25", "NIST800-53:IR-4"),
    ),
    (
        "orphan_account",
        "Active account without a person",
        (
            "No person in the HRIS matches the account on any key, and it is not registered as a "
            "service account."
        ),
        "high",
        "Name an owner, or deactivate the account.",
        ("SOC2:CC6.1", "SOC2:CC6.2", "ISO27001:A.5.16", "NIST800-53:AC-2"),
    ),
    (
        "leaver_membership",
        "Departed person still in a group",
        (
            "The person has left and is still a member of a group, even where the account is "
            "inactive: if it is switched on again the access is back."
        ),
        "medium",
        "Remove the membership.",
        ("SOC2:CC6.3", "ISO27001:A.5.18", "NIST800-53:PS-4"),
    ),
    (
        "group_drift",
        "Group membership differs from what was expected",
        (
            "The members of the group are not those that the entitlement rule or the mirrored "
            "group expects."
        ),
        "medium",
        "Remove unexpected members, add missing ones, or correct the rule.",
        ("SOC2:CC6.3", "ISO27001:A.5.18", "NIST800-53:PS-5"),
    ),
    (
        "engagement_expired",
        "Engagement over, account active",
        "The end date of a contractor has passed and the account is active.",
        "high",
        "Deactivate the account, or record the new end date in the HRIS.",
        ("SOC2:CC6.2", "SOC2:CC9.2", "ISO27001:A.5.19", "NIST800-53:PS-7"),
    ),
    (
        "unowned_nonhuman",
        "Service account without an owner",
        "A service, shared or bot account has no owner, or its owner has left.",
        "medium",
        "Name a current owner.",
        ("SOC2:CC6.1", "ISO27001:A.8.2", "NIST800-53:AC-2(9)"),
    ),
    (
        "late_deprovisioning",
        "Account removed too late",
        "The account is inactive now, and was still active after the time the policy allows.",
        "medium",
        "Find out what delayed the removal.",
        ("SOC2:CC6.2", "SOC2:CC5.3", "ISO27001:A.5.18"),
    ),
    (
        "timeliness_indeterminate",
        "Time of removal not known well enough",
        (
            "The account is inactive; when it became so is known too loosely to compare with the "
            "policy."
        ),
        "low",
        "Run a snapshot every day, so that removals are bounded in time.",
        ("SOC2:CC2.1", "ISO27001:A.8.15"),
    ),
    (
        "dormant_account",
        "Account not used for a long time",
        "The person is current, and the app reports no activity for longer than the policy names.",
        "low",
        "Ask whether the account is still needed.",
        ("SOC2:CC6.2", "NIST800-53:AC-2(3)"),
    ),
    (
        "ambiguous_identity",
        "Account that may belong to several people",
        "The strongest key that matched names more than one person.",
        "low",
        "Correct the attributes, or link the account by hand.",
        ("SOC2:CC6.1", "NIST800-53:IA-4"),
    ),
    (
        "hr_data_quality",
        "HRIS record that contradicts itself",
        "Dates or states of the HRIS record cannot all be true.",
        "low",
        "Correct the record in the HRIS.",
        ("SOC2:CC2.1", "NIST800-53:SI-10"),
    ),
    (
        "ghost_pending",
        "Departed, still within the time allowed",
        (
            "The person has left and the account is active, and the time the policy allows is not "
            "over yet. This is not a deviation."
        ),
        "info",
        "Nothing yet; the next run decides.",
        ("SOC2:CC6.2",),
    ),
    (
        "collection_incomplete",
        "Source not proved complete",
        "The source could not be read in full, or nothing proves that it was.",
        "high",
        "Remove the cause named below and run again.",
        ("SOC2:CC2.1", "SOC2:CC4.1", "NIST800-53:CA-7"),
    ),
    (
        "waiver_expired",
        "Accepted exception past its expiry",
        "A finding was accepted until a date that has passed.",
        "medium",
        "Resolve the finding, or have the exception approved again.",
        ("SOC2:CC4.2", "ISO27001:A.5.36"),
    ),
)


def sample_rules() -> tuple[Rule, ...]:
    """Sixteen kinds in the order of a report, most telling first."""
    return tuple(
        Rule(kind, title, meaning, Severity(severity), remedy, controls, _query(kind))
        for kind, title, meaning, severity, remedy, controls in _CATALOGUE
    )


def _query(kind: str) -> str:
    return (
        f"-- {kind}\n"
        "SELECT account.source, account.account_id, person.person_id\n"
        "FROM accounts AS account\n"
        "JOIN links USING (source, account_id)\n"
        "JOIN people AS person USING (person_id)\n"
        f"WHERE '{kind}' <> '' AND account.active\n"
        "ORDER BY account.source, account.account_id\n"
    )
