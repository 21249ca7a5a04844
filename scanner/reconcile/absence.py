"""Why no rule made a finding of an account: the first condition of each that does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from scanner.model import State
from scanner.reconcile.case import Case
from scanner.reconcile.correlation import key_words
from scanner.reconcile.entitlement import read_withheld
from scanner.reconcile.parquet import read_rows
from scanner.reconcile.queries import result_path
from scanner.reconcile.sentences import instant
from scanner.reconcile.tables import table_path


def conclusion(case: Case) -> str:
    """Return in a sentence or two what was concluded of an account."""
    app, _ = case.place
    if case.withheld:
        causes = " and ".join(f"{source} was {why}" for source, why in case.withheld)
        return f"Nothing is concluded about the accounts of {app}: {causes}."
    if not case.account:
        return f"The account is gone from {app}: a complete reading does not have it any more."
    if case.registered:
        row = case.registered[0]
        owner = f", owned by {row['owner_named']}" if row["owner_named"] else ""
        return f"It is registered as {row['type'].replace('_', ' ')} account{owner}."
    return f"{_situation(case)} The account is {case.state}."


def _situation(case: Case) -> str:
    verdict = case.situation.get("situation")
    if verdict == "disputed":
        return "Whose it is is in doubt: its keys do not lead to one person for sure."
    if verdict != "linked":
        return "No key of it names anybody in the HRIS."
    words = key_words()[case.situation["matched_by"]]
    return f"It is linked by {words} to {case.name}, who {_standing(case)}."


def _standing(case: Case) -> str:
    departed_at = case.owner["departed_at"]
    if case.owner["departed"]:
        return "has left" if departed_at is None else f"has left ({instant(departed_at)})"
    status = f"status {case.owner['status'].replace('_', ' ')}"
    date = "" if departed_at is None else f", departure {instant(departed_at)}"
    unsure = ", records entangled" if case.owner["entangled"] else ""
    return f"has not departed ({status}{date}{unsure})"


def absences(case: Case) -> Iterator[tuple[str, str]]:
    """Say of every kind of finding about accounts why there is none."""
    if case.withheld:
        yield "every rule", "looks only at apps that were completely read, and only where"
        yield "", "every HRIS was: whoever is missing may be in what was not read"
        yield from case.withheld
        return
    for kind, checks in _CHECKS.items():
        told = (check(case) for check in checks)
        nothing = f"no row of correlation/{kind}.parquet is about it"
        yield kind, next((words for words in told if words), nothing)


_Check = Callable[[Case], str]
"""Says why a condition does not hold; says nothing where it does."""


def _linked(case: Case) -> str:
    if case.owner:
        return ""
    in_doubt = case.situation.get("situation") == "disputed"
    return "its owner is in doubt" if in_doubt else "it is linked to nobody"


def _unmatched(case: Case) -> str:
    if case.owner:
        return f"it is linked to {case.name}"
    return "its keys name somebody" if case.situation.get("situation") == "disputed" else ""


def _disputed(case: Case) -> str:
    in_doubt = case.situation.get("situation") == "disputed"
    return "" if in_doubt else "its keys do not contradict each other"


def _departed(case: Case) -> str:
    return "" if case.owner["departed"] else f"{case.name} {_standing(case)}"


def _employed(case: Case) -> str:
    return f"{case.name} {_standing(case)}" if case.owner.get("departed") else ""


def _active(case: Case) -> str:
    return "" if case.state == "active" else f"the account is {case.state}"


def _inactive(case: Case) -> str:
    return f"the account is {case.state}" if case.state.startswith(("active", "not said")) else ""


def _past_due(case: Case) -> str:
    due = case.owner["removal_due_at"]
    return "" if case.owner["past_due"] else f"removal is not due before {instant(due)}"


def _time_left(case: Case) -> str:
    return "there is no time left to remove it" if case.owner["past_due"] else ""


def _switched_on(case: Case) -> str:
    again = case.seen.get("reactivated_at")
    return "" if again else "no run saw it switched on again"


def _on_all_along(case: Case) -> str:
    again = case.seen.get("reactivated_at")
    return "it was switched on again, which reactivated says" if again else ""


def _used(case: Case) -> str:
    last = case.account.get("last_activity_at")
    return "" if last else f"{case.place[0]} does not show when it was last used"


def _used_in_time(case: Case) -> str:
    return f"it was last used {instant(case.account['last_activity_at'])}"


def _limited(case: Case) -> str:
    (limits,) = read_rows(case.folder / "tables/thresholds.parquet")
    before = limits["dormant_before"]
    if before is None:
        return "the policy names no time without use (dormant_after)"
    last = case.account.get("last_activity_at")
    if last is None or last <= before:
        return ""
    return f"last used {instant(last)}, later than {instant(before)}"


def _human(case: Case) -> str:
    return "it is registered as non-human" if case.registered else ""


def _nonhuman(case: Case) -> str:
    return "" if case.registered else "it is not registered as non-human"


def _looked_after(case: Case) -> str:
    if case.state != "active":
        return f"the account is {case.state}"
    return "its owner is known and has not departed, and no review is overdue"


def _external(case: Case) -> str:
    kinds = read_rows(case.folder / "tables/external_worker_types.parquet")
    listed = {row["worker_type_key"] for row in kinds}
    if case.person.get("worker_type_key") in listed:
        return ""
    return f"{case.name} is no external worker"


def _engaged(case: Case) -> str:
    end = case.owner["departed_at"]
    return "the engagement has no end date" if end is None else f"the end is {instant(end)}"


def _judged(case: Case) -> str:
    if case.removal:
        return ""
    (run,) = read_rows(case.folder / "tables/run.parquet")
    by = case.seen.get("concluded_run")
    if by not in {None, run["run"]}:
        return f"how soon it was removed was judged in {by}"
    return f"the departure is before the time tested, from {instant(run['tested_from'])} on"


def _not_in_time(case: Case) -> str:
    if case.removal["verdict"] != "within":
        return ""
    latest, due = case.removal["latest_at"], case.owner["removal_due_at"]
    until = "" if due is None else f", due {instant(due)}"
    return f"removed in time: no later than {instant(latest)}{until}"


def _late(case: Case) -> str:
    unclear = case.removal["verdict"] == "indeterminate"
    return "it is not certain that it was removed too late" if unclear else ""


def _unclear(case: Case) -> str:
    if case.removal["verdict"] == "late":
        return "it is certain that it was removed too late"
    unseen = case.removal["earliest_at"] is None and case.removal["seen_from_the_first"]
    return "it was removed before anybody looked, so it is counted as not known" if unseen else ""


def _groups_read(case: Case) -> str:
    app, _ = case.place
    rows = read_rows(case.folder / "tables/sources.parquet", ("source", [app]))
    complete = any(row["groups_state"] == State.COMPLETE for row in rows)
    return "" if complete else f"the groups of {app} were not completely read"


def _in_no_group(case: Case) -> str:
    return "" if _groups(case) else "it is a member of no group"


def _as_expected(case: Case) -> str:
    app, _ = case.place
    # Entitlements ask about people, a baseline about accounts.
    known = ("governed_groups", "approved_groups") if case.owner else ("approved_groups",)
    judged = {
        row["group_id"]
        for name in known
        for row in read_rows(result_path(case.folder, name), ("app", [app]))
    }
    rows = read_rows(table_path(case.folder, "groups", app), ("group_id", judged)) if judged else ()
    names = ", ".join(sorted(row["display_name"] or row["group_id"] for row in rows))
    said = [f"as expected in the groups that are judged: {names}"] if names else []
    withheld = sorted(named for source, named in read_withheld(case.folder) if source == app)
    said += [f"nothing is concluded about who is in {', '.join(withheld)}"] if withheld else []
    return "; ".join(said) or f"nothing says whether it is expected in a group of {app}"


def _groups(case: Case) -> set[str]:
    app, account_id = case.place
    path = table_path(case.folder, "memberships", app)
    rows = read_rows(path, ("member_id", [account_id])) if path.exists() else ()
    return {row["group_id"] for row in rows if row["member_type"] == "User"}


def _failed_before(case: Case) -> str:
    app, account_id = case.place
    path = case.folder / "tables/earlier/remediations.parquet"
    rows = read_rows(path, ("account_id", [account_id]))
    return "" if any(row["source"] == app for row in rows) else "no deactivation of it has failed"


_CHECKS: Mapping[str, tuple[_Check, ...]] = {
    "ghost_active": (_linked, _departed, _active, _past_due, _on_all_along),
    "ghost_pending": (_linked, _departed, _active, _time_left, _on_all_along),
    "reactivated": (_linked, _departed, _active, _switched_on),
    "late_deprovisioning": (_linked, _departed, _inactive, _judged, _not_in_time, _late),
    "timeliness_indeterminate": (
        _linked,
        _departed,
        _inactive,
        _judged,
        _not_in_time,
        _unclear,
    ),
    "used_after_departure": (_linked, _departed, _used, _used_in_time),
    "leaver_membership": (_linked, _departed, _past_due, _groups_read, _in_no_group),
    "group_drift": (_groups_read, _employed, _as_expected),
    "engagement_expired": (_linked, _employed, _active, _external, _engaged),
    "dormant_account": (_linked, _employed, _active, _human, _limited, _used),
    "orphan_account": (_unmatched, _human, _active),
    "ambiguous_identity": (_disputed, _active),
    "unowned_nonhuman": (_nonhuman, _looked_after),
    "remediation_failed": (_linked, _departed, _failed_before, _active),
}
"""The conditions of each rule, in the order of its query."""
