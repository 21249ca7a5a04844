"""What a finding rests on beside correlation: what runs saw, and what registers and rules say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanner.model import Ground, Wanted
from scanner.reconcile.explanation import wanted
from scanner.reconcile.facts import Hit, Place
from scanner.reconcile.findings import hit_id
from scanner.reconcile.inputs import INPUTS
from scanner.reconcile.keys import key
from scanner.reconcile.membership import membership_grounds
from scanner.reconcile.observation import observed_path
from scanner.reconcile.parquet import Row, read_batches, read_rows
from scanner.reconcile.queries import result_path
from scanner.reconcile.sentences import instant
from scanner.reconcile.tables import table_path

Facts = Iterator[tuple[str, str]]
_ONE = "account_id"
_MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Grounds:
    """The grounds of one finding, in reading order.

    ``hit`` is the row of the rule that found it, None where the run holds none. ``entries`` are
    the registers and the lines in them that the finding is about; ``sources`` the sources that it
    depends on beside its app and every HRIS.
    """

    hit: Hit | None
    grounds: tuple[Ground, ...]
    records: tuple[Wanted, ...]
    entries: tuple[tuple[str, int], ...]
    sources: tuple[str, ...] = ()


def read_grounds(folder: Path, finding: Mapping[str, Any]) -> Grounds:
    """Read back what one finding of ``findings.json`` rests on, from the tables of its run.

    Raises EvidenceError where a table of the run is missing.
    """
    hit, waived = _hit(folder, finding), tuple(_waived(finding))
    return Grounds(None, (), (), waived) if hit is None else grounds_of(folder, hit, waived)


def grounds_of(folder: Path, hit: Hit, waived: Sequence[tuple[str, int]] = ()) -> Grounds:
    """Read back what one row of a rule rests on, or all that is known of what ``hit`` names.

    ``waived`` are entries to be shown beside. Raises EvidenceError where a table is missing.
    """
    membership = membership_grounds(folder, hit)
    made = [
        *membership.grounds,
        *(Ground(title, tuple(told)) for title, told in _told(folder, hit)),
    ]
    return Grounds(
        hit=hit,
        grounds=tuple(one for one in made if one.facts),
        records=(*membership.records, *_others(folder, hit), *_events(folder, hit)),
        entries=tuple(dict.fromkeys([*_entries(folder, hit), *waived])),
        sources=membership.sources,
    )


def _hit(folder: Path, finding: Mapping[str, Any]) -> Hit | None:
    """Find the row of the rule's result that became the finding."""
    path = result_path(folder, finding["kind"])
    account = (finding.get("account") or {}).get("id")
    rows = read_rows(path, None if account is None else (_ONE, [account]))
    hits = (Hit(finding["kind"], **row) for row in rows)
    return next((one for one in hits if hit_id(one) == finding["id"]), None)


def _told(folder: Path, hit: Hit) -> Iterator[tuple[str, Facts]]:
    yield "Why it is privileged", _privileged(folder, hit)
    yield "What the runs saw of the account, one after the other", _seen(folder, hit)
    yield "When it happened, as closely as it is known", _when(folder, hit)
    yield "What the rule looked at", _asked(folder, hit)


def _privileged(folder: Path, hit: Hit) -> Facts:
    if not hit.privileged or hit.account_id is None:
        return
    yield "severity", "raised by one level"
    account = _row(table_path(folder, "accounts", hit.app), _ONE, hit.account_id)
    if account.get("privileged"):
        yield "the app", "marks the account as privileged"
    names = read_rows(folder / "tables/privileged_names.parquet", ("source", [hit.app]))
    for row in names:
        yield f"privileged_{row['resource']}s", row["named"]
    groups = {
        row["group_id"]
        for row in read_rows(result_path(folder, "privileged_groups"))
        if row["app"] == hit.app
    }
    held = read_rows(table_path(folder, "memberships", hit.app), ("member_id", [hit.account_id]))
    for group in sorted({row["group_id"] for row in held} & groups):
        yield "member of", _group_name(folder, hit.app, group)


def _group_name(folder: Path, app: str, group: str) -> str:
    row = _row(table_path(folder, "groups", app), "group_id", group)
    name = row.get("display_name")
    return group if name in {None, group} else f"{name} ({group})"


def _seen(folder: Path, hit: Hit) -> Facts:
    """Tell what was seen over time, where more than this run saw the account or it is gone."""
    seen = _observed(folder, hit)
    run = next(iter(read_rows(folder / "tables/run.parquet")))["run"]
    if not seen or seen["first_seen_run"] == run:
        return
    for name, label in (
        ("first_seen", "first seen"),
        ("last_active", "last seen active"),
        ("first_inactive", "first seen inactive"),
        ("last_inactive", "last seen inactive"),
        ("reactivated", "seen active again"),
    ):
        if seen[f"{name}_at"] is not None:
            yield label, f"{instant(seen[f'{name}_at'])} in {seen[f'{name}_run']}"
    gone = seen["gone_at"]
    if gone is not None:
        yield "gone", f"not in the list of accounts by {instant(gone)}, so no response of this run"
        yield "", "has it; its record is in those of the runs above"
        yield "as last seen", ", ".join(filter(None, (seen["user_name"], seen["display_name"])))
    if seen["person_id"] is not None and (gone or hit.kind == "orphan_account"):
        yield "last linked to", f"{seen['person_id']} in {seen['person_source']}"


