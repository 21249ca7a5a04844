"""A SCIM 2.0 server on a real loopback socket that can be told to misbehave.

It pages by index or by cursor, gives records by id, answers PATCH of ``active``, and writes down
every request it gets. With Fault.SCIM_1 it speaks SCIM 1.1.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
CORE_1 = "urn:scim:schemas:core:1.0"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


class Fault(StrEnum):
    """What the server can be told to do wrong; ``once`` marks faults that pass by themselves."""

    LYING_TOTAL = "reports more users than it lists"
    TOTAL_IS_PAGE = "reports the size of the page as the total"
    CHANGING_TOTAL = "reports another total on the second page"
    TOTAL_AS_STRING = "sends totalResults as a string"
    DUPLICATE = "repeats the last user of a page as the first of the next"
    ENDLESS_PAGE_1 = "ignores startIndex"
    IGNORES_PAGING = "sends everything whatever is asked"
    PAST_END_404 = "answers 404 past the end"
    HTML_PAGE = "sends a login page with status 200"
    REDIRECT = "redirects to another origin"
    DIES_ON_PAGE_2 = "closes the connection in the middle of every second page"
    DIES_ONCE = "closes the connection in the middle of the second page, once"
    TRUNCATED = "sends fewer bytes than it announced"
    CLOSE_DELIMITED = "ends the body by closing the connection"
    RETRY_AFTER_ONCE = "answers 429 with Retry-After, once"
    FAILS_TWICE = "answers 500 to what follows the first thousand users, twice"
    ALWAYS_429 = "answers 429 with Retry-After to everything"
    ALWAYS_500 = "answers 500 to everything"
    UNAUTHORIZED = "answers 401"
    NO_GROUPS = "answers 404 to Groups"
    GROUPS_FORBIDDEN = "answers 403 to Groups"
    MEMBERS_HIDDEN = "lists groups without members"
    ABSENT_ACTIVE = "leaves active out"
    ECHO_TOKEN = "puts the token it was sent into its answer"
    GZIP = "compresses although identity was asked for"
    SCIM_ERROR_200 = "answers 200 with a SCIM error"
    CHUNKED = "sends chunked answers (which is right)"
    WRONG_ECHO = "says other page figures than those of the page"
    CURSOR_ONLY = "answers 501 to startIndex, and pages by cursor without total (which is right)"
    CURSOR_UNASKED = "pages by cursor whatever is asked"
    CURSOR_LOOPS = "pages by cursor and gives the first cursor again and again"
    CURSOR_EMPTY = "pages by cursor and gives an empty one at the end"
    CURSOR_NUMBER = "pages by cursor and gives numbers for cursors"
    CURSOR_LAPSES = "pages by cursor and gives up its third cursor"
    CURSOR_LAPSES_ONCE = "pages by cursor and gives up its third cursor, once"
    CURSOR_BREAKS = "pages by cursor and answers 400 of another kind to its third cursor"
    ACTIVE_BY_ID = "leaves active out of lists only"
    MEMBERS_BY_ID = "leaves members out of lists only"
    WRONG_BY_ID = "leaves active and members out of lists, and gives another record by id"
    BREAKS_BY_ID = "leaves active and members out of lists, and gives only the first record by id"
    SCIM_1 = "speaks SCIM 1.1, with totals as strings (which is right there)"
    SCIM_1_ERROR = "answers 200 with an error as SCIM 1.1 writes it"
    SLOW = "never finishes its answer"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the server got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str = ""


@dataclass
class ScimServer:
    """The state of one server; ``ledger`` holds every request in order."""

    users: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    faults: frozenset[Fault] = frozenset()
    max_page: int = 1000
    redirect_to: str = "http://127.0.0.1:9/elsewhere"
    ledger: list[Asked] = field(default_factory=list)
    spent: set[Fault] = field(default_factory=set)
    failures: int = 0
    port: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    config: dict[str, Any] | None = None
    at_once: int = 0
    most_at_once: int = 0
    counting: threading.Lock = field(default_factory=threading.Lock)
    me: str | None = None
    write_hook: Callable[[Any, dict[str, Any], dict[str, Any]], None] | None = None

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}/scim/v2"

    def has(self, fault: Fault) -> bool:
        """Tell whether the server shows a fault."""
        return fault in self.faults

    def first_time(self, fault: Fault) -> bool:
        """Tell whether a passing fault is due now, and spend it."""
        due = fault in self.faults - self.spent
        self.spent.add(fault)
        return due


def user(number: int, *, active: bool = True, **more: object) -> dict[str, Any]:
    """Make a plausible user."""
    return {
        "schemas": [USER],
        "id": f"u{number}",
        "userName": f"user{number}",
        "displayName": f"User {number}",
        "externalId": f"e{number}",
        "emails": [{"value": f"user{number}@example.com", "primary": True}],
        "active": active,
        "meta": {"resourceType": "User", "created": "2024-01-01T00:00:00Z"},
        **more,
    }


def group(number: int, members: Sequence[str]) -> dict[str, Any]:
    """Make a plausible group."""
    return {
        "schemas": [GROUP],
        "id": f"g{number}",
        "displayName": f"Group {number}",
        "members": [{"value": one, "type": "User"} for one in members],
        "meta": {"resourceType": "Group"},
    }


def touch(resource: dict[str, Any]) -> None:
    """Count the version of a changed resource up, if it has one."""
    if "version" in resource["meta"]:
        number = int(resource["meta"]["version"].strip('W/"')) + 1
        resource["meta"] = {**resource["meta"], "version": f'W/"{number}"'}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    scim: ScimServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""

    def _enter(self) -> str:
        """Write the request down and give its body."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self.scim.ledger.append(Asked(self.command, self.path, dict(self.headers.items()), body))
        return body

    def do_GET(self) -> None:
        """Answer a list or one resource."""
        self._enter()
        with self._counted():
            if not self._refused():
                self._answer()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count how many requests are being answered at once."""
        scim = self.scim
        with scim.counting:
            scim.at_once += 1
            scim.most_at_once = max(scim.most_at_once, scim.at_once)
        try:
            yield
        finally:
            with scim.counting:
                scim.at_once -= 1

    def do_PATCH(self) -> None:
        """Change one user, or remove one member of a group."""
        self._write(json.loads(self._enter()))

    def do_PUT(self) -> None:
        """Replace one user."""
        self._write(json.loads(self._enter()))

    def _write(self, message: dict[str, Any]) -> None:
        kind, wanted = urlsplit(self.path).path.split("/")[-2:]
        everything = self.scim.users if kind == "Users" else self.scim.groups
        found = next((one for one in everything if one["id"] == unquote(wanted)), None)
        if found is None:
            self._error(404, "not found")
        elif kind == "Groups":
            self._remove_member(found, message)
            self._send(204, {})
        elif self.headers.get("If-Match", found["meta"].get("version")) != found["meta"].get(
            "version"
        ):
            self._error(412, "another version")
        elif self.scim.write_hook is None:
            self.change(found, message)
            self._send(200, found)
        else:
            self.scim.write_hook(self, found, message)

    @staticmethod
    def _remove_member(found: dict[str, Any], message: dict[str, Any]) -> None:
        if "Operations" in message:
            path = message["Operations"][0]["path"]
            member = json.loads(path.removeprefix("members[value eq ")[:-1])
        else:
            member = message["members"][0]["value"]
        found["members"] = [one for one in found["members"] if one["value"] != member]

    def change(self, found: dict[str, Any], message: dict[str, Any]) -> None:
        """Do what a PatchOp, a SCIM 1.1 PATCH or a PUT asks for, and count the version up."""
        if self.command == "PUT":
            own = {name: found[name] for name in ("id", "meta", "groups") if name in found}
            found.clear()
            found.update(message, **own)
        value = message["Operations"][0]["value"] if "Operations" in message else message
        active = value["active"] if isinstance(value, dict) else value
        found["active"] = active if isinstance(active, bool) else active.lower() == "true"
        touch(found)

    def _fails_again(self) -> bool:
        """The first two requests beyond the first thousand."""
        if not self.scim.has(Fault.FAILS_TWICE):
            return False
        start = int(parse_qs(urlsplit(self.path).query).get("startIndex", ["1"])[0])
        self.scim.failures += start >= 1000
        return start >= 1000 and self.scim.failures <= 2

    def _refused(self) -> bool:
        """Answer with what stands before any list, if a fault says so."""
        scim = self.scim
        if scim.first_time(Fault.RETRY_AFTER_ONCE) or scim.has(Fault.ALWAYS_429):
            self._error(429, "slow down", ("Retry-After", "7"))
        elif scim.has(Fault.ALWAYS_500) or self._fails_again():
            self._error(500, "broken")
        elif scim.has(Fault.UNAUTHORIZED):
            self._error(401, f"bad token {self.headers.get('Authorization')}")
        elif scim.has(Fault.REDIRECT):
            self._send(302, {}, ("Location", scim.redirect_to))
        elif scim.has(Fault.HTML_PAGE):
            self._raw(200, b"<html>Sign in</html>", ("Content-Type", "text/html"))
        elif scim.has(Fault.SCIM_ERROR_200):
            self._send(200, {"schemas": [ERROR], "status": "500", "detail": "no tenant"})
        elif scim.has(Fault.SCIM_1_ERROR):
            self._send(200, {"Errors": [{"description": "no tenant", "code": "404"}]})
        elif "/Groups" in self.path and scim.has(Fault.NO_GROUPS):
            self._error(404, "no such endpoint")
        elif "/Groups" in self.path and scim.has(Fault.GROUPS_FORBIDDEN):
            self._error(403, "no permission")
        else:
            return False
        return True

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        kind, _, wanted = parts.path.removeprefix("/scim/v2").strip("/").partition("/")
        if kind.startswith("ServiceProviderConfig") and self.scim.config is not None:
            self._send(200, self.scim.config)
            return
        if kind == "Me" and self.scim.me is not None:
            self._me(self.scim.me)
            return
        if kind not in ("Users", "Groups"):
            self._error(404, "no such endpoint")
            return
        everything = self.scim.users if kind == "Users" else self.scim.groups
        if wanted:
            self._one(everything, unquote(wanted))
            return
        query = parse_qs(parts.query, keep_blank_values=True)
        if self._by_cursor(query):
            self._chain(everything, query)
            return
        start = max(int(query.get("startIndex", ["1"])[0]), 1)
        count = min(int(query.get("count", ["1000"])[0]), self.scim.max_page)
        self._page(everything, start, count)

    def _me(self, me: str) -> None:
        """Whose credentials these are, there and then or where to find them."""
        if me.startswith("http"):
            self._send(308, {}, ("Location", me))
        else:
            self._one(self.scim.users, me)

    def _one(self, everything: list[dict[str, Any]], wanted: str) -> None:
        scim = self.scim
        hidden = {"active"} if scim.has(Fault.ABSENT_ACTIVE) else set()
        hidden |= {"members"} if scim.has(Fault.MEMBERS_HIDDEN) else set()
        found = [one for one in everything if one.get("id") == wanted]
        if scim.has(Fault.WRONG_BY_ID):
            found = [one for one in everything if one.get("id") != wanted]
        if not found or (scim.has(Fault.BREAKS_BY_ID) and found[0] is not everything[0]):
            self._error(404, "not found")
            return
        self._send(200, {name: value for name, value in found[0].items() if name not in hidden})

    def _by_cursor(self, query: dict[str, list[str]]) -> bool:
        scim = self.scim
        kinds = [one for one in Fault if one.name.startswith("CURSOR") and scim.has(one)]
        if kinds == [Fault.CURSOR_ONLY] and "startIndex" in query:
            return True
        return bool(kinds) and ("cursor" in query or scim.has(Fault.CURSOR_UNASKED))

    def _chain(self, everything: list[dict[str, Any]], query: dict[str, list[str]]) -> None:
        """Answer with one page of a chain (RFC 9865); a cursor names the place it starts at."""
        scim = self.scim
        if "startIndex" in query and not scim.has(Fault.CURSOR_UNASKED):
            self._error(501, "cursors only")
            return
        cursor = query.get("cursor", [""])[0]
        first = int(cursor.rpartition("+=/")[2] or 0)
        count = min(int(query["count"][0]), scim.max_page)
        if first == 2 * count and self._breaks():
            return
        page = [self._shown(one) for one in everything[first : first + count]]
        body = {"schemas": [LIST_RESPONSE], "itemsPerPage": len(page), "Resources": page}
        after = first + len(page)
        if after < len(everything):
            body["nextCursor"] = self._cursor(after, count)
        elif scim.has(Fault.CURSOR_EMPTY):
            body["nextCursor"] = ""
        self._deliver(body, first + 1)

    def _cursor(self, after: int, count: int) -> object:
        if self.scim.has(Fault.CURSOR_NUMBER):
            return after
        return f"c+=/{count if self.scim.has(Fault.CURSOR_LOOPS) else after}"

    def _breaks(self) -> bool:
        """Refuse a cursor, if a fault says so."""
        scim = self.scim
        if scim.has(Fault.CURSOR_LAPSES) or scim.first_time(Fault.CURSOR_LAPSES_ONCE):
            kind = "expiredCursor"
        elif scim.has(Fault.CURSOR_BREAKS):
            kind = "invalidCount"
        else:
            return False
        self._send(400, {"schemas": [ERROR], "status": "400", "scimType": kind})
        return True

    def _page(self, everything: list[dict[str, Any]], start: int, count: int) -> None:
        scim = self.scim
        total = len(everything)
        if scim.has(Fault.PAST_END_404) and start > total:
            self._error(404, "past the end")
            return
        if scim.has(Fault.ENDLESS_PAGE_1):
            start = 1
        if scim.has(Fault.IGNORES_PAGING):
            start, count = 1, total
        first = start - 1
        if scim.has(Fault.DUPLICATE) and 0 < first < total:
            first -= 1
        page = [self._shown(one) for one in everything[first : first + count]]
        body = {
            "schemas": [LIST_RESPONSE],
            "totalResults": self._total(total, len(page), start),
            "startIndex": start,
            "itemsPerPage": len(page),
            "Resources": page,
        }
        if scim.has(Fault.SCIM_1):
            body |= {"schemas": [CORE_1], "totalResults": str(total), "startIndex": str(start)}
        if scim.has(Fault.WRONG_ECHO):
            body |= {"startIndex": start + 1, "itemsPerPage": count + 1}
        if scim.has(Fault.ECHO_TOKEN):
            body["debug"] = self.headers.get("Authorization")
        self._deliver(body, start)

    def _shown(self, resource: dict[str, Any]) -> dict[str, Any]:
        hidden = set()
        by_id = {Fault.WRONG_BY_ID, Fault.BREAKS_BY_ID}
        if self.scim.faults & {Fault.ABSENT_ACTIVE, Fault.ACTIVE_BY_ID, *by_id}:
            hidden.add("active")
        if self.scim.faults & {Fault.MEMBERS_HIDDEN, Fault.MEMBERS_BY_ID, *by_id}:
            hidden.add("members")
        return {name: value for name, value in resource.items() if name not in hidden}

    def _total(self, total: int, on_page: int, start: int) -> object:
        scim = self.scim
        if scim.has(Fault.LYING_TOTAL):
            return total + 3
        if scim.has(Fault.TOTAL_IS_PAGE):
            return on_page
        if scim.has(Fault.CHANGING_TOTAL) and start > 1:
            return total + 1
        return str(total) if scim.has(Fault.TOTAL_AS_STRING) else total

    def _deliver(self, body: dict[str, Any], start: int) -> None:
        scim = self.scim
        data = json.dumps(body).encode()
        dies = scim.has(Fault.DIES_ON_PAGE_2) or (start > 1 and scim.first_time(Fault.DIES_ONCE))
        if (start > 1 and dies) or scim.has(Fault.TRUNCATED):
            self._raw(200, data[: len(data) // 2], ("Content-Length", str(len(data))))
            self.close_connection = True
        elif scim.has(Fault.SLOW):
            self._raw(200, data[:1], ("Content-Length", str(len(data))))
            self.wfile.flush()
            scim.stopped.wait(30)
            self.close_connection = True
        elif scim.has(Fault.CLOSE_DELIMITED):
            self._raw(200, data, ("Connection", "close"), ("Content-Length", ""))
        elif scim.has(Fault.CHUNKED):
            chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
            self._raw(200, chunk, ("Transfer-Encoding", "chunked"), ("Content-Length", ""))
        elif scim.has(Fault.GZIP):
            self._raw(200, data, ("Content-Encoding", "gzip"))
        else:
            self._raw(200, data)

    def _error(self, status: int, detail: str, *headers: tuple[str, str]) -> None:
        body = {"schemas": [ERROR], "status": str(status), "detail": detail}
        self._send(status, body, *headers)

    def _send(self, status: int, body: dict[str, Any], *headers: tuple[str, str]) -> None:
        self._raw(status, json.dumps(body).encode(), *headers)

    def _raw(self, status: int, data: bytes, *headers: tuple[str, str]) -> None:
        """Send a response; a header given as empty text is left out."""
        merged = {"Content-Type": "application/scim+json", "Content-Length": str(len(data))}
        merged |= dict(headers)
        self.send_response(status)
        for name, value in merged.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def serving(
    users: Sequence[dict[str, Any]],
    groups: Sequence[dict[str, Any]] = (),
    *faults: Fault,
    max_page: int = 1000,
    redirect_to: str = "http://127.0.0.1:9/elsewhere",
    config: dict[str, Any] | None = None,
) -> Iterator[ScimServer]:
    """Run a server on a loopback socket for the length of a ``with`` block."""
    scim = ScimServer(list(users), list(groups), frozenset(faults), max_page, redirect_to)
    scim.config = config
    handler = type("Handler", (_Handler,), {"scim": scim})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        scim.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield scim
        finally:
            scim.stopped.set()
            server.shutdown()
            thread.join()
