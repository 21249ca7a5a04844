"""The company's sources, served by scim2-server over HTTP on loopback.

Importing this module loads scim2-server and scim2-models, which takes most of a second, so
nothing but the demo imports it.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scim2_models import (
    URN,
    Bulk,
    ChangePassword,
    EnterpriseUser,
    ETag,
    Extension,
    Filter,
    Group,
    Patch,
    Resource,
    ResourceType,
    ScimProvider,
    SearchRequest,
    ServiceProviderConfig,
    Sort,
    User,
)
from scim2_server.applications.wsgi import TenantDispatcher
from scim2_server.memory import InMemoryStorage
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME, BearerTokenApplication

from collectors.demo.company import Company
from collectors.demo.loopback import listening
from collectors.demo.population import AppSite
from collectors.demo.resources import group_document, login_document, person_document
from collectors.demo.site import HR_SCHEMA, PEOPLE, DemoSite

if TYPE_CHECKING:
    from scim2_server.storage import SearchPage

_PEOPLE_PAGE_LIMIT = 200


class HumanResources(Extension):
    """The company's own HR extension of a User (RFC 7643 section 3.3); dates are ISO 8601."""

    __schema__ = URN(HR_SCHEMA)

    employment_status: str | None = None
    worker_type: str | None = None
    hire_date: str | None = None
    termination_date: str | None = None


_PERSON = User[EnterpriseUser | HumanResources]
_LOGIN = User[EnterpriseUser]


class _OverstatingStorage(InMemoryStorage):
    """Claims more users than it lists, as a server does that counts what it then hides."""

    def __init__(self, overstated_by: int) -> None:
        super().__init__()
        self._overstated_by = overstated_by

    def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: object = None,
    ) -> SearchPage:
        page = super().search(resource_types, search_request, position=position)
        whole_list = search_request.filter is None
        if whole_list and page.total is not None and resource_types[0].name == "User":
            page.total += self._overstated_by
        return page


@contextlib.contextmanager
def serve(company: Company) -> Iterator[DemoSite]:
    """Serve every source of ``company`` on loopback until the block ends.

    Each source has a path prefix of its own and speaks SCIM 2.0 (RFC 7644) below its base URL:
    index paging, filters, PATCH and ETags. Every endpoint but ``/ServiceProviderConfig`` answers
    401 without the site's bearer token. Writes change the served copy only.
    """
    token = secrets.token_urlsafe(24)
    sources = {
        PEOPLE: _people(company, token),
        **{app.name: _app(app, token) for app in company.apps},
    }
    with listening(TenantDispatcher(sources.get)) as origin:
        yield DemoSite({name: f"{origin}/{name}/v2" for name in sources}, token)


def _people(company: Company, token: str) -> BearerTokenApplication:
    provider = ScimProvider(
        models=[User, EnterpriseUser, HumanResources],
        resource_types=[ResourceType.from_resource(_PERSON)],
        config=_capabilities(_PEOPLE_PAGE_LIMIT),
    )
    storage = InMemoryStorage()
    storage.resources = [
        _PERSON.model_validate(person_document(person)) for person in company.people
    ]
    return BearerTokenApplication(storage, provider, bearer_tokens=[token])


def _app(app: AppSite, token: str) -> BearerTokenApplication:
    """One app; where it has no groups its server has no such endpoint and answers 404."""
    types: list[type[Resource[Any]]] = [_LOGIN, Group] if app.has_groups else [_LOGIN]
    provider = ScimProvider(
        models=[User, EnterpriseUser, *types[1:]],
        resource_types=[ResourceType.from_resource(each) for each in types],
        config=_capabilities(app.page_limit),
    )
    storage = _OverstatingStorage(app.overstated_by) if app.overstated_by else InMemoryStorage()
    storage.resources = [
        *(_LOGIN.model_validate(login_document(login)) for login in app.logins),
        *(Group.model_validate(group_document(team, app)) for team in app.teams),
    ]
    return BearerTokenApplication(storage, provider, bearer_tokens=[token])


def _capabilities(page_limit: int) -> ServiceProviderConfig:
    """What a source of the company can do (RFC 7643 section 5)."""
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=page_limit),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=True),
        authentication_schemes=[BEARER_TOKEN_SCHEME],
    )
