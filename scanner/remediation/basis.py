"""What a finished run says that a plan can rest on; read from its sealed files alone."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from scanner.config import FILE
from scanner.errors import IntegrityError, RefusedError
from scanner.evidence.canonical import parse_instant
from scanner.evidence.chain import CHAIN, Event, read_chain
from scanner.evidence.disk import read_file
from scanner.evidence.history import FINDINGS, read_sealed, sealed_before
from scanner.evidence.manifest import MANIFEST
from scanner.evidence.verify import verify
from scanner.model import Account, Pointer, Role, State
from scanner.reconcile.parquet import Row, read_rows
from scanner.reconcile.queries import result_path
from scanner.reconcile.tables import table_path

MOST_BYTES = 1 << 30
Place = tuple[str, str]
"""An app and an id within it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The one person an account is linked to, as the HRIS reported them in the run."""

    source: str
    person_id: str
    status: str
    departed: bool
    departed_at: datetime | None
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class Suspect:
    """One finding about an account, as ``findings.json`` has it.

    ``keys`` are the key names and values that named the owner; ``waived`` marks a finding that
    somebody accepted, ``indirect`` a membership held through a nested group.
    """

    id: str
    kind: str
    app: str
    account_id: str
    group_id: str | None
    group_name: str | None
    matched_by: str | None
    keys: tuple[tuple[str, str], ...]
    waived: bool
    indirect: bool = False


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """How one source was read, and since when (None: it was not).

    ``passes_agreed`` is False where two passes were due and did not agree; ``exported`` tells that
    it is a file, through which nothing can be changed. ``type`` is that of the configuration.
    """

    role: Role
    state: State
    groups_state: State
    users: int
    passes_agreed: bool
    started_at: datetime | None = None
    exported: bool = False
    type: str = ""


@dataclass(frozen=True, slots=True)
class AppFacts:
    """The figures of one app.

    ``unowned`` counts its active accounts whose person departed or that no person is known for.
    ``admins`` are its active privileged accounts, None where the app does not say who is one.
    ``previous_users`` is None where no run before had it whole.
    """

    active: int
    unowned: int
    admins: frozenset[str] | None
    previous_users: int | None


@dataclass(frozen=True, slots=True)
class Headcount:
    """People employed now and in the run before, and how many departed in between.

    ``dropped`` is by how many the headcounts of those HRIS fell that fell: one that grew hides
    nothing of another. All but ``now`` are None where no run before had every HRIS whole.
    """

    now: int
    before: int | None = None
    newly_departed: int | None = None
    dropped: int | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything of one run that proposing, guarding and planning need.

    ``chain_head`` is the digest of the run's END line; ``newest`` tells that no later audit has
    finished. ``members`` gives the accounts of every group; ``sha256`` the digest of its
    configuration.
    """

    folder: Path
    run: str
    manifest_sha256: str
    chain_head: str
    config_sha256: str
    operator: str
    as_of: datetime
    ended_at: datetime
    newest: bool
    sources: Mapping[str, SourceFacts]
    apps: Mapping[str, AppFacts]
    headcount: Headcount
    suspects: tuple[Suspect, ...]
    accounts: Mapping[Place, Account]
    owners: Mapping[Place, Owner]
    members: Mapping[Place, frozenset[str]] = field(default_factory=dict)


def read_basis(run_folder: Path) -> Basis:
    """Verify the run and read what a plan can rest on.

    Raises IntegrityError where anything in it is not what was sealed, EvidenceError where it
    cannot be read, RefusedError where it has no findings (collected only).
    """
    folder = run_folder.absolute()
    checked = verify(folder)
    if checked.problems:
        raise IntegrityError(
            f"{run_folder}: {checked.problems[0]}", f"see: ghostscan verify {run_folder}"
        )
    content = read_file(folder, MANIFEST, MOST_BYTES)
    manifest = json.loads(content)
    if not any(file["path"] == FINDINGS for file in manifest["files"]):
        raise RefusedError(f"{run_folder} has no findings", "run: ghostscan audit")
    head, newest = _place_in_chain(folder)
    sources = {one["name"]: _source(one) for one in manifest["sources"]}
    accounts = _accounts(folder, sources)
    owners = _owners(folder)
    before = _before(folder, manifest)
    return Basis(
        folder=folder,
        run=manifest["run"],
        manifest_sha256=hashlib.sha256(content).hexdigest(),
        chain_head=head,
        config_sha256=manifest["config_sha256"],
        operator=manifest["operator"],
        as_of=parse_instant(manifest["as_of"]),
        ended_at=parse_instant(manifest["ended_at"]),
        newest=newest,
        sources=sources,
        apps=_apps(folder, sources, accounts, owners, before),
        headcount=_headcount(folder, manifest, before),
        suspects=_suspects(folder, manifest),
        accounts=accounts,
        owners=owners,
        members=_members(folder, sources),
    )


