"""How accounts are correlated with people, where that is the company's to say."""

from __future__ import annotations

from functools import lru_cache

import idna
from pydantic import Field, field_validator

from scanner.config.strict import Strict

_OTHER_DOTS = frozenset("\u3002\uff0e\uff61")  # some software takes these for a full stop


@lru_cache(maxsize=4096)
def a_label(domain: str) -> str:
    """Return a domain in lower-case A-label form (RFC 5891); what is none is returned unchanged.

    Nothing is mapped first: a full-width letter or dot makes another domain, which is nobody's,
    instead of the domain it resembles.
    """
    if domain.isascii():
        return domain.lower()
    try:
        return domain if _OTHER_DOTS & set(domain) else idna.encode(domain).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return domain


class Correlation(Strict):
    """``domain_aliases`` names domains whose addresses belong to the same people as another's.

    Both sides are kept in A-label form. ``{ "old.example.com" = "example.com" }`` lets
    ``ana@old.example.com`` and ``ana@example.com`` name the same person.
    """

    domain_aliases: dict[str, str] = Field(default_factory=dict)

    @field_validator("domain_aliases")
    @classmethod
    def _domains(cls, value: dict[str, str]) -> dict[str, str]:
        for domain in (*value, *value.values()):
            if not domain.strip() or "@" in domain or " " in domain:
                raise ValueError(f"{domain!r} is not a domain")
        aliases = {a_label(alias): a_label(domain) for alias, domain in value.items()}
        for alias, domain in aliases.items():
            if domain in aliases:
                raise ValueError(f"{alias!r} leads to {domain!r}, which is an alias itself")
        return aliases
