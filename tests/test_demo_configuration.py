"""The demo's ghostscan.toml: valid, without a secret, and in step with the company."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.demo.apps import APPS
from collectors.demo.company import Company, make_company
from collectors.demo.configuration import configuration
from collectors.demo.population import TIMEZONE
from collectors.demo.site import PEOPLE, TOKEN_VARIABLE, DemoSite
from scanner.config import Config, parse_config
from scanner.model import PersonStatus, Role

AS_OF = datetime(2026, 11, 1, 9, tzinfo=UTC)
SITE = DemoSite({name: f"http://127.0.0.1:9/{name}/v2" for name in (PEOPLE, *APPS)}, "s3cr3t-t0ken")


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(7, AS_OF)


def parsed(company: Company) -> Config:
    return parse_config(configuration(company, SITE).encode(), Path("ghostscan.toml"))


def test_it_names_every_source_with_its_role(company: Company) -> None:
    """Every source of the site is in the file: one HRIS, one identity provider, seven apps."""
    sources = parsed(company).sources
    assert {name: source.url for name, source in sources.items()} == dict(SITE.urls)
    assert sources[PEOPLE].role is Role.HRIS
    assert sources["idp"].role is Role.IDP
    assert [source.role for source in sources.values()].count(Role.APP) == 7
    assert {source.type for source in sources.values()} == {"scim"}


def test_it_holds_no_secret(company: Company) -> None:
    """Sources refer to the variable that holds the token; the token itself is not written."""
    assert SITE.token not in configuration(company, SITE)
    bearers = {source.auth.bearer for source in parsed(company).sources.values()}
    assert bearers == {f"env:{TOKEN_VARIABLE}"}


def test_its_policy_is_that_of_the_company(company: Company) -> None:
    """Removal within a day, the policy's name, and the zone in which departure dates end."""
    config = parsed(company)
    assert config.organization.timezone == TIMEZONE
    assert config.policy.limit.text == "24h"
    assert config.policy.reference == "ACP-07 v3, section 4.2"


def test_every_status_the_hris_serves_is_mapped(company: Company) -> None:
    """Each employment status of the company's people has a word in the file."""
    values = parsed(company).sources[PEOPLE].status_values
    for status in {person.status for person in company.people}:
        assert len(getattr(values, status)) == 1


def test_entitlements_name_groups_that_exist(company: Company) -> None:
    """The groups the file speaks of are groups of the apps it names."""
    entitlements = parsed(company).entitlements
    named = {(each.app, each.group) for each in entitlements}
    named |= {(a, g) for e in entitlements if e.mirrors for a, _, g in [e.mirrors.partition(":")]}
    served = {(app.name, team.display_name) for app in company.apps for team in app.teams}
    assert named == {("code", "eng"), ("chat", "eng-all"), ("idp", "eng")}
    assert named <= served


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_canaries_are_there_to_be_seen(seed: int) -> None:
    """The canaries are an active person and that person's account, whatever the seed."""
    company = make_company(seed, AS_OF)
    sources = parsed(company).sources
    (canary,) = sources[PEOPLE].canaries
    person = next(person for person in company.people if person.user_name == canary)
    assert person.status is PersonStatus.ACTIVE
    (account,) = sources["idp"].canaries
    assert account == person.email
    assert account in {login.user_name for login in company.app("idp").logins}
