"""Loads executions: turns the rows of a runbook or workflow execution into the values that decisions work on.

If the stored definition can no longer be read, placeholder steps stand in for its steps. Each of them fails when it is
prepared, so that the execution ends and says why; a step that a worker had already started stays in doubt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.advisory_locks import lock_out_freezes
from core.definitions.actions import ActionDefinition, Branch
from core.definitions.durations import parse_duration
from core.definitions.fields import Retry
from core.definitions.runbook import RunbookDefinition
from core.definitions.steps import StepDefinition
from core.definitions.stored import StoredDefinitionInvalid, read_stored
from core.definitions.workflow import WorkflowDefinition
from core.errors import InvalidInput, NotFound
from core.statuses import ACTIVE, Status, WaitingFor
from core.tables import ActionExecution, RunbookExecution, StepExecution, WorkflowExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Execution, Failed, Step, StepPolicy

LEASE = timedelta(seconds=10)  # how long a worker holds an execution without a heartbeat

KindName = Literal["runbook", "workflow"]
AnyExecution = RunbookExecution | WorkflowExecution
AnyStepRow = StepExecution | ActionExecution
AnyPart = StepDefinition | ActionDefinition


@dataclass(frozen=True)
class Kind:
    """A kind of execution and its tables."""

    name: KindName
    execution: type[RunbookExecution] | type[WorkflowExecution]
    step: type[StepExecution] | type[ActionExecution]


RUNBOOK = Kind("runbook", RunbookExecution, StepExecution)
WORKFLOW = Kind("workflow", WorkflowExecution, ActionExecution)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (RUNBOOK, WORKFLOW)}


def kind_of(execution: AnyExecution) -> Kind:
    return RUNBOOK if isinstance(execution, RunbookExecution) else WORKFLOW


def parts_of(row: AnyExecution) -> tuple[Sequence[AnyPart], Sequence[Branch | None]]:
    """Return the steps or actions of its stored definition in order, and for each the branch that it is in, or None.

    Nested actions are included. Raises StoredDefinitionInvalid.
    """
    if isinstance(row, RunbookExecution):
        steps = read_stored(RunbookDefinition, row.runbook_name, row.runbook_version, row.definition).steps
        return steps, [None] * len(steps)
    placed = read_stored(WorkflowDefinition, row.workflow_name, row.workflow_version, row.definition).placed
    return [each.action for each in placed], [each.branch for each in placed]


class UnreadableStep(StepDefinition):
    """A placeholder for a step whose definition cannot be read. `reason`: why."""

    reason: str

    def prepare(self, context: object) -> Failed:  # noqa: ARG002 it always fails
        return Failed(self.reason, final=True)


class UnreadableAction(ActionDefinition):
    """A placeholder for a step whose definition cannot be read. `reason`: why."""

    reason: str

    def prepare(self, context: object) -> Failed:  # noqa: ARG002 it always fails
        return Failed(self.reason, final=True)


def unreadable_parts(kind: Kind, steps: Sequence[AnyStepRow], reason: str) -> list[AnyPart]:
    """Return a placeholder for each row. They are not validated: ids that were valid once may no longer be."""
    part = UnreadableStep if kind.name == "runbook" else UnreadableAction
    return [part.model_construct(id=step.step_id, type=step.type, reason=reason) for step in steps]


def policy_of(part: AnyPart) -> StepPolicy:
    """Return the step's rules for retries and failures."""
    only_reads = isinstance(part, StepDefinition) and part.only_reads
    retry = part.retry or (Retry() if only_reads else None)
    policy = StepPolicy(
        repeatable=not part.touches_outside or only_reads or (retry is not None and retry.safe),
        continue_on_failure=part.on_failure == "continue",
        asks=not isinstance(part, ActionDefinition),
        rechecks=isinstance(part, ActionDefinition) and part.rechecks,
        covers_for=None if isinstance(part, ActionDefinition) else part.covers_retries_for,
    )
    if retry is None:
        return policy
    return replace(policy, attempts=retry.attempts, backoff=retry.backoff, max_backoff=retry.max_backoff)


