"""The document `kind: team`: who belongs to a team, and what they may do."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import Definition, Name, SlackChannel, SlackUser


class TeamMember(Definition):
    """One person of a team, by Slack user id."""

    slack: SlackUser
    """The person's Slack user id, U…."""
    role: Literal["admin", "responder"]
    """An admin writes the team's definitions, and is a responder too."""


class TeamDefinition(Definition):
    """A team. Its admins write runbooks and workflows, its responders run them for the team's incidents."""

    kind: Literal["team"]
    """What this document is."""
    name: Name
    """What definitions and incidents call it by."""
    members: Annotated[tuple[TeamMember, ...], Field(max_length=1000)] = ()
    """Who is in it. Who is not listed is in it no longer."""
    channels: Annotated[frozenset[SlackChannel], Field(max_length=1000)] | None = None
    """The ids of its Slack channels, C…: its incidents may be dealt with there, and its definitions may post there.

    Incidents of other teams are not dealt with there, unless they declare it too. Left out, they stay as they are.
    """

    @model_validator(mode="after")
    def _refuse_a_member_twice(self) -> Self:
        seen: set[str] = set()
        for index, member in enumerate(self.members):
            if member.slack in seen:
                context = {"slack": member.slack, "path": ["members", index]}
                raise PydanticCustomError("member_twice", "{slack} is a member twice. Keep one.", context)
            seen.add(member.slack)
        return self
