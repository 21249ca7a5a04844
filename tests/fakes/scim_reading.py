"""A collector for a server on loopback, and one reading with it."""

from __future__ import annotations

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

from collectors.http import Target
from collectors.scim.collector import ScimCollector
from collectors.scim.resource import interpretation
from collectors.scim.source import ScimSource
from collectors.secret import NO_CREDENTIALS, Credentials
from scanner.config import StateValues, StatusValues
from scanner.model import Progress, Reading, Records, Role
from tests.fakes.recorder import MemoryRecorder, StillTime
from tests.fakes.scim_server import user


def make_collector(
    url: str,
    *,
    role: Role = Role.APP,
    credentials: Credentials = NO_CREDENTIALS,
    attributes: dict[str, str] | None = None,
    states: StateValues = StateValues(),  # noqa: B008 - frozen
    time: StillTime | None = None,
    timeout: float = 10,
    version: str = "2.0",
    **more: Any,  # noqa: ANN401 - any field of ScimSource
) -> ScimCollector:
    """Make a collector that reads ten records a page; ``more`` are fields of ScimSource."""
    how = interpretation(
        "app", role, attributes or {}, ZoneInfo("Europe/Berlin"), states, StatusValues(), version
    )
    target = Target("app", url, credentials, timeout_seconds=timeout)
    source = ScimSource("scim", target, how, **{"page_size": 10, **more})
    return ScimCollector(source, (time or StillTime()).timing)


def run(
    collector: ScimCollector, recorder: MemoryRecorder, seen: list[Progress] | None = None
) -> tuple[Reading, Records]:
    """Read once and give the reading and its records; ``seen`` collects the progress."""
    listener = (seen if seen is not None else []).append
    reading = asyncio.run(collector.read(recorder, listener))
    return reading, collector.records(reading, recorder.open)


def users(count: int) -> list[dict[str, Any]]:
    """Make users of whom every third is inactive."""
    return [user(number, active=number % 3 != 0) for number in range(1, count + 1)]


def codes(reading: Reading) -> list[str]:
    """Give the reason codes of the users."""
    return [reason.code for reason in reading.users.reasons]


def group_codes(reading: Reading) -> list[str]:
    """Give the reason codes of the groups."""
    return [reason.code for reason in reading.groups.reasons]
