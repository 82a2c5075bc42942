"""The response models: a resource under its own name, or a list with the cursor of its next page."""

from pydantic import BaseModel

from core.simulation.views import PlanView
from core.statuses import AlertOutcome
from core.views.executions import (
    ApprovalView,
    CallbackView,
    ExecutionView,
    InputView,
    WorkflowExecutionView,
)
from core.views.incidents import IncidentView, NoteView, TimelineEntryView
from core.views.library import RunbookView, RunbookWithDiff, VersionView, WorkflowView, WorkflowWithDiff
from core.views.records import AuditEntryView


class IncidentAnswer(BaseModel):
    incident: IncidentView


class IncidentPage(BaseModel):
    incidents: list[IncidentView]
    next_cursor: str | None


class RunbookAnswer(BaseModel):
    runbook: RunbookWithDiff


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


class VersionPage(BaseModel):
    versions: list[VersionView]
    next_cursor: str | None


class WorkflowAnswer(BaseModel):
    workflow: WorkflowWithDiff


class WorkflowPage(BaseModel):
    workflows: list[WorkflowView]
    next_cursor: str | None


class WorkflowExecutionAnswer(BaseModel):
    execution: WorkflowExecutionView


class WorkflowExecutionPage(BaseModel):
    executions: list[WorkflowExecutionView]
    next_cursor: str | None


class ApprovalAnswer(BaseModel):
    approval: ApprovalView


class ApprovalPage(BaseModel):
    approvals: list[ApprovalView]
    next_cursor: str | None


class InputAnswer(BaseModel):
    input: InputView


class AuditPage(BaseModel):
    audit: list[AuditEntryView]
    next_cursor: str | None


class TimelinePage(BaseModel):
    timeline: list[TimelineEntryView]
    next_cursor: str | None


class NoteAnswer(BaseModel):
    note: NoteView


class AlertAnswer(BaseModel):
    """`incident`: the incident that was opened, already existed, or was resolved; null if the alert was ignored."""

    outcome: AlertOutcome
    incident: IncidentView | None


class CallbackAnswer(BaseModel):
    callback: CallbackView
