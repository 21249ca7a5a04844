"""Serve one WSGI application on loopback, for whoever holds the token, until the process ends."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

TOKEN = os.environ["SCIM_TOKEN"]
"""The bearer token; it stands in the environment because others can read a command line."""


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(application: WSGIApplication) -> None:
    """Listen on a free port, print the port on a line of its own, and serve one at a time."""
    with make_server("127.0.0.1", 0, application, handler_class=_Quiet) as server:
        print(server.server_port, flush=True)  # noqa: T201 - whoever started it reads the port
        server.serve_forever()


def guarded(application: WSGIApplication) -> WSGIApplication:
    """Answer 401 to whoever does not send the token."""

    def guard(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_AUTHORIZATION") == f"Bearer {TOKEN}":
            return application(environ, start)
        start("401 Unauthorized", [("Content-Length", "0"), ("WWW-Authenticate", "Bearer")])
        return [b""]

    return guard
