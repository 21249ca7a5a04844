"""Watching one app around the changes to it, and writing down what was seen.

Two looks: at the accounts picked beforehand that must stay as they are, and at how many accounts
are active at all. The first is a handful of reads; the second is a reading of the whole list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from collectors.base import Census, Deactivator
from scanner.remediation.blast import Lookout
from scanner.remediation.count import LIST_DIFFERS, Count, Teller
from scanner.remediation.journal import Journal, Kind, Record
from scanner.remediation.pace import Clock
from scanner.remediation.plan import Sentinel

MOST_NAMED = 5


class Watch:
    """The watch over one app. It writes WATCH and CENSUS once, and CHECK and COUNT at each look.

    ``alarm`` says why everything must be stopped, ``blind`` why this app must be left alone; both
    are empty while there is no reason. What an earlier execution noted still holds where something
    was sent since.
    """

    def __init__(
        self,
        app: str,
        sentinels: Sequence[Sentinel],
        deactivator: Deactivator,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self.alarm = ""
        self.blind = ""
        self._app = app
        self._journal = journal
        self._lookout = Lookout(sentinels, deactivator)
        self._teller = Teller(deactivator, clock)
        self._begun = False

    def begin(self, ours: Mapping[str, bool | None]) -> None:
        """Note once how the app is; what was left to look at before is looked at first.

        ``ours`` are the accounts that something was sent for, see :func:`count.compare`.
        """
        if self._begun:
            return
        self._begun = True
        noted = self._last(Kind.WATCH)
        owing = self._sent_since_count()
        if noted is not None:
            self._lookout.watched = tuple(noted["accounts"])
        elif self._lookout.begin():
            watched = list(self._lookout.watched or ())
            self._journal.write(Kind.WATCH, app=self._app, accounts=watched)
        else:
            self.blind = "accounts that should stay untouched cannot be read"
            return
        self._begin_counting(resumed=owing)
        if noted is not None:
            self.look(ours, last=owing)

    def _begin_counting(self, *, resumed: bool) -> None:
        """Go on from the earlier census where something was sent since, or take a new one."""
        noted = self._last(Kind.CENSUS)
        if resumed and noted is not None:
            self._teller.before = _census(noted)
            return
        self._teller.begin()
        before = self._teller.before
        self._journal.write(
            Kind.CENSUS,
            app=self._app,
            active=None if before.active is None else sorted(before.active),
            inactive=None if before.inactive is None else sorted(before.inactive),
            error=before.error,
        )

    @property
    def is_owing(self) -> bool:
        """Whether something was sent since the app was looked at, or since it was counted."""
        noted = self._last(Kind.CENSUS)
        countable = noted is not None and noted["active"] is not None
        return self._sent_since(Kind.CHECK, Kind.WATCH) or (countable and self._sent_since_count())

    def _sent_since_count(self) -> bool:
        return self._sent_since(Kind.COUNT, Kind.CENSUS)

    def _sent_since(self, *kinds: Kind) -> bool:
        """Whether an intent follows the last look of these kinds that showed all as it was."""
        for record in reversed(self._own()):
            alarmed = record.kind is not Kind.CENSUS and bool(
                record.fields.get("changed") or record.fields.get("error")
            )
            if record.kind in kinds and not alarmed:
                return False
            if record.kind is Kind.INTENT:
                return True
        return False

    def look(self, ours: Mapping[str, bool | None], *, last: bool) -> None:
        """Look around after something was sent; ``last`` where nothing follows for now."""
        seen = self._lookout.look()
        self._journal.write(
            Kind.CHECK, app=self._app, looked_at=seen.looked_at, changed=list(seen.changed)
        )
        if seen.blind:
            self.blind = "accounts that should be untouched cannot be read any more"
        changed = set(seen.changed)
        if self._teller.can_count and self._is_due(last=last):
            changed |= set(self._count(ours).changed)
        if changed:
            self.alarm = f"{self._app}: accounts that were not to be changed changed: " + _named(
                sorted(changed)
            )

    def _is_due(self, *, last: bool) -> bool:
        counted = self._last(Kind.COUNT, since=Kind.CENSUS) is not None
        return self._sent_since_count() and (last or not counted or not self._teller.is_large)

    def _count(self, ours: Mapping[str, bool | None]) -> Count:
        found = self._teller.count(ours)
        fields = {name: _plain(value) for name, value in asdict(found).items()}
        self._journal.write(Kind.COUNT, app=self._app, **fields)
        if found.error and found.error != LIST_DIFFERS:
            self.blind = "how many accounts are active cannot be read any more"
        return found

    def _own(self) -> list[Record]:
        return [one for one in self._journal.records if one.fields.get("app") == self._app]

    def _last(self, kind: Kind, since: Kind | None = None) -> Record | None:
        for record in reversed(self._own()):
            if record.kind is kind:
                return record
            if record.kind is since:
                return None
        return None


def looks(records: Iterable[Record]) -> tuple[dict[str, Any], ...]:
    """Give every look of a journal in its order: ``at``, ``app``, ``kind`` and what was seen.

    A ``census`` has the numbers ``active`` and ``inactive`` (None: not counted) and ``error``, a
    ``count`` the fields of :class:`Count`, a ``check`` has ``looked_at`` and ``changed``.
    """
    kinds = (Kind.CENSUS, Kind.COUNT, Kind.CHECK)
    return tuple(
        {**one.fields, **_numbers(one), "at": one.at, "kind": one.kind.value.lower()}
        for one in records
        if one.kind in kinds
    )


def _numbers(record: Record) -> dict[str, Any]:
    if record.kind is not Kind.CENSUS:
        return {}
    sides = {name: record[name] for name in ("active", "inactive")}
    return {name: None if ids is None else len(ids) for name, ids in sides.items()}


def _census(noted: Record) -> Census:
    active, inactive = noted["active"], noted["inactive"]
    if active is None:
        return Census(None, None, noted["error"])
    return Census(frozenset(active), frozenset(inactive))


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _named(ids: Sequence[str]) -> str:
    more = len(ids) - MOST_NAMED
    return ", ".join(ids[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
