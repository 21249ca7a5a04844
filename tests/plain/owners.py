"""Whose an account is: every key is tried, and a doubt is never resolved by a guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from scanner.config import Config
from scanner.model import Account, ManualLink, Person
from tests.plain.company import History, Place, Run
from tests.plain.people import Somebody
from tests.plain.text import plain_address, plain_addresses, plain_key, plain_words

Index = Mapping[tuple[str, str], set[Place]]
"""Who has which value of which key."""

ORDER = ("link", "employee_number", "external_id", "email", "user_name")


@dataclass(frozen=True)
class Owner:
    """What was made of one account: linked to ``somebody``, or why it is not."""

    situation: str
    somebody: Somebody | None = None
    matched_by: str | None = None
    problem: str | None = None


def owners_of(history: History, run: Run, people: Mapping[Place, Somebody]) -> dict[Place, Owner]:
    """The owner of every account about which something can be said."""
    concluded = run.concluded(history.config)
    accounts = {place: one for place, one in run.accounts.items() if place[0] in concluded}
    index = _index(run, history.config)
    named = {place: _named(one, index, people, history.config) for place, one in accounts.items()}
    by_person: defaultdict[tuple[str, Place], set[Place]] = defaultdict(set)
    for place, found in named.items():
        for _, _, somebody in found:
            by_person[place[0], somebody.place].add(place)
    by_hand = _links(history, run, accounts, people, index)
    return {
        place: by_hand.get(place) or _owner(one, named[place], by_person)
        for place, one in accounts.items()
    }


def _index(run: Run, config: Config) -> Index:
    aliases = config.correlation.domain_aliases
    index: defaultdict[tuple[str, str], set[Place]] = defaultdict(set)
    for place, one in run.people.items():
        for kind, values in _values(one, aliases).items():
            for value in values:
                index[kind, value].add(place)
    return index


def _values(one: Person, aliases: dict[str, str]) -> dict[str, set[str]]:
    numbers = {plain_key(one.employee_number)} - {None}
    ids = {plain_key(one.person_id), plain_key(one.external_id), *numbers} - {None}
    mails = plain_addresses([*one.emails, one.user_name], aliases)
    word = plain_key(one.user_name)
    return {
        "number": {value for value in numbers if value},
        "id": {value for value in ids if value},
        "mail": mails,
        "word": {word} if word and "@" not in word else set(),
        "own id": {value for value in [plain_key(one.person_id)] if value},
    }


def _named(
    account: Account, index: Index, people: Mapping[Place, Somebody], config: Config
) -> list[tuple[str, str, Somebody]]:
    """Every person that a key of the account names: the key, its strength, the person."""
    aliases = config.correlation.domain_aliases
    user = plain_key(account.user_name)
    tried: list[tuple[str, str, str, str | None]] = [
        ("employee_number", "issued", "number", plain_key(account.employee_number)),
        ("external_id", "issued", "id", plain_key(account.external_id)),
        ("user_name", "strong", "mail", plain_address(account.user_name, aliases)),
        ("user_name", "weak", "word", user if user and "@" not in user else None),
    ]
    mails = plain_addresses(account.emails, aliases)
    tried += [("email", "strong", "mail", mail) for mail in mails]
    return [
        (key, strength, people[place])
        for key, strength, kind, value in tried
        if value
        for place in sorted(index.get((kind, value), ()))
    ]


def _owner(
    account: Account,
    named: list[tuple[str, str, Somebody]],
    by_person: Mapping[tuple[str, Place], set[Place]],
) -> Owner:
    if not named:
        return Owner("unmatched")
    if len({somebody.place for _, _, somebody in named}) > 1:
        return Owner("disputed", problem="several_people")
    somebody = named[0][2]
    strengths = {strength for _, strength, _ in named}
    if strengths == {"weak"}:
        if len(by_person[account.source, somebody.place]) > 1:
            return Owner("disputed", problem="weak_key_shared")
        if somebody.departed:
            return Owner("disputed", problem="weak_key")
    elif "strong" not in strengths and somebody.departed and _another_name(account, somebody):
        return Owner("disputed", problem="name_contradicts")
    key = min((key for key, _, _ in named), key=ORDER.index)
    return Owner("linked", somebody, key)


def _another_name(account: Account, somebody: Somebody) -> bool:
    """Whether both have names to compare and no word of them is the same."""
    mine = plain_words(account.display_name, account.user_name, account.emails)
    theirs: set[str] = set()
    for one in somebody.records:
        theirs |= plain_words(one.display_name, one.user_name, one.emails)
    return bool(mine) and bool(theirs) and not mine & theirs


def _links(
    history: History,
    run: Run,
    accounts: Mapping[Place, Account],
    people: Mapping[Place, Somebody],
    index: Index,
) -> dict[Place, Owner]:
    """What the register of accounts says; it beats every key, and contradicts itself at most."""
    of_account: defaultdict[Place, list[ManualLink]] = defaultdict(list)
    for link in history.registers.links:
        for place, one in accounts.items():
            by_id = one.account_id == link.account
            by_name = plain_key(one.user_name) == plain_key(link.account) is not None
            if place[0] == link.app and (by_id or by_name):
                of_account[place].append(link)
    return {
        place: _linked(links, people, index, history.config) for place, links in of_account.items()
    }


def _linked(
    links: list[ManualLink], people: Mapping[Place, Somebody], index: Index, config: Config
) -> Owner:
    found: dict[Place, Somebody] = {}
    for link in links:
        named = plain_address(link.person, config.correlation.domain_aliases)
        value = named or plain_key(link.person) or ""
        places = index.get(("own id", value), set()) | index.get(("mail", value), set())
        if not places:
            return Owner("disputed", problem="link_unknown")
        found |= {people[place].place: people[place] for place in places}
    if len(found) > 1:
        return Owner("disputed", problem="several_people")
    return Owner("linked", next(iter(found.values())), "link")
