"""Profiles: what differs from one vendor to the next, as data in ``profiles/*.toml``."""

from __future__ import annotations

import difflib
import functools
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Json

from scanner.config import FILE, Excuse
from scanner.errors import ConfigError

FOLDER = Path(__file__).parent / "profiles"
FILE_BLOCK = Path(__file__).parent / "file" / "block.toml"


class VendorCall(BaseModel):
    """A call of a vendor's own, offered as the form ``vendor:NAME``.

    ``path`` is below the base URL and holds ``{id}`` once; the bodies are JSON text, ``reactivate``
    None where there is no way back. There is no DELETE: it is never sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    method: Literal["PATCH", "PUT", "POST"]
    path: str = Field(pattern=r"^/[A-Za-z0-9._~/:-]*\{id\}[A-Za-z0-9._~/:-]*$")
    deactivate: Json[object]
    reactivate: Json[object] | None = None
    media_type: Literal["application/scim+json", "application/json"] = "application/json"
    documentation: str


class Deactivation(BaseModel):
    """What setting ``active`` to false does at this vendor, and how it is said there.

    ``forms`` are the ways of asking that may be tried, in order; ``manual`` where nothing confirms
    how this vendor is asked. ``version_enforced``: a write with an old version is refused (RFC 7644
    section 3.14). ``licence``, ``sessions`` and ``tokens`` say what becomes of the paid seat, of
    open sessions and of personal tokens and keys.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    effect: str
    reversible: Literal["yes", "no", "depends"]
    removes_membership: bool = False
    deletes_user: bool = False
    deprovisions_everywhere: bool = False
    version_enforced: bool = False
    writes_per_minute: int = Field(default=60, ge=1, le=6000)
    licence: Literal["kept", "freed", "unknown"] = "unknown"
    sessions: Literal["end", "survive", "unknown"] = "unknown"
    tokens: Literal["end", "survive", "unknown"] = "unknown"
    forms: tuple[str, ...] = ("patch-path",)
    calls: tuple[VendorCall, ...] = ()


class Rate(BaseModel):
    """The headers in which a vendor tells what is left of its rate limit, and when there is more.

    ``reset`` is in ``seconds`` from now, or a second of the Unix ``epoch``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    remaining: str = Field(pattern=r"^[a-z0-9-]+$")
    reset: str = Field(pattern=r"^[a-z0-9-]+$")
    form: Literal["seconds", "epoch"]


class OtherType(BaseModel):
    """An address that belongs to another type: whoever uses it there means something else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    type: str


def _none_where_empty(value: object) -> object:
    return None if value == "" else value


class Profile(BaseModel):
    """One vendor: the defaults of a source of this type, and what a person should know of it.

    ``url`` is set where every customer has the same address; paths are below it. ``groups_path``
    is None (in the file: empty) where there are no groups; ``attributes`` maps our field to a SCIM
    path (RFC 7644 section 3.5.2). ``list_cap`` is the number of users at which the
    vendor cuts a list, ``members_cap`` that of the members of a group; None where none is known.
    ``rate`` is None where the vendor tells nothing of its limit, or only in Retry-After.
    ``discovery`` is off unless a profile knows that the answer helps: it costs a request, and
    about a third of all vendors have it. ``other_types`` are those where deactivating means
    something else at the same vendor, told by the path of the address.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    protocol: Literal["scim"]
    url_example: str
    url: str | None = None
    token_variable: str
    documentation: str
    users_path: str = "/Users"
    groups_path: Annotated[str | None, BeforeValidator(_none_where_empty)] = "/Groups"
    scim: Literal["2.0", "1.1"] = "2.0"
    paging: Literal["auto", "index", "cursor"] = "auto"
    total: Literal["exact", "unreliable"] = "exact"
    excuses: tuple[Excuse, ...] = ()
    list_cap: int | None = Field(default=None, ge=1)
    members: Literal["auto", "inline", "per_group", "from_users", "hidden"] = "auto"
    members_cap: int | None = Field(default=None, ge=1)
    discovery: bool = False
    page_size: int = Field(ge=1, le=10_000)
    max_concurrency: int = Field(default=1, ge=1, le=16)
    requests_per_minute: int | None = Field(default=None, ge=1)
    rate: Rate | None = None
    inactive_listed: Literal["yes", "no", "unknown"]
    attributes: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    other_types: tuple[OtherType, ...] = ()
    deactivation: Deactivation


def known_types() -> tuple[str, ...]:
    """Give every type a source may have, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@functools.cache
def load_profile(type: str) -> Profile:  # noqa: A002 - the word of the configuration file
    """Read the profile of one type; raise ConfigError naming the nearest known type."""
    known = known_types()
    if type not in known:
        known = tuple(sorted((*known, FILE)))  # which has no vendor, so no profile
        close = difflib.get_close_matches(type, known, n=1)
        nearest = f" (did you mean {close[0]}?)" if close else ""
        raise ConfigError(
            f"type {type!r} is not known{nearest}", f"known types: {', '.join(known)}"
        )
    return Profile.model_validate(tomllib.loads((FOLDER / f"{type}.toml").read_text("utf-8")))


def init_block(type: str) -> str:  # noqa: A002 - the word of the configuration file
    """Give a commented block of ``ghostscan.toml`` for a source of one type.

    Raises ConfigError for an unknown type. The block is valid as it stands.
    """
    if type == FILE:
        return FILE_BLOCK.read_text(encoding="utf-8")
    profile = load_profile(type)
    name = "app" if type == "scim" else type
    lines = [
        f"# {profile.title}. See: {profile.documentation}.",
        *(f"# {note}" for note in profile.notes),
        f"[sources.{name}]",
        f'type = "{type}"',
        f'url = "{profile.url_example}"',
        f'auth = {{ bearer = "env:{profile.token_variable}" }}',
        '# canaries = ["…"]            # accounts that must appear in every read',
        f"# page_size = {profile.page_size}",
    ]
    if profile.requests_per_minute is not None:
        lines.append(f"# requests_per_minute = {profile.requests_per_minute}")
    return "\n".join(lines) + "\n"
