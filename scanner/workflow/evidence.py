"""What is done with the evidence of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scanner.evidence.verify import Verification


def verify(folder: Path) -> Verification:
    """Check that the evidence of one run is whole and unaltered."""
    from scanner.evidence.verify import verify as verify_folder

    return verify_folder(folder)
