"""What is shipped, and what starting the program costs."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"pandas", "pyarrow", "duckdb", "httpx", "openpyxl", "scim2_models", "numpy", "jinja2"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from this tree, as a release would."""
    target = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    subprocess.run([*build, "--outdir", str(target), str(ROOT)], check=True, capture_output=True)
    return next(target.glob("*.whl"))


def test_the_wheel_holds_exactly_our_four_folders(wheel: Path) -> None:
    """Tests, runs and stray folders never reach a user's environment."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"scanner", "collectors", "reports", "templates"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_holds_what_is_read_as_data(wheel: Path) -> None:
    """Rules, profiles and templates are shipped with the code that reads them."""
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [
        path.relative_to(ROOT).as_posix()
        for folder in ("scanner", "collectors", "reports", "templates")
        for suffix in ("*.sql", "*.toml", "*.j2", "py.typed")
        for path in (ROOT / folder).rglob(suffix)
    ]
    assert len(data) > 15
    assert set(data) <= names


def test_an_unpacked_wheel_runs_without_the_source_tree(wheel: Path, tmp_path: Path) -> None:
    """The installed program finds its templates and rules beside its own code."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    program = "import sys; sys.path.insert(0, 'site'); from scanner.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-I", "-c", program, "init", "--app", "slack", "c.toml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "[sources.slack]" in (tmp_path / "c.toml").read_text()


def test_help_is_quick_because_it_loads_nothing_heavy() -> None:
    """``ghostscan --help`` imports no table, network or workbook library."""
    program = (
        "import sys, json; from scanner.cli.program import run; code = run(['--help']); "
        "print(json.dumps([code, sorted(sys.modules)]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    code, modules = json.loads(result.stdout.splitlines()[-1])
    loaded = {name.partition(".")[0] for name in modules}
    assert code == 0
    assert loaded & HEAVY == set()
    assert {"typer", "scanner"} <= loaded


def test_no_registry_host_stands_in_the_constraints() -> None:
    """Pins are names and versions only, so they hold behind any mirror."""
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert "==" in line
        assert "://" not in line
