"""Workflow executions: found."""

from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.errors import NotFound
from core.service import Work
from core.tables import Incident, WorkflowExecution


def find_workflow_execution(work: Work, person: Person, execution_id: str) -> WorkflowExecution:
    """NotFound also for what the person's teams do not own: an execution belongs to its incident's team."""
    row = work.session.get(WorkflowExecution, execution_id)
    team = work.session.get_one(Incident, row.incident_id).team.name if row is not None else None
    if row is None or not person.may_see(team, Action.RUN_READ):
        raise NotFound(f"There is no workflow execution {execution_id}.")
    return row
