"""An account or a person with no finding, or several, is explained from the run folder alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reports.explanation import explanation_json, show_explanation
from scanner import workflow
from scanner.config import load_config
from scanner.errors import EvidenceError, UsageError
from scanner.model import Explanation
from scanner.reconcile.absence import absences, conclusion
from scanner.reconcile.case import read_case
from scanner.reconcile.catalogue import load_rules
from scanner.reconcile.holdings import held, person_absences, person_conclusion, read_holdings
from scanner.reconcile.parquet import find_rows, read_rows
from scanner.reconcile.subject import find_subjects
from tests.fakes.golden_company import AS_OF, golden
from tests.fakes.reconciled import reconcile_all
from tests.fakes.sealed import seal

NOWHERE = Path("nowhere.toml")
GOLDEN = Path(__file__).parent / "golden" / "reasons.txt"
OF_PEOPLE = Path(__file__).parent / "golden" / "people.txt"
JUDGED_LAST = {
    "used_after_departure", "group_drift", "engagement_expired", "unowned_nonhuman",
}  # fmt: skip
"""Kinds whose last condition is what was judged, so that there always is something to say of it."""
NOT_OF_ACCOUNTS = {"collection_incomplete", "hr_data_quality", "missed_run", "waiver_expired"}
CONFIG = """
[organization]
timezone = "Europe/Berlin"

[policy]
deprovision_within = "24h"

[runs]
directory = "runs"

[sources.hr]
role = "hris"
type = "file"
path = "hr.json"
expected_size = {hr}

[sources.wiki]
type = "file"
path = "wiki.json"
expected_size = {wiki}

[sources.chat]
type = "file"
path = "chat.json"
expected_size = {chat}

