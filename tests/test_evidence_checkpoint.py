"""What a dead run leaves can be gone on with, is believed only unaltered, and is never a run."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from scanner.errors import EvidenceError, IntegrityError, RefusedError, UsageError
from scanner.evidence.begin import partial_name
from scanner.evidence.canonical import canonical_json
from scanner.evidence.chain import Event, Link, append_link, check_chain
from scanner.evidence.checkpoint import (
    CHECKPOINTS,
    CheckpointWriter,
    Terms,
    is_proved,
    read_checkpoints,
)
from scanner.evidence.continuation import interrupted_runs, named_run, read_interrupted
from scanner.evidence.history import before, last_received, previous_run
from scanner.evidence.store import RunFolder
from scanner.evidence.verify import verify
from scanner.model import Population, ProofPoint, Reading, Reason, Role, State
from tests.fakes.evidence import NOON, Heard, small_audit, small_config, write_run

TERMS = Terms("c" * 64, "1.0", "ana", "a" * 64, NOON, ("slack",))
FIRST = "000001-20261101T120000Z"
SECOND = "000002-20261101T121000Z"
DAY = timedelta(hours=24)
LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def read(run: RunFolder, source: str, role: Role = Role.APP, **more: Any) -> Reading:  # noqa: ANN401 - fields of many types
    """Record two responses of a source and give its reading, proved whole."""
    recorder = run.recorder(source)
    paths = (recorder.record(Heard()), recorder.record(Heard(attempt=2)))
    users = Population(
        State.COMPLETE, 1, 1, proof=(ProofPoint("total", held=True, detail="1"),), responses=paths
    )
    groups = Population(State.NOT_READ, reasons=(Reason("groups.unsupported", "it has none"),))
    url = f"https://{source}.example"
    made = Reading(source, role, "scim", url, users, groups, started_at=NOON, ended_at=NOON)
    return replace(made, **more)


def interrupt(runs: Path, *sources: str, killed: bool = False) -> Path:
    """Leave what a run leaves that proved ``sources``, read half of ``zoom``, and was stopped."""
    with suppress(KeyboardInterrupt), RunFolder.begin(runs, NOON, terms=TERMS) as run:
        for source in sources or ("people", "slack"):
            role = Role.HRIS if source == "people" else Role.APP
            run.checkpoint(read(run, source, role))
        run.recorder("zoom").record(Heard())
        run.write("registers/waivers.toml", b"")
        if killed:
            run._release()
        raise KeyboardInterrupt
    return runs / partial_name(FIRST)


def resume(
    runs: Path, run: str = FIRST, *, now: datetime = LATER, terms: Terms = TERMS
) -> RunFolder:
    return RunFolder.resume(runs, run, now, terms=terms, within=DAY)


def finish(run: RunFolder) -> Path:
    """Read what is lacking and seal the run."""
    kept = [run.kept[name] for name in sorted(run.kept)]
    readings = [*kept, read(run, "zoom")]
    if "slack" not in run.kept:
        readings.append(read(run, "slack"))
    audit = replace(small_audit(run), sources=tuple(readings))
    return run.finish(audit, small_config(), "c" * 64, LATER)


def rewrite(folder: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Change the checkpoints as someone would who knows how their lines are bound."""
    path = folder / CHECKPOINTS
    events = [json.loads(line) for line in path.read_bytes().splitlines()]
    change(events)
    lines: list[bytes] = []
    previous = ""
    for event in events:
        if lines:
            event["previous"] = previous
        event.pop("sha256", None)
        previous = hashlib.sha256(canonical_json(event)[:-1]).hexdigest()
        lines.append(canonical_json(event | {"sha256": previous}))
    path.write_bytes(b"".join(lines))


def test_what_was_proved_is_kept_and_is_no_run(runs: Path) -> None:
    """An interrupted run leaves a hidden folder that history and names of runs do not see."""
    folder = interrupt(runs)
    assert [one.name for one in runs.iterdir() if not one.name.startswith(".")] == ["chain.jsonl"]
    assert [one.sources for one in interrupted_runs(runs)] == [("people", "slack")]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (previous_run(runs), before(runs).first_seen, last_received(runs)) == (None, {}, {})
    with pytest.raises(EvidenceError):
        verify(runs / FIRST)
    assert verify(folder).problems != ()
    assert check_chain(runs / "chain.jsonl").notes == (f"run {FIRST} was aborted: run.interrupted",)


