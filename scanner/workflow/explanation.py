"""Say why a finding was made, or none, from the run folder alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scanner.config import load_config
from scanner.errors import UsageError
from scanner.model import Exhibit, Explanation, Subject

if TYPE_CHECKING:
    from scanner.evidence.exhibit import Sealed
    from scanner.reconcile.explanation import Correlated
    from scanner.reconcile.grounds import Grounds

_MOST = 12


def explain(identity: str, run: Path | None, config: Path) -> Explanation:
    """Explain the finding whose id begins with ``identity``, or the one about what is named so.

    What no finding is about, or several, is explained as well: an account or a person by id, user
    name, employee number or e-mail address, behind its app or HRIS and a slash where more than one
    is called so.
    ``run`` is the folder of the run; without it, the newest run below the runs folder that
    ``config`` names. Raises UsageError for a name or a run there is not, EvidenceError where
    the folder is none of an audit, IntegrityError where the evidence is damaged.
    """
    from scanner.evidence.exhibit import find_beginning, find_findings, open_sealed

    sealed = open_sealed(run or _newest(config))
    found = find_findings(sealed, identity)
    if len(found) == 1:
        return _found(sealed, found[0])
    subject = _subject(sealed, identity, found)
    if subject is None:
        return _found(sealed, find_beginning(sealed, identity))
    return _overview(sealed, subject, found)


def _subject(sealed: Sealed, named: str, found: Sequence[Mapping[str, Any]]) -> Subject | None:
    """Find the one account or person that is called so; None where there is none."""
    from scanner.evidence.exhibit import several
    from scanner.reconcile.subject import find_subjects

    subjects = find_subjects(sealed.folder, named.strip())
    if found and len(subjects) != 1:
        raise several(named, found, "are about it")
    if len(subjects) > 1:
        places = ", ".join(f"{one.source}/{one.id}" for one in subjects[:_MOST])
        more = f" and {len(subjects) - _MOST} more" if len(subjects) > _MOST else ""
        said = f"{named}: {len(subjects)} accounts and people are called so, none with a finding"
        raise UsageError(said, f"name one of them: {places}{more}")
    return subjects[0] if subjects else None


def _found(sealed: Sealed, finding: Mapping[str, Any]) -> Explanation:
    """Explain a finding by the row of its rule."""
    from scanner.reconcile.catalogue import load_rules
    from scanner.reconcile.explanation import read_correlation
    from scanner.reconcile.grounds import read_grounds

    account = (finding.get("account") or {}).get("id")
    grounds = read_grounds(sealed.folder, finding)
    hit = grounds.hit
    people = [(hit.person_source or "", hit.person_id)] if hit and hit.person_id else []
    known = read_correlation(sealed.folder, finding["app"], account, people)
    rule = {one.kind: one for one in load_rules()}[finding["kind"]]
    told = _Told(rule.title, rule.meaning, rule.remedy, finding["kind"], finding["app"])
    return _explanation(sealed, told, known, grounds, finding=finding)


def _overview(sealed: Sealed, subject: Subject, found: Sequence[Mapping[str, Any]]) -> Explanation:
    """Explain an account or a person with no finding, or several, by what was concluded of it."""
    from scanner.reconcile.overview import read_overview

    one = read_overview(sealed.folder, subject, found)
    count = f"{len(found)} findings" if found else "No finding"
    told = _Told(f"{count} about {one.called}", one.conclusion, "", one.query, subject.source)
    return _explanation(sealed, told, one.known, one.grounds, subject=subject)


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said before all else; ``query`` concluded it, ``source`` is what it is of."""

    title: str
    meaning: str
    remedy: str
    query: str
    source: str


def _newest(config: Path) -> Path:
    from scanner.evidence.history import previous_run

    runs = load_config(config).runs_directory
    newest = previous_run(runs)
    if newest is None:
        raise UsageError(f"{runs} has no finished run", "name a run folder with --run")
    return runs / newest


def _explanation(
    sealed: Sealed,
    told: _Told,
    known: Correlated,
    grounds: Grounds,
    *,
    finding: Mapping[str, Any] | None = None,
    subject: Subject | None = None,
) -> Explanation:
    from scanner.evidence.reading import readings_of

    query = f"queries/{told.query}.sql"
    manifest, path = sealed.manifest, sealed.folder / query
    policy = manifest["policy"]
    return Explanation(
        folder=str(sealed.folder),
        run=manifest["run"],
        as_of=datetime.fromisoformat(manifest["as_of"]),
        previous_audit=sealed.previous_audit,
        finding=finding,
        subject=subject,
        title=told.title,
        meaning=told.meaning,
        remedy=told.remedy,
        account=known.account,
        situation=known.situation,
        problem=known.problem,
        keys=known.keys,
        spells=known.spells,
        limit=policy["limit"],
        reference=policy["reference"],
        timezone=manifest["timezone"],
        holidays=_holidays(manifest),
        departures=_departures(manifest),
        grounds=(*grounds.grounds, *readings_of(manifest, told.source, grounds.sources)),
        exhibits=tuple(_exhibits(sealed, known, grounds)),
        query_file=query,
        query=path.read_text(encoding="utf-8") if path.is_file() else "",
        manifest_sha256=sealed.manifest_sha256,
        chained=sealed.chained,
    )


def _holidays(manifest: Mapping[str, Any]) -> str:
    """Say which days a limit in business days leaves out."""
    if "business" not in manifest["policy"]["limit"]:
        return ""
    known = manifest["configuration"]["policy"]["holidays"]
    country = " ".join(one for one in (known["country"], known["subdivision"]) if one)
    public = f"public holidays of {country}" if country else ""
    days = [one for one in (public, *known["dates"]) if one]
    return f"Saturdays, Sundays{''.join(f', {one}' for one in days)}"


def _departures(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Name the attribute of a departure date, by HRIS, where the configuration of the run does."""
    sources = manifest.get("configuration", {}).get("sources", {})
    named = {name: one["attributes"].get("departed_at") for name, one in sources.items()}
    return {name: attribute for name, attribute in named.items() if attribute}


def _exhibits(sealed: Sealed, known: Correlated, grounds: Grounds) -> Iterator[Exhibit]:
    """Show every record once: what the finding is about, the account, the people, the entries."""
    from scanner.evidence.exhibit import read_entry, read_exhibit

    wanted = dict.fromkeys((*grounds.records, *known.pointers))
    for one in wanted:
        yield read_exhibit(sealed, one)
    for register, line in grounds.entries:
        entry = read_entry(sealed, register, line)
        if entry is not None:
            yield entry
