"""The mail domains of a source, by which another tenant's users are told from the company's own.

The URL of a sandbox, or of another customer, answers as honestly as the right one; only its people
are others. Where an app shows mail addresses and next to none of them is of a domain, or of a
subdomain, that the HRIS knows, it is taken to be another tenant's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from collectors.scim.point import Checked, failed, held
from scanner.config.correlation import a_label
from scanner.model import Account, Person

ENOUGH_ADDRESSES = 10
MOST_NAMED = 3

Domains = Sequence[frozenset[str]]
"""The mail domains of each user of a source; empty for a user without an address."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many users of an app have an address, and how many of these one of a known domain.

    ``foreign`` are the most frequent of the app's domains that are not known.
    """

    addressed: int
    shared: int
    foreign: tuple[str, ...]


def mail_domains(record: Person | Account) -> frozenset[str]:
    """Give the domains of a user's addresses in lower case and A-labels, a user name counting."""
    addresses = (*record.emails, record.user_name or "")
    found = (_domain(one) for one in addresses if "@" in one)
    return frozenset(one for one in found if one)


def known_domains(
    people: Domains, aliases: Mapping[str, str] = MappingProxyType({})
) -> frozenset[str] | None:
    """Give the domains of an HRIS, or None where too few addresses are known to tell by them.

    ``aliases`` gives, by domain, another one whose addresses belong to the same people.
    """
    if sum(map(bool, people)) < ENOUGH_ADDRESSES:
        return None
    known = frozenset[str]().union(*people)
    return known.union(*(pair for pair in aliases.items() if known.intersection(pair)))


def overlap(accounts: Domains, known: frozenset[str]) -> Overlap:
    """Count the accounts with an address, and those with one that is of a known domain."""
    foreign = Counter(one for domains in accounts for one in domains if not _is_known(one, known))
    return Overlap(
        sum(map(bool, accounts)),
        sum(any(_is_known(one, known) for one in domains) for domains in accounts),
        tuple(name for name, _ in foreign.most_common(MOST_NAMED)),
    )


def check_domains(found: Overlap, min_percent: int) -> Checked | None:
    """Check that enough accounts are of the company's domains; None where that cannot be told.

    It cannot be told from fewer than ten accounts with an address, and is not where
    ``min_percent`` is 0.
    """
    if not min_percent or found.addressed < ENOUGH_ADDRESSES:
        return None
    detail = f"{found.shared} of {found.addressed} accounts with an address are of a known domain"
    if found.shared * 100 >= min_percent * found.addressed:
        return held("mail_domains", detail)
    return failed(
        "mail_domains",
        detail,
        "read.foreign_domains",
        f"{found.shared} of {found.addressed} accounts with a mail address are of a domain that "
        f"the HRIS knows; most are of {', '.join(found.foreign)}",
        "is url that of the company's own tenant, not a sandbox? where addresses rightly differ, "
        "set min_domain_percent = 0 for this source",
    )


def _domain(address: str) -> str:
    return a_label(address.rpartition("@")[2].strip().rstrip(".").lower())


def _is_known(domain: str, known: frozenset[str]) -> bool:
    """Whether a domain, one above it or one below it is known."""
    labels = domain.split(".")
    above = (".".join(labels[at:]) for at in range(len(labels) - 1))
    return any(one in known for one in above) or any(one.endswith(f".{domain}") for one in known)
