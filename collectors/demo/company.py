"""The fictitious company: Halden Instruments, made from a seed, with everything to be found."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime

from collectors.demo.apps import APPS, draft_app, finish_app
from collectors.demo.planting import plant
from collectors.demo.population import AppSite, Employee, Expected, Planted
from collectors.demo.workforce import make_workforce


@dataclass(frozen=True, slots=True)
class Company:
    """A whole company at one instant: its people, its identity provider and apps, the planted.

    ``as_of`` is in UTC and the instant everything is relative to; an audit as of that instant
    finds :meth:`expected_findings` and nothing else.
    """

    name: str
    as_of: datetime
    people: tuple[Employee, ...]
    apps: tuple[AppSite, ...]
    planted: tuple[Planted, ...]

    def expected_findings(self) -> frozenset[Expected]:
        """Everything an audit with the demo's configuration must find; no more, no less."""
        return frozenset(item.finding for item in self.planted)

    def app(self, name: str) -> AppSite:
        """Give one app by its name; raise KeyError if there is none."""
        return {app.name: app for app in self.apps}[name]

    def employee_number(self, person_id: str) -> str:
        """Give the employee number of a person by the id the HRIS serves; else KeyError."""
        return {person.id: person.number for person in self.people}[person_id]


def make_company(seed: int, as_of: datetime) -> Company:
    """Make the company of ``seed`` as it stands at ``as_of`` (aware): equal in, equal out."""
    rng = random.Random(seed)  # noqa: S311 - made-up data that must repeat, not a secret
    instant = as_of.astimezone(UTC).replace(microsecond=0)
    people = make_workforce(rng, instant)
    drafts = {name: draft_app(rng, name, people, instant) for name in APPS}
    planted = plant(rng, drafts, people, instant)
    apps = tuple(finish_app(rng, draft) for draft in drafts.values())
    return Company("Halden Instruments", instant, people, apps, planted)