def test_a_run_that_proved_nothing_leaves_nothing(runs: Path) -> None:
    """An incomplete source, or groups that were not all read, are not kept."""
    with RunFolder.begin(runs, NOON, terms=TERMS) as run:
        whole = read(run, "slack")
        for state in (State.INCOMPLETE, State.NOT_READ):
            run.checkpoint(replace(whole, users=replace(whole.users, state=state)))
        torn = Population(State.INCOMPLETE, reasons=(Reason("read.connect", "gone"),))
        run.checkpoint(replace(whole, groups=torn))
        unreached = Population(State.NOT_READ, reasons=(Reason("read.connect", "gone"),))
        run.checkpoint(replace(whole, groups=unreached))
        assert is_proved(whole)
    assert interrupted_runs(runs) == ()
    assert not list(runs.glob(".*partial"))
    assert interrupted_runs(runs / "elsewhere") == ()


def test_a_continuation_keeps_what_was_proved_and_shows_both_runs(runs: Path) -> None:
    """It has the next number, names what it continues, keeps times, and verifies."""
    interrupt(runs)
    with resume(runs) as run:
        assert run.run == SECOND
        assert set(run.kept) == {"people", "slack"}
        assert {one.read_in for one in run.kept.values()} == {FIRST}
        assert {one.started_at for one in run.kept.values()} == {NOON}
        assert {one.name for one in (run.folder / "responses").iterdir()} == {"people", "slack"}
        assert not (run.folder / "registers").exists()
        run.write("registers/waivers.toml", b"new")
        folder = finish(run)
    found = verify(folder)
    assert found.problems == ()
    assert f"run {SECOND} continues run {FIRST}" in found.notes
    links = check_chain(runs / "chain.jsonl").links
    assert [(one.run, one.event.value) for one in links] == [
        (FIRST, "START"), (FIRST, "ABORTED"), (SECOND, "START"), (SECOND, "END")
    ]  # fmt: skip
    assert links[2].continues == FIRST
    sources = json.loads((folder / "manifest.json").read_bytes())["sources"]
    read_in = {one["name"]: one["read_in"] for one in sources}
    assert read_in == {"people": FIRST, "slack": FIRST, "zoom": None}


def test_a_continuation_can_be_continued(runs: Path) -> None:
    """Each source keeps the run that read it, however often the rest was interrupted."""
    interrupt(runs)
    with suppress(KeyboardInterrupt), resume(runs) as run:
        run.checkpoint(read(run, "zoom"))
        raise KeyboardInterrupt
    assert [one.run for one in interrupted_runs(runs)] == [SECOND]
    with resume(runs, SECOND, now=LATER + timedelta(minutes=5)) as run:
        assert {name: one.read_in for name, one in run.kept.items()} == {
            "people": FIRST, "slack": FIRST, "zoom": SECOND
        }  # fmt: skip
        audit = replace(small_audit(run), sources=tuple(run.kept.values()))
        folder = run.finish(audit, small_config(), "c" * 64, LATER)
    assert verify(folder).problems == ()


def test_an_hris_read_over_an_hour_ago_is_read_again(runs: Path) -> None:
    """Who has departed rests on the HRIS; an app's accounts are kept for longer."""
    interrupt(runs)
    with resume(runs, now=NOON + timedelta(minutes=61)) as run:
        assert set(run.kept) == {"slack"}
        assert not (run.folder / "responses" / "people").exists()
        assert verify(finish(run)).problems == ()


def test_what_is_too_old_is_refused_and_left_as_it_was(runs: Path) -> None:
    """Older than the limit, from the future, or with nothing recent: refused, no line added."""
    interrupt(runs, "people")
    before = (runs / "chain.jsonl").read_bytes()
    for now in (NOON + timedelta(hours=2), NOON + timedelta(hours=25), NOON - timedelta(hours=1)):
        with pytest.raises(RefusedError) as caught:
            resume(runs, now=now)
        assert (caught.value.exit_code, bool(caught.value.hint)) == (30, True)
    assert (runs / "chain.jsonl").read_bytes() == before
    resume(runs).abandon("run.failed")


