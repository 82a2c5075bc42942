"""What becomes of an incident's Slack channel: renamed, archived, deleted, or the app removed from it.

Each is a line of the timeline, and is told once, with the way back: the timeline's last such line says what was told.
Where the channel itself can no longer be posted to, it is told to people directly.
"""

from enum import StrEnum

from sqlalchemy import select

from core.decisions.initiators import Initiators
from core.services.access.people import members_with_roles
from core.services.incidents.changes import new_event
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.statuses import IncidentStatus, Role
from core.tables import Incident, IncidentEvent, JsonObject, TeamChannel
from core.unit_of_work import UnitOfWork

NOBODY: Initiators = ()
MOST_TOLD = 3
EVENT = "incident.channel_"


class ChannelNews(StrEnum):
    """What happened to a channel. The value is the end of the event's type."""

    RENAMED = "renamed"
    ARCHIVED = "archived"
    DELETED = "deleted"
    LEFT = "left"
    REFUSED = "refused"
    BACK = "back"


# What was told of a channel that cannot be posted to, and what to do.
WAY_BACK = {
    ChannelNews.ARCHIVED: "was archived. The way back: unarchive it in Slack, and what was not posted follows.",
    ChannelNews.DELETED: "was deleted. The way back: close the incident and open another one; runs go on meanwhile.",
    ChannelNews.LEFT: "removed me. The way back: type `/invite` and my name there, and what was not posted follows.",
    ChannelNews.REFUSED: "takes no messages of mine. The way back: unarchive it, or type `/invite` and my name there.",
}
RETRIED = ("is_archived", "channel_not_found", "not_in_channel", "is_inactive")


def channel_changed(work: UnitOfWork, channel: str, news: ChannelNews, name: str = "") -> None:
    """Record the news for the incidents of the channel that are not closed, and tell it once.

    `name`: the channel's name, if it is known. What repeats what was told last, as Slack's events do, changes nothing.
    """
    query = select(Incident).where(
        Incident.slack_channel == channel, Incident.status != IncidentStatus.CLOSED
    )
    for incident in work.session.scalars(query.order_by(Incident.number).with_for_update(of=Incident)):
        _tell(work, incident, channel, news, name)
    if news is ChannelNews.BACK:
        notices.revive(work, channel, RETRIED)


def no_channel(work: UnitOfWork, incident_id: str, reason: str) -> None:
    """Tell people once that no channel can be made for the incident, and what its admins can do. `reason`: Slack's."""
    incident = work.session.get_one(Incident, incident_id)
    scope, kind = (
        ("groups:write", "private") if incident.team.private_channels else ("channels:manage", "public")
    )
    said = (
        f"⚠️ inc-{incident.number} has no channel: Slack does not let me make a {kind} one (`{reason}`). "
        f"The way back: an admin of the workspace allows it, or adds the scope `{scope}` and installs the app anew. "
        f"Until then its runs go on; in a terminal: `runbook incident show inc-{incident.number}`"
    )
    for place in _places(work, incident, ""):
        key = f"no_channel.{place}"
        news = NewNotice(
            NoticeKind.MESSAGE, incident.id, incident.id, key=key, channel=place, content={"text": said}
        )
        notices.enqueue_notice(work, news)


def _tell(work: UnitOfWork, incident: Incident, channel: str, news: ChannelNews, name: str) -> None:
    last = _last(work, incident)
    details: JsonObject = {"channel": channel} | ({"name": name} if name else {})
    if _is_known(last, news, details):
        return
    event = new_event(work, incident, f"{EVENT}{news}", "system", details, initiators=NOBODY)
    if news is ChannelNews.RENAMED:
        still = f"It is still the channel of inc-{incident.number}; nothing else changes."
        said = f"This channel is now named {name}. {still}"
        _post(work, incident, event, None, said)
    elif news is not ChannelNews.BACK:
        said = f"⚠️ The channel of inc-{incident.number}, <#{channel}>, {WAY_BACK[news]}"
        for place in _places(work, incident, channel):
            _post(work, incident, event, place, said)


def _last(work: UnitOfWork, incident: Incident) -> IncidentEvent | None:
    told = [f"{EVENT}{news}" for news in ChannelNews]
    query = select(IncidentEvent).where(
        IncidentEvent.incident_id == incident.id, IncidentEvent.type.in_(told)
    )
    return work.session.scalars(query.order_by(IncidentEvent.number.desc()).limit(1)).first()


def _is_known(last: IncidentEvent | None, news: ChannelNews, details: JsonObject) -> bool:
    """Return whether the news is none: it was told, or it is the end of a trouble of which nothing is known.

    A refused message tells nothing that an event has not told more exactly.
    """
    if last is None:
        return news is ChannelNews.BACK
    known = ChannelNews(last.type.removeprefix(EVENT))
    if news is ChannelNews.RENAMED:
        return known is news and last.details == details
    if news is ChannelNews.REFUSED:
        return known in WAY_BACK
    if news is ChannelNews.BACK:
        return known not in WAY_BACK
    return known is news


def _places(work: UnitOfWork, incident: Incident, channel: str) -> list[str]:
    """Return where it is told: in a channel of the team, or else to who opened the incident and its admins."""
    declared = select(TeamChannel.channel).where(
        TeamChannel.team_id == incident.team_id, TeamChannel.channel != channel
    )
    place = work.session.scalars(declared.order_by(TeamChannel.channel).limit(1)).first()
    if place is not None:
        return [place]
    team = incident.team.name
    members = members_with_roles(work, {team})[team]
    admins = [person for person, role in members if role is Role.ADMIN]
    opener = [person for person, _ in members if person == incident.opened_by]
    return list(dict.fromkeys([*opener, *admins]))[:MOST_TOLD]


def _post(work: UnitOfWork, incident: Incident, event: IncidentEvent, place: str | None, said: str) -> None:
    key = f"{event.id}.{place or ''}"
    news = NewNotice(
        NoticeKind.MESSAGE, incident.id, incident.id, key=key, channel=place, content={"text": said}
    )
    notices.enqueue_notice(work, news)
