"""How far an HRIS has moved since its last COMPLETE run, as guards against removals.

Most of what looks like a mass departure is a fault of the HRIS or of its reading. It is told until
somebody acknowledges the number, and a plan from such a run is refused by guards of its own. The
limits are those of a run made by hand about once a month: 5 per cent, never fewer than a handful.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from collectors.scim.expectation import CANARY_DEPARTED
from scanner.config import Source
from scanner.model import Earlier, Guard, Headcount, Person, PersonStatus, Reading

MOST_TERMINATED, MOST_MISSING = 5, 3
PERCENT = 5


def believed(people: Iterable[Person], reading: Reading) -> tuple[Person, ...]:
    """Give the people of an HRIS with the status it may be believed on.

    Where a canary shows that its statuses are not what they seem, everybody's is unknown: nobody
    has departed on the word of a list that says so of somebody who has not.
    """
    if all(one.code != CANARY_DEPARTED for one in reading.users.reasons):
        return tuple(people)
    return tuple(replace(one, status=PersonStatus.UNKNOWN) for one in people)


def count_people(people: Iterable[Person]) -> Headcount:
    """Count those whose status is terminated, and all others, whose employment may go on."""
    left = [one.status is PersonStatus.TERMINATED for one in people]
    return Headcount(employed=left.count(False), terminated=left.count(True))


def guards_of(now: Headcount, earlier: Earlier | None, source: Source) -> tuple[Guard, ...]:
    """Measure what moved since the last COMPLETE run; nothing where there was none.

    ``hris.terminated`` is how many more people are terminated. ``hris.drop`` is how many fewer are
    employed, beyond those. Either is acknowledged by a number the settings of the source name.
    """
    before = None if earlier is None else earlier.headcount
    if before is None:
        return ()
    terminated = max(now.terminated - before.terminated, 0)
    missing = max(before.employed - now.employed - terminated, 0)
    share = before.employed * PERCENT // 100
    most, least = source.acknowledge_terminated_to, source.acknowledge_drop_to
    total = now.employed + now.terminated
    return (
        Guard(
            "hris.terminated",
            measured=terminated,
            allowed=max(MOST_TERMINATED, share),
            before=before.terminated,
            now=now.terminated,
            acknowledged=most is not None and now.terminated <= most,
        ),
        Guard(
            "hris.drop",
            measured=missing,
            allowed=max(MOST_MISSING, share),
            before=before.employed,
            now=now.employed,
            acknowledged=least is not None and total >= least,
        ),
    )


def guard_note(guard: Guard, people: int) -> str | None:
    """Say in a line what a guard found, with the setting that acknowledges it; None if nothing.

    ``people`` is the number of people the HRIS lists now.
    """
    if guard.measured <= guard.allowed:
        return None
    if guard.name == "hris.terminated":
        said = f"{guard.now} people are terminated, in the last complete run it was {guard.before}"
        setting, own = f"acknowledge_terminated_to = {guard.now}", "departed_jump"
    else:
        said = f"{guard.now} people are employed, in the last complete run it was {guard.before}"
        setting, own = f"acknowledge_drop_to = {people}", "headcount_drop"
    if guard.acknowledged:
        return f"{said}; acknowledged in the settings of this source"
    return (
        f"{said}; if that is right, set {setting} for this source; a plan from this run wants it "
        f"acknowledged by its guard {own} as well"
    )
