"""The completeness proof of a file: what was read of it, and what vouches for its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collectors.file.source import ExportFile
from collectors.file.table import Table
from collectors.file.take import Taken
from collectors.scim.expectation import Expectation, check_content
from collectors.scim.point import Checked, failed, held, unreached
from collectors.scim.size import size_notes
from collectors.scim.walk import Glance, Page, Walk
from scanner.model import Population, ProofPoint, Reason, Resource, State

CLOCK_DIFFERENCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Export:
    """One file as it was read: what it is, its bytes, its rows, and the glance at each.

    ``response`` is where it was recorded, None where there was nothing to record. ``digests`` are
    the SHA-256 others tell of it, with who does. ``missing`` are the columns it should have and
    has not, ``used`` those that are read, ``repeated`` the places of rows that name a record again.
    """

    file: ExportFile
    resource: Resource
    taken: Taken
    response: str | None = None
    digests: tuple[tuple[str, str], ...] = ()
    table: Table = field(default_factory=Table)
    glances: tuple[Glance, ...] = ()
    missing: tuple[str, ...] = ()
    used: frozenset[str] = frozenset()
    repeated: tuple[str, ...] = ()

    @property
    def failure(self) -> Reason | None:
        """Why it was not read to its end."""
        return self.taken.failure or self.table.failure

    @property
    def exported_at(self) -> tuple[datetime | None, str]:
        """When it was exported, and by which word."""
        if self.table.trailer is not None and self.table.trailer.exported_at is not None:
            return self.table.trailer.exported_at, "its trailer"
        if self.file.exported_at is not None:
            return self.file.exported_at, "the settings"
        return self.taken.modified_at, "the time of its last change"


def prove(export: Export, expected: Expectation, now: datetime) -> Population:
    """Judge one file at ``now``; COMPLETE only if every point of its proof held.

    NOT_READ means that nothing of it could be used.
    """
    walk = _walk(export)
    checks = (
        *check_file(export, expected),
        _fresh(export, now),
        _unique(export),
        *check_content(walk, expected),
    )
    complete = all(check.point.held for check in checks)
    read = export.response is not None
    state = State.COMPLETE if complete else State.INCOMPLETE if read else State.NOT_READ
    return Population(
        state=state,
        reported=export.table.trailer.count if export.table.trailer else None,
        received=len(walk.distinct_ids()),
        reasons=tuple(reason for check in checks for reason in check.reasons),
        proof=tuple(check.point if read else _unreached(check.point) for check in checks),
        responses=(export.response,) if export.response is not None else (),
        deviations=(
            *export.table.notes,
            *_uncounted(export, expected),
            *_notes(export.glances),
            *size_notes(walk, expected.size),
        ),
    )


def check_file(export: Export, expected: Expectation) -> tuple[Checked, ...]:
    """Check that a file is there, as it was written, and read to its true end."""
    return (
        _readable(export),
        _digest(export),
        _well_formed(export),
        _columns(export),
        _end(export, expected),
    )


def _walk(export: Export) -> Walk:
    page = Page(export.response or "", None, export.glances)
    return Walk(export.resource, pages=(page,), failure=export.failure)


def _unreached(point: ProofPoint) -> ProofPoint:
    detail = "not reached" if point.held else point.detail
    return ProofPoint(point.name, held=False, detail=detail)


def _readable(export: Export) -> Checked:
    """Was the file there, and as long after it was read as before?"""
    reason = export.taken.failure
    if reason is not None:
        return failed("readable", reason.message, reason.code, reason.message, reason.hint)
    size = len(export.taken.content)
    return held("readable", f"{size} bytes, the same size and time of change before and after")


def _digest(export: Export) -> Checked:
    if not export.digests:
        return held("sha256", "none given")
    wrong = [who for who, digest in export.digests if digest != export.taken.sha256]
    who = " and ".join(who for who, _ in export.digests)
    if not wrong:
        return held("sha256", f"{export.taken.sha256}, as {who} says")
    return failed(
        "sha256",
        f"{export.taken.sha256} is not what {wrong[0]} says",
        "file.sha256",
        f"{export.file.shown} does not have the SHA-256 that {wrong[0]} says",
        "it was damaged, cut or changed after it was exported; fetch it again",
    )


def _fresh(export: Export, now: datetime) -> Checked:
    exported_at, by = export.exported_at
    if exported_at is None:
        return unreached("fresh")
    age, limit = now - exported_at, export.file.max_age
    detail = f"exported {exported_at:%Y-%m-%d %H:%M} UTC by {by}, {_days(age)} ago"
    if age < -CLOCK_DIFFERENCE:
        return failed(
            "fresh", detail, "file.future",
            f"{export.file.shown} says it will be exported on {exported_at:%Y-%m-%d}, by {by}",
            "correct the clock, or what says when it was exported",
        )  # fmt: skip
    if age > limit:
        return failed(
            "fresh", detail, "file.stale",
            f"{export.file.shown} is {_days(age)} old by {by}, and export.max_age is "
            f"{_days(limit)}",
            "export it again; who left since then is not in it",
        )  # fmt: skip
    return held("fresh", detail)


def _days(length: timedelta) -> str:
    hours = max(int(length.total_seconds() // 3600), 0)
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"  # noqa: PLR2004 - two days


def _well_formed(export: Export) -> Checked:
    if export.taken.failure is not None:
        return unreached("well_formed")
    reason = export.table.failure
    rows = f"{len(export.table.rows)} rows"
    if reason is None:
        return _values_only(export, f"{rows} of {export.file.layout.format}, to the last byte")
    message = f"{export.file.shown}: {reason.message}"
    return failed("well_formed", f"{rows}, then {reason.code}", reason.code, message, reason.hint)


def _values_only(export: Export, detail: str) -> Checked:
    """A formula is what another program made of it last, so it is no evidence."""
    found = [what for column, what in export.table.unreadable.items() if column in export.used]
    if not found:
        return held("well_formed", detail)
    return failed(
        "well_formed", found[0], "file.formula",
        f"{export.file.shown} has {found[0]} where a value is needed",
        "export values, or paste the column as values",
    )  # fmt: skip


def _columns(export: Export) -> Checked:
    if export.failure is not None and not export.table.columns:
        return unreached("columns")
    if not export.table.rows and not export.table.columns:
        return held("columns", "no rows, so no columns")
    there = ", ".join(one for one in export.table.columns if one)
    if not export.missing:
        return held("columns", f"{len(export.used)} of {len(export.table.columns)} used")
    return failed(
        "columns", f"missing: {', '.join(export.missing)}", "file.column_missing",
        f"{export.file.shown} has no column {', '.join(export.missing)}; it has: {there}",
        "name the right columns under attributes, or check export.delimiter",
    )  # fmt: skip


def _unique(export: Export) -> Checked:
    if not export.repeated:
        return held("unique_ids", f"{len(export.glances)} rows, each of another record")
    return failed(
        "unique_ids",
        f"{len(export.repeated)} rows name a record again",
        "read.duplicate_id",
        f"{len(export.repeated)} rows of {export.file.shown} name a record that was named before, "
        f"first in {export.repeated[0]}",
        "a list names each once; export it again, or take another column for the id",
    )


def _end(export: Export, expected: Expectation) -> Checked:
    """Does anything but the file itself show that it goes on to its true end?

    A text file that is cut between two lines looks whole. Its trailer, its SHA-256, the exact
    number of records, or a mark of the format show that it is; of a line without a line break a
    number does not tell whether its last cell is whole.
    """
    rows, form = len(export.table.rows), export.file.layout.format
    if export.failure is not None:
        return unreached("end")
    if export.table.trailer is not None:
        return _counted(export, export.table.trailer.count)
    if export.digests:
        told = all(digest == export.taken.sha256 for _, digest in export.digests)
        return held("end", "shown by its SHA-256") if told else unreached("end")
    if export.table.closed:
        return held("end", f"the mark that ends {form} is there")
    return _lines_end(export, rows == expected.size.expected, "no_count" in expected.excuses)


def _lines_end(export: Export, as_expected: bool, excused: bool) -> Checked:
    """The end of a file of lines that says nothing of itself."""
    rows = len(export.table.rows)
    if export.table.cut:
        return failed(
            "end", "no line break after the last line", "file.cut",
            f"{export.file.shown} ends without a line break, so {_last(export)} may be cut",
            "export it again; where the exporter ends files so, give the SHA-256 of this one",
        )  # fmt: skip
    if as_expected:
        return held("end", f"{rows} rows, as expected_size says")
    if excused:
        return held("end", f"{rows} rows, and nothing says how many there are to be; excused")
    return failed(
        "end", f"{rows} rows, and nothing says how many there are to be", "file.no_count",
        f"nothing shows that {export.file.shown} was not cut after its {rows} rows",
        f"set expected_size = {rows} if the exporter says so, or export.trailer or export.sha256; "
        'to do without, set excuses = ["no_count"]',
    )  # fmt: skip


def _counted(export: Export, count: int) -> Checked:
    rows = len(export.table.rows)
    if count == rows:
        return held("end", f"{rows} rows, as its trailer says")
    return failed(
        "end", f"{rows} rows, {count} by its trailer", "file.trailer_contradicts",
        f"{export.file.shown} has {rows} rows, and its trailer says {count}",
        "rows are missing, or more were added; export it again",
    )  # fmt: skip


def _uncounted(export: Export, expected: Expectation) -> tuple[str, ...]:
    """That a file is whole does not say that its exporter put everybody into it."""
    known = export.table.trailer is not None or expected.size.expected == len(export.table.rows)
    if known or export.response is None or export.resource is not Resource.USERS:
        return ()
    return ("nothing but the file itself says how many users it should hold",)


def _last(export: Export) -> str:
    return export.table.rows[-1].place if export.table.rows else "line 1"


def _notes(glances: Sequence[Glance]) -> tuple[str, ...]:
    """One line for each kind of oddity that was tolerated, with how many rows show it."""
    counts: dict[str, int] = {}
    for note in (note for glance in glances for note in glance.notes):
        counts[note] = counts.get(note, 0) + 1
    return tuple(f"{note}: {count} rows" for note, count in counts.items())