@pytest.mark.parametrize("field", ["config_sha256", "version", "operator", "host"])
def test_other_terms_are_refused(runs: Path, field: str) -> None:
    """Another configuration, version, user or machine does not go on with what this one read."""
    interrupt(runs)
    with pytest.raises(RefusedError, match="is not the one it began with"):
        resume(runs, terms=replace(TERMS, **cast("Any", {field: "other"})))
    assert [one.run for one in interrupted_runs(runs)] == [FIRST]


def test_only_an_interrupted_run_can_be_continued(runs: Path, tmp_path: Path) -> None:
    """No run, a finished one, one that left nothing, another folder: a usage error names it."""
    with pytest.raises(UsageError, match="no such run"):
        read_interrupted(runs, FIRST)
    folder = write_run(runs)
    with pytest.raises(UsageError, match="was finished"):
        read_interrupted(runs, folder.name)
    RunFolder.begin(runs, LATER, terms=TERMS).abandon("run.failed")
    with pytest.raises(UsageError, match="nothing was kept"):
        read_interrupted(runs, SECOND)
    for text in ("latest", "runs", str(tmp_path / FIRST)):
        with pytest.raises(UsageError, match="--resume"):
            named_run(runs, text)
    for text in (FIRST, str(runs / FIRST), str(runs / partial_name(FIRST))):
        assert named_run(runs, text) == FIRST


def test_the_runs_that_can_be_continued_are_named(runs: Path) -> None:
    """A mistaken name is answered with the right one."""
    interrupt(runs)
    with pytest.raises(UsageError) as caught:
        read_interrupted(runs, SECOND)
    assert FIRST in caught.value.hint


def test_what_is_left_stays_until_a_later_run_has_finished(runs: Path) -> None:
    """A run that fails does not cost it, one that finishes ends it."""
    folder = interrupt(runs)
    RunFolder.begin(runs, LATER, terms=TERMS).abandon("run.failed")
    assert folder.is_dir()
    write_run(runs, LATER)
    assert not folder.exists()


@pytest.mark.parametrize(
    "alter",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b"\0" + path.read_bytes()[1:]),
        lambda path: path.unlink(),
        lambda path: path.with_name("000003.response.gz").write_bytes(b"more"),
        lambda path: (path.rename(path.with_name("x")), path.symlink_to("x")),
        lambda path: (path.unlink(), path.parent.joinpath("000002.response.gz").unlink(),
                      path.parent.rmdir()),
        lambda path: (path.parent.rename(path.parents[2] / "moved"),
                      path.parent.symlink_to(path.parents[2] / "moved")),
    ],
    ids=["cut", "changed", "removed", "added", "linked", "all removed", "folder linked"],
)  # fmt: skip
def test_an_altered_response_is_an_integrity_failure(
    runs: Path, alter: Callable[[Path], None]
) -> None:
    """A kept response that is not what was read is never used; nothing is added to the chain."""
    folder = interrupt(runs)
    before = (runs / "chain.jsonl").read_bytes()
    alter(folder / "responses" / "slack" / "000001.response.gz")
    with pytest.raises(IntegrityError) as caught:
        resume(runs)
    assert "slack" in caught.value.message
    assert (runs / "chain.jsonl").read_bytes() == before


def test_checkpoints_cut_anywhere_say_less_or_are_refused(runs: Path) -> None:
    """At every length they are a truthful beginning; any changed byte of a line is refused."""
    folder = interrupt(runs, killed=True)
    path = folder / CHECKPOINTS
    whole = path.read_bytes()
    lines = [len(one) for one in whole.splitlines(keepends=True)]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        expected = ("people", "slack")[: max(0, whole[:length].count(b"\n") - 1)]
        if length < lines[0]:
            with pytest.raises(IntegrityError, match="does not begin"):
                read_checkpoints(folder)
        else:
            found = read_checkpoints(folder)
            assert tuple(one.reading.source for one in found.proved) == expected
    for place in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises((IntegrityError, UsageError)):
            resume(runs)


