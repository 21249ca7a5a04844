"""The commands: read options, call one function of the workflow, show, exit.

Results go to stdout; progress and messages to stderr. Only ``program`` turns errors into text and
exit codes. Importing a file of commands adds them to the application, in the order of the help.
"""

from scanner.cli import (  # noqa: I001 - the order of the help
    audit,
    snapshot,
    preparation,
    report,
    history,
    explanation,
    evidence,
    baseline,
    review,
    remediation,
    execution,
    script,
)
from scanner.cli.program import main

__all__ = [
    "audit",
    "baseline",
    "evidence",
    "execution",
    "explanation",
    "history",
    "main",
    "preparation",
    "remediation",
    "report",
    "review",
    "script",
    "snapshot",
]
