"""The chain of runs."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.errors import EvidenceError, IntegrityError
from scanner.evidence.chain import (
    FIRST,
    Event,
    Link,
    append_link,
    check_chain,
    read_chain,
    run_name,
)
from tests.fakes.evidence import NOON

AT = "2026-11-01T12:00:00Z"


def chain_of(*events: tuple[Event, int]) -> list[Link]:
    """Well-linked lines for these events, whether or not their order makes sense."""
    links: list[Link] = []
    for seq, (event, number) in enumerate(events, start=1):
        links.append(
            Link(
                seq=seq,
                event=event,
                run=run_name(number, NOON),
                at=AT,
                previous=links[-1].digest if links else FIRST,
                manifest_sha256="a" * 64 if event is Event.END else None,
                reason="run.failed" if event is Event.ABORTED else None,
            )
        )
    return links


THREE_RUNS = chain_of(
    (Event.START, 1), (Event.END, 1),
    (Event.START, 2), (Event.ABORTED, 2),
    (Event.START, 3), (Event.END, 3),
)  # fmt: skip


def written(folder: Path, links: Sequence[Link]) -> Path:
    path = folder / "chain.jsonl"
    path.write_bytes(b"".join(link.line for link in links))
    return path


def test_appended_lines_form_a_whole_chain(tmp_path: Path) -> None:
    """Lines appended one by one are read back equal, private, and without a problem."""
    path = tmp_path / "chain.jsonl"
    for link in THREE_RUNS:
        append_link(path, link)
    check = check_chain(path)
    assert check.links == tuple(THREE_RUNS)
    assert check.problems == ()
    assert check.notes == (f"run {run_name(2, NOON)} was aborted: run.failed",)
    assert check.head == hashlib.sha256(path.read_bytes().splitlines()[-1]).hexdigest()
    assert check.last_number == 3
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_line_is_exactly_the_documented_json() -> None:
    """The fields of a line are those an independent reader is told to expect."""
    assert json.loads(THREE_RUNS[1].line) == {
        "at": AT,
        "event": "END",
        "manifest_sha256": "a" * 64,
        "previous": hashlib.sha256(THREE_RUNS[0].line.rstrip(b"\n")).hexdigest(),
        "run": "000001-20261101T120000Z",
        "seq": 2,
    }
    assert json.loads(THREE_RUNS[3].line)["reason"] == "run.failed"
    assert THREE_RUNS[0].previous == "0" * 64


def test_no_file_is_an_empty_chain(tmp_path: Path) -> None:
    """Before the first run there is nothing to complain of."""
    check = check_chain(tmp_path / "chain.jsonl")
    assert (check.links, check.head, check.problems, check.last_number) == ((), FIRST, (), 0)


def test_deleting_any_line_but_the_last_is_detected(tmp_path: Path) -> None:
    """A removed line leaves a broken link; a removed last line leaves an unfinished run."""
    for index in range(len(THREE_RUNS)):
        check = check_chain(written(tmp_path, THREE_RUNS[:index] + THREE_RUNS[index + 1 :]))
        last = index == len(THREE_RUNS) - 1
        assert bool(check.problems) is not last
        assert any("unfinished" in note for note in check.notes) or not last


@given(st.permutations(range(6)))
def test_any_other_order_is_detected(order: list[int]) -> None:
    """Reordered lines never pass as whole."""
    with TemporaryDirectory() as folder:
        path = written(Path(folder), [THREE_RUNS[index] for index in order])
        assert bool(check_chain(path).problems) == (order != sorted(order))


def test_a_changed_byte_is_detected_in_every_line_but_the_last(tmp_path: Path) -> None:
    """Each single byte of the lines before the last is bound by the lines after it."""
    whole = b"".join(link.line for link in THREE_RUNS)
    path = tmp_path / "chain.jsonl"
    for offset in range(len(whole) - len(THREE_RUNS[-1].line)):
        path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
        assert check_chain(path).problems, offset


def test_every_shortened_chain_is_a_true_prefix_or_torn(tmp_path: Path) -> None:
    """Cut at any byte, the chain is either whole up to a line or reported as torn."""
    whole = b"".join(link.line for link in THREE_RUNS)
    path = tmp_path / "chain.jsonl"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        torn = length > 0 and whole[length - 1 : length] != b"\n"
        problems = check_chain(path).problems
        assert any("torn" in problem for problem in problems) is torn
        assert bool(problems) is torn


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([(Event.START, 2)], "follows run number 0"),
        ([(Event.START, 1), (Event.START, 3)], "follows run number 1"),
        ([(Event.START, 1), (Event.END, 1), (Event.START, 1)], "follows run number 1"),
        ([(Event.END, 1)], "END without a START"),
        ([(Event.START, 1), (Event.END, 1), (Event.END, 1)], "END without a START"),
        ([(Event.START, 1), (Event.START, 2), (Event.END, 1)], "END without a START"),
        ([(Event.START, 1), (Event.END, 1), (Event.ABORTED, 1)], "ABORTED without a START"),
    ],
)
def test_a_chain_that_tells_no_possible_story_is_refused(
    tmp_path: Path, events: list[tuple[Event, int]], problem: str
) -> None:
    """Well-linked lines are not enough: numbers have no gaps and every end has its start."""
    path = written(tmp_path, chain_of(*events))
    assert any(problem in one for one in check_chain(path).problems)
    with pytest.raises(IntegrityError, match=r"chain\.jsonl: run 00000"):
        read_chain(path)


def test_a_start_without_an_end_is_noted_not_refused(tmp_path: Path) -> None:
    """A run that died is visible, and later runs stand beside it."""
    check = read_chain(written(tmp_path, chain_of((Event.START, 1), (Event.START, 2))))
    assert check.problems == ()
    assert [note.partition(":")[0] for note in check.notes] == ["unfinished run"] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"event": "PAUSE"},
        {"event": ["END"]},
        {"seq": "1"},
        {"seq": True},
        {"run": "1-today"},
        {"run": 7},
        {"at": "2026-11-01T12:00:00+00:00"},
        {"at": None},
        {"previous": "A" * 64},
        {"previous": 7},
        {"extra": 1},
        {"reason": "START has none"},
        {"manifest_sha256": "0" * 64},
        {"event": "END", "manifest_sha256": "short"},
        {"event": "END"},
        {"event": "ABORTED", "reason": 7},
        {"event": "ABORTED"},
    ],
)
def test_a_line_that_is_no_event_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    """Canonical JSON of any other content is a problem of its line, never a crash."""
    line = json.dumps(
        json.loads(THREE_RUNS[0].line) | change, sort_keys=True, separators=(",", ":")
    )
    path = tmp_path / "chain.jsonl"
    path.write_bytes(line.encode() + b"\n")
    problems = check_chain(path).problems
    assert len(problems) >= 1
    assert problems[0].startswith("line 1: ")


def test_a_line_of_another_json_type_is_named(tmp_path: Path) -> None:
    """A list where an event should be is a problem of that line."""
    path = tmp_path / "chain.jsonl"
    path.write_bytes(b"[]\n")
    assert check_chain(path).problems == ("line 1: is not an event",)


def test_appending_to_a_changed_chain_is_refused(tmp_path: Path) -> None:
    """A line is only added after the very line it names."""
    path = written(tmp_path, THREE_RUNS[:1])
    with pytest.raises(IntegrityError, match="was changed while the run was being made"):
        append_link(path, THREE_RUNS[2])
    assert path.read_bytes() == THREE_RUNS[0].line


def test_a_failed_append_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk is full in the middle of a line, the half line is taken back."""
    path = written(tmp_path, THREE_RUNS[:1])
    real = os.write

    def half(descriptor: int, content: memoryview) -> int:
        if len(content) < len(THREE_RUNS[1].line):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, content[: len(content) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space"):
        append_link(path, THREE_RUNS[1])
    assert path.read_bytes() == THREE_RUNS[0].line


def test_a_linked_chain_is_refused(tmp_path: Path) -> None:
    """A link in the place of the chain is neither read nor written through."""
    elsewhere = written(tmp_path, THREE_RUNS)
    path = tmp_path / "runs" / "chain.jsonl"
    path.parent.mkdir()
    path.symlink_to(elsewhere)
    with pytest.raises(EvidenceError, match="symbolic link"):
        check_chain(path)
    with pytest.raises(EvidenceError, match="symbolic link"):
        append_link(path, THREE_RUNS[0])


def test_a_chain_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """A directory in the place of the chain is an error that names it."""
    path = tmp_path / "chain.jsonl"
    path.mkdir()
    with pytest.raises(EvidenceError, match=r"chain\.jsonl cannot be read: "):
        check_chain(path)
