"""`advance`: what an event makes of an execution. The heart of the machine, and pure.

The order of things around it: a worker claims the execution (`Claimed`), is told which step to prepare,
renders the step's request (`StepPrepared`), **commits that**, acts, and reports (`StepEnded`), which names
the next step to prepare. A step found `running` by a claim is therefore one whose worker died between the
commit and the report: nobody knows whether it happened.
"""

from dataclasses import replace
from datetime import datetime

from core.decisions.endings import (
    WORKER_LOST,
    cancelled,
    expired,
    is_overdue,
    overdue,
    refused,
    within_deadline,
    yields,
)
from core.decisions.execution import (
    Answered,
    CallbackReceived,
    CancelRequested,
    Claimed,
    Event,
    Execution,
    Failed,
    GateDecided,
    Json,
    LockGranted,
    Refused,
    Skipped,
    Step,
    StepEnded,
    StepPrepared,
    StepResult,
    Succeeded,
    Transition,
    Uncertain,
    VerdictGiven,
    Waits,
)
from core.decisions.freeze import held
from core.decisions.retry import retry_delay
from core.decisions.states import again_later, asking, awake, counted, ended_as, finished, running, unknown
from core.statuses import Status, WaitingFor

NOT_ANSWERED = "No answer came in time."


def advance(execution: Execution, event: Event, now: datetime) -> Transition:
    """What `event` makes of `execution` at `now`. An event that no longer fits changes nothing."""
    if execution.status.is_final:
        return Transition(execution)
    if is_overdue(execution, now) and yields(execution, event):
        return Transition(overdue(execution, now))
    transition = _advance(execution, event, now)
    return replace(transition, execution=within_deadline(transition.execution))


def _advance(execution: Execution, event: Event, now: datetime) -> Transition:
    match event:
        case Claimed():
            return _claimed(execution, now)
        case StepPrepared(request):
            return _prepared(execution, request, now)
        case StepEnded(result):
            return _ended(execution, result, now)
        case GateDecided():
            return _decided(event, execution, now)
        case CancelRequested():
            return _cancel(event, execution, now)
        case VerdictGiven():
            return _verdict(event, execution, now)
        case LockGranted() | CallbackReceived() | Answered():
            return _came(event, execution, now)
        case Refused(reason):
            return Transition(refused(execution, now, reason))


def _claimed(execution: Execution, now: datetime) -> Transition:
    if not execution.frozen:
        execution = replace(execution, started_at=execution.started_at or now)
    position = execution.position
    if position is None or execution.cancel_requested:
        return _proceed(execution, now)
    step = execution.steps[position]
    if step.status is Status.RUNNING:
        return _recover(execution, position, now)
    if step.status is Status.WAITING:
        return _after_wait(execution, position, now)
    if step.status is Status.UNKNOWN:
        return Transition(asking(execution))
    if execution.waiting_for is WaitingFor.LOCK:
        return Transition(execution)
    return _proceed(execution, now)


def _prepared(execution: Execution, request: Json, now: datetime) -> Transition:
    position = execution.position
    if position is None or execution.cancel_requested:
        return _proceed(execution, now)
    step = execution.steps[position]
    if execution.status is not Status.RUNNING or (
        step.status is Status.RUNNING and not step.policy.repeatable
    ):
        return Transition(execution)
    if execution.frozen:
        return _next(execution, position)
    started = replace(counted(step, now), status=Status.RUNNING, request=request, error=None)
    return Transition(running(execution.with_step(position, started)))


def _ended(execution: Execution, result: StepResult, now: datetime) -> Transition:
    position = execution.position
    if position is None or execution.status is not Status.RUNNING:
        return Transition(execution)
    step = execution.steps[position]
    is_counted = step.status is Status.RUNNING or (step.status is Status.WAITING and step.error is None)
    if not is_counted and not isinstance(result, Skipped):
        execution = execution.with_step(position, counted(step, now))
    return _settle(execution, position, result, now)


