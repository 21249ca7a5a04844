"""The company's people, logins and groups as SCIM documents (RFC 7643 sections 4 and 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collectors.demo.population import AppSite, Employee, Login, Team
from collectors.demo.site import HR_SCHEMA
from scanner.model import PersonStatus

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

STATUS_WORDS = {
    PersonStatus.ACTIVE: "employed",
    PersonStatus.ON_LEAVE: "leave",
    PersonStatus.PENDING: "prehire",
    PersonStatus.TERMINATED: "left",
}
"""The company's HRIS has words of its own, as HRIS have."""

_FIRST_VERSION = 'W/"0"'  # the server counts its own writes from 1


def person_document(person: Employee) -> dict[str, Any]:
    """Write a person as the HRIS serves them, with the company's own HR extension."""
    hr = {
        "employmentStatus": STATUS_WORDS[person.status],
        "workerType": person.worker_type,
        "hireDate": person.hired_on.isoformat(),
        "terminationDate": person.termination,
    }
    return {
        "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA, HR_SCHEMA],
        "id": person.id,
        "userName": person.user_name,
        "name": {"givenName": person.given_name, "familyName": person.family_name},
        "displayName": person.display_name,
        "title": person.title,
        "emails": _emails(person.emails),
        "active": person.status in (PersonStatus.ACTIVE, PersonStatus.ON_LEAVE),
        "meta": {"resourceType": "User", "version": _FIRST_VERSION},
        ENTERPRISE_SCHEMA: {"employeeNumber": person.number, "department": person.department},
        HR_SCHEMA: _present(hr),
    }


def login_document(login: Login) -> dict[str, Any]:
    """Write a login as its app serves it; what the app does not know is left out."""
    enterprise = (
        None if login.employee_number is None else {"employeeNumber": login.employee_number}
    )
    document = {
        "schemas": [USER_SCHEMA, *([ENTERPRISE_SCHEMA] if enterprise else [])],
        "id": login.id,
        "externalId": login.external_id,
        "userName": login.user_name,
        "displayName": login.display_name,
        "emails": _emails(login.emails) or None,
        "active": login.active,
        "meta": {
            "resourceType": "User",
            "version": _FIRST_VERSION,
            "created": _instant(login.created_at),
            "lastModified": _instant(login.modified_at),
        },
        ENTERPRISE_SCHEMA: enterprise,
    }
    return _present(document)


def group_document(team: Team, app: AppSite) -> dict[str, Any]:
    """Write a group of ``app`` as it serves it, every member with the name it shows."""
    shown = {login.id: login.display_name for login in app.logins}
    return {
        "schemas": [GROUP_SCHEMA],
        "id": team.id,
        "displayName": team.display_name,
        "meta": {"resourceType": "Group", "version": _FIRST_VERSION},
        "members": [
            {"value": member, "display": shown[member], "type": "User"} for member in team.members
        ],
    }


def _emails(addresses: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"value": address, "type": "work", "primary": place == 0}
        for place, address in enumerate(addresses)
    ]


def _present(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}


def _instant(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
