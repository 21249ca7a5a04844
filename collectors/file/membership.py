"""From the rows of a file of memberships to groups and their members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.file.record import as_text
from collectors.file.table import Row, Table, folded
from collectors.scim.resource import ID_MISSING, visible
from collectors.scim.walk import Glance
from scanner.model import Account, Group, Membership, Pointer

GROUP, NAME, ACCOUNT, USER = "group_id", "group_name", "account_id", "user_name"


@dataclass(frozen=True, slots=True)
class Member:
    """One row: a group, its name, and the account id of a member, None in a group without any.

    ``problems`` are reason codes of what could not be understood.
    """

    group_id: str | None
    group_name: str | None
    account_id: str | None
    problems: tuple[str, ...] = ()


def missing_columns(table: Table, columns: Mapping[str, str], named: frozenset[str]) -> list[str]:
    """Give the columns that must be there and are not; one of the two that name a member is."""
    needed = [name for name in (GROUP, *sorted(named)) if not table.has(columns[name])]
    if not table.has(columns[ACCOUNT]) and not table.has(columns[USER]):
        needed.append(ACCOUNT)
    return [columns[name] for name in dict.fromkeys(needed)]


def used_columns(columns: Mapping[str, str], table: Table) -> frozenset[str]:
    """Give the columns of a table that are read, as :class:`Row` spells them."""
    return frozenset(folded(column) for column in columns.values() if table.has(column))


def read_member(row: Row, columns: Mapping[str, str], accounts: Mapping[bytes, str]) -> Member:
    """Read one row; ``accounts`` is what :func:`account_ids` gives.

    A member nobody knows stays under the name it has.
    """
    group_id, name, account_id, user = (
        _cell(row, columns[field]) for field in (GROUP, NAME, ACCOUNT, USER)
    )
    problems = (ID_MISSING,) if group_id is None else ()
    if account_id is None and user is not None:
        account_id = accounts.get(_folded(user), user)
    return Member(group_id, name, account_id, problems)


def glance_at(member: Member) -> Glance:
    """Give what the proof needs of one row; its id is that of the group."""
    found = () if member.account_id is None else (member.account_id,)
    return Glance(member.group_id, member.problems, members=found)


def account_ids(accounts: tuple[Account, ...]) -> dict[bytes, str]:
    """Give the account id of each user name; a name two accounts have names none.

    Names are alike in any case of ASCII letters, and of no others.
    """
    found: dict[bytes, str | None] = {}
    for account in accounts:
        if account.user_name is not None:
            name = _folded(account.user_name)
            found[name] = None if name in found else account.account_id
    return {name: one for name, one in found.items() if one is not None}


def groups_of(
    members: list[Member], source: str, response: str
) -> tuple[tuple[Group, ...], tuple[Membership, ...]]:
    """Give each group once, at its first row, and each membership."""
    groups: dict[str, Group] = {}
    memberships: dict[tuple[str, str], Membership] = {}
    for index, member in enumerate(members):
        if member.group_id is None:
            continue
        pointer = Pointer(response, index)
        groups.setdefault(
            member.group_id, Group(source, member.group_id, pointer, member.group_name)
        )
        if member.account_id is not None:
            pair = (member.group_id, member.account_id)
            memberships.setdefault(pair, Membership(source, *pair, "User", pointer))
    return tuple(groups.values()), tuple(memberships.values())


def _folded(name: str) -> bytes:
    return name.strip().encode("utf-8", "surrogatepass").lower()


def _cell(row: Row, column: str) -> str | None:
    text = as_text(row.cells.get(folded(column)))
    return None if text is None else visible(text)
