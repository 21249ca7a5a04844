"""One checked condition of the completeness proof."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.model import ProofPoint, Reason


@dataclass(frozen=True, slots=True)
class Checked:
    """A point of the proof, and the reasons it gives where it did not hold."""

    point: ProofPoint
    reasons: tuple[Reason, ...] = ()


def held(name: str, detail: str) -> Checked:
    """Give a point that held."""
    return Checked(ProofPoint(name, held=True, detail=detail))


def unreached(name: str) -> Checked:
    """Give a point that a failure kept from being shown; the failure is its reason."""
    return Checked(ProofPoint(name, held=False, detail="not reached"))


def failed(name: str, detail: str, code: str, message: str, hint: str) -> Checked:
    """Give a point that did not hold, with its figures and its one reason."""
    return Checked(ProofPoint(name, held=False, detail=detail), (Reason(code, message, hint),))
