"""Promises about whole walks: they end, by index and by cursor, and stay below the base URL."""

from __future__ import annotations

import contextlib
import json
import posixpath
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import httpx

from collectors.base import Exchange
from collectors.http import ONLY_OK, Answer
from collectors.pinned import PinnedTransport, ReadOnlyTransport
from collectors.scim.expectation import Expectation
from collectors.scim.glance import look_at_user
from collectors.scim.message import CORE_1, ERROR, LIST_RESPONSE
from collectors.scim.paging import walk_list
from collectors.scim.proof import prove
from collectors.scim.request import ListRequest
from collectors.secret import Credentials, Secret
from scanner.errors import SourceError
from scanner.model import Resource, State
from tests.fuzz.choices import Choices
from tests.fuzz.messages import DIALECTS, INTERPRETATIONS, exchange

BASE = "https://app.example.com/scim/v2"
MAX_PAGES = 6
MOST_REQUESTS = 60
T = TypeVar("T")

CURSORS: tuple[object, ...] = (
    None, "a", "b", "c+=/", "", 7, True, {}, "with blank", "é", "\ud800", "x" * 4096, "x" * 4097,
)  # fmt: skip
TOTALS: tuple[object, ...] = (4, 0, 1, 2, 3, 5, 400, None, "4", -1, 4.0, True, 10**30)
IDS: tuple[object, ...] = ("u1", "u2", "u3", "u4", "u5", "U1", "", None, 7, "..", "\ud800")
STATUSES = (200, 200, 200, 200, 400, 404, 501, 500)
LAPSES = ("expiredCursor", "invalidCursor", "invalidCount", None)


class AnyServer:
    """Answers each request with whatever the next choices say; keeps what it was asked."""

    def __init__(self, choices: Choices) -> None:
        self.asked: list[dict[str, str]] = []
        self.given: set[str] = {""}
        self._choices = choices

    async def get(
        self,
        path: str,
        params: Mapping[str, str],
        purpose: str,  # noqa: ARG002 - Wire's own parameter
        accept: frozenset[int] = ONLY_OK,
    ) -> Answer:
        """Answer as :class:`collectors.http.Wire` does."""
        assert path == "/Users"
        self.asked.append(dict(params))
        assert len(self.asked) <= MOST_REQUESTS, "the walk does not end"
        status = self._choices.pick(STATUSES)
        if status not in accept:
            raise SourceError("app", "http.status", f"answered with {status}")
        url = str(httpx.URL(f"{BASE}{path}", params=dict(params)))
        answer: Exchange = exchange(self._body(status), status, url=url)
        return Answer(answer, f"responses/{len(self.asked)}")

    def _body(self, status: int) -> bytes:
        pick = self._choices.pick
        if status != httpx.codes.OK:
            return json.dumps({"schemas": [ERROR], "scimType": pick(LAPSES)}).encode()
        cursor = pick(CURSORS)
        if isinstance(cursor, str):
            self.given.add(cursor)
        records = [{"id": pick(IDS), "active": pick((True, False))} for _ in range(pick(range(4)))]
        content = {
            "schemas": [pick((LIST_RESPONSE, f"{CORE_1}0"))],
            "totalResults": pick(TOTALS),
            "nextCursor": cursor,
            "startIndex": pick((1, 2, 0, "1", None)),
            "itemsPerPage": pick((len(records), 0, None, "2")),
            "Resources": records,
        }
        return json.dumps(content).encode()


def fuzz_walk(data: bytes) -> None:
    """A walk against any server ends, raises nothing, and sends back only cursors it was given.

    What is proved COMPLETE never holds fewer records than the server said there are.
    """
    choices = Choices(data)
    request = ListRequest(
        source="app",
        resource=Resource.USERS,
        path="/Users",
        page_size=2,
        refusals=choices.pick((frozenset(), frozenset({404, 501}))),
        max_pages=MAX_PAGES,
        dialect=choices.pick(DIALECTS),
        paging=choices.pick(("auto", "index", "cursor")),
        overlap=choices.pick((True, False)),
        exhaustive=choices.pick((False, True)),
    )
    how = choices.pick(INTERPRETATIONS)
    server = AnyServer(choices)
    walk = finished(
        walk_list(server, request, lambda one: look_at_user(one, how, ()), lambda _, __: None)
    )
    for params in server.asked:
        assert params.get("cursor", "") in server.given
        assert params["count"] == server.asked[0]["count"]
    users = prove(walk, Expectation(may_be_empty=True))
    if users.state is State.COMPLETE:
        assert walk.failure is None
        assert users.received == len(walk.distinct_ids())
        assert users.reported is None or users.received >= users.reported


def finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("it waits for something")


class _Beyond(httpx.AsyncBaseTransport):
    """Keeps every request that got through."""

    def __init__(self) -> None:
        self.passed: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.passed.append(request)
        return httpx.Response(200)


async def _credentials() -> Credentials:
    return Credentials("authorization", Secret("made up for the fuzzer"), ())


def fuzz_link(data: bytes) -> None:
    """No path, id, cursor or whole address that a server gives leads off the base URL.

    What gets through has the origin of the base and a path below its path, also for a server that
    decodes the path again and resolves its dots, and only that carries the credentials.
    """
    choices = Choices(data)
    form = choices.pick(("id", "path", "cursor", "whole", "userinfo"))
    given = choices.rest().decode("utf-8", "surrogateescape")
    beyond = _Beyond()
    pinned = ReadOnlyTransport(PinnedTransport(beyond, "app", BASE, _credentials))
    with contextlib.suppress(SourceError, httpx.InvalidURL, UnicodeEncodeError):
        request = httpx.Request("GET", _address(form, given))
        finished(pinned.handle_async_request(request))
    for request in beyond.passed:
        _check_below(request)


def _address(form: str, given: str) -> httpx.URL:
    """Put what a server gave where the reader would put it, and where it would not."""
    if form == "id":
        return httpx.URL(f"{BASE}/Users/{quote(given, safe='', errors='surrogatepass')}")
    if form == "cursor":
        return httpx.URL(f"{BASE}/Users", params={"count": "2", "cursor": given})
    whole = {"path": f"{BASE}/{given}", "userinfo": f"https://{given}@app.example.com/scim/v2/"}
    return httpx.URL(whole.get(form, given))


def _check_below(request: httpx.Request) -> None:
    url = request.url
    assert (url.scheme, url.host, url.port) == ("https", "app.example.com", None)
    assert not url.userinfo
    assert request.headers["authorization"] == "made up for the fuzzer"
    path = url.raw_path.partition(b"?")[0].decode("ascii")
    for _ in range(2):
        assert posixpath.normpath(path.replace("\\", "/")).startswith("/scim/v2"), path
        path = unquote(path)
