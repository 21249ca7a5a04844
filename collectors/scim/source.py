"""Everything that is to be known of a SCIM source before it is asked."""

from __future__ import annotations

from dataclasses import dataclass

from collectors.http import Target
from collectors.scim.expectation import Expectation
from collectors.scim.message import SCIM_2, Dialect
from collectors.scim.request import MAX_PAGES
from collectors.scim.resource import Interpretation
from collectors.scim.size import UNKNOWN_SIZE, Size
from scanner.model import Resource, Role


@dataclass(frozen=True, slots=True)
class ScimSource:
    """Everything that is to be known of a source before it is asked; ``target`` holds its secret.

    ``groups_path`` is None where the type has no groups at all. ``paging`` is ``auto``, ``index``
    or ``cursor``; ``passes`` is how many walks through the users must agree. ``members`` says where
    memberships are found: ``auto``, ``inline``, ``per_group``, ``from_users`` or ``hidden``.
    At most ``detail_limit`` users are read by id where the list does not say who is active.
    ``size`` and ``canaries`` are about users.
    """

    type: str
    target: Target
    how: Interpretation
    users_path: str = "/Users"
    groups_path: str | None = "/Groups"
    page_size: int = 100
    canaries: tuple[str, ...] = ()
    allow_empty: bool = False
    max_pages: int = MAX_PAGES
    dialect: Dialect = SCIM_2
    paging: str = "auto"
    overlap: bool = True
    passes: int = 1
    max_concurrency: int = 1
    size: Size = UNKNOWN_SIZE
    members: str = "auto"
    members_cap: int | None = None
    detail_limit: int = 2_000
    discovery: bool = False

    def passes_of(self, resource: Resource) -> int:
        """Give how many walks in a row must bring the same ids.

        Without a total to rely on, or without reading the last record of each page again, nothing
        else shows that none was lost.
        """
        if self.dialect.total_optional or not self.overlap:
            return 2
        return self.passes if resource is Resource.USERS else 1

    def expected_users(self) -> Expectation:
        """Give what the list of users must show."""
        return Expectation(
            self.canaries,
            canaries_stay=self.how.role is Role.HRIS,
            may_be_empty=self.allow_empty,
            size=self.size,
            passes=self.passes_of(Resource.USERS),
            unreliable=self.dialect.total_optional,
            excuses=self.dialect.excuses,
        )

    def expected_groups(self, *, needs_members: bool) -> Expectation:
        """Give what the list of groups must show."""
        return Expectation(
            may_be_empty=True,
            needs_members=needs_members,
            members_cap=self.members_cap,
            passes=self.passes_of(Resource.GROUPS),
            unreliable=self.dialect.total_optional,
            excuses=self.dialect.excuses,
        )
