"""Checking a run folder that an adversary may have had."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import EvidenceError
from scanner.evidence.canonical import canonical_json, parse_canonical
from scanner.evidence.chain import FIRST, Event, Link, check_chain
from scanner.evidence.manifest import FileEntry, sums_bytes
from scanner.evidence.store import RunFolder
from scanner.evidence.verify import verify
from scanner.model import Verdict
from tests.fakes.evidence import NOON, Heard, small_audit, small_config, write_run, write_runs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "runs")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run for the tests that put every change back."""
    return write_run(tmp_path_factory.mktemp("shared") / "runs")


def files_of(folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted([*files, folder.parent / "chain.jsonl"])


def name_of(path: Path, folder: Path) -> str:
    return path.name if path.name == "chain.jsonl" else str(path.relative_to(folder))


def named(folder: Path, name: str) -> bool:
    """Whether a problem is about the file of this name."""
    return any(name in problem for problem in verify(folder).problems)


def test_an_untouched_run_is_verified(folder: Path) -> None:
    """Every file is counted, nothing is wrong, and the head is the digest of the last line."""
    verification = verify(folder)
    assert verification.problems == ()
    assert verification.run == folder.name
    assert verification.files_checked == 5
    assert verification.bytes_checked == sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "SHA256SUMS")
    )
    assert verification.run_verdict is Verdict.CLEAN
    last = (folder.parent / "chain.jsonl").read_bytes().splitlines()[-1]
    assert verification.head == hashlib.sha256(last).hexdigest()
    assert "without a signature" in verification.notes[-1]


def test_a_relative_path_names_the_same_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run can be named from where one stands, also through a linked parent."""
    monkeypatch.chdir(folder)
    assert verify(Path()).problems == ()
    monkeypatch.chdir(folder.parent)
    assert verify(Path(folder.name)).run == folder.name
    (folder.parent.parent / "linked").symlink_to(folder.parent)
    assert verify(folder.parent.parent / "linked" / folder.name).problems == ()


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_any_changed_byte_names_its_file(shared: Path, data: st.DataObject) -> None:
    """Whatever single byte of whatever file is changed, that file is named."""
    path = data.draw(st.sampled_from(files_of(shared)), label="file")
    content = path.read_bytes()
    offset = data.draw(st.integers(0, len(content) - 1), label="offset")
    change = data.draw(st.integers(1, 255), label="change")
    try:
        path.write_bytes(
            content[:offset] + bytes([content[offset] ^ change]) + content[offset + 1 :]
        )
        assert named(shared, name_of(path, shared))
    finally:
        path.write_bytes(content)


def test_every_byte_of_the_chain_counts(shared: Path) -> None:
    """One flipped bit anywhere in the chain, the last line included, names the chain."""
    path = shared.parent / "chain.jsonl"
    content = path.read_bytes()
    for offset in range(len(content)):
        path.write_bytes(content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :])
        assert named(shared, "chain.jsonl"), offset
    path.write_bytes(content)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_any_shortened_or_lengthened_file_is_named(shared: Path, data: st.DataObject) -> None:
    """A file cut anywhere, or with something added, is named."""
    path = data.draw(st.sampled_from(files_of(shared)), label="file")
    content = path.read_bytes()
    cut = data.draw(st.integers(0, len(content) - 1), label="cut")
    more = data.draw(st.binary(min_size=1, max_size=9), label="more")
    try:
        for changed in (content[:cut], content + more):
            path.write_bytes(changed)
            assert named(shared, name_of(path, shared))
    finally:
        path.write_bytes(content)


def test_a_removed_or_renamed_file_is_named(folder: Path) -> None:
    """Each file is missed, and under another name it is a stranger."""
    for path in files_of(folder):
        other = path.with_name("renamed.bin")
        path.rename(other)
        assert named(folder, f"{name_of(path, folder)}: is missing")
        if path.name != "chain.jsonl":
            assert named(folder, "renamed.bin: is not in the manifest") is not (
                path.name == "manifest.json"
            )
        other.rename(path)
    assert verify(folder).problems == ()


def test_an_added_file_is_named(folder: Path) -> None:
    """A file that was not sealed is named, printably, wherever it is."""
    (folder / "tables" / "accounts" / "github.parquet").write_bytes(b"")
    (folder / "evil\x1b[2J\n.html").write_bytes(b"")
    problems = verify(folder).problems
    assert "tables/accounts/github.parquet: is not in the manifest" in problems
    assert all(problem.isprintable() for problem in problems)
    assert len(problems) == 2


def test_two_swapped_files_are_both_named(folder: Path) -> None:
    """The right bytes under each other's names are wrong twice."""
    one, two = (folder / "responses" / "slack" / f"00000{n}.response.gz" for n in (1, 2))
    one.rename(folder / "aside")
    two.rename(one)
    (folder / "aside").rename(two)
    assert named(folder, "000001.response.gz: ")
    assert named(folder, "000002.response.gz: ")


