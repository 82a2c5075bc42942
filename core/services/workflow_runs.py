"""Workflow executions: found, and cancelled."""

from sqlalchemy import select

from core.decisions.execution import CancelRequested
from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.errors import Conflict, NotFound
from core.execution.changes import apply_event
from core.execution.kinds import RUNBOOK, WORKFLOW
from core.execution.rows import load_locked
from core.service import Work
from core.services import audit
from core.services.runs import cancel
from core.statuses import ACTIVE
from core.tables import Incident, RunbookExecution, WorkflowExecution


def find_workflow_execution(work: Work, person: Person, execution_id: str) -> WorkflowExecution:
    """NotFound also for what the person's teams do not own: an execution belongs to its incident's team."""
    row = work.session.get(WorkflowExecution, execution_id)
    team = work.session.get_one(Incident, row.incident_id).team.name if row is not None else None
    if row is None or not person.may_see(team, Action.RUN_READ):
        raise NotFound(f"There is no workflow execution {execution_id}.")
    return row


def cancel_workflow(
    work: Work, person: Person, execution_id: str, *, with_runs: bool
) -> tuple[WorkflowExecution, int]:
    """No action starts after this commits; one under way is stopped by its worker.

    `with_runs`: what it has started is cancelled with it; otherwise that goes on. Returns the execution, and how many
    runs were cancelled. Raises NotFound, NotAllowed for somebody of another team, Conflict if it has ended.
    """
    row = find_workflow_execution(work, person, execution_id)
    team = work.session.get_one(Incident, row.incident_id).team.name
    check_may_respond(person, team, f"cancel {row.workflow_name}", Action.RUN_CANCEL)
    for run_id in _active_runs(
        work, row
    ):  # in the order of all locks: a run before the workflow that waits for it
        load_locked(work.session, RUNBOOK, run_id)
    loaded = load_locked(work.session, WORKFLOW, execution_id)
    if loaded.state.status.is_final:
        raise Conflict(f"This workflow has already ended: {row.status}.")
    change = {"before": {"status": row.status}, "after": {"cancel_requested": True}}
    details = {"workflow": row.workflow_name, "with_runs": with_runs, **change}
    audit.record(work, person, "workflow_execution.cancelled", row.id, details)
    apply_event(work, loaded, CancelRequested(f"<@{person.slack_user_id}>", row.worker is not None))
    runs = _active_runs(work, row) if with_runs else []
    for run_id in runs:
        cancel(work, person, run_id)
    work.session.refresh(row)
    return row, len(runs)


def _active_runs(work: Work, row: WorkflowExecution) -> list[str]:
    caused = select(RunbookExecution.id).where(RunbookExecution.workflow_execution_id == row.id)
    return list(
        work.session.scalars(caused.where(RunbookExecution.status.in_(ACTIVE)).order_by(RunbookExecution.id))
    )
