"""The Slack workspace that the app is installed in, and its channels.

The workspace is learned from Slack with our own token and stored. Channels are bound to incidents and declared by
teams; the rules are in core.decisions.channels.
"""

from sqlalchemy import select

from core.decisions.channels import ChannelUse, check_may_bind, check_may_post
from core.decisions.installation import Workspace
from core.decisions.people import Person
from core.services.shared import audit
from core.services.shared.idempotency import serialize_on_key
from core.statuses import IncidentStatus
from core.tables import Incident, SlackWorkspace, Team, TeamChannel
from core.unit_of_work import UnitOfWork

THE_ROW = 1
SLACK = Person("slack", source="auth.test")


def known_workspace(work: UnitOfWork) -> Workspace:
    """Return the stored workspace; its fields are None if it was never learned."""
    row = work.session.get(SlackWorkspace, THE_ROW)
    return Workspace(row.team_id, row.enterprise_id, row.app_id) if row else Workspace()


def pin_workspace(work: UnitOfWork, learned: Workspace) -> None:
    """Store the workspace as ours. The operator chose it by configuring its token; a change is audited."""
    assert learned.team_id is not None
    serialize_on_key(work, "slack workspace")
    row = work.session.get(SlackWorkspace, THE_ROW)
    before = Workspace(row.team_id, row.enterprise_id, row.app_id) if row else Workspace()
    after = learned.or_else(before) if before.team_id == learned.team_id else learned
    if after == before:
        return
    work.session.merge(
        SlackWorkspace(
            id=THE_ROW,
            team_id=learned.team_id,
            enterprise_id=after.enterprise_id or "",
            app_id=after.app_id,
            learned_at=work.now,
        )
    )
    audit.record(
        work,
        SLACK,
        "workspace.pinned",
        learned.team_id,
        {"before": _as_details(before), "after": _as_details(after)},
    )


def _as_details(workspace: Workspace) -> dict[str, str | None]:
    return {"team": workspace.team_id, "enterprise": workspace.enterprise_id, "app": workspace.app_id}


SYSTEM = Person("system", source="poster")


def check_free(work: UnitOfWork, person: Person, team: Team, channel: str) -> None:
    """Raise NotAllowed or Conflict unless an incident of this team may have the channel, and reserve it meanwhile."""
    serialize_on_key(work, f"channel {channel}")
    check_may_bind(person, team.name, _use(work, channel))


def _use(work: UnitOfWork, channel: str) -> ChannelUse:
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


def take_it(work: UnitOfWork, channel: str) -> None:
    """Take the channel that was created for an incident. Another incident that was bound to it since gets its own."""
    serialize_on_key(work, f"channel {channel}")
    other = newest_of(work, channel)
    if other is not None and other.status != IncidentStatus.CLOSED:
        other.slack_channel = None
        change = {"before": {"slack_channel": channel}, "after": {"slack_channel": None}}
        audit.record(work, SYSTEM, "incident.channel_lost", other.id, change)
        work.session.flush()


def newest_of(work: UnitOfWork, channel: str) -> Incident | None:
    """Return the channel's incident: the one that is not closed, otherwise the newest closed one, or None."""
    order = (
        Incident.status == IncidentStatus.CLOSED,
        Incident.channel_is_current.desc(),
        Incident.number.desc(),
    )
    query = select(Incident).where(Incident.slack_channel == channel)
    return work.session.scalars(query.order_by(*order).limit(1)).first()


def check_posts_to(work: UnitOfWork, incident: Incident, channel: str) -> None:
    """Raise NotAllowed unless runs and workflows of the incident may post to the channel."""
    declared = select(TeamChannel.channel).where(TeamChannel.team_id == incident.team_id)
    own = frozenset(work.session.scalars(declared))
    check_may_post(channel, incident.team.name, incident.slack_channel, own)


def declared_channels(work: UnitOfWork) -> dict[str, set[str]]:
    """Return the declared channels by team name."""
    found: dict[str, set[str]] = {}
    for team, channel in work.session.execute(select(Team.name, TeamChannel.channel).join(TeamChannel)):
        found.setdefault(team, set()).add(channel)
    return found
