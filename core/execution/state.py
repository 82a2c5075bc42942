"""Between rows and values: an execution's rows as the value that decisions are made on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.actions.base import ActionDefinition
from core.decisions.execution import Execution, Step, StepPolicy
from core.definitions.durations import parse_duration
from core.errors import InvalidInput
from core.statuses import Status, WaitingFor

from .kinds import AnyExecution, AnyPart, AnyStepRow
from .lease import LEASE


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
