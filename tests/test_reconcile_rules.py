"""Every account rule on a company small enough to see why it hit, and why it did not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.model import (
    AccountRef,
    Before,
    Candidate,
    GroupRef,
    Membership,
    PersonRef,
    PersonStatus,
    Pointer,
    Records,
    Severity,
    Standing,
    State,
)
from scanner.reconcile.findings import finding_id
from tests.fakes.company import AS_OF, LEFT, RUN, Company, account, group, leaver, person

pytestmark = pytest.mark.no_cover  # quicker tests follow the same lines
ANA: dict[str, Any] = {"display_name": "Ana Ruiz", "emails": ("ana@example.com",)}
HER_ACCOUNT = account("U1", emails=("ana@example.com",), user_name="ana", display_name="Ana")


def test_an_active_account_of_a_leaver_past_due_is_a_ghost(tmp_path: Path) -> None:
    """The finding names account, person, key, days, evidence and one sentence with figures."""
    (ghost,) = Company([leaver("1042", **ANA), HER_ACCOUNT]).findings(tmp_path, "ghost_active")
    assert ghost.id == finding_id("ghost_active", "slack", "U1", "1042", None)
    assert (ghost.severity, ghost.app, ghost.status) == (Severity.HIGH, "slack", "new")
    assert ghost.first_seen == RUN
    assert ghost.account == AccountRef("U1", "ana", "ana@example.com", "Ana", active=True)
    assert ghost.person == PersonRef("1042", "Ana Ruiz", PersonStatus.TERMINATED, LEFT, "people")
    assert ghost.group is None
    assert (ghost.matched_by, ghost.days_since_departure) == ("email", 29)
    assert ghost.candidates == (Candidate("email", "ana@example.com", "1042", taken=True),)
    assert ghost.evidence == Pointer("responses/slack/users-1.json", 2)
    assert ghost.detail == (
        "Ana Ruiz left 29 days ago (2026-10-02T22:00:00Z) and the account is still active."
    )
    assert "SOC2:CC6.2" in ghost.controls


def test_the_identity_provider_is_an_app_like_any_other(tmp_path: Path) -> None:
    """A ghost of the identity provider is found as well."""
    at_okta = account("O1", source="okta", emails=("ana@example.com",))
    (ghost,) = Company([leaver("1042", **ANA), at_okta]).findings(tmp_path, "ghost_active")
    assert ghost.app == "okta"


@pytest.mark.parametrize("active", [False, None])
def test_only_an_account_known_to_be_active_is_a_ghost(tmp_path: Path, active: bool | None) -> None:
    """Inactive is removed, and unknown is not taken for active."""
    quiet = account("U1", emails=("ana@example.com",), active=active)
    assert Company([leaver("1042", **ANA), quiet]).conclude(tmp_path).findings == ()


@pytest.mark.parametrize(
    "status", [status for status in PersonStatus if status is not PersonStatus.TERMINATED]
)
def test_only_a_terminated_person_has_departed(tmp_path: Path, status: PersonStatus) -> None:
    """A past departure date without a terminated status makes nobody departed."""
    current = person("1042", status=status, departed_at=LEFT, **ANA)
    conclusions = Company([current, HER_ACCOUNT]).conclude(tmp_path)
    assert {one.kind for one in conclusions.findings} <= {"hr_data_quality"}
    assert conclusions.departed == 0


def test_a_departure_in_the_future_is_not_a_departure(tmp_path: Path) -> None:
    """A termination entered ahead of its date finds nothing until the instant has come."""
    tomorrow = leaver("1042", AS_OF + timedelta(days=1), **ANA)
    assert Company([tomorrow, HER_ACCOUNT]).conclude(tmp_path).findings == ()
    now = leaver("1042", AS_OF, **ANA)
    (pending,) = Company([now, HER_ACCOUNT]).findings(tmp_path / "now", "ghost_pending")
    assert pending.days_since_departure == 0


@pytest.mark.parametrize(
    ("departed_at", "kind", "sentence"),
    [
        (
            AS_OF - timedelta(hours=24),
            "ghost_active",
            "left 1 day ago (2026-10-31T09:00:00Z) and the account is still active.",
        ),
        (
            AS_OF - timedelta(hours=24) + timedelta(microseconds=1),
            "ghost_pending",
            (
                "left less than a day ago (2026-10-31T09:00:00.000001Z) and the account is still "
                "active; the policy allows until 2026-11-01T09:00:00.000001Z."
            ),
        ),
    ],
)
def test_the_policy_limit_divides_pending_from_active(
    tmp_path: Path, departed_at: datetime, kind: str, sentence: str
) -> None:
    """At the last allowed instant the account is overdue; a microsecond before, it is pending."""
    conclusions = Company([leaver("1042", departed_at, **ANA), HER_ACCOUNT]).conclude(tmp_path)
    (finding,) = conclusions.findings
    assert finding.kind == kind
    assert finding.detail == f"Ana Ruiz {sentence}"


def test_an_unknown_departure_date_is_overdue_without_days(tmp_path: Path) -> None:
    """Departed is known and the date is not: a ghost whose days are unknown."""
    undated = leaver("1042", None, emails=("ana@example.com",))
    (ghost,) = Company([undated, HER_ACCOUNT]).findings(tmp_path, "ghost_active")
    assert ghost.days_since_departure is None
    assert ghost.person is not None
    assert ghost.person.departed_at is None
    assert ghost.detail == (
        "Person 1042 is terminated in people, without a departure date, "
        "and the account is still active."
    )


def test_a_departure_recorded_late_and_one_that_contradicts_are_told(tmp_path: Path) -> None:
    """The sentence says when the HRIS learned of it, and why a date does not count."""
    late = leaver("1042", recorded_at=LEFT + timedelta(days=3), **ANA)
    (ghost,) = Company([late, HER_ACCOUNT]).findings(tmp_path / "1", "ghost_active")
    assert ghost.detail.startswith(
        "Ana Ruiz left 29 days ago (2026-10-02T22:00:00Z, recorded only at 2026-10-05T22:00:00Z)"
    )
    again = leaver("1042", hired_at=LEFT + timedelta(days=3), **ANA)
    (ghost,) = Company([again, HER_ACCOUNT]).findings(tmp_path / "2", "ghost_active")
    assert ghost.days_since_departure is None
    assert ghost.detail.startswith("Ana Ruiz is terminated in people, with contradictory dates,")


def test_every_account_of_a_leaver_is_listed(tmp_path: Path) -> None:
    """Two active accounts of one person in one app are two findings."""
    second = account("U2", user_name="ana@example.com")
    company = Company([leaver("1042", **ANA), HER_ACCOUNT, second])
    found = company.findings(tmp_path, "ghost_active")
    assert [one.account.id for one in found if one.account] == ["U1", "U2"]


def test_a_year_without_end_is_not_a_departure(tmp_path: Path) -> None:
    """The year 9999 on a terminated record is in the future, and ends nothing with an error."""
    forever = leaver("1042", datetime(9999, 12, 31, 23, 59, tzinfo=UTC), **ANA)
    assert Company([forever, HER_ACCOUNT]).conclude(tmp_path).findings == ()


def test_an_active_account_that_names_nobody_is_an_orphan(tmp_path: Path) -> None:
    """The finding has no person and says which keys were tried against how many people."""
    company = Company([person("1"), person("2"), HER_ACCOUNT, account("U2", user_name="bot")])
    first, second = company.findings(tmp_path, "orphan_account")
    assert (first.person, first.matched_by, first.candidates) == (None, None, ())
    assert first.detail == "Of 2 people, none has the e-mail or user name of this active account."
    assert second.detail == "Of 2 people, none has the user name of this active account."
    assert first.severity is Severity.HIGH


def test_an_orphan_without_keys_says_so(tmp_path: Path) -> None:
    """An account that carries no key cannot be named by anybody, and the sentence says that."""
    (orphan,) = Company([person("1"), account("U2")]).findings(tmp_path, "orphan_account")
    assert orphan.detail == "Nothing in this active account could name any of 1 person."


@pytest.mark.parametrize("active", [False, None])
def test_only_an_account_known_to_be_active_is_an_orphan(
    tmp_path: Path, active: bool | None
) -> None:
    """An unmatched account that is not known to be active is counted, not reported."""
    conclusions = Company([person("1"), account("U2", active=active)]).conclude(tmp_path)
    assert conclusions.findings == ()
    assert conclusions.apps[1].unmatched == 1


def test_a_disputed_active_account_lists_whom_it_names(tmp_path: Path) -> None:
    """Both candidates are listed with the keys that named them, in order of priority."""
    company = Company(
        [
            leaver("1042", employee_number="7", **ANA),
            person("1043", emails=("ana@example.com",)),
            account("U1", employee_number="7", emails=("ana@example.com",)),
        ]
    )
    (finding,) = company.findings(tmp_path, "ambiguous_identity")
    assert (finding.severity, finding.problem) == (Severity.LOW, "several_people")
    assert (finding.person, finding.matched_by) == (None, None)
    assert finding.candidates == (
        Candidate("employee_number", "7", "1042", taken=False),
        Candidate("email", "ana@example.com", "1042", taken=False),
        Candidate("email", "ana@example.com", "1043", taken=False),
    )
    assert finding.detail == (
        "The keys of this active account name 2 people: "
        "1042 in people by employee number and e-mail; 1043 in people by e-mail."
    )


def test_one_person_named_twice_by_a_key_is_shown_once(tmp_path: Path) -> None:
    """Two addresses of one candidate are one key word in the sentence, and two candidates."""
    two = ("a@example.com", "b@example.com")
    company = Company(
        [person("1", emails=two), person("2", emails=("a@example.com",)), account("U", emails=two)]
    )
    (finding,) = company.findings(tmp_path, "ambiguous_identity")
    assert finding.detail.endswith("1 in people by e-mail; 2 in people by e-mail.")
    assert len(finding.candidates) == 3


def test_an_inactive_disputed_account_is_not_reported(tmp_path: Path) -> None:
    """Whose an inactive account is does not matter yet; it is counted as disputed."""
    same: dict[str, Any] = {"emails": ("ana@example.com",)}
    company = Company(
        [person("1", **same), person("2", **same), account("U1", active=False, **same)]
    )
    conclusions = company.conclude(tmp_path)
    assert {one.kind for one in conclusions.findings} == {"hr_data_quality"}
    assert conclusions.apps[1].disputed == 1


@pytest.mark.parametrize(
    ("active", "words"),
    [(True, "the active account"), (False, "the inactive account"), (None, "the account (state")],
)
def test_a_leaver_still_in_a_group_is_found_whatever_the_account(
    tmp_path: Path, active: bool | None, words: str
) -> None:
    """One finding per account and group, pointing to the group's response."""
    hers = account("U1", emails=("ana@example.com",), active=active)
    company = Company(
        [leaver("1042", **ANA), hers, group("G10", "U1", name="Eng"), group("G2", "U1")]
    )
    first, second = company.findings(tmp_path, "leaver_membership")
    assert first.group == GroupRef("G10", "Eng")
    assert first.evidence == Pointer("responses/slack/groups-1.json", 3)
    assert words in first.detail
    assert first.detail.endswith("is still a member of Eng.")
    assert second.detail.endswith("is still a member of G2.")
    assert first.days_since_departure == 29
    assert first.severity is Severity.MEDIUM


