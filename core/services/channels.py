"""Channels: bound to an incident, and declared by teams. The rules are core.decisions.channels."""

from sqlalchemy import select

from core.decisions.channels import ChannelUse, check_may_bind, check_may_post
from core.decisions.people import Person
from core.service import Work
from core.services import audit
from core.services.request_keys import take_turn
from core.statuses import IncidentStatus
from core.tables import Incident, Team, TeamChannel

SYSTEM = Person("system", source="poster")


def check_free(work: Work, person: Person, team: Team, channel: str) -> None:
    """Raise unless an incident of this team may have the channel; nobody else takes it until this transaction ends."""
    take_turn(work, f"channel {channel}")
    check_may_bind(person, team.name, _use(work, channel))


def _use(work: Work, channel: str) -> ChannelUse:
    last = newest_of(work, channel)
    is_open = last is not None and last.status != IncidentStatus.CLOSED
    declared = select(Team.name).join(TeamChannel).where(TeamChannel.channel == channel)
    return ChannelUse(
        channel,
        frozenset(work.session.scalars(declared)),
        last.number if last and is_open else None,
        last.team.name if last and is_open else None,
        last.team.name if last else None,
    )


def take_it(work: Work, channel: str) -> None:
    """For the incident that we made the channel for: who took it in the moment since gets one of their own instead."""
    take_turn(work, f"channel {channel}")
    other = newest_of(work, channel)
    if other is not None and other.status != IncidentStatus.CLOSED:
        other.slack_channel = None
        change = {"before": {"slack_channel": channel}, "after": {"slack_channel": None}}
        audit.record(work, SYSTEM, "incident.channel_lost", other.id, change)
        work.session.flush()


def newest_of(work: Work, channel: str) -> Incident | None:
    """The incident whose channel it is: the one that is not closed goes before the newest of those that are."""
    order = (
        Incident.status == IncidentStatus.CLOSED,
        Incident.channel_is_current.desc(),
        Incident.number.desc(),
    )
    query = select(Incident).where(Incident.slack_channel == channel)
    return work.session.scalars(query.order_by(*order).limit(1)).first()


def check_posts_to(work: Work, incident: Incident, channel: str) -> None:
    """Raise NotAllowed unless what runs for the incident may post to that channel."""
    declared = select(TeamChannel.channel).where(TeamChannel.team_id == incident.team_id)
    own = frozenset(work.session.scalars(declared))
    check_may_post(channel, incident.team.name, incident.slack_channel, own)


def declared_channels(work: Work) -> dict[str, set[str]]:
    """By the name of the team that declares them."""
    found: dict[str, set[str]] = {}
    for team, channel in work.session.execute(select(Team.name, TeamChannel.channel).join(TeamChannel)):
        found.setdefault(team, set()).add(channel)
    return found
