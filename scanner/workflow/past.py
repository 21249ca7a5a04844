"""What earlier remediations came to becomes a table of the run, so that the run stands alone."""

from __future__ import annotations

from pathlib import Path


def keep_past(runs_directory: Path, folder: Path) -> None:
    """Write ``tables/earlier/remediations.parquet`` into a run that is being made.

    Raises IntegrityError for a damaged plan or journal, EvidenceError where it cannot be written.
    """
    from scanner.reconcile.observation import write_remediations
    from scanner.remediation.past import past_deactivations

    rows = [
        {
            "source": one.app,
            "account_id": one.account_id,
            "problem": one.problem,
            "ended_at": one.ended_at,
            "run": one.run,
        }
        for one in past_deactivations(runs_directory)
    ]
    write_remediations(folder, rows)
