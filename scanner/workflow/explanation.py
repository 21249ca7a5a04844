"""Say why one finding was made, from the run folder alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scanner.config import load_config
from scanner.errors import UsageError
from scanner.model import Exhibit, Explanation

if TYPE_CHECKING:
    from scanner.evidence.exhibit import Sealed
    from scanner.reconcile.explanation import Correlated
    from scanner.reconcile.grounds import Grounds


def explain(identity: str, run: Path | None, config: Path) -> Explanation:
    """Explain the finding whose id begins with ``identity``, or the one about what is named so.

    ``run`` is the folder of the run; without it, the newest run below the runs folder that
    ``config`` names. Raises UsageError for an id or a run there is not, EvidenceError where the
    folder is none of an audit, IntegrityError where the evidence is damaged.
    """
    from scanner.evidence.exhibit import find_finding, open_sealed
    from scanner.reconcile.explanation import read_correlation
    from scanner.reconcile.grounds import read_grounds

    sealed = open_sealed(run or _newest(config))
    finding = find_finding(sealed, identity)
    account = (finding.get("account") or {}).get("id")
    grounds = read_grounds(sealed.folder, finding)
    hit = grounds.hit
    people = [(hit.person_source or "", hit.person_id)] if hit and hit.person_id else []
    known = read_correlation(sealed.folder, finding["app"], account, people)
    return _explanation(sealed, finding, known, grounds)


def _newest(config: Path) -> Path:
    from scanner.evidence.history import previous_run

    runs = load_config(config).runs_directory
    newest = previous_run(runs)
    if newest is None:
        raise UsageError(f"{runs} has no finished run", "name a run folder with --run")
    return runs / newest


def _explanation(
    sealed: Sealed, finding: Mapping[str, Any], known: Correlated, grounds: Grounds
) -> Explanation:
    from scanner.evidence.reading import readings_of
    from scanner.reconcile.catalogue import load_rules

    rule = {one.kind: one for one in load_rules()}[finding["kind"]]
    query = f"queries/{finding['kind']}.sql"
    manifest, path = sealed.manifest, sealed.folder / query
    policy = manifest["policy"]
    return Explanation(
        folder=str(sealed.folder),
        run=manifest["run"],
        as_of=datetime.fromisoformat(manifest["as_of"]),
        previous_audit=sealed.previous_audit,
        finding=finding,
        title=rule.title,
        meaning=rule.meaning,
        remedy=rule.remedy,
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
        grounds=(*grounds.grounds, *readings_of(manifest, finding["app"], grounds.sources)),
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
