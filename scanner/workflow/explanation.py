"""Say why one finding was made, from the run folder alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scanner.config import load_config
from scanner.errors import UsageError
from scanner.model import Explanation, Pointer

if TYPE_CHECKING:
    from scanner.evidence.exhibit import Sealed
    from scanner.reconcile.explanation import Correlated


def explain(identity: str, run: Path | None, config: Path) -> Explanation:
    """Explain the finding whose id begins with ``identity``.

    ``run`` is the folder of the run; without it, the newest run below the runs folder that
    ``config`` names. Raises UsageError for an id or a run there is not, EvidenceError where the
    folder is none of an audit, IntegrityError where the evidence is damaged.
    """
    from scanner.evidence.exhibit import find_finding, open_sealed
    from scanner.reconcile.explanation import read_correlation

    sealed = open_sealed(run or _newest(config))
    finding = find_finding(sealed, identity)
    account, person = (finding.get(name) or {} for name in ("account", "person"))
    hris = [one["name"] for one in sealed.manifest["sources"] if one["role"] == "hris"]
    people = [(finding["app"], person["id"])] if person and finding["app"] in hris else []
    known = read_correlation(sealed.folder, finding["app"], account.get("id"), people)
    return _explanation(sealed, finding, known)


def _newest(config: Path) -> Path:
    from scanner.evidence.history import previous_run

    runs = load_config(config).runs_directory
    newest = previous_run(runs)
    if newest is None:
        raise UsageError(f"{runs} has no finished run", "name a run folder with --run")
    return runs / newest


def _explanation(sealed: Sealed, finding: Mapping[str, Any], known: Correlated) -> Explanation:
    from scanner.evidence.exhibit import read_exhibit
    from scanner.reconcile.catalogue import load_rules

    rules = {rule.kind: rule for rule in load_rules()}
    rule = rules.get(finding["kind"])
    query = f"queries/{finding['kind']}.sql"
    manifest, path = sealed.manifest, sealed.folder / query
    policy = manifest["policy"]
    return Explanation(
        folder=str(sealed.folder),
        run=manifest["run"],
        as_of=datetime.fromisoformat(manifest["as_of"]),
        finding=finding,
        title=rule.title if rule else finding["kind"],
        meaning=rule.meaning if rule else "",
        account=known.account,
        situation=known.situation,
        problem=known.problem,
        keys=known.keys,
        spells=known.spells,
        limit=policy["limit"],
        reference=policy["reference"],
        timezone=manifest["timezone"],
        exhibits=tuple(
            read_exhibit(sealed, about, pointer) for about, pointer in _pointers(finding, known)
        ),
        query_file=query,
        query=path.read_text(encoding="utf-8") if path.is_file() else "",
    )


def _pointers(finding: Mapping[str, Any], known: Correlated) -> list[tuple[str, Pointer]]:
    """Where the records stand: those of correlation, and that of a group the finding is about."""
    found = list(known.pointers)
    evidence = finding.get("evidence")
    if evidence is not None:
        own = Pointer(evidence["response"], evidence["index"])
        if own not in [pointer for _, pointer in found]:
            group = finding.get("group") or {}
            found.insert(0, (f"group {group.get('id', '')} of {finding['app']}", own))
    return found
