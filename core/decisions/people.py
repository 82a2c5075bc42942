"""Who a person is to us, and what that lets them do. One check serves Slack, REST, CLI and pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.statuses import Role


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack user with their role in each team, by team name.

    `source`: the door they came through; `token_id`: of the bearer token that spoke for them, if one did.
    `depth`: how many of our own runs, one after the other, led to what they ask; 0 where no run did.
    """

    slack_user_id: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    is_platform_admin: bool = False
    source: str = "slack"
    token_id: str | None = None
    depth: int = 0

    def is_responder_of(self, team: str) -> bool:
        return self.is_platform_admin or team in self.roles

    def is_admin_of(self, team: str) -> bool:
        return self.is_platform_admin or self.roles.get(team) is Role.ADMIN

    def may_see(self, team: str | None) -> bool:
        """What a team owns is for its members; what is global (None) is for everybody."""
        return team is None or self.is_responder_of(team)