def _decided(event: GateDecided, execution: Execution, now: datetime) -> Transition:
    position = execution.position
    if position is None or execution.waiting_for is not WaitingFor.APPROVAL:
        return Transition(execution)
    if event.approved:
        passed = finished(execution.steps[position], Status.SUCCEEDED, now, output={"approved_by": event.by})
        return Transition(awake(execution.with_step(position, passed), now))
    reason = f": {event.reason}" if event.reason else "."
    return _fail(execution, position, Failed(f"Rejected by {event.by}{reason}", final=True), now, resume=True)


def _cancel(event: CancelRequested, execution: Execution, now: datetime) -> Transition:
    requested = replace(
        execution, cancel_requested=True, error=execution.error or f"Cancelled by {event.by}."
    )
    return Transition(requested) if event.worker_active else _proceed(requested, now)


def _verdict(event: VerdictGiven, execution: Execution, now: datetime) -> Transition:
    position = execution.position
    if position is None or execution.waiting_for is not WaitingFor.VERDICT:
        return Transition(execution)
    step = execution.steps[position]
    if event.answer == "ran":
        step = finished(step, Status.SUCCEEDED, now, output={"verdict": "ran", "by": event.by})
        return Transition(awake(execution.with_step(position, step), now))
    if event.answer == "run_again":
        again = replace(step, status=Status.PENDING, error=None)
        return Transition(awake(execution.with_step(position, again), now))
    failed = Failed(f"It did not run, says {event.by}.", final=True)
    return _fail(execution, position, failed, now, resume=True)


def _came(
    event: LockGranted | CallbackReceived | Answered, execution: Execution, now: datetime
) -> Transition:
    """What the execution waited for, unless it does not wait for that any more."""
    if isinstance(event, LockGranted):
        return _granted(execution, now)
    position = execution.position
    if position is None or execution.waiting_for is not WaitingFor.CALLBACK:
        return Transition(execution)
    if isinstance(event, CallbackReceived):
        return _called_back(execution, position, now)
    return _answered(event, execution, position, now)


def _granted(execution: Execution, now: datetime) -> Transition:
    if execution.waiting_for is not WaitingFor.LOCK:
        return Transition(execution)
    return Transition(awake(execution, now))


def _called_back(execution: Execution, position: int, now: datetime) -> Transition:
    """The same attempt of the step goes on, and reads what came."""
    step = execution.steps[position]
    again = replace(step, status=Status.PENDING, attempt=step.attempt - 1)
    return Transition(awake(execution.with_step(position, again), now))


def _answered(event: Answered, execution: Execution, position: int, now: datetime) -> Transition:
    step = execution.steps[position]
    if step.id != event.step_id:
        return Transition(execution)
    if isinstance(event.result, Failed):
        return _fail(execution, position, event.result, now, resume=True)
    done = finished(step, Status.SUCCEEDED, now, output=event.result.output)
    return Transition(awake(execution.with_step(position, replace(done, saved=event.result.saved)), now))


def _recover(execution: Execution, position: int, now: datetime) -> Transition:
    """A worker died inside the step: again if the step allows it, otherwise people are asked."""
    step = execution.steps[position]
    if retry_delay(step.policy, step.attempt) is not None:
        return _next(execution, position)
    return Transition(_in_doubt(execution, position, unknown(step, WORKER_LOST), now))


def _after_wait(execution: Execution, position: int, now: datetime) -> Transition:
    """A waiting execution was claimed: its time came, or it was looked at too early."""
    if execution.wake_at is not None and execution.wake_at > now:
        return Transition(execution)
    step = execution.steps[position]
    if execution.waiting_for is WaitingFor.FREEZE:
        return _next(execution, position)
    if execution.waiting_for is WaitingFor.TIMER and step.error is None and not step.policy.rechecks:
        return _proceed(execution.with_step(position, finished(step, Status.SUCCEEDED, now)), now)
    if execution.waiting_for is WaitingFor.TIMER:
        return _next(execution, position)
    if execution.waiting_for is WaitingFor.APPROVAL and execution.wake_at is not None:
        return Transition(expired(execution, position, now, "Nobody decided in time."))
    if execution.waiting_for is WaitingFor.CALLBACK and execution.wake_at is not None:
        return _unanswered(execution, position, now)
    return Transition(execution)


