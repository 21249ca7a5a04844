"""What surrounds the servers of one fault: names, certificates, variables, files, shut doors."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from collectors import tls
from tests.fakes.export import write_export
from tests.fakes.fault_case import Case
from tests.fakes.fault_server import Door
from tests.fakes.fault_wire import Authority, resolving
from tests.fakes.fault_world import World
from tests.fakes.recorder import START

VENDOR = "scim.vendor.example"


@dataclass
class Surroundings:
    """What a setting may use to prepare the world."""

    world: World
    case: Case
    patch: pytest.MonkeyPatch
    stack: ExitStack
    authority: Authority

    @property
    def how(self) -> dict[str, Any]:
        """The parameters of the setting."""
        found: dict[str, Any] = self.case.given.get("how", {})
        return found

    def resolve(self, names: dict[str, list[str]]) -> None:
        self.world.dialled = self.stack.enter_context(resolving(names))

    def door(self) -> None:
        """The app does not answer the door, at first or ever."""
        self.world.opens = [self.world.app]
        if not self.how.get("opens"):
            self.world.app.unlock(Door[self.how["door"]])
            if self.how["door"] == "SHUT":
                self.patch.setattr(self.world.app, "unlock", lambda: None)

    def resolves(self) -> None:
        """A name leads where the case says, to a good certificate or to plain HTTP."""
        if "localhost" in self.how:
            self.resolve(self.how)
            self.world.urls["app"] = f"http://localhost:{self.world.app.port}/scim/v2"
            return
        self.certify(VENDOR)
        self.resolve({VENDOR: self.how["app"]})
        self.world.urls["app"] = f"https://{VENDOR}:{self.world.app.port}/scim/v2"

    def tls(self) -> None:
        """The app shows a certificate that is good or wrong in one way."""
        how = dict(self.how)
        self.resolve({"localhost": ["127.0.0.1"]})
        if how.pop("environment", False):
            self.patch.setenv("SSL_CERT_FILE", str(self.authority.root))
            tls.public_context.cache_clear()
            self.stack.callback(tls.public_context.cache_clear)
        self.certify(**how)

    def certify(
        self,
        host: str,
        *,
        trusted: bool = True,
        expired: bool = False,
        own: bool = False,
        old: bool = False,
        offers: tuple[str, ...] = (),
    ) -> None:
        name = f"{host}-{expired}-{own}"
        if not (self.authority.folder / f"{name}.pem").exists():
            self.authority.issue(name, host, expired=expired, own=own)
        self.world.app.tls = self.authority.serve(name, old=old, offers=offers)
        if trusted:
            self.world.trusted = self.authority.root

    def plain_url(self) -> None:
        """The URL of the app is without TLS."""
        self.world.urls["app"] = f"http://{self.how['host']}:{self.world.app.port}/scim/v2"

    def environment(self) -> None:
        """Variables that HTTP libraries like to follow."""
        netrc = self.world.folder / "netrc"
        netrc.write_text("machine 127.0.0.1 login decoy password decoy-password\n")
        netrc.chmod(0o600)
        evil = f"http://127.0.0.1:{self.world.evil.port}"
        for name, value in self.how.items():
            self.patch.setenv(name, value.replace("{evil}", evil).replace("{netrc}", str(netrc)))

    def export(self) -> None:
        """The HRIS is a file."""
        how = self.how
        path = write_export(self.world.folder, how.get("form", "plain"), how.get("vouched", ""))
        old = START - timedelta(days=how.get("days_old", 0))
        os.utime(path, (old.timestamp(), old.timestamp()))
        usual = {"role": "hris", "type": "file", "path": path.name}
        self.world.sources["people"] = {**usual, **how.get("settings", {})}
