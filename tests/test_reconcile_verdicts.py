"""What can be said of an app and of a run when sources are whole, partial or absent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.errors import EvidenceError, IntegrityError
from scanner.model import App, Before, State, Verdict
from scanner.reconcile.judge import VERDICTS, reconcile
from scanner.reconcile.parquet import read_rows
from scanner.reconcile.tables import table_path
from tests.fakes.company import AS_OF, RUN, SETTINGS, Company, account, group, leaver, person

ANA: dict[str, Any] = {"emails": ("ana@example.com",)}
RECORDS = (
    leaver("1042", **ANA),
    person("2", emails=("bo@example.com",)),
    account("U1", **ANA),
    account("U2", emails=("bo@example.com",)),
    account("U3", active=False),
    account("U4", active=None, emails=("ana@example.com", "bo@example.com")),
    group("G1", "U1"),
)


def test_apps_come_in_the_order_of_the_configuration_with_their_counts(tmp_path: Path) -> None:
    """Counts are of received accounts; the HRIS is no app; an app without accounts is clean."""
    conclusions = Company(RECORDS).conclude(tmp_path)
    assert conclusions.apps == (
        App("okta", Verdict.CLEAN, 0, 0, 0, 0, 0, 0),
        App(
            name="slack",
            verdict=Verdict.FINDINGS,
            accounts=4,
            active=2,
            linked=2,
            unmatched=1,
            disputed=1,
            findings=2,
            timeliness=tuple((name, int(name == "still_active")) for name in VERDICTS),
        ),
    )
    assert conclusions.verdict is Verdict.FINDINGS
    assert (conclusions.people, conclusions.departed) == (2, 1)


def test_nothing_found_and_everything_read_is_clean(tmp_path: Path) -> None:
    """A run is clean when every source is complete and no rule hit."""
    conclusions = Company([person("1", **ANA), account("U1", **ANA)]).conclude(tmp_path)
    assert (conclusions.verdict, conclusions.findings) == (Verdict.CLEAN, ())


def test_a_pending_removal_is_a_finding(tmp_path: Path) -> None:
    """An account that is not due yet is told, so the verdict is findings."""
    conclusions = Company([leaver("1", AS_OF, **ANA), account("U1", **ANA)]).conclude(tmp_path)
    assert conclusions.verdict is Verdict.FINDINGS


@pytest.mark.parametrize(
    ("state", "how"),
    [(State.INCOMPLETE, "was not read completely"), (State.NOT_READ, "was not read")],
)
def test_an_app_not_completely_read_is_not_judged(tmp_path: Path, state: State, how: str) -> None:
    """Its accounts are counted and nothing else; other apps are judged as usual."""
    at_okta = account("O1", source="okta", **ANA)
    conclusions = Company([*RECORDS, at_okta], users={"slack": state}).conclude(tmp_path)
    okta, slack = conclusions.apps
    assert (okta.verdict, okta.linked, okta.findings) == (Verdict.FINDINGS, 1, 1)
    assert (slack.accounts, slack.active, slack.findings) == (4, 2, 1)
    assert (slack.linked, slack.unmatched, slack.disputed) == (0, 0, 0)
    (reason,) = slack.not_concluded
    assert reason.code == "app.users_incomplete"
    assert reason.message == "Nothing is concluded about its accounts."
    kinds = {(finding.app, finding.kind): finding.detail for finding in conclusions.findings}
    assert set(kinds) == {("okta", "ghost_active"), ("slack", "collection_incomplete")}
    assert kinds["slack", "collection_incomplete"] == f"slack {how}: Users were cut short."
    assert (slack.verdict, conclusions.verdict) == (Verdict.INCOMPLETE, Verdict.INCOMPLETE)


@pytest.mark.parametrize("state", [State.INCOMPLETE, State.NOT_READ])
def test_an_hris_not_completely_read_withholds_every_conclusion(
    tmp_path: Path, state: State
) -> None:
    """No app has situations or findings of its own; all are incomplete and say why."""
    company = Company(
        RECORDS,
        users={"people": state},
        entitlements=[{"app": "slack", "group": "G1", "people": {"title": ["x"]}}],
    )
    conclusions = company.conclude(tmp_path)
    (finding,) = conclusions.findings
    assert (finding.kind, finding.app, finding.account) == ("collection_incomplete", "people", None)
    assert (finding.evidence, finding.person, finding.group) == (None, None, None)
    for app in conclusions.apps:
        assert (app.verdict, app.linked, app.unmatched, app.disputed) == (
            Verdict.INCOMPLETE,
            0,
            0,
            0,
        )
        assert [reason.code for reason in app.not_concluded] == ["hris.incomplete"]
    assert (conclusions.people, conclusions.departed) == (2, None)
    assert conclusions.verdict is Verdict.INCOMPLETE


def test_groups_not_read_are_told_and_block_nothing(tmp_path: Path) -> None:
    """An app whose groups no entitlement needs keeps its verdict and says what was left out."""
    conclusions = Company(
        [person("1", **ANA), account("U1", **ANA)], groups={"slack": State.NOT_READ}
    ).conclude(tmp_path)
    okta, slack = conclusions.apps
    assert okta.not_concluded == ()
    assert (slack.verdict, conclusions.verdict) == (Verdict.CLEAN, Verdict.CLEAN)
    (reason,) = slack.not_concluded
    assert reason.code == "app.groups_incomplete"
    assert reason.message == "Leaver memberships and group drift are not examined."


def test_a_table_that_lost_a_record_stops_the_run(tmp_path: Path) -> None:
    """What was received and what is judged must be the same number, or nothing is concluded."""
    company = Company([person("1", **ANA), account("U1", **ANA), account("U2", user_name="x")])
    company.tabulate(tmp_path)
    readings = [
        replace(one, users=replace(one.users, received=one.users.received + 1))
        if one.source == "slack"
        else one
        for one in company.readings
    ]
    with pytest.raises(IntegrityError, match=r"slack: 3 records were received .* holds 2"):
        reconcile(tmp_path, company.config, readings, "000001-x", AS_OF, Before())


def test_a_source_without_a_reading_was_not_read(tmp_path: Path) -> None:
    """A configured source that the run left out makes the run incomplete, never smaller."""
    company = Company(RECORDS)
    company.tabulate(tmp_path)
    table_path(tmp_path, "people", "okta").unlink()
    readings = [reading for reading in company.readings if reading.source != "okta"]
    conclusions = reconcile(tmp_path, company.config, readings, RUN, AS_OF, Before())
    okta, slack = conclusions.apps
    assert (okta.verdict, slack.verdict) == (Verdict.INCOMPLETE, Verdict.FINDINGS)
    assert okta.not_concluded[0].code == "app.users_incomplete"
    details = [one.detail for one in conclusions.findings if one.app == "okta"]
    assert details == ["okta was not read: This run did not ask for it."]
    assert conclusions.verdict is Verdict.INCOMPLETE


def test_a_missing_table_of_a_source_that_was_read_is_an_error(tmp_path: Path) -> None:
    """A COMPLETE source without its table is never taken for an empty one."""
    company = Company(RECORDS)
    company.tabulate(tmp_path)
    table_path(tmp_path, "accounts", "slack").unlink()
    with pytest.raises(EvidenceError, match=r"slack\.parquet"):
        reconcile(tmp_path, company.config, company.readings, RUN, AS_OF, Before())


def test_a_source_without_reasons_still_says_what_happened(tmp_path: Path) -> None:
    """A reading that gives no reason yields a whole sentence all the same."""
    company = Company(RECORDS, users={"slack": State.NOT_READ})
    company.tabulate(tmp_path)
    bare = [replace(one, users=replace(one.users, reasons=())) for one in company.readings]
    conclusions = reconcile(tmp_path, company.config, bare, RUN, AS_OF, Before())
    assert [one.detail for one in conclusions.findings] == ["slack was not read."]


def test_sources_and_their_reasons_are_kept_as_a_table(tmp_path: Path) -> None:
    """The states the rules ran on are in the run folder, in the order of the configuration."""
    company = Company(RECORDS, users={"slack": State.INCOMPLETE}, groups={"people": State.NOT_READ})
    company.conclude(tmp_path)
    rows = read_rows(tmp_path / "tables" / "sources.parquet")
    assert [(row["source"], row["role"], row["state"]) for row in rows] == [
        ("people", "hris", "COMPLETE"),
        ("okta", "idp", "COMPLETE"),
        ("slack", "app", "INCOMPLETE"),
    ]
    assert [row["reason_codes"] for row in rows] == [[], [], ["read.cut"]]
    (run,) = read_rows(tmp_path / "tables" / "run.parquet")
    assert run == {
        "run": RUN,
        "as_of": AS_OF,
        "audit": True,
        "tested_from": AS_OF - timedelta(days=365),
    }


def test_a_business_day_policy_reaches_the_rules(tmp_path: Path) -> None:
    """The limit and the zone of the configuration decide what is overdue."""
    settings = {
        **SETTINGS,
        "organization": {"timezone": "Europe/Berlin"},
        "policy": {"deprovision_within": "19 business days"},
    }
    late = Company([leaver("1", **ANA), account("U1", **ANA)], settings=settings)
    (finding,) = late.conclude(tmp_path / "late").findings
    assert finding.kind == "ghost_active"
    longer = {**settings, "policy": {"deprovision_within": "20 business days"}}
    in_time = Company([leaver("1", **ANA), account("U1", **ANA)], settings=longer)
    (finding,) = in_time.conclude(tmp_path / "in time").findings
    assert finding.detail.endswith("the policy allows until 2026-11-01T23:00:00Z.")


def test_two_runs_leave_the_same_bytes(tmp_path: Path) -> None:
    """Judging the same tables twice gives equal conclusions and equal files."""
    company = Company(RECORDS)
    assert company.conclude(tmp_path / "one") == company.conclude(tmp_path / "two")
    files = [path for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert any(path.parent.name == "correlation" for path in files)
    for file in files:
        other = tmp_path / "two" / file.relative_to(tmp_path / "one")
        assert file.read_bytes() == other.read_bytes(), file
