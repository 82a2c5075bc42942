"""How an execution ends before its last step: cancelled, or because its time is over."""

from dataclasses import replace
from datetime import datetime

from core.decisions.execution import CancelRequested, Claimed, Event, Execution, Step, StepPrepared
from core.decisions.states import blame, ended_as, finished, unknown
from core.definitions.durations import format_duration
from core.statuses import Status

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


def yields(execution: Execution, event: Event) -> bool:
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
