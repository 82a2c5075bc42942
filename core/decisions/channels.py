"""Channels: which incident may use which channel, and where definitions may post.

A channel belongs to at most one open incident. A team declares channels as its own (`channels` in its document), and
incidents of other teams cannot use them. An undeclared channel stays with the team of the last incident that used it.
"""

from collections.abc import Set
from dataclasses import dataclass

from core.decisions.people import Person
from core.errors import Conflict, NotAllowed

FIELD = "slack_channel"
OWN_CHANNEL = "If you leave the channel out, the incident gets its own channel."


@dataclass(frozen=True, slots=True)
class ChannelUse:
    """The use of a channel. `declared_by`: the names of teams. `open_number` and `open_team`: of the open incident with
    this channel. `last_team`: the team of the last incident with this channel.
    """

    channel: str
    declared_by: Set[str] = frozenset()
    open_number: int | None = None
    open_team: str | None = None
    last_team: str | None = None


def check_may_bind(person: Person, team: str, use: ChannelUse) -> None:
    """Raise Conflict or NotAllowed unless an incident of this team may use the channel.

    The incident that has the channel is named only to people who may see it.
    """
    if use.open_number is not None and person.may_see(use.open_team):
        raise Conflict(
            f"{use.channel} is already the channel of inc-{use.open_number}.",
            hint=f"Close that incident first. {OWN_CHANNEL}",
            field=FIELD,
        )
    if use.open_number is not None or not _is_of(person, team, use):
        raise NotAllowed(
            f"{use.channel} cannot be the channel of an incident of team {team}.",
            hint=f"{OWN_CHANNEL} Or declare it under `channels` in the document of team {team}.",
            field=FIELD,
        )


def _is_of(person: Person, team: str, use: ChannelUse) -> bool:
    if use.declared_by:
        return team in use.declared_by
    return person.is_platform_admin or use.last_team in (None, team)


def check_may_post(channel: str, team: str, incident_channel: str | None, declared: Set[str]) -> None:
    """Raise NotAllowed unless a definition may post to the channel, for an incident of this team."""
    if channel != incident_channel and channel not in declared:
        raise NotAllowed(
            f"{channel} is neither the incident's channel nor declared by team {team}.",
            hint=f"Ask an operator to add it to `channels` of team {team}, or leave `channel` out: "
            "the message then goes to the incident's channel.",
        )
