"""A small company as its HRIS and one of its apps know it."""

from __future__ import annotations

from tests.fakes.fault_server import ENTERPRISE, GROUP, USER, Record, Truth

DATES = "urn:example:hr:2.0:User"


def make_people() -> Truth:
    """Twelve people of whom two, p4 and p9, have left."""
    return {"Users": [_person(number) for number in range(1, 13)], "Groups": []}


def _person(number: int) -> Record:
    department = "Engineering" if number <= 3 else "Sales"
    return {
        "schemas": [USER, ENTERPRISE],
        "id": f"p{number}",
        "userName": f"person{number}",
        "displayName": f"Login {number}",
        "emails": [{"value": f"person{number}@corp.example", "primary": True}],
        "active": number not in {4, 9},
        "userType": "terminated" if number in {4, 9} else "active",
        ENTERPRISE: {"employeeNumber": f"E{number:03}", "department": department},
        "meta": {"resourceType": "User"},
        **({DATES: {"terminationDate": "2026-01-31"}} if number in {4, 9} else {}),
    }


def make_app() -> Truth:
    """Twenty-three accounts: a4 and a21 outlived p4 and p9, a22 and a23 are nobody's; two groups.

    a1 to a12 belong to p1 to p12, a13 to a21 are second accounts of p1 to p9.
    """
    groups = {"g1": ["a1", "a2", "a3"], "g2": ["a9", "a21"]}
    return {
        "Users": [_account(number, groups) for number in range(1, 24)],
        "Groups": [_group(name, members) for name, members in groups.items()],
    }


def _account(number: int, groups: dict[str, list[str]]) -> Record:
    owner = number if number <= 12 else number - 12
    name = f"a{number}"
    account: Record = {
        "schemas": [USER],
        "id": name,
        "userName": f"login{number}",
        "displayName": f"Login {number}",
        "emails": [{"value": f"login{number}@corp.example", "primary": True}],
        "active": number not in {9, 16},
        "groups": [{"value": one} for one, members in groups.items() if name in members],
        "meta": {
            "resourceType": "User",
            "created": "2024-01-01T00:00:00Z",
            "lastModified": "2025-01-01T00:00:00Z",
        },
    }
    if owner <= 9 or number <= 12:
        account["schemas"] = [USER, ENTERPRISE]
        account[ENTERPRISE] = {"employeeNumber": f"E{owner:03}"}
        account["displayName"] = f"Login {owner}"  # a number alone, with another name, is nobody's
    return account


def _group(name: str, members: list[str]) -> Record:
    return {
        "schemas": [GROUP],
        "id": name,
        "displayName": f"Group {name}",
        "members": [{"value": one, "type": "User"} for one in members],
        "meta": {"resourceType": "Group"},
    }


def make_plain(number: int) -> Record:
    """Make an account with the fewest attributes there can be."""
    return {"id": f"a{number}", "userName": f"login{number}", "active": True}
