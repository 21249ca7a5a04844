"""A company of a few hundred people and the accounts of one app, with every deviation known.

It uses only what any SCIM server keeps: userName, name, one e-mail address, active, and groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PEOPLE = 160
ORPHANS = 7
PAGE_SIZE = 25
ENGINEERS = tuple(range(1, 60, 6))
"""Who should be in the group eng, by number."""

Finding = tuple[str, str | None, str | None, str | None]
"""Kind, user name of the account, name of the group, direction of a drift."""


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """One person or account to be; ``number`` is None for an account of nobody."""

    user_name: str
    email: str
    active: bool = True
    number: int | None = None

    def resource(self, *, extension: bool) -> dict[str, Any]:
        """Give what a SCIM User of them holds beyond userName and active."""
        given, family = self.user_name.partition("@")[0], "Example"
        name = {"givenName": given, "familyName": family, "formatted": f"{given} {family}"}
        more = {"department": "Sales"} if extension else {}
        emails = [{"value": self.email}]
        return {"name": name, "displayName": name["formatted"], "emails": emails, **more}


def people() -> tuple[Somebody, ...]:
    """Give everybody of the HRIS; every ninth has left."""
    return tuple(
        Somebody(
            user_name=f"p{number}@corp.example",
            email=f"p{number}@corp.example",
            active=not _left(number),
            number=number,
        )
        for number in range(PEOPLE)
    )


def accounts() -> tuple[Somebody, ...]:
    """Give the accounts of the app: every fifth person has none, some belong to nobody.

    Of those who have left every second account is still active.
    """
    owned = [
        Somebody(
            user_name=f"user-{number}",
            email=f"P{number}@Corp.example",
            active=not _left(number) or number % 2 == 0,
            number=number,
        )
        for number in range(PEOPLE)
        if number % 5
    ]
    nobodys = [
        Somebody(user_name=f"agency-{number}", email=f"hello-{number}@agency.example")
        for number in range(ORPHANS)
    ]
    return (*owned, *nobodys)


def groups() -> dict[str, tuple[str, ...]]:
    """Give the groups of the app, as user names of accounts.

    In eng one engineer is missing and two people are too many; alumni holds two who have left.
    """
    known = {one.user_name for one in accounts()}
    engineers = [f"user-{number}" for number in ENGINEERS if f"user-{number}" in known]
    leavers = [one.user_name for one in accounts() if _has_left(one)]
    return {
        "eng": (*engineers[1:], "user-2", "user-3"),
        "alumni": (leavers[0], leavers[1], "user-6"),
        "empty": (),
    }


def seeded_findings() -> set[Finding]:
    """Give exactly what an audit has to find, from the rules of this company alone."""
    known = {one.user_name: one for one in accounts()}
    found: set[Finding] = set()
    for one in known.values():
        if one.number is None:
            found.add(("orphan_account", one.user_name, None, None))
        elif _has_left(one) and one.active:
            found.add(("ghost_active", one.user_name, None, None))
    for group, members in groups().items():
        leavers = (name for name in members if _has_left(known[name]))
        found |= {("leaver_membership", name, group, None) for name in leavers}
    return found | set(_drift(known))


def _drift(known: dict[str, Somebody]) -> Iterator[Finding]:
    """Give how eng departs from the rule; who has left is a leaver there, not a drift."""
    expected = {f"user-{number}" for number in ENGINEERS if not _left(number)} & set(known)
    actual = {name for name in groups()["eng"] if not _has_left(known[name])}
    yield from (("group_drift", name, "eng", "missing") for name in expected - actual)
    yield from (("group_drift", name, "eng", "unexpected") for name in actual - expected)


def rule() -> str:
    """Give the entitlement of the configuration that says who is to be in eng."""
    names = ", ".join(f'"p{number}@corp.example"' for number in ENGINEERS)
    return f'[[entitlements]]\napp = "app"\ngroup = "eng"\npeople = {{ user_name = [{names}] }}\n'


def _left(number: int) -> bool:
    return number % 9 == 4


def _has_left(account: Somebody) -> bool:
    return account.number is not None and _left(account.number)
