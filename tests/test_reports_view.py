"""What the page shows: counted, sorted and worded before any template sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from reports.chart import GAP, LEAST, WIDTH, bar
from reports.concluded import is_concluded
from reports.section import MOST_ROWS, Section, sections
from reports.view import policy_sentence, population_line, view
from scanner.model import Audit, GroupRef, Policy, Population, Role, State, Verdict
from tests.fakes.audit import clean_audit, sample_audit, with_groups_withheld


def _section(audit: Audit, kind: str) -> Section:
    return next(section for section in sections(audit) if section.kind == kind)


def _with_state(audit: Audit, name: str, state: State) -> Audit:
    return replace(
        audit,
        sources=tuple(
            replace(one, users=replace(one.users, state=state)) if one.source == name else one
            for one in audit.sources
        ),
    )


def test_the_verdict_is_a_sentence_and_never_a_score() -> None:
    """Each verdict has its own sentence, none of which claims compliance."""
    audit = sample_audit()
    said = [view(replace(audit, verdict=verdict)).sentence for verdict in Verdict]
    assert said == ["No deviations noted", "Deviations noted", "Unable to conclude"]


def test_the_population_line_says_who_and_how_much_is_proved() -> None:
    """People, departed, accounts, apps and proved sources stand in one line."""
    assert population_line(sample_audit()) == (
        "1,204 people (187 departed), 2,581 accounts in 5 apps; "
        "completeness proven for 5 of 6 sources"
    )
    assert "1 person (0 departed)" in population_line(replace(sample_audit(), people=1, departed=0))
    unknown = population_line(replace(sample_audit(), departed=None))
    assert "1,204 people (departures not concluded)" in unknown


def test_the_policy_is_stated_or_said_to_be_missing() -> None:
    """Limit and reference are printed; without a policy the page says what is expected."""
    audit = sample_audit()
    assert policy_sentence(audit) == "removal within 24h of departure (ACP-07 v3, section 4.2)"
    bare = replace(audit, policy=Policy("4h", "", stated=True))
    assert policy_sentence(bare) == "removal within 4h of departure (no reference given)"
    assert policy_sentence(clean_audit()) == "no policy stated: removal is expected at once"


def test_every_finding_is_a_row_and_totals_agree() -> None:
    """Rows, totals and tallies all count the same findings."""
    audit = sample_audit()
    page = view(audit)
    shown = [row.id for section in page.sections for row in section.rows]
    assert sorted(shown) == sorted(finding.id for finding in audit.findings)
    assert sum(int(tally.count) for tally in page.tallies) == len(audit.findings)
    assert [headline.total for headline in page.headlines] == [
        section.total for section in page.sections
    ]
    assert page.total == "24 findings"


def test_kinds_without_findings_come_last_and_say_so() -> None:
    """A kind that was checked and found nothing is named as such."""
    last = sections(sample_audit())[-1]
    assert last.kind == "waiver_expired"
    assert last.outcome == "Checked, nothing found"
    assert last.withheld == ""


def test_a_kind_names_the_apps_it_was_not_concluded_for() -> None:
    """Accounts not proved complete withhold every kind, groups not read those about groups."""
    audit = sample_audit()
    assert _section(audit, "ghost_active").withheld == "Not concluded for zoom."
    assert _section(audit, "group_drift").withheld == "Not concluded for zoom, notion."
    assert _section(audit, "collection_incomplete").withheld == ""
    assert _section(audit, "hr_data_quality").withheld == ""
    quiet = _section(replace(audit, findings=()), "ghost_active")
    assert quiet.outcome == "Nothing found in what was concluded"


def test_a_kind_names_the_apps_with_groups_it_was_not_concluded_for() -> None:
    """Who belongs in one group is not known: no drift there is not nothing found, nor is it all."""
    audit = with_groups_withheld(sample_audit(), "slack", "G1", "G2")
    audit = with_groups_withheld(audit, "notion", "G1")
    drift = _section(audit, "group_drift")
    assert drift.withheld == "Not concluded for zoom, notion, 2 groups of slack."
    assert _section(audit, "leaver_membership").withheld == "Not concluded for zoom, notion."
    audit = with_groups_withheld(clean_audit(), "slack", "G1")
    drift = _section(audit, "group_drift")
    assert drift.withheld == "Not concluded for 1 group of slack."
    assert drift.outcome == "Nothing found in what was concluded"
    assert not is_concluded(audit, "slack", "group_drift")
    assert is_concluded(audit, "slack", "leaver_membership")


def test_without_a_whole_hris_nothing_is_concluded_for_any_app() -> None:
    """An HRIS that is not complete withholds every kind for every app, and its own records."""
    audit = _with_state(sample_audit(), "people", State.INCOMPLETE)
    named = "Not concluded for okta, slack, github, zoom, notion."
    assert _section(audit, "orphan_account").withheld == named
    assert _section(audit, "hr_data_quality").withheld == "Not concluded for people."
    assert _section(replace(audit, findings=()), "orphan_account").outcome == "Not concluded"
    point = view(audit).open_points[0]
    assert (point.source, point.role, point.what) == ("people", "HRIS", ("people: incomplete",))


def test_a_first_run_cannot_say_what_was_switched_on_again() -> None:
    """A kind that compares with an earlier run is not called clean on the first one."""
    section = _section(replace(sample_audit(), previous_run=None, findings=()), "reactivated")
    assert section.withheld == "Not concluded: there is no earlier run to compare with."
    assert section.outcome == "Not concluded"
    assert view(clean_audit()).open_kinds == (f"{section.title}. {section.withheld}",)


def test_what_most_kinds_leave_open_is_said_once() -> None:
    """The first screen repeats under a kind only what is particular to it."""
    page = view(sample_audit())
    assert page.withheld == "Not concluded for zoom."
    asides = {headline.aside for headline in page.headlines}
    assert asides == {"", "Not concluded for zoom, notion."}
    audit = sample_audit()
    assert view(replace(audit, rules=audit.rules[::-1])).withheld == page.withheld
    assert view(replace(audit, rules=(), findings=())).withheld == ""


def test_open_points_give_every_reason_once_with_its_hint() -> None:
    """What stays open is listed by source, with reasons of the reading and of the conclusion."""
    zoom, notion = view(sample_audit()).open_points
    assert zoom.what == ("accounts: incomplete",)
    assert [reason.code for reason in zoom.reasons] == [
        "read.total_contradicts",
        "app.users_incomplete",
    ]
    assert zoom.reasons[0].hint
    assert notion.what == ("groups: not read",)
    assert view(clean_audit()).open_points == ()


def test_a_conclusion_withheld_from_a_whole_source_is_still_an_open_point() -> None:
    """Reasons of an app stand even where its reading was complete; the same one only once."""
    audit = sample_audit()
    reason = audit.apps[3].not_concluded[0]
    apps = tuple(
        replace(app, not_concluded=(reason, reason)) if app.name == "slack" else app
        for app in audit.apps
    )
    slack = view(replace(audit, apps=apps)).open_points[0]
    assert (slack.source, slack.what) == ("slack", ("part of the conclusion",))
    assert [one.code for one in slack.reasons] == ["app.users_incomplete"]


def test_sources_not_proved_complete_stand_first_with_their_broken_points() -> None:
    """The proof is shown point by point, and the source that failed it comes first."""
    first = view(sample_audit()).sources[0]
    accounts = first.populations[0]
    assert first.name == "zoom"
    assert accounts.figures == "400 of 412 received"
    assert [point.held for point in accounts.proof] == [True, False, False, True]
    assert accounts.deviations == ("itemsPerPage 100 where 30 records were sent",)


def test_a_population_without_a_total_says_so() -> None:
    """A server that reports no total is not shown as if it had."""
    audit = sample_audit()
    slack = replace(
        audit.sources[2], users=Population(State.INCOMPLETE, received=5), started_at=None
    )
    source = view(replace(audit, sources=(slack,))).sources[0]
    assert source.populations[0].figures == "5 received, no total reported"
    assert source.period.startswith("not known to ")


def test_an_app_nothing_is_concluded_about_shows_no_situations() -> None:
    """Counts that were never made are dashes, not zeros."""
    apps = {app.name: app for app in view(sample_audit()).apps}
    assert (apps["zoom"].linked, apps["zoom"].unmatched) == ("–", "–")
    assert apps["notion"].unmatched == "0"
    assert [segment.style for segment in apps["zoom"].bar.segments] == ["open"]
    stranger = replace(sample_audit().apps[0], name="other", accounts=0, linked=0, unmatched=0)
    shown = view(replace(sample_audit(), apps=(replace(stranger, disputed=0),))).apps[0]
    assert (shown.role, shown.bar.description) == ("app", "none")


def test_long_sections_are_cut_aloud() -> None:
    """Beyond the cap the section says how many there are and where the rest stands."""
    audit = sample_audit()
    many = tuple(replace(audit.findings[0], id=f"{number:016x}") for number in range(1234))
    section = _section(replace(audit, findings=many), "ghost_active")
    assert len(section.rows) == MOST_ROWS
    assert section.cut == "Showing 500 of 1,234; the complete list is in findings.csv."
    assert section.total == "1,234"


def test_a_kind_the_catalogue_does_not_name_is_shown_all_the_same() -> None:
    """No finding is lost for want of a rule."""
    audit = sample_audit()
    section = _section(replace(audit, rules=()), "ghost_active")
    assert (section.title, section.outcome) == ("ghost active", "3 findings")
    assert section.query == ""


def test_days_are_unknown_only_where_the_departure_has_no_date() -> None:
    """A departed person without a date is 'not known'; for others the cell is empty."""
    rows = {
        (row.account.name if row.account else "", section.kind): row
        for section in sections(sample_audit())
        for row in section.rows
    }
    assert rows["jweiss", "ghost_active"].days == "not known"
    assert rows["svc-backup", "unowned_nonhuman"].days == ""
    assert rows["ana", "ghost_active"].days == "29"
    assert rows["ana", "ghost_active"].since.startswith("first seen in run 000006-")


def test_a_row_says_what_matched_and_what_did_not() -> None:
    """The key that linked, the people other keys named, and the group's direction are shown."""
    audit = sample_audit()
    disputed = _section(audit, "ambiguous_identity").rows[0]
    assert disputed.matching[0] == "work_email j.smith@example.com names 0604: not taken"
    drift = _section(audit, "group_drift").rows[0]
    assert drift.group is not None
    assert drift.group.lines[1:] == ("member, not expected", "by rule")
    odd = replace(audit.findings[0], group=GroupRef("g", None, "sideways", None), first_seen="")
    row = _section(replace(audit, findings=(odd,)), "ghost_active").rows[0]
    assert row.group is not None
    assert (row.group.name, row.group.lines) == ("g", ("g", "sideways"))
    assert row.since == "first seen in this run"


