"""Small whole runs, written by the program itself, for tests of the evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scanner.config import Config
from scanner.evidence.closed import CLOSED
from scanner.evidence.store import RunFolder
from scanner.model import (
    App,
    Audit,
    Policy,
    Population,
    ProofPoint,
    Reading,
    Reason,
    Role,
    State,
    Tool,
    Verdict,
)

NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
SECRET_REFERENCE = "env:GHOSTSCAN_TEST_TOKEN"


@dataclass(frozen=True, slots=True)
class Heard:
    """An exchange as a collector would hand it over."""

    purpose: str = "users"
    method: str = "GET"
    url: str = "https://slack.example/scim/v2/Users?startIndex=1"
    status: int | None = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/scim+json"),)
    body: bytes = b'{"totalResults":1,"Resources":[{"id":"U1"}]}'
    sent_at: datetime = NOON
    received_at: datetime = NOON + timedelta(milliseconds=125)
    attempt: int = 1
    error: str | None = None


def small_config() -> Config:
    """One HRIS and one app."""
    return Config.model_validate(
        {
            "sources": {
                "people": {"role": "hris", "type": "scim", "url": "https://hr.example/scim/v2"},
                "slack": {
                    "type": "slack",
                    "url": "https://slack.example/scim/v2",
                    "auth": {"bearer": SECRET_REFERENCE},
                    "timeout_seconds": 2.5,
                },
            }
        }
    )


def small_audit(run: RunFolder, responses: tuple[str, ...] = ()) -> Audit:
    """A clean result of ``run`` over one app, whose users were read from ``responses``."""
    users = Population(
        State.COMPLETE,
        reported=1,
        received=1,
        proof=(ProofPoint("total", held=True, detail="1 of 1"),),
        responses=responses,
    )
    groups = Population(State.NOT_READ, reasons=(Reason("groups.none", "it has no groups"),))
    url = "https://slack.example/scim/v2"
    reading = Reading("slack", Role.APP, "slack", url, users, groups, started_at=run.started_at)
    return Audit(
        run=run.run,
        organization="Ænglisc Örg",
        timezone="UTC",
        as_of=run.started_at,
        started_at=run.started_at,
        operator="ana",
        tool=Tool("ghostscan", "0", "3.12", "Linux"),
        policy=Policy("24h", "ACP-07", stated=True),
        verdict=Verdict.CLEAN,
        sources=(reading,),
        apps=(App("slack", Verdict.CLEAN, 1, 1, 1, 0, 0, 0),),
        findings=(),
        rules=(),
    )


def findings_json(*findings: str | tuple[str, str]) -> bytes:
    """A findings file with these ids, each alone or with the run that saw it first."""
    pairs = [(one, "") if isinstance(one, str) else one for one in findings]
    about: dict[str, Any] = {
        "kind": "orphan_account",
        "severity": "high",
        "app": "slack",
        "account": {"id": "U1", "user_name": None},
        "person": None,
        "group": {"id": "G1", "display_name": "eng"},
    }
    rows = [{"id": one, "first_seen": seen, **about} for one, seen in pairs]
    return json.dumps({"schema": "ghostscan/findings/1", "findings": rows}).encode()


def write_run(
    runs: Path,
    now: datetime = NOON,
    findings: bytes | None = None,
    closed: bytes | None = None,
) -> Path:
    """Write one finished run with two responses, a table, findings and a page."""
    with RunFolder.begin(runs, now) as run:
        recorder = run.recorder("slack")
        responses = (
            recorder.record(Heard()),
            recorder.record(Heard(attempt=2, body=b"\x00\n\xff")),
        )
        run.path("tables/accounts/slack.parquet").write_bytes(b"PAR1 rows PAR1")
        run.write("findings.json", findings_json() if findings is None else findings)
        if closed is not None:
            run.write(CLOSED, closed)
        run.write("report.html", b"<!doctype html>\n")
        return run.finish(
            small_audit(run, responses), small_config(), "c" * 64, now + timedelta(seconds=90)
        )


def write_runs(runs: Path, *findings: bytes | None) -> list[Path]:
    """Write one finished run per argument, a month apart."""
    return [
        write_run(runs, NOON + timedelta(days=30 * index), one)
        for index, one in enumerate(findings)
    ]
