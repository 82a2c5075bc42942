"""Finds runbook and workflow executions for the people who may see them."""

from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.errors import NotFound
from core.services.shared.incident_scope import team_of
from core.tables import Incident, RunbookExecution, WorkflowExecution
from core.unit_of_work import UnitOfWork


def find_execution(work: UnitOfWork, person: Person, execution_id: str) -> RunbookExecution:
    """Return the run. Raises NotFound, also if the person may not see it."""
    row = work.session.get(RunbookExecution, execution_id)
    if row is None or not person.may_see(team_of(work, row), Action.RUN_READ):
        raise NotFound(f"There is no execution {execution_id}.")
    return row


def find_workflow_execution(work: UnitOfWork, person: Person, execution_id: str) -> WorkflowExecution:
    """Return the workflow execution. Raises NotFound, also if the person may not see it."""
    row = work.session.get(WorkflowExecution, execution_id)
    team = work.session.get_one(Incident, row.incident_id).team.name if row is not None else None
    if row is None or not person.may_see(team, Action.RUN_READ):
        raise NotFound(f"There is no workflow execution {execution_id}.")
    return row
