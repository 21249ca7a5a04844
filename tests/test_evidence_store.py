"""Writing a run folder: private, complete or not at all, and never twice at once."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from scanner.errors import EvidenceError, IntegrityError, SourceError
from scanner.evidence.chain import Event, check_chain
from scanner.evidence.store import RunFolder
from scanner.evidence.verify import verify
from tests.fakes.evidence import NOON, Heard, small_audit, small_config, write_run

FIRST_RUN = "000001-20261101T120000Z"
SECOND_RUN = "000002-20261101T120000Z"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def finish(run: RunFolder) -> Path:
    return run.finish(small_audit(run), small_config(), "c" * 64, NOON)


def visible(runs: Path) -> list[str]:
    return sorted(path.name for path in runs.iterdir() if path.name not in ("chain.jsonl", ".lock"))


def events(runs: Path) -> list[tuple[str, str]]:
    return [(link.run[:6], link.event.value) for link in check_chain(runs / "chain.jsonl").links]


def test_a_run_is_invisible_until_it_is_finished(runs: Path) -> None:
    """The folder has its final name only when everything is in it."""
    with RunFolder.begin(runs, NOON) as run:
        assert run.run == FIRST_RUN
        assert run.started_at == NOON
        assert run.folder == runs / f".{FIRST_RUN}.partial"
        run.write("report.html", b"page")
        assert visible(runs) == [f".{FIRST_RUN}.partial"]
        folder = finish(run)
    assert folder == run.folder == runs / FIRST_RUN
    assert visible(runs) == [FIRST_RUN]
    assert sorted(path.name for path in folder.iterdir()) == [
        "SHA256SUMS", "manifest.json", "report.html"
    ]  # fmt: skip
    assert (folder / "report.html").read_bytes() == b"page"
    assert verify(folder).problems == ()


def test_start_is_in_the_chain_before_anything_is_written(runs: Path) -> None:
    """A run is on record as soon as it begins, and its head moves on when it ends."""
    with RunFolder.begin(runs, NOON) as run:
        assert events(runs) == [("000001", "START")]
        assert run.head == check_chain(runs / "chain.jsonl").head
        finish(run)
        assert run.head == check_chain(runs / "chain.jsonl").head
    assert events(runs) == [("000001", "START"), ("000001", "END")]


def test_a_run_is_named_by_its_start_in_utc(runs: Path) -> None:
    """The name carries the start in UTC, whatever zone the caller's clock has."""
    local = NOON.astimezone(timezone(timedelta(hours=-7)))
    with RunFolder.begin(runs, local) as run:
        assert run.run == FIRST_RUN
        assert run.started_at.utcoffset() == timedelta(0)


