"""Look back over the finished runs."""

from __future__ import annotations

from scanner.config import LoadedConfig
from scanner.model import Difference, RunEntry


def history(loaded: LoadedConfig) -> tuple[RunEntry, ...]:
    """List every finished run of the configuration's folder of runs, oldest first.

    Raises IntegrityError naming the file that is missing or is not what was sealed.
    """
    from scanner.evidence.chronicle import read_chronicle

    return read_chronicle(loaded.runs_directory)


def diff(loaded: LoadedConfig, earlier: str, later: str) -> Difference:
    """Say what is different in the later of two audits, named by name, number or path.

    Raises UsageError for a run that is not there or is a snapshot, IntegrityError as ``history``.
    """
    from scanner.evidence.chronicle import compare

    return compare(loaded.runs_directory, earlier, later)
