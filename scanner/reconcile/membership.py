"""What a finding about a group rests on: who is in it, by which way, and who is expected there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanner.model import Ground, Wanted
from scanner.reconcile.explanation import wanted
from scanner.reconcile.facts import Hit
from scanner.reconcile.nesting import via_groups
from scanner.reconcile.observation import observed_path
from scanner.reconcile.parquet import Row, read_rows
from scanner.reconcile.queries import result_path
from scanner.reconcile.tables import table_path

_FIELDS = ("department", "title", "worker_type", "location", "status", "manager_id")
Facts = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MembershipGrounds:
    """Grounds, records to be shown, and other sources they depend on; empty without a group."""

    grounds: tuple[Ground, ...] = ()
    records: tuple[Wanted, ...] = ()
    sources: tuple[str, ...] = ()


def membership_grounds(folder: Path, hit: Hit) -> MembershipGrounds:
    """Read back why an account is called a member, and who is expected in the group.

    Raises EvidenceError where a table of the run is missing.
    """
    if hit.group_id is None or hit.account_id is None or hit.kind == "waiver_expired":
        return MembershipGrounds()
    group = _Group(folder, hit.app, hit.group_id)
    model = _model(folder, hit)
    facts = [("group", group.name), *group.told(hit.account_id)]
    expected = (*_expected(folder, hit), *(model.compared() if model else ()))
    return MembershipGrounds(
        grounds=(
            Ground("Who is in the group", tuple(facts)),
            Ground("Who is expected in it, and why", expected),
        ),
        records=(
            *group.records(hit.account_id),
            *(model.shown() if model else ()),
        ),
        sources=(model.app,) if model else (),
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """One group of one app, as a run read it."""

    folder: Path
    app: str
    id: str

    @property
    def row(self) -> Row:
        """Its row in the table of groups."""
        rows = read_rows(table_path(self.folder, "groups", self.app), ("group_id", [self.id]))
        return next(iter(rows), {})

    @property
    def name(self) -> str:
        """Its display name and its id."""
        name = self.row.get("display_name")
        return self.id if name in {None, self.id} else f"{name} ({self.id})"

    @property
    def members(self) -> Sequence[Row]:
        """Its members, direct and through nested groups."""
        path = table_path(self.folder, "memberships", self.app)
        return read_rows(path, ("group_id", [self.id]))

    def membership(self, account: str) -> Row | None:
        """The membership of an account, a direct one first."""
        own = [
            row
            for row in self.members
            if (row["member_type"], row["member_id"]) == ("User", account)
        ]
        return min(own, key=lambda row: row["via"] or "", default=None)

    def told(self, account: str) -> Facts:
        """Say how many are in it, and whether the account is."""
        members = self.members
        users = [row for row in members if row["member_type"] == "User"]
        nested = sum(row["via"] is not None for row in users)
        through = f", {nested} of them through nested groups" if nested else ""
        yield "members", f"{len(users)} {'account' if len(users) == 1 else 'accounts'}{through}"
        own = self.membership(account)
        way = via_groups(own["via"]) if own else ()
        names = " > ".join(_Group(self.folder, self.app, one).name for one in way)
        direct = f"a member through {names}" if way else "a direct member"
        yield f"account {account} of {self.app}", direct if own else "not a member"

    def records(self, account: str) -> Iterator[Wanted]:
        """The record of the group, and of each on the way, with the member that leads on."""
        names, own = _names(self.folder, self.app, account), self.membership(account)
        way = via_groups(own["via"]) if own else ()
        outer = (self.id, *way)
        for place, inner in zip(outer, (*way, None), strict=True):
            group = _Group(self.folder, self.app, place)
            row = group.row if inner is not None or own is None else own
            if row:
                member = names if inner is None else (inner,)
                yield wanted(f"group {place} of {self.app}", row, member)


def _names(folder: Path, app: str, account: str) -> tuple[str, ...]:
    rows = read_rows(table_path(folder, "accounts", app), ("account_id", [account]))
    user = next(iter(rows), {}).get("user_name")
    return (account,) if user in {None, account} else (account, user)


@dataclass(frozen=True, slots=True)
class _Model:
    """The group that an entitlement mirrors, and the accounts of the person in its app."""

    folder: Path
    app: str
    group: _Group
    accounts: tuple[str, ...]

    def compared(self) -> Facts:
        """Say what the model shows of the person."""
        yield "mirrored group", f"{self.group.name} of {self.app}"
        if not self.accounts:
            yield "the person there", f"has no account in {self.app}"
        for account in self.accounts:
            yield from self.group.told(account)

    def shown(self) -> Iterator[Wanted]:
        """The records of the model: its group, and the account of the person."""
        for account in self.accounts:
            yield from self.group.records(account)
            rows = read_rows(
                table_path(self.folder, "accounts", self.app), ("account_id", [account])
            )
            for row in rows:
                yield wanted(f"account {account} of {self.app}", row)


def _model(folder: Path, hit: Hit) -> _Model | None:
    governed = _governing(folder, hit) if hit.basis == "mirror" else []
    row = next((one for one in governed if one["mirror_group_id"] is not None), None)
    if row is None:
        return None
    app = row["mirror_source"]
    owned = read_rows(result_path(folder, "situations"), ("person_id", [hit.person_id or ""]))
    accounts = tuple(
        one["account_id"]
        for one in owned
        if (one["source"], one["person_source"]) == (app, hit.person_source)
    )
    return _Model(folder, app, _Group(folder, app, row["mirror_group_id"]), accounts)


def _governing(folder: Path, hit: Hit) -> list[Row]:
    rows = read_rows(result_path(folder, "governed_groups"), ("group_id", [hit.group_id or ""]))
    return [row for row in rows if row["app"] == hit.app]


def _expected(folder: Path, hit: Hit) -> Facts:
    if hit.kind != "group_drift":
        return
    if hit.problem == "mover":
        yield from _moved(folder, hit)
    elif hit.problem == "inactive_account":
        yield (
            "the policy",
            "asks about inactive accounts in groups (inactive_memberships)",
        )
    elif hit.basis == "baseline":
        yield from _approved(folder, hit)
    elif hit.basis == "rule":
        yield from _ruled(folder, hit)


def _ruled(folder: Path, hit: Hit) -> Facts:
    person = _person(folder, hit)
    wanted_by = {row["entitlement"] for row in _governing(folder, hit)}
    rows = read_rows(folder / "tables/entitlement_conditions.parquet")
    asked: dict[tuple[int, str], list[str]] = {}
    for row in rows:
        if row["entitlement"] in wanted_by:
            asked.setdefault((row["entitlement"], row["field"]), []).append(row["field_value"])
    for (number, field), values in asked.items():
        yield f"entitlement {number}", f"people whose {field} is {' or '.join(values)}"
        yield f"{field} of the person", str(person.get(field) or "not known")


def _approved(folder: Path, hit: Hit) -> Facts:
    rows = read_rows(folder / "tables/baseline_members.parquet", ("group_id", [hit.group_id or ""]))
    members = {row["account_id"] for row in rows if row["app"] == hit.app}
    yield "the baseline", f"approves {len(members)} accounts (registers/baseline.json)"
    said = "is one of them" if hit.account_id in members else "is none of them"
    yield f"account {hit.account_id}", said


def _moved(folder: Path, hit: Hit) -> Facts:
    person = _person(folder, hit)
    rows = read_rows(
        observed_path(folder, "observed_moves"), ("account_id", [hit.account_id or ""])
    )
    for row in rows:
        if (row["source"], row["group_id"]) == (hit.app, hit.group_id):
            field = row["field"]
            yield f"{field} before", row["former_value"]
            yield f"{field} now", str(person.get(field) or "not known")
    yield "colleagues", "no other member of the group has the new one"


def _person(folder: Path, hit: Hit) -> Row:
    path = table_path(folder, "people", hit.person_source or "")
    rows = read_rows(path, ("person_id", [hit.person_id or ""])) if path.exists() else ()
    return next(iter(rows), {})
