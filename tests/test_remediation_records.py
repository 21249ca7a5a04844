"""Journals, folders and undo plans that are not what they should be are told, never guessed at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Observation, Operation, Reply
from scanner.config import Auth
from scanner.errors import EvidenceError, IntegrityError, UnrecordedError, UsageError
from scanner.remediation.apply import Result
from scanner.remediation.disk import SystemDisk
from scanner.remediation.draft import Heading, PlannedApp
from scanner.remediation.elsewhere import other_plans
from scanner.remediation.folder import (
    PlanFolder,
    folder_of,
    fresh_undo,
    read_approval_files,
    read_journal,
    read_plan,
)
from scanner.remediation.journal import Journal, Kind, Record, parse_journal
from scanner.remediation.outcome import GOOD, OURS, Next, Outcome, after, is_unchanged, left_open
from scanner.remediation.plan import Planner
from scanner.remediation.replay import replay
from scanner.remediation.undo import draft_undo
from scanner.workflow.remediation import _credential
from tests.fakes.memory_disk import Failpoints, MemoryDisk
from tests.fakes.memory_world import START, Papers, World


def done() -> tuple[World, Papers, bytes]:
    world = World({"1", "2"}, {"5", "6", "7"}, app_names=("chat",))
    papers = world.plan()
    assert papers is not None
    world.approve(papers, "bob")
    assert isinstance(world.apply(papers), Result)
    return world, papers, world.disk.holds(papers.journal) or b""


def test_a_torn_last_line_is_dropped_and_anything_else_is_damage() -> None:
    """A power cut leaves a part of one line; every other change of a byte is told by its line."""
    _, _, content = done()
    lines = content.splitlines(keepends=True)
    torn = parse_journal(content[:-5])
    assert (torn.torn, len(torn.records)) == (len(lines[-1]) - 5, len(lines) - 1)
    for wrong in (
        content.replace(b'"seq":2', b'"seq":3', 1),
        content.replace(b'"outcome":"CONFIRMED"', b'"outcome":"STALE"', 1),
        b"".join(lines[1:]),
        b"[]\n",
        b"\n",
    ):
        with pytest.raises(ValueError, match="line"):
            parse_journal(wrong)


def test_a_journal_that_failed_once_takes_nothing_more() -> None:
    """After a failed sync nothing may be sent on the journal's word."""
    points = Failpoints()
    disk = MemoryDisk(points)
    journal = Journal.open(disk, Path("/a/b/journal.jsonl"), lambda: START)
    points.rearm(error_at=2)
    for _ in range(2):
        with pytest.raises(UnrecordedError):
            journal.write(Kind.BEGIN, plan_id="x")
    reopened = Journal.open(disk, Path("/a/b/journal.jsonl"), lambda: START)
    assert len(reopened.records) == 1
    disk.append(Path("/a/b/journal.jsonl"), b"{}\n")
    with pytest.raises(IntegrityError, match="line 2"):
        Journal.open(disk, Path("/a/b/journal.jsonl"), lambda: START)


def record(kind: Kind, **fields: Any) -> Record:  # noqa: ANN401 - as records have them
    return Record(kind, "2026-11-01T09:00:00Z", fields)


def test_records_that_no_apply_writes_are_damage() -> None:
    """Two beginnings, two outcomes, an intent after the outcome, anything after the end."""
    begin = record(Kind.BEGIN)
    intent = record(Kind.INTENT, action_id="a", form="patch-path", version=None)
    outcome = record(Kind.OUTCOME, action_id="a", outcome="CONFIRMED", detail="", after=None)
    end = record(Kind.END)
    for wrong in (
        [intent],
        [begin, begin],
        [begin, intent, outcome, outcome],
        [begin, outcome, intent],
        [begin, end, intent],
    ):
        with pytest.raises(IntegrityError):
            replay(wrong)
    assert replay([begin, intent, outcome, end]).closed


def undo_of(world: World, papers: Papers, content: bytes, *only: str) -> Any:  # noqa: ANN401
    parsed = parse_journal(content)
    apps = {name: PlannedApp(app, ("patch-path",), "env:X") for name, app in world.apps.items()}
    heading = Heading(Planner("alice", None), "config")
    return draft_undo(
        papers.plan,
        replay(parsed.records),
        parsed.head,
        apps,
        heading,
        world.now,
        timedelta(hours=1),
        only,
    )


def test_an_undo_takes_back_what_is_named_and_ours() -> None:
    """By account or action; a name that fits nothing is an error; the rest is told."""
    world, papers, content = done()
    undo = undo_of(world, papers, content, "a-2")
    assert [one.target.id for one in undo.actions] == ["a-2"]
    assert undo.undoes == parse_journal(content).head
    assert [one.code for one in undo.left_out] == ["not_asked"]
    with pytest.raises(UsageError, match="nobody"):
        undo_of(world, papers, content, "nobody")
    first = papers.plan.actions[0]
    removal = replace(first, operation=Operation.REMOVE_MEMBER, group_id="g")
    papers.plan = replace(papers.plan, actions=(removal, *papers.plan.actions[1:]))
    assert [one.code for one in undo_of(world, papers, content).left_out] == ["not_offered"]
    assert not undo_of(world, papers, b"").actions


