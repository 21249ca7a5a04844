"""No user is lost unnoticed while users come and go between the pages.

The server here is honest: each answer is right at its moment. It is the moments that differ. 150
reads of each kind are made, 20,000 where GHOSTSCAN_SOAK=1 is set; GHOSTSCAN_SEED repeats a run.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.base import Exchange
from collectors.http import ONLY_OK, Answer
from collectors.scim.expectation import Expectation
from collectors.scim.message import Dialect
from collectors.scim.paging import walk_list
from collectors.scim.passes import read_until_steady
from collectors.scim.proof import prove
from collectors.scim.request import ListRequest
from collectors.scim.walk import Glance, Walk
from scanner.model import Resource, State

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
USERS = 300
PAGE = 50
READS = 20_000 if os.environ.get("GHOSTSCAN_SOAK") else 150
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
HEADERS = (("content-type", "application/scim+json"),)


@dataclass
class Churning:
    """A wire to a server whose users change between two answers; ``stayed`` are those never gone.

    ``rate`` is the mean number of changes between two answers; new users come last or anywhere;
    with ``shuffled`` each answer is in another order.
    """

    chance: random.Random
    rate: float
    anywhere: bool = False
    shuffled: bool = False
    users: list[int] = field(default_factory=lambda: list(range(USERS)))
    stayed: set[int] = field(default_factory=lambda: set(range(USERS)))
    born: int = USERS
    asked: int = 0

    async def get(
        self,
        path: str,
        params: Mapping[str, str],
        purpose: str,
        accept: frozenset[int] = ONLY_OK,  # noqa: ARG002 - the protocol's name
    ) -> Answer:
        """Let the users change, then answer with the page asked for."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.asked > 1:
            self._change()
        first = int(params["startIndex"]) - 1
        page = [{"id": str(one)} for one in self.users[first : first + int(params["count"])]]
        body = {"schemas": [LIST], "totalResults": len(self.users), "Resources": page}
        data = json.dumps(body).encode()
        exchange = Exchange(purpose, "GET", f"https://h{path}", 200, HEADERS, data, NOW, NOW)
        return Answer(exchange, f"responses/{self.asked}")

    def _change(self) -> None:
        if self.shuffled:
            self.chance.shuffle(self.users)
        if self.chance.random() >= self.rate:
            return
        for _ in range(self.chance.choice((1, 1, 2))):
            self._one_change()

    def _one_change(self) -> None:
        if self.chance.random() < 0.5:
            gone = self.users.pop(self.chance.randrange(len(self.users)))
            self.stayed.discard(gone)
            return
        place = self.chance.randrange(len(self.users) + 1) if self.anywhere else len(self.users)
        self.users.insert(place, self.born)
        self.born += 1


def look(resource: Mapping[str, Any]) -> Glance:
    return Glance(resource["id"])


REQUEST = ListRequest("app", Resource.USERS, "/Users", PAGE)


def read(wire: Churning, request: ListRequest, needed: int) -> tuple[State, set[int], int]:
    """Read once with the reader's own code and give state, ids and number of passes."""

    async def once(number: int) -> Walk:
        return await walk_list(wire, replace(request, pass_number=number), look, lambda *_: None)

    walk = asyncio.run(read_until_steady(once, needed, exhaustive=request.exhaustive))
    expected = Expectation(passes=needed, unreliable=request.exhaustive)
    return prove(walk, expected).state, {int(one) for one in walk.distinct_ids()}, walk.passes


ROWS = [
    ("few changes, new users last", 0.05, False, False),
    ("many changes, new users last", 0.4, False, False),
    ("few changes, new users anywhere", 0.05, True, False),
    ("many changes, new users anywhere", 0.4, True, False),
    ("no changes, another order on each page", 0.0, False, True),
]
READERS = [
    ("overlap", REQUEST, 1),
    ("overlap, four pages at once", replace(REQUEST, concurrency=4), 1),
    ("overlap and second pass", REQUEST, 2),
    ("second pass without overlap", replace(REQUEST, overlap=False), 2),
    (
        "no total to rely on",
        replace(REQUEST, exhaustive=True, dialect=Dialect(total_optional=True)),
        2,
    ),
]


@pytest.mark.parametrize(("name", "rate", "anywhere", "shuffled"), ROWS, ids=str)
def test_no_loss_goes_unnoticed(name: str, rate: float, anywhere: bool, shuffled: bool) -> None:
    """A read that is COMPLETE holds every user who was there from its first request to its last."""
    seed = int(os.environ.get("GHOSTSCAN_SEED") or random.SystemRandom().randrange(2**32))
    chance = random.Random(f"{seed} {name}")  # noqa: S311 - a simulation
    lost = complete = 0
    for _ in range(READS):
        wire = Churning(chance, rate, anywhere, shuffled)
        state, ids, _ = read(wire, REQUEST, needed=1)
        complete += state is State.COMPLETE
        lost += state is State.COMPLETE and not wire.stayed <= ids
    print(f"{name}: {READS} reads, {complete} complete, {lost} undetected losses, seed {seed}")  # noqa: T201 - so that a failure can be repeated
    assert lost == 0, f"{lost} of {READS} reads lost a user unnoticed; GHOSTSCAN_SEED={seed}"
    # A reader that never says COMPLETE would lose nothing either.
    assert complete == 0 if shuffled else complete > (READS / 2 if rate < 0.1 else 0)


@pytest.mark.parametrize(("name", "request_", "needed"), READERS[1:], ids=lambda one: str(one)[:40])
@pytest.mark.parametrize("rate", [0.05, 0.4])
def test_no_way_of_reading_loses_unnoticed(
    name: str, request_: ListRequest, needed: int, rate: float
) -> None:
    """What holds for the ordinary reader holds for the second pass and for pages at once."""
    seed = int(os.environ.get("GHOSTSCAN_SEED") or random.SystemRandom().randrange(2**32))
    chance = random.Random(f"{seed} {name}")  # noqa: S311 - a simulation
    lost = complete = 0
    for turn in range(READS // 3):
        wire = Churning(chance, rate, anywhere=bool(turn % 2))
        state, ids, _ = read(wire, request_, needed)
        complete += state is State.COMPLETE
        lost += state is State.COMPLETE and not wire.stayed <= ids
    print(f"{name}, {rate}: {complete} complete, {lost} undetected losses, seed {seed}")  # noqa: T201 - see above
    assert lost == 0, f"{lost} reads lost a user unnoticed; GHOSTSCAN_SEED={seed}"


@pytest.mark.parametrize(("name", "request_", "needed"), READERS, ids=lambda one: str(one)[:40])
def test_a_still_list_is_complete_at_once(name: str, request_: ListRequest, needed: int) -> None:
    """Where nothing changes every way of reading is COMPLETE in as many passes as it needs."""
    wire = Churning(random.Random(1), rate=0.0)  # noqa: S311 - a simulation
    state, ids, passes = read(wire, request_, needed)
    assert (state, ids, passes) == (State.COMPLETE, set(range(USERS)), needed), name


def test_the_simulation_bites() -> None:
    """A reader that compares only its count with the last total loses users in the same weather."""
    chance = random.Random(7)  # noqa: S311 - a simulation
    lost = 0
    for _ in range(100):
        wire = Churning(chance, 0.4)
        walk = asyncio.run(walk_list(wire, replace(REQUEST, overlap=False), look, lambda *_: None))
        ids = {int(one) for one in walk.distinct_ids()}
        lost += len(ids) == walk.total() and not wire.stayed <= ids
    assert lost > 10
