"""Reading: rows as views. No permission is checked here; who calls has found the row by its service."""

from sqlalchemy import select

from core.service import Work
from core.services.columns import columns
from core.services.execution_views import description_of, step_values, view_approvals, view_executions
from core.services.incident_scope import event_scope
from core.tables import (
    ActionExecution,
    Approval,
    Incident,
    IncidentEvent,
    JsonObject,
    Runbook,
    RunbookExecution,
    Workflow,
    WorkflowExecution,
)
from core.views import (
    ActionView,
    ApprovalView,
    ExecutionView,
    IncidentView,
    RunbookView,
    WorkflowExecutionView,
    WorkflowView,
)


def view_incident(row: Incident) -> IncidentView:
    return IncidentView(**columns(row, IncidentView), team=row.team.name)


def view_runbook(row: Runbook) -> RunbookView:
    return RunbookView(**columns(row, RunbookView), **_of_definition(row))


def view_workflow(row: Workflow) -> WorkflowView:
    return WorkflowView(**columns(row, WorkflowView), **_of_definition(row))


def _of_definition(row: Runbook | Workflow) -> JsonObject:
    return {"team": row.team.name if row.team else None, "description": description_of(row.definition)}


def view_execution(work: Work, row: RunbookExecution) -> ExecutionView:
    """With its steps, its open gate, and the workflow that caused it."""
    return view_executions(work, [row])[0]


def view_approval(work: Work, gate: Approval) -> ApprovalView:
    """With the people who may decide: those named, and those who hold the role."""
    return view_approvals(work, [gate])[0]


def view_workflow_execution(work: Work, row: WorkflowExecution) -> WorkflowExecutionView:
    actions = work.session.scalars(
        select(ActionExecution)
        .where(ActionExecution.execution_id == row.id)
        .order_by(ActionExecution.position)
    )
    event = work.session.get_one(IncidentEvent, row.event_id)
    caused = select(RunbookExecution.id).where(RunbookExecution.workflow_execution_id == row.id)
    return WorkflowExecutionView(
        **columns(row, WorkflowExecutionView),
        workflow=row.workflow_name,
        event={"type": event.type, **event_scope(event)},
        actions=[ActionView(**step_values(action)) for action in actions],
        runbook_executions=list(work.session.scalars(caused.order_by(RunbookExecution.created_at))),
    )
