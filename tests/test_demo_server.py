"""The fictitious company over real HTTP: it answers as SCIM servers do, and stops cleanly."""

import socket
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from collectors.demo.company import Company, make_company
from collectors.demo.loopback import listening
from collectors.demo.resources import ENTERPRISE_SCHEMA
from collectors.demo.server import serve
from collectors.demo.site import HR_SCHEMA, PEOPLE, DemoSite
from scanner.model import PersonStatus

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

AS_OF = datetime(2026, 11, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(7, AS_OF)


@pytest.fixture(scope="module")
def site(company: Company) -> Iterator[DemoSite]:
    with serve(company) as site:
        yield site


@pytest.fixture(scope="module")
def client(site: DemoSite) -> Iterator[httpx.Client]:
    with authorized(site) as client:
        yield client


def authorized(site: DemoSite) -> httpx.Client:
    return httpx.Client(headers={"Authorization": f"Bearer {site.token}"}, timeout=30)


def read_all(client: httpx.Client, url: str, count: int) -> tuple[list[dict[str, Any]], int]:
    """Read a list page by page until an empty page; return it and the total the server claims."""
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(url, params={"startIndex": len(found) + 1, "count": count}).json()
        found += page.get("Resources", [])
        if not page.get("Resources"):
            return found, page["totalResults"]


def test_every_source_has_an_address_on_loopback(company: Company, site: DemoSite) -> None:
    """The HRIS and every app are served, nowhere but on this machine."""
    assert set(site.urls) == {PEOPLE, *(app.name for app in company.apps)}
    assert {urlsplit(url).hostname for url in site.urls.values()} == {"127.0.0.1"}


def test_the_token_is_not_shown(site: DemoSite) -> None:
    """Printing the site does not print its token."""
    assert site.token not in repr(site)


@pytest.mark.parametrize("count", [70, 500])
def test_pages_add_up_to_the_population(
    company: Company, site: DemoSite, client: httpx.Client, count: int
) -> None:
    """Reading page by page gives every login once, and the total says how many there are."""
    for app in company.apps:
        if not app.overstated_by:
            users, total = read_all(client, f"{site.urls[app.name]}/Users", count)
            assert [user["id"] for user in users] == [login.id for login in app.logins]
            assert total == len(app.logins)


def test_a_page_is_no_larger_than_the_server_allows(
    company: Company, site: DemoSite, client: httpx.Client
) -> None:
    """Asking for more than the server gives on one page yields the server's own page size."""
    for app in company.apps:
        page = client.get(f"{site.urls[app.name]}/Users", params={"count": 1000}).json()
        assert page["itemsPerPage"] == min(app.page_limit, len(app.logins))


def test_logins_are_served_as_they_were_made(
    company: Company, site: DemoSite, client: httpx.Client
) -> None:
    """An app serves the names, keys, state and dates of its logins, and nothing it lacks."""
    for name in ("idp", "crm", "code"):
        users, _ = read_all(client, f"{site.urls[name]}/Users", 200)
        for user, login in zip(users, company.app(name).logins, strict=True):
            assert user["userName"] == login.user_name
            assert user["active"] is login.active
            assert user.get("externalId") == login.external_id
            extension = user.get(ENTERPRISE_SCHEMA, {})
            assert extension.get("employeeNumber") == login.employee_number
            assert tuple(each["value"] for each in user.get("emails", ())) == login.emails
            assert datetime.fromisoformat(user["meta"]["lastModified"]) == login.modified_at


def test_groups_are_served_with_their_members(
    company: Company, site: DemoSite, client: httpx.Client
) -> None:
    """Every group lists exactly its members, each marked as a user."""
    for name in ("idp", "chat", "tickets"):
        groups, total = read_all(client, f"{site.urls[name]}/Groups", 200)
        served = {group["displayName"]: group["members"] for group in groups}
        teams = company.app(name).teams
        assert total == len(teams) == len(served)
        for team in teams:
            assert {m["value"] for m in served[team.display_name]} == set(team.members)
            assert {m["type"] for m in served[team.display_name]} == {"User"}


def test_the_hris_serves_employment(company: Company, site: DemoSite, client: httpx.Client) -> None:
    """People come with the company's own HR extension; an unknown departure date is absent."""
    users, total = read_all(client, f"{site.urls[PEOPLE]}/Users", 200)
    served = {user["id"]: user for user in users}
    assert total == len(company.people) == len(served)
    for person in company.people:
        user = served[person.id]
        assert user[HR_SCHEMA].get("terminationDate") == person.termination
        assert user[ENTERPRISE_SCHEMA]["employeeNumber"] == person.number
        assert tuple(each["value"] for each in user["emails"]) == person.emails
        left = person.status is PersonStatus.TERMINATED
        assert (user[HR_SCHEMA]["employmentStatus"] == "left") is left


def test_one_app_claims_more_users_than_it_lists(
    company: Company, site: DemoSite, client: httpx.Client
) -> None:
    """The ticket system's total is higher than what its pages hold, on every page."""
    users, total = read_all(client, f"{site.urls['tickets']}/Users", 50)
    assert len(users) == len(company.app("tickets").logins)
    assert total == len(users) + 7


def test_the_app_that_overstates_finds_single_users(
    company: Company, site: DemoSite, client: httpx.Client
) -> None:
    """A look-up by filter is answered truly, also where the list is not."""
    login = company.app("tickets").logins[0]
    query = {"filter": f'userName eq "{login.user_name}"'}
    page = client.get(f"{site.urls['tickets']}/Users", params=query).json()
    assert page["totalResults"] == 1
    assert page["Resources"][0]["id"] == login.id


def test_an_app_without_groups_says_not_found(site: DemoSite, client: httpx.Client) -> None:
    """The half-implemented app answers 404 on /Groups, as does an HRIS that has none."""
    for name in ("video", PEOPLE):
        answer = client.get(f"{site.urls[name]}/Groups")
        assert answer.status_code == 404
        assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic YTpi"])
def test_nothing_is_shown_without_the_token(site: DemoSite, authorization: str | None) -> None:
    """Every source refuses a request without its token, and says which scheme it wants."""
    headers = {} if authorization is None else {"Authorization": authorization}
    with httpx.Client(headers=headers) as stranger:
        for url in site.urls.values():
            answer = stranger.get(f"{url}/Users")
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_source_that_does_not_exist_is_not_found(site: DemoSite, client: httpx.Client) -> None:
    """A prefix that is nobody's answers 404."""
    assert client.get(site.urls["chat"].replace("/chat/", "/payroll/")).status_code == 404


def test_a_login_can_be_deactivated_by_patch(company: Company) -> None:
    """PATCH switches a login off, gives it a new version, and a later read shows it."""
    login = next(login for login in company.app("wiki").logins if login.active)
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": False}],
    }
    with serve(company) as site, authorized(site) as client:
        url = f"{site.urls['wiki']}/Users/{login.id}"
        before = client.get(url)
        answer = client.patch(url, json=body, headers={"If-Match": before.headers["ETag"]})
        assert answer.is_success
        after = client.get(url).json()
    assert before.json()["active"] is True
    assert after["active"] is False
    assert after["meta"]["version"] != before.json()["meta"]["version"]
    assert {**before.json(), "active": False, "meta": None} == {**after, "meta": None}


