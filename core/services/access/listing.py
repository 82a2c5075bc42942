"""Lists what a person may see, newest first, one page at a time.

A page starts after a position (creation time and id), not at an offset, so rows that are added in the meantime neither
repeat nor hide others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, exists, literal, or_, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from core import statuses
from core.decisions.people import Person
from core.decisions.policy import visible_teams
from core.decisions.policy_table import Action
from core.errors import NotFound
from core.services.access.people import find_team
from core.statuses import GateStatus
from core.tables import Approval, Incident, Runbook, RunbookExecution, Team, Workflow, WorkflowExecution
from core.tables.executions import ACTIVE, ENDED
from core.unit_of_work import UnitOfWork

Row = TypeVar("Row", Incident, Runbook, RunbookExecution, Workflow, WorkflowExecution)
Run = TypeVar("Run", RunbookExecution, WorkflowExecution)
Definition = TypeVar("Definition", Runbook, Workflow)


@dataclass(frozen=True)
class Position:
    """The position of a row in a list. Rows of the same time are ordered by id."""

    at: datetime
    id: str


@dataclass(frozen=True)
class Window:
    """A page of a list: at most `size` rows after `after`, or from the start."""

    size: int
    after: Position | None = None


@dataclass(frozen=True)
class Wanted:
    """A filter for executions or incidents. None means no restriction.

    `kind`: of incidents. `runbook`, `incident`: ids. The period includes `since` and excludes `until`.
    """

    status: str | None = None
    runbook: str | None = None
    incident: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    kind: str | None = None

    def conditions(self, table: type[Row]) -> Iterator[ColumnElement[bool]]:
        for name, value in (
            ("status", self.status),
            ("runbook_id", self.runbook),
            ("incident_id", self.incident),
            ("kind", self.kind),
        ):
            if value is not None:
                yield getattr(table, name) == value
        yield from self.within(table.created_at)

    def within(self, at: InstrumentedAttribute[datetime]) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions that the time is in the period."""
        if self.since is not None:
            yield at >= self.since
        if self.until is not None:
            yield at < self.until


ANY = Wanted()
NOT_A_CHILD = RunbookExecution.parent_execution_id.is_(None)  # child runs are listed by their parent


def list_incidents(
    work: UnitOfWork, person: Person, window: Window, wanted: Wanted = ANY, *, team: str | None = None
) -> list[Incident]:
    """Return the incidents that the person may see, of `team` if it is given.

    Raises NotFound if there is no such team or the person may not see it.
    """
    query = select(Incident).where(*wanted.conditions(Incident))
    if team is not None:
        query = query.where(Incident.team_id == _visible_team_id(work, person, team))
    elif (teams := _team_ids(work, person, Action.INCIDENT_READ)) is not None:
        query = query.where(Incident.team_id.in_(teams))
    return _rows(work, query, Incident, window)


def list_executions(
    work: UnitOfWork, incident: Incident, window: Window, wanted: Wanted = ANY
) -> list[RunbookExecution]:
    """Return the runbook executions of an incident that the person may see."""
    conditions = wanted.conditions(RunbookExecution)
    query = select(RunbookExecution).where(
        RunbookExecution.incident_id == incident.id, NOT_A_CHILD, *conditions
    )
    return _rows(work, query, RunbookExecution, window)


def list_children(
    work: UnitOfWork, parent: RunbookExecution, window: Window, status: str | None = None
) -> list[RunbookExecution]:
    """Return the child runs of a run that the person may see, in their order."""
    query = select(RunbookExecution).where(RunbookExecution.parent_execution_id == parent.id)
    if status is not None:
        query = query.where(RunbookExecution.status == status)
    place = tuple_(RunbookExecution.created_at, RunbookExecution.id)
    if window.after is not None:
        query = query.where(place > tuple_(literal(window.after.at), literal(window.after.id)))
    ordered = query.order_by(RunbookExecution.created_at, RunbookExecution.id)
    return list(work.session.scalars(ordered.limit(window.size)))