def _unanswered(execution: Execution, position: int, now: datetime) -> Transition:
    step = execution.steps[position]
    if not step.policy.continue_on_failure:
        return Transition(expired(execution, position, now, NOT_ANSWERED))
    passed = finished(step, Status.TIMED_OUT, now, error=NOT_ANSWERED)
    return _proceed(execution.with_step(position, passed), now)


def _settle(execution: Execution, position: int, result: StepResult, now: datetime) -> Transition:
    step = execution.steps[position]
    match result:
        case Succeeded(output, saved):
            step = replace(finished(step, Status.SUCCEEDED, now, output=output), saved=saved)
        case Skipped(reason):
            step = finished(step, Status.SKIPPED, now, output={"reason": reason})
        case Waits():
            return _wait(execution, position, result, now)
        case Failed():
            return _fail(execution, position, result, now)
        case Uncertain(error, output):
            return _doubt(execution, position, Failed(error, output), now)
    return _proceed(execution.with_step(position, step), now)


def _wait(execution: Execution, position: int, wait: Waits, now: datetime) -> Transition:
    if execution.cancel_requested:
        return _proceed(execution, now)
    waiting = replace(execution.steps[position], status=Status.WAITING, error=None)
    return Transition(
        replace(
            execution.with_step(position, waiting),
            status=Status.WAITING,
            waiting_for=wait.waiting_for,
            wake_at=wait.until,
        )
    )


def _fail(
    execution: Execution, position: int, failure: Failed, now: datetime, *, resume: bool = False
) -> Transition:
    """`resume`: no worker holds the execution, so going on means waking one."""
    step = execution.steps[position]
    is_over = failure.final or execution.cancel_requested or is_overdue(execution, now)
    delay = None if is_over else retry_delay(step.policy, step.attempt)
    if delay is not None:
        return Transition(again_later(execution, position, failure, now + delay))
    failed = finished(step, Status.FAILED, now, output=failure.output, error=failure.error)
    execution = execution.with_step(position, failed)
    if execution.cancel_requested:
        return Transition(cancelled(execution, now))
    if is_overdue(execution, now):
        return Transition(overdue(execution, now))
    if not step.policy.continue_on_failure:
        return Transition(ended_as(execution, Status.FAILED, now, f"Step {step.id}: {failure.error}"))
    return Transition(awake(execution, now)) if resume else _proceed(execution, now)


def _doubt(execution: Execution, position: int, failure: Failed, now: datetime) -> Transition:
    """No answer came. A repeatable step is tried again while it may be; then, and of any other, we must ask."""
    step = execution.steps[position]
    is_over = execution.cancel_requested or is_overdue(execution, now)
    if retry_delay(step.policy, step.attempt) is not None and not is_over:
        return _fail(execution, position, failure, now)
    doubtful = replace(unknown(step, failure.error), output=failure.output)
    return Transition(_in_doubt(execution, position, doubtful, now))


def _in_doubt(execution: Execution, position: int, doubtful: Step, now: datetime) -> Execution:
    """People are asked; of a run that was cancelled, is overdue, or where nobody can be asked, it is the end."""
    execution = execution.with_step(position, doubtful)
    if execution.cancel_requested:
        return cancelled(execution, now)
    if is_overdue(execution, now):
        return overdue(execution, now)
    if not doubtful.policy.asks:
        return ended_as(execution, Status.FAILED, now, f"Step {doubtful.id}: {doubtful.error}")
    return asking(execution)


def _proceed(execution: Execution, now: datetime) -> Transition:
    """On to the next step, or to the end."""
    if execution.cancel_requested:
        return Transition(cancelled(execution, now))
    position = execution.position
    if position is None:
        return Transition(ended_as(execution, Status.SUCCEEDED, now, None))
    if is_overdue(execution, now):
        return Transition(overdue(execution, now))
    return _next(execution, position)


def _next(execution: Execution, position: int) -> Transition:
    """The step at `position` is to be prepared, unless a freeze holds the execution before it."""
    if execution.frozen:
        return Transition(held(execution, position))
    return Transition(running(execution), prepare=position)
