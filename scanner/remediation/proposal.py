"""Which findings may be planned: those that positive evidence supports, and no others.

Absence proves nothing. A departed person must be named by an HRIS record, and the account must be
theirs by two facts that agree; an orphan, or a match by one fact, needs a reviewer's decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collectors.base import Operation
from scanner.errors import UsageError
from scanner.model import Account, Choice
from scanner.remediation.basis import Basis, Owner, Place, Suspect
from scanner.remediation.decision import Decision, Decisions
from scanner.remediation.plan import LeftOut, Switches
from scanner.remediation.protected import Identity, Protection, likeness

STANDING = frozenset({"ghost_active", "reactivated"})
"""Kinds that can be planned because an HRIS record says that the person departed."""

DECIDABLE = STANDING | {"orphan_account", "unowned_nonhuman"}
"""Kinds that a reviewer's decision makes plannable."""

MEMBERSHIP = "leaver_membership"
DISPUTED = "ambiguous_identity"
PLANNED = DECIDABLE | {MEMBERSHIP, DISPUTED}
"""Kinds about which a plan says anything at all."""

FACTS_NEEDED = 2

_WORDS: Mapping[str, str] = {
    "waived": "somebody accepted this finding",
    "kept": "a reviewer decided to keep it",
    "investigated": "a reviewer is still looking into it",
    "undecidable": "a reviewer decided about it, but findings of its kind cannot be planned",
    "disputed": "its owner is in doubt; correct the records first",
    "disputed_decided": "refused, whatever a reviewer decided: its owner is in doubt",
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

    Both are in order of app, account and group; two findings about one account are one proposal,
    and a decision against deactivating it holds whichever of them it is about. Raises UsageError
    for a decision about what is no finding of the run.
    """
    _refuse_strangers(basis, decisions)
    proposals: dict[tuple[str, str, str], Proposal] = {}
    left_out = []
    spared = _spared(basis, decisions)
    for suspect in sorted(basis.suspects, key=lambda one: (one.app, one.account_id, one.id)):
        account = basis.accounts.get((suspect.app, suspect.account_id))
        decision = decisions.by_finding.get(suspect.id)
        if suspect.kind not in PLANNED and decision is not None:
            left_out.append(_left_out(suspect, "undecidable"))
        if account is None or suspect.kind not in PLANNED:
            continue
        if suspect.kind != MEMBERSHIP:
            decision = spared.get((suspect.app, suspect.account_id), decision)
        code = next(_objections(basis, suspect, account, protection, decision, switches), None)
        if code is not None:
            left_out.append(_left_out(suspect, code))
            continue
        operation = Operation.REMOVE_MEMBER if suspect.kind == MEMBERSHIP else Operation.DEACTIVATE
        owner = basis.owners.get((suspect.app, suspect.account_id))
        place = (suspect.app, suspect.account_id, suspect.group_id or "")
        proposals.setdefault(place, Proposal(suspect, account, operation, owner, decision))
    return tuple(proposals[place] for place in sorted(proposals)), tuple(left_out)


def _refuse_strangers(basis: Basis, decisions: Decisions) -> None:
    strangers = decisions.by_finding.keys() - {one.id for one in basis.suspects}
    if strangers:
        raise UsageError(
            f"decided about {min(strangers)}, which is no finding about an account of {basis.run}",
            "the ids stand in findings.csv of the run",
        )


def _spared(basis: Basis, decisions: Decisions) -> dict[Place, Decision]:
    """Give the accounts that a reviewer decided not to deactivate, whichever finding it was."""
    found: dict[Place, Decision] = {}
    for suspect in basis.suspects:
        decision = decisions.by_finding.get(suspect.id)
        if decision and decision.decision != Choice.DEACTIVATE and suspect.kind != MEMBERSHIP:
            place = (suspect.app, suspect.account_id)
            if place not in found or decision.decision == Choice.KEEP:
                found[place] = decision
    return found


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
    yield from _decided_against(suspect, decision)
    if basis.sources[suspect.app].exported:
        yield "export"
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


def _decided_against(suspect: Suspect, decision: Decision | None) -> Iterator[str]:
    """What a reviewer decided that stands against planning, and what no decision can change."""
    chosen = None if decision is None else decision.decision
    if chosen == Choice.KEEP:
        yield "kept"
    if chosen == Choice.INVESTIGATE:
        yield "investigated"
    if suspect.kind == DISPUTED:
        yield "disputed" if chosen is None else "disputed_decided"
    if suspect.kind == MEMBERSHIP and chosen == Choice.DEACTIVATE:
        yield "undecidable"


def missing_proof(basis: Basis, suspect: Suspect, account: Account) -> str | None:
    """Give the code of why only a reviewer's decision can plan a finding; None: it needs none."""
    return next(_unproved(basis, suspect, account, None), None)


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