[registers]
accounts = "accounts.toml"
"""
REGISTER = """
[[accounts]]
app = "wiki"
account = "robot"
type = "service"
owner = "P1"
purpose = "sends reports"
"""
PEOPLE: list[dict[str, Any]] = [
    {"person_id": "P1", "employee_number": "1", "display_name": "Ana Ruiz",
     "emails": "ana@x.example", "hired_at": "2020-03-01", "status": "active"},
    {"person_id": "P2", "employee_number": "2", "display_name": "Bo Berg",
     "emails": "bo@x.example", "status": "terminated", "departed_at": "2026-10-30"},
    {"person_id": "P3", "display_name": "Cy Day", "emails": "cy@x.example",
     "status": "active"},
    {"person_id": "P4", "display_name": "Dee Fox", "emails": "cy@x.example",
     "status": "active"},
]  # fmt: skip
WIKI: list[dict[str, Any]] = [
    {"account_id": "a/1", "user_name": "ana@x.example", "emails": "ana@x.example", "active": True},
    {"account_id": "robot", "user_name": "robot", "active": True},
    {"account_id": "b1", "emails": "bo@x.example", "active": False,
     "modified_at": "2026-10-31T00:00:00Z"},
    {"account_id": "stray", "display_name": "Anna Ruiz", "emails": "ana@other.example",
     "active": False},
    {"account_id": "both", "emails": "cy@x.example", "active": False},
]  # fmt: skip
CHAT: list[dict[str, Any]] = [
    {"account_id": "c1", "employee_number": "1", "display_name": "Ana", "active": True},
    {"account_id": "c2", "employee_number": "77", "active": True},
]


def audited(
    folder: Path,
    people: Sequence[dict[str, Any]] = PEOPLE,
    wiki: Sequence[dict[str, Any]] = WIKI,
    chat: int = 2,
    at: datetime = AS_OF,
) -> Path:
    """Audit a small company in ``folder``; return the run. ``chat`` is what is expected there."""
    sizes = {"hr": len(people), "wiki": len(wiki), "chat": chat}
    (folder / "ghostscan.toml").write_text(CONFIG.format_map(sizes))
    (folder / "accounts.toml").write_text(REGISTER)
    for name, rows in (("hr", people), ("wiki", wiki), ("chat", CHAT)):
        (folder / f"{name}.json").write_text(json.dumps(rows))
    outcome = workflow.audit(
        load_config(folder / "ghostscan.toml"), clock=lambda: at, listener=lambda _: None
    )
    return outcome.folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which everything was read."""
    return audited(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which one app was not read completely."""
    return audited(tmp_path_factory.mktemp("cut"), chat=3)


def explained(run: Path, named: str) -> Explanation:
    """The explanation of what is called so."""
    return workflow.explain(named, run, NOWHERE)


def printed(explanation: Explanation) -> str:
    """What is printed, with every break of a line taken out."""
    text = StringIO()
    show_explanation(explanation, Console(file=text, width=80, highlight=False))
    return " ".join(text.getvalue().split())


def reasons(explanation: Explanation, heading: str = "Why no ") -> dict[str, str]:
    """What one part says, by its labels."""
    (found,) = [one for one in explanation.grounds if one.title.startswith(heading)]
    return dict(found.facts)


def test_a_linked_account_is_explained_like_a_finding(run: Path) -> None:
    """Key, person, dates, evidence with its digest, the query, and why every rule passed it by."""
    explanation = explained(run, "wiki/a/1")
    shown = printed(explanation)
    for words in (
        "No finding about account ana@x.example (a/1) of wiki",
        "It is linked by e-mail to Ana Ruiz, who has not departed (status active).",
        "3. e-mail: ana@x.example + Ana Ruiz, P1 in hr taken: every key that names anybody",
        "Situation: linked.",
        "hired 2020-02-29T23:00:00Z (2020-03-01 00:00 in Europe/Berlin)",
        "ghost_active Ana Ruiz has not departed (status active)",
        "orphan_account it is linked to Ana Ruiz",
        "dormant_account the policy names no time without use (dormant_after)",
        "The query that concluded it: queries/situations.sql",
        "sha256sum -c --strict --quiet SHA256SUMS",
    ):
        assert words in shown
    assert explanation.finding is None
    assert [one.about for one in explanation.exhibits] == ["account a/1 of wiki", "record P1 of hr"]
    for exhibit in explanation.exhibits:
        assert json.loads(exhibit.excerpt or "") in (WIKI[0], PEOPLE[0])
        assert f"{exhibit.sha256}  {exhibit.file}" in (run / "SHA256SUMS").read_text()


def test_a_registered_account_says_what_it_is_registered_as(run: Path) -> None:
    """Its entry in the register is shown, and that its owner has not departed."""
    explanation = explained(run, "wiki/robot")
    assert explanation.meaning == "It is registered as service account, owned by P1."
    told = reasons(explanation)
    assert told["orphan_account"] == "it is registered as non-human"
    assert told["unowned_nonhuman"].startswith("its owner is known and has not departed")
    assert "the entry in the register of accounts" in [one.about for one in explanation.exhibits]


def test_an_account_removed_in_time_says_until_when_and_how_that_is_known(run: Path) -> None:
    """The latest instant, when it was due, and what the instant was taken from."""
    explanation = explained(run, "wiki/b1")
    assert reasons(explanation)["late_deprovisioning"] == (
        "removed in time: no later than 2026-10-31T00:00:00Z, due 2026-10-31T23:00:00Z"
    )
    assert reasons(explanation)["ghost_active"] == "the account is not active"
    assert "the app's own time of the newest change" in printed(explanation)
    assert "past due" not in printed(explanation)


def test_an_inactive_account_of_nobody_has_a_hint_and_no_conclusion(run: Path) -> None:
    """An address of another domain names nobody, and a like name is a hint only."""
    explanation = explained(run, "wiki/stray")
    assert explanation.situation == "unmatched"
    assert (
        explanation.meaning == "No key of it names anybody in the HRIS. The account is not active."
    )
    hints = reasons(explanation, "Whose it may be")
    assert hints["Ana Ruiz P1"] == "user name or address like the name (100)"
    assert "nobody in the HRIS has it" in printed(explanation)
    assert reasons(explanation)["orphan_account"] == "the account is not active"


def test_a_disputed_account_names_both_and_says_that_nobody_guesses(run: Path) -> None:
    """It is inactive, so no rule asks about it; the doubt is told all the same."""
    explanation = explained(run, "wiki/both")
    shown = printed(explanation)
    assert explanation.meaning.startswith("Whose it is is in doubt")
    assert "- Cy Day, P3 in hr refused: the keys name more than one person" in shown
    assert "- Dee Fox, P4 in hr refused: the keys name more than one person" in shown
    assert reasons(explanation)["ghost_active"] == "its owner is in doubt"


def test_of_an_app_not_read_completely_nothing_is_concluded_and_the_keys_are_shown(
    cut: Path,
) -> None:
    """Whom the keys name is read from the tables, and neither taken nor refused."""
    explanation = explained(cut, "chat/c1")
    shown = printed(explanation)
    assert explanation.meaning.startswith("Nothing is concluded about the accounts of chat: chat ")
    assert explanation.situation is None
    (number, *_) = explanation.keys
    assert [(one.person_id, one.taken) for one in number.named] == [("P1", False)]
    assert "neither taken nor refused: nothing is concluded about the account" in shown
    assert "Situation: nothing is concluded about the account." in shown
    assert "every rule looks only at apps that were completely read" in shown
    assert explanation.query_file == "queries/concluded.sql"
    assert "nobody read from the HRIS has it" in printed(explained(cut, "chat/c2"))
    assert reasons(explained(cut, "P1"), "Accounts, by app")["chat"] == (
        "nothing is concluded about its accounts"
    )


def test_a_person_is_explained_with_every_account_and_app(run: Path) -> None:
    """Which accounts are linked by which key, which are in doubt, and which app has none."""
    explanation = explained(run, "P1")
    assert printed(explanation).startswith("No finding about person Ana Ruiz (P1) of hr")
    assert "2 accounts are linked to this person, 2 of them active" in explanation.meaning
    assert reasons(explanation, "Accounts, by app") == {
        "wiki/a/1": "ana@x.example, active, linked by e-mail and user name",
        "chat/c1": "Ana, active, linked by employee number",
    }
    assert [one.about for one in explanation.exhibits] == [
        "account c1 of chat", "account a/1 of wiki", "record P1 of hr",
    ]  # fmt: skip
    left = explained(run, "hr/2")
    assert "has left (status terminated" in left.meaning
    assert "1 account is linked to this person and is not active" in left.meaning
    assert reasons(left)["about leavers"].endswith("no account linked to them is active")
    assert reasons(left, "Accounts, by app")["chat"] == "no account"


def test_a_name_of_several_things_without_a_finding_lists_how_to_name_each(run: Path) -> None:
    """An address of a person and of an account is answered with both spellings."""
    with pytest.raises(UsageError, match="2 accounts and people are called so") as several_:
        explained(run, "ANA@x.example")
    assert several_.value.hint == "name one of them: wiki/a/1, hr/P1"


@pytest.mark.parametrize("named", ["nobody", "wiki/nobody", "wiki/c1", "x", "wiki/", "chat/P1"])
def test_what_nothing_is_called_says_what_an_id_looks_like(run: Path, named: str) -> None:
    """Also where it is the id of something in another source."""
    with pytest.raises(UsageError, match="called so") as unknown:
        explained(run, named)
    assert "APP/ACCOUNT or HRIS/PERSON" in str(unknown.value.hint)


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second of two runs, in which an account and a leaver's record are gone."""
    folder = tmp_path_factory.mktemp("later")
    left = {"person_id": "P9", "employee_number": "9", "display_name": "Old Hand",
            "status": "terminated", "departed_at": "2020-01-31"}  # fmt: skip
    audited(folder, [*PEOPLE, left], wiki=[*WIKI, {"account_id": "old", "active": False}])
    return audited(folder, PEOPLE, at=AS_OF + timedelta(days=1))


def test_what_is_gone_is_explained_by_the_runs_that_saw_it(later: Path) -> None:
    """An account and a record that no response of the run has any more."""
    account = explained(later, "wiki/old")
    assert account.meaning.startswith("The account is gone from wiki")
    assert reasons(account)["orphan_account"] == "the account is gone"
    seen = reasons(account, "What the runs saw")
    assert seen["first seen"].endswith("in 000001-20261101T090000Z")
    assert seen["gone"].startswith("not in the list of accounts by ")
    assert (account.exhibits, account.keys) == ((), ())
    person = explained(later, "hr/P9")
    assert person.meaning.startswith("The record P9 is not in hr any more; it was missing by 2026-")
    assert reasons(person)["hr_data_quality"] == "the record was last seen as terminated"
    assert printed(person).startswith("No finding about person Old Hand (P9) of hr")


def test_as_json_it_is_one_document_that_says_whom_it_is_about(run: Path) -> None:
    """Without a finding, the subject names the account."""
    document = json.loads(explanation_json(explained(run, "wiki/b1")))
    assert document["finding"] is None
    assert document["subject"] == {"type": "account", "source": "wiki", "id": "b1"}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest of three runs over a company that has every kind of finding."""
    history, _ = golden(80)
    return seal(reconcile_all(history, tmp_path_factory.mktemp("golden")), history)


def accounts(run: Path) -> Iterator[tuple[str, str]]:
    """The app and the id of every account."""
    for path in sorted((run / "tables/accounts").glob("*.parquet")):
        yield from ((path.stem, row["account_id"]) for row in read_rows(path))


def sorts(run: Path) -> dict[tuple[object, ...], tuple[str, str]]:
    """One account of every situation, problem, key, state and standing of its owner."""
    gone = [
        (row["source"], row["account_id"])
        for row in read_rows(run / "tables/observed/accounts.parquet")
        if row["gone_at"] is not None
    ]
    found = {}
    for place in [*accounts(run), *gone]:
        case = read_case(run, place)
        marks = [case.situation.get(one) for one in ("situation", "problem", "matched_by")]
        marks += [case.owner.get(one) for one in ("status", "departed", "past_due", "entangled")]
        used = case.account.get("last_activity_at") is not None
        found[case.state, used, bool(case.registered), case.removal.get("verdict"), *marks] = place
    return found


def test_what_is_said_of_accounts_of_every_sort_is_what_was_approved(company: Path) -> None:
    """Word by word, in a file that a person can read: the conclusion and every reason."""
    said = []
    for place in sorted(sorts(company).values()):
        case = read_case(company, place)
        said += ["/".join(place), f"  {conclusion(case)}"]
        said += [f"  {kind}: {words}" for kind, words in absences(case)]
    assert "\n".join(said) + "\n" == GOLDEN.read_text(encoding="utf-8")


def test_accounts_of_every_sort_are_explained(company: Path) -> None:
    """Each with the keys, and what the account is called."""
    for app, account in list(sorts(company).values())[::2]:
        assert f"{account}" in printed(explained(company, f"{app}/{account}"))


def test_every_rule_about_accounts_has_a_reason_that_holds(company: Path) -> None:
    """Where a rule found nothing a condition is named, and where it found something none is."""
    kinds = {rule.kind for rule in load_rules()} - NOT_OF_ACCOUNTS
    found: dict[tuple[str, str | None], set[str]] = {}
    for one in json.loads((company / "findings.json").read_bytes())["findings"]:
        found.setdefault((one["app"], (one["account"] or {}).get("id")), set()).add(one["kind"])
    for place in accounts(company):
        case = read_case(company, place)
        told = dict(absences(case))
        assert set(told) == kinds or case.withheld
        for kind in found.get(place, set()) & kinds - JUDGED_LAST:
            assert told[kind] == f"no row of correlation/{kind}.parquet is about it"
        for kind in set(told) - found.get(place, set()):
            assert not told[kind].startswith("no row"), (place, kind)


def test_what_has_several_findings_lists_them_and_says_why_there_is_no_other(
    company: Path,
) -> None:
    """A person with two findings is explained as a whole, with the ids to go on with."""
    findings = json.loads((company / "findings.json").read_bytes())["findings"]
    about = [one["person"]["id"] for one in findings if one["person"]]
    person = next(one for one in about if about.count(one) > 1)
    mine = {one["id"]: one for one in findings if (one["person"] or {}).get("id") == person}
    explanation = explained(company, person)
    assert explanation.title.startswith(f"{len(mine)} findings about person ")
    listed = reasons(explanation, "Findings about it")
    assert set(listed) == set(mine)
    assert "Why no other rule" in printed(explanation)


def test_rows_are_found_by_texts_and_by_lists_of_texts(run: Path, tmp_path: Path) -> None:
    """A row is given once, however many of its columns hold a value; a missing file is told."""
    people = run / "tables/people/hr.parquet"
    found = list(
        find_rows(people, ("person_id", "email_keys"), {"P1", "ana@x.example", "bo@x.example"})
    )
    assert [row["person_id"] for row in found] == ["P1", "P2"]
    with pytest.raises(EvidenceError, match="missing"):
        list(find_rows(tmp_path / "none.parquet", ("a",), {"b"}))
    (tmp_path / "odd.parquet").write_text("odd")
    with pytest.raises(EvidenceError, match="Parquet"):
        list(find_rows(tmp_path / "odd.parquet", ("a",), {"b"}))


def test_whom_an_account_is_not_concluded_to_belong_to_is_told_as_well(company: Path) -> None:
    """Of every person the accounts that a key leads from, linked, in doubt or somebody else's."""
    told = set()
    for source in ("people", "contractors"):
        for row in read_rows(company / f"tables/people/{source}.parquet"):
            one = read_holdings(company, (source, row["person_id"]))
            assert person_conclusion(one)
            for place, words in held(one):
                owned = [case for case in one.theirs if "/".join(case.place) == place]
                assert bool(owned) == (", linked by " in words)
                told.add(words.split(", ")[-1].partition(" by ")[0] if "/" in place else words)
    assert {"linked", "named", "nothing is concluded about its accounts", "no account"} <= told


def test_of_two_records_the_one_that_decides_is_named(company: Path) -> None:
    """A contractor who was hired is asked about by the ended record, and has not departed."""
    rows = read_rows(company / "correlation/people_as_of.parquet")
    ended = next(
        row["person_id"]
        for row in rows
        if (row["source"], row["governing_source"]) == ("contractors", "people")
    )
    said = person_conclusion(read_holdings(company, ("contractors", ended)))
    assert f"has not departed (status active in people/{ended}, which decides" in said


def test_of_a_removal_before_the_first_look_nothing_is_claimed(run: Path) -> None:
    """It is counted as not known where the first reading had it off, and unclear elsewhere."""
    case = read_case(run, ("wiki", "b1"))
    unclear = {**case.removal, "verdict": "indeterminate", "earliest_at": None}
    for seen, said in (
        (True, "it was removed before anybody looked, so it is counted as not known"),
        (False, "no row of correlation/timeliness_indeterminate.parquet is about it"),
    ):
        told = dict(absences(replace(case, removal={**unclear, "seen_from_the_first": seen})))
        assert told["timeliness_indeterminate"] == said
    told = dict(absences(replace(case, removal={}, seen={**case.seen, "concluded_run": None})))
    (run_row,) = read_rows(run / "tables/run.parquet")
    since = run_row["tested_from"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (
        told["late_deprovisioning"] == f"the departure is before the time tested, from {since} on"
    )


def test_groups_of_another_app_say_nothing(company: Path) -> None:
    """Whether groups were read is asked of the app itself."""
    app, account = next(place for place in accounts(company) if place[0] == "slack")
    case = read_case(company, (app, account))
    told = dict(absences(replace(case, place=("zoom", account))))
    assert told["group_drift"] == "the groups of zoom were not completely read"


def test_a_group_that_is_not_concluded_is_no_group_in_which_all_is_as_expected(
    company: Path,
) -> None:
    """It is named beside those that are judged, for the apps whose group it is."""
    cases = [read_case(company, place) for place in accounts(company) if place[0] == "github"]
    told = {dict(absences(case)).get("group_drift", "") for case in cases[:20]}
    assert (
        "as expected in the groups that are judged: Dev; "
        "nothing is concluded about who is in renamed long ago"
    ) in told


def kinds_of_people(run: Path) -> dict[tuple[object, ...], tuple[str, str]]:
    """One person of every status, standing, record that decides and accounts, without a flaw."""
    found = {}
    flawed = {row["person_id"] for row in read_rows(run / "correlation/hr_data_quality.parquet")}
    for row in read_rows(run / "correlation/people_as_of.parquet"):
        place = (row["source"], row["person_id"])
        if row["person_id"] in flawed:
            continue
        one = read_holdings(run, place)
        named = [one.owns(case) for case, _ in one.accounts.values()]
        marks = [row[mark] for mark in ("status", "departed", "entangled")]
        found[one.governing == place, tuple(named), *marks] = place
    return found


def test_what_is_said_of_people_of_every_sort_is_what_was_approved(company: Path) -> None:
    """Word by word: the conclusion, every app, and why no rule found anything."""
    said = []
    for place in sorted(kinds_of_people(company).values()):
        one = read_holdings(company, place)
        said += ["/".join(place), f"  {person_conclusion(one)}"]
        said += [f"  [{label}] {words}" for label, words in (*held(one), *person_absences(one))]
    assert "\n".join(said) + "\n" == OF_PEOPLE.read_text(encoding="utf-8")


def test_the_parts_of_an_overview_stand_in_the_order_of_reading(run: Path, company: Path) -> None:
    """What was found, hints, why there is no more, what runs saw, and how much was read."""
    read = "How completely it was read (the proof in full: manifest.json)"
    why = "Why no rule made a finding of it"
    assert [one.title for one in explained(run, "wiki/stray").grounds] == [
        "Whose it may be, as a hint only (100 is most alike)", why, read,
    ]  # fmt: skip
    removed = [one.title for one in explained(run, "wiki/b1").grounds]
    assert removed == [why, "When it happened, as closely as it is known", read]
    person = explained(run, "P1")
    assert [one.title for one in person.grounds] == ["Accounts, by app", why, read]
    assert person.query_file == "queries/people_as_of.sql"
    assert set(dict(person.grounds[-1].facts)) >= {"hr", "wiki", "chat"}
    about = [
        one["person"]["id"]
        for one in json.loads((company / "findings.json").read_bytes())["findings"]
        if one["person"]
    ]
    several = explained(company, next(one for one in about if about.count(one) > 1))
    assert [one.title for one in several.grounds[:3]] == [
        "Findings about it; ghostscan explain says why each was made",
        "Accounts, by app",
        "Why no other rule made a finding of it",
    ]
    assert explained(run, "wiki/robot").title == "No finding about account robot of wiki"
    assert explained(run, "wiki/b1").title == "No finding about account b1 of wiki"


def test_where_several_findings_and_several_things_are_meant_the_findings_are_listed(
    company: Path,
) -> None:
    """A user name that more than one account has, each with a finding, decides nothing."""
    findings = json.loads((company / "findings.json").read_bytes())["findings"]
    named = Counter((one["account"] or {}).get("user_name") for one in findings)
    several = [
        name
        for name, count in named.items()
        if name and count > 1 and len(find_subjects(company, name)) > 1
    ]
    with pytest.raises(UsageError, match="findings are about it") as refused:
        explained(company, several[0])
    assert str(refused.value.hint).startswith("among them: ")
