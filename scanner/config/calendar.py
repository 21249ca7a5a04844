"""Days on which nobody works: which ones, from a country's calendar and from the policy itself."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Self

from pydantic import model_validator

from scanner.config.strict import Strict, nearest

LAST_YEAR = 2200
"""Public holidays are not foreseen beyond this year; only weekends count after it."""


class Holidays(Strict):
    """``country`` is an ISO 3166-1 code, ``subdivision`` one of ISO 3166-2 without the country.

    ``dates`` are further days off, such as a company holiday. None of it: weekends only.
    """

    country: str | None = None
    subdivision: str | None = None
    dates: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.country is None:
            if self.subdivision is not None:
                raise ValueError("subdivision needs the country it is part of")
            return self
        known = _supported()
        if self.country not in known:
            raise ValueError(f"country {self.country!r} is not known{nearest(self.country, known)}")
        parts = known[self.country]
        if self.subdivision is not None and self.subdivision not in parts:
            near = nearest(self.subdivision, parts)
            raise ValueError(f"{self.country} has no subdivision {self.subdivision!r}{near}")
        return self

    def between(self, first: int, last: int) -> tuple[date, ...]:
        """Return the days off from the year ``first`` to the year ``last``, in order."""
        listed = {day for day in self.dates if first <= day.year <= last}
        years = range(first, min(last, LAST_YEAR) + 1) if self.country else ()
        public = {day for year in years for day in _public(self.country, self.subdivision, year)}
        return tuple(sorted(listed | public))


def _supported() -> dict[str, list[str]]:
    import holidays  # noqa: PLC0415 - only a policy that names a country needs it

    return holidays.list_supported_countries(include_aliases=False)


@lru_cache(maxsize=1024)
def _public(country: str | None, subdivision: str | None, year: int) -> tuple[date, ...]:
    import holidays  # noqa: PLC0415 - only a policy that names a country needs it

    return tuple(holidays.country_holidays(str(country), subdiv=subdivision, years=year))
