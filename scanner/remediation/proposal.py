"""Which findings may be planned: those that positive evidence supports, and no others.

Absence proves nothing. A departed person must be named by an HRIS record, and the account must be
theirs by two facts that agree; an orphan, or a match by one fact, needs a reviewer's decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collectors.base import Operation
from scanner.model import Account
from scanner.remediation.basis import Basis, Owner, Suspect
from scanner.remediation.decision import Decision, Decisions
from scanner.remediation.plan import LeftOut, Switches
from scanner.remediation.protected import Identity, Protection, likeness

STANDING = frozenset({"ghost_active", "reactivated"})
"""Kinds that can be planned because an HRIS record says that the person departed."""

DECIDABLE = STANDING | {"orphan_account", "unowned_nonhuman"}
"""Kinds that a reviewer's decision makes plannable."""

MEMBERSHIP = "leaver_membership"
DISPUTED = "ambiguous_identity"
FACTS_NEEDED = 2

_WORDS: Mapping[str, str] = {
    "waived": "somebody accepted this finding",
    "kept": "a reviewer decided to keep it",
    "disputed": "its keys name more than one person; correct the records first",
    "undecided": "nothing shows whose it is; only a reviewer's decision can plan it",
    "weak_match": "one fact alone links it to the person; a reviewer must decide",
    "not_departed": "no HRIS record says that its person departed",
    "not_active": "the app did not say that it is active",
    "protected": "it is protected; manual action needed",
    "privileged": "it is privileged; name it with --privileged",
    "export": "its app was read from an export; switch it off in the app itself",
    "indirect": "it is held through a nested group; change that group instead",
    "not_asked": "removing memberships was not asked for; see --memberships",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """One finding that may be planned, and what its request will be about."""

    suspect: Suspect
    account: Account
    operation: Operation
    owner: Owner | None
    decision: Decision | None


def propose(
    basis: Basis, protection: Protection, decisions: Decisions, switches: Switches
) -> tuple[tuple[Proposal, ...], tuple[LeftOut, ...]]:
    """Sort the findings of a run into those that may be planned and those left out, with why.

    Both are in order of app, account and group; two findings about one account are one proposal.
    """
    proposals: dict[tuple[str, str, str], Proposal] = {}
    left_out = []
    for suspect in sorted(basis.suspects, key=lambda one: (one.app, one.account_id, one.id)):
        account = basis.accounts.get((suspect.app, suspect.account_id))
        if account is None or suspect.kind not in DECIDABLE | {MEMBERSHIP, DISPUTED}:
            continue
        decision = decisions.by_finding.get(suspect.id)
        code = next(_objections(basis, suspect, account, protection, decision, switches), None)
        if code is not None:
            left_out.append(_left_out(suspect, code))
            continue
        operation = Operation.REMOVE_MEMBER if suspect.kind == MEMBERSHIP else Operation.DEACTIVATE
        owner = basis.owners.get((suspect.app, suspect.account_id))
        place = (suspect.app, suspect.account_id, suspect.group_id or "")
        proposals.setdefault(place, Proposal(suspect, account, operation, owner, decision))
    return tuple(proposals[place] for place in sorted(proposals)), tuple(left_out)


def _objections(
    basis: Basis,
    suspect: Suspect,
    account: Account,
    protection: Protection,
    decision: Decision | None,
    switches: Switches,
) -> Iterator[str]:
    """Every reason not to plan a finding, the weightiest first."""
    if suspect.waived:
        yield "waived"
    if decision is not None and decision.decision == "keep":
        yield "kept"
    if basis.sources[suspect.app].exported:
        yield "export"
    if suspect.kind == DISPUTED:
        yield "disputed"
    if suspect.kind == MEMBERSHIP and not switches.memberships:
        yield "not_asked"
    if suspect.indirect:
        yield "indirect"
    yield from _unproved(basis, suspect, account, decision)
    if suspect.kind != MEMBERSHIP and account.active is not True:
        yield "not_active"
    if protection.reason(identity_of(account)) is not None:
        yield "protected"
    if account.privileged and f"{suspect.app}:{account.account_id}" not in switches.privileged:
        yield "privileged"


def _unproved(
    basis: Basis, suspect: Suspect, account: Account, decision: Decision | None
) -> Iterator[str]:
    """What is missing in the evidence that the person departed and that the account is theirs."""
    if decision is not None and suspect.kind in DECIDABLE:
        return
    if suspect.kind not in STANDING | {MEMBERSHIP}:
        yield "undecided"
        return
    owner = basis.owners.get((suspect.app, suspect.account_id))
    if owner is None or not owner.departed:
        yield "not_departed"
    elif len(agreeing_facts(suspect, account, owner)) < FACTS_NEEDED:
        yield "weak_match"


def agreeing_facts(suspect: Suspect, account: Account, owner: Owner) -> frozenset[str]:
    """Name the facts by which the account is the owner's; an address counts once."""
    facts = {name for name, _ in suspect.keys if name in ("employee_number", "external_id")}
    facts |= {f"text {value}" for name, value in suspect.keys if name in ("email", "user_name")}
    shown = (likeness(account.display_name or ""), likeness(owner.display_name or ""))
    if shown[0] and shown[0] == shown[1]:
        facts.add("display_name")
    return frozenset(facts)


def identity_of(account: Account) -> Identity:
    """Give what the list of protected accounts is matched with."""
    return Identity(
        account.source,
        account.account_id,
        account.user_name,
        account.emails,
        account.display_name,
    )


def _left_out(suspect: Suspect, code: str) -> LeftOut:
    return LeftOut(suspect.id, suspect.app, suspect.account_id, code, _WORDS[code])