def list_runbook_executions(
    work: UnitOfWork, person: Person, runbook: Runbook, window: Window, wanted: Wanted = ANY
) -> list[RunbookExecution]:
    """Return the runs of a runbook that the person may see; of a global one, only those for their teams' incidents."""
    query = select(RunbookExecution).where(RunbookExecution.runbook_id == runbook.id, NOT_A_CHILD)
    return _rows(work, _seen_by(work, person, query, RunbookExecution, wanted), RunbookExecution, window)


def list_active_executions(
    work: UnitOfWork, person: Person, window: Window, wanted: Wanted = ANY
) -> list[RunbookExecution]:
    """Return the active runs for the incidents of the person's teams. A partial index has only the active ones."""
    query = select(RunbookExecution).where(ACTIVE, NOT_A_CHILD)
    return _rows(work, _seen_by(work, person, query, RunbookExecution, wanted), RunbookExecution, window)


def list_runs(
    work: UnitOfWork, person: Person, window: Window, wanted: Wanted = ANY, *, team: str | None = None
) -> list[RunbookExecution]:
    """Return the runs that the person may see, ended ones included, of `team`'s incidents if it is given.

    Raises what `list_incidents` raises.
    """
    query = select(RunbookExecution).where(NOT_A_CHILD)
    if wanted.status is not None:  # said literally, because partial indexes have each half
        query = query.where(ACTIVE if wanted.status in statuses.ACTIVE else ENDED)
    if team is not None:
        of_team = Incident.team_id == _visible_team_id(work, person, team)
        query = query.where(exists().where(Incident.id == RunbookExecution.incident_id, of_team))
    return _rows(work, _seen_by(work, person, query, RunbookExecution, wanted), RunbookExecution, window)


def list_requested_by(
    work: UnitOfWork, person: Person, window: Window, requester: str | None = None
) -> list[RunbookExecution]:
    """Return the runs that `requester` (by default the person) requested, and that the person may see.

    An index has them by requester.
    """
    of_person = RunbookExecution.requested_by == (requester or person.slack_user_id)
    query = select(RunbookExecution).where(of_person, NOT_A_CHILD)
    return _rows(work, _seen_by(work, person, query, RunbookExecution, ANY), RunbookExecution, window)


def list_runbooks(
    work: UnitOfWork,
    person: Person,
    window: Window,
    *,
    team: str | None = None,
    status: str | None = None,
    parts: Sequence[str] = (),
) -> list[Runbook]:
    """Return runbooks, of `team` and in `status` if given. Raises what `list_incidents` raises.

    `parts`: of the name, in which all of them must be, in any order.
    """
    query = _definitions(work, person, Runbook, team).where(*_named(Runbook, parts))
    if status is not None:
        query = query.where(Runbook.status == status)
    return _rows(work, query, Runbook, window)


def list_workflows(
    work: UnitOfWork,
    person: Person,
    window: Window,
    *,
    team: str | None = None,
    enabled: bool | None = None,
    status: str | None = None,
    parts: Sequence[str] = (),
) -> list[Workflow]:
    """Return workflows, filtered by `team`, `enabled`, `status` and `parts` as runbooks are."""
    query = _definitions(work, person, Workflow, team).where(*_named(Workflow, parts))
    if enabled is not None:
        query = query.where(Workflow.enabled.is_(enabled))
    if status is not None:
        query = query.where(Workflow.status == status)
    return _rows(work, query, Workflow, window)


def list_workflow_executions(
    work: UnitOfWork, person: Person, workflow: Workflow, window: Window, wanted: Wanted = ANY
) -> list[WorkflowExecution]:
    """Return a workflow's executions that the person may see; of a global one, only for their teams' incidents."""
    query = select(WorkflowExecution).where(WorkflowExecution.workflow_id == workflow.id)
    return _rows(work, _seen_by(work, person, query, WorkflowExecution, wanted), WorkflowExecution, window)


