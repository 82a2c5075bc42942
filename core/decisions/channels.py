"""Channels: which incident may have which, and where the messages of definitions may go.

A channel is one open incident's. A team declares channels as its own (`channels` of its document): incidents of others
are not dealt with there. One that nobody declares stays the team's whose incident was there last.
"""

from collections.abc import Set
from dataclasses import dataclass

from core.decisions.people import Person
from core.errors import Conflict, NotAllowed

FIELD = "slack_channel"
OWN_CHANNEL = "Leave the channel out, and the incident gets one of its own."


@dataclass(frozen=True, slots=True)
class ChannelUse:
    """How a channel stands. `declared_by`: teams, by name; `open_number` and `open_team`: of the incident that has it.

    `last_team`: whose incident had it last.
    """

    channel: str
    declared_by: Set[str] = frozenset()
    open_number: int | None = None
    open_team: str | None = None
    last_team: str | None = None


def check_may_bind(person: Person, team: str, use: ChannelUse) -> None:
    """Raise unless an incident of this team may have the channel: Conflict, NotAllowed.

    Whose it is, is told only to who may see that.
    """
    if use.open_number is not None and person.may_see(use.open_team):
        raise Conflict(
            f"{use.channel} is already the channel of inc-{use.open_number}.",
            hint=f"Close that one first. {OWN_CHANNEL}",
            field=FIELD,
        )
    if use.open_number is not None or not _is_of(person, team, use):
        raise NotAllowed(
            f"{use.channel} cannot be the channel of an incident of team {team}.",
            hint=f"{OWN_CHANNEL} Or let team {team} declare it, under `channels` of its document.",
            field=FIELD,
        )


def _is_of(person: Person, team: str, use: ChannelUse) -> bool:
    if use.declared_by:
        return team in use.declared_by
    return person.is_platform_admin or use.last_team in (None, team)


def check_may_post(channel: str, team: str, incident_channel: str | None, declared: Set[str]) -> None:
    """Raise NotAllowed unless a definition may post there, for an incident of this team."""
    if channel != incident_channel and channel not in declared:
        raise NotAllowed(
            f"{channel} is neither the incident's channel nor one that team {team} declares.",
            hint=f"An operator adds it to `channels` of team {team}, or leave `channel` out: "
            "the message goes to the incident's.",
        )