def test_a_torn_last_line_does_not_count_and_is_written_over(runs: Path) -> None:
    """Power loss in the middle of a line costs that source alone."""
    folder = interrupt(runs, killed=True)
    path = folder / CHECKPOINTS
    path.write_bytes(path.read_bytes()[:-20])
    with resume(runs) as run:
        assert set(run.kept) == {"people"}
        assert verify(finish(run)).problems == ()


def _claim_a_response(events: list[dict[str, Any]]) -> None:
    events[2]["reading"]["users"]["responses"].append("responses/slack/000009.response.gz")


def _escape(events: list[dict[str, Any]]) -> None:
    events[2]["reading"]["source"] = "../slack"


def _unproved(events: list[dict[str, Any]]) -> None:
    events[2]["reading"]["users"]["state"] = "INCOMPLETE"


def _no_fields(events: list[dict[str, Any]]) -> None:
    del events[2]["reading"]["url"]


def _no_event(events: list[dict[str, Any]]) -> None:
    events[2]["event"] = "GUESSED"


def _no_begin(events: list[dict[str, Any]]) -> None:
    events[0]["event"] = "PROVED"


def _other_start(events: list[dict[str, Any]]) -> None:
    events[0]["previous"] = "0" * 64


def _other_run(events: list[dict[str, Any]]) -> None:
    events[0]["run"] = SECOND


def _forged_continuation(events: list[dict[str, Any]]) -> None:
    events.append({"event": "CONTINUE", "run": FIRST, "at": events[0]["at"], "kept": ["slack"]})


@pytest.mark.parametrize(
    "change",
    [_claim_a_response, _escape, _unproved, _no_fields, _no_event, _no_begin, _other_start,
     _other_run, _forged_continuation],
)  # fmt: skip
def test_checkpoints_that_were_rebuilt_must_still_make_sense(
    runs: Path, change: Callable[[list[dict[str, Any]]], None]
) -> None:
    """Lines bound anew are refused where they say what no run writes, or the chain knows better."""
    folder = interrupt(runs, killed=True)
    rewrite(folder, change)
    with pytest.raises(IntegrityError):
        resume(runs)


def test_an_orderly_end_pins_the_checkpoints_in_the_chain(runs: Path) -> None:
    """After Ctrl-C even lines that were rebuilt without a flaw are refused."""
    folder = interrupt(runs)
    rewrite(folder, lambda events: events[2]["reading"].update(requests=7))
    with pytest.raises(IntegrityError, match="is not what"):
        resume(runs)


def test_checkpoints_of_another_run_are_refused(runs: Path) -> None:
    """A folder that was given another run's name is not taken for that run."""
    folder = interrupt(runs)
    killed = RunFolder.begin(runs, LATER, terms=TERMS)
    killed._release()
    shutil.rmtree(killed.folder)
    folder.rename(killed.folder)
    with pytest.raises(IntegrityError, match="is not of run"):
        resume(runs, SECOND)


def test_damaged_checkpoints_are_not_offered(runs: Path) -> None:
    """What cannot be continued is not named as something to continue."""
    folder = interrupt(runs)
    path = folder / CHECKPOINTS
    path.write_bytes(path.read_bytes().replace(b"PROVED", b"PR0VED", 1))
    assert interrupted_runs(runs) == ()


def test_verify_binds_what_was_kept_to_what_was_put_down(runs: Path) -> None:
    """Checkpoints or manifests that were exchanged after the end are named."""
    interrupt(runs)
    with resume(runs) as run:
        folder = finish(run)
    content = (folder / CHECKPOINTS).read_bytes()
    (folder / CHECKPOINTS).unlink()
    assert any("checkpoints" in one for one in verify(folder).problems)
    (folder / CHECKPOINTS).write_bytes(content)
    rewrite(folder, lambda events: events[1]["files"][0].update(sha256="0" * 64))
    problems = " ".join(verify(folder).problems)
    assert "does not hold the line that the START" in problems
    assert "people/000001.response.gz: is not as" in problems
    rewrite(folder, lambda events: events[-1].update(kept=["slack"]))
    assert "names other sources as read before" in " ".join(verify(folder).problems)


