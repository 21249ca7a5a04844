"""An app that only a person can change: its actions are tasks in the plan, and nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence

from collectors.base import Census, Change, Observation, Reply, Request, Traits

MANUAL = "manual"
_TRAITS = Traits("A person changes the account in the app itself.", "depends")


class ManualDeactivator:
    """Fulfils :class:`collectors.base.Deactivator` and can do nothing."""

    traits = _TRAITS
    origin = ""

    def requests(
        self,
        change: Change,  # noqa: ARG002 - whatever it is, there is no request for it
        forms: Sequence[str],  # noqa: ARG002 - the same
    ) -> tuple[Request, ...]:
        """Give none."""
        return ()

    def observe(
        self,
        account_id: str,  # noqa: ARG002 - nobody can be read
        group_id: str | None = None,  # noqa: ARG002 - the same
    ) -> Observation:
        """Know nothing."""
        return Observation(found=None, error="read.manual")

    def own_account(self) -> str | None:
        """Know nothing."""
        return None

    def census(
        self,
        most: int,  # noqa: ARG002 - nobody can be listed
    ) -> Census:
        """Know nothing."""
        return Census(None, None, "read.manual")

    def send(
        self,
        request: Request,  # noqa: ARG002 - there is none to send
        if_match: str | None,  # noqa: ARG002 - the same
    ) -> Reply:
        """Send nothing."""
        return Reply(None, error="write.manual")

    def close(self) -> None:
        """Nothing is open."""
