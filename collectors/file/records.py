"""From the recorded files of a reading to its records; needs neither network nor disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from collectors.base import OpenResponse
from collectors.file.format import parse_table
from collectors.file.membership import account_ids, groups_of, read_member
from collectors.file.record import resource_of
from collectors.file.source import ExportFile, FileSource
from collectors.file.table import Table
from collectors.headcount import believed
from collectors.scim.glance import look_at_user
from collectors.scim.resource import read_account, read_person
from collectors.scim.shape import shape_notes
from collectors.scim.walk import Glance
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
)


def address(source: FileSource) -> str:
    """Give what stands for the URL of a file source: where it is, as the settings say it."""
    return f"file:{source.users.shown}"


def glances_at_users(source: FileSource, table: Table, now: datetime | None) -> tuple[Glance, ...]:
    """Look at every row of a file of users; what a file cannot have is no oddity of its rows."""
    how, used = source.columns.interpretation(table), source.columns.used(table)
    glances = []
    for row in table.rows:
        resource = resource_of(row, used, source.columns)
        glance = look_at_user(resource, how, source.canaries, now)
        shape = shape_notes(resource)
        glances.append(
            replace(glance, notes=tuple(one for one in glance.notes if one not in shape))
        )
    return tuple(glances)


def records_of(source: FileSource, reading: Reading, open_response: OpenResponse) -> Records:
    """Parse the recorded files of ``reading``; each id once, in the order of the rows."""
    response, table = _recorded(source.users, reading.users, open_response)
    if source.columns.role is Role.HRIS:
        return Records(people=believed(_people(source, table, response), reading))
    accounts = accounts_of(source, table, response)
    groups: tuple[Group, ...] = ()
    memberships: tuple[Membership, ...] = ()
    if source.memberships is not None:
        response, table = _recorded(source.memberships, reading.groups, open_response)
        known, columns = account_ids(accounts), dict(source.membership_columns)
        members = [read_member(row, columns, known) for row in table.rows]
        groups, memberships = groups_of(members, source.columns.source, response)
    return Records(accounts=accounts, groups=groups, memberships=memberships)


def _recorded(
    file: ExportFile, population: Population, open_response: OpenResponse
) -> tuple[str, Table]:
    if not population.responses:
        return "", Table()
    response = population.responses[0]
    return response, parse_table(open_response(response).body, file.layout)


def _people(source: FileSource, table: Table, response: str) -> tuple[Person, ...]:
    how, used = source.columns.interpretation(table), source.columns.used(table)
    people: dict[str, Person] = {}
    for index, row in enumerate(table.rows):
        resource = resource_of(row, used, source.columns)
        person = read_person(resource, Pointer(response, index), how).record
        if person is not None:
            people.setdefault(person.person_id, person)
    return tuple(people.values())


def accounts_of(source: FileSource, table: Table, response: str) -> tuple[Account, ...]:
    """Give the accounts of a file of users, each id once."""
    how, used = source.columns.interpretation(table), source.columns.used(table)
    accounts: dict[str, Account] = {}
    for index, row in enumerate(table.rows):
        resource = resource_of(row, used, source.columns)
        account = read_account(resource, Pointer(response, index), how).record
        if account is not None:
            accounts.setdefault(account.account_id, account)
    return tuple(accounts.values())
