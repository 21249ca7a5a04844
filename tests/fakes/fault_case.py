"""The faults of faults.toml as they are run: one case for each variant."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.conftest import FAULTS
from tests.fakes.fault_bodies import injector
from tests.fakes.fault_server import Planted

DATA = tomllib.loads(FAULTS.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Case:
    """One fault in one of its variants; ``given`` is what the data file says of it."""

    name: str
    given: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the data file says
        return self.given.get(name)

    @property
    def classes(self) -> list[str]:
        """The classes of which one must be met."""
        found = self.given["class"]
        return [found] if isinstance(found, str) else found

    @property
    def attacked(self) -> str:
        """The source the fault is in."""
        return str(self.given.get("source", "app"))

    def planted(self) -> list[Planted]:
        """The fault as the server takes it, fresh."""
        if self.inject is None:
            return []
        chosen = injector(self.inject, self.given.get("with", {}))
        return [Planted(chosen, self.on or "Users", self.at or "any", self.times or 0)]


def _cases() -> list[Case]:
    cases = []
    for fault in DATA["fault"]:
        for variant in fault.get("variants", [{}]):
            more = {name: value for name, value in variant.items() if name != "name"}
            given = {**fault, **more, "with": {**fault.get("with", {}), **more.get("with", {})}}
            suffix = f"-{variant['name']}" if "name" in variant else ""
            cases.append(Case(f"{fault['id']}{suffix}", given))
    return cases


CASES = _cases()
OPEN = {one["id"]: one["missing"] for one in DATA.get("open", [])}
