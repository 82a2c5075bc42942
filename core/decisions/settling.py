"""The result of a step, and its effect on the execution: the next step, a retry, a question, or the end.

This includes the deadline of an execution, cancellation, and steps in doubt.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from core.decisions.children import has_plan
from core.decisions.states import asking, awake, blame, finished, held, running, unknown, without_mentions
from core.definitions.durations import format_duration
from core.statuses import Status, WaitingFor
from core.values.execution import (
    CancelRequested,
    Claimed,
    Event,
    Execution,
    Failed,
    InProgress,
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
    """Decide the outcome. The run ends with it, or continues with its finally steps if it has any and has begun."""
    assert not execution.is_ending, "an outcome is decided once"
    decided = replace(execution, outcome=status, error=error, cancel_requested=False)
    if execution.waiting_for is WaitingFor.CHILDREN:
        return replace(decided, wake_at=now + CHILDREN_DELAY)
    has_finally = any(step.policy.in_finally for step in execution.steps)
    if _has_children(execution) or (has_finally and _has_begun(execution)):
        return awake(decided, now)
    return _over(execution, status, now, error)


CHILDREN_DELAY = timedelta(minutes=1)  # how often a run that waits for its child runs makes sure of them


def _has_children(execution: Execution) -> bool:
    """Whether its current step has child runs that may not have ended, also while it is about to look at them."""
    position = execution.position
    step = execution.steps[position] if position is not None else None
    return step is not None and step.status is Status.WAITING and has_plan(step)


def _has_begun(execution: Execution) -> bool:
    """Whether something was done that the finally steps may have to clean up.

    What an agent proposed, and nobody approved, has done nothing: its finally steps do not run, either.
    """
    steps = [step for step in execution.steps if not step.policy.in_finally]
    gate = next((at for at, step in enumerate(steps) if step.id == execution.admitted_by), None)
    if gate is not None and steps[gate].status is not Status.SUCCEEDED:
        steps = steps[gate + 1 :]
    return execution.started_at is not None and any(step.started_at is not None for step in steps)


def _over(execution: Execution, status: Status, now: datetime, error: str | None) -> Execution:
    return replace(execution, status=status, waiting_for=None, wake_at=None, finished_at=now, error=error)


def closed(execution: Execution, now: datetime, failure: str | None = None) -> Execution:
    """End a run whose outcome is decided. `failure`: what went wrong in its finally steps; the outcome stays."""
    assert execution.outcome is not None
    error = " ".join(filter(None, (execution.error, failure))) or None
    return _over(execution, execution.outcome, now, error)


def again_later(execution: Execution, position: int, failure: Failed, at: datetime) -> Execution:
    """Schedule a failed step's next attempt at `at`."""
    step = execution.steps[position]
    waiting = replace(step, status=Status.WAITING, error=failure.error, output=failure.output, progress=None)
    return _until(execution.with_step(position, waiting), at)


def look_later(execution: Execution, position: int, found: InProgress, now: datetime) -> Transition:
    """Have the step look again after its delay. Its error says meanwhile what it is waiting for.

    A cancel that came during the look ends the step as one that waits: what it started or read is known.
    """
    looking = replace(
        execution.steps[position],
        status=Status.WAITING,
        error=found.reason,
        output=found.output,
        progress=found.progress,
    )
    execution = execution.with_step(position, looking)
    if execution.cancel_requested:
        return proceed(execution, now)
    return Transition(_until(execution, now + found.delay))


def _until(execution: Execution, at: datetime) -> Execution:
    return replace(execution, status=Status.WAITING, waiting_for=WaitingFor.TIMER, wake_at=at)


def retry_delay(policy: StepPolicy, attempt: int, asked: timedelta | None = None) -> timedelta | None:
    """Return the delay before the attempt after `attempt` (counted from 1); None if there is no further attempt.

    The delay doubles with every attempt, and is at least what the other side `asked` for, but never more than
    `max_backoff`.
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
    """Return why the outcome of a step that was under way is unknown."""
    return RESTORED if step.maybe_done else WORKER_LOST


def is_overdue(execution: Execution, now: datetime) -> bool:
    """Return whether the execution's deadline has passed."""
    return execution.deadline is not None and now >= execution.deadline


