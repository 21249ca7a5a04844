"""Counting the active accounts of an app around changes: exactly what was confirmed may be missing.

The whole list is compared, id by id, and not only its length: so an account that somebody creates
meanwhile is no alarm, and one that went inactive beside those that were asked for has a name. Who
did that, a server that hit too much or an administrator at the same time, the app does not tell;
therefore everything stops, and people look at the accounts that are named. What is changed and
changed back between two lists shows in neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from collectors.base import Census, Deactivator
from scanner.remediation.pace import Clock

MOST_ACCOUNTS = 20_000
"""Longer lists are not counted: reading one takes longer than the changes it would watch."""

LARGE = 2_000
"""Apps with more accounts are counted after the first action and at the end, not in between."""

WAITS = (5.0, 10.0, 20.0)
"""Seconds after which a list is read again that contradicts the accounts themselves."""

MOST_READ_BY_ID = 5
LIST_DIFFERS = "count.list_differs"
NOBODY = Census(None, None, "count.not_begun")


@dataclass(frozen=True, slots=True)
class Count:
    """How many accounts are active, ``before`` and ``now``, and what explains the difference.

    ``now`` is None where they could not be counted, and ``error`` is a stable reason code.
    ``confirmed`` is by how many it had to fall (below 0: to rise), ``appeared`` how many of those
    active now are new. ``unconfirmed`` had something sent for them, and it took effect although
    that is not confirmed; ``came_back`` were confirmed and are the other way round again.
    ``changed`` are the others whose state is another one than before, though nothing was sent.
    """

    before: int
    now: int | None
    confirmed: int
    appeared: int = 0
    unconfirmed: tuple[str, ...] = ()
    came_back: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    error: str = ""


def compare(before: Census, now: Census, ours: Mapping[str, bool | None]) -> Count:
    """Compare two whole censuses of an app.

    ``ours`` are the accounts that something was sent for, with the state that was confirmed, None
    where none was.
    """
    then, today = before.active or frozenset(), now.active or frozenset()
    known = then | (before.inactive or frozenset())
    flipped = (then ^ today) & known
    settled = {one: active for one, active in ours.items() if active is not None}
    return Count(
        before=len(then),
        now=len(today),
        confirmed=sum((one in then) - active for one, active in settled.items()),
        appeared=len(today - known),
        unconfirmed=tuple(sorted(flipped & (ours.keys() - settled.keys()))),
        came_back=tuple(sorted(one for one in settled if (one in today) is not settled[one])),
        changed=tuple(sorted(flipped - ours.keys())),
    )


class Teller:
    """Counts the active accounts of one app; ``before`` is the census all others are held against.

    Where that one is not whole, nothing can be counted.
    """

    def __init__(self, deactivator: Deactivator, clock: Clock) -> None:
        self.before = NOBODY
        self._deactivator = deactivator
        self._clock = clock

    @property
    def can_count(self) -> bool:
        """Whether there is a census to hold another one against."""
        return self.before.active is not None

    @property
    def is_large(self) -> bool:
        """Whether the list is too long to be read after every batch."""
        return len(self.before.active or ()) + len(self.before.inactive or ()) > LARGE

    def begin(self) -> None:
        """Take the first census."""
        self.before = self._deactivator.census(MOST_ACCOUNTS)

    def count(self, ours: Mapping[str, bool | None]) -> Count:
        """Take another census; read by its id whoever stands otherwise in it than expected.

        A list may lag behind the accounts; one that contradicts them is read again, three times at
        most, and then nothing is concluded from it.
        """
        for wait in (*WAITS, None):
            now = self._deactivator.census(MOST_ACCOUNTS)
            found = compare(self.before, now, ours)
            if now.active is None:
                return self._uncounted(found, now.error or "read.incomplete")
            wrong = self._contradicted(found, now.active)
            if len(wrong.intersection(found.changed)) < len(found.changed[:MOST_READ_BY_ID]):
                really = tuple(one for one in found.changed if one not in wrong)
                return replace(found, changed=really)
            if not wrong:
                return found
            if wait is not None:
                self._clock.sleep(wait)
        return self._uncounted(found, LIST_DIFFERS)

    def _contradicted(self, found: Count, active: frozenset[str]) -> frozenset[str]:
        """Give those of the first few whose own record says the contrary of the list."""
        asked = (*found.changed[:MOST_READ_BY_ID], *found.came_back[:MOST_READ_BY_ID])
        return frozenset(one for one in asked if self._is_active(one) is (one not in active))

    def _is_active(self, account_id: str) -> bool | None:
        seen = self._deactivator.observe(account_id)
        return False if seen.found is False else seen.active

    @staticmethod
    def _uncounted(found: Count, error: str) -> Count:
        return Count(found.before, None, found.confirmed, error=error)
