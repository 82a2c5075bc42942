"""The document `kind: team`: the members of a team and their roles."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import Definition, Name, SlackChannel, SlackUser, SlackUserGroup


class TeamMember(Definition):
    """A member of a team, identified by Slack user id."""

    slack: SlackUser
    """The Slack user id, U…."""
    role: Literal["admin", "responder"]
    """An admin writes the team's definitions, and is also a responder."""


class TeamDefinition(Definition):
    """A team. Its admins write runbooks and workflows; its responders run them for the team's incidents."""

    kind: Literal["team"]
    """The kind of document."""
    name: Name
    """The name by which definitions and incidents refer to the team."""
    members: Annotated[tuple[TeamMember, ...], Field(max_length=1000)] = ()
    """The complete member list; applying it removes anyone not listed, unless the user group has them."""
    usergroup: SlackUserGroup | None = None
    """The id of a Slack user group, S…. Its members are responders of the team, besides those listed.

    Whoever may edit the group in Slack decides who may run and approve: restrict that to your workspace's admins.
    """
    channels: Annotated[frozenset[SlackChannel], Field(max_length=1000)] | None = None
    """The ids of the team's Slack channels, C…. The team's incidents can be handled there, and its definitions may post
    there.

    Incidents of other teams cannot, unless those teams declare the channel as well. If omitted, the channels stay as
    they are.
    """
    outcome: Literal["broadcast", "thread"] | None = None
    """Where the end of a run for one of the team's incidents is told: in the run's thread and in the channel
    (`broadcast`, as it is for a new team), or in the thread alone (`thread`). The run's card shows the end either way.

    If omitted, it stays as it is.
    """
    private_channels: bool | None = None
    """Whether the Slack channels that are made for the team's incidents are private: only people who are invited see
    them. For a new team they are not; if omitted, it stays as it is.
    """

    @model_validator(mode="after")
    def _refuse_a_member_twice(self) -> Self:
        seen: set[str] = set()
        for index, member in enumerate(self.members):
            if member.slack in seen:
                context = {"slack": member.slack, "path": ["members", index]}
                raise PydanticCustomError("member_twice", "{slack} is listed twice. Keep one entry.", context)
            seen.add(member.slack)
        return self
