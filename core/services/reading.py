"""Reading: rows as views. No permission is checked here; who calls has found the row by its service."""

from collections.abc import Sequence

from pydantic import BaseModel
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
    Base,
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


def _columns(row: Base, view: type[BaseModel]) -> JsonObject:
    """What the view shows as the row has it, under the same name."""
    return {name: getattr(row, name) for name in row.__table__.columns.keys() & view.model_fields.keys()}


def view_incident(row: Incident) -> IncidentView:
    return IncidentView(**_columns(row, IncidentView), team=row.team.name)


def view_runbook(row: Runbook) -> RunbookView:
    return RunbookView(**_columns(row, RunbookView), **_of_definition(row))


def view_workflow(row: Workflow) -> WorkflowView:
    return WorkflowView(**_columns(row, WorkflowView), **_of_definition(row))


def _of_definition(row: Runbook | Workflow) -> JsonObject:
    return {"team": row.team.name if row.team else None, "description": description_of(row.definition)}


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
        **_columns(row, ExecutionView),
        runbook=row.runbook_name,
        description=description_of(row.definition),
        incident_number=incident.number,
        workflow=_workflow_name(work, row),
        steps=_view_steps(row.definition["steps"], steps),
        approval=view_approval(work, gate) if gate else None,
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
    return {"id": row.step_id} | _columns(row, StepView)


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
        **_columns(row, WorkflowExecutionView),
        workflow=row.workflow_name,
        event={"type": event.type, **event_scope(event)},
        actions=[ActionView(**_step_values(action)) for action in actions],
        runbook_executions=list(work.session.scalars(caused.order_by(RunbookExecution.created_at))),
    )