def _observed(folder: Path, hit: Hit) -> Row:
    if hit.account_id is None:
        return {}
    rows = read_rows(observed_path(folder, "observed_accounts"), (_ONE, [hit.account_id]))
    return next((row for row in rows if row["source"] == hit.app), {})


_BASES = {
    "event": "an audit event of the app",
    "observation": "readings: the start of the last one before it, the end of the first one after",
    "modified": "the app's own time of the newest change, which is an upper bound only",
}


def _when(folder: Path, hit: Hit) -> Facts:
    if hit.kind == "missed_run" or (hit.earliest_at is None and hit.latest_at is None):
        return
    if hit.basis in _BASES:
        yield "known from", _BASES[hit.basis]
    if hit.earliest_at is not None and hit.earliest_at == hit.latest_at:
        yield "at", instant(hit.earliest_at)
    else:
        yield "not before", "not known" if hit.earliest_at is None else instant(hit.earliest_at)
        yield "not after", "not known" if hit.latest_at is None else instant(hit.latest_at)
    if hit.kind in {"late_deprovisioning", "timeliness_indeterminate"}:
        yield from _due(folder, hit)


def _due(folder: Path, hit: Hit) -> Facts:
    rows = read_rows(result_path(folder, "people_as_of"), ("person_id", [hit.person_id or ""]))
    due = next((one["removal_due_at"] for one in rows if one["source"] == hit.person_source), None)
    yield "due", "not known, without a departure date" if due is None else instant(due)
    least = 0 if hit.hours_over_min is None else hit.hours_over_min
    yield "hours past due, at least", str(least)
    most = "not known" if hit.hours_over_max is None else str(hit.hours_over_max)
    yield "hours past due, at most", most
    late = "even the earliest time it can have happened is past due"
    unclear = "it can have been in time or too late, so neither is concluded"
    yield "so", late if least else unclear


def _asked(folder: Path, hit: Hit) -> Facts:
    """Tell what is compared with what, for the kinds whose sentence alone does not."""
    asked = _ASKED.get(hit.kind)
    if asked is not None:
        yield from asked(folder, hit)


def _dormant(folder: Path, hit: Hit) -> Facts:
    account = _row(table_path(folder, "accounts", hit.app), _ONE, hit.account_id or "")
    (limits,) = read_rows(folder / "tables/thresholds.parquet")
    yield "last used", instant(account["last_activity_at"])
    yield "asked about", f"accounts last used at or before {instant(limits['dormant_before'])}"


def _missed(folder: Path, hit: Hit) -> Facts:
    (run,) = read_rows(folder / "tables/run.parquet")
    yield "no audit in", str(hit.problem).replace(",", ", ")
    if hit.earliest_at is not None and hit.latest_at is not None:
        yield "that is from", instant(hit.earliest_at)
        yield "to", instant(hit.latest_at)
    yield "this audit", f"{run['run']}, as of {instant(run['as_of'])}"


def _failed(folder: Path, hit: Hit) -> Facts:
    rows = read_rows(folder / "tables/earlier/remediations.parquet", ("source", [hit.app]))
    for row in (one for one in rows if one["account_id"] == hit.account_id):
        yield "deactivation", f"of the plan in {row['run']}, ended {instant(row['ended_at'])}"
        yield "its end", row["problem"].replace("_", " ")
    (source,) = [
        one for one in read_rows(folder / f"tables/{INPUTS[0]}.parquet") if one["source"] == hit.app
    ]
    yield "read again from", f"{instant(source['started_at'])}; the account is active"


def _incomplete(folder: Path, hit: Hit) -> Facts:
    if hit.group_id is None:
        return
    groups = read_rows(table_path(folder, "groups", hit.app))
    names = sorted(row["display_name"] or row["group_id"] for row in groups)
    yield "group named", f"{hit.group_id} (in [[entitlements]], or when a baseline was approved)"
    # Several entitlements of a group may be unclear for the same reason.
    yield from dict.fromkeys(
        ("problem", f"{_words(row['problem'])}: {row['unclear_group']} of {row['unclear_source']}")
        for row in read_rows(result_path(folder, "withheld_groups"))
        if (row["app"], row["group_named"]) == (hit.app, hit.group_id)
    )
    shown = f"{', '.join(names[:_MOST_NAMES])}{', …' if names[_MOST_NAMES:] else ''}"
    yield f"groups of {hit.app}", f"{len(names):,} read: {shown}" if names else "none read"


def _words(problem: str) -> str:
    return problem.rpartition(".")[2].replace("_", " ")


def _waiver(folder: Path, hit: Hit) -> Facts:
    for row in _waivers(folder, hit):
        yield f"line {row['line']}", f"for the finding {row['finding']}"
        yield "holds from", instant(row["approved_at"])
        yield "until", instant(row["expires_at"])


