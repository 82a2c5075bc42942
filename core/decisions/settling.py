"""What becomes of a step that has ended, and with it of the execution.

The states that an execution, or one of its steps, is brought into: small changes of values, with no rule in them.

Whether a failed step is tried again, and when.

How an execution ends before its last step: cancelled, or because its time is over.

What a step came to, and where that leads: to the next step, to an attempt more, to a question, to the end.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from core.decisions.freeze import held
from core.definitions.durations import format_duration
from core.statuses import Status, WaitingFor
from core.values.execution import (
    CancelRequested,
    Claimed,
    Event,
    Execution,
    Failed,
    Json,
    Skipped,
    Step,
    StepPolicy,
    StepPrepared,
    StepResult,
    Succeeded,
    Transition,
    Uncertain,
    Waits,
)


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


def retry_delay(policy: StepPolicy, attempt: int, asked: timedelta | None = None) -> timedelta | None:
    """How long to wait before the attempt after `attempt` (counted from 1); None: it is not tried again.

    The wait doubles with every attempt; it is no shorter than what the other side `asked` for. `max_backoff` is the
    longest, whoever asks.
    """
    if not policy.repeatable or attempt >= policy.attempts:
        return None
    doubled = policy.backoff * (1 << min(max(attempt - 1, 0), 20))
    return min(max(doubled, asked or timedelta(0)), policy.max_backoff)


WORKER_LOST = "The worker was lost while this step ran. Nobody knows whether it happened."
RESTORED = (
    "The database was restored from a copy, which does not tell what was done after it was taken. Nobody knows whether "
    "this step happened."
)


def why_unknown(step: Step) -> str:
    """Of a step that was under way, and of which nothing more is known."""
    return RESTORED if step.maybe_done else WORKER_LOST


def is_overdue(execution: Execution, now: datetime) -> bool:
    """Whether the time that the execution may take is over."""
    return execution.deadline is not None and now >= execution.deadline


def deadline_preempts(execution: Execution, event: Event) -> bool:
    """Whether the deadline goes before the event.

    Nothing begins after the deadline, and no wait goes on. What runs may end, and a cancel is a cancel.
    """
    if isinstance(event, Claimed | StepPrepared):
        return not execution.cancel_requested and execution.position is not None
    return execution.status is Status.WAITING and not isinstance(event, CancelRequested)


def within_deadline(execution: Execution) -> Execution:
    """What waits is woken by its deadline at the latest."""
    deadline = execution.deadline
    if deadline is None or execution.status is not Status.WAITING:
        return execution
    return replace(execution, wake_at=min(execution.wake_at or deadline, deadline))


def overdue(execution: Execution, now: datetime) -> Execution:
    """Ended by its deadline. A step in doubt stays in doubt: that time is over does not make us know."""
    assert execution.timeout is not None
    limit = format_duration(execution.timeout)
    execution = _left(execution, Status.TIMED_OUT, now, f"Time was over: all of it may take {limit}.")
    return ended_as(execution, Status.TIMED_OUT, now, f"Not done within {limit}.")


def cancelled(execution: Execution, now: datetime) -> Execution:
    """Ended by a person. A step in doubt stays in doubt: cancelling does not make us know."""
    execution = _left(execution, Status.CANCELLED, now, None)
    return ended_as(execution, Status.CANCELLED, now, execution.error)


def refused(execution: Execution, now: datetime, reason: str) -> Execution:
    """Ended because it may not run. Of a step that a lost worker had begun nobody knows whether it happened."""
    return ended_as(_left(execution, Status.FAILED, now, reason), Status.FAILED, now, reason)


def expired(execution: Execution, position: int, now: datetime, error: str) -> Execution:
    """Ended because a step's own time is over."""
    step = finished(execution.steps[position], Status.TIMED_OUT, now, error=error)
    execution = execution.with_step(position, step)
    return ended_as(execution, Status.TIMED_OUT, now, blame(step, error))


def _left(execution: Execution, status: Status, now: datetime, error: str | None) -> Execution:
    """The current step is left as it is, unless it waits (then it ends) or runs (then nobody knows)."""
    position = execution.position
    if position is None:
        return execution
    step = execution.steps[position]
    if step.status is Status.WAITING:
        return execution.with_step(position, finished(step, status, now, error=error))
    if step.status is Status.RUNNING:
        return execution.with_step(position, unknown(step, why_unknown(step)))
    return execution


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
