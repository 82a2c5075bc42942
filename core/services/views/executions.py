"""Converts runbook executions and gates into views, a page at a time.

The number of queries does not depend on the number of rows.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import groupby

from pydantic import BaseModel
from sqlalchemy import select, tuple_
from sqlalchemy.orm import selectinload

from core.decisions.approval_policy import (
    ApprovalPolicy,
    Decision,
    describe,
    describe_approvers,
    nobody_left,
    policy_from_json,
    possible_deciders,
)
from core.decisions.escalation import escalation_from_json
from core.decisions.gates import GATE
from core.decisions.initiators import initiators_to_json
from core.decisions.people import AGENT
from core.services.access.people import members_with_roles
from core.services.freezes.in_force import freeze_over, freezes_in_force
from core.services.shared.notices import NoticeKind
from core.services.views.children import standings
from core.statuses import ACTIVE, GateStatus, IncidentKind, InputStatus, Role, WaitingFor
from core.tables import (
    ActionExecution,
    Approval,
    Base,
    Freeze,
    Incident,
    InputRequest,
    JsonObject,
    Notice,
    RunbookExecution,
    StepExecution,
    WorkflowExecution,
)
from core.unit_of_work import UnitOfWork
from core.views.executions import (
    ActionView,
    ApprovalDecisionView,
    ApprovalView,
    ChildCountsView,
    EscalationView,
    ExecutionView,
    FreezeView,
    InitiatorView,
    InputView,
    LastApprovalView,
    MessageView,
    ProposalTextView,
    StepView,
)

WITH_CHILDREN = frozenset({"runbook", "parallel"})  # the types of steps that have child runs


def columns(row: Base, view: type[BaseModel]) -> JsonObject:
    """Return the row's columns that the view has under the same name."""
    return {name: getattr(row, name) for name in row.__table__.columns.keys() & view.model_fields.keys()}


@dataclass(frozen=True)
class _Around:
    """The related rows of a page of executions, by execution id unless noted otherwise."""

    steps: Mapping[str, Sequence[StepExecution]]
    gates: Mapping[str, Sequence[ApprovalView]]
    inputs: Mapping[str, InputView]
    retried_as: Mapping[str, str]
    incidents: Mapping[str, Incident]  # by their own ids
    freezes: Sequence[Freeze]  # in force
    workflows: Mapping[str, str]  # names, by the workflow execution's id
    headlines: Mapping[str, Notice]
    children: Mapping[tuple[str, str], ChildCountsView]  # by run and step


def view_executions(work: UnitOfWork, rows: Sequence[RunbookExecution]) -> list[ExecutionView]:
    """Return the views, each with its steps, its gates, the workflow that started it, and its retry."""
    if not rows:
        return []
    around = _load_around(work, rows)
    return [_view(row, around) for row in rows]


def _load_around(work: UnitOfWork, rows: Sequence[RunbookExecution]) -> _Around:
    ids = [row.id for row in rows]
    steps = _steps(work, ids)
    gated = [id_ for id_, each in steps.items() if any(step.type == GATE for step in each)]
    retries = select(RunbookExecution).where(RunbookExecution.retry_of.in_(ids))
    incidents = select(Incident).where(Incident.id.in_({row.incident_id for row in rows}))
    parents = [id_ for id_, each in steps.items() if any(step.type in WITH_CHILDREN for step in each)]
    return _Around(
        steps=steps,
        children=standings(work, parents) if parents else {},
        gates=_gates(work, gated) if gated else {},
        inputs=_open_inputs(work, [row.id for row in rows if row.waiting_for == WaitingFor.INPUT]),
        retried_as={str(row.retry_of): row.id for row in work.session.scalars(retries)},
        incidents={row.id: row for row in work.session.scalars(incidents)},
        freezes=freezes_in_force(work) if any(row.frozen for row in rows) else [],
        workflows=_workflow_names(work, {row.workflow_execution_id for row in rows} - {None}),
        headlines=_headlines(work, ids),
    )


