"""What became of a deactivation is said of its own account, by a reading that began afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from scanner.model import Before
from scanner.reconcile.judge import reconcile
from scanner.reconcile.observation import write_remediations
from tests.fakes.company import AS_OF, RUN, Company, account, leaver, person

HOUR = timedelta(hours=1)
ENDED = AS_OF - HOUR
LATER = ENDED + timedelta(microseconds=1)
STARTS = {"people": ENDED, "slack": ENDED, "okta": ENDED - HOUR}
"""The identity provider was read before the deactivations ended."""


def test_only_an_account_that_is_active_afterwards_and_whose_owner_left(tmp_path: Path) -> None:
    """Not one of the same id elsewhere, not an inactive one, not one of who is back."""
    company = Company([
        leaver("1", employee_number="1"),
        person("2", employee_number="2"),
        account("still", employee_number="1"),
        account("other", employee_number="1"),
        account("off", employee_number="1", active=False),
        account("back", employee_number="2"),
        account("elsewhere", employee_number="1"),
        account("elsewhere", "okta", employee_number="2"),
        account("early", employee_number="1"),
        account("unread", "okta", employee_number="1"),
    ])  # fmt: skip
    company.tabulate(tmp_path)
    done = [
        ("slack", "still", ENDED), ("slack", "off", ENDED), ("slack", "back", ENDED),
        ("okta", "elsewhere", ENDED - 2 * HOUR), ("slack", "early", LATER),
        ("okta", "unread", ENDED),
    ]  # fmt: skip
    write_remediations(tmp_path, [
        {"source": app, "account_id": one, "problem": "came_back", "ended_at": at, "run": RUN}
        for app, one, at in done
    ])  # fmt: skip
    readings = [
        replace(one, started_at=STARTS[one.source], ended_at=STARTS[one.source] + HOUR)
        for one in company.readings
    ]
    concluded = reconcile(tmp_path, company.config, readings, RUN, AS_OF, Before())
    (found,) = [one for one in concluded.findings if one.kind == "remediation_failed"]
    assert found.account is not None
    assert (found.app, found.account.id, found.problem) == ("slack", "still", "came_back")
    assert found.timeliness is not None
    assert (found.timeliness.earliest_at, found.timeliness.latest_at) == (ENDED, ENDED + HOUR)
