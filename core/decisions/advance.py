"""`advance`: the transition of an execution for each event. This is the core of the state machine, and it is pure.

A worker claims the execution (`Claimed`), learns which step to prepare, renders the step's request (`StepPrepared`),
**commits that**, acts, and reports the result (`StepEnded`), which names the next step to prepare. So a step that a
claim finds `running` lost its worker between the commit and the report, and nobody knows whether it happened. An event
that the execution is not waiting for changes nothing.
"""

from dataclasses import replace
from datetime import datetime

from core.decisions.gates import asked_again, covering_gates, covers_retry, reopened
from core.decisions.settling import (
    RESTORED,
    deadline_preempts,
    expired,
    fail,
    in_doubt,
    is_overdue,
    next_step,
    overdue,
    proceed,
    refused,
    retry_delay,
    settle,
    to_stop,
    why_unknown,
    within_deadline,
)
from core.decisions.states import asking, awake, counted, finished, running, unknown, without_mentions
from core.statuses import Status, WaitingFor
from core.values.execution import (
    Answered,
    ApprovalVoided,
    CallbackReceived,
    CancelRequested,
    ChildrenChanged,
    Claimed,
    Event,
    Execution,
    Failed,
    GateDecided,
    GateOutdated,
    InputGiven,
    Json,
    LockGranted,
    Refused,
    Skipped,
    StepEnded,
    StepPrepared,
    StepResult,
    Transition,
    VerdictGiven,
)


def decided(event: GateDecided | GateOutdated, execution: Execution, now: datetime) -> Transition:
    """Return the transition for a decision at a gate, or for a gate that has to be asked again."""
    position = execution.position
    if position is None or execution.waiting_for is not WaitingFor.APPROVAL:
        return Transition(execution)
    if isinstance(event, GateOutdated):
        again = asked_again(execution.steps[position], event.reason)
        return Transition(awake(execution.with_step(position, again), now))
    if event.approved:
        output: dict[str, Json] = {
            "approved_by": event.by,
            **({"approval": event.gate} if event.gate else {}),
        }
        passed = finished(execution.steps[position], Status.SUCCEEDED, now, output=output)
        return Transition(awake(execution.with_step(position, passed), now))
    reason = f": {without_mentions(event.reason)}" if event.reason else "."
    return fail(execution, position, Failed(f"Rejected by {event.by}{reason}", final=True), now, resume=True)


def judged(event: VerdictGiven, execution: Execution, now: datetime) -> Transition:
    """Return the transition for a verdict on the step in doubt."""
    position = execution.position
    if position is None or execution.waiting_for is not WaitingFor.VERDICT:
        return Transition(execution)
    step = execution.steps[position]
    if event.answer == "ran":
        step = finished(step, Status.SUCCEEDED, now, output={"verdict": "ran", "by": event.by})
        return Transition(awake(execution.with_step(position, step), now))
    if event.answer == "run_again":
        again = replace(step, status=Status.PENDING, error=None)
        return Transition(
            awake(_asked_again(execution.with_step(position, again), position, event, now), now)
        )
    failed = Failed(f"It did not run, according to {event.by}.", final=True)
    return fail(execution, position, failed, now, resume=True)


def _asked_again(execution: Execution, position: int, event: VerdictGiven, now: datetime) -> Execution:
    """Reopen the gates whose approval does not cover another attempt."""
    steps = execution.steps
    gates = [at for at in covering_gates(steps, position) if not covers_retry(steps[at], now)]
    reason = f"{event.by} requested that step {steps[position].id} run again."
    return reopened(execution, gates, reason)


def came(
    event: LockGranted | CallbackReceived | ChildrenChanged | Answered | InputGiven,
    execution: Execution,
    now: datetime,
) -> Transition:
    """Return the transition for what the execution is waiting for; nothing changes if it is not waiting for it."""
    if isinstance(event, LockGranted):
        return _granted(execution, now)
    if isinstance(event, ChildrenChanged):
        return _children_changed(execution, now)
    if isinstance(event, InputGiven):
        return _entered(event, execution, now)
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
    """Resume the same attempt of the step, which then reads the callback's data."""
    step = execution.steps[position]
    again = replace(step, status=Status.PENDING, attempt=step.attempt - 1)
    return Transition(awake(execution.with_step(position, again), now))


