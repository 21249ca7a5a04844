"""What earlier runs had found."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scanner.errors import IntegrityError
from scanner.evidence.history import before, last_complete, last_received, previous_run
from scanner.evidence.store import RunFolder
from scanner.model import Earlier, Headcount, State
from tests.fakes.company import account, person
from tests.fakes.evidence import (
    NOON,
    findings_json,
    small_audit,
    small_config,
    write_run,
    write_runs,
)
from tests.fakes.runs import Runs


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def test_before_the_first_run_there_is_no_history(runs: Path) -> None:
    """No folder, no earlier run, no finding."""
    assert previous_run(runs) is None
    assert before(runs).first_seen == {}


def test_each_finding_is_dated_by_the_earliest_run_that_had_it(runs: Path) -> None:
    """A finding that stays, comes back, or is new keeps the first run it appeared in."""
    one, two, three = write_runs(
        runs, findings_json("a", "b"), findings_json("a"), findings_json("a", "b", "c")
    )
    assert before(runs).first_seen == {"a": one.name, "b": one.name, "c": three.name}
    assert previous_run(runs) == three.name
    assert two.name not in before(runs).first_seen.values()


def test_a_run_being_written_or_aborted_is_no_history(runs: Path) -> None:
    """Only finished runs count, whatever was started since."""
    (one,) = write_runs(runs, findings_json("a"))
    with RunFolder.begin(runs, NOON + timedelta(days=40)) as run:
        run.write("findings.json", findings_json("z"))
        assert previous_run(runs) == one.name
        assert before(runs).first_seen == {"a": one.name}
    assert previous_run(runs) == one.name
    assert before(runs).first_seen == {"a": one.name}


def test_a_run_that_only_collected_has_no_findings(runs: Path) -> None:
    """A finished run without findings.json counts as the previous run and adds nothing."""
    with RunFolder.begin(runs, NOON) as run:
        run.finish(small_audit(run), small_config(), "c" * 64, NOON)
    assert previous_run(runs) == run.run
    assert before(runs).first_seen == {}


def test_an_earlier_run_named_by_a_finding_is_kept(runs: Path) -> None:
    """What a sealed finding says of its first run holds; what cannot be a run, or is later, not."""
    earlier, later = "000000-20260101T000000Z", "000009-20990101T000000Z"
    (one,) = write_runs(
        runs, findings_json(("a", earlier), ("b", later), ("c", "yesterday"), ("d", ""))
    )
    assert before(runs).first_seen == {"a": earlier, "b": one.name, "c": one.name, "d": one.name}


@pytest.mark.parametrize("name", ["findings.json", "manifest.json"])
def test_a_damaged_earlier_run_is_an_error_that_names_the_file(runs: Path, name: str) -> None:
    """A changed or missing file must not silently change when a finding was first seen."""
    one, _ = write_runs(runs, findings_json("a"), findings_json("a"))
    path = one / name
    content = path.read_bytes()
    path.write_bytes(content.replace(b"a", b"b", 1))
    with pytest.raises(
        IntegrityError, match=f"{one.name}/{name}: is not what was sealed"
    ) as changed:
        before(runs)
    assert changed.value.hint == f"see: ghostscan verify {one}"
    path.unlink()
    with pytest.raises(IntegrityError, match=f"{name}: cannot be read: No such file"):
        before(runs)


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"not json",
        b"[]",
        b'{"findings": [{}]}',
        b'{"findings": 7}',
        b'{"findings": ["a"]}',
    ],
)
def test_findings_in_another_form_are_an_error(runs: Path, content: bytes) -> None:
    """Sealed bytes that are no list of findings are refused by name."""
    write_run(runs, findings=content)
    with pytest.raises(IntegrityError, match=r"findings\.json: is not a list of findings"):
        before(runs)


def test_the_newest_audit_alone_tells_what_ever_was_found(tmp_path: Path) -> None:
    """What is closed is sealed by each audit: nothing older is read, and the answer is the same."""
    whole, read_through = (
        Runs(tmp_path / name, seals_closed=seals)
        for name, seals in (("whole", True), ("through", False))
    )
    orphans = [account("U1"), account("U2"), account("U3")]
    for day, there in enumerate(([0, 1], [1], [1, 2], [0, 2], [2])):
        for runs in (whole, read_through):
            at = NOON + timedelta(days=day)
            folder, concluded = runs.audit(at, [person("P"), *(orphans[one] for one in there)])
        back = {one.account.id: one.status for one in concluded.findings if one.account}
        assert (back.get("U1") == "reopened") is (day == 3)
    found = before(whole.directory)
    assert found == before(read_through.directory)
    assert len(found.first_seen) == 3
    for older in sorted(whole.directory.glob("00*"))[:-1]:
        shutil.rmtree(older)
    assert before(whole.directory) == found
    (folder / "findings.json").unlink()
    with pytest.raises(IntegrityError, match=r"findings\.json"):
        before(read_through.directory)


@pytest.mark.parametrize(
    "content", [b"[]", b"no", b'{"schema": "x"}', b'{"schema": "ghostscan/closed/1"}',
                b'{"schema": "ghostscan/closed/1", "first_seen": {"a": 1}}'],
)  # fmt: skip
def test_closed_findings_in_another_form_are_an_error(runs: Path, content: bytes) -> None:
    """Sealed bytes that are no list of closed findings are refused by name."""
    write_run(runs, closed=content)
    with pytest.raises(IntegrityError, match=r"observed/closed_findings\.json: "):
        before(runs)


def test_a_sealed_manifest_in_another_form_is_an_error(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest that fits the chain but is none, as of another version, is refused by name."""
    monkeypatch.setattr("scanner.evidence.manifest.SCHEMA", "ghostscan/manifest/0")
    write_run(runs)
    monkeypatch.undo()
    with pytest.raises(IntegrityError, match=r"manifest\.json: is not a manifest"):
        before(runs)


