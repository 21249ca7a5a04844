"""What is done with the evidence of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.workflow.log import check_log

if TYPE_CHECKING:
    from scanner.evidence.verify import Verification


def verify(folder: Path) -> Verification:
    """Check that the evidence of one run is whole, and the reviews and remediation after it."""
    from scanner.evidence.verify import verify as verify_folder
    from scanner.remediation.check import check_remediation
    from scanner.remediation.review import check_reviews
    from scanner.remediation.signature import SshSignatures

    checked = verify_folder(folder)
    remediation = check_remediation(folder, SshSignatures())
    reviews = check_reviews(folder)
    problems = (*checked.problems, *reviews.problems, *remediation.problems, *check_log(folder))
    return replace(
        checked,
        files_checked=checked.files_checked + remediation.files + reviews.files,
        problems=problems,
        notes=(*reviews.notes, *checked.notes),
    )
