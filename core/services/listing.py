"""Listing what a person may see, newest first, one window at a time.

A window begins behind a position (creation time and id), never at an offset: what is added meanwhile neither
repeats nor hides anything.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, literal, or_, select, true, tuple_

from core.decisions.people import Person
from core.errors import NotFound
from core.service import Work
from core.services.people import find_team
from core.tables import Incident, Runbook, RunbookExecution, Team, Workflow, WorkflowExecution

Timed = TypeVar("Timed", Incident, RunbookExecution, WorkflowExecution)
Row = TypeVar("Row", Incident, Runbook, RunbookExecution, Workflow, WorkflowExecution)


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


@dataclass(frozen=True)
class Wanted:
    """Which rows are wanted: None is any. `until` is not in it any more."""

    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    incident_id: str | None = None
    runbook_id: str | None = None

    def of(self, incident: Incident | None, runbook: Runbook | None) -> "Wanted":
        return replace(
            self, incident_id=incident.id if incident else None, runbook_id=runbook.id if runbook else None
        )


ANY = Wanted()


def list_incidents(
    work: Work,
    person: Person,
    window: Window,
    *,
    team: str | None = None,
    wanted: Wanted = ANY,
) -> list[Incident]:
    """Of `team`, where it is given.

    Raises NotFound for a team that is not there, or is not this person's to see.
    """
    query = select(Incident).where(Incident.team.has(_is_visible(person)))
    if team is not None:
        query = query.where(Incident.team_id == _visible_team_id(work, person, team))
    return _rows(work, _narrowed(query, Incident, wanted), Incident, window)


def list_executions(
    work: Work, incident: Incident, window: Window, wanted: Wanted = ANY
) -> list[RunbookExecution]:
    """The runbook executions of an incident that the person has found."""
    query = select(RunbookExecution).where(RunbookExecution.incident_id == incident.id)
    if wanted.runbook_id is not None:
        query = query.where(RunbookExecution.runbook_id == wanted.runbook_id)
    return _rows(work, _narrowed(query, RunbookExecution, wanted), RunbookExecution, window)


def list_runbook_executions(
    work: Work, person: Person, runbook: Runbook, window: Window, wanted: Wanted = ANY
) -> list[RunbookExecution]:
    """What ran of a runbook that the person has found: of a global one, for the incidents of their teams."""
    query = (
        select(RunbookExecution)
        .join(Incident, Incident.id == RunbookExecution.incident_id)
        .where(RunbookExecution.runbook_id == runbook.id, Incident.team.has(_is_visible(person)))
    )
    if wanted.incident_id is not None:
        query = query.where(RunbookExecution.incident_id == wanted.incident_id)
    return _rows(work, _narrowed(query, RunbookExecution, wanted), RunbookExecution, window)


def list_runbooks(
    work: Work, person: Person, window: Window, *, team: str | None = None, status: str | None = None
) -> list[Runbook]:
    """Of `team`, and in this approval status. Raises NotFound as `list_incidents` does."""
    visible = or_(Runbook.team_id.is_(None), Runbook.team.has(_is_visible(person)))
    query = select(Runbook).where(Runbook.deleted_at.is_(None), visible)
    if team is not None:
        query = query.where(Runbook.team_id == _visible_team_id(work, person, team))
    if status is not None:
        query = query.where(Runbook.status == status)
    return _rows(work, query, Runbook, window)


def list_workflows(
    work: Work, person: Person, window: Window, *, team: str | None = None, enabled: bool | None = None
) -> list[Workflow]:
    """Of `team`, and enabled or not. Raises NotFound as `list_incidents` does."""
    visible = or_(Workflow.team_id.is_(None), Workflow.team.has(_is_visible(person)))
    query = select(Workflow).where(Workflow.deleted_at.is_(None), visible)
    if team is not None:
        query = query.where(Workflow.team_id == _visible_team_id(work, person, team))
    if enabled is not None:
        query = query.where(Workflow.enabled == enabled)
    return _rows(work, query, Workflow, window)


def list_workflow_executions(
    work: Work, person: Person, workflow: Workflow, window: Window, wanted: Wanted = ANY
) -> list[WorkflowExecution]:
    """What ran of a workflow that the person has found: of a global one, for the incidents of their teams."""
    query = (
        select(WorkflowExecution)
        .join(Incident, Incident.id == WorkflowExecution.incident_id)
        .where(WorkflowExecution.workflow_id == workflow.id, Incident.team.has(_is_visible(person)))
    )
    if wanted.incident_id is not None:
        query = query.where(WorkflowExecution.incident_id == wanted.incident_id)
    return _rows(work, _narrowed(query, WorkflowExecution, wanted), WorkflowExecution, window)


def _narrowed(query: Select[Timed], table: type[Timed], wanted: Wanted) -> Select[Timed]:
    if wanted.status is not None:
        query = query.where(table.status == wanted.status)
    if wanted.since is not None:
        query = query.where(table.created_at >= wanted.since)
    return query if wanted.until is None else query.where(table.created_at < wanted.until)


def _is_visible(person: Person) -> ColumnElement[bool]:
    """The rule of `Person.may_see` for a team, as SQL."""
    return true() if person.is_platform_admin else Team.name.in_(sorted(person.roles))


def _visible_team_id(work: Work, person: Person, name: str) -> str:
    team = find_team(work, name)
    if not person.may_see(team.name):
        raise NotFound(f"There is no team {name}.")
    return team.id


def _rows(work: Work, query: Select[Row], table: type[Row], window: Window) -> list[Row]:
    ordered = query.order_by(table.created_at.desc(), table.id.desc()).limit(window.size)
    if window.after is not None:
        end = tuple_(literal(window.after.at), literal(window.after.id))
        ordered = ordered.where(tuple_(table.created_at, table.id) < end)
    return list(work.session.scalars(ordered))
