"""About which apps a run could conclude what: an empty table must never say more than that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from reports.words import ENTITLED_KINDS, GROUP_KINDS, HISTORY_KINDS, RECORD_KINDS, RUN_KINDS
from scanner.model import App, Audit, Role, State


def accounts_concluded(audit: Audit) -> tuple[App, ...]:
    """Return the apps whose accounts were judged: read completely, and every HRIS too."""
    if not _people_whole(audit):
        return ()
    whole = {one.source for one in audit.sources if one.state is State.COMPLETE}
    return tuple(app for app in audit.apps if app.name in whole)


def memberships_concluded(audit: Audit) -> tuple[App, ...]:
    """Return the apps whose memberships were judged: accounts concluded, groups read completely."""
    whole = {one.source for one in audit.sources if one.groups.state is State.COMPLETE}
    return tuple(app for app in accounts_concluded(audit) if app.name in whole)


def withheld_groups(audit: Audit) -> Mapping[str, str]:
    """Say of the apps whose memberships were judged in how many groups it is not known who belongs.

    A text such as ``2 groups``; apps in which nothing was withheld are left out.
    """
    judged = {app.name for app in memberships_concluded(audit)}
    groups = {
        (one.app, one.group)
        for one in audit.findings
        if one.kind == "collection_incomplete" and one.group is not None and one.app in judged
    }
    counted = Counter(app for app, _ in groups)
    return {app: "1 group" if one == 1 else f"{one} groups" for app, one in counted.items()}


def is_concluded(audit: Audit, source: str, kind: str) -> bool:
    """Tell whether no finding of a kind about a source means that there is nothing to find."""
    if kind in RUN_KINDS:
        return True
    if kind in HISTORY_KINDS and audit.previous_run is None:
        return False
    if kind in RECORD_KINDS:
        return _people_whole(audit)
    if kind in ENTITLED_KINDS and source in withheld_groups(audit):
        return False
    judged = memberships_concluded if kind in GROUP_KINDS else accounts_concluded
    return source in {one.name for one in judged(audit)}


def _people_whole(audit: Audit) -> bool:
    people = [one for one in audit.sources if one.role is Role.HRIS]
    return all(one.state is State.COMPLETE for one in people)