def to_stop(execution: Execution, now: datetime) -> int | None:
    """Return the index of the step that a cancel has to stop elsewhere before the execution ends, or None.

    A freeze, and the end of its time, let the execution reach nothing outside: then what it started goes on.
    """
    position = execution.position
    if position is None or not execution.cancel_requested or execution.frozen or is_overdue(execution, now):
        return None
    step = execution.steps[position]
    return position if step.follows and step.policy.stops_elsewhere else None


def deadline_preempts(execution: Execution, event: Event) -> bool:
    """Return True if the deadline takes precedence over the event.

    After the deadline nothing starts, and no wait continues. A running step may finish, and a cancel remains a cancel.
    """
    if isinstance(event, Claimed | StepPrepared):
        return not execution.cancel_requested and execution.position is not None
    return execution.status is Status.WAITING and not isinstance(event, CancelRequested)


def within_deadline(execution: Execution) -> Execution:
    """Make a waiting execution wake at its deadline at the latest."""
    deadline = execution.deadline
    if deadline is None or execution.status is not Status.WAITING:
        return execution
    return replace(execution, wake_at=min(execution.wake_at or deadline, deadline))


def overdue(execution: Execution, now: datetime) -> Execution:
    """End the execution at its deadline. A step in doubt stays in doubt, as its outcome is still unknown."""
    if execution.is_ending:
        return _finally_overdue(execution, now)
    assert execution.timeout is not None
    limit = format_duration(execution.timeout)
    execution = _left(execution, Status.TIMED_OUT, now, f"Timed out: the whole execution may take {limit}.")
    return ended_as(execution, Status.TIMED_OUT, now, f"Not finished within {limit}.")


def _finally_overdue(execution: Execution, now: datetime) -> Execution:
    assert execution.finally_timeout is not None
    limit = format_duration(execution.finally_timeout)
    left = _left(execution, Status.TIMED_OUT, now, f"Timed out: the finally steps may take {limit}.")
    return closed(left, now, f"Its finally steps did not finish within {limit}.")


def cancelled(execution: Execution, now: datetime) -> Execution:
    """End the execution on request. A step in doubt stays in doubt, as its outcome is still unknown."""
    execution = _left(execution, Status.CANCELLED, now, None)
    return ended_as(execution, Status.CANCELLED, now, execution.error)


def refused(execution: Execution, now: datetime, reason: str) -> Execution:
    """End an execution that may not run. A step started by a lost worker is left in doubt, and no finally step runs."""
    left = _left(execution, Status.FAILED, now, reason, is_over=True)
    return closed(left, now, reason) if left.is_ending else _over(left, Status.FAILED, now, reason)


def expired(execution: Execution, position: int, now: datetime, error: str) -> Execution:
    """End the execution because a step's own time has expired."""
    step = finished(execution.steps[position], Status.TIMED_OUT, now, error=error)
    execution = execution.with_step(position, step)
    return ended_as(execution, Status.TIMED_OUT, now, blame(step, error))


def _left(
    execution: Execution, status: Status, now: datetime, error: str | None, *, is_over: bool = False
) -> Execution:
    """Leave the current step as it is, unless it is waiting (then it ends) or running (then it is in doubt).

    One that has child runs ends after them, unless the run `is_over` at once.
    """
    position = execution.position
    if position is None:
        return execution
    step = execution.steps[position]
    if step.status is Status.WAITING and (is_over or not _has_children(execution)):
        # What it started goes on: people need its link.
        found = step.output if step.progress is not None else None
        return execution.with_step(position, finished(step, status, now, output=found, error=error))
    if step.status is Status.RUNNING:
        return execution.with_step(position, unknown(step, why_unknown(step)))
    return execution


def settle(execution: Execution, position: int, result: StepResult, now: datetime) -> Transition:
    """Return the transition for the result of the step at `position`. What it says may quote what others wrote."""
    step = execution.steps[position]
    match result:
        case Succeeded(output, saved):
            step = finished(step, Status.SUCCEEDED, now, output=output, saved=saved)
        case Skipped(reason):
            step = finished(step, Status.SKIPPED, now, output={"reason": reason})
        case Waits():
            return _wait(execution, position, result, now)
        case InProgress(reason=reason):
            said = without_mentions(reason)
            return look_later(execution, position, replace(result, reason=said), now)
        case Failed(error):
            return fail(execution, position, replace(result, error=without_mentions(error)), now)
        case Uncertain(error, output):
            return _doubt(execution, position, Failed(without_mentions(error), output), now)
    return proceed(execution.with_step(position, step), now)


