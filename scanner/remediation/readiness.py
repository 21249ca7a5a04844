"""Is everything still as the plan says, right before it is applied; the same for a dry run."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.base import Deactivator
from scanner.errors import RefusedError
from scanner.remediation.basis import Basis
from scanner.remediation.guard import Surroundings, breaches, evaluate, identity
from scanner.remediation.plan import Action, GuardResult, Plan


def check_bound(
    plan: Plan, basis: Basis, config_sha256: str, deactivators: Mapping[str, Deactivator]
) -> None:
    """Raise RefusedError unless run, settings and addresses are those the plan was made with."""
    if (plan.manifest_sha256, plan.chain_head) != (basis.manifest_sha256, basis.chain_head):
        raise RefusedError("the plan is of another run than the one it lies in", "plan again")
    if plan.config_sha256 != config_sha256:
        raise RefusedError("the configuration changed after the plan was made", "audit and plan")
    for part in plan.apps:
        origin = deactivators[part.name].origin
        if origin != part.origin:
            raise RefusedError(
                f"{part.name} is at {origin} now, not at {part.origin}", "plan again"
            )


def guard_again(plan: Plan, basis: Basis, around: Surroundings) -> tuple[GuardResult, ...]:
    """Evaluate every guard again, as of now; an undo has none, it only gives access back.

    An account that became protected meanwhile is passed over when its turn comes, and does not
    stop the others.
    """
    if plan.undoes is not None:
        return ()
    return evaluate(basis, _unprotected(plan, around), around)


def _unprotected(plan: Plan, around: Surroundings) -> tuple[Action, ...]:
    return tuple(one for one in plan.actions if around.protection.reason(identity(one)) is None)


def without_age(results: tuple[GuardResult, ...]) -> tuple[GuardResult, ...]:
    """Leave out how old the run is: what was begun is brought to its end."""
    return tuple(one for one in results if one.name not in ("run_age", "run_superseded"))


def refuse_breaches(results: tuple[GuardResult, ...]) -> None:
    """Raise RefusedError that names every guard that does not hold."""
    bad = breaches(results)
    if bad:
        told = "; ".join(f"{one.key} = {one.value}, limit {one.limit}" for one in bad)
        raise RefusedError(
            f"nothing was sent: {told}", "the arithmetic: ghostscan apply PLAN (without --execute)"
        )
