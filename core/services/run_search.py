"""Finding runbook executions, without changing any."""

from sqlalchemy import select

from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.errors import NotFound
from core.service import Work
from core.statuses import ACTIVE
from core.tables import Incident, RunbookExecution


def find_execution(work: Work, person: Person, execution_id: str) -> RunbookExecution:
    """NotFound also for what the person's teams do not own."""
    row = work.session.get(RunbookExecution, execution_id)
    if row is None or not person.may_see(team_of(work, row), Action.RUN_READ):
        raise NotFound(f"There is no execution {execution_id}.")
    return row


def team_of(work: Work, row: RunbookExecution) -> str:
    """The team that owns the incident that it is run for."""
    return work.session.get_one(Incident, row.incident_id).team.name


def executions_of_incident(
    work: Work, incident_id: str, *, active_only: bool = False
) -> list[RunbookExecution]:
    """Newest first."""
    query = select(RunbookExecution).where(RunbookExecution.incident_id == incident_id)
    if active_only:
        query = query.where(RunbookExecution.status.in_(ACTIVE))
    return list(
        work.session.scalars(query.order_by(RunbookExecution.created_at.desc(), RunbookExecution.id.desc()))
    )