@pytest.mark.usefixtures("no_umask")
def test_everything_is_private_even_with_umask_zero(runs: Path) -> None:
    """Directories are 0700 and files 0600, also those that others wrote with open modes."""
    with RunFolder.begin(runs, NOON) as run:
        run.recorder("slack").record(Heard())
        table = run.path("tables/people/hr.parquet")
        table.write_bytes(b"rows")
        table.chmod(0o666)
        finish(run)
    for path in (runs, *runs.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_two_runs_at_once_are_refused(runs: Path) -> None:
    """While one run is being written another cannot begin; after it, it can."""
    with RunFolder.begin(runs, NOON) as run:
        with pytest.raises(EvidenceError, match="another run is writing here") as caught:
            RunFolder.begin(runs, NOON)
        assert caught.value.hint
        assert events(runs) == [("000001", "START")]
        finish(run)
    assert write_run(runs, NOON).name == SECOND_RUN


def test_a_file_system_without_locks_is_refused(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no lock can be had, no run begins."""

    def unsupported(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with pytest.raises(EvidenceError, match="No locks available"):
        RunFolder.begin(runs, NOON)
    assert visible(runs) == []


def test_an_unwritable_place_is_named_with_the_reason(tmp_path: Path) -> None:
    """Below a regular file there can be no folder: the message names the path and the reason."""
    (tmp_path / "file").write_text("not a folder")
    for place in (tmp_path / "file" / "runs", tmp_path / "file"):
        with pytest.raises(EvidenceError, match=r"file.* cannot be written: \w+") as caught:
            RunFolder.begin(place, NOON)
        assert "[runs] directory" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_links_in_the_place_of_ours_are_refused(tmp_path: Path, runs: Path) -> None:
    """A linked runs directory, lock or leftover is never written through or removed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("kept")
    (tmp_path / "linked").symlink_to(elsewhere)
    with pytest.raises(EvidenceError, match="is a symbolic link"):
        RunFolder.begin(tmp_path / "linked", NOON)
    runs.mkdir()
    (runs / ".lock").symlink_to(elsewhere / "lock")
    with pytest.raises(EvidenceError, match="cannot be written"):
        RunFolder.begin(runs, NOON)
    (runs / ".lock").unlink()
    (runs / f".{FIRST_RUN}.partial").symlink_to(elsewhere)
    with pytest.raises(EvidenceError, match="cannot be written"):
        RunFolder.begin(runs, NOON)
    assert [path.name for path in elsewhere.iterdir()] == ["kept"]


@pytest.mark.parametrize(
    "path",
    ["../x", "/x", "", ".", "a/../x", "a/./x", "a//x", ".hidden", "a/.x", "a\\b", "x\n", "a" * 300],
)
def test_only_plain_paths_inside_the_folder_are_written(runs: Path, path: str) -> None:
    """A path that leaves the folder, or could be read in two ways, is refused."""
    with RunFolder.begin(runs, NOON) as run:
        for write in (run.path, lambda path: run.write(path, b"")):
            with pytest.raises(EvidenceError, match="not a path inside the run folder"):
                write(path)
    assert visible(runs) == []


def test_a_file_is_written_once(runs: Path) -> None:
    """What exists is never overwritten, and a run with a failed write cannot finish."""
    with RunFolder.begin(runs, NOON) as run:
        run.write("findings.json", b"first")
        with pytest.raises(EvidenceError, match="File exists"):
            run.write("findings.json", b"second")
        assert (run.folder / "findings.json").read_bytes() == b"first"
        with pytest.raises(EvidenceError, match="an earlier write failed"):
            finish(run)
    assert visible(runs) == []


def test_a_link_planted_inside_is_not_followed(tmp_path: Path, runs: Path) -> None:
    """Neither a linked file nor a linked directory takes a write out of the folder."""
    with RunFolder.begin(runs, NOON) as run:
        (run.folder / "tables").symlink_to(tmp_path)
        (run.folder / "report.html").symlink_to(tmp_path / "report.html")
        for path in ("tables/x.parquet", "report.html"):
            with pytest.raises(EvidenceError):
                run.write(path, b"")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


@pytest.mark.parametrize("name", ["manifest.json", "SHA256SUMS", ".swap", "a b", "link", "pipe"])
def test_what_cannot_be_part_of_a_run_stops_it(runs: Path, name: str) -> None:
    """Foreign names, links and pipes found at the end are named, and there is no folder."""
    with RunFolder.begin(runs, NOON) as run:
        if name == "link":
            (run.folder / name).symlink_to("/etc/hostname")
        elif name == "pipe":
            os.mkfifo(run.folder / name)
        else:
            (run.folder / name).write_bytes(b"")
        with pytest.raises(EvidenceError, match="cannot be part of a run"):
            finish(run)
    assert visible(runs) == []


def test_responses_are_numbered_per_source_in_order(runs: Path) -> None:
    """Each source counts its own exchanges, also when several are read side by side."""

    async def read(run: RunFolder, source: str) -> list[str]:
        paths = []
        for page in range(3):
            paths.append(run.recorder(source).record(Heard(body=f"{source} {page}".encode())))
            await asyncio.sleep(0)
        return paths

    async def read_all(run: RunFolder) -> tuple[list[str], list[str]]:
        return await asyncio.gather(read(run, "slack"), read(run, "people"))

    with RunFolder.begin(runs, NOON) as run:
        slack, people = asyncio.run(read_all(run))
        assert slack == [f"responses/slack/00000{number}.response.gz" for number in (1, 2, 3)]
        assert people == [f"responses/people/00000{number}.response.gz" for number in (1, 2, 3)]
        assert run.open_response(people[1]).body == b"people 1"
        with pytest.raises(IntegrityError, match="missing"):
            run.open_response("responses/missing.response.gz")


@pytest.mark.parametrize("source", ["", "../people", "a/b", ".hidden", "a b", "x" * 64])
def test_a_source_name_cannot_become_a_path(runs: Path, source: str) -> None:
    """Only names that the configuration allows have a recorder."""
    with (
        RunFolder.begin(runs, NOON) as run,
        pytest.raises(EvidenceError, match="cannot be the name of a source"),
    ):
        run.recorder(source)


def test_an_exchange_that_cannot_be_recorded_is_an_evidence_error(runs: Path) -> None:
    """A naive time is reported with the source it came from."""
    with RunFolder.begin(runs, NOON) as run:
        naive = Heard(sent_at=NOON.replace(tzinfo=None))
        with pytest.raises(EvidenceError, match="responses/slack: an instant needs a time zone"):
            run.recorder("slack").record(naive)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyboardInterrupt(), "run.interrupted"),
        (asyncio.CancelledError(), "run.interrupted"),
        (SourceError("slack", "read.connect", "no"), "run.failed"),
        (ZeroDivisionError(), "run.internal_error"),
    ],
)
def test_a_failed_run_leaves_two_lines_and_no_folder(
    runs: Path, error: BaseException, reason: str
) -> None:
    """Whatever ends a run early, its error is passed on, its folder goes, its number stays."""

    def end_early() -> None:
        with RunFolder.begin(runs, NOON, clock=lambda: NOON) as run:
            run.write("report.html", b"half")
            raise error

    with pytest.raises(type(error)):
        end_early()
    links = check_chain(runs / "chain.jsonl").links
    assert [link.event for link in links] == [Event.START, Event.ABORTED]
    assert (links[1].reason, links[1].at) == (reason, "2026-11-01T12:00:00Z")
    assert visible(runs) == []
    assert write_run(runs, NOON).name == SECOND_RUN


