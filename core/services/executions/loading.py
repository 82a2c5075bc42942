"""Executions as they are stored: the two kinds, and how rows become the values that decisions are about.

The two kinds of execution: what differs between running a runbook and running a workflow.

What stands for the steps, or actions, of an execution whose frozen definition cannot be read any more.

Each fails as soon as it is to be prepared, so that the execution ends and says why. What a worker had begun stays in
doubt, as that of any step which nobody says is safe to repeat.

Between rows and values: an execution's rows as the value that decisions are made on.

Loading an execution whole: its row, its steps, the parts of its definition, its state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.advisory_locks import keep_freezes_away
from core.definitions.actions import ActionDefinition, Branch
from core.definitions.durations import parse_duration
from core.definitions.kinds import StoredDefinitionInvalid, read_stored
from core.definitions.runbook import RunbookDefinition
from core.definitions.steps import StepDefinition
from core.definitions.workflow import WorkflowDefinition
from core.errors import InvalidInput, NotFound
from core.statuses import Status, WaitingFor
from core.tables import ActionExecution, RunbookExecution, StepExecution, WorkflowExecution
from core.values.execution import Execution, Failed, Step, StepPolicy

LEASE = timedelta(seconds=10)  # so long a worker holds an execution without a sign of life

KindName = Literal["runbook", "workflow"]
AnyExecution = RunbookExecution | WorkflowExecution
AnyStepRow = StepExecution | ActionExecution
AnyPart = StepDefinition | ActionDefinition


@dataclass(frozen=True)
class Kind:
    """Where executions of a kind are kept."""

    name: KindName
    execution: type[RunbookExecution] | type[WorkflowExecution]
    step: type[StepExecution] | type[ActionExecution]


RUNBOOK = Kind("runbook", RunbookExecution, StepExecution)
WORKFLOW = Kind("workflow", WorkflowExecution, ActionExecution)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (RUNBOOK, WORKFLOW)}


def kind_of(execution: AnyExecution) -> Kind:
    return RUNBOOK if isinstance(execution, RunbookExecution) else WORKFLOW


def parts_of(row: AnyExecution) -> tuple[Sequence[AnyPart], Sequence[Branch | None]]:
    """The ordered steps, or actions, of its frozen definition, and the arm of a branch that each is in, if in one.

    Nested actions are among them. Raises StoredDefinitionInvalid.
    """
    if isinstance(row, RunbookExecution):
        steps = read_stored(RunbookDefinition, row.runbook_name, row.runbook_version, row.definition).steps
        return steps, [None] * len(steps)
    placed = read_stored(WorkflowDefinition, row.workflow_name, row.workflow_version, row.definition).placed
    return [each.action for each in placed], [each.branch for each in placed]


class UnreadableStep(StepDefinition):
    """`reason`: why it cannot be read."""

    reason: str

    def prepare(self, context: object) -> Failed:  # noqa: ARG002 nothing helps
        return Failed(self.reason, final=True)


class UnreadableAction(ActionDefinition):
    """`reason`: why it cannot be read."""

    reason: str

    def prepare(self, context: object) -> Failed:  # noqa: ARG002 nothing helps
        return Failed(self.reason, final=True)


def unreadable_parts(kind: Kind, steps: Sequence[AnyStepRow], reason: str) -> list[AnyPart]:
    """One for each of the rows. Not validated: ids, too, may have been valid once."""
    part = UnreadableStep if kind.name == "runbook" else UnreadableAction
    return [part.model_construct(id=step.step_id, type=step.type, reason=reason) for step in steps]


def policy_of(part: AnyPart) -> StepPolicy:
    """What a step's definition says about repeating and failing."""
    retry = part.retry
    policy = StepPolicy(
        repeatable=not part.touches_outside or (retry is not None and retry.safe),
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
    """The execution as a value. `steps` are its step rows in order, `parts` the definition's steps."""
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
    """None also where it cannot be read any more: then nothing of the definition can, and nothing begins."""
    limit = row.definition.get("timeout")
    try:
        return parse_duration(limit) if limit else None
    except InvalidInput:
        return None


def _due_at(row: AnyExecution) -> datetime | None:
    """While a worker holds it, the column is the end of its lease; it was due before that lease began."""
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
    """The step rows to write, as JSON objects: those in which the two values differ."""
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
    """An execution as the database has it now. `parts`: the steps, or actions, of its frozen definition.

    `arms`: the arm of a branch that each of them is in, if it is in one.
    """

    kind: Kind
    row: AnyExecution
    parts: Sequence[AnyPart]
    state: Execution
    branches: Sequence[Branch | None]


def load(session: Session, kind: Kind, row: AnyExecution) -> Loaded:
    """With the execution's row at hand. A definition that cannot be read any more has parts that fail and say so."""
    query = select(kind.step).where(kind.step.execution_id == row.id).order_by(kind.step.position)
    steps: list[AnyStepRow] = list(session.scalars(query.execution_options(populate_existing=True)))
    try:
        parts, branches = parts_of(row)
    except StoredDefinitionInvalid as error:
        parts, branches = unreadable_parts(kind, steps, error.cannot_be_read), [None] * len(steps)
    return Loaded(kind, row, parts, load_state(row, steps, parts), branches)


def load_locked(session: Session, kind: Kind, execution_id: str) -> Loaded:
    """With a lock on the execution's row: nobody changes it until this transaction ends."""
    keep_freezes_away(session)  # what its change obliges us to may begin a run
    row: AnyExecution | None = session.get(  # type: ignore[assignment]  # of a union
        kind.execution, execution_id, with_for_update=True, populate_existing=True
    )
    if row is None:
        raise NotFound(f"There is no execution {execution_id}.")
    return load(session, kind, row)


def reload(session: Session, kind: Kind, execution_id: str) -> Loaded:
    """As it is now, without a lock."""
    row: AnyExecution = session.get_one(kind.execution, execution_id, populate_existing=True)  # type: ignore[assignment]
    return load(session, kind, row)
