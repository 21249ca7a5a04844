"""The demo's ``ghostscan.toml``: what a company would write, with the addresses of the site."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.demo.company import Company
from collectors.demo.population import DOMAIN, TIMEZONE
from collectors.demo.resources import ENTERPRISE_SCHEMA, STATUS_WORDS
from collectors.demo.site import HR_SCHEMA, PEOPLE, TOKEN_VARIABLE, DemoSite
from scanner.model import PersonStatus

_HEAD = """\
# A fictitious company that serves itself on this machine. Nothing here is real.

[organization]
name = "{name}"
timezone = "{timezone}"                # a departure date ends at midnight here

[policy]
deprovision_within = "24h"
reference = "ACP-07 v3, section 4.2"   # the company's own policy
"""

_SOURCE = """
[sources.{name}]{remark}
role = "{role}"
type = "scim"
url = "{url}"
auth = {{ bearer = "{token}" }}
"""

_PEOPLE_DETAILS = """\
canaries = ["{canary}"]               # must appear in every read

[sources.{name}.attributes]
status = "{hr}:employmentStatus"
worker_type = "{hr}:workerType"
hired_at = "{hr}:hireDate"
departed_at = "{hr}:terminationDate"
employee_number = "{enterprise}:employeeNumber"
department = "{enterprise}:department"

[sources.{name}.status_values]
"""

_ENTITLEMENTS = """
[[entitlements]]                       # expected by rule
app = "code"
group = "eng"
people = { department = ["Engineering"] }

[[entitlements]]                       # expected to mirror the identity provider
app = "chat"
group = "eng-all"
mirrors = "idp:eng"
"""

_REMEDIATION = """
[registers]
protected = "protected.toml"           # never deactivated

[remediation]
typed_up_to = 25                       # one person plays all parts here; else a second key signs
"""

PROTECTED = """\
# Accounts that are never deactivated, whatever an audit finds.

[[protected]]
accounts = ["break-glass@{domain}"]
reason = "the way in when everything else fails"
"""
"""What stands in the demo's ``protected.toml``; ``{domain}`` is that of the company."""

_REMARKS: Mapping[str, str] = {
    PEOPLE: "the HRIS: only it says who has departed",
    "idp": "the identity provider",
    "video": "has no /Groups",
    "tickets": "reports more accounts than it lists",
}


def configuration(company: Company, site: DemoSite, *, token: str = f"env:{TOKEN_VARIABLE}") -> str:
    """Write the ``ghostscan.toml`` under which the company's findings are the expected ones.

    Secrets stay out of it: ``token`` is the reference by which sources read theirs.
    """
    return "".join(
        (
            _HEAD.format(name=company.name, timezone=TIMEZONE),
            *(_source(company, name, url, token) for name, url in site.urls.items()),
            _ENTITLEMENTS,
            _REMEDIATION,
        )
    )


def protected_accounts() -> str:
    """Write the ``protected.toml`` that the configuration names."""
    return PROTECTED.format(domain=DOMAIN)


def _source(company: Company, name: str, url: str, token: str) -> str:
    remark = f"  # {_REMARKS[name]}" if name in _REMARKS else ""
    role = {PEOPLE: "hris", "idp": "idp"}.get(name, "app")
    text = _SOURCE.format(name=name, remark=remark, role=role, url=url, token=token)
    canary = next(item for item in company.people if item.status is PersonStatus.ACTIVE)
    if name == "idp":
        return f'{text}canaries = ["{canary.email}"]\n'
    if name != PEOPLE:
        return text
    details = _PEOPLE_DETAILS.format(
        name=name, canary=canary.user_name, hr=HR_SCHEMA, enterprise=ENTERPRISE_SCHEMA
    )
    return text + details + _status_values()


def _status_values() -> str:
    """The HRIS's own words, under the names ghostscan gives them."""
    return "".join(f'{status} = ["{word}"]\n' for status, word in STATUS_WORDS.items())
