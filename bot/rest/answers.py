"""The shapes of answers: one resource under its own name, a list with the cursor of its next page."""

from pydantic import BaseModel

from core.rehearsal.views import PlanView
from core.views import (
    ApprovalView,
    ExecutionView,
    IncidentView,
    RunbookView,
    WorkflowExecutionView,
    WorkflowView,
)


class IncidentAnswer(BaseModel):
    incident: IncidentView


class IncidentPage(BaseModel):
    incidents: list[IncidentView]
    next_cursor: str | None


class RunbookAnswer(BaseModel):
    runbook: RunbookView


class RunbookPage(BaseModel):
    runbooks: list[RunbookView]
    next_cursor: str | None


class ExecutionAnswer(BaseModel):
    execution: ExecutionView


class PlanAnswer(BaseModel):
    plan: PlanView


class ExecutionPage(BaseModel):
    executions: list[ExecutionView]
    next_cursor: str | None


class WorkflowPage(BaseModel):
    workflows: list[WorkflowView]
    next_cursor: str | None


class WorkflowExecutionAnswer(BaseModel):
    execution: WorkflowExecutionView


class ApprovalAnswer(BaseModel):
    approval: ApprovalView


class ApprovalPage(BaseModel):
    approvals: list[ApprovalView]
    next_cursor: str | None
