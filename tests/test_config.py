"""What ghostscan.toml accepts, and how it refuses."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.config import is_loopback, load_config, parse_config, parse_limit
from scanner.errors import ConfigError
from scanner.model import Role

MINIMAL = """
[sources.people]
role = "hris"
type = "scim"
url = "https://hr.example.com/scim/v2/"
[sources.wiki]
type = "scim"
url = "http://127.0.0.1:8080/v2"
"""


def refused(text: str) -> str:
    """Return the one line a broken configuration is refused with."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), Path("ghostscan.toml"))
    assert "\n" not in caught.value.message
    return caught.value.message


def test_ten_lines_are_a_configuration() -> None:
    """Two sources with a type and a URL are enough; everything else has a default."""
    config = parse_config(MINIMAL.encode(), Path("c.toml"))
    assert config.sources["people"].role is Role.HRIS
    assert config.sources["wiki"].role is Role.APP
    assert config.sources["people"].url == "https://hr.example.com/scim/v2"
    assert config.policy.deprovision_within == "immediate"


def test_the_written_example_is_valid(tmp_path: Path) -> None:
    """The file that init writes is a configuration as it stands."""
    text = (Path(__file__).parent.parent / "templates" / "ghostscan.toml").read_bytes()
    config = parse_config(text, tmp_path)
    assert list(config.sources) == ["people", "wiki"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[polcy]\n", "unknown key polcy (did you mean policy?)"),
        (
            '[policy]\ndeprovison_within = "4h"\n',
            "policy.deprovison_within (did you mean deprovision_within?)",
        ),
        ('[policy]\ndeprovision_within = "soon"\n', "3 business days"),
        ('[organization]\ntimezone = "Europe/Berln"\n', "did you mean Europe/Berlin?"),
        ('[sources.chat]\ntyp = "scim"\nurl = "https://c.example"\n', "did you mean type?"),
        ('[sources.chat]\nurl = "https://c.example"\n', "sources.chat.type is missing"),
        ('[sources."a/b"]\ntype = "scim"\nurl = "https://c.example"\n', "letters, digits"),
        ('[sources.Wiki]\ntype = "scim"\nurl = "https://c.example"\n', "differ only in case"),
        ('[registers]\nwaiver = "w.toml"\n', "registers.waiver (did you mean waivers?)"),
        ("[registers]\nlongest_waiver_days = 0\n", "registers.longest_waiver_days"),
    ],
)
def test_a_mistake_is_named_with_what_to_write(line: str, says: str) -> None:
    """Each error names the key as it stands in the file and the nearest valid one."""
    assert says in refused(MINIMAL + line)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ('auth = { bearer = "s3cr3t-value" }', "must be a reference"),
        ('auth = { bearer = "env:" }', "must be a reference"),
        ('auth = { bearer = "env:A", basic = { user = "u", password = "env:B" } }', "one of"),
        ('attributes = { departed = "x" }', "attributes.departed is not a field"),
        ("page_size = 0", "page_size"),
        ('users_path = "/../admin"', "must not contain .."),
        ('users_path = "https://elsewhere.example"', "users_path"),
        ('paging = "pages"', "paging"),
    ],
)
def test_a_source_setting_is_checked(setting: str, says: str) -> None:
    """A setting that could mislead a read is refused before the first request."""
    message = refused(MINIMAL + setting + "\n")
    assert says in message
    assert "s3cr3t" not in message


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hr.example.com",
        "http://hr.example.com",
        "http://localhost.evil.example",
        "https://user:pw@hr.example.com",
        "https://user@hr.example.com",
        "https://hr.example.com/scim?x=1",
        "https://hr.example.com/scim#x",
        "https://hr.example.com:99999/",
        "https://",
        "hr.example.com",
    ],
)
def test_an_unsafe_base_url_is_refused(url: str) -> None:
    """Only https, or http to this machine, without credentials, query or fragment."""
    assert "sources.people.url" in refused(MINIMAL.replace("https://hr.example.com/scim/v2/", url))


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_loopback_is_only_this_machine(host: str, local: bool) -> None:
    """A name that merely starts like localhost is not this machine."""
    assert is_loopback(host) is local


def test_authentication_can_be_none_in_two_spellings() -> None:
    """A server without authentication is said so with a word or a table, or left out."""
    for setting in ('auth = "none"', "auth = { none = true }", ""):
        config = parse_config(f"{MINIMAL}{setting}\n".encode(), Path("c.toml"))
        assert config.sources["wiki"].auth.bearer is None


def test_without_an_hris_nothing_can_be_judged() -> None:
    """Only an HRIS can say who has departed; only apps have accounts to examine."""
    assert 'role = "hris"' in refused(MINIMAL.replace('role = "hris"', ""))
    assert "no app to audit" in refused(MINIMAL.split("[sources.wiki]", maxsplit=1)[0])
    assert "sources is missing" in refused("")


ENTITLEMENT = '[[entitlements]]\napp = "wiki"\ngroup = "eng"\n'


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("", "give either"),
        ('people = { department = ["E"] }\nmirrors = "wiki:x"\n', "give either"),
        ('people = { departmnt = ["E"] }\n', "did you mean department?"),
        ("people = { department = [] }\n", "lists no value"),
        ("people = {}\n", "expect everybody"),
        ('mirrors = "okta:eng"\n', "no app is named 'okta'"),
        ('mirrors = "eng"\n', "mirrors"),
    ],
)
def test_an_entitlement_has_one_clear_basis(lines: str, says: str) -> None:
    """A rule or a mirrored group, over fields and apps that exist."""
    assert says in refused(MINIMAL + ENTITLEMENT + lines)


def test_an_entitlement_by_rule_or_mirror_is_read() -> None:
    """Both forms of the documentation are accepted."""
    text = f'{MINIMAL}{ENTITLEMENT}people = {{ department = ["Engineering"] }}\n'
    text += f'{ENTITLEMENT}mirrors = "wiki:all"\n'
    first, second = parse_config(text.encode(), Path("c.toml")).entitlements
    assert first.people == {"department": ("Engineering",)}
    assert second.mirrors == "wiki:all"


@pytest.mark.parametrize(
    ("text", "duration", "days"),
    [
        ("immediate", timedelta(0), 0),
        ("4h", timedelta(hours=4), 0),
        ("30m", timedelta(minutes=30), 0),
        ("90d", timedelta(days=90), 0),
        ("1 business day", timedelta(0), 1),
        ("3 business days", timedelta(0), 3),
    ],
)
def test_a_removal_limit_is_read(text: str, duration: timedelta, days: int) -> None:
    """The forms of the documentation, and no others."""
    limit = parse_limit(text)
    assert (limit.duration, limit.business_days) == (duration, days)


@given(st.text(max_size=12))
def test_any_text_is_a_limit_or_a_value_error(text: str) -> None:
    """No text crashes the parser."""
    try:
        limit = parse_limit(text)
    except ValueError:
        return
    assert limit.duration >= timedelta(0)


def test_a_file_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    """The first error of a new user names the command that helps."""
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "ghostscan.toml")
    assert "ghostscan init" in caught.value.hint
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"), [(b"\xff\xfe", "not UTF-8"), (b"a = ", "not valid TOML")]
)
def test_a_file_that_is_not_toml_is_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    """Neither bytes nor syntax give a traceback."""
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        load_config(path)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """The run folder stands beside the configuration, wherever the command was started."""
    path = tmp_path / "c.toml"
    path.write_text(MINIMAL)
    loaded = load_config(path)
    assert loaded.runs_directory == tmp_path / "runs"
    assert len(loaded.sha256) == 64
