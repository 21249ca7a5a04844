"""Reading one file source: the users, then the memberships, each with its proof."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from collectors.base import OpenResponse, Recorder
from collectors.file.format import parse_table
from collectors.file.membership import (
    Member,
    account_ids,
    glance_at,
    missing_columns,
    read_member,
    used_columns,
)
from collectors.file.proof import Export, prove
from collectors.file.recording import exchange_of, sidecar_name, stated_digests, take_sidecar
from collectors.file.records import accounts_of, address, glances_at_users, records_of
from collectors.file.source import ExportFile, FileSource
from collectors.file.table import Table
from collectors.file.take import Taken, take
from collectors.scim.expectation import Expectation
from collectors.scim.size import Wording
from collectors.scim.walk import Glance
from scanner.config import FILE
from scanner.model import (
    Population,
    Progress,
    ProgressListener,
    Reading,
    Reason,
    Records,
    Resource,
    Role,
    State,
)

WORDING = Wording("the file", "does the export hold everybody?", paged=False)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FileCollector:
    """A Collector for exports; ages are judged at the time ``now`` gives, if it is given."""

    def __init__(self, source: FileSource, now: Callable[[], datetime] | None = None) -> None:
        self._source = source
        self._now = now or _utc_now

    async def read(self, recorder: Recorder, listener: ProgressListener) -> Reading:
        """Record the files byte for byte, then prove them; see :class:`collectors.base.Collector`.

        ``requests`` counts the files that were there to be read.
        """
        return await _Visit(self._source, recorder, listener, self._now).read()

    def records(self, reading: Reading, open_response: OpenResponse) -> Records:
        """Parse the recorded files of ``reading``; each id once, in the order of the rows."""
        return records_of(self._source, reading, open_response)


class _Visit:
    """One reading of one source under way."""

    def __init__(
        self,
        source: FileSource,
        recorder: Recorder,
        listener: ProgressListener,
        now: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._recorder = recorder
        self._listener = listener
        self._now = now
        self._files: list[int] = []

    async def read(self) -> Reading:
        source, started_at = self._source, self._now()
        users = await self._users()
        population = prove(users, self._expected_users(), self._now())
        self._tell(Resource.USERS, population)
        groups, memberships = await self._memberships(users)
        return Reading(
            source=source.columns.source,
            role=source.columns.role,
            type=FILE,
            url=address(source),
            users=population,
            groups=groups,
            memberships_received=memberships,
            requests=len(self._files),
            bytes_received=sum(self._files),
            started_at=started_at,
            ended_at=self._now(),
        )

    async def _users(self) -> Export:
        source = self._source
        export = await self._export(source.users, Resource.USERS)
        used = source.columns.used(export.table)
        glances = await to_thread(glances_at_users, source, export.table, self._now())
        return replace(
            export,
            glances=glances,
            missing=source.columns.missing(export.table),
            used=frozenset(used.values()),
            repeated=_repeated(export.table, [one.id for one in glances]),
        )

    async def _memberships(self, users: Export) -> tuple[Population, int]:
        file = self._source.memberships
        if file is None:
            return _no_groups(self._source), 0
        columns = dict(self._source.membership_columns)
        named = frozenset(name for name, column in columns.items() if column != name)
        export = await self._export(file, Resource.GROUPS)
        accounts = await to_thread(accounts_of, self._source, users.table, "")
        known = account_ids(accounts)
        members = [read_member(row, columns, known) for row in export.table.rows]
        pairs = [
            None if one.group_id is None else (one.group_id, one.account_id) for one in members
        ]
        export = replace(
            export,
            glances=_glances_at_groups(members),
            missing=tuple(missing_columns(export.table, columns, named)),
            used=used_columns(columns, export.table),
            repeated=_repeated(export.table, pairs),
        )
        groups = prove(export, self._expected_groups(), self._now())
        groups = _with_strangers(groups, members, {one.id for one in users.glances})
        self._tell(Resource.GROUPS, groups)
        return groups, len({pair for pair in pairs if pair is not None and pair[1] is not None})

    async def _export(self, file: ExportFile, resource: Resource) -> Export:
        """Take a file and what tells its SHA-256 from the disk, record both, and read it.

        What takes long is done beside the loop, so that servers are answered meanwhile.
        """
        started_at = self._now()
        taken = take(file.path, file.shown)
        if taken.modified_at is None:
            return Export(file, resource, taken)
        response = self._record(str(resource), file.shown, taken, started_at)
        beside, digest = take_sidecar(file)
        if beside.modified_at is not None:
            self._record("sha256", sidecar_name(file), beside, started_at)
        table = await to_thread(parse_table, taken.content, file.layout)
        source = self._source.columns.source
        self._listener(Progress(source, resource, len(table.rows), None))
        return Export(file, resource, taken, response, stated_digests(file, digest), table)

    def _record(self, purpose: str, shown: str, taken: Taken, began_at: datetime) -> str:
        self._files.append(len(taken.content))
        return self._recorder.record(exchange_of(purpose, shown, taken, began_at, self._now()))

    def _expected_users(self) -> Expectation:
        source = self._source
        return Expectation(
            source.canaries,
            canaries_stay=source.columns.role is Role.HRIS,
            may_be_empty=source.allow_empty,
            size=source.size,
            excuses=source.excuses,
            wording=WORDING,
        )

    def _expected_groups(self) -> Expectation:
        excuses = self._source.excuses | {"round_member_count"}  # no server cuts them here
        return Expectation(may_be_empty=True, excuses=excuses, wording=WORDING)

    def _tell(self, resource: Resource, population: Population) -> None:
        self._listener(
            Progress(
                self._source.columns.source,
                resource,
                population.received,
                population.reported,
                population.state,
            )
        )


def _glances_at_groups(members: list[Member]) -> tuple[Glance, ...]:
    return tuple(glance_at(member) for member in members)


def _repeated(table: Table, keys: Sequence[object]) -> tuple[str, ...]:
    """The places of rows whose key was there before; a row without one is another fault."""
    seen: set[object] = set()
    places = []
    for row, key in zip(table.rows, keys, strict=True):
        if key is None:
            continue
        if key in seen:
            places.append(row.place)
        seen.add(key)
    return tuple(places)


def _with_strangers(
    groups: Population, members: list[Member], known: set[str | None]
) -> Population:
    strangers = [
        one.account_id for one in members if one.account_id and one.account_id not in known
    ]
    if not strangers:
        return groups
    note = f"{len(strangers)} members of groups are no listed user (first: {strangers[0]})"
    return replace(groups, deviations=(*groups.deviations, note))


def _no_groups(source: FileSource) -> Population:
    if source.columns.role is Role.HRIS:
        reason = Reason("groups.not_needed", "groups of an HRIS play no part in the audit")
    else:
        reason = Reason(
            "groups.unsupported",
            "no file of memberships is named",
            "name one under memberships, if memberships are to be examined",
        )
    return Population(State.NOT_READ, reasons=(reason,))