def test_folders_are_named_exactly(tmp_path: Path) -> None:
    """A plan that was moved, is missing, or cannot be read is told."""
    disk = SystemDisk()
    with pytest.raises(UsageError, match="is not in the remediation"):
        folder_of(tmp_path / "plan.json")
    place = PlanFolder(tmp_path / "run" / "remediation")
    place.path.mkdir(parents=True)
    assert folder_of(place.path) == folder_of(place.journal) == place
    assert PlanFolder(place.path / "undo").run_folder == tmp_path / "run"
    for missing in (read_plan, read_journal):
        with pytest.raises(EvidenceError, match="does not exist"):
            missing(disk, place)
    place.plan.write_bytes(b"{}")
    place.journal.write_bytes(b"{}\n")
    for damaged in (read_plan, read_journal):
        with pytest.raises(IntegrityError):
            damaged(disk, place)
    assert fresh_undo(place).path.name == "undo"
    (place.path / "undo").mkdir()
    (place.path / "undo" / "journal.jsonl").write_bytes(b"")
    assert fresh_undo(place).path.name == "undo-2"
    place.approval.mkdir()
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_approval_files(disk, place)


def test_other_plans_are_looked_up(tmp_path: Path) -> None:
    """What another plan did to an account lately is known; a damaged journal stops everything."""
    _, papers, content = done()
    other = tmp_path / "000001" / "remediation" / "journal.jsonl"
    other.parent.mkdir(parents=True)
    other.write_bytes(content)
    (tmp_path / "000002").mkdir()
    own = tmp_path / "000003" / "remediation" / "journal.jsonl"
    days = timedelta(days=30)
    action = papers.plan.actions[0]
    before = replace(action, observed=replace(action.observed, read_at="2026-11-01T08:00:00Z"))
    found = other_plans(SystemDisk(), tmp_path, own, START, days)
    assert found.reason(before) == f"touched_by_plan.{papers.plan.plan_id[:8]}"
    assert found.reason(replace(before, app="wiki")) is None
    old = other_plans(SystemDisk(), tmp_path, own, START + timedelta(days=31), days)
    assert not old.touched
    assert not other_plans(SystemDisk(), tmp_path, other, START, days).touched
    other.write_bytes(b"{}\n")
    with pytest.raises(IntegrityError, match="line 1"):
        other_plans(SystemDisk(), tmp_path, own, START, days)


STATES = st.builds(
    Observation,
    found=st.sampled_from([True, True, False, None]),
    active=st.sampled_from([True, False, None]),
    member=st.sampled_from([True, False, None]),
    version=st.sampled_from([None, "1", "2"]),
    modified_at=st.sampled_from([None, START, START + timedelta(days=1)]),
)
REPLIES = st.builds(
    Reply,
    status=st.none() | st.integers(100, 599),
    retry_after=st.none() | st.integers(0, 300),
    scim_type=st.sampled_from([None, "invalidPath"]),
)


@given(st.sampled_from(list(Operation)), STATES, STATES, REPLIES)
def test_nothing_but_a_reading_confirms(
    operation: Operation, start: Observation, end: Observation, reply: Reply
) -> None:
    """Whatever was answered: ours is only what was read back, and a guess is never sent again."""
    judged = after(operation, start, end, reply)
    shows = (
        end.member is False
        if operation is Operation.REMOVE_MEMBER
        else (end.active is (operation is Operation.REACTIVATE))
    )
    if judged.ruling in GOOD:
        assert end.found
        assert shows
    if judged.ruling in Next:
        assert end.found
        assert not shows
        assert is_unchanged(start, end) is not False
        unseen = reply.status is not None and 400 <= reply.status < 504
        assert is_unchanged(start, end) or unseen


@given(st.sampled_from(list(Operation)), st.sampled_from([None, "1", "2"]), STATES)
def test_what_was_left_open_is_never_guessed(
    operation: Operation, version: str | None, seen: Observation
) -> None:
    """Only the very version that the intent saw lets something be sent again."""
    judged = left_open(operation, version, seen)
    if judged.ruling is Next.SEND_AGAIN:
        assert version is not None
        assert seen.version == version
    if judged.ruling in OURS:
        assert judged.ruling is Outcome.CONFIRMED_RECOVERED


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        ({"bearer": "env:A"}, "bearer env:A"),
        ({"basic": {"user": "u", "password": "env:B"}}, "basic env:B"),
        ({"header": {"name": "X-Key", "value": "env:C"}}, "header env:C"),
        (
            {
                "oauth2": {
                    "token_url": "https://a.example/t",
                    "client_id": "c",
                    "client_secret": "env:D",
                }
            },
            "oauth2 env:D",
        ),
        ({}, "none"),
    ],
)
def test_a_credential_is_named_and_never_shown(auth: dict[str, Any], told: str) -> None:
    """The plan says by which reference it would authenticate."""
    assert _credential(Auth.model_validate(auth)) == told