def recorded_resource(folder: Path, pointer: Pointer) -> str | None:
    """Give one account's own JSON as the server sent it, or None where that is not JSON text."""
    from scanner.evidence.response import read_response  # noqa: PLC0415 - only where it is needed

    try:
        body = json.loads(read_response(folder, pointer.response).body)
        found = body.get("Resources", body.get("resources"))
        one = body if found is None else found[pointer.index]
        return json.dumps(one, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, AttributeError, IndexError, TypeError):
        return None


def _place_in_chain(folder: Path) -> tuple[str, bool]:
    ends = [link for link in read_chain(folder.parent / CHAIN).links if link.event is Event.END]
    own = next(link for link in ends if link.run == folder.name)
    later = (folder.parent / link.run for link in ends if link.seq > own.seq)
    # A later run without findings only collected; one that is not here may have had some.
    newest = all(one.is_dir() and not (one / FINDINGS).exists() for one in later)
    return own.digest, newest


def _source(one: Mapping[str, Any]) -> SourceFacts:
    proof = {point["name"]: point["held"] for point in one["users"]["proof"]}
    return SourceFacts(
        role=Role(one["role"]),
        state=State(one["state"]),
        groups_state=State(one["groups"]["state"]),
        users=one["users"]["received"],
        passes_agreed=proof.get("second_pass", True),
        started_at=parse_instant(one["started_at"]) if one["started_at"] else None,
        exported=one["type"] == FILE,
        type=one["type"],
    )


def _accounts(folder: Path, sources: Mapping[str, SourceFacts]) -> dict[Place, Account]:
    return {
        (name, row["account_id"]): _account(row)
        for name, facts in sources.items()
        if facts.role is not Role.HRIS and facts.state is State.COMPLETE
        for row in read_rows(table_path(folder, "accounts", name))
    }


def _account(row: Row) -> Account:
    plain = {
        name: row[name]
        for name in Account.__dataclass_fields__
        if name not in ("pointer", "emails")
    }
    pointer = Pointer(row["response"], row["response_index"])
    return Account(**plain, emails=tuple(row["emails"] or ()), pointer=pointer)


def _owners(folder: Path) -> dict[Place, Owner]:
    people: dict[Place, Row] = {}
    linked = ("situation", ["linked"])
    rows = read_rows(result_path(folder, "situations"), linked)
    standing = {
        (row["source"], row["person_id"]): row
        for row in read_rows(result_path(folder, "people_as_of"))
    }
    for source in {row["person_source"] for row in rows}:
        for person in read_rows(table_path(folder, "people", source)):
            people[source, person["person_id"]] = person
    return {
        (row["source"], row["account_id"]): Owner(
            row["person_source"],
            row["person_id"],
            standing[row["person_source"], row["person_id"]]["status"],
            standing[row["person_source"], row["person_id"]]["departed"] is True,
            people[row["person_source"], row["person_id"]]["departed_at"],
            people[row["person_source"], row["person_id"]]["display_name"],
        )
        for row in rows
    }


def _members(folder: Path, sources: Mapping[str, SourceFacts]) -> dict[Place, frozenset[str]]:
    found: dict[Place, set[str]] = {}
    for name, facts in sources.items():
        if facts.role is not Role.HRIS and facts.groups_state is State.COMPLETE:
            for row in read_rows(table_path(folder, "memberships", name)):
                if row["member_type"] == "User":
                    found.setdefault((name, row["group_id"]), set()).add(row["member_id"])
    return {place: frozenset(members) for place, members in found.items()}


def _suspects(folder: Path, manifest: dict[str, Any]) -> tuple[Suspect, ...]:
    rows = json.loads(read_sealed(folder, manifest, FINDINGS))["findings"]
    return tuple(_suspect(row) for row in rows if row["account"] is not None)


