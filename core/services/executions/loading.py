"""Loads executions: turns the rows of a runbook or workflow execution into the values that decisions work on.

If the stored definition can no longer be read, placeholder steps stand in for its steps. Each of them fails when it is
prepared, so that the execution ends and says why; a step that a worker had already started stays in doubt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.advisory_locks import lock_out_freezes
from core.definitions.actions import ActionDefinition, Branch
from core.definitions.durations import parse_duration
from core.definitions.runbook import FINALLY_TIMEOUT, RunbookDefinition
from core.definitions.steps import StepDefinition
from core.definitions.stored import StoredDefinitionInvalid, read_stored
from core.definitions.workflow import WorkflowDefinition
from core.errors import InvalidInput, NotFound
from core.services.executions.kinds import AnyExecution, AnyStepRow, Kind
from core.statuses import ACTIVE, Status, WaitingFor
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Execution, Failed, Step, StepPolicy

LEASE = timedelta(seconds=10)  # how long a worker holds an execution without a heartbeat

AnyPart = StepDefinition | ActionDefinition


@dataclass(frozen=True)
class Parts:
    """The steps or actions of a stored definition in order, nested actions included.

    `branches`: for each, the branch that it is in, or None. `finally_from`: the position of the first finally step.
    """

    parts: Sequence[AnyPart]
    branches: Sequence[Branch | None]
    finally_from: int


def parts_of(row: AnyExecution) -> Parts:
    """Return the steps or actions of its stored definition. Raises StoredDefinitionInvalid."""
    if isinstance(row, RunbookExecution):
        definition = read_stored(RunbookDefinition, row.runbook_name, row.runbook_version, row.definition)
        steps = definition.all_steps
        return Parts(steps, [None] * len(steps), len(definition.steps))
    placed = read_stored(WorkflowDefinition, row.workflow_name, row.workflow_version, row.definition).placed
    return Parts([each.action for each in placed], [each.branch for each in placed], len(placed))


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


def policy_of(part: AnyPart, *, in_finally: bool = False) -> StepPolicy:
    """Return the step's rules for retries and failures. The failure of a finally step never ends a run."""
    retry = part.retry
    policy = StepPolicy(
        repeatable=not part.touches_outside or (retry is not None and retry.safe),
        only_reads=isinstance(part, StepDefinition) and part.only_reads,
        continue_on_failure=part.on_failure == "continue" or in_finally,
        asks=not isinstance(part, ActionDefinition),
        rechecks=isinstance(part, ActionDefinition) and part.rechecks,
        polls=isinstance(part, StepDefinition) and part.poll is not None,
        in_finally=in_finally,
        finds_lost_attempts=isinstance(part, StepDefinition) and part.finds_lost_attempts,
        stops_elsewhere=isinstance(part, StepDefinition) and part.stops_elsewhere,
        covers_for=None if isinstance(part, ActionDefinition) else part.covers_retries_for,
    )
    if retry is None:
        return policy
    return replace(policy, attempts=retry.attempts, backoff=retry.backoff, max_backoff=retry.max_backoff)


def load_state(
    row: AnyExecution,
    steps: Sequence[AnyStepRow],
    parts: Parts,
) -> Execution:
    """Return the execution as a value. `steps`: its step rows in order; `parts`: the definition's steps, likewise."""
    policies = (policy_of(part, in_finally=at >= parts.finally_from) for at, part in enumerate(parts.parts))
    return Execution(
        status=Status(row.status),
        steps=tuple(_step(step, policy) for step, policy in zip(steps, policies, strict=True)),
        waiting_for=WaitingFor(row.waiting_for) if row.waiting_for else None,
        wake_at=_due_at(row),
        cancel_requested=row.cancel_requested,
        frozen=row.frozen,
        error=row.error,
        started_at=row.started_at,
        finished_at=row.finished_at,
        timeout=_duration(row, "timeout", None),
        finally_timeout=_duration(row, "finally_timeout", FINALLY_TIMEOUT),
        outcome=Status(row.outcome) if row.outcome else None,
        admitted_by=gate_of(row),
    )


def gate_of(row: AnyExecution) -> str | None:
    """Return the id of the gate that a run has because an agent proposed it; None for any other."""
    proposal = row.proposal if isinstance(row, RunbookExecution) else None
    return str(proposal["gate"]) if proposal is not None else None


def _duration(row: AnyExecution, field: str, default: timedelta | None) -> timedelta | None:
    """Return a time limit of the definition. If it is unreadable, no step of the definition starts anyway."""
    limit = row.definition.get(field)
    try:
        return parse_duration(limit) if limit else default
    except InvalidInput:
        return default


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
        progress=row.progress,
    )


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
    return with_steps(kind, row, list(session.scalars(query.execution_options(populate_existing=True))))


def with_steps(kind: Kind, row: AnyExecution, steps: Sequence[AnyStepRow]) -> Loaded:
    """Return the execution of this row and of these rows of its steps, which are in order."""
    try:
        found = parts_of(row)
    except StoredDefinitionInvalid as error:
        unreadable = unreadable_parts(kind, steps, error.cannot_be_read)
        found = Parts(unreadable, [None] * len(steps), len(steps))
    return Loaded(kind, row, found.parts, load_state(row, steps, found), found.branches)


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
    """Return the incident's runs, newest first, without their child runs."""
    query = select(RunbookExecution).where(
        RunbookExecution.incident_id == incident_id, RunbookExecution.parent_execution_id.is_(None)
    )
    if active_only:
        query = query.where(RunbookExecution.status.in_(ACTIVE))
    return list(
        work.session.scalars(query.order_by(RunbookExecution.created_at.desc(), RunbookExecution.id.desc()))
    )
