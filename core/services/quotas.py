"""What a team did in the last minute, counted in the database, against core.limits."""

from datetime import datetime

from sqlalchemy import func, select

from core.errors import TooMany
from core.limits import WINDOW, too_many
from core.service import Work
from core.tables import Incident, Team, WorkflowExecution


def check_may_open(work: Work, team: Team) -> None:
    """Raise TooMany where people opened as many incidents of this team as may be."""
    query = select(func.count(), func.min(Incident.created_at)).where(
        Incident.team_id == team.id, Incident.created_at > work.now - WINDOW, Incident.alert_key.is_(None)
    )
    opened, first = work.session.execute(query).one()
    most = work.limits.incidents_of_team
    if opened >= most:
        raise _until(work, first, f"Team {team.name} opened {most} incidents in the last minute")


def check_may_start(work: Work, incident: Incident) -> None:
    """Raise TooMany where as many workflows were started for this incident, or for its team, as may be."""
    if workflows_left(work, incident) <= 0:
        raise too_many("As many workflows as may be were started in the last minute", WINDOW.total_seconds())


def workflows_left(work: Work, incident: Incident) -> int:
    """How many more may be started now for the incident; not more than for its team."""
    of_incident = func.count().filter(WorkflowExecution.incident_id == incident.id)
    query = select(of_incident, func.count()).join(Incident, Incident.id == WorkflowExecution.incident_id)
    recent = query.where(
        WorkflowExecution.created_at > work.now - WINDOW, Incident.team_id == incident.team_id
    )
    here, in_team = work.session.execute(recent).one()
    return min(work.limits.workflows_of_incident - here, work.limits.workflows_of_team - in_team)


def _until(work: Work, first: datetime, what: str) -> TooMany:
    return too_many(what, (first + WINDOW - work.now).total_seconds())