def test_memberships_of_others_are_not_a_leavers(tmp_path: Path) -> None:
    """Current people, pending leavers, nested groups and unknown members are no finding."""
    pointer = Pointer("responses/slack/groups-1.json", 0)
    nested = Membership("slack", "G1", "U3", "Group", pointer)
    company = Company(
        [
            leaver("1042", AS_OF - timedelta(hours=1), **ANA),
            person("2", emails=("bo@example.com",)),
            leaver("3", emails=("cy@example.com",)),
            HER_ACCOUNT,
            account("U2", emails=("bo@example.com",)),
            account("U3", emails=("cy@example.com",), active=False),
            group("G1", "U1", "U2", "gone"),
            Records(memberships=(nested,)),
        ]
    )
    assert company.findings(tmp_path, "leaver_membership") == []


def test_groups_that_were_not_all_read_give_no_membership_finding(tmp_path: Path) -> None:
    """A partial list of groups concludes nothing about memberships, but accounts stay judged."""
    company = Company(
        [leaver("1042", **ANA), HER_ACCOUNT, group("G1", "U1")],
        groups={"slack": State.INCOMPLETE},
    )
    assert [finding.kind for finding in company.conclude(tmp_path).findings] == ["ghost_active"]


def test_a_finding_keeps_its_id_and_its_first_run(tmp_path: Path) -> None:
    """What an earlier run had found is persisting since that run."""
    identity = finding_id("ghost_active", "slack", "U1", "1042", None)
    known = {identity: "000000-earlier"}
    open_before = {identity: Standing(identity, "ghost_active", Severity.HIGH, "slack", None, "")}
    before = Before(opening=open_before, first_seen=known)
    company = Company([leaver("1042", **ANA), HER_ACCOUNT], before=before)
    (ghost,) = company.findings(tmp_path, "ghost_active")
    assert (ghost.id, ghost.status, ghost.first_seen) == (identity, "persisting", "000000-earlier")
    company.before = Before(first_seen=known)
    (ghost,) = company.findings(tmp_path, "ghost_active")
    assert (ghost.status, ghost.first_seen) == ("reopened", "000000-earlier")


def test_the_id_of_a_finding_is_fixed_for_ever() -> None:
    """The id is SHA-256 over the canonical JSON array; changing it would lose every history."""
    assert finding_id("ghost_active", "slack", "U1", "1042", None) == "453d674e213cafa2"
    assert finding_id("a", "b", None, None, None) != finding_id("a", "", "b", None, None)