def _wait(execution: Execution, position: int, wait: Waits, now: datetime) -> Transition:
    if execution.cancel_requested and wait.waiting_for is not WaitingFor.CHILDREN:
        return proceed(execution, now)
    waiting = replace(execution.steps[position], status=Status.WAITING, error=None, progress=wait.progress)
    execution = replace(
        execution.with_step(position, waiting),
        status=Status.WAITING,
        waiting_for=wait.waiting_for,
        wake_at=wait.until,
    )
    return Transition(cancelled(execution, now) if execution.cancel_requested else execution)


def fail(
    execution: Execution, position: int, failure: Failed, now: datetime, *, resume: bool = False
) -> Transition:
    """Fail the step at `position`. `resume`: no worker holds the execution, so continuing means waking one."""
    step = execution.steps[position]
    is_over = failure.final or execution.cancel_requested or is_overdue(execution, now)
    delay = None if is_over else retry_delay(step.policy, step.attempt, failure.retry_after)
    if delay is not None:
        return Transition(again_later(execution, position, failure, now + delay))
    failed = finished(step, Status.FAILED, now, output=failure.output, error=failure.error)
    execution = execution.with_step(position, failed)
    if execution.is_ending:
        return Transition(awake(execution, now)) if resume else proceed(execution, now)
    if execution.cancel_requested:
        return Transition(cancelled(execution, now))
    if is_overdue(execution, now):
        return Transition(overdue(execution, now))
    if not step.policy.continue_on_failure:
        return Transition(ended_as(execution, Status.FAILED, now, blame(step, failure.error)))
    return Transition(awake(execution, now)) if resume else proceed(execution, now)


def _doubt(execution: Execution, position: int, failure: Failed, now: datetime) -> Transition:
    """Handle a call without an answer: retry a repeatable step while allowed, then ask; ask at once about any other."""
    step = execution.steps[position]
    is_over = execution.cancel_requested or is_overdue(execution, now)
    if retry_delay(step.policy, step.attempt) is not None and not is_over:
        return fail(execution, position, failure, now)
    doubtful = replace(unknown(step, failure.error), output=failure.output)
    return Transition(in_doubt(execution, position, doubtful, now))


def in_doubt(execution: Execution, position: int, doubtful: Step, now: datetime) -> Execution:
    """Ask for a verdict; end the execution if it was cancelled, is overdue, or has nobody to ask."""
    execution = execution.with_step(position, doubtful)
    if execution.cancel_requested:
        return cancelled(execution, now)
    if is_overdue(execution, now):
        return overdue(execution, now)
    if not doubtful.policy.asks:
        return ended_as(execution, Status.FAILED, now, blame(doubtful, doubtful.error))
    return asking(execution)


def proceed(execution: Execution, now: datetime) -> Transition:
    """Continue with the next step, or end the execution. A cancelled one first stops what goes on elsewhere."""
    stopped = to_stop(execution, now)
    if stopped is not None:
        return Transition(running(execution), prepare=stopped)
    if execution.cancel_requested:
        return Transition(cancelled(execution, now))
    position = execution.position
    if position is None and execution.is_ending:
        return Transition(closed(execution, now))
    if position is None:
        execution = ended_as(execution, Status.SUCCEEDED, now, None)
        position = execution.position if execution.is_ending else None
    if position is None:
        return Transition(execution)
    if is_overdue(execution, now):
        return Transition(overdue(execution, now))
    return next_step(execution, position)


def next_step(execution: Execution, position: int) -> Transition:
    """Prepare the step at `position`, unless a freeze holds the execution before it.

    A step that may already have been done is not started but asked about, so it does not have to wait for the freeze.
    """
    step = execution.steps[position]
    if execution.frozen and not step.is_doubtful and step.progress is None:
        return Transition(held(execution, position))
    return Transition(running(execution), prepare=position)
