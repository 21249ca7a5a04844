"""Looking at accounts that nothing was planned for: did a change hit more than its target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from collectors.base import Deactivator
from scanner.remediation.plan import Sentinel


@dataclass(frozen=True, slots=True)
class Look:
    """What one look showed; ``blind`` tells that not one account could be read."""

    looked_at: int
    changed: tuple[str, ...]
    blind: bool


class Lookout:
    """Watches the sentinels of one app: those that were active when the app's turn began."""

    def __init__(self, sentinels: Sequence[Sentinel], deactivator: Deactivator) -> None:
        self._ids = tuple(one.id for one in sentinels)
        self._deactivator = deactivator
        self.watched: tuple[str, ...] | None = None

    def begin(self) -> bool:
        """Note which of them are active before anything is sent; False where none can be read."""
        seen = {one: self._deactivator.observe(one) for one in self._ids}
        self.watched = tuple(one for one in self._ids if seen[one].found and seen[one].active)
        return not self._ids or any(one.found is not None for one in seen.values())

    def look(self) -> Look:
        """Read them again and name those that are not active any more."""
        watched = self.watched or ()
        seen = {one: self._deactivator.observe(one) for one in watched}
        known = [one for one in watched if seen[one].found is not None]
        changed = tuple(one for one in known if not seen[one].found or seen[one].active is False)
        return Look(len(known), changed, blind=bool(watched) and not known)
