"""From the recorded answers of a reading to its records; needs no network."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.base import OpenResponse
from collectors.headcount import believed
from collectors.scim.members import resolve_members
from collectors.scim.message import parse_recorded
from collectors.scim.resource import (
    read_account,
    read_group,
    read_memberships,
    read_person,
    read_user_groups,
)
from collectors.scim.source import ScimSource
from scanner.model import (
    Account,
    Group,
    Membership,
    Person,
    Pointer,
    Population,
    Reading,
    Records,
    Role,
    State,
)


def records_of(source: ScimSource, reading: Reading, open_response: OpenResponse) -> Records:
    """Parse the recorded answers of ``reading``; each id once, in the order received.

    A record that was read by its id takes the place of the one in the list.
    """
    if source.how.role is Role.HRIS:
        people = tuple(_people(source, reading, open_response).values())
        return Records(people=believed(people, reading))
    accounts, named = _accounts(source, reading, open_response)
    groups, memberships = _groups(source, reading, open_response)
    if source.members == "from_users" and groups:
        memberships = named
    memberships = resolve_members(memberships, accounts.values())
    return Records((), tuple(accounts.values()), groups, memberships)


def _people(source: ScimSource, reading: Reading, open_response: OpenResponse) -> dict[str, Person]:
    people: dict[str, Person] = {}
    for by_id, pointer, resource in _resources(source, reading.users, open_response):
        person = read_person(resource, pointer, source.how).record
        if person is not None and (by_id or person.person_id not in people):
            people[person.person_id] = person
    return people


def _accounts(
    source: ScimSource, reading: Reading, open_response: OpenResponse
) -> tuple[dict[str, Account], tuple[Membership, ...]]:
    """The accounts, and the memberships they name themselves."""
    accounts: dict[str, Account] = {}
    named: dict[str, tuple[Membership, ...]] = {}
    for by_id, pointer, resource in _resources(source, reading.users, open_response):
        account = read_account(resource, pointer, source.how).record
        if account is None or (account.account_id in accounts and not by_id):
            continue
        accounts[account.account_id] = account
        named[account.account_id] = read_user_groups(
            resource, account.account_id, pointer, source.how.source
        )
    return accounts, tuple(one for found in named.values() for one in found)


def _groups(
    source: ScimSource, reading: Reading, open_response: OpenResponse
) -> tuple[tuple[Group, ...], tuple[Membership, ...]]:
    if reading.groups.state is State.NOT_READ:
        return (), ()
    groups: dict[str, Group] = {}
    memberships: dict[str, tuple[Membership, ...]] = {}
    for by_id, pointer, resource in _resources(source, reading.groups, open_response):
        group = read_group(resource, pointer, source.how.source).record
        if group is not None and (by_id or group.group_id not in groups):
            groups[group.group_id] = group
            memberships[group.group_id] = read_memberships(resource, group)
    return tuple(groups.values()), tuple(one for found in memberships.values() for one in found)


def _resources(
    source: ScimSource, population: Population, open_response: OpenResponse
) -> Iterator[tuple[bool, Pointer, dict[str, object]]]:
    """Every recorded resource with its place, and whether it was read by its id."""
    for response in population.responses:
        exchange = open_response(response)
        by_id, resources = parse_recorded(source.how.source, exchange, source.dialect)
        for index, resource in enumerate(resources):
            yield by_id, Pointer(response, index), resource
