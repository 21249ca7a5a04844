"""Reading the registers: every mistake is told with its file and its line, all of them at once."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from scanner.config.baseline import parse_baseline
from scanner.config.explain import explain
from scanner.config.file import Config, LoadedConfig
from scanner.config.line import lines_of
from scanner.config.register import (
    AccountEntry,
    AccountFile,
    ProtectedEntry,
    ProtectedFile,
    WaiverEntry,
    WaiverFile,
)
from scanner.config.strict import nearest
from scanner.errors import ConfigError
from scanner.model import (
    ApprovedGroup,
    ManualLink,
    NonHuman,
    Protected,
    RegisterFile,
    Registers,
    Role,
    Waiver,
)

UNWAIVABLE = frozenset({"collection_incomplete", "waiver_expired"})
"""Kinds that nobody can accept: they say that something is not known, or not approved."""

_FORMS: Mapping[str, type[BaseModel]] = {
    "waivers": WaiverFile,
    "accounts": AccountFile,
    "protected": ProtectedFile,
}
_Entry = WaiverEntry | AccountEntry | ProtectedEntry
_Mistakes = Iterator[tuple[tuple[int | str, ...], str]]


def load_registers(loaded: LoadedConfig) -> Registers:
    """Read the registers that ``[registers]`` names; one that is not named is empty.

    Raises ConfigError that lists every mistake of the first faulty file, each with its line.
    """
    settings = loaded.config.registers
    paths = {name: getattr(settings, name) for name in (*_FORMS, "baseline")}
    contents = {name: _content(loaded.folder / path) for name, path in paths.items() if path}
    return parse_registers(contents, loaded.config)


def parse_registers(contents: Mapping[str, bytes], config: Config) -> Registers:
    """Check the bytes of registers, by their names in ``[registers]``.

    Raises ConfigError that lists every mistake of the first faulty file, each with its line.
    """
    approved = _baseline(contents["baseline"], config) if "baseline" in contents else ()
    read = {name: _read(name, contents[name], config) for name in _FORMS if name in contents}
    waivers, accounts, protected = (
        [(line, dict(entry)) for line, entry in read.get(name, ())] for name in _FORMS
    )
    return Registers(
        waivers=tuple(Waiver(line, **entry) for line, entry in waivers),
        nonhuman=tuple(_nonhuman(line, entry) for line, entry in accounts if entry["type"]),
        links=tuple(_link(line, entry) for line, entry in accounts if entry["person"]),
        protected=tuple(Protected(line, **entry) for line, entry in protected),
        baseline=approved,
        files=tuple(
            _file(name, content, config, len(read.get(name, approved)))
            for name, content in contents.items()
        ),
        contents=tuple((path_in_run(name), content) for name, content in contents.items()),
    )


def path_in_run(name: str) -> str:
    """Return where the exact bytes of one register stand in a run folder."""
    return f"registers/{name}.{'json' if name == 'baseline' else 'toml'}"


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}",
            "correct its name in [registers], or remove it there",
        ) from None


def _read(name: str, content: bytes, config: Config) -> list[tuple[int, _Entry]]:
    """Return the entries of one register with the lines on which they begin."""
    path = _written_path(name, config)
    try:
        text = content.decode().replace("\r\n", "\n")
        data = tomllib.loads(text)
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    lines, form = lines_of(text, name), _FORMS[name]
    try:
        entries: Sequence[Any] = getattr(form.model_validate(data), name)
    except ValidationError as error:
        found = [
            (lines.of(item["loc"]), explain(item, form)) for item in error.errors(include_url=False)
        ]
        rest = _check(name, _whole(name, data), config)
        found += [(lines.of((name, *where)), said) for where, said in rest]
        raise _refused(path, found) from None
    checked = _check(name, list(enumerate(entries)), config)
    found = [(lines.of((name, *where)), said) for where, said in checked]
    if found:
        raise _refused(path, found)
    return [(lines.of((name, position)), entry) for position, entry in enumerate(entries)]


def _whole(name: str, data: Mapping[str, Any]) -> list[tuple[int, Any]]:
    """Give the entries that are in form by themselves, where others are not, by position."""
    rows = data.get(name)
    found: list[tuple[int, Any]] = []
    for position, row in enumerate(rows if isinstance(rows, list) else ()):
        with suppress(ValidationError):
            (entry,) = getattr(_FORMS[name].model_validate({name: [row]}), name)
            found.append((position, entry))
    return found


def _refused(path: str, found: Sequence[tuple[int, str]]) -> ConfigError:
    said = "; ".join(f"line {line}: {mistake}" for line, mistake in sorted(found))
    return ConfigError(f"{path}, {said}", "correct the register; nothing was read or sent")


def _baseline(content: bytes, config: Config) -> tuple[ApprovedGroup, ...]:
    path = _written_path("baseline", config)
    apps = {name for name, one in config.sources.items() if one.role is not Role.HRIS}
    try:
        approved = parse_baseline(content)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}", "see: ghostscan baseline approve --help") from None
    for one in approved:
        if one.app not in apps:
            raise ConfigError(
                f"{path}: no app is named {one.app!r}{nearest(one.app, apps)}",
                "remove the file, then approve again: ghostscan baseline approve RUN",
            )
    return approved


def _written_path(name: str, config: Config) -> str:
    return str(getattr(config.registers, name) or Path(path_in_run(name)).name)


def _check(name: str, entries: Sequence[tuple[int, Any]], config: Config) -> _Mistakes:
    """Find what a single entry cannot tell: unknown apps, entries twice, waivers too long."""
    roles = {source: one.role for source, one in config.sources.items()}
    apps = {source for source, role in roles.items() if role is not Role.HRIS}
    known = set(roles) if name == "waivers" else apps
    first: dict[object, int] = {}
    for position, entry in entries:
        if entry.app is not None and entry.app not in known:
            yield (position, "app"), f"no app is named {entry.app!r}{nearest(entry.app, known)}"
        subject = _subject(entry)
        if subject in first:
            yield (position,), f"says the same as entry {first[subject] + 1}"
        first.setdefault(subject, position)
        if isinstance(entry, WaiverEntry):
            yield from _check_waiver(position, entry, config.registers.longest_waiver_days)


def _check_waiver(position: int, entry: WaiverEntry, longest: int) -> _Mistakes:
    days = (entry.expires_on - entry.approved_on).days
    if days > longest:
        yield (
            (position, "expires_on"),
            f"is {days} days after approved_on; a waiver holds {longest} days at most",
        )
    if entry.kind in UNWAIVABLE:
        yield (position, "kind"), f"{entry.kind} cannot be waived; remove its cause"


def _subject(entry: _Entry) -> object:
    """Return what an entry is about; two entries about the same contradict each other."""
    if isinstance(entry, WaiverEntry):
        return entry.app, entry.finding, entry.kind, entry.account, entry.person, entry.group
    if isinstance(entry, AccountEntry):
        return entry.app, entry.account
    return entry.app, entry.accounts, entry.groups


def _nonhuman(line: int, entry: dict[str, Any]) -> NonHuman:
    return NonHuman(line, **{name: entry[name] for name in entry if name != "person"})


def _link(line: int, entry: dict[str, Any]) -> ManualLink:
    return ManualLink(line, entry["app"], entry["account"], entry["person"])


def _file(name: str, content: bytes, config: Config, entries: int) -> RegisterFile:
    digest = hashlib.sha256(content).hexdigest()
    return RegisterFile(name, _written_path(name, config), path_in_run(name), digest, entries)
