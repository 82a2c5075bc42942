"""Reading: rows as views. No permission is checked here; who calls has found the row by its service."""

from collections.abc import Sequence

from sqlalchemy import select

from core.decisions.approval_policy import describe_approvers
from core.service import Work
from core.services.gate_policies import policy_from_json
from core.services.incident_scope import event_scope
from core.services.people import role_holders
from core.statuses import GateStatus
from core.tables import (
    ActionExecution,
    Approval,
    Incident,
    IncidentEvent,
    JsonObject,
    Runbook,
    RunbookExecution,
    StepExecution,
    Workflow,
    WorkflowExecution,
)
from core.views import (
    ActionView,
    ApprovalDecisionView,
    ApprovalView,
    ExecutionView,
    IncidentView,
    RunbookView,
    StepView,
    WorkflowExecutionView,
    WorkflowView,
)


def view_incident(row: Incident) -> IncidentView:
    values = {name: getattr(row, name) for name in IncidentView.model_fields if name != "team"}
    return IncidentView(**values, team=row.team.name)


def view_runbook(row: Runbook) -> RunbookView:
    values = {name: getattr(row, name) for name in RunbookView.model_fields if hasattr(row, name)}
    values |= {"team": row.team.name if row.team else None, "description": description_of(row.definition)}
    return RunbookView(**values)


def view_workflow(row: Workflow) -> WorkflowView:
    values = {name: getattr(row, name) for name in WorkflowView.model_fields if hasattr(row, name)}
    values |= {"team": row.team.name if row.team else None, "description": description_of(row.definition)}
    return WorkflowView(**values)


def description_of(definition: JsonObject) -> str:
    return str(definition.get("description", "")).strip()


def view_execution(work: Work, row: RunbookExecution) -> ExecutionView:
    """With its steps, its open gate, and the workflow that caused it."""
    steps = work.session.scalars(
        select(StepExecution).where(StepExecution.execution_id == row.id).order_by(StepExecution.position)
    ).all()
    incident = work.session.get_one(Incident, row.incident_id)
    gate = work.session.scalars(
        select(Approval).where(Approval.execution_id == row.id, Approval.status == GateStatus.OPEN)
    ).first()
    return ExecutionView(
        id=row.id,
        runbook=row.runbook_name,
        runbook_id=row.runbook_id,
        runbook_version=row.runbook_version,
        description=description_of(row.definition),
        status=row.status,
        waiting_for=row.waiting_for,
        incident_id=row.incident_id,
        incident_number=incident.number,
        workflow_execution_id=row.workflow_execution_id,
        workflow=_workflow_name(work, row),
        requested_by=row.requested_by,
        parameters=row.parameters,
        steps=_view_steps(row.definition["steps"], steps),
        approval=view_approval(work, gate) if gate else None,
        error=row.error,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _workflow_name(work: Work, row: RunbookExecution) -> str | None:
    if row.workflow_execution_id is None:
        return None
    return work.session.get_one(WorkflowExecution, row.workflow_execution_id).workflow_name


def _view_steps(parts: list[JsonObject], rows: Sequence[StepExecution]) -> list[StepView]:
    return [
        StepView(**_step_values(row), name=part.get("name")) for part, row in zip(parts, rows, strict=True)
    ]


def _step_values(row: StepExecution | ActionExecution) -> JsonObject:
    names = ("type", "status", "attempt", "started_at", "finished_at", "request", "output", "error")
    return {"id": row.step_id} | {name: getattr(row, name) for name in names}


def view_approval(work: Work, gate: Approval) -> ApprovalView:
    """With the people who may decide: those named, and those who hold the role."""
    policy = policy_from_json(gate.policy)
    people = set(policy.people)
    if policy.team is not None:
        people |= set(role_holders(work, policy.team, policy.role))
    if not policy.allow_requester:
        people.discard(policy.requester)
    step = work.session.get_one(StepExecution, (gate.execution_id, gate.position))
    decisions = [
        ApprovalDecisionView.model_validate(decision, from_attributes=True) for decision in gate.decisions
    ]
    return ApprovalView(
        id=gate.id,
        execution_id=gate.execution_id,
        step=step.step_id,
        status=gate.status,
        approvers=describe_approvers(policy),
        people=sorted(people),
        count=policy.count,
        requester=policy.requester,
        message=gate.message,
        decisions=decisions,
        opened_at=gate.opened_at,
        expires_at=gate.expires_at,
    )


def view_workflow_execution(work: Work, row: WorkflowExecution) -> WorkflowExecutionView:
    actions = work.session.scalars(
        select(ActionExecution)
        .where(ActionExecution.execution_id == row.id)
        .order_by(ActionExecution.position)
    )
    event = work.session.get_one(IncidentEvent, row.event_id)
    caused = select(RunbookExecution.id).where(RunbookExecution.workflow_execution_id == row.id)
    return WorkflowExecutionView(
        id=row.id,
        workflow=row.workflow_name,
        workflow_id=row.workflow_id,
        workflow_version=row.workflow_version,
        status=row.status,
        waiting_for=row.waiting_for,
        incident_id=row.incident_id,
        event={"type": event.type, **event_scope(event)},
        requested_by=row.requested_by,
        actions=[ActionView(**_step_values(action)) for action in actions],
        runbook_executions=list(work.session.scalars(caused.order_by(RunbookExecution.created_at))),
        error=row.error,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