def _answered(event: Answered, execution: Execution, position: int, now: datetime) -> Transition:
    step = execution.steps[position]
    if step.id != event.step_id:
        return Transition(execution)
    if isinstance(event.result, Failed):
        return fail(execution, position, event.result, now, resume=True)
    done = finished(step, Status.SUCCEEDED, now, output=event.result.output)
    return Transition(awake(execution.with_step(position, replace(done, saved=event.result.saved)), now))


def _entered(event: InputGiven, execution: Execution, now: datetime) -> Transition:
    position = execution.position
    if position is None or execution.waiting_for is not WaitingFor.INPUT:
        return Transition(execution)
    step = execution.steps[position]
    if step.id != event.step_id:
        return Transition(execution)
    output: Json = {"values": dict(event.values), "by": event.by}
    done = finished(step, Status.SUCCEEDED, now, output=output, saved=event.saved)
    return Transition(awake(execution.with_step(position, done), now))


NOT_ANSWERED = "No answer was received in time."
NOT_DECIDED = "Nobody decided in time."
NOT_GIVEN = "Nobody entered the values in time."
IN_VAIN = {
    WaitingFor.APPROVAL: NOT_DECIDED,
    WaitingFor.CALLBACK: NOT_ANSWERED,
    WaitingFor.INPUT: NOT_GIVEN,
}


def advance(execution: Execution, event: Event, now: datetime) -> Transition:
    """Return the transition of `execution` for `event` at `now`. An event that no longer applies changes nothing."""
    if execution.status.is_final:
        return Transition(execution)
    if is_overdue(execution, now) and deadline_preempts(execution, event):
        transition = Transition(overdue(execution, now))
    else:
        transition = _advance(execution, event, now)
    if isinstance(event, Claimed):
        transition = _on_to_the_end(transition)
    within = within_deadline(transition.execution)
    return transition if within is transition.execution else replace(transition, execution=within)


def _on_to_the_end(transition: Transition) -> Transition:
    """Prepare the first finally step if the claim has decided the outcome: a claim always has something to do."""
    execution = transition.execution
    if not execution.is_ending or execution.status is not Status.RUNNING or transition.prepare is not None:
        return transition
    position = execution.position
    assert position is not None, "otherwise the run had ended"
    return next_step(execution, position)


def _advance(execution: Execution, event: Event, now: datetime) -> Transition:
    match event:
        case Claimed():
            return _claimed(execution, now)
        case StepPrepared(request):
            return _prepared(execution, request, now)
        case StepEnded(result):
            return _ended(execution, result, now)
        case GateDecided() | GateOutdated():
            return decided(event, execution, now)
        case ApprovalVoided(reason):
            return _voided(execution, reason, now)
        case CancelRequested():
            return _cancel(event, execution, now)
        case VerdictGiven():
            return judged(event, execution, now)
        case LockGranted() | CallbackReceived() | ChildrenChanged() | Answered() | InputGiven():
            return came(event, execution, now)
        case Refused(reason):
            return Transition(refused(execution, now, reason))


def _children_changed(execution: Execution, now: datetime) -> Transition:
    """Wake the run: its step looks at what became of its children."""
    if execution.waiting_for is not WaitingFor.CHILDREN:
        return Transition(execution)
    return Transition(awake(execution, now))


def _claimed(execution: Execution, now: datetime) -> Transition:
    """Continue a claimed execution.

    A step that is waiting although the execution runs had finished waiting: its last worker was lost before it resumed
    the step.
    """
    if not execution.frozen:
        execution = replace(execution, started_at=execution.started_at or now)
    position = execution.position
    if position is None or execution.cancel_requested:
        return proceed(execution, now)
    step = execution.steps[position]
    if step.status is Status.RUNNING:
        return _recover(execution, position, now)
    if step.status is Status.WAITING and execution.status is Status.WAITING:
        return _after_wait(execution, position, now)
    if step.status is Status.UNKNOWN:
        return Transition(asking(execution))
    if execution.waiting_for is WaitingFor.LOCK:
        return Transition(execution)
    return proceed(execution, now)


