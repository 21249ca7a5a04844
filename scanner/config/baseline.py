"""The approved baseline: who is in which group, written by ``ghostscan baseline approve``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from scanner.config.explain import explain
from scanner.config.register import Words
from scanner.config.strict import Strict
from scanner.model import ApprovedGroup

SCHEMA = "ghostscan/baseline/1"
_Id = Annotated[str, Field(min_length=1)]


class _Group(Strict):
    app: _Id
    group: _Id
    display_name: str | None
    members: tuple[_Id, ...]
    run: _Id
    approver: Words
    approved_at: AwareDatetime


class _File(Strict):
    format: Literal["ghostscan/baseline/1"] = Field(alias="schema")
    groups: tuple[_Group, ...]
    sha256: str

    @model_validator(mode="after")
    def _each_group_once(self) -> _File:
        places = [(one.app, one.group) for one in self.groups]
        if len(set(places)) != len(places):
            raise ValueError("approves a group twice")
        return self


def baseline_bytes(groups: Iterable[ApprovedGroup]) -> bytes:
    """Return the file that approves ``groups``: canonical JSON with the digest of what it says."""
    rows = [
        {
            "app": one.app,
            "group": one.group,
            "display_name": one.display_name,
            "members": sorted(set(one.members)),
            "run": one.run,
            "approver": one.approver,
            "approved_at": one.approved_at.astimezone(UTC).isoformat(),
        }
        for one in sorted(groups, key=lambda one: (one.app, one.group))
    ]
    said: dict[str, object] = {"schema": SCHEMA, "groups": rows}
    return _canonical(said | {"sha256": _digest(said)})


def parse_baseline(content: bytes) -> tuple[ApprovedGroup, ...]:
    """Read what :func:`baseline_bytes` wrote; ValueError where it is not that, in every byte."""
    try:
        data = json.loads(content)
        file = _File.model_validate(data)
    except ValidationError as error:
        mistakes = [explain(item, _File) for item in error.errors(include_url=False)]
        raise ValueError("; ".join(mistakes)) from None
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if file.sha256 != _digest({name: data[name] for name in ("schema", "groups")}):
        raise ValueError("was changed by hand; approve the groups again")
    return tuple(ApprovedGroup(**dict(one)) for one in file.groups)


def approved_words(group: ApprovedGroup) -> str:
    """Return who approved the members of a group and when, so that it can follow "the people"."""
    day = group.approved_at.astimezone(UTC).date().isoformat()
    return f"that {group.approver} approved on {day} (run {group.run})"


def _canonical(said: dict[str, object]) -> bytes:
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _digest(said: dict[str, object]) -> str:
    return hashlib.sha256(_canonical(said)).hexdigest()


def approve(
    before: Iterable[ApprovedGroup], chosen: Iterable[ApprovedGroup], replaced: frozenset[str]
) -> tuple[ApprovedGroup, ...]:
    """Return ``before`` with ``chosen`` in place of the same groups and of all of ``replaced``.

    ``replaced`` are apps of which nothing approved before is kept.
    """
    kept = {(one.app, one.group): one for one in before if one.app not in replaced}
    return tuple((kept | {(one.app, one.group): one for one in chosen}).values())
