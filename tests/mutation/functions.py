"""Wrong versions of the reconciler's functions, made and tried by mutmut, module by module.

Of each module only the quick tests that ``modules.toml`` names are run, and of these mutmut runs
those that go through the function, until one fails.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from scanner.reconcile import catalogue
from tests.mutation.journal import Journal
from tests.mutation.survivors import Survivor, say

ROOT = Path(__file__).parents[2]
RECONCILE = Path(catalogue.__file__).parent
NAMED = Path(__file__).with_name("modules.toml")
GOLDEN = "test_reconcile_golden.py::test_exactly_what_was_planted_is_found[5-held]"
COPIED = ("scanner", "collectors", "reports", "templates", "tests")
LEFT_OUT = shutil.ignore_patterns(".venv", "node_modules", "__pycache__")
SURVIVED = (0, 33)
"""mutmut's codes for a mutant that every test passed with, and one that no test ran."""
SETTINGS = """
[tool.mutmut]
source_paths = ["scanner"]
only_mutate = ["scanner/reconcile/{module}.py"]
also_copy = ["collectors", "reports", "templates"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
"""


@dataclass(frozen=True)
class Mutant:
    """A wrong version of one function, by mutmut's name; ``source`` is the module as it is."""

    module: str
    name: str
    source: str


def selection(of: str = "functions") -> Mapping[str, list[str]]:
    """The tests of each module, or of each folder of queries, as pytest is given them."""
    named = tomllib.loads(NAMED.read_text(encoding="utf-8"))[of]
    return {
        module: [f"tests/{GOLDEN if test == 'golden' else test}" for test in tests]
        for module, tests in named.items()
    }


def every_mutant(only: str | None = None) -> list[Mutant]:
    """The mutants of every module that ``modules.toml`` names, or of one of them."""
    with tempfile.TemporaryDirectory() as folder:
        code = _LISTING.format(folder=str(RECONCILE), modules=sorted(selection()))
        (Path(folder) / "pyproject.toml").write_text(SETTINGS.format(module="*", tests=[]))
        listed = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
        )
    found: Mapping[str, list[str]] = json.loads(listed.stdout)
    return [
        Mutant(module, f"scanner.reconcile.{module}.{name}", _source(module))
        for module, names in found.items()
        if only is None or only == module
        for name in names
    ]


_LISTING = """
import json, pathlib
from mutmut.mutation.file_mutation import mutate_file_contents
def names(module):
    path = pathlib.Path({folder!r}) / (module + ".py")
    return list(mutate_file_contents(str(path), path.read_text(encoding="utf-8")).mutant_names)
print(json.dumps({{module: names(module) for module in {modules!r}}}))
"""


def _source(module: str) -> str:
    return (RECONCILE / f"{module}.py").read_text(encoding="utf-8")


def attempt(chosen: Iterable[Mutant], journal: Journal) -> list[Survivor]:
    """Try mutants; return those that no test noticed."""
    left = [one for one in chosen if journal.told(one.name, one.source) is None]
    survivors: list[Survivor] = []
    started = time.monotonic()
    for module, mutants in groupby(sorted(left, key=lambda one: one.name), lambda one: one.module):
        tried = list(mutants)
        with tempfile.TemporaryDirectory() as folder:
            found = _survivors(Path(folder), module, tried)
        survivors += found.values()
        for one in found.values():
            say(f"  survived: {one.id}")
        for mutant in tried:
            if mutant.name not in found:
                journal.tell(mutant.name, mutant.source, module)
        say(f"{module}: {len(tried) - len(found)} of {len(tried)} noticed, "
            f"{time.monotonic() - started:.0f} s")  # fmt: skip
    return survivors


def _survivors(folder: Path, module: str, mutants: Sequence[Mutant]) -> dict[str, Survivor]:
    """Run mutmut on a copy of the tree below ``folder``."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    settings = SETTINGS.format(module=module, tests=json.dumps(selection()[module]))
    (folder / "pyproject.toml").write_text(text + settings, encoding="utf-8")
    _mutmut(folder, "run", "--max-children", "1", *(one.name for one in mutants))
    meta = folder / "mutants" / "scanner" / "reconcile" / f"{module}.py.meta"
    codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    return {
        one.name: _survivor(module, one.name, _mutmut(folder, "show", one.name))
        for one in mutants
        if codes[one.name] in SURVIVED
    }


def _mutmut(folder: Path, *arguments: str) -> str:
    """Run mutmut in ``folder``; raises RuntimeError, with what it said, where it could not."""
    ended = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(f"{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}")
    return ended.stdout


def _survivor(module: str, name: str, diff: str) -> Survivor:
    """Name a survivor by its function and the lines that changed, which stay when others do not."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "#"))]
    function = name.rsplit(".", maxsplit=1)[-1].rpartition("__mutmut_")[0]
    function = function.removeprefix("x_").replace("xǁ", "").replace("ǁ", ".")
    before = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    after = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    identity = f"{module}.{function}: {before} -> {after}"
    return Survivor(identity, f"scanner/reconcile/{module}.py, {function}")
