"""The states that an execution, or one of its steps, is brought into: small changes of values, with no rule in them."""

from dataclasses import replace
from datetime import datetime

from core.decisions.execution import Execution, Failed, Json, Step
from core.statuses import Status, WaitingFor


def ended_as(execution: Execution, status: Status, now: datetime, error: str | None) -> Execution:
    return replace(execution, status=status, waiting_for=None, wake_at=None, finished_at=now, error=error)


def blame(step: Step, error: str | None) -> str:
    """The error of an execution that a step of it ended."""
    return f"Step {step.id}: {error}"


def asking(execution: Execution) -> Execution:
    return replace(execution, status=Status.WAITING, waiting_for=WaitingFor.VERDICT, wake_at=None)


def running(execution: Execution) -> Execution:
    return replace(execution, status=Status.RUNNING, waiting_for=None, wake_at=None)


def awake(execution: Execution, now: datetime) -> Execution:
    return replace(running(execution), wake_at=now)


def again_later(execution: Execution, position: int, failure: Failed, at: datetime) -> Execution:
    """A step failed, and is tried again at `at`."""
    step = execution.steps[position]
    waiting = replace(step, status=Status.WAITING, error=failure.error, output=failure.output)
    return replace(
        execution.with_step(position, waiting),
        status=Status.WAITING,
        waiting_for=WaitingFor.TIMER,
        wake_at=at,
    )


def counted(step: Step, now: datetime) -> Step:
    """One attempt more."""
    return replace(step, attempt=step.attempt + 1, started_at=step.started_at or now)


def unknown(step: Step, error: str) -> Step:
    """Nobody knows whether it happened. Once is asked: what people say of it holds, whatever was restored."""
    return replace(step, status=Status.UNKNOWN, error=error, maybe_done=False)


def finished(
    step: Step, status: Status, now: datetime, *, output: Json = None, error: str | None = None
) -> Step:
    return replace(
        step,
        status=status,
        started_at=step.started_at or now,
        finished_at=now,
        output=output,
        error=error,
    )
