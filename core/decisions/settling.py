"""What a step came to, and where that leads: to the next step, to an attempt more, to a question, to the end."""

from dataclasses import replace
from datetime import datetime

from core.decisions.endings import cancelled, is_overdue, overdue
from core.decisions.execution import (
    Execution,
    Failed,
    Skipped,
    Step,
    StepResult,
    Succeeded,
    Transition,
    Uncertain,
    Waits,
)
from core.decisions.freeze import held
from core.decisions.retry import retry_delay
from core.decisions.states import again_later, asking, awake, blame, ended_as, finished, running, unknown
from core.statuses import Status


def settle(execution: Execution, position: int, result: StepResult, now: datetime) -> Transition:
    """What the step at `position` came to."""
    step = execution.steps[position]
    match result:
        case Succeeded(output, saved):
            step = replace(finished(step, Status.SUCCEEDED, now, output=output), saved=saved)
        case Skipped(reason):
            step = finished(step, Status.SKIPPED, now, output={"reason": reason})
        case Waits():
            return _wait(execution, position, result, now)
        case Failed():
            return fail(execution, position, result, now)
        case Uncertain(error, output):
            return _doubt(execution, position, Failed(error, output), now)
    return proceed(execution.with_step(position, step), now)


def _wait(execution: Execution, position: int, wait: Waits, now: datetime) -> Transition:
    if execution.cancel_requested:
        return proceed(execution, now)
    waiting = replace(execution.steps[position], status=Status.WAITING, error=None)
    return Transition(
        replace(
            execution.with_step(position, waiting),
            status=Status.WAITING,
            waiting_for=wait.waiting_for,
            wake_at=wait.until,
        )
    )


def fail(
    execution: Execution, position: int, failure: Failed, now: datetime, *, resume: bool = False
) -> Transition:
    """The step at `position` failed. `resume`: no worker holds the execution, so going on means waking one."""
    step = execution.steps[position]
    is_over = failure.final or execution.cancel_requested or is_overdue(execution, now)
    delay = None if is_over else retry_delay(step.policy, step.attempt, failure.retry_after)
    if delay is not None:
        return Transition(again_later(execution, position, failure, now + delay))
    failed = finished(step, Status.FAILED, now, output=failure.output, error=failure.error)
    execution = execution.with_step(position, failed)
    if execution.cancel_requested:
        return Transition(cancelled(execution, now))
    if is_overdue(execution, now):
        return Transition(overdue(execution, now))
    if not step.policy.continue_on_failure:
        return Transition(ended_as(execution, Status.FAILED, now, blame(step, failure.error)))
    return Transition(awake(execution, now)) if resume else proceed(execution, now)


def _doubt(execution: Execution, position: int, failure: Failed, now: datetime) -> Transition:
    """No answer came. A repeatable step is tried again while it may be; then, and of any other, we must ask."""
    step = execution.steps[position]
    is_over = execution.cancel_requested or is_overdue(execution, now)
    if retry_delay(step.policy, step.attempt) is not None and not is_over:
        return fail(execution, position, failure, now)
    doubtful = replace(unknown(step, failure.error), output=failure.output)
    return Transition(in_doubt(execution, position, doubtful, now))


def in_doubt(execution: Execution, position: int, doubtful: Step, now: datetime) -> Execution:
    """People are asked; of a run that was cancelled, is overdue, or where nobody can be asked, it is the end."""
    execution = execution.with_step(position, doubtful)
    if execution.cancel_requested:
        return cancelled(execution, now)
    if is_overdue(execution, now):
        return overdue(execution, now)
    if not doubtful.policy.asks:
        return ended_as(execution, Status.FAILED, now, blame(doubtful, doubtful.error))
    return asking(execution)


def proceed(execution: Execution, now: datetime) -> Transition:
    """On to the next step, or to the end."""
    if execution.cancel_requested:
        return Transition(cancelled(execution, now))
    position = execution.position
    if position is None:
        return Transition(ended_as(execution, Status.SUCCEEDED, now, None))
    if is_overdue(execution, now):
        return Transition(overdue(execution, now))
    return next_step(execution, position)


def next_step(execution: Execution, position: int) -> Transition:
    """The step at `position` is to be prepared, unless a freeze holds the execution before it.

    One that may have been done already does not begin, but is asked about: for that nobody need lift the freeze.
    """
    if execution.frozen and not execution.steps[position].is_doubtful:
        return Transition(held(execution, position))
    return Transition(running(execution), prepare=position)