def list_open_gates(
    work: UnitOfWork, person: Person, window: Window, wanted: Wanted = ANY, *, team: str | None = None
) -> list[Approval]:
    """Return the open gates that the person may see, of runs for `team`'s incidents if it is given.

    The period of `wanted` applies to their opening, the rest to their runs. Raises what `list_incidents` raises.
    """
    query = visible_gates(person).where(*wanted.within(Approval.opened_at))
    of_run = list(replace(wanted, since=None, until=None).conditions(RunbookExecution))
    if team is not None:
        of_team = select(Incident.id).where(Incident.team_id == _visible_team_id(work, person, team))
        of_run.append(RunbookExecution.incident_id.in_(of_team))
    if of_run:
        query = query.where(exists().where(RunbookExecution.id == Approval.execution_id, *of_run))
    end = _behind(window, Approval.opened_at, Approval.id)
    ordered = query.where(*end).order_by(Approval.opened_at.desc(), Approval.id.desc())
    return list(work.session.scalars(ordered.limit(window.size)))


def visible_gates(person: Person) -> Select[Approval]:
    """Select the open gates of the person's teams, those that their teams decide, and those that name the person."""
    query = (
        select(Approval).where(Approval.status == GateStatus.OPEN).options(selectinload(Approval.decisions))
    )
    names = visible_teams(person, Action.APPROVAL_READ)
    if names is None:
        return query
    teams = sorted(names)
    of_team = exists().where(
        RunbookExecution.id == Approval.execution_id,
        Incident.id == RunbookExecution.incident_id,
        Team.id == Incident.team_id,
        Team.name.in_(teams),
    )
    also = Approval.policy["also"]  # to whom the gate was escalated
    named = [who["people"].contains([person.slack_user_id]) for who in (Approval.policy, also)]
    decides = [who["team"].astext.in_(teams) for who in (Approval.policy, also)]
    return query.where(or_(of_team, *decides, *named))


def _definitions(
    work: UnitOfWork, person: Person, table: type[Definition], team: str | None
) -> Select[Definition]:
    query = select(table).where(table.deleted_at.is_(None))
    if team is not None:
        return query.where(table.team_id == _visible_team_id(work, person, team))
    return query.where(or_(table.team_id.is_(None), table.team.has(_is_visible(person))))


def _named(table: type[Definition], parts: Sequence[str]) -> list[ColumnElement[bool]]:
    return [table.name.icontains(part, autoescape=True) for part in parts]


def _seen_by(
    work: UnitOfWork, person: Person, query: Select[Run], table: type[Run], wanted: Wanted
) -> Select[Run]:
    found = query.where(*wanted.conditions(table))
    teams = _team_ids(work, person, Action.RUN_READ)
    if teams is None:
        return found
    return found.where(exists().where(Incident.id == table.incident_id, Incident.team_id.in_(teams)))


def _team_ids(work: UnitOfWork, person: Person, action: Action) -> list[str] | None:
    """Return the ids of the teams on whose things the person may take this action; None for every team.

    They are queried first, because with literal ids PostgreSQL uses the index that has the list's order.
    """
    names = visible_teams(person, action)
    if names is None:
        return None
    return list(work.session.scalars(select(Team.id).where(Team.name.in_(sorted(names)))))


def _is_visible(person: Person) -> ColumnElement[bool]:
    """Return the condition that the person may read the definitions of a team."""
    names = visible_teams(person, Action.DEFINITION_READ)
    return true() if names is None else Team.name.in_(sorted(names))


def _visible_team_id(work: UnitOfWork, person: Person, name: str) -> str:
    team = find_team(work, name)
    if not person.may_see(team.name, Action.INCIDENT_READ):
        raise NotFound(f"There is no team {name}.")
    return team.id


def _rows(work: UnitOfWork, query: Select[Row], table: type[Row], window: Window) -> list[Row]:
    end = _behind(window, table.created_at, table.id)
    ordered = query.where(*end).order_by(table.created_at.desc(), table.id.desc())
    return list(work.session.scalars(ordered.limit(window.size)))


def _behind(
    window: Window, at: InstrumentedAttribute[datetime], id_: InstrumentedAttribute[str]
) -> Iterator[ColumnElement[bool]]:
    if window.after is not None:
        yield tuple_(at, id_) < tuple_(literal(window.after.at), literal(window.after.id))
