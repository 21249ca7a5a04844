"""The README's lines, run as they stand: the demo company is remediated, and given back."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scanner.config import Source, load_config
from scanner.remediation.plan import parse_plan
from tests.test_readme import README

PATIENCE_SECONDS = 240
BIN = Path(sys.executable).parent
SECTION = README.partition("## Remediation")[2].partition("\n## ")[0]
LINES = [
    line.partition("#")[0].strip()
    for line in re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)[0].splitlines()
]


def environment() -> dict[str, str]:
    """What a shell would give, without coverage: the tests of each command follow its lines."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    inherited = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    return {**inherited, "PATH": path, "NO_COLOR": "1", "COLUMNS": "100"}


@contextmanager
def first_terminal(folder: Path) -> Iterator[None]:
    """Run the first line until the block ends, then press Ctrl-C; exit code 10."""
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            LINES[0].split(), cwd=folder, env=environment(), stdout=said, stderr=said
        )
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while "In a second terminal" not in (folder / "said").read_text():
                assert process.poll() is None, (folder / "said").read_text()
                assert time.monotonic() < deadline, "the demo does not serve"
                time.sleep(0.05)  # another process: nothing else tells when it is ready
            yield
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(PATIENCE_SECONDS)
    assert code == 10


def typed(line: str, folder: Path) -> str:
    """Give what is typed into a line that asks."""
    if not line.startswith("ghostscan approve"):
        return ""
    (plan,) = folder.glob(line.split()[2])
    found = parse_plan(plan.read_bytes())
    return f"{found.plan_id[:8]}\n{len(found.sendable())}\n"


def second_terminal(line: str, folder: Path) -> str:
    """Run one line in a shell, and give what it printed; every code is one that is meant."""
    ran = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder,
        env=environment(),
        input=typed(line, folder),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    expected = (20,) if line == "ghostscan audit" else (0,)
    assert ran.returncode in expected, (line, ran.stdout, ran.stderr)
    return ran.stdout


def served(folder: Path) -> dict[str, Any]:
    """Give all users of all sources as they are served, without when and in which version."""
    config, token = load_config(folder / "ghostscan.toml").config, (folder / "token").read_text()
    return {name: shown(source, token) for name, source in config.sources.items()}


def shown(source: Source, token: str) -> list[dict[str, Any]]:
    """Read a whole list; one source lies about its total, so only an empty page ends it."""
    users: list[dict[str, Any]] = []
    while True:
        url = f"{source.url}/Users?startIndex={len(users) + 1}&count=100"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            page = json.load(answer).get("Resources", [])
        if not page:
            return users
        users += [{key: value for key, value in one.items() if key != "meta"} for one in page]


def active(everything: dict[str, Any]) -> int:
    return sum(one["active"] for users in everything.values() for one in users)


def test_the_lines_of_the_readme_remediate_the_demo_and_give_back(tmp_path: Path) -> None:
    """Planned, approved, applied, audited, undone: afterwards the servers are as they were."""
    assert LINES[:2] == ["ghostscan demo --serve", "cd ghostscan-demo"]
    folder = tmp_path / "ghostscan-demo"
    with first_terminal(tmp_path):
        before = served(folder)
        for line in LINES[2:6]:
            second_terminal(line, folder)
        (plan,) = folder.glob("runs/000001-*/remediation/plan.json")
        planned = len(json.loads(plan.read_bytes())["actions"])
        assert planned > 5
        assert active(served(folder)) == active(before) - planned
        second_terminal(LINES[6], folder)
        (later,) = folder.glob("runs/000002-*/findings.json")
        kinds = [one["kind"] for one in json.loads(later.read_bytes())["findings"]]
        assert "ghost_active" not in kinds
        for line in LINES[7:]:
            second_terminal(line, folder)
        assert served(folder) == before
    assert not (folder / "token").exists()