def test_leaving_without_finishing_abandons(runs: Path) -> None:
    """Forgetting to finish is an abandoned run, dated now; abandoning it again is harmless."""
    with RunFolder.begin(runs, NOON) as run:
        pass
    run.abandon("again")
    links = check_chain(runs / "chain.jsonl").links
    assert [link.reason for link in links] == [None, "run.not_finished"]
    assert datetime.fromisoformat(links[1].at).utcoffset() == timedelta(0)


def test_nothing_is_added_after_the_end(runs: Path) -> None:
    """A run that has ended takes no file, no second end, and is not removed by abandoning it."""
    with RunFolder.begin(runs, NOON) as run:
        folder = finish(run)
        run.abandon("late")
    for late in (lambda: run.write("x", b""), lambda: run.path("x"), lambda: finish(run)):
        with pytest.raises(EvidenceError, match="has ended"):
            late()
    assert verify(folder).problems == ()


def test_a_result_of_another_run_is_refused(runs: Path) -> None:
    """A folder is only sealed with the result that was made from it."""
    with RunFolder.begin(runs, NOON) as run:
        other = replace(small_audit(run), run=SECOND_RUN)
        with pytest.raises(EvidenceError, match="the result is of run 000002"):
            run.finish(other, small_config(), "c" * 64, NOON)


def test_a_taken_final_name_is_not_overwritten(runs: Path) -> None:
    """If a folder of the final name appears meanwhile, it is left alone."""
    with RunFolder.begin(runs, NOON) as run:
        (runs / FIRST_RUN).mkdir()
        with pytest.raises(EvidenceError, match="exists already"):
            finish(run)
    assert visible(runs) == [FIRST_RUN]
    assert events(runs) == [("000001", "START"), ("000001", "ABORTED")]


def test_a_chain_changed_meanwhile_stops_the_run(runs: Path) -> None:
    """END is only added after our own START: no folder, and the chain stays as it was found."""

    def forget_the_start() -> None:
        with RunFolder.begin(runs, NOON) as run:
            (runs / "chain.jsonl").write_bytes(b"")
            finish(run)

    with pytest.raises(IntegrityError, match="was changed while the run was being made"):
        forget_the_start()
    assert (runs / "chain.jsonl").read_bytes() == b""
    assert visible(runs) == []


