"""Executions as every interface shows them: with their steps, approvals and initiators."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.statuses import GateStatus, IncidentKind, InputStatus, Status, WaitingFor


class ChildCountsView(BaseModel):
    """How the child runs of a step stand. `failed_names`: the first few that did not succeed."""

    total: int
    unstarted: int
    active: int
    succeeded: int
    failed: int
    failed_names: list[str]


class StepView(BaseModel):
    id: str
    type: str
    name: str | None = None
    status: Status
    attempt: int
    started_at: datetime | None
    finished_at: datetime | None
    request: Any = None
    output: Any = None
    error: str | None
    carried_over: bool = False
    in_finally: bool = False
    children: ChildCountsView | None = None


class ApprovalDecisionView(BaseModel):
    slack_user_id: str
    approved: bool
    reason: str
    created_at: datetime


class InitiatorView(BaseModel):
    """Who initiated a run, and how: `{"who": "U0ANNA", "as": "opened"}`."""

    model_config = ConfigDict(serialize_by_alias=True)

    who: str
    deed: str = Field(alias="as")


class ProposalTextView(BaseModel):
    """What an agent said when it proposed a run. `agent`: its name; `owner`: who is responsible for it, and `people`:
    for whom it acts, as Slack ids.
    """

    agent: str
    owner: str
    people: list[str] = []
    text: str


class ShownStepView(BaseModel):
    """A step that an approval allows to run. `request`: what will be sent, as far as it is known, with secrets by name.

    `depends_on_results`: whether the request depends on the results of earlier steps, shown in it as `‹lag.seconds›`.
    `error`: why the step is certain to fail.
    """

    step: str
    type: str
    name: str | None
    runs: Literal["yes", "no", "depends"]
    condition: str | None
    request: Any
    depends_on_results: bool
    error: str | None


class DifferenceView(BaseModel):
    """Something that differs from the run that was last approved. `where`: `step`, `parameter`, `runbook`, or
    `request` for what a step would send. `name`: of the step or parameter. `field`: what of it; empty for all of it.
    """

    where: Literal["step", "parameter", "runbook", "request"]
    name: str
    field: str
    kind: Literal["changed", "added", "removed", "moved"]
    before: str | None
    after: str | None


class LastApprovalView(BaseModel):
    """The approval that was last given at the same gate, and what differs now. `version`: of the runbook at that time.

    `more`: how many differences there are besides those listed.
    """

    execution_id: str
    version: int
    approved_by: list[str]
    approved_at: datetime | None
    differences: list[DifferenceView]
    more: int = 0


class EscalationView(BaseModel):
    """Who may decide as well from `at` on, in words; None if nobody: then only `channel` sees the gate as well.

    `is_done`: whether that is so now.
    """

    at: datetime
    to: str | None
    channel: str | None
    is_done: bool


class ApprovalView(BaseModel):
    """An approval gate. `approvers`: who may decide, in words with Slack mentions; `people`: the Slack ids to notify.

    `initiators`: who initiated its run and may not decide. `nobody_left`: if too few people remain who may decide, a
    sentence that says so and who can help. `shown`: the steps that an approval allows to run; `digest`: SHA-256 of
    these with the version and parameters; both null for a gate of an earlier release. `asked_again`: why, if it was
    asked before. `since`: the last approval of the same gate, if there is one. `escalation`: who may decide as
    well, from when.
    """

    id: str
    execution_id: str
    step: str
    status: GateStatus
    approvers: str
    people: list[str]
    count: int
    requester: str
    message: str
    initiators: list[InitiatorView] = []
    nobody_left: str | None = None
    shown: list[ShownStepView] | None = None
    digest: str | None = None
    asked_again: str | None = None
    since: LastApprovalView | None = None
    escalation: EscalationView | None = None
    decisions: list[ApprovalDecisionView]
    opened_at: datetime
    expires_at: datetime | None
    closed_at: datetime | None = None


class InputView(BaseModel):
    """The values that a run asks for. `schema`: their JSON Schema, with the defaults of this run.

    `respondents`: who may answer, in words with Slack mentions. `values` and `answered_by`: null until it is answered.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    id: str
    execution_id: str
    step: str
    attempt: int
    status: InputStatus
    message: str
    values_schema: dict[str, Any] = Field(alias="schema")
    respondents: str
    values: dict[str, Any] | None
    answered_by: str | None
    opened_at: datetime
    expires_at: datetime | None
    closed_at: datetime | None


class FreezeView(BaseModel):
    """A freeze. `team`: None for everything. `lifted_by` and `lifted_at`: None while it is in force."""

    id: str
    team: str | None
    reason: str
    frozen_by: str
    created_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None


class MessageView(BaseModel):
    """A message in Slack, identified as in Slack's API: `chat.getPermalink` turns the two fields into a link."""

    channel: str
    ts: str


class ExecutionView(BaseModel):
    """A runbook execution. `requested_by`: a Slack user id, or `workflow:NAME`; `initiators`: who initiated it.

    `parent_execution_id`: the run whose step started this one, and `child_name`: how it calls it.
    `retry_of`: the execution that this one continues; its `carried_over` steps were done there. `retried_as`: the
    execution that continues this one. `outcome`: how it will end, while its finally steps run. `values`: what the
    runbook's `values` came to; null before a worker takes the run. `input`: the values that it waits for. `freeze`: the
    freeze that holds it before its next step. `message`: its headline in Slack, once posted.
    """

    id: str
    runbook: str
    runbook_id: str
    runbook_version: int
    description: str
    status: Status
    waiting_for: WaitingFor | None
    outcome: Status | None = None
    incident_id: str
    incident_number: int
    incident_kind: IncidentKind = IncidentKind.INCIDENT
    workflow_execution_id: str | None
    workflow: str | None
    parent_execution_id: str | None = None
    child_name: str | None = None
    retry_of: str | None = None
    retried_as: str | None = None
    requested_by: str
    initiators: list[InitiatorView] = []
    proposal: ProposalTextView | None = None
    parameters: dict[str, Any]
    values: dict[str, Any] | None = None
    steps: list[StepView]
    approval: ApprovalView | None
    past_approvals: list[ApprovalView] = []
    input: InputView | None = None
    freeze: FreezeView | None = None
    message: MessageView | None = None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ActionView(StepView):
    """An action, which is the step of a workflow."""


class WorkflowExecutionView(BaseModel):
    """A workflow execution, with the runbook executions that it started. `event`: the event that started it.

    `requested_by`: who caused that event: a Slack user id, `workflow:NAME`, or `system`.
    """

    id: str
    workflow: str
    workflow_id: str
    workflow_version: int
    status: Status
    waiting_for: WaitingFor | None
    incident_id: str
    event: dict[str, Any]
    requested_by: str
    actions: list[ActionView]
    runbook_executions: list[str]
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class CallbackView(BaseModel):
    """A callback received for a step. Its body is not shown; the step keeps what it needs from it."""

    execution_id: str
    step: str
    received_at: datetime
