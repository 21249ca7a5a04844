"""Whom an account that is nobody's may belong to: hints for a person, never a conclusion.

Worked out after the rules. The work is bounded: people are compared only where they share an
uncommon word with the account, and of those only the ones that share most.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from itertools import chain
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from scanner.model import Finding, Suggestion
from scanner.reconcile.facts import Place
from scanner.reconcile.lookalike import skeleton
from scanner.reconcile.names import plain_letters
from scanner.reconcile.parquet import Row, read_batches

MOST_ACCOUNTS = 10_000
MOST_NAMESAKES = 400
MOST_COMPARED = 50
BEST = 3
LEAST_SCORE = 70

_COLUMNS = ("source", "person_id", "display_name", "user_name", "emails")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SAME_LOOK = 100


@dataclass(frozen=True, slots=True)
class _Traits:
    """What an account or a person is called: plain name, plain handles, and how addresses look."""

    name: str
    handles: tuple[str, ...]
    looks: Mapping[str, str]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Known:
    place: Place
    display_name: str | None
    traits: _Traits


def with_suggestions(
    findings: Sequence[Finding], accounts: Mapping[Place, Row], tables: Sequence[Path]
) -> tuple[Finding, ...]:
    """Return ``findings`` with up to three people suggested for each orphan account.

    ``accounts`` are the rows of the accounts found, ``tables`` the files of people. Of more than
    MOST_ACCOUNTS orphans, the first have suggestions. The detail of an account that looks like a
    person's without being it says so. Raises EvidenceError where a file cannot be read.
    """
    orphans = {
        (one.app, one.account.id): _traits(accounts[one.app, one.account.id])
        for one in findings
        if one.kind == "orphan_account" and one.account is not None
    }
    chosen = dict(list(orphans.items())[:MOST_ACCOUNTS])
    if not chosen:
        return tuple(findings)
    wanted = frozenset[str]().union(*(traits.words for traits in chosen.values()))
    known, by_word = _index(tables, wanted)
    found = {place: _best(traits, known, by_word) for place, traits in chosen.items()}
    return tuple(_told(one, found) for one in findings)


def suggested(account: Row, tables: Sequence[Path]) -> tuple[Suggestion, ...]:
    """Return whom one account may belong to, as ``with_suggestions`` does; as a hint only."""
    traits = _traits(account)
    known, by_word = _index(tables, traits.words)
    return tuple(one for one, _ in _best(traits, known, by_word))


def _told(finding: Finding, found: Mapping[Place, Sequence[tuple[Suggestion, str]]]) -> Finding:
    best = found.get((finding.app, finding.account.id if finding.account else ""), ())
    if finding.kind != "orphan_account" or not best:
        return finding
    looks = dict.fromkeys(note for _, note in best if note)
    detail = " ".join([finding.detail, *looks])
    return replace(finding, detail=detail, suggestions=tuple(one for one, _ in best))


def _traits(row: Row) -> _Traits:
    name = plain_letters(row["display_name"] or "")
    user, emails = row["user_name"] or "", row["emails"] or ()
    locals_ = [plain_letters(one.rpartition("@")[0] or one) for one in (*emails, user) if one]
    words = _WORD.findall(name)
    looks = {skeleton(one): one for one in (*emails, user) if "@" in skeleton(one)}
    handles = {"".join(_WORD.findall(one)) for one in locals_}
    parts = {word for one in locals_ for word in _WORD.findall(one)}
    blocks = {*words, *handles, *parts, *_compounds(words), *looks}
    return _Traits(" ".join(words), tuple(sorted(handles - {""})), looks, frozenset(blocks - {""}))


def _compounds(words: Sequence[str]) -> set[str]:
    """The user names that are commonly made of a name: aruiz, anar, anaruiz, ruizana."""
    if len(words) < 2:  # noqa: PLR2004 - a given and a family name
        return set()
    first, last = words[0], words[-1]
    return {first[0] + last, first + last[0], first + last, last + first}


def _index(
    tables: Iterable[Path], wanted: frozenset[str]
) -> tuple[list[_Known], Mapping[str, Sequence[int]]]:
    """Find the people who share a wanted word, by place; by each word few share, who they are."""
    known = [
        _Known((row["source"], row["person_id"]), row["display_name"], traits)
        for row in _people(tables)
        for traits in [_traits(row)]
        if not traits.words.isdisjoint(wanted)
    ]
    known.sort(key=lambda one: one.place)
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    for who, one in enumerate(known):
        for word in one.traits.words & wanted:
            if len(by_word[word]) <= MOST_NAMESAKES:
                by_word[word].append(who)
    few = {word: who for word, who in by_word.items() if len(who) <= MOST_NAMESAKES}
    return known, few


def _people(tables: Iterable[Path]) -> Iterator[Mapping[str, Any]]:
    for path in tables:
        yield from read_batches(path, _COLUMNS)


def _best(
    traits: _Traits, known: Sequence[_Known], by_word: Mapping[str, Sequence[int]]
) -> tuple[tuple[Suggestion, str], ...]:
    """The best suggestions, each with what is to be said of a look-alike."""
    shared = Counter(chain.from_iterable(by_word.get(word, ()) for word in traits.words))
    compared = nsmallest(MOST_COMPARED, ((-count, who) for who, count in shared.items()))
    found = [_scored(traits, known[who]) for _, who in compared]
    good = [one for one in found if one[0].score >= LEAST_SCORE]
    good.sort(key=lambda one: (-one[0].score, one[0].source, one[0].person_id))
    return tuple(good[:BEST])


def _scored(account: _Traits, person: _Known) -> tuple[Suggestion, str]:
    other = person.traits
    score, why, note = 0, "", ""
    if account.name and other.name:
        score, why = round(fuzz.token_sort_ratio(account.name, other.name)), "similar name"
    forms = (*other.handles, *sorted(_compounds(other.name.split())))
    for handle in account.handles:
        like = max((round(fuzz.ratio(handle, form)) for form in forms), default=0)
        if like > score:
            score, why = like, "user name or address like the name"
    for look in sorted(account.looks.keys() & other.looks.keys()):
        mine, theirs = account.looks[look], other.looks[look]
        score, why = _SAME_LOOK, f"{mine} looks like {theirs}, and is not the same"
        note = f"{mine} looks like {theirs} of {person.display_name or person.place[1]}."
    source, person_id = person.place
    return Suggestion(person_id, source, person.display_name, score, why), note