def test_an_interrupt_just_after_the_end_does_not_undo_it(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once END is in the chain the run is finished, whatever comes next."""

    def interrupted(_run: RunFolder) -> None:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "_release", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_run(runs)
    assert events(runs) == [("000001", "START"), ("000001", "END")]
    assert verify(runs / FIRST_RUN).problems == ()


def test_a_damaged_chain_lets_no_run_begin(runs: Path) -> None:
    """A broken or torn chain is an integrity error before the first request."""
    write_run(runs)
    content = (runs / "chain.jsonl").read_bytes()
    for damaged in (content[:-1], content.replace(b'"seq":1', b'"seq":7'), content[:250]):
        (runs / "chain.jsonl").write_bytes(damaged)
        with pytest.raises(IntegrityError, match=r"chain\.jsonl: ") as caught:
            RunFolder.begin(runs, NOON)
        assert "restore" in caught.value.hint
    assert visible(runs) == [FIRST_RUN]


def test_a_chain_that_lost_its_end_lets_no_run_begin(runs: Path) -> None:
    """A run folder beyond the chain means that lines were removed."""
    write_run(runs)
    for content in (b"", None):
        (runs / "chain.jsonl").unlink()
        if content is not None:
            (runs / "chain.jsonl").write_bytes(content)
        with pytest.raises(IntegrityError, match=f"does not know run {FIRST_RUN}"):
            RunFolder.begin(runs, NOON)
        (runs / "chain.jsonl").touch()


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.fakes.evidence import NOON, Heard
from scanner.evidence.store import RunFolder
run = RunFolder.begin(Path(sys.argv[1]), NOON)
run.recorder("slack").record(Heard())
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_stays_visible_and_uses_its_number(runs: Path) -> None:
    """After SIGKILL the START stays, the leftovers go, and the next run has the next number."""
    killed = subprocess.run([sys.executable, "-c", KILLED, str(runs)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert visible(runs) == [f".{FIRST_RUN}.partial"]
    folder = write_run(runs, NOON)
    assert folder.name == SECOND_RUN
    assert visible(runs) == [SECOND_RUN]
    assert events(runs) == [("000001", "START"), ("000002", "START"), ("000002", "END")]
    verification = verify(folder)
    assert verification.problems == ()
    assert any(f"unfinished run: {FIRST_RUN}" in note for note in verification.notes)


OPERATIONS = ("open", "write", "fsync", "mkdir", "rename", "fchmod", "scandir")


class Trap:
    """Calls ``act`` instead of the n-th operation on the file system, and after it if ``stays``."""

    def __init__(self, nth: int, act: Callable[[], None], *, stays: bool = False) -> None:
        self.nth = nth
        self.act = act
        self.stays = stays
        self.seen = 0

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # stands for any
            self.seen += 1
            if self.seen == self.nth or (self.stays and self.seen > self.nth):
                self.act()
            return real(*arguments, **options)

        return operation

    @property
    def sprang(self) -> bool:
        return self.seen >= self.nth

    def set(self, monkeypatch: pytest.MonkeyPatch, operations: tuple[str, ...]) -> None:
        for name in operations:
            monkeypatch.setattr(os, name, self.around(getattr(os, name)))


def is_refused(folder: Path) -> bool:
    return verify(folder).problems == (f"chain.jsonl: run {folder.name} has no END",)


def disk_full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("stays", [False, True])
@pytest.mark.parametrize("operations", [OPERATIONS, ("write",), ("fsync",)])
def test_every_single_failure_leaves_all_or_nothing(
    tmp_path: Path, operations: tuple[str, ...], stays: bool
) -> None:
    """Whichever operation fails, once or from then on: an error, no folder, a whole chain."""
    for nth in itertools.count(1):
        runs = tmp_path / str(nth)
        trap = Trap(nth, disk_full, stays=stays)
        with pytest.MonkeyPatch.context() as monkeypatch:
            trap.set(monkeypatch, operations)
            with suppress(EvidenceError):
                write_run(runs)
        if not trap.sprang:
            break
        # Where nothing works any more, not even reading, the folder cannot be taken back either.
        assert not (runs / FIRST_RUN).exists() or (stays and is_refused(runs / FIRST_RUN))
        assert check_chain(runs / "chain.jsonl").problems == ()
        assert verify(write_run(runs, NOON)).problems == ()
    assert nth > len(operations)
    assert verify(runs / FIRST_RUN).problems == ()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # other tests may leave threads
def test_a_kill_at_any_point_leaves_all_or_nothing(tmp_path: Path) -> None:
    """Killed before any operation, a run is whole or is not accepted, and the next one succeeds."""
    for nth in itertools.count(1):
        runs = tmp_path / str(nth)
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                with pytest.MonkeyPatch.context() as monkeypatch:
                    Trap(nth, lambda: os._exit(9)).set(monkeypatch, OPERATIONS)
                    write_run(runs)
                os._exit(0)
            os._exit(1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, 9)
        if code == 0:
            break
        first = runs / FIRST_RUN
        ended = ("000001", "END") in events(runs)
        assert not first.exists() or ended or is_refused(first)
        assert not ended or verify(first).problems == ()
        assert verify(write_run(runs, NOON)).problems == ()
        assert check_chain(runs / "chain.jsonl").problems == ()
    assert nth > len(OPERATIONS)
    assert verify(runs / FIRST_RUN).problems == ()