def _gates(work: UnitOfWork, ids: Sequence[str]) -> dict[str, list[ApprovalView]]:
    """Return the gates of these runs, oldest first."""
    query = select(Approval).where(Approval.execution_id.in_(ids)).options(selectinload(Approval.decisions))
    found: dict[str, list[ApprovalView]] = {}
    for gate in view_approvals(work, list(work.session.scalars(query.order_by(Approval.opened_at)))):
        found.setdefault(gate.execution_id, []).append(gate)
    return found


def _open_inputs(work: UnitOfWork, ids: Sequence[str]) -> dict[str, InputView]:
    if not ids:
        return {}
    is_open = (InputRequest.execution_id.in_(ids), InputRequest.status == InputStatus.OPEN)
    return {
        row.execution_id: view_input(row)
        for row in work.session.scalars(select(InputRequest).where(*is_open))
    }


def view_input(row: InputRequest) -> InputView:
    respondents = describe_approvers(policy_from_json(row.policy))
    return InputView(**columns(row, InputView), step=row.step_id, schema=row.schema, respondents=respondents)


def _headlines(work: UnitOfWork, ids: Sequence[str]) -> dict[str, Notice]:
    query = select(Notice).where(Notice.subject_id.in_(ids), Notice.kind == NoticeKind.HEADLINE)
    return {row.subject_id: row for row in work.session.scalars(query)}


def _workflow_names(work: UnitOfWork, ids: Set[str | None]) -> dict[str, str]:
    if not ids:
        return {}
    query = select(WorkflowExecution.id, WorkflowExecution.workflow_name).where(WorkflowExecution.id.in_(ids))
    return dict(work.session.execute(query).all())


def _steps(work: UnitOfWork, ids: Sequence[str]) -> dict[str, list[StepExecution]]:
    query = (
        select(StepExecution)
        .where(StepExecution.execution_id.in_(ids))
        .order_by(StepExecution.execution_id, StepExecution.position)
        .execution_options(populate_existing=True)
    )
    grouped = groupby(work.session.scalars(query), key=lambda step: step.execution_id)
    return {execution_id: list(steps) for execution_id, steps in grouped}


def _view(row: RunbookExecution, around: _Around) -> ExecutionView:
    gates = around.gates.get(row.id, ())
    return ExecutionView(
        **columns(row, ExecutionView) | {"proposal": _proposal(row)},
        runbook=row.runbook_name,
        description=description_of(row.definition),
        incident_number=around.incidents[row.incident_id].number,
        incident_kind=IncidentKind(around.incidents[row.incident_id].kind),
        workflow=around.workflows.get(row.workflow_execution_id or ""),
        retried_as=around.retried_as.get(row.id),
        steps=_view_steps(row, around),
        approval=next((each for each in gates if each.status is GateStatus.OPEN), None),
        past_approvals=[each for each in gates if each.status is not GateStatus.OPEN],
        input=around.inputs.get(row.id),
        freeze=_freeze(row, around),
        message=_message(around.headlines.get(row.id), around.incidents[row.incident_id]),
    )


def _proposal(row: RunbookExecution) -> ProposalTextView | None:
    """Return what the agent said; a retry by a person still shows it, as it still has the agent's gate."""
    said = row.proposal
    if said is None:
        return None
    agent = next((each["who"] for each in row.initiators if each["who"].startswith(AGENT)), "")
    return ProposalTextView(
        agent=agent.removeprefix(AGENT), owner=said["owner"], people=said["for"], text=said["text"]
    )


def _message(headline: Notice | None, incident: Incident) -> MessageView | None:
    """Return where the run's card was posted: the notice's channel or the incident's. None if it is not posted yet."""
    channel = (headline.channel if headline else None) or incident.slack_channel
    if headline is None or headline.message_ts is None or channel is None:
        return None
    return MessageView(channel=channel, ts=headline.message_ts)