def test_a_broken_chain_is_an_error(runs: Path) -> None:
    """Without a whole chain there is no order of runs to trust."""
    write_run(runs)
    chain = runs / "chain.jsonl"
    chain.write_bytes(chain.read_bytes().replace(b"START", b"STARS"))
    with pytest.raises(IntegrityError, match=r"chain\.jsonl: line 1"):
        previous_run(runs)


def test_the_last_complete_size_of_a_source_is_remembered(runs: Path) -> None:
    """An incomplete run does not lower what the next one must not fall below."""
    for state, received in ((State.COMPLETE, 40), (State.INCOMPLETE, 3)):
        with RunFolder.begin(runs, NOON) as run:
            audit = small_audit(run)
            (reading,) = audit.sources
            users = replace(reading.users, state=state, received=received)
            audit = replace(audit, sources=(replace(reading, users=users),))
            run.finish(audit, small_config(), "c" * 64, NOON)
    assert last_received(runs) == {"slack": 40}


def test_the_last_headcount_of_an_hris_is_remembered(runs: Path) -> None:
    """What was counted when the HRIS was last COMPLETE is what the next run is measured by."""
    counts = (Headcount(90, 9), None)
    for state, headcount in zip((State.COMPLETE, State.INCOMPLETE), counts, strict=True):
        with RunFolder.begin(runs, NOON) as run:
            audit = small_audit(run)
            (reading,) = audit.sources
            users = replace(reading.users, state=state, received=99)
            reading = replace(reading, users=users, headcount=headcount)
            run.finish(replace(audit, sources=(reading,)), small_config(), "c" * 64, NOON)
    assert last_complete(runs) == {"slack": Earlier(99, Headcount(90, 9))}


def test_a_damaged_manifest_gives_no_size(runs: Path) -> None:
    """A size that nobody vouches for is refused, not used."""
    (one,) = write_runs(runs, findings_json("a"))
    assert last_received(runs) == {"slack": 1}
    path = one / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"slack", b"block"))
    with pytest.raises(IntegrityError, match=r"manifest.json: is not what was sealed"):
        last_received(runs)
