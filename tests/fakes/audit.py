"""A hand-built result of one run: every finding kind, one app half read, one without groups."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scanner.model import (
    AccountRef,
    App,
    Audit,
    Balance,
    Candidate,
    Finding,
    GroupRef,
    Movement,
    PersonRef,
    PersonStatus,
    Pointer,
    Policy,
    Population,
    ProofPoint,
    Reading,
    Reason,
    Role,
    Severity,
    Standing,
    State,
    Timeliness,
    Tool,
    Verdict,
)
from tests.fakes.rules import sample_rules

AS_OF = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
RUN = "000007-20261101T090000Z"
EARLIER = "000006-20261001T090000Z"


def sample_audit() -> Audit:
    """One run over an HRIS, an identity provider and four apps.

    ``zoom`` is INCOMPLETE (its total contradicts what was received), ``notion`` has no groups,
    and ``waiver_expired`` is the one kind without a finding.
    """
    findings = _findings()
    return Audit(
        run=RUN,
        organization="Example Corp",
        timezone="Europe/Berlin",
        as_of=AS_OF,
        started_at=AS_OF - timedelta(seconds=42),
        operator="jdoe@audit-host",
        tool=Tool("ghostscan", "0.1.0", "3.12.7", "Linux x86_64"),
        policy=Policy("24h", "ACP-07 v3, section 4.2", stated=True),
        verdict=Verdict.INCOMPLETE,
        sources=_sources(),
        apps=_apps(findings),
        findings=findings,
        rules=sample_rules(),
        people=1204,
        departed=187,
        previous_run=EARLIER,
        match_counts=(
            ("employee_number", 1630),
            ("external_id", 212),
            ("work_email", 164),
            ("user_name", 21),
            ("display_name", 0),
        ),
        movement=_movement(findings),
    )


def with_groups_withheld(audit: Audit, app: str, *groups: str) -> Audit:
    """The same run, had it not been able to conclude who is expected in ``groups`` of ``app``."""
    left = tuple(
        _finding(
            "collection_incomplete",
            app,
            group=GroupRef(group, None),
            detail=f"Who is in {group} of {app} is not concluded: okta was not all read.",
        )
        for group in groups
    )
    return replace(audit, findings=(*audit.findings, *left))


def clean_audit() -> Audit:
    """The same company with everything read and nothing found, and no policy stated."""
    sample = sample_audit()
    return replace(
        sample,
        verdict=Verdict.CLEAN,
        policy=Policy("immediate", "", stated=False),
        sources=tuple(one for one in sample.sources if one.source in {"people", "slack"}),
        apps=tuple(
            replace(one, verdict=Verdict.CLEAN, findings=0)
            for one in sample.apps
            if one.name == "slack"
        ),
        findings=(),
        previous_run=None,
        movement=Movement(None, Balance(""), (), (), ()),
    )


def _sources() -> tuple[Reading, ...]:
    return (
        _reading("people", Role.HRIS, 1204, requests=13, url="https://hr.example.com/scim/v2"),
        _reading("okta", Role.IDP, 1033, groups=58, memberships=4120, requests=18),
        _reading("slack", Role.APP, 812, groups=40, memberships=2210, requests=11, retries=2),
        _reading("github", Role.APP, 240, groups=31, memberships=655, requests=6),
        _half_read_zoom(),
        _notion_without_groups(),
    )


def _reading(
    name: str,
    role: Role,
    users: int,
    groups: int = 0,
    memberships: int = 0,
    requests: int = 1,
    retries: int = 0,
    url: str = "",
) -> Reading:
    return Reading(
        source=name,
        role=role,
        type=name if role is not Role.HRIS else "scim",
        url=url or f"https://{name}.example.com/scim/v2",
        users=_whole(name, "users", users),
        groups=_whole(name, "groups", groups)
        if groups
        else Population(
            State.NOT_READ,
            reasons=(Reason("groups.not_asked", "An HRIS is not asked for groups."),),
        ),
        memberships_received=memberships,
        requests=requests,
        retries=retries,
        bytes_received=users * 1480 + groups * 900,
        started_at=AS_OF - timedelta(seconds=40),
        ended_at=AS_OF - timedelta(seconds=8),
    )


def _whole(source: str, resource: str, count: int) -> Population:
    return Population(
        State.COMPLETE,
        reported=count,
        received=count,
        proof=(
            ProofPoint("every_page_whole", held=True, detail="all pages answered 200, whole"),
            ProofPoint(
                "total_matches",
                held=True,
                detail=f"server reports {count}, {count} distinct records received",
            ),
            ProofPoint("no_duplicates", held=True, detail="0 records repeated"),
            ProofPoint("total_steady", held=True, detail=f"{count} on the first and last page"),
        ),
        responses=(f"responses/{source}/000001-{resource}.gz",),
    )


def _half_read_zoom() -> Reading:
    reading = _reading("zoom", Role.APP, 400, groups=12, memberships=380, requests=9, retries=4)
    users = Population(
        State.INCOMPLETE,
        reported=412,
        received=400,
        reasons=(
            Reason(
                "read.total_contradicts",
                "The server reports 412 users and 400 distinct records were received.",
                "Run again when no bulk change is under way; if it repeats, ask the vendor which "
                "users the SCIM view leaves out.",
            ),
        ),
        proof=(
            ProofPoint("every_page_whole", held=True, detail="all 5 pages answered 200, whole"),
            ProofPoint(
                "total_matches",
                held=False,
                detail="server reports 412, 400 distinct records received",
            ),
            ProofPoint("no_duplicates", held=False, detail="12 records came twice"),
            ProofPoint("total_steady", held=True, detail="412 on the first and last page"),
        ),
        responses=("responses/zoom/000001-users.gz", "responses/zoom/000002-users.gz"),
        deviations=("itemsPerPage 100 where 30 records were sent",),
    )
    return replace(reading, users=users)


def _notion_without_groups() -> Reading:
    reason = Reason(
        "groups.not_supported",
        "The server answers 404 to /Groups; its ResourceTypes name no Group.",
        "Nothing to do if the app has no groups; else name groups_path.",
    )
    reading = _reading("notion", Role.APP, 96, requests=3)
    return replace(reading, groups=Population(State.NOT_READ, reasons=(reason,)))


def _apps(findings: tuple[Finding, ...]) -> tuple[App, ...]:
    found = {name: sum(one.app == name for one in findings) for name in ("okta", "slack", "github")}
    half_read = Reason(
        "app.users_incomplete",
        "The accounts of zoom were not proved complete, so nothing is concluded about them.",
        "Remove the cause named under sources and run again.",
    )
    no_groups = Reason(
        "app.groups_not_read",
        "Memberships in notion were not examined: its groups were not read.",
    )
    return (
        App("okta", Verdict.FINDINGS, 1033, 1017, 1028, 4, 1, found["okta"]),
        App(
            "slack",
            Verdict.FINDINGS,
            812,
            790,
            780,
            30,
            2,
            found["slack"],
            timeliness=(
                ("within", 9),
                ("late", 1),
                ("indeterminate", 0),
                ("pending", 0),
                ("still_active", 2),
            ),
        ),
        App("github", Verdict.FINDINGS, 240, 226, 219, 21, 0, found["github"]),
        App(
            "zoom",
            Verdict.INCOMPLETE,
            400,
            391,
            0,
            0,
            0,
            sum(one.app == "zoom" for one in findings),
            (half_read,),
        ),
        App("notion", Verdict.CLEAN, 96, 96, 96, 0, 0, 0, (no_groups,)),
    )


def _findings() -> tuple[Finding, ...]:
    return (*_leavers(), *_late_leavers(), *_strangers(), *_groups(), *_records())


def _leavers() -> tuple[Finding, ...]:
    ana = _person("1042", "Ana Ruiz", days=29)
    wei = _person("0977", "Wei 陈伟", days=61)
    undated = replace(_person("0311", "Jörg Weiß", days=0), departed_at=None)
    return (
        _finding(
            "ghost_active",
            "slack",
            account=_account("U1", "ana", "Ana Ruiz"),
            person=ana,
            matched_by="employee_number",
            days=29,
            detail="Left 29 days ago; the policy allows 24h; the account is active.",
            first_seen=EARLIER,
            status="persisting",
        ),
        _finding(
            "ghost_active",
            "github",
            Severity.CRITICAL,
            account=_account("90211", "aruiz-example", "Ana Ruiz"),
            person=ana,
            matched_by="work_email",
            days=29,
            detail="Left 29 days ago; the policy allows 24h; the account is active and privileged.",
        ),
        _finding(
            "ghost_active",
            "slack",
            account=_account("U377", "jweiss", "Jörg Weiß"),
            person=undated,
            matched_by="external_id",
            detail="Departed according to the HRIS, which gives no date; the account is active.",
        ),
        _finding(
            "reactivated",
            "okta",
            account=_account("00u8x1", "wei.chen", "Wei 陈伟"),
            person=wei,
            matched_by="employee_number",
            days=61,
            detail=f"Inactive in run {EARLIER}, active now.",
        ),
        _finding(
            "used_after_departure",
            "okta",
            account=_account("00u8x1", "wei.chen", "Wei 陈伟"),
            person=wei,
            matched_by="employee_number",
            days=61,
            detail="Last activity 2026-10-20T07:14:02Z, departed 2026-09-01T09:00:00Z.",
        ),
    )


def _late_leavers() -> tuple[Finding, ...]:
    kim = _person("1188", "Kim Lindqvist", days=40)
    today = _person("1300", "Tomás O'Neill", days=0)
    contractor = _person("C-77", "Priya Raman", days=12)
    return (
        _finding(
            "ghost_pending",
            "okta",
            account=_account("00u9zz", "tomas.oneill", "Tomás O'Neill"),
            person=today,
            matched_by="employee_number",
            days=0,
            detail="Left less than a day ago; the policy allows 24h.",
        ),
        _finding(
            "late_deprovisioning",
            "slack",
            account=_account("U212", "kim", "Kim Lindqvist", active=False),
            person=kim,
            matched_by="employee_number",
            days=40,
            detail="Removed between 9 and 10 days after departure; the policy allows 24h.",
            timeliness=_timeliness(9, 10),
        ),
        _finding(
            "timeliness_indeterminate",
            "github",
            account=_account("77120", "kimlq", "Kim Lindqvist", active=False),
            person=kim,
            matched_by="work_email",
            days=40,
            detail="Removed between 0 and 9 days after departure; the policy allows 24h.",
            timeliness=_timeliness(0, 9),
        ),
        _finding(
            "engagement_expired",
            "github",
            account=_account("88123", "praman-ext", "Priya Raman"),
            person=contractor,
            matched_by="work_email",
            days=12,
            detail="The contract ended 12 days ago; the account is active.",
        ),
    )


def _strangers() -> tuple[Finding, ...]:
    orphans = tuple(
        _finding(
            "orphan_account",
            "slack" if number % 2 else "github",
            account=_account(f"X{number:03}", f"ext-{number:02}", None),
            detail="No key of the account names a person: employee number, e-mail, user name.",
        )
        for number in range(1, 8)
    )
    return (
        *orphans,
        _finding(
            "unowned_nonhuman",
            "okta",
            account=_account("00usvc", "svc-backup", "Nightly backup"),
            person=_person("0977", "Wei 陈伟", days=61),
            detail="The registered owner left 61 days ago.",
        ),
        _finding(
            "dormant_account",
            "slack",
            account=_account("U500", "m.okafor", "Mary Okafor"),
            person=PersonRef("0500", "Mary Okafor", PersonStatus.ACTIVE, None, "people"),
            matched_by="employee_number",
            detail="No activity for 143 days; the policy names 90d.",
        ),
        _finding(
            "ambiguous_identity",
            "slack",
            account=_account("U901", "j.smith", "J. Smith"),
            candidates=(
                Candidate("work_email", "j.smith@example.com", "0604", taken=False),
                Candidate("work_email", "j.smith@example.com", "0871", taken=False),
            ),
            detail="The work e-mail address belongs to 2 people.",
        ),
    )


def _groups() -> tuple[Finding, ...]:
    ana = _person("1042", "Ana Ruiz", days=29)
    mary = PersonRef("0500", "Mary Okafor", PersonStatus.ACTIVE, None, "people")
    return (
        _finding(
            "leaver_membership",
            "slack",
            account=_account("U1", "ana", "Ana Ruiz"),
            person=ana,
            group=GroupRef("S04", "eng-all"),
            matched_by="employee_number",
            days=29,
            detail="Left 29 days ago and is still a member of eng-all.",
        ),
        _finding(
            "group_drift",
            "github",
            account=_account("55001", "mokafor", "Mary Okafor"),
            person=mary,
            group=GroupRef("T9", "eng", "unexpected", "rule"),
            matched_by="work_email",
            detail="Member of eng; the rule expects department Engineering, the person is in "
            "Finance.",
        ),
        _finding(
            "group_drift",
            "slack",
            account=_account("U640", "l.haddad", "Layla Haddad"),
            person=PersonRef("0640", "Layla Haddad", PersonStatus.ACTIVE, None, "people"),
            group=GroupRef("S04", "eng-all", "missing", "mirror"),
            matched_by="employee_number",
            detail="Member of okta:eng, which eng-all mirrors, and not a member of eng-all.",
        ),
    )


def _records() -> tuple[Finding, ...]:
    backwards = _person("0666", "Nils Berg", days=300)
    return (
        _finding(
            "hr_data_quality",
            "people",
            person=backwards,
            detail="Departed 2026-01-05 before being hired 2026-02-01.",
        ),
        _finding(
            "collection_incomplete",
            "zoom",
            detail="The server reports 412 users and 400 distinct records were received.",
        ),
    )


def _timeliness(least: int, most: int) -> Timeliness:
    """Removed between two numbers of days after departure, where one day is allowed."""
    departed = AS_OF - timedelta(days=40)
    earliest, latest = (departed + timedelta(days=days) for days in (least, most))
    return Timeliness("observation", earliest, latest, max(0, 24 * least - 24), 24 * most - 24)


def _movement(findings: tuple[Finding, ...]) -> Movement:
    """Since the run before: all of zoom withheld, one ghost of github gone."""
    gone = Standing(
        "00000000000000aa", "ghost_active", Severity.HIGH, "github", None, EARLIER, "Bo · bo"
    )
    withheld = Standing(
        "00000000000000bb", "leaver_membership", Severity.MEDIUM, "zoom", "G1", EARLIER, "Cy · cy"
    )
    apps = []
    for app in sorted({one.app for one in findings}):
        own = [one for one in findings if one.app == app]
        kept = sum(one.status == "persisting" for one in own)
        resolved, open_still = int(app == gone.app), int(app == withheld.app)
        opening = kept + resolved + open_still
        apps.append(Balance(app, opening, len(own) - kept, 0, kept, resolved, open_still))
    counts = [[getattr(one, name) for name in Balance.__slots__[1:]] for one in apps]
    total = Balance("", *(sum(column) for column in zip(*counts, strict=True)))
    return Movement(EARLIER, total, tuple(apps), (gone,), (withheld,))


def _person(person_id: str, name: str, days: int) -> PersonRef:
    departed = AS_OF - timedelta(days=days)
    return PersonRef(person_id, name, PersonStatus.TERMINATED, departed, "people")


def _account(
    account_id: str, user_name: str, display_name: str | None, *, active: bool = True
) -> AccountRef:
    return AccountRef(
        account_id, user_name, f"{user_name}@example.com", display_name, active=active
    )


def _finding(
    kind: str,
    app: str,
    severity: Severity | None = None,
    *,
    detail: str,
    account: AccountRef | None = None,
    person: PersonRef | None = None,
    group: GroupRef | None = None,
    candidates: tuple[Candidate, ...] = (),
    matched_by: str | None = None,
    days: int | None = None,
    first_seen: str = RUN,
    status: str = "new",
    timeliness: Timeliness | None = None,
) -> Finding:
    rule = next(one for one in sample_rules() if one.kind == kind)
    named = [kind, app, *(one.id if one else "" for one in (account, person, group))]
    return Finding(
        id=hashlib.sha256("\x00".join(named).encode()).hexdigest()[:16],
        kind=kind,
        severity=severity or rule.severity,
        app=app,
        detail=detail,
        controls=rule.controls,
        account=account,
        person=person,
        group=group,
        matched_by=matched_by,
        candidates=candidates,
        days_since_departure=days,
        status=status,
        first_seen=first_seen,
        evidence=Pointer(f"responses/{app}/000001-users.gz", len(named[2]) + len(named[3]))
        if account or person
        else None,
        timeliness=timeliness,
    )
