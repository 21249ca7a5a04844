"""Which accounts are never touched: the registers, matched more generously than anything else.

Whoever looks like a protected account is protected too. Erring on this side costs a manual task,
erring on the other locks a company out.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.evidence.canonical import canonical_json
from scanner.model import Registers


@dataclass(frozen=True, slots=True)
class Identity:
    """What may give an account away, from a run or from a fresh read."""

    app: str
    id: str
    user_name: str | None = None
    emails: tuple[str, ...] = ()
    display_name: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Everything it may be called, its id first."""
        shown = (self.id, self.user_name, *self.emails, self.display_name)
        return tuple(name for name in shown if name)


@dataclass(frozen=True, slots=True)
class Protection:
    """The registers, and who is in which group; ``members`` is by app and group id."""

    registers: Registers
    members: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    @property
    def listed(self) -> int:
        """How many entries the list of protected accounts has; it may never be empty."""
        return len(self.registers.protected)

    @property
    def sha256(self) -> str:
        """One digest over the registers that protect: another list is another digest."""
        files = [
            [one.name, one.sha256]
            for one in self.registers.files
            if one.name in ("protected", "accounts")
        ]
        return hashlib.sha256(canonical_json(files)).hexdigest()

    def reason(self, one: Identity) -> str | None:
        """Say why an account is protected, or None where it is not."""
        said = self.registers.protection(one.app, one.names)
        if said:
            return said[0]
        shown = {likeness(name) for name in one.names} - {""}
        for entry in self.registers.protected:
            if entry.app not in (None, one.app):
                continue
            if shown & {likeness(name) for name in entry.accounts}:
                return entry.reason
            if any(one.id in self.members.get((one.app, group), ()) for group in entry.groups):
                return entry.reason
        return None


# Letters that look like Latin ones (Unicode TS 39, the common part of its table).
_LOOKS_LIKE = str.maketrans({
    **dict(zip("аеорсухіјѕԁһӏкмтв", "aeopcyxijsdhlkmtb", strict=True)),  # Cyrillic
    **dict(zip("αορνικτυ", "aopviktu", strict=True)),  # Greek
    **dict(zip("01ıłøđ", "olilod", strict=True)),
})  # fmt: skip


def likeness(text: str) -> str:
    """Reduce a name to what it looks like: no case, accents, blanks, look-alike letters."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    shown = plain.translate(_LOOKS_LIKE)
    return "".join(part for part in shown if part.isalnum() or part in "@.")