def _waivers(folder: Path, hit: Hit) -> Sequence[Row]:
    """The waivers of what the finding is about, as the rule puts them together."""
    found = {row["line"]: row for row in read_rows(result_path(folder, "waived_findings"))}
    place = (hit.account_id, hit.group_id)
    rows = read_rows(folder / "tables/waivers.parquet", ("app", [hit.app]))
    return [
        row
        for row in rows
        for named in [found.get(row["line"], {})]
        if place == tuple(named.get(one) or row[one] for one in ("account_id", "group_id"))
    ]


def _expired(folder: Path, _: Hit) -> Facts:
    kinds = read_rows(folder / "tables/external_worker_types.parquet")
    yield "worker types with an end", ", ".join(row["worker_type_key"] for row in kinds)


def _record(folder: Path, hit: Hit) -> Facts:
    for row in _people(folder, "observed_people", hit):
        if row["gone_at"] is not None:
            yield "first seen", f"{instant(row['first_seen_at'])} in {row['first_seen_run']}"
            yield "last seen", f"{instant(row['last_seen_at'])} in {row['last_seen_run']}"
            yield "status then", str(row["status"])
            yield (
                "missing",
                f"from the HRIS by {instant(row['gone_at'])}, so no response of this run",
            )
            yield "", "has the record; it is in those of the run that saw it last"
    for (source, person_id), shared in _sharing(folder, hit).items():
        yield f"{person_id} in {source}", f"has the same {' and '.join(shared)}"


def _people(folder: Path, name: str, hit: Hit) -> Sequence[Row]:
    rows = read_rows(result_path(folder, name), ("person_id", [hit.person_id or ""]))
    return [row for row in rows if row["source"] == hit.person_source]


_COMPARED = ("source", "person_id", "employee_number_key", "email_keys")
_SHARED = {"employee_number_key": "employee number", "email_keys": "e-mail address"}


def _sharing(folder: Path, hit: Hit) -> dict[Place, list[str]]:
    """Who else has the number or an address of the person, and which of them."""
    codes = (hit.problem or "").split(",")
    if not {"shared_key", "records_entangled"} & set(codes):
        return {}
    own = _row(
        table_path(folder, "people", hit.person_source or ""), "person_id", hit.person_id or ""
    )
    hris = [
        row["source"]
        for row in read_rows(folder / "tables/sources.parquet")
        if row["role"] == "hris"
    ]
    found: dict[Place, list[str]] = {}
    for source in hris:
        for row in read_batches(table_path(folder, "people", source), _COMPARED):
            same = [
                f"{words} {value}"
                for column, words in _SHARED.items()
                for value in sorted(_values(own, column) & _values(row, column))
            ]
            place = (row["source"], row["person_id"])
            if same and place != (hit.person_source, hit.person_id):
                found[place] = same
    return found


def _values(row: Row, column: str) -> set[str]:
    value = row.get(column) or ()
    return {value} if isinstance(value, str) else set(value)


_ASKED: Mapping[str, Callable[[Path, Hit], Facts]] = {
    "dormant_account": _dormant,
    "missed_run": _missed,
    "collection_incomplete": _incomplete,
    "remediation_failed": _failed,
    "waiver_expired": _waiver,
    "engagement_expired": _expired,
    "hr_data_quality": _record,
}


def _others(folder: Path, hit: Hit) -> Iterator[Wanted]:
    """The records of the people who share a number or an address with the person."""
    for source, person_id in _sharing(folder, hit):
        row = _row(table_path(folder, "people", source), "person_id", person_id)
        yield wanted(f"record {person_id} of {source}", row)


def _events(folder: Path, hit: Hit) -> Iterator[Wanted]:
    """The audit events of the account, oldest first."""
    path = table_path(folder, "events", hit.app)
    if hit.account_id is None or not path.exists():
        return
    rows = read_rows(path, (_ONE, [hit.account_id]))
    for row in sorted(rows, key=lambda one: (one["occurred_at"], one["event"])):
        yield wanted(f"event of {hit.app}: {row['event']} {instant(row['occurred_at'])}", row)


def _entries(folder: Path, hit: Hit) -> Iterator[tuple[str, int]]:
    """The lines of registers that the finding is about, or that say whose the account is."""
    if hit.kind == "waiver_expired":
        yield from (("waivers", row["line"]) for row in _waivers(folder, hit))
    if hit.account_id is None:
        return
    account = _row(table_path(folder, "accounts", hit.app), _ONE, hit.account_id)
    names = {hit.account_id, key(hit.account_id), account.get("user_name_key")}
    for name in ("nonhuman", "links"):
        for row in read_rows(folder / f"tables/{name}.parquet", ("app", [hit.app])):
            if {row["account_named"], row["account_key"]} & (names - {None}):
                yield "accounts", row["line"]


def _waived(finding: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    waiver = finding.get("waiver")
    if waiver is not None:
        yield "waivers", waiver["line"]


def _row(path: Path, column: str, value: str) -> Row:
    if not path.exists():
        return {}
    return next(iter(read_rows(path, (column, [value]))), {})
