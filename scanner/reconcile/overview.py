"""All that a run knows of one account or person, and why a rule made no finding of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scanner.model import Ground, Role, Subject
from scanner.reconcile.absence import absences, conclusion
from scanner.reconcile.case import Case, read_case
from scanner.reconcile.explanation import Correlated, read_correlation
from scanner.reconcile.facts import Hit
from scanner.reconcile.grounds import Grounds, grounds_of
from scanner.reconcile.holdings import (
    account_records,
    concerned,
    held,
    person_absences,
    person_conclusion,
    read_holdings,
)
from scanner.reconcile.parquet import read_rows
from scanner.reconcile.suggestion import suggested
from scanner.reconcile.tables import table_path


@dataclass(frozen=True, slots=True)
class Overview:
    """What a run knows of a subject.

    ``called`` names it, ``conclusion`` says in a sentence or two what was concluded of it, and
    ``query`` is the name of the query that did.
    """

    called: str
    conclusion: str
    query: str
    known: Correlated
    grounds: Grounds


def read_overview(
    folder: Path, subject: Subject, found: Sequence[Mapping[str, Any]] = ()
) -> Overview:
    """Read what a run knows of ``subject``; EvidenceError where a table is missing.

    ``found`` are the findings about it, as ``findings.json`` has them.
    """
    if subject.type == "account":
        return _account(folder, subject, found)
    return _person(folder, subject, found)


def _account(folder: Path, subject: Subject, found: Sequence[Mapping[str, Any]]) -> Overview:
    case = read_case(folder, (subject.source, subject.id))
    owner = case.owner
    people = [(owner["source"], owner["person_id"])] if owner else []
    when = case.removal
    hit = Hit(
        kind="",
        app=subject.source,
        account_id=subject.id,
        basis=when.get("basis"),
        earliest_at=when.get("earliest_at"),
        latest_at=when.get("latest_at"),
    )
    name = case.account.get("user_name") or case.seen.get("user_name")
    called = f"{name} ({subject.id})" if name not in {None, subject.id} else subject.id
    return Overview(
        called=f"account {called} of {subject.source}",
        conclusion=conclusion(case),
        query="concluded" if case.withheld else "situations",
        known=read_correlation(folder, subject.source, subject.id, people),
        grounds=_with(grounds_of(folder, hit), *_findings(found), *_told(case, found)),
    )


def _findings(found: Sequence[Mapping[str, Any]]) -> Iterator[Ground]:
    facts = [(str(one["id"]), f"{one['kind']}: {one['detail']}") for one in found]
    yield Ground("Findings about it; ghostscan explain says why each was made", tuple(facts))


def _absent(absences: Iterable[tuple[str, str]], found: Sequence[Mapping[str, Any]]) -> Ground:
    """Say why there is no finding of each kind that there is none of."""
    kinds = {one["kind"] for one in found}
    told = tuple((kind, words) for kind, words in absences if kind not in kinds)
    return Ground(f"Why no {'other ' if kinds else ''}rule made a finding of it", told)


def _told(case: Case, found: Sequence[Mapping[str, Any]]) -> Iterator[Ground]:
    if case.situation.get("situation") == "unmatched":
        tables = [
            table_path(case.folder, "people", row["source"])
            for row in read_rows(
                case.folder / "tables/sources.parquet", ("role", [Role.HRIS.value])
            )
        ]
        hints = [
            (f"{one.display_name or ''} {one.person_id}".strip(), f"{one.why} ({one.score})")
            for one in suggested(case.account, [path for path in tables if path.exists()])
        ]
        yield Ground("Whose it may be, as a hint only (100 is most alike)", tuple(hints))
    yield _absent(absences(case), found)


def _person(folder: Path, subject: Subject, found: Sequence[Mapping[str, Any]]) -> Overview:
    place = (subject.source, subject.id)
    one = read_holdings(folder, place)
    known = read_correlation(folder, subject.source, None, [place])
    told = (
        *_findings(found),
        Ground("Accounts, by app", tuple(held(one))),
        _absent(person_absences(one), found),
    )
    grounds = grounds_of(folder, Hit("", subject.source))
    records = (*grounds.records, *account_records(one))
    grounds = replace(grounds, records=records, sources=concerned(one))
    name = one.record.get("display_name") or one.seen.get("display_name")
    called = f"{name} ({subject.id})" if name else subject.id
    return Overview(
        called=f"person {called} of {subject.source}",
        conclusion=person_conclusion(one),
        query="people_as_of",
        known=known,
        grounds=_with(grounds, *told),
    )


def _with(grounds: Grounds, *more: Ground) -> Grounds:
    made = (*more, *grounds.grounds)
    return replace(grounds, grounds=tuple(one for one in made if one.facts))