@pytest.mark.parametrize("kind", ["symlink", "pipe", "directory"])
def test_a_link_or_pipe_is_not_followed(folder: Path, tmp_path: Path, kind: str) -> None:
    """What is not a regular file is named, though its content may be right."""
    report = folder / "report.html"
    outside = tmp_path / "outside.html"
    report.rename(outside)
    if kind == "symlink":
        report.symlink_to(outside)
    elif kind == "pipe":
        os.mkfifo(report)
    else:
        report.mkdir()
    assert named(folder, "report.html: is ")
    (folder / "tables").rename(tmp_path / "tables")
    (folder / "tables").symlink_to(tmp_path / "tables")
    assert named(folder, "tables: is not a regular file")
    assert named(folder, "tables/accounts/slack.parquet: is missing")


def reseal(folder: Path, change: Callable[[dict[str, object]], object]) -> bytes:
    """Edit the manifest and make the sums fit again, as a careful adversary would."""
    manifest = parse_canonical((folder / "manifest.json").read_bytes())
    change(manifest)
    content = canonical_json(manifest)
    (folder / "manifest.json").write_bytes(content)
    files = [FileEntry(one["path"], one["bytes"], one["sha256"]) for one in manifest["files"]]
    (folder / "SHA256SUMS").write_bytes(sums_bytes(files, hashlib.sha256(content).hexdigest()))
    return content


def rechain(folder: Path, content: bytes, **change: str) -> None:
    """Make the END line fit a changed manifest too."""
    path = folder.parent / "chain.jsonl"
    start, end = check_chain(path).links
    at = change.get("at", end.at)
    digest = hashlib.sha256(content).hexdigest()
    link = Link(2, Event.END, end.run, at, start.digest, manifest_sha256=digest)
    path.write_bytes(start.line + link.line)


def test_an_edited_and_rehashed_manifest_is_caught_by_the_chain(folder: Path) -> None:
    """Sums that fit again do not help: the chain has the digest of the true manifest."""
    reseal(folder, lambda manifest: manifest.update(verdict="findings"))
    assert verify(folder).problems == (
        "manifest.json: does not have the SHA-256 that chain.jsonl recorded at the end",
    )


def test_a_manifest_must_fit_its_start_and_its_end(folder: Path) -> None:
    """Even with a new END line, START and the time of the end must be those of the manifest."""
    content = reseal(folder, lambda manifest: manifest.update(chain_head="0" * 64))
    rechain(folder, content, at="2026-11-01T12:59:59Z")
    problems = verify(folder).problems
    assert any("the START of" in problem for problem in problems)
    assert any("has another time" in problem for problem in problems)


def test_a_rebuilt_chain_changes_the_head(folder: Path) -> None:
    """Whoever rebuilds everything is not detected here, but cannot keep the deposited head."""
    before = verify(folder)
    rechain(folder, reseal(folder, lambda manifest: manifest.update(operator="eve")))
    after = verify(folder)
    assert after.problems == ()
    assert after.head != before.head
    assert "compare the head" in after.notes[-1]


def test_a_source_that_names_a_file_outside_the_run_is_refused(folder: Path) -> None:
    """Every response that a reading rests on must be in the run."""

    def forget(manifest: dict[str, object]) -> None:
        files = manifest["files"]
        assert isinstance(files, list)
        files[:] = [one for one in files if "000002" not in one["path"]]

    rechain(folder, reseal(folder, forget))
    (folder / "responses" / "slack" / "000002.response.gz").unlink()
    missing = "responses/slack/000002.response.gz"
    assert verify(folder).problems == (
        f"manifest.json: a source refers to {missing}, which is not in the run",
    )


def test_a_response_that_was_sealed_damaged_is_named(tmp_path: Path) -> None:
    """The digest inside a response is checked as well as the digest of its file."""
    with RunFolder.begin(tmp_path / "runs", NOON) as run:
        run.recorder("slack").record(Heard())
        run.write("responses/slack/000002.response.gz", b"not a response")
        folder = run.finish(small_audit(run), small_config(), "c" * 64, NOON)
    assert verify(folder).problems == (
        "responses/slack/000002.response.gz: is not a recorded response",
    )


