"""A server on loopback that gives one JSON answer per path, and writes down what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

Given = dict[str, Any] | int
"""The body of a 200 answer, or the status of an empty one."""


@dataclass
class AnswerServer:
    """Answers by path below the base; a path that ends in ``?cursor`` is for requests by cursor."""

    answers: Mapping[str, Given]
    ledger: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}/scim"

    def answer(self, target: str) -> Given:
        """Give the answer to a request target; 404 where none was named."""
        parts = urlsplit(target.removeprefix("/scim"))
        self.ledger.append(parts.path)
        by_cursor = "cursor" in parse_qs(parts.query, keep_blank_values=True)
        found = self.answers.get(f"{parts.path}?cursor") if by_cursor else None
        return self.answers.get(parts.path, 404) if found is None else found


def listed(*resources: dict[str, Any], total: int | None = None, **more: object) -> dict[str, Any]:
    """Make a list response; its total is the number of resources unless given."""
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": len(resources) if total is None else total,
        "Resources": list(resources),
        **more,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told: AnswerServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer as told."""
        given = self.told.answer(self.path)
        status, body = (given, {}) if isinstance(given, int) else (200, given)
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/scim+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def answering(answers: Mapping[str, Given]) -> Iterator[AnswerServer]:
    """Run a server on a loopback socket for the length of a ``with`` block."""
    told = AnswerServer(answers)
    handler = type("Handler", (_Handler,), {"told": told})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        told.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