def test_a_stale_version_is_refused(company: Company) -> None:
    """A write that names a version that is no longer current changes nothing: 412."""
    login = company.app("design").logins[0]
    with serve(company) as site, authorized(site) as client:
        url = f"{site.urls['design']}/Users/{login.id}"
        answer = client.delete(url, headers={"If-Match": 'W/"99"'})
        assert answer.status_code == 412
        assert client.get(url).status_code == 200


def test_no_content_means_no_length(company: Company) -> None:
    """A 204 answer carries no Content-Length, and the connection stays usable (RFC 9110)."""
    login = company.app("design").logins[0]
    with serve(company) as site, authorized(site) as client:
        url = f"{site.urls['design']}/Users/{login.id}"
        answer = client.delete(url)
        assert answer.status_code == 204
        assert "Content-Length" not in answer.headers
        assert client.get(url).status_code == 404


def test_one_connection_serves_many_requests(site: DemoSite) -> None:
    """Connections stay open between requests, as HTTP/1.1 has it."""
    url = site.urls["idp"]
    path = urlsplit(url).path
    request = f"GET {path}/ServiceProviderConfig HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connected(url) as connection:
        for _ in range(2):
            connection.sendall(request.encode())
            response = read_response(connection)
            assert response.status == 200
            assert response.version == 11
            assert response.getheader("Content-Length") is not None


def connected(url: str) -> socket.socket:
    """Open a connection to the server of a URL."""
    return socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=30)


def read_response(connection: socket.socket) -> HTTPResponse:
    """Read one whole response from a connection and leave it open."""
    response = HTTPResponse(connection)
    with response:
        response.begin()
        response.read()
    return response


def test_nothing_is_left_when_the_site_closes(company: Company) -> None:
    """Threads end and the port closes even while a client keeps an idle connection."""
    before = set(threading.enumerate())
    with serve(company) as site:
        url = site.urls["idp"]
        idle = connected(url)
        idle.sendall(b"GET /nobody HTTP/1.1\r\nHost: localhost\r\n\r\n")
        read_response(idle)
        assert len(set(threading.enumerate()) - before) == 2
    assert set(threading.enumerate()) <= before
    with idle:
        assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        connected(url)


def echo(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    """Answer anything with the path; leave the body unread."""
    path = environ["PATH_INFO"].encode()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [path]


def test_an_unread_body_does_not_disturb_the_next_request() -> None:
    """What an application leaves unread is not taken for the next request."""
    with listening(echo) as origin, httpx.Client() as client:
        assert client.post(f"{origin}/first", content=b"GET /evil HTTP/1.1").text == "/first"
        assert client.get(f"{origin}/second").text == "/second"


def test_a_client_may_ask_to_hang_up() -> None:
    """After a request with ``Connection: close`` the server closes the connection."""
    with listening(echo) as origin, connected(origin) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert read_response(connection).status == 200
        assert connection.recv(1) == b""


def test_a_request_nobody_can_read_is_refused() -> None:
    """A malformed request line is answered with 400 and the connection closed."""
    with listening(echo) as origin, connected(origin) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"400" in received


def test_a_client_that_vanishes_is_no_event(capsys: pytest.CaptureFixture[str]) -> None:
    """A connection reset by the client says nothing on the terminal."""
    with listening(echo) as origin:
        connection = connected(origin)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        read_response(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert capsys.readouterr().err == ""


def test_a_fault_of_the_server_is_not_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    """Anything else that goes wrong while a request is read is reported on stderr."""
    with listening(echo) as origin, connected(origin) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n")
        assert connection.recv(65536) == b""
    assert "ValueError" in capsys.readouterr().err