def _prepared(execution: Execution, request: Json, now: datetime) -> Transition:
    position = execution.position
    is_stopped = to_stop(execution, now) is not None
    if position is None or (execution.cancel_requested and not is_stopped):
        return proceed(execution, now)
    step = execution.steps[position]
    may_repeat = step.policy.repeatable or step.policy.finds_lost_attempts or step.only_looks
    if execution.status is not Status.RUNNING or (step.status is Status.RUNNING and not may_repeat):
        return Transition(execution)
    if step.is_doubtful:
        doubtful = replace(unknown(counted(step, now), RESTORED), request=request)
        return Transition(in_doubt(execution, position, doubtful, now))
    if execution.frozen and step.progress is None:
        return next_step(execution, position)
    begun = step if step.progress is not None else counted(step, now)
    sent = step.request if step.follows and step.request is not None else request
    started = replace(begun, status=Status.RUNNING, request=sent, error=None)
    return Transition(running(execution.with_step(position, started)))


def _ended(execution: Execution, result: StepResult, now: datetime) -> Transition:
    position = execution.position
    if position is None or execution.status is not Status.RUNNING:
        return Transition(execution)
    step = execution.steps[position]
    resumes = step.status is Status.WAITING and (step.error is None or step.progress is not None)
    is_counted = step.status is Status.RUNNING or resumes
    if not is_counted and not isinstance(result, Skipped):
        execution = execution.with_step(position, counted(step, now))
    return settle(execution, position, result, now)


def _voided(execution: Execution, reason: str, now: datetime) -> Transition:
    """Return to the gates whose approval the current step had; no worker is executing the step."""
    position = execution.position
    if position is None or execution.status is not Status.RUNNING:
        return Transition(execution)
    gates = covering_gates(execution.steps, position)
    if not gates or execution.cancel_requested:
        return proceed(execution, now)
    step = replace(execution.steps[position], status=Status.PENDING)
    return proceed(reopened(execution.with_step(position, step), gates, reason), now)


def _cancel(event: CancelRequested, execution: Execution, now: datetime) -> Transition:
    """Cancel the run. Its finally steps run whatever happens, so there is nothing to cancel in them."""
    if execution.is_ending:
        return Transition(execution)
    requested = replace(
        execution, cancel_requested=True, error=execution.error or f"Cancelled by {event.by}."
    )
    if event.worker_active:
        return Transition(requested)
    stops = to_stop(requested, now) is not None
    return Transition(awake(requested, now)) if stops else proceed(requested, now)


def _recover(execution: Execution, position: int, now: datetime) -> Transition:
    """Handle a worker lost within the step: repeat the step if it allows that, otherwise ask for a verdict.

    A step that finds lost attempts is prepared again: its act looks for what the lost one did before it does anything.
    """
    step = execution.steps[position]
    finds_out = step.only_looks or step.policy.finds_lost_attempts
    if finds_out or retry_delay(step.policy, step.attempt) is not None:
        return next_step(execution, position)
    return Transition(in_doubt(execution, position, unknown(step, why_unknown(step)), now))


def _after_wait(execution: Execution, position: int, now: datetime) -> Transition:
    """Handle the claim of a waiting execution: its wait is over, or it was claimed too early."""
    if execution.wake_at is not None and execution.wake_at > now:
        return Transition(execution)
    step = execution.steps[position]
    if execution.waiting_for in (WaitingFor.FREEZE, WaitingFor.CHILDREN):
        return next_step(execution, position)
    if (
        execution.waiting_for is WaitingFor.TIMER
        and step.error is None
        and step.progress is None
        and not step.policy.rechecks
    ):
        return proceed(execution.with_step(position, finished(step, Status.SUCCEEDED, now)), now)
    if execution.waiting_for is WaitingFor.TIMER:
        return next_step(execution, position)
    if execution.waiting_for in IN_VAIN and execution.wake_at is not None:
        return _in_vain(execution, position, IN_VAIN[execution.waiting_for], now)
    return Transition(execution)


def _in_vain(execution: Execution, position: int, error: str, now: datetime) -> Transition:
    """End a wait that has expired."""
    step = execution.steps[position]
    if not step.policy.continue_on_failure:
        return Transition(expired(execution, position, now, error))
    passed = finished(step, Status.TIMED_OUT, now, error=error)
    return proceed(execution.with_step(position, passed), now)
