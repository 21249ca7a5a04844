"""A large list over real sockets, with everything that passes by itself going wrong once."""

import asyncio
import dataclasses
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collectors.registry import build_collector
from collectors.scim.collector import ScimCollector
from scanner.config import Source
from scanner.model import Reading, Records, State
from tests.fakes.recorder import MemoryRecorder, StillTime
from tests.fakes.scim_server import Fault, ScimServer, serving, user

USERS = 100_000 if os.environ.get("GHOSTSCAN_SOAK") else 30_000
"""As many pages of a thousand; make soak reads all of them."""


def read(server: ScimServer) -> tuple[Reading, Records]:
    """Read everything with the real client; only waiting is not done for real."""
    source = Source.model_validate({"type": "scim", "url": server.url, "page_size": 1000})
    built = build_collector("app", source, ZoneInfo("UTC"), Path())
    assert isinstance(built, ScimCollector)
    collector = ScimCollector(built._source, StillTime().timing)
    recorder = MemoryRecorder()
    reading = asyncio.run(collector.read(recorder, lambda _: None))
    return reading, collector.records(reading, recorder.open)


@pytest.mark.no_cover  # smaller reads follow every line; here it would take longer than the reading
def test_a_large_read_with_passing_faults_gives_the_identical_table() -> None:
    """A page that fails twice, a 429 and a broken connection cost four retries and no record."""
    users = [user(number) for number in range(USERS)]
    faults = (Fault.FAILS_TWICE, Fault.RETRY_AFTER_ONCE, Fault.DIES_ONCE)
    with serving(users) as calm, serving(users, [], *faults) as rough:
        expected, whole = read(calm)
        reading, records = read(rough)
    assert (expected.state, expected.retries, len(whole.accounts)) == (State.COMPLETE, 0, USERS)
    assert (reading.state, reading.retries) == (State.COMPLETE, 4)
    assert len(rough.ledger) == len(calm.ledger) + 4

    def plain(found: Records) -> list[object]:
        """Accounts without their place in the evidence, which counts the failed attempts too."""
        return [dataclasses.replace(one, pointer=None) for one in found.accounts]  # type: ignore[arg-type]  # only compared

    assert plain(records) == plain(whole)