def _freeze(row: RunbookExecution, around: _Around) -> FreezeView | None:
    """Return the freeze that holds an active execution, if any."""
    if not row.frozen or row.status not in ACTIVE:
        return None
    return view_freeze_over(around.freezes, around.incidents[row.incident_id])


def view_freeze_over(freezes: Iterable[Freeze], incident: Incident) -> FreezeView | None:
    """Return the one of these freezes that applies to this incident's team, or None."""
    found = freeze_over(freezes, incident)
    return view_freeze(found) if found else None


def view_freeze(row: Freeze) -> FreezeView:
    return FreezeView(**columns(row, FreezeView), team=row.team.name if row.team else None)


def description_of(definition: JsonObject) -> str:
    return str(definition.get("description", "")).strip()


def _view_steps(row: RunbookExecution, around: _Around) -> list[StepView]:
    main: list[JsonObject] = row.definition["steps"]
    parts = [*main, *row.definition.get("finally", ())]
    return [
        StepView(
            **step_values(step),
            name=part.get("name"),
            in_finally=at >= len(main),
            children=around.children.get((row.id, step.step_id)),
        )
        for at, (part, step) in enumerate(zip(parts, around.steps.get(row.id, []), strict=True))
    ]


def step_values(row: StepExecution | ActionExecution) -> JsonObject:
    """Return the fields that steps and actions have in common."""
    return {"id": row.step_id, **columns(row, ActionView)}


def view_approvals(work: UnitOfWork, gates: Sequence[Approval]) -> list[ApprovalView]:
    """Return the views, each with the people who may decide: those named, and those who have the role."""
    if not gates:
        return []
    policies = [policy_from_json(gate.policy) for gate in gates]
    names = _gate_steps(work, gates)
    members = members_with_roles(work, frozenset().union(*(policy.teams for policy in policies)))
    return [
        _view_approval(work, gate, policy, names[gate.execution_id, gate.position], members)
        for gate, policy in zip(gates, policies, strict=True)
    ]


def _gate_steps(work: UnitOfWork, gates: Sequence[Approval]) -> dict[tuple[str, int], str]:
    keys = [(gate.execution_id, gate.position) for gate in gates]
    query = select(StepExecution.execution_id, StepExecution.position, StepExecution.step_id).where(
        tuple_(StepExecution.execution_id, StepExecution.position).in_(keys)
    )
    return {(execution_id, position): name for execution_id, position, name in work.session.execute(query)}


def _view_approval(
    work: UnitOfWork,
    gate: Approval,
    policy: ApprovalPolicy,
    step: str,
    members: Mapping[str, Sequence[tuple[str, Role]]],
) -> ApprovalView:
    made = [Decision(each.slack_user_id, each.approved) for each in gate.decisions]
    is_open = gate.status == GateStatus.OPEN
    decisions = [
        ApprovalDecisionView.model_validate(decision, from_attributes=True) for decision in gate.decisions
    ]
    return ApprovalView(
        id=gate.id,
        execution_id=gate.execution_id,
        step=step,
        status=gate.status,
        approvers=describe_approvers(policy),
        people=possible_deciders(policy, members),
        count=policy.count,
        requester=policy.requester,
        initiators=[InitiatorView.model_validate(each) for each in initiators_to_json(policy.initiators)],
        nobody_left=nobody_left(policy, members, made, work.admins) if is_open else None,
        shown=gate.shown,
        digest=gate.digest,
        asked_again=gate.asked_again,
        since=LastApprovalView.model_validate(gate.since) if gate.since is not None else None,
        escalation=_escalation(gate),
        message=gate.message,
        decisions=decisions,
        opened_at=gate.opened_at,
        expires_at=gate.expires_at,
        closed_at=gate.closed_at,
    )


def _escalation(gate: Approval) -> EscalationView | None:
    found = escalation_from_json(gate.escalation)
    if found is None:
        return None
    return EscalationView(
        at=found.at,
        to=describe(found.to) if found.to is not None else None,
        channel=found.channel,
        is_done=gate.prompt_at is None or gate.prompt_at > found.at,
    )