def load_state(
    row: AnyExecution,
    steps: Sequence[AnyStepRow],
    parts: Sequence[AnyPart],
) -> Execution:
    """Return the execution as a value. `steps`: its step rows in order; `parts`: the definition's steps, likewise."""
    return Execution(
        status=Status(row.status),
        steps=tuple(_step(step, policy_of(part)) for step, part in zip(steps, parts, strict=True)),
        waiting_for=WaitingFor(row.waiting_for) if row.waiting_for else None,
        wake_at=_due_at(row),
        cancel_requested=row.cancel_requested,
        frozen=row.frozen,
        error=row.error,
        started_at=row.started_at,
        finished_at=row.finished_at,
        timeout=_timeout(row),
    )


def _timeout(row: AnyExecution) -> timedelta | None:
    """Return the timeout. None if there is none or it is unreadable: then no step of the definition starts anyway."""
    limit = row.definition.get("timeout")
    try:
        return parse_duration(limit) if limit else None
    except InvalidInput:
        return None


def _due_at(row: AnyExecution) -> datetime | None:
    """Return when it is due. While a worker holds it, the column has the lease's end; it was due before the lease."""
    return row.wake_at - LEASE if row.worker is not None and row.wake_at is not None else row.wake_at


def _step(row: AnyStepRow, policy: StepPolicy) -> Step:
    return Step(
        id=row.step_id,
        type=row.type,
        policy=policy,
        status=Status(row.status),
        attempt=row.attempt,
        started_at=row.started_at,
        finished_at=row.finished_at,
        request=row.request,
        output=row.output,
        saved=row.saved,
        error=row.error,
        maybe_done=row.maybe_done,
    )


def changed_steps(before: Execution, after: Execution) -> list[dict[str, Any]]:
    """Return the step rows that differ between the two values, as JSON objects to write."""
    return [
        _row(position, new)
        for position, (old, new) in enumerate(zip(before.steps, after.steps, strict=True))
        if old is not new and old != new
    ]


def _row(position: int, step: Step) -> dict[str, Any]:
    return {
        "position": position,
        "status": step.status.value,
        "attempt": step.attempt,
        "started_at": step.started_at.isoformat() if step.started_at else None,
        "finished_at": step.finished_at.isoformat() if step.finished_at else None,
        "request": step.request,
        "output": step.output,
        "saved": dict(step.saved),
        "error": step.error,
        "maybe_done": step.maybe_done,
    }


@dataclass(frozen=True)
class Loaded:
    """An execution as it is stored. `parts`: the steps or actions of its stored definition.

    `branches`: for each part, the branch that it is in, or None.
    """

    kind: Kind
    row: AnyExecution
    parts: Sequence[AnyPart]
    state: Execution
    branches: Sequence[Branch | None]


def load(session: Session, kind: Kind, row: AnyExecution) -> Loaded:
    """Load the execution of this row. If its definition cannot be read, its parts fail with the reason."""
    query = select(kind.step).where(kind.step.execution_id == row.id).order_by(kind.step.position)
    steps: list[AnyStepRow] = list(session.scalars(query.execution_options(populate_existing=True)))
    try:
        parts, branches = parts_of(row)
    except StoredDefinitionInvalid as error:
        parts, branches = unreadable_parts(kind, steps, error.cannot_be_read), [None] * len(steps)
    return Loaded(kind, row, parts, load_state(row, steps, parts), branches)


def load_locked(session: Session, kind: Kind, execution_id: str) -> Loaded:
    """Load and lock the execution, so that nobody changes it until this transaction ends. Raises NotFound."""
    lock_out_freezes(session)  # side effects of the change may start a run
    row: AnyExecution | None = session.get(  # type: ignore[assignment]  # of a union
        kind.execution, execution_id, with_for_update=True, populate_existing=True
    )
    if row is None:
        raise NotFound(f"There is no execution {execution_id}.")
    return load(session, kind, row)


def reload(session: Session, kind: Kind, execution_id: str) -> Loaded:
    """Load the execution again, without a lock."""
    row: AnyExecution = session.get_one(kind.execution, execution_id, populate_existing=True)  # type: ignore[assignment]
    return load(session, kind, row)


def executions_of_incident(
    work: UnitOfWork, incident_id: str, *, active_only: bool = False
) -> list[RunbookExecution]:
    """Return the incident's runs, newest first."""
    query = select(RunbookExecution).where(RunbookExecution.incident_id == incident_id)
    if active_only:
        query = query.where(RunbookExecution.status.in_(ACTIVE))
    return list(
        work.session.scalars(query.order_by(RunbookExecution.created_at.desc(), RunbookExecution.id.desc()))
    )
