"""Audit events of an app that an administrator exported: when accounts were switched off and on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from scanner.config.export import SUFFIXES, Export
from scanner.config.strict import Strict, nearest

EVENT_ATTRIBUTES = frozenset({"account_id", "user_name", "event", "occurred_at"})


class EventValues(Strict):
    """The exporter's words for what happened to an account, case-sensitive.

    A word listed nowhere makes the file unusable: it could be a removal. ``ignored`` lists those
    that are known to say nothing of it.
    """

    created: tuple[str, ...] = ("created",)
    deactivated: tuple[str, ...] = ("deactivated",)
    reactivated: tuple[str, ...] = ("reactivated",)
    deleted: tuple[str, ...] = ("deleted",)
    ignored: tuple[str, ...] = ()


class EventFile(Strict):
    """One file of events about the accounts of ``source``; ``attributes`` maps fields to columns.

    An account is named by ``account_id`` or by ``user_name``. What vouches for the end of the file
    is as for every export; how old it is plays no part.
    """

    source: str
    path: Path
    attributes: dict[str, str] = Field(default_factory=dict)
    event_values: EventValues = EventValues()
    expected_size: int | None = Field(default=None, ge=1)
    excuses: tuple[Literal["no_count"], ...] = ()
    export: Export = Export()

    @field_validator("attributes")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if name not in EVENT_ATTRIBUTES:
                raise ValueError(f"{name} is not a field{nearest(name, EVENT_ATTRIBUTES)}")
        return value

    @model_validator(mode="after")
    def _readable(self) -> EventFile:
        if self.export.format is None and self.path.suffix.lower() not in SUFFIXES:
            known = ", ".join(SUFFIXES)
            raise ValueError(f"{self.path.name} does not end in {known}; set export.format")
        form = self.export.date_format
        if form is not None and not {"%H", "%I"} & {form[at : at + 2] for at in range(len(form))}:
            raise ValueError("export.date_format has no hour, and an event has a time")
        return self
