"""``ghostscan check`` as a user meets it: what it prints, where, and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.demo.company import make_company
from collectors.demo.configuration import configuration
from collectors.demo.server import serve
from collectors.demo.site import TOKEN_VARIABLE
from scanner import workflow
from scanner.cli.audit import DEMO_SEED
from scanner.cli.program import run as _run
from scanner.config import load_config
from tests.fakes.scim_server import Fault, ScimServer, group, serving, user

TOKEN = "check-test-token-1f77c0"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test has its own folder, a known secret, and a terminal of 80 columns."""
    monkeypatch.setenv("CHECK_TOKEN", TOKEN)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def hris() -> Iterator[ScimServer]:
    """An HRIS of ten people of whom one has left."""
    with serving([user(number, active=number != 1) for number in range(1, 11)]) as server:
        yield server


def write_config(hris: ScimServer, app: ScimServer, more: str = "") -> None:
    Path("ghostscan.toml").write_text(
        f"""[sources.people]
role = "hris"
type = "scim"
url = "{hris.url}"
auth = {{ bearer = "env:CHECK_TOKEN" }}
[sources.wiki]
type = "scim"
url = "{app.url}"
auth = {{ bearer = "env:CHECK_TOKEN" }}
{more}"""
    )


def app(*faults: Fault) -> Any:  # noqa: ANN401 - a context manager of the fake
    accounts = [user(number, active=number != 1) for number in range(1, 11)]
    return serving(accounts, [group(1, ["u2"])], *faults)


def test_a_company_that_can_be_read_exits_with_zero_and_leaves_nothing(
    hris: ScimServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every source is named, within 80 columns; no run folder, no secret, nothing but GET."""
    with app() as wiki:
        write_config(hris, wiki)
        assert _run(["check"]) == 0
        assert {asked.method for asked in hris.ledger + wiki.ledger} == {"GET"}
    printed = capsys.readouterr()
    for words in ("people", "wiki", "Ready for an audit", "seen on 1 of 10"):
        assert words in printed.out
    assert "nothing is written" in printed.err
    assert TOKEN not in printed.out + printed.err
    assert max(map(len, printed.out.splitlines())) <= 80
    assert [path.name for path in Path().iterdir()] == ["ghostscan.toml"]


def test_json_is_one_document_and_nothing_else(
    hris: ScimServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--json`` prints sources and exit code on stdout and nothing on stderr."""
    with app(Fault.UNAUTHORIZED) as wiki:
        write_config(hris, wiki)
        code = _run(["check", "--json"])
    printed = capsys.readouterr()
    document: dict[str, Any] = json.loads(printed.out)
    assert printed.err == ""
    assert (set(document), document["exit_code"], code) == ({"sources", "exit_code"}, 20, 20)
    assert [one["usable"] for one in document["sources"]] == [True, False]
    assert document["sources"][1]["sign_in"] == "refused"
    assert TOKEN not in printed.out


def test_a_source_that_cannot_be_read_exits_with_twenty(
    hris: ScimServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The refusal is said in words; quiet means no message on stderr."""
    with app(Fault.UNAUTHORIZED) as wiki:
        write_config(hris, wiki)
        assert _run(["check", "-q", "--no-color"]) == 20
    printed = capsys.readouterr()
    assert "401: the token was refused" in printed.out
    assert "not ready for an audit: wiki" in printed.out
    assert printed.err == ""


def test_only_the_named_sources_are_asked(hris: ScimServer) -> None:
    """A source that was not named hears nothing, and its secret is not needed."""
    with app() as wiki:
        write_config(hris, wiki, '[sources.chat]\ntype = "scim"\nurl = "https://chat.example"\n'
                     'auth = { bearer = "env:NO_SUCH_VARIABLE_AT_ALL" }\n')  # fmt: skip
        assert _run(["check", "wiki", "-q"]) == 0
        assert hris.ledger == []
        assert _run(["check", "-q"]) == 64


def test_an_unknown_source_is_a_usage_error(
    hris: ScimServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """64, one line, and the names there are; nothing is asked."""
    with app() as wiki:
        write_config(hris, wiki)
        assert _run(["check", "wikki", "-q"]) == 64
        assert wiki.ledger == []
    printed = capsys.readouterr().err
    assert "wikki" in printed
    assert "people, wiki" in printed
    assert _run(["check", "--config", "none.toml"]) == 64


@pytest.mark.parametrize(
    "entitlement",
    [
        'app = "wiki"\ngroup = "g"\npeople = { department = ["x"] }',
        'app = "other"\ngroup = "g"\nmirrors = "wiki:g"',
    ],
)
def test_groups_an_entitlement_depends_on_are_needed(hris: ScimServer, entitlement: str) -> None:
    """Without groups the app is ready, unless an entitlement governs or mirrors one of them."""
    with app(Fault.NO_GROUPS) as wiki, app() as other:
        more = f'[sources.other]\ntype = "scim"\nurl = "{other.url}"\n'
        write_config(hris, wiki, more)
        assert _run(["check", "-q"]) == 0
        write_config(hris, wiki, f"{more}[[entitlements]]\n{entitlement}\n")
        assert _run(["check", "-q"]) == 20


def test_check_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The command explains itself and its arguments."""
    assert _run(["check", "--help"]) == 0
    assert "[SOURCE]..." in capsys.readouterr().out


def test_the_demo_company_can_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every source of the demo is ready; what each shows is what the company serves."""
    company = make_company(DEMO_SEED, datetime(2026, 11, 1, 9, tzinfo=UTC))
    with serve(company) as site:
        path = tmp_path / "demo.toml"
        path.write_text(configuration(company, site))
        monkeypatch.setenv(TOKEN_VARIABLE, site.token)
        found = {one.source: one for one in workflow.check(load_config(path))}
        names = list(site.urls)
    assert list(found) == names
    assert all(one.usable for one in found.values())
    assert found["people"].users.reported == len(company.people)
    assert found["code"].users.given == 50
    assert any("at most 50" in quirk for quirk in found["code"].quirks)
    assert [reason.code for reason in found["video"].notes] == ["groups.unsupported"]
    for site_app in company.apps:
        reported = len(site_app.logins) + site_app.overstated_by
        assert found[site_app.name].users.reported == reported
