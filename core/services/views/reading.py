"""Converts rows into views. No permission is checked here; the caller has found the row through its service."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from core.services.shared.incident_scope import event_scope
from core.services.views.executions import (
    columns,
    description_of,
    step_values,
    view_approvals,
    view_executions,
)
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
from core.unit_of_work import UnitOfWork
from core.views.executions import ActionView, ApprovalView, ExecutionView, WorkflowExecutionView
from core.views.incidents import IncidentView
from core.views.library import RunbookView, WorkflowView


def view_incident(row: Incident) -> IncidentView:
    return IncidentView(**columns(row, IncidentView), team=row.team.name)


def view_runbook(row: Runbook) -> RunbookView:
    return RunbookView(**columns(row, RunbookView), **_of_definition(row))


def view_workflow(row: Workflow) -> WorkflowView:
    shown = columns(row, WorkflowView) | _of_definition(row)
    shown["trigger_on"] = row.trigger_on or row.definition["trigger"]["on"]
    shown["next_at"] = row.next_at if row.deleted_at is None else None
    return WorkflowView(**shown, in_force_version=row.approved_version if row.in_force is not None else None)


def _of_definition(row: Runbook | Workflow) -> JsonObject:
    return {"team": row.team.name if row.team else None, "description": description_of(row.definition)}


def view_execution(work: UnitOfWork, row: RunbookExecution) -> ExecutionView:
    """Return the view of a run, with its steps, its open gate, and the workflow that started it."""
    return view_executions(work, [row])[0]


def view_approval(work: UnitOfWork, gate: Approval) -> ApprovalView:
    """Return the view of a gate, with the people who may decide: those named, and those who have the role."""
    return view_approvals(work, [gate])[0]


def view_workflow_execution(work: UnitOfWork, row: WorkflowExecution) -> WorkflowExecutionView:
    """Return the view of a workflow execution, with its actions and the runs that it started."""
    return view_workflow_executions(work, [row])[0]


def view_workflow_executions(
    work: UnitOfWork, rows: Sequence[WorkflowExecution]
) -> list[WorkflowExecutionView]:
    """Return the views of a page. The number of queries does not depend on the number of rows."""
    ids = [row.id for row in rows]
    events = select(IncidentEvent).where(IncidentEvent.id.in_({row.event_id for row in rows}))
    by_id = {event.id: event for event in work.session.scalars(events)}
    actions, caused = _actions(work, ids), _caused(work, ids)
    return [
        _view_workflow_execution(row, by_id[row.event_id], actions[row.id], caused[row.id]) for row in rows
    ]


def _actions(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, Sequence[ActionExecution]]:
    query = select(ActionExecution).where(ActionExecution.execution_id.in_(ids))
    found: dict[str, list[ActionExecution]] = {id_: [] for id_ in ids}
    for action in work.session.scalars(query.order_by(ActionExecution.position)):
        found[action.execution_id].append(action)
    return found


def _caused(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    query = select(RunbookExecution.workflow_execution_id, RunbookExecution.id).where(
        RunbookExecution.workflow_execution_id.in_(ids), RunbookExecution.parent_execution_id.is_(None)
    )
    found: dict[str, list[str]] = {id_: [] for id_ in ids}
    for cause, id_ in work.session.execute(query.order_by(RunbookExecution.created_at)):
        found[str(cause)].append(id_)
    return found


def _view_workflow_execution(
    row: WorkflowExecution, event: IncidentEvent, actions: Sequence[ActionExecution], caused: Sequence[str]
) -> WorkflowExecutionView:
    return WorkflowExecutionView(
        **columns(row, WorkflowExecutionView),
        workflow=row.workflow_name,
        event={"type": event.type, **event_scope(event)},
        actions=[ActionView(**step_values(action)) for action in actions],
        runbook_executions=list(caused),
    )