def _suspect(row: Mapping[str, Any]) -> Suspect:
    group = row["group"] or {}
    return Suspect(
        id=row["id"],
        kind=row["kind"],
        app=row["app"],
        account_id=row["account"]["id"],
        group_id=group.get("id"),
        group_name=group.get("display_name"),
        matched_by=row["matched_by"],
        keys=tuple((one["key"], one["value"]) for one in row["candidates"] if one["taken"]),
        waived=row["status"] not in ("new", "persisting") or bool(row.get("waiver")),
        indirect=bool(row.get("via")),
    )


def _before(
    folder: Path, manifest: dict[str, Any]
) -> tuple[dict[str, int], tuple[Path, dict[str, Any]] | None]:
    """Users of every source when it was last whole, and the last run with every HRIS whole."""
    users: dict[str, int] = {}
    whole: tuple[Path, dict[str, Any]] | None = None
    for path, earlier in sealed_before(folder.parent, manifest["run"]):
        for source in earlier["sources"]:
            if source["state"] == State.COMPLETE:
                users.setdefault(source["name"], source["users"]["received"])
        if whole is None and _hris_of(earlier) == _hris_of(manifest):
            states = {one["state"] for one in earlier["sources"] if one["role"] == Role.HRIS}
            whole = (path, earlier) if states == {State.COMPLETE} else None
    return users, whole


def _hris_of(manifest: Mapping[str, Any]) -> set[str]:
    return {one["name"] for one in manifest["sources"] if one["role"] == Role.HRIS}


def _headcount(
    folder: Path,
    manifest: dict[str, Any],
    before: tuple[dict[str, int], tuple[Path, dict[str, Any]] | None],
) -> Headcount:
    counts = manifest["counts"]
    # Without a whole HRIS nobody counts as departed, and another guard stands in the way.
    now = counts["people"] - (counts["departed"] or 0)
    if before[1] is None:
        return Headcount(now)
    path, earlier = before[1]
    departed, employed = _people(folder, manifest)
    departed_then, employed_then = _people(path, earlier)
    then = earlier["counts"]["people"] - earlier["counts"]["departed"]
    return Headcount(
        now,
        then,
        newly_departed=len(departed - departed_then),
        dropped=sum((employed_then - employed).values()),  # a Counter keeps what is above zero
    )


def _people(folder: Path, manifest: dict[str, Any]) -> tuple[set[tuple[str, str]], Counter[str]]:
    """Who has departed by the tables of one run, as they were sealed; the others by source."""
    as_of = parse_instant(manifest["as_of"])
    departed, employed = set(), Counter[str]()
    for source in _hris_of(manifest):
        path = table_path(folder, "people", source)
        read_sealed(folder, manifest, path.relative_to(folder).as_posix())
        for row in read_rows(path):
            left = row["departed_at"] is None or row["departed_at"] <= as_of
            if row["status"] == "terminated" and left:
                departed.add((source, row["person_id"]))
            else:
                employed[source] += 1
    return departed, employed


def _apps(
    folder: Path,
    sources: Mapping[str, SourceFacts],
    accounts: Mapping[Place, Account],
    owners: Mapping[Place, Owner],
    before: tuple[dict[str, int], object],
) -> dict[str, AppFacts]:
    unmatched = {
        (row["source"], row["account_id"])
        for row in read_rows(result_path(folder, "situations"))
        if row["situation"] == "unmatched"
    }
    departed = {place for place, owner in owners.items() if owner.departed}
    return {
        name: _app(name, accounts, unmatched | departed, before[0].get(name))
        for name, facts in sources.items()
        if facts.role is not Role.HRIS
    }


def _app(
    name: str, accounts: Mapping[Place, Account], unowned: set[Place], previous: int | None
) -> AppFacts:
    own = [(place, one) for place, one in accounts.items() if place[0] == name]
    active = [(place, one) for place, one in own if one.active]
    known = any(one.privileged is not None for _, one in own)
    return AppFacts(
        active=len(active),
        unowned=sum(place in unowned for place, _ in active),
        admins=frozenset(place[1] for place, one in active if one.privileged) if known else None,
        previous_users=previous,
    )
