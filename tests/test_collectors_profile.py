"""Promises of collectors.profile and of the profiles themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.profile import init_block, known_types, load_profile
from collectors.scim.attribute import parse_path
from scanner.config import ACCOUNT_ATTRIBUTES, PERSON_ATTRIBUTES, parse_config
from scanner.errors import ConfigError

HR = '[sources.hr]\nrole = "hris"\ntype = "scim"\nurl = "https://hr.example.com/scim/v2"\n'


def test_the_named_vendors_are_known() -> None:
    """Generic SCIM, Slack, GitHub and Zoom each have a profile, found by its file name."""
    assert {"scim", "slack", "github", "zoom"} <= set(known_types())


@pytest.mark.parametrize("name", known_types())
def test_every_profile_is_sound(name: str) -> None:
    """Each profile loads, its attribute paths parse, and its fields are fields of ours."""
    profile = load_profile(name)
    for field, path in profile.attributes.items():
        assert field in ACCOUNT_ATTRIBUTES | PERSON_ATTRIBUTES
        assert parse_path(path)
    assert profile.url_example.startswith("https://")
    assert not profile.url_example.endswith("/")
    assert profile.deactivation.effect
    assert profile.documentation


@pytest.mark.parametrize("name", [*known_types(), "file"])
def test_an_init_block_is_a_valid_configuration(name: str) -> None:
    """The block for a type is valid as it stands, and also with its commented lines in force."""
    block = init_block(name)
    in_force = "\n".join(
        line.removeprefix("# ") if " = " in line else line for line in block.splitlines()
    )
    for text in (block, in_force):
        config = parse_config(f"{text}\n{HR}".encode(), Path("ghostscan.toml"))
        assert name in {source.type for source in config.sources.values()}


@pytest.mark.parametrize("name", ["slak", "../scim", "", "SCIM"])
def test_an_unknown_type_names_the_known_ones(name: str) -> None:
    """A type without a profile is a configuration error that lists the known types."""
    with pytest.raises(ConfigError) as caught:
        load_profile(name)
    assert "slack" in caught.value.hint


def test_a_typo_is_recognized() -> None:
    """A type that is nearly right names the one that was meant."""
    with pytest.raises(ConfigError, match="did you mean file"):
        load_profile("files")
    with pytest.raises(ConfigError, match="did you mean slack"):
        init_block("slak")
