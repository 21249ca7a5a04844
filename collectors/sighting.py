"""What one page of a list shows of a source, and what an audit would miss there.

Everything here is told from the records of one page; nothing is asked, and nothing fails on odd
data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from collectors.domain import Domains, mail_domains
from collectors.oddity import PageSize, active_spelling, contradictions, page_quirks
from collectors.scim.expectation import Expectation, check_content
from collectors.scim.glance import look_at_group, look_at_user
from collectors.scim.message import ListPage
from collectors.scim.resource import (
    ACTIVE_UNKNOWN,
    Interpretation,
    read_account,
    read_person,
    read_user_groups,
)
from collectors.scim.size import possible_cap
from collectors.scim.walk import Glance, Page, Walk
from scanner.model import Ability, Account, Person, PersonStatus, Pointer, Reason, Resource, Role

Listed = Literal["yes", "no", "unknown"]
"""Whether a vendor is known to list its inactive users."""

NOTHING_EXPECTED = Expectation(may_be_empty=True)

_NOWHERE = Pointer("", 0)

_Known = Callable[[Account], object]
_ACCOUNT: tuple[tuple[str, _Known], ...] = (
    ("inactive", lambda account: account.active is False),
    ("user_name", lambda account: account.user_name),
    ("emails", lambda account: account.emails),
    ("employee_number", lambda account: account.employee_number),
    ("external_id", lambda account: account.external_id),
    ("created_at", lambda account: account.created_at),
    ("modified_at", lambda account: account.modified_at),
    ("last_activity_at", lambda account: account.last_activity_at),
)
_PERSON: tuple[tuple[str, Callable[[Person], object]], ...] = (
    ("user_name", lambda person: person.user_name),
    ("emails", lambda person: person.emails),
    ("employee_number", lambda person: person.employee_number),
    ("external_id", lambda person: person.external_id),
    ("hired_at", lambda person: person.hired_at),
)
KEYS = frozenset({"user_name", "emails", "employee_number", "external_id"})


@dataclass(frozen=True, slots=True)
class Sight:
    """What one page showed, what an audit would lack, remarks, and departures from RFC 7644.

    ``silent`` tells that there are users and none of them says whether it is active.
    """

    abilities: tuple[Ability, ...] = ()
    lacking: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    quirks: tuple[str, ...] = ()
    silent: bool = False

    def seen(self, name: str) -> int:
        """Give how many records showed ``name``."""
        return next((one.seen for one in self.abilities if one.name == name), 0)

    def without(self, code: str) -> Sight:
        """Give the same sight where what ``code`` names was found to be no lack after all."""
        return replace(self, lacking=tuple(one for one in self.lacking if one.code != code))


def look_at_users(
    page: ListPage,
    size: PageSize,
    how: Interpretation,
    listed: Listed = "unknown",
    expected: Expectation = NOTHING_EXPECTED,
) -> Sight:
    """Say what a page of users shows; ``listed`` is what is known of the vendor.

    What an audit would not accept of these records is lacking, in the words of its proof.
    """
    glances = (look_at_user(one, how, expected.canaries) for one in page.resources)
    judged = _judged(page, Resource.USERS, glances, expected)
    found = _people(page, how) if how.role is Role.HRIS else _accounts(page, how, listed)
    return Sight(
        found.abilities,
        (*found.lacking, *judged, *_no_key(found, page)),
        found.notes,
        (*page_quirks(page, size), *found.quirks, *active_spelling(page.resources, how)),
        silent=bool(page.resources) and not any(says_active(one, how) for one in page.resources),
    )


def look_at_groups(
    page: ListPage, size: PageSize, expected: Expectation = NOTHING_EXPECTED
) -> Sight:
    """Say what a page of groups shows; ``members`` counts groups with at least one member."""
    glances = [look_at_group(one) for one in page.resources]
    ids = [glance.id for glance in glances if glance.id is not None]
    return Sight(
        (Ability("members", sum(bool(one.members) for one in glances), len(glances)),),
        (
            *contradictions(page, Resource.GROUPS, ids),
            *_judged(page, Resource.GROUPS, glances, expected),
        ),
        (),
        page_quirks(page, size),
    )


def account_abilities(accounts: Sequence[Account], of: int) -> tuple[Ability, ...]:
    """Say of how many of ``of`` records each thing is known that an audit of an app can use."""
    return tuple(
        Ability(name, sum(bool(known(one)) for one in accounts), of) for name, known in _ACCOUNT
    )


def person_abilities(people: Sequence[Person], of: int) -> tuple[Ability, ...]:
    """Say of how many of ``of`` records each thing is known that an audit can use of an HRIS."""
    left = [one for one in people if one.status is PersonStatus.TERMINATED]
    return (
        Ability("departed", len(left), of),
        Ability("departed_at", sum(one.departed_at is not None for one in left), len(left)),
        *(Ability(name, sum(bool(known(one)) for one in people), of) for name, known in _PERSON),
    )


def _accounts(page: ListPage, how: Interpretation, listed: Listed) -> Sight:
    read = [read_account(resource, _NOWHERE, how) for resource in page.resources]
    accounts = [one.record for one in read if one.record is not None]
    named = sum(bool(read_user_groups(one, "", _NOWHERE, "")) for one in page.resources)
    abilities = (*account_abilities(accounts, len(read)), Ability("groups", named, len(read)))
    lacking = contradictions(page, Resource.USERS, [one.account_id for one in accounts])
    odd = _noted(note for one in read for note in one.notes)
    known = any(one.active is not None for one in accounts)
    notes = _inactive_unseen(abilities[0], page, listed) if known else ()
    return Sight(abilities, lacking, notes, odd)


def _people(page: ListPage, how: Interpretation) -> Sight:
    read = [read_person(resource, _NOWHERE, how) for resource in page.resources]
    people = [one.record for one in read if one.record is not None]
    left = [one for one in people if one.status is PersonStatus.TERMINATED]
    abilities = person_abilities(people, len(read))
    notes = (*_departed_unseen(left, page), *_undated(left, how))
    lacking = contradictions(page, Resource.USERS, [one.person_id for one in people])
    return Sight(abilities, lacking, notes, _noted(note for one in read for note in one.notes))


def _inactive_unseen(inactive: Ability, page: ListPage, listed: Listed) -> tuple[Reason, ...]:
    """A list without inactive users may hide them; then no reactivation can be seen."""
    if inactive.seen or listed == "yes":
        return ()
    if listed == "no":
        message = "this vendor leaves inactive users out of its list; only active ones are audited"
        return (Reason("inactive.hidden", message),)
    return (
        Reason(
            "inactive.not_seen",
            f"no inactive user among {_looked_at(page)}; the server may leave them out",
            "put an account you know to be inactive into canaries; the audit then says which it is",
        ),
    )


def _departed_unseen(left: Sequence[Person], page: ListPage) -> tuple[Reason, ...]:
    if left or not page.resources:
        return ()
    return (
        Reason(
            "departed.not_seen",
            f"nobody who has left among {_looked_at(page)}; the HRIS may leave them out",
            "put somebody who has left into canaries; without leavers the audit finds no ghosts",
        ),
    )


def _undated(left: Sequence[Person], how: Interpretation) -> tuple[Reason, ...]:
    if any(one.departed_at is not None for one in left):
        return ()
    if "departed_at" in how.paths and not left:
        return ()
    where = "is not mapped" if "departed_at" not in how.paths else "is empty for all who have left"
    return (
        Reason(
            "departed.undated",
            f"the departure date {where}: ghosts are found, but not for how long",
            "name its place in attributes.departed_at",
        ),
    )


def _no_key(found: Sight, page: ListPage) -> tuple[Reason, ...]:
    if not page.resources or any(found.seen(name) for name in KEYS):
        return ()
    return (
        Reason(
            "match.no_key",
            "no record shows an employee number, external id, e-mail or user name",
            "nobody can be matched by what is shown; name the right places in attributes",
        ),
    )


def _judged(
    page: ListPage, resource: Resource, glances: Iterable[Glance], expected: Expectation
) -> tuple[Reason, ...]:
    """What the proof of an audit will find wrong with these records, and with a list so short."""
    walk = Walk(resource, pages=(Page("", page.total, tuple(glances)),))
    checks = [
        check
        for check in check_content(walk, expected)
        if check.point.name == "records_understood" or _is_whole(page)
    ]
    return (
        *(reason for check in checks for reason in check.reasons),
        *_cap(page, resource, expected),
    )


def _cap(page: ListPage, resource: Resource, expected: Expectation) -> tuple[Reason, ...]:
    """The doubt in a round total that will remain when all pages, as long as this one, came."""
    if page.total is None or not page.resources or _is_whole(page):
        return ()
    doubt = possible_cap(resource, page.total, len(page.resources), expected.size)
    return () if doubt is None else doubt.reasons


def _is_whole(page: ListPage) -> bool:
    """Whether the first page is all there is, by the server's own total."""
    return page.total is not None and len(page.resources) >= page.total


def _noted(notes: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{note} ({count} on this page)" for note, count in Counter(notes).items())


def _looked_at(page: ListPage) -> str:
    given = len(page.resources)
    return f"all {given} users" if _is_whole(page) else f"the {given} users of the first page"


def says_active(resource: Mapping[str, object], how: Interpretation) -> bool:
    """Tell whether one user, as read by id, says in a known way whether it is active."""
    read = read_person if how.role is Role.HRIS else read_account
    return ACTIVE_UNKNOWN not in read(resource, _NOWHERE, how).problems


def page_domains(page: ListPage, how: Interpretation) -> Domains:
    """Give the mail domains of each user of a page that has an id."""
    read = read_person if how.role is Role.HRIS else read_account
    records = (read(resource, _NOWHERE, how).record for resource in page.resources)
    return [mail_domains(one) for one in records if one is not None]