def test_times_are_shown_in_utc() -> None:
    """The page's moment is UTC to the second, and a first run says that it is one."""
    page = view(replace(sample_audit(), as_of=datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)))
    assert page.as_of == "2026-03-01 04:05:06 UTC"
    assert view(clean_audit()).previous_run == "none; this is the first run"


def test_the_view_names_every_source_by_its_role() -> None:
    """What was examined is one sentence, singular where there is one."""
    audit = sample_audit()
    assert view(audit).examined == (
        "HRIS people; identity provider okta; apps slack, github, zoom, notion"
    )
    only = tuple(one for one in audit.sources if one.role is Role.HRIS)
    assert view(replace(audit, sources=only, match_counts=())).examined == "HRIS people"


@given(
    st.lists(st.integers(min_value=0, max_value=10**7), max_size=5),
    st.integers(min_value=0, max_value=10**7),
)
def test_bars_stay_inside_and_hide_nothing(counts: list[int], full: int) -> None:
    """Parts never overlap, never leave the drawing, and none that counts is too thin to see."""
    drawn = bar("t", "d", [(str(number), count) for number, count in enumerate(counts)], full)
    assert [int(one.style) for one in drawn.segments] == [
        number for number, count in enumerate(counts) if count
    ]
    x = 0
    for segment in drawn.segments:
        assert segment.x >= x
        assert segment.width >= LEAST
        x = segment.x + segment.width + GAP
    assert x <= WIDTH + GAP


def test_the_report_says_which_date_was_judged() -> None:
    """Last day of work, termination and end of contract can differ: the attribute is named."""
    read = (("people", "urn:example:hr:2.0:User:terminationDate"), ("agency", ""))
    page = view(replace(sample_audit(), departures=read))
    assert page.departures == (
        "people: urn:example:hr:2.0:User:terminationDate; agency: no date is read"
    )
    assert view(sample_audit()).departures == "not known"
