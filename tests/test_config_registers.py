"""The registers: what they accept, and how every mistake is told with its line."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.config import (
    Config,
    LoadedConfig,
    baseline_bytes,
    load_registers,
    parse_registers,
)
from scanner.config.line import lines_of
from scanner.errors import ConfigError
from scanner.model import ApprovedGroup, ManualLink, NonHuman, Protected, Registers, Waiver
from tests.fakes.company import SETTINGS

WAIVER = """[[waivers]]
app = "slack"
finding = "0123456789abcdef"
owner = "Ana Ruiz"
reason = "Needed until the migration is over."
approver = "Bo Lind"
approved_on = 2026-10-01
expires_on = 2026-12-31
"""
ACCOUNT = """[[accounts]]
app = "slack"
account = "deploy-bot"
type = "bot"
owner = "1042"
purpose = "Posts releases."
review_by = 2027-01-31
"""


def config(**registers: object) -> Config:
    """The configuration of the small company, with a [registers] table."""
    return Config.model_validate({**SETTINGS, "registers": registers})


def parsed(name: str, text: str, **registers: object) -> Registers:
    """Read one register from its text."""
    return parse_registers({name: text.encode()}, config(**registers))


def refused(name: str, text: str, **registers: object) -> str:
    """Return the one line a broken register is refused with."""
    with pytest.raises(ConfigError) as caught:
        parsed(name, text, **registers)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_waiver_says_who_accepts_what_and_until_when() -> None:
    """Every field arrives as it was written, with the line it begins on."""
    (waiver,) = parsed("waivers", f"# accepted findings\n\n{WAIVER}").waivers
    assert waiver == Waiver(
        line=3,
        app="slack",
        finding="0123456789abcdef",
        kind=None,
        account=None,
        person=None,
        group=None,
        owner="Ana Ruiz",
        reason="Needed until the migration is over.",
        approver="Bo Lind",
        approved_on=date(2026, 10, 1),
        expires_on=date(2026, 12, 31),
    )


def test_accounts_are_somebody_elses_work_or_somebodys_own() -> None:
    """An entry with a type is a non-human account; one with a person is a manual link."""
    linked = '[[accounts]]\napp = "okta"\naccount = "O7"\nperson = "ana@example.com"\n'
    registers = parsed("accounts", ACCOUNT + linked)
    assert registers.nonhuman == (
        NonHuman(1, "slack", "deploy-bot", "bot", "1042", "Posts releases.", date(2027, 1, 31)),
    )
    assert registers.links == (ManualLink(8, "okta", "O7", "ana@example.com"),)


def test_protection_errs_on_protecting() -> None:
    """One name is enough, in any letter case; no app means every app; other apps are not meant."""
    text = (
        '[[protected]]\napp = "slack"\naccounts = ["U1", "Root@Example.com"]\nreason = "founder"\n'
        '[[protected]]\naccounts = ["audit"]\nreason = "our own"\n'
    )
    registers = parsed("protected", text)
    assert registers.protected[0] == Protected(1, "slack", ("U1", "Root@Example.com"), "founder")
    assert registers.protection("slack", ["9", " ROOT@example.com"]) == ("founder",)
    assert registers.protection("okta", ["root@example.com"]) == ()
    assert registers.protection("okta", ["Audit"]) == ("our own",)
    bots = parsed("accounts", ACCOUNT)
    assert bots.protection("slack", ["DEPLOY-BOT"]) == ("registered as bot: Posts releases.",)
    assert bots.protection("okta", ["deploy-bot"]) == ()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("waivers", "[[waivers]\n", "waivers.toml is not valid TOML"),
        ("waivers", WAIVER.replace("owner", "ownr"), "line 4: unknown key waivers.0.ownr (did you"),
        ("waivers", WAIVER.replace("reason =", "# "), "line 1: waivers.0.reason is missing"),
        ("waivers", WAIVER.replace("2026-12-31", '"soon"'), "line 8: waivers.0.expires_on"),
        ("waivers", WAIVER.replace("Bo Lind", "ANA RUIZ"), "line 1: waivers.0: owner and approver"),
        ("waivers", WAIVER.replace("2026-12-31", "2026-09-30"), "expires_on is before approved_on"),
        ("waivers", WAIVER.replace("2026-12-31", "2027-10-03"), "line 8: is 367 days after"),
        ("waivers", WAIVER.replace('"slack"', '"slak"'), "line 2: no app is named 'slak' (did you"),
        ("waivers", WAIVER.replace("0123456789abcdef", "*"), "line 3: waivers.0.finding"),
        ("waivers", WAIVER.replace("finding =", "#"), "line 1: waivers.0: name the finding"),
        ("waivers", WAIVER + 'kind = "orphan_account"\n', "give either finding, or kind"),
        (
            "waivers",
            WAIVER.replace('finding = "0123456789abcdef"', 'kind = "collection_incomplete"'),
            "line 3: collection_incomplete cannot be waived",
        ),
        ("waivers", WAIVER + WAIVER, "line 9: says the same as entry 1"),
        ("waivers", WAIVER.replace("Needed until the migration is over.", " "), "waivers.0.reason"),
        ("accounts", ACCOUNT.replace('"bot"', '"robot"'), "line 4: accounts.0.type"),
        ("accounts", ACCOUNT.replace("type", "person"), "owner, purpose and review_by go with"),
        ("accounts", ACCOUNT.replace("type =", "#"), "line 1: accounts.0: give either type"),
        ("accounts", ACCOUNT.replace("purpose", "#"), "purpose is missing; say what"),
        ("accounts", ACCOUNT.replace('"slack"', '"people"'), "line 2: no app is named 'people'"),
        ("accounts", ACCOUNT + ACCOUNT, "line 8: says the same as entry 1"),
        ("protected", '[[protected]]\naccounts = []\nreason = "x"\n', "line 2: protected.0.accoun"),
        ("protected", 'protected = [\n  { accounts = ["a"] },\n]\n', "line 1: protected.0.reason"),
        ("protected", "\n\nprotectd = 1\n", "unknown key protectd (did you mean protected?)"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(name: str, text: str, says: str) -> None:
    """The line is that of the key at fault, or of the entry where the key is not written."""
    message = refused(name, text)
    assert message.startswith(f"{name}.toml")
    assert says in message


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    """Nobody corrects one line to be shown the next."""
    text = WAIVER.replace("owner", "ownr") + WAIVER.replace("2026-12-31", '"soon"')
    message = refused("waivers", text)
    assert "line 1: waivers.0.owner is missing" in message
    assert "line 4: unknown key waivers.0.ownr" in message
    assert "line 16: waivers.1.expires_on" in message


def test_what_entries_that_are_in_form_say_is_told_beside_those_that_are_not() -> None:
    """One look at the message is enough to correct the whole file."""
    text = WAIVER.replace("Bo Lind", "ANA RUIZ") + WAIVER.replace('"slack"', '"slak"')
    message = refused("waivers", text)
    assert "line 1: waivers.0: owner and approver" in message
    assert "line 10: no app is named 'slak'" in message


def test_how_long_a_waiver_may_hold_is_configurable() -> None:
    """The limit of [registers] is used, to the day."""
    assert parsed("waivers", WAIVER, longest_waiver_days=91).waivers
    assert "a waiver holds 90 days" in refused("waivers", WAIVER, longest_waiver_days=90)


def test_a_finding_of_the_hris_can_be_waived() -> None:
    """Findings about HRIS records name the HRIS as their app."""
    assert parsed("waivers", WAIVER.replace("slack", "people")).waivers[0].app == "people"


def test_registers_are_read_beside_the_configuration(tmp_path: Path) -> None:
    """Paths are relative to the configuration; bytes, digests and numbers of entries are kept."""
    (tmp_path / "decided").mkdir()
    content = (WAIVER + "\r\n").encode()
    (tmp_path / "decided" / "w.toml").write_bytes(content)
    loaded = LoadedConfig(config(waivers="decided/w.toml"), tmp_path, "0" * 64)
    registers = load_registers(loaded)
    (file,) = registers.files
    assert (file.name, file.path, file.entries) == ("waivers", "decided/w.toml", 1)
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert registers.contents == (("registers/waivers.toml", content),)
    assert file.path_in_run == "registers/waivers.toml"


def test_a_register_that_is_named_and_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """To go on without it would mislead."""
    loaded = LoadedConfig(config(protected="none.toml"), tmp_path, "0" * 64)
    with pytest.raises(ConfigError, match=r"none\.toml cannot be read: No such file") as caught:
        load_registers(loaded)
    assert "[registers]" in caught.value.hint
    (tmp_path / "none.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"none\.toml is not UTF-8 text"):
        load_registers(loaded)


def test_without_registers_nothing_is_registered(tmp_path: Path) -> None:
    """The table may be left out."""
    assert load_registers(LoadedConfig(config(), tmp_path, "0" * 64)) == Registers()


VALUES = st.one_of(
    st.integers().map(str),
    st.sampled_from(['"""\n[[waivers]]\nowner = 1\n"""', "'''\n\n'''", '[\n  "a", # ]\n  "b"\n]']),
    st.text("ab c#[=", max_size=8).map(lambda text: f'"{text}"'),
)


@given(
    st.lists(st.dictionaries(st.sampled_from(["owner", "reason", "'x y'"]), VALUES), max_size=5),
    st.sampled_from(["", "# note\n", "\n\n"]),
)
def test_lines_are_those_of_the_text_whatever_the_values_hold(
    entries: list[dict[str, Any]], between: str
) -> None:
    """Multi-line strings and arrays that look like headers move no line."""
    text, expected = "", []
    for entry in entries:
        text += between
        expected.append({"": text.count("\n") + 1})
        text += "[[waivers]]\n"
        for key, value in entry.items():
            expected[-1][key.strip("'")] = text.count("\n") + 1
            text += f"{key} = {value}\n"
    lines = lines_of(text, "waivers")
    found = [{"": one.begins, **one.keys} for one in lines.entries]
    assert found == expected
    for position, entry in enumerate(expected):
        assert lines.of(("waivers", position)) == entry[""]
        assert lines.of(("waivers", position, "absent", 3)) == entry[""]
        assert lines.of(("waivers", position, "owner")) == entry.get("owner", entry[""])


def test_a_baseline_is_one_of_the_registers() -> None:
    """It is kept with its digest like the others, and an app that is not there is refused."""
    group = ApprovedGroup("slack", "G1", None, ("U1",), "000001-run", "Bo", datetime.now(UTC))
    content = baseline_bytes([group])
    registers = parse_registers({"baseline": content}, config(baseline="b.json"))
    assert registers.baseline == (group,)
    assert [(one.name, one.path, one.entries) for one in registers.files] == [
        ("baseline", "b.json", 1)
    ]
    assert registers.contents == (("registers/baseline.json", content),)
    unknown = baseline_bytes([replace(group, app="slak")])
    message = refused("baseline", unknown.decode())
    assert message == "baseline.json: no app is named 'slak' (did you mean slack?)"
    assert "was changed by hand" in refused("baseline", content.decode().replace("U1", "U2"))