def test_verify_refuses_a_claim_to_have_continued(runs: Path) -> None:
    """A manifest cannot say that another run did the reading where the chain does not."""
    with RunFolder.begin(runs, NOON, terms=TERMS) as run:
        claimed = replace(read(run, "slack"), read_in="000000-20261031T120000Z")
        audit = replace(small_audit(run), sources=(claimed,))
        folder = run.finish(audit, small_config(), "c" * 64, LATER)
    assert any("which was not continued" in one for one in verify(folder).problems)


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the program runs after it."""


CALLS = ("fsync", "rename", "mkdir", "open", "write", "unlink", "rmdir", "ftruncate")


@pytest.mark.parametrize("call", CALLS)
def test_a_kill_at_any_file_operation_loses_nothing_that_was_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """For every k, the k-th operation kills; the chain stays whole, and a continuation verifies."""
    real = getattr(os, call)
    left = 0

    def dying(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - os functions of all kinds
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return real(*arguments, **more)

    def die(run: RunFolder, _reason: str) -> None:
        with suppress(OSError):
            os.close(run._lock)

    for k in range(1, 200):
        runs = tmp_path / f"{call}{k}"
        interrupt(runs)
        left = k
        with monkeypatch.context() as patched:
            patched.setattr(os, call, dying)
            patched.setattr(RunFolder, "abandon", die)
            with suppress(Killed), resume(runs) as run:
                finish(run)
        if left > 0:
            break
        chain = check_chain(runs / "chain.jsonl")
        assert chain.problems == () or "torn" in chain.problems[0]
        if (runs / SECOND).is_dir() or chain.problems:
            continue  # it was killed after the folder had its final name, or in the chain's line
        kept = interrupted_runs(runs)
        assert [one.sources for one in kept] == [("people", "slack")]
        with resume(runs, kept[0].run, now=LATER + timedelta(minutes=1)) as run:
            assert verify(finish(run)).problems == ()
    assert k > 1, f"os.{call} is never called"
    assert left > 0


def test_a_source_that_needed_no_response_is_kept_too(runs: Path) -> None:
    """An export that is kept elsewhere may leave no response behind."""
    with suppress(KeyboardInterrupt), RunFolder.begin(runs, NOON, terms=TERMS) as run:
        reading = read(run, "slack")
        users = replace(reading.users, responses=())
        run.checkpoint(replace(reading, source="people", users=users))
        raise KeyboardInterrupt
    with resume(runs) as run:
        assert set(run.kept) == {"people"}
        assert not list((run.folder / "responses").iterdir())


def test_lines_in_another_order_are_refused(runs: Path) -> None:
    """Each line is whole by itself, and still does not follow from the one before."""
    folder = interrupt(runs)
    first, second, third = (folder / CHECKPOINTS).read_bytes().splitlines(keepends=True)
    (folder / CHECKPOINTS).write_bytes(first + third + second)
    with pytest.raises(IntegrityError, match="does not follow"):
        resume(runs)


def test_a_run_whose_checkpoints_cannot_be_written_does_not_begin(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error comes before the first request; the chain says ABORTED and no folder stays."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(CheckpointWriter, "begin", full)
    with pytest.raises(EvidenceError, match="No space left"):
        RunFolder.begin(runs, NOON, terms=TERMS)
    assert not list(runs.glob(".*partial"))
    assert check_chain(runs / "chain.jsonl").links[-1].reason == "run.failed"


def test_a_finished_run_cannot_have_been_continued(runs: Path) -> None:
    """A chain that says so was altered."""
    folder = write_run(runs)
    links = check_chain(runs / "chain.jsonl").links
    start = Link(
        seq=3,
        event=Event.START,
        run=SECOND,
        at=links[0].at,
        previous=links[-1].digest,
        continues=folder.name,
        checkpoint_sha256="0" * 64,
    )
    append_link(runs / "chain.jsonl", start)
    assert any("which it cannot" in one for one in check_chain(runs / "chain.jsonl").problems)
