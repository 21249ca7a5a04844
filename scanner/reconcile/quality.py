"""What is wrong with the record of a person, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from scanner.reconcile.parquet import Row

Written = Callable[[datetime], str]


def flaws(person: Row, problem: str, written: Written) -> str:
    """Return one sentence for each code in ``problem``; ``written`` spells an instant."""
    return " ".join(_FLAWS[code](person, written) for code in problem.split(","))


def _backdated(person: Row, written: Written) -> str:
    return (
        f"The departure of {written(person['departed_at'])} was recorded only at "
        f"{written(person['recorded_at'])}."
    )


def _open_ended(person: Row, _written: Written) -> str:
    return f"The engagement ({person['worker_type']}) has no end date."


def _before_hired(person: Row, written: Written) -> str:
    return (
        f"The record is terminated, departed {written(person['departed_at'])} and hired after "
        f"that, {written(person['hired_at'])}; when the present spell ended is not known."
    )


def _but_employed(person: Row, written: Written) -> str:
    return (
        f"The record is {person['status'].replace('_', ' ')} although it says departed "
        f"{written(person['departed_at'])}; the status counts."
    )


def _missing(person: Row, written: Written) -> str:
    return (
        f"The person was {person['status'].replace('_', ' ')} when last seen "
        f"({written(person['last_seen_at'])}) and is not in the HRIS any more; absent is not "
        "departed."
    )


_FLAWS: dict[str, Callable[[Row, Written], str]] = {
    "backdated_departure": _backdated,
    "contractor_open_ended": _open_ended,
    "departed_before_hired": _before_hired,
    "departed_but_employed": _but_employed,
    "departure_missing": lambda _person, _written: (
        "The record is terminated and has no departure date."
    ),
    "missing_now": _missing,
    "records_entangled": lambda _person, _written: (
        "The record shares keys with a chain of others, so that who is who cannot be told."
    ),
    "shared_key": lambda _person, _written: (
        "Somebody else has the same employee number or e-mail address."
    ),
    "status_unknown": lambda _person, _written: (
        "The status does not say whether the person is employed; it counts as not departed."
    ),
}
