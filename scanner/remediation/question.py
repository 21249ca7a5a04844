"""What a reviewer is asked: one question for each finding that a decision can change.

Made from the sealed run and the vendors' profiles alone, so that what comes back can be compared
with what was asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scanner.errors import UsageError
from scanner.evidence.canonical import canonical_json, instant_text
from scanner.model import Account, Need, Question
from scanner.remediation.basis import Basis, Owner, Suspect
from scanner.remediation.proposal import DECIDABLE, DISPUTED, missing_proof

_MISSING = {
    "undecided": "needed: nothing shows whose it is",
    "weak_match": "needed: one fact alone links it to the person",
    "not_departed": "needed: no HRIS record says that its person departed",
}
_PLAIN = "optional: it can be planned as it is; keep spares it"
_DOUBTED = "keep or investigate only: its owner is in doubt; correct the records"
_WORDED = {True: "yes", False: "no", None: "unknown"}

Row = Mapping[str, Any]


def questions(
    basis: Basis,
    findings: Sequence[Row],
    effects: Mapping[str, str],
    only: Sequence[str] = (),
) -> tuple[Question, ...]:
    """Give the questions of a run, those that need a decision first, then by app and account.

    ``findings`` are the rows of ``findings.json``, ``effects`` says by app what deactivating does.
    With ``only`` those of these apps alone; UsageError names one that the run does not know. A
    finding that was waived, and an account that is not active, cannot be decided about.
    """
    for name in only:
        if name not in basis.apps:
            raise UsageError(
                f"--app {name}: no app has this name", f"apps of the run: {', '.join(basis.apps)}"
            )
    rows = {row["id"]: row for row in findings}
    found = [
        _question(basis, one, basis.accounts[one.app, one.account_id], rows[one.id], effects)
        for one in basis.suspects
        if _is_asked(basis, one) and (not only or one.app in only)
    ]
    order = list(Need)
    return tuple(
        sorted(found, key=lambda one: (order.index(one.need), one.app, one.account_id, one.finding))
    )


def digest_of(asked: Iterable[Question]) -> str:
    """Give one SHA-256 over everything that was asked."""
    texts = [dict(one.text) for one in asked]
    return hashlib.sha256(canonical_json(texts)).hexdigest()


def _is_asked(basis: Basis, suspect: Suspect) -> bool:
    account = basis.accounts.get((suspect.app, suspect.account_id))
    kinds = DECIDABLE | {DISPUTED}
    return (
        suspect.kind in kinds
        and not suspect.waived
        and account is not None
        and account.active is True
    )


def _question(
    basis: Basis, suspect: Suspect, account: Account, row: Row, effects: Mapping[str, str]
) -> Question:
    owner = basis.owners.get((suspect.app, suspect.account_id))
    need, said = _need(basis, suspect, account)
    text = {
        **_facts(suspect, account, row),
        "if_deactivated": effects[suspect.app],
        "decision_is": said,
        **_details(account, row),
    }
    return Question(suspect.id, suspect.app, account.account_id, need, text, _names(account, owner))


def _need(basis: Basis, suspect: Suspect, account: Account) -> tuple[Need, str]:
    if suspect.kind == DISPUTED:
        return Need.DISPUTED, _DOUBTED
    missing = missing_proof(basis, suspect, account)
    return (Need.OPTIONAL, _PLAIN) if missing is None else (Need.NEEDED, _MISSING[missing])


def _facts(suspect: Suspect, account: Account, row: Row) -> dict[str, str]:
    return {
        "app": suspect.app,
        "account": _first(account.user_name, *account.emails, account.account_id),
        "account_name": account.display_name or "",
        "person": _person(row["person"]),
        "why": row["detail"],
        "suggestions": "; ".join(_suggestion(one) for one in row["suggestions"]),
    }


def _details(account: Account, row: Row) -> dict[str, str]:
    person = row["person"] or {}
    days = row["days_since_departure"]
    return {
        "finding_id": row["id"],
        "kind": row["kind"],
        "severity": row["severity"],
        "account_id": account.account_id,
        "email": "; ".join(account.emails),
        "privileged": _WORDED[account.privileged],
        "created_at_utc": instant_text(account.created_at) if account.created_at else "",
        "last_activity_utc": (
            instant_text(account.last_activity_at) if account.last_activity_at else ""
        ),
        "person_status": person.get("status") or "",
        "departed_at_utc": person.get("departed_at") or "",
        "days_since_departure": "" if days is None else str(days),
        "matched_by": row["matched_by"] or "",
        "first_seen_run": row["first_seen"],
    }


def _first(*names: str | None) -> str:
    return next(name for name in names if name)


def _person(person: Row | None) -> str:
    if person is None:
        return ""
    return f"{person['display_name'] or 'no name'} ({person['id']})"


def _suggestion(one: Row) -> str:
    return f"may belong to {one['display_name'] or 'no name'} ({one['person_id']}): {one['why']}"


def _names(account: Account, owner: Owner | None) -> tuple[str, ...]:
    shown = (account.account_id, account.user_name, *account.emails, account.display_name)
    person = (owner.person_id, owner.display_name) if owner else ()
    return tuple(name for name in (*shown, *person) if name)
