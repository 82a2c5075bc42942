"""Listing what a person may see, newest first, one window at a time.

A window begins behind a position (creation time and id), never at an offset: what is added meanwhile neither
repeats nor hides anything.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, literal, or_, select, true, tuple_

from core.decisions.people import Person
from core.errors import NotFound
from core.service import Work
from core.services.people import find_team
from core.statuses import IncidentStatus
from core.tables import Incident, Runbook, RunbookExecution, Team, Workflow


@dataclass(frozen=True)
class Position:
    """Where a row stands in a list: ids break the tie of rows of one moment."""

    at: datetime
    id: str


@dataclass(frozen=True)
class Window:
    """At most `size` rows of a list, those behind `after`."""

    size: int
    after: Position | None = None


def list_incidents(
    work: Work, person: Person, window: Window, *, team: str | None = None, status: IncidentStatus | None = None
) -> list[Incident]:
    """Raises NotFound for a team that is not there or is not for this person to see."""
    query = select(Incident).where(Incident.team.has(_team_is_visible(person)))
    if team is not None:
        query = query.where(Incident.team_id == _visible_team(work, person, team).id)
    if status is not None:
        query = query.where(Incident.status == status)
    return list(work.session.scalars(_in_window(query, Incident, window)))


def list_executions(work: Work, incident: Incident, window: Window) -> list[RunbookExecution]:
    """The runbook executions of an incident."""
    query = select(RunbookExecution).where(RunbookExecution.incident_id == incident.id)
    return list(work.session.scalars(_in_window(query, RunbookExecution, window)))


def list_runbooks(work: Work, person: Person, window: Window) -> list[Runbook]:
    visible = or_(Runbook.team_id.is_(None), Runbook.team.has(_team_is_visible(person)))
    query = select(Runbook).where(Runbook.deleted_at.is_(None), visible)
    return list(work.session.scalars(_in_window(query, Runbook, window)))


def list_workflows(work: Work, person: Person, window: Window) -> list[Workflow]:
    visible = or_(Workflow.team_id.is_(None), Workflow.team.has(_team_is_visible(person)))
    query = select(Workflow).where(Workflow.deleted_at.is_(None), visible)
    return list(work.session.scalars(_in_window(query, Workflow, window)))


def _in_window[Row: (Incident, Runbook, RunbookExecution, Workflow)](): ...
