"""The manifest and the list of sums."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.evidence.canonical import canonical_json, parse_canonical
from scanner.evidence.manifest import (
    FileEntry,
    build_manifest,
    manifest_bytes,
    parse_manifest,
    sums_bytes,
)
from scanner.model import Verdict
from tests.fakes.audit import sample_audit
from tests.fakes.evidence import NOON, SECRET_REFERENCE, small_config, write_run

FILES = (FileEntry("report.html", 3, "b" * 64), FileEntry("findings.json", 2, "a" * 64))


def sample_manifest() -> dict[str, Any]:
    return build_manifest(
        sample_audit(),
        config=small_config(),
        config_sha256="c" * 64,
        chain_head="d" * 64,
        ended_at=NOON,
        files=FILES,
    )


def test_manifest_answers_what_an_examiner_asks() -> None:
    """System, query, time, versions, configuration, operator and completeness are all there."""
    audit = sample_audit()
    manifest = parse_canonical(manifest_bytes(sample_manifest()))
    assert manifest["schema"] == "ghostscan/manifest/1"
    assert manifest["run"] == audit.run
    assert manifest["previous_run"] == audit.previous_run
    assert manifest["as_of"] == "2026-11-01T09:00:00Z"
    assert manifest["ended_at"] == "2026-11-01T12:00:00Z"
    assert manifest["config_sha256"] == "c" * 64
    assert manifest["chain_head"] == "d" * 64
    assert manifest["operator"] == audit.operator
    assert manifest["host"] == hashlib.sha256(platform.node().encode()).hexdigest()
    assert manifest["policy"] == {
        "limit": "24h", "reference": "ACP-07 v3, section 4.2", "stated": True
    }  # fmt: skip
    assert manifest["verdict"] == "incomplete"
    assert manifest["tool"]["packages"]["httpx"] == importlib.metadata.version("httpx")
    assert manifest["files"] == [
        {"bytes": 2, "path": "findings.json", "sha256": "a" * 64},
        {"bytes": 3, "path": "report.html", "sha256": "b" * 64},
    ]


def test_manifest_holds_every_reading_with_its_proof() -> None:
    """Each source stands there with state, reasons, proof points, responses and deviations."""
    audit = sample_audit()
    sources = sample_manifest()["sources"]
    assert [source["name"] for source in sources] == [one.source for one in audit.sources]
    for source, reading in zip(sources, audit.sources, strict=True):
        assert source["state"] == reading.state
        for name, population in (("users", reading.users), ("groups", reading.groups)):
            assert source[name]["state"] == population.state
            assert source[name]["responses"] == list(population.responses)
            assert source[name]["deviations"] == list(population.deviations)
            assert len(source[name]["proof"]) == len(population.proof)
            assert [one["code"] for one in source[name]["reasons"]] == [
                reason.code for reason in population.reasons
            ]


def test_manifest_counts_add_up() -> None:
    """The counts are those of the result, and the kinds add up to the findings."""
    audit, counts = sample_audit(), sample_manifest()["counts"]
    assert counts["people"] == audit.people
    assert counts["departed"] == audit.departed
    assert sum(counts["findings_by_kind"].values()) == counts["findings"] == len(audit.findings)
    assert counts["users_received"] == sum(one.users.received for one in audit.sources)


def test_configuration_is_kept_with_references_and_without_floats() -> None:
    """A secret stands there as its reference; a float becomes an integer or its text."""
    sources = sample_manifest()["configuration"]["sources"]
    assert sources["slack"]["auth"]["bearer"] == SECRET_REFERENCE
    assert sources["slack"]["timeout_seconds"] == "2.5"
    assert sources["people"]["timeout_seconds"] == 60


def test_a_package_that_is_not_there_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without one of the libraries can still say so."""

    def missing(_name: str) -> str:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr("scanner.evidence.manifest.version", missing)
    assert set(sample_manifest()["tool"]["packages"].values()) == {None}


def test_manifest_reads_back_what_checking_needs() -> None:
    """What was built is parsed again to the same run, head, verdict, end and files."""
    manifest = parse_manifest(manifest_bytes(sample_manifest()))
    assert manifest.run == sample_audit().run
    assert manifest.chain_head == "d" * 64
    assert manifest.verdict is Verdict.INCOMPLETE
    assert manifest.ended_at == "2026-11-01T12:00:00Z"
    assert manifest.files == (FILES[1], FILES[0])
    audit = sample_audit()
    named = [(*one.users.responses, *one.groups.responses) for one in audit.sources]
    assert manifest.responses == tuple(path for paths in named for path in paths)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("extra", 1),
        ("schema", "ghostscan/manifest/2"),
        ("run", 7),
        ("verdict", "fine"),
        ("files", 7),
        ("files", [7]),
        ("sources", [{}]),
        ("sources", [{"users": {"responses": [7]}, "groups": {"responses": []}}]),
        ("file.path", "../findings.json"),
        ("file.path", "/etc/passwd"),
        ("file.path", 7),
        ("file.bytes", "2"),
        ("file.bytes", True),
        ("file.path", "manifest.json"),
        ("file.path", "report.html"),
        ("file.path", "zzz"),
    ],
)
def test_a_hostile_manifest_is_refused(key: str, value: object) -> None:
    """Extra keys, wrong types, paths outside and doubled files raise ValueError."""
    manifest = parse_canonical(manifest_bytes(sample_manifest()))
    place = manifest["files"][0] if key.startswith("file.") else manifest
    place[key.removeprefix("file.")] = value
    with pytest.raises(ValueError, match=r"\w"):
        parse_manifest(canonical_json(manifest))


def test_a_manifest_without_one_of_its_keys_is_refused() -> None:
    """Every key is needed, also those that checking does not look at."""
    whole = parse_canonical(manifest_bytes(sample_manifest()))
    for key in whole:
        with pytest.raises(ValueError, match="is not a manifest"):
            parse_manifest(canonical_json({name: whole[name] for name in whole if name != key}))


@pytest.mark.parametrize("content", [b"", b"[]\n", b"{}\n", b'{"schema": 1}'])
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    """Other JSON, and bytes that are none, raise ValueError."""
    with pytest.raises(ValueError, match=r"manifest|JSON|form"):
        parse_manifest(content)


@given(st.sets(st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._/-]{0,9}", fullmatch=True), max_size=8))
def test_sums_are_in_byte_order_and_name_every_file_but_themselves(paths: set[str]) -> None:
    """One line per file and the manifest, sorted by the bytes of the path."""
    content = sums_bytes((FileEntry(path, 1, "a" * 64) for path in paths), "m" * 64)
    names = [line[66:] for line in content.splitlines()]
    assert names == sorted(path.encode() for path in paths | {"manifest.json"})


def test_sums_pass_the_program_everybody_has(tmp_path: Path) -> None:
    """``sha256sum -c --strict SHA256SUMS`` accepts a run, and refuses it after a change."""
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("sha256sum is not installed")
    folder = write_run(tmp_path / "runs")
    command = [program, "-c", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=folder, check=False).returncode == 0
    listed = {line[66:] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there - listed == {"SHA256SUMS"}
    (folder / "report.html").write_bytes(b"<!doctype html>!")
    assert subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 1
