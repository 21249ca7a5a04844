"""The README says what is true: its configuration, commands, kinds and exit codes."""

import re
from pathlib import Path

import pytest

from collectors.profile import load_profile
from scanner import errors, workflow
from scanner.cli.program import run as _run
from scanner.config import parse_config, parse_registers
from scanner.model import Verdict
from scanner.reconcile.catalogue import load_rules
from scanner.remediation.apply import INTERRUPTED, UNCONFIRMED

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.compile(r"```sh\n(.*?)```|`(ghostscan [^`\n]*)`", re.DOTALL)


def test_the_configuration_in_the_readme_is_valid() -> None:
    """What a reader copies is accepted, and its types exist."""
    blocks = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    sources, registers, waivers = blocks
    config = parse_config(f"{sources}\n{registers}".encode(), Path("README.md"))
    assert len(parse_registers({"waivers": waivers.encode()}, config).waivers) == 1
    for source in config.sources.values():
        assert load_profile(source.type)


def test_every_command_in_the_readme_exists(capsys: pytest.CaptureFixture[str]) -> None:
    """Each ``ghostscan …`` line names a command with help, and options that the help lists."""
    code = "\n".join("".join(found) for found in CODE.findall(README))
    lines = re.findall(r"^ghostscan ((?:(?:baseline|review) )?[a-z]+)([^\n#]*)", code, re.MULTILINE)
    commands = {name for name, _ in lines}
    assert {"audit", "demo", "init", "verify"} <= commands
    for name in sorted(commands):
        assert _run([*name.split(), "--help"]) == 0
        helped = capsys.readouterr().out
        for rest in (rest for command, rest in lines if command == name):
            for option in re.findall(r"--[a-z-]+", rest):
                assert option in helped


def test_every_make_target_in_the_readme_exists() -> None:
    """The two commands of the README are targets of the Makefile."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test"} <= targets
    assert set(re.findall(r"^make (\w+)", README, re.MULTILINE)) == {"demo", "test"}


def test_the_kinds_in_the_readme_are_those_of_the_catalogue() -> None:
    """The table lists every kind there is, with its severity."""
    rows = dict(re.findall(r"^\| `([a-z_]+)` \|.*\| (\w+) \|$", README, re.MULTILINE))
    assert rows == {rule.kind: str(rule.severity) for rule in load_rules()}


def test_the_exit_codes_in_the_readme_are_those_of_the_program() -> None:
    """Every code a verdict or an error can give stands in the table."""
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    given = {workflow.EXIT_CODES[verdict] for verdict in Verdict}
    tree = [errors.UsageError, errors.IntegrityError, errors.GhostscanError, errors.EvidenceError]
    tree += [errors.RefusedError]
    assert given | {error.exit_code for error in tree} | {UNCONFIRMED, INTERRUPTED} == listed


def test_the_pictures_and_links_of_the_readme_exist() -> None:
    """No link to a file that is not there."""
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).is_file()