def test_a_renamed_run_folder_is_refused(folder: Path) -> None:
    """A run under another number is neither the manifest's nor the chain's."""
    other = folder.with_name("000009-20991231T000000Z")
    folder.rename(other)
    problems = verify(other).problems
    assert f"manifest.json: is of run '{folder.name}', not of {other.name}" in problems
    assert f"chain.jsonl: run {other.name} has no START" in problems
    assert f"chain.jsonl: run {other.name} has no END" in problems


def test_a_missing_chain_is_a_problem(folder: Path) -> None:
    """Without the chain nothing says that the manifest is the one that was made."""
    (folder.parent / "chain.jsonl").unlink()
    verification = verify(folder)
    assert "chain.jsonl: is missing or empty" in verification.problems
    assert verification.head == FIRST


def test_an_unreadable_chain_is_a_problem(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A linked chain, or a parent that cannot be listed, is named and not followed."""
    chain = folder.parent / "chain.jsonl"
    chain.rename(tmp_path / "chain.jsonl")
    chain.symlink_to(tmp_path / "chain.jsonl")
    assert named(folder, "chain.jsonl: ")
    chain.unlink()
    (tmp_path / "chain.jsonl").rename(chain)

    def forbidden(_path: Path) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", forbidden)
    assert named(folder, "Permission denied")


def test_removing_any_line_of_the_chain_is_detected(tmp_path: Path) -> None:
    """With three runs here, no line can go without every run noticing."""
    folders = write_runs(tmp_path / "runs", None, None, None)
    path = tmp_path / "runs" / "chain.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for index in range(len(lines)):
        path.write_bytes(b"".join(lines[:index] + lines[index + 1 :]))
        assert named(folders[-1], "chain.jsonl"), index
    path.write_bytes(b"".join(lines[:4]))
    assert named(folders[0], f"chain.jsonl: does not know run {folders[2].name}")
    path.write_bytes(b"".join(lines))
    assert [verify(folder).problems for folder in folders] == [(), (), ()]


def test_a_run_kept_elsewhere_is_a_note(tmp_path: Path) -> None:
    """The absence of another run is said, and does not count against this one."""
    one, two = write_runs(tmp_path / "runs", None, None)
    shutil.rmtree(one)
    verification = verify(two)
    assert verification.problems == ()
    assert f"run {one.name} ended, but its folder is not here" in verification.notes


def test_an_unreadable_manifest_leaves_the_rest_of_the_result(folder: Path) -> None:
    """Without a manifest no file can be checked, and the verdict is not known."""
    (folder / "manifest.json").write_bytes(b"{}")
    verification = verify(folder)
    assert (verification.files_checked, verification.bytes_checked) == (0, 0)
    assert verification.run_verdict is None
    assert named(folder, "manifest.json: is not in canonical form")


def test_a_file_that_cannot_be_opened_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal of the system while reading a file is a problem of that file."""
    real = os.open

    def forbidden(path: str, *arguments: int, **options: int) -> int:
        if path == "report.html":
            raise OSError(errno.EIO, "Input/output error")
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", forbidden)
    assert verify(folder).problems == ("report.html: cannot be read: Input/output error",)


def test_what_is_no_run_folder_is_an_error(folder: Path, tmp_path: Path) -> None:
    """A missing folder, a file, a link to a run: an error that says what to name instead."""
    (tmp_path / "latest").symlink_to(folder)
    for path in (tmp_path / "missing", folder / "report.html", tmp_path / "latest"):
        with pytest.raises(EvidenceError, match=path.name) as caught:
            verify(path)
        assert caught.value.hint


def test_too_many_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder stuffed with files cannot exhaust the memory of who checks it."""
    monkeypatch.setattr("scanner.evidence.disk._MOST_FILES", 5)
    with pytest.raises(EvidenceError, match="holds more than 5 files"):
        verify(folder)


def test_nothing_is_written_by_checking(folder: Path) -> None:
    """The folder and its parent are the same before and after."""
    before = [(path, path.stat().st_mtime_ns) for path in sorted(folder.parent.rglob("*"))]
    verify(folder)
    assert [(path, path.stat().st_mtime_ns) for path in sorted(folder.parent.rglob("*"))] == before
