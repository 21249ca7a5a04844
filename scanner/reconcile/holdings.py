"""What a run knows of a person: the accounts that are theirs, those that are not, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scanner.model import Role, Wanted
from scanner.reconcile.case import Case, read_case, read_person, withheld
from scanner.reconcile.correlation import key_words
from scanner.reconcile.explanation import wanted
from scanner.reconcile.facts import Place
from scanner.reconcile.parquet import Row, read_rows
from scanner.reconcile.queries import result_path
from scanner.reconcile.sentences import instant


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a run knows of one person; a row without columns is none.

    ``standing`` is what was concluded of the person, ``record`` as the HRIS has it, ``seen`` what
    runs saw of it. ``accounts`` are those a key led from, with the names of the keys; whether an
    account is theirs says its situation.
    """

    folder: Path
    place: Place
    standing: Row
    record: Row
    seen: Row
    accounts: Mapping[Place, tuple[Case, tuple[str, ...]]]

    @property
    def governing(self) -> Place:
        """The record that decides for the person."""
        standing = self.standing
        return standing.get("governing_source", ""), standing.get("governing_id", "")

    def owns(self, case: Case) -> bool:
        """Whether an account was concluded to be theirs."""
        owner = case.situation.get("person_source"), case.situation.get("person_id")
        return owner == self.governing

    @property
    def theirs(self) -> list[Case]:
        """The accounts that were concluded to be theirs."""
        return [case for case, _ in self.accounts.values() if self.owns(case)]


def read_holdings(folder: Path, place: Place) -> Holdings:
    """Read what a run knows of one person; EvidenceError where a table is missing."""
    source, person_id = place
    standing, record = read_person(folder, place)
    seen = read_rows(result_path(folder, "observed_people"), ("person_id", [person_id]))
    led: dict[Place, list[str]] = {}
    for row in _led(folder, standing):
        led.setdefault((row["source"], row["account_id"]), []).append(row["key"])
    return Holdings(
        folder=folder,
        place=place,
        standing=standing,
        record=record,
        seen=next((row for row in seen if row["source"] == source), {}),
        accounts={
            one: (read_case(folder, one), tuple(dict.fromkeys(keys)))
            for one, keys in sorted(led.items())
        },
    )


def _led(folder: Path, standing: Row) -> Iterator[Row]:
    """Find the candidates that name any record of the person."""
    if not standing:
        return
    people = result_path(folder, "people_as_of")
    records = read_rows(people, ("identity", [standing["identity"]]))
    places = {(row["source"], row["person_id"]) for row in records}
    ids = {person_id for _, person_id in places}
    for row in read_rows(result_path(folder, "candidates"), ("person_id", ids)):
        if (row["person_source"], row["person_id"]) in places:
            yield row


def person_conclusion(one: Holdings) -> str:
    """Return in a sentence what was concluded of a person."""
    source, person_id = one.place
    if not one.standing:
        gone = one.seen.get("gone_at")
        when = "" if gone is None else f" by {instant(gone)}"
        return f"The record {person_id} is not in {source} any more; it was missing{when}."
    name = one.record.get("display_name") or person_id
    deciding, _ = read_person(one.folder, one.governing)
    status = deciding["status"].replace("_", " ")
    departed_at = one.standing["departed_at"]
    date = "" if departed_at is None else f", departure {instant(departed_at)}"
    whose = "" if one.governing == one.place else f" in {'/'.join(one.governing)}, which decides"
    verb = "has left" if one.standing["departed"] else "has not departed"
    return f"{name} {verb} (status {status}{whose}{date}); {_counted(one.theirs)}."


def _counted(cases: list[Case]) -> str:
    active = sum(case.state == "active" for case in cases)
    if not cases:
        return "no account is linked to this person"
    if len(cases) == 1:
        return f"1 account is linked to this person and is {cases[0].state}"
    return f"{len(cases)} accounts are linked to this person, {active} of them active"


def held(one: Holdings) -> Iterator[tuple[str, str]]:
    """Say of every app which accounts a key leads from, and whether they are theirs."""
    words = key_words()
    apps = [
        row["source"]
        for row in read_rows(one.folder / "tables/sources.parquet")
        if row["role"] != Role.HRIS
    ]
    for app in apps:
        here = [(case, keys) for (at, _), (case, keys) in one.accounts.items() if at == app]
        for case, keys in here:
            name = case.account.get("user_name") or case.account.get("display_name") or ""
            told = filter(None, (name, case.state, _whose(one, case)))
            by = " and ".join(words[key] for key in keys)
            yield f"{app}/{case.place[1]}", f"{', '.join(told)} by {by}"
        if not here:
            known = any(withheld(one.folder, app))
            yield app, "nothing is concluded about its accounts" if known else "no account"


def _whose(one: Holdings, case: Case) -> str:
    if one.owns(case):
        return "linked"
    if case.situation["situation"] == "disputed":
        return "in doubt, named"
    return "somebody else's, though named"


def person_absences(one: Holdings) -> Iterator[tuple[str, str]]:
    """Say why no rule made a finding of the person or of the accounts."""
    source, _ = one.place
    unread = dict(withheld(one.folder, source))
    if not one.standing:
        yield "hr_data_quality", f"the record was last seen as {one.seen.get('status')}"
        return
    flawless = "the record contradicts nothing, lacks no date, shares no key with anybody else"
    yield "hr_data_quality", unread.get(source, flawless)
    if not one.standing["departed"]:
        yield "about leavers", "the person has not departed, so access may stand"
    elif not any(case.state == "active" for case in one.theirs):
        yield "about leavers", "the person has left, and no account linked to them is active"
    if one.accounts:
        yield "", "ghostscan explain says of each account above why no rule found it"


def concerned(one: Holdings) -> tuple[str, ...]:
    """Name the apps that have an account of the person, or of which nothing is concluded."""
    roles = {row["source"]: row["role"] for row in read_rows(one.folder / "tables/sources.parquet")}
    holding = {app for app, _ in one.accounts}
    return tuple(
        app
        for app, role in roles.items()
        if role != Role.HRIS and (app in holding or any(withheld(one.folder, app)))
    )


def account_records(one: Holdings) -> Iterator[Wanted]:
    """The records of the accounts that a key led from."""
    for (app, account_id), (case, _) in one.accounts.items():
        if case.account:
            yield wanted(f"account {account_id} of {app}", case.account)
